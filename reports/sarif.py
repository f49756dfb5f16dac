"""SARIF 2.1.0 (OASIS Standard, 27 March 2020) for code-scanning viewers and pipelines.

One run per report.  A rule carries its help; a result its fingerprint, the places inside the package and the call chain
that leads there; a finding known from a baseline or accepted by a human is suppressed, not left out.  What could not be
read or decided stands in the notifications, so that an empty result list is never mistaken for a clean bill.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from reports.findings import FindingView, step_views
from reports.text import one_line, plain, short_method
from reports.uris import artifact_uri, evidence_uri, subject_uri
from reports.view import ReportView
from scanner.gate import Standing, all_findings, standings
from scanner.model import (
    Confidence,
    DexLocator,
    Evidence,
    FileLocator,
    Finding,
    Outcome,
    PolicyLocator,
    ResourceLocator,
    SearchLocator,
    Severity,
    Verdict,
    WebLocator,
    XmlLocator,
)
from scanner.rulepack import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Code-scanning viewers sort by this number (0–10); the bands are those of the CVSS qualitative scale.
SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.5",
}
LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
PRECISION = {Confidence.CERTAIN: "very-high", Confidence.FIRM: "high", Confidence.TENTATIVE: "low"}
RANK = {Confidence.CERTAIN: 100.0, Confidence.FIRM: 70.0, Confidence.TENTATIVE: 30.0}
MAX_LOCATIONS = 20
MAX_FLOWS = 3
MAX_NOTES = 200


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 SARIF."""
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(view)]}
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _run(view: ReportView) -> dict[str, Any]:
    rules = [view.pack.rules[result.rule] for result in view.assessment.evaluation.results]
    places = {rule.id: index for index, rule in enumerate(rules)}
    taxa = _Taxa(view)
    stands = standings(view.assessment, view.pack)
    raw = {finding.fingerprint: finding for finding in all_findings(view.assessment)}
    subject = view.facts.subject
    return {
        "tool": {
            "driver": {
                "name": "Guijian",
                "fullName": "规鉴 Guijian",
                "version": view.assessment.tool_version,
                "language": "zh-CN" if view.lang == "zh" else "en-US",
                "rules": [_rule(rule, view, taxa) for rule in rules],
                "notifications": [
                    {
                        "id": name,
                        "shortDescription": {"text": view.word(f"note_{name}")},
                        "fullDescription": {"text": view.word(f"note_{name}")},
                        "help": {"text": view.word("unread_notice")},
                    }
                    for name in ("unread", "odd", "undecided")
                ],
                "supportedTaxonomies": [{"name": name, "index": n} for n, name in enumerate(taxa.names)],
            }
        },
        "automationDetails": {
            "id": f"guijian/{view.assessment.profile}/{one_line(subject.identifier, 200)}/"
        },
        "invocations": [_invocation(view, places)],
        "artifacts": _artifacts(view),
        "results": [
            _result(view, finding, raw[finding.fingerprint], places, stands) for finding in view.findings
        ],
        "taxonomies": taxa.components(),
        "columnKind": "unicodeCodePoints",
        "properties": {
            "subject": {
                "kind": subject.kind,
                "name": view.name,
                "identifier": one_line(subject.identifier, 300),
                "version": one_line(subject.version, 100),
                "sha256": one_line(subject.sha256, 64),
            },
            "grade": {
                "label": view.grade.label.get(view.lang),
                "score": view.grade.score,
                "provisional": view.grade.provisional,
            },
            "clauses": {verdict.value: count for verdict, _, count in view.counts},
            "rulePack": {"version": view.assessment.pack_version, "sha256": view.assessment.pack_sha256},
            "baseline": list(view.baseline_lines),
            "decisions": list(view.decision_lines),
        },
    }


class _Taxa:
    """The instruments and clauses that rules cite, as SARIF taxonomies."""

    def __init__(self, view: ReportView) -> None:
        clauses = view.pack.clauses()
        owners = {c.id: i.id for i in view.pack.instruments.values() for c in i.clauses}
        used = {
            name
            for result in view.assessment.evaluation.results
            for name in view.pack.rules[result.rule].basis
        }
        self.owners = {name: owners[name] for name in clauses if name in used}
        self.names = list(dict.fromkeys(self.owners.values()))
        self._view = view

    def components(self) -> list[dict[str, Any]]:
        """Return one tool component per instrument."""
        view, clauses = self._view, self._view.pack.clauses()
        found = []
        for name in self.names:
            instrument = view.pack.instruments[name]
            found.append(
                {
                    "name": name,
                    "fullName": view.names.text(instrument.title),
                    "organization": one_line(instrument.issuer, 200),
                    "taxa": [
                        {
                            "id": clause,
                            "name": one_line(clauses[clause].number, 80),
                            "shortDescription": {"text": view.names.text(clauses[clause].title)},
                            "fullDescription": {"text": plain(clauses[clause].text, 4000)},
                        }
                        for clause, owner in self.owners.items()
                        if owner == name
                    ],
                }
            )
        return found

    def relationships(self, rule: Rule) -> list[dict[str, Any]]:
        """Return the relationships of a rule to the clauses it stands on."""
        return [
            {
                "target": {"id": name, "toolComponent": {"name": self.owners[name]}},
                "kinds": ["relevant"],
            }
            for name in rule.basis
            if name in self.owners
        ]


def _rule(rule: Rule, view: ReportView, taxa: _Taxa) -> dict[str, Any]:
    names = view.names
    return {
        "id": rule.id,
        "name": rule.code,
        "shortDescription": {"text": names.text(rule.title)},
        "fullDescription": {"text": f"{names.text(rule.message)} {names.text(rule.why)}"},
        "help": {"text": _help(rule, view, mark=False), "markdown": _help(rule, view, mark=True)},
        "defaultConfiguration": {"level": LEVELS[rule.severity], "rank": RANK[rule.confidence]},
        "relationships": taxa.relationships(rule),
        "properties": {
            "tags": ["privacy", "security", rule.surface, *rule.topics],
            "precision": PRECISION[rule.confidence],
            "problem.severity": "recommendation" if rule.severity is Severity.LOW else LEVELS[rule.severity],
            "security-severity": SECURITY_SEVERITY[rule.severity],
            "status": rule.status,
        },
    }


def _help(rule: Rule, view: ReportView, *, mark: bool) -> str:
    """Return the rule's help: what it means, why, the basis, how to fix it with code, known false positives."""
    names, clauses = view.names, view.pack.clauses()
    basis = [f"{clauses[c].number} {names.text(clauses[c].title)}" for c in rule.basis if c in clauses]
    sections = [
        ("what", names.text(rule.message)),
        ("why", names.text(rule.why)),
        ("legal_basis", names.join(basis)),
        ("fix", names.text(rule.fix)),
    ]
    lines: list[str] = []
    for key, body in sections:
        title = view.word(key)
        lines += [f"**{title}**" if mark else title, "", body, ""]
    if rule.snippet is not None:
        for key, source in (("before", rule.snippet.before), ("after", rule.snippet.after)):
            title, code = view.word(key), plain(source, 4000).rstrip()
            fenced = f"```{rule.snippet.language}\n{code}\n```" if mark else code
            lines += [f"**{title}**" if mark else title, "", fenced, ""]
    title = view.word("false_positives")
    lines += [f"**{title}**" if mark else title, "", *(f"- {names.text(x)}" for x in rule.false_positives)]
    return "\n".join(lines).strip()


def _invocation(view: ReportView, places: dict[str, int]) -> dict[str, Any]:
    notes = [_note("unread", "warning", row.message) for row in view.unread]
    notes += [_note("odd", "note", row.message) for row in view.oddities]
    for result in view.assessment.evaluation.results:
        if result.outcome not in {Outcome.UNKNOWN, Outcome.ERROR}:
            continue
        reasons = view.word("semicolon").join(view.names.text(reason) for reason in result.reasons)
        level = "error" if result.outcome is Outcome.ERROR else "warning"
        title = view.names.text(view.pack.rules[result.rule].title)
        note = _note("undecided", level, f"{title}{view.word('colon')}{reasons}")
        note["associatedRule"] = {"id": result.rule, "index": places[result.rule]}
        notes.append(note)
    moment = view.assessment.assessed_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "executionSuccessful": True,
        "endTimeUtc": moment,
        "toolExecutionNotifications": notes[:MAX_NOTES],
    }


def _note(kind: str, level: str, text: str) -> dict[str, Any]:
    return {"descriptor": {"id": kind}, "level": level, "message": {"text": text or kind}}


def _artifacts(view: ReportView) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for artifact in sorted(view.facts.artifacts, key=lambda a: a.name):
        uri = artifact_uri(view.facts, artifact.name)
        found.setdefault(
            uri,
            {
                "location": {"uri": uri},
                "length": artifact.size,
                "hashes": {"sha-256": one_line(artifact.sha256, 64)},
            },
        )
    own = subject_uri(view.facts.subject)
    found.setdefault(own, {"location": {"uri": own}})
    found[own]["roles"] = ["analysisTarget"]
    return [found[uri] for uri in sorted(found)]


def _result(
    view: ReportView,
    finding: FindingView,
    raw: Finding,
    places: dict[str, int],
    stands: dict[str, Standing],
) -> dict[str, Any]:
    message = f"{finding.verdict_label}{view.word('colon')}{finding.message}"
    if finding.group:
        message += f"{view.word('open')}{finding.group}{view.word('close')}"
    flows = [_flow(view, e) for e in raw.evidence[:MAX_FLOWS] if len(e.chain) > 1]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": places[finding.rule],
        "kind": "fail",
        "level": _level(finding),
        "message": {"text": message},
        "rank": RANK[finding.confidence],
        "locations": [_location(view, e) for e in raw.evidence[:MAX_LOCATIONS]],
        "partialFingerprints": {
            "guijian/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:1",
        },
        "properties": {
            "verdict": finding.verdict.value,
            "confidence": finding.confidence.value,
            "places": finding.total,
            "fix": finding.fix,
        },
    }
    if flows:
        result["codeFlows"] = flows
    if view.baseline is not None:
        result["baselineState"] = "unchanged" if finding.known else "new"
    suppressions = _suppressions(view, finding, stands[finding.rule])
    if suppressions:
        result["suppressions"] = suppressions
    return result


def _level(finding: FindingView) -> str:
    """Return the level of the severity; what is only suspected is no error."""
    level = LEVELS[finding.severity]
    return "warning" if level == "error" and finding.verdict is not Verdict.VIOLATION else level


def _suppressions(view: ReportView, finding: FindingView, standing: Standing) -> list[dict[str, Any]]:
    found = []
    if finding.known:
        found.append({"kind": "external", "status": "accepted", "justification": view.word("known_why")})
    if finding.accepted and standing.decision is not None:
        why = one_line(standing.decision.why, 600)
        text = f"{view.word('human')} {finding.accepted}{view.word('colon')}{why}"
        found.append({"kind": "external", "status": "accepted", "justification": text})
    return found


def _location(view: ReportView, evidence: Evidence) -> dict[str, Any]:
    locator = evidence.locator
    region: dict[str, Any] = {"startLine": 1}  # viewers refuse a location without a line
    if evidence.excerpt:
        region["snippet"] = {"text": plain(evidence.excerpt, 600)}
    if isinstance(locator, FileLocator) and locator.offset is not None:
        region["byteOffset"] = max(0, locator.offset)
        if locator.length is not None:
            region["byteLength"] = max(0, locator.length)
    found: dict[str, Any] = {
        **({"message": {"text": view.names.text(evidence.note)}} if evidence.note is not None else {}),
        "physicalLocation": {
            "artifactLocation": {"uri": evidence_uri(evidence, view.facts)},
            "region": region,
        },
    }
    logical = _logical(evidence)
    if logical:
        found["logicalLocations"] = [logical]
    details = _details(evidence)
    if details:
        found["properties"] = details
    if isinstance(locator, SearchLocator):
        searched = view.word("semicolon").join(view.names.text(x) for x in locator.searched)
        found["message"] = {"text": f"{view.word('searched_nothing')}{view.word('colon')}{searched}"}
    elif evidence.note is not None:
        found["message"] = {"text": view.names.text(evidence.note)}
    return found


def _logical(evidence: Evidence) -> dict[str, Any] | None:
    locator = evidence.locator
    if isinstance(locator, DexLocator):
        full = one_line(locator.method, 600)
        return {"name": short_method(locator.method), "fullyQualifiedName": full, "kind": "function"}
    if isinstance(locator, XmlLocator):
        path = one_line(locator.path, 600)
        return {"name": path.rpartition("/")[2] or path, "fullyQualifiedName": path, "kind": "element"}
    if isinstance(locator, ResourceLocator):
        name = one_line(locator.name, 200)
        return {"name": name.rpartition("/")[2] or name, "fullyQualifiedName": name, "kind": "resource"}
    if isinstance(locator, WebLocator) and locator.css:
        return {"fullyQualifiedName": one_line(locator.css, 300), "kind": "element"}
    if isinstance(locator, PolicyLocator):
        return {"fullyQualifiedName": one_line(locator.paragraph, 80), "kind": "element"}
    return None


def _details(evidence: Evidence) -> dict[str, Any]:
    """Return what SARIF has no field for: instruction offset in code units, locale, character span."""
    locator = evidence.locator
    if isinstance(locator, DexLocator):
        return {"codeUnitOffset": locator.offset}
    if isinstance(locator, ResourceLocator) and locator.locale:
        return {"locale": one_line(locator.locale, 40)}
    if isinstance(locator, WebLocator | PolicyLocator) and locator.start is not None:
        return {"characters": [locator.start, locator.end]}
    return {}


def _flow(view: ReportView, evidence: Evidence) -> dict[str, Any]:
    dex = evidence_uri(evidence, view.facts)
    locations: Iterable[dict[str, Any]] = (
        {
            "location": {
                "message": {"text": f"{step.name} {step.edge}".strip()},
                "physicalLocation": {"artifactLocation": {"uri": dex}, "region": {"startLine": 1}},
                "logicalLocations": [
                    {"name": step.name, "fullyQualifiedName": step.full, "kind": "function"}
                ],
            }
        }
        for step in step_views(evidence.chain, view.names)
    )
    return {"threadFlows": [{"locations": list(locations)}]}

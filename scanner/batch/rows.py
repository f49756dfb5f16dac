"""Facts and assessments as table rows: what can be queried is taken out, the whole is kept compressed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scanner.batch.meta import Meta
from scanner.facts import Facts
from scanner.model import Assessment, Verdict
from scanner.rulepack import Pack


@dataclass(frozen=True, slots=True)
class AssessmentRows:
    """The rows of one assessment."""

    assessment: dict[str, Any]
    findings: list[dict[str, Any]]
    controls: list[dict[str, Any]]
    clauses: list[dict[str, Any]]


def facts_row(facts: Facts, packed: bytes) -> dict[str, Any]:
    """Return the row for ``facts`` with their packed form."""
    subject = facts.subject
    return {
        "sha256": subject.sha256,
        "collector": facts.collector,
        "kind": subject.kind,
        "identifier": plain(subject.identifier, 500),
        "name": plain(subject.name, 500),
        "version": plain(subject.version, 200),
        "problems": len(facts.problems),
        "gaps": len(facts.gaps),
        "collected": datetime.now(UTC),
        "body": packed,
    }


def assessment_rows(
    assessment: Assessment, facts_id: int, meta: Meta, packed: bytes, pack: Pack
) -> AssessmentRows:
    """Return the rows for ``assessment`` of the facts ``facts_id``."""
    subject = assessment.subject
    clauses = {c.clause: c.verdict for i in assessment.instruments for c in i.clauses}
    counts = Counter(clauses.values())
    findings = [f for result in assessment.evaluation.results for f in result.findings]
    head = {
        "facts_id": facts_id,
        "meta_key": meta.key,
        "profile": assessment.profile,
        "pack_version": assessment.pack_version,
        "pack_sha256": assessment.pack_sha256,
        "assessed_at": assessment.assessed_at,
        "kind": subject.kind,
        "identifier": plain(subject.identifier, 500),
        "name": plain(subject.name, 500),
        "version": plain(subject.version, 200),
        "sha256": subject.sha256,
        "developer": plain(subject.developer, 500) if subject.developer else None,
        "store": plain(subject.store, 200) if subject.store else None,
        "category": plain(subject.category, 200) if subject.category else None,
        "region": plain(meta.region, 200) if meta.region else None,
        "letter": assessment.grade.letter,
        "score": assessment.grade.score,
        "provisional": assessment.grade.provisional,
        "violations": counts[Verdict.VIOLATION],
        "suspected": counts[Verdict.SUSPECTED],
        "manual": counts[Verdict.MANUAL],
        "compliant": counts[Verdict.COMPLIANT],
        "not_applicable": counts[Verdict.NOT_APPLICABLE],
        "findings": len(findings),
        "body": packed,
    }
    return AssessmentRows(
        assessment=head,
        findings=[
            {
                "rule": finding.rule,
                "severity": pack.rules[finding.rule].severity.value,
                "confidence": pack.rules[finding.rule].confidence.value,
                "group_key": plain(finding.group, 2000),
                "fingerprint": finding.fingerprint,
                "evidence_total": finding.evidence_total,
            }
            for finding in findings
        ],
        controls=[{"control": c.control, "verdict": c.verdict.value} for c in assessment.controls],
        clauses=[{"clause": clause, "verdict": verdict.value} for clause, verdict in clauses.items()],
    )


def plain(text: str, limit: int) -> str:
    """Return ``text`` as databases take it: no NUL, no lone surrogates, at most ``limit`` characters."""
    clean = text.replace("\x00", "").encode("utf-8", "replace").decode()
    return clean[:limit]

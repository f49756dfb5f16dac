"""JUnit XML for build servers: one test case per rule, one per manual check.

A hit fails, a rule without a decision and a manual check are skipped with the reason, so that the build server counts
them; findings that are all known or accepted are skipped too, and say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from reports.clauses import RuleView
from reports.findings import FindingView, by_rule
from reports.text import one_line
from reports.view import ReportView
from scanner.model import Outcome

MAX_SHOWN = 40
SKIPPED = {Outcome.UNKNOWN, Outcome.NOT_APPLICABLE}


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 XML."""
    found = by_rule(view.all_findings)
    rules = [_rule_case(view, rule, found.get(rule.id, ())) for rule in view.rules.values()]
    manual = [_manual_case(view, control.id, control.title, control.procedure) for control in view.manual]
    root = ET.Element("testsuites", {"name": f"guijian {one_line(view.facts.subject.identifier, 200)}"})
    for name, cases in ((view.word("checked"), rules), (view.word("manual"), manual)):
        suite = ET.SubElement(root, "testsuite", _attributes(view, name, cases))
        if name == view.word("checked"):
            suite.append(_properties(view))
        suite.extend(cases)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(sum(int(suite.get(key, "0")) for suite in root)))
    ET.indent(root, " ")
    body: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'.encode()


def _attributes(view: ReportView, name: str, cases: Sequence[ET.Element]) -> dict[str, str]:
    def count(tag: str) -> str:
        return str(sum(case.find(tag) is not None for case in cases))

    return {
        "name": name,
        "tests": str(len(cases)),
        "failures": count("failure"),
        "errors": count("error"),
        "skipped": count("skipped"),
        "timestamp": view.assessment.assessed_at.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def _properties(view: ReportView) -> ET.Element:
    properties = ET.Element("properties")
    rows = [
        (view.word("subject"), view.name),
        *view.identity,
        (view.word("grade"), f"{view.grade.label.get(view.lang)} {view.grade.score}"),
        (view.word("pack"), view.assessment.pack_version),
        *((view.word("baseline"), line) for line in view.baseline_lines),
        *((view.word("human"), line) for line in view.decision_lines),
    ]
    for name, value in rows:
        ET.SubElement(properties, "property", {"name": name, "value": value})
    return properties


def _rule_case(view: ReportView, rule: RuleView, findings: Sequence[FindingView]) -> ET.Element:
    name = f"{rule.code} {rule.title}"
    case = ET.Element("testcase", {"name": name, "classname": f"guijian.{rule.id}", "time": "0"})
    reasons = view.word("semicolon").join(rule.reasons)
    if rule.outcome is Outcome.HIT and findings:
        _hit(view, case, findings)
    elif rule.outcome is Outcome.ERROR:
        ET.SubElement(case, "error", {"type": rule.outcome.value, "message": reasons})
    elif rule.outcome in SKIPPED:
        message = f"{rule.outcome_label}{view.word('colon')}{reasons}"
        ET.SubElement(case, "skipped", {"type": rule.outcome.value, "message": message})
    return case


def _hit(view: ReportView, case: ET.Element, findings: Sequence[FindingView]) -> None:
    first = findings[0]
    open_ones = [finding for finding in findings if not finding.known and not finding.accepted]
    lines = [_line(view, finding) for finding in findings[:MAX_SHOWN]]
    if len(findings) > MAX_SHOWN:
        lines.append(view.word("more_findings", count=len(findings) - MAX_SHOWN))
    if not open_ones:
        why = first.accepted or view.word("known_why")
        ET.SubElement(case, "skipped", {"type": "known", "message": why}).text = "\n".join(lines)
        return
    message = f"{first.verdict_label}{view.word('colon')}{first.message}"
    failure = ET.SubElement(case, "failure", {"type": first.verdict.value, "message": message})
    fix = f"{view.word('fix')}{view.word('colon')}{first.fix}"
    failure.text = "\n".join([*lines, fix])


def _line(view: ReportView, finding: FindingView) -> str:
    place = finding.evidence[0]
    where = " · ".join(value for _, value in place.locator if value)
    parts = [finding.label, finding.group, place.place, where, finding.places_shown(1, view.names)]
    mark = f"[{view.word('known')}] " if finding.known else ""
    return mark + " ".join(part for part in parts if part)


def _manual_case(view: ReportView, name: str, title: str, steps: Sequence[str]) -> ET.Element:
    case = ET.Element("testcase", {"name": title, "classname": f"guijian.manual.{name}", "time": "0"})
    skipped = ET.SubElement(case, "skipped", {"type": "manual", "message": view.word("manual_waits")})
    skipped.text = "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))
    return case

"""GitLab Code Quality: a JSON list of findings that merge requests show (Code Climate's issue format, GitLab's subset).

GitLab itself compares with the target branch.  What is known or accepted stays in the list as ``info``, and says so.
"""

from __future__ import annotations

import json
from typing import Any

from reports.findings import FindingView
from reports.uris import evidence_uri
from reports.view import ReportView
from scanner.gate import all_findings
from scanner.model import Evidence, Severity, Verdict

SEVERITIES = {
    Severity.CRITICAL: "critical",
    Severity.HIGH: "major",
    Severity.MEDIUM: "minor",
    Severity.LOW: "info",
}


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 JSON."""
    raw = {finding.fingerprint: finding for finding in all_findings(view.assessment)}
    issues = [_issue(view, finding, raw[finding.fingerprint].evidence[0]) for finding in view.findings]
    return json.dumps(issues, ensure_ascii=False, indent=1).encode() + b"\n"


def _issue(view: ReportView, finding: FindingView, evidence: Evidence) -> dict[str, Any]:
    settled = finding.known or bool(finding.accepted)
    severity = "info" if settled else SEVERITIES[finding.severity]
    if severity == "critical" and finding.verdict is not Verdict.VIOLATION:
        severity = "major"
    marks = [view.word("known")] if finding.known else []
    marks += [f"{view.word('human')} {finding.accepted}"] if finding.accepted else []
    parts = [f"{finding.verdict_label}{view.word('colon')}{finding.title}", finding.group, finding.message]
    body = " · ".join(part for part in parts if part)
    return {
        "description": "".join(f"[{mark}] " for mark in marks) + body,
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": {"path": evidence_uri(evidence, view.facts), "lines": {"begin": 1}},
    }

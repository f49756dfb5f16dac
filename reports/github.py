"""GitHub workflow commands: annotations on the run (``::error title=…::…``).

A command is a line, so line ends in its text are escaped, and in properties ``:`` and ``,`` too; everything else is
text.  GitHub shows ten annotations of each level per step: the worst come first and the rest are counted.
"""

from __future__ import annotations

from collections import Counter

from reports.findings import FindingView
from reports.uris import evidence_uri
from reports.view import ReportView
from scanner.gate import all_findings
from scanner.model import Evidence, Severity, Verdict

PER_LEVEL = 10
MAX_MESSAGE = 2000


def write(view: ReportView) -> bytes:
    """Return the commands as UTF-8 text."""
    raw = {finding.fingerprint: finding for finding in all_findings(view.assessment)}
    lines: list[str] = []
    shown: Counter[str] = Counter()
    for finding in view.findings:
        level = _level(finding)
        shown[level] += 1
        if shown[level] <= PER_LEVEL - (level == "notice"):  # one notice is kept for the summary
            lines.append(_command(view, level, finding, raw[finding.fingerprint].evidence[0]))
    left = sum(shown.values()) - len(lines)
    summary = [view.headline, *view.decision_lines, *view.baseline_lines]
    if left:
        summary.append(view.word("more_findings", count=left))
    if view.manual:
        hours = f"{view.manual_minutes / 60:.1f}"
        summary.append(view.word("manual_left", count=len(view.manual), hours=hours))
    if view.unread_line:
        summary.append(view.unread_line)
    title = f"{view.word('grade')} {view.grade.label.get(view.lang)} {view.grade.score}"
    lines.append(f"::notice title={_property(title)}::{_data(' '.join(summary))}")
    return ("\n".join(lines) + "\n").encode()


def _level(finding: FindingView) -> str:
    if finding.known or finding.accepted or finding.severity is Severity.LOW:
        return "notice"
    serious = finding.severity in {Severity.CRITICAL, Severity.HIGH}
    return "error" if serious and finding.verdict is Verdict.VIOLATION else "warning"


def _command(view: ReportView, level: str, finding: FindingView, evidence: Evidence) -> str:
    mark = view.word("known") if finding.known else finding.verdict_label
    title = f"{mark} {finding.code} {finding.title}"
    parts = [finding.group, finding.message, finding.evidence[0].place, finding.accepted]
    fix = f"{view.word('fix')}{view.word('colon')}{finding.fix}"
    text = "\n".join([*(part for part in parts if part), fix])
    place = _property(evidence_uri(evidence, view.facts))
    return f"::{level} file={place},title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text[:MAX_MESSAGE].replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

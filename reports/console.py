"""The terminal report: grade, problems and all clauses, in plain text where there is no terminal."""

from __future__ import annotations

import io
import sys

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Styled

from reports.view import FindingView, ReportView
from scanner.model import Verdict

STYLES = {
    Verdict.VIOLATION: "bold red",
    Verdict.SUSPECTED: "yellow",
    Verdict.MANUAL: "cyan",
    Verdict.COMPLIANT: "green",
    Verdict.NOT_APPLICABLE: "dim",
}
SEVERITY_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}
PLAIN_WIDTH = 100
MAX_STEPS = 12


def write(view: ReportView) -> bytes:
    """Return the report as text; with colours when standard output is a terminal."""
    terminal = sys.stdout.isatty()
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=terminal,
        width=None if terminal else PLAIN_WIDTH,
        highlight=False,
        legacy_windows=False,
    )
    _head(console, view)
    _problems(console, view)
    _clauses(console, view)
    _unread(console, view)
    return buffer.getvalue().encode()


def _head(console: Console, view: ReportView) -> None:
    grade = view.assessment.grade
    table = Table.grid(padding=(0, 2))
    for label, value in view.identity:
        table.add_row(Styled(label, style="dim"), Styled(value, overflow="fold"))
    console.print(
        Panel(table, title=Styled(f"{view.word('title')}  {view.name}", style="bold"), title_align="left")
    )
    mark = f"（{view.word('provisional')}）" if grade.provisional else ""
    line = Styled(
        f"{view.word('grade')} {grade.label.get(view.lang)}{mark}  {view.word('score')} {grade.score}/100",
        style="bold",
    )
    console.print(line)
    console.print(
        Styled(
            f"{view.word('coverage')}：{view.word('coverage_line', **grade.coverage.model_dump())}",
            style="dim",
        )
    )
    counts = Styled()
    for verdict, label, count in view.counts:
        counts.append(f"{label} {count}  ", style=STYLES[verdict] if count else "dim")
    console.print(counts)
    for cap in grade.caps:
        console.print(Styled(f"· {cap.reason.get(view.lang)}"))
    console.print()


def _problems(console: Console, view: ReportView) -> None:
    console.print(Styled(view.word("top"), style="bold"))
    if not view.findings:
        console.print(Styled(view.word("none_found")))
    for finding in view.findings:
        _finding(console, view, finding)
    console.print()


def _finding(console: Console, view: ReportView, finding: FindingView) -> None:
    head = Styled("\n")
    head.append(f"[{finding.severity_label}] ", style=SEVERITY_STYLES[finding.severity])
    head.append(finding.title, style="bold")
    head.append(f"  {finding.group}" if finding.group else "")
    head.append(f"  {finding.rule.code}", style="dim")
    console.print(head)
    console.print(Styled(f"  {finding.message}"))
    for evidence in finding.evidence[:2]:
        console.print(Styled(f"  {view.word('evidence')}: {evidence.place}", overflow="fold"))
        if evidence.excerpt:
            console.print(Styled(f"    {evidence.excerpt}", style="dim", overflow="fold"))
        for name, _, edge in evidence.steps[:MAX_STEPS]:
            console.print(
                Styled(f"    {name}" + (f"  → {edge}" if edge else ""), style="dim", overflow="fold")
            )
    console.print(Styled(f"  {view.word('fix')}: {finding.fix}", style="green"))


def _clauses(console: Console, view: ReportView) -> None:
    for instrument in view.instruments:
        table = Table(
            title=Styled(instrument.title, style="bold"), title_justify="left", show_edge=False, expand=True
        )
        table.add_column("", no_wrap=True)
        table.add_column(view.word("clauses"), ratio=3)
        table.add_column(view.word("verdicts"), no_wrap=True)
        table.add_column(view.word("reason"), ratio=4)
        for clause in instrument.clauses:
            table.add_row(
                clause.clause.number,
                Styled(clause.title),
                Styled(clause.verdict_label, style=STYLES[clause.verdict]),
                Styled(clause.reasons[0] if clause.reasons else ""),
            )
        console.print(table)
        console.print()


def _unread(console: Console, view: ReportView) -> None:
    console.print(Styled(view.word("unread"), style="bold"))
    if not view.unread:
        console.print(Styled(view.word("unread_none")))
    for message, place in view.unread:
        console.print(Styled(f"· {message}（{place}）", overflow="fold"))
    blind = "，".join(f"{label} {count}" for label, count in view.blind)
    console.print(Styled(f"{view.word('blind')}：{blind}", style="dim"))

"""The terminal report: grade, problems with evidence and fix, all clauses, what was not read.

Plain text of 80 columns unless the view names a terminal.  Texts are set as they are, never read as markup.
"""

from __future__ import annotations

import io

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text as Styled

from reports.findings import EvidenceView, FindingView
from reports.view import ReportView
from scanner.model import Severity, Verdict

STYLES = {
    Verdict.VIOLATION: "bold red",
    Verdict.SUSPECTED: "yellow",
    Verdict.MANUAL: "cyan",
    Verdict.COMPLIANT: "green",
    Verdict.NOT_APPLICABLE: "dim",
}
SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "dim",
}
GRADE_STYLES = ("bold green", "bold cyan", "bold yellow", "bold red")
MIN_WIDTH = 60
EVIDENCE = 1
MAX_FINDINGS = 60
MAX_GROUPS = 12
MAX_PERMISSIONS = 20
EDGE_STEPS = 3


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 text."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=view.colour,
        no_color=not view.colour,
        color_system="standard" if view.colour else None,
        width=max(view.width, MIN_WIDTH),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in (_identity, _grade, _problems, _permissions, _clauses, _unread):
        shown = part(view)
        if shown is not None:
            console.print(shown)
            console.print()
    lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def _identity(view: ReportView) -> RenderableType:
    table = _grid()
    for label, value in (
        (view.word("subject"), view.name),
        *view.identity,
        (view.word("assessed"), view.when),
    ):
        table.add_row(Styled(label, style="dim"), Styled(value, overflow="fold"))
    title = Styled(view.word("title"), style="bold")
    return Panel(table, title=title, title_align="left", box=box.SQUARE, padding=(0, 1))


def _grid(padding: int = 2) -> Table:
    table = Table.grid(padding=(0, padding))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    return table


def _grade(view: ReportView) -> RenderableType:
    grade = view.grade
    style = GRADE_STYLES[min(view.grade_place, len(GRADE_STYLES) - 1)]
    line = Styled()
    line.append(f"{view.word('grade')} ").append(grade.label.get(view.lang), style=style)
    if grade.provisional:
        line.append(f"{view.word('open')}{view.word('provisional')}{view.word('close')}", style="bold")
    line.append(f"   {view.word('score')} ").append(f"{grade.score}", style="bold").append(
        f" {view.word('of_100')}"
    )
    counts = Styled()
    for verdict, label, count in view.counts:
        counts.append(f"{label} {count}   ", style=STYLES[verdict] if count else "dim")
    parts: list[RenderableType] = [line, counts, Styled(view.headline)]
    parts.append(Styled(f"{view.word('coverage')}{view.word('colon')}{view.coverage_line}", style="dim"))
    if grade.provisional:
        parts.append(Styled(view.word("provisional_why")))
    parts += [Styled(line) for line in (*view.decision_lines, *view.baseline_lines)]
    parts += [Styled(f"· {cap.reason.get(view.lang)}") for cap in grade.caps]
    parts += [Styled(f"· {reason.get(view.lang)}") for reason in grade.reasons]
    if view.manual:
        parts.append(Styled(_manual_left(view)))
    return Panel(Group(*parts), title=view.word("summary"), title_align="left", box=box.HEAVY, padding=(0, 1))


def _manual_left(view: ReportView) -> str:
    hours = f"{view.manual_minutes / 60:.1f}"
    return view.word("manual_left", count=len(view.manual), hours=hours)


def _heading(text: str) -> Line:
    return Line(Styled(text, style="bold"), align="left", style="dim")


def _problems(view: ReportView) -> RenderableType:
    parts: list[RenderableType] = [_heading(view.word("findings"))]
    if not view.findings:
        parts.append(Styled(view.word("none_new" if view.known_total else "none_found")))
    shown = 0
    for problem in view.problems:
        if shown >= MAX_FINDINGS:
            break
        parts += _problem(view, problem.findings)
        shown += len(problem.findings)
    left = len(view.findings) - shown
    if left > 0:
        parts.append(Styled(view.word("more_findings", count=left), style="dim"))
    return Group(*parts)


def _problem(view: ReportView, group: tuple[FindingView, ...]) -> list[RenderableType]:
    """Lines of one rule's findings: what it means once, then each group with one place, then the fix once."""
    first = group[0]
    head = Styled("\n")
    head.append(f"[{first.severity_label}] ", style=SEVERITY_STYLES[first.severity])
    head.append(first.title, style="bold")
    head.append(f"  {first.code}  {view.citing.cite(view.citing.basis(first))}", style="dim")
    confidence = f"{view.word('open')}{view.word('confidence')} {first.confidence_label}{view.word('close')}"
    parts: list[RenderableType] = [head, Padding(Styled(f"{first.message}{confidence}"), (0, 0, 0, 2))]
    for finding in group[:MAX_GROUPS]:
        parts.append(Padding(_finding(view, finding), (0, 0, 0, 2)))
    if len(group) > MAX_GROUPS:
        parts.append(
            Padding(
                Styled(view.word("more_findings", count=len(group) - MAX_GROUPS), style="dim"), (0, 0, 0, 2)
            )
        )
    parts.append(
        Padding(Styled(f"{view.word('fix')}{view.word('colon')}{first.fix}", style="green"), (0, 0, 0, 2))
    )
    return parts


def _finding(view: ReportView, finding: FindingView) -> RenderableType:
    table = _grid(1)
    shown = finding.evidence[:EVIDENCE]
    count = finding.places_shown(EVIDENCE, view.names) if finding.total > 1 else ""
    mark = view.word("open").strip() + view.word("known") + view.word("close") if finding.known else ""
    label = "  ".join(part for part in (mark, finding.group, count, finding.accepted) if part)
    if label:
        table.add_row(Styled("–"), Styled(label, style="bold"))
    for evidence in shown:
        table.add_row(Styled(" " if label else "–"), _evidence(view, evidence))
    return table


def _evidence(view: ReportView, evidence: EvidenceView) -> RenderableType:
    is_code = evidence.kind == "dex"
    rows = dict(evidence.locator)
    at = "".join(f"  {rows[view.word(key)]}" for key in ("at_dex", "at_offset") if view.word(key) in rows)
    place = f"{evidence.kind_label}{view.word('colon')}{evidence.place}"
    lines = [Styled(place + (at if is_code else ""), overflow="fold")]
    details = [rows[view.word("at_method")]] if is_code else [f"{k} {v}" for k, v in rows.items()]
    lines += [Styled(detail, style="dim", overflow="fold") for detail in details]
    if evidence.reading:
        lines.append(Styled(evidence.reading, style="dim", overflow="fold"))
    elif evidence.excerpt:
        lines.append(Styled(evidence.excerpt, style="dim", overflow="fold"))
    if evidence.note:
        lines.append(Styled(evidence.note, style="dim", overflow="fold"))
    lines += [Styled(f"· {what}", style="dim", overflow="fold") for what in evidence.searched]
    if len(evidence.steps) > 1:
        names = [step.name for step in evidence.steps]
        long = len(names) > 2 * EDGE_STEPS + 1
        path = [*names[:EDGE_STEPS], "…", *names[-EDGE_STEPS:]] if long else names
        lines.append(Styled(" → ".join(path), style="dim", overflow="fold"))
    return Group(*lines)


def _permissions(view: ReportView) -> RenderableType | None:
    """Return the permissions that something was found about or that lie outside the category's range."""
    if view.facts.app is None:
        return None
    parts: list[RenderableType] = [_heading(view.word("o_title")), Styled(view.overreach_line)]
    parts += [Styled(note, style="dim", overflow="fold") for note in view.category_notes]
    telling = [r for r in view.permissions if r.found or r.need == "outside"][:MAX_PERMISSIONS]
    if telling:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, expand=True, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column(view.word("permission"), ratio=4, overflow="fold")
        table.add_column(view.word("use"), ratio=3, overflow="fold")
        table.add_column(view.word("verdict"), no_wrap=True)
        table.add_column(view.word("reason"), ratio=5, overflow="fold")
        for row in telling:
            table.add_row(
                Styled(f"{row.label} {row.short}".strip()),
                Styled(view.names.join(row.users) or row.use_label),
                Styled(row.verdict_label, style=STYLES[Verdict(row.verdict)]),
                Styled(row.reason, style="dim"),
            )
        parts.append(table)
    return Group(*parts)


def _clauses(view: ReportView) -> RenderableType:
    parts: list[RenderableType] = []
    for instrument in view.instruments:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, expand=True, pad_edge=False, padding=(0, 1, 0, 0))
        table.add_column(view.word("clause"), no_wrap=True)
        table.add_column("", ratio=4, overflow="fold")
        table.add_column(view.word("verdict"), no_wrap=True)
        table.add_column(view.word("reason"), ratio=6, overflow="fold")
        for clause in instrument.clauses:
            mark = "" if clause.is_verified else f" [{view.word('unverified')}]"
            table.add_row(
                Styled(clause.number),
                Styled(clause.title + mark),
                Styled(clause.verdict_label, style=STYLES[clause.verdict]),
                Styled(clause.capped or (clause.reasons[0] if clause.reasons else ""), style="dim"),
            )
        parts += [_heading(f"{view.word('clauses')}  {instrument.title}"), table]
    return Group(*parts)


def _unread(view: ReportView) -> RenderableType:
    parts: list[RenderableType] = [_heading(view.word("unread"))]
    if view.packer:
        parts.append(Styled(view.word("packer_note", name=view.packer), style="bold"))
    if not view.unread:
        parts.append(Styled(view.word("unread_none")))
    table = _grid(1)
    for row in (*view.unread, *view.oddities):
        times = f" ×{row.count}" if row.count > 1 else ""
        where = view.names.join(row.where)
        inside = f"{view.word('open')}{where}{view.word('close')}" if where else ""
        table.add_row("·", Styled(f"{row.message}{inside}{times}", overflow="fold"))
    for group in view.undecided:
        rules = view.names.join(f"{rule.title} {rule.code}" for rule in group.rules)
        reasons = view.word("semicolon").join(group.reasons)
        undecided = view.word("undecided", count=len(group.rules))
        table.add_row("?", Styled(f"{undecided}{view.word('colon')}{reasons}\n{rules}", overflow="fold"))
    if table.row_count:
        parts.append(table)
    blind = view.names.join(f"{label} {count}" for label, count in view.not_followed)
    if blind:
        parts.append(Styled(f"{view.word('blind')}{view.word('colon')}{blind}", style="dim"))
    version = f"{view.word('pack')} {view.assessment.pack_version} · {view.assessment.tool_version}"
    parts.append(Styled(version, style="dim"))
    return Group(*parts)

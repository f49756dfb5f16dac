"""The appendices of the formal report as tables: clauses, permissions, SDKs, items, addresses, evidence, files."""

from __future__ import annotations

from collections.abc import Iterable

from reports.findings import EvidenceView
from reports.overreachtable import item_sheet, permission_sheet
from reports.powertable import PATHS, power_sheet
from reports.sheet import NONE, Sheet
from reports.startuptable import startup_sheet
from reports.tables import ItemRow, Unread
from reports.text import one_line, places_text
from reports.view import ReportView
from scanner.model import Finding
from scanner.places import first_places

ROW_FINDINGS = 6  # findings named in a row of the table of clauses
MAX_TITLES = 8  # rules named in full in one row


def appendix_sheets(view: ReportView) -> tuple[Sheet, ...]:
    """Return the appendices of the view's subject in the order of the report."""
    sheets = [clause_sheet(view)]
    if view.facts.app is not None:
        open_rows = view.incomplete("app.permissions", "app.accesses")
        has_start = view.startup or view.incomplete("app.startup")
        sheets += [
            permission_sheet(view.overreach, view.names, incomplete=open_rows),
            item_sheet(view.overreach, view.names, incomplete=view.incomplete("app.accesses")),
            sdk_sheet(view),
            *item_sheets(view),
            *([startup_sheet(view.startup, view.names)] if has_start else []),
            *([_powers(view)] if view.has_powers else []),
            endpoint_sheet(view),
        ]
    sheets += view.sheets
    sheets += [evidence_sheet(view), file_sheet(view), *unread_sheets(view)]
    return tuple(sheets)


def clause_sheet(view: ReportView) -> Sheet:
    """Return every clause with its verdict and findings, by instrument; ``*`` marks a text that was not compared."""
    rows: list[tuple[str, ...]] = []
    for instrument in view.instruments:
        rows.append((f"{instrument.title}{view.word('open')}{instrument.number}{view.word('close')}",))
        for clause in instrument.clauses:
            mark = "" if clause.is_verified else " *"
            hand = f" {view.word('f_by_hand')}" if any(c.decision for c in clause.controls) else ""
            labels = [finding.label for finding in clause.findings]
            more = view.word("f_and_more_findings", count=len(labels)) if len(labels) > ROW_FINDINGS else ""
            found = view.names.join(labels[:ROW_FINDINGS]) + more
            title = "\n".join(part for part in (clause.title, clause.document) if part)
            rows.append((clause.number + mark, title, clause.verdict_label + hand, found or NONE))
    header = ("clause", "f_requirement", "verdict", "f_findings_short")
    return _sheet(view, "clauses", "f_appendix_clauses", header, (7, 9, 4, 4), rows)


def sdk_sheet(view: ReportView) -> Sheet:
    """Return the SDKs: vendor, purpose, what is seen and what the vendor states; plain libraries in the note."""
    join = view.names.join
    rows = [
        (
            f"{row.name} {row.version}".strip(),
            join(part for part in (row.vendor, row.country) if part) or NONE,
            row.purpose,
            join(row.seen) or NONE,
            join(row.documented) or NONE,
            row.started,
        )
        for row in view.sdks
    ]
    libraries = (
        f"{view.word('libraries')}{view.word('colon')}{join(view.libraries)}" if view.libraries else ""
    )
    return _sheet(
        view,
        "sdks",
        "sdks",
        ("sdk", "vendor", "purpose", "seen", "documented", "start"),
        (4, 4, 2, 5, 5, 3),
        rows,
        note=libraries,
        empty="sdks_none",
        incomplete=view.incomplete("app.sdks"),
    )


def item_sheets(view: ReportView) -> Iterable[Sheet]:
    """Return items × owners, and apart from them the items obtained only through interfaces of general use."""
    table = view.matrix
    head = (view.word("item"), *table.columns, view.word("total"))
    widths = (5, *[2] * (len(head) - 1))
    others = (
        f"{view.word('others')}{view.word('colon')}{view.names.join(table.others)}" if table.others else ""
    )
    note = " ".join(part for part in (view.word("items_note"), others) if part)
    open_rows = view.incomplete("app.accesses")
    yield Sheet(
        key="items",
        title=view.word("items"),
        header=head,
        widths=widths,
        rows=tuple(_item_row(row) for row in table.rows),
        note=note if table.rows else "",
        empty=view.word("items_none"),
        incomplete=open_rows,
    )
    if table.weak:
        yield Sheet(
            key="items_weak",
            title=view.word("items_weak", count=len(table.weak)),
            header=head,
            widths=widths,
            rows=tuple(_item_row(row) for row in table.weak),
            note=note,
            incomplete=open_rows,
            level=2,
        )


def _item_row(row: ItemRow) -> tuple[str, ...]:
    name = " ".join((row.name, *(f"[{mark}]" for mark in row.marks)))
    return (name, *(places_text(cell) for cell in row.cells), places_text(row.total))


def endpoint_sheet(view: ReportView) -> Sheet:
    """Return the network addresses, cleartext first."""
    rows = [
        (
            row.host,
            row.url,
            view.word("cleartext") if row.cleartext else NONE,
            "\n".join((row.owner, row.origin)),
            row.operator or NONE,
            row.country or NONE,
            row.overseas_label or NONE,
        )
        for row in view.endpoints
    ]
    note = f"{view.endpoint_note}{view.word('stop_next')}{view.word('b_whereabouts_note')}"
    return _sheet(
        view,
        "endpoints",
        "endpoints",
        ("host", "address", "cleartext", "owner", "b_operator", "b_country", "b_overseas"),
        (9, 14, 3, 7, 5, 6, 3),
        rows,
        note=note if rows else "",
        empty="f_none",
        code=(0, 1),
        incomplete=view.incomplete("app.endpoints"),
    )


def _powers(view: ReportView) -> Sheet:
    return power_sheet(view.powers, view.names, incomplete=view.incomplete(*PATHS))


def evidence_sheet(view: ReportView) -> Sheet:
    """Return where each piece of evidence shown was found; what several findings rest on is one row.

    The source is named with its number in :func:`file_sheet`, which has its sha256.
    """
    raw = {f.fingerprint: f for r in view.assessment.evaluation.results for f in r.findings}
    numbers = {name: number for number, (name, _, _) in enumerate(view.artifacts, 1)}
    rows: dict[tuple[str, ...], list[str]] = {}
    for finding in view.findings:
        source: Finding = raw[finding.fingerprint]
        listed = first_places(source.evidence, finding.listed)
        for number, (shown, evidence) in enumerate(zip(finding.evidence, listed, strict=True), 1):
            exact = [value for _, value in shown.locator if value != evidence.artifact]
            file = numbers.get(one_line(evidence.artifact, 200))
            row = (
                shown.kind_label,
                " · ".join(dict.fromkeys(_exact_place(shown, exact))),
                " ".join((f"[{file}]" if file else "", one_line(evidence.artifact, 120))).strip(),
            )
            rows.setdefault(row, []).append(f"{finding.label}.{number}")
    return _sheet(
        view,
        "evidence",
        "f_appendix_evidence",
        ("f_no_1", "f_evidence_kind", "f_evidence_place", "f_evidence_file"),
        (7, 4, 21, 12) if view.facts.subject.kind != "site" else (7, 3, 14, 18),
        [(view.names.join(labels), *row) for row, labels in rows.items()],
        empty="f_none",
        code=(2, 3),
    )


def _exact_place(shown: EvidenceView, exact: list[str]) -> tuple[str, ...]:
    """Return where evidence stands without what the row says elsewhere: the file, and the method's short name."""
    if shown.kind == "search":
        return (shown.place,)
    if shown.kind in {"dex", "xml", "web"}:
        return tuple(exact) or (NONE,)
    return (shown.place, *exact)


def file_sheet(view: ReportView) -> Sheet:
    """Return the files examined with hash and size."""
    rows = [(str(n), name, sha256, f"{size:,}") for n, (name, sha256, size) in enumerate(view.artifacts, 1)]
    return _sheet(
        view,
        "artifacts",
        "artifacts",
        ("f_no_1", "at_file", "f_sha256", "size"),
        (2, 8, 20, 5),
        rows,
        note=view.word("f_of_files", count=len(view.facts.artifacts), shown=len(rows))
        if len(view.facts.artifacts) > len(rows)
        else "",
        empty="f_none",
        code=(1, 2),
    )


def unread_sheets(view: ReportView) -> Iterable[Sheet]:
    """Return what was not read, what was odd, which rules could not decide, and what was searched."""
    join = view.names.join
    yield _sheet(
        view,
        "unread",
        "unread",
        ("unread_what", "unread_where", "times"),
        (8, 6, 1),
        [_unread(row, join(row.where)) for row in view.unread],
        empty="unread_none",
    )
    if view.oddities:
        rows = [_unread(row, join(row.where)) for row in view.oddities]
        yield _sheet(
            view, "oddities", "oddities", ("oddities", "where", "times"), (6, 8, 1), rows, code=(1,), level=2
        )
    if view.undecided:
        yield _undecided_sheet(view)
    yield _sheet(
        view,
        "looked",
        "looked",
        ("looked", "looked_for"),
        (8, 6),
        [(what, join(paths)) for what, paths in view.looked],
        empty="f_none",
        level=2,
    )


def _undecided_sheet(view: ReportView) -> Sheet:
    """Return the rules without a decision by title and code, two in a row, under the reasons they share."""
    rows: list[tuple[str, ...]] = []
    for group in view.undecided:
        reasons = view.word("semicolon").join(group.reasons)
        count = view.word("f_rule_count", count=len(group.rules))
        rows.append((f"{reasons}{view.word('open')}{count}{view.word('close')}",))
        cells = [text for rule in group.rules for text in (rule.title, rule.code)]
        cells += ["", ""] * (len(group.rules) % 2)
        rows += [tuple(cells[n : n + 4]) for n in range(0, len(cells), 4)]
    title = view.word("undecided", count=view.undecided_total)
    head = (view.word("f_rules"), view.word("f_rule_code")) * 2
    return Sheet("undecided", title, head, (9, 3, 9, 3), tuple(rows), code=(1, 3), level=2)


def _unread(row: Unread, where: str) -> tuple[str, str, str]:
    return row.message, where or NONE, str(row.count or NONE)


def _sheet(
    view: ReportView,
    key: str,
    title: str,
    header: tuple[str, ...],
    widths: tuple[int, ...],
    rows: Iterable[tuple[str, ...]],
    *,
    note: str = "",
    empty: str = "",
    code: tuple[int, ...] = (),
    incomplete: bool = False,
    level: int = 1,
) -> Sheet:
    return Sheet(
        key=key,
        title=view.word(title),
        header=tuple(view.word(name) for name in header),
        widths=widths,
        rows=tuple(rows),
        note=note,
        empty=view.word(empty) if empty else "",
        code=code,
        incomplete=incomplete,
        level=level,
    )

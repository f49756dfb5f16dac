"""Writers of a comparison: console, JSON, Markdown, HTML and Word."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from reports.diffview import DiffView, Row, Section
from reports.sheet import NONE

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

Writer = Callable[[DiffView], bytes]
STYLES = {
    "new": "bold red",
    "worse": "red",
    "unconfirmed": "cyan",
    "remaining": "yellow",
    "fixed": "green",
    "better": "green",
}
WIDTHS = {3: (3.0, 6.2, 6.2), 4: (1.7, 7.3, 3.4, 3.4)}  # centimetres
DIM = "5C6570"
INK = {"new": "A3171F", "worse": "A3171F", "unconfirmed": "27587F", "remaining": "8A4F00"}


@dataclass(frozen=True, slots=True)
class DiffFormat:
    """A format: where its writer is, and the file extension."""

    target: str
    extension: str

    def load(self) -> Writer:
        """Import and return the writer."""
        module, _, name = self.target.partition(":")
        writer: Writer = getattr(import_module(module), name)
        return writer


DIFF_WRITERS: dict[str, DiffFormat] = {
    "console": DiffFormat("reports.diffout:console", "txt"),
    "json": DiffFormat("reports.diffout:to_json", "json"),
    "markdown": DiffFormat("reports.diffout:markdown", "md"),
    "html": DiffFormat("reports.diffout:html", "html"),
    "docx": DiffFormat("reports.diffout:docx", "docx"),
}


def to_json(view: DiffView) -> bytes:
    """Return the comparison as UTF-8 JSON (the model itself, whole)."""
    return view.diff.model_dump_json(indent=1).encode() + b"\n"


def console(view: DiffView) -> bytes:
    """Return the comparison as UTF-8 text for a terminal."""
    from rich.console import Console  # noqa: PLC0415 - formats load only what they use
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    buffer = io.StringIO()
    out = Console(
        file=buffer,
        force_terminal=view.colour,
        no_color=not view.colour,
        width=max(view.width, 60),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    out.print(Text(f"{view.word('diff_title')}{view.word('colon')}{view.title}", style="bold"))
    table = Table.grid(padding=(0, 2))
    for row in view.sides:
        table.add_row(*(Text(cell, overflow="fold") for cell in (row.what, row.old, row.new)))
    out.print(table)
    out.print(Text(f"\n{view.headline}", style="bold"))
    for note in view.notes:
        out.print(Text(f"! {note}"))
    for section in view.sections:
        out.print()
        out.rule(Text(f"{section.title}  {len(section.rows) + section.hidden}"), align="left")
        for row in section.rows:
            line = Text()
            line.append(f"{row.mark} ", style=STYLES.get(row.style, ""))
            line.append(row.what)
            change = _arrow(row)
            if change:
                line.append(f"  {change}", style="dim")
            out.print(line)
            if row.note:
                out.print(Text(f"    {row.note}", style="dim"))
            if row.place:
                out.print(Text(f"    {view.word('diff_place')}{view.word('colon')}{row.place}", style="dim"))
        if section.hidden:
            out.print(Text(view.word("diff_more", count=section.hidden), style="dim"))
    if not view.sections:
        out.print(Text(view.word("diff_none")))
    return ("\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).rstrip() + "\n").encode()


def _arrow(row: Row) -> str:
    if row.old and row.new:
        return f"{row.old} → {row.new}"
    return row.old or row.new


def markdown(view: DiffView) -> bytes:
    """Return the comparison as UTF-8 Markdown; texts of the subject stand in code spans."""
    from reports.markdown import MAX_BYTES, escape, span  # noqa: PLC0415 - formats load only what they use

    lines = [f"## {escape(view.word('diff_title'))} {span(view.title)}", ""]
    lines += [
        f"| | {escape(view.word('diff_old'))} | {escape(view.word('diff_new_side'))} |",
        "|---|---|---|",
    ]
    lines += [f"| {escape(row.what)} | {span(row.old)} | {span(row.new)} |" for row in view.sides]
    lines += ["", f"**{escape(view.headline)}**", "", *(f"- {escape(note)}" for note in view.notes)]
    size = len("\n".join(lines).encode())
    for section in view.sections:
        lines += ["", f"### {escape(section.title)} {len(section.rows) + section.hidden}", ""]
        hidden = section.hidden
        for row in section.rows:
            change = " → ".join(span(cell) for cell in (row.old, row.new) if cell)
            note = f" {escape(row.note)}" if row.note else ""
            note += f" {escape(view.word('diff_place'))} {span(row.place)}" if row.place else ""
            line = f"- **{escape(row.mark)}** {span(row.what)} {change}{note}"
            size += len(line.encode()) + 1
            if size > MAX_BYTES - 2000:
                hidden += 1
            else:
                lines.append(line)
        if hidden:
            lines.append(f"- {escape(view.word('diff_more', count=hidden))}")
    if not view.sections:
        lines += ["", escape(view.word("diff_none"))]
    return ("\n".join(lines) + "\n").encode()


def html(view: DiffView) -> bytes:
    """Return the comparison as one self-contained UTF-8 HTML file without script."""
    from reports.html import environment, style_policy, template_source  # noqa: PLC0415 - only for HTML

    css = template_source("report.css") + template_source("diff.css")
    page = environment().get_template("diff.html")
    lang = "zh-CN" if view.lang == "zh" else "en"
    return page.render(v=view, w=view.word, lang=lang, css=css, policy=style_policy(css)).encode()


def docx(view: DiffView) -> bytes:
    """Return the comparison as a plain Word document."""
    from docx import Document  # noqa: PLC0415 - formats load only what they use
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    document = Document()
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = "Times New Roman", Pt(10.5)
    normal.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    moment = view.diff.new.assessed_at.replace(tzinfo=None)
    document.core_properties.title = f"{view.word('diff_title')} {view.title}"
    document.core_properties.author = "Guijian"
    document.core_properties.created = document.core_properties.modified = moment
    document.add_heading(f"{view.word('diff_title')}{view.word('colon')}{view.title}", level=1)
    _word_table(
        document, ["", view.word("diff_old"), view.word("diff_new_side")], [(r, False) for r in view.sides]
    )
    document.add_paragraph().add_run(view.headline).bold = True
    for note in view.notes:
        document.add_paragraph(note, style="List Bullet")
    for section in view.sections:
        document.add_heading(f"{section.title} {len(section.rows) + section.hidden}", level=2)
        _word_section(document, view, section)
    if not view.sections:
        document.add_paragraph(view.word("diff_none"))
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _word_section(document: WordDocument, view: DiffView, section: Section) -> None:
    head = ["", view.word("diff_what"), view.word("diff_old"), view.word("diff_new_side")]
    _word_table(document, head, [(row, True) for row in section.rows])
    if section.hidden:
        document.add_paragraph(view.word("diff_more", count=section.hidden))


def _word_table(document: WordDocument, head: list[str], rows: list[tuple[Row, bool]]) -> None:
    """Add a table to ``document``; rows with a mark have it in a first column of its own."""
    from docx.shared import Cm, Pt, RGBColor  # noqa: PLC0415 - formats load only what they use

    table = document.add_table(rows=1, cols=len(head), style="Table Grid")
    for cell, text in zip(table.rows[0].cells, head, strict=True):
        cell.paragraphs[0].add_run(text).bold = True
    for row, marked in rows:
        cells = table.add_row().cells
        texts = [row.mark, row.what] if marked else [row.what]
        for cell, text in zip(cells, [*texts, row.old or NONE, row.new or NONE], strict=True):
            cell.text = text
        for small in (row.note, row.place):
            if small:
                run = cells[len(texts) - 1].add_paragraph().add_run(small)
                run.font.size, run.font.color.rgb = Pt(8), RGBColor.from_string(DIM)
        if marked and row.style in INK:
            cells[0].paragraphs[0].runs[0].font.color.rgb = RGBColor.from_string(INK[row.style])
    table.autofit = False
    for column, width in zip(table.columns, WIDTHS[len(head)], strict=True):
        column.width = Cm(width)  # the grid, which some programs go by, and then each cell
    for line in table.rows:
        for cell, width in zip(line.cells, WIDTHS[len(head)], strict=True):
            cell.width = Cm(width)

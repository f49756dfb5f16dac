"""Writers of the supervision reports: one HTML file without script, Word, and terminal text."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from rich import box
from rich.console import Console
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text as Styled

from reports import docxblocks, html
from reports.docx import BLANK_LINE, dated
from reports.pages import Chart, Page
from reports.words import word

MIN_WIDTH = 100
BAR_CELLS = 30
EPOCH = datetime(1980, 1, 1)


def write(page: Page, form: str) -> bytes:
    """Return ``page`` as ``html`` or ``docx``."""
    writers: dict[str, Callable[[Page], bytes]] = {"html": write_html, "docx": write_docx}
    return writers[form](page)


def write_html(page: Page) -> bytes:
    """Return one self-contained HTML file that needs no network and runs no script."""
    css = html.template_source("report.css") + html.template_source("supervision.css")
    text = (
        html.environment()
        .get_template("supervision.html")
        .render(
            p=page,
            lang="zh-CN" if page.lang == "zh" else "en",
            css=css,
            policy=html.style_policy(css),
        )
    )
    return text.encode()


def write_docx(page: Page) -> bytes:
    """Return a Word document in the styles of the built-in report template; same page, same bytes."""
    document = docx.Document(io.BytesIO((files("reports") / "templates" / "report.docx").read_bytes()))
    _empty(document, page)
    document.add_paragraph(page.title, style="Title")
    if page.subtitle:
        document.add_paragraph(page.subtitle, style="Normal").alignment = WD_ALIGN_PARAGRAPH.CENTER
    _facts(document, page)
    for section in page.sections:
        document.add_paragraph(section.title, style="Heading 1")
        for note in section.notes:
            document.add_paragraph(note, style="Note")
        for chart in section.charts:
            _append(document, _chart(chart))
        for sheet in section.sheets:
            if sheet.rows:
                _append(document, docxblocks.table(sheet.header, sheet.widths, sheet.rows, sheet.code))
            else:
                document.add_paragraph(sheet.empty, style="Normal")
    for field in page.signatures:
        document.add_paragraph(f"{field}{word('colon', page.lang)}{BLANK_LINE}", style="Normal")
    properties = document.core_properties
    properties.title = " ".join(part for part in (page.title, page.subtitle) if part)
    properties.author = properties.last_modified_by = "guijian"
    properties.language = "zh-CN" if page.lang == "zh" else "en-GB"
    stamp = page.made_at.replace(tzinfo=None) if page.made_at is not None else EPOCH
    properties.created = properties.modified = stamp
    buffer = io.BytesIO()
    document.save(buffer)
    return dated(buffer.getvalue(), stamp)


def _empty(document: Any, page: Page) -> None:
    """Take everything but the styles and the page out of the template."""
    body = document.element.body
    for child in list(body):
        if child is not document.sections[-1]._sectPr:
            body.remove(child)
    section = document.sections[0]
    section.different_first_page_header_footer = False
    for part in (section.header, section.footer):
        for paragraph in part.paragraphs:
            for child in list(paragraph._p):
                if not child.tag.endswith("}pPr"):
                    paragraph._p.remove(child)
    section.header.paragraphs[0].add_run(page.title)
    number = parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr="PAGE"><w:r><w:t>1</w:t></w:r></w:fldSimple>')
    section.footer.paragraphs[0]._p.append(number)


def _append(document: Any, xml: str) -> None:
    wrapper = parse_xml(f"<w:body {nsdecls('w')}>{xml}</w:body>")
    for child in list(wrapper):
        document.element.body.insert_element_before(child, "w:sectPr")


def _facts(document: Any, page: Page) -> None:
    if page.facts:
        _append(document, docxblocks.table((), (26, 74), page.facts, ()))


def _chart(chart: Chart) -> str:
    rows = [(bar.label, bar.value, bar.text, bar.style) for bar in chart.bars]
    return docxblocks.value_chart(chart.title, rows, chart.scale)


def console(page: Page, width: int = 80, *, colour: bool = False) -> bytes:
    """Return the report as text for a terminal ``width`` columns wide."""
    buffer = io.StringIO()
    out = Console(
        file=buffer,
        force_terminal=colour,
        no_color=not colour,
        width=max(width, MIN_WIDTH),
        highlight=False,
        markup=False,
    )
    out.print(Styled(f"{page.title} {page.subtitle}".strip(), style="bold"))
    for label, value in page.facts:
        out.print(f"{label}{word('colon', page.lang)}{value}")
    for section in page.sections:
        out.print()
        out.print(Line(Styled(section.title), align="left"))
        for note in section.notes:
            out.print(Styled(note, style="dim"))
        for chart in section.charts:
            out.print(_bars(chart))
        for sheet in section.sheets:
            if not sheet.rows:
                out.print(sheet.empty)
                continue
            table = Table(box=box.SIMPLE_HEAD, expand=False, pad_edge=False)
            for title in sheet.header:
                table.add_column(Styled(title), overflow="fold")
            for row in sheet.rows:
                table.add_row(*(Styled(cell) for cell in row))
            out.print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).encode() + b"\n"


def _bars(chart: Chart) -> Table:
    table = Table(
        box=None, show_header=False, pad_edge=False, title=Styled(chart.title), title_justify="left"
    )
    table.add_column(justify="right", overflow="fold")
    table.add_column(min_width=BAR_CELLS, no_wrap=True)
    table.add_column(overflow="fold")
    for bar in chart.bars:
        cells = round(BAR_CELLS * bar.value / chart.scale) if chart.scale else 0
        table.add_row(Styled(bar.label), "█" * max(cells, 1 if bar.value else 0), Styled(bar.text))
    return table

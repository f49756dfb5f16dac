"""A comparison of two assessments as Word, laid out like the formal report; the template is our own."""

from __future__ import annotations

import io
from importlib.resources import files
from typing import Any

from docxtpl import DocxTemplate  # type: ignore[import-untyped]  # docxtpl ships no types
from markupsafe import Markup

from reports import docxblocks
from reports.diffview import DiffView, Row, Section
from reports.docx import BLANK_LINE, dated, environment
from reports.sheet import NONE
from reports.text import one_line
from reports.words import WORDS

INK = {"new": "A3171F", "worse": "A3171F", "unconfirmed": "27587F", "remaining": "8A4F00"}
SHARES = (12, 50, 28, 28)
SHORT_NAME = 40


def write(view: DiffView) -> bytes:
    """Return the comparison as .docx; same view, same bytes."""
    document = DocxTemplate(io.BytesIO((files("reports") / "templates" / "retest.docx").read_bytes()))
    document.render(context(view), environment())
    moment = view.diff.new.assessed_at
    properties = document.docx.core_properties
    properties.title = f"{view.word('diff_title')} {view.title}"
    properties.author = properties.last_modified_by = "Guijian"
    properties.created = properties.modified = moment.replace(tzinfo=None)
    properties.language = "zh-CN" if view.lang == "zh" else "en-GB"
    buffer = io.BytesIO()
    document.save(buffer)
    return dated(buffer.getvalue(), moment)


def context(view: DiffView) -> dict[str, Any]:
    """Return the fields of the template."""
    return {
        "w": {key: text.get(view.lang) for key, text in WORDS.items() if "{" not in text.zh},
        "title": view.word("diff_title"),
        "name": view.title,
        "short_name": one_line(view.title, SHORT_NAME),
        "blank": BLANK_LINE,
        "imprint": {"number": ""},
        "page_of": view.word("f_page", page="\0", total="\0").split("\0"),
        "headline": view.headline,
        "notes": list(view.notes),
        "sides": [{"what": row.what, "old": row.old or NONE, "new": row.new or NONE} for row in view.sides],
        "sections": [_section(section, view) for section in view.sections],
        "none": "" if view.sections else view.word("diff_none"),
    }


def _section(section: Section, view: DiffView) -> dict[str, Any]:
    head = ("", view.word("diff_what"), view.word("diff_old"), view.word("diff_new_side"))
    table = docxblocks.rich_table(head, SHARES, [_cells(row) for row in section.rows])
    return {
        "title": f"{section.title}{view.word('open')}{len(section.rows) + section.hidden}{view.word('close')}",
        "table": Markup(table),  # noqa: S704 - every text in it is escaped
        "more": view.word("diff_more", count=section.hidden) if section.hidden else "",
    }


def _cells(row: Row) -> tuple[str, ...]:
    """Return the cells of a row: its mark, what changed with note and place below it, before, after."""
    small = "".join(docxblocks.paragraph(text, "Note") for text in (row.note, row.place) if text)
    return (
        docxblocks.coloured(row.mark, "Cell", INK.get(row.style, "")),
        docxblocks.cell_text(row.what) + small,
        docxblocks.cell_text(row.old or NONE),
        docxblocks.cell_text(row.new or NONE),
    )

"""The Word template of a comparison of two assessments; used by build_docx_template.py."""

from __future__ import annotations

from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt
from docx_parts import heading, label, listing, more, p, put, table_of
from docx_styles import FULL


def retest(document: Any) -> None:
    """Title, conclusion with signatures, what was compared, one chapter for each kind of difference."""
    title = p(document, "{{ title }}", "Title")
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(30), Pt(6)
    name = p(document, "{{ name }}")
    name.alignment, name.paragraph_format.space_after = WD_ALIGN_PARAGRAPH.CENTER, Pt(24)
    name.runs[0].font.size = Pt(14)
    glance(document)
    heading(document, "{{ w.diff_sides }}", "1")
    listing(
        document,
        [30, (FULL - 30) / 2, (FULL - 30) / 2],
        ["", "{{ w.diff_old }}", "{{ w.diff_new_side }}"],
        ["{{ x.what }}", "{{ x.old }}", "{{ x.new }}"],
        "x in sides",
    )
    p(document, "{%p if none %}")
    p(document, "{{ none }}")
    p(document, "{%p endif %}")
    p(document, "{%p for s in sections %}")
    heading(document, "{{ s.title }}", "{{ loop.index + 1 }}", "{{ loop.index + 1 }}")
    p(document, "{{p s.table }}")
    p(document, "{%p if s.more %}")
    p(document, "{{ s.more }}", "Note")
    p(document, "{%p endif %}")
    p(document, "{%p endfor %}")


def glance(document: Any) -> None:
    """The conclusion and the signatures."""
    table = table_of(document, [30, FULL - 30], 2)
    label(table.rows[0].cells[0], "{{ w.f_retest }}")
    cell = table.rows[0].cells[1]
    put(cell, "{{ headline }}").runs[0].font.bold = True
    more(cell, "{%p for note in notes %}")
    more(cell, "· {{ note }}", "Note")
    more(cell, "{%p endfor %}")
    sign = table.rows[1].cells[0].merge(table.rows[1].cells[1])
    for n, key in enumerate(("tester", "reviewer", "approver")):
        line = put(sign, "") if n == 0 else more(sign, "")
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(8)
        line.add_run(
            f"{{{{ w.f_sign_{key} }}}}{{{{ w.colon }}}}{{{{ blank }}}}\u2003\u2003{{{{ w.f_sign_date }}}}{{{{ w.colon }}}}{{{{ blank }}}}"
        )
    p(document, "{{ w.f_seal }}", "Note").alignment = WD_ALIGN_PARAGRAPH.RIGHT

"""Build reports/templates/report.docx and retest.docx, the Word templates of the formal report and of a comparison.

``--check`` says whether the committed files are those this script builds.  The fields are docxtpl tags
(docs/report-templates.md); an agency may start from report.docx and change anything in Word.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from docx_chapters import clauses, conclusion, decisions, manual, problems
from docx_parts import control, field, heading, label, listing, more, p, pairs, put, table_of
from docx_retest import retest
from docx_styles import FULL, all_styles, font_table, numbering

TEMPLATES = Path(__file__).resolve().parents[1] / "reports" / "templates"
EPOCH = (2026, 1, 1, 0, 0, 0)


def cover(document: Any) -> None:
    """Number, title, object, parties and dates."""
    number = p(document, "{{ w.f_number }}{{ w.colon }}")
    number.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    control(number, "report_number", "{{ imprint.number or blank }}")
    p(document, "{{ title }}", "Title")
    kind = p(document, "{{ kind }}")
    kind.alignment = WD_ALIGN_PARAGRAPH.CENTER
    kind.paragraph_format.space_after = Pt(110)
    kind.runs[0].font.size = Pt(14)
    rows = [
        ("{{ w.f_name }}", "object", "{{ name }}"),
        ("{{ w.label_version }}", "version", "{{ version or '—' }}"),
        ("{{ w.f_client }}", "client", "{{ imprint.client or space }}"),
        ("{{ w.f_test_kind }}", "test_kind", "{{ imprint.test_kind or space }}"),
        ("{{ w.f_laboratory }}", "laboratory", "{{ imprint.laboratory or space }}"),
        ("{{ w.f_tested }}", "tested", "{{ tested }}"),
        ("{{ w.f_issued }}", "issued", "{{ imprint.issued or space }}"),
    ]
    table = table_of(document, [42, 88], len(rows), "none")
    for row, (name, tag, value) in zip(table.rows, rows, strict=True):
        row.height = Mm(11)
        for cell in row.cells:
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
        head, body = put(row.cells[0], name + "{{ w.colon }}"), put(row.cells[1], "")
        control(body, tag, value)
        for paragraph in (head, body):
            paragraph.style = "Normal"
        head.runs[0].font.size = Pt(12)
        row.cells[1]._tc.get_or_add_tcPr().append(
            parse_xml(
                f'<w:tcBorders {nsdecls("w")}><w:bottom w:val="single" w:sz="4" w:space="0" w:color="5C6570"/></w:tcBorders>'
            )
        )
    seal = p(document, "{{ w.f_seal }}")
    seal.alignment = WD_ALIGN_PARAGRAPH.CENTER
    seal.paragraph_format.space_before = Pt(60)


def front(document: Any) -> None:
    """Notices, the results at a glance with the signatures, the table of contents."""
    p(document, "{{ w.f_notices }}", "Plain Heading").paragraph_format.page_break_before = True
    p(document, "{%p for notice in notices %}")
    p(document, "{{ loop.index }}. {{ notice }}")
    p(document, "{%p endfor %}")
    keys = ("laboratory", "laboratory_address", "phone", "accreditation")
    table = table_of(document, [38, FULL - 38], len(keys))
    for row, key in zip(table.rows, keys, strict=True):
        label(row.cells[0], f"{{{{ w.f_{key} }}}}")
        put(row.cells[1], f"{{{{ imprint.{key} }}}}")
    glance(document)
    p(document, "{{ w.contents }}", "Plain Heading").paragraph_format.page_break_before = True
    p(document, "{{p blocks.contents }}")


def glance(document: Any) -> None:
    """The page that is read first: object, conclusion, signatures."""
    title = p(document, "{{ w.f_overview }}", "Plain Heading")
    title.alignment, title.paragraph_format.page_break_before = WD_ALIGN_PARAGRAPH.CENTER, True
    table = table_of(document, [30, 51.5, 30, 51.5], 8)
    fields = [
        ("{{ w.f_name }}", "{{ name }}", "{{ w.label_version }}", "{{ version or '—' }}"),
        ("{{ w.f_client }}", "{{ imprint.client }}", "{{ w.f_test_kind }}", "{{ imprint.test_kind }}"),
        ("{{ w.f_received }}", "{{ imprint.received }}", "{{ w.f_tested }}", "{{ tested }}"),
    ]
    for row, texts in zip(table.rows[:3], fields, strict=True):
        for n, text in enumerate(texts):
            (label if n % 2 == 0 else put)(row.cells[n], text)
    wide = [
        ("{{ w.f_basis }}", "{{ basis_short }}"),
        ("{{ identifier_label }}", "{{ identifier }}"),
        ("{{ sha256_label }}", "{{ sha256 or '—' }}"),
    ]
    for row, (name, value) in zip(table.rows[3:6], wide, strict=True):
        label(row.cells[0], name)
        put(row.cells[1].merge(row.cells[3]), value)
    label(table.rows[6].cells[0], "{{ w.f_conclusion }}")
    cell = table.rows[6].cells[1].merge(table.rows[6].cells[3])
    first = put(
        cell,
        "{{ summary.grade }}{% if summary.provisional %}{{ w.open }}{{ w.provisional }}{{ w.close }}{% endif %}",
    )
    first.runs[0].font.size, first.runs[0].font.bold = Pt(16), True
    more(cell, "{{ w.score }}{{ w.colon }}{{ summary.score }} {{ w.of_100 }}\u2003{{ problem_total }}")
    more(cell, "{{ summary.headline }}")
    more(
        cell,
        "{% for v in summary.verdicts %}{{ v.label }} {{ v.count }}{% if not loop.last %}\u2003{% endif %}{% endfor %}",
    )
    more(cell, "{{ summary.provisional_why }}", "Note")
    sign = table.rows[7].cells[0].merge(table.rows[7].cells[3])
    for n, key in enumerate(("tester", "reviewer", "approver")):
        line = put(sign, "") if n == 0 else more(sign, "")
        line.paragraph_format.space_before = line.paragraph_format.space_after = Pt(8)
        line.add_run(f"{{{{ w.f_sign_{key} }}}}{{{{ w.colon }}}}")
        control(line, key, f"{{{{ imprint.{key} or blank }}}}")
        line.add_run(
            "\u2003\u2003{{ w.f_signature }}{{ w.colon }}{{ blank }}\u2003\u2003{{ w.f_sign_date }}{{ w.colon }}{{ blank }}"
        )
    p(document, "{{ w.f_seal }}", "Note").alignment = WD_ALIGN_PARAGRAPH.RIGHT
    p(document, "{%p if summary.none %}")
    p(document, "{{ summary.none }}").runs[0].font.bold = True
    p(document, "{%p endif %}")
    p(document, "{%p if summary.leading %}")
    p(document, "{{ w.top }}{{ summary.leading_more }}", "Finding")
    listing(
        document,
        [52, 19, 23, 49, 20],
        [
            "{{ w.f_problem }}",
            "{{ w.severity }}",
            "{{ w.verdict }}",
            "{{ w.legal_basis }}",
            "{{ w.f_findings_short }}",
        ],
        [
            "{{ x.title }}",
            "{% cellbg shade[x.severity_id] %}{{ x.severity }}",
            "{% cellbg shade[x.verdict] %}{{ x.label }}",
            "{{ x.basis }}",
            "{{ x.labels }}",
        ],
        "x in summary.leading",
    )
    p(document, "{%p endif %}")


def object_basis_method(document: Any) -> None:
    """Chapters 1 to 3."""
    heading(document, "{{ w.f_object }}", "1").paragraph_format.page_break_before = True
    pairs(document, "row in object", "{{ row.value }}")
    p(document, "{%p if signing %}")
    heading(document, "{{ w.f_signing }}", "1_1")
    pairs(document, "row in signing", "{{ row.value }}")
    p(document, "{%p endif %}")
    heading(document, "{{ w.f_basis }}", "2")
    listing(
        document,
        [10, 39, 32, 26, 26, 17, 13],
        [
            f"{{{{ w.f_{key} }}}}"
            for key in ("no_1", "document", "doc_number", "issuer", "effective", "status", "clause_count")
        ],
        [
            f"{{{{ i.{key} }}}}"
            for key in ("no", "title", "number", "issuer", "effective", "status", "clauses")
        ],
        "i in basis",
    )
    p(document, "{{ basis_note }}", "Note")
    heading(document, "{{ w.f_method }}", "3")
    for key in ("how", "limits"):
        p(document, f"{{{{ method.{key} }}}}")
    for key, text in (
        ("packer", "{{ method.packer }}"),
        ("code", "{{ w.code_size }}{{ w.colon }}{{ method.code }}{{ w.stop }}"),
    ):
        p(document, f"{{%p if method.{key} %}}")
        p(document, text)
        p(document, "{%p endif %}")
    p(document, "{%p if method.not_followed %}")
    p(
        document,
        "{{ w.blind }}{{ w.colon }}{% for x in method.not_followed %}{{ x.label }} {{ x.count }}"
        "{% if not loop.last %}{{ w.comma }}{% endif %}{% endfor %}{{ w.stop }}",
    )
    p(document, "{%p endif %}")
    heading(document, "{{ w.method_verdicts }}", "3_1")
    listing(
        document,
        [30, FULL - 30],
        ["{{ w.verdict }}", "{{ w.f_meaning }}"],
        ["{% cellbg shade[m.verdict] %}{{ m.label }}", "{{ m.text }}"],
        "m in method.means",
        keep=True,
    )
    p(document, "{{ w.confidence_note }}", "Note")
    heading(document, "{{ w.versions }}", "3_2")
    pairs(document, "row in method.versions", "{{ row.value }}")


def head_and_foot(document: Any) -> None:
    """Header with title and number, footer with page x of y; none on the cover."""
    section = document.sections[0]
    head = section.header.paragraphs[0]
    head.text = ""
    head.add_run(
        "{{ title }}\u2002{{ short_name }}\t{{ w.f_number }}{{ w.colon }}{{ imprint.number or blank[:4] }}"
    )
    foot = section.footer.paragraphs[0]
    foot.text = ""
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    foot.add_run("{{ page_of[0] }}")
    field(foot, "PAGE")
    foot.add_run("{{ page_of[1] }}")
    field(foot, "NUMPAGES")
    foot.add_run("{{ page_of[2] }}")


def report(document: Any) -> None:
    """The formal report."""
    document.sections[0].different_first_page_header_footer = True
    for part in (cover, front, object_basis_method, conclusion, clauses, problems, manual, decisions):
        part(document)


def build(write: Callable[[Any], None]) -> bytes:
    """Return the bytes of the template that ``write`` fills, the same every time."""
    document = Document()
    section = document.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(25), Mm(22)
    section.top_margin, section.bottom_margin = Mm(26), Mm(23)
    section.header_distance = section.footer_distance = Mm(13)
    all_styles(document)
    numbering(document)
    font_table(document)
    write(document)
    head_and_foot(document)
    document.settings.element.find(qn("w:compat")).addprevious(OxmlElement("w:updateFields"))
    properties = document.core_properties
    properties.title, properties.author, properties.comments = "{{ title }}", "guijian", ""
    buffer = io.BytesIO()
    document.save(buffer)
    return fixed(buffer.getvalue())


def fixed(data: bytes) -> bytes:
    """Return the zip ``data`` with one date on all members."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, EPOCH), source.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def main() -> int:
    """Build or check the templates."""
    code = 0
    for name, write in (("report.docx", report), ("retest.docx", retest)):
        data, target = build(write), TEMPLATES / name
        if "--check" not in sys.argv[1:]:
            target.write_bytes(data)
        elif not target.is_file() or target.read_bytes() != data:
            print(f"{name} is not what tools/build_docx_template.py builds: run it", file=sys.stderr)
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())

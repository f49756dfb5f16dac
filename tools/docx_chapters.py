"""The numbered chapters of the Word template: conclusion, clauses, problems, checks by hand, decisions."""

from __future__ import annotations

from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx_parts import (
    bookmark,
    control,
    field,
    heading,
    label,
    listing,
    more,
    p,
    put,
    repeat,
    table_of,
)
from docx_styles import FULL

LINES = "{{% for line in {} %}}{{{{ line }}}}{{% if not loop.last %}}\n{{% endif %}}{{% endfor %}}"
ENUMERATION = (
    "{{% for k in {} %}}{{{{ k }}}}{{% if not loop.last %}}{{{{ w.comma }}}}{{% endif %}}{{% endfor %}}"
)
CHOICE = "{{ w.f_retest_fixed }}\u2003☐ {{ w.f_retest_open }}"


def conclusion(document: Any) -> None:
    """Chapter 4."""
    heading(document, "{{ w.f_summary }}", "4")
    p(
        document,
        "{{ w.grade }}{{ w.colon }}{{ summary.grade }}{% if summary.provisional %}{{ w.open }}{{ w.provisional }}"
        "{{ w.close }}{% endif %}\u2003{{ w.score }}{{ w.colon }}{{ summary.score }} {{ w.of_100 }}",
    ).runs[0].font.bold = True
    p(document, "{{ summary.headline }}")
    p(document, "{{ w.coverage }}{{ w.colon }}{{ summary.coverage }}")
    for key in ("provisional_why", "unread", "oddities", "none"):
        p(document, f"{{%p if summary.{key} %}}")
        p(document, f"{{{{ summary.{key} }}}}")
        p(document, "{%p endif %}")
    p(document, "{%p for line in summary.decided %}")
    p(document, "{{ line }}")
    p(document, "{%p endfor %}")
    p(document, "{{p blocks.charts }}")
    heading(document, "{{ w.why_grade }}", "4_1")
    p(document, "{%p for reason in summary.reasons %}")
    p(document, "· {{ reason }}")
    p(document, "{%p endfor %}")
    p(document, "{%p if problems %}")
    heading(document, "{{ w.top }}", "4_2")
    listing(
        document,
        [10, 40, 17, 19, 57, 20],
        [
            "{{ w.f_no_1 }}",
            "{{ w.f_problem }}",
            "{{ w.severity }}",
            "{{ w.verdict }}",
            "{{ w.legal_basis }}",
            "{{ w.f_findings_short }}",
        ],
        [
            "{{ loop.index }}",
            "{{ x.title }}",
            "{% cellbg shade[x.severity_id] %}{{ x.severity }}",
            "{% cellbg shade[x.verdict] %}{{ x.label }}",
            "{{ x.basis_top }}",
            "{{ x.labels }}",
        ],
        "x in problems",
    )
    p(document, "{%p endif %}")


def clauses(document: Any) -> None:
    """Chapter 5: one form for each clause violated or suspected."""
    heading(document, "{{ w.f_clauses }}", "5")
    note = p(document, "{% if clauses %}{{ w.f_clauses_note }}{% else %}{{ w.f_clauses_none }}{% endif %}")
    note.paragraph_format.keep_with_next = True
    p(document, "{%p for group in clauses %}")
    heading(document, "{{ group.title }}", "5_{{ loop.index }}", "{{ 1000 + loop.index }}")
    p(document, "{{ group.number }}", "Note").paragraph_format.keep_with_next = True
    p(document, "{%p for c in group.clauses %}")
    table = table_of(document, [24, 77, 24, 38], 6)
    head = table.rows[0]
    put(head.cells[0].merge(head.cells[1]), "{{ c.heading }}", "Cell Head")
    put(head.cells[2], "{% cellbg shade[c.severity_id or 'low'] %}{{ c.severity }}", "Cell Head")
    put(
        head.cells[3],
        "{% cellbg shade[c.verdict] %}{{ c.label }}{% if c.by_hand %}{{ w.open }}{{ w.f_by_hand }}{{ w.close }}{% endif %}",
        "Cell Head",
    )
    repeat(head)
    rows = [
        (
            "{{ w.law }}",
            "{% if c.document %}{{ c.document }}\n{% endif %}{{ c.text }}{{ w.open }}{{ c.mark }}{% if not c.verified %}{% if c.mark %}{{ w.semicolon }}{% endif %}"
            "{{ w.unverified }}{% endif %}{{ w.close }}",
        ),
        ("{{ w.what }}", LINES.format("c.reasons") + "{% if c.capped %}\n{{ c.capped }}{% endif %}"),
        (
            "{{ w.f_findings_short }}",
            "{% for f in c.findings %}{{ f }}{% if not loop.last %}{{ w.comma }}{% endif %}{% else %}—{% endfor %}{{ c.more }}",
        ),
        ("{{ w.fix }}", LINES.format("c.fixes") + "{% if not c.fixes %}—{% endif %}"),
    ]
    for row, (name, value) in zip(table.rows[1:5], rows, strict=True):
        label(row.cells[0], name, keep=True)
        put(row.cells[1].merge(row.cells[3]), value)
    last = table.rows[5]
    label(last.cells[0], "{{ w.f_deadline }}")
    control(put(last.cells[1], ""), "deadline", "{{ imprint.deadline or blank }}")
    label(last.cells[2], "{{ w.f_retest }}")
    put(last.cells[3], f"☐ {CHOICE}")
    p(document, "", "Bar")
    p(document, "{%p endfor %}")
    p(document, "{%p endfor %}")


def problems(document: Any) -> None:
    """Chapter 6: problems, findings, evidence with call chains."""
    heading(document, "{{ w.f_findings }}", "6")
    note = p(document, "{% if problems %}{{ findings_note }}{% else %}{{ summary.none }}{% endif %}")
    note.paragraph_format.keep_with_next = True
    p(document, "{%p if problems %}")
    p(document, "{{ places_note }}").paragraph_format.keep_with_next = True
    p(document, "{{ w.f_involved_note }}", "Note").paragraph_format.keep_with_next = True
    p(document, "{%p endif %}")
    p(document, "{%p for x in problems %}")
    heading(document, "{{ x.title }}", "6_{{ loop.index }}", "{{ 2000 + loop.index }}")
    p(
        document,
        "{{ w.severity }}{{ w.colon }}{{ x.severity }}\u2003{{ w.verdict }}{{ w.colon }}{{ x.label }}\u2003"
        "{{ w.confidence }}{{ w.colon }}{{ x.confidence }}\u2003{{ x.code }}",
        "Note",
    ).paragraph_format.keep_with_next = True
    p(document, "{{ x.message }}").paragraph_format.keep_with_next = True
    table = table_of(document, [28, FULL - 28], 6)
    rows = [
        ("{{ w.legal_basis }}", "{{ x.basis }}"),
        ("{{ w.f_involved }}", LINES.format("x.involved") + "{% if not x.involved %}—{% endif %}"),
        ("{{ w.why }}", "{{ x.why }}"),
        ("{{ w.fix }}", "{{ x.fix }}"),
        (
            "{{ w.f_deadline }}",
            "{{ imprint.deadline or blank }}\u2003\u2003{{ w.f_retest }}{{ w.colon }}☐ " + CHOICE,
        ),
        (
            "{{ w.false_positives }}",
            "{% for f in x.false_positives %}{{ f }}{% if lang == 'en' %} {% endif %}{% endfor %}",
        ),
    ]
    for row, (name, value) in zip(table.rows, rows, strict=True):
        label(row.cells[0], name, keep=row is not table.rows[-1])
        put(row.cells[1], value)
    p(document, "{%p for f in x.findings %}")
    line = "{{ f.label }}\u2002{{ f.group }}\u2002{{ f.places }}\u2002{{ f.note }}"
    p(document, "{%p if f.evidence %}")
    p(document, line, "Finding")
    p(document, "{%p else %}")
    p(document, line, "Finding").paragraph_format.keep_with_next = False
    p(document, "{%p endif %}")
    p(document, "{%p for e in f.evidence %}")
    where = p(document, "{{ e.label }}\u2002{{ e.kind_label }}{{ w.colon }}{{ e.place }}", "Evidence")
    where.add_run("{% if e.reading %}\u2003{{ e.reading }}{% endif %}")
    where.runs[0].font.bold, where.paragraph_format.keep_with_next = True, True
    p(document, "{%p if e.locator %}")
    exact = "{% for l in e.locator %}{{ l.label }} {{ l.value }}{% if not loop.last %}\u2003{% endif %}{% endfor %}"
    # With nothing of its own below it, a piece of evidence does not hold the next one on its page.
    p(document, "{%p if e.excerpt or e.note or e.searched or e.steps %}")
    p(document, exact, "Exact").paragraph_format.keep_with_next = True
    p(document, "{%p else %}")
    p(document, exact, "Exact")
    p(document, "{%p endif %}")
    p(document, "{%p endif %}")
    p(document, "{%p for s in e.searched %}")
    p(document, "· {{ s }}", "Evidence")
    p(document, "{%p endfor %}")
    p(document, "{%p if e.note and e.excerpt %}")
    p(document, "{{ e.note }}", "Evidence").paragraph_format.keep_with_next = True
    p(document, "{%p elif e.note %}")
    p(document, "{{ e.note }}", "Evidence")
    p(document, "{%p endif %}")
    p(document, "{%p if e.excerpt %}")
    p(document, "{{ e.excerpt }}", "Excerpt")
    p(document, "{%p endif %}")
    p(document, "{%p if e.steps %}")
    p(document, "{{ e.chain }}", "Evidence").paragraph_format.keep_with_next = True
    p(document, "{%p for s in e.steps %}")
    p(document, "{%p if s.skipped %}")
    p(document, "{{ s.skipped }}", "Chain").paragraph_format.keep_with_next = True
    p(document, "{%p endif %}")
    p(
        document,
        "{{ s.no }} {{ s.full }} {{ s.offset }}{% if s.edge and not loop.last %} → {{ s.edge }}{% endif %}",
        "Chain",
    )
    p(document, "{%p endfor %}")
    p(document, "{%p endif %}")
    p(document, "{%p endfor %}")
    p(document, "{%p endfor %}")
    p(document, "{%p endfor %}")


def manual(document: Any) -> None:
    """Chapter 7: preparations, index, one form for each item left to a human."""
    heading(document, "{{ w.f_manual }}", "7")
    note = p(document, "{% if manual.entries %}{{ manual.note }}{% else %}{{ w.f_manual_none }}{% endif %}")
    note.paragraph_format.keep_with_next = True
    p(document, "{%p if manual.preparations %}")
    heading(document, "{{ w.preparations }}", "7_1")
    p(document, "{{ w.f_preparations_note }}").paragraph_format.keep_with_next = True
    listing(
        document,
        [12, 28, 83, 40],
        ["{{ w.f_no_1 }}", "{{ w.preparations }}", "{{ w.f_steps }}", "{{ w.keep }}"],
        ["{{ x.no }}", "{{ x.title }}", LINES.format("x.steps"), ENUMERATION.format("x.keep")],
        "x in manual.preparations",
    )
    p(document, "{%p endif %}")
    p(document, "{%p if manual.entries %}")
    number = "{{ 2 if manual.preparations else 1 }}"
    heading(document, "{{ w.f_manual_index }}", f"7_{number}", "7002")
    index = listing(
        document,
        [14, 42, 22, 53, 21, 11],
        [
            "{{ w.f_no_1 }}",
            "{{ w.f_item }}",
            "{{ w.verdict }}",
            "{{ w.f_for_clauses }}",
            "{{ w.f_minutes }}",
            "{{ w.f_on_page }}",
        ],
        [
            "{{ m.no }}",
            "{{ m.title }}",
            "{% cellbg shade[m.verdict] %}{{ m.label }}",
            "{{ m.clauses_short }}",
            "{{ m.minutes }}",
            "",
        ],
        "m in manual.entries",
    )
    field(index.rows[2].cells[5].paragraphs[0], "PAGEREF _Item_{{ m.no }} \\h", "…", dirty=True)
    number = "{{ 3 if manual.preparations else 2 }}"
    heading(document, "{{ w.f_manual_items }}", f"7_{number}", "7003")
    p(document, "{%p endif %}")
    p(document, "{%p for m in manual.entries %}")
    _form(document)
    p(document, "", "Bar")
    p(document, "{%p endfor %}")


def _form(document: Any) -> None:
    """The form of one item: what it serves, how to do it, and room for the result."""
    table = table_of(document, [22, 81, 22, 38], 6)
    head = table.rows[0]
    title = put(head.cells[0].merge(head.cells[1]), "", "Cell Head")
    bookmark(title, "{{ m.no }}\u3000{{ m.title }}", "_Item_{{ m.no }}", "{{ 7100 + loop.index }}")
    put(head.cells[2], "{{ m.minutes }}", "Cell Head")
    put(head.cells[3], "{% cellbg shade[m.verdict] %}{{ m.label }}", "Cell Head")
    repeat(head)
    rows = [
        ("{{ w.f_for_clauses }}", "{{ m.clauses }}"),
        ("{{ w.reason }}", "{{ m.why }}"),
        ("{{ w.f_steps }}", None),
    ]
    for row, (name, value) in zip(table.rows[1:4], rows, strict=True):
        label(row.cells[0], name, keep=True)
        cell = row.cells[1].merge(row.cells[3])
        if value is None:
            put(cell, "{%p if m.prepare %}")
            more(cell, "{{ m.prepare }}")
            more(cell, "{%p endif %}")
            more(cell, "{%p for s in m.steps %}")
            more(cell, "{% if m.steps|length > 1 %}{{ loop.index }}. {% endif %}{{ s }}")
            more(cell, "{%p endfor %}")
            more(cell, "{{ w.keep_short }}{{ w.colon }}" + ENUMERATION.format("m.keep"))
        else:
            put(cell, value)
    result, notes = table.rows[4], table.rows[5]
    label(result.cells[0], "{{ w.f_result }}", keep=True)
    put(result.cells[1], "{% for c in manual.choices %}☐ {{ c }}\u2003{% endfor %}")
    label(result.cells[2], "{{ w.f_inspector }}")
    control(put(result.cells[3], ""), "inspector", "{{ blank }}")
    label(notes.cells[0], "{{ w.f_remark }}")
    put(notes.cells[1], "\n")
    label(notes.cells[2], "{{ w.f_sign_date }}")
    control(put(notes.cells[3], ""), "inspected", "{{ blank }}")


def decisions(document: Any) -> None:
    """Chapter 8, and the appendices."""
    heading(document, "{{ w.f_decisions }}", "8")
    p(document, "{% if decisions %}{{ w.f_decisions_note }}{% else %}{{ w.f_decisions_none }}{% endif %}")
    p(document, "{%p if decisions %}")
    listing(
        document,
        [36, 24, 20, 21, 21, 41],
        [
            "{{ w.control }}",
            "{{ w.verdict }}",
            "{{ w.f_who }}",
            "{{ w.f_when }}",
            "{{ w.f_until }}",
            "{{ w.f_why }}",
        ],
        [
            "{{ x.control }}",
            "{% cellbg shade[x.verdict] %}{{ x.label }}{{ w.open }}{{ w.f_by_hand }}{{ w.close }}",
            "{{ x.who }}",
            "{{ x.when }}",
            "{{ x.until }}",
            "{{ x.why }}{% for e in x.evidence %} {{ e.name }} {{ e.sha256 }}{% endfor %}",
        ],
        "x in decisions",
    )
    p(document, "{%p endif %}")
    p(document, "{{ w.f_end }}", "Note").alignment = WD_ALIGN_PARAGRAPH.CENTER
    p(document, "{{p blocks.appendices }}")

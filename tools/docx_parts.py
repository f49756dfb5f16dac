"""Fields, content controls and tables of the Word template; used by build_docx_template.py."""

from __future__ import annotations

from typing import Any

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from docx_styles import FULL

TINT = "F1F3F5"


def field(paragraph: Any, code: str, shown: str = "1", *, dirty: bool = False) -> None:
    """Append a field such as PAGE."""
    for kind in ("begin", "code", "separate", "shown", "end"):
        run = paragraph.add_run()
        if kind == "code":
            text = OxmlElement("w:instrText")
            text.set(qn("xml:space"), "preserve")
            text.text = f" {code} "
            run._r.append(text)
        elif kind == "shown":
            run.text = shown
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            if dirty and kind == "begin":
                mark.set(qn("w:dirty"), "true")
            run._r.append(mark)


def control(paragraph: Any, tag: str, value: str) -> None:
    """Append a content control holding ``value``, to be filled in or changed by hand."""
    paragraph._p.append(
        parse_xml(
            f'<w:sdt {nsdecls("w")}><w:sdtPr><w:alias w:val="{tag}"/><w:tag w:val="{tag}"/><w:text/></w:sdtPr>'
            f'<w:sdtContent><w:r><w:t xml:space="preserve">{value}</w:t></w:r></w:sdtContent></w:sdt>'
        )
    )


def borders(table: Any, kind: str) -> None:
    """Draw a table's lines: ``grid``, ``rules`` (horizontal only) or ``under`` (bottom of each second cell)."""
    line = '<w:{0} w:val="single" w:sz="{1}" w:space="0" w:color="{2}"/>'
    none = '<w:{0} w:val="nil"/>'
    sides = ("top", "left", "bottom", "right", "insideH", "insideV")
    if kind == "grid":
        body = "".join(line.format(side, 4, "9AA3AD") for side in sides)
    elif kind == "rules":
        body = "".join(
            none.format(side)
            if side in {"left", "right", "insideV"}
            else line.format(side, 8 if side != "insideH" else 4, "5C6570")
            for side in sides
        )
    else:
        body = "".join(none.format(side) for side in sides)
    properties = table._tbl.tblPr
    for old in properties.findall(qn("w:tblBorders")):
        properties.remove(old)
    properties.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{body}</w:tblBorders>"))


def table_of(document: Any, widths: list[float], rows: int, kind: str = "grid") -> Any:
    """Return a new table with fixed column ``widths`` in millimetres."""
    table = document.add_table(rows=rows, cols=len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    borders(table, kind)
    for row in table.rows:
        no_split = OxmlElement("w:cantSplit")
        row._tr.get_or_add_trPr().append(no_split)
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    margins = parse_xml(
        f'<w:tblCellMar {nsdecls("w")}><w:top w:w="45" w:type="dxa"/><w:left w:w="85" w:type="dxa"/>'
        '<w:bottom w:w="45" w:type="dxa"/><w:right w:w="85" w:type="dxa"/></w:tblCellMar>'
    )
    table._tbl.tblPr.append(margins)
    return table


def put(cell: Any, text: str, name: str = "Cell") -> Any:
    """Write ``text`` into a cell in the style ``name``."""
    paragraph = cell.paragraphs[0]
    paragraph.style = name
    paragraph.add_run(text)
    return paragraph


def more(cell: Any, text: str, name: str = "Cell") -> Any:
    """Add a paragraph to a cell."""
    return cell.add_paragraph(text, style=name)


def shade(cell: Any, fill: str = TINT) -> None:
    """Colour a cell's ground."""
    cell._tc.get_or_add_tcPr().append(
        parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{fill}"/>')
    )


def label(cell: Any, text: str, *, keep: bool = False) -> None:
    """Write a row's label; ``keep``: the row stays on the page of the next one."""
    shade(cell)
    put(cell, text, "Cell Head").paragraph_format.keep_with_next = keep


def repeat(row: Any) -> None:
    """Repeat a row at the top of every page that the table reaches."""
    head = OxmlElement("w:tblHeader")
    row._tr.get_or_add_trPr().append(head)


def loop_rows(table: Any, row: int, statement: str) -> None:
    """Wrap row ``row`` of ``table`` into a loop; the tags stand in rows of their own, which vanish."""
    body = table.rows[row]._tr
    for text, place in ((f"{{%tr for {statement} %}}", body.addprevious), (r"{%tr endfor %}", body.addnext)):
        tags = table.add_row()
        put(tags.cells[0], text)
        place(tags._tr)


def listing(
    document: Any,
    widths: list[float],
    header: list[str],
    cells: list[str],
    statement: str,
    *,
    keep: bool = False,
) -> Any:
    """Add a table with a repeated header and one looped row; ``keep``: all on one page, with what follows."""
    table = table_of(document, widths, 2, "rules")
    for cell, text in zip(table.rows[0].cells, header, strict=True):
        put(cell, text, "Cell Head")
        shade(cell)
    repeat(table.rows[0])
    for cell, text in zip(table.rows[1].cells, cells, strict=True):
        put(cell, text).paragraph_format.keep_with_next = keep
    loop_rows(table, 1, statement)
    return table


def p(document: Any, text: str, name: str = "Normal") -> Any:
    """Add a paragraph."""
    return document.add_paragraph(text, style=name)


def heading(document: Any, text: str, mark: str, number: str = "") -> Any:
    """Add a numbered heading as the bookmark ``_Toc_mark``, to which the table of contents refers.

    ``number`` is the bookmark's id in the document, by default made from ``mark``; in a loop both are tags.
    """
    level = 2 if "_" in mark else 1
    paragraph = document.add_paragraph(style=f"Heading {level}")
    number = number or mark.replace("_", "0")
    bookmark(paragraph, text, f"_Toc_{mark}", number)
    return paragraph


def bookmark(paragraph: Any, text: str, name: str, number: str) -> None:
    """Append ``text`` as the bookmark ``name``; ``number`` is its id in the document."""
    paragraph._p.append(parse_xml(f'<w:bookmarkStart {nsdecls("w")} w:id="{number}" w:name="{name}"/>'))
    paragraph.add_run(text)
    paragraph._p.append(parse_xml(f'<w:bookmarkEnd {nsdecls("w")} w:id="{number}"/>'))


def pairs(document: Any, statement: str, value: str, first: float = 38) -> None:
    """Add a two-column table of labels and values, one row for each of ``statement``; hashes stand in code type."""
    table = table_of(document, [first, FULL - first], 1)
    label(table.rows[0].cells[0], "{{ row.label }}")
    cell = table.rows[0].cells[1]
    put(cell, "{%p if row.value is hash %}")
    for text, style in ((value, "Code"), ("{%p else %}", "Cell"), (value, "Cell"), ("{%p endif %}", "Cell")):
        more(cell, text, style)
    loop_rows(table, 0, statement)

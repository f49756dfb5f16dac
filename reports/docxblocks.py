"""Ready-made parts of a Word report that a template only places: contents, charts and appendix tables.

Each returns WordprocessingML (ECMA-376, part 1) with all text escaped.  They use the styles ``TOC 1``, ``TOC 2``,
``Appendix 1``, ``Appendix 2``, ``Cell``, ``Cell Head``, ``Code``, ``Note`` and ``Bar`` of the template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from markupsafe import Markup

from reports.formal import Data

TEXT_WIDTH = 9240  # twentieths of a point: 163 mm
BAR_ROOM = 5200
APPENDIX_MARKS = 9000  # ids of the bookmarks of appendices; those of chapters are smaller
SHADES = {
    "violation": "E0A39C",
    "suspected": "F0CF8E",
    "manual": "DCE4EF",
    "compliant": "CFE5D7",
    "not_applicable": "EEF0F2",
    "critical": "E0A39C",
    "high": "F0C19B",
    "medium": "F6E7BD",
    "low": "EEF0F2",
    "cover-full": "CFE5D7",
    "cover-partial": "DCE4EF",
    "cover-manual": "F0CF8E",
    "cover-uncovered": "E0A39C",
    "live": "8BA3C4",
    "dead": "D5DAE0",
}

KEEP = "<w:keepNext/>"
# Names of permissions, classes and addresses; Word breaks anywhere those that do not fit a column, so they are small.
IDENTIFIER = re.compile(
    r"(?<=\n)[A-Z][A-Z0-9_]+$|(?=[!-~]{14})(?=[!-~]*?(?:[_$]|[A-Za-z]\.[A-Za-z][!-~]*?\.[A-Za-z]))[!-~]+",
    re.MULTILINE,
)
_BETWEEN_LATIN = re.compile("(?<=[!-~])、(?=[!-~])")
SMALL_CODE = '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/><w:sz w:val="14"/>'


def style_id(name: str) -> str:
    """Return the id Word gives a style of this name."""
    return name.replace(" ", "")


def may_break(text: str) -> str:
    """Return ``text`` with Word's optional break (U+200B) after each enumeration comma between Latin texts.

    Some programs break such a line in the middle of the word before the comma, which may not begin a line.
    """
    return _BETWEEN_LATIN.sub("、\u200b", text)


def run(text: str, properties: str = "") -> str:
    """Return a run of text; line feeds become breaks."""
    parts = (escape(part) for part in may_break(text).split("\n"))
    inner = '</w:t><w:br/><w:t xml:space="preserve">'.join(parts)
    rpr = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{rpr}<w:t xml:space="preserve">{inner}</w:t></w:r>'


def paragraph(text: str, style: str, properties: str = "") -> str:
    """Return a paragraph of one run."""
    return _paragraph_of(run(text), style, properties)


def cell_text(text: str) -> str:
    """Return the paragraph of a table cell, with identifiers in a small face of even width."""
    runs, end = [], 0
    for found in IDENTIFIER.finditer(text):
        runs += [run(text[end : found.start()]), run(found[0], SMALL_CODE)]
        end = found.end()
    return _paragraph_of("".join([*runs, run(text[end:])]), "Cell")


def _paragraph_of(runs: str, style: str, properties: str = "") -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style_id(style)}"/>{properties}</w:pPr>{runs}</w:p>'


def contents(titles: Iterable[tuple[int, str, str]]) -> Markup:
    """Return the table of contents: level, title and bookmark of each heading, with a field for its page number.

    Word computes the numbers when the file is opened, programs that lay the text out themselves at once.  (In a TOC
    field some of these show the numbers a file was saved with, which it cannot know.)
    """
    return Markup("".join(_entry(*title) for title in titles))  # noqa: S704 - every text is escaped


def _entry(level: int, title: str, bookmark: str) -> str:
    mark = '<w:r><w:fldChar w:fldCharType="{}"{}/></w:r>'
    page = (
        mark.format("begin", ' w:dirty="true"')
        + f'<w:r><w:instrText xml:space="preserve"> PAGEREF {bookmark} \\h </w:instrText></w:r>'
        + mark.format("separate", "")
        + run("…")
        + mark.format("end", "")
    )
    link = f'<w:hyperlink w:anchor="{bookmark}" w:history="1">{run(title)}<w:r><w:tab/></w:r>{page}</w:hyperlink>'
    return _paragraph_of(link, f"TOC {level}", "")


def bookmarked(content: str, name: str, number: int) -> str:
    """Return ``content``, runs of a paragraph, as the bookmark ``name``; ``number`` is its id in the document."""
    return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{content}<w:bookmarkEnd w:id="{number}"/>'


def chart(title: str, rows: Sequence[tuple[str, Sequence[tuple[str, int]]]]) -> str:
    """Return a bar chart: each bar is shaded paragraphs as wide as their counts."""
    most = max((sum(count for _, count in parts) for _, parts in rows), default=0) or 1
    cells = []
    for number, (label, parts) in enumerate(rows, 1):
        bars = "".join(
            paragraph(
                " ",
                "Bar",
                f'<w:shd w:val="clear" w:color="auto" w:fill="{SHADES[style]}"/>'
                f'<w:ind w:right="{BAR_ROOM - max(40, BAR_ROOM * count // most)}"/>',
            )
            for style, count in parts
            if count
        )
        total = sum(count for _, count in parts)
        cells.append(
            _row(
                [
                    _cell(
                        paragraph(label, "Cell", _joined(number, len(rows)) + '<w:jc w:val="right"/>'), 2800
                    ),
                    _cell(bars or paragraph("", "Bar"), BAR_ROOM + 216),
                    _cell(paragraph(str(total), "Cell"), 900),
                ]
            )
        )
    return paragraph(title, "Cell Head", KEEP) + _table([2800, BAR_ROOM + 216, 900], cells, rules=False)


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """Return a line that says what the shades of a chart mean: ``(style, label)`` pairs."""
    runs = [
        run("\u2003\u2002", f'<w:shd w:val="clear" w:color="auto" w:fill="{SHADES[style]}"/>')
        + run(f"\u2002{label}\u2003")
        for style, label in entries
    ]
    return _paragraph_of("".join(runs), "Note", '<w:jc w:val="center"/>')


def _joined(number: int, rows: int) -> str:
    """Return the property that keeps row ``number`` of a chart on one page with the next."""
    return KEEP if number < rows else ""


def value_chart(title: str, rows: Iterable[tuple[str, float, str, str]], scale: float) -> str:
    """Return a bar chart of ``(label, value, text, style)`` rows; a value of ``scale`` is a full-width bar."""
    room = 4000
    cells = [
        _row(
            [
                _cell(paragraph(label, "Cell", '<w:jc w:val="right"/>'), 2000),
                _cell(
                    paragraph(
                        " ",
                        "Bar",
                        f'<w:shd w:val="clear" w:color="auto" w:fill="{SHADES[style]}"/>'
                        f'<w:ind w:right="{room - max(40, round(room * value / scale))}"/>',
                    )
                    if value
                    else paragraph("", "Bar"),
                    room + 216,
                ),
                _cell(paragraph(text, "Cell"), TEXT_WIDTH - 2216 - room),
            ]
        )
        for label, value, text, style in rows
    ]
    return paragraph(title, "Cell Head") + _table(
        [2000, room + 216, TEXT_WIDTH - 2216 - room], cells, rules=False
    )


def table(
    header: Sequence[str], shares: Sequence[int], rows: Iterable[Sequence[str]], code: Sequence[int]
) -> str:
    """Return a plain table; ``shares`` are the columns' shares of the text width, ``code`` those of identifiers."""
    return _sheet({"header": header, "widths": shares, "rows": rows, "code": code})


def rich_table(header: Sequence[str], shares: Sequence[int], rows: Iterable[Sequence[str]]) -> str:
    """Return a table as :func:`table` does, of cells that are paragraphs already (:func:`cell_text`, :func:`coloured`)."""
    widths = [TEXT_WIDTH * share // sum(shares) for share in shares]
    head = [
        _cell(paragraph(text, "Cell Head"), width, fill="F1F3F5")
        for text, width in zip(header, widths, strict=True)
    ]
    body = [_row([_cell(c, width) for c, width in zip(row, widths, strict=True)]) for row in rows]
    return _table(widths, [_row(head, head=True), *body], rules=True) + paragraph("", "Bar")


def coloured(text: str, style: str, colour: str) -> str:
    """Return a paragraph of one bold run in ``colour``, six hexadecimal digits; empty for the style's own."""
    return _paragraph_of(run(text, f'<w:b/><w:color w:val="{colour}"/>' if colour else ""), style)


def charts(data: Data) -> Markup:
    """Return the charts of the conclusion."""
    w, summary = data["w"], data["summary"]
    parts = [
        chart(
            w["f_chart_verdicts"], [(v["label"], [(v["verdict"], v["count"])]) for v in summary["verdicts"]]
        ),
        chart(
            w["f_chart_coverage"],
            [(v["label"], [(v["style"], v["count"])]) for v in summary["coverage_parts"]],
        ),
        chart(
            w["f_chart_severity"],
            [(v["label"], [(v["severity"], v["count"])]) for v in summary["severities"]],
        ),
    ]
    if summary["owners"]:
        owners = [(v["label"], [(p["style"], p["count"]) for p in v["parts"]]) for v in summary["owners"]]
        parts.append(
            chart(w["f_chart_owner"], owners) + legend([(s, w[f"chart_{s}"]) for s in ("live", "dead")])
        )
    return Markup("".join(parts))  # noqa: S704 - every text above is escaped


def appendices(data: Data) -> Markup:
    """Return the appendix tables with their headings."""
    w = data["w"]
    parts = []
    for n, sheet in enumerate(data["appendices"]):
        level = 2 if "." in sheet["label"] else 1
        title = bookmarked(run(appendix_title(sheet, w)), appendix_mark(sheet), APPENDIX_MARKS + n)
        parts.append(_paragraph_of(title, f"Appendix {level}", ""))
        if sheet["incomplete"]:
            parts.append(paragraph(w["incomplete"], "Note", KEEP))
        if sheet["note"]:
            parts.append(paragraph(sheet["note"], "Note", KEEP))
        if sheet["rows"]:
            parts.append(_sheet(sheet))
        elif not sheet["incomplete"]:
            parts.append(paragraph(sheet["empty"], "Normal"))
    return Markup("".join(parts))  # noqa: S704 - every text above is escaped


def appendix_mark(sheet: Data) -> str:
    """Return the bookmark of an appendix's heading."""
    return f"_Toc_{sheet['label'].replace('.', '_')}"


def appendix_title(sheet: Data, w: dict[str, str]) -> str:
    """Return an appendix's heading: 附录 A 权限."""
    prefix = "" if "." in sheet["label"] else w["f_appendix"] + " "
    return f"{prefix}{sheet['label']} {sheet['title']}"


def _sheet(sheet: Data) -> str:
    """Return the table; each heading inside it begins a table of its own, so that it is repeated on every page."""
    shares = sheet["widths"]
    widths = [TEXT_WIDTH * share // sum(shares) for share in shares]
    header = sheet["header"] or [""] * len(widths)
    cells = (
        _cell(paragraph(text, "Cell Head"), width, fill="F1F3F5")
        for text, width in zip(header, widths, strict=True)
    )
    head = [_row(cells, head=True)] if sheet["header"] else []
    tables: list[list[str]] = [list(head)]
    for row in sheet["rows"]:
        if len(row) == 1 < len(widths):
            title = _cell(paragraph(row[0], "Cell Head"), sum(widths), fill="F1F3F5", span=len(widths))
            tables.append([*head, _row([title], head=True)])
            continue
        tables[-1].append(
            _row(
                _cell(paragraph(text, "Code") if n in sheet["code"] else cell_text(text), width)
                for n, (text, width) in enumerate(zip(row, widths, strict=True))
            )
        )
    whole = [rows for rows in tables if len(rows) > len(head)]
    return "".join(_table(widths, rows, rules=True) + paragraph("", "Bar") for rows in whole)


def _table(widths: Sequence[int], rows: Iterable[str], *, rules: bool) -> str:
    line = '<w:{} w:val="single" w:sz="{}" w:space="0" w:color="5C6570"/>'
    lines = (
        f"<w:tblBorders>{line.format('top', 8)}{line.format('bottom', 8)}{line.format('insideH', 4)}</w:tblBorders>"
        if rules
        else ""
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>{lines}<w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:top w:w="40" w:type="dxa"/><w:left w:w="70" w:type="dxa"/>'
        '<w:bottom w:w="40" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )


def _row(cells: Iterable[str], *, head: bool = False) -> str:
    repeat = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(cells)}</w:tr>"


def _cell(content: str, width: int, *, fill: str = "", span: int = 1) -> str:
    spanned = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
    shaded = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    return f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{spanned}{shaded}</w:tcPr>{content}</w:tc>'

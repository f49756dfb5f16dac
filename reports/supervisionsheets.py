"""A supervision report as an Excel workbook: a sheet per section, tables as numbers, and native charts."""

from __future__ import annotations

import io
import re
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter  # type: ignore[import-untyped]  # XlsxWriter ships no types

from reports.pages import Chart, Page, Section
from reports.sheet import Sheet
from reports.xlsx import COLOURS, FORMULA_STARTS

PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d+)?")
PER_CENT = re.compile(r"\d{1,3}\.\d%")
BLUE = "#8BA3C4"
TABLE_WIDTH = 150  # characters over all columns
CHART_ROWS = 16
LINE = 13.5


def write(page: Page) -> bytes:
    """Return the workbook; same page, same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    base = {"valign": "top", "text_wrap": True, "font_size": 10, "border": 1, "border_color": "#C3CAD1"}
    styles = {
        "cell": book.add_format(base),
        "quoted": book.add_format({**base, "quote_prefix": True}),
        "percent": book.add_format({**base, "num_format": "0.0%"}),
        "head": book.add_format({**base, "bold": True, "bg_color": "#E8ECF1", "valign": "vcenter"}),
        "title": book.add_format({"bold": True, "font_size": 16}),
        "note": book.add_format(
            {"font_size": 9, "font_color": "#5C6570", "text_wrap": True, "valign": "top"}
        ),
    }
    names: set[str] = set()
    for number, section in enumerate(page.sections):
        _section(book, styles, page if number == 0 else None, section, _name(section.title, names))
    properties: dict[str, Any] = {"title": f"{page.title} {page.subtitle}".strip(), "author": "guijian"}
    if page.made_at is not None:
        properties["created"] = page.made_at.replace(tzinfo=None)
    book.set_properties(properties)
    book.close()
    return buffer.getvalue()


def _name(title: str, taken: set[str]) -> str:
    """Return a sheet name Excel takes: at most 31 characters, none of ``[]:*?/\\``, each once."""
    name = re.sub(r"[\[\]:*?/\\']", " ", title).strip()[:31] or "-"
    number = 1
    while name.lower() in taken:
        number += 1
        name = f"{name[:27]} {number}"
    taken.add(name.lower())
    return name


def _section(book: Any, styles: dict[str, Any], page: Page | None, section: Section, name: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")
    shares = section.sheets[0].widths if section.sheets else (100,)
    widths = [max(9, TABLE_WIDTH * share // sum(shares)) for share in shares]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    last = max(len(widths) - 1, 1)
    at = 0
    if page is not None:
        sheet.write_string(0, 0, f"{page.title} {page.subtitle}".strip(), styles["title"])
        at = 1
        for label, value in page.facts:
            sheet.write_string(at, 0, label, styles["head"])
            _text(sheet, at, 1, value, styles)
            at += 1
        at += 1
    for note in section.notes:
        sheet.merge_range(at, 0, at, last, note, styles["note"])
        sheet.set_row(at, LINE * (-(-_columns(note) // sum(widths)) + 1))
        at += 1
    for table in section.sheets:
        at = _table(sheet, at, table, widths, styles) + 1
    for chart in section.charts:
        at = _chart(book, sheet, name, at, chart, styles) + 1


def _table(sheet: Any, at: int, table: Sheet, widths: list[int], styles: dict[str, Any]) -> int:
    if not table.rows:
        sheet.write_string(at, 0, table.empty, styles["cell"])
        return at + 1
    sheet.set_row(at, 2 * LINE + 2)
    for column, title in enumerate(table.header):
        sheet.write_string(at, column, title, styles["head"])
    for number, row in enumerate(table.rows, 1):
        lines = max(
            sum(-(-max(_columns(part), 1) // (width - 1)) for part in value.split("\n"))
            for value, width in zip(row, widths, strict=True)
        )
        sheet.set_row(at + number, min(LINE * lines + 2, 405))
        for column, value in enumerate(row):
            if column not in table.code and PLAIN_NUMBER.fullmatch(value):
                sheet.write_number(at + number, column, float(value), styles["cell"])
            elif PER_CENT.fullmatch(value):
                sheet.write_number(at + number, column, float(value[:-1]) / 100, styles["percent"])
            else:
                _text(sheet, at + number, column, value, styles)
    return at + len(table.rows) + 1


def _text(sheet: Any, row: int, column: int, value: str, styles: dict[str, Any]) -> None:
    sheet.write_string(row, column, value, styles["quoted" if value.startswith(FORMULA_STARTS) else "cell"])


def _chart(book: Any, sheet: Any, name: str, at: int, chart: Chart, styles: dict[str, Any]) -> int:
    """Write the chart's numbers as a small table with the chart below; return the row after both."""
    first = chart.bars[0]
    estimates = first.low is not None
    sheet.write_string(at, 0, chart.title, styles["head"])
    for number, bar in enumerate(chart.bars, 1):
        _text(sheet, at + number, 0, bar.label, styles)
        sheet.write_number(at + number, 1, bar.value, styles["cell"])
        if bar.low is not None and bar.high is not None:
            sheet.write_number(at + number, 2, round(bar.value - bar.low, 1), styles["cell"])
            sheet.write_number(at + number, 3, round(bar.high - bar.value, 1), styles["cell"])
    last = at + len(chart.bars)
    drawn = book.add_chart({"type": "bar"})
    series: dict[str, Any] = {
        "name": chart.title,
        "categories": [name, at + 1, 0, last, 0],
        "values": [name, at + 1, 1, last, 1],
        "fill": {"color": BLUE},
        "data_labels": {
            "value": True,
            **({"position": "inside_base", "font": {"bold": True}} if estimates else {}),
        },
        "points": [{"fill": {"color": COLOURS.get(bar.style, BLUE)}} for bar in chart.bars],
    }
    if estimates:
        reference = f"='{name}'!$%s${at + 2}:$%s${last + 1}"
        series["y_error_bars"] = {
            "type": "custom",
            "plus_values": reference % ("D", "D"),
            "minus_values": reference % ("C", "C"),
            "line": {"color": "#1D2B3A", "width": 1.5},
        }
    drawn.add_series(series)
    drawn.set_title({"name": chart.title, "name_font": {"size": 12}})
    drawn.set_legend({"none": True})
    drawn.set_x_axis(
        {
            "visible": estimates,
            "major_gridlines": {"visible": False},
            "min": 0,
            **({"max": 100} if estimates else {}),
        }
    )
    drawn.set_y_axis({"num_font": {"size": 9}, "interval_unit": 1, "reverse": True})
    rows = max(CHART_ROWS, len(chart.bars) + 4)
    drawn.set_size({"width": 760, "height": rows * 20})
    sheet.insert_chart(last + 1, 0, drawn)
    return last + 1 + rows


def _columns(text: str) -> int:
    return len(text) if text.isascii() else sum(1 + (east_asian_width(char) in "WF") for char in text)

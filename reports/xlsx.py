"""Lists as an Excel workbook: notice list, subjects, findings, SDKs, permissions, order of the start, self-starts and
abilities, addresses, statistics with charts.

One workbook for one subject or for thousands: rows go to the sheets as subjects come, only counts are kept.  Text from
outside is always written as a string, never as formula, number or link; a string that begins like a formula also gets
the quote prefix, so that it stays text when somebody edits the cell.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter  # type: ignore[import-untyped]  # XlsxWriter ships no types

from reports import lists
from reports.lists import Missed, Row
from reports.view import ReportView
from reports.words import word
from scanner.facts import Facts
from scanner.model import SEVERITY_LABELS, VERDICT_LABELS, VERDICT_ORDER, Assessment, Lang, Severity
from scanner.rulepack import Pack

# Title key, labelled counts, colours of the bars (none = one colour), kind of chart.
_Count = tuple[str, list[tuple[str, int]], list[str], str]

MAX_ROWS = 1_000_000
TOP = 15
LINE, TALLEST = 13.5, 405.0  # points; a row of Excel is at most 409 high
FORMULA_STARTS = tuple("=+-@\t\r＝＋－＠")
COLOURS = {
    "violation": "#8F1D14",
    "suspected": "#D9A441",
    "manual": "#8BA3C4",
    "compliant": "#3F8A5B",
    "not_applicable": "#CDD3D9",
}
WIDTHS: dict[str, tuple[int, ...]] = {
    "notice": (6, 22, 22, 16, 12, 52, 52, 30, 34),
    "subjects": (22, 30, 12, 20, 16, 14, 8, 8, 8, 8, 8, 12, 8, 8, 8, 10, 10, 22, 34),
    "findings": (20, 26, 10, 8, 8, 8, 10, 28, 11, 30, 44, 8, 60, 50, 44, 34),
    "sdks": (20, 26, 24, 24, 14, 10, 40, 40, 18),
    "startup": (20, 26, 7, 22, 44, 20, 30, 34, 34, 20, 44, 34, 60),
    "powers": (20, 26, 18, 26, 44, 20, 30, 60),
    "missed": (24, 22, 18, 12, 60, 12, 60),
    "endpoints": (20, 26, 26, 44, 7, 22, 26, 8, 12, 20, 8, 60),
    "permissions": (20, 26, 22, 46, 12, 10, 34, 34, 30, 10, 30, 16, 12, 50, 40, 50),
}


def write(view: ReportView) -> bytes:
    """Return the workbook of one subject."""
    book = Workbook(view.pack, view.lang)
    book.add(view)
    return book.finish()


def notice_workbook(entries: Iterable[tuple[Assessment, Facts]], pack: Pack, lang: Lang) -> bytes:
    """Return one workbook of all ``entries``; they are taken one by one and not kept."""
    book = Workbook(pack, lang)
    for assessment, facts in entries:
        book.add(ReportView(assessment, facts, pack, lang))
    return book.finish()


class Workbook:
    """A workbook that grows subject by subject."""

    def __init__(self, pack: Pack, lang: Lang) -> None:
        self.pack = pack
        self.lang: Lang = lang
        self.buffer = io.BytesIO()
        self.book = xlsxwriter.Workbook(
            self.buffer,
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self.latest: datetime | None = None
        self.styles = _Styles(self.book)
        self.sheets = {
            "notice": self._sheet("notice", lists.NOTICE, first=2),
            "subjects": self._sheet("subjects", lists.SUBJECTS),
            "findings": self._sheet("findings", lists.FINDINGS),
            "sdks": self._sheet("sdks", lists.SDKS),
            "permissions": self._sheet("permissions", lists.PERMISSIONS),
            "startup": self._sheet("startup", lists.STARTUP),
            "powers": self._sheet("powers", lists.POWERS),
            "endpoints": self._sheet("endpoints", lists.ENDPOINTS),
        }
        self.statistics = self.book.add_worksheet(self._word("l_sheet_statistics"))
        self.counts: dict[str, Counter[str]] = {
            key: Counter() for key in ("grade", "verdict", "severity", "problem", "sdk", "permission")
        }

    def _word(self, key: str, **values: object) -> str:
        return word(key, self.lang, **values)

    def _sheet(self, key: str, columns: Sequence[str], first: int = 0) -> _Sheet:
        titles = [self._word(name) for name in columns]
        sheet = _Sheet(self.book, self._word(f"l_sheet_{key}"), titles, WIDTHS[key], self.styles, first)
        if key == "notice":
            sheet.banner(self._word("l_title_notice"), self._word("l_note_notice"))
        sheet.head()
        return sheet

    def add(self, view: ReportView) -> None:
        """Add one subject."""
        moment = view.assessment.assessed_at
        self.latest = moment if self.latest is None else max(self.latest, moment)
        row = lists.notice_row(view, self.sheets["notice"].rows + 1)
        if row is not None:
            self.sheets["notice"].add(row)
        self.sheets["subjects"].add(lists.subject_row(view))
        for key, rows in (
            ("findings", lists.finding_rows(view)),
            ("sdks", lists.sdk_rows(view)),
            ("permissions", lists.permission_rows(view)),
            ("startup", lists.startup_rows(view)),
            ("powers", lists.power_rows(view)),
            ("endpoints", lists.endpoint_rows(view)),
        ):
            for line in rows:
                self.sheets[key].add(line)
        self._count(view)

    def missed(self, target: Missed) -> None:
        """Add a target that was not examined; the sheet is there only with such targets."""
        if "missed" not in self.sheets:
            self.sheets["missed"] = self._sheet("missed", lists.MISSED)
        self.sheets["missed"].add(lists.missed_row(target, self.lang))

    def _count(self, view: ReportView) -> None:
        named = lists.notice(view)
        self.counts["grade"][view.grade.label.get(self.lang)] += 1
        self.counts["problem"].update({*named.confirmed, *named.suspected})
        self.counts["sdk"].update({sdk.name for sdk in view.sdks})
        self.counts["permission"].update({p.label or p.short for p in view.permissions if p.declared})
        self.counts["severity"].update(finding.severity.value for finding in view.findings)
        for verdict, _, count in view.counts:
            self.counts["verdict"][verdict.value] += count

    def finish(self) -> bytes:
        """Close the workbook and return its bytes."""
        for sheet in self.sheets.values():
            sheet.finish(self._word)
        self._statistics()
        properties: dict[str, Any] = {"title": self._word("l_title_notice"), "author": "guijian"}
        if self.latest is not None:
            properties["created"] = self.latest.replace(tzinfo=None)
        self.book.set_properties(properties)
        self.sheets["notice"].sheet.activate()
        self.book.close()
        return self.buffer.getvalue()

    def _statistics(self) -> None:
        """Write the count tables down one column pair and a chart beside each."""
        letters = [letter.label.get(self.lang) for letter in self.pack.grading.letters]
        fixed: list[_Count] = [
            ("l_by_grade", [(name, self.counts["grade"][name]) for name in letters], [], "column"),
            (
                "l_by_verdict",
                [(VERDICT_LABELS[v].get(self.lang), self.counts["verdict"][v.value]) for v in VERDICT_ORDER],
                [COLOURS[v.value] for v in VERDICT_ORDER],
                "column",
            ),
            (
                "l_by_severity",
                [(SEVERITY_LABELS[s].get(self.lang), self.counts["severity"][s.value]) for s in Severity],
                [],
                "column",
            ),
        ]
        ranked: list[_Count] = [
            (
                f"l_by_{key}",
                sorted(self.counts[key].items(), key=lambda pair: (-pair[1], pair[0]))[:TOP],
                [],
                "bar",
            )
            for key in ("problem", "sdk", "permission")
        ]
        sheet, styles = self.statistics, self.styles
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 0, 56)
        sheet.set_column(1, 1, 10)
        sheet.write_string(0, 0, self._word("l_subjects_count"), styles.head)
        sheet.write_number(0, 1, self.sheets["subjects"].rows, styles.cell)
        at = 2
        if "missed" in self.sheets:
            sheet.write_string(1, 0, self._word("l_missed_count"), styles.head)
            sheet.write_number(1, 1, self.sheets["missed"].rows, styles.cell)
            at = 3
        for key, rows, colours, kind in (*fixed, *ranked):
            if not rows:
                continue
            title = self._word(key)
            sheet.write_string(at, 0, title, styles.head)
            sheet.write_string(at, 1, self._word("l_count"), styles.head)
            for n, (label, count) in enumerate(rows, 1):
                sheet.write_string(at + n, 0, label, styles.of(label))
                sheet.write_number(at + n, 1, count, styles.cell)
            chart = self._chart(kind, title, at, len(rows), colours)
            height = max(len(rows) + 2, 16)
            sheet.insert_chart(at, 3, chart, {"x_scale": 1.25, "y_scale": height * 20 / 288})
            at += height + 1

    def _chart(self, kind: str, title: str, at: int, rows: int, colours: Sequence[str]) -> Any:
        name = self.statistics.get_name()
        chart = self.book.add_chart({"type": kind})
        chart.add_series(
            {
                "name": title,
                "categories": [name, at + 1, 0, at + rows, 0],
                "values": [name, at + 1, 1, at + rows, 1],
                "fill": {"color": "#1D3F6E"},
                "data_labels": {"value": True},
                "points": [{"fill": {"color": colour}} for colour in colours] or None,
            }
        )
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_legend({"none": True})
        values = {"visible": False, "major_gridlines": {"visible": False}, "min": 0}
        names = {"num_font": {"size": 9}, "interval_unit": 1, "reverse": kind == "bar"}
        chart.set_x_axis(names if kind == "column" else values)
        chart.set_y_axis(names if kind == "bar" else values)
        return chart


def _columns(text: str) -> int:
    """Return the width of ``text`` in Latin characters: East Asian wide ones count double (Unicode annex 11)."""
    return len(text) if text.isascii() else sum(1 + (east_asian_width(char) in "WF") for char in text)


class _Styles:
    """The cell formats; ``of`` picks the one that keeps a formula-like string a string."""

    def __init__(self, book: Any) -> None:
        base = {"valign": "top", "text_wrap": True, "font_size": 10, "border": 1, "border_color": "#C3CAD1"}
        self.cell = book.add_format(base)
        self.quoted = book.add_format({**base, "quote_prefix": True})
        self.number = book.add_format({**base, "align": "center"})
        self.head = book.add_format({**base, "bold": True, "bg_color": "#E8ECF1", "valign": "vcenter"})
        self.title = book.add_format({"bold": True, "font_size": 16, "valign": "vcenter"})
        self.note = book.add_format({"font_size": 9, "font_color": "#5C6570", "valign": "vcenter"})

    def of(self, text: str) -> Any:
        """Return the format for ``text``."""
        return self.quoted if text.startswith(FORMULA_STARTS) else self.cell


class _Sheet:
    """One list: header frozen, filtered and repeated on every printed page."""

    def __init__(
        self, book: Any, name: str, titles: Sequence[str], widths: Sequence[int], styles: _Styles, first: int
    ) -> None:
        self.sheet = book.add_worksheet(name)
        self.titles, self.widths, self.styles, self.first = titles, widths, styles, first
        self.rows = self.left_out = 0
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.freeze_panes(first + 1, 0)
        self.sheet.repeat_rows(first)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.sheet.set_footer("&C&P / &N")

    def banner(self, title: str, note: str) -> None:
        """Write the lines above the header."""
        self.sheet.set_row(0, 28)
        self.sheet.write_string(0, 0, title, self.styles.title)
        self.sheet.write_string(1, 0, note, self.styles.note)

    def head(self) -> None:
        """Write the header."""
        for column, title in enumerate(self.titles):
            self.sheet.write_string(self.first, column, title, self.styles.head)

    def add(self, row: Row) -> None:
        """Add a row; beyond the limit of a sheet it is only counted."""
        if self.rows >= MAX_ROWS:
            self.left_out += 1
            return
        self.rows += 1
        at = self.first + self.rows
        self.sheet.set_row(at, self._height(row))
        for column, value in enumerate(row):
            if isinstance(value, str):
                self.sheet.write_string(at, column, value, self.styles.of(value))
            else:
                self.sheet.write_number(at, column, value, self.styles.number)

    def _height(self, row: Row) -> float:
        """Return the height in points that shows the wrapped texts of ``row``; viewers do not compute it."""
        lines = max(
            -(-_columns(value) // (width - 1))
            for value, width in zip(row, self.widths, strict=True)
            if isinstance(value, str)
        )
        return min(LINE * max(lines, 1) + 2, TALLEST)

    def finish(self, say: Any) -> None:
        """Set the filter and say what was left out."""
        last = self.first + self.rows
        self.sheet.autofilter(self.first, 0, max(last, self.first), len(self.titles) - 1)
        if self.left_out:
            self.sheet.write_string(last + 1, 0, say("l_cut", count=self.left_out), self.styles.note)

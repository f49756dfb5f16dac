"""Lists as CSV (RFC 4180): findings, permissions, and the notice list; UTF-8 with a byte order mark, so that Excel reads Chinese.

A cell that a spreadsheet could take for a formula gets an apostrophe in front (the neutralisation OWASP describes for CSV
injection); readers that need the exact text take the JSON report.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from reports import lists
from reports.lists import Row
from reports.view import ReportView
from reports.words import word
from reports.xlsx import FORMULA_STARTS
from scanner.model import Lang
from scanner.rulepack import Pack

BOM = "\ufeff"


def write(view: ReportView) -> bytes:
    """Return the findings of one subject."""
    return _one(finding_list(view.pack, view.lang), view)


def write_notice(view: ReportView) -> bytes:
    """Return the notice list of one subject."""
    return _one(notice_list(view.pack, view.lang), view)


def write_permissions(view: ReportView) -> bytes:
    """Return the permissions of one subject against what its category needs."""
    return _one(permission_list(view.pack, view.lang), view)


def finding_list(_pack: Pack, lang: Lang) -> Table:
    """Return a table that gathers the findings of all subjects."""
    return Table(lists.FINDINGS, lambda view, _: lists.finding_rows(view), lang)


def notice_list(_pack: Pack, lang: Lang) -> Table:
    """Return a table that gathers the notice list: a row a subject, none when there is nothing to name it for."""
    return Table(lists.NOTICE, _notice, lang)


def permission_list(_pack: Pack, lang: Lang) -> Table:
    """Return a table that gathers the permissions of all subjects."""
    return Table(lists.PERMISSIONS, lambda view, _: lists.permission_rows(view), lang)


def _notice(view: ReportView, number: int) -> list[Row]:
    row = lists.notice_row(view, number)
    return [row] if row is not None else []


def _one(table: Table, view: ReportView) -> bytes:
    table.add(view)
    return table.finish()


class Table:
    """A CSV file that grows subject by subject; ``rows_of`` gets a subject and the number of its first row."""

    def __init__(
        self, columns: Sequence[str], rows_of: Callable[[ReportView, int], Iterable[Row]], lang: Lang
    ) -> None:
        self.buffer = io.StringIO()
        self.writer = csv.writer(self.buffer)
        self.rows_of = rows_of
        self.rows = 0
        self.writer.writerow(word(name, lang) for name in columns)

    def add(self, view: ReportView) -> None:
        """Add one subject."""
        for row in self.rows_of(view, self.rows + 1):
            self.rows += 1
            self.writer.writerow(neutral(value) for value in row)

    def finish(self) -> bytes:
        """Return the file."""
        return (BOM + self.buffer.getvalue()).encode()


def neutral(value: str | int) -> str | int:
    """Return ``value`` with an apostrophe in front where a spreadsheet could compute it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value

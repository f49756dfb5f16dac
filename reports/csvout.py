"""Lists as CSV (RFC 4180): findings, permissions, and the notice list; UTF-8 with a byte order mark, so that Excel reads Chinese.

A cell that a spreadsheet could take for a formula gets an apostrophe in front (the neutralisation OWASP describes for CSV
injection); readers that need the exact text take the JSON report.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

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
    return _one(FindingList(view.pack, view.lang), view)


def write_notice(view: ReportView) -> bytes:
    """Return the notice list of one subject."""
    return _one(NoticeList(view.pack, view.lang), view)


def write_permissions(view: ReportView) -> bytes:
    """Return the permissions of one subject against what its category needs."""
    return _one(PermissionList(view.pack, view.lang), view)


def _one(table: _Table, view: ReportView) -> bytes:
    table.add(view)
    return table.finish()


class _Table:
    """A CSV file that grows subject by subject."""

    columns: Sequence[str] = ()

    def __init__(self, pack: Pack, lang: Lang) -> None:
        self.buffer = io.StringIO()
        self.writer = csv.writer(self.buffer)
        self.rows = 0
        self.writer.writerow(word(name, lang) for name in self.columns)

    def add(self, view: ReportView) -> None:
        """Add one subject."""
        for row in self.rows_of(view):
            self.rows += 1
            self.writer.writerow(neutral(value) for value in row)

    def rows_of(self, view: ReportView) -> Iterable[Row]:
        """Return the subject's rows."""
        raise NotImplementedError

    def finish(self) -> bytes:
        """Return the file."""
        return (BOM + self.buffer.getvalue()).encode()


class FindingList(_Table):
    """The findings of all subjects."""

    columns = lists.FINDINGS

    def rows_of(self, view: ReportView) -> Iterable[Row]:
        """Return the subject's findings."""
        return lists.finding_rows(view)


class NoticeList(_Table):
    """The notice list of all subjects."""

    columns = lists.NOTICE

    def rows_of(self, view: ReportView) -> Iterable[Row]:
        """Return the subject's row, none when there is nothing to name it for."""
        row = lists.notice_row(view, self.rows + 1)
        return [row] if row is not None else []


class PermissionList(_Table):
    """The permissions of all subjects."""

    columns = lists.PERMISSIONS

    def rows_of(self, view: ReportView) -> Iterable[Row]:
        """Return the subject's permissions."""
        return lists.permission_rows(view)


def neutral(value: str | int) -> str | int:
    """Return ``value`` with an apostrophe in front where a spreadsheet could compute it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value

"""A table of plain texts that every format can draw the same way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sheet:
    """A titled table: ``header`` and ``rows`` have as many cells as ``widths``, the shares of the columns;
    a row of one cell is the heading of the rows below it.

    ``code`` lists the columns of identifiers, hashes and addresses, which are set in a fixed-width face; ``empty``
    is said instead of a table without rows; ``incomplete`` when unread content may have added rows.  ``level`` 2 makes
    it part of the table before.
    """

    key: str
    title: str
    header: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    empty: str = ""
    code: tuple[int, ...] = ()
    incomplete: bool = False
    level: int = 1

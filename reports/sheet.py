"""A table of plain texts that every format can draw the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.names import Names

MAX_TABLE = 200
NONE = "—"


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


def sheet_of(
    names: Names,
    key: str,
    title: str,
    header: Sequence[str],
    widths: tuple[int, ...],
    rows: Sequence[tuple[str, ...]],
    *,
    path: str,
    note: str = "",
    standing: str = "",
    code: tuple[int, ...] = (),
    level: int = 1,
) -> Sheet:
    """Return the table of the facts at ``path``: the first :data:`MAX_TABLE` rows, and how many there are.

    ``note`` explains the rows; ``standing`` holds for an empty table too.
    """
    cut = names.word("t_more", total=len(rows), shown=MAX_TABLE) if len(rows) > MAX_TABLE else ""
    return Sheet(
        key=key,
        title=names.word(title),
        header=tuple(names.word(name) for name in header),
        widths=widths,
        rows=tuple(rows[:MAX_TABLE]),
        note=" ".join(part for part in (note if rows else "", standing, cut) if part),
        empty=names.word("t_nothing"),
        code=code,
        incomplete=any(gap.path == path or path.startswith(gap.path + ".") for gap in names.facts.gaps),
        level=level,
    )

"""Ruled tables of a PDF page: lines that cross form a grid, and characters fall into its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from scanner.collect.policy.blocks import tidy
from scanner.collect.policy.tables import header_rows

SNAP = 3.0
THIN = 2.5
MIN_SIDE = 8.0
MAX_LINES = 400
MAX_GRID = 20_000


class Box(Protocol):
    """A character with a place."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float


@dataclass(frozen=True, slots=True)
class Ruling:
    """A straight line: ``across`` when horizontal, at height (or distance) ``at``, from ``start`` to ``end``."""

    across: bool
    at: float
    start: float
    end: float

    MAX: ClassVar[int] = 20_000

    @classmethod
    def of_box(cls, left: float, bottom: float, right: float, top: float) -> Iterator[Ruling]:
        """Yield the rulings a drawn box stands for: itself when thin, else its four edges."""
        width, height = right - left, top - bottom
        if height <= THIN < width:
            yield cls(True, (top + bottom) / 2, left, right)
        elif width <= THIN < height:
            yield cls(False, (left + right) / 2, bottom, top)
        elif width > MIN_SIDE and height > MIN_SIDE:
            yield cls(True, top, left, right)
            yield cls(True, bottom, left, right)
            yield cls(False, left, bottom, top)
            yield cls(False, right, bottom, top)


@dataclass
class Table:
    """A grid: ``xs`` from left to right, ``ys`` from top to bottom; ``rows`` after :meth:`finish`."""

    xs: list[float]
    ys: list[float]
    root: list[list[int]]
    rows: list[list[str]] = field(default_factory=list)
    header_rows: int = 0
    _texts: dict[int, list[str]] = field(default_factory=dict)
    _last: dict[int, Box] = field(default_factory=dict)

    @property
    def top(self) -> float:
        """Height of the upper edge."""
        return self.ys[0]

    @property
    def left(self) -> float:
        """Distance of the left edge."""
        return self.xs[0]

    def take(self, glyph: Box) -> bool:
        """Take the character into its cell; False when it lies outside.  Characters come in reading order."""
        x, y = (glyph.left + glyph.right) / 2, (glyph.bottom + glyph.top) / 2
        if not (self.xs[0] <= x <= self.xs[-1] and self.ys[-1] <= y <= self.ys[0]):
            return False
        column = sum(1 for place in self.xs[1:-1] if x >= place)
        row = sum(1 for place in self.ys[1:-1] if y <= place)
        cell = self.root[row][column]
        last = self._last.get(cell)
        parts = self._texts.setdefault(cell, [])
        if last is not None:
            if glyph.top < last.bottom or glyph.left < last.left:
                parts.append("\n")
            elif glyph.left - last.right > glyph.size * 0.25:
                parts.append(" ")
        parts.append(glyph.text)
        self._last[cell] = glyph
        return True

    def finish(self) -> None:
        """Make the rows; a merged cell stands in each place it covers, rows and columns without text are left out."""
        texts = {cell: tidy("".join(parts)) for cell, parts in self._texts.items()}
        rows: list[list[str]] = []
        roots: list[int] = []
        for line in self.root:
            row = [texts.get(cell, "") for cell in line]
            same = [
                number for number, cell in enumerate(line) if rows and cell == roots[number] and row[number]
            ]
            if same and all(
                number in same or not row[number] or not rows[-1][number] for number in range(len(row))
            ):
                # A line that divides only empty space is part of the drawing (a shaded box), not of the grid.
                rows[-1] = [above or below for above, below in zip(rows[-1], row, strict=True)]
            elif any(row):
                rows.append(row)
                roots = line
        columns = [c for c in range(len(self.xs) - 1) if any(row[c] for row in rows)]
        columns = [
            c
            for place, c in enumerate(columns)
            if not place or any(row[c] != row[columns[place - 1]] for row in rows)
        ]
        rows = [[row[c] for c in columns] for row in rows]
        if len(rows) >= 1 and len(columns) >= 2:
            self.rows = rows
            self.header_rows = header_rows(rows)
        else:
            self.rows = [[" ".join(row)] for row in rows]


def find_tables(rulings: list[Ruling], width: float, height: float) -> list[Table]:
    """Return the grids of at least two columns and two rows that the rulings form."""
    page = [r for r in rulings if not (r.end - r.start > 0.97 * (width if r.across else height))]
    across = _merge([r for r in page if r.across])
    down = _merge([r for r in page if not r.across])
    if len(across) > MAX_LINES or len(down) > MAX_LINES:
        return []
    tables = [_table(h, v) for h, v in _groups(across, down)]
    return [table for table in tables if table is not None]


def _merge(rulings: list[Ruling]) -> list[Ruling]:
    """Join pieces of one line."""
    merged: list[Ruling] = []
    for ruling in sorted(rulings, key=lambda r: (round(r.at / SNAP), r.start)):
        last = merged[-1] if merged else None
        if last is not None and abs(last.at - ruling.at) <= SNAP and ruling.start <= last.end + SNAP:
            merged[-1] = Ruling(last.across, last.at, last.start, max(last.end, ruling.end))
        else:
            merged.append(ruling)
    return merged


def _crosses(h: Ruling, v: Ruling) -> bool:
    return h.start - SNAP <= v.at <= h.end + SNAP and v.start - SNAP <= h.at <= v.end + SNAP


def _groups(across: list[Ruling], down: list[Ruling]) -> Iterator[tuple[list[Ruling], list[Ruling]]]:
    """Yield the sets of lines that hang together by crossing."""
    left_across, left_down = set(range(len(across))), set(range(len(down)))
    while left_across:
        todo = [(True, left_across.pop())]
        group: tuple[list[Ruling], list[Ruling]] = ([], [])
        while todo:
            is_across, index = todo.pop()
            if is_across:
                group[0].append(across[index])
                near = [i for i in left_down if _crosses(across[index], down[i])]
                left_down.difference_update(near)
                todo.extend((False, i) for i in near)
            else:
                group[1].append(down[index])
                near = [i for i in left_across if _crosses(across[i], down[index])]
                left_across.difference_update(near)
                todo.extend((True, i) for i in near)
        yield group


def _table(across: list[Ruling], down: list[Ruling]) -> Table | None:
    xs = _places([r.at for r in down])
    ys = _places([r.at for r in across])[::-1]
    if len(xs) < 3 or len(ys) < 2 or (len(xs) - 1) * (len(ys) - 1) > MAX_GRID:
        return None
    root = [[row * (len(xs) - 1) + column for column in range(len(xs) - 1)] for row in range(len(ys) - 1)]
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            x, y = (xs[column] + xs[column + 1]) / 2, (ys[row] + ys[row + 1]) / 2
            if column and not _has(down, xs[column], y):
                root[row][column] = root[row][column - 1]
            elif row and not _has(across, ys[row], x):
                root[row][column] = root[row - 1][column]
    return Table(xs, ys, root)


def _has(rulings: list[Ruling], at: float, along: float) -> bool:
    return any(abs(r.at - at) <= SNAP and r.start - 1 <= along <= r.end + 1 for r in rulings)


def _places(values: list[float]) -> list[float]:
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > SNAP:
            places.append(value)
    return places

"""Tables: cells with spans become a grid, and the rows that name the columns are found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_COLUMNS, MAX_ROWSPAN = 64, 2_000
MAX_HEADER_CELL, MAX_HEADER_ROWS = 30, 3

# Words that name a column of the tables policies have: SDK lists, permissions, items, purposes, cookies.
_COLUMN = re.compile(
    r"名称|名字|类型|类别|目的|用途|场景|信息|权限|方式|链接|网址|官网|地址|公司|主体|机构|开发者|提供方|提供者|序号|编号|"
    r"说明|描述|功能|运营|政策|协议|平台|系统|范围|字段|数据|内容|个人|业务|服务|产品|合作|备注|期限|时间|必要|敏感|产商|厂商|"
    r"SDK|Cookie|cookie|Name|Purpose|Type|Data|Link|Permission|Company|Provider"
)
_SENTENCE = re.compile(r"[。；;！!]|https?:")


@dataclass(slots=True)
class Cell:
    """A cell as written: cleaned text, spans (at least 1), whether the markup calls it a header."""

    text: str
    rowspan: int = 1
    colspan: int = 1
    header: bool = False
    link: str = ""


@dataclass
class Grid:
    """A table being read, at most ``limit`` resolved cells; ``full`` when the limit cut it."""

    limit: int
    rows: list[list[Cell]] = field(default_factory=list)
    marked: set[int] = field(default_factory=set)
    cells: int = 0
    full: bool = False
    caption: str = ""

    def row(self, *, header: bool = False) -> None:
        """Begin a row; ``header`` when the markup puts it into the table's head."""
        if header:
            self.marked.add(len(self.rows))
        self.rows.append([])

    def cell(self, cell: Cell) -> None:
        """Append a cell to the last row."""
        if not self.rows:
            self.row()
        if self.cells >= self.limit or len(self.rows[-1]) >= MAX_COLUMNS:
            self.full = True
            return
        self.cells += 1
        self.rows[-1].append(cell)

    def resolve(self) -> tuple[list[list[str]], int, dict[tuple[int, int], str]]:
        """Return the rows with every spanned cell repeated, the number of header rows, links by (row, column).

        Rows without any text are left out; a first row of one cell across the whole table is its caption.  Source: the table model of HTML (forming a table).
        """
        resolved: list[list[Cell]] = []
        marked: list[bool] = []
        carried: dict[int, tuple[Cell, int]] = {}
        spent = 0
        for number, cells in enumerate(self.rows):
            line, carried = _row(cells, carried)
            if not any(cell.text for cell in line):
                continue
            spent += len(line)
            if spent > self.limit:
                self.full = True
                break
            resolved.append(line)
            marked.append(number in self.marked or all(c.header for c in line))
        if len(resolved) > 1 and len(resolved[0]) > 1 and all(c is resolved[0][0] for c in resolved[0]):
            self.caption = self.caption or resolved.pop(0)[0].text
            marked.pop(0)
        texts = [[cell.text for cell in line] for line in resolved]
        links = {
            (row, column): cell.link
            for row, line in enumerate(resolved)
            for column, cell in enumerate(line)
            if cell.link
        }
        width = max((len(line) for line in texts), default=0)
        for text in texts:
            text.extend([""] * (width - len(text)))
        return texts, header_rows(texts, marked), links


def _row(
    cells: list[Cell], carried: dict[int, tuple[Cell, int]]
) -> tuple[list[Cell], dict[int, tuple[Cell, int]]]:
    """Place ``cells`` beside the cells that reach down from the rows above; return the row and what reaches further."""
    line: list[Cell] = []
    waiting = list(cells)
    below: dict[int, tuple[Cell, int]] = {}
    while len(line) < MAX_COLUMNS:
        column = len(line)
        if column in carried:
            cell, left = carried.pop(column)
            line.append(cell)
            if left > 1:
                below[column] = (cell, left - 1)
        elif waiting:
            cell = waiting.pop(0)
            for offset in range(min(max(cell.colspan, 1), MAX_COLUMNS - column)):
                line.append(cell)
                if cell.rowspan > 1:
                    below[column + offset] = (cell, min(cell.rowspan, MAX_ROWSPAN) - 1)
        elif carried and column < max(carried):
            line.append(Cell(""))
        else:
            break
    return line, below


def header_rows(rows: list[list[str]], marked: list[bool] | None = None) -> int:
    """Return how many rows at the top name the columns.

    Markup decides where it is there; otherwise the first row does when its cells are short, differ, and most of them
    hold a word that names a column.
    """
    if len(rows) < 2:
        return 0
    count = 0
    for is_header in (marked or [])[:MAX_HEADER_ROWS]:
        if not is_header:
            break
        count += 1
    if count:
        return min(count, len(rows) - 1)
    first = [cell for cell in rows[0] if cell]
    if len(first) < 2 or len(set(first)) < len(first) or len(first) < len(rows[0]) - 1:
        return 0
    if any(len(cell) > MAX_HEADER_CELL or _SENTENCE.search(cell) for cell in first):
        return 0
    named = sum(1 for cell in first if _COLUMN.search(cell))
    second = sum(1 for cell in rows[1] if cell and len(cell) <= MAX_HEADER_CELL and _COLUMN.fullmatch(cell))
    return 1 if named * 2 > len(first) and named > second else 0


def merge_header(rows: list[list[str]]) -> tuple[str, ...]:
    """Return one name for each column from the header rows, the upper part first."""
    names = []
    for column in range(len(rows[0])):
        parts = list(dict.fromkeys(row[column] for row in rows if column < len(row) and row[column]))
        names.append(" ".join(parts))
    return tuple(names)

"""Plain text → blocks: one block a line, hard-wrapped lines joined, runs of tab-separated lines as tables."""

from __future__ import annotations

import re

from scanner.collect.policy.blocks import Block, Limits, Reading, tidy
from scanner.collect.policy.headings import number_rank
from scanner.collect.policy.tables import Cell, Grid

WRAP_SHARE, WRAP_MIN, WRAP_MAX = 0.5, 20, 140
MIN_TABLE_ROWS = 2

_BULLET = re.compile(r"[·•●○■□▪◆◇▶►*—-]\s*(?=\S)")
_CLOSED = re.compile(r"[。！？!?；;：:]+[”’」』）)》\"']*$")


def read_plain(text: str, limits: Limits) -> Reading:
    """Return the blocks of a text without markup."""
    reading = Reading()
    if len(text) > limits.characters:
        text = text[: limits.characters]
        reading.fail(
            "policy-characters-limit",
            "",
            f"文本超过 {limits.characters} 个字符的上限，其后的内容未读取。",
            f"The text exceeds the limit of {limits.characters} characters; what follows was not read.",
        )
    lines = re.split(r"\r\n|[\r\n\v\f\x85\u2028\u2029]", text)
    width = _wrap_width(lines)
    pending: list[str] = []
    index = 0
    while index < len(lines):
        rows = _tab_rows(lines, index)
        if rows:
            _end(pending, reading)
            _add_table(rows, reading, limits)
            index += len(rows)
            continue
        line = lines[index]
        if pending and not (width and _continues(lines[index - 1], line, width)):
            _end(pending, reading)
        if line.strip():
            pending.append(line)
        index += 1
    _end(pending, reading)
    return reading


def _wrap_width(lines: list[str]) -> int:
    """Return the width at which the lines were wrapped, 0 when each line is a paragraph of its own."""
    full = [len(line.rstrip()) for line in lines if line.strip()]
    if len(full) < 6:
        return 0
    longest = sorted(full)[-max(1, len(full) // 50)]
    if not WRAP_MIN <= longest <= WRAP_MAX:
        return 0
    near = sum(1 for length in full if length >= longest * 0.85)
    return longest if near >= len(full) * WRAP_SHARE else 0


def _continues(before: str, line: str, width: int) -> bool:
    """Whether ``line`` goes on with the paragraph of the line ``before`` it."""
    if len(before.rstrip()) < width * 0.8 or not line.strip() or _BULLET.match(line.lstrip()):
        return False
    if line[0].isspace() and not before[0].isspace():
        return False
    return not (number_rank(line.strip())[0] and _CLOSED.search(before.rstrip()))


def _end(pending: list[str], reading: Reading) -> None:
    if not pending:
        return
    text = "\n".join(pending)
    pending.clear()
    bullet = _BULLET.match(text.lstrip())
    body = tidy(text.lstrip()[bullet.end() :] if bullet else text)
    if body:
        reading.blocks.append(Block("item" if bullet else "text", body))


def _tab_rows(lines: list[str], start: int) -> list[list[str]]:
    rows: list[list[str]] = []
    for index in range(start, len(lines)):
        cells = lines[index].strip("\r\n").split("\t")
        if (
            len(cells) < 2
            or sum(1 for cell in cells if cell.strip()) < 2
            or (rows and len(cells) != len(rows[0]))
        ):
            break
        rows.append(cells)
    return rows if len(rows) >= MIN_TABLE_ROWS else []


def _add_table(rows: list[list[str]], reading: Reading, limits: Limits) -> None:
    grid = Grid(limits.cells)
    for row in rows:
        grid.row()
        for cell in row:
            grid.cell(Cell(tidy(cell)))
    resolved, header, _ = grid.resolve()
    if grid.full:
        reading.fail(
            "policy-cells-limit",
            "",
            f"表格超过 {limits.cells} 个单元的上限，其后的内容未读取。",
            f"A table exceeds the limit of {limits.cells} cells; what follows was not read.",
        )
    if resolved:
        reading.blocks.append(Block("table", rows=resolved, header_rows=header))

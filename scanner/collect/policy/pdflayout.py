"""Lines and tables of PDF pages → blocks: reading order, running heads and feet, paragraphs, tables across pages."""

from __future__ import annotations

import itertools
import re
import statistics
from collections import Counter
from dataclasses import dataclass, field

from scanner.collect.policy.blocks import Block, is_cjk
from scanner.collect.policy.headings import number_rank
from scanner.collect.policy.pdftables import Table

EDGE = 1 / 6
MAX_RUNNING, RUNNING_STEP = 50, 6.0

_PAGE_NUMBER = re.compile(
    r"^[-–—\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/／,，]?\s*(?:共|of)?\s*\d{1,4}\s*页?)?[-–—\s]*$"
)
_CLOSED = re.compile(r"[。！？!?；;：:]+[”’」』）)》\"']*$")
_BULLET = re.compile(r"^[·•●○■□▪◆◇▶►\uf06c\uf0b7\uf0d8]\s*")


@dataclass(slots=True)
class Line:
    """A line of text, the box around it, its type size in points."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool


@dataclass
class Page:
    """A page: its size, lines from top to bottom, tables."""

    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


def page_blocks(pages: list[Page]) -> list[Block]:
    """Return the blocks of the document in reading order."""
    repeated = _repeated(pages)
    body = _body_size(pages)
    _ignore_common_bold(pages)
    blocks: list[Block] = []
    open_line: Line | None = None
    for page in pages:
        margin = _right_margin(page)
        pitch = _pitch(page, margin)
        first = True
        for piece in _in_order(page):
            if isinstance(piece, Table):
                _add_table(piece, blocks, continues=first)
                open_line = None
                first = False
                continue
            if _is_margin(piece, page, repeated):
                continue
            first = False
            if open_line is not None and _continues(open_line, piece, margin, pitch):
                _join(blocks[-1], piece.text)
            else:
                blocks.append(_block(piece, body))
            open_line = piece
    return [block for block in blocks if block.text or block.rows]


def _in_order(page: Page) -> list[Line | Table]:
    """Return lines and tables from top to bottom; in pages of two columns the left column first."""
    pieces: list[Line | Table] = [*page.lines, *page.tables]
    middle = page.width / 2
    lines = page.lines
    left = [line for line in lines if line.right < middle + 5]
    right = [line for line in lines if line.left > middle - 5]
    if not page.tables and len(left) > 8 and len(right) > 8 and len(left) + len(right) > 0.9 * len(lines):
        ordered = sorted(left, key=lambda piece: -piece.top) + sorted(right, key=lambda piece: -piece.top)
        rest = [line for line in lines if not (line.right < middle + 5 or line.left > middle - 5)]
        return [*sorted(rest, key=lambda piece: -piece.top), *ordered]
    return sorted(pieces, key=lambda piece: (-round(piece.top), piece.left))


def _repeated(pages: list[Page]) -> frozenset[tuple[str, int]]:
    """Return the short texts (digits aside) that stand at one place at the edge of many pages: running heads and feet."""
    seen: Counter[tuple[str, int]] = Counter()
    for page in pages:
        seen.update({_running(line, page) for line in page.lines if _at_edge(line, page)})
    least = max(3, len(pages) // 2)
    return frozenset(key for key, count in seen.items() if count >= least and len(key[0]) <= MAX_RUNNING)


def _running(line: Line, page: Page) -> tuple[str, int]:
    return re.sub(r"[\d\s]+", "#", line.text), round((page.height - line.top) / RUNNING_STEP)


def _at_edge(line: Line, page: Page) -> bool:
    """Whether the line is one of the two outermost of the page, in its outer sixth."""
    higher = sum(1 for other in page.lines if other.bottom > line.top - 1)
    lower = sum(1 for other in page.lines if other.top < line.bottom + 1)
    return (higher < 2 and line.top > page.height * (1 - EDGE)) or (
        lower < 2 and line.bottom < page.height * EDGE
    )


def _is_margin(line: Line, page: Page, repeated: frozenset[tuple[str, int]]) -> bool:
    return _at_edge(line, page) and (bool(_PAGE_NUMBER.match(line.text)) or _running(line, page) in repeated)


def _ignore_common_bold(pages: list[Page]) -> None:
    """Where most of the text is bold, being bold says nothing."""
    lines = [line for page in pages for line in page.lines]
    if sum(len(line.text) for line in lines if line.bold) * 2 > sum(len(line.text) for line in lines):
        for line in lines:
            line.bold = False


def _pitch(page: Page, margin: float) -> float:
    """Return the usual distance from line to line inside a paragraph: after lines that reach the margin."""
    ordered = sorted(page.lines, key=lambda line: -line.top)
    found = [
        _middle(before) - _middle(line)
        for before, line in itertools.pairwise(ordered)
        if before.right > margin - before.size * 1.5 and abs(before.size - line.size) <= before.size * 0.1
    ]
    found = [distance for distance in found if distance > 2]
    return statistics.median_low(found) if found else 0.0


def _middle(line: Line) -> float:
    return (line.top + line.bottom) / 2


def _body_size(pages: list[Page]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _right_margin(page: Page) -> float:
    ends = sorted(line.right for line in page.lines)
    return ends[int(len(ends) * 0.9)] if ends else page.width


def _continues(before: Line, line: Line, margin: float, pitch: float) -> bool:
    """Whether ``line`` belongs to the paragraph of the line ``before`` it."""
    if abs(before.size - line.size) > before.size * 0.12 or before.bold != line.bold:
        return False
    distance = _middle(before) - _middle(line)
    if distance > (pitch * 1.22 if pitch else before.size * 1.9):
        return False
    text = line.text.strip()
    hanging = 3.5 if number_rank(before.text.strip())[0] or _BULLET.match(before.text) else 1.5
    if before.right < margin - before.size * 2.2 or line.left > before.left + line.size * hanging:
        return False
    if _BULLET.match(text):
        return False
    starts = number_rank(text)[0] > 0
    return not (
        starts and (_CLOSED.search(before.text.strip()) or line.left >= before.left + line.size * 0.8)
    )


def _join(block: Block, text: str) -> None:
    before, after = block.text.rstrip(), text.strip()
    if not after:
        return
    if (
        before.endswith("-")
        and len(before) > 1
        and before[-2].isascii()
        and before[-2].isalpha()
        and after[0].islower()
    ):
        block.text = before[:-1] + after
    elif before and (is_cjk(before[-1]) or is_cjk(after[0])):
        block.text = before + after
    else:
        block.text = f"{before} {after}"


def _block(line: Line, body: float) -> Block:
    text = line.text.strip()
    bullet = _BULLET.match(text)
    if bullet:
        return Block("item", text[bullet.end() :].strip(), bold=line.bold)
    large = body > 0 and line.size > body * 1.12 and len(text) <= 40
    return Block("text", text, bold=line.bold or large)


def _add_table(table: Table, blocks: list[Block], *, continues: bool) -> None:
    """Append a table, or its rows to the table that ran to the end of the page before."""
    last = blocks[-1] if blocks else None
    if continues and last is not None and last.kind == "table" and len(last.rows[0]) == len(table.rows[0]):
        rows = table.rows
        head = last.rows[: max(last.header_rows, 1)]
        if rows[: len(head)] == head:
            rows = rows[len(head) :]
        if rows and last.rows and not rows[0][0] and any(rows[0]):
            before = last.rows[-1]
            last.rows[-1] = [a + b for a, b in zip(before, rows[0], strict=True)]
            rows = rows[1:]
        last.rows.extend(rows)
        return
    blocks.append(Block("table", rows=table.rows, header_rows=table.header_rows))

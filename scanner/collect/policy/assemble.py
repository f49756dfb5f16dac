"""Blocks → document: drops what is not the policy, finds headings, gives every paragraph its id and offsets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from scanner.collect.policy.blocks import Block, Limits, Reading
from scanner.collect.policy.document import Document, Format, Link
from scanner.collect.policy.headings import find_headings
from scanner.collect.policy.tables import merge_header
from scanner.model import Problem, Text
from scanner.policyfacts import Paragraph, PolicyTable

CELL, ROW = "\t", "\n"
MAX_HIDDEN = 200
MAX_FRAME_SHARE = 0.5
MAX_KEPT = 200

_SPEAKS = re.compile(r"@|联系|电话|邮箱|地址|個人信息|个人信息|隐私|隱私|电邮|客服")
_NAVIGATION_RUN = 4
_NAMES = re.compile(
    r"隐私|隱私|协议|協議|政策|指引|声明|聲明|清单|清單|目录|列表|服务条款|說明|说明|规则|须知|Privacy|Agreement|Terms",
    re.IGNORECASE,
)
_NO_TITLE = re.compile(r"[，,。；;！!：:？?]|^(?:\d|[一二三四五六七八九十]+、|第.{1,3}[条章])")
_END_MATTER = re.compile(
    r"copyright|©|版权所有|版權所有|ICP\s*[备备證证]|公网安备|公安备案|All Rights Reserved|回到顶部|返回顶部|上一篇|下一篇|分享到",
    re.IGNORECASE,
)


def assemble(
    reading: Reading,
    source: str,
    form: Format,
    encoding: str = "",
    *,
    rendered: bool = False,
    limits: Limits | None = None,
) -> Document:
    """Return the document made of ``reading``."""
    limits = limits or Limits()
    problems = list(reading.problems)
    complete = reading.complete
    blocks, removed, hidden = _without_frame(reading.blocks)
    if hidden > MAX_HIDDEN:
        problems.append(_hidden(source, hidden))
        complete = False
    if len(blocks) > limits.blocks:
        del blocks[limits.blocks :]
        complete = False
        problems.append(_too_many(source, limits.blocks))
    title = _title(blocks, reading.title)
    find_headings(blocks)
    text, paragraphs, tables, links = _lay_out(blocks)
    return Document(
        source=source,
        format=form,
        text=text,
        paragraphs=tuple(paragraphs),
        tables=tuple(tables),
        title=title,
        encoding=encoding,
        rendered=rendered,
        complete=complete,
        problems=tuple(problems),
        links=tuple(links),
        boilerplate=tuple(removed[:MAX_KEPT]),
    )


# --- what is not the policy -----------------------------------------------------------------------------


def _without_frame(blocks: list[Block]) -> tuple[list[Block], list[str], int]:
    """Return the blocks of the text itself, the texts left out, and the number of hidden characters."""
    hidden = sum(_size(block) for block in blocks if block.place == "hidden")
    visible = [block for block in blocks if block.place != "hidden" and (block.text or block.rows)]
    total = sum(_size(block) for block in visible)
    frame = sum(_size(block) for block in visible if block.place == "frame")
    # Some pages put the whole text into an element that is named like a menu or a footer.
    keeps = frame > total * MAX_FRAME_SHARE
    kept, removed = [], []
    for block in visible:
        if block.place == "frame" and not keeps and not _SPEAKS.search(block.text):
            removed.append(block.text or ROW.join(CELL.join(row) for row in block.rows))
        else:
            kept.append(block)
    first, last = _edges(kept)
    removed.extend(block.text for block in [*kept[:first], *kept[last:]])
    return kept[first:last], [text for text in removed if text], hidden


def _size(block: Block) -> int:
    return len(block.text) + sum(len(cell) for row in block.rows for cell in row)


def _edges(blocks: list[Block]) -> tuple[int, int]:
    """Return where the text starts and ends, without runs of links and end matter around it."""
    first, last = 0, len(blocks)
    while first < last and _is_link(blocks[first]):
        first += 1
    if first < _NAVIGATION_RUN:
        first = 0
    while last > first and blocks[last - 1].kind != "table" and _is_end(blocks[last - 1]):
        last -= 1
    return first, last


def _is_link(block: Block) -> bool:
    return block.linked > 0.9 and len(block.text) <= 30 and not _SPEAKS.search(block.text)


def _is_end(block: Block) -> bool:
    short = len(block.text) <= 100
    return (short and bool(_END_MATTER.search(block.text)) and not _SPEAKS.search(block.text)) or _is_link(
        block
    )


def _hidden(source: str, count: int) -> Problem:
    return Problem(
        code="policy-hidden-text",
        where=source,
        message=Text(
            zh=f"页面中有 {count} 个字符被设为不显示，未作为政策正文读取；请在浏览器中确认其是否可以展开阅读。",
            en=f"{count} characters of the page are not displayed and were not read as part of the policy; "
            "check in a browser whether they can be expanded.",
        ),
    )


def _too_many(source: str, limit: int) -> Problem:
    return Problem(
        code="policy-blocks-limit",
        where=source,
        message=Text(
            zh=f"文本超过 {limit} 个段落的上限，其后的内容未读取。",
            en=f"The text exceeds the limit of {limit} paragraphs; what follows was not read.",
        ),
    )


# --- ids and offsets ------------------------------------------------------------------------------------


def _lay_out(
    blocks: Iterable[Block],
) -> tuple[str, list[Paragraph], list[PolicyTable], list[Link]]:
    parts: list[str] = []
    paragraphs: list[Paragraph] = []
    tables: list[PolicyTable] = []
    links: list[Link] = []
    open_headings: list[tuple[int, str]] = []
    at = 0
    for block in blocks:
        ident = f"p{len(paragraphs) + 1}"
        if block.kind == "table":
            table, text, cell_links = _table(block, ident)
            tables.append(table)
            links.extend(Link(ident, at + start, at + end, url) for start, end, url in cell_links)
        else:
            text = block.text
            links.extend(Link(ident, at + start, at + end, url) for start, end, url in block.links)
        if block.kind == "heading":
            while open_headings and open_headings[-1][0] >= block.level:
                open_headings.pop()
        paragraphs.append(
            Paragraph(
                id=ident,
                kind=block.kind,
                level=block.level if block.kind == "heading" else 0,
                text=text,
                start=at,
                end=at + len(text),
                section=tuple(name for _, name in open_headings),
            )
        )
        if block.kind == "heading":
            open_headings.append((block.level, ident))
        parts.append(text)
        at += len(text) + 1
    return "\n".join(parts), paragraphs, tables, links


def _table(block: Block, ident: str) -> tuple[PolicyTable, str, list[tuple[int, int, str]]]:
    """Return the table, its text (cells by tab, rows by line), and the spans of linked cells."""
    rows = block.rows
    header: tuple[str, ...] = ()
    links = []
    shift = 0
    if block.header_rows:
        header = merge_header(rows[: block.header_rows])
        rows = rows[block.header_rows :]
        shift = block.header_rows
    lines = [header, *rows] if header else rows
    at = 0
    for number, line in enumerate(lines):
        for column, cell in enumerate(line):
            row = number if not header else number + shift - 1
            url = block.cell_links.get((row, column))
            if url and not (header and number == 0):
                links.append((at, at + len(cell), url))
            at += len(cell) + 1
    text = ROW.join(CELL.join(line) for line in lines)
    table = PolicyTable(
        paragraph=ident, caption=block.caption, header=header, rows=tuple(tuple(row) for row in rows)
    )
    return table, text, links


def _title(blocks: list[Block], given: str) -> str:
    """Return the title: a heading near the top that names a document, what the format calls the title, or a line."""
    for kinds in ({"heading"}, {"text"}):
        for block in blocks[:8]:
            if block.kind in kinds and len(block.text) <= 60 and _names_a_document(block.text):
                return block.text
        if given and _NAMES.search(given):
            return given
    return given if any(c > "\u2e80" for c in given) else ""


def _names_a_document(text: str) -> bool:
    return (
        bool(_NAMES.search(text[-16:]))
        and not _NO_TITLE.search(text)
        and (len(text) <= 30 or "的" not in text)
    )

"""Finds the headings markup does not name: numbered (一、 （一） 1. 1.1 第一条) or bold lines, and gives all a level.

A wrong heading only mislabels a section; a missed one leaves the text under the section above.  So a line is taken for
a heading only when it is short, no sentence, and followed by what it could head.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scanner.collect.policy.blocks import Block

MAX_HEADING, MAX_BOLD = 50, 40
TITLE_BLOCKS = 6
MANY = 3

_CN = "[一二三四五六七八九十百零〇]"
# What begins the line, its rank from the outside in, and whether the number alone makes a short line a heading.
_NUMBERS: tuple[tuple[re.Pattern[str], int, bool], ...] = (
    (re.compile(rf"第\s*(?:{_CN}{{1,4}}|\d{{1,3}})\s*(?:章|编|篇|部分)"), 10, True),
    (re.compile(rf"第\s*(?:{_CN}{{1,4}}|\d{{1,3}})\s*节"), 20, True),
    (re.compile(rf"第\s*(?:{_CN}{{1,4}}|\d{{1,3}})\s*条"), 30, True),
    (re.compile(rf"{_CN}{{1,3}}\s*[、.．，,:：]"), 30, True),
    (re.compile(rf"[（(【]\s*{_CN}{{1,3}}\s*[)）】]"), 40, True),
    (re.compile(r"\d{1,2}(?:\s?[.．]\s?\d{1,2}){1,4}(?!\d)"), 60, True),
    (re.compile(r"\d{1,2}\s*[、.．](?!\d)"), 50, False),
    (re.compile(r"[（(]\s*\d{1,2}\s*[)）]|\d{1,2}\s*[)）]"), 80, False),
    (re.compile(r"[a-zA-Z]\s*[、.．)）]|[①-⑳]"), 90, False),
)
_BOLD_RANK = 85
_ENDS = re.compile(r"[。；;！!，,、…]$")
_INSIDE = re.compile(r"[。；;！!]|[：:].{2}")
_LABEL = re.compile(r"^[^：:]{1,20}[：:].")
_TITLE = re.compile(
    r"隐私|政策|协议|声明|指引|条款|规则|清单|目录|须知|约定|说明|隱私|條款|聲明|Privacy|Policy|Agreement|Terms",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[，,]")
_CONTENTS = re.compile(r"[.．·…\s]{3,}\d{1,3}$")


def find_headings(blocks: list[Block]) -> None:
    """Turn text blocks into headings where they are, and give every heading its level, in place."""
    marked = [block for block in blocks if block.kind == "heading"]
    ranks: dict[int, int] = {}
    for index, block in enumerate(blocks):
        if block.kind in {"text", "item"}:
            rank = _rank(blocks, index)
            if rank:
                ranks[index] = rank
    _without_contents(blocks, ranks)
    _settle_bold(blocks, ranks)
    title = _title_index(blocks, ranks) if not marked else None
    _assign(blocks, ranks, title, many_marked=len(marked) >= MANY)


def number_rank(text: str) -> tuple[int, bool, int]:
    """Return rank, whether the number suffices, and the length of the number ``text`` begins with; rank 0 without."""
    for pattern, rank, alone in _NUMBERS:
        match = pattern.match(text)
        if match:
            depth = len(re.findall(r"\d+", match[0])) if rank == 60 else 2
            return rank + depth - 2, alone, match.end()
    return 0, False, 0


def _rank(blocks: Sequence[Block], index: int) -> int:
    block = blocks[index]
    text = block.text
    if len(text) > MAX_HEADING or _ENDS.search(text) or _CONTENTS.search(text):
        return 0
    rank, alone, start = number_rank(text)
    rest = text[start:].strip()
    if len(rest) < 2 or rest.isdigit():
        return 0
    if rank:
        if _INSIDE.search(rest) or (rest[-1] in "：:" and not block.bold and len(rest) > 12):
            return 0
        if alone and (block.kind == "text" or rank <= 40 or block.bold):
            return rank
        return rank if (block.bold and rank < 90) or _heads(blocks, index, rank) else 0
    if (_CLAUSE.search(text) and len(text) > 25) or (text[-1] in "：:" and len(text) > 8):
        return 0
    if block.bold and block.kind == "text" and len(text) <= MAX_BOLD and not _INSIDE.search(text):
        follows = index + 1 < len(blocks) and blocks[index + 1].kind != "heading"
        return _BOLD_RANK if follows and not _LABEL.match(text) else 0
    return 0


def _heads(blocks: Sequence[Block], index: int, rank: int) -> bool:
    """Whether a line numbered ``1.`` or ``（1）`` is followed by text of its own, not by the next number."""
    if blocks[index].kind != "text" or len(blocks[index].text) > 30 or index + 1 >= len(blocks):
        return False
    after = blocks[index + 1]
    if after.kind == "table":
        return True
    if number_rank(after.text)[0] == rank or after.kind == "heading":
        return False
    return after.kind == "item" or len(after.text) > len(blocks[index].text)


def _without_contents(blocks: Sequence[Block], ranks: dict[int, int]) -> None:
    """Drop the entries of a table of contents: a run of headings without text whose words come again below."""
    later: dict[str, int] = {}
    for index, block in enumerate(blocks):
        if index in ranks or block.kind == "heading":
            later[_key(block.text)] = index
    run: list[int] = []
    for index in [*sorted(ranks), len(blocks) + 1]:
        again = index < len(blocks) and _key(blocks[index].text) in {_key(blocks[i].text) for i in run}
        if run and (again or index != run[-1] + 1):
            repeated = [i for i in run if later.get(_key(blocks[i].text), -1) > run[-1]]
            if len(run) >= MANY and len(repeated) * 3 >= len(run) * 2:
                for i in run:
                    del ranks[i]
                    blocks[i].kind = "item"
            run = []
        run.append(index)


def _key(text: str) -> str:
    return re.sub(r"\W", "", text)


def _settle_bold(blocks: Sequence[Block], ranks: dict[int, int]) -> None:
    """Unnumbered bold lines rank above the numbers when they come first, and below them when they do not."""
    order = [
        (index, rank) for index, rank in sorted(ranks.items()) if not _TITLE.search(blocks[index].text[:20])
    ]
    if order and order[0][1] == _BOLD_RANK and sum(1 for _, rank in order if rank == _BOLD_RANK) >= MANY:
        for index, rank in ranks.items():
            if rank == _BOLD_RANK:
                ranks[index] = 5


def _title_index(blocks: Sequence[Block], ranks: dict[int, int]) -> int | None:
    for index, block in enumerate(blocks[:TITLE_BLOCKS]):
        if ranks.get(index, _BOLD_RANK) not in {5, _BOLD_RANK} or block.kind != "text":
            continue
        short = (
            2 <= len(block.text) <= MAX_BOLD
            and not _INSIDE.search(block.text)
            and not _ENDS.search(block.text)
        )
        if short and _TITLE.search(block.text):
            return index
    return None


def _assign(blocks: list[Block], ranks: dict[int, int], title: int | None, *, many_marked: bool) -> None:
    if title is not None:
        ranks[title] = 1
    used = {rank: place for place, rank in enumerate(sorted(set(ranks.values())), 1)}
    above = 0
    for index, block in enumerate(blocks):
        if block.kind == "heading":
            above = block.level
        elif index in ranks:
            block.kind = "heading"
            base = above if many_marked else (1 if above else 0)
            block.level = min(base + used[ranks[index]], 9)

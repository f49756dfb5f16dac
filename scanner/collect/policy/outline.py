"""Finds the headings among sentences, and the headings above each sentence.

A :class:`~scanner.collect.policy.document.Document` from HTML or Word knows its headings; text pasted or extracted
line by line does not.  Both go through :func:`outline`, so that what was learnt from one serves on the other:
numbering such as ``一、``, ``（二）``, ``3.1`` or ``第四条`` and shortness tell a heading, its style of numbering the level.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_HEADING = 40
MAX_BARE_HEADING = 16
MAX_LEVEL = 9

# Styles of numbering, outermost first; the position is the rank.
_STYLES = (
    re.compile(r"第[一二三四五六七八九十百\d]{1,4}[章条部节篇]"),
    re.compile(r"[一二三四五六七八九十]{1,3}[、.．:： ]"),
    re.compile(r"[（(][一二三四五六七八九十]{1,3}[）)]"),
    re.compile(r"\d{1,2}[、.．:： ]?(?:[^\d.．、:： ]|[、.．:： ][^\d])"),
    re.compile(r"\d{1,2}[.．]\d{1,2}(?:[^\d.．]|[.．、][^\d])"),
    re.compile(r"\d{1,2}[.．]\d{1,2}[.．]\d{1,2}"),
    re.compile(r"[（(]\d{1,2}[）)]|\d{1,2}[）)]"),
    re.compile(r"[a-zA-ZⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ][、.．）)]|[①-⑳]"),
)
_BARE, _BARE_INSIDE = 2.5, 5.5
_DOTTED = (4, 5)
_CLOSED = tuple("。；;！!，,、”：:")
_INNER = re.compile(r"[。；;！!，,]")


def style(text: str) -> float | None:
    """Return the rank of the heading ``text`` by its numbering (0 = outermost), None if it is no heading."""
    if len(text) > MAX_HEADING or text.endswith(_CLOSED) or _INNER.search(text):
        return None
    for rank, pattern in enumerate(_STYLES):
        if pattern.match(text):
            return rank
    if len(text) <= MAX_BARE_HEADING and not text.startswith(("<", "http")):
        return _BARE
    return None


def outline(texts: Sequence[str], marked: Sequence[int] | None = None) -> tuple[tuple[int, ...], ...]:
    """Return for each sentence the positions of the headings above it, outermost first.

    ``marked`` gives the level (1 = outermost) of sentences known to be headings, 0 for the others.  Numbering decides
    where there is any; a known heading without numbering ranks as a short title does, by its level among its like.  A
    heading's own position is not among its headings.
    """
    stack: list[tuple[float, int]] = []
    result: list[tuple[int, ...]] = []
    for position, text in enumerate(texts):
        rank = style(text)
        level = marked[position] if marked is not None else 0
        if level and (rank is None or rank == _BARE):
            rank = _BARE + min(level, MAX_LEVEL) / 100
        if rank is not None:
            if int(rank * 10) == int(_BARE * 10) and any(known in _DOTTED for known, _ in stack):
                rank += _BARE_INSIDE - _BARE
            while stack and stack[-1][0] >= rank:
                stack.pop()
        result.append(tuple(at for _, at in stack))
        if rank is not None:
            stack.append((rank, position))
    return tuple(result)

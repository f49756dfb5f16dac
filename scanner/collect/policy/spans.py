"""Spans of text: sorted pairs of start and end that do not overlap."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence


def overlaps(spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether ``start``–``end`` meets one of ``spans``, which are in order and apart."""
    at = bisect_right(spans, (start, 1 << 62)) - 1
    return (at >= 0 and spans[at][1] > start) or (at + 1 < len(spans) and spans[at + 1][0] < end)

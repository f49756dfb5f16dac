"""Geometry of the few charts: bars in user units of a 1000-wide drawing, no colours (those are the style sheet's)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1000.0
NARROWEST = 12.0


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a stacked bar: style class, label, count, position and width."""

    style: str
    label: str
    count: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a bar chart: label, its parts, and the number printed beside it."""

    label: str
    count: int
    parts: tuple[Segment, ...]


def stacked(parts: Sequence[tuple[str, str, int]], total: int | None = None) -> tuple[Segment, ...]:
    """Return ``(style, label, count)`` as the segments of one bar; those that count nothing are left out.

    ``total`` is the count of a full-width bar.  A small part keeps a width that can be seen.
    """
    counted = [part for part in parts if part[2] > 0]
    whole = total or sum(count for _, _, count in counted)
    if not counted or not whole:
        return ()
    used = WIDTH * sum(count for _, _, count in counted) / whole
    wide = [max(NARROWEST, WIDTH * count / whole) for _, _, count in counted]
    scale = used / sum(wide) if used >= NARROWEST * len(counted) else 1.0
    segments, x = [], 0.0
    for (style, label, count), width in zip(counted, wide, strict=True):
        segments.append(Segment(style, label, count, f"{x:.1f}", f"{width * scale:.1f}"))
        x += width * scale
    return tuple(segments)


def bars(rows: Sequence[tuple[str, Sequence[tuple[str, str, int]]]]) -> tuple[Bar, ...]:
    """Return ``(label, parts)`` rows as bars on one scale."""
    longest = max((sum(count for _, _, count in parts) for _, parts in rows), default=0)
    return tuple(
        Bar(label, sum(count for _, _, count in parts), stacked(parts, longest)) for label, parts in rows
    )

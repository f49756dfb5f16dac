"""Where a program loads given 32-bit numbers: resource ids in ``const`` instructions, and anywhere else in its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.package import Dex
from scanner.dex.part import Part

CONST, CONST_HIGH = 0x14, 0x15


@dataclass(frozen=True, slots=True)
class NumberSite:
    """An instruction of method ``node`` that loads ``number``; ``offset`` counts code units."""

    number: int
    node: int
    offset: int


def number_sites(dex: Dex, numbers: Iterable[int]) -> tuple[list[NumberSite], frozenset[int]]:
    """Return the instructions that load one of ``numbers``, and which of them stand anywhere in the files.

    The first unit of ``const`` and ``const/high16`` is looked for in all code at once, without sweeping again: a
    number's four bytes after its opcode stand elsewhere only by a coincidence of about one in four thousand million.
    """
    wanted = np.array(sorted(numbers), dtype=np.uint32)
    found: list[NumberSite] = []
    present: set[int] = set()
    for part in dex.parts:
        if len(wanted) and len(part.file.units) > 2:
            place, value = _candidates(part, wanted)
            present.update(np.unique(value).tolist())
            found.extend(_sites(part, place, value))
    return found, frozenset(present)


def _candidates(part: Part, wanted: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where a wanted number's low half stands, and the number; for ``const/high16`` where its opcode stands."""
    units = part.file.units
    top = np.zeros(1 << 16, dtype=np.bool_)
    top[wanted >> 16] = True
    place = np.flatnonzero(top[units[1:]])
    high = units[place + 1].astype(np.uint32) << 16
    value = units[place].astype(np.uint32) | high
    is_high = (units[place] & 0xFF) == CONST_HIGH
    after_const = (units[np.maximum(place - 1, 0)] & 0xFF) == CONST
    round_ = is_high & ~after_const & np.isin(high, wanted)
    value = np.where(round_, high, value)
    keep = np.isin(value, wanted)
    return place[keep], value[keep]


def _sites(part: Part, place: NDArray[Any], value: NDArray[Any]) -> Iterable[NumberSite]:
    units = part.file.units
    round_ = ((units[place] & 0xFF) == CONST_HIGH) & (value & 0xFFFF == 0)
    start = np.where(round_, place, place - 1)
    loads = (start >= 0) & (round_ | ((units[np.maximum(start, 0)] & 0xFF) == CONST))
    with_code = np.flatnonzero(part.body_size > 0)
    order = with_code[np.argsort(part.body_start[with_code], kind="stable")]
    if not len(order):
        return
    starts = part.body_start[order]
    for at, number in zip(start[loads].tolist(), value[loads].tolist(), strict=True):
        slot = int(np.searchsorted(starts, at, side="right")) - 1
        if slot < 0 or at >= int(starts[slot]) + int(part.body_size[order[slot]]):
            continue
        first = int(np.searchsorted(starts, int(starts[slot])))
        for local in order[first : slot + 1].tolist():  # methods that share the body
            yield NumberSite(int(number), int(local) + part.base, at - int(starts[slot]))

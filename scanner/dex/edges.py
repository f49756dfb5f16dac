"""Edges of the call graph as arrays, and what instructions refer to across files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.numbering import ragged
from scanner.dex.opcodes import INVOKE
from scanner.dex.part import Part

I4 = NDArray[Any]
I8 = NDArray[Any]
STATIC = np.zeros(256, dtype=np.bool_)
STATIC[[0x71, 0x77]] = True
STATIC[0x60:0x6E] = True


class Adjacency:
    """Edges sorted by source (compressed sparse rows)."""

    def __init__(self, source: NDArray[Any], target: NDArray[Any], nodes: int, *, ordered: bool) -> None:
        if not ordered:
            # The sources are a few ascending runs: the stable sort (timsort) merges them in linear time.
            target = target[np.argsort(source, kind="stable")]
        self.target: I4 = target.astype(np.int32)
        self.start: I8 = np.zeros(nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=nodes), out=self.start[1:])

    def expand(self, nodes: I8) -> tuple[I8, I8]:
        """Return (source, target) of all edges that leave ``nodes``."""
        low = self.start[nodes]
        count = self.start[nodes + 1] - low
        place = np.repeat(low, count) + ragged(count)
        return np.repeat(nodes, count), self.target[place].astype(np.int64)


def static_owner(part: Part, op: int, index: int, type_map: I8) -> int:
    """Return the number of the class whose static member an instruction uses, -1 for a broken reference."""
    table = part.file.methods if INVOKE[op] else part.file.fields
    owner = int(table["class"][index]) if index < len(table) else len(type_map)
    return int(type_map[owner]) if owner < len(type_map) else -1


def safe(type_map: I8, index: NDArray[Any]) -> I8:
    """Type numbers for file type indices; an invalid one maps to -1, which no class has."""
    if not len(type_map):
        return np.full(len(index), -1, dtype=np.int64)
    wide = index.astype(np.int64)
    ok = wide < len(type_map)
    return np.where(ok, type_map[np.where(ok, wide, 0)], -1)


def join(arrays: Sequence[NDArray[Any]]) -> I8:
    """Return the arrays joined as 32-bit numbers (nodes are fewer than 2^31), converting one at a time."""
    joined = np.empty(sum(len(a) for a in arrays), dtype=np.int32)
    place = 0
    for array in arrays:
        joined[place : place + len(array)] = array
        place += len(array)
    return joined

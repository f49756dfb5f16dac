"""Resolving references: which defined methods a call can run, by class hierarchy analysis."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.numbering import ragged
from scanner.dex.package import Dex

I8 = NDArray[Any]
MAX_DEPTH = 64
# References resolved at a time: bounds the temporary arrays.
CHUNK = 1 << 16


class References:
    """The distinct method references of a program and what they resolve to.

    ``keys`` are distinct (class type << 32 | signature); ``of_file[i]`` maps file i's method_ids to positions in
    ``keys``; ``target`` is the node that a call through the reference runs when nothing overrides it (-1: outside the
    package); ``framework`` the first class outside the package on the way up (-1: none).
    """

    def __init__(self, dex: Dex) -> None:
        self._dex = dex
        every = np.concatenate(dex.method_keys) if dex.parts else np.zeros(0, dtype=np.int64)
        order = np.argsort(every, kind="stable")  # ascending runs: merged in linear time
        ordered = every[order]
        fresh = np.ones(len(ordered), dtype=np.bool_)
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        self.keys = ordered[fresh]
        numbers = np.empty(len(every), dtype=np.int32)
        numbers[order] = np.cumsum(fresh, dtype=np.int32) - 1
        del order, ordered, every
        self.of_file = np.split(numbers, np.cumsum([len(k) for k in dex.method_keys])[:-1])
        self.target = np.full(len(self.keys), -1, dtype=np.int32)
        self.framework = np.full(len(self.keys), -1, dtype=np.int32)
        for low in range(0, len(self.keys), CHUNK):
            self._resolve(slice(low, low + CHUNK))

    @cached_property
    def inherited(self) -> list[tuple[I8, I8]]:
        """Per file, the method_ids written against a class that gets the method from outside the package, and whose."""
        found = []
        for mapping in self.of_file:
            framework = self.framework[mapping]
            rows = np.flatnonzero((framework >= 0) & (framework != self.keys[mapping] >> 32))
            found.append((rows, framework[rows]))
        return found

    def _resolve(self, chunk: slice) -> None:
        """Walk up from each reference's class until a class of the package defines the method, or leaves it."""
        dex, classes = self._dex, self._dex.classes
        defined, first = dex.node_index
        keys, target, framework = self.keys[chunk], self.target[chunk], self.framework[chunk]
        signature = keys & 0xFFFFFFFF
        open_ = np.flatnonzero(keys >= 0)
        current = keys[open_] >> 32
        for _ in range(MAX_DEPTH):
            if not len(open_):
                break
            key = (current << 32) | signature[open_]
            slot = np.searchsorted(defined, key)
            hit = slot < len(defined)
            hit[hit] = defined[slot[hit]] == key[hit]
            target[open_[hit]] = first[slot[hit]]
            place = classes.position[current]
            outside = ~hit & (place < 0)
            framework[open_[outside]] = current[outside]
            go = ~hit & (place >= 0)
            open_, current = open_[go], classes.super[place[go]]
            alive = current >= 0
            open_, current = open_[alive], current[alive]

    def dispatch(self, virtual: NDArray[Any]) -> tuple[I8, I8]:
        """(reference, node) pairs: methods of strict descendants that a virtual call through the reference may run.

        ``virtual`` marks the references that virtual and interface calls use.
        """
        dex, ancestors = self._dex, self._dex.classes.ancestors
        owner, signature = self.keys >> 32, self.keys & 0xFFFFFFFF
        inside = np.flatnonzero(virtual & (owner >= 0) & (dex.classes.position[np.maximum(owner, 0)] >= 0))
        low = np.searchsorted(ancestors[:, 1], owner[inside])
        high = np.searchsorted(ancestors[:, 1], owner[inside], side="right")
        defined, first = dex.node_index
        found: list[tuple[I8, I8]] = []
        count = high - low if len(defined) else np.zeros(0, dtype=np.int64)
        for chunk in _chunks(count, CHUNK):
            reference = np.repeat(inside[chunk], count[chunk])
            place = np.repeat(low[chunk], count[chunk]) + ragged(count[chunk])
            key = (ancestors[place, 0] << 32) | signature[reference]
            slot = np.minimum(np.searchsorted(defined, key), len(defined) - 1)
            hit = defined[slot] == key
            found.append((reference[hit].astype(np.int32), first[slot[hit]].astype(np.int32)))
        if not found:
            none = np.zeros(0, dtype=np.int64)
            return none, none
        return np.concatenate([a for a, _ in found]), np.concatenate([b for _, b in found])


def _chunks(count: I8, limit: int) -> list[slice]:
    """Cut positions into slices whose counts sum to about ``limit``."""
    if not len(count):
        return []
    total = np.cumsum(count)
    bounds = np.searchsorted(total, np.arange(limit, int(total[-1]) + limit, limit))
    cuts = np.unique(np.concatenate([[0], np.minimum(bounds + 1, len(count)), [len(count)]]))
    return [slice(a, b) for a, b in pairwise(cuts.tolist())]

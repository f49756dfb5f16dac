"""One dex file as a part of a package: its numbers in the package, and its call sites, field accesses and strings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scanner.dex.classdata import DefinedMethods, defined_methods
from scanner.dex.file import DexFile
from scanner.dex.numbering import ragged, type_hashes
from scanner.dex.opcodes import CONST_STRING, FIELD, INVOKE
from scanner.dex.statics import TextField, text_fields
from scanner.dex.sweep import Bodies, Sites, bodies, sweep

I4 = NDArray[Any]
I8 = NDArray[Any]
# How many instructions the methods that share a body may repeat: a small file could make thousands of millions of it.
MAX_SHARED, SHARED_TIMES = 1_000_000, 2


@dataclass(frozen=True, slots=True)
class Site:
    """One instruction that refers to something: caller method, dex file, code offset and what it refers to.

    ``offset`` counts 16-bit code units from the start of the caller's instructions (twice that is androguard's byte
    offset); ``caller`` and ``target`` are descriptors; ``opcode`` the instruction.  Where a string is not loaded but
    read from a static field that begins as it, ``field`` is the field's descriptor.
    """

    caller: str
    target: str
    dex: str
    offset: int
    opcode: int
    node: int
    field: str = ""


class Part:
    """One file's share of the program: its defined methods as nodes and its sites as arrays.

    Sites stand in order of the calling node: ``site_offset`` is the code offset in units, ``site_op`` the opcode,
    ``site_index`` the referenced method, field, string or type index of this file.  ``text_fields`` are the static
    fields of the file that begin as a string.
    """

    def __init__(self, file: DexFile, base: int) -> None:
        self.file = file
        self.base = base
        self._referring: dict[str, tuple[NDArray[Any], I8]] = {}
        self.defined: DefinedMethods = defined_methods(file)
        code: Bodies = bodies(file, self.defined.code)
        sites: Sites = sweep(file, code)
        self.instructions = sites.instructions
        self.text_fields: list[TextField] = text_fields(file)
        self._number(code, sites)

    def _number(self, code: Bodies, sites: Sites) -> None:
        count = len(code.start)
        of_method = code.of_method
        owners = np.empty(count, dtype=np.int64)
        with_code = np.flatnonzero(of_method >= 0)[::-1]
        owners[of_method[with_code]] = with_code
        is_owner = np.zeros(len(of_method), dtype=np.bool_)
        is_owner[owners] = True
        rest = np.flatnonzero(~is_owner)
        # defined-method index of every node, and back
        self.node_method: I4 = np.concatenate([owners, rest]).astype(np.int32)
        self.body_start: I4 = np.concatenate([code.start, np.zeros(len(rest), dtype=np.int64)]).astype(
            np.int32
        )
        self.body_size: I4 = np.concatenate([code.size, np.zeros(len(rest), dtype=np.int64)]).astype(np.int32)
        node, offset = sites.body, (sites.position - code.start[sites.body]).astype(np.int32)
        opcode, index = sites.opcode, sites.index
        shared = rest[of_method[rest] >= 0]
        if len(shared):
            node, offset, opcode, index = self._share(
                code, shared, len(owners), rest, (node, offset, opcode, index)
            )
        elif len(node) and (np.diff(node) < 0).any():
            order = np.lexsort((offset, node))
            node, offset, opcode, index = node[order], offset[order], opcode[order], index[order]
        counts = np.bincount(node, minlength=len(self.node_method))
        self._first_site: I4 = np.zeros(len(counts) + 1, dtype=np.int32)
        np.cumsum(counts, out=self._first_site[1:])
        self.site_offset = _narrow(offset)
        self.site_op = opcode
        self.site_index = _narrow(index)

    def _share(
        self, code: Bodies, shared: I8, first_rest: int, rest: I8, columns: tuple[NDArray[Any], ...]
    ) -> tuple[I4, I4, NDArray[Any], NDArray[Any]]:
        """Repeat the sites of bodies that several methods share (R8 merges identical code)."""
        place = {int(method): first_rest + i for i, method in enumerate(rest.tolist())}
        node = columns[0].astype(np.int64)
        order = np.argsort(node, kind="stable")
        low = np.searchsorted(node[order], np.arange(len(code.start)))
        high = np.searchsorted(node[order], np.arange(len(code.start)), side="right")
        parts: list[list[NDArray[Any]]] = [[column] for column in columns]
        room = MAX_SHARED + SHARED_TIMES * len(node)
        left_out = 0
        for method in shared.tolist():
            body = int(code.of_method[method])
            number = place[method]
            room -= int(high[body] - low[body])
            if room < 0:
                left_out += 1
                continue
            self.body_start[number], self.body_size[number] = code.start[body], code.size[body]
            taken = order[low[body] : high[body]]
            parts[0].append(np.full(len(taken), number, dtype=columns[0].dtype))
            for part, column in zip(parts[1:], columns[1:], strict=True):
                part.append(column[taken])
        if left_out:
            self.file.note("code-shared", left_out)
        joined = [np.concatenate(part) for part in parts]
        final = np.lexsort((joined[1], joined[0]))
        a, b, c, d = (column[final] for column in joined)
        return a.astype(np.int32), b.astype(np.int32), c.astype(np.uint8), d.astype(np.uint32)

    @cached_property
    def type_hashes(self) -> NDArray[Any]:
        """Hash of every type descriptor of the file."""
        return type_hashes(self.file)

    @cached_property
    def _types_by_hash(self) -> tuple[NDArray[Any], I8]:
        order = np.argsort(self.type_hashes, kind="stable")
        return self.type_hashes[order], order

    def types_hashed(self, hashes: NDArray[Any]) -> list[int]:
        """Return the type_ids whose descriptor has one of ``hashes``, ascending."""
        ordered, order = self._types_by_hash
        low = np.searchsorted(ordered, hashes)
        count = np.searchsorted(ordered, hashes, side="right") - low
        found: list[int] = np.sort(order[np.repeat(low, count) + ragged(count)]).tolist()
        return found

    def sites_to(self, kind: Literal["call", "field"], ids: Sequence[int]) -> I8:
        """Return the positions of the sites that refer to one of the method_ids or field_ids ``ids``, ascending."""
        if kind not in self._referring:
            sites = np.flatnonzero((INVOKE if kind == "call" else FIELD)[self.site_op]).astype(np.int32)
            index = self.site_index[sites].astype(np.uint16)  # both instructions have 16 bits for it
            order = np.argsort(index, kind="stable")
            self._referring[kind] = index[order], sites[order]
        index, sites = self._referring[kind]
        wanted = np.array([i for i in ids if i < 1 << 16], dtype=np.uint16)
        low = np.searchsorted(index, wanted)
        count = np.searchsorted(index, wanted, side="right") - low
        return np.sort(sites[np.repeat(low, count) + ragged(count)])

    @property
    def site_node(self) -> I4:
        """The calling node of every site, ascending (made anew at each use: it is large and seldom needed)."""
        nodes = np.arange(self.base, self.base + self.count, dtype=np.int32)
        return np.repeat(nodes, np.diff(self._first_site))

    def node_of_site(self, position: int) -> int:
        """Return the calling node of the site at ``position``."""
        return int(np.searchsorted(self._first_site, position, side="right")) - 1 + self.base

    def nodes_of_sites(self, positions: I8) -> I8:
        """Return the calling nodes of the sites at ``positions``."""
        return np.searchsorted(self._first_site, positions, side="right") - 1 + self.base

    def sites_of(self, node: int) -> tuple[int, int]:
        """Return the range of positions in the site arrays that belong to ``node``."""
        local = node - self.base
        return int(self._first_site[local]), int(self._first_site[local + 1])

    def strings_of(self, node: int) -> frozenset[int]:
        """Return the indices of the strings that method ``node`` loads."""
        low, high = self.sites_of(node)
        loads = CONST_STRING[self.site_op[low:high]]
        return frozenset(self.site_index[low:high][loads].tolist())

    @property
    def count(self) -> int:
        """Number of nodes (defined methods)."""
        return len(self.node_method)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Return ``values`` (not negative) in 16 bits where they fit: there are millions of them."""
    return values.astype(np.uint16) if int(values.max(initial=0)) < 1 << 16 else values

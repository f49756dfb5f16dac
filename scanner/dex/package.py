"""All DEX files of a package as one program, merged by descriptor.

Method nodes are numbered file by file in the order of their code, so that the sites found by the sweep come out sorted
by caller.  Types and method signatures get numbers of their own across files; a package with one file keeps the file's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.classdata import DefinedMethods, defined_methods
from scanner.dex.errors import DexError, DexProblem
from scanner.dex.file import ACC_INTERFACE, ACC_NATIVE, NO_INDEX, DexFile, decode_mutf8
from scanner.dex.opcodes import INVOKE
from scanner.dex.sweep import Bodies, Sites, bodies, sweep

I4 = NDArray[Any]
I8 = NDArray[Any]
MAX_FILES = 200


@dataclass(frozen=True, slots=True)
class Site:
    """One instruction that refers to something: caller method, dex file, code offset and what it refers to.

    ``offset`` counts 16-bit code units from the start of the caller's instructions (twice that is androguard's byte
    offset); ``caller`` and ``target`` are descriptors; ``opcode`` the instruction.
    """

    caller: str
    target: str
    dex: str
    offset: int
    opcode: int
    node: int


class Part:
    """One file's share of the program: its defined methods as nodes and its sites as arrays.

    ``site_node`` (int32, ascending) is the calling node, ``site_offset`` the code offset in units, ``site_op`` the
    opcode, ``site_index`` the referenced method, field, string or type index of this file.
    """

    def __init__(self, file: DexFile, base: int) -> None:
        self.file = file
        self.base = base
        self.defined: DefinedMethods = defined_methods(file)
        code: Bodies = bodies(file, self.defined.code)
        sites: Sites = sweep(file, code)
        self.instructions = sites.instructions
        self._number(code, sites)

    def _number(self, code: Bodies, sites: Sites) -> None:
        count, own = len(code.start), self.defined.method
        of_method = code.of_method
        first = np.full(count, -1, dtype=np.int64)
        with_code = np.flatnonzero(of_method >= 0)
        first[of_method[with_code[::-1]]] = with_code[::-1]
        owners = first
        rest = np.setdiff1d(np.arange(len(own)), first, assume_unique=False)
        # defined-method index of every node, and back
        self.node_method: I8 = np.concatenate([owners, rest])
        self.body_start: I8 = np.concatenate([code.start, np.where(of_method[rest] >= 0, 0, 0)])
        self.body_size: I8 = np.concatenate([code.size, np.zeros(len(rest), dtype=np.int64)])
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
        self.site_node: I4 = node.astype(np.int32) + np.int32(self.base)
        self.site_offset: I4 = offset
        self.site_op = opcode
        self.site_index = index

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
        for method in shared.tolist():
            body = int(code.of_method[method])
            number = place[method]
            self.body_start[number], self.body_size[number] = code.start[body], code.size[body]
            taken = order[low[body] : high[body]]
            parts[0].append(np.full(len(taken), number, dtype=columns[0].dtype))
            for part, column in zip(parts[1:], columns[1:], strict=True):
                part.append(column[taken])
        joined = [np.concatenate(part) for part in parts]
        final = np.lexsort((joined[1], joined[0]))
        a, b, c, d = (column[final] for column in joined)
        return a.astype(np.int32), b.astype(np.int32), c.astype(np.uint8), d.astype(np.uint32)

    @property
    def count(self) -> int:
        """Number of nodes (defined methods)."""
        return len(self.node_method)


class Dex:
    """The merged program.  Build it with :func:`open_dex`."""

    def __init__(self, files: Sequence[DexFile], problems: Sequence[DexProblem] = ()) -> None:
        self.parts: list[Part] = []
        self._extra = list(problems)
        base = 0
        for file in files:
            part = Part(file, base)
            self.parts.append(part)
            base += part.count
        self.node_count = base

    # --- numbers --------------------------------------------------------------------------------------

    @property
    def files(self) -> tuple[DexFile, ...]:
        """The files in class-path order: where a class occurs twice, Android loads the first."""
        return tuple(part.file for part in self.parts)

    @property
    def problems(self) -> tuple[DexProblem, ...]:
        """Everything malformed that was skipped."""
        return tuple(self._extra + [problem for file in self.files for problem in file.problems])

    @property
    def instruction_count(self) -> int:
        """Instructions swept."""
        return sum(part.instructions for part in self.parts)

    @property
    def call_count(self) -> int:
        """Invoke instructions (without invoke-custom)."""
        return sum(int(INVOKE[part.site_op].sum()) for part in self.parts)

    @property
    def native_count(self) -> int:
        """Methods whose code is native."""
        return sum(int(((part.defined.flags & ACC_NATIVE) != 0).sum()) for part in self.parts)

    # --- types and classes ----------------------------------------------------------------------------

    @cached_property
    def _types(self) -> tuple[list[bytes], list[I8]]:
        if len(self.parts) == 1:
            names = self.parts[0].file.raw_types
            if len(set(names)) == len(names):
                return names, [np.arange(len(names))]
        numbers: dict[bytes, int] = {}
        maps = []
        for part in self.parts:
            names = part.file.raw_types
            maps.append(np.array([numbers.setdefault(n, len(numbers)) for n in names], dtype=np.int64))
        return list(numbers), maps

    @property
    def types(self) -> list[bytes]:
        """All type descriptors of the package by number (MUTF-8 bytes)."""
        return self._types[0]

    @property
    def type_maps(self) -> list[I8]:
        """Per file: number of each type_id in ``types``."""
        return self._types[1]

    @cached_property
    def type_numbers(self) -> dict[bytes, int]:
        """Number of each type descriptor."""
        return {name: number for number, name in enumerate(self.types)}

    @cached_property
    def classes(self) -> Classes:
        """The defined classes with superclass and interfaces."""
        return Classes(self)

    @cached_property
    def class_names(self) -> list[str]:
        """Dotted names of the defined classes, in the order of ``classes.type``."""
        types = self.types
        return [decode_mutf8(types[t])[1:-1].replace("/", ".") for t in self.classes.type.tolist()]

    # --- methods --------------------------------------------------------------------------------------

    @cached_property
    def _signatures(self) -> list[I8]:
        """Per file: number of the (name, prototype) of every method_id."""
        maps = self._types[1]
        if len(self.parts) == 1:
            table = self.parts[0].file.methods
            key = (table["name"].astype(np.int64) << 31) | table["proto"]
            return [np.unique(key, return_inverse=True)[1].astype(np.int64)]
        names: dict[bytes, int] = {}
        protos: dict[tuple[int, bytes], int] = {}
        keys = []
        for part, type_map in zip(self.parts, maps, strict=True):
            file = part.file
            keys.append((_name_numbers(file, names) << 31) | _proto_numbers(file, type_map, protos))
        _, inverse = np.unique(np.concatenate(keys), return_inverse=True)
        return np.split(inverse.astype(np.int64), np.cumsum([len(k) for k in keys])[:-1])

    @cached_property
    def method_keys(self) -> list[I8]:
        """Per file: (class type number << 32 | signature number) of every method_id."""
        keys = []
        for part, type_map, signature in zip(self.parts, self._types[1], self._signatures, strict=True):
            owner = _lookup(type_map, part.file.methods["class"])
            keys.append((owner << 32) | signature)
        return keys

    @cached_property
    def node_keys(self) -> I8:
        """Key of every node's method."""
        return np.concatenate(
            [
                keys[part.defined.method[part.node_method]]
                for part, keys in zip(self.parts, self.method_keys, strict=True)
            ]
            or [np.zeros(0, dtype=np.int64)]
        )

    @cached_property
    def node_index(self) -> tuple[I8, I8]:
        """Sorted distinct node keys and the first node of each (the one Android loads)."""
        keys, first = np.unique(self.node_keys, return_index=True)
        return keys, first.astype(np.int64)

    def part_of(self, node: int) -> Part:
        """Return the part that holds ``node``."""
        return next(part for part in reversed(self.parts) if node >= part.base)

    def method(self, node: int) -> str:
        """Return the descriptor of ``node``: ``Lclass;->name(params)return``."""
        part = self.part_of(node)
        return part.file.method(int(part.defined.method[part.node_method[node - part.base]]))

    def node_flags(self, node: int) -> int:
        """Return the access flags of ``node``."""
        part = self.part_of(node)
        return int(part.defined.flags[part.node_method[node - part.base]])

    def nodes_of_class(self, type_number: int) -> I8:
        """Return the nodes of the methods that class ``type_number`` defines."""
        keys, first = self.node_index
        low, high = np.searchsorted(keys, [type_number << 32, (type_number + 1) << 32])
        return first[low:high]

    def find_methods(self, class_descriptor: str, name: str, proto: str | None = None) -> list[int]:
        """Return the nodes of the defined methods with this class, name and (optionally) prototype."""
        number = self.type_numbers.get(class_descriptor.encode())
        if number is None:
            return []
        prefix = f"{class_descriptor}->{name}("
        found = [
            node for node in self.nodes_of_class(number).tolist() if self.method(node).startswith(prefix)
        ]
        return [node for node in found if proto is None or self.method(node).endswith(proto)]


class Classes:
    """Defined classes as parallel arrays: type number, superclass type number (-1: none), flags, place of definition.

    ``interfaces`` are (class type, interface type) pairs.  Where files define a class twice the first counts.
    """

    def __init__(self, dex: Dex) -> None:
        types: list[I8] = []
        supers: list[I8] = []
        flags: list[I8] = []
        pairs: list[tuple[int, int]] = []
        for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
            table = part.file.class_defs
            types.append(_lookup(type_map, table[:, 0]))
            supers.append(_lookup(type_map, table[:, 2]))
            flags.append(table[:, 1].astype(np.int64))
            for row in np.flatnonzero(table[:, 3]).tolist():
                owner = int(types[-1][row])
                for index in part.file.type_list(int(table[row, 3])):
                    if index < len(type_map):
                        pairs.append((owner, int(type_map[index])))
        every = np.concatenate(types) if types else np.zeros(0, dtype=np.int64)
        self.type, first = np.unique(every, return_index=True)
        valid = self.type >= 0
        self.type, first = self.type[valid], first[valid]
        self.super = (np.concatenate(supers) if supers else every)[first]
        self.flags = (np.concatenate(flags) if flags else every)[first]
        self.duplicates = len(every) - len(self.type)
        self.interfaces: I8 = np.array(sorted(set(pairs)), dtype=np.int64).reshape(-1, 2)
        self.position = np.full(len(dex.types) + 1, -1, dtype=np.int64)
        self.position[self.type] = np.arange(len(self.type))

    @property
    def is_interface(self) -> NDArray[Any]:
        """Which classes are interfaces."""
        mask: NDArray[Any] = (self.flags & ACC_INTERFACE) != 0
        return mask

    @cached_property
    def ancestors(self) -> I8:
        """All (class type, ancestor type) pairs through superclasses and interfaces, both as type numbers.

        The ancestor may be a framework class; its own ancestors are not known.  Sorted by (ancestor, class).
        """
        own = np.column_stack([self.type, self.super])
        edges = np.concatenate([own[own[:, 1] >= 0], self.interfaces])
        limit = len(self.position)
        known = np.unique((edges[:, 0] * limit) + edges[:, 1])
        by_class = known
        fresh = known
        for _ in range(64):
            pairs = np.column_stack([fresh // limit, fresh % limit])
            step = _join(pairs, by_class, limit)
            fresh = np.setdiff1d(step, known, assume_unique=False)
            if not len(fresh):
                break
            known = np.union1d(known, fresh)
        pairs = np.column_stack([known // limit, known % limit])
        return pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]


def _join(pairs: I8, edges: I8, limit: int) -> I8:
    """Return keys (a, c) for every pair (a, b) and edge (b, c); ``edges`` are sorted keys b * limit + c."""
    low = np.searchsorted(edges, pairs[:, 1] * limit)
    high = np.searchsorted(edges, (pairs[:, 1] + 1) * limit)
    count = high - low
    source = np.repeat(pairs[:, 0], count)
    place = np.repeat(low, count) + ragged(count)
    return np.unique(source * limit + edges[place] % limit)


def ragged(count: NDArray[Any]) -> I8:
    """Return 0..n-1 for each n of ``count``, joined."""
    total = int(count.sum())
    places: I8 = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
    return places


def _lookup(table: I8, index: NDArray[Any]) -> I8:
    """Return ``table[index]``, -1 where the index is not valid (or NO_INDEX)."""
    if not len(table):
        return np.full(len(index), -1, dtype=np.int64)
    wide = index.astype(np.int64)
    ok = (wide < len(table)) & (wide != NO_INDEX)
    return np.where(ok, table[np.where(ok, wide, 0)], -1)


def _name_numbers(file: DexFile, numbers: dict[bytes, int]) -> I8:
    names = file.methods["name"]
    if not len(names):
        return np.zeros(0, dtype=np.int64)
    used, inverse = np.unique(np.minimum(names, max(0, len(file.string_offsets) - 1)), return_inverse=True)
    mapped = [numbers.setdefault(name, len(numbers)) for name in file.raw_strings(used)]
    return np.array(mapped, dtype=np.int64)[inverse]


def _proto_numbers(file: DexFile, type_map: I8, numbers: dict[tuple[int, bytes], int]) -> I8:
    returns = _lookup(type_map, file.protos[:, 1]).tolist()
    mapped = []
    for result, offset in zip(returns, file.protos[:, 2].tolist(), strict=True):
        parameters = b""
        if offset:
            listed = np.array(file.type_list(offset), dtype=np.int64)
            parameters = _lookup(type_map, listed).tobytes()
        mapped.append(numbers.setdefault((result, parameters), len(numbers)))
    table = np.array(mapped, dtype=np.int64)
    return _lookup(table, file.methods["proto"]) & 0x7FFFFFFF


def open_dex(sources: Iterable[tuple[str, bytes]]) -> Dex:
    """Read the DEX files of a package, given as (name, content) in class-path order, into one program.

    A file that is no readable DEX becomes a problem; raises :class:`~scanner.dex.errors.DexError` only when none
    is readable.
    """
    files: list[DexFile] = []
    problems: list[DexProblem] = []
    last: DexError | None = None
    for name, data in _bounded(sources):
        try:
            files.append(DexFile(name, data))
        except DexError as error:
            last = error
            problems.append(DexProblem(code="dex-unreadable", dex=name, count=1, detail=str(error)))
    if not files:
        raise last or DexError("no DEX file given")
    return Dex(files, problems)


def _bounded(sources: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    for position, source in enumerate(sources):
        if position >= MAX_FILES:
            raise DexError(f"more than {MAX_FILES} DEX files")
        yield source

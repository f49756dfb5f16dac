"""All DEX files of a package as one program, merged by descriptor.

Method nodes are numbered file by file in the order of their code, so that the sites found by the sweep come out sorted
by caller.  Types and method signatures get numbers of their own across files; a package with one file keeps the file's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.errors import DexError, DexProblem
from scanner.dex.file import ACC_INTERFACE, ACC_NATIVE, NO_INDEX, DexFile
from scanner.dex.numbering import name_hashes, number, ragged, signature_hashes, type_lists
from scanner.dex.opcodes import INVOKE
from scanner.dex.part import Part

I4 = NDArray[Any]
I8 = NDArray[Any]
MAX_FILES = 200
# Bounds of the class hierarchy: deeper or larger ones exist only in hostile files.
MAX_DEPTH, DEPTH_OF_TREES = 64, 8
MAX_PAIRS = 4_000_000


class Dex:
    """The merged program.  Build it with :func:`open_dex`."""

    def __init__(self, files: Sequence[DexFile], problems: Sequence[DexProblem] = ()) -> None:
        self.parts: list[Part] = []
        self._extra = list(problems)
        self._type_order: I8 | None = None
        self._types_found: dict[str, int] = {}
        self._methods_named: dict[int, dict[str, list[int]]] = {}
        self.last_body: object = None  # see body.py
        base = 0
        for file in files:
            part = Part(file, base)
            self.parts.append(part)
            base += part.count
        self._bases = [part.base for part in self.parts]
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

    def note(self, code: str, count: int) -> None:
        """Record that ``count`` things of kind ``code`` in the program as a whole were left out."""
        self._extra.append(DexProblem(code=code, dex="dex", count=count))

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
    def _type_table(self) -> tuple[NDArray[Any], list[I8], I8, I8]:
        """Hash of every type by number, per file its type numbers, and the file and type_id each number first occurs as."""
        hashes = [part.type_hashes for part in self.parts]
        every = np.concatenate(hashes) if hashes else np.zeros(0, dtype=np.uint64)
        numbers = number(every)
        counts = [len(h) for h in hashes]
        first = np.full(int(numbers.max(initial=-1)) + 1, -1, dtype=np.int64)
        first[numbers[::-1]] = np.arange(len(numbers))[::-1]
        base = np.cumsum(counts) - counts
        part = np.searchsorted(base, first, side="right") - 1
        return every[first], np.split(numbers, np.cumsum(counts)[:-1]), part, first - base[part]

    @property
    def type_count(self) -> int:
        """How many different types the package names."""
        return len(self._type_table[0])

    @property
    def type_maps(self) -> list[I8]:
        """Per file: number of each type_id."""
        return self._type_table[1]

    def type_name(self, type_number: int) -> str:
        """Return the descriptor of a type by its number."""
        _, _, part, index = self._type_table
        return self.parts[int(part[type_number])].file.type(int(index[type_number]))

    def find_types(self, names: Sequence[str]) -> list[int]:
        """Return the numbers of the types called ``names`` (descriptors), -1 for one the package does not name."""
        unknown = list({name for name in names if name not in self._types_found})
        if unknown:
            self._types_found.update(zip(unknown, self._look_up(unknown), strict=True))
        return [self._types_found[name] for name in names]

    def _look_up(self, names: Sequence[str]) -> list[int]:
        if self._type_order is None:
            self._type_order = np.argsort(self._type_table[0], kind="stable")
        hashes, order = self._type_table[0], self._type_order
        wanted = name_hashes([name.encode("utf-8", "surrogatepass") for name in names])
        slot = np.minimum(np.searchsorted(hashes, wanted, sorter=order), max(0, len(order) - 1))
        found = []
        for name, value, place in zip(names, wanted.tolist(), slot.tolist(), strict=True):
            candidate = int(order[place]) if len(order) else -1
            fits = candidate >= 0 and int(hashes[candidate]) == value and self.type_name(candidate) == name
            found.append(candidate if fits else -1)
        return found

    def find_type(self, name: str) -> int:
        """Return the number of the type called ``name`` (a descriptor), -1 when the package does not name it."""
        return self.find_types([name])[0]

    @cached_property
    def classes(self) -> Classes:
        """The defined classes with superclass and interfaces."""
        return Classes(self)

    @cached_property
    def class_names(self) -> list[str]:
        """Dotted names of the defined classes, in the order of ``classes.type``."""
        types = self.classes.type
        part, index = self._type_table[2][types], self._type_table[3][types]
        names = np.empty(len(types), dtype=object)
        for place, own in enumerate(self.parts):
            mine = np.flatnonzero(part == place)
            names[mine] = own.file.types(index[mine])
        return [name[1:-1].replace("/", ".") for name in names.tolist()]

    @cached_property
    def constant_texts(self) -> dict[str, str]:
        """Descriptor and string of every static final field that is a string from the beginning."""
        found: dict[str, str] = {}
        for part in self.parts:
            for one in part.text_fields:
                if one.final:
                    found.setdefault(part.file.field(one.field), part.file.string(one.text))
        return found

    # --- methods --------------------------------------------------------------------------------------

    @cached_property
    def _signatures(self) -> list[I8]:
        """Per file: number of the (name, prototype) of every method_id."""
        maps = self.type_maps
        if len(self.parts) == 1:
            table = self.parts[0].file.methods
            key = (table["name"].astype(np.int64) << 31) | table["proto"]
            return [np.unique(key, return_inverse=True)[1].astype(np.int64)]
        keys = [
            signature_hashes(part.file, type_map) for part, type_map in zip(self.parts, maps, strict=True)
        ]
        return np.split(number(np.concatenate(keys)), np.cumsum([len(k) for k in keys])[:-1])

    @cached_property
    def method_keys(self) -> list[I8]:
        """Per file: (class type number << 32 | signature number) of every method_id."""
        keys = []
        for part, type_map, signature in zip(self.parts, self.type_maps, self._signatures, strict=True):
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
        return self.parts[bisect_right(self._bases, node) - 1]

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
        owner = self.find_type(class_descriptor)
        if owner < 0:
            return []
        found = self._methods_of(owner).get(name, ())
        return [node for node in found if proto is None or self.method(node).endswith(proto)]

    def _methods_of(self, type_number: int) -> dict[str, list[int]]:
        """Return the nodes of a class by the name of the method (kept: chains ask for the same classes again)."""
        known = self._methods_named.get(type_number)
        if known is None:
            known = self._methods_named[type_number] = {}
            for node in self.nodes_of_class(type_number).tolist():
                name = self.method(node).partition("->")[2].partition("(")[0]
                known.setdefault(name, []).append(node)
        return known


class Classes:
    """Defined classes as parallel arrays: type number, superclass type number (-1: none), flags, place of definition.

    ``interfaces`` are (class type, interface type) pairs.  Where files define a class twice the first counts.
    """

    def __init__(self, dex: Dex) -> None:
        self._dex = dex
        types: list[I8] = []
        supers: list[I8] = []
        flags: list[I8] = []
        pairs: list[I8] = [np.zeros((0, 2), dtype=np.int64)]
        for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
            table = part.file.class_defs
            types.append(_lookup(type_map, table[:, 0]))
            supers.append(_lookup(type_map, table[:, 2]))
            flags.append(table[:, 1].astype(np.int64))
            size, _, interface = type_lists(part.file, table[:, 3].astype(np.int64), type_map)
            owner = np.repeat(types[-1], size)
            valid = (owner >= 0) & (interface >= 0)
            pairs.append(np.column_stack([owner[valid], interface[valid]]))
        every = np.concatenate(types) if types else np.zeros(0, dtype=np.int64)
        self.type, first = np.unique(every, return_index=True)
        valid = self.type >= 0
        self.type, first = self.type[valid], first[valid]
        self.super = (np.concatenate(supers) if supers else every)[first]
        self.flags = (np.concatenate(flags) if flags else every)[first]
        self.duplicates = len(every) - len(self.type)
        self.interfaces: I8 = np.unique(np.concatenate(pairs), axis=0)
        self.position = np.full(dex.type_count + 1, -1, dtype=np.int64)
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
        edges = edges[np.argsort(edges[:, 0], kind="stable")]
        limit = len(self.position)
        start = np.searchsorted(edges[:, 0], np.arange(limit + 1))
        child, parent = edges[:, 0], edges[:, 1]
        found = [parent * limit + child]
        total = len(child)
        for depth in range(MAX_DEPTH):
            low = start[parent]
            count = start[parent + 1] - low
            more = int(count.sum())
            if not more:
                break
            total += more
            if total > MAX_PAIRS:
                self._dex.note("hierarchy-truncated", 1)
                break
            keys = edges[np.repeat(low, count) + ragged(count), 1] * limit + np.repeat(child, count)
            # Ancestors are met again through shared interfaces, and without end in the cycles of hostile files.
            if more >= len(child) or depth > DEPTH_OF_TREES:
                keys = np.setdiff1d(keys, np.concatenate(found))
            child, parent = keys % limit, keys // limit
            found.append(keys)
        else:
            self._dex.note("hierarchy-truncated", 1)
        keys = np.unique(np.concatenate(found))
        return np.column_stack([keys % limit, keys // limit])


def _lookup(table: I8, index: NDArray[Any]) -> I8:
    """Return ``table[index]``, -1 where the index is not valid (or NO_INDEX)."""
    if not len(table):
        return np.full(len(index), -1, dtype=np.int64)
    wide = index.astype(np.int64)
    ok = (wide < len(table)) & (wide != NO_INDEX)
    return np.where(ok, table[np.where(ok, wide, 0)], -1)


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

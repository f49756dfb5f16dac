"""Which methods of an object the platform may call, by the types outside the package that its class extends.

A ``Runnable`` is called through ``run`` and nothing else, a ``Cloneable`` not at all; of an ``Activity`` also methods
that a layout names.  So an object's callbacks come in two ranks: those that a known type declares, and those that only
may be: every virtual method where a type is not known or not closed, the methods of ``java.lang.Object`` elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scanner.dex.annotated import annotated_methods
from scanner.dex.edges import safe
from scanner.dex.numbering import name_hashes, ragged, string_hashes
from scanner.dex.package import Dex

I8 = NDArray[Any]
Edges = list[tuple[I8, I8]]
OBJECT = "Ljava/lang/Object;"
# What is called of any object that is printed, compared, put into a collection or collected as garbage.
OF_ANY_OBJECT = ("equals", "finalize", "hashCode", "toString")
# Bounds that only hostile packages reach: names of all different sets of supertypes; candidates among the methods.
MAX_NAMES, MAX_CANDIDATES = 4_000_000, 16_000_000
MAX_SUPERTYPES = 64


@dataclass(frozen=True, slots=True)
class PlatformTypes:
    """Types outside the package, and the names through which objects of their subtypes are called.

    ``lines`` holds for each dotted name what ``tools/build_platform_types.py`` describes; ``closed`` is False where
    the package may know a newer platform, so that no type is taken to be complete.
    """

    lines: Mapping[str, str] = field(default_factory=dict)
    closed: bool = True

    def called(self, descriptors: Iterable[str]) -> tuple[frozenset[str], bool]:
        """Return the names that types with these descriptors declare or inherit, and whether there are no others."""
        names: set[str] = set()
        complete = self.closed
        wanted = [one[1:-1].replace("/", ".") for one in descriptors]
        seen: set[str] = set()
        while wanted:
            name = wanted.pop()
            if name in seen:
                continue
            seen.add(name)
            head, _, methods = self.lines.get(name, "~").partition(":")
            complete &= head.startswith("=")
            names.update(methods.split())
            wanted += head.split()[2:]
        return frozenset(names), complete


class Nodes(NamedTuple):
    """First helper node of each kind: an object of a class; all virtual methods of a class; those of any object."""

    of_class: int
    own: int
    few: int


def callback_edges(dex: Dex, platform: PlatformTypes, nodes: Nodes) -> Edges:
    """Return the edges from the objects of classes to the methods of them that the platform may call."""
    position = dex.classes.position
    ancestors = dex.classes.ancestors
    outside = (position[ancestors[:, 1]] < 0) & (ancestors[:, 1] != dex.find_type(OBJECT))
    groups = _Groups(dex, platform, position[ancestors[outside, 0]], ancestors[outside, 1])
    inside = position[ancestors[:, 1]] >= 0
    every = np.arange(len(dex.classes.type))
    child = np.concatenate([every, position[ancestors[inside, 0]]])
    parent = np.concatenate([every, position[ancestors[inside, 1]]])
    marked = _marked(dex)
    found: Edges = []
    called = _of_each(child, parent, *marked)
    if called is None:
        dex.note("callbacks-truncated", 1)
        called = marked
    found.append((called[0] + nodes.of_class, called[1]))
    wanted = groups.of_class[child] >= 0
    child, parent = child[wanted], parent[wanted]
    methods = _virtual_methods(dex, groups.hashes)
    declared = _declared(groups, child, parent, methods)
    if declared is None:
        dex.note("callbacks-truncated", 1)
        groups.complete[:] = False
    else:
        found.append((declared[0] + nodes.of_class, declared[1]))
    complete = groups.complete[groups.of_class[child]]
    found.append((child[~complete] + nodes.of_class, parent[~complete] + nodes.own))
    found.append((child[complete] + nodes.of_class, parent[complete] + nodes.few))
    found.append((methods.owner + nodes.own, methods.node))
    common = np.isin(methods.name, groups.common)
    found.append((methods.owner[common] + nodes.few, methods.node[common]))
    return found


class _Groups:
    """Classes by the set of their supertypes outside the package.

    ``of_class``: group of each class by position, -1 for one without such a supertype; ``keys``: sorted
    (group * number of names + name); ``complete``: whether a group's names are all; ``hashes``: hash of each name.
    """

    def __init__(self, dex: Dex, platform: PlatformTypes, child: I8, above: I8) -> None:
        self.of_class = np.full(len(dex.classes.type), -1, dtype=np.int64)
        order = np.argsort(child, kind="stable")
        child, above = child[order], above[order]
        starts = np.flatnonzero(np.diff(child, prepend=-1))
        numbers: dict[bytes, int] = {}
        members: list[I8] = []
        for low, high in zip(starts.tolist(), [*starts[1:].tolist(), len(child)], strict=False):
            types = np.sort(above[low:high])
            number = numbers.setdefault(types.tobytes(), len(members))
            if number == len(members):
                members.append(types)
            self.of_class[child[low]] = number
        self._name(dex, platform, members)

    def _name(self, dex: Dex, platform: PlatformTypes, members: list[I8]) -> None:
        numbers: dict[str, int] = {}
        for name in OF_ANY_OBJECT:
            numbers[name] = len(numbers)
        self.common = np.arange(len(numbers))
        self.complete = np.zeros(len(members), dtype=np.bool_)
        names: list[list[int]] = []
        total = 0
        for group, types in enumerate(members):
            called: frozenset[str] = frozenset()
            if len(types) <= MAX_SUPERTYPES and total <= MAX_NAMES:
                called, complete = platform.called([dex.type_name(one) for one in types.tolist()])
                self.complete[group] = complete
            names.append([numbers.setdefault(name, len(numbers)) for name in called])
            total += len(called)
        self.hashes = name_hashes([name.encode() for name in numbers])
        flat = np.array([name for own in names for name in own], dtype=np.int64)
        group_of = np.repeat(np.arange(len(names)), [len(own) for own in names])
        self.keys = np.sort(group_of * len(self.hashes) + flat)


class _Methods(NamedTuple):
    """Virtual methods sorted by class: owner (position), number of the name (-1: no name of interest), node."""

    owner: I8
    name: I8
    node: I8


def _virtual_methods(dex: Dex, hashes: NDArray[Any]) -> _Methods:
    order = np.argsort(hashes)
    ordered = hashes[order]
    owners, names, found = [], [], []
    for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
        method = part.defined.method[part.node_method]
        virtual = np.flatnonzero(part.defined.virtual[part.node_method])
        row = part.file.methods[method[virtual]]
        owner = dex.classes.position[safe(type_map, row["class"])]
        keep = (owner >= 0) & (row["name"] < len(part.file.string_offsets))
        strings, which = np.unique(row["name"][keep].astype(np.int64), return_inverse=True)
        values = string_hashes(part.file, strings)
        slot = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
        number = np.where(ordered[slot] == values, order[slot], -1)
        owners.append(owner[keep])
        names.append(number[which])
        found.append(virtual[keep] + part.base)
    none = np.zeros(0, dtype=np.int64)
    owner, name, node = (np.concatenate([none, *each]) for each in (owners, names, found))
    sort = np.argsort(owner, kind="stable")
    return _Methods(owner[sort], name[sort], node[sort])


def _declared(groups: _Groups, child: I8, parent: I8, methods: _Methods) -> tuple[I8, I8] | None:
    """Return (class, method) of what the known supertypes declare; None when there are too many candidates."""
    named = np.flatnonzero(methods.name >= 0)
    candidates = _of_each(child, parent, methods.owner[named], named)
    if candidates is None:
        return None
    of_class, place = candidates
    key = groups.of_class[of_class] * len(groups.hashes) + methods.name[place]
    hit = np.isin(key, groups.keys)
    return of_class[hit], methods.node[place[hit]]


def _marked(dex: Dex) -> tuple[I8, I8]:
    """Return (class, method) of the virtual methods that carry an annotation for run time, sorted by class."""
    owners, found = [], []
    for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
        marked = np.zeros(len(part.file.methods) + 1, dtype=np.bool_)
        marked[annotated_methods(part.file)] = True
        method = part.defined.method[part.node_method]
        mine = np.flatnonzero(marked[method] & part.defined.virtual[part.node_method])
        owner = dex.classes.position[safe(type_map, part.file.methods["class"][method[mine]])]
        owners.append(owner[owner >= 0])
        found.append(mine[owner >= 0] + part.base)
    none = np.zeros(0, dtype=np.int64)
    owner, node = np.concatenate([none, *owners]), np.concatenate([none, *found])
    sort = np.argsort(owner, kind="stable")
    return owner[sort], node[sort]


def _of_each(child: I8, parent: I8, owner: I8, value: I8) -> tuple[I8, I8] | None:
    """Return (class, value) for what every class or an ancestor of it (``parent``) owns, ``owner`` being sorted.

    None where there are too many.
    """
    low = np.searchsorted(owner, parent)
    count = np.searchsorted(owner, parent, side="right") - low
    if int(count.sum()) > MAX_CANDIDATES:
        return None
    return np.repeat(child, count), value[np.repeat(low, count) + ragged(count)]

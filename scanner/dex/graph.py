"""The call graph and what is reachable from where.

Nodes are the defined methods, followed by helper nodes that keep the graph small: one per reference with overriding
methods (a call through a supertype), one per instantiated class (its callbacks), one per class with callbacks.
Edges: calls as written, dispatch to overriding methods (class hierarchy analysis), class initialisers, and callbacks:
where a class with a supertype outside the package is instantiated, the framework may call its virtual methods.
Reflection, native code and code loaded at run time are not followed; the caller counts them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.numbering import ragged
from scanner.dex.opcodes import INVOKE
from scanner.dex.package import Dex, Part
from scanner.dex.refs import References

I4 = NDArray[Any]
I8 = NDArray[Any]
Bools = NDArray[Any]

OBJECT = "Ljava/lang/Object;"
_STATIC = np.zeros(256, dtype=np.bool_)
_STATIC[[0x71, 0x77]] = True
_STATIC[0x60:0x6E] = True
_VIRTUAL = np.zeros(256, dtype=np.bool_)
_VIRTUAL[[0x6E, 0x72, 0x74, 0x78]] = True


@dataclass(frozen=True, slots=True)
class Step:
    """One method of a chain: its node, the offset (code units) of the instruction that leads on (-1: none), and why.

    ``edge``: ``call``, ``dispatch`` (an overriding method runs), ``callback`` (the framework runs a method of an
    object created there), ``initialiser`` (a class is initialised), ``end``.
    """

    node: int
    offset: int
    edge: str


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


class CallGraph:
    """The call graph of a program."""

    def __init__(self, dex: Dex) -> None:
        self.dex = dex
        self.references = References(dex)
        self._methods = dex.node_count
        references, dispatched = self.references.dispatch(self._called_virtually())
        self.dispatch_ref, dispatch_number = np.unique(references, return_inverse=True)
        self.dispatch_base = self._methods
        self.class_base = self.dispatch_base + len(self.dispatch_ref)
        classes = len(dex.classes.type)
        self.own_base = self.class_base + classes
        self.nodes = self.own_base + classes
        self._calls = self._call_edges()
        others = [
            (dispatch_number + self.dispatch_base, dispatched),
            *self._virtual_edges(),
            *self._object_edges(),
        ]
        source = _join([a for a, _ in others])
        target = _join([b for _, b in others])
        del others
        self._others = Adjacency(source, target, self.nodes, ordered=False)

    # --- edges ----------------------------------------------------------------------------------------

    def _called_virtually(self) -> Bools:
        """Which references virtual and interface calls use."""
        marks = np.zeros(len(self.references.keys), dtype=np.bool_)
        for part, mapping in zip(self.dex.parts, self.references.of_file, strict=True):
            index = part.site_index[_VIRTUAL[part.site_op]]
            marks[mapping[index[index < len(mapping)]]] = True
        return marks

    def _call_edges(self) -> Adjacency:
        sources, targets = [], []
        for part, mapping in zip(self.dex.parts, self.references.of_file, strict=True):
            invoke = np.flatnonzero(INVOKE[part.site_op])
            index = part.site_index[invoke]
            valid = index < len(mapping)
            target = self.references.target[mapping[index[valid]]]
            hit = target >= 0
            sources.append(part.site_node[invoke][valid][hit])
            targets.append(target[hit])
        return Adjacency(_join(sources), _join(targets), self.nodes, ordered=True)

    def _virtual_edges(self) -> list[tuple[I8, I8]]:
        """Caller → dispatch node, for virtual and interface calls through a reference with overriding methods."""
        number = np.full(len(self.references.keys) + 1, -1, dtype=np.int64)
        number[self.dispatch_ref] = np.arange(len(self.dispatch_ref))
        found = []
        for part, mapping in zip(self.dex.parts, self.references.of_file, strict=True):
            virtual = np.flatnonzero(_VIRTUAL[part.site_op])
            index = part.site_index[virtual]
            valid = index < len(mapping)
            target = number[mapping[index[valid]]]
            hit = target >= 0
            found.append(
                (part.site_node[virtual][valid][hit], (target[hit] + self.dispatch_base).astype(np.int32))
            )
        return found

    def _object_edges(self) -> list[tuple[I8, I8]]:
        """Instantiation and initialisation: method → class node → its own and inherited callbacks; → initialiser."""
        dex, classes = self.dex, self.dex.classes
        clinit = self._initialisers()
        found: list[tuple[I8, I8]] = []
        for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
            node, op, index = part.site_node, part.site_op, part.site_index
            new = np.flatnonzero(op == 0x22)
            place = classes.position[_safe(type_map, index[new])]
            hit = place >= 0
            found.append((node[new][hit], (place[hit] + self.class_base).astype(np.int32)))
            for sites, owner in self._static_owners(part, op, index):
                place = classes.position[_safe(type_map, owner)]
                start = np.where(place >= 0, clinit[np.maximum(place, 0)], -1) if len(clinit) else place
                hit = start >= 0
                found.append((node[sites][hit], start[hit].astype(np.int32)))
        every = np.arange(len(classes.type))
        has = clinit >= 0
        found.append((every[has] + self.class_base, clinit[has]))
        found.extend(self._callback_edges())
        return found

    def _static_owners(
        self, part: Part, op: NDArray[Any], index: NDArray[Any]
    ) -> list[tuple[I8, NDArray[Any]]]:
        result: list[tuple[I8, NDArray[Any]]] = []
        static = np.flatnonzero(_STATIC[op])
        is_call = INVOKE[op[static]]
        for sites, table in ((static[is_call], part.file.methods), (static[~is_call], part.file.fields)):
            valid = index[sites] < len(table)
            result.append((sites[valid], table["class"][index[sites][valid]]))
        return result

    def _initialisers(self) -> I8:
        """Node of each class's static initialiser, -1 where it has none."""
        result = np.full(len(self.dex.classes.type), -1, dtype=np.int64)
        for part, type_map in zip(self.dex.parts, self.dex.type_maps, strict=True):
            file = part.file
            name = file.find_string(b"<clinit>")
            method = part.defined.method[part.node_method]
            mine = np.flatnonzero(file.methods["name"][method] == name)
            place = self.dex.classes.position[_safe(type_map, file.methods["class"][method[mine]])]
            hit = place >= 0
            result[place[hit][::-1]] = (mine[hit] + part.base)[::-1]
        return result

    def _callback_edges(self) -> list[tuple[I8, I8]]:
        """Class node → own-callback node of it and its ancestors → virtual methods, where a supertype is external."""
        dex, classes = self.dex, self.dex.classes
        ancestors = classes.ancestors
        object_number = dex.find_type(OBJECT)
        position = classes.position
        external = (position[ancestors[:, 1]] < 0) & (ancestors[:, 1] != object_number)
        framework = np.zeros(len(classes.type), dtype=np.bool_)
        framework[position[ancestors[external, 0]]] = True
        inside = position[ancestors[:, 1]] >= 0
        child, parent = position[ancestors[inside, 0]], position[ancestors[inside, 1]]
        wanted = framework[child]
        own = np.flatnonzero(framework)
        found = [
            (own + self.class_base, own + self.own_base),
            (child[wanted] + self.class_base, parent[wanted] + self.own_base),
        ]
        for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
            method = part.defined.method[part.node_method]
            virtual = np.flatnonzero(part.defined.virtual[part.node_method])
            place = position[_safe(type_map, part.file.methods["class"][method[virtual]])]
            hit = place >= 0
            found.append((place[hit] + self.own_base, virtual[hit] + part.base))
        return found

    # --- reachability ---------------------------------------------------------------------------------

    def call_pairs(self) -> tuple[I8, I8]:
        """Return (caller, callee) nodes of all calls that stay inside the package, as written."""
        count = np.diff(self._calls.start)
        return np.repeat(np.arange(self.nodes), count), self._calls.target.astype(np.int64)

    def callees(self, nodes: I8) -> tuple[I8, I8]:
        """Return (caller, callee) nodes of the calls of ``nodes`` that stay inside the package, as written."""
        return self._calls.expand(nodes)

    def class_entry(self, type_descriptor: str) -> int | None:
        """Return the node that stands for "the framework creates and uses an object of this class"."""
        found = self.dex.find_type(type_descriptor)
        if found < 0 or self.dex.classes.position[found] < 0:
            return None
        return int(self.dex.classes.position[found]) + self.class_base

    def subclasses(self, names: Iterable[str]) -> Bools:
        """Return which defined classes (positions) descend from one of the type descriptors ``names``."""
        wanted = [found for found in self.dex.find_types(list(names)) if found >= 0]
        pairs = self.dex.classes.ancestors
        mask = np.zeros(len(self.dex.classes.type), dtype=np.bool_)
        hits = pairs[np.isin(pairs[:, 1], np.array(wanted, dtype=np.int64)), 0]
        place = self.dex.classes.position[hits]
        mask[place[place >= 0]] = True
        return mask

    def targets_of(self, node: int, offsets: Collection[int]) -> set[int]:
        """Return the nodes that the instructions of ``node`` at ``offsets`` (code units) lead to."""
        by_offset = self.targets_by_offset(node)
        return {target for offset in offsets for target in by_offset.get(offset, ())}

    def targets_by_offset(self, node: int) -> dict[int, list[int]]:
        """Return the nodes that each instruction of ``node`` leads to, by its offset (code units)."""
        part = self.dex.part_of(node)
        low, high = part.sites_of(node)
        own = self.dex.parts.index(part)
        mapping, type_map = self.references.of_file[own], self.dex.type_maps[own]
        found: dict[int, list[int]] = {}
        rows = zip(
            part.site_offset[low:high].tolist(),
            part.site_op[low:high].tolist(),
            part.site_index[low:high].tolist(),
            strict=True,
        )
        for offset, op, index in rows:
            targets = []
            if INVOKE[op] and index < len(mapping):
                reference = int(mapping[index])
                targets.append(int(self.references.target[reference]))
                slot = int(np.searchsorted(self.dispatch_ref, reference))
                if slot < len(self.dispatch_ref) and int(self.dispatch_ref[slot]) == reference:
                    targets.append(self.dispatch_base + slot)
            elif op == 0x22 and index < len(type_map):
                targets.append(int(self.dex.classes.position[int(type_map[index])]) + self.class_base)
            found[offset] = [target for target in targets if target >= 0]
        return found

    def reach(
        self,
        entries: Iterable[int],
        callbacks: Bools | None = None,
        without: Collection[tuple[int, int]] = (),
    ) -> Reach:
        """Return what is reachable from ``entries`` (method nodes or class entries), breadth first.

        ``callbacks`` limits whose virtual methods the framework is taken to call, by class position (None: all);
        ``without`` are (source, target) edges not to follow.
        """
        cut = np.array(sorted(a * self.nodes + b for a, b in without), dtype=np.int64)
        parent = np.full(self.nodes, -1, dtype=np.int32)
        frontier = np.unique(np.array(list(entries), dtype=np.int64))
        frontier = frontier[(frontier >= 0) & (frontier < self.nodes)]
        parent[frontier] = frontier
        while len(frontier):
            sources, targets = [], []
            for edges in (self._calls, self._others):
                source, target = edges.expand(frontier)
                fresh = parent[target] < 0
                if len(cut):
                    fresh &= ~np.isin(source * self.nodes + target, cut)
                if callbacks is not None and edges is self._others:
                    fresh &= self._allowed(source, target, callbacks)
                sources.append(source[fresh])
                targets.append(target[fresh])
            source, target = np.concatenate(sources), np.concatenate(targets)
            frontier, first = np.unique(target, return_index=True)
            parent[frontier] = source[first]
        return Reach(self, parent)

    def _allowed(self, source: I8, target: I8, callbacks: Bools) -> Bools:
        """Which edges remain when only classes in ``callbacks`` are called back."""
        of_class = (target >= self.own_base) & (source >= self.class_base) & (source < self.own_base)
        allowed = np.ones(len(source), dtype=np.bool_)
        allowed[of_class] = callbacks[source[of_class] - self.class_base]
        return allowed


class Reach:
    """The result of one search: which methods are reachable, and the shortest way to each."""

    def __init__(self, graph: CallGraph, parent: I4) -> None:
        self._graph = graph
        self._parent = parent
        self._steps: dict[tuple[int, int], Step] = {}

    @cached_property
    def methods(self) -> Bools:
        """For every method node, whether it is reachable."""
        return self._parent[: self._graph.dex.node_count] >= 0

    @cached_property
    def _parents(self) -> list[int]:
        """The parents as a list: walking paths one number at a time is faster there than in an array."""
        found: list[int] = self._parent.tolist()
        return found

    def path(self, node: int) -> list[int]:
        """Return the nodes from the entry to ``node``, helper nodes included; empty when not reachable."""
        parents = self._parents
        if parents[node] < 0:
            return []
        trail = [node]
        while parents[trail[-1]] != trail[-1]:
            trail.append(parents[trail[-1]])
        return trail[::-1]

    def entry(self, node: int) -> int | None:
        """Return the entry from which ``node`` is reached."""
        trail = self.path(node)
        return trail[0] if trail else None

    def chain(self, node: int) -> list[Step]:
        """Return the shortest chain to ``node`` as methods with the offset that leads on and the kind of edge."""
        graph, methods = self._graph, self._graph.dex.node_count
        trail = self.path(node)
        steps: list[Step] = []
        places = [i for i, n in enumerate(trail) if n < methods]
        for here, following in zip(places, [*places[1:], -1][: len(places)], strict=True):
            if following == -1:
                steps.append(Step(trail[here], -1, "end"))
                break
            between = trail[here + 1 : following]
            edge = _edge_kind(graph, between, trail[following])
            steps.append(
                Step(trail[here], _leading_offset(graph, trail[here], between, trail[following]), edge)
            )
        return steps


def _edge_kind(graph: CallGraph, between: Sequence[int], target: int) -> str:
    if not between:
        return "initialiser" if "-><clinit>(" in graph.dex.method(target) else "call"
    if between[0] < graph.class_base:
        return "dispatch"
    return "initialiser" if len(between) == 1 and "-><clinit>(" in graph.dex.method(target) else "callback"


def _leading_offset(graph: CallGraph, node: int, between: Sequence[int], target: int) -> int:
    """Return the offset of the first instruction in ``node`` that leads to the next method, -1 if none is found."""
    dex = graph.dex
    part = dex.part_of(node)
    low, high = part.sites_of(node)
    op, index = part.site_op[low:high], part.site_index[low:high]
    number = dex.parts.index(part)
    type_map = dex.type_maps[number]
    mapping = graph.references.of_file[number]
    if between and between[0] >= graph.class_base:
        wanted = dex.classes.type[between[0] - graph.class_base]
        hits = np.flatnonzero((op == 0x22) & (_safe(type_map, index) == wanted))
    else:
        calls = np.flatnonzero(INVOKE[op] & (index < len(mapping)))
        reference = mapping[index[calls]]
        if between:
            hits = calls[reference == graph.dispatch_ref[between[0] - graph.dispatch_base]]
        else:
            hits = calls[graph.references.target[reference] == target]
            if not len(hits):
                hits = np.flatnonzero(_STATIC[op])
                owner = dex.node_keys[target] >> 32
                hits = np.array(
                    [
                        h
                        for h in hits.tolist()
                        if _static_owner(part, int(op[h]), int(index[h]), type_map) == owner
                    ],
                    dtype=np.int64,
                )
    return int(part.site_offset[low:high][hits[0]]) if len(hits) else -1


def _static_owner(part: Part, op: int, index: int, type_map: I8) -> int:
    table = part.file.methods if INVOKE[op] else part.file.fields
    return int(type_map[table["class"][index]]) if index < len(table) else -1


def _safe(type_map: I8, index: NDArray[Any]) -> I8:
    """Type numbers for file type indices; an invalid one maps to -1, which no class has."""
    if not len(type_map):
        return np.full(len(index), -1, dtype=np.int64)
    wide = index.astype(np.int64)
    ok = wide < len(type_map)
    return np.where(ok, type_map[np.where(ok, wide, 0)], -1)


def _join(arrays: Sequence[NDArray[Any]]) -> I8:
    """Return the arrays joined as 32-bit numbers (nodes are fewer than 2^31), converting one at a time."""
    joined = np.empty(sum(len(a) for a in arrays), dtype=np.int32)
    place = 0
    for array in arrays:
        joined[place : place + len(array)] = array
        place += len(array)
    return joined

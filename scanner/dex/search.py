"""Searching the call graph breadth first: what is reached, by which shortest chain, in which stage."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.edges import STATIC, safe, static_owner
from scanner.dex.opcodes import INVOKE

if TYPE_CHECKING:
    from scanner.dex.graph import CallGraph

I4 = NDArray[Any]
I8 = NDArray[Any]
Bools = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One method of a chain: its node, the offset (code units) of the instruction that leads on (-1: none), and why.

    ``edge``: ``call``, ``dispatch`` (an overriding method runs), ``callback`` (the platform runs a method of an object
    created there), ``possible`` (it may: the method's name is none that a known type declares), ``initialiser`` (a class is initialised), ``reflection`` (a reflective call with constant
    names), ``end``.
    """

    node: int
    offset: int
    edge: str


@dataclass(frozen=True, slots=True)
class Late:
    """Edges from class nodes to methods that count in ``stage``, once one of the methods ``places`` has been reached.

    They stand for objects that code registers and the framework calls later, such as listeners of screens.
    """

    stage: int
    places: I8
    source: I8
    target: I8


class Search:
    """One breadth-first search: ``parent`` of every node reached (-1: none)."""

    def __init__(
        self,
        graph: CallGraph,
        callbacks: Bools | None,
        without: Collection[tuple[int, int]],
        objects: Iterable[int] | None,
    ) -> None:
        self._graph = graph
        self._callbacks = callbacks
        self._cut = np.array(sorted(a * graph.nodes + b for a, b in without), dtype=np.int64)
        self.parent = np.full(graph.nodes, -1, dtype=np.int32)
        none = np.zeros(0, dtype=np.int64)
        self._waiting: tuple[I8, I8] = (none, none)
        self._possible: tuple[I8, I8] = (none, none)
        self._exists: Bools | None = None
        if objects is not None:
            self._exists = np.zeros(len(graph.dex.classes.type), dtype=np.bool_)
            self._create(np.fromiter(objects, dtype=np.int64))

    def enter(self, nodes: I8) -> I8:
        """Start from ``nodes``; return those not reached before."""
        nodes = nodes[(nodes >= 0) & (nodes < self._graph.nodes)]
        nodes = nodes[self.parent[nodes] < 0]
        self.parent[nodes] = nodes
        return nodes

    def spread(self, frontier: I8) -> I8:
        """Follow the edges of ``frontier``; return what they newly reach."""
        graph = self._graph
        source, target = graph.expand(frontier)
        keep = self.parent[target] < 0
        if len(self._cut):
            keep &= ~np.isin(source * graph.nodes + target, self._cut)
        if self._callbacks is not None:
            keep &= graph.allowed(source, target, self._callbacks)
        source, target = source[keep], target[keep]
        possible = target >= graph.own_base
        if possible.any():
            self._possible = (
                np.concatenate([self._possible[0], source[possible]]),
                np.concatenate([self._possible[1], target[possible]]),
            )
            source, target = source[~possible], target[~possible]
        if self._exists is not None:
            source, target = self._dispatched(frontier, source, target)
        found, first = np.unique(target, return_index=True)
        self.parent[found] = source[first]
        return found

    def suppose(self) -> I8:
        """Follow the callbacks that only may happen, once there is no other way on; return what is new."""
        source, target = self._possible
        self._possible = source[:0], target[:0]
        fresh = self.parent[target] < 0
        found, first = np.unique(target[fresh], return_index=True)
        self.parent[found] = source[fresh][first]
        return found

    def wake(self, edges: Iterable[Late]) -> I8:
        """Follow those of ``edges`` whose objects exist and that code reached has enabled; return what is new."""
        found: list[I8] = [np.zeros(0, dtype=np.int64)]
        for one in edges:
            if (self.parent[one.places] >= 0).any():
                keep = (self.parent[one.source] >= 0) & (self.parent[one.target] < 0)
                target, first = np.unique(one.target[keep], return_index=True)
                self.parent[target] = one.source[keep][first]
                found.append(target)
        return np.concatenate(found)

    def _dispatched(self, frontier: I8, source: I8, target: I8) -> tuple[I8, I8]:
        """Keep edges to overriding methods back until an object exists that has them."""
        graph = self._graph
        created = frontier[(frontier >= graph.class_base) & (frontier < graph.own_base)] - graph.class_base
        self._create(created)
        source = np.concatenate([source, self._waiting[0]])
        target = np.concatenate([target, self._waiting[1]])
        wait = (source >= graph.dispatch_base) & (source < graph.class_base)
        owner = graph.dex.node_keys[target[wait]] >> 32
        assert self._exists is not None
        wait[wait] = ~self._exists[graph.dex.classes.position[owner]]
        self._waiting = source[wait], target[wait]
        source, target = source[~wait], target[~wait]
        fresh = self.parent[target] < 0
        return source[fresh], target[fresh]

    def _create(self, classes: I8) -> None:
        assert self._exists is not None
        fresh = classes[~self._exists[classes]] if len(classes) else classes
        _, above = self._graph.ancestors_of.expand(fresh)
        self._exists[above] = True


@dataclass(frozen=True, slots=True)
class Stages:
    """The result of a search in stages: what is reached, and for every method node the stage (-1: none)."""

    reach: Reach
    stage: I4


class Reach:
    """The result of one search: which methods are reachable, and the shortest way to each."""

    def __init__(self, graph: CallGraph, parent: I4) -> None:
        self._graph = graph
        self._parent = parent
        # The search left one way to each node, so chains that share a step share how it leads on.
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
        methods = self._graph.dex.node_count
        trail = self.path(node)
        steps: list[Step] = []
        places = [i for i, n in enumerate(trail) if n < methods]
        for here, following in zip(places, [*places[1:], -1][: len(places)], strict=True):
            if following == -1:
                steps.append(Step(trail[here], -1, "end"))
                break
            steps.append(self._step(trail[here], trail[here + 1 : following], trail[following]))
        return steps

    def _step(self, node: int, between: Sequence[int], target: int) -> Step:
        """Return the step from method ``node`` over the helper nodes ``between`` to method ``target``."""
        found = self._steps.get((node, target))
        if found is None:
            graph = self._graph
            kind = _edge_kind(graph, node, between, target)
            leaping = kind == "reflection"
            offset = -1 if leaping else _leading_offset(graph, node, between, target)
            if offset < 0:
                offset = graph.leap_offset(node, between[0] if between else target)
            found = self._steps[node, target] = Step(node, offset, kind)
        return found


def _edge_kind(graph: CallGraph, node: int, between: Sequence[int], target: int) -> str:
    if not between:
        if "-><clinit>(" in graph.dex.method(target):
            return "initialiser"
        leaps = graph.leap_offset(node, target) >= 0 and target not in graph.callees(np.array([node]))[1]
        return "reflection" if leaps else "call"
    if between[0] < graph.class_base:
        return "dispatch"
    if any(node >= graph.own_base for node in between):
        return "possible"
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
        hits = np.flatnonzero((op == 0x22) & (safe(type_map, index) == wanted))
    else:
        calls = np.flatnonzero(INVOKE[op] & (index < len(mapping)))
        reference = mapping[index[calls]]
        if between:
            hits = calls[reference == graph.dispatch_ref[between[0] - graph.dispatch_base]]
        else:
            hits = calls[graph.references.target[reference] == target]
            if not len(hits):
                hits = np.flatnonzero(STATIC[op])
                owner = dex.node_keys[target] >> 32
                hits = np.array(
                    [
                        h
                        for h in hits.tolist()
                        if static_owner(part, int(op[h]), int(index[h]), type_map) == owner
                    ],
                    dtype=np.int64,
                )
    return int(part.site_offset[low:high][hits[0]]) if len(hits) else -1

"""The call graph and what is reachable from where.

Nodes are the defined methods, followed by helper nodes that keep the graph small: one per reference with overriding
methods (a call through a supertype), one per instantiated class (its callbacks), two per class with callbacks.
Edges: calls as written, dispatch to overriding methods (class hierarchy analysis), class initialisers, and callbacks:
where a class with a supertype outside the package is instantiated, the platform calls the methods that type declares
and may call others (:mod:`scanner.dex.callbacks`); what only may be called is followed after everything else.
Reflection is followed where its names are constants of the method (:mod:`scanner.dex.reflect`); other reflection, native
code and code loaded at run time are not; the caller counts them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.callbacks import Nodes, PlatformTypes, callback_edges
from scanner.dex.edges import STATIC, Adjacency, join, safe, static_owner
from scanner.dex.opcodes import INVOKE
from scanner.dex.package import Dex
from scanner.dex.part import Part
from scanner.dex.reflect import Leap, Reflection
from scanner.dex.refs import References
from scanner.dex.search import Late, Reach, Search, Stages

I4 = NDArray[Any]
I8 = NDArray[Any]
Bools = NDArray[Any]

MAX_ANCESTORS = 32
_VIRTUAL = np.zeros(256, dtype=np.bool_)
_VIRTUAL[[0x6E, 0x72, 0x74, 0x78]] = True


class CallGraph:
    """The call graph of a program."""

    def __init__(self, dex: Dex, platform: PlatformTypes | None = None) -> None:
        self.dex = dex
        self.platform = platform or PlatformTypes()
        self.references = References(dex)
        self._methods = dex.node_count
        references, dispatched = self.references.dispatch(self._called_virtually())
        self.dispatch_ref, dispatch_number = np.unique(references, return_inverse=True)
        self.dispatch_base = self._methods
        self.class_base = self.dispatch_base + len(self.dispatch_ref)
        classes = len(dex.classes.type)
        self.own_base = self.class_base + classes
        self.few_base = self.own_base + classes
        self.nodes = self.few_base + classes
        self._calls = self._call_edges()
        self.reflection = Reflection(dex)
        self._leaps_of = self._leap_targets()
        leaping = [(node, target) for node, leap in self._leaps_of.items() for _, target in leap]
        others = [
            (dispatch_number + self.dispatch_base, dispatched),
            *self._virtual_edges(),
            *self._object_edges(),
            (
                np.array([a for a, _ in leaping], dtype=np.int32),
                np.array([b for _, b in leaping], dtype=np.int32),
            ),
        ]
        source = join([a for a, _ in others])
        target = join([b for _, b in others])
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
        return Adjacency(join(sources), join(targets), self.nodes, ordered=True)

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
        clinit = self._clinit = self._initialisers()
        found: list[tuple[I8, I8]] = []
        for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
            node, op, index = part.site_node, part.site_op, part.site_index
            new = np.flatnonzero(op == 0x22)
            place = classes.position[safe(type_map, index[new])]
            hit = place >= 0
            found.append((node[new][hit], (place[hit] + self.class_base).astype(np.int32)))
            for sites, owner in self._static_owners(part, op, index):
                place = classes.position[safe(type_map, owner)]
                start = np.where(place >= 0, clinit[np.maximum(place, 0)], -1) if len(clinit) else place
                hit = start >= 0
                found.append((node[sites][hit], start[hit].astype(np.int32)))
        every = np.arange(len(classes.type))
        has = clinit >= 0
        found.append((every[has] + self.class_base, clinit[has]))
        nodes = Nodes(self.class_base, self.own_base, self.few_base)
        found.extend(callback_edges(self.dex, self.platform, nodes))
        return found

    def _leap_targets(self) -> dict[int, list[tuple[int, int]]]:
        """Method → (offset, node) of what its reflective calls lead to: a method, or an object's class and constructors."""
        found: dict[int, list[tuple[int, int]]] = {}
        for leap in self.reflection.leaps:
            targets = self.methods_of(leap)
            if leap.name == "<init>":
                targets.append(
                    int(self.dex.classes.position[self.dex.find_type(leap.owner)]) + self.class_base
                )
            found.setdefault(leap.node, []).extend((leap.offset, target) for target in targets)
        return found

    def methods_of(self, leap: Leap) -> list[int]:
        """Return the methods that a reflective call leads to: of the class, or of the nearest ancestor that has any."""
        number = self.dex.find_type(leap.owner)
        for _ in range(MAX_ANCESTORS):
            place = int(self.dex.classes.position[number]) if number >= 0 else -1
            if place < 0:
                return []
            found = self.dex.find_methods(self.dex.type_name(number), leap.name)
            if found or leap.name == "<init>":
                return list(found)
            number = int(self.dex.classes.super[place])
        return []

    def leap_offset(self, node: int, target: int) -> int:
        """Return the offset of the reflective call in ``node`` that leads to ``target``, -1 when none does."""
        return next((offset for offset, one in self._leaps_of.get(node, ()) if one == target), -1)

    def _static_owners(
        self, part: Part, op: NDArray[Any], index: NDArray[Any]
    ) -> list[tuple[I8, NDArray[Any]]]:
        result: list[tuple[I8, NDArray[Any]]] = []
        static = np.flatnonzero(STATIC[op])
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
            place = self.dex.classes.position[safe(type_map, file.methods["class"][method[mine]])]
            hit = place >= 0
            result[place[hit][::-1]] = (mine[hit] + part.base)[::-1]
        return result

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
        wanted = set(offsets)
        return (
            {target for found in self._targets(node, wanted).values() for target in found}
            if wanted
            else set()
        )

    def targets_by_offset(self, node: int) -> dict[int, list[int]]:
        """Return the nodes that each instruction of ``node`` leads to, by its offset (code units)."""
        return self._targets(node, None)

    def _targets(self, node: int, wanted: set[int] | None) -> dict[int, list[int]]:
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
            if wanted is not None and offset not in wanted:
                continue
            targets = []
            if INVOKE[op] and index < len(mapping):
                reference = int(mapping[index])
                targets.append(int(self.references.target[reference]))
                slot = int(np.searchsorted(self.dispatch_ref, reference))
                if slot < len(self.dispatch_ref) and int(self.dispatch_ref[slot]) == reference:
                    targets.append(self.dispatch_base + slot)
            elif op == 0x22 and index < len(type_map):
                place = int(self.dex.classes.position[int(type_map[index])])
                if place >= 0:
                    targets.append(place + self.class_base)
            if STATIC[op]:
                place = int(self.dex.classes.position[static_owner(part, op, index, type_map)])
                if place >= 0:
                    targets.append(int(self._clinit[place]))
            found[offset] = [target for target in targets if target >= 0]
        for offset, target in self._leaps_of.get(node, ()):
            if wanted is not None and offset not in wanted:
                continue
            found.setdefault(offset, []).append(target)
        return found

    def reach(
        self,
        entries: Iterable[int],
        callbacks: Bools | None = None,
        without: Collection[tuple[int, int]] = (),
    ) -> Reach:
        """Return what is reachable from ``entries`` (method nodes or class entries), breadth first.

        ``callbacks`` limits whose virtual methods the platform is taken to call, by class position (None: all), and to
        those that known types declare; ``without`` are (source, target) edges not to follow.
        """
        return self.reach_in_stages([entries], callbacks, without).reach

    def reach_in_stages(
        self,
        stages: Sequence[Iterable[int]],
        callbacks: Bools | None = None,
        without: Collection[tuple[int, int]] = (),
        objects: Iterable[int] | None = None,
        late: Sequence[Late] = (),
    ) -> Stages:
        """Return what the entries of each stage reach, for entries that run one stage after the other.

        Every node belongs to the first stage that reaches it; see :meth:`reach` for ``callbacks`` and ``without``.
        With ``objects`` (classes, by position, that exist from the start) an overriding method counts only where the
        code reached creates an object of its class or of a descendant (rapid type analysis).  Objects made by
        reflection whose name is not known are then not seen.  ``late`` are edges that count in one stage only.
        """
        search = Search(self, callbacks, without, objects)
        stage = np.full(self.nodes, -1, dtype=np.int16)
        for number, entries in enumerate(stages):
            awaited = [edges for edges in late if edges.stage == number]
            frontier = search.enter(np.unique(np.fromiter(entries, dtype=np.int64)))
            while len(frontier) or len(frontier := search.suppose()) or len(frontier := search.wake(awaited)):
                stage[frontier] = number
                frontier = search.spread(frontier)
        return Stages(Reach(self, search.parent), stage[: self.dex.node_count])

    @cached_property
    def ancestors_of(self) -> Adjacency:
        """Class position → positions of its ancestors in the package, itself included."""
        position, pairs = self.dex.classes.position, self.dex.classes.ancestors
        child, parent = position[pairs[:, 0]], position[pairs[:, 1]]
        inside = (child >= 0) & (parent >= 0)
        every = np.arange(len(self.dex.classes.type))
        source, target = join([child[inside], every]), join([parent[inside], every])
        return Adjacency(source, target, max(1, len(every)), ordered=False)

    def expand(self, frontier: I8) -> tuple[I8, I8]:
        """Return (source, target) of all edges that leave ``frontier``."""
        (a, b), (c, d) = self._calls.expand(frontier), self._others.expand(frontier)
        return np.concatenate([a, c]), np.concatenate([b, d])

    def allowed(self, source: I8, target: I8, callbacks: Bools) -> Bools:
        """Which edges remain when only classes in ``callbacks`` are called back, and only as their types declare."""
        allowed = np.ones(len(source), dtype=np.bool_)
        of_class = np.flatnonzero((source >= self.class_base) & (source < self.own_base))
        place = source[of_class] - self.class_base
        declared = callbacks[place] & (target[of_class] < self.own_base)
        allowed[of_class] = declared | (target[of_class] == self._clinit[place])
        return allowed

"""Objects that watch activities: ``ActivityLifecycleCallbacks`` that code registers, called as the first screen comes up.

Source: ``Application.registerActivityLifecycleCallbacks`` (API 14), ``Activity.registerActivityLifecycleCallbacks``
(API 29) and the ``…Pre…`` and ``…Post…`` callbacks (API 29).  Callbacks of leaving a screen wait for the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scanner.dex import NOTHING, Instruction, Late, Member, Site, Thing, Values, follow, instructions

if TYPE_CHECKING:
    from scanner.collect.app.code import Code

WATCHER = "Landroid/app/Application$ActivityLifecycleCallbacks;"
REGISTER = tuple(
    Member(owner, "registerActivityLifecycleCallbacks")
    for owner in ("Landroid/app/Application;", "Landroid/app/Activity;")
)
CALLBACKS = tuple(
    f"onActivity{when}{what}" for what in ("Created", "Started", "Resumed") for when in ("Pre", "", "Post")
)
# Calls on the activity that tell which one it is.
WHICH = ("getClass", "getLocalClassName", "getComponentName")
INSTANCE_OF = 0x20
MAX_SITES, MAX_STEPS = 200, 200_000


@dataclass(frozen=True, slots=True)
class _Registered:
    """A call that registers watchers, and the classes (positions) they may be of."""

    site: Site
    classes: frozenset[int]


class Watchers:
    """The watchers of activities that a program registers."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._steps = MAX_STEPS

    @cached_property
    def methods(self) -> dict[int, frozenset[int]]:
        """Class position → the methods of its objects that run as a screen comes up."""
        code = self._code
        places = np.flatnonzero(code.graph.subclasses((WATCHER,))).tolist()
        if not places or not self._sites:
            return {}
        found = {
            place: frozenset(
                node for name in CALLBACKS for node in code.inherited(code.dex.class_names[place], name)
            )
            for place in places
        }
        return {place: nodes for place, nodes in found.items() if nodes}

    @cached_property
    def _sites(self) -> list[Site]:
        return [hit.site for hit in self._code.sites(REGISTER)[:MAX_SITES]]

    @cached_property
    def _registered(self) -> list[_Registered]:
        return [_Registered(site, self._classes(site)) for site in self._sites]

    def _classes(self, site: Site) -> frozenset[int]:
        """Return the classes that the registered object may be of, all watchers where that cannot be seen."""
        kinds = _Kinds(self._code, site, self._steps)
        self._steps = kinds.steps
        position = self._code.dex.classes.position
        pairs = self._code.dex.classes.ancestors
        found = set[int]()
        for kind in kinds.found:
            number = self._code.dex.find_type(kind)
            if number < 0 or int(position[number]) < 0:
                return frozenset(self.methods)
            below = position[pairs[pairs[:, 1] == number, 0]]
            found.update(below[below >= 0].tolist(), [int(position[number])])
        mine = found.intersection(self.methods)
        return frozenset(mine or self.methods)

    def late(self, stage: int, held: Callable[[int, int], bool]) -> list[Late]:
        """Return the calls of watchers, as edges that count in ``stage``; ``held``: whether a place does not run."""
        found = []
        base = self._code.graph.class_base
        for one in self._registered:
            if not held(one.site.node, one.site.offset):
                pairs = [
                    (place + base, node)
                    for place in sorted(one.classes)
                    for node in sorted(self.methods[place])
                ]
                source, target = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
                found.append(Late(stage, np.array([one.site.node]), source, target))
        return found

    def registering(self, method: int) -> list[Site]:
        """Return the calls that may register an object with this method."""
        return [
            one.site
            for one in self._registered
            if any(method in self.methods[place] for place in one.classes)
        ]

    @cached_property
    def _every(self) -> frozenset[int]:
        return frozenset[int]().union(*self.methods.values())

    def first(self, nodes: Sequence[int]) -> int | None:
        """Return the first method of ``nodes`` that is a watcher's."""
        return next((node for node in nodes if node in self._every), None)

    def asks_which(self, node: int) -> bool:
        """Whether ``node`` is a watcher's method that looks at which activity it is called for."""
        return node in self._every and any(_asks(ins) for ins in instructions(self._code.dex, node))


def _asks(ins: Instruction) -> bool:
    name = (ins.reference or "").partition("->")[2].partition("(")[0]
    return ins.opcode == INSTANCE_OF or name in WHICH


class _Kinds:
    """The types of the objects that one call registers, as far as its method shows them."""

    def __init__(self, code: Code, site: Site, steps: int) -> None:
        self.steps = steps
        self._offset = site.offset
        self.found: set[str] = set()
        follow(code.dex, site.node, list(self._parameters(code, site)), self)
        self.found.discard("")

    @staticmethod
    def _parameters(code: Code, site: Site) -> Iterator[Values]:
        owner = site.caller.partition("->")[0]
        if not code.dex.node_flags(site.node) & 8:  # not static: the object itself comes first
            yield frozenset([Thing(owner)])

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        if ins.offset == self._offset:
            given = arguments[1] if len(arguments) > 1 else NOTHING
            self.found.update(one.made if isinstance(one, Thing) else "" for one in given or [Thing(WATCHER)])
            return NOTHING
        returned = (ins.reference or "").rpartition(")")[2]
        return frozenset([Thing(returned)]) if returned.startswith("L") else NOTHING

    def cast(self, node: int, ins: Instruction, values: Values) -> Values:
        return values

    def load(self, field: str) -> Values:
        return frozenset([Thing(field.rpartition(":")[2])])

    def store(self, field: str, values: Values) -> None:
        return None

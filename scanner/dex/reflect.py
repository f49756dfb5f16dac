"""Reflection with constant names: which class or method a reflective call leads to.

``Class.forName("a.B").newInstance()``, ``a.B.class.getDeclaredMethod("start").invoke(…)`` and
``AppInitializer.initializeComponent(B.class)`` name their target as a constant of the same method.  Names that come
from elsewhere (parameters, fields, files) are not followed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.body import Instruction, starts
from scanner.dex.package import Dex
from scanner.dex.part import Part
from scanner.dex.query import Member, call_sites
from scanner.dex.values import NOTHING, Values, follow

FOR_NAME = Member("Ljava/lang/Class;", "forName")
LOAD = Member("Ljava/lang/ClassLoader;", "loadClass")
NEW = Member("Ljava/lang/Class;", "newInstance")
CONSTRUCT = Member("Ljava/lang/reflect/Constructor;", "newInstance")
INVOKE_METHOD = Member("Ljava/lang/reflect/Method;", "invoke")
INITIALIZE = Member("Landroidx/startup/AppInitializer;", "initializeComponent")
_METHODS = ("getMethod", "getDeclaredMethod")
_CONSTRUCTORS = ("getConstructor", "getDeclaredConstructor")
MEMBERS = (
    FOR_NAME,
    LOAD,
    NEW,
    CONSTRUCT,
    INVOKE_METHOD,
    INITIALIZE,
    *(Member(FOR_NAME.owner, name) for name in (*_METHODS, *_CONSTRUCTORS)),
)
CONST_CLASS = 0x1C
MAX_METHODS, MAX_STEPS, MAX_LEAPS, MAX_NAME = 300, 60_000, 2_000, 300


@dataclass(frozen=True, slots=True)
class Leap:
    """A reflective call at ``offset`` (code units) of method ``node`` that leads to ``name`` of class ``owner``.

    ``owner`` is the descriptor of a class, ``name`` a method; ``<init>``: an object is made.
    """

    node: int
    offset: int
    owner: str
    name: str


class Reflection:
    """The reflective calls of a program: ``count`` of them, ``leaps`` where one with constant names leads into the program."""

    def __init__(self, dex: Dex) -> None:
        self._dex = dex
        sites = call_sites(dex, MEMBERS)
        self.count = sum(MEMBERS[hit.member] in {FOR_NAME, CONSTRUCT, INVOKE_METHOD} for hit in sites)
        self._nodes: dict[Member, set[int]] = defaultdict(set)
        for hit in sites:
            self._nodes[MEMBERS[hit.member]].add(hit.site.node)
        # What runs a method or constructor that came from elsewhere names nothing here.
        self._invoking = self._nodes[INVOKE_METHOD] & self._finding(_METHODS)
        self._client = _Names()
        for node in self._candidates()[:MAX_METHODS]:
            follow(dex, node, (), self._client)
        self.leaps = _sorted(leap for leap in self._client.found if _defined(dex, dex.find_type(leap.owner)))

    def _finding(self, names: Iterable[str]) -> set[int]:
        return set[int]().union(*(self._nodes[Member(FOR_NAME.owner, name)] for name in names))

    def _candidates(self) -> list[int]:
        """Return the methods that make reflective calls and name a class of the program as a constant."""
        dex, nodes = self._dex, self._nodes
        running = nodes[INITIALIZE] | nodes[NEW] | self._invoking
        running |= nodes[CONSTRUCT] & self._finding(_CONSTRUCTORS)
        naming = running & (nodes[FOR_NAME] | nodes[LOAD])
        found = set[int]()
        for part, type_map in zip(dex.parts, dex.type_maps, strict=True):
            inside = dex.classes.position[type_map] >= 0
            mine = [node for node in running if part.base <= node < part.base + part.count]
            found.update(node for node in mine if _loads_class(dex, part, node, inside))
            texts = {
                (node, _descriptor(raw.decode("utf-8", "replace")))
                for node in naming.intersection(mine)
                for index in part.strings_of(node)
                if b"." in (raw := part.file.raw_string(index)) and len(raw) <= MAX_NAME
            }
            names = sorted({name for _, name in texts})
            known = {n for n, kind in zip(names, dex.find_types(names), strict=True) if _defined(dex, kind)}
            found.update(node for node, name in texts if name in known)
        return sorted(found)

    def calls_of(self, members: Collection[tuple[str, str]]) -> list[Leap]:
        """Return the reflective calls of methods outside the program, given as (class descriptor, name)."""
        dex, wanted = self._dex, set(members)
        names = {name for _, name in wanted}
        asked = set[int]()
        for part in dex.parts:
            mine = [node for node in self._invoking if part.base <= node < part.base + part.count]
            loaded = {node: part.strings_of(node) for node in mine}
            texts = {index: part.file.string(index) for index in set[int]().union(*loaded.values())}
            asked.update(n for n, own in loaded.items() if any(texts[index] in names for index in own))
        for node in sorted(asked)[:MAX_METHODS]:
            follow(dex, node, (), self._client)
        return _sorted(leap for leap in self._client.found if (leap.owner, leap.name) in wanted)


def _sorted(leaps: Iterable[Leap]) -> list[Leap]:
    return sorted(leaps, key=lambda leap: (leap.node, leap.offset, leap.owner, leap.name))


def _loads_class(dex: Dex, part: Part, node: int, inside: NDArray[Any]) -> bool:
    """Whether the method loads a class of the program as a constant."""
    local = node - part.base
    start = int(part.body_start[local])
    units = part.file.units[start : start + int(part.body_size[local])]
    place = np.flatnonzero((units[:-1] & 0xFF) == CONST_CLASS)
    index = units[place + 1]
    known = index < len(inside)
    place = place[known][inside[index[known]]]
    # Operands may look like the instruction.
    return bool(len(place)) and not set(place.tolist()).isdisjoint(starts(dex, node))


def _defined(dex: Dex, number: int) -> bool:
    return number >= 0 and int(dex.classes.position[number]) >= 0


def _descriptor(name: str) -> str:
    return "L" + name.replace(".", "/") + ";"


class _Names:
    """Follows class objects (their descriptors) and methods (``descriptor->name``) as texts in registers."""

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.found: set[Leap] = set()

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        owner, _, rest = (ins.reference or "").partition("->")
        name = rest.partition("(")[0]
        given = arguments[0] if arguments else NOTHING
        second = arguments[1] if len(arguments) > 1 else NOTHING
        if owner == FOR_NAME.owner:
            return self._of_class(node, ins, name, given, second)
        if name == LOAD.name and owner.endswith("ClassLoader;"):
            return frozenset(_descriptor(text) for text in second if isinstance(text, str))
        if (owner, name) == (CONSTRUCT.owner, CONSTRUCT.name) or owner == INVOKE_METHOD.owner:
            self._leap(node, ins, given if name in {CONSTRUCT.name, INVOKE_METHOD.name} else NOTHING)
        elif (owner, name) == (INITIALIZE.owner, INITIALIZE.name):
            self._leap(
                node,
                ins,
                frozenset(f"{text}->{method}" for text in second for method in ("<init>", "create")),
            )
        return NOTHING

    def _of_class(self, node: int, ins: Instruction, name: str, given: Values, second: Values) -> Values:
        if name == FOR_NAME.name:
            return frozenset(_descriptor(text) for text in given if isinstance(text, str))
        if name == NEW.name:
            self._leap(node, ins, frozenset(f"{text}-><init>" for text in given))
        elif name in _CONSTRUCTORS:
            return frozenset(f"{text}-><init>" for text in given)
        elif name in _METHODS:
            return frozenset(
                f"{text}->{method}" for text in given for method in second if isinstance(method, str)
            )
        return given if name == "asSubclass" else NOTHING

    def _leap(self, node: int, ins: Instruction, targets: Values) -> None:
        for target in targets:
            owner, _, name = str(target).partition("->")
            if name and len(self.found) < MAX_LEAPS:
                self.found.add(Leap(node, ins.offset, owner, name))

    def cast(self, node: int, ins: Instruction, values: Values) -> Values:
        return values

    def load(self, field: str) -> Values:
        return NOTHING

    def store(self, field: str, values: Values) -> None:
        return None

"""Components that the manifest switches off, and whether code may switch them on (``setComponentEnabledSetting``).

Source: ``PackageManager.setComponentEnabledSetting`` of Android: only the app itself (or a device's owner) can enable a
component of it that its manifest disables; until then nothing starts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from scanner.dex import CallGraph, Dex, Member, call_sites, constant_arguments, instructions
from scanner.facts import Component

SETTERS = tuple(
    Member("Landroid/content/pm/PackageManager;", name)
    for name in ("setComponentEnabledSetting", "setComponentEnabledSettings")
)
STATE_AT, ENABLED = 2, 1
MAX_METHODS = 2_000
FULL_NAME = re.compile(r"[A-Za-z_]\w*(\.[\w$]+){2,}")
CONST_STRINGS, CONST_CLASS = frozenset([0x1A, 0x1B]), 0x1C


class Switches:
    """Answers whether code switches a disabled component on.

    A call that may enable one, and the name of the component in the same method, in one that calls it, or elsewhere in
    the same class (the classes inside it included), say yes.  Such a call whose component cannot be told leaves every
    other one open.
    """

    def __init__(self, dex: Dex, graph: CallGraph, components: Iterable[Component], package: str) -> None:
        self._dex, self._graph, self._package = dex, graph, package
        components = tuple(components)
        self._known = frozenset(component.name for component in components)
        self._disabled = frozenset(component.name for component in components if not component.enabled)
        self._switched: frozenset[str] = frozenset()
        self._open = False
        if self._disabled:
            self._read()

    def switched_on(self, name: str) -> bool | None:
        """Return whether code switches the disabled component ``name`` on, None where a call may mean it."""
        if name in self._switched:
            return True
        return None if self._open and name in self._disabled else False

    def _read(self) -> None:
        setters = {
            hit.site.node
            for hit in call_sites(self._dex, SETTERS, self._graph.references)
            if _may_enable(constant_arguments(self._dex, hit.site.node, hit.site.offset))
        }
        found: set[str] = set()
        for setter in sorted(setters)[:MAX_METHODS]:
            named = self._named_by(setter)
            found |= named
            self._open |= not named
        self._switched = self._disabled & found
        self._open |= len(setters) > MAX_METHODS

    def _named_by(self, setter: int) -> frozenset[str]:
        """Return the classes one of which ``setter`` may enable; empty where that cannot be told."""
        own = self._names(setter)
        if own:
            return own
        callers = [self._names(caller) for caller in self._callers(setter)]
        if callers and all(callers):
            return frozenset().union(*callers)
        family = (self._names(node) for node in self._family(setter))
        return frozenset().union(*family) & self._known

    def _family(self, setter: int) -> list[int]:
        """Return the methods of the outermost class that holds ``setter``, and of the classes inside it."""
        outer = self._dex.method(setter).partition(";")[0].partition("$")[0][1:].replace("/", ".")
        names = [name for name in self._dex.class_names if name.partition("$")[0] == outer]
        types = self._dex.find_types([f"L{name.replace('.', '/')};" for name in names])
        return [int(node) for number in types for node in self._dex.nodes_of_class(int(number))]

    def _callers(self, setter: int) -> list[int]:
        source, target = self._graph.call_pairs()
        return [int(node) for node in np.unique(source[target == setter])][:MAX_METHODS]

    def _names(self, node: int) -> frozenset[str]:
        """Return the classes that ``node`` names: those it loads, and full names it holds as strings."""
        found = set()
        for ins in instructions(self._dex, node):
            if ins.reference and ins.opcode == CONST_CLASS:
                found.add(ins.reference[1:-1].replace("/", "."))
            elif ins.reference and ins.opcode in CONST_STRINGS and FULL_NAME.fullmatch(ins.reference):
                found.add(ins.reference)
        return frozenset(found - {self._package})


def _may_enable(arguments: tuple[object, ...]) -> bool:
    state = arguments[STATE_AT] if len(arguments) > STATE_AT else None
    return state is None or state == ENABLED

"""Which resources a program uses, and which of its classes do: a text that nothing refers to is never shown.

A resource is used when its id stands in the code (``const``, array data), when code reads the field of ``R`` with its
name or asks for its name, or when the manifest or another used resource refers to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

import numpy as np

from scanner.collect.app.code import Code
from scanner.collect.app.interface import Layouts
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.restable import ResourceTable
from scanner.dex import (
    Member,
    constant_arguments,
    number_sites,
    strings_containing,
)
from scanner.dex.opcodes import FIELD

KINDS = frozenset({"string", "array", "plurals", "layout", "menu", "xml", "navigation", "id", "style"})
GET_IDENTIFIER = (Member("Landroid/content/res/Resources;", "getIdentifier"),)
MAX_USERS = 5
MAX_ASKED = 200


class ResourceUse:
    """Answers which classes use a resource, by its name (``string/consent``)."""

    def __init__(self, code: Code, resources: ResourceTable, layouts: Layouts, manifest: Manifest) -> None:
        self._code = code
        self._layouts = layouts
        self._manifest = manifest
        self._links = resources.links()
        self.ids = resources.identifiers(KINDS)
        self._names = {number: name for name, number in self.ids.items()}
        self.sites, self._present = number_sites(code.dex, self.ids.values())
        self._classes: dict[str, tuple[str, ...]] = {}

    # --- direct use -----------------------------------------------------------------------------------

    @cached_property
    def _by_code(self) -> dict[str, list[int]]:
        """Methods that load the id of each resource, or read its field of ``R``, or ask for it by name."""
        found: dict[str, list[int]] = defaultdict(list)
        for site in self.sites:
            found[self._names[site.number]].append(site.node)
        for name, node in (*self._fields(), *self._asked):
            if name in self.ids:
                found[name].append(node)
        return found

    def _fields(self) -> Iterable[tuple[str, int]]:
        for part in self._code.dex.parts:
            file = part.file
            texts = np.array(strings_containing(file, [f"/R${k};".encode() for k in sorted(KINDS)]), np.int64)
            types = np.flatnonzero(np.isin(file.type_strings, texts))
            rows = np.flatnonzero(np.isin(file.fields["class"], types))
            wanted = np.zeros(len(file.fields) + 1, dtype=np.bool_)
            wanted[rows] = True
            sites = np.flatnonzero(FIELD[part.site_op])
            index = np.minimum(part.site_index[sites].astype(np.int64), len(wanted) - 1)
            for position in sites[wanted[index]].tolist():
                owner, _, name = file.field(int(part.site_index[position])).partition("->")
                node = part.node_of_site(position)
                if "/R$" not in self._code.describe(node).partition("->")[0]:
                    yield f"{owner.rpartition('$')[2][:-1]}/{name.partition(':')[0]}", node

    @cached_property
    def _asked(self) -> list[tuple[str, int]]:
        """(name, method) of resources that code asks for by a constant name."""
        asking = [hit.site for hit in self._code.sites(GET_IDENTIFIER)][:MAX_ASKED]
        if not asking:
            return []
        short = {name.partition("/")[2]: name for name in self.ids}
        found = []
        for site in asking:
            arguments = constant_arguments(self._code.dex, site.node, site.offset)
            if len(arguments) > 1 and isinstance(arguments[1], str) and arguments[1] in short:
                found.append((short[arguments[1]], site.node))
        return found

    @cached_property
    def asked_at_random(self) -> bool:
        """Whether the app's own code asks for resources by names that are not constant there."""
        for hit in self._code.sites(GET_IDENTIFIER)[:MAX_ASKED]:
            if self._code.owner(hit.site.node).kind not in {"app", "unknown"}:
                continue
            arguments = constant_arguments(self._code.dex, hit.site.node, hit.site.offset)
            if len(arguments) < 2 or not isinstance(arguments[1], str):
                return True
        return False

    # --- use through other resources ------------------------------------------------------------------

    @cached_property
    def _targets(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for source, target in self._links.tolist():
            found[source].add(target)
        for name, targets in self._layouts.links.items():
            if name in self.ids:
                found[self.ids[name]].update(targets)
        return found

    @cached_property
    def _used(self) -> frozenset[int]:
        start = set(self._present) | {self.ids[name] for name in self._by_code}
        start.update(self._manifest.references())
        seen, stack = set(start), list(start)
        while stack:
            for target in self._targets.get(stack.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    stack.append(target)
        return frozenset(seen)

    @cached_property
    def _sources(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        for source, targets in self._targets.items():
            for target in targets:
                found[target].add(source)
        return found

    # --- answers --------------------------------------------------------------------------------------

    def used(self, name: str) -> bool | None:
        """Return whether anything refers to the resource; None where code may ask for any name."""
        number = self.ids.get(name)
        if number is None:
            return None
        if number in self._used:
            return True
        return None if self.asked_at_random else False

    def users(self, name: str) -> list[int]:
        """Return methods that use the resource: directly, or a resource that refers to it, the nearest first."""
        number, seen = self.ids.get(name), set[int]()
        level = {number} if number is not None else set[int]()
        for _ in range(4):
            nodes = [n for one in sorted(level) for n in self._by_code.get(self._names.get(one, ""), ())]
            if nodes:
                return nodes
            seen |= level
            level = {source for one in level for source in self._sources.get(one, ())} - seen
        return []

    def user_classes(self, name: str) -> tuple[str, ...]:
        """Return up to five classes that use the resource, sorted."""
        if name not in self._classes:
            methods = (self._code.describe(node) for node in self.users(name))
            classes = {method.partition("->")[0][1:-1].replace("/", ".") for method in methods}
            self._classes[name] = tuple(sorted(classes)[:MAX_USERS])
        return self._classes[name]

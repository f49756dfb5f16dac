"""What the rest of the collector asks of resources, whichever file they stand in, and several tables as one.

A split set spreads one program's resources over its parts: languages and densities of the base in configuration splits,
under the same ids, and those of feature modules under package ids of their own.  Android looks a resource up in all of
them and takes the form that fits the device best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scanner.collect.app.axml import REFERENCES, TYPE_ATTRIBUTE, TYPE_STRING
from scanner.collect.app.resconfig import Config

MAX_HOPS = 16


class Form(NamedTuple):
    """One value of a resource: the configuration it is for, type and data as in a Res_value, and a string's text."""

    config: Config
    type: int
    data: int
    text: str | None


class Typed(Protocol):
    """Type and data of a value."""

    @property
    def type(self) -> int:
        """Type of the Res_value."""
        ...

    @property
    def data(self) -> int:
        """Data of the Res_value."""
        ...


class StringTable(Protocol):
    """A table of resources as a whole file gives it."""

    skipped: int

    def name(self, resource: int) -> str:
        """Return ``type/name`` of a resource id, empty when unknown."""
        ...

    def forms(self, resource: int) -> Sequence[Form]:
        """Return the values of a resource in all configurations."""
        ...

    def strings(self) -> Sequence[tuple[str, str, str]]:
        """Return (``type/name``, locale, text) of every string."""
        ...

    def identifiers(self, kinds: frozenset[str]) -> dict[str, int]:
        """Return the ids of all resources of these types by ``type/name``."""
        ...

    def links(self) -> NDArray[np.uint32]:
        """Return (resource, resource it refers to) pairs."""
        ...

    def files(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield (``type/name``, path) of the file resources of one type."""
        ...


class ResourceTable(Protocol):
    """What one asks of the resources of a program."""

    @property
    def skipped(self) -> int:
        """How many blocks and entries are malformed and were not read."""
        ...

    def name(self, resource: int) -> str:
        """Return ``type/name`` of a resource id, empty when unknown."""
        ...

    def text(self, resource: int, languages: tuple[str, ...] = ("",)) -> str | None:
        """Return the string a resource stands for in the first of ``languages`` that has it (``""`` = default)."""
        ...

    def value(self, resource: int) -> Typed | None:
        """Return the default value of a resource with references resolved."""
        ...

    def strings(self) -> Sequence[tuple[str, str, str]]:
        """Return (``type/name``, locale, text) of every string."""
        ...

    def identifiers(self, kinds: frozenset[str]) -> dict[str, int]:
        """Return the ids of all resources of these types by ``type/name``."""
        ...

    def links(self) -> NDArray[np.uint32]:
        """Return (resource, resource it refers to) pairs."""
        ...

    def files(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield (``type/name``, path) of the file resources of one type."""
        ...


class Source(NamedTuple):
    """A table, the file it stands in, and how to turn its paths into those of the package."""

    table: StringTable
    artifact: str
    path: Callable[[str], str]


class Resources:
    """Several tables as one; raises nothing, the tables have been read."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self._places: dict[tuple[str, str], list[tuple[str, str]]] | None = None

    @property
    def skipped(self) -> int:
        """How many blocks and entries of all tables are malformed and were not read."""
        return sum(source.table.skipped for source in self._sources)

    def name(self, resource: int) -> str:
        """Return ``type/name`` of a resource id, empty when unknown."""
        return next((name for source in self._sources if (name := source.table.name(resource))), "")

    def text(self, resource: int, languages: tuple[str, ...] = ("",)) -> str | None:
        """Return the string a resource stands for in the first of ``languages`` that has it (``""`` = default)."""
        for _ in range(MAX_HOPS):
            form = self._choose(resource, languages)
            if form is None:  # an alias needs no form of its own in each language
                form = self._choose(resource, ("",))
                if form is None or form.type not in REFERENCES:
                    return None
            if form.type == TYPE_STRING:
                return form.text
            if form.type not in REFERENCES and form.type != TYPE_ATTRIBUTE:
                return None
            resource = form.data
        return None

    def value(self, resource: int) -> Form | None:
        """Return the default value of a resource with references resolved."""
        for _ in range(MAX_HOPS):
            form = self._choose(resource, ("",))
            if form is None or form.type not in REFERENCES:
                return form
            resource = form.data
        return None

    def _choose(self, resource: int, languages: tuple[str, ...]) -> Form | None:
        forms = [form for source in self._sources for form in source.table.forms(resource)]
        for language in languages:
            ranked = [
                (rank, number)
                for number, form in enumerate(forms)
                if (rank := form.config.rank(language)) is not None
            ]
            if ranked:
                return forms[min(ranked)[1]]
        return forms[0] if forms and "" in languages else None

    def strings(self) -> Sequence[tuple[str, str, str]]:
        """Return (``type/name``, locale, text) of every string, table by table."""
        return self._strings

    @cached_property
    def _strings(self) -> list[tuple[str, str, str]]:
        return [one for source in self._sources for one in source.table.strings()]

    def identifiers(self, kinds: frozenset[str]) -> dict[str, int]:
        """Return the ids of all resources of these types by ``type/name``."""
        return {
            name: number
            for source in reversed(self._sources)
            for name, number in source.table.identifiers(kinds).items()
        }

    def links(self) -> NDArray[np.uint32]:
        """Return (resource, resource it refers to) pairs of all tables."""
        empty = np.zeros((0, 2), np.uint32)
        return np.concatenate([empty, *(source.table.links() for source in self._sources)])

    def files(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield (``type/name``, path) of the file resources of one type; paths are those of the whole package."""
        for source in self._sources:
            for name, path in source.table.files(kind):
                yield name, source.path(path)

    def artifact(self, name: str, locale: str, excerpt: str) -> str:
        """Return the file that the string ``name`` stands in for ``locale``; of several, the one with ``excerpt``."""
        if self._places is None:
            self._places = {}
            for source in self._sources:
                for own, language, text in source.table.strings():
                    self._places.setdefault((own, language), []).append((source.artifact, text))
        found = self._places.get((name, locale), [])
        fitting = (artifact for artifact, text in found if excerpt and excerpt in text)
        return next(fitting, found[0][0] if found else "")

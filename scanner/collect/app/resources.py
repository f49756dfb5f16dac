"""The resource table (resources.arsc): references, labels by language, and all string resources.

Source: ResourceTypes.h and LoadedArsc.cpp of the Android Open Source Project, including sparse and compact entries and
staged aliases.  Each block of entries is decoded as whole arrays, so tables of a million values stay cheap.  Offsets
are checked, references are followed a bounded number of times, what is malformed is skipped and counted.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from scanner.collect.app.axml import REFERENCES, TYPE_ATTRIBUTE, TYPE_NULL, TYPE_STRING
from scanner.collect.app.resconfig import Config, read_config
from scanner.collect.app.restable import Form
from scanner.collect.app.stringpool import POOL_TYPE, PoolError, StringPool

TABLE, PACKAGE, TYPE, STAGED_ALIAS = 0x0002, 0x0200, 0x0201, 0x0206
FLAG_SPARSE, FLAG_OFFSET16 = 0x01, 0x02
ENTRY_COMPLEX, ENTRY_COMPACT = 0x0001, 0x0008
NO_ENTRY, NO_ENTRY16 = 0xFFFFFFFF, 0xFFFF
MAX_HOPS = 16
MAX_VALUES = 8 << 20
MAX_PACKAGES, MAX_BLOCKS = 32, 50_000
# Values may share one long string; what is handed on for reading stays within this many characters.
MAX_CHARACTERS = 100_000_000
BAGS = frozenset({"array", "plurals"})

_CHUNK = struct.Struct("<HHI")
Words = NDArray[np.uint32]
Indices = NDArray[np.int64]


class ResourceError(ValueError):
    """The data is no resource table."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a resource in one configuration; ``locale`` like ``zh-rCN``, empty for the default."""

    locale: str
    type: int
    data: int
    qualified: bool


@dataclass(slots=True)
class _Package:
    types: StringPool
    keys: StringPool
    type_offset: int


@dataclass(slots=True)
class _Rows:
    """Values as parallel columns: resource id, value type, value data, key in the package's pool, configuration."""

    columns: list[tuple[Words, Words, Words, Words, Words]] = field(default_factory=list)
    total: int = 0

    def add(self, resource: Words, kind: Words, data: Words, key: Words, config: int) -> None:
        self.columns.append((resource, kind, data, key, np.full(len(resource), config, np.uint32)))
        self.total += len(resource)

    def sorted(self) -> tuple[Words, ...]:
        if not self.columns:
            return tuple(np.zeros(0, np.uint32) for _ in range(5))
        joined = [np.concatenate(column) for column in zip(*self.columns, strict=True)]
        order = np.argsort(joined[0], kind="stable")
        return tuple(column[order] for column in joined)


class Resources:
    """A resource table; raises ResourceError when ``data`` is none.

    ``skipped`` counts the blocks and entries that are malformed and were not read.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) < 12 or struct.unpack_from("<H", data)[0] != TABLE:
            raise ResourceError("no resource table header")
        self._data = data
        self._strings: StringPool | None = None
        self._packages: dict[int, _Package] = {}
        self._configs: list[Config] = []
        self._aliases: dict[int, int] = {}
        self.skipped = 0
        self._blocks = self._seen_packages = 0
        self._values, self._bags = _Rows(), _Rows()
        self._links: list[Words] = [np.zeros((0, 2), np.uint32)]
        self._items = 0
        try:
            self._read()
        except (struct.error, IndexError, PoolError) as error:
            self.skipped += 1
            if not self._values.total:
                raise ResourceError(f"broken table: {error}") from error
        self._id, self._kind, self._value, self._key, self._config = self._values.sorted()
        self._bag_id, self._bag_kind, self._bag_value, _, self._bag_config = self._bags.sorted()
        del self._values, self._bags

    # --- reading --------------------------------------------------------------------------------------

    def _read(self) -> None:
        header, size, _ = struct.unpack_from("<HII", self._data, 2)
        for kind, place, length, head in self._chunks(header, min(size, len(self._data))):
            if kind == POOL_TYPE and self._strings is None:
                self._strings = StringPool(self._data, place)
            elif kind == PACKAGE:
                self._package(place, length, head)

    def _chunks(self, place: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        while place + 8 <= end:
            kind, header, size = _CHUNK.unpack_from(self._data, place)
            if not 8 <= header <= size <= end - place:
                self.skipped += 1
                return
            yield kind, place, size, header
            place += size

    def _package(self, place: int, size: int, header: int) -> None:
        self._seen_packages += 1
        if self._seen_packages > MAX_PACKAGES:
            self.skipped += 1
            return
        (number,) = struct.unpack_from("<I", self._data, place + 8)
        type_pool, _, key_pool = struct.unpack_from("<3I", self._data, place + 268)
        offset = struct.unpack_from("<I", self._data, place + 284)[0] if header >= 288 else 0
        types = StringPool(self._data, place + type_pool)
        package = _Package(types, StringPool(self._data, place + key_pool), offset)
        number = number & 0xFF or 0x7F  # a shared library is numbered when it is loaded
        self._packages.setdefault(number, package)
        for kind, at, length, head in self._chunks(place + header, place + size):
            try:
                if kind == TYPE:
                    self._type(at, length, head, number, package)
                elif kind == STAGED_ALIAS:
                    (count,) = struct.unpack_from("<I", self._data, at + 8)
                    pairs = struct.unpack_from(
                        f"<{2 * min(count, (length - head) // 8)}I", self._data, at + head
                    )
                    self._aliases.update(zip(pairs[::2], pairs[1::2], strict=True))
            except (struct.error, IndexError, ValueError):
                self.skipped += 1

    def _type(self, place: int, size: int, header: int, number: int, package: _Package) -> None:
        kind, flags, _, count, start = struct.unpack_from("<BBHII", self._data, place + 8)
        self._blocks += 1
        too_many = self._blocks > MAX_BLOCKS or self._values.total + self._bags.total + count > MAX_VALUES
        if not kind or start > size or too_many:
            self.skipped += 1
            return
        index, offset = self._offsets(place + header, size - header, count, flags)
        words = np.frombuffer(self._data, "<u4", (size - start) // 4, place + start)
        room = len(words)
        fits = (offset & 3 == 0) & (offset // 4 + 2 <= room)
        self.skipped += int(np.count_nonzero(~fits))
        at, index = (offset[fits] // 4).astype(np.int64), index[fits]
        if not len(at):
            return
        self._configs.append(read_config(self._data[place + 20 : place + header]))
        resource = (np.uint32(number << 24 | kind << 16) | index).astype(np.uint32)
        self._simple(words, at, resource)
        owner, what, data = self._complex(words, at, resource)
        if self._type_name(kind, package) in BAGS:
            self._bags.add(owner, what, data, what, len(self._configs) - 1)
        refers = np.isin(what, list(REFERENCES)) & (data != 0)
        self._links.append(np.column_stack([owner[refers], data[refers]]))

    def _simple(self, words: Words, at: Indices, resource: Words) -> None:
        """Decode entries that hold one value: key, then Res_value; or both packed into eight bytes."""
        first, second = words[at], words[at + 1]
        flags = first >> 16
        compact = flags & ENTRY_COMPACT != 0
        plain = ~compact & (flags & ENTRY_COMPLEX == 0)
        size = (first & 0xFFFF).astype(np.int64)
        value = at + size // 4
        good = plain & (size & 3 == 0) & (size >= 8) & (value + 2 <= len(words))
        self.skipped += int(np.count_nonzero(plain & ~good))
        config = len(self._configs) - 1
        where = value[good]
        self._values.add(resource[good], words[where] >> 24, words[where + 1], second[good], config)
        if compact.any():
            head = first[compact]
            self._values.add(resource[compact], head >> 24, second[compact], head & 0xFFFF, config)
        bags = ~compact & ~plain
        if bags.any():  # they have a name and no value of their own
            none = np.full(int(np.count_nonzero(bags)), TYPE_NULL, np.uint32)
            self._values.add(resource[bags], none, none, second[bags], config)

    def _complex(self, words: Words, at: Indices, resource: Words) -> tuple[Words, Words, Words]:
        """Decode the items of bags (arrays, plurals, styles): resource, value type and value data of each.

        An item is a name and a Res_value, of 12 bytes together.
        """
        first = words[at]
        size = (first & 0xFFFF).astype(np.int64)
        bag = (first >> 16 & (ENTRY_COMPACT | ENTRY_COMPLEX) == ENTRY_COMPLEX) & (at + 4 <= len(words))
        at, size, resource = at[bag], size[bag], resource[bag]
        parent = words[at + 2]  # the style whose items a style inherits
        self._links.append(np.column_stack([resource[parent != 0], parent[parent != 0]]))
        count, start = words[at + 3].astype(np.int64), at + size // 4
        fits = (size & 3 == 0) & (size >= 16) & (start + 3 * count <= len(words))
        self.skipped += int(np.count_nonzero(~fits))
        count, start, resource = count[fits], start[fits], resource[fits]
        total = int(count.sum())
        self._items += total
        if self._values.total + self._items > MAX_VALUES:
            self.skipped += total
            none = np.zeros(0, np.uint32)
            return none, none, none
        ends = np.cumsum(count)
        inner = np.arange(total) - np.repeat(ends - count, count)
        item = np.repeat(start, count) + 3 * inner
        kind, data = words[item + 1] >> 24, words[item + 2]
        return np.repeat(resource, count), kind, data

    def _offsets(self, place: int, room: int, count: int, flags: int) -> tuple[Words, Words]:
        """Return entry indices and byte offsets of a type block, absent entries left out."""
        width = 2 if flags & FLAG_OFFSET16 and not flags & FLAG_SPARSE else 4
        if count * width > room:
            self.skipped += 1
            count = room // width
        if flags & FLAG_SPARSE:
            pairs = np.frombuffer(self._data, "<u2", 2 * count, place).astype(np.uint32)
            return pairs[::2], pairs[1::2] * np.uint32(4)
        table = np.frombuffer(self._data, f"<u{width}", count, place).astype(np.uint32)
        present = np.flatnonzero(table != (NO_ENTRY if width == 4 else NO_ENTRY16)).astype(np.uint32)
        return present, table[present] * np.uint32(1 if width == 4 else 4)

    # --- questions ------------------------------------------------------------------------------------

    def _type_name(self, kind: int, package: _Package) -> str:
        return package.types[kind - 1 - package.type_offset]

    def name(self, resource: int) -> str:
        """Return ``type/name`` of a resource id, empty when unknown."""
        rows = self._rows(resource)
        return self._name_of(rows.start) if rows else ""

    def _name_of(self, row: int) -> str:
        resource = int(self._id[row])
        package = self._packages[resource >> 24]
        return f"{self._type_name(resource >> 16 & 0xFF, package)}/{package.keys[int(self._key[row])]}"

    def _rows(self, resource: int) -> range:
        resource = self._aliases.get(resource, resource)
        if resource >> 24 == 0:
            resource |= 0x7F << 24
        wanted = np.uint32(resource & 0xFFFFFFFF)
        return range(
            int(np.searchsorted(self._id, wanted, "left")), int(np.searchsorted(self._id, wanted, "right"))
        )

    def text(self, resource: int, languages: tuple[str, ...] = ("",)) -> str | None:
        """Return the string a resource stands for in the first of ``languages`` that has it (``""`` = default).

        Of several locales of a language the one nearest to mainland China, or to plain English, is taken.
        """
        for _ in range(MAX_HOPS):
            value = self._choose(resource, languages)
            if value is None:  # an alias needs no form of its own in each language
                value = self._choose(resource, ("",))
                if value is None or value.type not in REFERENCES:
                    return None
            if value.type == TYPE_STRING and self._strings is not None:
                return self._string(value.data)
            if value.type not in REFERENCES and value.type != TYPE_ATTRIBUTE:
                return None
            resource = value.data
        return None

    def value(self, resource: int) -> Value | None:
        """Return the default value of a resource with references resolved."""
        for _ in range(MAX_HOPS):
            value = self._choose(resource, ("",))
            if value is None or value.type not in REFERENCES:
                return value
            resource = value.data
        return None

    def _choose(self, resource: int, languages: tuple[str, ...]) -> Value | None:
        rows = self._rows(resource)
        for language in languages:
            ranked = [
                (rank, row)
                for row in rows
                if (rank := self._configs[int(self._config[row])].rank(language)) is not None
            ]
            if ranked:
                return self._value_of(min(ranked)[1])
        return self._value_of(rows.start) if rows and "" in languages else None

    def _value_of(self, row: int) -> Value:
        config = self._configs[int(self._config[row])]
        return Value(config.locale, int(self._kind[row]), int(self._value[row]), config.qualified)

    def forms(self, resource: int) -> list[Form]:
        """Return the values of a resource in all configurations, for several tables to be asked as one."""
        found = []
        for row in self._rows(resource):
            kind, data = int(self._kind[row]), int(self._value[row])
            text = self._string(data) if kind == TYPE_STRING else None
            found.append(Form(self._configs[int(self._config[row])], kind, data, text))
        return found

    def _string(self, index: int) -> str:
        try:
            return self._strings[index] if self._strings is not None else ""
        except PoolError:
            self.skipped += 1
            return ""

    def _with_types(self, ids: Words, names: frozenset[str]) -> NDArray[np.bool_]:
        wanted = [
            number << 8 | kind
            for number, package in self._packages.items()
            for kind in range(1, 256)
            if self._type_name(kind, package) in names
        ]
        return np.isin(ids >> 16, np.array(wanted, np.uint32))

    def strings(self) -> Sequence[tuple[str, str, str]]:
        """Return (``type/name``, locale, text) of every string resource, then of string arrays and plurals.

        Beyond :data:`MAX_CHARACTERS` in all, texts are left out and counted in ``skipped``.
        """
        return self._all_strings

    @cached_property
    def _all_strings(self) -> list[tuple[str, str, str]]:
        named = self._with_types(self._id, frozenset({"string"}))
        own, bags = (self._kind == TYPE_STRING) & named, self._bag_kind == TYPE_STRING
        found: list[tuple[str, str, str]] = []
        room = MAX_CHARACTERS
        for row in chain(
            self._texts(own, self._id, self._config, self._value),
            self._texts(bags, self._bag_id, self._bag_config, self._bag_value),
        ):
            room -= len(row[0]) + len(row[2])
            if room < 0:
                self.skipped += int(np.count_nonzero(own)) + int(np.count_nonzero(bags)) - len(found)
                break
            found.append(row)
        return found

    def _texts(
        self, mask: NDArray[np.bool_], ids: Words, configs: Words, values: Words
    ) -> Iterator[tuple[str, str, str]]:
        locales = [config.locale for config in self._configs]
        last, name = -1, ""
        for resource, config, value in zip(
            ids[mask].tolist(), configs[mask].tolist(), values[mask].tolist(), strict=True
        ):
            if resource != last:
                last, name = resource, self.name(resource)
            yield name, locales[config], self._string(value)

    def identifiers(self, kinds: frozenset[str]) -> dict[str, int]:
        """Return the ids of all resources of these types by ``type/name``."""
        ids = np.unique(self._id[self._with_types(self._id, kinds)])
        return {self.name(resource): resource for resource in ids.tolist()}

    def links(self) -> Words:
        """Return (resource, resource it refers to) pairs of values, of the items of arrays and styles, of parents."""
        refers = np.isin(self._kind, list(REFERENCES)) & (self._value != 0)
        values = np.column_stack([self._id[refers], self._value[refers]])
        return np.concatenate([*self._links, values]).astype(np.uint32)

    def files(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield (``type/name``, path in the package) of the file resources of type ``kind`` (``layout``, ``xml``)."""
        mask = (self._kind == TYPE_STRING) & self._with_types(self._id, frozenset({kind}))
        for row in np.flatnonzero(mask).tolist():
            yield self._name_of(row), self._string(int(self._value[row]))

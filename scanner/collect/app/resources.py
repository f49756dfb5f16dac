"""The resource table (resources.arsc): references, labels by language, and all string resources.

Source: ResourceTypes.h of the Android Open Source Project, including sparse and compact entries.  Offsets are checked,
references are followed a bounded number of times.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.collect.app.axml import TYPE_ATTRIBUTE, TYPE_REFERENCE, TYPE_STRING, StringPool

TABLE, PACKAGE, TYPE_SPEC, TYPE, LIBRARY, STRINGS = 0x0002, 0x0200, 0x0202, 0x0201, 0x0203, 0x0001
FLAG_SPARSE, FLAG_OFFSET16 = 0x01, 0x02
ENTRY_COMPLEX, ENTRY_COMPACT = 0x0001, 0x0008
NO_ENTRY = 0xFFFFFFFF
MAX_HOPS = 16
MAX_ENTRIES = 4 << 20


class ResourceError(ValueError):
    """The data is no resource table."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a resource in one configuration; ``locale`` like ``zh-rCN``, empty for the default."""

    locale: str
    type: int
    data: int
    qualified: bool


class Resources:
    """A resource table; raises ResourceError when ``data`` is none."""

    def __init__(self, data: bytes) -> None:
        if len(data) < 12 or struct.unpack_from("<H", data)[0] != TABLE:
            raise ResourceError("no resource table header")
        self._data = data
        self._values: dict[int, list[Value]] = {}
        self._names: dict[int, str] = {}
        self._types: dict[int, str] = {}
        self.skipped = 0
        self._strings: StringPool | None = None
        try:
            self._read()
        except (struct.error, IndexError) as error:
            self.skipped += 1
            if not self._values:
                raise ResourceError(f"broken table: {error}") from error

    def _read(self) -> None:
        header, size, _ = struct.unpack_from("<HII", self._data, 2)
        for kind, place, length, _head in self._chunks(header, min(size, len(self._data)) or len(self._data)):
            if kind == STRINGS and self._strings is None:
                self._strings = StringPool(self._data, place)
            elif kind == PACKAGE:
                self._package(place, length)

    def _chunks(self, place: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        while place + 8 <= end:
            kind, header, size = struct.unpack_from("<HHI", self._data, place)
            if size < 8 or place + size > len(self._data):
                self.skipped += 1
                return
            yield kind, place, size, header
            place += size

    def _package(self, place: int, size: int) -> None:
        header, _, package = struct.unpack_from("<HII", self._data, place + 2)
        type_pool, _, key_pool = struct.unpack_from("<3I", self._data, place + 268)
        types = StringPool(self._data, place + type_pool)
        keys = StringPool(self._data, place + key_pool)
        for kind, at, length, head in self._chunks(place + header, place + size):
            if kind == TYPE:
                try:
                    self._type(at, length, head, package & 0xFF, types, keys)
                except (struct.error, IndexError):
                    self.skipped += 1

    def _type(
        self, place: int, size: int, header: int, package: int, types: StringPool, keys: StringPool
    ) -> None:
        data = self._data
        number, flags, _, count, start = struct.unpack_from("<BBHII", data, place + 8)
        locale, qualified = _configuration(data[place + 20 : place + header])
        base = package << 24 | number << 16
        self._types.setdefault(number | package << 8, types[number - 1])
        if count > MAX_ENTRIES:
            self.skipped += 1
            return
        for index, offset in self._offsets(place + header, count, flags):
            at = place + start + offset
            if at + 8 > place + size:
                self.skipped += 1
                continue
            self._entry(at, base | index, locale, qualified, keys)

    def _offsets(self, place: int, count: int, flags: int) -> Iterator[tuple[int, int]]:
        if flags & FLAG_SPARSE:
            for number in range(count):
                index, offset = struct.unpack_from("<HH", self._data, place + 4 * number)
                yield index, offset * 4
        elif flags & FLAG_OFFSET16:
            for index, short in enumerate(struct.unpack_from(f"<{count}H", self._data, place)):
                if short != 0xFFFF:
                    yield index, short * 4
        else:
            for index, offset in enumerate(struct.unpack_from(f"<{count}I", self._data, place)):
                if offset != NO_ENTRY:
                    yield index, offset

    def _entry(self, at: int, resource: int, locale: str, qualified: bool, keys: StringPool) -> None:
        size, flags, key = struct.unpack_from("<HHI", self._data, at)
        if flags & ENTRY_COMPACT:
            kind, key, value = flags >> 8, size, key
        elif flags & ENTRY_COMPLEX:
            self._names.setdefault(resource, keys[key])
            return
        else:
            kind, value = struct.unpack_from("<xxxBI", self._data, at + size)
        self._names.setdefault(resource, keys[key])
        self._values.setdefault(resource, []).append(Value(locale, kind, value, qualified))

    # --- questions ------------------------------------------------------------------------------------

    def name(self, resource: int) -> str:
        """Return ``type/name`` of a resource id, empty when unknown."""
        if resource not in self._names:
            return ""
        kind = self._types.get((resource >> 16 & 0xFF) | (resource >> 24) << 8, "")
        return f"{kind}/{self._names[resource]}"

    def text(self, resource: int, languages: tuple[str, ...] = ("",)) -> str | None:
        """Return the string a resource stands for in the first of ``languages`` that has it (``""`` = default)."""
        for _ in range(MAX_HOPS):
            value = self._choose(resource, languages)
            if value is None:
                return None
            if value.type == TYPE_STRING and self._strings is not None:
                return self._strings[value.data]
            if value.type not in {TYPE_REFERENCE, TYPE_ATTRIBUTE}:
                return None
            resource = value.data
        return None

    def value(self, resource: int) -> Value | None:
        """Return the default value of a resource with references resolved."""
        for _ in range(MAX_HOPS):
            value = self._choose(resource, ("",))
            if value is None or value.type != TYPE_REFERENCE:
                return value
            resource = value.data
        return None

    def _choose(self, resource: int, languages: tuple[str, ...]) -> Value | None:
        values = self._values.get(resource)
        if not values:
            return None
        for language in languages:
            for value in values:
                if value.locale.split("-")[0] == language and not value.qualified:
                    return value
        return values[0] if "" in languages else None

    def strings(self) -> Iterator[tuple[str, str, str]]:
        """Yield (``type/name``, locale, text) of every string resource."""
        if self._strings is None:
            return
        for resource, values in self._values.items():
            kind = self._types.get((resource >> 16 & 0xFF) | (resource >> 24) << 8, "")
            if kind != "string":
                continue
            for value in values:
                if value.type == TYPE_STRING:
                    yield self.name(resource), value.locale, self._strings[value.data]

    def files(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield (``type/name``, path in the package) of the file resources of type ``kind`` (``layout``, ``xml``)."""
        if self._strings is None:
            return
        for resource, values in self._values.items():
            if self._types.get((resource >> 16 & 0xFF) | (resource >> 24) << 8, "") != kind:
                continue
            for value in values:
                if value.type == TYPE_STRING:
                    yield self.name(resource), self._strings[value.data]


def _configuration(raw: bytes) -> tuple[str, bool]:
    """Return the locale of a ResTable_config and whether it has other qualifiers than the locale."""
    if len(raw) < 12:
        return "", False
    language, region = raw[8:10], raw[10:12]
    locale = _packed(language, 0x61)
    if locale and region != b"\0\0":
        locale += "-r" + _packed(region, 0x30).upper()
    rest = raw[4:8] + raw[12:28] if len(raw) >= 28 else raw[4:8]
    return locale, any(rest)


def _packed(two: bytes, base: int) -> str:
    """Decode a language or region: two letters, or three packed into 15 bits."""
    if two == b"\0\0":
        return ""
    if two[0] & 0x80:
        first, second, third = (
            two[1] & 0x1F,
            (two[1] & 0xE0) >> 5 | (two[0] & 0x03) << 3,
            (two[0] & 0x7C) >> 2,
        )
        return "".join(chr(base + value) for value in (first, second, third))
    return two.decode("latin-1").strip("\0")

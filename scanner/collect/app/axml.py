"""Android binary XML: chunks → elements, as tolerant as Android and no more.

Source: ResourceTypes.h of the Android Open Source Project.  Attributes are known by resource id, not by name, because
names may be stripped or faked.  Depth, element and string counts are bounded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

STRING_POOL, XML, RESOURCE_MAP = 0x0001, 0x0003, 0x0180
START_ELEMENT, END_ELEMENT = 0x0102, 0x0103
NONE = 0xFFFFFFFF
MAX_DEPTH, MAX_ELEMENTS, MAX_STRINGS = 256, 200_000, 1 << 20
UTF8 = 1 << 8
ANDROID = "http://schemas.android.com/apk/res/android"

TYPE_REFERENCE, TYPE_ATTRIBUTE, TYPE_STRING, TYPE_FLOAT = 0x01, 0x02, 0x03, 0x04
TYPE_INT_DEC, TYPE_INT_HEX, TYPE_BOOL = 0x10, 0x11, 0x12


class AxmlError(ValueError):
    """The data is no binary XML that Android would read."""


class StringPool:
    """A ResStringPool: strings decoded when asked for."""

    def __init__(self, data: bytes, offset: int) -> None:
        header, size = struct.unpack_from("<HI", data, offset + 2)
        count, _, flags, start, _ = struct.unpack_from("<5I", data, offset + 8)
        self._data = data
        self._utf8 = bool(flags & UTF8)
        self._start = offset + start
        self._end = min(len(data), offset + size) if size else len(data)
        table = offset + header
        room = max(0, min(self._end, len(data)) - table) // 4
        self.count = min(count, room, MAX_STRINGS)
        self._offsets = struct.unpack_from(f"<{self.count}I", data, table)
        self._cache: dict[int, str] = {}

    def __getitem__(self, index: int) -> str:
        """Return string ``index``; an invalid one is empty."""
        if not 0 <= index < self.count:
            return ""
        found = self._cache.get(index)
        if found is None:
            found = self._cache[index] = self._decode(self._start + self._offsets[index])
        return found

    def _decode(self, place: int) -> str:
        data, limit = self._data, len(self._data)
        if place + 2 > limit:
            return ""
        if self._utf8:
            place += 2 if data[place] & 0x80 else 1
            if place >= limit:
                return ""
            length = data[place]
            if length & 0x80 and place + 1 < limit:
                length = (length & 0x7F) << 8 | data[place + 1]
                place += 1
            raw = data[place + 1 : place + 1 + length]
            return raw.decode("utf-8", "replace")
        length = data[place] | data[place + 1] << 8
        place += 2
        if length & 0x8000 and place + 2 <= limit:
            length = (length & 0x7FFF) << 16 | data[place] | data[place + 1] << 8
            place += 2
        return data[place : place + 2 * length].decode("utf-16-le", "replace")


@dataclass(slots=True)
class Attribute:
    """An attribute: resource id (0 = none), namespace, name, value type and data, text when it is a string."""

    id: int
    namespace: str
    name: str
    type: int
    data: int
    text: str | None


@dataclass(slots=True)
class Element:
    """An element with attributes and children; ``line`` is the line of the source it was compiled from."""

    name: str
    attributes: list[Attribute]
    line: int
    children: list[Element] = field(default_factory=list)

    def find(self, name: str) -> list[Element]:
        """Return the children called ``name``."""
        return [child for child in self.children if child.name == name]

    def attribute(self, resource_id: int, name: str = "") -> Attribute | None:
        """Return the attribute with ``resource_id``, or failing that the un-numbered one called ``name``."""
        for attribute in self.attributes:
            if attribute.id == resource_id and resource_id:
                return attribute
        if not name:
            return None
        return next((a for a in self.attributes if a.id == 0 and a.name == name), None)


def parse(data: bytes) -> Element:
    """Return the root element of binary XML ``data``; raises AxmlError when there is none."""
    if len(data) < 16:
        raise AxmlError("shorter than a header")
    kind, header, size = struct.unpack_from("<HHI", data)
    if data[:1] == b"<":
        raise AxmlError("plain text XML, which Android does not read from a package")
    if kind != XML and header != 8:
        raise AxmlError(f"chunk type {kind:#06x} is not XML")
    end = min(len(data), size) if size >= 16 else len(data)
    try:
        return _Parser(data, end).run()
    except (struct.error, IndexError) as error:
        raise AxmlError(f"broken chunk: {error}") from error


class _Parser:
    def __init__(self, data: bytes, end: int) -> None:
        self.data = data
        self.end = end
        self.pool: StringPool | None = None
        self.ids: tuple[int, ...] = ()
        self.count = 0

    def run(self) -> Element:
        place = 8
        stack: list[Element] = []
        root: Element | None = None
        while place + 8 <= self.end:
            kind, header, size = struct.unpack_from("<HHI", self.data, place)
            if size < 8 or place + size > len(self.data):
                break
            if kind == STRING_POOL and self.pool is None:
                self.pool = StringPool(self.data, place)
            elif kind == RESOURCE_MAP:
                self.ids = struct.unpack_from(f"<{(size - header) // 4}I", self.data, place + header)
            elif kind == START_ELEMENT:
                element = self._element(place, header)
                self._count(len(stack))
                if stack:
                    stack[-1].children.append(element)
                elif root is None:
                    root = element
                stack.append(element)
            elif kind == END_ELEMENT and stack:
                stack.pop()
            place += size
        if root is None:
            raise AxmlError("no element")
        return root

    def _count(self, depth: int) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS:
            raise AxmlError(f"more than {MAX_ELEMENTS} elements")
        if depth > MAX_DEPTH:
            raise AxmlError(f"nested deeper than {MAX_DEPTH}")

    def _string(self, index: int) -> str:
        return self.pool[index] if self.pool is not None and index != NONE else ""

    def _element(self, place: int, header: int) -> Element:
        data = self.data
        (line,) = struct.unpack_from("<I", data, place + 8)
        base = place + header
        _, name, start, width, count = struct.unpack_from("<IIHHH", data, base)
        attributes = []
        width = width if width >= 20 else 20
        for number in range(count):
            at = base + start + number * width
            if at + 20 > len(data):
                break
            namespace, key, raw, _, kind, value = struct.unpack_from("<IIIHxBI", data, at)
            text = self._string(raw) if raw != NONE else None
            if kind == TYPE_STRING:
                text = self._string(value)
            attributes.append(
                Attribute(
                    id=self.ids[key] if key < len(self.ids) else 0,
                    namespace=self._string(namespace),
                    name=self._string(key),
                    type=kind,
                    data=value,
                    text=text if kind == TYPE_STRING or text else None,
                )
            )
        return Element(self._string(name), attributes, line)

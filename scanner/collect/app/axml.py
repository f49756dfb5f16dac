"""Android binary XML: chunks → elements, reading exactly what Android reads.

Source: ResXMLTree and ResXMLParser of the Android Open Source Project.  Attributes are known by resource id, not by
name, because names may be stripped or faked.  Depth, elements, attributes and string bytes are bounded.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from scanner.collect.app.stringpool import KNOWN_FLAGS, NONE, POOL_TYPE, PoolError, StringPool

XML_TYPE, RESOURCE_MAP = 0x0003, 0x0180
FIRST_NODE, LAST_NODE = 0x0100, 0x017F
START_ELEMENT, END_ELEMENT, TEXT_NODE = 0x0102, 0x0103, 0x0104
MAX_DEPTH, MAX_ELEMENTS, MAX_ATTRIBUTES, MAX_TEXT = 256, 200_000, 1_000_000, 1 << 16
ANDROID = "http://schemas.android.com/apk/res/android"

TYPE_NULL, TYPE_REFERENCE, TYPE_ATTRIBUTE, TYPE_STRING, TYPE_FLOAT = 0x00, 0x01, 0x02, 0x03, 0x04
TYPE_DYNAMIC_REFERENCE = 0x07
TYPE_INT_DEC, TYPE_INT_HEX, TYPE_BOOL, TYPE_INT_LAST = 0x10, 0x11, 0x12, 0x1F
REFERENCES = frozenset({TYPE_REFERENCE, TYPE_DYNAMIC_REFERENCE})
# Bytes that follow the header of a node: namespace (2 words), element start, element end, text.
_MINIMUM = {0x0100: 8, 0x0101: 8, START_ELEMENT: 20, END_ELEMENT: 8, TEXT_NODE: 12}

# Attributes whose name decides what a reader by name sees (android.R.attr).
_NAMES = {
    0x01010001: "label",
    0x01010003: "name",
    0x01010006: "permission",
    0x0101000C: "hasCode",
    0x0101000E: "enabled",
    0x0101000F: "debuggable",
    0x01010010: "exported",
    0x01010018: "authorities",
    0x01010024: "value",
    0x0101020C: "minSdkVersion",
    0x01010270: "targetSdkVersion",
}

_CHUNK = struct.Struct("<HHI")
_ELEMENT = struct.Struct("<IIHHH")
_ELEMENT_SIZE = 20
_ATTRIBUTE = struct.Struct("<IIIHxBI")


class AxmlError(ValueError):
    """The data is no binary XML that Android would read."""


@dataclass(slots=True)
class Attribute:
    """An attribute: resource id (0 = none), namespace, name, value type and data.

    ``raw`` is the text as written, ``text`` the string value; Android takes ``raw`` where it looks an attribute up by
    name and the typed value where it looks it up by resource id, so the two may be made to differ.
    """

    id: int
    namespace: str
    name: str
    type: int
    data: int
    text: str | None
    raw: str | None = None

    @property
    def signed(self) -> int:
        """``data`` as the signed 32-bit number Java sees."""
        return self.data - (1 << 32) if self.data >> 31 else self.data


@dataclass(slots=True)
class Element:
    """An element with attributes and children; ``line`` is the line of the source it was compiled from."""

    name: str
    attributes: list[Attribute]
    line: int
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The element's own character data, at most 64 Ki characters."""
        found: list[str] = []
        room = MAX_TEXT
        for part in self.texts:
            found.append(part[:room])
            room -= len(found[-1])
            if room <= 0:
                break
        return "".join(found)

    def find(self, name: str) -> list[Element]:
        """Return the children called ``name``."""
        return [child for child in self.children if child.name == name]

    def attribute(self, resource_id: int, name: str = "") -> Attribute | None:
        """Return the attribute with ``resource_id``; with id 0, the one called ``name`` in no namespace.

        Android walks an element's attributes and the ids it wants together, both in rising order: an attribute behind
        one with a higher or equal id is never seen (``AttributeResolution.cpp``), and is not returned here.  An
        attribute of Android's without a resource id has no effect either, whatever its name.
        """
        if not resource_id:
            for attribute in self.attributes:
                if attribute.name == name and not attribute.namespace:
                    return attribute
            return None
        highest = 0
        for attribute in self.attributes:
            if attribute.id == resource_id:
                return attribute if highest < resource_id else None
            highest = max(highest, attribute.id)
        return None


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its root element, how many elements deeper than the limit were left out, and oddities.

    ``odd`` counts what no compiler writes and Android reads all the same; it is there to mislead other readers:
    ``header`` (type or header size of the file), ``size`` (bytes behind the file's own end), ``junk`` (chunks of
    unknown type), ``pools`` (several string pools), ``pool`` (unknown flags of the pool), ``width`` (attributes that
    are not 20 bytes long, or do not begin where they should), ``order`` (attributes that stand where Android does not
    see them), ``namespace`` (Android's attributes in another namespace), ``names`` (Android's attributes under
    another name).
    """

    root: Element
    dropped: int
    odd: dict[str, int] = field(default_factory=dict)


def parse(data: bytes) -> Element:
    """Return the root element of binary XML ``data``; raises AxmlError when Android would not read it, or too deep."""
    document = read(data)
    if document.dropped:
        raise AxmlError(f"nested deeper than {MAX_DEPTH}")
    return document.root


def read(data: bytes) -> Document:
    """Parse binary XML ``data``; raises AxmlError when Android would not read it."""
    if len(data) < 16:
        raise AxmlError("shorter than a header")
    if data[:1] == b"<":
        raise AxmlError("plain text XML, which Android does not read from a package")
    kind, header, size = _CHUNK.unpack_from(data)  # Android does not look at the type
    if header < 8 or header > size or size > len(data):
        raise AxmlError(f"stated size {size} or header {header} does not fit the {len(data)} bytes")
    parser = _Parser(data, size)
    if kind != XML_TYPE or header != _CHUNK.size:
        parser.note("header")
    if size != len(data):
        parser.note("size")
    try:
        return parser.run(header)
    except PoolError as error:
        raise AxmlError(str(error)) from error
    except (struct.error, IndexError) as error:
        raise AxmlError(f"broken chunk: {error}") from error


class _Parser:
    def __init__(self, data: bytes, end: int) -> None:
        self.data = data
        self.end = end
        self.pool: StringPool | None = None
        self.ids: tuple[int, ...] = ()
        self.elements = self.attributes = self.dropped = 0
        self.odd: dict[str, int] = {}

    def note(self, what: str) -> None:
        """Count one more oddity."""
        self.odd[what] = self.odd.get(what, 0) + 1

    def run(self, place: int) -> Document:
        place = self._prologue(place)
        stack: list[Element] = []
        root: Element | None = None
        while place + 8 <= self.end:
            kind, header, size = self._chunk(place, 16)
            least = _MINIMUM.get(kind)
            if least is not None and size - header < least:
                raise AxmlError(f"node {kind:#06x} at {place} is too short")
            if kind == START_ELEMENT:
                element = self._element(place, header, size)
                if len(stack) >= MAX_DEPTH:
                    self.dropped += 1
                elif stack:
                    stack[-1].children.append(element)
                elif root is None:
                    root = element
                stack.append(element)
            elif kind == END_ELEMENT and stack:
                stack.pop()
                if not stack:
                    break  # Android's readers stop here: what follows the root element never matters
            elif kind == TEXT_NODE and stack:
                (index,) = struct.unpack_from("<I", self.data, place + header)
                stack[-1].texts.append(self._string(index))
            elif kind not in _MINIMUM:
                self.note("junk")
            place += size
        if root is None:
            raise AxmlError("no element")
        return Document(root, self.dropped, self.odd)

    def _prologue(self, place: int) -> int:
        """Read string pool and resource ids, which only count in front of the first node; return its place."""
        while place + 8 < self.end:
            kind, header, size = self._chunk(place, 8)
            if kind == POOL_TYPE:
                if self.pool is not None:
                    self.note("pools")
                self.pool = StringPool(self.data, place)
                if self.pool.flags & ~KNOWN_FLAGS:
                    self.note("pool")
            elif kind == RESOURCE_MAP:
                self.ids = struct.unpack_from(f"<{(size - header) // 4}I", self.data, place + header)
            elif FIRST_NODE <= kind <= LAST_NODE:
                break
            else:
                self.note("junk")
            place += size
        if self.pool is None:
            raise AxmlError("no string pool")
        return place

    def _chunk(self, place: int, least: int) -> tuple[int, int, int]:
        kind, header, size = _CHUNK.unpack_from(self.data, place)
        if not least <= header <= size <= self.end - place or (header | size) & 3:
            raise AxmlError(f"chunk {kind:#06x} at {place} has an impossible size")
        return kind, header, size

    def _string(self, index: int) -> str:
        return self.pool[index] if self.pool is not None and index != NONE else ""

    def _element(self, place: int, header: int, size: int) -> Element:
        data = self.data
        (line,) = struct.unpack_from("<I", data, place + 8)
        base = place + header
        _, name, start, width, count = _ELEMENT.unpack_from(data, base)
        if start + width * count > size - header:
            raise AxmlError(f"attributes of the element at {place} do not fit")
        self.elements += 1
        self.attributes += count
        if self.elements > MAX_ELEMENTS or self.attributes > MAX_ATTRIBUTES:
            raise AxmlError("too many elements or attributes")
        if count and (start, width) != (_ELEMENT_SIZE, _ATTRIBUTE.size):
            self.note("width")
        attributes = [self._attribute(base + start + n * width) for n in range(count)]
        highest = 0
        for one in attributes:
            if one.id >> 24 == 1:
                self._look(one, highest)
            highest = max(highest, one.id)
        return Element(self._string(name), attributes, line)

    def _look(self, one: Attribute, highest: int) -> None:
        if one.id <= highest:
            self.note("order")
        if one.namespace != ANDROID:
            self.note("namespace")
        if _NAMES.get(one.id, one.name) != one.name:
            self.note("names")

    def _attribute(self, place: int) -> Attribute:
        namespace, key, raw_index, _, kind, value = _ATTRIBUTE.unpack_from(self.data, place)
        raw = self._string(raw_index) if raw_index != NONE else None
        return Attribute(
            id=self.ids[key] if key < len(self.ids) else 0,
            namespace=self._string(namespace),
            name=self._string(key),
            type=kind,
            data=value,
            text=self._string(value) if kind == TYPE_STRING else raw,
            raw=raw,
        )

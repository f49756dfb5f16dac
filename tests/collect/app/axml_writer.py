"""Writes binary XML the way a compiler would, and the ways a compiler would not."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

NONE = 0xFFFFFFFF


@dataclass
class Attr:
    """An attribute; ``data`` is a string or (type, data); ``raw`` another text as written."""

    name: str
    data: str | tuple[int, int]
    id: int = 0
    raw: str | None = None
    namespace: str | None = None


@dataclass
class Node:
    """An element."""

    name: str
    attributes: Sequence[Attr] = ()
    children: Sequence[Node] = ()
    text: str | None = None


def pool(strings: Sequence[str], *, utf8: bool = False) -> bytes:
    """A string pool chunk."""
    body, offsets = bytearray(), []
    for text in strings:
        offsets.append(len(body))
        if utf8:
            raw = text.encode("utf-8", "surrogatepass")
            units = len(text.encode("utf-16-le", "surrogatepass")) // 2
            body += _short(units) + _short(len(raw)) + raw + b"\0"
        else:
            body += struct.pack("<H", len(text.encode("utf-16-le")) // 2) + text.encode("utf-16-le") + b"\0\0"
    body += b"\0" * (-len(body) % 4)
    start = 28 + 4 * len(strings)
    head = struct.pack(
        "<HHIIIIII", 1, 28, start + len(body), len(strings), 0, 256 if utf8 else 0, start if strings else 0, 0
    )
    return head + struct.pack(f"<{len(offsets)}I", *offsets) + bytes(body)


def _short(length: int) -> bytes:
    return bytes([length]) if length < 0x80 else bytes([0x80 | length >> 8, length & 0xFF])


@dataclass
class Writer:
    """Collects strings: those with a resource id first, as Android wants them."""

    ids: dict[tuple[str, int], int] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)

    def collect(self, node: Node) -> None:
        """Number the attribute names that have ids."""
        for attribute in node.attributes:
            key = (attribute.name, attribute.id)
            if attribute.id and key not in self.ids:
                self.ids[key] = len(self.strings)
                self.strings.append(attribute.name)
        for child in node.children:
            self.collect(child)

    def index(self, text: str | None) -> int:
        """The pool index of a plain string."""
        if text is None:
            return NONE
        first = len(self.ids)
        if text not in self.strings[first:]:
            self.strings.append(text)
        return self.strings.index(text, first)

    def element(self, node: Node, width: int = 20) -> bytes:
        """Start, children, end."""
        rows = b"".join(self.attribute(one).ljust(width, b"\x5a") for one in node.attributes)
        ext = struct.pack("<IIHHHHHH", NONE, self.index(node.name), 20, width, len(node.attributes), 0, 0, 0)
        found = chunk(0x0102, struct.pack("<II", 1, NONE), ext + rows)
        if node.text is not None:
            found += chunk(
                0x0104, struct.pack("<II", 1, NONE), struct.pack("<IHBBI", self.index(node.text), 8, 0, 0, 0)
            )
        found += b"".join(self.element(child, width) for child in node.children)
        return found + chunk(
            0x0103, struct.pack("<II", 1, NONE), struct.pack("<II", NONE, self.index(node.name))
        )

    def attribute(self, one: Attr) -> bytes:
        """One attribute of 20 bytes."""
        name = self.ids[one.name, one.id] if one.id else self.index(one.name)
        kind, data = (3, self.index(one.data)) if isinstance(one.data, str) else one.data
        raw = one.raw if one.raw is not None else one.data if isinstance(one.data, str) else None
        return struct.pack("<IIIHBBI", self.index(one.namespace), name, self.index(raw), 8, 0, kind, data)


def chunk(kind: int, head: bytes, body: bytes) -> bytes:
    """A chunk with ``head`` counted into its header."""
    return struct.pack("<HHI", kind, 8 + len(head), 8 + len(head) + len(body)) + head + body


def document(root: Node, *, utf8: bool = False, width: int = 20, before: bytes = b"") -> bytes:
    """A whole file; ``before`` stands in front of the string pool."""
    writer = Writer()
    writer.collect(root)
    body = writer.element(root, width)
    ids = struct.pack(f"<{len(writer.ids)}I", *(key[1] for key in writer.ids))
    return chunk(3, b"", before + pool(writer.strings, utf8=utf8) + chunk(0x0180, b"", ids) + body)

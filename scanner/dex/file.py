"""One DEX file as arrays: id tables, class data and code headers, decoded whole, every offset checked.

Source: "Dalvik executable format" of the Android Open Source Project.  Nothing here builds an object per method or
instruction; names are read only when asked for.
"""

from __future__ import annotations

import struct
import zlib
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.errors import DexError, DexProblem
from scanner.dex.words import read_words

# Element types are documentation: numpy's stubs lose them at the first fancy index.
U1 = NDArray[Any]  # uint8
U2 = NDArray[Any]  # uint16
U4 = NDArray[Any]  # uint32
I8 = NDArray[Any]  # int64

NO_INDEX = 0xFFFFFFFF
HEADER_SIZE = 0x70
VERSIONS = frozenset({b"035", b"036", b"037", b"038", b"039", b"040"})
MAX_SIZE = 1 << 30
# Strings, and class data, lie together.  What is farther from the first of them than any real file is long is not read.
SPAN = 32 << 20
ACC_STATIC, ACC_NATIVE, ACC_ABSTRACT, ACC_INTERFACE = 0x8, 0x100, 0x400, 0x200

_WORD = np.dtype("<u4")
_METHOD_ID = np.dtype([("class", "<u2"), ("proto", "<u2"), ("name", "<u4")])
_FIELD_ID = np.dtype([("class", "<u2"), ("type", "<u2"), ("name", "<u4")])


class DexFile:
    """A DEX file (versions 035–040).

    Raises :class:`~scanner.dex.errors.DexError` when ``data`` is no such file; anything malformed inside is skipped
    and recorded in ``problems``.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data
        self.problems: list[DexProblem] = []
        self._types: dict[int, str] = {}
        self._protos: dict[int, str] = {}
        self._methods: dict[int, str] = {}
        size = len(data)
        if size < HEADER_SIZE:
            raise DexError(f"{name}: {size} bytes are too short for a DEX header")
        if size > MAX_SIZE:
            raise DexError(f"{name}: {size} bytes exceed the limit of {MAX_SIZE}")
        magic = data[:8]
        if magic[:4] != b"dex\n" or magic[7:] != b"\0":
            raise DexError(f"{name}: not a DEX file (magic {magic!r})")
        self.version = magic[4:7].decode("latin-1")
        if magic[4:7] not in VERSIONS:
            raise DexError(f"{name}: DEX version {self.version} is not supported")
        (endian,) = struct.unpack_from("<I", data, 40)
        if endian != 0x12345678:
            raise DexError(f"{name}: endianness tag {endian:#x} is not supported")
        self.bytes: U1 = np.frombuffer(data, dtype=np.uint8)
        self.units: U2 = np.frombuffer(data, dtype="<u2", count=size // 2)
        self.words: U4 = np.frombuffer(data, dtype="<u4", count=size // 4)
        self.string_offsets: U4 = self._table(56, _WORD, "string_ids")
        self.type_strings: U4 = self._indexed(
            self._table(64, _WORD, "type_ids"), len(self.string_offsets), "type_ids"
        )
        protos = self._table(72, _WORD, "proto_ids", columns=3)
        self.protos: U4 = protos.reshape(-1, 3)
        self.fields = self._table(80, _FIELD_ID, "field_ids")
        self.methods = self._table(88, _METHOD_ID, "method_ids")
        self.class_defs: U4 = self._table(96, _WORD, "class_defs", columns=8).reshape(-1, 8)
        self._check_ids()
        self._check_header()

    # --- tables ---------------------------------------------------------------------------------------

    def _table(self, at: int, dtype: np.dtype[Any], what: str, columns: int = 1) -> NDArray[Any]:
        count, offset = struct.unpack_from("<II", self.data, at)
        kind = dtype
        room = max(0, len(self.data) - offset) // (kind.itemsize * columns) if offset else 0
        if count > room:
            self.note(f"{what}-truncated", count - room)
            count = room
        if not count:
            return np.zeros(0, dtype=kind)
        return np.frombuffer(self.data, dtype=kind, count=count * columns, offset=offset)

    def _indexed(self, values: U4, limit: int, what: str) -> U4:
        bad = values >= limit
        if bad.any():
            self.note(f"{what}-index", int(bad.sum()))
            values = values.copy()
            values[bad] = NO_INDEX
        return values

    def _check_ids(self) -> None:
        """Count ids that point nowhere; reading them gives a placeholder name, never another's."""
        types, strings, protos = len(self.type_strings), len(self.string_offsets), len(self.protos)
        for what, table, second, limit in (
            ("method_ids", self.methods, "proto", protos),
            ("field_ids", self.fields, "type", types),
        ):
            bad = (table["class"] >= types) | (table[second] >= limit) | (table["name"] >= strings)
            if bad.any():
                self.note(f"{what}-index", int(bad.sum()))

    def _check_header(self) -> None:
        """Note what ART refuses and nothing here depends on (``DexFileVerifier::CheckHeader``)."""
        stated, header = struct.unpack_from("<II", self.data, 32)
        if header != HEADER_SIZE or not HEADER_SIZE <= stated <= len(self.data):
            self.note("dex-header", 1)
        if not self.verify_checksum():
            self.note("dex-checksum", 1)

    def note(self, code: str, count: int, detail: str = "") -> None:
        """Record that ``count`` things of kind ``code`` were malformed and skipped."""
        self.problems.append(DexProblem(code=code, dex=self.name, count=count, detail=detail))

    def verify_checksum(self) -> bool:
        """Return whether the Adler-32 checksum in the header fits the content."""
        (stated,) = struct.unpack_from("<I", self.data, 8)
        (size,) = struct.unpack_from("<I", self.data, 32)
        with memoryview(self.data) as view:
            return bool(stated == zlib.adler32(view[12:size]))

    # --- strings --------------------------------------------------------------------------------------

    @cached_property
    def string_spans(self) -> tuple[I8, I8]:
        """Start and end byte of every string's MUTF-8 content; bad offsets give empty strings and are counted."""
        size = len(self.data)
        offsets = self.string_offsets.astype(np.int64)
        bad = offsets >= size - 1
        first = int(offsets[~bad].min(initial=size - 1))
        bad |= offsets > first + SPAN
        offsets[bad] = first
        starts = offsets + 1
        more = self.bytes[offsets] >= 0x80
        for _ in range(4):
            if not more.any():
                break
            positions = np.minimum(starts, size - 1)
            starts += more
            more &= self.bytes[positions] >= 0x80
        starts = np.minimum(starts, size - 1)
        low, high = (int(starts.min()), int(starts.max())) if len(starts) else (0, 0)
        high = self.data.find(b"\0", high)
        high = size if high < 0 else high + 1
        zeros = np.flatnonzero(self.bytes[low:high] == 0) + low
        slot = np.searchsorted(zeros, starts)
        ends = np.append(zeros, size)[slot]
        ends[bad] = starts[bad] = 0
        if bad.any():
            self.note("string-offset", int(bad.sum()))
        return starts.astype(np.int32), ends.astype(np.int32)

    @cached_property
    def string_order(self) -> I8:
        """Indices of the strings in the order of their content in the file."""
        return np.argsort(self.string_spans[0], kind="stable").astype(np.int32)

    @cached_property
    def string_heads(self) -> NDArray[Any]:
        """First eight bytes of every string as a little-endian number, padded with zeros (uint64)."""
        starts, ends = self.string_spans
        return read_words(self.bytes, starts.astype(np.int64), ends.astype(np.int64))

    def raw_string(self, index: int) -> bytes:
        """Return string ``index`` as MUTF-8 bytes; a bad index gives ``b"?"``."""
        if not 0 <= index < len(self.string_offsets):
            return b"?"
        starts, ends = self.string_spans
        return self.data[int(starts[index]) : int(ends[index])]

    def find_string(self, content: bytes) -> int:
        """Return the index of the string equal to ``content`` (MUTF-8), NO_INDEX when the file has none."""
        starts, ends = self.string_spans
        if not len(starts):
            return NO_INDEX
        at = self.data.find(content + b"\0", int(starts.min()), int(ends.max()) + 1)
        while at != -1:
            found = np.flatnonzero(starts == at)
            if len(found):
                return int(found[0])
            at = self.data.find(content + b"\0", at + 1, int(ends.max()) + 1)
        return NO_INDEX

    def string(self, index: int) -> str:
        """Return string ``index``."""
        return decode_mutf8(self.raw_string(index))

    def strings(self, indices: NDArray[Any]) -> list[str]:
        """Return the strings of ``indices``, as :meth:`string` does, in one go."""
        starts, ends = self.string_spans
        if not len(starts):
            return ["?"] * len(indices)
        known = indices < len(starts)
        places = np.where(known, indices, 0)
        data = self.data
        spans = zip(known.tolist(), starts[places].tolist(), ends[places].tolist(), strict=True)
        return [decode_mutf8(data[start:end]) if ok else "?" for ok, start, end in spans]

    def type(self, index: int) -> str:
        """Return type descriptor ``index`` (``Landroid/os/Build;``)."""
        found = self._types.get(index)
        if found is None:
            found = self.string(int(self.type_strings[index])) if index < len(self.type_strings) else "?"
            self._types[index] = found
        return found

    def types(self, indices: I8) -> list[str]:
        """Return the type descriptors of ``indices``, which the file has, in one go."""
        return self.strings(self.type_strings[indices])

    def proto(self, index: int) -> str:
        """Return prototype ``index`` as ``(params)return``."""
        if index >= len(self.protos):
            return "(?)?"
        found = self._protos.get(index)
        if found is None:
            _, returns, parameters = (int(v) for v in self.protos[index])
            found = f"({''.join(self.type(t) for t in self.type_list(parameters))}){self.type(returns)}"
            self._protos[index] = found
        return found

    def type_list(self, offset: int) -> list[int]:
        """Return the type indices of the type_list at ``offset`` (0 = empty); a bad one gives an empty list."""
        if offset == 0 or offset % 4 or offset + 4 > len(self.data):
            return []
        count = int(self.words[offset // 4])
        first = offset // 2 + 2
        if count > len(self.units) - first:
            return []
        return [int(v) for v in self.units[first : first + count]]

    def method(self, index: int) -> str:
        """Return method reference ``index`` as ``Lclass;->name(params)return``."""
        if index >= len(self.methods):
            return "?"
        found = self._methods.get(index)
        if found is None:
            owner, proto, name = self.methods[index].item()
            found = self._methods[index] = f"{self.type(owner)}->{self.string(name)}{self.proto(proto)}"
        return found

    def field(self, index: int) -> str:
        """Return field reference ``index`` as ``Lclass;->name:type``."""
        if index >= len(self.fields):
            return "?"
        owner, kind, name = self.fields[index].item()
        return f"{self.type(owner)}->{self.string(name)}:{self.type(kind)}"


def decode_mutf8(data: bytes) -> str:
    """Decode modified UTF-8 (NUL as C0 80, surrogates one by one); malformed bytes become U+FFFD."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    data = data.replace(b"\xc0\x80", b"\0")
    try:
        halves = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")
    return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

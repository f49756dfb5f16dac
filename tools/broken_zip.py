"""Writing ZIP archives that lie: members whose headers, directory and end say what they are told to."""

from __future__ import annotations

import random
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APKS = ROOT / "fixtures" / "apks"
CLEAN = APKS / "clean.apk"
MANIFEST, DEX, ARSC = "AndroidManifest.xml", "classes.dex", "resources.arsc"
STORED, DEFLATED = 0, 8
BOMB = 40 << 20


@dataclass(frozen=True)
class Entry:
    """One member as it is to be written; ``None`` means what would be true."""

    name: str
    data: bytes
    method: int = DEFLATED
    flags: int = 0
    stated_method: int | None = None
    local_method: int | None = None
    stated_size: int | None = None
    stated_packed: int | None = None
    local_name: str | None = None

    def packed(self) -> bytes:
        """The bytes stored in the archive."""
        if self.method == STORED:
            return self.data
        deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
        return deflate.compress(self.data) + deflate.flush()


def clean_entries() -> list[Entry]:
    """The members of the clean package without its v1 signature, in order."""
    with zipfile.ZipFile(CLEAN) as pack:
        names = [name for name in pack.namelist() if not name.startswith("META-INF/")]
        return [Entry(name, pack.read(name), STORED if name == ARSC else DEFLATED) for name in names]


def changed(changes: Mapping[str, Entry | bytes | None], extra: Sequence[Entry] = ()) -> list[Entry]:
    """The clean members with some replaced or (None) removed, and others added at the end."""
    result = []
    for entry in clean_entries():
        change = changes.get(entry.name, entry)
        if isinstance(change, bytes):
            result.append(replace(entry, data=change))
        elif change is not None:
            result.append(change)
    return [*result, *extra]


def data_of(name: str) -> bytes:
    """Content of one clean member."""
    return next(entry.data for entry in clean_entries() if entry.name == name)


def local_header(entry: Entry, packed: bytes, method: int) -> bytes:
    """Local file header (APPNOTE 4.3.7)."""
    size = len(entry.data) if entry.stated_size is None else entry.stated_size
    length = len(packed) if entry.stated_packed is None else entry.stated_packed
    name = (entry.name if entry.local_name is None else entry.local_name).encode("utf-8")
    fixed = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 20, entry.flags, method, 0, 0x5021, zlib.crc32(entry.data), length,
        size, len(name), 0)  # fmt: skip
    return fixed + name


def central_header(entry: Entry, packed: bytes, offset: int) -> bytes:
    """Central directory header (APPNOTE 4.3.12)."""
    size = len(entry.data) if entry.stated_size is None else entry.stated_size
    method = entry.method if entry.stated_method is None else entry.stated_method
    length = len(packed) if entry.stated_packed is None else entry.stated_packed
    name = entry.name.encode("utf-8")
    fixed = struct.pack(
        "<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, entry.flags, method, 0, 0x5021, zlib.crc32(entry.data),
        length, size, len(name), 0, 0, 0, 0, 0, offset)  # fmt: skip
    return fixed + name


def end_record(count: int, size: int, offset: int, comment: bytes = b"") -> bytes:
    """End of central directory (APPNOTE 4.3.16)."""
    return struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, count, count, size, offset, len(comment)) + comment


def archive(
    entries: Sequence[Entry], prefix: bytes = b"", comment: bytes = b"", count: int | None = None
) -> bytes:
    """Write an archive; offsets take the prefix into account."""
    body, directory = bytearray(prefix), bytearray()
    for entry in entries:
        packed = entry.packed()
        offset = len(body)
        local = entry.local_method
        if local is None:
            local = entry.method if entry.stated_method is None else entry.stated_method
        body += local_header(entry, packed, local) + packed
        directory += central_header(entry, packed, offset)
    number = len(entries) if count is None else count
    return bytes(body + directory) + end_record(number, len(directory), len(body), comment)


def random_bytes(size: int, head: bytes = b"") -> bytes:
    """Repeatable noise."""
    return head + random.Random(20200101).randbytes(size - len(head))

"""Damaged dex files, manifests, resource tables and archives, each broken in one way."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from broken_zip import (
    ARSC,
    CLEAN,
    DEFLATED,
    DEX,
    MANIFEST,
    Entry,
    archive,
    central_header,
    changed,
    clean_entries,
    data_of,
    end_record,
    local_header,
    random_bytes,
)


def overlapping_bomb() -> bytes:
    """Two hundred directory entries that all point at one member of 16 MB zeros: 3.2 GB in 30 KB."""
    kernel = Entry("assets/0", bytes(16 << 20))
    packed = kernel.packed()
    entries = clean_entries()
    plain = archive(entries)
    directory_at = struct.unpack("<I", plain[-6:-2])[0]
    body = bytearray(plain[:directory_at])
    offset = len(body)
    body += local_header(kernel, packed, DEFLATED) + packed
    directory = bytearray(plain[directory_at:-22])
    for number in range(200):
        directory += central_header(replace(kernel, name=f"assets/{number}"), packed, offset)
    return bytes(body + directory) + end_record(len(entries) + 200, len(directory), len(body))


def sealed_dex(dex: bytes) -> bytes:
    """Set size, SHA-1 and Adler-32 of a changed dex file so that only the intended damage remains."""
    body = bytearray(dex)
    struct.pack_into("<I", body, 32, len(body))
    body[12:32] = hashlib.sha1(body[32:]).digest()
    struct.pack_into("<I", body, 8, zlib.adler32(body[12:]))
    return bytes(body)


def patched_dex(offset: int, value: int) -> bytes:
    """The clean dex with one 32-bit word replaced and the checksums corrected."""
    body = bytearray(data_of(DEX))
    struct.pack_into("<I", body, offset, value)
    return sealed_dex(bytes(body))


def dex_map(dex: bytes, kind: int) -> int:
    """Offset of a section by the type of its entry in the map list."""
    (start,) = struct.unpack_from("<I", dex, 52)
    (count,) = struct.unpack_from("<I", dex, start)
    for index in range(count):
        found, _, _, offset = struct.unpack_from("<HHII", dex, start + 4 + 12 * index)
        if found == kind:
            return int(offset)
    raise ValueError(f"the dex file has no section 0x{kind:04x}")


def bad_method() -> bytes:
    """One method (the first code item, type 0x2001) says that it is longer than the file."""
    return patched_dex(dex_map(data_of(DEX), 0x2001) + 12, 0x0FFFFFFF)


def chunks(document: bytes) -> list[bytes]:
    """The chunks inside a binary XML document (ResXMLTree)."""
    found, at = [], 8
    while at < len(document):
        size = struct.unpack_from("<I", document, at + 4)[0]
        found.append(document[at : at + size])
        at += size
    return found


def document_of(parts: Sequence[bytes], kind: int = 0x0003) -> bytes:
    """Put a binary XML document together again."""
    body = b"".join(parts)
    return struct.pack("<HHI", kind, 8, len(body) + 8) + body


def junk_chunk() -> bytes:
    """The manifest with chunks of unknown types among the known ones; Android skips them."""
    junk = struct.pack("<HHI", 0x0777, 8, 24) + b"\xa5" * 16
    first, *rest = chunks(data_of(MANIFEST))
    return document_of([first, junk, rest[0], junk, *rest[1:]])


def dummy_attributes() -> bytes:
    """The manifest with attributes of 24 instead of 20 bytes; Android goes by the stated size."""
    parts = []
    for chunk in chunks(data_of(MANIFEST)):
        kind, header, size = struct.unpack_from("<HHI", chunk)
        if kind != 0x0102:
            parts.append(chunk)
            continue
        start, width, count = struct.unpack_from("<HHH", chunk, header + 8)
        base = header + start
        rows = [chunk[base + width * n : base + width * (n + 1)] + b"\x5a" * 4 for n in range(count)]
        head = bytearray(chunk[:base])
        struct.pack_into("<I", head, 4, size + 4 * count)
        struct.pack_into("<H", head, header + 10, width + 4)
        parts.append(bytes(head) + b"".join(rows))
    return document_of(parts)


def with_flags() -> bytes:
    """Every member carries the encryption flag, none is encrypted; Android does not look at the flag."""
    return archive([replace(entry, flags=1) for entry in clean_entries()])


def arsc_noise() -> bytes:
    """A resource table whose header is right and whose content is noise."""
    table = data_of(ARSC)
    return archive(changed({ARSC: table[:12] + random_bytes(len(table) - 12)}))


def manifest_as(method: int, stated: int | None, local: int | None) -> bytes:
    """The package with the manifest's compression described wrongly."""
    manifest = Entry(MANIFEST, data_of(MANIFEST), method, stated_method=stated, local_method=local)
    return archive(changed({MANIFEST: manifest}))


def with_end(at: int, value: int, form: str = "<I") -> bytes:
    """The clean members with one field of the end record (at this offset in it) set to ``value``."""
    content = bytearray(archive(clean_entries()))
    struct.pack_into(form, content, len(content) - 22 + at, value)
    return bytes(content)


def streamed() -> bytes:
    """The package as a stream would be written: sizes behind the data, in data descriptors (APPNOTE 4.3.9)."""

    class Stream(io.BytesIO):
        def tell(self) -> int:
            raise OSError("a stream has no position")

    stream = Stream()
    with zipfile.ZipFile(stream, "w") as pack:
        for entry in clean_entries():
            info = zipfile.ZipInfo(entry.name, (2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED if entry.method == DEFLATED else zipfile.ZIP_STORED
            pack.writestr(info, entry.data)
    return stream.getvalue()


def wide_end() -> bytes:
    """The package with its directory described by the ZIP64 records alone (APPNOTE 4.3.14)."""
    content = archive(clean_entries())
    end = len(content) - 22
    count, size, start = struct.unpack_from("<HII", content, end + 10)
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[:end] + record + locator + last


def unknown_blocks() -> bytes:
    """The signed clean package with more values in its signing block: padding, and one of an unknown id."""
    content = CLEAN.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    (central,) = struct.unpack_from("<I", content, end + 16)
    (size,) = struct.unpack_from("<Q", content, central - 24)
    pairs = content[central - size : central - 24]
    for key, length in ((0x42726577, 4096), (0x7A7A7A7A, 64)):
        pairs += struct.pack("<QI", length + 4, key) + bytes(length)
    new = struct.pack("<Q", len(pairs) + 24)
    block = new + pairs + new + b"APK Sig Block 42"
    tail = bytearray(content[central:])
    start = central - size - 8
    struct.pack_into("<I", tail, end - central + 16, start + len(block))
    return content[:start] + block + bytes(tail)


def manifest_with(change: Callable[[list[bytes]], list[bytes]], behind: bytes = b"") -> bytes:
    """The package with the chunks of its manifest changed, and bytes behind the document."""
    return archive(changed({MANIFEST: document_of(change(chunks(data_of(MANIFEST)))) + behind}))


def each_element(change: Callable[[bytearray, int, int], None]) -> Callable[[list[bytes]], list[bytes]]:
    """Apply ``change`` (chunk, offset of the first attribute, number of attributes) to every start of an element."""

    def apply(parts: list[bytes]) -> list[bytes]:
        found = []
        for chunk in parts:
            kind, header = struct.unpack_from("<HH", chunk)
            copy = bytearray(chunk)
            if kind == 0x0102:
                start, _, count = struct.unpack_from("<HHH", chunk, header + 8)
                change(copy, header + start, count)
            found.append(bytes(copy))
        return found

    return apply


def shift_attributes(chunk: bytearray, place: int, count: int) -> None:
    """Let the attributes begin four bytes later than usual."""
    if count:
        struct.pack_into("<H", chunk, 24, 24)
        chunk[place:place] = b"\x5a" * 4
        struct.pack_into("<I", chunk, 4, len(chunk))


def other_namespace(chunk: bytearray, place: int, count: int) -> None:
    """Take the namespace from the attributes; Android knows its own by their ids."""
    for number in range(count):
        struct.pack_into("<I", chunk, place + 20 * number, 0xFFFFFFFF)


def decoy_permission(chunk: bytearray, place: int, count: int) -> None:
    """Put a second, equal attribute id behind the first of each element: Android sees the first alone."""
    if count == 1:
        row = bytearray(chunk[place : place + 20])
        struct.pack_into("<II", row, 8, 0, 0x03000008)
        struct.pack_into("<I", row, 16, 0)
        chunk += row
        struct.pack_into("<I", chunk, 4, len(chunk))
        struct.pack_into("<H", chunk, 28, 2)


def pool_flags(parts: list[bytes]) -> list[bytes]:
    """Set flags of the string pool that mean nothing."""
    pool = bytearray(parts[0])
    struct.pack_into("<I", pool, 16, struct.unpack_from("<I", pool, 16)[0] | 0x00F00000)
    return [bytes(pool), *parts[1:]]


def overlapping_code() -> bytes:
    """A dex whose second method's code begins in the middle of the first one's (as class_data has it)."""
    dex = bytearray(data_of(DEX))
    place = dex_map(bytes(dex), 0x2001)
    (units,) = struct.unpack_from("<I", dex, place + 12)
    struct.pack_into("<I", dex, place + 12, units + 64)
    return sealed_dex(bytes(dex))


def lying_payload() -> bytes:
    """A dex whose longest method ends in array data that is said to fill four thousand million units."""
    dex = bytearray(data_of(DEX))
    place = dex_map(bytes(dex), 0x2001)
    (units,) = struct.unpack_from("<I", dex, place + 12)
    body = struct.pack("<HHI", 0x0300, 0xFFFF, 0xFFFFFFFF)[: 2 * units]
    dex[place + 16 : place + 16 + len(body)] = body
    return sealed_dex(bytes(dex))


def escaping() -> bytes:
    """Names that lead out of the folder a careless reader would extract to."""
    names = ["../../../../evil.sh", "/evil.sh", "..\\..\\evil.bat", "assets/../../evil.sh", "C:\\evil.bat"]
    return archive(changed({}, [Entry(name, b"echo evil\n") for name in names]))

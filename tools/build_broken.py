"""Build the damaged packages ``fixtures/apks/broken/*.apk`` from ``clean.apk``: ``python tools/build_broken.py``.

Each case breaks one thing that real packages are seen with: by accident (truncated, empty), as an attack on the
reader (bombs, escaping names), or to stop analysts while Android still installs the package (wrong compression
methods, junk in the binary manifest). Layouts follow PKWARE APPNOTE.TXT, the dex format description and
``ResourceTypes.h`` of the Android platform. ``Case.outcome`` is what a reader should do: ``refuse`` (nothing
usable), ``partial`` (facts with a reported problem: Android refuses it, or cannot use a part of it), ``read``
(Android reads it, so must we).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
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


@dataclass(frozen=True)
class Case:
    """A damaged package: how to make it, what it shows, what a reader should do with it."""

    make: Callable[[], bytes]
    zh: str
    en: str
    outcome: str


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


def random_bytes(size: int, head: bytes = b"") -> bytes:
    """Repeatable noise."""
    return head + random.Random(20200101).randbytes(size - len(head))


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


CASES: dict[str, Case] = {
    "not-a-zip": Case(
        "这不是安装包。 This is not a package.\n".encode, "不是 ZIP", "Not a ZIP", "refuse"
    ),
    "empty": Case(lambda: b"", "0 字节", "0 bytes", "refuse"),
    "truncated": Case(
        lambda: CLEAN.read_bytes()[: CLEAN.stat().st_size * 3 // 5], "下载中断，没有中央目录", "Cut off, no central directory", "refuse"
    ),
    "directory-cut": Case(
        lambda: CLEAN.read_bytes()[:-40], "中央目录末尾缺失", "The end of the central directory is missing", "refuse"
    ),
    "no-manifest": Case(
        lambda: archive(changed({MANIFEST: None})), "没有 AndroidManifest.xml", "No AndroidManifest.xml", "refuse"
    ),
    "no-dex": Case(lambda: archive(changed({DEX: None})), "没有 dex", "No dex file", "partial"),
    "encrypted-flag": Case(
        with_flags, "所有条目带加密标志但未加密（Android 忽略）", "Encryption flag set, nothing encrypted (Android ignores it)", "read"
    ),
    "zip-bomb": Case(
        lambda: archive(changed({}, [Entry("assets/bomb", bytes(BOMB))])),
        "一个条目展开为 40 MB 零字节（约千倍）", "A member inflates to 40 MB of zeros (a thousandfold)", "read"
    ),
    "zip-bomb-dex": Case(
        lambda: archive(changed({}, [Entry("classes2.dex", bytes(BOMB))])),
        "classes2.dex 展开为 40 MB 零字节", "classes2.dex inflates to 40 MB of zeros", "partial"
    ),
    "zip-bomb-overlap": Case(
        overlapping_bomb, "200 个条目共用同一数据，合计 3.2 GB", "200 entries share one member, 3.2 GB in all", "partial"
    ),
    "lying-size": Case(
        lambda: archive(changed({}, [Entry("classes2.dex", bytes(BOMB), stated_size=1000)])),
        "声称 1000 字节，实际 40 MB", "States 1000 bytes and holds 40 MB", "partial"
    ),
    "dex-wrong-offsets": Case(
        lambda: archive(changed({DEX: patched_dex(60, 0xFFFFFF00)})),
        "字符串表偏移超出文件（校验和正确）", "String table offset beyond the file (checksums right)", "partial"
    ),
    "dex-huge-table": Case(
        lambda: archive(changed({DEX: patched_dex(88, 0x7FFFFFFF)})),
        "方法表声称有 20 亿项", "The method table states two thousand million entries", "partial"
    ),
    "dex-bad-method": Case(
        lambda: archive(changed({DEX: bad_method()})),
        "一个方法的长度超出文件，其余完好", "One method is longer than the file; the others are sound", "partial"
    ),
    "dex-bad-checksum": Case(
        lambda: archive(changed({DEX: data_of(DEX)[:8] + b"\0\0\0\0" + data_of(DEX)[12:]})),
        "Adler-32 校验和错误，结构完好", "Wrong Adler-32, sound structure", "read"
    ),
    "dex-truncated": Case(
        lambda: archive(changed({DEX: data_of(DEX)[: len(data_of(DEX)) // 2]})), "dex 只有一半", "Half a dex file", "partial"
    ),
    "dex-random": Case(
        lambda: archive(changed({DEX: random_bytes(4096)})), "classes.dex 是随机字节", "classes.dex is noise", "partial"
    ),
    "dex-random-magic": Case(
        lambda: archive(changed({DEX: random_bytes(4096, b"dex\n035\0")})),
        "有 dex 标识的随机字节", "Noise behind a dex magic", "partial"
    ),
    "manifest-text": Case(
        lambda: archive(changed({MANIFEST: b'<?xml version="1.0"?><manifest package="cn.qinghe.notes"/>'})),
        "清单是文本 XML，不是二进制", "The manifest is text, not binary XML", "refuse"
    ),
    "manifest-truncated": Case(
        lambda: archive(changed({MANIFEST: data_of(MANIFEST)[:900]})), "清单被截断", "The manifest is cut off", "refuse"
    ),
    "manifest-junk-chunk": Case(
        lambda: archive(changed({MANIFEST: junk_chunk()})),
        "清单中夹有未知类型的块（Android 跳过）", "Chunks of unknown type in the manifest (Android skips them)", "read"
    ),
    "manifest-dummy-attributes": Case(
        lambda: archive(changed({MANIFEST: dummy_attributes()})),
        "属性长 24 字节（Android 按声明长度读）", "Attributes of 24 bytes (Android goes by the stated size)", "read"
    ),
    "manifest-wrong-type": Case(
        lambda: archive(changed({MANIFEST: document_of(chunks(data_of(MANIFEST)), 0)})),
        "清单头部类型为 0（Android 不检查）", "The manifest's header says type 0 (Android does not look)", "read"
    ),
    "badpack-local": Case(
        lambda: manifest_as(DEFLATED, None, 0x3E4C),
        "清单的本地头写未知压缩方法，中央目录正确（BadPack）", "Unknown method in the local header only (BadPack)", "read"
    ),
    "badpack-method": Case(
        lambda: manifest_as(STORED, 0x3E4C, None),
        "清单两处都写未知方法，数据未压缩（Android 当作存储）", "Unknown method in both headers, data stored (Android reads it as stored)", "read"
    ),
    "duplicate-entries": Case(
        lambda: archive(changed({}, [Entry(DEX, random_bytes(512)), Entry(MANIFEST, b"second")])),
        "classes.dex 和清单各有两个同名条目", "Two members named classes.dex, two manifests", "partial"
    ),
    "path-escape": Case(escaping, "条目名指向目录之外", "Names that lead outside", "partial"),
    "huge-name": Case(
        lambda: archive(changed({}, [Entry("assets/" + "长" * 9000, b"x")])), "条目名 2.7 万字节", "A name of 27,000 bytes", "read"
    ),
    "prefix-data": Case(
        lambda: archive(clean_entries(), prefix=random_bytes(1024)),
        "文件头前有 1 KB 数据，偏移正确（旧版 Android 接受）", "1 KB in front, offsets right (older Android accepts it)", "partial"
    ),
    "janus": Case(
        lambda: archive(clean_entries(), prefix=data_of(DEX)),
        "文件以 dex 开头（Janus，CVE-2017-13156）", "The file begins as a dex (Janus, CVE-2017-13156)", "partial"
    ),
    "suffix-data": Case(
        lambda: archive(clean_entries()) + random_bytes(512), "结尾之后有多余数据", "Data behind the end record", "partial"
    ),
    "end-in-comment": Case(
        lambda: archive(clean_entries(), comment=end_record(0, 0, 0)),
        "注释里藏着另一个结尾记录", "A second end record hides in the comment", "refuse"
    ),
    "count-lies": Case(
        lambda: archive(clean_entries(), count=2), "结尾记录少报条目数", "The end record states fewer entries", "partial"
    ),
    # libziparchive (zip_archive.cc): FindEntry takes stored data by its uncompressed length.
    "badpack-stored-size": Case(
        lambda: archive(changed({MANIFEST: Entry(MANIFEST, data_of(MANIFEST), STORED, stated_packed=1)})),
        "存储的清单声称压缩后 1 字节（Android 按原始长度读）", "A stored manifest states a packed size of 1 (Android goes by its size)", "read"
    ),
    # FindEntry: "lfh name did not match central directory" makes the entry unreadable.
    "local-name": Case(
        lambda: archive(changed({DEX: Entry(DEX, data_of(DEX), local_name="classes.bin")})),
        "dex 的本地文件名与目录不同（Android 拒绝读取）", "Another name in the local header (Android refuses the entry)", "partial"
    ),
    # FindCentralDirectoryInfo: "extraneous bytes at the end of the central directory".
    "comment-lies": Case(
        lambda: with_end(20, 500, "<H"), "注释长度超出文件", "The comment is said to be longer than the file", "partial"
    ),
    # ParseZipArchive: the walk ends with the stated size ("ran off the end").
    "directory-size": Case(
        lambda: with_end(12, 60), "目录声称只有 60 字节", "The directory states 60 bytes", "partial"
    ),
    # Names are compared whole: a folder of the same name is another entry.
    "shadow-folder": Case(
        lambda: archive(changed({}, [Entry(f"{MANIFEST}/x", b""), Entry(f"{DEX}/", b""), Entry(f"{ARSC}/a", b"")])),
        "有与清单、dex 同名的文件夹，妨碍解压", "Folders named like manifest and dex stop extraction", "read"
    ),
    "data-descriptors": Case(
        streamed, "大小写在数据之后（流式写入）", "Sizes behind the data, as streams have them", "read"
    ),
    "zip64": Case(wide_end, "目录只由 ZIP64 记录描述", "The directory is described by ZIP64 records alone", "read"),
    # DexFileLoader: GetMultiDexClassesDexName counts up and stops at the first name that is not there.
    "dex-gap": Case(
        lambda: archive(changed({}, [Entry("classes3.dex", data_of(DEX))])),
        "classes3.dex 之前缺 classes2.dex（Android 不加载）", "classes3.dex without classes2.dex (Android does not load it)", "partial"
    ),
    "dex-in-assets": Case(
        lambda: archive(changed({}, [Entry("assets/logo.png", data_of(DEX))])),
        "assets 里藏有 dex，扩展名是 png", "A dex in assets, named like a picture", "partial"
    ),
    # PackageParser of Android 11: target level 30 needs an uncompressed table.
    "resources-compressed": Case(
        lambda: archive([replace(e, method=DEFLATED) for e in clean_entries()]),
        "resources.arsc 被压缩（Android 11 拒绝）", "resources.arsc is compressed (Android 11 refuses)", "partial"
    ),
    # DexFileVerifier::CheckHeader refuses each of the next three.
    "dex-endian": Case(
        lambda: archive(changed({DEX: patched_dex(40, 0x78563412)})), "dex 的字节序标志相反", "The dex claims the other byte order", "partial"
    ),
    "dex-header-size": Case(
        lambda: archive(changed({DEX: patched_dex(36, 0x78)})), "dex 头长度不是 0x70", "The dex header is not 0x70 bytes", "read"
    ),
    "dex-overlap": Case(
        lambda: archive(changed({DEX: overlapping_code()})), "两个方法的代码重叠", "The code of two methods overlaps", "partial"
    ),
    "dex-payload": Case(
        lambda: archive(changed({DEX: lying_payload()})), "方法里的数组数据声称极长", "Array data in a method claims a huge size", "partial"
    ),
    # ResXMLTree::setTo takes its own size, ResXMLParser the stated size and start of attributes.
    "manifest-trailing": Case(
        lambda: manifest_with(lambda parts: parts, b"\xa5" * 64), "清单末尾有多余数据", "Data behind the manifest's end", "read"
    ),
    "manifest-attribute-start": Case(
        lambda: manifest_with(each_element(shift_attributes)), "属性起始位置后移 4 字节", "Attributes begin four bytes later", "read"
    ),
    "manifest-namespace": Case(
        lambda: manifest_with(each_element(other_namespace)), "属性没有命名空间（Android 只看资源 ID）", "Attributes without namespace (Android goes by ids)", "read"
    ),
    # AttributeResolution.cpp walks attributes and wanted ids together: of equal ids the first is seen.
    "manifest-decoy": Case(
        lambda: manifest_with(each_element(decoy_permission)), "元素中有重复的诱饵属性", "Decoy attributes of equal ids", "read"
    ),
    "manifest-pool-flags": Case(
        lambda: manifest_with(pool_flags), "字符串池带无意义的标志", "Meaningless flags of the string pool", "read"
    ),
    "manifest-two-pools": Case(
        lambda: manifest_with(lambda parts: [parts[0], *parts]), "有两个字符串池（Android 用后一个）", "Two string pools (Android takes the last)", "read"
    ),
    # "APK Signature Scheme v2": unknown ids are to be ignored.
    "signing-unknown-blocks": Case(
        unknown_blocks, "签名块中有填充和未知条目", "Padding and an unknown value in the signing block", "read"
    ),
    "resources-corrupt": Case(arsc_noise, "resources.arsc 内容损坏", "resources.arsc is damaged", "partial"),
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Build the damaged fixture packages from clean.apk.")
    parser.add_argument("--output", type=Path, default=APKS / "broken")
    options = parser.parse_args(arguments)
    if not CLEAN.is_file():
        print("build_broken: clean.apk is missing; run tools/build_fixtures.py clean first", file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    for name, case in CASES.items():
        (options.output / f"{name}.apk").write_bytes(case.make())
    print(f"build_broken: {len(CASES)} packages built", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The central directory of a ZIP, read as Android's libziparchive reads it (APPNOTE.TXT 6.3), within limits.

Android trusts the central directory and refuses some oddities that other readers pass; those are read here too, and
noted as problems, because somebody built the file that way on purpose.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from scanner.errors import InputError
from scanner.model import Problem, Text

END_SIGNATURE, CENTRAL_SIGNATURE, LOCAL_SIGNATURE = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
ZIP64_LOCATOR, ZIP64_END = b"PK\x06\x07", b"PK\x06\x06"
STORED, DEFLATED = 0, 8
ENCRYPTED, DESCRIPTOR = 1, 8
BOMB_RATIO, BOMB_SIZE = 200, 16 << 20
Buffer = bytes | mmap.mmap

_CENTRAL = struct.Struct("<HHHHHHIIIHHHHHII")
_DEX = re.compile(r"classes([2-9]|[1-9]\d+)?\.dex")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds in bytes (``entries`` in count) that hold whatever the package claims.

    ``entry`` bounds one file read into memory, ``total`` everything inflated from the package.
    """

    package: int = 4 << 30
    entries: int = 200_000
    entry: int = 256 << 20
    total: int = 4 << 30
    names: int = 64 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the package as the central directory describes it (sizes in bytes)."""

    name: str
    method: int
    flags: int
    crc: int
    packed: int
    size: int
    offset: int
    raw_name: bytes

    @property
    def deflated(self) -> bool:
        """Whether Android inflates it; every other method it takes as stored."""
        return self.method == DEFLATED


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory and its end record start, and the entries by name."""

    start: int
    end_record: int
    entries: dict[str, Entry]


@dataclass(slots=True)
class Notes:
    """Oddities of the container, each code once with its first place and a count."""

    found: dict[str, Problem] = field(default_factory=dict)

    def add(self, code: str, zh: str, en: str, where: str = "ZIP", count: int = 1) -> None:
        """Record one more occurrence of ``code``."""
        known = self.found.get(code)
        if known is not None:
            self.found[code] = known.model_copy(update={"count": known.count + count})
        else:
            self.found[code] = Problem(code=code, where=where[:300], message=Text(zh=zh, en=en), count=count)


def read_directory(data: Buffer, name: str, limits: Limits, notes: Notes) -> Directory:
    """Read the central directory of ``data``; ``name`` stands in messages.  Raises InputError when there is none."""
    end = _find_end(data, name)
    count, size, start = _bounds(data, end, notes)
    shift = 0
    if count and data[start : start + 4] != CENTRAL_SIGNATURE:
        shift = end - size - start
        start += shift
        if shift <= 0 or start < 0 or data[start : start + 4] != CENTRAL_SIGNATURE:
            zh = "压缩包目录位置错误，文件可能被截断或损坏，请重新获取安装包"
            en = "the ZIP directory is not where the file says; it may be truncated, get it again"
            raise InputError("zip-directory", Text(zh=f"{name}：{zh}", en=f"{name}: {en}"))
        zh, en = (
            "目录不在声明的位置，Android 拒绝安装",
            "the directory is elsewhere than stated, which Android refuses",
        )
        notes.add("zip-directory-moved", zh, en)
    entries: dict[str, Entry] = {}
    for entry in _central(data, start, count, shift, size, limits, notes):
        if entry.name in entries:
            zh, en = (
                "同名文件出现多次，Android 拒绝安装；这里取第一个",
                "duplicate name, which Android refuses; first read",
            )
            notes.add("zip-duplicate", zh, en, entry.name)
        else:
            entries[entry.name] = entry
    _check(data, start, entries, notes)
    return Directory(start, end, entries)


def _find_end(data: Buffer, name: str) -> int:
    low = max(0, len(data) - 65557)
    place = data.rfind(END_SIGNATURE, low)
    while place != -1 and place + 22 > len(data):
        place = data.rfind(END_SIGNATURE, low, place)
    if place == -1:
        zh = "不是有效的安装包（找不到 ZIP 目录）。请确认文件完整、类型正确"
        en = "not a package (no ZIP directory found); check that the file is complete and of the right kind"
        raise InputError("not-a-zip", Text(zh=f"{name}：{zh}", en=f"{name}: {en}"))
    return place


def _bounds(data: Buffer, end: int, notes: Notes) -> tuple[int, int, int]:
    """Return entry count, size and place of the directory from the end record, or from its ZIP64 form."""
    count, size, start, comment = struct.unpack_from("<HIIH", data, end + 10)
    if end + 22 + comment < len(data):
        notes.add(
            "zip-suffix",
            "文件末尾有多余数据，Android 拒绝安装",
            "data after the end of the ZIP, which Android refuses",
        )
    elif end + 22 + comment > len(data):
        zh, en = (
            "注释长度超出文件，Android 拒绝安装",
            "the comment is longer than the file, which Android refuses",
        )
        notes.add("zip-comment", zh, en)
    wide = count == 0xFFFF or 0xFFFFFFFF in {size, start}
    if wide and end >= 20 and data[end - 20 : end - 16] == ZIP64_LOCATOR:
        (place,) = struct.unpack_from("<Q", data, end - 12)
        if place + 56 <= end and data[place : place + 4] == ZIP64_END:
            count, size, start = struct.unpack_from("<QQQ", data, place + 32)
    return int(count), int(size), int(start)


def _central(
    data: Buffer, start: int, count: int, shift: int, size: int, limits: Limits, notes: Notes
) -> Iterator[Entry]:
    place, names, end = start, 0, len(data)
    for number in range(count):
        if number >= limits.entries:
            zh, en = "文件数量超过上限，其余未读", "too many entries, the rest was not read"
            notes.add("zip-entries", zh, en, count=count - number)
            return
        if place + 46 > end or data[place : place + 4] != CENTRAL_SIGNATURE:
            zh, en = "压缩包目录不完整，其余未读", "the ZIP directory ends early, the rest was not read"
            notes.add("zip-directory-cut", zh, en, count=count - number)
            return
        (
            _, _, flags, method, _, _, crc, packed, length, name_size, extra_size, comment_size, _, _, _, offset,
        ) = _CENTRAL.unpack_from(data, place + 4)  # fmt: skip
        names += name_size
        if names > limits.names:
            zh, en = "文件名总长超过上限，其余未读", "file names exceed the limit, the rest was not read"
            notes.add("zip-names", zh, en, count=count - number)
            return
        raw = bytes(data[place + 46 : place + 46 + name_size])
        if 0xFFFFFFFF in {packed, length, offset}:
            extra = bytes(data[place + 46 + name_size : place + 46 + name_size + extra_size])
            packed, length, offset = _zip64(extra, packed, length, offset)
        place += 46 + name_size + extra_size + comment_size
        if place > start + size:
            zh, en = (
                "目录超出声明的长度，Android 拒绝安装",
                "the directory exceeds its size, which Android refuses",
            )
            notes.add("zip-directory-size", zh, en, _name(raw, Notes()))
        yield Entry(_name(raw, notes), method, flags, crc, packed, length, offset + shift, raw)
    if data[place : place + 4] == CENTRAL_SIGNATURE:
        zh, en = "目录中的文件多于声明的数量，多出的未读", "more entries than stated; the rest was not read"
        notes.add("zip-count", zh, en)


def _name(raw: bytes, notes: Notes) -> str:
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        name = raw.decode("utf-8", "backslashreplace")
        notes.add(
            "zip-name", "文件名不是 UTF-8，Android 拒绝安装", "name is not UTF-8, which Android refuses", name
        )
    if "\0" in name:
        notes.add(
            "zip-name", "文件名含空字符，Android 拒绝安装", "name with a NUL, which Android refuses", name
        )
    return name


def _zip64(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    place = 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        if kind == 1:
            values = list(
                struct.unpack_from(f"<{min(length, len(extra) - place - 4) // 8}Q", extra, place + 4)
            )
            size = values.pop(0) if size == 0xFFFFFFFF and values else size
            packed = values.pop(0) if packed == 0xFFFFFFFF and values else packed
            offset = values.pop(0) if offset == 0xFFFFFFFF and values else offset
        place += 4 + length
    return packed, size, offset


def dex_names(entries: Container[str]) -> list[str]:
    """Return the dex files Android loads, in order: classes.dex, classes2.dex … up to the first gap."""
    names = []
    number = 1
    while (name := f"classes{number if number > 1 else ''}.dex") in entries:
        names.append(name)
        number += 1
    return names


def _check(data: Buffer, start: int, entries: dict[str, Entry], notes: Notes) -> None:
    if data[:4] == b"dex\n":
        zh, en = (
            "文件以 dex 开头，同时是 ZIP（Janus，CVE-2017-13156）",
            "both a dex and a ZIP (Janus, CVE-2017-13156)",
        )
        notes.add("janus", zh, en)
    first = min((entry.offset for entry in entries.values()), default=0)
    # Build tools leave local headers without a directory entry behind; anything else in front is foreign.
    if first > 0 and data[:4] != LOCAL_SIGNATURE:
        notes.add("zip-prefix", f"文件开头有 {first} 字节多余数据", f"{first} bytes precede the ZIP content")
    loaded = set(dex_names(entries))
    for name in entries:
        if _DEX.fullmatch(name) and name not in loaded:
            zh, en = "dex 编号不连续，Android 不加载", "dex number after a gap, which Android does not load"
            notes.add("dex-unloaded", zh, en, name)
        top = name.partition("/")[0]
        if top != name and (top in {"AndroidManifest.xml", "resources.arsc"} or _DEX.fullmatch(top)):
            zh, en = (
                "目录与 Android 读取的文件同名，妨碍解压",
                "a folder named like a file that Android reads",
            )
            notes.add("zip-shadow-folder", zh, en, name)
    last_end = 0
    for entry in sorted(entries.values(), key=lambda e: e.offset):
        if entry.offset < last_end:
            zh, en = "文件数据相互重叠（压缩炸弹手法）", "entries share data (a bomb technique)"
            notes.add("zip-overlap", zh, en, entry.name)
        length = entry.packed if entry.method == DEFLATED else min(entry.packed, entry.size)
        last_end = max(last_end, entry.offset + 30 + length)
        _check_entry(entry, start, notes)


def _check_entry(entry: Entry, start: int, notes: Notes) -> None:
    if entry.flags & ENCRYPTED:
        zh, en = "带加密标志，Android 忽略该标志", "encryption flag, which Android ignores"
        notes.add("zip-encrypted-flag", zh, en, entry.name)
    if entry.method not in {STORED, DEFLATED}:
        zh, en = "压缩方式非法，Android 按未压缩处理", "invalid method, read as stored like Android"
        notes.add("zip-method", zh, en, entry.name)
    if entry.method == STORED and entry.packed != entry.size:
        zh, en = (
            "未压缩的文件声称两种大小，Android 按原始大小读取",
            "stored with two sizes; Android takes the real one",
        )
        notes.add("zip-stored-size", zh, en, entry.name)
    if entry.name.startswith("/") or ".." in re.split(r"[/\\]", entry.name):
        notes.add("zip-path", "文件名试图跳出目录", "the name tries to leave the folder", entry.name)
    if entry.offset < start < entry.offset + 30 + len(entry.raw_name) + entry.packed:
        zh, en = "文件数据伸入目录，Android 拒绝读取", "data runs into the directory, which Android refuses"
        notes.add("zip-offset", zh, en, entry.name)
    if entry.offset >= start:
        zh, en = "文件位置在目录之后，Android 拒绝读取", "data behind the directory, which Android refuses"
        notes.add("zip-offset", zh, en, entry.name)
    if entry.size > BOMB_SIZE and entry.size > BOMB_RATIO * max(1, entry.packed):
        zh, en = "压缩比异常，疑似压缩炸弹", "implausible compression ratio, a likely bomb"
        notes.add("zip-ratio", zh, en, entry.name)

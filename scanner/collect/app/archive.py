"""Reads a package's ZIP container the way Android does, within limits.

Android trusts the central directory, looks at local headers only to find the data, ignores the encryption flag, and
takes every method but deflate as stored (libziparchive; APPNOTE.TXT 6.3).  Names are never used as paths.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from scanner.errors import InputError
from scanner.model import Problem, Text

END_SIGNATURE, CENTRAL_SIGNATURE, LOCAL_SIGNATURE = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
ZIP64_LOCATOR, ZIP64_END = b"PK\x06\x07", b"PK\x06\x06"
DEFLATED = 8
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds in bytes (``entries`` in count) that hold whatever the package claims."""

    package: int = 4 << 30
    entries: int = 200_000
    entry: int = 512 << 20
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


class EntryError(Exception):
    """One file of the package cannot be read; ``code`` says why."""

    def __init__(self, code: str, name: str, text: Text) -> None:
        super().__init__(text.zh)
        self.code = code
        self.name = name
        self.text = text


def _input_error(code: str, path: str, zh: str, en: str) -> InputError:
    return InputError(code, Text(zh=f"{path}：{zh}", en=f"{path}: {en}"))


class Archive:
    """An open package.  Use as a context manager; ``problems`` lists oddities of the container."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self.limits = limits or Limits()
        self.problems: list[Problem] = []
        self._spent = 0
        self._file = _open(path, self.limits)
        self.data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self.size = len(self.data)
        try:
            self.central_start, self.entries = self._read_directory()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self.data.close()
        self._file.close()

    def sha256(self) -> str:
        """Return the package's sha256 (hex)."""
        digest = hashlib.sha256()
        for start in range(0, self.size, CHUNK):
            digest.update(self.data[start : start + CHUNK])
        return digest.hexdigest()

    # --- directory ------------------------------------------------------------------------------------

    def _read_directory(self) -> tuple[int, dict[str, Entry]]:
        self.end_record = self._find_end()
        count, size, start = self._directory_bounds(self.end_record)
        shift = 0
        if self.data[start : start + 4] != CENTRAL_SIGNATURE and count:
            shift = self.end_record - size - start
            start += shift
            if shift <= 0 or self.data[start : start + 4] != CENTRAL_SIGNATURE:
                raise _input_error(
                    "zip-directory",
                    str(self.path),
                    "压缩包目录位置错误，文件可能被截断或损坏，请重新获取安装包",
                    "the ZIP directory is not where the file says; it may be truncated, get it again",
                )
            self._note(
                "zip-prefix",
                f"文件开头有 {shift} 字节多余数据",
                f"{shift} bytes precede the ZIP content",
                "ZIP",
            )
        found: dict[str, Entry] = {}
        for entry in self._central(start, count, shift):
            if entry.name in found:
                self._note(
                    "zip-duplicate",
                    "同名文件出现多次，按 Android 取第一个",
                    "duplicate name, the first counts",
                    entry.name,
                )
            else:
                found[entry.name] = entry
        self._check(found)
        return start, found

    def _find_end(self) -> int:
        low = max(0, self.size - 65557)
        tail = self.data[low:]
        place = tail.rfind(END_SIGNATURE)
        while place != -1:
            if low + place + 22 <= self.size:
                return low + place
            place = tail.rfind(END_SIGNATURE, 0, place)
        raise _input_error(
            "not-a-zip",
            str(self.path),
            "不是有效的安装包（找不到 ZIP 目录）。请确认文件完整、类型正确",
            "not a package (no ZIP directory found); check that the file is complete and of the right kind",
        )

    def _directory_bounds(self, end: int) -> tuple[int, int, int]:
        count, size, start, comment = struct.unpack_from("<HIIH", self.data, end + 10)
        if end + 22 + comment < self.size:
            self._note("zip-suffix", "文件末尾有多余数据", "data after the end of the ZIP", "ZIP")
        if (count == 0xFFFF or start == 0xFFFFFFFF) and self.data[end - 20 : end - 16] == ZIP64_LOCATOR:
            (place,) = struct.unpack_from("<Q", self.data, end - 12)
            if place + 56 <= self.size and self.data[place : place + 4] == ZIP64_END:
                count, size, start = struct.unpack_from("<QQQ", self.data, place + 32)
        return int(count), int(size), int(start)

    def _central(self, start: int, count: int, shift: int) -> Iterator[Entry]:
        place, names = start, 0
        for number in range(min(count, self.limits.entries + 1)):
            if number >= self.limits.entries:
                self._note(
                    "zip-entries",
                    "文件数量超过上限，其余未读",
                    "too many entries, the rest was not read",
                    "ZIP",
                    count,
                )
                return
            if self.data[place : place + 4] != CENTRAL_SIGNATURE or place + 46 > self.size:
                self._note(
                    "zip-directory-cut",
                    "压缩包目录不完整，其余未读",
                    "the ZIP directory ends early",
                    "ZIP",
                    count - number,
                )
                return
            fields = struct.unpack_from("<HHHHHHIIIHHHHHII", self.data, place + 4)
            flags, method, crc, packed, size = fields[2], fields[3], fields[6], fields[7], fields[8]
            name_size, extra_size, comment_size, offset = fields[9], fields[10], fields[11], fields[15]
            names += name_size
            if names > self.limits.names:
                self._note(
                    "zip-names",
                    "文件名总长超过上限，其余未读",
                    "file names exceed the limit",
                    "ZIP",
                    count - number,
                )
                return
            raw = self.data[place + 46 : place + 46 + name_size]
            if 0xFFFFFFFF in {packed, size, offset}:
                extra = self.data[place + 46 + name_size : place + 46 + name_size + extra_size]
                packed, size, offset = _zip64(extra, packed, size, offset)
            place += 46 + name_size + extra_size + comment_size
            if number + 1 == count and self.data[place : place + 4] == CENTRAL_SIGNATURE:
                self._note(
                    "zip-count",
                    "目录中的文件多于声明的数量，多出的未读",
                    "more entries than stated; the rest was not read",
                    "ZIP",
                )
            yield Entry(raw.decode("utf-8", "replace"), method, flags, crc, packed, size, offset + shift)

    def _check(self, found: dict[str, Entry]) -> None:
        last_end = 0
        if self.data[:4] == b"dex\n":
            self._note(
                "janus",
                "文件以 dex 开头，同时是 ZIP（Janus，CVE-2017-13156）",
                "both a dex and a ZIP (Janus, CVE-2017-13156)",
                "ZIP",
            )
        first = min((entry.offset for entry in found.values()), default=0)
        if first > 0 and not any(p.code == "zip-prefix" for p in self.problems):
            self._note(
                "zip-prefix",
                f"文件开头有 {first} 字节多余数据",
                f"{first} bytes precede the ZIP content",
                "ZIP",
            )
        for entry in sorted(found.values(), key=lambda e: e.offset):
            if entry.offset < last_end:
                self._note(
                    "zip-overlap",
                    "文件数据相互重叠（压缩炸弹手法）",
                    "entries share data (a bomb technique)",
                    entry.name,
                )
            last_end = max(last_end, entry.offset + 30 + (entry.packed if entry.method == DEFLATED else 0))
            if entry.flags & 1:
                self._note(
                    "zip-encrypted-flag",
                    "带加密标志，Android 忽略该标志",
                    "encryption flag, which Android ignores",
                    entry.name,
                )
            if entry.method not in {0, DEFLATED}:
                self._note(
                    "zip-method",
                    "压缩方式非法，Android 按未压缩处理",
                    "invalid method, read as stored like Android",
                    entry.name,
                )
            if entry.name.startswith("/") or ".." in entry.name.split("/"):
                self._note("zip-path", "文件名试图跳出目录", "the name tries to leave the folder", entry.name)

    def _note(self, code: str, zh: str, en: str, where: str, count: int = 1) -> None:
        for position, problem in enumerate(self.problems):
            if problem.code == code:
                self.problems[position] = problem.model_copy(update={"count": problem.count + count})
                return
        self.problems.append(Problem(code=code, where=where[:300], message=Text(zh=zh, en=en), count=count))

    # --- content --------------------------------------------------------------------------------------

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return the content of ``name``; raises EntryError when it is missing, broken or above ``limit`` bytes."""
        entry = self.entries.get(name)
        if entry is None:
            raise EntryError(
                "missing", name, Text(zh=f"安装包中没有 {name}", en=f"the package has no {name}")
            )
        bound = min(limit or self.limits.entry, self.limits.entry, self.limits.total - self._spent)
        raw = self._raw(entry)
        content = self._inflate(entry, raw, bound) if entry.method == DEFLATED else self._stored(entry, raw)
        if len(content) > bound:
            raise EntryError(
                "too-large",
                name,
                Text(
                    zh=f"{name} 解压后超过 {bound} 字节的上限，未读取",
                    en=f"{name} exceeds the limit of {bound} bytes",
                ),
            )
        if len(content) != entry.size:
            self._note("zip-size", "实际大小与声明不符", "the real size is not the stated one", entry.name)
        self._spent += len(content)
        return content

    def _raw(self, entry: Entry) -> bytes:
        place = entry.offset
        if place + 30 > self.size or self.data[place : place + 4] != LOCAL_SIGNATURE:
            raise EntryError(
                "local-header",
                entry.name,
                Text(
                    zh=f"{entry.name} 的数据位置错误，未读取",
                    en=f"{entry.name}: no data where the directory points",
                ),
            )
        name_size, extra_size = struct.unpack_from("<HH", self.data, place + 26)
        start = place + 30 + name_size + extra_size
        length = entry.packed if entry.method == DEFLATED else max(entry.size, entry.packed)
        return self.data[start : start + length]

    def _inflate(self, entry: Entry, raw: bytes, bound: int) -> bytes:
        decoder = zlib.decompressobj(-15)
        try:
            content = decoder.decompress(raw, bound + 1)
        except zlib.error as error:
            raise EntryError(
                "inflate",
                entry.name,
                Text(
                    zh=f"{entry.name} 无法解压（{error}），未读取",
                    en=f"{entry.name} cannot be inflated ({error})",
                ),
            ) from error
        if not decoder.eof and len(content) <= bound:
            raise EntryError(
                "truncated",
                entry.name,
                Text(zh=f"{entry.name} 的数据不完整，未读取", en=f"{entry.name} is truncated"),
            )
        return content

    def _stored(self, entry: Entry, raw: bytes) -> bytes:
        """Data taken as stored; a wrong method over deflated data (BadPack) is recognised by the CRC."""
        content = raw[: entry.size] if entry.size <= len(raw) else raw
        if entry.method in {0, DEFLATED} or zlib.crc32(content) == entry.crc:
            return content
        try:
            inflated = zlib.decompressobj(-15).decompress(raw[: entry.packed], self.limits.entry)
        except zlib.error:
            return content
        return inflated if zlib.crc32(inflated) == entry.crc else content

    def dex_names(self) -> list[str]:
        """Return the dex files Android loads, in order: classes.dex, classes2.dex … up to the first gap."""
        names = []
        number = 1
        while (name := f"classes{number if number > 1 else ''}.dex") in self.entries:
            names.append(name)
            number += 1
        return names


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


def _open(path: Path, limits: Limits) -> BinaryIO:
    try:
        if path.is_dir():
            raise _input_error(
                "is-folder", str(path), "是一个目录，请给出 APK 文件", "is a folder; give an APK file"
            )
        handle = path.open("rb")
        size = os.fstat(handle.fileno()).st_size
    except OSError as error:
        raise _input_error(
            "unreadable",
            str(path),
            f"无法读取（{error.strerror}），请检查路径和权限",
            f"cannot be read ({error.strerror}); check the path and permissions",
        ) from error
    if size == 0 or size > limits.package:
        handle.close()
        if size == 0:
            raise _input_error(
                "empty", str(path), "是空文件（0 字节），请重新获取", "is empty (0 bytes); get it again"
            )
        raise _input_error(
            "too-large", str(path), f"超过 {limits.package} 字节的上限", f"exceeds {limits.package} bytes"
        )
    return handle

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
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from scanner.collect.app.zipdirectory import (
    DESCRIPTOR,
    LOCAL_SIGNATURE,
    STORED,
    Buffer,
    Entry,
    Limits,
    Notes,
    dex_names,
    read_directory,
)
from scanner.errors import InputError
from scanner.model import Problem, Text

CHUNK = 1 << 20
PIECE = 1 << 16
LARGE = 128 << 20

_LOCAL = struct.Struct("<4sHHHHHIIIHH")


class EntryError(Exception):
    """One file of the package cannot be read; ``code`` says why."""

    def __init__(self, code: str, name: str, text: Text) -> None:
        super().__init__(text.zh)
        self.code = code
        self.name = name
        self.text = text


class Archive:
    """An open package.  Use as a context manager; ``problems`` lists oddities of the container.

    ``content`` is given for a package that is not a file of its own (inside another archive, from a stream); ``path``
    then only names it.  Raises InputError when it is no ZIP.
    """

    def __init__(self, path: Path, limits: Limits | None = None, content: bytes | None = None) -> None:
        self.path = path
        self.limits = limits or Limits()
        self._notes = Notes()
        self._spent = 0
        self._differing: set[str] = set()
        self._digests: dict[tuple[str, str], bytes] = {}
        self._file = _open(path, self.limits) if content is None else None
        self.data: Buffer
        if self._file is not None:
            self.data = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        else:
            self.data = content or b""
        self.size = len(self.data)
        try:
            directory = read_directory(self.data, str(path), self.limits, self._notes)
        except BaseException:
            self.close()
            raise
        self.central_start, self.end_record = directory.start, directory.end_record
        self.entries = directory.entries

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        if isinstance(self.data, mmap.mmap):
            self.data.close()
        if self._file is not None:
            self._file.close()

    @property
    def problems(self) -> list[Problem]:
        """Oddities of the container met so far, each kind once with a count."""
        return list(self._notes.found.values())

    @property
    def spent(self) -> int:
        """How many bytes have been inflated so far."""
        return self._spent

    def sha256(self) -> str:
        """Return the package's sha256 (hex)."""
        digest = hashlib.sha256()
        with memoryview(self.data) as view:
            for start in range(0, self.size, CHUNK):
                digest.update(view[start : start + CHUNK])
                if start % LARGE == LARGE - CHUNK:
                    self.forget()
        return digest.hexdigest()

    def forget(self) -> None:
        """Let the system take back the memory of what was read so far, where the package is large."""
        if isinstance(self.data, mmap.mmap) and self.size > LARGE and hasattr(mmap, "MADV_DONTNEED"):
            self.data.madvise(mmap.MADV_DONTNEED)

    def dex_names(self) -> list[str]:
        """Return the dex files Android loads, in order: classes.dex, classes2.dex … up to the first gap."""
        return dex_names(self.entries)

    # --- content --------------------------------------------------------------------------------------

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return the content of ``name``; raises EntryError when it is missing, broken or above ``limit`` bytes."""
        entry = self._entry(name)
        bound = min(self.limits.entry if limit is None else min(limit, self.limits.entry), self._left())
        start, length = self._place(entry)
        if entry.deflated:
            content = self._inflate(entry, start, length, bound)
        else:
            content = self._stored(entry, start, length, bound)
        if len(content) > bound:
            raise _error(
                "too-large",
                name,
                f"{name} 解压后超过 {bound} 字节的上限，未读取",
                f"{name} exceeds the limit of {bound} bytes",
            )
        if len(content) != entry.size:
            self._notes.add("zip-size", "实际大小与声明不符", "the real size is not the stated one", name)
        self._spent += len(content)
        return content

    def read_hashed(self, name: str) -> tuple[bytes, str]:
        """Return the content of ``name`` and its sha256 (hex), which :meth:`digest` then need not compute again."""
        content = self.read(name)
        raw = self._digests[name, "sha256"] = hashlib.sha256(content).digest()
        return content, raw.hex()

    def head(self, name: str, size: int) -> bytes:
        """Return the first ``size`` bytes of ``name``, fewer where it is shorter or broken; the rest is not inflated."""
        try:
            entry = self._entry(name)
            start, length = self._place(entry)
        except EntryError:
            return b""
        if not entry.deflated:
            return self._stored(entry, start, length, size)[:size]
        try:
            with memoryview(self.data) as view, view[start : start + min(length, size + PIECE)] as raw:
                return zlib.decompressobj(-15).decompress(raw, size)
        except zlib.error:
            return b""

    def digest(self, name: str, algorithm: str) -> bytes:
        """Return the digest of the content of ``name``, read in pieces; raises EntryError as :meth:`read` does."""
        known = self._digests.get((name, algorithm))
        if known is not None:
            return known
        entry = self._entry(name)
        start, length = self._place(entry)
        digest = hashlib.new(algorithm)
        if not entry.deflated:
            digest.update(self._stored(entry, start, length, self._left()))
            self._spent += length
        elif entry.size <= CHUNK and len(small := self._inflate(entry, start, length, CHUNK)) <= CHUNK:
            digest.update(small)
            self._spent += len(small)
        else:
            for piece in self._pieces(entry, start, length):
                digest.update(piece)
        raw = self._digests[name, algorithm] = digest.digest()
        return raw

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield the content of ``name`` in bounded pieces; raises EntryError as :meth:`read` does."""
        entry = self._entry(name)
        start, length = self._place(entry)
        if entry.deflated:
            yield from self._pieces(entry, start, length)
            return
        if length > self._left():
            raise _error("too-large", name, f"{name} 超过总量上限", f"{name}: total exceeded")
        self._spent += length
        for place in range(start, start + length, CHUNK):
            yield bytes(self.data[place : min(place + CHUNK, start + length)])

    def _entry(self, name: str) -> Entry:
        entry = self.entries.get(name)
        if entry is None:
            raise _error("missing", name, f"安装包中没有 {name}", f"the package has no {name}")
        return entry

    def _left(self) -> int:
        return max(0, self.limits.total - self._spent)

    def _place(self, entry: Entry) -> tuple[int, int]:
        """Return where the entry's data starts and how long it is; the central directory decides."""
        place, name = entry.offset, entry.name
        if place + 30 > self.size or self.data[place : place + 4] != LOCAL_SIGNATURE:
            raise _error(
                "local-header",
                name,
                f"{name} 的数据位置错误，未读取",
                f"{name}: no data where the directory points",
            )
        _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack_from(
            self.data, place
        )
        start = place + 30 + name_size + extra_size
        stated = (crc, packed, size) == (entry.crc, entry.packed, entry.size)
        descriptor = flags & DESCRIPTOR or 0xFFFFFFFF in {packed, size}
        same_name = self.data[place + 30 : place + 30 + name_size] == entry.raw_name
        differs = method != entry.method or not (stated or descriptor) or not same_name
        if differs and name not in self._differing:
            self._differing.add(name)
            zh, en = (
                "本地文件头与目录不一致，以目录为准",
                "local header and directory differ; the directory counts",
            )
            self._notes.add("zip-local-header", zh, en, name)
        length = entry.packed if entry.deflated else max(entry.size, entry.packed)
        return start, max(0, min(length, self.size - start))

    def _inflate(self, entry: Entry, start: int, length: int, bound: int) -> bytes:
        decoder = zlib.decompressobj(-15)
        try:
            with memoryview(self.data) as view, view[start : start + length] as raw:
                content = decoder.decompress(raw, bound + 1)
        except zlib.error as error:
            raise self._broken(entry, error) from error
        if not decoder.eof and len(content) <= bound:
            raise self._broken(entry, None)
        return content

    def _pieces(self, entry: Entry, start: int, length: int) -> Iterator[bytes]:
        """Yield the inflated content in bounded pieces."""
        decoder = zlib.decompressobj(-15)
        try:
            for place in range(start, start + length, PIECE):
                pending = self.data[place : min(place + PIECE, start + length)]
                while pending and not decoder.eof:
                    piece = decoder.decompress(pending, CHUNK)
                    pending = decoder.unconsumed_tail
                    self._spent += len(piece)
                    if not self._left():
                        raise _error(
                            "too-large",
                            entry.name,
                            f"{entry.name} 超过总量上限",
                            f"{entry.name}: total exceeded",
                        )
                    yield piece
            yield decoder.flush()
        except zlib.error as error:
            raise self._broken(entry, error) from error
        if not decoder.eof:
            raise self._broken(entry, None)

    def _stored(self, entry: Entry, start: int, length: int, bound: int) -> bytes:
        """Data taken as stored; a wrong method over deflated data (BadPack) is recognised by the CRC."""
        raw = bytes(self.data[start : start + min(length, bound + 1)])
        content = raw[: entry.size] if entry.size <= len(raw) else raw
        if entry.method == STORED or zlib.crc32(content) == entry.crc:
            return content
        try:
            inflated = zlib.decompressobj(-15).decompress(raw[: entry.packed], bound + 1)
        except zlib.error:
            return content
        return inflated if zlib.crc32(inflated) == entry.crc else content

    def _broken(self, entry: Entry, error: zlib.error | None) -> EntryError:
        name = entry.name
        if error is None:
            return _error("truncated", name, f"{name} 的数据不完整，未读取", f"{name} is truncated")
        return _error(
            "inflate", name, f"{name} 无法解压（{error}），未读取", f"{name} cannot be inflated ({error})"
        )


def _error(code: str, name: str, zh: str, en: str) -> EntryError:
    return EntryError(code, name, Text(zh=zh, en=en))


def _input_error(code: str, path: Path, zh: str, en: str) -> InputError:
    return InputError(code, Text(zh=f"{path}：{zh}", en=f"{path}: {en}"))


def _open(path: Path, limits: Limits) -> BinaryIO:
    try:
        if path.is_dir():
            raise _input_error(
                "is-folder", path, "是一个目录，请给出 APK 文件", "is a folder; give an APK file"
            )
        if not path.is_file() and path.exists():
            raise _input_error("not-a-file", path, "不是普通文件", "is no ordinary file")
        handle = path.open("rb")
        size = os.fstat(handle.fileno()).st_size
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise _input_error(
            "unreadable",
            path,
            f"无法读取（{why}），请检查路径和权限",
            f"cannot be read ({why}); check the path and permissions",
        ) from error
    if size == 0 or size > limits.package:
        handle.close()
        if size == 0:
            raise _input_error(
                "empty", path, "是空文件（0 字节），请重新获取", "is empty (0 bytes); get it again"
            )
        raise _input_error(
            "too-large", path, f"超过 {limits.package} 字节的上限", f"exceeds {limits.package} bytes"
        )
    return handle

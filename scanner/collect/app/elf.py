"""Hardening of native libraries, read from ELF headers (System V gABI; ELF for ARM and x86).

Only program headers and the dynamic section are used, which the loader itself needs; section headers may be stripped
or forged.  Every offset is checked; a file that lies gives a problem, not an exception.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from typing import Literal

from scanner.appfacts import NativeHardening
from scanner.model import Evidence, FileLocator, Text

MACHINES = {3: "x86", 40: "arm", 62: "x86_64", 183: "arm64", 243: "riscv64"}
PT_LOAD, PT_DYNAMIC, PT_STACK, PT_RELRO = 1, 2, 0x6474E551, 0x6474E552
DT_STRTAB, DT_SYMTAB, DT_RPATH, DT_TEXTREL, DT_BIND_NOW, DT_RUNPATH, DT_FLAGS, DT_FLAGS_1 = (
    5, 6, 15, 22, 24, 29, 30, 0x6FFFFFFB,
)  # fmt: skip
DT_STRSZ, DT_HASH, DT_GNU_HASH = 10, 4, 0x6FFFFEF5
DF_TEXTREL, DF_BIND_NOW, DF_1_NOW = 4, 8, 1
MAX_HEADERS = 256
MAX_DYNAMIC = 4096
MAX_NAMES = 16 << 20
SHT_SYMTAB = 2
JNI, MAX_SYMBOL, MAX_CLASSES = b"Java_", 300, 40
_UNDERSCORE = re.compile(r"_(?![0-3])")


class _LyingError(Exception):
    """The file is not what it says; the message says where."""


def hardening(path: str, data: bytes) -> NativeHardening:
    """Return the protections of the ELF file ``data`` that lies at ``path`` in the package."""
    try:
        return _Elf(path, data).read()
    except (_LyingError, struct.error, IndexError, ValueError, OverflowError) as error:
        return NativeHardening(path=path, problem=str(error)[:200] or "not readable")


def loaded_ranges(data: bytes) -> list[tuple[int, int]]:
    """Return the ranges (start, end) of the ELF file ``data`` that are loaded, ascending and apart.

    What is not loaded, such as the compiler's own remarks, no code uses.  Everything, where the headers lie.
    """
    try:
        headers = _Elf("", data).segments()
    except (_LyingError, struct.error, IndexError, ValueError, OverflowError):
        return [(0, len(data))]
    found: list[tuple[int, int]] = []
    for start, end in sorted((offset, min(offset + size, len(data))) for offset, size in headers):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        elif start < end:
            found.append((start, end))
    return found or [(0, len(data))]


def jni_classes(symbols: Iterable[bytes]) -> tuple[str, ...]:
    """Return the classes whose native methods are among ``symbols`` (``Java_com_vendor_Class_method``), sorted.

    Names are mangled as the JNI specification says ("Resolving Native Method Names"): ``_`` stands for a dot, ``_1`` for
    an underscore, ``_0xxxx`` for another character; overloaded methods carry their arguments behind ``__``.
    """
    found = set[str]()
    for symbol in symbols:
        if symbol.startswith(JNI) and len(symbol) <= MAX_SYMBOL:
            mangled = symbol[len(JNI) :].decode("ascii", "replace").partition("__")[0]
            owner = _UNDERSCORE.sub(".", mangled).rpartition(".")[0]
            found.add(owner.replace("_1", "_"))
    return tuple(sorted(found)[:MAX_CLASSES])


class _Elf:
    def __init__(self, path: str, data: bytes) -> None:
        if data[:4] != b"\x7fELF":
            raise _LyingError("not an ELF file")
        if len(data) < 64 or data[4] not in {1, 2} or data[5] not in {1, 2}:
            raise _LyingError("broken ELF identification")
        self.path, self.data = path, data
        self.wide = data[4] == 2
        self.order = "<" if data[5] == 1 else ">"
        self.machine = self._number("H", 18)
        self.loads: list[tuple[int, int, int]] = []

    def _number(self, form: str, place: int) -> int:
        (value,) = struct.unpack_from(self.order + form, self.data, place)
        return int(value)

    def read(self) -> NativeHardening:
        headers = list(self._program_headers())
        self.loads = [
            (offset, address, size) for kind, _, offset, address, size in headers if kind == PT_LOAD
        ]
        stack = [flags for kind, flags, *_ in headers if kind == PT_STACK]
        dynamic = self._dynamic(headers)
        names = self._names(dynamic)
        flags, flags1 = dynamic.get(DT_FLAGS, 0), dynamic.get(DT_FLAGS_1, 0)
        now = DT_BIND_NOW in dynamic or bool(flags & DF_BIND_NOW) or bool(flags1 & DF_1_NOW)
        relro: Literal["none", "partial", "full"] = "none"
        if any(kind == PT_RELRO for kind, *_ in headers):
            relro = "full" if now else "partial"
        symbols = set(names.split(b"\0"))
        runpath = self._text(dynamic, DT_RUNPATH) or self._text(dynamic, DT_RPATH)
        # Without the header the kernel of old Android versions makes the stack executable.
        nx = not stack[0] & 1 if stack else False
        found = NativeHardening(
            path=self.path,
            machine=MACHINES.get(self.machine, str(self.machine)),
            nx=nx,
            relro=relro,
            canary=bool(symbols & {b"__stack_chk_fail", b"__stack_chk_guard"}),
            fortify=any(n.endswith(b"_chk") and n != b"__stack_chk" for n in symbols),
            runpath=runpath[:200],
            stripped=self._stripped(),
            text_relocations=DT_TEXTREL in dynamic or bool(flags & DF_TEXTREL),
            jni_functions=sum(n.startswith(b"Java_") for n in symbols),
            jni_classes=jni_classes(symbols),
        )
        note = _hardening_note(found)
        evidence = Evidence(artifact=self.path, locator=FileLocator(path=self.path), note=note)
        return found.model_copy(update={"evidence": (evidence,)})

    def segments(self) -> list[tuple[int, int]]:
        """Return (offset, size) in the file of the segments that are loaded."""
        return [(offset, size) for kind, _, offset, _, size in self._program_headers() if kind == PT_LOAD]

    def _program_headers(self) -> list[tuple[int, int, int, int, int]]:
        """Return (type, flags, file offset, address, size in the file) of the program headers."""
        start = self._number("Q" if self.wide else "I", 32 if self.wide else 28)
        entry = self._number("H", 54 if self.wide else 42)
        count = self._number("H", 56 if self.wide else 44)
        if not 0 < count <= MAX_HEADERS or entry < (56 if self.wide else 32):
            raise _LyingError("no usable program headers")
        found = []
        for place in range(start, start + count * entry, entry):
            if self.wide:
                kind, flags, offset, address, _, size = struct.unpack_from(
                    self.order + "IIQQQQ", self.data, place
                )
            else:
                kind, offset, address, _, size, _, flags = struct.unpack_from(
                    self.order + "IIIIIII", self.data, place
                )
            found.append((kind, flags, offset, address, size))
        return found

    def _dynamic(self, headers: list[tuple[int, int, int, int, int]]) -> dict[int, int]:
        place = next((h for h in headers if h[0] == PT_DYNAMIC), None)
        if place is None:
            return {}
        form = self.order + ("QQ" if self.wide else "II")
        step = struct.calcsize(form)
        found: dict[int, int] = {}
        for number in range(min(MAX_DYNAMIC, place[4] // step)):
            tag, value = struct.unpack_from(form, self.data, place[2] + number * step)
            if tag == 0:
                break
            found.setdefault(tag, value)
        return found

    def _offset(self, address: int) -> int | None:
        """Return the file offset of a loaded address."""
        return next((o + address - a for o, a, s in self.loads if a <= address < a + s), None)

    def _names(self, dynamic: dict[int, int]) -> bytes:
        """Return the dynamic string table: names of imported and exported symbols."""
        start = self._offset(dynamic.get(DT_STRTAB, -1))
        if start is None:
            return b""
        size = min(dynamic.get(DT_STRSZ, 0), MAX_NAMES)
        return self.data[start : start + size]

    def _text(self, dynamic: dict[int, int], tag: int) -> str:
        if tag not in dynamic:
            return ""
        names = self._names(dynamic)
        end = names.find(b"\0", dynamic[tag])
        return names[dynamic[tag] : end if end >= 0 else None].decode("utf-8", "replace")

    def _stripped(self) -> bool | None:
        """Whether the full symbol table is gone; None when the section headers cannot be read."""
        start = self._number("Q" if self.wide else "I", 40 if self.wide else 32)
        entry = self._number("H", 58 if self.wide else 46)
        count = self._number("H", 60 if self.wide else 48)
        if start == 0 or count == 0:
            return True
        if start + count * entry > len(self.data) or entry < 8:
            return None
        return all(self._number("I", start + n * entry + 4) != SHT_SYMTAB for n in range(count))


def _hardening_note(found: NativeHardening) -> Text:
    """Say which protections the library has."""
    levels = {
        "none": Text(zh="没有", en="none"),
        "partial": Text(zh="部分", en="partial"),
        "full": Text(zh="完全", en="full"),
    }
    relro = levels[found.relro or "none"]
    yes = [Text(zh="否", en="no"), Text(zh="是", en="yes")]
    flags = [yes[bool(flag)] for flag in (found.nx, found.canary, found.fortify)]
    return Text(
        zh=f"栈不可执行：{flags[0].zh}；重定位只读保护：{relro.zh}；栈保护：{flags[1].zh}；加固的库函数：{flags[2].zh}",
        en=f"stack not executable: {flags[0].en}; relocations read-only: {relro.en}; "
        f"stack protector: {flags[1].en}; fortified functions: {flags[2].en}",
    )

"""Native libraries: their hardening, and what their strings name: classes and methods they call, and addresses.

Native code reaches Java through JNI by name: ``FindClass("com/vendor/Class")``, then ``GetMethodID`` with a name and a
prototype such as ``(I)V``, all kept in the library as NUL-terminated strings.  Where a library holds all three, it can
call the method.  Source: Java Native Interface Specification, chapter 4.  Strings that are put together or encrypted,
or that a linker kept only as the end of a longer one, are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from scanner.appfacts import NativeHardening
from scanner.collect.app.archive import EntryError
from scanner.collect.app.elf import hardening, loaded_ranges
from scanner.collect.app.package import Package
from scanner.dex import Dex

MAX_FILE = 64 << 20
MAX_TOTAL = 96 << 20
ABIS = ("arm64-v8a", "armeabi-v7a", "armeabi", "x86_64", "x86")
MAX_STRINGS, MAX_ADDRESSES = 400_000, 2_000
# A string from one NUL to the next; the NUL in front is part of the match, which makes the search several times faster.
_STRING = re.compile(rb"\x00([A-Za-z_$<(][!-~]{0,1299})(?=\x00)")
_CLASS = re.compile(rb"L?([A-Za-z_][\w$]{0,99}(?:/[\w$]{1,99}){1,15});?")
_NAME = re.compile(rb"[A-Za-z_$<][\w$>]{0,199}")
_PROTOTYPE = re.compile(rb"\([\w$/;\[]{0,999}\)[\w$/;\[]{1,299}")
_ADDRESS = re.compile(rb"https?://[A-Za-z0-9.-]{4,253}(?::\d{1,5})?(?:/[!#-&*-;=?-\[\]-_a-z|~]{0,200})?")


@dataclass(frozen=True, slots=True)
class Native:
    """One library: its path in the package, protections, and what its strings name.

    ``classes`` are type descriptors, ``names`` and ``prototypes`` those of methods (read only where there are classes);
    ``addresses`` are (offset in the file, URL); ``unread``: nothing of it was read;
    ``cut``: it holds more strings or addresses than are read.
    """

    path: str
    hardening: NativeHardening
    classes: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    prototypes: frozenset[str] = frozenset()
    addresses: tuple[tuple[int, str], ...] = ()
    unread: bool = False
    cut: bool = False

    def names_method(self, described: str) -> bool:
        """Whether the library names this method (``Lclass;->name(params)return``)."""
        owner, _, rest = described.partition("->")
        name, bracket, prototype = rest.partition("(")
        return owner in self.classes and name in self.names and bracket + prototype in self.prototypes


def read_natives(package: Package, read: Callable[[str], bytes]) -> tuple[Native, ...]:
    """Return the libraries of one ABI, sorted by path; the others are builds of the same source.

    ``read`` returns the content of a file of ``package`` or raises EntryError.
    """
    return tuple(_read(package, read))


def _read(package: Package, read: Callable[[str], bytes]) -> Iterator[Native]:
    libraries: dict[str, list[str]] = {}
    for path in package.entries:
        parts = path.split("/")
        if len(parts) == 3 and parts[0] == "lib" and parts[2].endswith(".so"):
            libraries.setdefault(parts[1], []).append(path)
    abi = next((abi for abi in ABIS if abi in libraries), next(iter(sorted(libraries)), None))
    room = MAX_TOTAL
    for path in sorted(libraries.get(abi or "", ())):
        size = package.entries[path].size
        if size > MAX_FILE or size > room:
            yield Native(path, NativeHardening(path=path, problem=f"not read: {size >> 20} MB"), unread=True)
            continue
        room -= size
        try:
            data = read(path)
        except EntryError as error:
            yield Native(path, NativeHardening(path=path, problem=error.text.en[:200]), unread=True)
        else:
            yield native(path, data)


def native(path: str, data: bytes) -> Native:
    """Return what the library ``data`` at ``path`` shows of itself."""
    ranges = loaded_ranges(data)
    texts = [match[1] for match in _found(_STRING, data, ranges, MAX_STRINGS)]
    matches = (_CLASS.fullmatch(text) for text in texts if b"/" in text)
    classes = frozenset(f"L{match[1].decode('ascii')};" for match in matches if match)
    names: frozenset[str] = frozenset()
    prototypes = names
    if classes:
        names = frozenset(text.decode("ascii") for text in texts if _NAME.fullmatch(text))
        prototypes = frozenset(text.decode("ascii") for text in texts if _PROTOTYPE.fullmatch(text))
    addresses = _found(_ADDRESS, data, ranges, MAX_ADDRESSES)
    located = tuple((match.start(), match[0].decode("ascii")) for match in addresses)
    cut = len(texts) == MAX_STRINGS or len(located) == MAX_ADDRESSES
    return Native(path, hardening(path, data), classes, names, prototypes, located, cut=cut)


def _found(
    pattern: re.Pattern[bytes], data: bytes, ranges: Sequence[tuple[int, int]], most: int
) -> Iterator[re.Match[bytes]]:
    return islice((match for start, end in ranges for match in pattern.finditer(data, start, end)), most)


def called_natively(dex: Dex, natives: Iterable[Native]) -> dict[int, str]:
    """Return the defined methods that a library names, each with the path of the first library that does."""
    found: dict[int, str] = {}
    for library in natives:
        numbers = dex.find_types(sorted(library.classes))
        for number in sorted(one for one in numbers if one >= 0):
            for node in dex.nodes_of_class(number).tolist():
                if library.names_method(dex.method(node)):
                    found.setdefault(node, library.path)
    return found

"""The types of Android and its Java library that apps extend, and the methods they are called through.

Read from ``rules/data/platform_types.txt.zst``, which ``tools/build_platform_types.py`` writes.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import zstandard

from scanner.dex import PlatformTypes

FILE = "platform_types.txt.zst"
MAX_SIZE = 8 << 20


def platform_types(level: int) -> PlatformTypes:
    """Return the types as a package sees them that was made for API ``level``.

    Where that is newer than the data, its interfaces may have methods the data lack: no type is then closed.
    """
    known, lines = _read()
    return PlatformTypes(lines, closed=level <= known)


@cache
def _read() -> tuple[int, dict[str, str]]:
    packed = (files("rules") / "data" / FILE).read_bytes()
    text = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_SIZE).decode("utf-8")
    head, *rows = text.splitlines()
    return int(head.rpartition(" ")[2]), {row.split(" ", 2)[1]: row for row in rows if row[0] != "#"}

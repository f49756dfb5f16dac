"""The resource table: all strings, all files, and references followed from every id in the file."""

from __future__ import annotations

import random
import struct

from scanner.collect.app.interface import resource_texts
from scanner.collect.app.resources import ResourceError, Resources

IN_PLACE = 0.6
MAX_IDS = 300


def check(data: bytes) -> None:
    """Ask the table everything the collector asks."""
    try:
        resources = Resources(data)
    except ResourceError:
        return
    assert resources.skipped >= 0
    for name, locale, text in resources.strings():
        assert isinstance(name + locale + text, str)
    for kind in ("layout", "xml"):
        list(resources.files(kind))
    list(resource_texts(resources))
    ids = [0x7F000000 | kind << 16 | entry for kind in range(1, 12) for entry in range(8)]
    ids += struct.unpack_from(f"<{min(MAX_IDS, len(data) // 4)}I", data)
    for number in ids:
        resources.name(number)
        resources.text(number, ("zh", ""))
        resources.value(number)


def repair(data: bytes, rng: random.Random) -> bytes:
    """Mostly state the true size of the file."""
    if len(data) < 12 or rng.random() < 0.2:
        return data
    content = bytearray(data)
    struct.pack_into("<HHI", content, 0, 2, 12, len(content))
    return bytes(content)

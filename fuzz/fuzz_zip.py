"""The ZIP container: every entry is read and digested within small limits."""

from __future__ import annotations

import hashlib
import random
import struct
from pathlib import Path

from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.zipdirectory import Limits
from scanner.errors import InputError

IN_PLACE = 0.5
LIMITS = Limits(entries=500, entry=1 << 20, total=4 << 20, names=1 << 18)
END, CENTRAL = b"PK\x05\x06", b"PK\x01\x02"


def check(data: bytes) -> None:
    """Read everything; what is read stays within the limits and has the digest it is said to have."""
    try:
        archive = Archive(Path("x.apk"), LIMITS, data)
    except InputError:
        return
    spent = 0
    with archive:
        assert len(archive.entries) <= LIMITS.entries
        for name in archive.entries:
            try:
                content = archive.read(name)
                digest = archive.digest(name, "sha256")
            except EntryError:
                continue
            spent += len(content)
            assert digest == hashlib.sha256(content).digest(), name
        assert all(name in archive.entries for name in archive.dex_names())
        assert all(problem.count > 0 for problem in archive.problems)
    assert spent <= LIMITS.total


def repair(data: bytes, rng: random.Random) -> bytes:
    """Mostly let the end record point at the directory again, wherever insertions have moved it."""
    end, central = data.rfind(END), data.find(CENTRAL)
    if end < 0 or end + 22 > len(data) or not 0 <= central < end or rng.random() < 0.2:
        return data
    content = bytearray(data)
    struct.pack_into("<II", content, end + 12, end - central, central)
    return bytes(content)

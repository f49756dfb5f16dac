"""Native libraries: protections read from ELF headers, and what their strings name."""

from __future__ import annotations

from itertools import pairwise

from scanner.collect.app.elf import loaded_ranges
from scanner.collect.app.natives import native

IN_PLACE = 0.7


def check(data: bytes) -> None:
    """Everything is either read or a named problem."""
    library = native("lib/arm64-v8a/libx.so", data)
    found = library.hardening
    assert found.problem is None or found.problem
    ranges = loaded_ranges(data)
    assert all(0 <= start < end <= len(data) for start, end in ranges) or not data
    assert all(a[1] < b[0] for a, b in pairwise(ranges))
    assert all(data[at:].startswith(url.encode()) for at, url in library.addresses)
    assert found.model_validate_json(found.model_dump_json()) == found

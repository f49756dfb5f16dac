"""The strings of Hermes byte code (React Native), read from its string table.

Layout: the header and sections of ``hermes/BCGen/HBC/BytecodeFileFormat.h`` (Hermes, Meta): header of 128 bytes, function
headers (16 bytes, 12 from version 97 on), string kinds, identifier hashes, small string table, overflow table, storage;
each begins at a multiple of four.  A small entry is one word: bit 0 UTF-16, bits 1-23 offset, bits 24-31 length, 255
standing for an entry of the overflow table.  Tables that do not fit the file are not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = bytes.fromhex("c61fbc03c103191f")
HEADER = 128
FUNCTION_SIZES = (16, 12)
MAX_STRINGS = 2_000_000
MAX_WIDE = 100_000
LONG = 255
# The eight counts from the function count on, after magic, version, source hash and two offsets.
_COUNTS = struct.Struct("<6I")
_COUNTS_AT = 40


def hermes_strings(data: bytes) -> list[tuple[int, str]] | None:
    """Return (byte offset, text) of the strings beyond Latin-1 in a byte code file; None when it cannot be read."""
    if not data.startswith(MAGIC) or len(data) < HEADER:
        return None
    functions, kinds, identifiers, strings, overflow, storage = _COUNTS.unpack_from(data, _COUNTS_AT)
    if strings > MAX_STRINGS:
        return None
    for size in FUNCTION_SIZES:
        start = HEADER + functions * size
        table = start + 4 * kinds + 4 * identifiers
        texts = table + 4 * strings + 8 * overflow
        if texts + storage > len(data) or not _fits(data, start, kinds, strings):
            continue
        entries = np.frombuffer(data, dtype="<u4", count=strings, offset=table)
        longer = np.frombuffer(data, dtype="<u4", count=2 * overflow, offset=table + 4 * strings)
        found = _spans(entries, longer.reshape(-1, 2), storage)
        if found is not None:
            return list(_texts(data, texts, *found))
    return None


def _fits(data: bytes, start: int, kinds: int, strings: int) -> bool:
    """Whether the string kinds at ``start``, runs of strings of one kind, add up to all strings."""
    if kinds > strings or start + 4 * kinds > len(data):
        return False
    runs = np.frombuffer(data, dtype="<u4", count=kinds, offset=start).astype(np.int64)
    return int((runs & 0x7FFFFFFF).sum()) == strings


def _spans(
    entries: NDArray[Any], longer: NDArray[Any], storage: int
) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return place in the storage and length (units) of the wide strings; None when one lies outside."""
    place = (entries >> 1 & 0x7FFFFF).astype(np.int64)
    length = (entries >> 24).astype(np.int64)
    wide = (entries & 1).astype(np.bool_)
    long_ = np.flatnonzero(length == LONG)
    if len(long_):
        if not len(longer) or int(place[long_].max()) >= len(longer):
            return None
        row = place[long_]
        place[long_], length[long_] = longer[row, 0], longer[row, 1]
    if len(place) and int((place + length * (1 + wide)).max()) > storage:
        return None
    return place[wide], length[wide]


def _texts(data: bytes, base: int, place: NDArray[Any], length: NDArray[Any]) -> Iterator[tuple[int, str]]:
    for at, units in zip(place[:MAX_WIDE].tolist(), length[:MAX_WIDE].tolist(), strict=True):
        yield base + at, data[base + at : base + at + 2 * units].decode("utf-16-le", "replace")

"""class_data_item streams decoded as whole arrays: which methods a file defines, and where their code is.

The stream is ULEB128 throughout ("Dalvik executable format", class_data_item).  A byte below 0x80 ends a value, so
the ends of all values follow from one comparison; the counts at each class's start tell which values are methods.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.file import I8, SPAN, U1, DexFile

MAX_MEMBERS = 1 << 16
# Bytes of a class_data_item of as many fields and methods as there are indices; real ones are a thousandth.
MAX_ITEM = 2 << 20


@dataclass(frozen=True, slots=True)
class DefinedMethods:
    """Methods defined in one file, as parallel arrays in class_defs order.

    ``method``: index into method_ids; ``flags``: access flags; ``code``: byte offset of the code_item, 0 for abstract
    and native methods (all int32); ``virtual``: in the virtual list.
    """

    method: NDArray[Any]
    flags: NDArray[Any]
    code: NDArray[Any]
    virtual: NDArray[Any]


def defined_methods(dex: DexFile) -> DefinedMethods:
    """Decode all class data of ``dex``; classes whose stream is broken are skipped and counted."""
    offsets = dex.class_defs[:, 6].astype(np.int64)
    owners = np.flatnonzero(offsets)
    bad = offsets[owners] >= len(dex.data)
    bad |= offsets[owners] > int(offsets[owners].min(initial=len(dex.data))) + SPAN
    if bad.any():
        dex.note("class-data-offset", int(bad.sum()))
        owners = owners[~bad]
    if not len(owners):
        return _empty()
    offsets = offsets[owners]
    low = int(offsets.min())
    stream = dex.bytes[low : int(offsets.max()) + MAX_ITEM]
    ends = np.flatnonzero(stream < 0x80).astype(np.int32 if len(stream) < 1 << 31 else np.int64)
    first = np.searchsorted(ends, offsets - low)
    room = len(ends) - first
    starved = room < 4
    if starved.any():
        dex.note("class-data-truncated", int(starved.sum()))
        owners, offsets, first, room = owners[~starved], offsets[~starved], first[~starved], room[~starved]
    if not len(owners):
        return _empty()
    counts = _values(stream, ends, (first[:, None] + np.arange(4)).ravel()).reshape(-1, 4)
    static, instance, direct, virtual = counts.T
    needed = 4 + 2 * (static + instance) + 3 * (direct + virtual)
    broken = (counts > MAX_MEMBERS).any(axis=1) | (needed > room)
    if broken.any():
        dex.note("class-data-counts", int(broken.sum()))
        keep = ~broken
        owners, first, static, instance = owners[keep], first[keep], static[keep], instance[keep]
        direct, virtual = direct[keep], virtual[keep]
    begin = first + 4 + 2 * (static + instance)
    return _methods(dex, stream, ends, begin, direct, virtual)


def _methods(
    dex: DexFile, stream: U1, ends: NDArray[Any], begin: I8, direct: I8, virtual: I8
) -> DefinedMethods:
    total = direct + virtual
    count = int(total.sum())
    if not count:
        return _empty()
    group = np.repeat(np.arange(len(total)), total)
    inside = np.arange(count) - np.repeat(np.cumsum(total) - total, total)
    positions = begin[group] + 3 * inside
    values = _values(stream, ends, (positions[:, None] + np.arange(3)).ravel()).reshape(-1, 3)
    is_virtual = inside >= direct[group]
    restart = (inside == 0) | (inside == direct[group])
    index = _segmented_sum(values[:, 0], restart)
    good = (index >= 0) & (index < len(dex.methods))
    code = values[:, 2]
    outside = good & (code != 0) & ((code + 16 > len(dex.data)) | (code % 4 != 0))
    if not good.all():
        dex.note("method-index", int((~good).sum()))
    if outside.any():
        dex.note("code-offset", int(outside.sum()))
        code = np.where(outside, 0, code)
    return DefinedMethods(
        method=index[good].astype(np.int32),
        flags=values[:, 1][good].astype(np.uint32).astype(np.int32),
        code=code[good].astype(np.int32),
        virtual=is_virtual[good],
    )


def _segmented_sum(values: I8, restart: NDArray[Any]) -> I8:
    """Running sum of ``values`` that starts again wherever ``restart`` is True (index differences)."""
    total = np.cumsum(values)
    base = np.where(restart, total - values, 0)
    last = np.maximum.accumulate(np.where(restart, np.arange(len(values)), 0))
    result: I8 = total - base[last]
    return result


def _values(stream: U1, ends: NDArray[Any], which: I8) -> I8:
    """Decode the ULEB128 values number ``which`` (counted from the stream's start), at most 5 bytes each."""
    end = ends[which].astype(np.int64)
    start = np.where(which > 0, ends[np.maximum(which - 1, 0)].astype(np.int64) + 1, 0)
    start = np.maximum(start, end - 4)
    value = np.zeros(len(which), dtype=np.int64)
    length = end - start
    for step in range(int(length.max(initial=0)), -1, -1):
        has = length >= step
        byte = stream[np.where(has, start + step, start)].astype(np.int64) & 0x7F
        value = np.where(has, (value << 7) | byte, value)
    return value


def _empty() -> DefinedMethods:
    none = np.zeros(0, dtype=np.int64)
    return DefinedMethods(method=none, flags=none, code=none, virtual=np.zeros(0, dtype=np.bool_))

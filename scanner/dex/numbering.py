"""Equal names get equal numbers across files, without building a Python object per name.

Strings and prototypes are hashed as whole arrays with multipliers drawn at random for the process (multilinear
hashing: Lemire and Kaser, "Strongly universal string hashing is fast", 2014), so nobody can prepare colliding names;
by chance two of a million names collide with probability below 2^-24.  Numbers follow first occurrence, not hash
values, so results do not depend on the random draw.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.file import DexFile
from scanner.dex.words import read_words

I8 = NDArray[Any]
WORDS = 8
MAX_PARAMETERS = 256
_HIGH = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def _draw(count: int) -> NDArray[Any]:
    return np.frombuffer(os.urandom(8 * count), dtype=np.uint64) | np.uint64(1)


_STRING = (_draw(2 * WORDS + 1), _draw(2 * WORDS + 1))
_PARAMETER = (_draw(MAX_PARAMETERS + 1), _draw(MAX_PARAMETERS + 1))
_PAIR = (_draw(4), _draw(4))


def ragged(count: NDArray[Any]) -> I8:
    """Return 0..n-1 for each n of ``count``, joined."""
    total = int(count.sum())
    places: I8 = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
    return places


def number(hashes: NDArray[Any]) -> I8:
    """Return a number for each of ``hashes``, equal for equal ones, in the order of first occurrence."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    fresh = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
    group = np.cumsum(fresh, dtype=np.int32) - 1
    # The sort is stable, so a group's first member is its first occurrence.
    rank = np.zeros(int(fresh.sum()), dtype=np.int32)
    first = order[fresh]
    rank[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    numbers = np.empty(len(hashes), dtype=np.int64)
    numbers[order] = rank[group]
    return numbers


def signature_hashes(file: DexFile, type_map: I8) -> NDArray[Any]:
    """Return a 64-bit hash of (name, prototype) for every method_id of ``file``; types are taken by their number."""
    if not len(file.methods) or not len(file.string_offsets):
        return np.zeros(len(file.methods), dtype=np.uint64)
    names = np.minimum(file.methods["name"], len(file.string_offsets) - 1)
    occurs = np.zeros(len(file.string_offsets), dtype=np.bool_)
    occurs[names] = True
    name = string_hashes(file, np.flatnonzero(occurs))[(np.cumsum(occurs) - 1)[names]]
    protos = proto_hashes(file, type_map)
    proto = np.zeros(len(names), dtype=np.uint64)
    valid = file.methods["proto"] < len(protos)
    proto[valid] = protos[file.methods["proto"][valid]]
    return _mix(name, proto)


def type_hashes(file: DexFile) -> NDArray[Any]:
    """Return a 64-bit hash of every type descriptor of ``file``; unreadable ones share the hash 0."""
    valid = file.type_strings < len(file.string_offsets)
    result = np.zeros(len(valid), dtype=np.uint64)
    result[valid] = string_hashes(file, file.type_strings[valid].astype(np.int64))
    return result


def string_hashes(file: DexFile, which: I8) -> NDArray[Any]:
    """Return a 64-bit hash of each string of ``which``."""
    starts, ends = file.string_spans
    return span_hashes(file.data, file.bytes, starts[which], ends[which])


def name_hashes(names: Sequence[bytes]) -> NDArray[Any]:
    """Return the hashes that strings equal to ``names`` have in any file."""
    data = b"".join(names)
    ends = np.cumsum([len(name) for name in names])
    starts = ends - np.array([len(name) for name in names], dtype=np.int64)
    return span_hashes(data, np.frombuffer(data or b"\0", dtype=np.uint8), starts, ends)


def span_hashes(data: bytes, content: NDArray[Any], start: I8, end: I8) -> NDArray[Any]:
    """Return a 64-bit hash of ``data[start:end]`` for each pair; ``content`` is ``data`` as an array."""
    start, end = start.astype(np.int64), end.astype(np.int64)
    length = end - start
    sums = [np.full(len(start), k[0], dtype=np.uint64) * length.astype(np.uint64) for k in _STRING]
    for word in range(WORDS):
        alive = np.flatnonzero(length > 8 * word) if word else np.arange(len(length))
        if not len(alive):
            break
        value = read_words(content, start[alive] + 8 * word, end[alive])
        for total, k in zip(sums, _STRING, strict=True):
            total[alive] += (value >> _HIGH) * k[2 * word + 1] + (value & _LOW) * k[2 * word + 2]
    result = _join_high(*sums)
    for position in np.flatnonzero(length > 8 * WORDS).tolist():
        result[position] = hash(data[int(start[position]) : int(end[position])]) & 0xFFFFFFFFFFFFFFFF
    return result


def proto_hashes(file: DexFile, type_map: I8) -> NDArray[Any]:
    """Return a 64-bit hash of every prototype: its return type and parameter types by number."""
    returns = _types(type_map, file.protos[:, 1])
    size, place, parameter = type_lists(file, file.protos[:, 2].astype(np.int64), type_map)
    parameter = parameter.astype(np.uint64) + np.uint64(1)
    has = np.flatnonzero(size)
    begin = (np.cumsum(size) - size)[has]
    sums = []
    for k in _PARAMETER:
        total = returns.astype(np.uint64) * k[0] + size.astype(np.uint64) * k[MAX_PARAMETERS]
        if len(has):
            total[has] += np.add.reduceat(parameter * k[place + 1 - (place + 1 >= MAX_PARAMETERS)], begin)
        sums.append(total)
    return _join_high(*sums)


def type_lists(file: DexFile, offset: I8, type_map: I8) -> tuple[I8, I8, I8]:
    """Read the type_lists at ``offset`` (0 = none): their lengths, and joined each type's place in its list and number.

    A list that is broken or longer than 256 is taken as empty.
    """
    listed = (offset > 0) & (offset % 4 == 0) & (offset + 4 <= len(file.data))
    size = np.where(listed, file.words[np.minimum(offset // 4, len(file.words) - 1)], 0).astype(np.int64)
    first = offset // 2 + 2
    size = np.where((size <= MAX_PARAMETERS) & (first + size <= len(file.units)), size, 0)
    place = ragged(size)
    return size, place, _types(type_map, file.units[np.repeat(first, size) + place])


def _types(type_map: I8, index: NDArray[Any]) -> I8:
    if not len(type_map):
        return np.zeros(len(index), dtype=np.int64)
    wide = index.astype(np.int64)
    found: I8 = np.where(wide < len(type_map), type_map[np.minimum(wide, len(type_map) - 1)], -1)
    return found


def _mix(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    parts = (first >> _HIGH, first & _LOW, second >> _HIGH, second & _LOW)
    one, other = (parts[0] * k[0] + parts[1] * k[1] + parts[2] * k[2] + parts[3] * k[3] for k in _PAIR)
    return _join_high(one, other)


def _join_high(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """Join the high halves of two sums: the low bits of a product say little about high bits of its factors."""
    joined: NDArray[Any] = (first >> _HIGH) << _HIGH | (second >> _HIGH)
    return joined

"""Searching bytes for many words at once, as array operations.

``bytes.find`` reads everything once per word.  Here all words share one pass: of each word the pair of neighbouring bytes
that is rarest in the data is looked up in a table of 65,536 entries, and only the places found are compared further.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 1 << 22
SAMPLE = 1 << 17
# Up to here one search per word is faster.
FEW = 6
Span = tuple[NDArray[Any], NDArray[Any]]


def find_all(
    data: bytes, content: NDArray[Any], words: Sequence[bytes], low: int, high: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return where in ``data[low:high]`` each of ``words`` begins and ends, in no particular order.

    ``content`` is ``data`` as an array.  Words have at least two bytes.
    """
    found = _each(data, words, low, high) if len(words) < FEW else _together(content[low:high], words, low)
    none = np.zeros(0, dtype=np.int64)
    return np.concatenate([none, *(start for start, _ in found)]), np.concatenate(
        [none, *(end for _, end in found)]
    )


def _each(data: bytes, words: Sequence[bytes], low: int, high: int) -> list[Span]:
    found = []
    for word in words:
        places = []
        at = data.find(word, low, high)
        while at != -1:
            places.append(at)
            at = data.find(word, at + 1, high)
        starts = np.array(places, dtype=np.int64)
        found.append((starts, starts + len(word)))
    return found


def _together(content: NDArray[Any], words: Sequence[bytes], base: int) -> list[Span]:
    found = []
    offsets = _rarest(content, words)
    longest = max(map(len, words))
    for low in range(0, len(content), CHUNK):
        for start, end in _in_chunk(content[low : low + CHUNK + longest], words, offsets):
            mine = start < CHUNK  # what begins in the overlap is found with the next chunk
            found.append((start[mine] + low + base, end[mine] + low + base))
    return found


def _pairs(content: NDArray[Any]) -> NDArray[Any]:
    pairs = content[1:].astype(np.uint16)
    pairs <<= 8
    pairs |= content[:-1]
    return pairs


def _rarest(content: NDArray[Any], words: Sequence[bytes]) -> list[int]:
    """Return for each word the offset of its pair of bytes that is rarest in a sample of ``content``."""
    counts = np.bincount(_pairs(content[:SAMPLE]), minlength=1 << 16)
    found = []
    for word in words:
        frequency = counts[_pairs(np.frombuffer(word, dtype=np.uint8))]
        found.append(int(frequency.argmin()))
    return found


def _in_chunk(content: NDArray[Any], words: Sequence[bytes], offsets: Sequence[int]) -> list[Span]:
    keys = [word[i] | word[i + 1] << 8 for word, i in zip(words, offsets, strict=True)]
    table = np.zeros(1 << 16, dtype=np.bool_)
    table[keys] = True
    pairs = _pairs(content)
    places = np.flatnonzero(table[pairs])
    order = np.argsort(pairs[places], kind="stable")
    places = places[order]
    ordered = pairs[places]
    found = []
    for word, offset, key in zip(words, offsets, keys, strict=True):
        low, high = np.searchsorted(ordered, [key, key + 1])
        start = places[low:high] - offset
        start = start[(start >= 0) & (start + len(word) <= len(content))]
        for place, byte in enumerate(word):
            if not len(start):
                break
            start = start[content[start + place] == byte]
        if len(start):
            found.append((start, start + len(word)))
    return found

"""Sentences in compiled files without a table of strings that could be relied on: found by the words they contain.

Dart AOT snapshots (``libapp.so``) keep a two-byte string as its UTF-16 units behind its length, a small integer (twice
the length, 4 or 8 bytes) (``UntaggedTwoByteString``, runtime/vm/raw_object.h of the Dart SDK); kernel files keep UTF-8.
A sentence is what stands around the word as far as it is text.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from scanner.dex.bytesearch import find_all

MAX_FOUND = 4_000
MAX_UNITS = 1_000
PIECE = 4 << 20
# Controls end a sentence, except for tabulator and line breaks; so does what is no character.
_BREAKS = frozenset({0x09, 0x0A, 0x0D})
_UTF8_RUN = re.compile(rb"(?:[\x09\x0a\x0d\x20-\x7e]|[\xc2-\xf4][\x80-\xbf]{1,3})+")


def wide_texts(data: bytes, words: Sequence[str]) -> list[tuple[int, str]]:
    """Return (byte offset, sentence) of the UTF-16 sentences in ``data`` that contain one of ``words``."""
    found: dict[int, str] = {}
    for at in _places(data, {word.encode("utf-16-le") for word in words}):
        begin = at
        while begin >= 2 and at - begin < 2 * MAX_UNITS and _is_text(data, begin - 2):
            begin -= 2
        if begin in found:
            continue
        end = at
        while end + 2 <= len(data) and end - begin < 2 * MAX_UNITS and _is_text(data, end):
            end += 2
        length = _stated_length(data, begin)
        if length is not None and begin + 2 * length > at:
            end = min(end, begin + 2 * length)
        found[begin] = data[begin:end].decode("utf-16-le", "replace")
    return sorted(found.items())


def _places(data: bytes, words: Collection[bytes]) -> Iterator[int]:
    """Yield where words stand, in order: the search ends with the piece of the file in which enough have been found."""
    content = np.frombuffer(data, dtype=np.uint8)
    ordered = sorted(words)
    longest = max(map(len, ordered), default=2)
    left, last = MAX_FOUND, -1
    for low in range(0, len(data), PIECE):
        starts, _ = find_all(data, content, ordered, low, min(len(data), low + PIECE + longest))
        for at in np.unique(starts).tolist():
            if at > last and left:
                left, last = left - 1, at
                yield at
        if not left:
            return


def _is_text(data: bytes, place: int) -> bool:
    unit = data[place] | data[place + 1] << 8
    return (unit >= 0x20 or unit in _BREAKS) and not 0xD800 <= unit <= 0xF8FF and unit < 0xFFFE


def _stated_length(data: bytes, begin: int) -> int | None:
    """Return the length in units that the small integer before a string states; None when there is none."""
    for form, size in (("<Q", 8), ("<I", 4)):
        if begin >= size:
            (value,) = struct.unpack_from(form, data, begin - size)
            if value and value % 2 == 0 and value // 2 <= MAX_UNITS:
                return int(value) // 2
    return None


def narrow_texts(data: bytes, words: Sequence[str]) -> list[tuple[int, str]]:
    """Return (byte offset, sentence) of the UTF-8 sentences in ``data`` that contain one of ``words``."""
    found: dict[int, str] = {}
    end = 0
    for at in _places(data, {word.encode() for word in words}):
        if at < end:
            continue
        low = max(0, at - 3 * MAX_UNITS)
        run = next(
            (m for m in _UTF8_RUN.finditer(data, low, at + 3 * MAX_UNITS) if m.start() <= at < m.end()), None
        )
        if run is not None:
            found[run.start()] = run.group().decode("utf-8", "replace")
            end = run.end()
    return sorted(found.items())


def addresses(data: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[int, str]]:
    """Yield (byte offset, text) of the web addresses of one-byte strings in ``data``."""
    for match in pattern.finditer(data):
        length = _stated_length(data, match.start())
        text = match.group()[:length] if length is not None else match.group()
        yield match.start(), text.decode("ascii", "replace")

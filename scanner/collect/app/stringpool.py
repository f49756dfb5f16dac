"""String pools of binary XML and resource tables (ResStringPool of the Android Open Source Project).

Strings are decoded when asked for.  A pool that Android rejects raises PoolError; a single bad string reads as empty.
"""

from __future__ import annotations

import struct

_HEADER = struct.Struct("<HHIIIIII")
_WORD = struct.Struct("<I")
POOL_TYPE = 0x0001
SORTED, UTF8 = 1, 1 << 8
KNOWN_FLAGS = SORTED | UTF8
SLACK = 1 << 20
NONE = 0xFFFFFFFF


class PoolError(ValueError):
    """The chunk is no string pool that Android would read, or its strings overlap beyond reason."""


class StringPool:
    """A string pool at ``offset`` of ``data``; ``count`` strings, decoded on demand and kept; ``flags`` as written.

    The bytes decoded in total are bounded by four times the pool, so strings that share data cannot multiply it.
    """

    def __init__(self, data: bytes, offset: int) -> None:
        if offset < 0 or offset + _HEADER.size > len(data):
            raise PoolError("string pool outside the file")
        _, header, size, count, styles, flags, start, styles_start = _HEADER.unpack_from(data, offset)
        if header < _HEADER.size or size < header or offset + size > len(data):
            raise PoolError("string pool header does not fit")
        self._data = data
        self._utf8 = bool(flags & UTF8)
        self._cache: dict[int, str] = {}
        self._budget = 4 * size + SLACK
        self.count, self.flags = count, flags
        self._start = self._end = offset + size
        self._table = offset + header
        if count:
            self._open(offset, header, size, styles, start, styles_start)

    def _open(self, offset: int, header: int, size: int, styles: int, start: int, styles_start: int) -> None:
        if header + 4 * self.count > size:
            raise PoolError(f"{self.count} strings stated, more than the pool holds")
        if start >= size - 2:
            raise PoolError("string data begins behind the pool")
        end = size
        if styles:
            if not start < styles_start < size - 2:
                raise PoolError("styles begin outside the pool")
            end = styles_start
        width = 1 if self._utf8 else 2
        self._start = offset + start
        self._end = self._start + (end - start) // width * width
        if self._end <= self._start or any(self._data[self._end - width : self._end]):
            raise PoolError("the last string is not terminated")

    def __getitem__(self, index: int) -> str:
        """Return string ``index``; one that is missing or malformed is empty, as Android has it."""
        found = self._cache.get(index)
        if found is None:
            if not 0 <= index < self.count:
                return ""
            (place,) = _WORD.unpack_from(self._data, self._table + 4 * index)
            found = self._cache[index] = self._decode(self._start + place)
        return found

    def _decode(self, place: int) -> str:
        return self._decode_utf8(place) if self._utf8 else self._decode_utf16(place)

    def _spend(self, length: int) -> None:
        self._budget -= length
        if self._budget < 0:
            raise PoolError("strings overlap: their total length is many times the pool's size")

    def _decode_utf8(self, place: int) -> str:
        data, end = self._data, self._end
        place += 2 if place < end and data[place] & 0x80 else 1  # the length in UTF-16 units, not needed
        if place + 1 >= end:
            return ""
        length = data[place]
        if length & 0x80:
            length = (length & 0x7F) << 8 | data[place + 1]
            place += 1
        place += 1
        if place + length >= end or data[place + length]:
            return ""
        self._spend(length)
        raw = data[place : place + length]
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            # aapt2 writes characters beyond U+FFFF as two surrogates of three bytes each ("modified UTF-8").
            wide = raw.decode("utf-8", "surrogatepass" if _only_surrogates(raw) else "replace")
            return wide.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _decode_utf16(self, place: int) -> str:
        data, end = self._data, self._end
        if place + 2 >= end:
            return ""
        length = data[place] | data[place + 1] << 8
        place += 2
        if length & 0x8000 and place + 2 <= end:
            length = (length & 0x7FFF) << 16 | data[place] | data[place + 1] << 8
            place += 2
        stop = place + 2 * length
        if stop + 2 > end or data[stop] or data[stop + 1]:
            return ""
        self._spend(2 * length)
        return data[place:stop].decode("utf-16-le", "replace")


def _only_surrogates(raw: bytes) -> bool:
    """Whether surrogates in three-byte form are all that keeps ``raw`` from being UTF-8."""
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True

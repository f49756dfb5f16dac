"""Protocol buffers on the wire: a bounded reader of messages, without schema.

Source: "Encoding" of the Protocol Buffers documentation.  Every length is checked against the message that holds it;
nothing is copied until a value is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, LENGTH, GROUP_START, GROUP_END, FIXED32 = range(6)
MAX_DEPTH = 100
MAX_FIELDS = 2_000_000
MAX_VARINT = 10

_WORD, _LONG = struct.Struct("<I"), struct.Struct("<Q")
Value = int | memoryview


class WireError(ValueError):
    """The data is no message in wire format."""


def fields(data: memoryview) -> Iterator[tuple[int, Value]]:
    """Yield (field number, value) of a message: numbers as unsigned integers, everything else as its bytes.

    Raises WireError where the data breaks off, cannot be a message or holds too many fields; groups, which no schema here
    uses, are refused.
    """
    place, end, room = 0, len(data), MAX_FIELDS
    while place < end:
        room -= 1
        if room < 0:
            raise WireError(f"more than {MAX_FIELDS} fields in one message")
        key = data[place]
        if key & 0x80:
            key, place = _varint(data, place, end)
        else:
            place += 1
        number, kind = key >> 3, key & 7
        if not number:
            raise WireError(f"field number 0 at {place}")
        if kind == LENGTH:
            size, place = _varint(data, place, end)
            if size > end - place:
                raise WireError(f"a field of {size} bytes does not fit at {place}")
            yield number, data[place : place + size]
            place += size
        elif kind == VARINT:
            value, place = _varint(data, place, end)
            yield number, value
        elif kind in {FIXED32, FIXED64}:
            width = 4 if kind == FIXED32 else 8
            if width > end - place:
                raise WireError(f"a number breaks off at {place}")
            yield number, (_WORD if kind == FIXED32 else _LONG).unpack_from(data, place)[0]
            place += width
        else:
            raise WireError(f"wire type {kind} at {place}")


def _varint(data: memoryview, place: int, end: int) -> tuple[int, int]:
    value = shift = 0
    for at in range(place, min(end, place + MAX_VARINT)):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at + 1
        shift += 7
    raise WireError(f"a varint breaks off or is too long at {place}")


def part(data: memoryview, number: int) -> memoryview | None:
    """Return the last field ``number`` of a message as bytes (a later one overrides), None when absent."""
    found = None
    for key, value in fields(data):
        if key == number and isinstance(value, memoryview):
            found = value
    return found


def parts(data: memoryview, number: int) -> Iterator[memoryview]:
    """Yield every field ``number`` of a message that is bytes."""
    for key, value in fields(data):
        if key == number and isinstance(value, memoryview):
            yield value


def integer(data: memoryview, number: int) -> int:
    """Return the last numeric field ``number`` of a message, 0 when absent (the default of proto3)."""
    found = 0
    for key, value in fields(data):
        if key == number and isinstance(value, int):
            found = value
    return found


def text(data: memoryview | None) -> str:
    """Return bytes as text; what is no UTF-8 is replaced."""
    return "" if data is None else bytes(data).decode("utf-8", "replace")


def parse(data: bytes) -> int:
    """Walk ``data`` as a message, nested fields too where they can be read as messages; return the number of fields.

    Entry point for fuzzing; raises WireError when ``data`` itself is no message.
    """
    return _walk(memoryview(data), 0, MAX_FIELDS)


def _walk(data: memoryview, depth: int, room: int) -> int:
    count = 0
    for _, value in fields(data):
        count += 1
        if count > room:
            raise WireError(f"more than {room} fields")
        if isinstance(value, memoryview) and depth < MAX_DEPTH:
            try:
                count += _walk(value, depth + 1, room - count)
            except WireError:
                continue  # text or packed numbers
    return count

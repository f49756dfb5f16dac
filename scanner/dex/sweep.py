"""Instruction starts of a whole DEX file by a lock-step linear sweep, and what the instructions refer to.

All methods advance together: look up the length of the instruction under each position, mark it, add, drop the
methods that have ended.  Rounds number in the hundreds while methods number in the hundred thousands; the few longest
methods are finished one by one.  Payload pseudo-instructions get their real length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.file import I8, U2, DexFile
from scanner.dex.opcodes import FILL_ARRAY, KEPT, LENGTHS, PACKED_SWITCH

FEW = 128
# No instruction is longer than the largest file has units; a lying payload must not overflow 32 bits.
MAX_LENGTH = 1 << 29
_LENGTHS = LENGTHS.astype(np.int32)
_KEPT_UNITS = np.tile(KEPT, 256)


@dataclass(frozen=True, slots=True)
class Bodies:
    """Distinct code items: first unit and unit count of the instructions, in order of position.

    ``of_method[i]`` is the body of defined method ``i`` (-1: none).  Several methods may share one body.
    """

    start: NDArray[Any]
    size: NDArray[Any]
    of_method: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Sites:
    """Kept instructions: position (unit index in the file), opcode, referenced index, and body number."""

    position: NDArray[Any]
    opcode: NDArray[Any]
    index: NDArray[Any]
    body: NDArray[Any]
    instructions: int


def bodies(dex: DexFile, code: I8) -> Bodies:
    """Return the distinct code items at byte offsets ``code`` (0 = none), cut to the file and counted if they overrun."""
    unique, inverse = np.unique(code, return_inverse=True)
    start = unique // 2 + 8
    size = np.where(
        unique > 0, dex.words[np.minimum(unique // 4 + 3, len(dex.words) - 1)].astype(np.int64), 0
    )
    over = start + size > len(dex.units)
    if (over & (unique > 0)).any():
        dex.note("code-size", int((over & (unique > 0)).sum()))
        size = np.where(over, 0, size)
    number = np.arange(len(unique))
    if len(unique) and unique[0] == 0:
        number = number - 1
        start, size = start[1:], size[1:]
    return Bodies(start=start, size=size, of_method=number[inverse])


def sweep(dex: DexFile, code: Bodies) -> Sites:
    """Return the kept instructions of all ``code``; a method that runs out of its bounds is cut and counted."""
    units = dex.units
    marks = np.zeros(len(units), dtype=np.bool_)
    end = code.start + code.size
    overlap = _overlapping(code.start, end)
    plain = np.flatnonzero(~overlap & (code.size > 0))
    counter = _Counter()
    _lock_step(units, code.start[plain], end[plain], marks, counter)
    position = np.flatnonzero(marks)
    position = position[_KEPT_UNITS.take(units.take(position, mode="clip"), mode="clip")]
    # Bodies are few and sites many: look the bodies' starts up among the sites, not the other way round.
    bounds = np.append(np.searchsorted(position, code.start), len(position))
    body = np.repeat(np.arange(len(code.start)), np.diff(bounds))
    if overlap.any():
        extra = _one_by_one(units, code.start, end, np.flatnonzero(overlap & (code.size > 0)), counter)
        position = np.concatenate([position, extra[0]])
        body = np.concatenate([body, extra[1]])
        dex.note("code-overlap", int(overlap.sum()))
    if counter.overrun:
        dex.note("code-overrun", counter.overrun)
    first = units[position]
    opcode = (first & 0xFF).astype(np.uint8)
    index = units[np.minimum(position + 1, len(units) - 1)].astype(np.uint32)
    jumbo = opcode == 0x1B
    if jumbo.any():
        high = units[np.minimum(position[jumbo] + 2, len(units) - 1)].astype(np.uint32)
        index[jumbo] |= high << 16
    return Sites(position, opcode, index, body.astype(np.int32), counter.instructions)


class _Counter:
    __slots__ = ("instructions", "overrun")

    def __init__(self) -> None:
        self.instructions = 0
        self.overrun = 0


def _overlapping(start: I8, end: I8) -> NDArray[Any]:
    """Which bodies share units with another one (starts are distinct and ascending)."""
    overlap = np.zeros(len(start), dtype=np.bool_)
    if len(start) > 1:
        reach = np.maximum.accumulate(end)
        hit = reach[:-1] > start[1:]
        overlap[1:] |= hit
        following = np.append(start[1:], np.iinfo(np.int64).max)
        overlap |= end > following
    return overlap


def _lock_step(units: U2, start: I8, end: I8, marks: NDArray[Any], counter: _Counter) -> None:
    """Mark the first unit of every instruction of the given methods."""
    position, limit = start.astype(np.int32), end.astype(np.int32)
    while len(position) > FEW:
        unit = units.take(position, mode="clip")
        length = _LENGTHS.take(unit, mode="clip")
        counter.instructions += len(position)
        marks[position] = True
        if not length.all():
            payload = np.flatnonzero(length == 0)
            real = _payload_lengths(units, position[payload], unit[payload])
            length[payload] = np.minimum(real, MAX_LENGTH)
        position += length
        alive = position < limit
        if not alive.all():
            cut = position > limit
            if cut.any():
                counter.overrun += int(cut.sum())
                marks[(position - length)[cut]] = False
            position, limit = position[alive], limit[alive]
    for here, stop in zip(position.tolist(), limit.tolist(), strict=True):
        for place in _walk(units, here, stop, counter):
            marks[place] = True


def _payload_lengths(units: U2, position: NDArray[Any], unit: U2) -> I8:
    last = len(units) - 1
    size = units[np.minimum(position + 1, last)].astype(np.int64)
    count = units[np.minimum(position + 2, last)].astype(np.int64)
    count |= units[np.minimum(position + 3, last)].astype(np.int64) << 16
    fill = 4 + (size * count + 1) // 2
    switch = np.where(unit == PACKED_SWITCH, 4 + 2 * size, 2 + 4 * size)
    length: I8 = np.where(unit == FILL_ARRAY, fill, switch)
    return length


def _walk(units: U2, here: int, stop: int, counter: _Counter) -> list[int]:
    """Sweep one method; return the positions of its kept instructions."""
    code = units[here:stop].tolist()
    lengths, wanted = _LENGTH_LIST, _KEPT_LIST
    place, size, found, count = 0, len(code), [], 0
    while place < size:
        unit = code[place]
        length = lengths[unit]
        if length == 0:
            length = _payload_length(code, place)
        count += 1
        if wanted[unit & 0xFF] and place + length <= size:
            found.append(here + place)
        place += length
    counter.instructions += count
    counter.overrun += place > size
    return found


def _payload_length(code: list[int], place: int) -> int:
    def at(step: int) -> int:
        return code[place + step] if place + step < len(code) else 0

    if code[place] == PACKED_SWITCH:
        return 4 + 2 * at(1)
    if code[place] == FILL_ARRAY:
        return 4 + (at(1) * (at(2) | at(3) << 16) + 1) // 2
    return 2 + 4 * at(1)


def _one_by_one(units: U2, start: I8, end: I8, which: I8, counter: _Counter) -> tuple[I8, I8]:
    positions: list[int] = []
    numbers: list[int] = []
    budget = 4 * len(units)
    for number in which.tolist():
        here, stop = int(start[number]), int(end[number])
        budget -= stop - here
        if budget < 0:
            counter.overrun += 1
            continue
        found = _walk(units, here, stop, counter)
        positions += found
        numbers += [number] * len(found)
    return np.array(positions, dtype=np.int64), np.array(numbers, dtype=np.int64)


_LENGTH_LIST: list[int] = LENGTHS.tolist()
_KEPT_LIST: list[bool] = KEPT.tolist()

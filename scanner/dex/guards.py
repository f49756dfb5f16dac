"""Which instructions run only on one side of a test of a stored flag.

A guard is a conditional branch on a boolean that comes from a flag: a stored preference, or a method of the program
that answers from one.  An instruction is guarded when exactly one side of such a branch leads to it.  Whether the flag
means consent cannot be seen; that it decides can.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.dex.body import Instruction, instructions
from scanner.dex.package import Dex

MAX_INSTRUCTIONS = 20_000
_ENDS = frozenset([*range(0x0E, 0x12), 0x27])


def guarded_offsets(dex: Dex, node: int, flags: frozenset[str]) -> frozenset[int]:
    """Return the offsets (code units) in method ``node`` that run only on one side of a flag test.

    ``flags`` are the descriptors of methods that answer from a stored flag.
    """
    body = instructions(dex, node)
    if len(body) > MAX_INSTRUCTIONS:
        return frozenset()
    place = {ins.offset: position for position, ins in enumerate(body)}
    following = [_successors(ins, place, position, len(body)) for position, ins in enumerate(body)]
    guarded: set[int] = set()
    for position in _tests(body, flags):
        if len(following[position]) == 2:
            first, second = (_reachable(following, start, position) for start in following[position])
            guarded |= first ^ second
    return frozenset(body[position].offset for position in guarded)


def _tests(body: list[Instruction], flags: frozenset[str]) -> Iterable[int]:
    """Yield the branches on zero whose register holds a flag's answer in straight-line code before it."""
    holds: dict[int, bool] = {}
    pending = False
    for position, ins in enumerate(body):
        if 0x38 <= ins.opcode <= 0x39 and holds.get(ins.registers[0]):
            yield position
        if ins.opcode == 0x0A:
            holds[ins.registers[0]] = pending
        elif ins.opcode in {0x01, 0x02, 0x03}:
            holds[ins.registers[0]] = holds.get(ins.registers[1], False)
        elif ins.registers and _overwrites(ins.opcode):
            holds.pop(ins.registers[0], None)
        pending = ins.reference in flags if 0x6E <= ins.opcode <= 0x78 else False


def _overwrites(opcode: int) -> bool:
    return (
        0x04 <= opcode <= 0x0D
        or 0x12 <= opcode <= 0x1C
        or 0x20 <= opcode <= 0x23
        or 0x2D <= opcode <= 0x31
        or 0x44 <= opcode <= 0x4A
        or 0x52 <= opcode <= 0x58
        or 0x60 <= opcode <= 0x66
        or 0x7B <= opcode <= 0xE2
    )


def _successors(ins: Instruction, place: Mapping[int, int], position: int, count: int) -> tuple[int, ...]:
    """Return the positions control may go to; a switch may go on or be taken as leading nowhere else."""
    following = (position + 1,) if position + 1 < count else ()
    if ins.opcode in _ENDS:
        return ()
    if 0x28 <= ins.opcode <= 0x2A or 0x32 <= ins.opcode <= 0x3D:
        target = place.get(ins.offset + (ins.literal or 0))
        jump = (target,) if target is not None else ()
        return jump if ins.opcode <= 0x2A else (*following, *jump)
    return following


def _reachable(following: list[tuple[int, ...]], start: int, without: int) -> set[int]:
    """Return the positions reachable from ``start`` without passing ``without`` again."""
    seen = {start} if start != without else set()
    stack = list(seen)
    while stack:
        for position in following[stack.pop()]:
            if position not in seen and position != without:
                seen.add(position)
                stack.append(position)
    return seen

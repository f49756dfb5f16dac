"""Which instructions run only on one side of a test of a stored flag.

A guard is a conditional branch on a value that comes from a flag: a stored preference, a field that keeps one, or a
method of the program that answers from one.  An instruction is guarded when exactly one side of such a branch leads to
it.  Whether the flag means consent cannot be seen here; that it decides can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from scanner.dex.body import Instruction, instructions
from scanner.dex.package import Dex

MAX_INSTRUCTIONS = 20_000
MAX_TESTS = 200
MAX_WALKED = 400_000
_IF_ZERO, _IF_NOT_ZERO, _RETURN, _COMPARE_LONG = 0x38, 0x39, 0x0F, 0x31
_ENDS = frozenset([*range(0x0E, 0x12), 0x27])
_READS = frozenset([*range(0x52, 0x59), *range(0x60, 0x67)])
_WRITES = frozenset([*range(0x59, 0x60), *range(0x67, 0x6E)])
_MOVES = frozenset(range(0x01, 0x0A))
_RESULTS = frozenset({0x0A, 0x0B, 0x0C})
_XORS = frozenset({0xD7, 0xDF})
# Methods whose answer still says what the flag says.
_UNBOX = frozenset({"booleanValue", "parseBoolean"})
_COMPARE = frozenset({"intValue", "longValue", "equals", "equalsIgnoreCase", "isEmpty", "areEqual"})


@dataclass(frozen=True, slots=True)
class Guard:
    """A test of a flag in a method; offsets count code units.

    ``source`` is the instruction that reads the flag and ``flag`` the descriptor it names; ``when_true`` and
    ``when_false`` are the offsets that run only on that side, where ``sided`` says that the sides are certain.
    """

    branch: int
    source: int
    flag: str
    when_true: frozenset[int]
    when_false: frozenset[int]
    sided: bool

    @property
    def offsets(self) -> frozenset[int]:
        """The offsets that run on one side only."""
        return self.when_true | self.when_false


@dataclass(frozen=True, slots=True)
class _Held:
    """What a register holds: the flag read at ``source``, negated or not, plain or after a comparison."""

    source: int
    flag: str
    negated: bool = False
    plain: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that a method sets from a flag, or the method's own answer (``field`` empty) where it only passes one on.

    ``source`` is the offset of the instruction that reads the flag, ``flag`` the descriptor it names.
    """

    field: str
    source: int
    flag: str
    negated: bool


def guards(dex: Dex, node: int, flags: Collection[str]) -> tuple[Guard, ...]:
    """Return the tests of flags in method ``node``; ``flags`` are the descriptors of methods and fields that answer."""
    body = _body(dex, node)
    place = {ins.offset: position for position, ins in enumerate(body)}
    following = [_successors(ins, place, position, len(body)) for position, ins in enumerate(body)]
    found: list[Guard] = []
    # Each test walks the method twice: long methods with many tests exist only in hostile files.
    limit = max(8, min(MAX_TESTS, MAX_WALKED // max(1, len(body))))
    for position, held in _uses(body, flags):
        opcode = body[position].opcode
        if not _is_test(opcode) or len(following[position]) != 2:
            continue
        straight, jump = (_reachable(following, start, position) for start in following[position])
        # if-eqz jumps when the value is zero, if-nez when it is not; other branches compare with something else.
        zero, other = (jump, straight) if opcode == _IF_ZERO else (straight, jump)
        if held.negated:
            zero, other = other, zero
        found.append(
            Guard(
                branch=body[position].offset,
                source=held.source,
                flag=held.flag,
                when_true=frozenset(body[p].offset for p in other - zero),
                when_false=frozenset(body[p].offset for p in zero - other),
                sided=held.plain and opcode in {_IF_ZERO, _IF_NOT_ZERO},
            )
        )
        if len(found) >= limit:
            break
    return tuple(found)


def guarded_offsets(dex: Dex, node: int, flags: Collection[str]) -> frozenset[int]:
    """Return the offsets (code units) in method ``node`` that run only on one side of a flag test."""
    return frozenset[int]().union(*(guard.offsets for guard in guards(dex, node, flags)))


def kept_flags(dex: Dex, node: int, flags: Collection[str]) -> tuple[Kept, ...]:
    """Return where method ``node`` puts a flag's answer: into fields, or, without any branch, into its own answer."""
    body = _body(dex, node)
    straight = not any(_is_test(ins.opcode) for ins in body)
    found = []
    for position, held in _uses(body, flags):
        ins = body[position]
        if held.plain and ins.opcode in _WRITES and ins.reference is not None:
            found.append(Kept(ins.reference, held.source, held.flag, held.negated))
        elif held.plain and ins.opcode == _RETURN and straight:
            found.append(Kept("", held.source, held.flag, held.negated))
    return tuple(found)


def _body(dex: Dex, node: int) -> list[Instruction]:
    body = instructions(dex, node)
    return body if len(body) <= MAX_INSTRUCTIONS else []


def _is_test(opcode: int) -> bool:
    return 0x32 <= opcode <= 0x3D


def _is_call(opcode: int) -> bool:
    return 0x6E <= opcode <= 0x78


def _uses(body: list[Instruction], flags: Collection[str]) -> Iterable[tuple[int, _Held]]:
    """Yield the tests, stores and returns of a register that holds a flag's answer from straight-line code before."""
    holds: dict[int, _Held] = {}
    pending: _Held | None = None
    for position, ins in enumerate(body):
        if _is_test(ins.opcode):
            held = next((holds[r] for r in ins.registers if r in holds), None)
            if held is not None:
                yield position, held
        elif (ins.opcode in _WRITES or ins.opcode == _RETURN) and ins.registers[0] in holds:
            yield position, holds[ins.registers[0]]
        answer = pending if ins.opcode in _RESULTS else _answer(ins, holds, flags)
        pending = answer if _is_call(ins.opcode) else None
        if _is_call(ins.opcode) or not ins.registers:
            continue
        if answer is not None:
            holds[ins.registers[0]] = answer
        elif _overwrites(ins.opcode) or ins.opcode in _MOVES:
            holds.pop(ins.registers[0], None)


def _answer(ins: Instruction, holds: Mapping[int, _Held], flags: Collection[str]) -> _Held | None:
    """Return what the instruction makes of the flags held: a flag of its own, a copy, a negation, a comparison."""
    if ins.reference is not None and ins.reference in flags:
        read = _is_call(ins.opcode) or ins.opcode in _READS
        return _Held(ins.offset, ins.reference) if read else None
    if ins.opcode in _MOVES:
        return holds.get(ins.registers[1])
    if ins.opcode in _XORS and ins.literal == 1:
        held = holds.get(ins.registers[1])
        return _Held(held.source, held.flag, not held.negated, held.plain) if held is not None else None
    compares = ins.opcode == _COMPARE_LONG
    if not compares and not _is_call(ins.opcode):
        return None
    held = next((holds[r] for r in ins.registers[int(compares) :] if r in holds), None)
    name = (ins.reference or "").partition("->")[2].partition("(")[0]
    if held is None or not (compares or name in _UNBOX or name in _COMPARE):
        return None
    return _Held(held.source, held.flag, held.negated, held.plain and name in _UNBOX)


def _overwrites(opcode: int) -> bool:
    return (
        0x0A <= opcode <= 0x0D
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

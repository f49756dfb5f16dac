"""Reading single method bodies: decoded instructions, a readable listing, constant arguments of a call.

Used for the few places that are reported, never for whole programs.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from scanner.dex.file import DexFile
from scanner.dex.opcodes import FILL_ARRAY, FORMATS, LENGTHS, NAMES, PACKED_SWITCH, SGET_OBJECT
from scanner.dex.package import Dex

_LENGTHS: list[int] = LENGTHS.tolist()
# A method of the Java language has less than 64 KB of bytecode.  In longer blocks, older values are not known.
MAX_UNITS, MAX_BLOCK = 1 << 17, 2_000
# The array filled-new-array leaves for move-result-object, kept under a register number that does not exist.
_RESULT = -1
_TO_ARRAY = ("Ljava/lang/String;->getBytes(", "Ljava/lang/String;->toCharArray(")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: offset and length in code units, name, registers, literal, reference (index or descriptor)."""

    offset: int
    length: int
    opcode: int
    name: str
    registers: tuple[int, ...]
    literal: int | None
    reference: str | None

    def __str__(self) -> str:
        parts = [f"v{register}" for register in self.registers]
        if self.literal is not None:
            parts.append(f"#{self.literal}")
        if self.reference is not None:
            parts.append(self.reference)
        return f"{self.offset:04x}: {self.name} {', '.join(parts)}".rstrip()


class _Body:
    """The code of one method, decoded as far as it is asked for."""

    def __init__(self, dex: Dex, node: int) -> None:
        part = dex.part_of(node)
        local = node - part.base
        start, size = int(part.body_start[local]), min(int(part.body_size[local]), MAX_UNITS)
        self.node, self.file = node, part.file
        self.code: list[int] = part.file.units[start : start + size].tolist()

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Offset and length of every instruction."""
        found = []
        code, place, size = self.code, 0, len(self.code)
        while place < size:
            length = _LENGTHS[code[place]] or _length(code, place)
            if place + length > size:
                break
            found.append((place, length))
            place += length
        return found

    @cached_property
    def instructions(self) -> list[Instruction]:
        """All instructions."""
        return [_decode(self.file, self.code, place, length) for place, length in self.places]

    @cached_property
    def targets(self) -> set[int]:
        """Where branches lead."""
        branches = (self.decode(place) for place in self.places if _is_branch(_opcode(self.code[place[0]])))
        return {ins.offset + ins.literal for ins in branches if ins.literal is not None}

    def decode(self, place: tuple[int, int]) -> Instruction:
        """Return one instruction."""
        return _decode(self.file, self.code, *place)


def _body(dex: Dex, node: int) -> _Body:
    """Return the code of ``node``; the last one is kept, because a method with many places of interest comes often."""
    last = dex.last_body
    if not isinstance(last, _Body) or last.node != node:
        last = dex.last_body = _Body(dex, node)
    return last


def instructions(dex: Dex, node: int) -> list[Instruction]:
    """Return the instructions of method ``node`` (linear sweep); empty for abstract and native methods."""
    return _body(dex, node).instructions


def starts(dex: Dex, node: int) -> list[int]:
    """Return the offsets (code units) at which the instructions of method ``node`` begin."""
    return [offset for offset, _ in _body(dex, node).places]


def listing(dex: Dex, node: int, offset: int, before: int = 3, after: int = 2) -> str:
    """Return a few lines of disassembly around ``offset`` (code units) of method ``node``."""
    body = instructions(dex, node)
    here = next((i for i, ins in enumerate(body) if ins.offset == offset), None)
    if here is None:
        return ""
    return "\n".join(str(ins) for ins in body[max(0, here - before) : here + after + 1])


def constant_arguments(dex: Dex, node: int, offset: int) -> tuple[Any, ...]:
    """Return the arguments of the call at ``offset``: a str or int where constant in its basic block, else None.

    For array arguments built in the block, a tuple of the strings stored.  Byte and character arrays whose content
    is fixed there (filled from data, or made from a constant string) come as bytes.  The receiver is argument 0.
    """
    body = _body(dex, node)
    places = body.places
    here = bisect_left(places, (offset, 0))
    if here == len(places) or places[here][0] != offset:
        return ()
    values: dict[int, Any] = {}
    for place in places[_block_start(body, here) : here]:
        _step(body.decode(place), values, dex)
    return tuple(_freeze(values.get(register)) for register in body.decode(places[here]).registers)


def _freeze(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(value[key] for key in sorted(value))
    return bytes(value) if isinstance(value, bytearray) else value


def _block_start(body: _Body, here: int) -> int:
    """Return the first instruction after the last jump or branch target before ``here``, or not far before it."""
    code, places, targets = body.code, body.places, body.targets
    first = max(0, here - MAX_BLOCK)
    for position in range(here, first, -1):
        previous = _opcode(code[places[position - 1][0]])
        if places[position][0] in targets or _is_branch(previous) or 0x0E <= previous <= 0x11:
            return position
    return first


def _opcode(unit: int) -> int:
    """Return the opcode of an instruction's first unit, 0 for the payloads that look like one."""
    return unit & 0xFF if _LENGTHS[unit] else 0


def _is_branch(opcode: int) -> bool:
    return 0x28 <= opcode <= 0x2A or 0x32 <= opcode <= 0x3D


def _step(ins: Instruction, values: dict[int, Any], dex: Dex) -> None:
    """Track string and integer constants and arrays of strings through one instruction."""
    op, regs = ins.opcode, ins.registers
    if op not in {0x0C, 0x24, 0x25}:
        values.pop(_RESULT, None)
    if op in {0x1A, 0x1B, 0x1C}:
        values[regs[0]] = ins.reference
    elif op == SGET_OBJECT:
        values[regs[0]] = dex.constant_texts.get(ins.reference or "")
    elif 0x12 <= op <= 0x19:
        values[regs[0]] = ins.literal
    elif 0x01 <= op <= 0x09:
        values[regs[0]] = values.get(regs[1])
    elif op == 0x23:
        values[regs[0]] = bytearray() if ins.reference in {"[B", "[C"} else {}
    elif op == 0x26:
        values[regs[0]] = b"\0" if isinstance(values.get(regs[0]), bytearray) else None
    elif op in {0x4F, 0x50}:
        _store_byte(values, regs)
    elif 0x6E <= op <= 0x78:
        _call(ins, values)
    elif op in {0x24, 0x25}:
        values[_RESULT] = dict(enumerate(values.get(register) for register in regs))
    elif op == 0x0C:
        values[regs[0]] = values.pop(_RESULT, None)
    elif op == 0x4D:
        array, index = values.get(regs[1]), values.get(regs[2])
        if isinstance(array, dict) and isinstance(index, int):
            array[index] = values.get(regs[0])
    elif regs and _writes(op):
        values.pop(regs[0], None)


def _store_byte(values: dict[int, Any], regs: tuple[int, ...]) -> None:
    """Keep an array as constant only while what is stored in it is."""
    array = values.get(regs[1])
    if isinstance(array, bytes | bytearray) and not isinstance(values.get(regs[0]), int):
        _forget(values, array)


def _call(ins: Instruction, values: dict[int, Any]) -> None:
    """A call may fill an array it is given; ``getBytes`` and ``toCharArray`` of a constant give a constant."""
    given = values.get(ins.registers[0]) if ins.registers else None
    for register in ins.registers:
        array = values.get(register)
        if isinstance(array, bytearray):
            _forget(values, array)
    if isinstance(given, str) and (ins.reference or "").startswith(_TO_ARRAY):
        values[_RESULT] = given.encode("utf-8", "surrogatepass")


def _forget(values: dict[int, Any], array: object) -> None:
    for register in [r for r, value in values.items() if value is array]:
        del values[register]


def _writes(op: int) -> bool:
    """Whether the instruction overwrites its first register."""
    return (
        0x0A <= op <= 0x0D
        or 0x20 <= op <= 0x22
        or 0x2D <= op <= 0x31
        or 0x44 <= op <= 0x4A
        or 0x52 <= op <= 0x58
        or 0x60 <= op <= 0x66
        or 0x7B <= op <= 0xE2
    )


def _length(code: list[int], place: int) -> int:
    length = _LENGTHS[code[place]]
    if length:
        return length

    def at(step: int) -> int:
        return code[place + step] if place + step < len(code) else 0

    if code[place] == PACKED_SWITCH:
        return 4 + 2 * at(1)
    if code[place] == FILL_ARRAY:
        return 4 + (at(1) * (at(2) | at(3) << 16) + 1) // 2
    return 2 + 4 * at(1)


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


def _decode(file: DexFile, code: list[int], place: int, length: int) -> Instruction:
    unit = code[place]
    if _LENGTHS[unit] == 0:
        return Instruction(place, length, 0, "payload", (), None, None)
    opcode, high = unit & 0xFF, unit >> 8
    words = code[place + 1 : place + length]
    registers, literal, index = _operands(FORMATS[opcode], opcode, high, words)
    reference = None if index is None else _reference(file, opcode, index)
    return Instruction(place, length, opcode, NAMES[opcode], registers, literal, reference)


def _operands(
    form: str, opcode: int, high: int, words: list[int]
) -> tuple[tuple[int, ...], int | None, int | None]:
    """Return registers, literal (or branch offset) and reference index for an instruction format."""
    a4, b4 = high & 0xF, high >> 4
    if form == "11n":
        return (a4,), _signed(b4, 4), None
    if form in {"10t", "20t", "30t"}:
        target = _signed(high, 8) if form == "10t" else _signed(_wide(words), 16 * len(words))
        return (), target, None
    if form in {"21c", "31c"}:
        return (high,), None, _wide(words)
    if form in {"21s", "31i", "51l", "21t", "31t"}:
        return (high,), _signed(_wide(words), 16 * len(words)), None
    if form == "21h":
        return (high,), _signed(words[0], 16) << (48 if opcode == 0x19 else 16), None
    if form in {"35c", "45cc"}:
        return _five(b4, a4, words[1]), None, words[0]
    if form in {"3rc", "4rcc"}:
        return tuple(range(words[1], words[1] + min(high, 255))), None, words[0]
    return _plain(form, high, a4, b4, words)


def _plain(
    form: str, high: int, a4: int, b4: int, words: list[int]
) -> tuple[tuple[int, ...], int | None, int | None]:
    if form == "12x":
        return (a4, b4), None, None
    if form == "22x":
        return (high, words[0]), None, None
    if form == "32x":
        return (words[0], words[1]), None, None
    if form == "22c":
        return (a4, b4), None, words[0]
    if form in {"22t", "22s"}:
        return (a4, b4), _signed(words[0], 16), None
    if form == "23x":
        return (high, words[0] & 0xFF, words[0] >> 8), None, None
    if form == "22b":
        return (high, words[0] & 0xFF), _signed(words[0] >> 8, 8), None
    return ((high,) if form == "11x" else ()), None, None


def _wide(words: list[int]) -> int:
    return sum(word << (16 * place) for place, word in enumerate(words))


def _five(count: int, last: int, nibbles: int) -> tuple[int, ...]:
    registers = [nibbles & 0xF, nibbles >> 4 & 0xF, nibbles >> 8 & 0xF, nibbles >> 12, last]
    return tuple(registers[: min(count, 5)])


def _reference(file: DexFile, opcode: int, index: int) -> str:
    if opcode in {0x1A, 0x1B}:
        return file.string(index)
    if opcode in {0x1C, 0x1F, 0x20, 0x22, 0x23, 0x24, 0x25}:
        return file.type(index)
    if 0x52 <= opcode <= 0x6D:
        return file.field(index)
    if 0x6E <= opcode <= 0x78 or opcode in {0xFA, 0xFB}:
        return file.method(index)
    return f"@{index}"

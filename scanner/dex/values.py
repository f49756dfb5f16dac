"""What the registers of one method may hold: constants and objects, followed along its control flow.

An object is known by the instruction that made it, and collects marks (``tags``) and attributes for as long as the
method runs; a register holds the set of values that may reach it.  What calls do is the client's business.  Bounded in
size and rounds, and by the client's steps: a method too long is not followed at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from scanner.dex.body import Instruction, instructions
from scanner.dex.package import Dex

MAX_UNITS = 20_000
MAX_VISITS = 12
MAX_VALUES = 12
_ENDS = frozenset([*range(0x0E, 0x12), 0x27])
_LOADS, _STORES = frozenset([0x54, 0x62]), frozenset([0x5B, 0x69])
_HEADER = 8


@dataclass(eq=False, slots=True)
class Thing:
    """An object: the descriptor of what made it, marks, and attributes with the values they may have."""

    made: str
    tags: set[str] = field(default_factory=set)
    attrs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


Value = Thing | str | int
Values = frozenset[Value]
NOTHING: Values = frozenset()
State = dict[int, Values]


class Client(Protocol):
    """What the outside makes of calls; ``steps`` is how many more instructions may be followed for it."""

    steps: int

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Return what the call ``ins`` of method ``node`` may give back."""
        ...

    def cast(self, node: int, ins: Instruction, values: Values) -> Values:
        """Return what ``values`` are after the check-cast ``ins``."""
        ...

    def load(self, field: str) -> Values:
        """Return what a field (``Lclass;->name:type``) may hold."""
        ...

    def store(self, field: str, values: Values) -> None:
        """Take note that ``values`` are put into a field."""
        ...


def parameter_registers(dex: Dex, node: int) -> tuple[int, int]:
    """Return the first register that holds a parameter of ``node``, and how many registers parameters take."""
    part = dex.part_of(node)
    start = int(part.body_start[node - part.base])
    if start < _HEADER:
        return 0, 0
    registers, incoming = part.file.units[start - _HEADER : start - _HEADER + 2].tolist()
    return max(0, registers - incoming), incoming


def follow(dex: Dex, node: int, arguments: Sequence[Values], client: Client) -> Values:
    """Run ``client`` over the calls of method ``node``; return what the method may return.

    ``arguments`` are the values of the parameter registers (the object itself first; wide ones take two).
    """
    part = dex.part_of(node)
    if client.steps <= 0 or int(part.body_size[node - part.base]) > MAX_UNITS:
        return NOTHING
    body = instructions(dex, node)
    if not body:
        return NOTHING
    first, count = parameter_registers(dex, node)
    start = {first + i: values for i, values in enumerate(arguments[:count]) if values}
    return _Run(node, body, client).run(start)


class _Run:
    def __init__(self, node: int, body: list[Instruction], client: Client) -> None:
        self.node, self.body, self.client = node, body, client
        self._place = {ins.offset: i for i, ins in enumerate(body)}
        self._leaders = self._find_leaders()
        self._things: dict[int, Thing] = {}
        self._returned: set[Value] = set()
        self._result: Values = NOTHING

    def _find_leaders(self) -> set[int]:
        leaders = {0}
        for position, ins in enumerate(self.body):
            if _jumps(ins.opcode):
                leaders.update((self._target(ins), position + 1))
            elif ins.opcode in _ENDS:
                leaders.add(position + 1)
        return leaders

    def _target(self, ins: Instruction) -> int:
        return self._place.get(ins.offset + (ins.literal or 0), -1)

    def run(self, start: State) -> Values:
        states: dict[int, State] = {0: start}
        visits: dict[int, int] = defaultdict(int)
        waiting = [0]
        while True:
            while waiting:
                leader = waiting.pop()
                visits[leader] += 1
                if visits[leader] <= MAX_VISITS:
                    waiting += self._block(leader, dict(states[leader]), states)
            # Branches of a switch and exception handlers are entered from places the sweep does not name.
            rest = min(
                (p for p in self._leaders if 0 <= p < len(self.body) and p not in states), default=None
            )
            if rest is None:
                return frozenset(self._returned)
            states[rest] = dict(start)
            waiting = [rest]

    def _block(self, position: int, state: State, states: dict[int, State]) -> list[int]:
        """Run one basic block; return the leaders whose state grew."""
        while position < len(self.body) and self.client.steps > 0:
            self.client.steps -= 1
            ins = self.body[position]
            self._step(ins, state)
            following = position + 1
            if ins.opcode in _ENDS:
                if ins.opcode == 0x11:
                    self._returned |= state.get(ins.registers[0], NOTHING)
                return []
            if _jumps(ins.opcode):
                targets = [self._target(ins)] if ins.opcode <= 0x2A else [following, self._target(ins)]
                return [t for t in targets if 0 <= t < len(self.body) and _join(states, t, state)]
            if following in self._leaders and following < len(self.body):
                return [following] if _join(states, following, state) else []
            position = following
        return []

    def _thing(self, ins: Instruction) -> Thing:
        if ins.offset not in self._things:
            self._things[ins.offset] = Thing(ins.reference or "")
        return self._things[ins.offset]

    def _step(self, ins: Instruction, state: State) -> None:
        op, regs = ins.opcode, ins.registers
        if 0x01 <= op <= 0x09:
            state[regs[0]] = state.get(regs[1], NOTHING)
        elif 0x6E <= op <= 0x78:
            given = [state.get(register, NOTHING) for register in regs]
            self._result = self.client.call(self.node, ins, given)
            return
        elif 0x0A <= op <= 0x0C:
            state[regs[0]] = self._result
        elif op in {0x1A, 0x1B, 0x1C}:
            state[regs[0]] = frozenset([ins.reference or ""])
        elif 0x12 <= op <= 0x19:
            state[regs[0]] = frozenset([ins.literal or 0])
        elif op == 0x22:
            state[regs[0]] = frozenset([self._thing(ins)])
        elif op == 0x1F:
            state[regs[0]] = self.client.cast(self.node, ins, state.get(regs[0], NOTHING))
        elif op in _LOADS:
            state[regs[0]] = self.client.load(ins.reference or "")
        elif op in _STORES:
            self.client.store(ins.reference or "", state.get(regs[0], NOTHING))
        elif regs and _writes(op):
            state.pop(regs[0], None)


def _join(states: dict[int, State], place: int, state: State) -> bool:
    """Add ``state`` to what may hold at ``place``; return whether that changed anything."""
    known = states.get(place)
    if known is None:
        states[place] = dict(state)
        return True
    grown = False
    for register, values in state.items():
        old = known.get(register, NOTHING)
        if not values <= old and len(old) < MAX_VALUES:
            known[register] = old | values
            grown = True
    return grown


def _jumps(opcode: int) -> bool:
    return 0x28 <= opcode <= 0x2A or 0x32 <= opcode <= 0x3D


def _writes(op: int) -> bool:
    """Whether the instruction overwrites its first register."""
    return (
        op == 0x0D
        or 0x20 <= op <= 0x21
        or op == 0x23
        or 0x2D <= op <= 0x31
        or 0x44 <= op <= 0x4A
        or 0x52 <= op <= 0x58
        or 0x60 <= op <= 0x66
        or 0x7B <= op <= 0xE2
    )

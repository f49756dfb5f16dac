"""Instruction lengths, names and operand kinds of the Dalvik executable format (versions 035–040).

Source: "Dalvik bytecode" and "Dalvik executable instruction formats" of the Android Open Source Project.
Lengths are in 16-bit code units.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Runs of (first opcode, last opcode, format).
_FORMATS: tuple[tuple[int, int, str], ...] = (
    (0x00, 0x00, "10x"), (0x01, 0x01, "12x"), (0x02, 0x02, "22x"), (0x03, 0x03, "32x"),
    (0x04, 0x04, "12x"), (0x05, 0x05, "22x"), (0x06, 0x06, "32x"), (0x07, 0x07, "12x"),
    (0x08, 0x08, "22x"), (0x09, 0x09, "32x"), (0x0A, 0x0D, "11x"), (0x0E, 0x0E, "10x"),
    (0x0F, 0x11, "11x"), (0x12, 0x12, "11n"), (0x13, 0x13, "21s"), (0x14, 0x14, "31i"),
    (0x15, 0x15, "21h"), (0x16, 0x16, "21s"), (0x17, 0x17, "31i"), (0x18, 0x18, "51l"),
    (0x19, 0x19, "21h"), (0x1A, 0x1A, "21c"), (0x1B, 0x1B, "31c"), (0x1C, 0x1C, "21c"),
    (0x1D, 0x1E, "11x"), (0x1F, 0x1F, "21c"), (0x20, 0x20, "22c"), (0x21, 0x21, "12x"),
    (0x22, 0x22, "21c"), (0x23, 0x23, "22c"), (0x24, 0x24, "35c"), (0x25, 0x25, "3rc"),
    (0x26, 0x26, "31t"), (0x27, 0x27, "11x"), (0x28, 0x28, "10t"), (0x29, 0x29, "20t"),
    (0x2A, 0x2A, "30t"), (0x2B, 0x2C, "31t"), (0x2D, 0x31, "23x"), (0x32, 0x37, "22t"),
    (0x38, 0x3D, "21t"), (0x3E, 0x43, "10x"), (0x44, 0x51, "23x"), (0x52, 0x5F, "22c"),
    (0x60, 0x6D, "21c"), (0x6E, 0x72, "35c"), (0x73, 0x73, "10x"), (0x74, 0x78, "3rc"),
    (0x79, 0x7A, "10x"), (0x7B, 0x8F, "12x"), (0x90, 0xAF, "23x"), (0xB0, 0xCF, "12x"),
    (0xD0, 0xD7, "22s"), (0xD8, 0xE2, "22b"), (0xE3, 0xF9, "10x"), (0xFA, 0xFA, "45cc"),
    (0xFB, 0xFB, "4rcc"), (0xFC, 0xFC, "35c"), (0xFD, 0xFD, "3rc"), (0xFE, 0xFF, "21c"),
)  # fmt: skip

FORMATS: tuple[str, ...] = tuple(
    next(form for first, last, form in _FORMATS if first <= opcode <= last) for opcode in range(256)
)
UNUSED = frozenset([*range(0x3E, 0x44), 0x73, 0x79, 0x7A, *range(0xE3, 0xFA)])

PACKED_SWITCH, SPARSE_SWITCH, FILL_ARRAY = 0x0100, 0x0200, 0x0300


def _length_table() -> NDArray[Any]:
    """Length by the whole first unit: payload pseudo-instructions share opcode 0x00 and get 0 (look at them)."""
    by_opcode = np.array([int(form[0]) for form in FORMATS], dtype=np.uint8)
    table = np.tile(by_opcode, 256)
    table[[PACKED_SWITCH, SPARSE_SWITCH, FILL_ARRAY]] = 0
    return table


LENGTHS = _length_table()

_BINARY = ("add", "sub", "mul", "div", "rem", "and", "or", "xor", "shl", "shr", "ushr")
_KINDS = ("", "-wide", "-object", "-boolean", "-byte", "-char", "-short")
_INVOKES = ("virtual", "super", "direct", "static", "interface")


def _names() -> tuple[str, ...]:
    names = [f"unused-{opcode:02x}" for opcode in range(256)]

    def put(first: int, values: list[str]) -> None:
        names[first : first + len(values)] = values

    put(0x00, ["nop"])
    for position, suffix in enumerate(("", "-wide", "-object")):
        put(0x01 + 3 * position, [f"move{suffix}", f"move{suffix}/from16", f"move{suffix}/16"])
    put(0x0A, ["move-result", "move-result-wide", "move-result-object", "move-exception"])
    put(0x0E, ["return-void", "return", "return-wide", "return-object"])
    put(
        0x12, ["const/4", "const/16", "const", "const/high16", "const-wide/16", "const-wide/32", "const-wide"]
    )
    put(0x19, ["const-wide/high16", "const-string", "const-string/jumbo", "const-class"])
    put(0x1D, ["monitor-enter", "monitor-exit", "check-cast", "instance-of", "array-length", "new-instance"])
    put(0x23, ["new-array", "filled-new-array", "filled-new-array/range", "fill-array-data", "throw"])
    put(0x28, ["goto", "goto/16", "goto/32", "packed-switch", "sparse-switch"])
    put(0x2D, ["cmpl-float", "cmpg-float", "cmpl-double", "cmpg-double", "cmp-long"])
    put(0x32, [f"if-{c}" for c in ("eq", "ne", "lt", "ge", "gt", "le")])
    put(0x38, [f"if-{c}z" for c in ("eq", "ne", "lt", "ge", "gt", "le")])
    for first, verb in (
        (0x44, "aget"),
        (0x4B, "aput"),
        (0x52, "iget"),
        (0x59, "iput"),
        (0x60, "sget"),
        (0x67, "sput"),
    ):
        put(first, [verb + kind for kind in _KINDS])
    put(0x6E, [f"invoke-{kind}" for kind in _INVOKES])
    put(0x74, [f"invoke-{kind}/range" for kind in _INVOKES])
    put(0x7B, ["neg-int", "not-int", "neg-long", "not-long", "neg-float", "neg-double"])
    conversions = [
        f"{a}-to-{b}" for a in ("int", "long", "float", "double") for b in ("int", "long", "float", "double")
    ]
    put(0x81, [name for name in conversions if name.split("-to-")[0] != name.split("-to-")[1]])
    put(0x8D, ["int-to-byte", "int-to-char", "int-to-short"])
    arithmetic = [f"{op}-{kind}" for kind in ("int", "long") for op in _BINARY]
    arithmetic += [f"{op}-{kind}" for kind in ("float", "double") for op in _BINARY[:5]]
    put(0x90, arithmetic)
    put(0xB0, [f"{name}/2addr" for name in arithmetic])
    put(0xD0, [f"{op}-int/lit16" for op in ("add", "rsub", "mul", "div", "rem", "and", "or", "xor")])
    literal8 = ("add", "rsub", "mul", "div", "rem", "and", "or", "xor", "shl", "shr", "ushr")
    put(0xD8, [f"{op}-int/lit8" for op in literal8])
    put(0xFA, ["invoke-polymorphic", "invoke-polymorphic/range", "invoke-custom", "invoke-custom/range"])
    put(0xFE, ["const-method-handle", "const-method-type"])
    return tuple(names)


NAMES = _names()


def opcode_mask(*ranges: tuple[int, int]) -> NDArray[Any]:
    """Return a 256-entry table that is True for the opcodes of the inclusive ``ranges``."""
    mask = np.zeros(256, dtype=np.bool_)
    for first, last in ranges:
        mask[first : last + 1] = True
    return mask


INVOKE = opcode_mask((0x6E, 0x72), (0x74, 0x78), (0xFA, 0xFB))
FIELD = opcode_mask((0x52, 0x6D))
CONST_STRING = opcode_mask((0x1A, 0x1B))
NEW_INSTANCE = opcode_mask((0x22, 0x22))
SGET_OBJECT = 0x62
# What one pass over the instructions keeps.
KEPT = INVOKE | FIELD | CONST_STRING | NEW_INSTANCE

"""Changes to binary files that keep their layout: words, spans and bytes are overwritten, nothing moves."""

from __future__ import annotations

import random

_WORDS = (0, 1, 2, 3, 4, 7, 8, 16, 28, 0x70, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF,
          0x80000000, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF)  # fmt: skip


def overwrite(data: bytes, rng: random.Random) -> bytes:
    """Return ``data`` with one to six places overwritten; the length stays."""
    if len(data) < 8:
        return data or b"\0"
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        rng.choice((_word, _word, _nudge, _copy, _byte, _borrow))(content, rng)
    return bytes(content)


def _place(content: bytearray, rng: random.Random, width: int) -> int:
    place = rng.randrange(0, len(content) - width + 1)
    return place - place % rng.choice((1, 2, 4, 4)) if place else 0


def _word(content: bytearray, rng: random.Random) -> None:
    width = rng.choice((1, 2, 4, 4, 8))
    place = _place(content, rng, width)
    value = rng.choice((*_WORDS, len(content), len(content) - 1, len(content) // 4))
    content[place : place + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")


def _nudge(content: bytearray, rng: random.Random) -> None:
    width = rng.choice((1, 2, 4))
    place = _place(content, rng, width)
    value = int.from_bytes(content[place : place + width], "little") + rng.choice(
        (-8, -4, -2, -1, 1, 2, 4, 8)
    )
    content[place : place + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")


def _borrow(content: bytearray, rng: random.Random) -> None:
    width = rng.choice((2, 4))
    source, place = _place(content, rng, width), _place(content, rng, width)
    content[place : place + width] = content[source : source + width]


def _copy(content: bytearray, rng: random.Random) -> None:
    length = min(rng.choice((4, 8, 12, 16, 20, 24, 32, 64)), len(content))
    source, place = _place(content, rng, length), _place(content, rng, length)
    content[place : place + length] = content[source : source + length]


def _byte(content: bytearray, rng: random.Random) -> None:
    content[rng.randrange(len(content))] = rng.randrange(256)

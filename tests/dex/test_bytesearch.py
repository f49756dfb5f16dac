"""Searching many words at once finds what searching each finds, across the borders of chunks too."""

from __future__ import annotations

import random

import numpy as np
import pytest

from scanner.dex import bytesearch


def expected(data: bytes, words: list[bytes], low: int, high: int) -> set[tuple[int, int]]:
    return {
        (at, at + len(word))
        for word in words
        for at in range(low, high - len(word) + 1)
        if data.startswith(word, at)
    }


@pytest.mark.parametrize(("chunk", "few"), [(1 << 22, 1), (1 << 22, 99), (16, 1), (7, 1)])
def test_every_occurrence_is_found_once(monkeypatch: pytest.MonkeyPatch, chunk: int, few: int) -> None:
    monkeypatch.setattr(bytesearch, "CHUNK", chunk)
    monkeypatch.setattr(bytesearch, "FEW", few)
    rng = random.Random(3)
    hits = 0
    for _ in range(300):
        data = bytes(rng.choice(b"ab\0") for _ in range(rng.randint(0, 60)))
        words = sorted({bytes(rng.choices(b"ab", k=rng.randint(2, 5))) for _ in range(rng.randint(0, 5))})
        low = rng.randint(0, len(data))
        high = rng.randint(low, len(data))

        starts, ends = bytesearch.find_all(data, np.frombuffer(data, dtype=np.uint8), words, low, high)
        found = list(zip(starts.tolist(), ends.tolist(), strict=True))

        assert sorted(found) == sorted(expected(data, words, low, high))
        hits += len(found)
    assert hits > 100

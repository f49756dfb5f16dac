"""Character n-grams of sentences as arrays of 32-bit hashes, for all sentences of a policy at once.

Chinese has no spaces between words, so n-grams of characters serve as words.  A hash instead of a dictionary of strings
keeps the shipped model small and lets numpy do the work.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_SENTENCE = 1_000
LONGEST = 5
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_FINAL = np.uint64(0xBF58476D1CE4E5B9)
_DIGITS = str.maketrans("0123456789", "0" * 10)
_START, _END = "\x02", "\x03"


@dataclass(frozen=True)
class Grams:
    """The n-grams of ``count`` sentences: ``row`` the sentence, ``gram`` the hash, ``times`` how often it occurs in it.

    Sorted by row, then hash; every pair occurs once.
    """

    count: int
    row: NDArray[np.int64]
    gram: NDArray[np.uint32]
    times: NDArray[np.float32]


def normalise(text: str) -> str:
    """Return ``text`` in compatibility form, lower case, digits as 0, without spaces and commas, cut at 1,000 characters."""
    text = unicodedata.normalize("NFKC", text[:MAX_SENTENCE]).lower().translate(_DIGITS)
    return "".join(text.replace(",", "").split())[:MAX_SENTENCE]


def grams(texts: Sequence[str], longest: int = LONGEST) -> Grams:
    """Return the n-grams of 1 to ``longest`` characters of each text, its ends marked as characters."""
    marked = [_START + normalise(text) + _END for text in texts]
    lengths = np.fromiter((len(text) for text in marked), np.int64, len(marked))
    codes = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    rows = np.repeat(np.arange(len(marked)), lengths)
    keys = []
    value = np.zeros(len(codes), np.uint64)
    for size in range(1, longest + 1):
        length = len(codes) - size + 1
        if length <= 0:
            break
        value = value[:length] * _MULTIPLIER + codes[size - 1 :] + np.uint64(size)
        inside = rows[:length] == rows[size - 1 :]
        mixed = (value ^ (value >> np.uint64(29))) * _FINAL
        mixed = (mixed ^ (mixed >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
        keys.append(((rows[:length].astype(np.uint64) << np.uint64(32)) | mixed)[inside])
    joined = np.concatenate(keys) if keys else np.zeros(0, np.uint64)
    unique, times = np.unique(joined, return_counts=True)
    return Grams(
        count=len(marked),
        row=(unique >> np.uint64(32)).astype(np.int64),
        gram=(unique & np.uint64(0xFFFFFFFF)).astype(np.uint32),
        times=times.astype(np.float32),
    )

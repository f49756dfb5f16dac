"""Finds the words of the catalogue in text: which personal-information items a passage names, and where.

The longest term wins where terms overlap.  Case, full-width forms, spaces, hyphens and underscores make no difference
(``Android_ID``, ``android id`` and ``ＡｎｄｒｏｉｄＩＤ`` are one term); a term that begins or ends in Latin letters or digits must
not continue in such a character.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from scanner import catalogue
from scanner.collect.policy import vocabulary

# Left out when comparing: they vary between policies without meaning.
_SKIPPED = frozenset(" \t\u00a0\u3000\u200b\u200c\u200d\ufeff-_‐‑–·・\u200b")
_END = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A catalogue term in a text: ``items`` it can mean, its words, its span, and whether it needs context."""

    items: tuple[str, ...]
    term: str
    start: int
    end: int
    weak: bool


def fold(text: str) -> tuple[str, list[int]]:
    """Return ``text`` in the form terms are compared in, and for each of its characters the place in ``text``."""
    out: list[str] = []
    places: list[int] = []
    last = len(text) - 1
    for place, raw in enumerate(text):
        code = ord(raw)
        char = chr(code - 0xFEE0) if 0xFF01 <= code <= 0xFF5E else raw
        if char in _SKIPPED:
            continue
        # "MAC,地址" is one term set by a machine that writes commas for spaces; "IMEI, 地址" and "IMEI，地址" are two.
        if raw == "," and 0 < place < last and _latin(text[place - 1]) and not text[place + 1].isspace():
            continue
        for lowered in char.lower():
            out.append(lowered)
            places.append(place)
    return "".join(out), places


def find(text: str) -> list[Mention]:
    """Return the terms in ``text`` in order, the longest where several overlap."""
    folded, places = fold(text)
    found = sorted(_candidates(text, folded, places), key=lambda m: (m.start - m.end, m.start))
    taken = bytearray(len(text) + 1)
    kept = []
    for mention in found:
        if not any(taken[mention.start : mention.end]):
            taken[mention.start : mention.end] = b"\x01" * (mention.end - mention.start)
            kept.append(mention)
    return sorted((m for m in kept if m.items), key=lambda m: m.start)


def ancestors(item: str) -> tuple[str, ...]:
    """Return the vaguer items above ``item``, nearest first."""
    known = catalogue.items()
    found: dict[str, None] = {}
    layer = list(known[item].parents) if item in known else []
    while layer:
        following: list[str] = []
        for parent in layer:
            if parent not in found:
                found[parent] = None
                following += known[parent].parents if parent in known else ()
        layer = following
    return tuple(found)


def _candidates(text: str, folded: str, places: list[int]) -> Iterator[Mention]:
    trie = _trie()
    length = len(folded)
    for begin in range(length):
        node = trie.get(folded[begin])
        at = begin + 1
        best: tuple[int, Any] | None = None
        while node is not None:
            if _END in node and _whole(text, places[begin], places[at - 1]):
                best = (at, node[_END])
            if at == length:
                break
            node = node.get(folded[at])
            at += 1
        if best is not None:
            end, (items, term, weak) = best
            yield Mention(items, term, places[begin], places[end - 1] + 1, weak)


def _whole(text: str, first: int, last: int) -> bool:
    """Whether the words ``first``–``last`` are not a part of a longer Latin word or number."""
    if _latin(text[first]) and first > 0 and _latin(text[first - 1]):
        return False
    return not (_latin(text[last]) and last + 1 < len(text) and _latin(text[last + 1]))


def _latin(char: str) -> bool:
    return char.isascii() and char.isalnum()


@cache
def _trie() -> dict[str, Any]:
    words: dict[str, tuple[dict[str, None], str, bool]] = {}
    for item in catalogue.items().values():
        for term, weak in _terms(item):
            key = fold(term)[0]
            known = words.get(key)
            owners = known[0] if known else {}
            owners[item.id] = None
            words[key] = (owners, known[1] if known else term, weak and (known[2] if known else True))
    for phrase in vocabulary.words("not_terms"):
        words.setdefault(fold(phrase)[0], ({}, phrase, False))
    root: dict[str, Any] = {}
    for key, (owners, term, weak) in words.items():
        node = root
        for char in key:
            node = node.setdefault(char, {})
        # A phrase without items only shadows the shorter terms inside it.
        node[_END] = (_most_precise(owners), term, weak)
    return root


def _terms(item: catalogue.Item) -> Iterator[tuple[str, bool]]:
    for term in (*item.policy_terms, *vocabulary.data()["more_terms"].get(item.id, ())):
        yield term, False
    for term in (*item.policy_terms_weak, *vocabulary.data()["more_terms_weak"].get(item.id, ())):
        yield term, True


def _most_precise(owners: Iterable[str]) -> tuple[str, ...]:
    """Return ``owners`` without those that are vaguer names of another."""
    owners = tuple(owners)
    above = {parent for owner in owners for parent in ancestors(owner)}
    return tuple(owner for owner in owners if owner not in above) or owners

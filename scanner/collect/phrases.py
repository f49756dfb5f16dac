"""Recognises sentences of the interface that matter for the law, by the phrase table ``rules/data/texts.yaml``."""

from __future__ import annotations

import re
from functools import cache

from pydantic import ConfigDict, Field

from scanner.datafiles import read_data
from scanner.model import Frozen, Text
from scanner.safere import compile_pattern

MAX_TEXT = 20_000


class Phrase(Frozen):
    """One kind of sentence: literal parts or a pattern that must occur, others that must not, length bounds.

    ``needs`` lists literals one of which every match of ``regex`` contains: a cheap test before the pattern.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    any_of: tuple[str, ...] = ()
    regex: str | None = None
    needs: tuple[str, ...] = ()
    not_: tuple[str, ...] = Field(default=(), alias="not")
    min_length: int = 1
    max_length: int = MAX_TEXT
    name: Text | None = None

    def fits(self, text: str) -> bool:
        """Whether ``text`` (lower case) is a sentence of this kind."""
        if not self.min_length <= len(text) <= self.max_length:
            return False
        found = any(part in text for part in _lower(self.any_of))
        if not found and self.regex is not None:
            found = compile_pattern(self.regex).search(text) is not None
        return found and not any(part in text for part in _lower(self.not_))


@cache
def _lower(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.lower() for part in parts)


@cache
def phrases() -> tuple[Phrase, ...]:
    """Return the phrase table."""
    found: list[Phrase] = []
    for content in read_data("texts"):
        entries = (
            content if isinstance(content, list) else next(v for v in content.values() if isinstance(v, list))
        )
        found.extend(Phrase.model_validate(entry) for entry in entries)
    return tuple(found)


@cache
def _prefilter() -> re.Pattern[str]:
    """One alternation of all literals: most strings of a package contain none and are done."""
    literals = sorted({part.lower() for phrase in phrases() for part in (*phrase.any_of, *phrase.needs)})
    return re.compile("|".join(map(re.escape, literals)))


def classify(text: str) -> tuple[str, ...]:
    """Return the kinds of sentence ``text`` is, in the order of the table; texts above 20,000 characters are cut."""
    lowered = text[:MAX_TEXT].lower()
    if _prefilter().search(lowered) is None:
        return ()
    return tuple(dict.fromkeys(phrase.kind for phrase in phrases() if phrase.fits(lowered)))

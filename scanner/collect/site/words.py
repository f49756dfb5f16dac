"""What pages and links are for, by the words in ``rules/data/page_words.yaml``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, get_args

from scanner.datafiles import read_data
from scanner.sitefacts import PageKind

MAX_TEXT = 400
KINDS: frozenset[str] = frozenset(get_args(PageKind))


@dataclass(frozen=True, slots=True)
class Words:
    """Literal words to be found in lower-case text: Latin ones at word boundaries, longest first.

    Looking for each literal is many times faster than the alternation, and most texts hold none of them.
    """

    literals: tuple[str, ...]
    pattern: re.Pattern[str]

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first word in ``text``."""
        for literal in self.literals:
            if literal in text:
                return self.pattern.search(text)
        return None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the words in ``text``, none overlapping."""
        return self.pattern.finditer(text)


def literal_pattern(words: Iterable[str]) -> Words | None:
    """Return ``words`` ready to be looked for; None when there are none."""
    literals = sorted({word.lower() for word in words}, key=lambda word: (-len(word), word))
    parts = []
    for word in literals:
        escaped = re.escape(word)
        if word.isascii():
            escaped = rf"(?<![a-z0-9]){escaped}(?![a-z0-9])"
        parts.append(escaped)
    return Words(tuple(literals), re.compile("|".join(parts))) if parts else None


@dataclass(frozen=True, slots=True)
class Topic:
    """One kind of page: patterns for texts and paths, words that speak against it, crawl priority."""

    kind: str
    weight: int
    text: Words | None
    path: Words | None
    against: Words | None

    def fits_text(self, text: str) -> bool:
        """Whether ``text`` (lower case) names this kind of page."""
        if self.text is None or self.text.search(text) is None:
            return False
        return self.against is None or self.against.search(text) is None

    def fits_path(self, path: str) -> bool:
        """Whether a URL's ``path`` (lower case) names this kind of page."""
        return self.path is not None and self.path.search(path) is not None


@dataclass(frozen=True)
class PageWords:
    """The whole table."""

    topics: tuple[Topic, ...]
    extra: tuple[Topic, ...]
    footer_weight: int
    statements: dict[str, Words]
    policy_body: tuple[str, ...]
    policy_body_min: int
    ignored_parameters: frozenset[str]
    skipped_extensions: frozenset[str]
    document_extensions: frozenset[str]

    def names_policy(self, text: str) -> bool:
        """Whether the words of a link name a privacy policy."""
        return _names_policy(text)

    def kind_of_link(self, text: str, path: str) -> str:
        """Return the kind of page a link promises by its words, else by its address; ``other`` when it says nothing."""
        kind = _named_by(text[:MAX_TEXT])[0]
        if kind != "other":
            return kind
        lowered = text[:MAX_TEXT].lower()
        if lowered.strip() and len(lowered) > 1 and not lowered.isascii():
            return "other"  # the link says in Chinese what it is; its address must not overrule that
        return self.kind_of_path(path)

    def kind_of_path(self, path: str) -> str:
        """Return the kind of page a URL path names."""
        return _placed_by(path[:MAX_TEXT])[0]

    def weight(self, text: str, path: str, *, footer: bool) -> int:
        """Return the crawl priority of a link, 0 for an ordinary one."""
        best = max(_named_by(text[:MAX_TEXT])[1], _placed_by(path[:MAX_TEXT])[1])
        return best + (self.footer_weight if footer else 0)


def _topic(kind: str, entry: dict[str, Any]) -> Topic:
    return Topic(
        kind=kind,
        weight=int(entry["weight"]),
        text=literal_pattern(entry.get("text", [])),
        path=literal_pattern(entry.get("path", [])),
        against=literal_pattern(entry.get("not", [])),
    )


# The same links stand on every page of a site, so what they say is kept: kind of page and crawl priority.
@lru_cache(maxsize=20_000)
def _named_by(text: str) -> tuple[str, int]:
    words, lowered = page_words(), text.lower()
    fitting = [topic for topic in (*words.topics, *words.extra) if topic.fits_text(lowered)]
    return _first(words, fitting)


@lru_cache(maxsize=20_000)
def _names_policy(text: str) -> bool:
    policy = next(topic for topic in page_words().topics if topic.kind == "policy")
    return policy.fits_text(text.lower())


@lru_cache(maxsize=20_000)
def _placed_by(path: str) -> tuple[str, int]:
    words, lowered = page_words(), path.lower()
    fitting = [topic for topic in (*words.topics, *words.extra) if topic.fits_path(lowered)]
    return _first(words, fitting)


def _first(words: PageWords, fitting: list[Topic]) -> tuple[str, int]:
    kind = next((topic.kind for topic in fitting if topic not in words.extra), "other")
    return kind, max((topic.weight for topic in fitting), default=0)


@cache
def page_words() -> PageWords:
    """Return the table; raises ValueError for a kind that the facts do not know."""
    (data,) = read_data("page_words")
    unknown = {entry["kind"] for entry in data["kinds"]} - KINDS
    if unknown:
        raise ValueError(f"page_words.yaml: unknown kinds {sorted(unknown)}")
    statements = {name: literal_pattern(words) for name, words in data["statements"].items()}
    return PageWords(
        topics=tuple(_topic(entry["kind"], entry) for entry in data["kinds"]),
        extra=(_topic("forms", data["forms"]), _topic("about", data["about"])),
        footer_weight=int(data["footer_weight"]),
        statements={name: pattern for name, pattern in statements.items() if pattern is not None},
        policy_body=tuple(word.lower() for word in data["policy_body"]),
        policy_body_min=int(data["policy_body_min"]),
        ignored_parameters=frozenset(p.lower() for p in data["ignored_parameters"]),
        skipped_extensions=frozenset(data["skipped_extensions"]),
        document_extensions=frozenset(data["document_extensions"]),
    )

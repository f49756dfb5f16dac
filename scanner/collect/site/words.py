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

    def kind_of_link(self, text: str, path: str) -> str:
        """Return the kind of page a link promises by its words, else by its address; ``other`` when it says nothing."""
        return _kind_of_link(text[:MAX_TEXT], path[:MAX_TEXT])

    def link_kind(self, text: str, path: str) -> str:
        """Work :meth:`kind_of_link` out: the same links stand on every page of a site, so answers are kept."""
        lowered = text.lower()
        for topic in self.topics:
            if topic.fits_text(lowered):
                return topic.kind
        if lowered.strip() and len(lowered) > 1 and not lowered.isascii():
            return "other"  # the link says in Chinese what it is; its address must not overrule that
        return self.kind_of_path(path)

    def kind_of_path(self, path: str) -> str:
        """Return the kind of page a URL path names."""
        lowered = path[:MAX_TEXT].lower()
        return next((topic.kind for topic in self.topics if topic.fits_path(lowered)), "other")

    def weight(self, text: str, path: str, *, footer: bool) -> int:
        """Return the crawl priority of a link, 0 for an ordinary one."""
        lowered, place = text[:MAX_TEXT].lower(), path[:MAX_TEXT].lower()
        best = max(
            (t.weight for t in (*self.topics, *self.extra) if t.fits_text(lowered) or t.fits_path(place)),
            default=0,
        )
        return best + (self.footer_weight if footer else 0)


def _topic(kind: str, entry: dict[str, Any]) -> Topic:
    return Topic(
        kind=kind,
        weight=int(entry["weight"]),
        text=literal_pattern(entry.get("text", [])),
        path=literal_pattern(entry.get("path", [])),
        against=literal_pattern(entry.get("not", [])),
    )


@lru_cache(maxsize=20_000)
def _kind_of_link(text: str, path: str) -> str:
    return page_words().link_kind(text, path)


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

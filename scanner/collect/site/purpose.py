"""What a form is for: by its button, heading and address, by its inputs, and by the kind of page it stands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from urllib.parse import urlsplit

from scanner import catalogue
from scanner.collect.site.fields import form_data
from scanner.collect.site.page import ParsedPage, squeeze, words_of
from scanner.collect.site.pagetext import Element
from scanner.collect.site.words import Words, literal_pattern
from scanner.sitefacts import FormField


@dataclass(frozen=True)
class Purpose:
    """A purpose of forms: words of its buttons, headings and paths, and what it needs."""

    id: str
    button: Words | None
    text: Words | None
    path: Words | None
    page: frozenset[str]
    necessary: frozenset[str]
    unnecessary: frozenset[str]


@cache
def purposes() -> tuple[Purpose, ...]:
    """Return the purposes, in the order of the table; raises ValueError for an unknown item."""
    known = catalogue.items()
    found = []
    for entry in form_data()["purposes"]:
        unknown = ({*entry["necessary"], *entry["unnecessary"]}) - set(known)
        if unknown:
            raise ValueError(f"form_words.yaml: {entry['id']}: unknown items {sorted(unknown)}")
        found.append(
            Purpose(
                id=entry["id"],
                button=literal_pattern(entry["button"]),
                text=literal_pattern(entry["text"]),
                path=literal_pattern(entry["path"]),
                page=frozenset(entry["page"]),
                necessary=frozenset(entry["necessary"]),
                unnecessary=frozenset(entry["unnecessary"]),
            )
        )
    return tuple(found)


@cache
def words_named(name: str) -> Words | None:
    """Return the list ``name`` of ``form_words.yaml`` ready to be looked for."""
    return literal_pattern(form_data()[name])


@lru_cache(maxsize=4_000)
def says(name: str, text: str) -> bool:
    """Whether ``text`` holds one of the words of the list ``name``."""
    pattern = words_named(name)
    return pattern is not None and pattern.search(text.lower()) is not None


@lru_cache(maxsize=2_000)
def _fitting(part: str, text: str) -> frozenset[str]:
    """Return the purposes whose words for ``part`` (``button``, ``text`` or ``path``) are in the lower-case ``text``."""
    words = ((purpose.id, getattr(purpose, part)) for purpose in purposes())
    return frozenset(name for name, known in words if known is not None and known.search(text))


def choose_purpose(
    page: ParsedPage, kind: str, block: Element, around: Element, buttons: str, fields: Sequence[FormField]
) -> Purpose | None:
    """Return the purpose of the form ``block``, None when nothing tells it; ``buttons`` are the words to press."""
    passwords = sum(1 for f in fields if f.password)
    pressed, heading = buttons.lower(), _heading(page, around).lower()
    action = _path_of(block.get("action") or "")
    marks = " ".join(
        (action, block.get("id") or "", block.get("name") or "", block.get("class") or "")
    ).lower()
    table = purposes()
    by_button, by_heading, by_marks = (
        _fitting(part, text) for part, text in (("button", pressed), ("text", heading), ("path", marks))
    )
    scores = {
        p.id: (4 if len(pressed) < 40 else 2) * (p.id in by_button)
        + 3 * (p.id in by_heading)
        + 2 * (p.id in by_marks)
        + 1.5 * (kind in p.page)
        for p in table
    }
    if passwords:
        for name in ("login", "register", "password_reset"):
            named = next(p.path for p in table if p.id == name)
            on_path = named is not None and named.search(_path_of(page.url))
            if (
                on_path or scores[name] > 0 or passwords > 1
            ):  # one password alone does not tell which of the three
                scores[name] += 3 if on_path else 2
        if passwords > 1:
            scores["register"] += 1.5
            scores["password_reset"] += 1
        for name in ("search", "subscription", "contact", "survey", "appointment"):
            scores[name] -= 4
    if scores["search"] > 0 and len([f for f in fields if f.type not in {"select"}]) > 2:
        scores["search"] -= 3
    if scores["subscription"] > 0 and len(fields) > 4:
        scores["subscription"] -= 3
    best = max(table, key=lambda purpose: scores[purpose.id])
    if scores[best.id] >= 1.5:
        return best
    page_path = _path_of(page.url)
    by_page = next((p for p in table if p.path is not None and p.path.search(page_path)), None)
    if by_page is not None and by_page.id != "search" and len(fields) > 1:
        return by_page
    return None


def _heading(page: ParsedPage, around: Element) -> str:
    """The words over the form: its legend or headings, else the last heading before it, else the page's title."""
    inside = [words_of(h) for h in around.iter("legend", "h1", "h2", "h3", "h4", "h5", "caption")]
    inside += [
        words_of(e) for e in around.iter("div", "p", "span") if "title" in (e.get("class") or "").lower()
    ][:5]
    if inside:
        return squeeze(" ".join(inside))[:200]
    return " ".join((*page.headings[:1], page.title))[:200]


def _path_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.path} {parts.fragment}".lower()[:300]

"""Where in the policy a sentence stands: its headings, the list it belongs to, and whether collecting is spoken of there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scanner.collect.policy.clauses import Role, clauses
from scanner.collect.policy.document import Document, split
from scanner.collect.policy.vocabulary import search, verbs
from scanner.policyfacts import Paragraph, Sentence

MAX_LIST = 60
MAX_LEAD = 400
MAX_HEADING = 40
MAX_LABEL = 16
_NUMBERED = re.compile(
    r"\s*(?:[•·●\-—*▪◦■◆➢√]|[（(]?[0-9一二三四五六七八九十]{1,3}[)）.、．:：]|[0-9]{1,2}(?:[.．][0-9]{1,2}){1,3}|[a-zA-ZⅠⅡⅢⅣⅤⅥ][)）.、．]|[①-⑳])"
)
_LABEL = re.compile(r"^[^，。；：:]{1,16}[：:]")
_CLOSED = re.compile(r"[。；;，,！!？?]$")
_COLLECT_TOPICS = frozenset({"collect", "use", "share", "permission"})


@dataclass(frozen=True, slots=True)
class Placed:
    """A sentence with its paragraph, section titles, list role, and whether its place speaks of collecting.

    ``inherited``: what words without a verb of their own do here (``states`` in a list of what is collected).
    ``spoken``: True where section or topics say collecting, False where they say something else, None when unknown.
    """

    sentence: Sentence
    paragraph: Paragraph
    section: str
    function: str
    inherited: Role
    narrowed: str
    spoken: bool | None


def place(document: Document, sentences: tuple[Sentence, ...]) -> Iterator[Placed]:
    """Yield the sentences of ``document`` in order with their place; ``sentences`` may carry topics."""
    by_paragraph: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        by_paragraph.setdefault(sentence.paragraph, []).append(sentence)
    known = any(sentence.topics for sentence in sentences)
    pseudo = ""
    lead = _Lead()
    for paragraph in document.paragraphs:
        if paragraph.kind == "table":
            lead = _Lead()
            continue
        titled = looks_like_heading(paragraph)
        if titled:
            pseudo = paragraph.text.strip()
            lead = lead.after_heading(paragraph)
        section = document.section_title(paragraph) or ("" if titled else pseudo)
        own = by_paragraph.get(paragraph.id) or list(split(paragraph))
        inside = lead.covers(paragraph)
        for sentence in own:
            role, narrowed = (lead.role, lead.narrowed) if inside else ("none", "")
            spoken = _spoken(section, sentence, known=known)
            if role == "none" and spoken and _LABEL.match(sentence.text) and not titled:
                role = "states"
            yield Placed(
                sentence, paragraph, section, _function(sentence.text, section), role, narrowed, spoken
            )
        lead = _Lead.of(paragraph) or (lead.next() if inside else _Lead())


def looks_like_heading(paragraph: Paragraph) -> bool:
    """Whether ``paragraph`` is a heading, marked as one or looking like one."""
    text = paragraph.text.strip()
    if paragraph.kind == "heading":
        return True
    if (
        paragraph.kind == "item"
        or len(text) > MAX_HEADING
        or _CLOSED.search(text)
        or text.endswith(("：", ":"))
    ):
        return False
    return _NUMBERED.match(text) is not None and not re.search(r"[，。；]", text) and not _LABEL.match(text)


class _Lead:
    """The sentence that opened a list (``我们会收集以下信息：``), as long as its entries last."""

    def __init__(self, role: Role = "none", narrowed: str = "", left: int = 0) -> None:
        self.role: Role = role
        self.narrowed = narrowed
        self.left = left

    @staticmethod
    def of(paragraph: Paragraph) -> _Lead | None:
        """Return the lead that ``paragraph`` gives, if its last words open a list."""
        text = paragraph.text.strip()
        lowered = text[-160:].lower()
        if not (text.endswith(("：", ":")) or (len(text) < 120 and search("list_leads").search(lowered))):
            return None
        sentences = list(split(paragraph))
        if not sentences:
            return None
        found = [c for c in clauses(sentences[-1].text[-MAX_LEAD:]) if c.role in {"states", "denies"}]
        if not found:
            return None
        last = found[-1]
        if last.role == "denies" and last.denied != "collect":
            return _Lead("none", "", 0)
        return _Lead(last.role, last.narrowed, MAX_LIST)

    def covers(self, paragraph: Paragraph) -> bool:
        """Whether ``paragraph`` is an entry of the list."""
        if self.left <= 0 or self.role == "none":
            return False
        text = paragraph.text.strip()
        return (
            paragraph.kind == "item"
            or _NUMBERED.match(text) is not None
            or len(text) <= 40
            or bool(_LABEL.match(text))
        )

    def next(self) -> _Lead:
        """Return the lead for the following paragraph."""
        return _Lead(self.role, self.narrowed, self.left - 1)

    def after_heading(self, paragraph: Paragraph) -> _Lead:
        """Return the lead behind a heading: numbered entries that look like headings go on, real headings end it."""
        return _Lead() if paragraph.kind == "heading" else self


def _spoken(section: str, sentence: Sentence, *, known: bool) -> bool | None:
    if known:
        if set(sentence.topics) & _COLLECT_TOPICS:
            return True
        if sentence.topics:
            return False
    nearest = section.rsplit(" › ", maxsplit=1)[-1].lower()
    if search("other_sections").search(nearest):
        return False
    if search("collecting_sections").search(section.lower()):
        return True
    return None


def _function(text: str, section: str) -> str:
    """Return the function a sentence is about: its own label, else the nearest heading without its number."""
    label = re.match(
        r"\s*(?:[（(]?[\d一二三四五六七八九十.、]{0,6}[)）]?)[\s,]*([^，,。；：:（(]{2,16})[：:]", text
    )
    if label and not verbs("collect", "provide", "share").search(label.group(1).lower()):
        return label.group(1).strip()
    nearest = section.rsplit(" › ", maxsplit=1)[-1]
    return re.sub(r"^\s*[（(]?[\d一二三四五六七八九十]{0,3}(?:[.．]\d{1,2}){0,3}[)）.、．\s]*", "", nearest)[
        :40
    ].strip()

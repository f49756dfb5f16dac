"""How hard a policy is to read: lengths, and font and contrast when a browser rendered it."""

from __future__ import annotations

import re
import statistics

from scanner.collect.policy.document import Document
from scanner.policyfacts import Readability

# A clause ends at any of these; sentences of law live on commas.
_CLAUSE = re.compile(r"[，,、；;：:]")
_MEASURED = re.compile(r"\w")

# Ends of the scales the difficulty is made of, which runs from 0 to 100.  They are set, not learnt: so that the policies
# of the CAPP-130 development set spread over the middle (30 to 60) and a one-page policy in short sentences is near 0.
EASY_SENTENCE, HARD_SENTENCE = 15.0, 60.0
EASY_CLAUSE, HARD_CLAUSE = 8.0, 20.0
EASY_PARAGRAPH, HARD_PARAGRAPH = 80.0, 400.0
EASY_LENGTH, HARD_LENGTH = 2_000.0, 25_000.0
EASY_SECTION, HARD_SECTION = 250.0, 2_500.0
WEIGHTS = (0.35, 0.15, 0.15, 0.2, 0.15)
MIN_SENTENCES = 5


def readability(document: Document) -> Readability:
    """Return the counts of ``document`` (characters without white space) and how difficult it is.

    The difficulty joins mean sentence length, mean clause length, the longest paragraphs, total length, and text per
    heading; None when there are too few sentences to say.  Tables count as length only.
    """
    sentences = [len(s.text) for s in document.sentences if len(_MEASURED.findall(s.text)) > 1]
    paragraphs = sorted(len(p.text) for p in document.paragraphs if p.kind in {"text", "item"})
    headings = sum(1 for p in document.paragraphs if p.kind == "heading")
    characters = sum(len("".join(p.text.split())) for p in document.paragraphs)
    mean = statistics.fmean(sentences) if sentences else 0.0
    return Readability(
        characters=characters,
        sentences=len(sentences),
        mean_sentence=round(mean, 1),
        longest_paragraph=paragraphs[-1] if paragraphs else 0,
        headings=headings,
        difficulty=_difficulty(document, mean, len(sentences), paragraphs, headings, characters),
        font_px=document.font_px,
        contrast=document.contrast,
    )


def _difficulty(
    document: Document, mean: float, sentences: int, paragraphs: list[int], headings: int, characters: int
) -> float | None:
    if sentences < MIN_SENTENCES:
        return None
    clauses = sum(len(_CLAUSE.findall(s.text)) + 1 for s in document.sentences)
    tenth = paragraphs[-max(1, len(paragraphs) // 10) :]
    parts = (
        _between(mean, EASY_SENTENCE, HARD_SENTENCE),
        _between(mean * sentences / clauses, EASY_CLAUSE, HARD_CLAUSE),
        _between(statistics.fmean(tenth) if tenth else 0.0, EASY_PARAGRAPH, HARD_PARAGRAPH),
        _between(characters, EASY_LENGTH, HARD_LENGTH),
        _between(characters / (headings + 1), EASY_SECTION, HARD_SECTION),
    )
    return round(100 * sum(weight * part for weight, part in zip(WEIGHTS, parts, strict=True)), 1)


def _between(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)

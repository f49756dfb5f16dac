"""The system permissions a policy names, with the purpose it gives for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from scanner import catalogue
from scanner.collect.policy.clauses import Clause, clauses
from scanner.collect.policy.document import Document
from scanner.collect.policy.grid import Record
from scanner.collect.policy.spans import overlaps
from scanner.collect.policy.vocabulary import data, pattern
from scanner.model import Evidence
from scanner.policyfacts import DisclosedPermission, PolicyTable

MAX_PERMISSIONS = 1_000
MAX_PURPOSE = 160
# "相机（摄像头）、相册权限": between a name and the word 权限 stand only brackets and further names.
REACH = 40
_CONSTANT = re.compile(r"(?:android\.permission\.)?([A-Z][A-Z0-9]{2,}(?:_[A-Z0-9]{2,}){1,7})")
_BETWEEN = re.compile(r"[\s（()）、/／,，及和与或“”\"'的等组访问使用类]*")


def disclosed_permissions(
    document: Document,
    tables: Sequence[tuple[PolicyTable, list[Record]]] = (),
    skip: Sequence[tuple[int, int]] = (),
) -> tuple[DisclosedPermission, ...]:
    """Return the permissions ``document`` names, at most 1,000; ``tables`` are its tables that list no SDKs."""
    found: list[DisclosedPermission] = []
    for table, records in tables:
        for record in records:
            found += _row(document, table, record)
    for sentence in document.sentences:
        if len(found) >= MAX_PERMISSIONS:
            break
        if not overlaps(skip, sentence.start, sentence.end):
            evidence = document.evidence(sentence.paragraph, sentence.start, sentence.end)
            found += _sentence(sentence.text, evidence)
    return tuple(found[:MAX_PERMISSIONS])


def names_in(text: str, *, bare: bool = False) -> list[tuple[str, str, int]]:
    """Return permission, words and place for each permission ``text`` names.

    ``bare``: the text is a cell of permissions, so 相机 counts without the word 权限 behind it.
    """
    found: list[tuple[str, str, int]] = []
    for match in _CONSTANT.finditer(text):
        name = "android.permission." + match.group(1)
        if name in catalogue.permissions():
            found.append((name, match.group(), match.start()))
    lowered = text.lower()
    ends = [match.start() for match in _word().finditer(lowered)]
    constants = [match.span() for match in _CONSTANT.finditer(text)]
    for match in _terms().finditer(lowered):
        if any(start <= match.start() < end for start, end in constants):
            continue
        if bare or _followed(lowered, match.end(), ends):
            found.append((_by_term()[match.group()], text[match.start() : match.end()], match.start()))
    return found


def _followed(lowered: str, at: int, ends: Sequence[int]) -> bool:
    """Whether the word 权限 follows, with only brackets, conjunctions and other permission names between."""
    end = next((e for e in ends if e >= at), None)
    if end is None or end - at > REACH:
        return False
    rest = _terms().sub("", lowered[at:end])
    return _BETWEEN.fullmatch(rest) is not None


def _row(document: Document, table: PolicyTable, record: Record) -> Iterator[DisclosedPermission]:
    cell = record.get("permission")
    if not cell and any("权限" in text for text in (table.caption, *table.header)):
        cell = record.get("name")
    purpose = " ".join(record.get("purpose").split())[:MAX_PURPOSE]
    for permission, term, _ in names_in(cell, bare=True):
        paragraph = next((p for p in document.paragraphs if p.id == table.paragraph), None)
        start = paragraph.start if paragraph else 0
        evidence = document.evidence(table.paragraph, start, start + len(cell)).model_copy(
            update={"excerpt": " | ".join(" ".join(t.split()) for t in record.texts.values())[:200]}
        )
        yield DisclosedPermission(permission=permission, term=term, purpose=purpose, evidence=(evidence,))


def _sentence(text: str, evidence: Evidence) -> Iterator[DisclosedPermission]:
    named = names_in(text)
    if not named:
        return
    parts = clauses(text)
    for permission, term, place in named:
        clause = next((c for c in parts if c.start <= place < c.end), None)
        if clause is not None and clause.role == "denies":
            continue
        yield DisclosedPermission(
            permission=permission, term=term, purpose=_purpose(text, parts, place), evidence=(evidence,)
        )


def _purpose(text: str, parts: list[Clause], place: int) -> str:
    """Return the purpose nearest behind the name, else the first one, else the condition the name stands under."""
    purposes = [c for c in parts if c.role == "purpose"]
    behind = (
        [c for c in purposes if c.start >= place] or purposes or [c for c in parts if c.role == "condition"]
    )
    if not behind:
        return ""
    return text[behind[0].start : behind[0].end].strip(" ，,；;：:。")[:MAX_PURPOSE]


@cache
def _by_term() -> dict[str, str]:
    terms: dict[str, list[str]] = data()["permission_terms"]
    return {str(word).lower(): name for name, listed in terms.items() for word in listed}


@cache
def _terms() -> re.Pattern[str]:
    return pattern(_by_term())


@cache
def _word() -> re.Pattern[str]:
    return pattern(str(w).lower() for w in data()["permission_words"])

"""Cuts a sentence into clauses and says of each whether it tells what is collected, denies it, or does neither.

``当您注册时，我们会收集您的手机号，用于登录，但不会收集您的身份证号`` has four: a condition, a statement, a purpose and a
denial.  A clause without a verb of its own continues the one before (``姓名，性别，年龄``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from scanner.collect.policy.vocabulary import data, pattern, search, verbs, words

Role = Literal["states", "denies", "purpose", "condition", "refusal", "none"]
Denied = Literal["", "collect", "store", "share"]

_STOPS = re.compile(r"[，,；;：:。！？!?\n]")
_OPEN, _CLOSE = "（(【[《", "）)】]》"
_SENTENCE_MARKS = "。；;！？!?\n"
_CONTRAST = re.compile(r"^(?:但是?|而是?|仅|只|只有|只是|不过|然而|but|only|instead)")
# A condition ends in one of these; "时" in 时间 and "后" in 后台 do not end one.
MAX_CONDITION = 60
MAX_CLAUSES = 400


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence: its span, what it does, what it denies, and what narrows a denial.

    ``verb`` is the kind of verb that decided (``collect``, ``use``, ``provide``, ``share``, ``store``), empty when the
    role was taken over from the clause before.  ``leading``: a purpose in front of the statement it belongs to.
    """

    start: int
    end: int
    role: Role
    verb: str = ""
    denied: Denied = ""
    narrowed: str = ""
    leading: bool = False


def clauses(text: str, inherited: Role = "none") -> list[Clause]:
    """Return the clauses of ``text``, one sentence; ``inherited`` is the role of words without any verb."""
    found: list[Clause] = []
    given = Clause(0, 0, inherited, denied="collect" if inherited == "denies" else "")
    current = given
    for start, end in pieces(text):
        if len(found) >= MAX_CLAUSES:
            break
        for clause in _parts(text, start, end, current):
            found.append(clause)
            if clause.role != "condition" and not clause.leading:
                current = clause
        if end < len(text) and text[end] in "；;。" and current.role in {"purpose", "refusal"}:
            current = given
    return found


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans between the commas and colons outside brackets."""
    start = depth = 0
    for match in re.finditer(r"[（(【\[《）)】\]》，,；;：:。！？!?\n]", text):
        char = match.group()
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth = max(0, depth - 1)
        elif depth == 0 or char in "。\n":
            if char == "," and _inside_latin(text, match.start()):
                continue
            if char in ":：" and text[match.end() : match.end() + 2] == "//":
                continue
            if match.start() > start:
                yield start, match.start()
            start = match.end()
            depth = 0
    if start < len(text):
        yield start, len(text)


def _inside_latin(text: str, place: int) -> bool:
    """Whether the comma at ``place`` stands for a space, as in ``Push,SDK``."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    return bool(before.isascii() and before.isalpha() and after.isascii() and after.isalpha())


def _parts(text: str, start: int, end: int, before: Clause) -> Iterator[Clause]:
    """Yield the clauses of one piece: a leading condition or purpose, then the body, then a purpose at the end."""
    lowered = text[start:end].lower()
    offset = len(lowered) - len(
        lowered.lstrip(" \t•·●-—*▪◦0123456789.、（）()①②③④⑤⑥⑦⑧⑨⑩一二三四五六七八九十")
    )
    condition = _condition(lowered, offset)
    if condition:
        yield Clause(start, start + condition, "condition", *_verb_of(lowered[:condition]))
        if not lowered[condition:].strip():
            return
        start, lowered, offset = start + condition, lowered[condition:], 0
    opening = search("purpose_starts").match(lowered, offset)
    if opening is not None:
        verb = _resumed(lowered, opening.end())
        if verb is None:
            yield Clause(start, end, "purpose", leading=True)
            return
        yield Clause(start, start + verb, "purpose", leading=True)
        start, lowered = start + verb, lowered[verb:]
    body, purpose = _split_purpose(lowered)
    if body.strip():
        yield _body(start, start + len(body), body, before)
    if purpose:
        yield from _purpose(start + len(body), end, lowered[len(body) :])


def _purpose(start: int, end: int, lowered: str) -> Iterator[Clause]:
    """Yield the purpose ``lowered`` and, where it speaks of collecting again, the statement behind it."""
    verb = _resumed(lowered, 2)
    if verb is None:
        yield Clause(start, end, "purpose")
        return
    yield Clause(start, start + verb, "purpose")
    yield _body(start + verb, end, lowered[verb:], Clause(start, end, "purpose"))


def _resumed(lowered: str, at: int) -> int | None:
    """Return where, after ``at``, ``lowered`` comes back to collecting, if it does."""
    match = search("resumes").search(lowered, at)
    if (
        match is None
        or verbs("collect", "use", "provide", "store", "share").search(lowered, match.start()) is None
    ):
        return None
    return match.start()


def _split_purpose(lowered: str) -> tuple[str, bool]:
    match = search("purpose_marks").search(lowered)
    if match is None:
        return lowered, False
    return lowered[: match.start()], True


def _condition(lowered: str, offset: int) -> int:
    """Return the length of the condition ``lowered`` begins with, 0 when it begins with none."""
    whole = _condition_end().search(lowered.rstrip(), max(0, len(lowered) - 8))
    if whole is not None and whole.end() == len(lowered.rstrip()) and not verbs("collect").search(lowered):
        return len(lowered)
    opening = _condition_start().match(lowered, offset)
    if opening is None:
        return 0
    for match in _condition_end().finditer(lowered, opening.end(), opening.end() + MAX_CONDITION):
        return match.end()
    # 如您选择…: the whole clause is the condition.
    return (
        len(lowered)
        if opening.group().startswith(("如", "若", "倘", "假", "if", "when", "once", "除", "即"))
        else 0
    )


@cache
def _condition_start() -> re.Pattern[str]:
    return pattern(
        (*words("condition_starts"), *("并" + w for w in ("在", "经")), "但当", "但在", "但如", "但若")
    )


@cache
def _condition_end() -> re.Pattern[str]:
    continued = "".join(sorted({word[1:] for word in words("condition_not") if word[0] in "时后"}))
    before = "".join(sorted({word[0] for word in words("condition_not") if word[-1] in "时后"}))
    single = rf"(?<![{before}])[时后](?![{re.escape(continued)}])"
    longer = "|".join(re.escape(word) for word in words("condition_ends") if len(word) > 1)
    return re.compile(f"(?:{longer}|{single})(?:同意|授权|许可)?(?:后|下|之后)?")


def _verb_of(lowered: str) -> tuple[str]:
    """Return the kind of verb in a condition, empty when it refuses."""
    if search("refusals").search(lowered):
        return ("refusal",)
    return (_kind(lowered),)


def _kind(lowered: str) -> str:
    for kind in ("collect", "share", "store", "provide", "use"):
        if verbs(kind).search(lowered):
            return kind
    return ""


def _body(start: int, end: int, lowered: str, before: Clause) -> Clause:
    refusal = search("refusals").search(lowered)
    if refusal is not None and not search("resumes").search(lowered, refusal.end()):
        return Clause(start, end, "refusal")
    denied, narrowed = _denied(lowered)
    if denied:
        return Clause(start, end, "denies", denied, denied, narrowed)
    kind = _kind(lowered)
    if kind and not (before.role == "refusal" and search("resumes").search(lowered) is None):
        if before.role == "purpose" and not _restarts(lowered):
            return Clause(start, end, "purpose")
        return Clause(start, end, "states", kind)
    if before.role == "denies" and _CONTRAST.match(lowered.strip()):
        return Clause(start, end, "none")
    return Clause(start, end, before.role, "", before.denied, before.narrowed)


def _restarts(lowered: str) -> bool:
    """Whether a clause after a purpose speaks of collecting anew rather than going on about the purpose."""
    if search("resumes").search(lowered):
        return True
    match = verbs("collect").search(lowered)
    return match is not None and match.start() <= 6


@cache
def _denials() -> re.Pattern[str]:
    return pattern(words("denial", "words"))


@cache
def _not_denials() -> re.Pattern[str]:
    return pattern(words("denial", "not_words"))


def _denied(lowered: str) -> tuple[Denied, str]:
    """Return what ``lowered`` denies, and the word that narrows the denial."""
    harmless = [match.span() for match in _not_denials().finditer(lowered)]
    gap = int(data()["denial"]["gap"])
    for match in _denials().finditer(lowered):
        if any(a <= match.start() < b for a, b in harmless):
            continue
        reach = match.end() + gap + (8 if match.group().isascii() else 0)
        kind = _denied_kind(lowered, match.end(), reach)
        if kind and match.group() == "不再":
            return kind, "不再"
        if kind:
            narrowed = search("denial", "narrowing").search(
                lowered.replace(match.group(), " " * len(match.group()), 1)
            )
            return kind, narrowed.group() if narrowed else ""
    return "", ""


def _denied_kind(lowered: str, start: int, reach: int) -> Denied:
    """Return the kind of the verb that begins between ``start`` and ``reach``, the nearest one."""
    best: tuple[int, Denied] | None = None
    kinds: tuple[tuple[Denied, re.Pattern[str]], ...] = (
        ("collect", search("denial", "verbs")),
        ("store", verbs("store")),
        ("share", verbs("share")),
    )
    for denied, names in kinds:
        match = names.search(lowered, start)
        if match is not None and match.start() <= reach and (best is None or match.start() < best[0]):
            best = (match.start(), denied)
    return best[1] if best else ""

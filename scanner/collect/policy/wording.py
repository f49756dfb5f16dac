"""Unfair, contradictory or left-over wording of a policy (``rules/data/policy_wording.yaml``)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple, cast

from scanner.collect.policy.document import Document
from scanner.collect.policy.identify import company_names, dates_of, names_us, speaks_of_others
from scanner.datafiles import read_data
from scanner.model import Text
from scanner.policyfacts import Paragraph, PolicyIdentity, PolicyIssue, Sentence
from scanner.safere import compile_pattern

MAX_SENTENCE = 600
MAX_PER_KIND = 20
TOP = 12

_IMPOSSIBLE = re.compile(r"(20\d{2})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_GROUP = re.compile(r"关联|集团|旗下|子公司|分公司|母公司|控股|以及|原名|更名|曾用名|合称|共同|统称")


class Kind(NamedTuple):
    """A kind of issue: patterns that must and must not occur in a sentence, or a mechanism of this module."""

    kind: str
    name: Text
    privacy_only: bool
    mechanism: str
    needs: tuple[str, ...]
    any: tuple[re.Pattern[str], ...]
    none: tuple[re.Pattern[str], ...]
    good: tuple[str, ...]
    bad: tuple[str, ...]

    def fits(self, text: str) -> re.Match[str] | None:
        """Return the first match in ``text`` unless a pattern that excuses it occurs too."""
        if not any(part in text for part in self.needs):
            return None
        match = next((m for pattern in self.any if (m := pattern.search(text))), None)
        return None if match is None or any(pattern.search(text) for pattern in self.none) else match


@cache
def kinds() -> tuple[Kind, ...]:
    """Return the kinds of issues; raises ValueError when a pattern of the data is not safe."""
    data = cast("dict[str, Any]", read_data("policy_wording")[0])
    return tuple(
        Kind(
            entry["kind"],
            Text(**entry["name"]),
            entry["documents"] == "privacy",
            entry.get("mechanism", ""),
            tuple(entry.get("needs", ())),
            tuple(map(compile_pattern, entry.get("any", ()))),
            tuple(map(compile_pattern, entry.get("not", ()))),
            tuple(entry.get("good", ())),
            tuple(entry.get("bad", ())),
        )
        for entry in data["kinds"]
    )


def wording_issues(document: Document, identity: PolicyIdentity) -> tuple[PolicyIssue, ...]:
    """Return the issues of a document, at most ``MAX_PER_KIND`` of a kind, in the order of kinds and of the text."""
    is_policy = identity.kind in {"privacy_policy", "children_policy"}
    wanted = [kind for kind in kinds() if is_policy or not kind.privacy_only]
    found: dict[str, list[PolicyIssue]] = {kind.kind: [] for kind in wanted}
    for sentence in document.sentences:
        if len(sentence.text) > MAX_SENTENCE:
            continue
        for kind in wanted:
            issues = found[kind.kind]
            if kind.any and len(issues) < MAX_PER_KIND and kind.fits(sentence.text):
                issues.append(_issue(document, kind.kind, sentence))
    if "other_company" in found:
        found["other_company"].extend(_other_company(document, identity))
    if "contradictory_dates" in found:
        found["contradictory_dates"].extend(_dates(document))
    return tuple(issue for issues in found.values() for issue in issues)


def _issue(document: Document, kind: str, sentence: Sentence, detail: str = "") -> PolicyIssue:
    evidence = document.evidence(sentence.paragraph, sentence.start, sentence.end)
    return PolicyIssue(kind=kind, text=evidence.excerpt, detail=detail, evidence=(evidence,))


def _other_company(document: Document, identity: PolicyIdentity) -> Iterator[PolicyIssue]:
    """Yield sentences in which “我们” is another company than the operator.

    Certain only when both names are called “我们” in so many words, no sentence connects them (affiliates, groups,
    renamings), and neither name is part of the other.
    """
    operator = identity.operator
    if operator is None:
        return
    together: Counter[str] = Counter()
    claims: dict[str, Sentence] = {}
    claimed = False
    for sentence in document.sentences:
        names = list(company_names(sentence.text)) if len(sentence.text) <= MAX_SENTENCE else []
        if len(names) > 1 or (names and _GROUP.search(sentence.text)):
            together.update(names)
            claimed = claimed or (operator in names and names_us(sentence.text, operator))
            continue
        for name in names:
            if not names_us(sentence.text, name) or speaks_of_others(document, sentence):
                continue
            if name == operator:
                claimed = True
            elif name not in operator and operator not in name:
                claims.setdefault(name, sentence)
    if claimed:
        for name, sentence in claims.items():
            if not together[name]:
                yield _issue(document, "other_company", sentence, f"{operator} / {name}")


def _dates(document: Document) -> Iterator[PolicyIssue]:
    """Yield dates that cannot be, and dates at the top that contradict each other."""
    for paragraph in document.paragraphs[: TOP * 2]:
        if len(paragraph.text) > 90:
            continue
        for match in _IMPOSSIBLE.finditer(re.sub(r"[【】\[\]]", " ", paragraph.text)):
            if not (1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
                yield _date_issue(document, paragraph, match[0])
    top = {p.id for p in document.paragraphs[:TOP]}
    first: dict[str, tuple[Any, Paragraph]] = {}
    for which, day, paragraph, _, _ in dates_of(document):
        if paragraph.id not in top:
            continue
        before = first.setdefault(which, (day, paragraph))
        if before[0] != day and _same_label(before[1].text, paragraph.text):
            yield _date_issue(document, paragraph, f"{before[0]} / {day}", before[1])
    if "updated" in first and "effective" in first:
        updated, effective = first["updated"], first["effective"]
        if effective[0] < updated[0] and (updated[0] - effective[0]).days > 31:
            yield _date_issue(document, effective[1], f"{updated[0]} / {effective[0]}", updated[1])


def _same_label(one: str, other: str) -> bool:
    """Whether two lines name their date with the same words, so that only one of them can be true."""
    a, b = (re.sub(r"[\d年月日\s\-./:：【】\[\]（）()]", "", text) for text in (one, other))
    return a == b and bool(a)


def _date_issue(
    document: Document, paragraph: Paragraph, detail: str, other: Paragraph | None = None
) -> PolicyIssue:
    shown = [paragraph] if other is None or other is paragraph else [other, paragraph]
    evidence = tuple(document.evidence(p.id, p.start, p.end) for p in shown)
    return PolicyIssue(
        kind="contradictory_dates", text=evidence[-1].excerpt, detail=detail, evidence=evidence
    )

"""Which required elements a policy has: present, weak, absent, or unknown.

The elements, their parts and the words they are found by are data (``rules/data/policy_elements.yaml``).  An element is
``absent`` only when nothing in the whole document mentions it, neither by its words nor by the classifier's topics, and
the document is a privacy policy that was read to its end; a mention without the substance is ``weak``.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Literal

from pydantic import Field

from scanner.collect.policy.document import Document
from scanner.datafiles import read_data
from scanner.model import Evidence, Frozen, Text
from scanner.policyfacts import Element, PolicyIdentity, Sentence
from scanner.safere import compile_pattern

# Shorter texts are summaries, notices or fragments; nothing is called absent in them.
MIN_CHARACTERS, MIN_SENTENCES = 1_500, 25
# Longer sentences are read in pieces that overlap; longer documents are read no further, and nothing is absent in them.
MAX_UNIT, OVERLAP = 1_500, 120
MAX_UNITS = 30_000
MAX_CHARACTERS = 2_000_000
MAX_EVIDENCE = 5
# So many sentences that say a part are looked at before the search stops.
MAX_SUPPORT = 60
MAX_TITLE = 14
# So many sentences with a topic show by themselves that the element is spoken of.
RESCUE = 2
POLICY_WORDS = 5

State = Literal["present", "weak", "absent", "unknown"]


class Part(Frozen):
    """Something an element must say; see the header of the data file."""

    id: str
    name: Text
    patterns: tuple[str, ...]
    with_: str = Field("", alias="with")
    without: str = ""
    within: int = 0
    anywhere: bool = False
    at_least: int = 1
    required: bool = True


class ElementRule(Frozen):
    """A required element; see the header of the data file.  ``sources`` are clause ids."""

    id: str
    name: Text
    needs: Text
    sources: tuple[str, ...]
    topics: tuple[str, ...] = ()
    rescue: tuple[str, ...] = ()
    mention: tuple[str, ...]
    except_: tuple[str, ...] = Field((), alias="except")
    denial: tuple[str, ...] = ()
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class _Unit:
    """A sentence, or a line of a table: its text for matching, its place, its topics."""

    text: str
    paragraph: str
    start: int
    end: int
    topics: tuple[str, ...] = ()


@cache
def element_rules() -> tuple[ElementRule, ...]:
    """Return the elements in the order of the data file."""
    (content,) = read_data("policy_elements")
    return tuple(ElementRule.model_validate(entry) for entry in content["elements"])


def elements(
    document: Document, sentences: Sequence[Sentence], identity: PolicyIdentity | None = None
) -> tuple[Element, ...]:
    """Return the state of every required element of ``document``.

    ``sentences`` carry their topics (:func:`scanner.collect.policy.topics.topics`); ``identity`` is what is known of the
    document.  Evidence names up to :data:`MAX_EVIDENCE` sentences, the most telling first; an absent element has none.
    """
    units = _units(document, sentences)
    whole = may_miss(document, sentences, identity)
    return tuple(_judge(rule, units, document, identity, whole=whole) for rule in element_rules())


def may_miss(document: Document, sentences: Sequence[Sentence], identity: PolicyIdentity | None) -> bool:
    """Return whether an element that is not found may be called absent.

    It must be a Chinese privacy policy, read completely, and long enough to be one.
    """
    if not document.complete or len(document.text) > MAX_CHARACTERS or len(sentences) > MAX_UNITS:
        return False
    if len(document.text) < MIN_CHARACTERS or len(sentences) < MIN_SENTENCES:
        return False
    if identity is not None:
        return identity.kind == "privacy_policy" and identity.language.startswith("zh")
    return len(re.findall("个人信息|隐私", document.text[:200_000])) >= POLICY_WORDS


_DAYS = re.compile(
    r"(?P<number>\d{1,3}|[一二两三四五六七八九十]{1,3})[】\])]? ?个?(?P<unit>工作日|自然日|天|日)(?:之)?(?:内|以内)?"
)
_ANSWER = re.compile("回复|答复|响应|反馈|处理|受理|完成|办理|核查|审核")
_REQUEST = re.compile("请求|申请|投诉|问题|反馈|联系|意见|疑问|身份|申诉|要求|受理|回复|答复|权利")
_OTHER_TERM = re.compile("运营|保存|存储|保留|留存|安全事件|事故|漏洞|提前|公示期|有效期|发票|退款|退货")


@dataclass(frozen=True)
class _Term:
    days: int
    working: bool
    unit: _Unit


def response_days(document: Document) -> int | None:
    """Return the longest time limit promised for requests and complaints, in days; None when none is promised."""
    terms = [term.days for term in _terms(_units(document, document.sentences))]
    return max(terms, default=None)


def response_working_days(document: Document) -> bool:
    """Return whether the limit of :func:`response_days` counts working days (工作日)."""
    terms = list(_terms(_units(document, document.sentences)))
    longest = max((term.days for term in terms), default=0)
    return any(term.working for term in terms if term.days == longest)


def _terms(units: Iterable[_Unit]) -> Iterator[_Term]:
    for unit in units:
        for match in _DAYS.finditer(unit.text):
            around = unit.text[max(0, match.start() - 40) : match.end() + 40]
            if _OTHER_TERM.search(around) or not (_ANSWER.search(around) and _REQUEST.search(unit.text)):
                continue
            days = _number(match["number"])
            if days:
                yield _Term(days, match["unit"] == "工作日", unit)


def _number(text: str) -> int:
    if text.isdigit():
        return int(text)
    digits = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
    tens, ten, ones = text.partition("十")
    if not ten:
        return digits.get(text, 0) if len(text) == 1 else 0
    return 10 * digits.get(tens, 1 if not tens else 0) + digits.get(ones, 0)


def _units(document: Document, sentences: Sequence[Sentence]) -> list[_Unit]:
    units = [
        _Unit(piece, s.paragraph, s.start, s.end, s.topics)
        for s in sentences[:MAX_UNITS]
        if s.end <= MAX_CHARACTERS
        for piece in _plain(s.text)
    ]
    units += [
        _Unit(piece, ident, start, start + len(body))
        for ident, body, start in _rows(document)
        for piece in _plain(body)
    ]
    return sorted(units, key=lambda unit: unit.start)[: 2 * MAX_UNITS]


def _rows(document: Document) -> Iterator[tuple[str, str, int]]:
    """Yield the lines of all tables: paragraph, text, offset."""
    for paragraph in document.paragraphs:
        if paragraph.kind != "table" or paragraph.end > MAX_CHARACTERS:
            continue
        at = paragraph.start
        for line in paragraph.text.splitlines(keepends=True):
            body = line.rstrip("\r\n")
            if body.strip():
                yield paragraph.id, body, at
            at += len(line)


def _plain(text: str) -> Iterator[str]:
    """Yield ``text`` in compatibility form without case, cut into overlapping pieces when it is long."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
    for start in range(0, max(len(plain) - OVERLAP, 1), MAX_UNIT - OVERLAP):
        yield plain[start : start + MAX_UNIT]


def _any(patterns: Sequence[str], text: str) -> re.Match[str] | None:
    return next((m for p in patterns if (m := compile_pattern(p).search(text))), None)


def _judge(
    rule: ElementRule,
    units: Sequence[_Unit],
    document: Document,
    identity: PolicyIdentity | None,
    *,
    whole: bool,
) -> Element:
    mentions = [
        i
        for i, unit in enumerate(units)
        if _any(rule.mention, unit.text) and not _any(rule.except_, unit.text)
    ]
    known = _known(rule.id, identity)
    if not mentions and not known:
        topical = [i for i, unit in enumerate(units) if set(unit.topics) & set(rule.rescue)]
        if len(topical) >= RESCUE:
            missing = tuple(part.id for part in rule.parts)
            return Element(
                id=rule.id, state="weak", missing=missing, evidence=_evidence(document, units, topical)
            )
        return Element(id=rule.id, state="absent" if whole else "unknown")
    denial = [i for i in mentions if _any(rule.denial, units[i].text)]
    if denial:
        return Element(id=rule.id, state="present", evidence=_evidence(document, units, denial))
    lacking: list[Part] = []
    says: Counter[int] = Counter()
    for part in rule.parts:
        found = _part(part, units, mentions)
        says.update(found)
        if not found and part.id not in known:
            lacking.append(part)
    return Element(
        id=rule.id,
        state="weak" if any(part.required for part in lacking) else "present",
        missing=tuple(part.id for part in lacking),
        evidence=_evidence(document, units, _ranked(rule, units, mentions, says)),
    )


def _ranked(
    rule: ElementRule, units: Sequence[_Unit], mentions: Sequence[int], says: Mapping[int, int]
) -> list[int]:
    """Return the units that speak of the element, the most telling first.

    Telling is a sentence that mentions it, says its parts, and is about its topics; a title is not.
    """
    wanted, said = set(rule.topics), set(mentions)

    def worth(i: int) -> int:
        title = len(units[i].text) <= MAX_TITLE and not units[i].topics
        return 2 * (i in said) + 2 * bool(wanted & set(units[i].topics)) + says.get(i, 0) - 2 * title

    return sorted({*mentions, *says}, key=lambda i: (-worth(i), i))


def _part(part: Part, units: Sequence[_Unit], mentions: Sequence[int]) -> list[int]:
    """Return the units that say ``part``, empty when fewer different matches than it needs were found."""
    places: Sequence[int] = range(len(units))
    if not part.anywhere:
        places = sorted({i + d for i in mentions for d in range(part.within + 1) if i + d < len(units)})
    matches: set[str] = set()
    found = []
    for i in places:
        text = units[i].text
        if part.with_ and not compile_pattern(part.with_).search(text):
            continue
        if part.without and compile_pattern(part.without).search(text):
            continue
        here = {
            match.group() for pattern in part.patterns for match in _matches(pattern, text, part.at_least)
        }
        if here:
            matches |= here
            found.append(i)
        if len(found) >= MAX_SUPPORT and len(matches) >= part.at_least:
            break
    return found if len(matches) >= part.at_least else []


def _matches(pattern: str, text: str, at_least: int) -> Iterator[re.Match[str]]:
    return islice(compile_pattern(pattern).finditer(text), at_least)


def _known(element: str, identity: PolicyIdentity | None) -> frozenset[str]:
    """Return the parts that the identity of the document already settles."""
    if identity is None:
        return frozenset()
    parts = set()
    if element == "operator":
        if identity.operator:
            parts.add("name")
        if identity.emails or identity.phones or identity.address:
            parts.add("contact")
    if element == "dates" and (identity.updated or identity.effective):
        parts.add("date")
    return frozenset(parts)


def _evidence(document: Document, units: Sequence[_Unit], chosen: Iterable[int]) -> tuple[Evidence, ...]:
    """Return evidence for the first of the units, one for each sentence."""
    spans = dict.fromkeys((units[i].paragraph, units[i].start, units[i].end) for i in chosen)
    return tuple(document.evidence(*span) for span in islice(spans, MAX_EVIDENCE))

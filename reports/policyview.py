"""The reading of one policy for people: elements, items, SDKs, permissions, wording, topics by sentence.

JSON holds everything; the console and HTML views show a bounded part and say how much more there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reports.text import one_line
from reports.words import WORDS, word
from scanner.model import Evidence, Gap, Lang, Problem, SearchLocator, Text
from scanner.policyfacts import (
    DisclosedItem,
    DisclosedPermission,
    DisclosedSdk,
    Element,
    PolicyFacts,
    Sentence,
)

MAX_ROWS = 300
MAX_SENTENCES = 2_000
ELEMENT_ORDER = ("absent", "weak", "unknown", "present")


@dataclass(frozen=True)
class PolicyNames:
    """Names by id of what a policy speaks of; the caller takes them from the catalogue.

    ``parts`` are what an element must say, as ``element.part``.
    """

    items: Mapping[str, Text] = field(default_factory=dict)
    topics: Mapping[str, Text] = field(default_factory=dict)
    elements: Mapping[str, Text] = field(default_factory=dict)
    parts: Mapping[str, Text] = field(default_factory=dict)
    permissions: Mapping[str, Text] = field(default_factory=dict)
    issues: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ElementRow:
    """A required element: its state, what it lacks, and one place that shows it."""

    name: str
    state: str
    state_label: str
    missing: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item with everything said of it, gathered over the sentences that name it."""

    name: str
    terms: str
    vague: bool
    open_ended: bool
    parties: str
    purposes: str
    conditions: str
    place: str
    text: str
    count: int


@dataclass(frozen=True)
class PolicyView:
    """The content of a reading in one language; every text is harmless."""

    policy: PolicyFacts
    names: PolicyNames
    lang: Lang
    gaps: tuple[Gap, ...] = ()
    problems: tuple[Problem, ...] = ()
    tool_version: str = ""

    def word(self, key: str, **values: object) -> str:
        """Return a fixed text, with ``values`` filled in."""
        return word(key, self.lang, **values)

    def _name(self, known: Mapping[str, Text], ident: str) -> str:
        text = known.get(ident)
        return one_line(text.get(self.lang), 80) if text else one_line(ident, 80)

    @cached_property
    def title(self) -> str:
        """The document's title, or where it came from."""
        identity = self.policy.identity
        return one_line((identity.title if identity else "") or self.policy.source, 120)

    @cached_property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """Label and value of what the document is and whose."""
        policy, identity = self.policy, self.policy.identity
        rows: list[tuple[str, str]] = []
        if identity is not None:
            kind = f"policy_kind_{identity.kind}"
            rows = [
                ("policy_kind", f"{self.word(kind)} {identity.confidence:.0%}"),
                ("policy_operator", identity.operator or ""),
                ("policy_app", identity.app_name or ""),
                ("policy_contact", "  ".join((*identity.emails, *identity.phones, identity.address or ""))),
                ("policy_updated", identity.updated.isoformat() if identity.updated else ""),
                ("policy_effective", identity.effective.isoformat() if identity.effective else ""),
            ]
        size = self.word(
            "policy_size_line",
            characters=sum(len(p.text) for p in policy.paragraphs),
            sentences=len(policy.sentences),
            mean=f"{_mean(policy):.0f}",
        )
        encoding = f" · {policy.encoding}" if policy.encoding else ""
        rows += [
            ("source", policy.source),
            ("policy_format", f"{policy.format}{encoding}"),
            ("policy_size", size),
            ("sha256", policy.text_sha256),
        ]
        return tuple((self._label(key), one_line(value, 300)) for key, value in rows if value.strip())

    def _label(self, key: str) -> str:
        return self.word(key if key in WORDS else f"label_{key}")

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """Why the reading may be incomplete; empty when everything was read."""
        reasons = [gap.reason.get(self.lang) for gap in self.gaps]
        return tuple(dict.fromkeys(one_line(reason, 300) for reason in reasons))

    @cached_property
    def elements(self) -> tuple[ElementRow, ...]:
        """The required elements, absent ones first."""
        order = sorted(self.policy.elements, key=lambda e: ELEMENT_ORDER.index(e.state))
        return tuple(self._element(e) for e in order)

    def _element(self, element: Element) -> ElementRow:
        parts = (self._name(self.names.parts, f"{element.id}.{part}") for part in element.missing)
        missing = self.word("comma").join(part.removeprefix(f"{element.id}.") for part in parts)
        place, text = _first(element.evidence, self.lang)
        return ElementRow(
            name=self._name(self.names.elements, element.id),
            state=element.state,
            state_label=self.word(f"element_{element.state}"),
            missing=self.word("element_missing", parts=missing)
            if missing and element.state != "absent"
            else "",
            place=place,
            text=text,
        )

    @cached_property
    def items(self) -> tuple[ItemRow, ...]:
        """The items disclosed, those named most often first."""
        return self._gathered([i for i in self.policy.items if not i.negated])

    @cached_property
    def denied(self) -> tuple[ItemRow, ...]:
        """The items the policy says are not collected."""
        return self._gathered([i for i in self.policy.items if i.negated])

    def _gathered(self, items: list[DisclosedItem]) -> tuple[ItemRow, ...]:
        groups: dict[str, list[DisclosedItem]] = {}
        for item in items:
            groups.setdefault(item.item, []).append(item)
        rows = [self._item(ident, group) for ident, group in groups.items()]
        return tuple(sorted(rows, key=lambda r: (-r.count, r.name)))[:MAX_ROWS]

    def _item(self, ident: str, group: list[DisclosedItem]) -> ItemRow:
        parties = [
            one_line(i.sdk, 60) if i.party == "sdk" and i.sdk else self.word(f"party_{i.party}")
            for i in group
        ]
        place, text = _first(group[0].evidence, self.lang)
        return ItemRow(
            name=self._name(self.names.items, ident),
            terms=_few((i.term for i in group), 4),
            vague=group[0].vague,
            open_ended=any(i.open_ended for i in group),
            parties=_few(parties, 4),
            purposes=_few((i.purpose for i in group), 2),
            conditions=_few((i.condition for i in group), 2),
            place=place,
            text=text,
            count=len(group),
        )

    @cached_property
    def sdks(self) -> tuple[tuple[DisclosedSdk, str, str], ...]:
        """The SDKs named, with the names of their items and their purpose."""
        return tuple(
            (
                sdk,
                self.word("comma").join(self._name(self.names.items, i) for i in sdk.items),
                one_line(sdk.purpose, 160),
            )
            for sdk in self.policy.sdks[:MAX_ROWS]
        )

    @cached_property
    def permissions(self) -> tuple[tuple[str, str, str], ...]:
        """Permission, words and purposes of each permission named."""
        groups: dict[str, list[DisclosedPermission]] = {}
        for permission in self.policy.permissions:
            groups.setdefault(permission.permission, []).append(permission)
        return tuple(
            (
                self._name(self.names.permissions, ident).removeprefix("android.permission."),
                _few((p.term for p in group), 4),
                _few((p.purpose for p in group), 2),
            )
            for ident, group in groups.items()
        )

    @cached_property
    def issues(self) -> tuple[tuple[str, str, str], ...]:
        """Kind, words and detail of unfair or left-over wording."""
        return tuple(
            (self._name(self.names.issues, i.kind), one_line(i.text, 200), one_line(i.detail, 200))
            for i in self.policy.issues[:MAX_ROWS]
        )

    @cached_property
    def sentences(self) -> tuple[tuple[Sentence, str, str], ...]:
        """The sentences with the names of their topics, at most 2,000."""
        return tuple(
            (
                s,
                one_line(s.text, 400),
                self.word("comma").join(self._name(self.names.topics, t) for t in s.topics),
            )
            for s in self.policy.sentences[:MAX_SENTENCES]
        )

    @cached_property
    def topic_counts(self) -> tuple[tuple[str, int], ...]:
        """Topics by number of sentences."""
        counts = Counter(topic for s in self.policy.sentences for topic in s.topics)
        return tuple((self._name(self.names.topics, topic), n) for topic, n in counts.most_common())


def _mean(policy: PolicyFacts) -> float:
    return sum(len(s.text) for s in policy.sentences) / max(1, len(policy.sentences))


def _few(parts: Iterable[str], count: int) -> str:
    distinct = list(dict.fromkeys(one_line(p, 120) for p in parts if p))
    return "；".join(distinct[:count]) + (" …" if len(distinct) > count else "")


def _first(evidence: tuple[Evidence, ...], lang: Lang) -> tuple[str, str]:
    """Return place and words of the first piece of evidence."""
    if not evidence:
        return "", ""
    locator = evidence[0].locator
    if isinstance(locator, SearchLocator):
        return "", one_line(" ".join(text.get(lang) for text in locator.searched), 300)
    place = f"{locator.paragraph} · {locator.start}–{locator.end}" if locator.kind == "policy" else ""
    return place, one_line(evidence[0].excerpt, 300)

"""What a policy says is collected: items of the catalogue with who collects them, why, when, and what is denied.

Only sentences that speak of collecting count.  Definitions, rights, security measures and legal exceptions name the
same words and disclose nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from scanner import catalogue
from scanner.collect.policy.clauses import Clause, Role, clauses
from scanner.collect.policy.context import Placed, place
from scanner.collect.policy.document import Document
from scanner.collect.policy.grid import Record
from scanner.collect.policy.sdknames import names_in, sdk_ids
from scanner.collect.policy.spans import overlaps
from scanner.collect.policy.terms import Mention, find
from scanner.collect.policy.vocabulary import pattern, search, verbs, words
from scanner.policyfacts import DisclosedItem, Party, PolicyTable, Sentence

MAX_ITEMS = 5_000
MAX_PHRASE = 160
MAX_SENTENCE = 20_000
_STATING = frozenset({"states", "denies"})
_NUMBER = r"^\s*[（(]?[\d一二三四五六七八九十]{0,3}(?:[.．]\d{1,2}){0,3}[)）.、．:：]?\s*"
_TITLE = re.compile(r"《[^《》]{0,80}》")
_PARTIES: tuple[Party, ...] = ("operator", "sdk", "partner", "affiliate")


def disclosed_items(
    document: Document,
    sentences: tuple[Sentence, ...] | None = None,
    skip: Sequence[tuple[int, int]] = (),
) -> tuple[DisclosedItem, ...]:
    """Return the items ``document`` discloses outside tables, in order, at most 5,000.

    ``sentences`` may carry topics, which then decide whether a sentence speaks of collecting.  ``skip``: spans of text
    that were read otherwise (lists of SDKs), in order.
    """
    found: list[DisclosedItem] = []
    subject: tuple[Party, tuple[str, ...]] = ("operator", ())
    last = ""
    for placed in place(document, document.sentences if sentences is None else sentences):
        if skip and overlaps(skip, placed.sentence.start, placed.sentence.end):
            continue
        if placed.paragraph.id != last:
            if not (subject[0] == "sdk" and search("subject_goes_on").match(placed.paragraph.text.lower())):
                subject = ("operator", ())
            last = placed.paragraph.id
        reading = _Reading(document, placed, subject)
        found += reading.items()
        subject = reading.subject
        if len(found) >= MAX_ITEMS:
            break
    return tuple(found[:MAX_ITEMS])


def table_items(
    document: Document, tables: Sequence[tuple[PolicyTable, list[Record]]]
) -> tuple[DisclosedItem, ...]:
    """Return the items in the operator's own lists of collected information: tables with a column of items."""
    found: list[DisclosedItem] = []
    known = catalogue.items()
    for table, records in tables:
        for record in records:
            text = record.get("items")
            purpose = " ".join(record.get("purpose").split())[:MAX_PHRASE]
            for mention in find(text):
                spans = [document.cell_span(table, *spot) for spot in record.spots.get("items", ())]
                evidence = document.evidence(table.paragraph, *(spans[0] if spans else (0, 0)))
                found += [
                    DisclosedItem(
                        item=item,
                        term=text[mention.start : mention.end],
                        vague=known[item].abstract,
                        open_ended=search("open_ended").search(text.lower() + "。") is not None,
                        purpose=purpose,
                        function=" ".join(record.get("platform").split())[:40],
                        evidence=(evidence.model_copy(update={"excerpt": " ".join(text.split())[:200]}),),
                    )
                    for item in mention.items
                ]
    return tuple(found[:MAX_ITEMS])


def discloses(sentence: str, parts: Sequence[Clause], *, spoken: bool | None) -> list[Clause]:
    """Return the clauses of ``parts`` that state or deny collecting; empty when ``sentence`` is about something else.

    ``spoken``: whether its chapter or topics speak of collecting (None = unknown).
    """
    lowered = sentence.lower()
    core = verbs("collect").search(lowered) is not None
    if not (core and spoken) and (
        search("not_disclosing").search(lowered) or search("rights").search(lowered)
    ):
        return []
    found = [c for c in parts if c.role in _STATING or (c.role == "condition" and c.verb)]
    if spoken is False:
        # In a chapter about something else only plain words of collecting by somebody count.
        if not _actor().search(lowered):
            return []
        return [c for c in found if c.verb in {"collect", "share"} or c.role == "denies"]
    if spoken is None:
        return [c for c in found if c.verb != "store" or c.role == "denies"]
    return found


@cache
def _actor() -> re.Pattern[str]:
    return pattern(word for party in _PARTIES for word in words("parties", party))


class _Reading:
    """One sentence being read; ``subject`` is carried to the next sentence of the paragraph (``此类SDK会收集…``)."""

    def __init__(self, document: Document, placed: Placed, subject: tuple[Party, tuple[str, ...]]) -> None:
        self.document = document
        self.placed = placed
        # The titles of other documents (《个人信息收集清单》) state nothing.
        self.text = _TITLE.sub(lambda m: "　" * len(m.group()), placed.sentence.text[:MAX_SENTENCE])
        self.lowered = self.text.lower()
        self.subject = subject
        self.named = names_in(self.text)
        if self.named:
            self.subject = ("sdk", self.named)

    def items(self) -> Iterator[DisclosedItem]:
        mentions = find(self.text)
        if not mentions:
            return
        parts = clauses(self.text, self.placed.inherited)
        stating = discloses(self.text, parts, spoken=self.placed.spoken)
        if not stating:
            return
        condition = self._phrase(parts, "condition")
        limits = self._phrase(parts, "condition", refusals=True)
        purpose = self._phrase(parts, "purpose")
        for clause in stating:
            inside = [m for m in mentions if clause.start <= m.start < clause.end]
            if clause.role == "condition":
                if clause.verb not in {"provide"}:
                    continue
            elif clause.role == "denies" and clause.denied != "collect":
                continue
            for mention in inside:
                if mention.weak and not self._weak_counts(clause, mention, mentions):
                    continue
                yield from self._item(
                    clause, mention, limits if clause.role == "denies" else condition, purpose
                )

    def _item(
        self, clause: Clause, mention: Mention, condition: str, purpose: str
    ) -> Iterator[DisclosedItem]:
        party, names = self._party(clause, mention)
        known = catalogue.items()
        negated = clause.role == "denies"
        sdk_list = sdk_ids(names[0]) if len(names) == 1 else ()
        for item in mention.items:
            yield DisclosedItem(
                item=item,
                term=self.text[mention.start : mention.end],
                vague=known[item].abstract,
                negated=negated,
                open_ended=self._open_ended(clause),
                party=party,
                sdk="、".join(names)[:MAX_PHRASE],
                sdk_id=sdk_list[0] if len(sdk_list) == 1 else "",
                purpose=purpose,
                function=self.placed.function,
                recipient=self._recipient(clause),
                condition=self._narrowed(clause, condition) if negated else condition,
                evidence=(
                    self.document.evidence(
                        self.placed.paragraph.id, self.placed.sentence.start, self.placed.sentence.end
                    ).model_copy(update={"excerpt": _around(self.text, mention)}),
                ),
            )

    def _narrowed(self, clause: Clause, condition: str) -> str:
        return condition or clause.narrowed or self.placed.narrowed

    def _weak_counts(self, clause: Clause, mention: Mention, mentions: Sequence[Mention]) -> bool:
        """A word of many meanings counts in a list or right behind a verb of collecting.

        One that also says what is done with information (存储) is that verb unless an item stands beside it in the list
        (相机、存储) or a word makes it a thing (存储权限): ``共享与存储`` names no information.
        """
        before = self.text[max(0, mention.start - 1) : mention.start]
        after = self.text[mention.end : mention.end + 1]
        if verbs("collect", "use", "share", "store").fullmatch(mention.term.lower()):
            beside = any(
                m is not mention and (m.end == mention.start - 1 or m.start == mention.end + 1)
                for m in mentions
            )
            if not beside:
                return after in set("权信数")
        listed = before in "、/，,（(：:和及或与" and (after in "、/，,）)。；;等和及或与" or not after)
        if not before:
            listed = after in "、/，,"
        if listed and clause.end - clause.start > 0:
            return True
        lead = self.lowered[max(clause.start, mention.start - 12) : mention.start]
        return (
            bool(verbs("collect").search(lead)) and after in "、，,。；;信数权等和及或与的"
        ) or after in "权信数"

    def _party(self, clause: Clause, mention: Mention) -> tuple[Party, tuple[str, ...]]:
        """Return who collects: the party named last before the item, within the sentence."""
        verb = verbs("collect", "use", "provide", "share", "store").search(
            self.lowered, clause.start, clause.end
        )
        reach = verb.start() if verb is not None else clause.start
        best: tuple[int, Party] | None = None
        for party in _PARTIES:
            for match in search("parties", party).finditer(self.lowered, 0, min(reach, mention.start)):
                if best is None or match.start() > best[0]:
                    best = (match.start(), party)
        if clause.verb == "share" and best is not None and best[1] != "sdk":
            return "operator", ()
        if best is None:
            return (self.subject[0], self.subject[1]) if self.subject[0] == "sdk" else ("operator", ())
        if best[1] == "sdk" or (self.named and best[1] == "operator" and self._sdk_collects(clause)):
            return "sdk", self.named or self.subject[1]
        return best[1], ()

    def _sdk_collects(self, clause: Clause) -> bool:
        """``我们使用X SDK，收集您的…``: the SDK is named and no other subject stands before the verb."""
        head = self.lowered[clause.start : clause.end]
        return not any(word in head for word in ("我们", "本公司", "我行"))

    def _recipient(self, clause: Clause) -> str:
        if clause.verb != "share":
            return ""
        match = search("recipients").search(self.lowered, clause.start, clause.end)
        return self.text[match.start() : match.end()] if match else ""

    def _phrase(self, parts: list[Clause], role: Role, *, refusals: bool = False) -> str:
        unwanted = {"provide"} if refusals else {"provide", "refusal"}
        spans = [(c.start, c.end) for c in parts if c.role == role and c.verb not in unwanted]
        if not spans:
            return ""
        start, end = spans[0]
        for following, until in spans[1:]:
            if following - end > 1:
                break
            end = until
        return re.sub(_NUMBER, "", self.text[start:end].strip(" ，,；;：:。"))[:MAX_PHRASE]

    def _open_ended(self, clause: Clause) -> bool:
        run = self.lowered[clause.start : min(len(self.lowered), clause.end + 1)]
        for phrase in words("open_ended_not"):
            run = run.replace(phrase, "")
        return (
            search("open_ended").search(run) is not None or re.search(r"等[^级待于同候]?$", run) is not None
        )


def _around(text: str, mention: Mention, width: int = 60) -> str:
    start, end = max(0, mention.start - width), min(len(text), mention.end + width)
    return ("…" if start else "") + " ".join(text[start:end].split()) + ("…" if end < len(text) else "")

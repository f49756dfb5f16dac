"""The third-party SDKs a policy lists, from its tables, its blocks of ``label: value`` lines, and its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scanner import catalogue
from scanner.collect.policy.document import Document
from scanner.collect.policy.grid import MAX_HEADER, Record, Records, is_empty
from scanner.collect.policy.sdklines import line_records, lines_of
from scanner.collect.policy.sdknames import BULLET, TAIL, is_generic, may_name, names_in, sdk_ids
from scanner.collect.policy.spans import overlaps
from scanner.collect.policy.terms import find
from scanner.collect.policy.vocabulary import search, words
from scanner.model import Evidence
from scanner.policyfacts import DisclosedItem, DisclosedSdk, Paragraph, PolicyTable

MAX_SDKS = 2_000
MAX_TEXT = 2_000
MAX_NAME = 80
MAX_PURPOSE = 160
MAX_EXCERPT = 200
# In a cell longer than a list of items, words of many meanings (图片, 存储) no longer count.
MAX_WEAK_CELL = 400
_URL = re.compile(r"(?:https?://|www\.)[^\s，。；、）)》\"'<>\u4e00-\u9fff]+", re.IGNORECASE)
_COMPANY = re.compile(r"([\u4e00-\u9fffA-Za-z（）()]{2,28}?(?:有限责任公司|股份有限公司|有限公司|研究院))")
_LEADING = re.compile(r"集成了?|接入了?|使用了?|采用了?|由|、|的")


@dataclass(frozen=True, slots=True)
class Listed:
    """What the lists of a policy give: its SDKs, the items in them, and the tables that are not about SDKs.

    ``used``: the spans of text that were read as parts of a list, so no sentence there is read again.
    """

    sdks: tuple[DisclosedSdk, ...]
    items: tuple[DisclosedItem, ...]
    used: tuple[tuple[int, int], ...] = ()
    other: tuple[tuple[PolicyTable, list[Record]], ...] = ()


def listed_sdks(document: Document) -> Listed:
    """Return the third-party SDKs of ``document`` with their items, at most 2,000."""
    collected = _Collected(document)
    other: list[tuple[PolicyTable, list[Record]]] = []
    records = Records()
    going_on = False
    for table in document.tables:
        found = _under_its_name(document, table, records.read(table.header, table.rows, table.paragraph))
        about = _about_sdks(document, table, found, going_on=going_on)
        going_on = about
        if not about:
            other.append((table, found))
            continue
        for record in found:
            collected.add(record)
    used: list[tuple[int, int]] = []
    for record in line_records(document, used):
        collected.add(record)
    return Listed(tuple(collected.sdks), tuple(collected.items), tuple(used), tuple(other))


def named_sdks(document: Document, items: Sequence[DisclosedItem], listed: Listed) -> Iterator[DisclosedSdk]:
    """Yield the SDKs that sentences name and no list holds, with the items said of them."""
    seen = {_plain(sdk.name) for sdk in listed.sdks}
    said: dict[str, dict[str, None]] = {}
    for item in items:
        if item.party == "sdk" and not item.negated:
            for name in item.sdk.split("、"):
                said.setdefault(name, {})[item.item] = None
    found: dict[str, DisclosedSdk] = {}
    for paragraph in document.paragraphs:
        if paragraph.kind == "table" or not may_name(paragraph.text):
            continue
        for name in names_in(_without(paragraph, listed.used)):
            key = _plain(name)
            if key in seen or key in found or any(key in other for other in seen) or len(found) >= MAX_SDKS:
                continue
            company = _COMPANY.search(paragraph.text)
            ids = sdk_ids(name)
            at = max(0, paragraph.text.lower().find(TAIL.sub("", name).lower()))
            found[key] = DisclosedSdk(
                name=name,
                sdk_id=ids[0] if len(ids) == 1 else "",
                sdk_ids=ids,
                vendor=_LEADING.split(company.group(1))[-1] if company else "",
                items=tuple(said.get(name, ())),
                link=link_in(paragraph.text) or document.link_of(paragraph.start + at, paragraph.end),
                evidence=(_around(document, paragraph, at, at + len(name)),),
            )
    yield from found.values()


def _around(document: Document, paragraph: Paragraph, start: int, end: int) -> Evidence:
    """Return evidence for characters ``start``–``end`` of ``paragraph``, with the words around them."""
    begin = max(0, start - 20)
    span = (paragraph.start + start, min(paragraph.end, paragraph.start + end))
    return document.evidence(paragraph.id, *span).model_copy(
        update={"excerpt": " ".join(paragraph.text[begin : begin + 180].split())}
    )


def _without(paragraph: Paragraph, spans: Sequence[tuple[int, int]]) -> str:
    """Return the text of ``paragraph`` outside ``spans``."""
    if not overlaps(spans, paragraph.start, paragraph.end):
        return paragraph.text
    kept = [line.text for line in lines_of([paragraph]) if not overlaps(spans, line.start, line.end)]
    return "\n".join(kept)


def _under_its_name(document: Document, table: PolicyTable, records: list[Record]) -> list[Record]:
    """Return the rows as one record where the table lists what the SDK named right above it collects."""
    if not records or any(set(r.texts) & {"name", "vendor", "package", "permission"} for r in records):
        return records
    if not all("items" in r.texts for r in records):
        return records
    order = [p.id for p in document.paragraphs]
    at = order.index(table.paragraph) if table.paragraph in document.by_id else 0
    above = document.paragraphs[at - 1] if at else None
    if above is None or above.kind == "table":
        return records
    name = BULLET.sub("", above.text.strip()).strip("：:* ")
    if len(name) > MAX_HEADER or re.search(r"[，。；]", name) or is_generic(TAIL.sub("", name)):
        return records
    if "sdk" not in name.lower() and not sdk_ids(name):
        return records
    whole = Record(texts={"name": name}, place=above.id, start=above.start, end=above.end)
    for record in records:
        for role, text in record.texts.items():
            earlier = whole.texts.get(role, "")
            whole.texts[role] = f"{earlier}\n{text}".strip() if text not in earlier else earlier
    return [whole]


def _about_sdks(document: Document, table: PolicyTable, records: list[Record], *, going_on: bool) -> bool:
    """Whether a table is about third parties: its header or caption says so, or its rows name known SDKs."""
    if not records:
        return False
    if len(records) == 1 and records[0].place != table.paragraph:
        return True  # the SDK named above the table
    roles = {role for record in records for role in record.texts}
    if not roles & {"name", "vendor", "package"}:
        return False
    heading = " ".join((table.caption, *table.header, *(table.rows[0] if table.rows else ()))).lower()
    paragraph = document.by_id.get(table.paragraph)
    section = document.section_title(paragraph).lower() if paragraph else ""
    if search("sdk_table_words").search(heading) or any(w in heading for w in words("sdk_table_words")):
        return True
    if going_on or any(w in section for w in words("sdk_table_words")):
        return bool(roles & {"items", "purpose", "link", "permission"})
    matched = sum(1 for r in records if sdk_ids(r.get("name") or r.get("vendor")))
    return matched * 2 >= len(records)


class _Collected:
    """The SDKs and items read so far."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.tables = {table.paragraph: table for table in document.tables}
        self.sdks: list[DisclosedSdk] = []
        self.items: list[DisclosedItem] = []

    def add(self, record: Record) -> None:
        """Add what one row or block says; nothing when it names nobody."""
        written = record.get("name") or record.get("vendor") or record.get("package")
        name = BULLET.sub("", " ".join(written.split())).strip("*：: ")[:MAX_NAME]
        if not re.search(r"\w", name) or len(written) > 3 * MAX_NAME or len(self.sdks) >= MAX_SDKS:
            return
        ids = sdk_ids(name) or sdk_ids(record.get("package"))
        sdk_id = ids[0] if len(ids) == 1 else ""
        text = record.get("items")
        mentions = [m for m in find(text) if not m.weak or len(text) < MAX_WEAK_CELL]
        if _denies_all(text):
            mentions = []
        evidence = self._evidence(record, name)
        purpose = " ".join(record.get("purpose").split())
        self.sdks.append(
            DisclosedSdk(
                name=name,
                sdk_id=sdk_id,
                sdk_ids=ids,
                vendor=" ".join(record.get("vendor").split())[:MAX_NAME] if record.get("name") else "",
                items=tuple(dict.fromkeys(item for m in mentions for item in m.items)),
                item_text=text[:MAX_TEXT],
                purpose=purpose[:MAX_TEXT],
                method=" ".join(record.get("method").split())[:MAX_NAME],
                link=self._link(record),
                in_table=True,
                evidence=(evidence,),
            )
        )
        opened = search("open_ended").search(text.lower() + "。") is not None or text.rstrip("。 ").endswith(
            "等"
        )
        known = catalogue.items()
        cell = evidence.model_copy(update={"excerpt": f"{name}：{' '.join(text.split())}"[:MAX_EXCERPT]})
        self.items += [
            DisclosedItem(
                item=item,
                term=text[mention.start : mention.end],
                vague=known[item].abstract,
                open_ended=opened,
                party="sdk",
                sdk=name,
                sdk_id=sdk_id,
                purpose=purpose[:MAX_PURPOSE],
                evidence=(cell,),
            )
            for mention in mentions
            for item in mention.items
        ]

    def _spans(self, record: Record, *roles: str) -> list[tuple[int, int]]:
        """Return where in the text the cells of ``roles`` stand."""
        table = self.tables.get(record.place)
        if table is None:
            return [(record.start, record.end)] if record.start >= 0 else []
        spots = [spot for role in roles for spot in record.spots.get(role, ())]
        return [self.document.cell_span(table, row, column) for row, column in spots]

    def _link(self, record: Record) -> str:
        """Return the address of the SDK's own policy: written in its cell, or behind the words there."""
        for role in ("link", "name", "vendor"):
            written = link_in(record.get(role))
            if written:
                return written
            for start, end in self._spans(record, role):
                behind = self.document.link_of(start, end)
                if behind:
                    return behind
        return ""

    def _evidence(self, record: Record, name: str) -> Evidence:
        excerpt = " | ".join(
            " ".join(t.split()) for t in record.texts.values() if t.strip() and not is_empty(t)
        )
        spans = self._spans(record, "name") or self._spans(record, "vendor", "package") or [(0, 0)]
        place = record.place if record.place in self.document.by_id else self.document.paragraphs[0].id
        return self.document.evidence(place, *spans[0]).model_copy(
            update={"excerpt": excerpt[:MAX_EXCERPT] or name}
        )


def _denies_all(text: str) -> bool:
    lowered = text.strip().lower()
    return len(lowered) < 40 and bool(re.match(r"(?:该sdk|此sdk|本sdk)?(?:不|未|无需|没有|不会)", lowered))


def link_in(text: str) -> str:
    """Return the first address written in ``text``, empty when there is none."""
    match = _URL.search(text)
    return match.group().rstrip(".,;)]") if match else ""


def _plain(name: str) -> str:
    return TAIL.sub("", re.sub(r"\s", "", name.lower()))

"""The third-party SDKs a policy lists, from its tables, its blocks of ``label: value`` lines, and its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scanner import catalogue
from scanner.collect.policy.document import Document
from scanner.collect.policy.grid import (
    MAX_HEADER,
    Record,
    Records,
    blocks,
    columns_of,
    is_empty,
    labels,
    role_of,
)
from scanner.collect.policy.sdknames import clean, is_generic, names_in, sdk_ids
from scanner.collect.policy.spans import overlaps
from scanner.collect.policy.terms import find
from scanner.collect.policy.vocabulary import search, words
from scanner.model import Evidence
from scanner.policyfacts import DisclosedItem, DisclosedSdk, Paragraph, PolicyTable

MAX_SDKS = 2_000
MAX_TEXT = 2_000
MAX_NAME = 80
_URL = re.compile(r"(?:https?://|www\.)[^\s，。；、）)》\"'<>\u4e00-\u9fff]+", re.IGNORECASE)
_COMPANY = re.compile(r"([\u4e00-\u9fffA-Za-z（）()]{2,28}?(?:有限责任公司|股份有限公司|有限公司|研究院))")
_TAIL = re.compile(r"sdk$", re.IGNORECASE)
_BULLET = re.compile(
    r"^[\s•·●▪◆*\-—]*(?:[（(]?[\d一二三四五六七八九十①-⑳]{1,3}(?:[.．]\d{1,2}){0,3}[)）.、．:：]?)?\s*(?=\D)"
)
_ENTRY = re.compile(r"^\s*(?:[•·●▪◆*\-]|[（(]?[\da-z①-⑳]{1,2}[)）.、．]|【)")
_TELLING = frozenset({"name", "vendor", "items", "purpose", "link", "permission", "method"})
_LINKLIKE = re.compile(r"https?://|www\.|隐私|政策|协议|声明|规则|指引|清单|privacy|policy", re.IGNORECASE)


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
    sdks: list[DisclosedSdk] = []
    items: list[DisclosedItem] = []
    other: list[tuple[PolicyTable, list[Record]]] = []
    records = Records()
    by_id = {p.id: p for p in document.paragraphs}
    going_on = False
    for table in document.tables:
        found = records.read(table.header, table.rows, table.paragraph)
        about = _about_sdks(document, table, found, going_on=going_on)
        going_on = about
        if not about:
            other.append((table, found))
            continue
        for record in found:
            _add(document, record, by_id, sdks, items, in_table=True)
    used: list[tuple[int, int]] = []
    for record in _line_records(document, used):
        _add(document, record, by_id, sdks, items, in_table=True)
    return Listed(tuple(sdks[:MAX_SDKS]), tuple(items), tuple(used), tuple(other))


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
        if paragraph.kind == "table" or "sdk" not in paragraph.text.lower():
            continue
        for name in names_in(_without(paragraph, listed.used)):
            key = _plain(name)
            if key in seen or key in found or any(key in other for other in seen) or len(found) >= MAX_SDKS:
                continue
            company = _COMPANY.search(paragraph.text)
            ids = sdk_ids(name)
            at = max(0, paragraph.text.lower().find(_TAIL.sub("", name).lower()))
            found[key] = DisclosedSdk(
                name=name,
                sdk_id=ids[0] if len(ids) == 1 else "",
                sdk_ids=ids,
                vendor=clean(company.group(1)) if company else "",
                items=tuple(said.get(name, ())),
                link=_link(paragraph.text),
                evidence=(_evidence(document, paragraph, at, at + len(name)),),
            )
    yield from found.values()


def _without(paragraph: Paragraph, spans: Sequence[tuple[int, int]]) -> str:
    """Return the text of ``paragraph`` outside ``spans``."""
    if not overlaps(spans, paragraph.start, paragraph.end):
        return paragraph.text
    kept = [line.text for line in _lines([paragraph]) if not overlaps(spans, line.start, line.end)]
    return "\n".join(kept)


def _about_sdks(document: Document, table: PolicyTable, records: list[Record], *, going_on: bool) -> bool:
    """Whether a table is about third parties: its header or caption says so, or its rows name known SDKs."""
    if not records:
        return False
    roles = {role for record in records for role in record.texts}
    if not roles & {"name", "vendor", "package"}:
        return False
    heading = " ".join((table.caption, *table.header, *(table.rows[0] if table.rows else ()))).lower()
    paragraph = next((p for p in document.paragraphs if p.id == table.paragraph), None)
    section = document.section_title(paragraph).lower() if paragraph else ""
    if search("sdk_table_words").search(heading) or any(w in heading for w in words("sdk_table_words")):
        return True
    if going_on or any(w in section for w in words("sdk_table_words")):
        return bool(roles & {"items", "purpose", "link", "permission"})
    matched = sum(1 for r in records if sdk_ids(r.get("name") or r.get("vendor")))
    return matched * 2 >= len(records)


def _add(
    document: Document,
    record: Record,
    paragraphs: dict[str, Paragraph],
    sdks: list[DisclosedSdk],
    items: list[DisclosedItem],
    *,
    in_table: bool,
) -> None:
    written = record.get("name") or record.get("vendor") or record.get("package")
    name = _BULLET.sub("", " ".join(written.split())).strip("*：: ")[:MAX_NAME]
    if not re.search(r"\w", name) or len(written) > 3 * MAX_NAME:
        return
    if not name or len(sdks) >= MAX_SDKS:
        return
    ids = sdk_ids(name) or sdk_ids(record.get("package"))
    text = record.get("items")
    evidence = _record_evidence(document, record, paragraphs, name)
    mentions = [m for m in find(text) if not m.weak or len(text) < 400]
    found = tuple(dict.fromkeys(item for m in mentions for item in m.items))
    denied = _denies_all(text)
    sdks.append(
        DisclosedSdk(
            name=name,
            sdk_id=ids[0] if len(ids) == 1 else "",
            sdk_ids=ids,
            vendor=" ".join(record.get("vendor").split())[:MAX_NAME] if record.get("name") else "",
            items=() if denied else found,
            item_text=text[:MAX_TEXT],
            purpose=" ".join(record.get("purpose").split())[:MAX_TEXT],
            method=" ".join(record.get("method").split())[:MAX_NAME],
            link=_link(record.get("link") or record.get("name") + " " + record.get("vendor")),
            in_table=in_table,
            evidence=(evidence,),
        )
    )
    if denied:
        return
    opened = search("open_ended").search(text.lower() + "。") is not None or text.rstrip("。 ").endswith("等")
    known = catalogue.items()
    for mention in mentions:
        for item in mention.items:
            items.append(
                DisclosedItem(
                    item=item,
                    term=text[mention.start : mention.end],
                    vague=known[item].abstract,
                    open_ended=opened,
                    party="sdk",
                    sdk=name,
                    sdk_id=ids[0] if len(ids) == 1 else "",
                    purpose=" ".join(record.get("purpose").split())[:160],
                    evidence=(
                        evidence.model_copy(update={"excerpt": f"{name}：{' '.join(text.split())}"[:200]}),
                    ),
                )
            )


def _denies_all(text: str) -> bool:
    lowered = text.strip().lower()
    return len(lowered) < 40 and bool(re.match(r"(?:该sdk|此sdk|本sdk)?(?:不|未|无需|没有|不会)", lowered))


def _link(text: str) -> str:
    match = _URL.search(text)
    return match.group().rstrip(".,;") if match else ""


def _plain(name: str) -> str:
    return _TAIL.sub("", re.sub(r"\s", "", name.lower()))


def _evidence(document: Document, paragraph: Paragraph, start: int, end: int) -> Evidence:
    """Return evidence for characters ``start``–``end`` of ``paragraph``, with the words around them."""
    begin = max(0, start - 20)
    return document.evidence(
        paragraph.id, paragraph.start + start, min(paragraph.end, paragraph.start + end)
    ).model_copy(update={"excerpt": " ".join(paragraph.text[begin : begin + 180].split())})


def _record_evidence(
    document: Document, record: Record, paragraphs: dict[str, Paragraph], name: str
) -> Evidence:
    paragraph = paragraphs.get(record.place)
    if paragraph is None:
        return document.evidence(record.place, max(0, record.start), max(0, record.end))
    if record.start >= 0:
        return document.evidence(paragraph.id, record.start, record.end)
    at = paragraph.text.find(name)
    excerpt = " | ".join(" ".join(t.split()) for t in record.texts.values() if t.strip() and not is_empty(t))[
        :200
    ]
    start = paragraph.start + at if at >= 0 else paragraph.start
    end = start + len(name) if at >= 0 else paragraph.end
    return document.evidence(paragraph.id, start, end).model_copy(update={"excerpt": excerpt})


# --- lists in lines ---------------------------------------------------------------------------------------


def _lines(paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
    """Yield the lines of ``paragraphs`` as paragraphs of their own."""
    for paragraph in paragraphs:
        if "\n" not in paragraph.text:
            yield paragraph
            continue
        at = paragraph.start
        for line in paragraph.text.split("\n"):
            if line.strip():
                yield paragraph.model_copy(update={"text": line, "start": at, "end": at + len(line)})
            at += len(line) + 1


def _line_records(document: Document, used: list[tuple[int, int]]) -> Iterator[Record]:
    """Yield the records in lines: blocks of labels, and tables flattened into lines; note their spans in ``used``."""
    paragraphs = list(_lines(p for p in document.paragraphs if p.kind != "table"))
    position = 0
    while position < len(paragraphs):
        taken = _flattened(paragraphs, position)
        if taken is None:
            taken = _block(paragraphs, position)
        if taken is None:
            position += 1
            continue
        records, until = taken
        used += [(p.start, p.end) for p in paragraphs[position:until]]
        position = until
        yield from records


def _block(paragraphs: list[Paragraph], position: int) -> tuple[list[Record], int] | None:
    """Read consecutive paragraphs of ``label: value``; None when fewer than three labels or no SDK is named."""
    pairs: list[tuple[str, str, Paragraph]] = []
    at = last = position
    misses = 0
    while at < len(paragraphs) and misses <= 1:
        paragraph = paragraphs[at]
        title = _title(paragraphs, at, inside=bool(pairs))
        found = [] if title else _labels_at_start(paragraph.text)
        going = None
        if title:
            pairs.append(("name", title, paragraph))
        elif found:
            pairs += [(role, text, paragraph) for role, text in found]
        elif not pairs:
            return None
        elif (going := _going_on(paragraph, pairs)) is not None:
            pairs[-1] = (pairs[-1][0], going, paragraph)
        if title or found or going is not None:
            misses, last = 0, at
        else:
            misses += 1
        at += 1
    records: list[Record] = []
    for role, text, paragraph in pairs:
        step = blocks([*records[-1].texts.items(), (role, text)], paragraph.id) if records else []
        if not records or len(step) > 1:
            records.append(Record({role: text}, paragraph.id, len(records), paragraph.start, paragraph.end))
            continue
        records[-1].texts = step[0].texts
        records[-1].end = max(records[-1].end, paragraph.end)
    kept = [r for r in records if (r.get("name") or r.get("vendor")) and len(set(r.texts) & _TELLING) >= 3]
    about = sum(1 for r in kept if _names_sdk(r))
    if not kept or about * 2 < len(kept):
        return None
    return kept, last + 1


def _going_on(line: Paragraph, pairs: list[tuple[str, str, Paragraph]]) -> str | None:
    """Return the last label's text with ``line`` added, if it goes on there: numbered entries under 收集信息：."""
    role, text, _ = pairs[-1]
    if role not in {"items", "purpose", "permission"} or len(text) > MAX_TEXT or line.kind == "heading":
        return None
    if text and not _ENTRY.match(line.text):
        return None
    return f"{text}\n{line.text.strip()}".strip()


def _names_sdk(record: Record) -> bool:
    name = record.get("name") or record.get("vendor")
    return (
        "sdk" in name.lower()
        or bool(sdk_ids(name))
        or {"items", "link"} <= set(record.texts)
        or {
            "vendor",
            "items",
        }
        <= set(record.texts)
    )


def _labels_at_start(text: str) -> list[tuple[str, str]]:
    """Return the labelled parts of a paragraph that begins with a label (or holds three)."""
    found = labels(text)
    if not found:
        return []
    head = re.split(r"[:：]", text, maxsplit=1)[0]
    starts = len(head) <= MAX_HEADER and bool(
        role_of(re.sub(r"^[\s（(\d)）.、．•·●\-*一二三四五六七八九十]+", "", head))
    )
    return found if starts or len({role for role, _ in found}) >= 3 else []


def _title(paragraphs: list[Paragraph], at: int, *, inside: bool) -> str:
    """Return the name if a paragraph is a bare name above its labelled lines (``1、友盟SDK``)."""
    text = paragraphs[at].text.strip()
    if len(text) > MAX_HEADER or re.search(r"[，。；]", text) or at + 1 >= len(paragraphs):
        return ""
    name = _BULLET.sub("", text).strip("：:* ")
    if (
        not name
        or is_generic(_TAIL.sub("", name))
        or labels(text)
        or (role_of(name) and "sdk" not in name.lower())
    ):
        return ""
    below = _labels_at_start(paragraphs[at + 1].text)
    if not below or below[0][0] in {"name", "index"}:
        return ""
    return name if inside or "sdk" in name.lower() or sdk_ids(name) else ""


def _flattened(paragraphs: list[Paragraph], position: int) -> tuple[list[Record], int] | None:
    """Read a table that became lines: cells divided by tabs or bars, or one cell a line."""
    cells = _cells(paragraphs[position].text)
    columns = columns_of(cells) if len(cells) >= 3 else None
    if columns is not None:
        return _divided(paragraphs, position, columns)
    return _cell_lines(paragraphs, position)


def _cells(text: str) -> list[str]:
    if "\t" in text:
        return [cell.strip() for cell in text.split("\t")]
    if text.count("|") >= 2:
        return [cell.strip() for cell in text.strip(" |").split("|")]
    return [cell.strip() for cell in re.split(r"\s{2,}", text.strip())]


def _divided(
    paragraphs: list[Paragraph], position: int, columns: list[tuple[str, ...]]
) -> tuple[list[Record], int] | None:
    records: list[Record] = []
    at = position + 1
    while at < len(paragraphs):
        paragraph = paragraphs[at]
        cells = _cells(paragraph.text)
        if set("".join(cells)) <= set("-: "):
            at += 1
            continue
        if len(cells) < 3 or len(cells) > len(columns) + 1:
            break
        if columns_of(cells) is None:
            record = Record(place=paragraph.id, row=len(records), start=paragraph.start, end=paragraph.end)
            for cell, roles in zip(cells, columns, strict=False):
                for role in roles:
                    record.texts.setdefault(role, cell)
            records.append(record)
        at += 1
    if not records or not any("name" in roles or "vendor" in roles for roles in columns):
        return None
    return records, at


def _cell_lines(paragraphs: list[Paragraph], position: int) -> tuple[list[Record], int] | None:
    """Read a table of which every cell became a line: a run of header cells, then as many lines per row.

    Rows are cut at running numbers or behind links where the header has such a column at its edge, because cells may
    have broken into several lines; else every row must have exactly as many lines as the header.
    """
    header: list[str] = []
    at = position
    while at < len(paragraphs) and len(header) < 9:
        text = paragraphs[at].text.strip()
        role = role_of(text) if len(text) <= 20 and not re.search(r"[:：，。；]", text) else ""
        if not role or role in header:
            break
        header.append(role)
        at += 1
    if len(header) < 3 or not set(header) & {"name", "vendor"} or not set(header) & {"items", "purpose"}:
        return None
    lines = paragraphs[at : at + MAX_SDKS * len(header)]
    groups = _cut(lines, header)
    records: list[Record] = []
    used = 0
    for group in groups:
        texts = _deal(group, header)
        if texts is None:
            break
        records.append(Record(texts, group[0].id, len(records), group[0].start, group[-1].end))
        used += len(group)
    return (records, at + used) if records else None


def _cut(lines: list[Paragraph], header: list[str]) -> Iterator[list[Paragraph]]:
    group: list[Paragraph] = []
    numbered = header[0] == "index"
    linked = header[-1] == "link"
    expected = 1
    for line in lines:
        text = line.text.strip()
        if line.kind == "heading" or (len(group) == 0 and re.search(r"[。；]$", text)):
            break
        if numbered and text.rstrip(".、") == str(expected):
            if group:
                yield group
            group, expected = [line], expected + 1
            continue
        group.append(line)
        full = len(group) == len(header) and not numbered and not linked
        ends = (
            linked
            and not numbered
            and len(group) >= len(header)
            and (_LINKLIKE.search(text) is not None or (len(group) == len(header) and is_empty(text)))
        )
        if full or ends:
            yield group
            group = []
        if len(group) > 4 * len(header):
            return
    if group and len(group) >= len(header):
        yield group


def _deal(group: list[Paragraph], header: list[str]) -> dict[str, str] | None:
    """Return the texts of one row; when it has more lines than columns, the longest column takes the rest."""
    texts = [line.text.strip() for line in group]
    if len(texts) < len(header) or len(texts) > 4 * len(header):
        return None
    extra = len(texts) - len(header)
    out: dict[str, str] = {}
    at = 0
    for number, role in enumerate(header):
        take = 1
        if extra and role == ("items" if "items" in header else header[len(header) // 2]):
            take += extra
        out[role] = "".join(texts[at : at + take])
        at += take
        if number == len(header) - 1 and role in {"name"} and len(out[role]) > MAX_NAME:
            return None
    name = out.get("name") or out.get("vendor") or ""
    return out if 0 < len(name) <= MAX_NAME and not re.search(r"[。；]", name) else None

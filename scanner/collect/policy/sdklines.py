"""SDK lists in lines: blocks of ``label: value``, bare names above labels, and tables whose cells became lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scanner.collect.policy.document import Document
from scanner.collect.policy.grid import MAX_HEADER, Record, blocks, columns_of, is_empty, labels, role_of
from scanner.collect.policy.sdknames import BULLET, TAIL, is_generic, sdk_ids
from scanner.policyfacts import Paragraph

MAX_ROWS = 2_000
MAX_TEXT = 2_000
MAX_NAME = 80
# 公司名称, 使用目的: a line this short that is a label names no SDK.
MAX_BARE_LABEL = 6
_URL = re.compile(r"(?:https?://|www\.)", re.IGNORECASE)
_ENTRY = re.compile(r"^\s*(?:[•·●▪◆*\-]|[（(]?[\da-z①-⑳]{1,2}[)）.、．]|【)")
_TELLING = frozenset({"name", "vendor", "items", "purpose", "link", "permission", "method"})
_LINKLIKE = re.compile(r"https?://|www\.|隐私|政策|协议|声明|规则|指引|清单|privacy|policy", re.IGNORECASE)


def lines_of(paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
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


def line_records(document: Document, used: list[tuple[int, int]]) -> Iterator[Record]:
    """Yield the records in lines: blocks of labels, and tables flattened into lines; note their spans in ``used``."""
    paragraphs = list(lines_of(p for p in document.paragraphs if p.kind != "table"))
    position = 0
    while position < len(paragraphs):
        taken = _flattened(paragraphs, position)
        if taken is None:
            taken = _block(paragraphs, position)
        if taken is None:
            position += 1
            continue
        records, until = taken
        if records:
            used += [(p.start, p.end) for p in paragraphs[position:until]]
        position = until
        yield from records


def _block(paragraphs: list[Paragraph], position: int) -> tuple[list[Record], int] | None:
    """Read consecutive lines of ``label: value``; None where none begins, no records where they name no SDK."""
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
            records.append(
                Record({role: text}, paragraph.id, len(records), start=paragraph.start, end=paragraph.end)
            )
            continue
        records[-1].texts = step[0].texts
        records[-1].end = max(records[-1].end, paragraph.end)
    kept = [r for r in records if (r.get("name") or r.get("vendor")) and len(set(r.texts) & _TELLING) >= 3]
    about = sum(1 for r in kept if _names_sdk(r))
    # Lines of labels that are about something else are passed over together: none of them begins a list either.
    return ([] if about * 2 < len(kept) else kept), last + 1


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
    name = BULLET.sub("", text).strip("：:* ")
    if not name or labels(text) or (role_of(TAIL.sub("", name)) and len(name) <= MAX_BARE_LABEL):
        return ""
    below = _labels_at_start(paragraphs[at + 1].text)
    if not below or below[0][0] in {"name", "index"}:
        return ""
    if is_generic(TAIL.sub("", name)):
        # 广告服务 above 第三方名称： names an entry of a list that has begun; 第三方SDK目录 names the list.
        return name if inside and below[0][0] == "vendor" and "sdk" not in name.lower() else ""
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
    lines = paragraphs[at : at + MAX_ROWS * len(header)]
    groups = _cut(lines, header)
    records: list[Record] = []
    used = 0
    for group in groups:
        texts = _deal(group, header)
        if texts is None:
            break
        records.append(Record(texts, group[0].id, len(records), start=group[0].start, end=group[-1].end))
        used += len(group)
    return (records, at + used) if records else None


def _cut(lines: list[Paragraph], header: list[str]) -> Iterator[list[Paragraph]]:
    group: list[Paragraph] = []
    numbered = header[0] == "index"
    linked = header[-1] == "link"
    expected = 1
    for line in lines:
        text = line.text.strip()
        if numbered and text.rstrip(".、") == str(expected):
            if group:
                yield group
            group, expected = [line], expected + 1
            continue
        if line.kind == "heading" or (not group and (numbered or text.endswith(("。", "；")))):
            break
        group.append(line)
        enough = len(group) >= len(header)
        ends = _LINKLIKE.search(text) is not None or (len(group) == len(header) and is_empty(text))
        if enough and (ends if linked else not numbered):
            yield group
            group = []
        if len(group) > 4 * len(header):
            return
    if group and len(group) >= len(header) and not linked:
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

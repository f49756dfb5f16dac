"""Tables of policies as columns with a meaning: name, vendor, purpose, items, method, link, permission.

Policies lay such tables out in many ways: one row per SDK, one column per SDK, one block of ``label: value`` per SDK, all in
one cell, header cells that are no header cells, a table that goes on in the next one.  This module brings them all to
*records*: one mapping of column meaning to text per thing described.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from scanner.collect.policy.terms import fold
from scanner.collect.policy.vocabulary import data, words

MAX_ROWS = 5_000
MAX_HEADER = 40
# A text of one meaning longer than this is no cell of a list; what follows is left out.
MAX_CELL = 8_000
MAX_LABELS = 40
HEADER_ROWS = 3
ROLES = ("index", "link", "package", "items", "permission", "purpose", "method", "vendor", "name", "platform")
_SPLIT = re.compile(r"[/、，,及和与\n（）()&]|\s{2,}")


@dataclass
class Record:
    """One described thing: its texts by column meaning, and where it stands.

    ``place`` is the id of the table or paragraph; ``spots`` are the cells of each text as (row, column) of the table;
    ``start`` and ``end`` bound a record that stands in lines.
    """

    texts: dict[str, str] = field(default_factory=dict)
    place: str = ""
    row: int = -1
    spots: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    start: int = -1
    end: int = -1

    def get(self, role: str) -> str:
        """Return the text of ``role``, empty when there is none or it says there is none."""
        text = self.texts.get(role, "").strip()
        return "" if is_empty(text) else text


# A row of a table with its number among the table's rows (-1 for the header).
Line = tuple[int, list[str]]


@cache
def _keywords() -> tuple[tuple[str, str], ...]:
    columns = data()["columns"]
    pairs = [(fold(str(word))[0], role) for role in ROLES for word in columns[role]]
    return tuple(sorted(pairs, key=lambda p: -len(p[0])))


@cache
def role_of(piece: str) -> str:
    """Return the meaning of a short label, empty when it has none: the keyword that ends last decides."""
    folded = fold(piece)[0].strip(".:：*")
    if not folded or len(folded) > MAX_HEADER:
        return ""
    best: tuple[int, int, str] = (-1, 0, "")
    for word, role in _keywords():
        at = folded.rfind(word)
        if at >= 0 and (at + len(word), len(word)) > best[:2]:
            best = (at + len(word), len(word), role)
    # A keyword far from the end is part of a longer phrase, not its head.
    return best[2] if len(folded) - best[0] <= 6 else ""


def roles_of(header: str) -> tuple[str, ...]:
    """Return the meanings of a header cell; several for 收集信息及目的."""
    if len(header) > 3 * MAX_HEADER:
        return ()
    whole = role_of(header)
    found = [role for role in (role_of(piece) for piece in _SPLIT.split(header) if piece.strip()) if role]
    if whole and (not found or found[-1] == whole):
        # 收集、使用个人信息的目的 is one column about the purpose, 信息类型及用途 is two.
        kept = [role for role in found if role != "name"] if whole != "name" else found
        return tuple(dict.fromkeys(kept or [whole]))
    return tuple(dict.fromkeys(found))


def is_empty(text: str) -> bool:
    """Whether a cell says that there is nothing."""
    return text.strip().lower().rstrip("。.") in words("empty_cells")


def columns_of(cells: Sequence[str]) -> list[tuple[str, ...]] | None:
    """Return the meanings of the columns if ``cells`` are a header: at least two cells with different meanings."""
    if sum(1 for c in cells if c.strip()) < 2 or any(len(c) > 3 * MAX_HEADER for c in cells):
        return None
    if len(cells) > 2 and len(set(cells)) == 1 and len(cells[0].split()) == len(cells):
        cells = cells[0].split()  # a header whose cells a reader joined
    roles = [roles_of(cell) if not re.search(r"https?://|www\.", cell) else () for cell in cells]
    meant = [r for r in roles if r]
    different = {r[0] for r in meant} - {"index"}
    filled = sum(1 for c in cells if c.strip())
    if len(different) < 2 or len(meant) * 2 < filled:
        return None
    return _distinct(roles)


def _distinct(roles: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Give the second of two columns with the same meaning another one where the first already has it."""
    seen: dict[str, int] = {}
    out: list[tuple[str, ...]] = []
    for column in roles:
        fresh = tuple(r for r in column if r not in seen) or column[:1]
        for role in fresh:
            seen[role] = seen.get(role, 0) + 1
        out.append(fresh)
    return out


class Records:
    """Brings tables, one after the other, to records; remembers the columns for a table that goes on."""

    def __init__(self) -> None:
        self._columns: list[tuple[str, ...]] | None = None

    def read(self, header: Sequence[str], rows: Sequence[Sequence[str]], place: str) -> list[Record]:
        """Return the records of a table; empty when its layout is none that describes things."""
        lines = list(enumerate(list(row) for row in rows[:MAX_ROWS]))
        if header and any(cell.strip() for cell in header):
            lines.insert(0, (-1, list(header)))
        lines = [(at, row) for at, row in lines if any(cell.strip() for cell in row)]
        if not lines:
            return []
        crowded = _crowded(lines, place)
        if crowded:
            return crowded
        turned = _turned(lines)
        for number, (_, row) in enumerate(lines[:HEADER_ROWS]):
            columns = columns_of(row)
            if columns is None:
                continue
            if turned and len({role for column in columns for role in column}) < 3:
                break
            body = lines[number + 1 :]
            if body and len(body[0][1]) == len(columns) and _all_labels(body[0][1]):
                # A header of two lines: 收集的个人信息 above 类型 and 字段.
                second = map(roles_of, body[0][1])
                columns = [one or other for one, other in zip(columns, second, strict=True)]
                body = body[1:]
            self._columns = _named(columns, [cells for _, cells in body])
            return list(_by_row(body, self._columns, place))
        if turned:
            return _by_column(lines, turned, place)
        if self._columns is not None and max(len(row) for _, row in lines) == len(self._columns):
            return list(_by_row(lines, self._columns, place))
        return []


def _all_labels(cells: Sequence[str]) -> bool:
    """Whether every cell that holds something is a label."""
    filled = [cell for cell in cells if cell.strip()]
    return len(filled) >= 2 and all(len(cell) <= MAX_HEADER and roles_of(cell) for cell in filled)


def _named(columns: list[tuple[str, ...]], rows: list[list[str]]) -> list[tuple[str, ...]]:
    """Return ``columns`` with a column of names: where no header says so, the one whose cells are mostly SDK names."""
    if any("name" in column for column in columns):
        return columns
    for place, column in enumerate(columns):
        cells = [row[place] for row in rows if place < len(row) and row[place].strip()]
        if set(column) & {"items", "link", "permission"} or not cells:
            continue
        named = sum(1 for cell in cells if len(cell) <= MAX_HEADER and "sdk" in cell.lower())
        if named * 2 >= len(cells):
            return [*columns[:place], ("name",), *columns[place + 1 :]]
    return columns


def _crowded(lines: list[Line], place: str) -> list[Record]:
    """Read a table whose single column holds everything: SDK名称/公司/目的/信息."""
    if max(len(row) for _, row in lines) > 2:
        return []
    roles = [role for role in (role_of(piece) for piece in re.split(r"[/／|\n]", lines[0][1][-1])) if role]
    if len(roles) < 3 or len(roles) != len(set(roles)):
        return []
    found = []
    for at, row in lines[1:]:
        labelled = dict(labels(row[-1]))
        texts = (
            labelled if len(labelled) >= 2 else dict(zip(roles, _pieces(row[-1], len(roles)), strict=False))
        )
        spots = {role: [(at, len(row) - 1)] for role in texts}
        found.append(Record(texts, place, at, spots))
    return found


def _pieces(cell: str, count: int) -> list[str]:
    """Cut ``cell`` into ``count`` parts at line ends, spaces or slashes, whichever fits; else at line ends."""
    ways = (r"\n", r"\s*\|\s*", r"\s+[/／]\s+", r"(?<![:/])[/／](?!/)", r"\s+")
    cuts = [[p.strip() for p in re.split(way, cell) if p.strip()] for way in ways]
    return next((parts for parts in cuts if len(parts) == count), max(cuts[:1] + cuts[-1:], key=len))


def _by_row(lines: list[Line], columns: list[tuple[str, ...]], place: str) -> Iterator[Record]:
    above: Record | None = None
    key = next((k for k in ("name", "vendor", "permission") if any(k in roles for roles in columns)), "")
    for at, row in lines:
        if len(row) == len(columns) and columns_of(row) == columns:
            continue  # the header again, on the next page
        if len(row) > 2 and len({cell.strip() for cell in row if cell.strip()}) == 1:
            continue  # a title across all columns
        record = Record(place=place, row=at)
        for column, (cell, roles) in enumerate(zip(row, columns, strict=False)):
            for role in roles:
                _add(record, role, cell, (at, column))
        if above is not None and key and (not record.texts.get(key, "").strip() or _same(above, record, key)):
            for role, text in record.texts.items():
                for spot in record.spots[role]:
                    _add(above, role, text, spot)
            continue
        if above is not None:
            yield above
        above = record
    if above is not None:
        yield above


def _add(record: Record, role: str, text: str, spot: tuple[int, int]) -> None:
    """Add a cell to the text of ``role``: columns of one meaning and rows of one thing are read together."""
    earlier = record.texts.get(role, "")
    record.spots.setdefault(role, []).append(spot)
    if not earlier:
        record.texts[role] = text
    elif len(earlier) < MAX_CELL and text.strip() and text.strip() not in earlier:
        record.texts[role] = f"{earlier}\n{text}"


def _same(above: Record, record: Record, key: str) -> bool:
    """Whether ``record`` goes on about the thing of ``above`` (a name cell over several rows)."""
    return (
        bool(record.get(key))
        and record.get(key) == above.get(key)
        and record.get("vendor") == above.get("vendor")
    )


def _turned(lines: list[Line]) -> list[str] | None:
    """Return the meanings of the rows if the first column holds the labels."""
    if len(lines) < 2 or max(len(row) for _, row in lines) < 2:
        return None
    roles = [role_of(row[0]) if row and len(row[0]) <= MAX_HEADER else "" for _, row in lines]
    known = [role for role in roles if role]
    if len(set(known) - {"index"}) < 3 or len(known) * 3 < len(lines) * 2:
        return None
    return roles


def _by_column(lines: list[Line], roles: list[str], place: str) -> list[Record]:
    """Read a table whose first column holds the labels: one record per further column, or per block of labels."""
    found: list[Record] = []
    for column in range(1, max(len(row) for _, row in lines)):
        cells = [row[column] if column < len(row) else "" for _, row in lines]
        if column > 1 and all(row[column] == row[column - 1] for _, row in lines if len(row) > column):
            continue  # a cell across several columns
        begun: Record | None = None
        for (at, _), role, cell in zip(lines, roles, cells, strict=True):
            if not role:
                continue
            if begun is None or _begins(begun, role):
                begun = Record(place=place, row=at)
                found.append(begun)
            _add(begun, role, cell, (at, column))
    return found


def blocks(pairs: Iterable[tuple[str, str]], place: str) -> list[Record]:
    """Return records from labels in order: a new one begins where a label that names the thing comes again."""
    found: list[Record] = []
    for role, text in pairs:
        if not role:
            continue
        if not found or _begins(found[-1], role):
            found.append(Record(place=place, row=len(found)))
        earlier = found[-1].texts.get(role, "")
        if len(earlier) < MAX_CELL:
            found[-1].texts[role] = f"{earlier}\n{text}".strip() if earlier else text
    return found


def _begins(record: Record, role: str) -> bool:
    """Whether a label of ``role`` opens the next thing: its name again, or the label the last one began with again."""
    told = set(record.texts) - {"vendor", "index", "platform", "package", "name"}
    if role not in record.texts:
        # A vendor may stand before or after the name it belongs to.
        return role == "name" and bool(told)
    if role in {"name", "index"}:
        return True
    first = next((r for r in record.texts if r != "name"), "")
    return role == first and role != "link" and len(told) >= 2


@cache
def _label() -> re.Pattern[str]:
    return re.compile(
        r"(?:^|(?<=[\n；;。，,、\s]))\s{0,4}(?:[（(]?[0-9一二三四五六七八九十①-⑳]{1,3}(?:[.．][0-9]{1,2}){0,3}[)）.、．]?\s{0,3}|[•·●\-*]\s{0,3})?"
        r"([A-Za-z0-9\u4e00-\u9fff（）()/ 、的]{2,24})[:：]",
        re.MULTILINE,
    )


def labels(text: str) -> list[tuple[str, str]]:
    """Return the ``label: value`` parts of ``text`` whose labels have a meaning, in order."""
    marks = []
    for match in _label().finditer(text):
        if text[match.end() : match.end() + 2] == "//":
            continue
        role = role_of(match.group(1).strip())
        if role:
            marks.append((match.start(), match.end(), role))
        if len(marks) >= MAX_LABELS:
            break
    ends = [begin for begin, _, _ in marks[1:]] + [len(text)]
    return [
        (role, text[end:until].strip(" \n；;，,。、"))
        for (_, end, role), until in zip(marks, ends[: len(marks)], strict=True)
    ]

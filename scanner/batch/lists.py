"""Lists for a random draw: subjects and inspectors from CSV, Excel or JSON lines, or subjects from the store."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from scanner.batch.meta import COLUMNS, MAX_CELL, read_table
from scanner.batch.schema import AssessmentRow
from scanner.batch.statistics import newest
from scanner.batch.store import Store
from scanner.batch.targets import MAX_LIST_BYTES
from scanner.errors import InputError
from scanner.model import Text
from scanner.sampling import Candidate, Inspector, Source

STRATA = ("category", "store", "region", "history")
NEVER = "未检"
EMPTY = "未填"
SUBJECT_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "编号", "序号", "包名", "package", "identifier", "统一社会信用代码"),
    **COLUMNS,
    "history": ("history", "历史", "上次等级", "信用等级", "名单", "grade"),
}
INSPECTOR_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("id", "编号", "工号", "执法证号", "证号"),
    "name": ("name", "姓名", "检查人员", "执法人员"),
    "organisation": ("organisation", "organization", "单位", "所属单位", "工作单位", "部门"),
    "region": ("region", "地区", "属地", "城市", "省份"),
    "avoid": ("avoid", "回避", "回避单位", "回避对象", "利害关系"),
}


def read_subjects(
    path: Path, by: Sequence[str], *, avoid_region: bool, history: Mapping[str, str] | None = None
) -> tuple[list[Candidate], Source]:
    """Return the subjects of a list, in strata ``by``; ``history`` gives the last grade by identifier.

    The identity is the id column, or else the address, or else the name.  Raises InputError when the list cannot be used.
    """
    rows, source = _read(path, SUBJECT_COLUMNS)
    found = []
    given = {name for row in rows for name in row} | ({"history"} if history is not None else set())
    for name in by:
        if rows and name not in given:
            titles = "、".join(SUBJECT_COLUMNS[name])
            raise _unusable(path, f"没有分层用的列（{titles}） / no column to stratify by")
    for number, row in enumerate(rows, 2):
        ident = row.get("id") or row.get("location") or row.get("name")
        if not ident:
            raise _no_name(path, number)
        if history is not None and not row.get("history"):
            row["history"] = history.get(ident, NEVER)
        found.append(_candidate(ident, row, by, avoid_region=avoid_region))
    return found, source


def read_inspectors(path: Path, *, avoid_region: bool) -> tuple[list[Inspector], Source]:
    """Return the inspectors of a list; raises InputError when it cannot be used."""
    rows, source = _read(path, INSPECTOR_COLUMNS)
    found = []
    for number, row in enumerate(rows, 2):
        ident = row.get("id") or row.get("name")
        if not ident:
            raise _no_name(path, number)
        avoid = [row.get("organisation", ""), *_several(row.get("avoid", ""))]
        if avoid_region and row.get("region"):
            avoid.append(_place(row["region"]))
        found.append(Inspector(id=ident, name=row.get("name", ""), avoid=_names(avoid)))
    return found, source


def store_subjects(
    store: Store, url: str, by: Sequence[str], *, avoid_region: bool, end: datetime | None = None
) -> tuple[list[Candidate], Source]:
    """Return the subjects of a store; their history is the grade of their newest assessment before ``end``."""
    found = []
    for row in _newest_rows(store, end):
        where = f" @ {row['store']}" if row["store"] else ""
        values = {name: row[name] or "" for name in ("name", "developer", "category", "store", "region")}
        values["history"] = row["letter"]
        ident = f"{row['kind']}:{row['identifier']}{where}"
        found.append(_candidate(ident, values, by, avoid_region=avoid_region))
    return found, Source(name=url.rpartition("@")[2], entries=len(found))


def grades(store: Store, end: datetime | None = None) -> dict[str, str]:
    """Return the newest grade by identifier; of a subject in several stores the newest of all."""
    rows = sorted(_newest_rows(store, end), key=lambda row: (row["assessed_at"], row["id"]))
    return {row["identifier"]: row["letter"] for row in rows}


def _newest_rows(store: Store, end: datetime | None) -> list[Any]:
    table = newest(None, end).subquery()
    names = ("id", "kind", "identifier", "name", "developer", "category", "store", "region", "letter")
    columns = [table.c[name] for name in (*names, AssessmentRow.assessed_at.key)]
    with store.session() as session:
        return list(session.execute(select(*columns).where(table.c.place == 1)).mappings())


def _candidate(ident: str, row: Mapping[str, str], by: Sequence[str], *, avoid_region: bool) -> Candidate:
    parties = [row.get("developer", ""), row.get("name", "")]
    if avoid_region and row.get("region"):
        parties.append(_place(row["region"]))
    stratum = " / ".join(row.get(name) or EMPTY for name in by)
    return Candidate(id=ident, stratum=stratum, name=row.get("name", ""), parties=_names(parties))


def _names(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({" ".join(text.split()) for text in texts if text.strip()}))


def _several(cell: str) -> list[str]:
    for separator in "；;、，,|\n":
        cell = cell.replace(separator, "\x00")
    return cell.split("\x00")


def _place(region: str) -> str:
    return f"region:{region}"


def _read(path: Path, columns: Mapping[str, tuple[str, ...]]) -> tuple[list[dict[str, str]], Source]:
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise _unusable(path, f"> {MAX_LIST_BYTES >> 20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    rows = [
        {name: value.strip()[:MAX_CELL] for name, value in row.items()}
        for row in read_table(data, path.suffix.lower(), str(path), columns)
    ]
    kept = [row for row in rows if any(row.values())]
    return kept, Source(name=path.name, entries=len(kept), sha256=hashlib.sha256(data).hexdigest())


def _unusable(path: Path, why: str) -> InputError:
    return InputError(
        "list-unreadable", Text(zh=f"无法读取名单 {path}：{why}", en=f"cannot read the list {path}: {why}")
    )


def _no_name(path: Path, number: int) -> InputError:
    return InputError(
        "list-nameless",
        Text(
            zh=f"{path} 第 {number} 行没有编号、地址或名称，无法抽取。请补全，或检查第一行的列名",
            en=f"{path} line {number} has neither id, address nor name; complete it or check the titles in line 1",
        ),
    )

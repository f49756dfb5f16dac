"""What a list or a file beside a package tells of it: tables with Chinese or English titles, JSON.

The values say what a store claims; where the package itself says something else, that is a problem of the facts.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Frozen, Problem, Text

MAX_CELL = 4096
MAX_SIDECAR = 64 << 20
MAX_JSON = 1 << 20
TABLES = ("metadata.csv", "metadata.tsv", "metadata.xlsx", "metadata.jsonl")

# Column titles of lists, Chinese and English, by the field they fill.
COLUMNS: dict[str, tuple[str, ...]] = {
    "location": (
        "location",
        "path",
        "file",
        "url",
        "target",
        "文件",
        "路径",
        "地址",
        "安装包",
        "网址",
        "下载地址",
    ),
    "name": ("name", "app", "title", "名称", "应用名称", "app名称", "网站名称"),
    "category": ("category", "类别", "应用类别", "分类", "类型"),
    "developer": ("developer", "operator", "开发者", "运营者", "开发运营者", "主办单位", "企业名称"),
    "store": ("store", "source", "来源", "应用商店", "渠道", "应用来源"),
    "version": ("version", "版本", "版本号", "应用版本"),
    "region": ("region", "province", "city", "地区", "省份", "城市", "属地"),
}


class Meta(Frozen):
    """What a list tells about a subject and the subject itself may not: all optional."""

    name: str | None = None
    category: str | None = None
    developer: str | None = None
    store: str | None = None
    version: str | None = None
    region: str | None = None

    @property
    def key(self) -> str:
        """Short digest of the values: the same package from two stores is two subjects."""
        text = json.dumps(self.model_dump(exclude_none=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def beside(path: Path, given: Path | None = None) -> Meta:
    """Return what is told of the package ``path``: by ``given``, else ``<package>.json``, else ``metadata.csv`` beside it.

    A table is asked for the row whose file name is the package's.  A sidecar that cannot be read is passed over, a
    ``given`` file raises InputError.
    """
    if given is not None:
        return _from_file(given, path.name)
    for name in (f"{path.name}.json", f"{path.stem}.json"):
        found = _told(path.with_name(name), path.name)
        if found is not None:
            return found
    for name in TABLES:
        found = _told(path.with_name(name), path.name)
        if found is not None:
            return found
    return Meta()


def _told(sidecar: Path, name: str) -> Meta | None:
    try:
        if not sidecar.is_file():
            return None
        found = _from_file(sidecar, name)
    except (OSError, ValueError, InputError):
        return None
    return found if found != Meta() else None


def _from_file(path: Path, name: str) -> Meta:
    try:
        if path.stat().st_size > MAX_SIDECAR:
            raise unreadable(str(path), f"> {MAX_SIDECAR >> 20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(str(path), str(error)) from error
    suffix = path.suffix.lower()
    if suffix == ".json":
        return _from_json(data, path)
    for row in read_table(data, suffix, str(path), COLUMNS, needed="location"):
        if row.pop("location", "").strip().replace("\\", "/").rpartition("/")[2] == name:
            return to_meta(row)
    return Meta()


def _from_json(data: bytes, path: Path) -> Meta:
    try:
        content = json.loads(data) if len(data) <= MAX_JSON else None
    except (ValueError, RecursionError) as error:
        raise unreadable(str(path), str(error)[:200]) from error
    if not isinstance(content, dict):
        raise unreadable(str(path), "not an object")
    plain = {key: value for key, value in content.items() if isinstance(value, str | int | float)}
    row = {_field(str(key), COLUMNS): str(value) for key, value in plain.items()}
    return to_meta({key: value for key, value in row.items() if key and key != "location"})


def to_meta(row: Mapping[str, str]) -> Meta:
    """Return the metadata of a row by field names; cells without text count as not given."""
    return Meta(**{key: value.strip()[:MAX_CELL] or None for key, value in row.items()})


def with_meta(facts: Facts, meta: Meta) -> Facts:
    """Return ``facts`` with what a list says of the subject.

    Facts are stored without that, and without the file's name (the task has it), so that they do not depend on which
    of two equal packages was read first.
    """
    subject = facts.subject.model_copy(
        update={
            "name": meta.name or facts.subject.name,
            "category": meta.category or facts.subject.category,
            "developer": meta.developer or facts.subject.developer,
            "store": meta.store or facts.subject.store,
            "version": facts.subject.version or meta.version or "",
        }
    )
    app = facts.app
    if app is not None and meta.category and not app.category:
        from scanner.collect.app.category import with_category  # noqa: PLC0415 - with the collectors

        app = with_category(app, meta.category, "declared")
    problems = (*facts.problems, *(p for p in _contradictions(facts, meta) if p not in facts.problems))
    return facts.model_copy(update={"subject": subject, "app": app, "problems": problems})


def _contradictions(facts: Facts, meta: Meta) -> Iterator[Problem]:
    """Yield a problem for the name and the version where the list and the subject itself disagree."""
    if facts.app is None:
        return
    own = facts.app.identity
    names = [name for name in (own.label, own.label_zh, own.label_en) if name]
    if meta.name and names and not any(_alike(meta.name, name) for name in names):
        yield _contradiction("名称", "name", meta.name, own.label_zh or names[0])
    if (
        meta.version
        and own.version_name
        and meta.version.strip().lstrip("vV") != own.version_name.lstrip("vV")
    ):
        yield _contradiction("版本", "version", meta.version, own.version_name)


def _alike(one: str, other: str) -> bool:
    """Whether one name holds the other: stores add a few words."""
    a, b = ("".join(text.split()).casefold() for text in (one, other))
    return bool(a and b) and (a in b or b in a)


def _contradiction(zh: str, en: str, told: str, found: str) -> Problem:
    message = Text(
        zh=f"登记的{zh}“{told[:100]}”与安装包中的“{found[:100]}”不一致",
        en=f"the {en} on record, “{told[:100]}”, is not the package's, “{found[:100]}”",
    )
    return Problem(code="metadata-mismatch", where="metadata", message=message)


def unreadable(source: str, why: str) -> InputError:
    """Return the error for a source or list that cannot be used."""
    return InputError(
        "source-unreadable",
        Text(
            zh=f"无法读取来源 {source}（{why}）。请给出目录、列表文件（CSV、Excel、JSONL、TXT）或存储地址",
            en=f"cannot read the source {source} ({why}); give a folder, a list (CSV, Excel, JSONL, TXT) or a storage URL",
        ),
    )


def read_table(
    data: bytes, suffix: str, source: str, columns: Mapping[str, tuple[str, ...]], needed: str = ""
) -> Iterator[dict[str, str]]:
    """Yield the rows of a list (``.csv``, ``.tsv``, ``.xlsx``, ``.jsonl``) with the field names ``columns`` gives to titles.

    Raises :class:`~scanner.errors.InputError` when it cannot be read or no title stands for ``needed``.
    """
    if suffix == ".jsonl":
        yield from _json_rows(data, source, columns)
    elif suffix == ".xlsx":
        yield from _table(_sheet(data, source), source, columns, needed)
    else:
        delimiter = "\t" if suffix == ".tsv" else ","
        try:
            rows = csv.reader(io.StringIO(decode(data)), delimiter=delimiter)
            yield from _table(rows, source, columns, needed)
        except csv.Error as error:
            raise unreadable(source, str(error)) from error


def _json_rows(data: bytes, source: str, columns: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise unreadable(source, f"{number}: {error}") from error
        if not isinstance(row, dict):
            raise unreadable(source, f"{number}: not an object")
        fields = {_field(str(key), columns): str(value) for key, value in row.items() if value is not None}
        yield {key: value for key, value in fields.items() if key}


def _table(
    rows: Iterable[Iterable[Any]], source: str, columns: Mapping[str, tuple[str, ...]], needed: str
) -> Iterator[dict[str, str]]:
    fields: list[str] | None = None
    for row in rows:
        cells = ["" if cell is None else str(cell) for cell in row]
        if fields is None:
            fields = [_field(cell, columns) for cell in cells]
            if needed and needed not in fields:
                known = "、".join(columns[needed])
                raise unreadable(
                    source, f"第一行没有地址列（{known}） / the first row names no location column"
                )
            continue
        yield {name: cell for name, cell in zip(fields, cells, strict=False) if name}


def _field(title: str, columns: Mapping[str, tuple[str, ...]]) -> str:
    wanted = title.strip().lstrip("\ufeff").lower()
    return next((name for name, titles in columns.items() if wanted in titles), "")


def _sheet(data: bytes, source: str) -> Iterator[Iterable[Any]]:
    from zipfile import BadZipFile  # noqa: PLC0415 - with openpyxl, only for Excel lists

    import openpyxl  # noqa: PLC0415

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        raise unreadable(source, str(error)) from error
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()


def decode(data: bytes) -> str:
    """Return the text of a list: UTF-8, or else GB 18030."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")

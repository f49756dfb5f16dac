"""What a batch examines: packages and sites from a folder, a list with metadata, or a storage URL."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

import fsspec
from pydantic import Field

from scanner.errors import InputError
from scanner.model import Frozen, Text

PACKAGE_SUFFIXES = (".apk", ".apks", ".xapk", ".apkm", ".aab")
LIST_SUFFIXES = (".csv", ".tsv", ".xlsx", ".jsonl", ".txt")
MAX_LIST_BYTES = 256 << 20
MAX_TARGETS = 5_000_000
MAX_CELL = 4096

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


class Target(Frozen):
    """One thing to examine: where it is (path, storage URL or web address) and what a list says of it."""

    location: str
    kind: Literal["package", "site"]
    meta: Meta = Field(default_factory=Meta)

    @property
    def key(self) -> str:
        """Identity within a run (hex): the same location with the same metadata counts once."""
        return hashlib.sha256(f"{self.kind}\x00{self.location}\x00{self.meta.key}".encode()).hexdigest()[:40]


def targets(source: str) -> Iterator[Target]:
    """Yield the targets of ``source``: a folder, a list file, a package, a site, or a storage URL of one of them.

    Raises :class:`~scanner.errors.InputError` when the source cannot be listed.
    """
    if _is_site(source):
        yield Target(location=source, kind="site")
        return
    filesystem, path = _open(source)
    try:
        is_folder = filesystem.isdir(path)
        exists = is_folder or filesystem.exists(path)
    except (OSError, ValueError) as error:
        raise _unreadable(source, str(error)) from error
    if not exists:
        raise _unreadable(source, "不存在 / does not exist")
    if is_folder:
        yield from _folder(filesystem, path)
    elif path.lower().endswith(LIST_SUFFIXES):
        yield from _list(filesystem, path, source)
    else:
        yield Target(location=filesystem.unstrip_protocol(path) if _remote(source) else path, kind="package")


def open_location(location: str) -> tuple[Any, str]:
    """Return the file system and the path inside it for ``location``; raises InputError for an unknown scheme."""
    return _open(location)


def is_local(location: str) -> bool:
    """Whether ``location`` is a plain path on this machine."""
    return not _remote(location)


def _is_site(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and not parts.path.lower().endswith(
        PACKAGE_SUFFIXES + LIST_SUFFIXES
    )


def _remote(location: str) -> bool:
    return "://" in location


def _open(source: str) -> tuple[Any, str]:
    try:
        filesystem, path = fsspec.core.url_to_fs(source)
    except (ValueError, ImportError, OSError) as error:
        raise _unreadable(source, str(error)) from error
    return filesystem, path


def _unreadable(source: str, why: str) -> InputError:
    return InputError(
        "source-unreadable",
        Text(
            zh=f"无法读取来源 {source}（{why}）。请给出目录、列表文件（CSV、Excel、JSONL、TXT）或存储地址",
            en=f"cannot read the source {source} ({why}); give a folder, a list (CSV, Excel, JSONL, TXT) or a storage URL",
        ),
    )


def _folder(filesystem: Any, path: str) -> Iterator[Target]:
    found = []
    for name in filesystem.find(path):
        if name.lower().endswith(PACKAGE_SUFFIXES):
            found.append(name)
            if len(found) > MAX_TARGETS:
                raise _unreadable(path, f"> {MAX_TARGETS}")
    local = "file" in (
        filesystem.protocol if isinstance(filesystem.protocol, tuple) else (filesystem.protocol,)
    )
    for name in sorted(found):
        yield Target(location=name if local else filesystem.unstrip_protocol(name), kind="package")


def _list(filesystem: Any, path: str, source: str) -> Iterator[Target]:
    try:
        if filesystem.size(path) > MAX_LIST_BYTES:
            raise _unreadable(source, f"> {MAX_LIST_BYTES >> 20} MB")
        data = filesystem.cat_file(path)
    except OSError as error:
        raise _unreadable(source, str(error)) from error
    base = str(PurePosixPath(path).parent)
    suffix = PurePosixPath(path).suffix.lower()
    for number, row in enumerate(_rows(data, suffix, source), 1):
        if number > MAX_TARGETS:
            raise _unreadable(source, f"> {MAX_TARGETS}")
        location = row.pop("location", "").strip()
        if not location:
            continue
        if not _remote(location) and not PurePosixPath(location).is_absolute():
            joined = str(PurePosixPath(base) / location)
            location = filesystem.unstrip_protocol(joined) if _remote(source) else joined
        meta = Meta(**{k: v.strip()[:MAX_CELL] or None for k, v in row.items()})
        yield Target(location=location, kind="site" if _is_site(location) else "package", meta=meta)


def _rows(data: bytes, suffix: str, source: str) -> Iterator[dict[str, str]]:
    if suffix == ".txt":
        for line in _text(data).splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield {"location": line}
    else:
        yield from read_table(data, suffix, source, COLUMNS, needed="location")


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
            rows = csv.reader(io.StringIO(_text(data)), delimiter=delimiter)
            yield from _table(rows, source, columns, needed)
        except csv.Error as error:
            raise _unreadable(source, str(error)) from error


def _json_rows(data: bytes, source: str, columns: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, str]]:
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _unreadable(source, f"{number}: {error}") from error
        if not isinstance(row, dict):
            raise _unreadable(source, f"{number}: not an object")
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
                raise _unreadable(
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
        raise _unreadable(source, str(error)) from error
    try:
        yield from book.worksheets[0].iter_rows(values_only=True)
    finally:
        book.close()


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")

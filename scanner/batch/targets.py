"""What a batch examines: packages and sites from a folder, a list with metadata, or a storage URL."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Literal
from urllib.parse import urlsplit

import fsspec
from pydantic import Field

from scanner.batch.meta import COLUMNS, Meta, beside, decode, read_table, to_meta, unreadable
from scanner.batch.nested import INSIDE, PACKAGE_SUFFIXES, inside, is_archive_name, subjects
from scanner.batch.obtain import is_remote, is_web, local_copy
from scanner.context import SiteOptions
from scanner.errors import InputError
from scanner.model import Frozen

LIST_SUFFIXES = (".csv", ".tsv", ".xlsx", ".jsonl", ".txt")
MAX_LIST_BYTES = 256 << 20
MAX_TARGETS = 5_000_000


class Target(Frozen):
    """One thing to examine: where it is (path, storage URL or web address) and what a list says of it."""

    location: str
    kind: Literal["package", "site"]
    meta: Meta = Field(default_factory=Meta)

    @property
    def key(self) -> str:
        """Identity within a run (hex): the same location with the same metadata counts once."""
        return hashlib.sha256(f"{self.kind}\x00{self.location}\x00{self.meta.key}".encode()).hexdigest()[:40]


def targets(source: str, options: SiteOptions | None = None) -> Iterator[Target]:
    """Yield the targets of ``source``: a folder, a list file, a package, a site, or a storage URL of one of them.

    A folder of splits is one target; of a ZIP that holds packages each is one.  Files beside a package
    (``app.apk.json``, ``metadata.csv``) tell its metadata.  ``options`` bound what is fetched from the web.

    Raises :class:`~scanner.errors.InputError` when the source cannot be listed.
    """
    if _is_site(source):
        yield Target(location=source, kind="site")
        return
    if is_web(source):
        yield from _from_web(source, options)
        return
    if INSIDE in source and not _exists(source):
        yield Target(location=source, kind="package", meta=_beside(source))
        return
    filesystem, path = _open(source)
    try:
        is_folder = filesystem.isdir(path)
        exists = is_folder or filesystem.exists(path)
    except (OSError, ValueError) as error:
        raise unreadable(source, str(error)) from error
    if not exists:
        raise unreadable(source, "不存在 / does not exist")
    if is_folder:
        yield from _folder(filesystem, path, options)
    elif path.lower().endswith(LIST_SUFFIXES):
        yield from _list(filesystem, path, source)
    else:
        location = filesystem.unstrip_protocol(path) if is_remote(source) else path
        for one in _inside(location, options):
            yield Target(location=one, kind="package", meta=_beside(one))


def open_location(location: str) -> tuple[Any, str]:
    """Return the file system and the path inside it for ``location``; raises InputError for an unknown scheme."""
    return _open(location)


def is_local(location: str) -> bool:
    """Whether ``location`` is a plain path on this machine."""
    return not is_remote(location)


def _exists(source: str) -> bool:
    return is_local(source) and Path(source).exists()


def _from_web(source: str, options: SiteOptions | None) -> Iterator[Target]:
    """A list on the web, or one package; a ZIP is opened to see what is inside."""
    if urlsplit(source).path.lower().endswith(LIST_SUFFIXES):
        with local_copy(source, options) as path:
            rows = list(_list(fsspec.filesystem("file"), str(path), source))
        yield from rows
        return
    for location in _inside(source, options):
        yield Target(location=location, kind="package")


def _inside(location: str, options: SiteOptions | None) -> list[str]:
    """Return the subjects of a ZIP, or ``location`` itself where it is one or cannot be looked into."""
    if not urlsplit(location).path.lower().endswith(".zip") and not location.lower().endswith(".zip"):
        return [location]
    try:
        with local_copy(location, options) as path:
            found = inside(path)
    except InputError as error:
        if error.code == "too-many-packages":
            raise
        return [location]  # its own scan says what is wrong with it
    return [f"{location}{INSIDE}{name}" for name in found] or [location]


def _beside(location: str) -> Meta:
    """Return what files beside a package on this machine tell of it."""
    if is_remote(location):
        return Meta()
    outer, _, inner = location.partition(INSIDE)
    return beside(Path(outer).parent / inner.rstrip("/").rpartition("/")[2] if inner else Path(outer))


def _is_site(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and not parts.path.lower().endswith(
        PACKAGE_SUFFIXES + LIST_SUFFIXES
    )


def _open(source: str) -> tuple[Any, str]:
    try:
        filesystem, path = fsspec.core.url_to_fs(source)
    except (ValueError, ImportError, OSError) as error:
        raise unreadable(source, str(error)) from error
    return filesystem, path


def _folder(filesystem: Any, path: str, options: SiteOptions | None) -> Iterator[Target]:
    found, archives = [], []
    for name in filesystem.find(path):
        if is_archive_name(name):
            found.append(name)
        elif name.lower().endswith(".zip"):
            archives.append(name)
        if len(found) + len(archives) > MAX_TARGETS:
            raise unreadable(path, f"> {MAX_TARGETS}")
    local = "file" in (
        filesystem.protocol if isinstance(filesystem.protocol, tuple) else (filesystem.protocol,)
    )
    locations = [name if local else filesystem.unstrip_protocol(name) for name in subjects(found)]
    for name in archives:
        location = name if local else filesystem.unstrip_protocol(name)
        held = _inside(location, options)
        # A ZIP beside packages may be anything; only one that holds packages is meant.
        locations += [one for one in held if one != location]
    for location in sorted(locations):
        yield Target(location=location, kind="package", meta=_beside(location))


def _list(filesystem: Any, path: str, source: str) -> Iterator[Target]:
    try:
        if filesystem.size(path) > MAX_LIST_BYTES:
            raise unreadable(source, f"> {MAX_LIST_BYTES >> 20} MB")
        data = filesystem.cat_file(path)
    except OSError as error:
        raise unreadable(source, str(error)) from error
    base = str(PurePosixPath(path).parent)
    suffix = PurePosixPath(path).suffix.lower()
    for number, row in enumerate(_rows(data, suffix, source), 1):
        if number > MAX_TARGETS:
            raise unreadable(source, f"> {MAX_TARGETS}")
        location = row.pop("location", "").strip()
        if not location:
            continue
        if not is_remote(location) and not PurePosixPath(location).is_absolute():
            joined = str(PurePosixPath(base) / location)
            location = filesystem.unstrip_protocol(joined) if is_remote(source) else joined
        meta = to_meta(row)
        yield Target(location=location, kind="site" if _is_site(location) else "package", meta=meta)


def _rows(data: bytes, suffix: str, source: str) -> Iterator[dict[str, str]]:
    if suffix == ".txt":
        for line in decode(data).splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield {"location": line}
    else:
        yield from read_table(data, suffix, source, COLUMNS, needed="location")

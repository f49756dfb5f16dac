"""Brings what is to be examined onto this machine: storage URLs, web addresses, packages inside a ZIP.

Every copy is bounded and lies in a temporary folder.  Web addresses pass the same guard as the pages of a site (no private
addresses, every redirect checked); names inside archives and addresses are never used as paths.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scanner.batch.nested import INSIDE, PACKAGE_SUFFIXES, extract, is_archive_name, safe_name
from scanner.context import SiteOptions
from scanner.errors import InputError
from scanner.model import Text

# Media types under which servers deliver packages; a bare byte stream must also be named like one.
PACKAGE_TYPES = frozenset({"application/vnd.android.package-archive", "application/vnd.android.aab"})
STREAM_TYPES = frozenset(
    {"application/octet-stream", "application/zip", "application/x-zip-compressed", "application/java-archive",
     "binary/octet-stream", "application/x-download", "application/force-download"}
)  # fmt: skip
MAX_PACKAGE = 8 << 30
MAX_SECONDS = 3600.0
CHUNK = 1 << 20
_FILE_NAME = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)", re.IGNORECASE)


def is_web(location: str) -> bool:
    """Whether ``location`` is an http or https address."""
    return urlsplit(location.strip()).scheme.lower() in {"http", "https"}


def is_remote(location: str) -> bool:
    """Whether ``location`` is an address rather than a path on this machine."""
    return "://" in location


def names_package(location: str) -> bool:
    """Whether an address ends like a package."""
    return urlsplit(location).path.lower().endswith((*PACKAGE_SUFFIXES, ".zip"))


def delivers_package(url: str, options: SiteOptions) -> bool:
    """Whether a web address gives a package: it ends like one, or its server says so (asked with one HEAD request)."""
    if names_package(url) or INSIDE in url:
        return True
    from scanner.collect.site.address import AddressGuard  # noqa: PLC0415 - the web stack loads for addresses only
    from scanner.collect.site.fetch import Fetcher  # noqa: PLC0415 - as above

    guard = AddressGuard(allow_private=options.allow_private, hosts=options.hosts)
    fetcher = Fetcher(guard, verify=str(options.authority) if options.authority else True)
    try:
        fetched = fetcher.fetch(url, method="HEAD")
    finally:
        fetcher.close()
    if not fetched.ok or fetched.final is None:
        return False
    if fetched.content_type in PACKAGE_TYPES:
        return True
    stated = _FILE_NAME.search(fetched.final.header("content-disposition") or "")
    named = names_package(fetched.final_url) or (
        stated is not None and unquote(stated[1]).lower().endswith((*PACKAGE_SUFFIXES, ".zip"))
    )
    return fetched.content_type in STREAM_TYPES and named


@contextmanager
def local_copy(location: str, options: SiteOptions | None = None) -> Iterator[Path]:
    """Give a path on this machine with the content of ``location``; a copy is removed afterwards.

    ``OUTER!/INNER`` is a package inside a ZIP, with a slash at the end a folder of splits inside it.  Errors speak of
    ``location``, not of the copy.  Raises InputError.
    """
    with ExitStack() as stack:
        outer, _, inner = location.partition(INSIDE)
        if inner and not is_remote(location) and Path(location).exists():
            outer, inner = location, ""
        path = Path(outer)
        if is_remote(outer) or inner:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guijian-")))
            if is_remote(outer):
                path = _download(outer, folder, options or SiteOptions())
            if inner:
                path = extract(path, inner, folder)
        try:
            yield path
        except InputError as error:
            if path == Path(location):
                raise
            zh, en = (text.replace(str(path), location) for text in (error.text.zh, error.text.en))
            raise InputError(error.code, Text(zh=zh, en=en)) from error


def _download(location: str, folder: Path, options: SiteOptions) -> Path:
    if is_web(location):
        return _fetch(location, folder / safe_name(unquote(urlsplit(location).path)), options)
    import fsspec  # noqa: PLC0415 - most packages lie on this machine

    try:
        filesystem, remote = fsspec.core.url_to_fs(location)
        if filesystem.isdir(remote):
            copy = folder / safe_name(remote.rstrip("/"), "splits")
            copy.mkdir()
            room = MAX_PACKAGE
            for name in sorted(filesystem.ls(remote, detail=False)):
                if is_archive_name(name) or name.lower().endswith(".json"):
                    room -= _copy(filesystem, name, copy / safe_name(name), location, room)
            return copy
        copy = folder / safe_name(remote)
        _copy(filesystem, remote, copy, location, MAX_PACKAGE)
    except (OSError, ValueError, ImportError) as error:
        raise InputError(
            "download-failed",
            Text(zh=f"无法取得 {location}：{error}", en=f"cannot obtain {location}: {error}"),
        ) from error
    return copy


def _copy(filesystem: Any, remote: str, path: Path, location: str, room: int) -> int:
    size = 0
    with filesystem.open(remote, "rb") as source, path.open("wb") as copy:
        while chunk := source.read(CHUNK):
            size += len(chunk)
            if size > room:
                raise _too_large(location)
            copy.write(chunk)
    return size


def _too_large(location: str) -> InputError:
    return InputError(
        "too-large",
        Text(
            zh=f"{location} 超过 {MAX_PACKAGE >> 30} GB，未读取",
            en=f"{location} exceeds {MAX_PACKAGE >> 30} GB and was not read",
        ),
    )


def _fetch(url: str, path: Path, options: SiteOptions) -> Path:
    """Download a package from the web; a certificate that does not hold is no ground for evidence."""
    from scanner.collect.site.address import AddressGuard  # noqa: PLC0415 - the web stack loads for addresses only
    from scanner.collect.site.fetch import Fetcher, Limits  # noqa: PLC0415 - as above

    guard = AddressGuard(allow_private=options.allow_private, hosts=options.hosts)
    limits = Limits(total=MAX_SECONDS)
    fetcher = Fetcher(guard, limits, verify=str(options.authority) if options.authority else True)
    try:
        with path.open("wb") as copy:
            fetched = fetcher.fetch(url, body_limit=MAX_PACKAGE, sink=copy.write)
    finally:
        fetcher.close()
    if fetched.ok and fetched.tls is None:
        return path
    if fetched.trouble is not None and fetched.trouble.code == "body-too-large":
        raise _too_large(url)
    status = fetched.final.status if fetched.final else None
    why = fetched.trouble.text if fetched.trouble else None
    if why is None and fetched.tls is not None:
        why = Text(
            zh=f"服务器证书无效（{fetched.tls}）",
            en=f"the server's certificate does not hold ({fetched.tls})",
        )
    if why is None:
        why = Text(zh=f"服务器回答 {status}", en=f"the server answered {status}")
    raise InputError(
        "download-failed",
        Text(zh=f"无法下载 {url}：{why.zh}", en=f"cannot download {url}: {why.en}"),
    )

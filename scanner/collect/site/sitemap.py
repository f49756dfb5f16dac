"""Sitemaps (sitemaps.org): XML, index files, gzip files and plain text, within limits and without XML entities."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from scanner.collect.site.fetch import Fetched

MAX_FILES = 10
MAX_URLS = 5_000
MAX_SIZE = 16 << 20


def sitemap_urls(
    starts: Iterable[str], get: Callable[[str], Fetched], accept: Callable[[str], bool]
) -> Iterator[str]:
    """Yield page URLs listed in the sitemaps ``starts`` and those they name, as far as ``accept`` takes the file's URL."""
    todo = list(dict.fromkeys(starts))
    done: set[str] = set()
    count = 0
    while todo and len(done) < MAX_FILES:
        url = todo.pop(0)
        if url in done or not accept(url):
            continue
        done.add(url)
        found = get(url)
        if not found.ok:
            continue
        for kind, location in read_sitemap(found.body):
            if kind == "sitemap":
                todo.append(location)
                continue
            count += 1
            if count > MAX_URLS:
                return
            yield location


def read_sitemap(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield (``page`` or ``sitemap``, URL) of one sitemap file; an unreadable file yields what came before the fault."""
    body = _unzip(body)
    if body.lstrip()[:1] != b"<":
        for line in body.decode("utf-8", "replace").splitlines()[:MAX_URLS]:
            if line.strip().startswith(("http://", "https://")):
                yield "page", line.strip()
        return
    try:
        walk = etree.iterparse(
            io.BytesIO(body),
            events=("end",),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            recover=True,
        )
        for _, element in walk:
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if name == "loc" and element.text:
                parent = element.getparent()
                outer = etree.QName(parent).localname if parent is not None else ""
                if outer in {"url", "sitemap"}:
                    yield ("sitemap" if outer == "sitemap" else "page"), element.text.strip()
            elif name in {"url", "sitemap"}:
                element.clear()
    except (etree.XMLSyntaxError, ValueError):
        return


def _unzip(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body[:MAX_SIZE]
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            return stream.read(MAX_SIZE)
    except (OSError, EOFError, zlib.error):
        return b""

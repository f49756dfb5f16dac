"""Policies the crawl does not come by: kept on another host, or as a document (PDF, Word) instead of a page.

What a link calls a privacy policy is fetched as a visitor would, and its text decides whether it is one.  The policy
reader judges it later, from the same address.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from scanner.collect.policy.source import read_document
from scanner.collect.site.crawl import HTML_TYPES, Visited
from scanner.collect.site.fetch import Fetched, Fetcher
from scanner.collect.site.frontier import Frontier, Target
from scanner.collect.site.page import parse, speaks_of_privacy
from scanner.collect.site.reading import PageReading, read_page
from scanner.collect.site.robots import Robots
from scanner.collect.site.weburl import UrlError, parse_url
from scanner.collect.site.words import page_words
from scanner.model import Evidence, WebLocator
from scanner.sitefacts import Page

TYPES = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
)
HEAD = 1_024
MAX_ELSEWHERE = 3


def named_document(url: str) -> bool:
    """Whether the address ends like a document's."""
    try:
        name = parse_url(url).path.rpartition("/")[2]
    except UrlError:
        return False
    return name.rpartition(".")[2].lower() in page_words().document_extensions


def is_document(fetched: Fetched) -> bool:
    """Whether the answer is a PDF or Word document, by its type or its first bytes."""
    head = fetched.body[:HEAD]
    return fetched.content_type in TYPES or b"%PDF-" in head or head.startswith(b"PK\x03\x04")


def policies_elsewhere(
    readings: Iterable[PageReading],
    visited: Visited[PageReading],
    frontier: Frontier,
    robots: Robots,
    fetcher: Fetcher,
) -> dict[str, PageReading]:
    """Return the policies found behind the links of ``readings``, by their final address."""
    served = {v.target.url for v in visited.visits if v.reading is None and is_document(v.fetched)}
    depths: dict[str, int] = {}
    for reading in readings:
        for pointer in reading.pointers:
            left_out = (
                not frontier.in_scope(pointer.url) or named_document(pointer.url) or pointer.url in served
            )
            if pointer.kind == "policy" and left_out:
                depths.setdefault(pointer.url, reading.page.depth + 1)
    found: dict[str, PageReading] = {}
    for url, depth in list(depths.items())[:MAX_ELSEWHERE]:
        if not robots.allows(url):
            continue
        fetched = fetcher.fetch(url)
        if fetched.ok:
            policy = _document(url, depth, fetched) if is_document(fetched) else _page(url, depth, fetched)
            if policy is not None:
                found.setdefault(fetched.final_url, policy)
    return found


def _page(url: str, depth: int, fetched: Fetched) -> PageReading | None:
    final = fetched.final
    if final is None or fetched.content_type not in HTML_TYPES:
        return None
    parsed = parse(final.url, fetched.body, final.header("content-type") or "")
    reading = read_page(Target(url, depth, "policy"), fetched, parsed, start=False)
    return PageReading(page=reading.page, policy_like=True) if reading.page.kind == "policy" else None


def _document(url: str, depth: int, fetched: Fetched) -> PageReading | None:
    """Return the policy in a fetched document; None when it cannot be read or is none."""
    final = fetched.final
    if final is None:
        return None
    document = read_document(fetched.body, final.url, fetched.content_type)
    if not speaks_of_privacy(document.text):
        return None
    title = document.title or document.text[:80]
    page = Page(
        url=url,
        final_url=final.url,
        status=final.status,
        title=title[:200],
        kind="policy",
        depth=depth,
        content_type=fetched.content_type,
        size=len(fetched.body),
        cleartext=final.url.startswith("http://"),
        sha256=hashlib.sha256(fetched.body).hexdigest(),
        evidence=(Evidence(artifact=final.url, locator=WebLocator(url=final.url), excerpt=title[:160]),),
    )
    return PageReading(page=page, policy_like=True)

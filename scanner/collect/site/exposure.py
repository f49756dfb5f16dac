"""Files and consoles that must not be public: seen in pages, or asked for with ``--probe`` (rules/data/exposure.yaml).

Only a short list is asked for, only read, only its first bytes; what is found must have the content of what it
claims to be, so a site that answers every address with the same page is accused of nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from scanner.collect.site import securitynotes
from scanner.collect.site.fetch import Fetched
from scanner.collect.site.page import ParsedPage
from scanner.collect.site.weburl import Url
from scanner.datafiles import read_data
from scanner.model import Evidence, Text, WebLocator
from scanner.sitefacts import Weakness

HEAD = 8 << 10
_SECRET = re.compile(
    r"((?:password|passwd|secret|key|token)[^=:\n]{0,40}[=:]\s{0,5})[^\s\n]{1,200}", re.IGNORECASE
)


@cache
def _data() -> dict[str, Any]:
    (data,) = read_data("exposure")
    return dict(data)


def seen_in_page(page: ParsedPage, status: int | None) -> Iterator[Weakness]:
    """Yield what the page, answered with ``status``, gives away: a directory listing, details of an error."""
    listing = _data()["pages"]["directory-listing"]
    text = page.title + "\n" + page.text[:20_000]
    if any(all(part in text for part in parts) for parts in listing["every_of"]) and any(
        page.title.startswith(t) or t in page.title for t in listing["title"]
    ):
        entries = _entries(page)
        if entries and (
            status is None or status == 200
        ):  # a title alone is an article about listings as well
            note = securitynotes.listing_note(page.title, status, entries)
            yield _weak("directory-listing", page.url, page.title, page.text[:120], note)
    for mark in _data()["pages"]["error-details"]["any"]:
        at = page.text.find(mark)
        if at >= 0 and len(page.text) < 30_000 and _is_error(page, at):
            yield _weak("error-details", page.url, mark, _SECRET.sub(r"\1***", page.text[at : at + 160]))
            return


def _entries(page: ParsedPage) -> list[str]:
    """Return the names of files and folders that the page links to by their own names, as a server lists them."""
    found = []
    for link in page.links:
        name = unquote(urlsplit(link.url).path).rstrip("/").rpartition("/")[2]
        shown = link.text.strip().rstrip("/")
        cut = next((shown.removesuffix(mark) for mark in ("..>", "…") if shown.endswith(mark)), "")
        if name and (shown == name or (cut and name.startswith(cut))):
            found.append(name)
    return found


def _is_error(page: ParsedPage, at: int) -> bool:
    """Whether the mark is the page's own failure rather than an article or code sample about one."""
    marked = [e for e in page.root.iter("code", "article") if len(e)]
    return at < 2_000 and not marked


def probe(start: Url, get: Callable[[str], Fetched]) -> tuple[list[Weakness], int]:
    """Ask for the listed files of ``start``'s host; returns what is exposed and how many questions were answered."""
    found: list[Weakness] = []
    answered = 0
    for entry in _data()["paths"]:
        url = start.origin + entry["path"]
        answer = get(url)
        final = answer.final
        if final is None:
            continue
        answered += 1
        if final.status != 200 or len(answer.hops) > 1 or not answer.body:
            continue
        if matches(entry, answer.body[:HEAD]):
            shown = _SECRET.sub(r"\1***", answer.body[:100].decode("utf-8", "replace"))
            excerpt = shown if shown.isprintable() or "\n" in shown else answer.body[:16].hex(" ")
            found.append(_weak(entry["kind"], url, entry["path"], f"HTTP 200 {excerpt}"))
    return found, answered


def matches(entry: dict[str, Any], body: bytes) -> bool:
    """Whether ``body`` has the content that the entry of the list describes."""
    if any(body.startswith(bytes.fromhex(magic)) for magic in entry.get("magic", ())):
        return True
    if "magic" in entry:
        return False
    text = body.decode("utf-8", "replace")
    if (
        not entry.get("html")
        and text.lstrip()[:1] == "<"
        and re.match(r"\s{0,50}<(?:!doctype|html|head|body)", text, re.IGNORECASE)
    ):
        return False
    if not all(part in text for part in entry.get("every", ())):
        return False
    return "any" not in entry or any(part in text for part in entry["any"])


def _weak(kind: str, url: str, detail: str, excerpt: str, note: Text | None = None) -> Weakness:
    line = " ".join(excerpt.split())[:200]
    proof = Evidence(artifact=url, locator=WebLocator(url=url), excerpt=line, note=note)
    host = url.split("/")[2].rpartition(":")[0] or url.split("/")[2]
    return Weakness(kind=kind, url=url, detail=detail[:120], host=host, evidence=(proof,))

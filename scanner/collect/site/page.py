"""Reads the HTML of one page: title, language, links, resources, visible text, what kind of page it is.

lxml is used directly: a tree of BeautifulSoup costs four times as much as everything else here
(``bench/bench_crawl.py``), and lxml's tolerance of broken HTML is the same, since BeautifulSoup would use it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from lxml import etree

from scanner.collect.site.charset import decode_html
from scanner.collect.site.pagetext import MAX_NODES, Element, foot_of, read_tree, readable
from scanner.collect.site.weburl import UrlError, parse_url
from scanner.collect.site.words import page_words
from scanner.model import Evidence, WebLocator

MAX_LINKS = 5_000
MAX_EXCERPT = 160
MAX_SIBLINGS = 500
LOADING = {
    "img": "image",
    "iframe": "frame",
    "frame": "frame",
    "embed": "object",
    "video": "media",
    "audio": "media",
    "source": "media",
}
NOTED = frozenset({"a", "script", "object", "link", "base", "meta", "title", "h1", "h2", *LOADING})
NOT_PAGES = frozenset({"javascript", "mailto", "tel", "data", "sms", "blob", "about"})
_STRING = etree.XPath("string()", smart_strings=False)
_REFRESH = re.compile(r"url\s{0,5}=\s{0,5}['\"]?([^'\"]{1,2000})", re.IGNORECASE)
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}\Z")


class Link(NamedTuple):
    """An anchor: absolute URL, words (text, title or image description), place, whether it stands in the footer."""

    url: str
    text: str
    element: Element
    footer: bool = False
    nofollow: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """Something the page loads: ``type`` is script, image, frame, style, media, link or object."""

    url: str
    type: str
    element: Element


@dataclass
class ParsedPage:
    """A page as read.  ``text`` is what a visitor could read; ``root`` the tree, for forms and evidence.

    ``cut``: the page is larger or nested deeper than is read, so what is missing here may still be on it.
    """

    url: str
    root: Element
    title: str = ""
    site_name: str = ""
    language: str = ""
    encoding: str = ""
    text: str = ""
    links: tuple[Link, ...] = ()
    resources: tuple[Resource, ...] = ()
    canonical: str | None = None
    refresh: str | None = None
    nofollow: bool = False
    headings: tuple[str, ...] = ()
    links_total: int = 0
    cut: bool = False
    sha256: str = ""
    scripts: tuple[str, ...] = field(default=())
    foot: dict[Element, int] = field(
        default_factory=dict, repr=False
    )  # what stands in the foot, levels below its mark

    def evidence(self, element: Element | None, excerpt: str) -> Evidence:
        """Return evidence at ``element`` (None = the page) with ``excerpt`` shortened."""
        css = css_path(element) if element is not None else ""
        return Evidence(
            artifact=self.url, locator=WebLocator(url=self.url, css=css), excerpt=shorten(excerpt)
        )


def shorten(text: str, limit: int = MAX_EXCERPT) -> str:
    """Return ``text`` on one line, at most ``limit`` characters."""
    line = squeeze(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def squeeze(text: str) -> str:
    """Return ``text`` with every run of white space as one blank."""
    return " ".join(text.split())


def parse(url: str, content: bytes | str, content_type: str = "") -> ParsedPage:
    """Read ``content`` (bytes as served, or a browser's DOM as text) as the page at ``url``."""
    if isinstance(content, bytes):
        text, encoding = decode_html(content, content_type)
        digest = hashlib.sha256(content).hexdigest()
    else:
        text, encoding = content, "utf-8"
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    source = text.replace("\0", "").encode("utf-8", "replace")
    root, cut = read_tree(source)
    page = ParsedPage(url=url, root=root, encoding=encoding, sha256=digest, cut=cut)
    _walk(page)
    return page


def words_of(element: Element) -> str:
    """Return all text inside ``element``, as it stands."""
    return str(_STRING(element)) if len(element) else element.text or ""


def _walk(page: ParsedPage) -> None:
    root = page.root
    page.language = (root.get("lang") or root.get("xml:lang") or "").strip()[:20]
    found = _Found(page, page.url)
    for element in islice(root.iter(*NOTED), MAX_NODES):
        found.note(element.tag, element)
    page.text, text_cut = readable(root)
    page.cut = page.cut or text_cut or len(found.anchors) > MAX_LINKS
    page.headings = tuple(h for h in found.headings if h)
    page.foot = foot_of(root)
    page.links_total = len(found.anchors)
    page.links = tuple(_links(found.base, found.anchors, page.foot))
    page.resources = tuple(_resources(found.base, found.loaded))
    page.scripts = tuple(found.scripts)


@dataclass
class _Found:
    """What is collected on the way through the tree."""

    page: ParsedPage
    base: str
    anchors: list[Element] = field(default_factory=list)
    loaded: list[tuple[Element, str, str]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    def note(self, tag: str, element: Element) -> None:
        """Keep what the element is for."""
        page = self.page
        if tag == "a":
            self.anchors.append(element)
        elif tag == "script":
            if element.get("src"):
                self.loaded.append((element, element.get("src", ""), "script"))
            elif element.text:
                self.scripts.append(element.text[:20_000])
        elif tag in LOADING:
            if element.get("src"):
                self.loaded.append((element, element.get("src", ""), LOADING[tag]))
        elif tag == "object":
            if element.get("data"):
                self.loaded.append((element, element.get("data", ""), "object"))
        elif tag == "link":
            self._link(element)
        elif tag == "base":
            if element.get("href") and self.base == page.url:
                self.base = absolute(page.url, element.get("href", "")) or self.base
        elif tag == "meta":
            _meta(page, self.base, element)
        elif tag == "title":
            if not page.title:
                page.title = squeeze(words_of(element))[:200]
        elif len(self.headings) < 20:
            self.headings.append(squeeze(words_of(element))[:200])

    def _link(self, element: Element) -> None:
        if not element.get("href"):
            return
        relation = (element.get("rel") or "").lower().split()
        if "canonical" in relation:
            self.page.canonical = absolute(self.base, element.get("href", ""))
        elif "stylesheet" in relation:
            self.loaded.append((element, element.get("href", ""), "style"))


def _meta(page: ParsedPage, base: str, element: Element) -> None:
    name = (element.get("name") or "").lower()
    if name == "robots" and "nofollow" in (element.get("content") or "").lower():
        page.nofollow = True
    if (element.get("property") or name).lower() == "og:site_name" and not page.site_name:
        page.site_name = shorten(element.get("content") or "", 80)
    if (element.get("http-equiv") or "").lower() == "refresh":
        found = _REFRESH.search(element.get("content") or "")
        if found:
            page.refresh = absolute(base, found.group(1))


def absolute(base: str, reference: str) -> str | None:
    """Return ``reference`` resolved against ``base``, None when it is no URL a page could be at."""
    cleaned = reference.strip()
    if "\n" in cleaned or "\r" in cleaned or "\t" in cleaned:
        cleaned = cleaned.translate({9: None, 10: None, 13: None})
    if not cleaned or len(cleaned) > 4096:
        return None
    if cleaned[0] == "#":
        return base.partition("#")[0] + cleaned
    scheme, colon, _ = cleaned[:12].partition(":")
    if colon and scheme.lower() in NOT_PAGES:
        return None
    try:
        if cleaned[0] == "/" and cleaned[1:2] not in {"/", "\\"}:
            return _origin(base) + cleaned
        return urljoin(base, cleaned)
    except ValueError:
        return None


@lru_cache(maxsize=1_000)
def _origin(base: str) -> str:
    parts = urlsplit(base)
    return f"{parts.scheme}://{parts.netloc}"


def _links(base: str, anchors: list[Element], foot: Container[Element]) -> Iterator[Link]:
    for element in anchors[:MAX_LINKS]:
        url = absolute(base, element.get("href") or "")
        if url is None:
            continue
        text = squeeze(words_of(element))[:200]
        if not text:
            image = next(element.iter("img"), None)
            text = squeeze(element.get("title") or element.get("aria-label") or "")
            text = text or squeeze(
                (image.get("alt") or image.get("title") or "") if image is not None else ""
            )
        nofollow = "nofollow" in (element.get("rel") or "").lower()
        yield Link(url, text, element, element in foot, nofollow)


def _resources(base: str, loaded: list[tuple[Element, str, str]]) -> Iterator[Resource]:
    for element, reference, kind in loaded[:MAX_LINKS]:
        url = absolute(base, reference)
        if url is not None and urlsplit_scheme(url) in {"http", "https"}:
            yield Resource(url, kind, element)


def urlsplit_scheme(url: str) -> str:
    """Return the scheme of ``url``, empty for text that is no URL."""
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""


def css_path(element: Element) -> str:
    """Return a CSS selector for ``element``: from the nearest id, or from the root by positions."""
    steps: list[str] = []
    current: Element | None = element
    while current is not None and len(steps) < 12:
        tag = current.tag if isinstance(current.tag, str) else "*"
        ident = current.get("id") or ""
        if _SIMPLE.match(ident):
            steps.append(f"#{ident}")
            break
        parent = current.getparent()
        if parent is None or tag in {"html", "body"}:
            steps.append(tag)
            break
        steps.append(tag + _place(current, parent, tag))
        current = parent
    return " > ".join(reversed(steps))


def _place(element: Element, parent: Element, tag: str) -> str:
    """Return the pseudo-class that tells ``element`` from its siblings, empty when its tag does."""
    # Compared here: lxml cannot be asked for a name with control characters, which a page may well make.
    before = [other.tag for other in islice(element.itersiblings(preceding=True), MAX_SIBLINGS)]
    if len(before) == MAX_SIBLINGS:
        return f":nth-child({parent.index(element) + 1})"
    position = 1 + before.count(tag)
    after = islice(element.itersiblings(), MAX_SIBLINGS) if position == 1 else ()
    alone = position == 1 and all(other.tag != tag for other in after)
    return "" if alone else f":nth-of-type({position})"


def looks_like_policy(page: ParsedPage) -> bool:
    """Whether the page's text has the length and the words of a privacy policy."""
    return speaks_of_privacy(page.text)


def speaks_of_privacy(text: str) -> bool:
    """Whether ``text`` has the length and the words of a privacy policy."""
    words, lowered = page_words(), text.lower()
    return len(lowered) >= words.policy_body_min and sum(1 for w in words.policy_body if w in lowered) >= 3


def kind_of(page: ParsedPage, promised: str, *, start: bool) -> str:
    """Return the kind of page: what its title and headings say, else its address, else what the link promised."""
    if start:
        return "home"
    words = page_words()
    heads = [page.title.split(sep)[0] for sep in ("-", "_", "|", "–", "—") if sep in page.title] or [
        page.title
    ]
    for text in (*sorted(heads, key=len), *page.headings[:3]):
        for topic in words.topics:
            if text and topic.fits_text(text.lower()):
                if topic.kind == "policy" and not looks_like_policy(page):
                    continue
                return topic.kind
    try:
        by_path = words.kind_of_path(parse_url(page.url).path)
    except UrlError:
        by_path = "other"
    for kind in (promised, by_path):
        if kind == "policy" and not looks_like_policy(page):
            continue
        if kind != "other":
            return kind
    return "other"

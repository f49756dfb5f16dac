"""Reads the HTML of one page: title, language, links, resources, visible text, what kind of page it is.

lxml is used directly: a tree of BeautifulSoup costs four times as much as everything else here
(``bench/bench_crawl.py``), and lxml's tolerance of broken HTML is the same, since BeautifulSoup would use it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias
from urllib.parse import urljoin, urlsplit

from charset_normalizer import from_bytes
from lxml import etree

from scanner.collect.policy.encoding import codec_of
from scanner.collect.site.address import UrlError, parse_url
from scanner.collect.site.words import page_words
from scanner.model import Evidence, WebLocator

Element: TypeAlias = Any  # lxml's element; the package has no types
MAX_LINKS = 5_000
MAX_NODES = 200_000
MAX_TEXT = 1_000_000
MAX_EXCERPT = 160
SILENT = frozenset(
    {"script", "style", "noscript", "template", "head", "title", "svg", "math", "iframe", "object"}
)
BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
    }
    | {
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "legend",
        "li",
    }
    | {
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
    }
    | {"tr", "ul"}
)
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE
)
_HEADER_CHARSET = re.compile(r"charset\s{0,5}=\s{0,5}[\"']?([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_REFRESH = re.compile(r"url\s{0,5}=\s{0,5}['\"]?([^'\"]{1,2000})", re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n[ \n]*")
_SPACE = re.compile(r"[\s\u3000]+")
_FOOTER = re.compile(r"foot|bottom|copyright|beian|dibu", re.IGNORECASE)
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,60}\Z")
# GB 2312 and GBK pages often contain characters of the larger set; browsers read both as gb18030's subset.
ALIASES = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "iso-8859-1": "cp1252",
}


@dataclass(frozen=True, slots=True)
class Link:
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
    """A page as read.  ``text`` is what a visitor could read; ``root`` the tree, for forms and evidence."""

    url: str
    root: Element
    title: str = ""
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
    return _SPACE.sub(" ", text).strip()


def decode_html(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Return ``body`` as text, and the encoding used: byte-order mark, header, meta element, UTF-8, then a guess."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    found = _HEADER_CHARSET.search(content_type)
    meta = _META_CHARSET.search(body[:4096])
    for name in (found.group(1) if found else "", meta.group(1).decode("ascii") if meta else ""):
        codec = ALIASES.get(name.lower(), name.lower())
        if codec.startswith("utf-16") or not codec_of(codec):
            continue
        try:
            return body.decode(codec), codec
        except UnicodeDecodeError:
            continue
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return body.decode("gb18030"), "gb18030"
    except UnicodeDecodeError:
        best = from_bytes(body[: 64 << 10]).best()
        codec = best.encoding if best is not None else "utf-8"
        return body.decode(codec, "replace"), codec


def parse(url: str, content: bytes | str, content_type: str = "") -> ParsedPage:
    """Read ``content`` (bytes as served, or a browser's DOM as text) as the page at ``url``."""
    if isinstance(content, bytes):
        text, encoding = decode_html(content, content_type)
        digest = hashlib.sha256(content).hexdigest()
    else:
        text, encoding = content, "utf-8"
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
    source = text.replace("\0", "").encode("utf-8", "replace")
    root = _tree(source)
    if root is None:
        root = etree.Element("html")
    page = ParsedPage(url=url, root=root, encoding=encoding, sha256=digest)
    _walk(page)
    return page


def _tree(source: bytes) -> Element | None:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        return etree.fromstring(source, parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def words_of(element: Element) -> str:
    """Return all text inside ``element``, as it stands."""
    return "".join(element.itertext())


def _walk(page: ParsedPage) -> None:
    root = page.root
    page.language = (root.get("lang") or root.get("xml:lang") or "").strip()[:20]
    base = page.url
    words: list[str] = []
    anchors: list[Element] = []
    loaded: list[tuple[Element, str, str]] = []
    headings: list[str] = []
    scripts: list[str] = []
    size = 0
    for count, (event, element) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        if count > 2 * MAX_NODES:
            page.cut = True
            break
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if event == "end":
            if tag in BLOCKS:
                words.append("\n")
            if element.tail and size < MAX_TEXT and not _silent(element.getparent()):
                words.append(element.tail)
                size += len(element.tail)
            continue
        if tag in BLOCKS:
            words.append("\n")
        if tag not in SILENT and element.text and size < MAX_TEXT and not _silent(element):
            words.append(element.text)
            size += len(element.text)
        if tag == "a":
            anchors.append(element)
        elif tag == "script":
            if element.get("src"):
                loaded.append((element, element.get("src", ""), "script"))
            elif element.text:
                scripts.append(element.text[:20_000])
        elif tag in {"img", "iframe", "frame", "embed", "video", "audio", "source"} and element.get("src"):
            kind = {"img": "image", "iframe": "frame", "frame": "frame", "embed": "object"}.get(tag, "media")
            loaded.append((element, element.get("src", ""), kind))
        elif tag == "object" and element.get("data"):
            loaded.append((element, element.get("data", ""), "object"))
        elif tag == "link" and element.get("href"):
            relation = (element.get("rel") or "").lower().split()
            if "canonical" in relation:
                page.canonical = absolute(base, element.get("href", ""))
            elif "stylesheet" in relation:
                loaded.append((element, element.get("href", ""), "style"))
        elif tag == "base" and element.get("href") and base == page.url:
            base = absolute(page.url, element.get("href", "")) or base
        elif tag == "meta":
            _meta(page, base, element)
        elif tag == "title" and not page.title:
            page.title = squeeze(words_of(element))[:200]
        elif tag in {"h1", "h2"} and len(headings) < 20:
            headings.append(squeeze(words_of(element))[:200])
    page.text = _lines("".join(words))
    page.headings = tuple(h for h in headings if h)
    page.links_total = len(anchors)
    page.links = tuple(_links(base, anchors))
    page.cut = page.cut or len(anchors) > MAX_LINKS
    page.resources = tuple(_resources(base, loaded))
    page.scripts = tuple(scripts)


def _silent(element: Element | None) -> bool:
    return element is not None and element.tag in SILENT


def _lines(text: str) -> str:
    return _BREAKS.sub("\n", _BLANKS.sub(" ", text)).strip()


def _meta(page: ParsedPage, base: str, element: Element) -> None:
    name = (element.get("name") or "").lower()
    if name == "robots" and "nofollow" in (element.get("content") or "").lower():
        page.nofollow = True
    if (element.get("http-equiv") or "").lower() == "refresh":
        found = _REFRESH.search(element.get("content") or "")
        if found:
            page.refresh = absolute(base, found.group(1))


def absolute(base: str, reference: str) -> str | None:
    """Return ``reference`` resolved against ``base``, None when it is no URL a page could be at."""
    cleaned = reference.strip().translate({9: None, 10: None, 13: None})
    if not cleaned or len(cleaned) > 4096:
        return None
    if cleaned.startswith("#"):
        return base.partition("#")[0] + cleaned
    lowered = cleaned[:12].lower()
    if ":" in lowered and lowered.split(":", 1)[0] in {
        "javascript",
        "mailto",
        "tel",
        "data",
        "sms",
        "blob",
        "about",
    }:
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


def _links(base: str, anchors: list[Element]) -> Iterator[Link]:
    known: dict[Element, bool] = {}
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
        yield Link(url, text, element, in_footer(element, known), nofollow)


def in_footer(element: Element, known: dict[Element, bool] | None = None) -> bool:
    """Whether ``element`` stands in what the page marks as its foot; ``known`` keeps answers between calls."""
    passed: list[Element] = []
    current: Element | None = element
    found = False
    while current is not None and len(passed) < 12 and current.tag != "body":
        if known is not None and current in known:
            found = known[current]
            break
        passed.append(current)
        if current.tag == "footer" or _FOOTER.search(
            f"{current.get('id') or ''} {current.get('class') or ''}"
        ):
            found = True
            break
        current = current.getparent()
    if known is not None:
        known.update(dict.fromkeys(passed, found))
    return found


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
        position = 1 + sum(1 for _ in current.itersiblings(tag, preceding=True))
        steps.append(
            tag
            if position == 1 and next(current.itersiblings(tag), None) is None
            else f"{tag}:nth-of-type({position})"
        )
        current = parent
    return " > ".join(reversed(steps))


def looks_like_policy(page: ParsedPage) -> bool:
    """Whether the page's text has the length and the words of a privacy policy."""
    words = page_words()
    text = page.text.lower()
    return len(text) >= words.policy_body_min and sum(1 for word in words.policy_body if word in text) >= 3


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

"""HTML → tree, and tree → what a visitor could read, both in libxml2 and libxslt: every page of a site passes here.

``bench/bench_crawl.py`` times it; the same walk in Python took a fifth of the whole crawl.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

from lxml import etree

Element: TypeAlias = Any  # lxml's element; the package has no types
MAX_NODES = 200_000
MAX_TEXT = 1_000_000
MAX_DEPTH = 1_000  # browsers build 512 levels, libxml2 stops at 256 unless it is told not to
SILENT = ("script", "style", "noscript", "template", "head", "title", "svg", "math", "iframe", "object")
BLOCKS = (
    *("address", "article", "aside", "blockquote", "body", "br", "center", "dd", "details", "dialog", "div"),
    *("dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
    *("legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "select", "table", "tbody", "td"),
    *("tfoot", "th", "thead", "tr", "ul"),
)
_TEXT = etree.XSLT(
    etree.XML(
        f"""<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
        <xsl:output method="text"/>
        <xsl:template match="{"|".join(SILENT)}"/>
        <xsl:template match="{"|".join(BLOCKS)}">
          <xsl:text>&#10;</xsl:text><xsl:apply-templates/><xsl:text>&#10;</xsl:text>
        </xsl:template>
        </xsl:stylesheet>"""
    ),
    access_control=etree.XSLTAccessControl.DENY_ALL,
)
_COUNT = etree.XPath("count(//*)")
FOOT_LEVELS = 12
MAX_ATTRIBUTES = 2_000
ATTRIBUTES_FROM = 32 << 10  # bytes; fewer cannot hold enough attributes to matter
# Attributes as the HTML standard's tokenizer reads them; possessive, so that no page makes the search go back.
_ATTRIBUTE = re.compile(
    rb"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+"""
)
_TAG = re.compile(rb"<(?P<name>[A-Za-z][^\s/>]*+)(?:" + _ATTRIBUTE.pattern + rb")*+[\s/]*+>?")
_FOOT = re.compile(r"foot|bottom|copyright|beian|dibu", re.IGNORECASE)


def read_tree(source: bytes) -> tuple[Element, bool]:
    """Return the root of the UTF-8 page ``source``, and whether a part of it was left out.

    A page nested deeper than libxml2's limit is read once more without it; one nested deeper than any browser shows
    keeps its beginning only.
    """
    source, short = _with_fewer_attributes(source)
    root, whole = _parsed(source, huge=False)
    if not whole:
        deep, whole = _parsed(source, huge=True)
        whole = whole and deep is not None and not _too_deep(deep)
        root = deep if whole else root
    if root is None:
        return etree.Element("html"), short or not whole
    return root, short or not whole or _COUNT(root) > MAX_NODES


def _with_fewer_attributes(source: bytes) -> tuple[bytes, bool]:
    """Shorten tags of more than :data:`MAX_ATTRIBUTES` attributes; returns the page and whether there was one.

    libxml2 compares every attribute of a tag with every other: a tag of a megabyte would keep it busy for an hour.
    """
    if len(source) < ATTRIBUTES_FROM:
        return source, False
    parts: list[bytes] = []
    end = 0
    for tag in _TAG.finditer(source):
        if tag.end() - tag.start() < 2 * MAX_ATTRIBUTES:
            continue
        last = next(
            islice(_ATTRIBUTE.finditer(source, tag.end("name"), tag.end()), MAX_ATTRIBUTES, None), None
        )
        if last is not None:
            parts += [source[end : last.start()], b">"]
            end = tag.end()
    return b"".join((*parts, source[end:])), bool(parts)


def _parsed(source: bytes, *, huge: bool) -> tuple[Element | None, bool]:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=huge)
    try:
        root = etree.fromstring(source, parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        root = None
    return root, not any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)


def _too_deep(root: Element) -> bool:
    """Whether some element stands deeper than :data:`MAX_DEPTH`, or there are too many elements to tell."""
    depth = 0
    for count, (event, _) in enumerate(etree.iterwalk(root, events=("start", "end"))):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH or count > 2 * MAX_NODES:
            return True
    return False


def readable(root: Element) -> tuple[str, bool]:
    """Return the text a visitor could read, a line per block with its blanks squeezed, and whether it was cut."""
    text = str(_TEXT(root))
    lines = (" ".join(line.split()) for line in text[:MAX_TEXT].split("\n"))
    return "\n".join(filter(None, lines)), len(text) > MAX_TEXT


@lru_cache(maxsize=4_000)
def _marks_foot(tag: str, ident: str, classes: str) -> bool:
    return tag not in {"body", "html"} and _FOOT.search(f"{ident} {classes}") is not None


def foot_of(root: Element) -> dict[Element, int]:
    """Return every element in what the page marks as its foot, with how many levels below the nearest mark it stands.

    Below :data:`FOOT_LEVELS` the mark no longer counts: wrappers of a whole page have such names too.
    """
    inside: dict[Element, int] = {}
    for mark in islice(root.iter(), MAX_NODES):
        ident, classes = (mark.get("id") or "")[:200], (mark.get("class") or "")[:800]
        if not (mark.tag == "footer" or ((ident or classes) and _marks_foot(mark.tag, ident, classes))):
            continue
        waiting = [(mark, 0)]
        while waiting:
            element, levels = waiting.pop()
            if inside.get(element, FOOT_LEVELS) <= levels:
                continue
            inside[element] = levels
            if levels + 1 < FOOT_LEVELS:
                waiting.extend((child, levels + 1) for child in element)
    return inside

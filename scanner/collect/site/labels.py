"""What stands beside an input: its label, however the page was laid out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

from scanner.collect.site.page import squeeze
from scanner.collect.site.pagetext import Element

MAX_LABEL = 120
MAX_POSITIONAL = 40
# What is looked at for the words of one element; pages put whole lists of countries into a form, hostile ones more.
MAX_STEPS = 10_000
MAX_ASKED = 5
NOT_ASKING = frozenset({"hidden", "submit", "button", "image", "reset", "checkbox"})
FIELDS = frozenset({"input", "select", "textarea", "button"})
SILENT = frozenset({"script", "style", "option", "select", "textarea", "noscript", "template"})
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SENTENCE = re.compile(r"[。！!；;]|，.*，|@section|\{\{|<\?")
_WORD = re.compile(r"[^\W_]")
_BUTTON_CLASS = ("btn", "button", "submit", "login-b", "tijiao")


def is_button(element: Element) -> bool:
    """Whether ``element`` is something a visitor presses to send."""
    if element.tag == "button":
        return True
    if element.tag == "input":
        return (element.get("type") or "").lower() in {"submit", "button", "image"}
    if element.tag not in {"a", "div", "span"}:
        return False
    if (element.get("role") or "").lower() == "button":
        return True
    classes = (element.get("class") or "").lower()
    return any(mark in classes for mark in _BUTTON_CLASS) and len(element) <= 3


def buttons_text(block: Element) -> str:
    """Return the words on the buttons of ``block``, shortened."""
    found: list[str] = []
    for element in islice(block.iter("button", "input", "a", "div", "span"), MAX_STEPS):
        if not is_button(element):
            continue
        text = element.get("value") or element.get("alt") or "" if element.tag == "input" else _text(element)
        text = squeeze(text or element.get("aria-label") or element.get("title") or "")
        if 0 < len(text) <= 30 and text not in found:
            found.append(text)
    return " ".join(found[:8])


def own_text(block: Element) -> str:
    """Return the readable text of ``block`` without the choices of its lists, at most 3,000 characters."""
    return squeeze(_text(block))[:3_000]


def _text(element: Element) -> str:
    return "".join(_pieces(element))


def _pieces(element: Element) -> Iterator[str]:
    if element.tag in SILENT:
        return
    yield element.text or ""
    open_elements: list[tuple[Element, Iterator[Element]]] = [(element, iter(element))]
    for _ in range(MAX_STEPS):
        current, children = open_elements[-1]
        child = next(children, None)
        if child is None:
            open_elements.pop()
            if not open_elements:
                return
            yield current.tail or ""
        elif not isinstance(child.tag, str) or child.tag in SILENT:
            yield child.tail or ""
        else:
            yield child.text or ""
            open_elements.append((child, iter(child)))


class Labels:
    """Finds labels in one page; the index of ``label for`` and ids is built once, and answers are kept."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._by_for = {e.get("for"): e for e in root.iter("label") if e.get("for")}
        self._known: dict[tuple[Element, Element], tuple[str, bool]] = {}
        # Inputs share their ancestors, so what these hold is counted and read once.
        self._asked: dict[Element, int] = {}
        self._shown: dict[Element, int] = {}
        self._texts: dict[Element, str] = {}

    def _text(self, element: Element) -> str:
        if element not in self._texts:
            self._texts[element] = _text(element)
        return self._texts[element]

    @cached_property
    def _by_id(self) -> dict[str, Element]:
        return {e.get("id"): e for e in self._root.iter() if isinstance(e.tag, str) and e.get("id")}

    def of(self, element: Element, block: Element) -> tuple[str, bool]:
        """Return the words that name ``element`` (empty when nothing stands there) and whether the page binds them.

        Bound are ``aria``, ``label`` and ``legend``; otherwise the words merely stand before the input.
        """
        key = (element, block)
        if key not in self._known:
            self._known[key] = self._of(element, block)
        return self._known[key]

    def _of(self, element: Element, block: Element) -> tuple[str, bool]:
        for find in (self._referenced, self._explicit, self._wrapping, self._legend):
            text = _short(find(element))
            if text:
                return text, True
        text = _short(self._before(element, block))
        if text and not _SENTENCE.search(text) and len(text) <= MAX_POSITIONAL:
            return text, False
        return _short(element.get("title") or ""), True

    def beside(self, element: Element, block: Element) -> str:
        """Return the words that belong to a check box: its label, else what follows it, else its small container."""
        if element.tag != "input":
            own = squeeze(self._text(element))
            if own:
                return own[:400]
        for find in (self._referenced, self._explicit, self._wrapping):
            text = squeeze(find(element))
            if text:
                near = self._container(element, block)
                return (near if text in near else f"{text} {near}")[:400]
        return self._container(element, block)[:400]

    def _container(self, element: Element, block: Element) -> str:
        text = ""
        for depth, ancestor in enumerate(element.iterancestors()):
            if depth > 3 or self._inputs(ancestor) > 1:
                break
            found = squeeze(self._text(ancestor))
            if len(found) > 400:
                break
            text = found
            if ancestor is block:
                break
        return text or squeeze(element.tail or "")

    def _inputs(self, element: Element) -> int:
        if element not in self._shown:
            fields = element.iter("input", "select", "textarea")
            self._shown[element] = _at_most(2, ((e.get("type") or "") != "hidden" for e in fields))
        return self._shown[element]

    def _asks(self, element: Element) -> int:
        if element not in self._asked:
            fields = element.iter("input", "select", "textarea")
            asking = ((e.get("type") or "text").lower() not in NOT_ASKING for e in fields)
            self._asked[element] = _at_most(MAX_ASKED, asking)
        return self._asked[element]

    def _referenced(self, element: Element) -> str:
        ids = (element.get("aria-labelledby") or "").split()[:5]
        text = " ".join(self._text(self._by_id[i]) for i in ids if i in self._by_id)
        return text or element.get("aria-label") or ""

    def _explicit(self, element: Element) -> str:
        label = self._by_for.get(element.get("id") or "")
        return self._text(label) if label is not None else ""

    def _wrapping(self, element: Element) -> str:
        label = next(element.iterancestors("label"), None)
        if label is None or (element.get("type") or "").lower() == "radio":
            return ""
        return self._text(label)

    def _legend(self, element: Element) -> str:
        if (element.get("type") or "").lower() != "radio":
            return ""
        fieldset = next(element.iterancestors("fieldset"), None)
        legend = next(fieldset.iter("legend"), None) if fieldset is not None else None
        return self._text(legend) if legend is not None else ""

    def _before(self, element: Element, block: Element) -> str:
        """Return the text just before ``element``, climbing out while nothing else is asked for in between."""
        current = element
        limit = 4 if (element.get("type") or "") == "radio" else 1
        for _ in range(5):
            text = squeeze(_preceding(current, element))
            if _WORD.search(text):
                return text
            parent = current.getparent()
            # Beyond the block, or where several inputs share a line, words before no longer name this one.
            if (
                parent is None
                or parent is block
                or parent.tag in {"body", "html", "form"}
                or self._asks(parent) > limit
            ):
                return ""
            current = parent
        return ""


def _preceding(current: Element, element: Element) -> str:
    parts: list[str] = []
    sibling = current.getprevious()
    while sibling is not None and len(parts) < 6:
        parts.append(sibling.tail or "")
        if sibling.tag in HEADINGS:
            return "".join(reversed(parts))
        if isinstance(sibling.tag, str) and sibling.tag not in SILENT:
            if sibling.tag in FIELDS or next(sibling.iter(*FIELDS), None) is not None:
                if (element.get("type") or "") != "radio":
                    return "".join(reversed(parts))
            else:
                text = _text(sibling)
                parts.append(text)
                if _WORD.search(text):
                    return "".join(reversed(parts))
        if sibling.tag in {"br", "hr"} and any(squeeze(p) for p in parts):
            break
        sibling = sibling.getprevious()
    else:
        parent = current.getparent()
        if parent is not None and parent.tag not in {"body", "form"}:
            parts.append(parent.text or "")
        elif parent is not None:
            parts.append(squeeze(parent.text or "")[-MAX_LABEL:])
    return "".join(reversed(parts))


def _at_most(most: int, each: Iterable[bool]) -> int:
    """Count what is true, up to ``most``."""
    return sum(1 for _ in islice(filter(None, each), most))


def _short(text: str) -> str:
    line = squeeze(text)
    return line if len(line) <= MAX_LABEL else ""

"""Which inputs of a page belong to one form: by ``form`` elements, else by the nearest block with a button.

Every element is looked at once, whatever the page: nested blocks and thousands of inputs cost what they weigh.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from scanner.collect.site.labels import is_button
from scanner.collect.site.page import ParsedPage
from scanner.collect.site.pagetext import Element

INPUTS = ("input", "select", "textarea")
BUTTON_TYPES = frozenset({"submit", "button", "image", "reset"})
MAX_INPUTS = 6_000


class Blocks:
    """Which part of a page belongs together where there is no ``form`` element."""

    def __init__(self, root: Element) -> None:
        self._pressed: set[Element] = set()
        self._inputs: dict[Element, int] = {}
        for element in root.iter("button", "a", "div", "span", *INPUTS):
            if is_button(element):
                for holder in chain((element,), element.iterancestors()):
                    if holder in self._pressed:
                        break
                    self._pressed.add(holder)
            if element.tag in INPUTS:
                for holder in chain((element,), element.iterancestors()):
                    count = self._inputs[holder] = self._inputs.get(holder, 0) + 1
                    if count > 2:  # so have all above
                        break

    def of(self, element: Element) -> Element:
        """Return the nearest ancestor with a button, else the nearest with several inputs, else the widest with one."""
        several: Element | None = None
        widest: Element | None = None
        for depth, ancestor in enumerate(element.iterancestors()):
            if ancestor.tag in {"body", "html"} or depth > 8:
                break
            if ancestor in self._pressed:
                return ancestor
            if several is None and self._inputs.get(ancestor, 0) > 1:
                several = ancestor
            if several is None and depth < 4:
                widest = ancestor
        return next((found for found in (several, widest) if found is not None), element)


def groups_of(page: ParsedPage) -> Iterator[tuple[Element, list[Element]]]:
    """Yield each form element with its inputs, then each block that holds inputs outside forms."""
    owned: dict[Element, list[Element]] = {}
    loose: dict[Element, list[Element]] = {}
    blocks: Blocks | None = None
    by_id = {form.get("id"): form for form in page.root.iter("form") if form.get("id")}
    for count, element in enumerate(page.root.iter(*INPUTS)):
        if count >= MAX_INPUTS:
            page.cut = True
            break
        form = by_id.get(element.get("form") or "") if element.get("form") else None
        form = form if form is not None else next(element.iterancestors("form"), None)
        if form is not None:
            owned.setdefault(form, []).append(element)
        elif element.get("type", "").lower() not in BUTTON_TYPES | {"hidden"}:
            blocks = blocks or Blocks(page.root)
            loose.setdefault(blocks.of(element), []).append(element)
    yield from owned.items()
    yield from loose.items()

"""What a form sends by itself, after the HTML standard's rules of form submission, and where to.

Only what needs no script is seen: an input without a name, a switched-off one, and one in a form that has no button to
submit are not sent by the form.  A script may still read and send them; that is not observed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scanner.collect.site.domains import same_site
from scanner.collect.site.page import absolute
from scanner.collect.site.pagetext import Element
from scanner.collect.site.weburl import UrlError, parse_url

# A form without a button to submit is sent on Enter only where at most one of these inputs is in it.
_BLOCK_IMPLICIT = frozenset(
    [
        "text",
        "search",
        "tel",
        "url",
        "email",
        "password",
        "date",
        "month",
        "week",
        "time",
        "datetime-local",
        "number",
    ]
)
_STOPPED = ("return false", "preventdefault", "javascript:")


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a form sends to; ``method`` is empty where it sends nothing by itself.

    ``cleartext``: it sends by itself to an http address.
    """

    method: str
    action: str
    host: str
    third_party: bool
    cleartext: bool


def destination(page_url: str, block: Element, inputs: Sequence[Element]) -> Destination:
    """Return where the form ``block`` on the page at ``page_url`` sends to, by its first button if that says so."""
    page = parse_url(page_url)
    if block.tag != "form":
        return Destination("", page.text, page.host, third_party=False, cleartext=False)
    button = next((e for e in _buttons(block) if _submits(e)), None)
    reference = (_said(button, "formaction") or block.get("action") or "").strip()
    method = (_said(button, "formmethod") or block.get("method") or "get").lower().strip()
    target = absolute(page_url, reference) if reference else page_url
    try:
        url = parse_url(target or page_url)
    except UrlError:
        url = page
    sends = _sends(block, inputs, button, reference, method)
    return Destination(
        method=(method if method in {"get", "post"} else "get") if sends else "",
        action=url.text,
        host=url.host,
        third_party=sends and not same_site(url.host, page.host),
        cleartext=sends and url.scheme == "http",
    )


def is_sent(element: Element) -> bool:
    """Whether a form that sends by itself sends this input: it has a name and is not switched off."""
    off = element.get("disabled") is not None or any(
        holder.get("disabled") is not None for holder in element.iterancestors("fieldset")
    )
    return bool((element.get("name") or "").strip()) and not off


def _sends(
    form: Element, inputs: Sequence[Element], button: Element | None, reference: str, method: str
) -> bool:
    """Whether ``form`` can be sent without a script, and no script stops it."""
    handler = (form.get("onsubmit") or "").lower()
    if method == "dialog" or any(mark in f"{handler} {reference.lower()}" for mark in _STOPPED):
        return False
    if any("submit" in name and ".prevent" in name for name in map(str, form.attrib)):
        return False
    if button is not None:
        return True
    blocking = [e for e in inputs if e.tag == "input" and _type(e) in _BLOCK_IMPLICIT]
    return len(blocking) == 1


def _buttons(form: Element) -> Iterable[Element]:
    """Yield the buttons of ``form``, those elsewhere on the page that name it included."""
    yield from form.iter("button", "input")
    ident = form.get("id")
    if ident:
        for element in form.getroottree().getroot().iter("button", "input"):
            if element.get("form") == ident:
                yield element


def _submits(element: Element) -> bool:
    if element.tag == "button":
        return (element.get("type") or "submit").lower().strip() not in {"button", "reset"}
    return _type(element) in {"submit", "image"}


def _type(element: Element) -> str:
    return (element.get("type") or "text").lower().strip()


def _said(element: Element | None, name: str) -> str:
    return (element.get(name) or "") if element is not None else ""

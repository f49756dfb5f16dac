"""Hides what names a person or opens an account in every address that the facts of a visit keep.

Pages, forms, evidence, artefacts, gaps and problems all name addresses; a value is replaced by the same mark wherever
it stands in one, so that two addresses stay two, and the sha256 beside an address stays that of the content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from scanner.collect.site.sends import MASK, is_id_number, private_values
from scanner.facts import Facts

MAX_ODD = 2_000
_BEFORE = r"""(?:(?<=[=/"])|(?<=%3[DdAa])|(?<=%2[Ff2]))"""  # where a value begins: plain, or percent-encoded
# A value as it stands in an address, up to what ends one there.  Values are looked up, not tried one after the other:
# a hostile site names thousands.
_VALUE = re.compile(rf"""{_BEFORE}(?:(?!%3[DdAa]|%2[Ff2])[^\s"'<>&=#?/])+""")
_ODD = re.compile(r"""[\s"'<>&=#?/]|%3[DdAa]|%2[Ff2]""")
_END = re.compile(r"(?![0-9A-Za-z])")
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,4000}")
_IN_PATH = re.compile(r"(?<![0-9A-Za-z])(?:1[3-9]\d{9}|\d{17}[\dXx])(?![0-9A-Za-z])")
_ESCAPE = re.compile(r"%[0-9A-F]{2}")


def conceal(facts: Facts) -> Facts:
    """Return ``facts`` with the private values of all addresses replaced by marks (``13***1``)."""
    content = json.loads(facts.model_dump_json())
    marks = _marks(content)
    if not marks:
        return facts
    hide = _hider(marks)
    policy = content.pop("policy")
    shown = _mapped(content, hide)
    shown["policy"] = _addresses(policy, hide)
    return Facts.model_validate_json(json.dumps(shown))


def _marks(content: Any) -> dict[str, str]:
    """Return every way a private value is written in an address, with its mark."""
    numbers: dict[str, int] = {}
    for text in _texts(content):
        for address in _ADDRESS.findall(text) if "://" in text else ():
            for value in _private(address):
                numbers.setdefault(value, len(numbers) + 1)
    found: dict[str, str] = {}
    for value, number in numbers.items():
        encoded = (quote(value, safe=""), quote_plus(value))
        small = (_ESCAPE.sub(lambda escape: escape[0].lower(), text) for text in encoded)
        found |= dict.fromkeys((value, *encoded, *small), f"{value[:2]}{MASK}{number}")
    return found


def _private(address: str) -> Iterator[str]:
    yield from private_values(address)
    try:
        path = urlsplit(address).path
    except ValueError:
        return
    for number in _IN_PATH.findall(path):
        if len(number) == 11 or is_id_number(number):
            yield number


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for entry in content:
            yield from _texts(entry)
    elif isinstance(content, dict):
        for entry in content.values():
            yield from _texts(entry)


def _hider(marks: dict[str, str]) -> Callable[[str], str]:
    """Return the function that replaces private values in a text."""
    odd = sorted((form for form in marks if _ODD.search(form)), key=len, reverse=True)[:MAX_ODD]
    tried = re.compile(rf"{_BEFORE}(?:{'|'.join(map(re.escape, odd))})(?![0-9A-Za-z])") if odd else None

    def known(found: re.Match[str]) -> str:
        text = found[0]
        for end in reversed([cut.start() for cut in _END.finditer(text)]):
            if text[:end] in marks:
                return marks[text[:end]] + text[end:]
        return text

    def hide(text: str) -> str:
        if tried is not None:
            text = tried.sub(lambda found: marks[found[0]], text)
        return _VALUE.sub(known, text)

    return hide


def _addresses(content: Any, hide: Callable[[str], str]) -> Any:
    """Replace in texts that are addresses and nothing else: positions in the policy's own words must stay."""
    return _mapped(content, lambda text: hide(text) if _ADDRESS.fullmatch(text) else text)


def _mapped(content: Any, change: Callable[[str], str]) -> Any:
    if isinstance(content, str):
        return change(content)
    if isinstance(content, list):
        return [_mapped(entry, change) for entry in content]
    if isinstance(content, dict):
        return {key: _mapped(entry, change) for key, entry in content.items()}
    return content

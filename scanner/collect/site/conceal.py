"""Hides what names a person or opens an account in every address that the facts of a visit keep.

Pages, forms, evidence, artefacts, gaps and problems all name addresses; a value is replaced by the same mark wherever
it stands in one, so that two addresses stay two, and the sha256 beside an address stays that of the content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from scanner.collect.site.sends import MASK, is_id_number, private_values
from scanner.facts import Facts

MAX_VALUES = 5_000
_BEFORE = r"""(?:(?<=[=/"])|(?<=%3[DdAa])|(?<=%2[Ff2]))"""  # where a value begins: plain, or percent-encoded
_ADDRESS = re.compile(r"https?://[^\s\"'<>]{1,4000}")
_IN_PATH = re.compile(r"(?<![0-9A-Za-z])(?:1[3-9]\d{9}|\d{17}[\dXx])(?![0-9A-Za-z])")
_ESCAPE = re.compile(r"%[0-9A-F]{2}")


def conceal(facts: Facts) -> Facts:
    """Return ``facts`` with the private values of all addresses replaced by marks (``13***1``)."""
    content = json.loads(facts.model_dump_json())
    marks = _marks(content)
    if not marks:
        return facts
    forms = sorted(marks, key=len, reverse=True)
    pattern = re.compile(rf"{_BEFORE}(?:{'|'.join(map(re.escape, forms))})(?![0-9A-Za-z])")
    policy = content.pop("policy")
    shown = _replaced(content, pattern, marks)
    shown["policy"] = _addresses(policy, pattern, marks)
    return Facts.model_validate_json(json.dumps(shown))


def _marks(content: Any) -> dict[str, str]:
    """Return every way a private value is written in an address, with its mark."""
    numbers: dict[str, int] = {}
    for text in _texts(content):
        for address in _ADDRESS.findall(text) if "://" in text else ():
            for value in _private(address):
                if len(numbers) < MAX_VALUES:
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


def _addresses(content: Any, pattern: re.Pattern[str], marks: dict[str, str]) -> Any:
    """Replace in texts that are addresses and nothing else: positions in the policy's own words must stay."""
    if isinstance(content, str):
        return _replaced(content, pattern, marks) if _ADDRESS.fullmatch(content) else content
    if isinstance(content, list):
        return [_addresses(entry, pattern, marks) for entry in content]
    if isinstance(content, dict):
        return {key: _addresses(entry, pattern, marks) for key, entry in content.items()}
    return content


def _replaced(content: Any, pattern: re.Pattern[str], marks: dict[str, str]) -> Any:
    if isinstance(content, str):
        return pattern.sub(lambda found: marks[found[0]], content)
    if isinstance(content, list):
        return [_replaced(entry, pattern, marks) for entry in content]
    if isinstance(content, dict):
        return {key: _replaced(entry, pattern, marks) for key, entry in content.items()}
    return content

"""What a request sends: catalogue items recognised in query, body and path values, and the values masked for reports.

Names and forms are data (``rules/data/web/sends.yaml``); what a check digit can verify is verified.  A parameter name
alone proves nothing: the value has to look like what the name says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from scanner.datafiles import read_data
from scanner.model import Frozen
from scanner.safere import compile_pattern

MAX_PAIRS = 400
MAX_VALUE = 4_000
MAX_DEPTH = 6
MASK = "***"
MIN_PRIVATE = 4
# What names a person; identifiers the visit itself was given are the proof and stay.
PRIVATE = frozenset(
    {
        "id-number",
        "phone-number",
        "email",
        "bank-card",
        "name",
        "account-name",
        "password",
        "precise-location",
    }
)
_SECRET_NAME = re.compile(
    r"pass(?:word|wd)?\b|pwd|mima|secret|token|credential|authoriz|ticket|jwt|api_?key|access_?key|session_?id",
    re.IGNORECASE,
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


class ByName(Frozen):
    """Parameter names that, with a value of this form, carry an item."""

    item: str
    value: str
    names: tuple[str, ...]


class ByValue(Frozen):
    """A form of value that carries an item whatever its name."""

    item: str
    check: Literal["none", "id_number", "bank_card", "mobile"]
    value: str


class Signs(Frozen):
    """The data file."""

    version: int
    verified: str
    names: tuple[ByName, ...]
    values: tuple[ByValue, ...]


@cache
def signs() -> Signs:
    """Return how items are recognised in requests."""
    return Signs.model_validate(read_data("web/sends")[0])


@cache
def _by_name() -> dict[str, tuple[tuple[re.Pattern[str], str], ...]]:
    found: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {}
    for entry in signs().names:
        pattern = compile_pattern(f"(?i){entry.value}")
        for name in entry.names:
            found[name] = (*found.get(name, ()), (pattern, entry.item))
    return found


@cache
def _by_value() -> tuple[tuple[re.Pattern[str], ByValue], ...]:
    return tuple((compile_pattern(entry.value), entry) for entry in signs().values)


def items_sent(url: str, body: str = "", *, own: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return the catalogue items in the query of ``url`` and in ``body``, sorted.

    ``own`` holds identifiers this visit was given (cookie and storage values): a request that carries one of them
    passes on an identifier, item ``cookie``.
    """
    found: set[str] = set()
    for name, value in _pairs(url, body):
        found.update(_items(name, value))
        if value in own:
            found.add("cookie")
    return tuple(sorted(found))


def _items(name: str, value: str) -> Iterator[str]:
    key = name.lower().rsplit(".", 1)[-1].strip("[]")
    for pattern, item in _by_name().get(key, ()):
        if pattern.fullmatch(value):
            yield item
    for pattern, entry in _by_value():
        if len(value) <= 254 and pattern.fullmatch(value) and _verified(entry.check, key, value):
            yield entry.item


def _verified(check: str, name: str, value: str) -> bool:
    if check == "id_number":
        return is_id_number(value)
    if check == "bank_card":
        return luhn(value)
    if check == "mobile":
        # Eleven digits are a time in tenths of a second as well; a bare number under such a name is no phone.
        return not re.search(r"time|stamp|rand|nonce|seq|_t$|^t$|^r$|^v$|^_$|id$", name)
    return True


def is_id_number(value: str) -> bool:
    """Whether ``value`` is a resident identity number with valid birth date and check digit (GB 11643-1999)."""
    if not re.fullmatch(r"[1-9]\d{5}(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]", value):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(value, _WEIGHTS, strict=False))
    return _CHECK_DIGITS[total % 11] == value[-1].upper()


def luhn(value: str) -> bool:
    """Whether the digits of ``value`` satisfy the check digit of ISO/IEC 7812-1."""
    digits = [int(d) for d in reversed(value)]
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _pairs(url: str, body: str) -> Iterator[tuple[str, str]]:
    found = 0
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    for name, value in (*_query(parts.query), *_query(parts.fragment), *_body(body)):
        for inner_name, inner in _unfold(name, value, 0):
            found += 1
            if found > MAX_PAIRS:
                return
            yield inner_name, inner


def _query(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text[:65_536], max_num_fields=MAX_PAIRS)
    except ValueError:
        return []


def _body(body: str) -> Iterator[tuple[str, str]]:
    text = body.lstrip()
    if not text:
        return
    if text[0] in "{[":
        for line in text.split("\n")[:20] if "\n{" in text else [text]:
            yield "", line
    elif text.startswith("--") and "form-data" in text[:400]:
        pattern = r'name="([^"\r\n]{1,200})"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n){0,5}\r?\n([^\r\n]{0,4000})'
        yield from ((m[1], m[2]) for m in re.finditer(pattern, text))
    else:
        yield from _query(text)


def _unfold(name: str, value: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield a pair, and the pairs inside it when the value is JSON."""
    value = value.strip()
    if value[:1] in {"{", "["} and depth < MAX_DEPTH and len(value) <= 65_536:
        try:
            content = json.loads(value)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, (dict, list)):
            yield from _walk(name, content, depth + 1)
            return
    if value:
        yield name, value[:MAX_VALUE]


def _walk(name: str, content: Any, depth: int) -> Iterator[tuple[str, str]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(content, dict):
        for key, value in content.items():
            yield from _walk(str(key), value, depth + 1)
    elif isinstance(content, list):
        for value in content[:100]:
            yield from _walk(name, value, depth + 1)
    elif isinstance(content, str):
        yield from _unfold(name, content, depth)
    elif content is not None and not isinstance(content, bool):
        yield name, str(content)


def private_values(url: str, body: str = "") -> Iterator[str]:
    """Yield the values in query and body that name a person or open an account: not to be kept, even as evidence."""
    for name, value in _pairs(url, body):
        if len(value) >= MIN_PRIVATE and (_SECRET_NAME.search(name) or PRIVATE & set(_items(name, value))):
            yield value


def masked(url: str, limit: int = 500) -> str:
    """Return ``url`` for a report: scheme, host and path; of the query the names, and the values cut to two letters."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url[:80]
    netloc = parts.netloc.rpartition("@")[2]
    query = "&".join(
        f"{name}={value[:2]}{MASK}" if len(value) > 4 else f"{name}={value}"
        for name, value in _query(parts.query)[:60]
    )
    path = re.sub(r"\d{11,19}[Xx]?", MASK, parts.path)
    return urlunsplit((parts.scheme, netloc, path, query, ""))[:limit]

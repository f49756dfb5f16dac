"""Credentials in code, resources and small assets, recognised by their form and never shown whole.

A form alone is not enough: what looks like an example or repeats itself (low entropy) is left out, and forms without
a prefix of their own need a name beside them that says what they are.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Literal

from pydantic import Field

from scanner.appfacts import Secret
from scanner.collect.app.code import Code, instruction
from scanner.datafiles import read_data
from scanner.dex import strings_containing, text_sites
from scanner.model import Evidence, FileLocator, Frozen, ResourceLocator, Text

EXAMPLE = re.compile(
    r"example|sample|test|dummy|xxxx|your[_-]?|placeholder|0123456789|abcdefgh", re.IGNORECASE
)
MAX_TEXT = 1 << 20
MAX_FOUND = 500


class Form(Frozen):
    """One kind of credential (the header of secrets.yaml says what the fields mean)."""

    kind: str
    name: Text
    vendor: str
    regex: str
    needs: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    entropy: float = 0.0
    grants: Literal["server", "client", "signing"]
    bad: tuple[str, ...] = Field(default=())
    good: tuple[str, ...] = Field(default=())


@cache
def forms() -> tuple[Form, ...]:
    """Return all forms of the data; raises pydantic.ValidationError for a broken entry."""
    return tuple(Form.model_validate(e) for content in read_data("secrets") for e in content["secrets"])


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)


def entropy(text: str) -> float:
    """Return the Shannon entropy of ``text`` in bits per character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) if text else 0.0


def matches(form: Form, text: str, name: str = "") -> Iterator[tuple[str, int]]:
    """Yield (credential, offset) of ``form`` in ``text``, which stands under ``name`` where it has one."""
    if form.needs and not any(part in text for part in form.needs):
        return
    if form.context:
        plain = name.lower().replace("-", "_")
        if not any(part in plain for part in form.context):
            return
    for match in _compiled(form.regex).finditer(text[:MAX_TEXT]):
        value = match.group(1)
        if form.grants != "signing" and (EXAMPLE.search(value) or entropy(value) < form.entropy):
            continue
        yield value, match.start(1)


def mask(value: str) -> str:
    """Return ``value`` with everything but its ends hidden."""
    if value.startswith("-----"):
        return value[: value.rindex("-----") + 5] + "********"
    shown = min(4, len(value) // 4)
    return f"{value[:shown]}{'*' * 8}{value[-shown:] if shown else ''}"


def find_secrets(
    code: Code | None,
    strings: Sequence[tuple[str, str, str]],
    meta_data: Iterable[tuple[str, str]],
    assets: Iterable[tuple[str, str]],
) -> list[Secret]:
    """Return the credentials found, each value once per owner, sorted by kind.

    ``strings`` are resources as (name, locale, text), ``meta_data`` manifest names and values, ``assets`` text files
    as (path, text).
    """
    found: dict[tuple[str, str], Secret] = {}

    def add(secret: Secret, value: str) -> None:
        if len(found) < MAX_FOUND:  # the data lists general forms last, so the first kind is the most precise
            found.setdefault((value, secret.owner_id), secret)

    if code is not None:
        for secret, value in _in_code(code):
            add(secret, value)
    for position, form in _candidates(strings):
        name, locale, text = strings[position]
        for value, _ in matches(form, text, name.rpartition("/")[2]):
            place = ResourceLocator(name=name, locale=locale)
            shown = f"{name} = {mask(value)}"
            evidence = Evidence(artifact="resources.arsc", locator=place, excerpt=shown)
            add(_secret(form, value, "resource", evidence), value)
    manifest = FileLocator(path="AndroidManifest.xml")
    for name, text in meta_data:
        for form in forms():
            for value, _ in matches(form, text, name):
                shown = f"{name} = {mask(value)}"
                evidence = Evidence(artifact=manifest.path, locator=manifest, excerpt=shown)
                add(_secret(form, value, "manifest", evidence), value)
    for path, text in assets:
        for form in forms():
            for value, offset in matches(form, text):
                where = FileLocator(path=path, offset=offset, length=len(value))
                evidence = Evidence(artifact=path, locator=where, excerpt=mask(value))
                add(_secret(form, value, "asset", evidence), value)
    return sorted(found.values(), key=lambda s: (s.kind, s.origin, s.owner_id, s.masked))


def _candidates(strings: Sequence[tuple[str, str, str]]) -> list[tuple[int, Form]]:
    """Return (position, form) of the strings that may hold a credential, in order.

    Tens of thousands of strings meet every form: searching all of them joined is faster than asking each in turn.
    """
    texts = _Joined([text for _, _, text in strings])
    names = _Joined([name.rpartition("/")[2].lower().replace("-", "_") for name, _, _ in strings])
    found = []
    for order, form in enumerate(forms()):
        places = names.holding(form.context) if form.context else texts.holding(form.needs)
        found += [(place, order) for place in places]
    return [(place, forms()[order]) for place, order in sorted(found)]


class _Joined:
    """Strings as one, to find those that hold a part."""

    def __init__(self, strings: Sequence[str]) -> None:
        self._whole = "\0".join(strings)
        self._starts = list(accumulate((len(s) + 1 for s in strings), initial=0))

    def holding(self, parts: Iterable[str]) -> set[int]:
        """Return the positions of the strings that contain one of ``parts``; all when there are none."""
        found: set[int] = set()
        if not parts:
            return set(range(len(self._starts) - 1))
        for part in parts:
            at = self._whole.find(part)
            while at != -1:
                place = bisect_right(self._starts, at) - 1
                found.add(place)
                at = self._whole.find(part, self._starts[place + 1])
        return found


def _secret(
    form: Form, value: str, origin: Literal["code", "resource", "asset", "manifest"], evidence: Evidence
) -> Secret:
    checked = ["context" if form.context else "prefix"]
    if form.grants == "signing":
        checked = ["structure"]
    elif form.entropy:
        checked.append("entropy")
    return Secret(
        kind=form.kind,
        name=form.name,
        vendor=form.vendor,
        masked=mask(value),
        origin=origin,
        checked=tuple(checked),
        grants=form.grants,
        evidence=(evidence,),
    )


def _in_code(code: Code) -> Iterator[tuple[Secret, str]]:
    prefixed = [form for form in forms() if form.needs and not form.context]
    parts = [part.encode() for form in prefixed for part in form.needs]
    for site in text_sites(code.dex, lambda file: strings_containing(file, parts)):
        for form in prefixed:
            for value, _ in matches(form, site.target):
                owner = code.owner(site.node)
                evidence = code.evidence(site)
                hidden = evidence.model_copy(update={"excerpt": instruction(site, mask(value))})
                secret = _secret(form, value, "code", hidden)
                yield secret.model_copy(update={"owner_kind": owner.kind, "owner_id": owner.id}), value

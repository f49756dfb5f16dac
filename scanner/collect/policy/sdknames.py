"""Names of third-party SDKs as policies write them, and the catalogue entries a name can mean."""

from __future__ import annotations

import re
from functools import cache

from scanner import catalogue
from scanner.collect.policy.terms import fold
from scanner.collect.policy.vocabulary import words
from scanner.datafiles import read_data

MAX_NAMES = 60
MAX_NAME = 24
TAIL = re.compile(r"sdk$", re.IGNORECASE)
BULLET = re.compile(
    r"^[\s•·●▪◆*\-—]*(?:[（(]?\d{1,3}(?:[.．]\d{1,2}){1,3}[)）.、．:：]?|[（(]?[\d一二三四五六七八九十]{1,3}[)）.、．:：]|[①-⑳])?\s*(?=\D|\d)"
)
# A name is read backwards from "SDK" until something that cannot be part of it.
_NAME = re.compile(
    r"([A-Za-z0-9\u4e00-\u9fff+.&·_\-]{0,24}(?:[（(][^（）()]{1,16}[）)])?[ ,]{0,2})(?:sdk|SDK|Sdk)(?![a-zA-Z])"
)

# “极光推送”：该SDK由……提供
_QUOTED = re.compile(
    r"[“\"《「]([^”\"》」“《「]{2,24})[”\"》」]\s{0,2}"
    r"(?:[：:，,]?\s{0,2}(?:该|此)\s?(?:sdk|SDK)|[^“”，。；]{0,10}[：:，,]\s{0,2}由[^，。；]{2,30}提供)"
)


@cache
def _generic() -> frozenset[str]:
    return frozenset(words("sdk_generic"))


@cache
def _cuts() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(w) for w in sorted(words("sdk_cuts"), key=lambda w: -len(w))))


def names_in(text: str) -> tuple[str, ...]:
    """Return the SDKs ``text`` names, without generic ones such as 第三方SDK or 此类SDK."""
    found: dict[str, None] = {}
    for match in _NAME.finditer(text):
        name = clean(match.group(1))
        if name and not is_generic(name):
            found[name + "SDK"] = None
        if len(found) >= MAX_NAMES:
            break
    for match in _QUOTED.finditer(text):
        if not is_generic(match.group(1)):
            found[TAIL.sub("", match.group(1).strip()) + "SDK"] = None
    return tuple(found)


def may_name(text: str) -> bool:
    """Whether ``text`` can name an SDK at all: a cheap test before :func:`names_in`."""
    return "sdk" in text.lower() or ("由" in text and "提供" in text)


def clean(name: str) -> str:
    """Return ``name`` without the words that lead up to it (集成了, 使用, 由…提供的)."""
    pieces = _cuts().split(name)
    return pieces[-1].strip(" ,，、.：:的-_/") if pieces else ""


def is_generic(name: str) -> bool:
    """Whether ``name`` stands for SDKs in general."""
    folded = fold(name)[0]
    if len(folded) < 2:
        return True
    for word in sorted(_generic(), key=lambda w: -len(w)):
        folded = folded.replace(word, "")
    return not folded


def sdk_ids(name: str) -> tuple[str, ...]:
    """Return the catalogue entries ``name`` can mean, best first; several when only a family such as 友盟 is named."""
    key = _key(name)
    if not key:
        return ()
    index = _index()
    if key in index:
        return index[key]
    if key in _vendors():
        return _vendors()[key]
    best: tuple[int, tuple[str, ...]] = (0, ())
    for alias, ids in index.items():
        if len(alias) >= 2 and alias in key and _bounded(alias, key) and len(alias) > best[0]:
            best = (len(alias), ids)
    return best[1]


def _bounded(alias: str, key: str) -> bool:
    """Whether ``alias`` is no part of a longer Latin word in ``key``."""
    if not alias.isascii():
        return True
    at = key.find(alias)
    before, after = key[at - 1 : at] if at else "", key[at + len(alias) : at + len(alias) + 1]
    return not (before.isascii() and before.isalpha()) and not (after.isascii() and after.isalpha())


def _key(name: str) -> str:
    folded = fold(name)[0]
    for word in words("sdk_noise"):
        folded = folded.replace(word, "")
    return re.sub(r"[()（）【】\[\]《》“”\"'：:、，,。/+]", "", folded)


@cache
def _index() -> dict[str, tuple[str, ...]]:
    """Return the entries by the names that may stand for them."""
    found: dict[str, dict[str, None]] = {}
    aliases = read_data("sdk_aliases")[0]
    for info in catalogue.sdks().values():
        names = [info.name.zh, info.name.en, *aliases["aliases"].get(info.id, ())]
        for name in names:
            key = _key(name)
            if len(key) >= 2:
                found.setdefault(key, {})[info.id] = None
    for family, ids in aliases["families"].items():
        key = _key(family)
        for ident in ids:
            if ident in catalogue.sdks():
                found.setdefault(key, {})[ident] = None
    return {key: tuple(ids) for key, ids in found.items()}


@cache
def _vendors() -> dict[str, tuple[str, ...]]:
    """Return the entries a bare vendor name can mean."""
    known = catalogue.sdks()
    listed = read_data("sdk_aliases")[0]["vendors"]
    return {_key(name): tuple(i for i in ids if i in known) for name, ids in listed.items()}

"""Which personal-information item an input asks for: by the page's own words first, by its names last.

Signals from the strongest to the weakest: the standard's ``autocomplete`` and ``type``; the label; the placeholder;
validation rules (``pattern``, ``lay-verify`` …); name and id, cut into tokens, pinyin and abbreviations included.
A label that says something else silences the name: ``name`` beside 产品名称 is no person's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from scanner import catalogue
from scanner.collect.site.words import Words, literal_pattern
from scanner.datafiles import read_data

MAX_LABEL = 200
SHORT = 3
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])[\s\u00a0\u3000]+(?=[\u3400-\u9fff])")
_ALTERNATIVES = re.compile(r"[/／、|或]|\bor\b")
_CLEAN = re.compile(r"[\s:：*＊•·_（）()\[\]【】?？,，.。!！]+")
_LEAD = re.compile(
    r"^(?:请?(?:您)?(?:输入|填写|选择|上传|提供|设置|再次输入|确认|完善)(?:您的|你的|您|你)?|please (?:enter|input|fill in|select)|enter (?:your|the)?|your )\s*",
    re.IGNORECASE,
)
# Prefixes that programmers put before names of inputs.
_PREFIXES = frozenset(
    {
        "txt",
        "tb",
        "text",
        "input",
        "inp",
        "ipt",
        "form",
        "user",
        "member",
        "reg",
        "login",
        "data",
        "field",
        "ctl00",
        "my",
        "new",
        "f",
        "frm",
        "edt",
        "q",
        "t",
        "i",
    }
)
_SUFFIXES = frozenset(
    {
        "no",
        "num",
        "number",
        "id",
        "value",
        "input",
        "txt",
        "text",
        "box",
        "field",
        "str",
        "val",
        "edit",
        "control",
    }
)


@dataclass(frozen=True, slots=True)
class Signals:
    """What a page says about one input, as it stands; ``bound``: the label is the input's own, not just near it."""

    type: str = "text"
    name: str = ""
    ident: str = ""
    autocomplete: str = ""
    label: str = ""
    bound: bool = True
    placeholder: str = ""
    rules: str = ""
    pattern: str = ""
    chinese: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """An item with its grounds (``basis``) and confidence from 0 to 1; no item is ``Guess()``."""

    item: str = ""
    basis: tuple[str, ...] = ()
    confidence: float = 0.0


@dataclass(frozen=True)
class FieldWords:
    """The vocabulary in the form matching needs."""

    label: Words
    item_of: dict[str, str]
    tokens: dict[tuple[str, ...], str]
    longest_token: int
    neutral: Words | None
    not_person: frozenset[str]
    autocomplete: dict[str, str]
    types: dict[str, str]
    validators: dict[str, str]
    patterns: tuple[tuple[str, tuple[str, ...]], ...]


@cache
def form_data() -> dict[str, Any]:
    """Return ``rules/data/form_words.yaml``."""
    (data,) = read_data("form_words")
    return dict(data)


@cache
def field_words() -> FieldWords:
    """Return the vocabulary of fields; raises ValueError when the table names an unknown item."""
    data = form_data()
    known = catalogue.items()
    item_of: dict[str, str] = {}
    tokens: dict[tuple[str, ...], str] = {}
    for item in known.values():
        for term in item.web_field_terms:
            lowered = str(term).lower()
            item_of.setdefault(lowered, item.id)
            if lowered.isascii():
                tokens.setdefault(tokenise(lowered), item.id)
    patterns = tuple((entry["item"], tuple(entry["any_of"])) for entry in data["patterns"])
    named = {*data["autocomplete"].values(), *data["types"].values(), *data["validators"].values()}
    unknown = (named | {item for item, _ in patterns}) - set(known)
    if unknown:
        raise ValueError(f"form_words.yaml: unknown items {sorted(unknown)}")
    # A name of something else (project name) takes the field out as the words listed do, unless it is an item itself.
    others = (f"{word} name" for word in data["not_person"])
    neutral = [*(str(w).lower() for w in data["not_personal"]), *(w for w in others if w not in item_of)]
    pattern = literal_pattern([*item_of, *neutral])
    assert pattern is not None
    return FieldWords(
        label=pattern,
        item_of=item_of,
        tokens=tokens,
        longest_token=max(map(len, tokens)),
        neutral=literal_pattern(neutral),
        not_person=frozenset(data["not_person"]),
        autocomplete=dict(data["autocomplete"]),
        types=dict(data["types"]),
        validators={str(k).lower(): v for k, v in data["validators"].items()},
        patterns=patterns,
    )


def tokenise(name: str) -> tuple[str, ...]:
    """Cut an identifier into lower-case tokens: ``txtUserMobile_2`` → txt, user, mobile."""
    found = (token.lower() for token in _CAMEL.findall(name[:100]))
    return tuple(token for token in found if not token.isdigit())


@lru_cache(maxsize=2_000)
def classify(signals: Signals) -> Guess:
    """Return the item the input asks for, with what told it.  A site repeats its forms, so answers are kept."""
    words = field_words()
    votes: list[tuple[str, str, float]] = []
    token = signals.autocomplete.lower().split()[-1:] or [""]
    if token[0] in words.autocomplete:
        votes.append((words.autocomplete[token[0]], "autocomplete", 0.95))
    if signals.type in words.types:
        votes.append((words.types[signals.type], "type", 0.9))
    label, said = _by_words(signals.label)
    if label:
        votes.append((label, "label", 0.9 if signals.bound else 0.78))
    placeholder, hinted = _by_words(signals.placeholder)
    if placeholder:
        votes.append((placeholder, "placeholder", 0.8))
    for rule in re.split(r"[|,;\s]+", signals.rules.lower()[:200]):
        if rule in words.validators:
            votes.append((words.validators[rule], "pattern", 0.75 if len(rule) > 1 else 0.5))
    for item, parts in words.patterns:
        if signals.pattern and any(part in signals.pattern for part in parts):
            votes.append((item, "pattern", 0.7))
            break
    by_name = _by_name(signals, silent=(bool(said) or hinted == "neutral") and not (label or placeholder))
    if by_name is not None:
        votes.append((by_name[0], "name", by_name[1]))
    return _settle(votes, neutral=said == "neutral" or (not said and hinted == "neutral"))


def _settle(votes: list[tuple[str, str, float]], *, neutral: bool) -> Guess:
    """The strongest signal decides; agreeing ones are grounds too and raise confidence."""
    if neutral:
        votes = [vote for vote in votes if vote[1] in {"autocomplete", "type"} and vote[0] != "name"]
    if not votes:
        return Guess()
    worded = [vote for vote in votes if vote[1] in {"label", "placeholder"}]
    best = max(votes, key=lambda vote: vote[2])
    if best[1] == "type" and worded:  # type=tel is also used for numbers of cards and certificates
        best = (worded[0][0], worded[0][1], max(worded[0][2], 0.85))
    agreeing = [vote for vote in votes if vote[0] == best[0]]
    confidence = best[2] if len(agreeing) == 1 else min(0.99, best[2] + 0.05 * (len(agreeing) - 1))
    return Guess(best[0], tuple(dict.fromkeys(vote[1] for vote in agreeing)), round(confidence, 2))


def _by_words(text: str) -> tuple[str, str]:
    """Return the item that words for people name, and whether they say anything: ``item``, ``neutral``, ``other``."""
    cleaned = _LEAD.sub("", _HAN_GAP.sub("", text[:MAX_LABEL].strip())).lower()
    if not _CLEAN.sub("", cleaned):
        return "", ""
    words = field_words()
    matches = [(m.end(), m.group()) for m in words.label.finditer(cleaned)]
    if not matches:
        return "", "other" if len(_CLEAN.sub("", cleaned)) > 1 else ""
    items = [words.item_of.get(text, "") for _, text in matches]
    if "" in items:
        # 公司地址、搜索 …: these words take the field out, whatever else stands beside them
        return "", "neutral"
    if len(set(items)) > 1 and _ALTERNATIVES.search(cleaned):
        for preferred in ("account-name", "account"):
            if preferred in items:
                return preferred, "item"
        return items[0], "item"
    return items[-1], "item"


def _by_name(signals: Signals, *, silent: bool) -> tuple[str, float] | None:
    if silent:
        return None
    words = field_words()
    for source in (signals.name, signals.ident):
        tokens = tokenise(re.split(r"[$:]", source)[-1])
        if not tokens:
            continue
        found = _token_match(words, tokens)
        if found is None:
            continue
        item, matched = found
        if item == "name" and set(tokens) & words.not_person:
            continue
        length = sum(map(len, matched))
        if length < SHORT or (
            length == SHORT and len(tokens) > 1 and not set(tokens) - set(matched) <= _PREFIXES
        ):
            if not signals.chinese or len(set(tokens) - set(matched) - _PREFIXES):
                continue
            return item, 0.5
        return item, 0.65 if length > SHORT else 0.55
    return None


def _token_match(words: FieldWords, tokens: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """Return the longest term the tokens end in; what an identifier ends in is what it is (``contentTxtName``)."""
    while tokens and tokens[-1] in _SUFFIXES:
        joined = words.tokens.get(("".join(tokens),)) or words.tokens.get(tokens)
        if joined is not None:
            return joined, tokens
        shorter = tokens[:-1]
        if not shorter:
            break
        for size in range(min(len(tokens), words.longest_token), 1, -1):
            run = tokens[-size:]
            item = words.tokens.get(run) or words.tokens.get(("".join(run),))
            if item is not None:
                return item, run
        tokens = shorter
    for size in range(min(len(tokens), words.longest_token), 0, -1):
        run = tokens[-size:]
        item = words.tokens.get(run) or words.tokens.get(("".join(run),))
        if item is not None:
            return item, run
    return None


def is_chinese(text: str) -> bool:
    """Whether ``text`` contains a noticeable amount of Chinese."""
    sample = text[:4000]
    found = 0
    for run in _HAN.finditer(sample):
        found += run.end() - run.start()
        if found * 20 >= len(sample):
            return True
    return False

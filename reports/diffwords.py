"""What a changed fact is called, and what is said of it before and after."""

from __future__ import annotations

from collections.abc import Iterable

from reports.names import Names
from reports.text import one_line, plain
from reports.words import WORDS
from scanner.changes import FactChange, Value

MAX_VALUES = 12
# Kinds of values whose texts have words of their own, with the words' prefix.
WORDED = {
    "level": "level",
    "need": "o_need",
    "guard": "b_guard",
    "phase": "b_phase",
    "party": "tp",
    "cookie": "cookie",
    "word": "diff_value",
    "country": "country",
}


def fact_title(change: FactChange, names: Names) -> str:
    """Return what the fact is called."""
    key, label = one_line(change.id, 200), names.text(change.name, 80)
    first, _, rest = key.partition(" ")
    match change.kind:
        case "identity":
            return names.word(f"diff_identity_{change.id}")
        case "setting":
            return names.word("diff_domain", name=rest) if rest else names.word(f"diff_setting_{change.id}")
        case "policy":
            return names.word("at_paragraph", id=key)
        case "permission":
            return " ".join(part for part in (label, key.removeprefix("android.permission.")) if part)
        case "item":
            return f"{names.item(first)} · {owner_name(rest, names)}"
        case "startup":
            return _step(first, rest, names)
        case "ability" | "secret":
            return label or key
        case "autostart":
            return " ".join(part for part in (label or first, rest) if part)
        case "wake":
            return names.word("diff_all_apps") if key == "*" else key
        case "native":
            return names.word("diff_container", name=label) if first == "container" else key
        case "disclosure":
            return names.known("told", change.id)
        case "storage" | "cookie":
            return key
        case "script":
            return f"{names.known('api', first)} {rest}"
        case "form":
            return f"{names.known('form', first)} {rest}"
        case "consent":
            return f"{names.known('dialog', first)} {rest}"
        case "filing":
            return names.known("filing", change.id)
        case "weakness":
            return f"{names.known('weakness', first)} {rest}"
        case "exposed":
            return f"{names.item(first)} {rest}"
        case "dialog":
            return one_line(change.id, 40)
        case _:
            return " ".join(part for part in (label, key) if part)


def _step(action: str, rest: str, names: Names) -> str:
    """Return what happens in a step of the start: ``init jpush``, ``access imei app``, ``network network app``."""
    word = names.word(f"b_action_{action}")
    if action not in {"access", "network"}:
        return f"{word} {names.owner_id(rest)}"
    subject, _, author = rest.partition(" ")
    what = f"{word} {names.item(subject)}" if action == "access" else word
    return f"{what} · {owner_name(author, names)}"


def said_of(change: FactChange, values: Iterable[Value], names: Names) -> str:
    """Return what ``values`` say, as an enumeration."""
    limit = 400 if change.kind in {"policy", "dialog", "consent"} else 160
    said = [text for text in (_said(value, names, limit) for value in values) if text]
    left = len(said) - MAX_VALUES
    return names.join([*said[:MAX_VALUES], names.word("more_places", count=left)] if left > 0 else said)


def _said(value: Value, names: Names, limit: int) -> str:
    if value.name is not None:
        return names.text(value.name, limit)
    if value.kind in WORDED:
        return names.known(WORDED[value.kind], value.text)
    match value.kind:
        case "owner":
            return owner_name(value.text, names)
        case "item":
            return names.item(value.text)
        case _:
            return plain(value.text, limit)


def owner_name(owner: str, names: Names) -> str:
    """Return who wrote the code: the app, nobody known, or an SDK or library by its name."""
    return names.word(f"owner_{owner}") if f"owner_{owner}" in WORDS else names.owner_id(owner)

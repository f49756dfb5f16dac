"""What was added, removed or changed between two fact bases: entries with values, held against each other.  Pure.

Nothing is called added or removed for certain unless the other side could look.  What came or went with an SDK is
gathered under the SDK's own row, so that a new SDK shows once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from scanner.codefacts import Origin
from scanner.facts import Facts
from scanner.model import Evidence, Frozen, Text

FactKind = Literal[
    "identity",
    "setting",
    "sdk",
    "permission",
    "item",
    "startup",
    "ability",
    "autostart",
    "wake",
    "component",
    "link",
    "endpoint",
    "secret",
    "native",
    "dialog",
    "policy",
    "third_party",
    "cookie",
    "storage",
    "script",
    "form",
    "consent",
    "disclosure",
    "filing",
    "transport",
    "weakness",
    "library",
    "exposed",
]
ValueKind = Literal[
    "text", "owner", "item", "level", "need", "guard", "phase", "party", "cookie", "country", "word"
]

NOT_EXAMINED = Text(zh="未检测", en="not examined")


class Value(Frozen):
    """One thing said of a fact; ``kind`` tells how to read ``text``.

    ``owner``, ``item``: an id; ``level``: a protection level; ``need``: how far the category needs it; ``guard``,
    ``phase``: of a step of the start; ``party``, ``cookie``: what it is for; ``country``: ISO 3166-1; ``word``: a
    fixed mark such as ``unused``; ``text``: as it stands, ``name`` in both languages where it has one.
    """

    kind: ValueKind
    text: str
    name: Text | None = None


class FactChange(Frozen):
    """A fact that was added, removed or changed; ``old`` and ``new`` say what is known of it, empty where absent.

    ``certain`` is False when a side that decides it could not be read whole.  ``place`` is evidence of the newer
    side, of the older one for what was removed.  ``parts`` of an SDK that came or went are the facts of its code.
    """

    kind: FactKind
    id: str
    change: Literal["added", "removed", "changed"]
    name: Text | None = None
    old: tuple[Value, ...] = ()
    new: tuple[Value, ...] = ()
    certain: bool = True
    place: Evidence | None = None
    parts: tuple[FactChange, ...] = ()


class Incomparable(Frozen):
    """A kind of facts that a side could not read whole, and why: that nothing differs in it proves nothing."""

    kind: FactKind
    old: tuple[Text, ...] = ()
    new: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact to compare: ``id`` is the same in both versions; ``owner`` the SDK or library whose code it is."""

    id: str
    values: tuple[Value, ...] = ()
    name: Text | None = None
    owner: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of change: the paths of its facts and how to take its entries from them."""

    kind: FactKind
    paths: tuple[str, ...]
    entries: Callable[[Facts], Iterable[Entry]]


def said(kind: ValueKind, *texts: str | None) -> tuple[Value, ...]:
    """Return a value of ``kind`` for each text that is not empty."""
    return tuple(Value(kind=kind, text=text) for text in texts if text)


def marks(**holds: bool | None) -> tuple[Value, ...]:
    """Return the words whose condition holds."""
    return said("word", *(name for name, true in holds.items() if true))


def foreign(kind: str, owner: str) -> str:
    """Return the id of the SDK or library whose code it is, empty for code of the app or of nobody known."""
    return owner if kind in {"sdk", "library"} else ""


def code_of(owner: Origin) -> str:
    """Return the id of the SDK or library that wrote a class, as :func:`foreign` does."""
    return foreign(owner.kind, owner.id)


def author(kind: str, owner: str) -> tuple[Value, ...]:
    """Return who wrote the code, by a name that stays when the package's own prefixes change."""
    return said("owner", owner if kind in {"sdk", "library"} else kind)


def changes(sources: Iterable[Source], old: Facts, new: Facts) -> Iterator[FactChange]:
    """Return the changes of all ``sources``; those of an SDK that came or went are parts of its row."""
    before, after = _owners(old), _owners(new)
    came, went = after - before, before - after
    parts: dict[str, list[FactChange]] = {}
    rows: list[FactChange] = []
    for source in sources:
        was, now = list(source.entries(old)), list(source.entries(new))
        if source.kind != "sdk":
            for owner, change in _with_owner(source, was, now, came, went, old, new):
                parts.setdefault(owner, []).append(change)
            was = [entry for entry in was if entry.owner not in went]
            now = [entry for entry in now if entry.owner not in came]
        rows += compared(source.kind, source.paths, was, now, old, new)
    for row in rows:
        own = parts.get(row.id, []) if row.kind == "sdk" and row.change != "changed" else []
        yield row.model_copy(update={"parts": tuple(own)}) if own else row


def incomparable(sources: Iterable[Source], old: Facts, new: Facts) -> Iterator[Incomparable]:
    """Return the kinds that a side could not read whole, each once, in the order of ``sources``."""
    paths: dict[FactKind, dict[str, None]] = {}
    for source in sources:
        paths.setdefault(source.kind, {}).update(dict.fromkeys(source.paths))
    for kind, own in paths.items():
        before, after = unread(old, own), unread(new, own)
        if before or after:
            yield Incomparable(kind=kind, old=before, new=after)


def _owners(facts: Facts) -> frozenset[str]:
    return frozenset(sdk.id for sdk in facts.app.sdks) if facts.app is not None else frozenset()


def _with_owner(
    source: Source,
    was: list[Entry],
    now: list[Entry],
    came: frozenset[str],
    went: frozenset[str],
    old: Facts,
    new: Facts,
) -> Iterator[tuple[str, FactChange]]:
    for owner in sorted(came | went):
        gone = [entry for entry in was if entry.owner == owner and owner in went]
        fresh = [entry for entry in now if entry.owner == owner and owner in came]
        for change in compared(source.kind, source.paths, gone, fresh, old, new):
            yield owner, change


def compared(
    kind: FactKind,
    paths: Iterable[str],
    was: Iterable[Entry],
    now: Iterable[Entry],
    old: Facts,
    new: Facts,
) -> Iterator[FactChange]:
    """Return what differs between the entries ``was`` and ``now`` of the facts at ``paths``."""
    before, after = _merged(was), _merged(now)
    seen_before, seen_after = (all(readable(side, path) for path in paths) for side in (old, new))
    for key in sorted(before.keys() | after.keys()):
        earlier, later = before.get(key), after.get(key)
        if earlier is not None and later is not None:
            if set(earlier.values) != set(later.values):
                certain = seen_before and seen_after
                yield _change(kind, "changed", later, earlier.values, later.values, certain)
        elif later is not None:
            yield _change(kind, "added", later, (), later.values, seen_before)
        elif earlier is not None:
            yield _change(kind, "removed", earlier, earlier.values, (), seen_after)


def _change(
    kind: FactKind,
    change: Literal["added", "removed", "changed"],
    entry: Entry,
    old: tuple[Value, ...],
    new: tuple[Value, ...],
    certain: bool,
) -> FactChange:
    return FactChange(
        kind=kind,
        id=entry.id,
        change=change,
        name=entry.name,
        old=old,
        new=new,
        certain=certain,
        place=entry.evidence[0] if entry.evidence else None,
    )


def _merged(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """Return the entries by id; those of one id say together what each says."""
    found: dict[str, Entry] = {}
    for entry in entries:
        known = found.get(entry.id)
        if known is None:
            found[entry.id] = entry
        else:
            found[entry.id] = replace(
                known,
                values=tuple(dict.fromkeys((*known.values, *entry.values))),
                evidence=known.evidence or entry.evidence,
            )
    return found


def readable(facts: Facts, path: str) -> bool:
    """Whether the surface of ``path`` was read at all and nothing under it was left unread."""
    return not unread(facts, (path,))


def unread(facts: Facts, paths: Iterable[str]) -> tuple[Text, ...]:
    """Return why the facts at ``paths`` are not whole, once each; empty where all of them were read."""
    return tuple(dict.fromkeys(reason for path in paths for reason in _unread(facts, path)))


def _unread(facts: Facts, path: str) -> Iterator[Text]:
    surface = path.partition(".")[0]
    if surface in {"app", "site", "policy"} and getattr(facts, surface) is None:
        yield NOT_EXAMINED
        return
    for gap in facts.gaps:
        if gap.path == path or path.startswith(gap.path + ".") or gap.path.startswith(path + "."):
            yield gap.reason

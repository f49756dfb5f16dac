"""Which values in a program are flags an app has stored, what they are called, and what testing one says of consent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from scanner.appfacts import GuardKind
from scanner.collect.app.flagdata import Reader, flag_data, member, simple_name
from scanner.collect.app.flagwrites import FlagWrites
from scanner.dex import (
    Guard,
    Member,
    MemberSite,
    Site,
    constant_arguments,
    field_sites,
    guards,
    kept_flags,
    strings_containing,
)

if TYPE_CHECKING:
    from scanner.collect.app.code import Code

# A wrapper of a wrapper of a wrapper is followed, no further.
DEPTH = 3
MAX_KEY = 80
MAX_NAMED = 2000
MAX_JUDGED = 4096
# What a method that hands out a stored value of another type than boolean returns.
WIDE = (
    ")I",
    ")J",
    ")Ljava/lang/String;",
    ")Ljava/lang/Object;",
    ")Ljava/lang/Boolean;",
    ")Ljava/lang/Integer;",
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a tested flag is: keys it is stored under, names of what answers, its value before it is ever stored.

    ``agreed``: a screen that asks for agreement stores it when the user taps.
    """

    keys: frozenset[str]
    names: frozenset[str]
    default: bool | None
    boolean: bool
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Test:
    """A guard with its meaning: kind and what tells it, for the side it protects."""

    guard: Guard
    meaning: Meaning

    def runs_when(self, offset: int) -> bool | None:
        """Return the flag's value with which ``offset`` runs, None when the sides are not certain."""
        return (offset in self.guard.when_true) if self.guard.sided else None

    def judge(self, offset: int) -> tuple[GuardKind, str, bool | None]:
        """Return the kind of test for ``offset``, what tells it, and whether a first start gets there."""
        side, default = self.runs_when(offset), self.meaning.default
        return _judged(self.meaning, None if side is None or default is None else side == default)


@lru_cache(MAX_JUDGED)
def _judged(meaning: Meaning, first: bool | None) -> tuple[GuardKind, str, bool | None]:
    """Judge a flag of ``meaning``, given whether a first start passes its test."""
    data = flag_data()
    if first:
        return "unrelated", "default", True
    if any(data.speaks_of_consent(key, key=True) for key in meaning.keys):
        return "consent", "key", first
    if any(data.speaks_of_consent(name) for name in meaning.names):
        return "consent", "name", first
    if meaning.agreed:
        return "consent", "written", first
    if first is None and any(data.speaks_of_else(n) for n in meaning.keys or meaning.names):
        return "unrelated", "key" if meaning.keys else "name", first
    return "unknown", "none", first


class Flags:
    """The flags of a program, as far as code that runs at the start tests them (``started``: by method node)."""

    def __init__(self, code: Code, started: Any) -> None:
        self._code = code
        self._started = started
        self._tests: dict[int, tuple[Test, ...]] = {}
        self._meanings: dict[tuple[int, int, str], Meaning] = {}
        self.writes = FlagWrites(code)

    # --- what answers from a flag ---------------------------------------------------------------------

    @cached_property
    def reads(self) -> list[MemberSite]:
        """Calls of the methods that read stored values."""
        return self._code.sites([member(reader.method) for reader in flag_data().readers])

    @cached_property
    def _readers(self) -> dict[str, Reader]:
        return {hit.site.target: flag_data().readers[hit.member] for hit in self.reads}

    @cached_property
    def _wrappers(self) -> dict[int, bool]:
        """Methods of the program that hand out a stored value, with whether they answer true or false."""
        found: dict[int, bool] = {}
        for hit in self.reads:
            if hit.site.caller.endswith(")Z"):
                found[hit.site.node] = True
            elif hit.site.caller.endswith(WIDE):
                found.setdefault(hit.site.node, False)
        for kind in (True, False):
            level = {node for node, boolean in found.items() if boolean is kind}
            for _ in range(DEPTH - 1):
                asking = {n for n in self._callers(level) if self._code.describe(n).endswith(")Z")}
                level = asking - found.keys()
                found.update(dict.fromkeys(level, kind))
        return found

    def _callers(self, nodes: Collection[int]) -> list[int]:
        source, target = self._code.graph.call_pairs()
        hits = np.isin(target, np.array(sorted(nodes), dtype=np.int64))
        return [int(n) for n in np.unique(source[hits])]

    @cached_property
    def _wrapper_calls(self) -> list[tuple[Site, int]]:
        nodes = sorted(self._wrappers)
        hits = self._code.sites([_member(self._code.describe(node)) for node in nodes])
        return [(hit.site, nodes[hit.member]) for hit in hits]

    @cached_property
    def _named(self) -> dict[str, list[Site]]:
        """Methods and fields that by their name answer whether the user agreed, with the places that ask them."""
        methods, fields = self._named_members()
        found: dict[str, list[Site]] = defaultdict(list)
        for hit in [*self._code.sites(methods, inherited=False), *field_sites(self._code.dex, fields)]:
            found[hit.site.target].append(hit.site)
        return found

    def _named_members(self) -> tuple[list[Member], list[Member]]:
        data = flag_data()
        words = {
            form.encode()
            for word in (*data.consent, *data.consent_name[0])
            for form in (word, word.capitalize(), word.upper())
        }
        methods, fields = set[str](), set[str]()
        for part in self._code.dex.parts:
            file = part.file
            names = np.array(strings_containing(file, words), dtype=np.int64)
            for table, describe, found in (
                (file.methods, file.method, methods),
                (file.fields, file.field, fields),
            ):
                rows = np.flatnonzero(np.isin(table["name"], names)).tolist()
                texts = (describe(row) for row in rows)
                found.update(t for t in texts if t.endswith((")Z", ":Z")) and _named_for_consent(t))
        return [_member(t) for t in sorted(methods)[:MAX_NAMED]], [
            _member(t) for t in sorted(fields)[:MAX_NAMED]
        ]

    @cached_property
    def _fields(self) -> dict[str, tuple[int, int, str]]:
        """Fields that code of the start sets from a flag: the place (method, offset) and the flag it reads."""
        found: dict[str, tuple[int, int, str]] = {}
        stores = self._answers.keys()
        for node in sorted(self._places):
            for kept in kept_flags(self._code.dex, node, stores):
                if kept.field and not kept.negated:
                    found.setdefault(kept.field, (node, kept.source, kept.flag))
        return found

    @cached_property
    def _answers(self) -> dict[str, int | None]:
        """Descriptors of everything but fields that answers from a flag, with its node where it is a wrapper."""
        found: dict[str, int | None] = dict.fromkeys(self._readers)
        found.update(dict.fromkeys(self._named))
        found.update((site.target, node) for site, node in self._wrapper_calls)
        found.update((self._code.describe(node), node) for node in self._wrappers)
        return found

    @cached_property
    def _places(self) -> dict[int, list[Site]]:
        """The methods started that ask a flag, and where they do."""
        found: dict[int, list[Site]] = defaultdict(list)
        sites = [hit.site for hit in self.reads] + [site for site, _ in self._wrapper_calls]
        for site in [*sites, *(site for several in self._named.values() for site in several)]:
            if self._started[site.node]:
                found[site.node].append(site)
        return found

    @cached_property
    def askers(self) -> frozenset[int]:
        """The methods of the start in which a flag is tested."""
        members = [_member(name) for name in self._fields]
        reading = {hit.site.node for hit in field_sites(self._code.dex, members)} if members else set()
        return frozenset(self._places) | {node for node in reading if self._started[node]}

    @cached_property
    def _descriptors(self) -> frozenset[str]:
        return frozenset(self._answers) | frozenset(self._fields)

    # --- tests ----------------------------------------------------------------------------------------

    def tests(self, node: int) -> tuple[Test, ...]:
        """Return the tests of flags in method ``node``; one of a value that is not true or false must mean consent."""
        if node not in self.askers:
            return ()
        if node not in self._tests:
            found = [
                Test(guard, self._meaning(node, guard.source, guard.flag))
                for guard in guards(self._code.dex, node, self._descriptors)
            ]
            self._tests[node] = tuple(
                t for t in found if t.meaning.boolean or t.meaning.agreed or _means_consent(t.meaning)
            )
        return self._tests[node]

    def _meaning(self, node: int, offset: int, flag: str, depth: int = DEPTH) -> Meaning:
        place = (node, offset, flag)
        if place not in self._meanings:
            found = self._find_meaning(node, offset, flag, depth)
            agreed = not _means_consent(found) and any(self._stored_on_agreeing(key) for key in found.keys)
            self._meanings[place] = replace(found, agreed=agreed)
        return self._meanings[place]

    def _stored_on_agreeing(self, key: str) -> bool:
        """Whether a class that shows a request for agreement stores the flag, other than as false, on a tap."""
        screens = self._code.consent_screens
        return bool(screens) and any(
            write.trigger and write.value is not False and _outer(write.caller) in screens
            for write in self.writes.of(key)
        )

    def _find_meaning(self, node: int, offset: int, flag: str, depth: int) -> Meaning:
        if flag in self._fields and depth:
            kept = self._meaning(*self._fields[flag], depth - 1)
            return Meaning(kept.keys, kept.names | {simple_name(flag)}, kept.default, boolean=True)
        arguments = constant_arguments(self._code.dex, node, offset)
        reader = self._readers.get(flag)
        if reader is not None:
            key = arguments[reader.key] if reader.key < len(arguments) else None
            keys = frozenset({key[:MAX_KEY]} if isinstance(key, str) else set[str]())
            return Meaning(keys, frozenset(), _default(reader, arguments), reader.boolean)
        names = frozenset({simple_name(flag)})
        wrapper = self._answers.get(flag)
        if wrapper is None or not depth:
            return Meaning(frozenset(), names, None, flag.endswith((")Z", ":Z")))
        return self._wrapped(wrapper, names, arguments, depth)

    def _wrapped(self, wrapper: int, names: frozenset[str], arguments: Sequence[Any], depth: int) -> Meaning:
        """Return what a wrapper answers from: the flags it asks, or the key it is given."""
        inner = [
            self._meaning(wrapper, site.offset, site.target, depth - 1) for site in self._asked_in(wrapper)
        ]
        keys = frozenset[str]().union(*(meaning.keys for meaning in inner))
        if not keys:
            keys = frozenset(a[:MAX_KEY] for a in arguments if isinstance(a, str) and a)
        names = names.union(*(meaning.names for meaning in inner))
        return Meaning(keys, names, self._default_of(wrapper, depth), self._wrappers[wrapper])

    def _default_of(self, wrapper: int, depth: int) -> bool | None:
        """Return what the wrapper answers before anything is stored, where it only passes one flag on."""
        passed = [k for k in kept_flags(self._code.dex, wrapper, self._answers) if not k.field]
        if len(passed) != 1:
            return None
        default = self._meaning(wrapper, passed[0].source, passed[0].flag, depth - 1).default
        return None if default is None else default != passed[0].negated

    def _asked_in(self, node: int) -> Iterable[Site]:
        return self._by_node.get(node, ())

    @cached_property
    def _by_node(self) -> dict[int, list[Site]]:
        found: dict[int, list[Site]] = defaultdict(list)
        for site in [*(hit.site for hit in self.reads), *(site for site, _ in self._wrapper_calls)]:
            if site.node in self._wrappers:
                found[site.node].append(site)
        return found


def _default(reader: Reader, arguments: Sequence[Any]) -> bool | None:
    if reader.default is not None and reader.default < len(arguments):
        value = arguments[reader.default]
        return bool(value) if isinstance(value, int) else None
    return reader.absent


def _named_for_consent(member: str) -> bool:
    return flag_data().speaks_of_consent(simple_name(member).partition(".")[2])


def _outer(member: str) -> str:
    """Return the dotted name of the outermost class of a member's descriptor."""
    return member.partition("->")[0][1:].rstrip(";").replace("/", ".").partition("$")[0]


def _means_consent(meaning: Meaning) -> bool:
    data = flag_data()
    return any(data.speaks_of_consent(key, key=True) for key in meaning.keys) or any(
        data.speaks_of_consent(name) for name in meaning.names
    )


def _member(text: str) -> Member:
    """Return the member that a method or field descriptor names."""
    owner, _, rest = text.partition("->")
    mark = "(" if "(" in rest else ":"
    name, _, proto = rest.partition(mark)
    return Member(owner, name, mark + proto)

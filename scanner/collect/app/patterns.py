"""Code patterns of ``rules/data/patterns.yaml``: calls whose constant arguments show a security problem.

Only constants of the call's own basic block count: what cannot be determined is not reported.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pydantic import Field

from scanner.codefacts import CodeIssue
from scanner.collect.app.code import Code
from scanner.collect.app.intents import CONTEXTS
from scanner.collect.app.remarks import remarked
from scanner.datafiles import read_data
from scanner.dex import Member, MemberSite, Site, constant_arguments, instructions
from scanner.model import Evidence, Frozen, Text, beside

MAX_DETAIL = 120
MAX_PER_KIND = 2000
MAX_TOLD = 10
UNTOLD = Text(
    zh="所针对的动作不是同一方法中的常量，未能读出",
    en="the action it is about is no constant of the same method",
)


class Argument(Frozen):
    """A condition on one argument of a call (the header of patterns.yaml says what each means)."""

    at: int
    is_: bool | int | str | None = Field(default=None, alias="is")
    in_: tuple[int | str, ...] | None = Field(default=None, alias="in")
    matches: str | None = None
    below: int | None = None
    above: int | None = None
    bits: int | None = None
    lacks: int | None = None
    constant: bool = False
    name: Text | None = None
    values: dict[int, str] = Field(default_factory=dict)

    def holds(self, value: Any) -> bool:
        """Whether a constant ``value`` (None = not determined) meets the condition."""
        if value is None:
            return False
        if self.constant:
            return isinstance(value, str | bytes | tuple)
        if isinstance(self.is_, bool):
            return isinstance(value, int) and value == int(self.is_)
        if self.is_ is not None:
            return bool(value == self.is_)
        if self.in_ is not None:
            return value in self.in_
        if self.matches is not None:
            return isinstance(value, str) and _compiled(self.matches).fullmatch(value) is not None
        return isinstance(value, int) and self._number(value)

    def told(self, value: Any) -> Text | None:
        """Return the sentence on a ``value`` that was read, None for an argument that has no name."""
        if self.name is None or not isinstance(value, int):
            return None
        known = " | ".join(word for bit, word in self.values.items() if value & bit)
        zh, en = (f"（{known}）", f" ({known})") if known else ("", "")
        return Text(
            zh=f"{self.name.zh}在代码中是常量 {value}{zh}", en=f"{self.name.en} is the constant {value}{en}"
        )

    def _number(self, value: int) -> bool:
        return (
            (self.below is None or value < self.below)
            and (self.above is None or value > self.above)
            and (self.bits is None or bool(value & self.bits))
            and (self.lacks is None or not value & self.lacks)
        )


class Pattern(Frozen):
    """One way in which code shows a problem of ``kind``."""

    kind: str
    name: Text
    calls: tuple[str, ...]
    args: tuple[Argument, ...] = ()
    detail: int | None = None
    with_: tuple[str, ...] = Field(default=(), alias="with")
    with_string: str | None = None
    told_by: tuple[str, ...] = ()
    source: str


@cache
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.IGNORECASE)


@cache
def patterns() -> tuple[Pattern, ...]:
    """Return all patterns of the data; raises pydantic.ValidationError for a broken entry."""
    return tuple(
        Pattern.model_validate(entry) for content in read_data("patterns") for entry in content["patterns"]
    )


def member_of(text: str) -> Member:
    """Return the member written as ``Lpackage/Class;->name`` with an optional prototype."""
    owner, _, rest = text.partition("->")
    name, bracket, proto = rest.partition("(")
    return Member(owner, name, bracket + proto or None)


def members_of(text: str) -> list[Member]:
    """Return the members a call of the data stands for: methods of Context are called through its subclasses too."""
    one = member_of(text)
    owners = CONTEXTS if one.owner == CONTEXTS[0] else (one.owner,)
    return [Member(owner, one.name, one.proto) for owner in owners]


def pattern_issues(code: Code) -> list[CodeIssue]:
    """Return what the patterns find in ``code``, at most :data:`MAX_PER_KIND` of a kind."""
    finder = _Finder(code)
    counts: dict[str, int] = defaultdict(int)
    found = []
    for issue in finder.run():
        counts[issue.kind] += 1
        if counts[issue.kind] <= MAX_PER_KIND:
            found.append(issue)
    return found


class _Finder:
    def __init__(self, code: Code) -> None:
        self.code = code
        self._values: dict[tuple[int, int], tuple[Any, ...]] = {}
        self._telling: dict[tuple[str, ...], dict[int, list[Site]]] = {}

    def run(self) -> Iterator[CodeIssue]:
        wanted: list[tuple[Pattern, Member]] = [
            (pattern, member)
            for pattern in patterns()
            for call in pattern.calls
            for member in members_of(call)
        ]
        for hit in self.code.sites([member for _, member in wanted]):
            pattern = wanted[hit.member][0]
            if pattern.with_ and hit.site.node not in self._by_method(pattern.with_):
                continue
            values = self._constants(hit) if pattern.args or pattern.detail is not None else ()
            if self._fits(pattern, hit, values):
                yield self._issue(pattern, hit, values)

    def _fits(self, pattern: Pattern, hit: MemberSite, values: Sequence[Any]) -> bool:
        if not all(a.holds(values[a.at] if a.at < len(values) else None) for a in pattern.args):
            return False
        return pattern.with_string is None or pattern.with_string in self._strings(hit.site.node)

    def _constants(self, hit: MemberSite) -> tuple[Any, ...]:
        key = (hit.site.node, hit.site.offset)
        if key not in self._values:
            self._values[key] = constant_arguments(self.code.dex, *key)
        return self._values[key]

    def _strings(self, node: int) -> frozenset[str]:
        part = self.code.dex.part_of(node)
        return frozenset(part.file.string(index) for index in part.strings_of(node))

    def _accompanying(self, pattern: Pattern, node: int) -> tuple[Evidence, ...]:
        """Return the first call in method ``node`` that ``pattern`` needs beside the one it is about."""
        return tuple(self.code.evidence(site) for site in self._by_method(pattern.with_).get(node, ())[:1])

    def _issue(self, pattern: Pattern, hit: MemberSite, values: Sequence[Any]) -> CodeIssue:
        owner = self.code.owner(hit.site.node)
        reachable, _ = self.code.reached(hit.site.node)
        shown = (
            values[pattern.detail] if pattern.detail is not None and pattern.detail < len(values) else None
        )
        place = self.code.evidence(hit.site)
        told = self._told(pattern, hit.site)
        if told:
            shown = ", ".join(dict.fromkeys(text for text, _ in told))
        elif pattern.told_by:
            place = remarked(place, UNTOLD)
        elif note := next((n for a in pattern.args if (n := a.told(values[a.at]))), None):
            place = remarked(place, note)
        return CodeIssue(
            kind=pattern.kind,
            caller=hit.site.caller,
            detail="" if shown is None else str(shown)[:MAX_DETAIL],
            owner=owner,
            owner_kind=owner.kind,
            reachable=reachable,
            evidence=(
                place,
                *beside(self._accompanying(pattern, hit.site.node)),
                *beside(self._telling_evidence(text, site) for text, site in told),
            ),
        )

    def _told(self, pattern: Pattern, at: Site) -> list[tuple[str, Site]]:
        """Return what calls before ``at`` say it is about: those on an object it is given, since it was made."""
        before = [one for one in self._by_method(pattern.told_by).get(at.node, ()) if one.offset < at.offset]
        if not before:
            return []
        registers = {ins.offset: ins.registers for ins in instructions(self.code.dex, at.node)}
        given = set(registers.get(at.offset, ())[1:])
        told: list[tuple[str, Site]] = []
        for site in before[-MAX_TOLD:]:
            if not given.intersection(registers.get(site.offset, ())[:1]):
                continue
            if "-><init>(" in site.target:
                told = []  # another object in the same register
            arguments = constant_arguments(self.code.dex, site.node, site.offset)
            text = next((value for value in arguments[1:] if isinstance(value, str)), None)
            if text:
                told.append((text, site))
        return told

    def _by_method(self, calls: tuple[str, ...]) -> dict[int, list[Site]]:
        """Return the calls of ``calls`` by method, in the order of their offsets."""
        if calls not in self._telling:
            found: dict[int, list[Site]] = defaultdict(list)
            for hit in self.code.sites([member for call in calls for member in members_of(call)]):
                found[hit.site.node].append(hit.site)
            self._telling[calls] = {n: sorted(s, key=lambda one: one.offset) for n, s in found.items()}
        return self._telling[calls]

    def _telling_evidence(self, text: str, site: Site) -> Evidence:
        note = Text(
            zh=f"所针对的动作：{text[:MAX_DETAIL]}", en=f"the action it is about: {text[:MAX_DETAIL]}"
        )
        return self.code.evidence(site).model_copy(update={"note": note, "chain": ()})

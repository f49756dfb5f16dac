"""How a report cites several clauses: once per document, 《…》第七条、第十七条.  Every list of clauses goes through here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.clauses import ClauseView, InstrumentView
from reports.findings import FindingView
from reports.names import Names

_REPUBLIC = "中华人民共和国"
_REMARK = re.compile(r"（[^）]*年[^）]*）")  # how a clause was numbered before, after its number


@dataclass(frozen=True, slots=True)
class Citation:
    """Clauses of one document: its title as cited, with the gap before the first number; empty where it is obvious."""

    source: str
    separator: str
    clauses: tuple[ClauseView, ...]

    @property
    def text(self) -> str:
        """The citation as a phrase, with as many names as there are clauses."""
        return self.source + self.separator.join(clause.cited for clause in self.clauses)


def citations(clauses: Iterable[ClauseView], names: Names, *, is_named: bool = True) -> tuple[Citation, ...]:
    """Return ``clauses`` by document, documents and clauses in the order in which they come.

    ``is_named``: with the titles of the documents.  Numbers with an enumeration comma in them (一、1) are separated by
    a full comma, so that each can be told from the next.
    """
    groups: dict[str, list[ClauseView]] = {}
    for clause in clauses:
        groups.setdefault(clause.source, []).append(clause)
    found = []
    for source, group in groups.items():
        separator = names.word("comma")
        if any(separator.strip() in clause.number for clause in group):
            separator = names.word("clause_comma")
        gap = "" if source.endswith("》") else " "
        found.append(Citation(source + gap if is_named else "", separator, tuple(dict.fromkeys(group))))
    return tuple(found)


def cite(clauses: Iterable[ClauseView], names: Names, *, is_named: bool = True) -> str:
    """Return ``clauses`` as one phrase: 《甲法》第一条、第二条；《乙法》第三条."""
    return names.word("semicolon").join(c.text for c in citations(clauses, names, is_named=is_named))


def cite_first(clauses: tuple[ClauseView, ...], shown: int, total: int, names: Names) -> str:
    """Return the first ``shown`` of ``clauses`` and, where more are concerned, how many of them there are in all."""
    text = cite(clauses[:shown], names)
    return text + names.word("f_and_more_clauses", count=total) if total > min(shown, len(clauses)) else text


def cite_short(clauses: tuple[ClauseView, ...], names: Names) -> str:
    """Return the first of ``clauses`` for an index, by the usual short title of a law, and how many there are."""
    first = clauses[0]
    gap = "" if first.source.endswith("》") else " "
    text = f"{first.source.replace(_REPUBLIC, '')}{gap}{_REMARK.sub('', first.cited)}"
    return text + names.word("f_and_more_short", count=len(clauses)) if len(clauses) > 1 else text


class Citing:
    """The clauses of one report: which of them findings concern, and how the report cites them."""

    def __init__(self, instruments: Sequence[InstrumentView], names: Names) -> None:
        self._names = names
        self._is_named = len(instruments) > 1
        self._known = {clause.id: clause for i in instruments for clause in i.clauses}
        listed: dict[str, dict[str, ClauseView]] = {}
        for clause in self._known.values():
            for finding in clause.findings:
                listed.setdefault(finding.rule, {})[clause.id] = clause
        self._involved = {rule: tuple(clauses.values()) for rule, clauses in listed.items()}

    def involved(self, finding: FindingView) -> tuple[ClauseView, ...]:
        """Return the clauses under which the report lists the findings of the same rule, in its order."""
        return self._involved.get(finding.rule, ())

    def basis(self, finding: FindingView) -> tuple[ClauseView, ...]:
        """Return the clauses that the finding's rule rests on, the fittest first, of those under which it is listed.

        A clause that does not apply here is no basis; where none of the rule's own is left, as after a human's
        decision, all of them in the report are returned.
        """
        own = tuple(self._known[name] for name in finding.basis if name in self._known)
        listed = {clause.id for clause in self.involved(finding)}
        return tuple(clause for clause in own if clause.id in listed) or own

    def by_verdict(self, clauses: Iterable[ClauseView]) -> tuple[tuple[str, tuple[ClauseView, ...]], ...]:
        """Return ``clauses`` by verdict, worst first, each with the verdict's label."""
        ranked = sorted(clauses, key=lambda clause: clause.verdict.rank)
        groups: dict[str, list[ClauseView]] = {}
        for clause in ranked:
            groups.setdefault(clause.verdict_label, []).append(clause)
        return tuple((label, tuple(group)) for label, group in groups.items())

    def citations(self, clauses: Iterable[ClauseView]) -> tuple[Citation, ...]:
        """Return ``clauses`` by document, without its title where the report has one instrument."""
        return citations(clauses, self._names, is_named=self._is_named)

    def cite(self, clauses: Iterable[ClauseView]) -> str:
        """Return :meth:`citations` as one phrase."""
        return cite(clauses, self._names, is_named=self._is_named)

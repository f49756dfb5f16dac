"""A comparison as people read it: sections of rows, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from reports.diffwords import fact_title, said_of
from reports.findings import place_of
from reports.names import Names
from reports.text import one_line
from scanner.changes import FactChange, FactKind, Incomparable, Value
from scanner.diff import Diff, FindingChange, FindingState, Side
from scanner.facts import Facts
from scanner.model import SEVERITY_LABELS, Lang, Severity, Verdict
from scanner.rulepack import Pack

MAX_ROWS = 300
MAX_PARTS = 12  # of each kind that came or went with an SDK
TOLD = {"startup", "endpoint", "wake"}  # kinds whose parts say more than their names
PROBLEMS = {Verdict.VIOLATION, Verdict.SUSPECTED}
STATES: tuple[FindingState, ...] = get_args(FindingState)
KINDS: tuple[FactKind, ...] = get_args(FactKind)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a section: style class, its mark (new, fixed, added …), what, cells before and after, where it is."""

    style: str
    mark: str
    what: str
    old: str
    new: str
    note: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table; ``hidden`` counts the rows left to the JSON form."""

    id: str
    title: str
    rows: tuple[Row, ...]
    hidden: int = 0


@dataclass(frozen=True)
class DiffView:
    """A comparison in one language, with both fact bases for the names of what it speaks of."""

    diff: Diff
    old: Facts
    new: Facts
    pack: Pack
    lang: Lang
    width: int = 80
    colour: bool = False

    @cached_property
    def names(self) -> Names:
        """Names for ids, as the newer side knows them."""
        return Names(self.new, self.pack, self.lang)

    @cached_property
    def old_names(self) -> Names:
        """Names for ids, as the older side knows them."""
        return Names(self.old, self.pack, self.lang)

    def word(self, key: str, **values: object) -> str:
        """Return a fixed text of the reports; raises KeyError for an unknown key."""
        return self.names.word(key, **values)

    @cached_property
    def title(self) -> str:
        """The subject's name."""
        subject = self.diff.new.subject
        return one_line(subject.name, 80) or one_line(subject.identifier, 80)

    @cached_property
    def headline(self) -> str:
        """One sentence: how many fixed, remaining, new, unconfirmed."""
        return self.word("diff_headline", **{state: self.diff.count(state) for state in STATES})

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Remarks on how far the two can be compared."""
        return tuple(self.names.text(note) for note in self.diff.notes)

    @cached_property
    def sides(self) -> tuple[Row, ...]:
        """What was compared: label, older side, newer side."""
        pairs = (
            ("label_identifier", lambda s: one_line(s.subject.identifier, 120)),
            ("label_version", lambda s: one_line(s.subject.version, 60)),
            ("label_source", lambda s: one_line(s.subject.source, 120)),
            ("label_sha256", lambda s: one_line(s.subject.sha256, 64)),
            ("assessed", lambda s: s.assessed_at.strftime("%Y-%m-%d %H:%M %Z").strip()),
            ("pack", lambda s: f"{s.pack_version} ({s.pack_sha256[:12]})"),
            ("grade", self._grade),
        )
        return tuple(
            Row("", "", self.word(key), get(self.diff.old), get(self.diff.new)) for key, get in pairs
        )

    def _grade(self, side: Side) -> str:
        grade = side.grade
        mark = self.word("open") + self.word("provisional") + self.word("close") if grade.provisional else ""
        return f"{grade.label.get(self.lang)} {grade.score}{mark}"

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All tables with rows, in the order of the report."""
        found = [
            *(self._section(f"diff_{s}", [self._finding(c) for c in self._of(s)]) for s in STATES),
            self._section("diff_verdicts", [self._verdict(v) for v in self._verdicts()]),
            *(
                self._section(f"diff_kind_{kind}", [self._fact(c) for c in self.diff.facts if c.kind == kind])
                for kind in KINDS
            ),
            self._section("diff_incomparable", [self._incomparable(one) for one in self.diff.incomparable]),
        ]
        return tuple(section for section in found if section.rows)

    def _section(self, key: str, rows: list[Row]) -> Section:
        return Section(key, self.word(key), tuple(rows[:MAX_ROWS]), max(0, len(rows) - MAX_ROWS))

    def _of(self, state: FindingState) -> list[FindingChange]:
        order = list(Severity)
        found = [change for change in self.diff.findings if change.state == state]

        def urgency(change: FindingChange) -> tuple[int, str, str]:
            rule = self.pack.rules.get(change.rule)
            return (order.index(rule.severity) if rule else len(order), change.rule, change.group)

        return sorted(found, key=urgency)

    def _finding(self, change: FindingChange) -> Row:
        names = self.names if change.new_places else self.old_names
        rule = self.pack.rules.get(change.rule)
        severity = f"[{SEVERITY_LABELS[rule.severity].get(self.lang)}] " if rule else ""
        reasons = self.word("semicolon").join(self.names.text(reason) for reason in change.reasons)
        if change.state == "new" and reasons:
            reasons = f"{self.word('diff_old_blind')}{self.word('colon')}{reasons}"
        return Row(
            change.state,
            self.word(f"diff_mark_{change.state}"),
            severity + names.known_finding(change.rule, change.group),
            self._places(change.old_places),
            self._places(change.new_places),
            reasons,
        )

    def _places(self, count: int) -> str:
        return self.word("places", count=count) if count else "—"

    def _verdicts(self) -> list[tuple[str, Verdict | None, Verdict | None]]:
        clauses = self.pack.clauses()
        found = []
        for change in self.diff.verdicts:
            clause = clauses.get(change.clause)
            title = (
                f"{clause.number} {self.names.text(clause.title)}" if clause else one_line(change.clause, 80)
            )
            found.append((title, change.old, change.new))
        return found

    def _verdict(self, change: tuple[str, Verdict | None, Verdict | None]) -> Row:
        title, old, new = change
        key = "changed"  # leaving a problem for 需人工核查 is not yet better: nobody has confirmed it
        if new is Verdict.COMPLIANT:
            key = "better"
        elif new in PROBLEMS and (old is None or new.rank < old.rank):
            key = "worse"
        return Row(key, self.word(f"diff_mark_{key}"), title, self._label(old), self._label(new))

    def _label(self, verdict: Verdict | None) -> str:
        return verdict.label.get(self.lang) if verdict is not None else "—"

    def _fact(self, change: FactChange) -> Row:
        names = self.old_names if change.change == "removed" else self.names
        notes = [] if change.certain else [self.word(f"diff_uncertain_{change.change}")]
        notes += [self._parts(change, names)] if change.parts else []
        place = place_of((change.place,), names) if change.place else ""
        return Row(
            change.change,
            self.word(f"diff_mark_{change.change}"),
            fact_title(change, names),
            self._said(change, change.old, self.old_names, there=change.change != "added"),
            self._said(change, change.new, self.names, there=change.change != "removed"),
            self.word("semicolon").join(notes),
            place,
        )

    def _incomparable(self, one: Incomparable) -> Row:
        """Return the row of a kind that a side could not read whole: why, on the side it concerns."""
        join = self.word("semicolon").join
        old, new = (join(self.names.text(reason) for reason in side) for side in (one.old, one.new))
        whole = self.word("diff_read_whole")
        return Row(
            "unconfirmed",
            self.word("diff_mark_incomparable"),
            self.word(f"diff_kind_{one.kind}"),
            old or whole,
            new or whole,
            self.word("diff_incomparable_note"),
        )

    def _said(self, change: FactChange, values: tuple[Value, ...], names: Names, *, there: bool) -> str:
        if not there:
            return ""
        return said_of(change, values, names) or self.word("diff_present")

    def _parts(self, change: FactChange, names: Names) -> str:
        """Return what came or went with an SDK, kind by kind."""
        groups: dict[str, list[FactChange]] = {}
        for part in sorted(change.parts, key=lambda p: KINDS.index(p.kind)):
            dead = part.kind == "item" and any(v.text == "unreached" for v in part.new or part.old)
            groups.setdefault("unreached" if dead else part.kind, []).append(part)
        said = []
        for kind, own in groups.items():
            titles = names.join(self._part(part, names) for part in own[:MAX_PARTS])
            rest = self.word("diff_part_more", count=len(own)) if len(own) > MAX_PARTS else ""
            said.append(f"{self.word(f'diff_part_{kind}')}{self.word('colon')}{titles}{rest}")
        key = "diff_takes" if change.change == "removed" else "diff_brings"
        return f"{self.word(key)}{self.word('colon')}{self.word('semicolon').join(said)}"

    def _part(self, part: FactChange, names: Names) -> str:
        if part.kind == "item":
            return names.item(part.id.partition(" ")[0])
        title = fact_title(part, names)
        said = said_of(part, part.new or part.old, names) if part.kind in TOLD else ""
        return f"{title}{self.word('open')}{said}{self.word('close')}" if said else title

"""A comparison as people read it: sections of rows, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

from reports.names import Names
from reports.text import one_line, plain
from reports.words import WORDS
from scanner.diff import Diff, FactChange, FactKind, FindingChange, FindingState, Side
from scanner.facts import Facts
from scanner.model import SEVERITY_LABELS, Lang, Severity, Verdict
from scanner.rulepack import Pack

MAX_ROWS = 300
PROBLEMS = {Verdict.VIOLATION, Verdict.SUSPECTED}
STATES: tuple[FindingState, ...] = get_args(FindingState)
KINDS: tuple[FactKind, ...] = get_args(FactKind)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a section: style class, its mark (new, fixed, added …), what, and cells before and after."""

    style: str
    mark: str
    what: str
    old: str
    new: str
    note: str = ""


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
        note = "" if change.certain else self.word(f"diff_uncertain_{change.change}")
        label = names.text(change.name, 80)
        key = one_line(change.id, 200)
        if change.kind == "identity":
            key = self.word(f"diff_identity_{change.id}")
        elif change.kind == "policy":
            key = self.word("at_paragraph", id=key)
        elif change.kind == "permission":
            key = key.removeprefix("android.permission.")
        what = " ".join(part for part in (label, key if change.kind != "item" or not label else "") if part)
        return Row(
            change.change,
            self.word(f"diff_mark_{change.change}"),
            what,
            self._value(change, change.old, self.old_names),
            self._value(change, change.new, self.names),
            note,
        )

    def _value(self, change: FactChange, value: str, names: Names) -> str:
        if change.kind == "item":
            return names.join(self._owner(owner, names) for owner in value.split("\n") if owner)
        if change.kind == "permission":
            return names.known("level", value) if value else ""
        if change.kind in {"third_party", "cookie"}:
            return names.known("purpose", value) if value else ""
        text = plain(value, 400)
        return self.word("comma").join(text.split("\n")) if change.kind == "identity" else text

    def _owner(self, owner: str, names: Names) -> str:
        return self.word(f"owner_{owner}") if f"owner_{owner}" in WORDS else names.owner_id(owner)

"""Instruments, clauses and controls with their verdicts as people read them; nothing here decides a verdict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reports.findings import FindingView, decided
from reports.names import Names
from scanner.model import Assessment, ClauseResult, ControlResult, Coverage, Outcome, RuleResult, Verdict
from scanner.rulepack import Clause, Control, Instrument, Note

# Numbers of standards that end in the heading of their section: ``6.5 系统权限``.
_OWN_HEADING = re.compile(r"\d[\d.]* ?\S*[\u4e00-\u9fff]")
# The chapter of a clause in a collection of documents: ``《…指南》GB/T 42574-2023，…``.
_DOCUMENT = re.compile(r"(?P<title>《[^》]+》)(?P<number>[^，（]*)")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class RuleView:
    """The result of one rule: its outcome and, where it could not be decided, the reasons."""

    id: str
    code: str
    title: str
    outcome: Outcome
    outcome_label: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PreparationView:
    """What several manual procedures need first; ``label`` is its number in the report (P1)."""

    id: str
    label: str
    title: str
    steps: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ControlView:
    """A control's result with its rules, and the manual procedure (``minutes`` of work, 0 when there is none).

    ``ground`` says which row of the verdict table decided.  ``why``, ``prepare``, ``steps`` and ``keep`` are those for
    the subject's kind; what is to be prepared is not repeated in ``steps`` and ``keep``.
    """

    id: str
    title: str
    verdict: Verdict
    verdict_label: str
    ground: str
    reasons: tuple[str, ...]
    automation: str
    automation_label: str
    why: str
    prepare: tuple[PreparationView, ...]
    steps: tuple[str, ...]
    keep: tuple[str, ...]
    minutes: int
    decision: str
    rules: tuple[RuleView, ...]

    @property
    def procedure(self) -> tuple[str, ...]:
        """All steps in order, those of the preparations first."""
        return (*(step for preparation in self.prepare for step in preparation.steps), *self.steps)

    @property
    def evidence(self) -> tuple[str, ...]:
        """All that is to be kept, each once."""
        prepared = (item for preparation in self.prepare for item in preparation.keep)
        return tuple(dict.fromkeys((*prepared, *self.keep)))


@dataclass(frozen=True, slots=True)
class ClauseView:
    """A clause with its verdict, reasons, controls and findings.  ``capped`` explains a verdict held by the limit.

    ``document`` is the clause's own document where the instrument is a collection of several, else empty; ``source`` the
    document or instrument as one quotes it (:mod:`reports.citing`).  ``is_number_shared``: other clauses of the same
    document have the same number, so that it alone names none of them.
    """

    id: str
    number: str
    title: str
    chapter: str
    text: str
    text_note: str
    is_verified: bool
    verdict: Verdict
    verdict_label: str
    reasons: tuple[str, ...]
    capped: str
    controls: tuple[ControlView, ...]
    findings: tuple[FindingView, ...]
    document: str
    source: str
    is_number_shared: bool = False

    @property
    def anchor(self) -> str:
        """The clause's id inside a document."""
        return f"c-{self.id}"

    @property
    def heading(self) -> str:
        """Number and title; the number alone where it carries the standard's own heading in the same language."""
        own = _OWN_HEADING.match(self.number) and not self.is_number_shared
        return self.number if own and _CHINESE.search(self.title) else f"{self.number}\u3000{self.title}"

    @property
    def cited(self) -> str:
        """What names the clause within its document: its number, with the title where others have the number too."""
        return f"{self.number}“{self.title}”" if self.is_number_shared else self.number

    @property
    def fixes(self) -> tuple[str, ...]:
        """What to do, each remedy once."""
        return tuple(dict.fromkeys(finding.fix for finding in self.findings))


@dataclass(frozen=True, slots=True)
class InstrumentView:
    """An instrument with its clauses grouped by chapter; ``unverified`` counts clauses whose text was not compared."""

    id: str
    title: str
    number: str
    issuer: str
    effective: str
    status: str
    coverage: Coverage
    chapters: tuple[tuple[str, tuple[ClauseView, ...]], ...]

    @property
    def clauses(self) -> tuple[ClauseView, ...]:
        """All clauses in order."""
        return tuple(clause for _, clauses in self.chapters for clause in clauses)

    @property
    def unverified(self) -> int:
        """Number of clauses whose text was not compared with its source."""
        return sum(not clause.is_verified for clause in self.clauses)


def rule_views(assessment: Assessment, names: Names) -> dict[str, RuleView]:
    """Return the result of every rule that ran, by rule id."""
    return {result.rule: _rule(result, names) for result in assessment.evaluation.results}


def _rule(result: RuleResult, names: Names) -> RuleView:
    rule = names.pack.rules[result.rule]
    return RuleView(
        id=rule.id,
        code=rule.code,
        title=names.text(rule.title),
        outcome=result.outcome,
        outcome_label=names.word(f"outcome_{result.outcome.value}"),
        reasons=tuple(names.text(reason) for reason in result.reasons),
    )


def control_views(
    assessment: Assessment, rules: Mapping[str, RuleView], names: Names
) -> dict[str, ControlView]:
    """Return the result of every control, by control id."""
    controls = [names.pack.controls[result.control] for result in assessment.controls]
    prepared = preparation_views(controls, names)
    return {
        result.control: _control(control, result, rules, prepared, names)
        for control, result in zip(controls, assessment.controls, strict=True)
    }


def preparation_views(controls: Iterable[Control], names: Names) -> dict[str, PreparationView]:
    """Return the preparations that ``controls`` need on the subject, by id, numbered in the order of the rule pack."""
    kind = names.facts.subject.kind
    used = {name for control in controls if control.manual for name in control.manual.prepare}
    needed = [p for p in names.pack.preparations.values() if p.id in used and p.concerns(kind)]
    return {
        p.id: PreparationView(
            id=p.id,
            label=f"P{number}",
            title=names.text(p.title),
            steps=_texts(p.steps, names),
            keep=_texts(p.keep, names),
        )
        for number, p in enumerate(needed, 1)
    }


def _texts(notes: Iterable[Note], names: Names) -> tuple[str, ...]:
    """Return the texts meant for the subject's kind."""
    return tuple(names.text(note, 2000) for note in notes if note.concerns(names.facts.subject.kind))


def _control(
    control: Control,
    result: ControlResult,
    rules: Mapping[str, RuleView],
    prepared: Mapping[str, PreparationView],
    names: Names,
) -> ControlView:
    manual, decision = control.manual, result.decision
    return ControlView(
        id=control.id,
        title=names.text(control.title),
        verdict=result.verdict,
        verdict_label=result.verdict.label.get(names.lang),
        ground=names.word(f"row_{result.row}"),
        reasons=tuple(names.text(reason) for reason in result.reasons),
        automation=control.automation,
        automation_label=names.word(f"automation_{control.automation}"),
        why=names.text(control.why_on(names.facts.subject.kind)),
        prepare=tuple(prepared[p] for p in manual.prepare if p in prepared) if manual else (),
        steps=_texts(manual.steps, names) if manual else (),
        keep=_texts(manual.keep, names) if manual else (),
        minutes=manual.minutes if manual else 0,
        decision=decided(decision, names) if decision else "",
        rules=tuple(rules[rule] for rule in control.rules if rule in rules),
    )


def instrument_views(
    assessment: Assessment,
    controls: Mapping[str, ControlView],
    findings: Mapping[str, tuple[FindingView, ...]],
    names: Names,
) -> tuple[InstrumentView, ...]:
    """Return the instruments of the profile with all their clauses, in their own order."""
    found = []
    for result in assessment.instruments:
        instrument = names.pack.instruments[result.instrument]
        texts = {clause.id: clause for clause in instrument.clauses}
        numbers = Counter((clause.chapter, clause.number) for clause in instrument.clauses)
        chapters: dict[str, list[ClauseView]] = {}
        for outcome in result.clauses:
            clause = texts[outcome.clause]
            own = tuple(controls[name] for name in outcome.controls)
            view = _clause(instrument, clause, outcome, own, _findings_of(outcome, own, findings), names)
            shared = numbers[clause.chapter, clause.number] > 1
            chapters.setdefault(clause.chapter, []).append(replace(view, is_number_shared=shared))
        found.append(
            InstrumentView(
                id=instrument.id,
                title=names.text(instrument.title),
                number=instrument.number,
                issuer=instrument.issuer,
                effective=instrument.effective,
                status=names.text(instrument.status),
                coverage=result.coverage,
                chapters=tuple((name, tuple(group)) for name, group in chapters.items()),
            )
        )
    return tuple(found)


def _findings_of(
    outcome: ClauseResult, controls: tuple[ControlView, ...], findings: Mapping[str, tuple[FindingView, ...]]
) -> tuple[FindingView, ...]:
    """Return the findings of the clause's controls, each once, in the order of the report.

    A clause that does not apply has none: a control serves many clauses, such as those of the other categories.
    """
    if outcome.verdict is Verdict.NOT_APPLICABLE:
        return ()
    own = {f.number: f for control in controls for rule in control.rules for f in findings.get(rule.id, ())}
    return tuple(own[number] for number in sorted(own))


def _document(clause: Clause, names: Names) -> str:
    found = _DOCUMENT.match(clause.chapter)
    if found is None:
        return ""
    return found["number"].strip() or found["title"] if names.lang == "en" else found[0].strip()


def _source(document: str, instrument: Instrument, names: Names) -> str:
    title = names.text(instrument.title)
    return document or (title if names.lang == "en" else f"《{title}》")


def _in_order(reasons: Iterable[str], findings: Sequence[FindingView], names: Names) -> list[str]:
    """Return ``reasons`` in the order of ``findings``, in which the remedies stand too.

    What a rule adds to its message stays behind it; reasons that no finding gives come first.
    """
    order: dict[str, int] = {}
    for finding in findings:
        order.setdefault(names.text(names.pack.rules[finding.rule].message), len(order))
    placed, place = [], -1
    for reason in reasons:
        place = order.get(reason, place)
        placed.append((place, reason))
    return [reason for _, reason in sorted(placed, key=lambda pair: pair[0])]


def _clause(
    instrument: Instrument,
    clause: Clause,
    outcome: ClauseResult,
    controls: tuple[ControlView, ...],
    findings: tuple[FindingView, ...],
    names: Names,
) -> ClauseView:
    capped = ""
    if outcome.capped_from is not None:
        capped = names.word(
            "capped", verdict=outcome.capped_from.label.get(names.lang), why=names.text(clause.limit_why)
        )
    limit_why = names.text(clause.limit_why) if capped else ""
    reasons = _in_order((names.text(reason) for reason in outcome.reasons), findings, names)
    return ClauseView(
        id=clause.id,
        number=clause.number,
        title=names.text(clause.title),
        chapter=clause.chapter,
        text=clause.text,
        text_note=""
        if clause.text_kind == "exact"
        else names.word(f"text_{clause.text_kind.replace('-', '_')}"),
        is_verified=clause.is_verified,
        verdict=outcome.verdict,
        verdict_label=outcome.verdict.label.get(names.lang),
        reasons=tuple(reason for reason in reasons if reason != limit_why),
        capped=capped,
        controls=controls,
        findings=findings,
        document=(document := _document(clause, names)),
        source=_source(document, instrument, names),
    )

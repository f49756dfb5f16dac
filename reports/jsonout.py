"""The JSON report: the assessment, the facts it rests on, and the names of what it refers to.

The same input gives the same bytes: keys stand in the order of the schema (docs/schema/report.schema.json), lists in
the order of the models.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from reports.view import ReportView
from scanner.facts import Facts
from scanner.gate import BaselineState
from scanner.model import Assessment, Confidence, Frozen, Severity, Text
from scanner.overreachrows import Overreach
from scanner.rulepack import Pack


class ClauseRef(Frozen):
    """A clause the assessment speaks of.  ``verified``: whether its text was compared with its source."""

    number: str
    title: Text
    text: str
    verified: bool


class InstrumentRef(Frozen):
    """An instrument the assessment speaks of, with its clauses by id."""

    title: Text
    number: str
    issuer: str
    clauses: dict[str, ClauseRef]


class RuleRef(Frozen):
    """A rule that ran."""

    code: str
    title: Text
    severity: Severity
    confidence: Confidence
    basis: tuple[str, ...]
    message: Text
    fix: Text


class References(Frozen):
    """Names by id of instruments, controls, rules and personal-information items."""

    instruments: dict[str, InstrumentRef]
    controls: dict[str, Text]
    rules: dict[str, RuleRef]
    items: dict[str, Text]


class JsonReport(Frozen):
    """The document written.

    ``overreach``: permissions and items against what the app's category needs; None for sites and policies.
    ``baseline``: which findings were known before, which entries are gone or were not checked; None without a baseline.
    """

    format: Literal["guijian-report/1"] = "guijian-report/1"
    assessment: Assessment
    references: References
    facts: Facts
    overreach: Overreach | None = None
    baseline: BaselineState | None = None


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 JSON."""
    document = JsonReport.model_construct(
        assessment=view.assessment,
        references=_references(view.assessment, view.facts, view.pack),
        facts=view.facts,
        overreach=view.overreach if view.facts.app is not None else None,
        baseline=view.baseline,
    )
    return document.model_dump_json(indent=1).encode() + b"\n"


def _references(assessment: Assessment, facts: Facts, pack: Pack) -> References:
    accessed = {access.item for access in facts.app.accesses} if facts.app else set()
    return References(
        instruments={
            i.instrument: _instrument(i.instrument, (c.clause for c in i.clauses), pack)
            for i in assessment.instruments
        },
        controls={c.control: pack.controls[c.control].title for c in assessment.controls},
        rules={r.rule: _rule(r.rule, pack) for r in assessment.evaluation.results},
        items={item: pack.items[item] for item in sorted(accessed) if item in pack.items},
    )


def _instrument(name: str, used: Iterable[str], pack: Pack) -> InstrumentRef:
    instrument = pack.instruments[name]
    clauses = {clause.id: clause for clause in instrument.clauses}
    return InstrumentRef(
        title=instrument.title,
        number=instrument.number,
        issuer=instrument.issuer,
        clauses={
            c: ClauseRef(
                number=clauses[c].number,
                title=clauses[c].title,
                text=clauses[c].text,
                verified=clauses[c].is_verified,
            )
            for c in used
        },
    )


def _rule(name: str, pack: Pack) -> RuleRef:
    rule = pack.rules[name]
    return RuleRef(
        code=rule.code,
        title=rule.title,
        severity=rule.severity,
        confidence=rule.confidence,
        basis=rule.basis,
        message=rule.message,
        fix=rule.fix,
    )

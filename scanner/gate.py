"""What is new since a baseline, how far each hit stands, and what counts for the exit code.  Pure.

A baseline holds the findings somebody already knows.  They stay in every report, counted and marked; they only no
longer fail a pipeline.  An entry that no longer occurs is reported as gone only when its rule could look.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from scanner.grade import limited
from scanner.model import (
    Assessment,
    Confidence,
    ControlResult,
    Decision,
    Finding,
    Frozen,
    Outcome,
    Verdict,
)
from scanner.rulepack import Pack

DECIDED = {Outcome.HIT, Outcome.CLEAR, Outcome.NOT_APPLICABLE}
ACCEPTED = {Verdict.COMPLIANT, Verdict.NOT_APPLICABLE}


class KnownFinding(Frozen):
    """A finding of a baseline: its fingerprint, and what a person needs to recognise it."""

    fingerprint: str
    rule: str
    group: str = ""
    subject: str = ""


class Baseline(Frozen):
    """Known findings, sorted by subject, rule and group (the file ``guijian baseline`` writes)."""

    format: Literal["guijian-baseline/1"] = "guijian-baseline/1"
    findings: tuple[KnownFinding, ...] = ()


class BaselineState(Frozen):
    """A baseline against one assessment.

    ``known``: fingerprints that occur again; ``gone``: entries that no longer occur; ``unchecked``: entries whose rule
    could not be decided or did not run this time, so that nothing can be said of them.
    """

    known: tuple[str, ...] = ()
    gone: tuple[KnownFinding, ...] = ()
    unchecked: tuple[KnownFinding, ...] = ()


class Standing(Frozen):
    """How far the hit of a rule stands: the verdict its controls reach, and the human decision behind it, if any."""

    verdict: Verdict
    decision: Decision | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether a human looked at it and found no violation."""
        return self.decision is not None and self.verdict in ACCEPTED


def all_findings(assessment: Assessment) -> tuple[Finding, ...]:
    """Return the findings of all rules, in the order of the evaluation."""
    return tuple(finding for result in assessment.evaluation.results for finding in result.findings)


def make_baseline(assessments: Iterable[Assessment]) -> Baseline:
    """Return the findings of ``assessments`` as a baseline, each once."""
    entries = {
        finding.fingerprint: KnownFinding(
            fingerprint=finding.fingerprint,
            rule=finding.rule,
            group=finding.group,
            subject=assessment.subject.identifier,
        )
        for assessment in assessments
        for finding in all_findings(assessment)
    }
    order = sorted(entries.values(), key=lambda e: (e.subject, e.rule, e.group, e.fingerprint))
    return Baseline(findings=tuple(order))


def compare_baseline(baseline: Baseline, assessment: Assessment) -> BaselineState:
    """Return which entries of ``baseline`` for this subject occur again, are gone, or could not be checked."""
    present = {finding.fingerprint for finding in all_findings(assessment)}
    outcomes = {result.rule: result.outcome for result in assessment.evaluation.results}
    own = [e for e in baseline.findings if e.subject in {"", assessment.subject.identifier}]
    absent = [e for e in own if e.fingerprint not in present]
    return BaselineState(
        known=tuple(sorted({e.fingerprint for e in own} & present)),
        gone=tuple(e for e in absent if outcomes.get(e.rule) in DECIDED),
        unchecked=tuple(e for e in absent if outcomes.get(e.rule) not in DECIDED),
    )


def standings(assessment: Assessment, pack: Pack) -> dict[str, Standing]:
    """Return how far the hit of each rule stands, by rule id: the worst over the controls it belongs to.

    Each control's verdict is taken after the most permissive limit of its clauses in this assessment; without a human a
    hit that is not certain reaches 疑似 at most, whatever another rule proves for the same control.
    """
    limits = _limits(assessment, pack)
    sure_rules = _sure_rules(assessment, pack)
    found: dict[str, Standing] = {}
    for control in assessment.controls:
        own = [limits[c] for c in pack.controls[control.control].clauses if c in limits]
        whole = limited(control, own)
        for rule in control.hits:
            sure = control.decision is not None or rule in sure_rules
            verdict = whole if sure else max(whole, Verdict.SUSPECTED, key=lambda v: v.rank)
            best = found.get(rule)
            if best is None or verdict.rank < best.verdict.rank:
                found[rule] = Standing(verdict=verdict, decision=control.decision)
    for result in assessment.evaluation.results:
        if result.outcome is Outcome.HIT:
            found.setdefault(result.rule, Standing(verdict=Verdict.SUSPECTED))
    return found


def gate_verdict(assessment: Assessment, pack: Pack, known: Iterable[str] = ()) -> Verdict:
    """Return the worst verdict that counts: of the clauses, without what rests on ``known`` findings alone."""
    clauses = [clause for instrument in assessment.instruments for clause in instrument.clauses]
    skip = set(known)
    if not skip:
        return min((c.verdict for c in clauses), key=lambda v: v.rank, default=Verdict.NOT_APPLICABLE)
    fresh = {
        result.rule: any(finding.fingerprint not in skip for finding in result.findings)
        for result in assessment.evaluation.results
    }
    limits = _limits(assessment, pack)
    sure = _sure_rules(assessment, pack)
    controls = {c.control: _without_known(c, fresh, sure) for c in assessment.controls}
    found = [
        limited(controls[name], [limits[clause.clause]]) if clause.controls else clause.verdict
        for clause in clauses
        if clause.verdict is not Verdict.NOT_APPLICABLE
        for name in clause.controls or ("",)
    ]
    return min(found, key=lambda v: v.rank, default=Verdict.NOT_APPLICABLE)


def _sure_rules(assessment: Assessment, pack: Pack) -> set[str]:
    """Return the rules whose hits are certain: by the rule, and not resting on a proposed category."""
    return {
        result.rule
        for result in assessment.evaluation.results
        if pack.rules[result.rule].confidence is Confidence.CERTAIN and result.category_basis != "proposed"
    }


def _without_known(control: ControlResult, fresh: Mapping[str, bool], sure: set[str]) -> ControlResult:
    """Return the control's result with the hits whose findings are all known left out."""
    if control.decision is not None or not control.hits:
        return control
    hits = tuple(rule for rule in control.hits if fresh.get(rule, True))
    verdict = control.verdict
    if not hits:
        verdict = Verdict.NOT_APPLICABLE
    elif not sure.intersection(hits):
        verdict = max(verdict, Verdict.SUSPECTED, key=lambda v: v.rank)
    return control.model_copy(update={"hits": hits, "verdict": verdict})


def _limits(assessment: Assessment, pack: Pack) -> dict[str, Verdict]:
    """Return the limits of the clauses in this assessment, by clause id."""
    clauses = pack.clauses()
    used = {c.clause for instrument in assessment.instruments for c in instrument.clauses}
    return {name: clauses[name].limit for name in used}

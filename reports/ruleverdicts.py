"""Which verdict a rule's hits carry: read off the assessment, for lists that name problems without their clauses."""

from __future__ import annotations

from scanner.model import Assessment, Confidence, ControlResult, Verdict
from scanner.rulepack import Pack


def rule_verdicts(assessment: Assessment, pack: Pack) -> dict[str, Verdict]:
    """Return the worst verdict that the hits of each rule support, over the controls and clauses the rule serves.

    A hit weighs no more than its control's verdict (a human may have decided otherwise), no more than the clause's
    (which the clause's limit may have capped), and without a human no more than 疑似 where the rule is not certain.
    """
    controls = {result.control: result for result in assessment.controls}
    found: dict[str, Verdict] = {}
    for instrument in assessment.instruments:
        for clause in instrument.clauses:
            for control in (controls[name] for name in clause.controls):
                for rule in control.hits:
                    verdict = max(clause.verdict, _support(rule, control, pack), key=lambda v: v.rank)
                    found[rule] = min(found.get(rule, verdict), verdict, key=lambda v: v.rank)
    return found


def _support(rule: str, control: ControlResult, pack: Pack) -> Verdict:
    sure = control.decision is not None or pack.rules[rule].confidence is Confidence.CERTAIN
    return control.verdict if sure else max(control.verdict, Verdict.SUSPECTED, key=lambda v: v.rank)

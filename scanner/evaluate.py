"""facts → findings: run every rule of a profile on the facts of one subject.  Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from scanner import predicates
from scanner.conditions import NO_POLICY, FactIndex, Match, evaluate_condition, search_evidence, unmet
from scanner.facts import Facts
from scanner.model import (
    Confidence,
    Evaluation,
    Evidence,
    Finding,
    Outcome,
    RuleResult,
    SearchLocator,
    Severity,
    Text,
    beside,
    fingerprint,
)
from scanner.paths import getter
from scanner.places import ITEMS, SEPARATOR, first_places, is_place, places
from scanner.rulepack import Condition, Pack, Profile, Rule, Surface

CATEGORY = "app.category"
MAX_EVIDENCE = 50
SURFACE_NAMES = {
    "app": Text(zh="应用", en="an app"),
    "site": Text(zh="网站", en="a website"),
    "policy": Text(zh="隐私政策", en="a privacy policy"),
}


def selected_rules(pack: Pack, profile: Profile, today: date) -> list[Rule]:
    """Return the rules of ``profile`` in force on ``today``, sorted by id.

    A rule is selected when a control of the profile's instruments uses it and it is neither excluded, deprecated,
    below the profile's severity or confidence, nor experimental without the profile asking for it.
    """
    clauses = {
        clause.id
        for name in profile.instruments
        for clause in pack.instruments[name].clauses
        if clause.id not in profile.exclude_clauses
    }
    used = {
        rule_id
        for control in pack.controls.values()
        if clauses.intersection(control.clauses)
        for rule_id in control.rules
    }
    return [
        rule
        for rule_id, rule in sorted(pack.rules.items())
        if rule_id in used
        and rule_id not in profile.exclude_rules
        and _strong_enough(rule, profile)
        and (rule.status == "stable" or (rule.status == "experimental" and profile.include_experimental))
        and in_force(rule.in_force, rule.until, today)
    ]


def _strong_enough(rule: Rule, profile: Profile) -> bool:
    severities, confidences = list(Severity), list(Confidence)  # both run from strongest to weakest
    severe = profile.min_severity is None or severities.index(rule.severity) <= severities.index(
        profile.min_severity
    )
    sure = profile.min_confidence is None or confidences.index(rule.confidence) <= confidences.index(
        profile.min_confidence
    )
    return severe and sure


def in_force(start: date | None, end: date | None, today: date) -> bool:
    """Whether something valid from ``start`` to ``end`` (inclusive, None = open) applies on ``today``."""
    return (start is None or start <= today) and (end is None or today <= end)


def evaluate(facts: Facts, rules: Iterable[Rule]) -> Evaluation:
    """Run ``rules`` on ``facts``; a rule that breaks becomes an ``error`` result, the others go on."""
    index = FactIndex(facts)
    results = [run_rule(rule, index) for rule in rules]
    return Evaluation(subject=facts.subject, results=tuple(sorted(results, key=lambda r: r.rule)))


def run_rule(rule: Rule, index: FactIndex) -> RuleResult:
    """Run one rule; the boundary where a broken rule or predicate is recorded instead of raised."""
    try:
        return _run(rule, index)
    except Exception as error:  # noqa: BLE001 - the per-rule boundary: one rule never stops the others
        reason = Text(
            zh=f"规则 {rule.id} 执行出错（{type(error).__name__}: {error}），需人工核查",
            en=f"rule {rule.id} failed ({type(error).__name__}: {error}); check by hand",
        )
        return RuleResult(rule=rule.id, outcome=Outcome.ERROR, reasons=(reason,))


def _run(rule: Rule, index: FactIndex) -> RuleResult:
    """Run ``rule``; where it needs the app's category and that is only proposed, try the proposal.

    A proposal may bring a lead to light, so a hit stands, marked.  It may not settle anything: where the proposed
    category would make the rule clear or not applicable, the result stays unknown.
    """
    result = _run_on(rule, index)
    app = index.facts.app
    if app is None or not needs_category(rule):
        return result
    if app.category is not None:
        return result.model_copy(update={"category_basis": app.category_basis})
    proposal = app.category_proposal
    if (
        result.outcome is not Outcome.UNKNOWN
        or proposal is None
        or proposal.name is None
        or not proposal.usable
    ):
        return result
    name, sure = proposal.name, proposal.confidence
    tried = _run_on(rule, _as_proposed(index))
    if tried.outcome is Outcome.HIT:
        lead = Text(
            zh=f"类别由线索推断为{name.zh}（置信度 {sure}），未经指定：类别不对则此项不成立",
            en=f"the category is a proposal from signs ({name.en}, confidence {sure}); if it is wrong this falls away",
        )
        return tried.model_copy(update={"reasons": (lead,), "category_basis": "proposed"})
    note = Text(
        zh=f"应用类别未指定；由线索推断为{name.zh}（置信度 {sure}），按该类别未见问题，但推断不能作为依据",
        en=f"no category was given; for the proposed one ({name.en}, confidence {sure}) nothing was seen, which settles nothing",
    )
    return result.model_copy(update={"reasons": (*result.reasons, note), "category_basis": "proposed"})


def _as_proposed(index: FactIndex) -> FactIndex:
    """Return the facts as they would be if the proposed category were the app's."""
    app = index.facts.app
    if app is None or app.category_proposal is None:
        return index
    assumed = app.model_copy(update={"category": app.category_proposal.category})
    return FactIndex(index.facts.model_copy(update={"app": assumed}))


def needs_category(rule: Rule) -> bool:
    """Whether the result of ``rule`` depends on the category of the app."""
    return any(_needs_category(c) for c in (rule.applies_when, rule.hit_when) if c is not None)


def _needs_category(condition: Condition) -> bool:
    if condition.fact == CATEGORY:
        return True
    if condition.predicate is not None:
        return predicates.needs_category(condition.predicate)
    children = (*(condition.all or ()), *(condition.any or ()), condition.not_)
    return any(_needs_category(child) for child in children if child is not None)


def _run_on(rule: Rule, index: FactIndex) -> RuleResult:
    not_applicable = _surface_reason(rule, index.facts)
    if not_applicable is not None:
        return not_applicable
    grounds: list[Evidence] = []
    if rule.applies_when is not None:
        applies = evaluate_condition(rule.applies_when, index)
        grounds = [e for match in applies.matches if match.is_proof for e in match.evidence]
        if applies.truth is False:
            reason = Text(zh="本对象不具备该规则的适用前提", en="the rule's precondition does not hold here")
            if (why := unmet(rule.applies_when, index)) is not None:
                reason = Text(zh=f"{reason.zh}（{why.zh}）", en=f"{reason.en} ({why.en})")
            return RuleResult(rule=rule.id, outcome=Outcome.NOT_APPLICABLE, reasons=(reason,))
        if applies.truth is None:
            return RuleResult(rule=rule.id, outcome=Outcome.UNKNOWN, reasons=_unique(applies.reasons))
    result = evaluate_condition(rule.hit_when, index)
    if result.truth is None:
        return RuleResult(rule=rule.id, outcome=Outcome.UNKNOWN, reasons=_unique(result.reasons))
    if result.truth is False:
        return RuleResult(rule=rule.id, outcome=Outcome.CLEAR)
    findings = _findings(rule, result.matches, grounds, index)
    return RuleResult(rule=rule.id, outcome=Outcome.HIT, findings=findings)


def _surface_reason(rule: Rule, facts: Facts) -> RuleResult | None:
    if getattr(facts, rule.surface) is not None:
        return None
    # Without a policy, what a rule would compare it with still says whether it concerns this subject at all.
    wanted = _surface_compared(rule.hit_when) if rule.surface == "policy" else rule.surface
    if wanted is None or getattr(facts, wanted) is not None:
        return RuleResult(rule=rule.id, outcome=Outcome.UNKNOWN, reasons=(NO_POLICY,))
    name = SURFACE_NAMES[wanted]
    reason = Text(zh=f"本次检测对象不是{name.zh}", en=f"the subject is not {name.en}")
    return RuleResult(rule=rule.id, outcome=Outcome.NOT_APPLICABLE, reasons=(reason,))


def _surface_compared(condition: Condition) -> Surface | None:
    """Return the kind of subject that every hit of a rule on a policy compares it with, None where it may be any."""
    if condition.fact == "surface":
        return cast(Surface, condition.is_) if condition.is_ is not None else None
    parts = (*(condition.all or ()), *((condition.where,) if condition.some and condition.where else ()))
    return next((found for part in parts if (found := _surface_compared(part)) is not None), None)


def _findings(
    rule: Rule, matches: list[Match], grounds: list[Evidence], index: FactIndex
) -> tuple[Finding, ...]:
    """Return the findings of a hit, one for each group; what serves every group is the ground of each, no place of its own."""
    groups: dict[str, list[Evidence]] = {}
    getters = [getter(name) for name in rule.group_by]
    shared: list[Evidence] = []
    for match in matches:
        if not match.evidence:
            continue  # a plain condition such as “collects personal information” groups nothing
        key = _group_key(match.element, rule.group_by, getters)
        target = shared if key is None else groups.setdefault(key, [])
        target.extend(match.evidence)
    if rule.looked_in:
        shared.append(search_evidence(rule.looked_in, index))
    searched = _searched(shared)
    shared = [e for e in shared if not isinstance(e.locator, SearchLocator)]
    groups = _same_places(groups, rule.group_by)
    if groups:
        grounds, shared = [*shared, *grounds], []
    else:
        groups[""] = []
    identifier = index.facts.subject.identifier
    return tuple(
        _finding(rule, identifier, key, _in_order([*own, *shared], list(beside(grounds)), searched))
        for key, own in sorted(groups.items())
    )


def _same_places(groups: dict[str, list[Evidence]], names: tuple[str, ...]) -> dict[str, list[Evidence]]:
    """Return the groups with items that the very same places may obtain as one: one call is one finding.

    The items of such a group are joined by :data:`~scanner.places.ITEMS` (a location is precise or coarse by a provider that
    is not known).
    """
    if names[:1] != ("item",):
        return groups
    merged: dict[tuple[str, tuple[Evidence, ...]], list[str]] = {}
    for key, evidence in sorted(groups.items()):
        item, mark, rest = key.partition(SEPARATOR)
        merged.setdefault((mark + rest, tuple(evidence)), []).append(item)
    return {ITEMS.join(items) + rest: list(evidence) for (rest, evidence), items in merged.items()}


def _searched(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return what was searched as one record for each subject."""
    found: dict[str, dict[Text, None]] = {}
    for one in evidence:
        if isinstance(one.locator, SearchLocator):
            found.setdefault(one.artifact, {}).update(dict.fromkeys(one.locator.searched))
    return [
        Evidence(artifact=artifact, locator=SearchLocator(searched=tuple(texts)))
        for artifact, texts in found.items()
    ]


def _in_order(own: list[Evidence], grounds: list[Evidence], searched: list[Evidence]) -> list[Evidence]:
    """Return the first place, then the grounds, which no cut may lose; then the other places and what was searched."""
    searched = [*searched, *_searched(own)]
    own = [e for e in own if not isinstance(e.locator, SearchLocator)]
    first = next((i for i, e in enumerate(own) if is_place(e)), None)
    if first is None:
        return list(dict.fromkeys([*searched, *own, *grounds]))
    rest = next((i for i, e in enumerate(own[first + 1 :], first + 1) if is_place(e)), len(own))
    return list(dict.fromkeys([*own[first:rest], *own[:first], *grounds, *own[rest:], *searched]))


def _finding(rule: Rule, identifier: str, key: str, evidence: list[Evidence]) -> Finding:
    if not evidence:
        raise ValueError("a hit without evidence")
    return Finding(
        rule=rule.id,
        group=key,
        fingerprint=fingerprint(rule.id, identifier, key),
        evidence=first_places(evidence, MAX_EVIDENCE),
        evidence_total=places(evidence),
    )


def _group_key(element: Any, names: tuple[str, ...], getters: list[Any]) -> str | None:
    """Return the group of ``element``, or None when it lacks the fields (evidence then serves every group)."""
    if not names or element is None or not hasattr(element, names[0].split(".")[0]):
        return None
    values = [get(element) for get in getters]
    return SEPARATOR.join("" if value is None else str(value) for value in values)


def _unique(reasons: Iterable[Text]) -> tuple[Text, ...]:
    return tuple(dict.fromkeys(reasons))

"""A proposed category brings leads to light and settles nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.appfacts import CategoryProposal
from scanner.assess import assess, control_verdict
from scanner.catalogue import categories
from scanner.conditions import FactIndex
from scanner.evaluate import evaluate, needs_category, run_rule
from scanner.examples import example_facts
from scanner.facts import Facts
from scanner.gate import standings
from scanner.model import Confidence, Outcome, Text, Verdict
from scanner.packload import load_pack, profile
from scanner.rulepack import Rule

NOW = datetime(2026, 11, 28, tzinfo=UTC)
CONTACTS: dict[str, Any] = {
    "item": "contacts",
    "owner_kind": "app",
    "strength": "direct",
    "mode": "read",
    "reachable": True,
    "restricted": False,
}
RULES = [rule for rule in load_pack().rules.values() if needs_category(rule)]


def facts(category: str | None = None, proposed: str | None = None, **app: Any) -> Facts:
    found = example_facts({"app": {"accesses": [CONTACTS], **app}}, "app")
    assert found.app is not None
    proposal = None
    if proposed is not None:
        name = categories()[proposed].name
        proposal = CategoryProposal(
            category=proposed, name=name, confidence=0.8, usable=True, why=Text(zh="线索", en="signs")
        )
    basis = "given" if category else "proposed" if proposal else None
    updated = found.app.model_copy(
        update={"category": category, "category_basis": basis, "category_proposal": proposal}
    )
    return found.model_copy(update={"app": updated})


def rule(name: str) -> Rule:
    return load_pack().rules[name]


def test_the_rules_about_categories_are_known_to_be() -> None:
    assert {r.id for r in RULES} >= {
        "item-outside-necessary-range",
        "communication-data-outside-category",
        "location-outside-category",
        "calendar-outside-category",
        "sensitive-permission-outside-category",
        "sensitive-permission-for-sdk-only",
    }


@pytest.mark.parametrize(
    ("category", "proposed", "outcome", "basis"),
    [
        ("news", None, Outcome.HIT, "given"),
        ("games", None, Outcome.NOT_APPLICABLE, "given"),
        (None, None, Outcome.UNKNOWN, None),
        (None, "news", Outcome.HIT, "proposed"),
        (None, "games", Outcome.UNKNOWN, "proposed"),
        ("games", "news", Outcome.NOT_APPLICABLE, "given"),
    ],
)
def test_a_proposal_may_hit_and_never_clears(
    category: str | None, proposed: str | None, outcome: Outcome, basis: str | None
) -> None:
    result = run_rule(rule("communication-data-outside-category"), FactIndex(facts(category, proposed)))

    assert (result.outcome, result.category_basis) == (outcome, basis)
    assert bool(result.findings) is (outcome is Outcome.HIT)
    if basis == "proposed":
        assert any("推断" in reason.zh for reason in result.reasons)


@pytest.mark.parametrize("proposed", sorted({c.id for c in categories().values()}))
@pytest.mark.parametrize("chosen", RULES, ids=lambda r: r.id)
def test_no_rule_is_settled_by_any_proposal(chosen: Rule, proposed: str) -> None:
    without = run_rule(chosen, FactIndex(facts()))
    result = run_rule(chosen, FactIndex(facts(None, proposed)))

    if without.outcome is Outcome.UNKNOWN:
        assert result.outcome in {Outcome.UNKNOWN, Outcome.HIT}


def test_even_a_certain_rule_reaches_suspected_at_most() -> None:
    chosen = rule("communication-data-outside-category").model_copy(update={"confidence": Confidence.CERTAIN})
    pack = load_pack()
    control = pack.controls["related-to-functions"]
    clauses = [pack.clauses()[c].model_copy(update={"limit": Verdict.VIOLATION}) for c in control.clauses]

    def verdict(subject: Facts) -> Verdict:
        index = FactIndex(subject)
        result = run_rule(chosen, index)
        return control_verdict(control, clauses, {chosen.id: chosen}, {chosen.id: result}, index).verdict

    assert verdict(facts("news")) is Verdict.VIOLATION
    assert verdict(facts(None, "news")) is Verdict.SUSPECTED


def test_reasons_and_standings_carry_the_proposal() -> None:
    pack = load_pack()
    outcome = assess(facts(None, "news"), pack, profile(pack, "app-full"), now=NOW, tool_version="test")

    hit = next(c for c in outcome.controls if c.control == "no-information-needed")
    assert hit.verdict is Verdict.SUSPECTED
    assert any("推断为新闻资讯类" in reason.zh for reason in hit.reasons)
    assert standings(outcome, pack)["communication-data-outside-category"].verdict is Verdict.SUSPECTED
    clauses = {c.clause: c.verdict for i in outcome.instruments for c in i.clauses}
    assert clauses["CAC-2021-14-5-30"] is Verdict.MANUAL
    assert clauses["CAC-2021-14-5-18"] is Verdict.MANUAL
    why = {c.clause: c.reasons for i in outcome.instruments for c in i.clauses}
    assert "线索" in {reason.zh for reason in why["CAC-2021-14-5-18"]}


def test_stored_facts_with_a_chinese_name_still_work() -> None:
    results = evaluate(facts("新闻资讯类"), RULES).results

    assert {r.rule for r in results if r.outcome is Outcome.HIT} >= {"communication-data-outside-category"}


def test_a_proposal_below_the_mark_for_rules_changes_nothing() -> None:
    found = facts(None, "news")
    assert found.app is not None
    assert found.app.category_proposal is not None
    faint = found.app.category_proposal.model_copy(update={"usable": False})
    weak = found.model_copy(update={"app": found.app.model_copy(update={"category_proposal": faint})})

    assert run_rule(rule("communication-data-outside-category"), FactIndex(weak)).outcome is Outcome.UNKNOWN

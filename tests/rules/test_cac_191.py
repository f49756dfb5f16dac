"""《App违法违规收集使用个人信息行为认定方法》 (国信办秘字〔2019〕191号): complete, honest, and no lawful app accused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from scanner import catalogue
from scanner.conditions import FactIndex
from scanner.datafiles import read_data
from scanner.evaluate import run_rule
from scanner.examples import example_facts
from scanner.model import Confidence, Gap, Outcome, Text, Verdict
from scanner.packload import load_pack
from scanner.rulepack import Condition, Rule

PACK = load_pack()
METHOD = PACK.instruments["CAC-2019-191"]
IDS = {clause.id for clause in METHOD.clauses}
CONTROLS = [control for control in PACK.controls.values() if IDS.intersection(control.clauses)]
RULES = [PACK.rules[name] for name in sorted({name for control in CONTROLS for name in control.rules})]
BULLETIN: list[dict[str, Any]] = [entry for content in read_data("bulletin") for entry in content["phrases"]]
KINDS = {entry["kind"] for content in read_data("texts") for entry in content["texts"]}
HOST = re.compile(r"\b[\w-]+\.(com|cn|org|net|io)\b")


def test_six_parts_with_31_items_in_order() -> None:
    expected = [
        f"{part}、{number}"
        for part, count in zip("一二三四五六", (4, 4, 9, 6, 3, 5), strict=True)
        for number in range(1, count + 1)
    ]

    assert [clause.number for clause in METHOD.clauses] == expected
    assert list(Counter(clause.chapter for clause in METHOD.clauses).values()) == [4, 4, 9, 6, 3, 5]
    assert all(clause.chapter.startswith(clause.number[0]) for clause in METHOD.clauses)


def test_limits_are_those_of_the_source_and_each_has_a_reason_of_its_own() -> None:
    limits = Counter(clause.limit for clause in METHOD.clauses)

    assert limits == {Verdict.VIOLATION: 4, Verdict.SUSPECTED: 21, Verdict.MANUAL: 6}
    reasons = [clause.limit_why for clause in METHOD.clauses if clause.limit_why is not None]
    assert len(set(reasons)) == 31


def test_what_was_not_compared_with_a_source_says_so() -> None:
    assert sum(clause.is_verified for clause in METHOD.clauses) == 17
    assert not any(HOST.search(clause.verified) for clause in METHOD.clauses)


def test_every_item_has_a_control_with_a_procedure_of_its_own() -> None:
    assert {clause for control in CONTROLS for clause in control.clauses} >= IDS
    procedures = [control.manual for control in CONTROLS if control.manual is not None]
    assert len(procedures) == len(CONTROLS)
    assert len(set(procedures)) == len(procedures)
    assert all(len(procedure.prepare) + len(procedure.steps) >= 2 for procedure in procedures)


def test_partial_automation_says_what_rules_see_and_what_they_do_not() -> None:
    reasons = [control.why for control in CONTROLS if control.automation == "partial"]

    assert len(set(reasons)) == len(reasons)


def test_at_least_48_stable_rules_serve_the_method() -> None:
    assert len([rule for rule in RULES if rule.status == "stable" and IDS.intersection(rule.basis)]) >= 48


def test_only_evidence_that_is_the_violation_is_called_certain() -> None:
    assert {rule.id for rule in RULES if rule.confidence is Confidence.CERTAIN} == {"target-sdk-below-23"}


def test_bulletin_phrases_are_unique_and_every_rule_has_one() -> None:
    known = [entry["id"] for entry in BULLETIN]

    assert len(known) == len(set(known))
    assert not any(HOST.search(entry["verified"]) for entry in BULLETIN)
    assert {phrase for rule in PACK.rules.values() for phrase in rule.bulletin} <= set(known)
    assert [rule.id for rule in RULES if IDS.intersection(rule.basis) and not rule.bulletin] == []


def leaves(condition: Condition | None) -> Iterator[Condition]:
    if condition is None:
        return
    for child in (*(condition.all or ()), *(condition.any or ()), condition.not_, condition.where):
        yield from leaves(child)
    if condition.fact is not None:
        yield condition


def wanted(rule: Rule, fact: str) -> set[str]:
    return {
        str(value)
        for leaf in leaves(rule.hit_when)
        if leaf.fact == fact
        for value in ((leaf.is_,) if leaf.is_ is not None else leaf.in_ or leaf.overlaps or ())
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_asks_only_for_what_the_collector_can_find(rule: Rule) -> None:
    assert wanted(rule, "item") <= {source.item for source in catalogue.sources()}
    if rule.hit_when.some == "app.texts" or "app.texts" in rule.looked_in:
        assert wanted(rule, "kind") <= KINDS


# --- what a careful reader would call false -------------------------------------------------------------

LAUNCHER = {"kind": "activity", "name": "cn.example.Main", "launcher": True}
READ = {"mode": "read", "strength": "direct", "restricted": False, "reachable": True}
LAWFUL: dict[str, dict[str, Any]] = {
    "a tool without a screen that collects nothing": {"collects_pi": False, "has_account": False},
    "an app that collects nothing": {"collects_pi": False, "has_account": False, "components": [LAUNCHER]},
    "a service without a screen": {"collects_pi": True},
    "an Android ID in code that nothing calls": {
        "accesses": [
            READ | {"item": "android-id", "owner_kind": "sdk", "reachable": False, "before_ui": False}
        ]
    },
    "an Android ID in a plain library": {
        "accesses": [
            READ | {"item": "android-id", "owner_kind": "library", "before_ui": True, "guarded": False}
        ]
    },
    "an Android ID read only after the stored consent is tested": {
        "accesses": [READ | {"item": "android-id", "owner_kind": "app", "before_ui": True, "guarded": True}]
    },
    "an identifier which no device of the range yields": {
        "accesses": [READ | {"item": "imei", "owner_kind": "app", "restricted": True, "before_ui": True}]
    },
    "a contact picked by the user": {
        "category": "news",
        "accesses": [READ | {"item": "contacts", "owner_kind": "app", "mode": "prompt"}],
    },
    "a page opened in order to paste": {
        "accesses": [
            READ
            | {"item": "clipboard", "owner_kind": "app", "entry_kind": "activity", "entry_method": "onCreate"}
        ]
    },
    "a request on return in code that nothing calls": {
        "requests": [{"caller": "La/B;->onResume()V", "groups": 1, "owner_kind": "app", "reachable": False}]
    },
    "a screen closed on refusal that is never opened": {
        "issues": [{"kind": "exit-on-refusal", "owner_kind": "app", "caller": "c", "reachable": False}]
    },
    "a low target level without permissions for personal information": {"identity": {"target_sdk": 22}},
    "a permission used by someone": {
        "permissions": [
            {
                "name": "android.permission.CAMERA",
                "declared": True,
                "protection": "dangerous",
                "collects_pi": True,
                "used": True,
            }
        ]
    },
}


@pytest.mark.parametrize("name", LAWFUL)
def test_a_lawful_app_is_accused_of_nothing(name: str) -> None:
    index = FactIndex(example_facts({"app": LAWFUL[name]}, "app"))

    results = [run_rule(rule, index) for rule in RULES]

    assert [r.rule for r in results if r.outcome is Outcome.HIT] == []
    assert [r.rule for r in results if r.outcome is Outcome.ERROR] == []


@pytest.mark.parametrize(
    "name",
    ["no-privacy-policy", "no-first-run-consent-prompt", "no-withdrawal-route", "no-complaint-channel"],
)
def test_texts_that_were_not_all_read_are_never_called_absent(name: str) -> None:
    facts = example_facts({"app": {"collects_pi": True, "components": [LAUNCHER]}}, "app")
    gap = Gap(path="app.texts", code="unread", reason=Text(zh="界面文字未全部读取", en="texts not all read"))

    read = run_rule(PACK.rules[name], FactIndex(facts))
    unread = run_rule(PACK.rules[name], FactIndex(facts.model_copy(update={"gaps": (gap,)})))

    assert read.outcome is Outcome.HIT
    assert unread.outcome is Outcome.UNKNOWN
    assert unread.reasons


def test_an_account_that_is_only_supposed_is_not_enough_to_demand_cancellation() -> None:
    facts = example_facts({"app": {"has_account": None, "components": [LAUNCHER]}}, "app")

    assert run_rule(PACK.rules["no-account-deletion"], FactIndex(facts)).outcome is Outcome.UNKNOWN

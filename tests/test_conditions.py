"""Three-valued conditions: truth tables, gaps, search records, evidence, and mistakes found at load."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.conditioncheck import check
from scanner.conditions import FactIndex, evaluate_condition
from scanner.evaluate import evaluate
from scanner.examples import example_facts
from scanner.facts import Facts
from scanner.model import Evidence, Gap, SearchLocator, Text, WebLocator
from scanner.packload import load_pack
from scanner.rulepack import Condition

GAP = Gap(path="app.accesses", code="dex-unread", reason=Text(zh="dex 未读", en="dex unread"))


def cond(**content: Any) -> Condition:
    return Condition.model_validate(content)


def facts(**app: Any) -> Facts:
    return example_facts({"app": app}, "app")


def truth(condition: Condition, on: Facts) -> bool | None:
    return evaluate_condition(condition, FactIndex(on)).truth


IMEI = cond(some="app.accesses", where={"fact": "item", "is": "imei"})
NO_IMEI = cond(none="app.accesses", where={"fact": "item", "is": "imei"})


def test_some_matches_and_carries_the_elements_evidence() -> None:
    result = evaluate_condition(IMEI, FactIndex(facts(accesses=[{"item": "imei"}, {"item": "imsi"}])))

    assert result.truth is True
    assert [match.element.item for match in result.matches] == ["imei"]
    assert result.matches[0].evidence


def test_absence_needs_a_search_record() -> None:
    empty = facts()

    assert truth(IMEI, empty) is False
    assert truth(NO_IMEI, empty) is True
    assert truth(IMEI, empty.model_copy(update={"looked": ()})) is None
    assert truth(NO_IMEI, empty.model_copy(update={"looked": ()})) is None


def test_absence_is_proved_by_what_was_searched() -> None:
    result = evaluate_condition(NO_IMEI, FactIndex(facts()))
    locator = result.matches[0].evidence[0].locator

    assert isinstance(locator, SearchLocator)
    assert locator.searched


def test_a_gap_makes_absence_unknown_but_not_presence() -> None:
    gapped = facts().model_copy(update={"gaps": (GAP,)})
    present = facts(accesses=[{"item": "imei"}]).model_copy(update={"gaps": (GAP,)})

    result = evaluate_condition(IMEI, FactIndex(gapped))

    assert result.truth is None
    assert result.reasons == [GAP.reason]
    assert truth(NO_IMEI, gapped) is None
    assert truth(IMEI, present) is True


def test_a_gap_on_a_parent_covers_the_list() -> None:
    whole = GAP.model_copy(update={"path": "app"})

    assert truth(IMEI, facts().model_copy(update={"gaps": (whole,)})) is None


def test_none_values_are_unknown_and_named_in_the_reason() -> None:
    reachable = cond(
        some="app.accesses",
        where={"all": [{"fact": "item", "is": "imei"}, {"fact": "reachable", "is": True}]},
    )

    result = evaluate_condition(reachable, FactIndex(facts(accesses=[{"item": "imei"}])))

    assert result.truth is None
    assert "可达" in result.reasons[0].zh


def test_index_keeps_elements_whose_value_is_unknown() -> None:
    used = cond(some="app.permissions", where={"fact": "used", "is": False})

    assert truth(used, facts(permissions=[{"name": "p"}])) is None
    assert truth(used, facts(permissions=[{"name": "p", "used": True}])) is False
    assert truth(used, facts(permissions=[{"name": "p"}, {"name": "q", "used": False}])) is True


def test_at_least_counts_elements() -> None:
    two = cond(some="app.accesses", where={"fact": "item", "is": "imei"}, at_least=2)

    assert truth(two, facts(accesses=[{"item": "imei"}])) is False
    assert truth(two, facts(accesses=[{"item": "imei"}, {"item": "imei"}])) is True


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        ({"is": 22}, 22, True),
        ({"is": 22}, 23, False),
        ({"in": [22, 23]}, 23, True),
        ({"at_least": 23}, 22, False),
        ({"at_most": 22}, 22, True),
        ({"at_most": 22}, None, None),
    ],
)
def test_value_tests(test: dict[str, Any], value: int | None, expected: bool | None) -> None:
    condition = cond(fact="app.identity.target_sdk", **test)

    assert truth(condition, facts(identity={"target_sdk": value})) is expected


def test_overlaps_and_matches() -> None:
    overlap = cond(some="app.permissions", where={"fact": "items", "overlaps": ["imei", "imsi"]})
    match = cond(some="app.texts", where={"fact": "text", "matches": "同意.{0,10}隐私政策"})

    assert truth(overlap, facts(permissions=[{"name": "p", "items": ["imsi"]}])) is True
    assert truth(overlap, facts(permissions=[{"name": "p", "items": ["sms"]}])) is False
    assert truth(match, facts(texts=[{"text": "我已阅读并同意《隐私政策》"}])) is True
    assert truth(match, facts(texts=[{"text": "同意"}])) is False


TRI = st.sampled_from([True, False, None])


@given(st.lists(TRI, min_size=1, max_size=5))
def test_logic_follows_kleene(values: list[bool | None]) -> None:
    on = facts(
        permissions=[{"name": str(i), "used": value} for i, value in enumerate(values)],
    )
    parts = [
        {
            "some": "app.permissions",
            "where": {"all": [{"fact": "name", "is": str(i)}, {"fact": "used", "is": True}]},
        }
        for i in range(len(values))
    ]
    every, some = truth(cond(all=parts), on), truth(cond(any=parts), on)

    assert every is (False if False in values else None if None in values else True)
    assert some is (True if True in values else None if None in values else False)
    assert truth(Condition.model_validate({"not": {"all": parts}}), on) is (
        None if every is None else not every
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"fact": "app.identity.target", "is": 1}, "has no fact 'target'"),
        ({"fact": "app.accesses.item", "is": "imei"}, "use some/none for lists"),
        ({"some": "app.identity"}, "not a list of objects"),
        ({"fact": "app.identity.target_sdk", "is": "22"}, "can never occur"),
        ({"some": "app.accesses", "where": {"fact": "owner_kind", "is": "vendor"}}, "can never occur"),
        ({"fact": "app.identity.package", "at_least": 3}, "needs a number"),
        ({"some": "app.texts", "where": {"fact": "text", "matches": "(a+)+$"}}, "exponential"),
        ({"some": "app.texts", "where": {"fact": "text", "matches": "(?=x)"}}, "look-around"),
        ({"predicate": "no-such-thing"}, "unknown predicate"),
        ({"some": "app.permissions", "where": {"fact": "items", "is": "imei"}}, "needs a plain value"),
    ],
)
def test_mistakes_are_named(content: dict[str, Any], message: str) -> None:
    mistakes = list(check(cond(**content)))

    assert len(mistakes) == 1
    assert message in mistakes[0]


@pytest.mark.parametrize(
    "content",
    [{}, {"fact": "app.category"}, {"all": [], "some": "app.accesses"}, {"fact": "x", "is": 1, "in": [1]}],
)
def test_malformed_conditions_are_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        cond(**content)


def test_names_of_facts_are_of_facts_that_exist() -> None:
    from scanner.paths import NAMES, PathError, resolve

    for path in NAMES:
        try:
            resolve(Facts, path)
        except PathError:
            owner, _, field = path.rpartition(".")
            model = resolve(Facts, owner).model
            assert model is not None
            resolve(model, field)


COOKIE_AT = "https://a.example/cookie"
COOKIE = {
    "name": "Hm_lvt",
    "domain": "a.example",
    "identifier": True,
    "purpose": "analytics",
    "evidence": [Evidence(artifact=COOKIE_AT, locator=WebLocator(url=COOKIE_AT))],
}


FORM_AT = "https://a.example/contact"
FORM = {
    "page": FORM_AT,
    "purpose": "contact",
    "collects_pi": True,
    "evidence": [Evidence(artifact=FORM_AT, locator=WebLocator(url=FORM_AT))],
}


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("site-no-privacy-policy", {"disclosure": {"policy_found": False}, "forms": [FORM]}),
        (
            "site-cookies-not-told",
            {"disclosure": {"policy_found": True, "cookie_notice": False}, "cookies": [COOKIE]},
        ),
        ("site-icp-number-missing", {"icp_shown": False, "mainland": True}),
    ],
)
def test_what_was_not_found_is_proved_by_the_search_alone(rule: str, facts: dict[str, Any]) -> None:
    """What stands near an absent thing is what was found instead, which proves nothing."""
    contact = Evidence(artifact="https://a.example/", locator=WebLocator(url="https://a.example/"))
    facts = {
        **facts,
        "disclosure": {**facts.get("disclosure", {}), "contact_found": True, "evidence": [contact]},
    }
    site = Facts.model_validate(
        {
            "collector": "t",
            "subject": {"kind": "site", "name": "a", "identifier": "https://a.example/"},
            "site": {"start_url": "https://a.example/", "collects_pi": True, **facts},
            "looked": [{"path": "site", "what": {"zh": "3 个页面的链接", "en": "links of 3 pages"}}],
        }
    )

    (result,) = evaluate(site, [load_pack().rules[rule]]).results

    shown = [e for f in result.findings for e in f.evidence]
    assert [e.locator.kind for e in shown if e.artifact not in {COOKIE_AT, FORM_AT}] == ["search"]


def test_a_ground_of_the_rule_is_evidence_but_no_place() -> None:
    rule = load_pack().rules["no-account-deletion"]
    proof = {
        "field": "has_account",
        "evidence": [
            {"artifact": "res/layout/a.xml", "locator": {"kind": "xml", "path": "/a"}, "beside": True}
        ],
    }
    screen = {"kind": "activity", "name": "com.example.app.Main", "launcher": True, "exported": True}
    on = facts(has_account=True, proofs=[proof], components=[screen])
    ((found,),) = [result.findings for result in evaluate(on, [rule]).results]

    assert [e.locator.kind for e in found.evidence] == ["search", "xml"]
    assert found.evidence_total == 0


def test_what_the_policy_names_is_not_missing() -> None:
    rule = load_pack().rules["no-complaint-channel"]
    screen = {"kind": "activity", "name": "com.example.app.Main", "launcher": True, "exported": True}
    app = {"collects_pi": True, "components": [screen]}

    def outcome(state: str, **identity: Any) -> str:
        policy = {
            "source": "p",
            "identity": {"kind": "privacy_policy", "confidence": 1.0, **identity},
            "elements": [{"id": "complaint", "state": state}],
        }
        on = example_facts({"app": app, "policy": policy}, "app")
        return evaluate(on, [rule]).results[0].outcome.value

    assert evaluate(facts(**app), [rule]).results[0].outcome.value == "hit"
    assert outcome("absent") == "hit"
    assert outcome("weak") == "hit"
    assert outcome("present") == "clear"
    assert outcome("absent", emails=["privacy@example.com"]) == "clear"
    assert outcome("unknown") == "unknown"

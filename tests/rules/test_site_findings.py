"""What the evidence of a site's findings shows, and when its rules apply: small facts held against the real pack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from scanner.assess import assess
from scanner.evaluate import evaluate
from scanner.facts import Facts
from scanner.model import Evidence, Verdict, WebLocator
from scanner.packload import load_pack, profile_for


def at(css: str) -> Evidence:
    return Evidence(artifact="https://a.example/f", locator=WebLocator(url="https://a.example/f", css=css))


def site_of(forms: list[dict[str, Any]], **parts: Any) -> Facts:
    return Facts.model_validate(
        {
            "collector": "t",
            "subject": {"kind": "site", "name": "a", "identifier": "https://a.example/"},
            "site": {"start_url": "https://a.example/", "forms": forms, **parts},
            "looked": [{"path": "site", "what": {"zh": "3 个页面", "en": "3 pages"}}],
        }
    )


def fields_of(rule: str, facts: Facts) -> list[str]:
    (result,) = evaluate(facts, [load_pack().rules[rule]]).results
    return [getattr(e.locator, "css", e.locator.kind) for f in result.findings for e in f.evidence]


def test_the_part_that_made_a_condition_true_is_shown_after_the_whole() -> None:
    fields = [
        {
            "name": name,
            "type": "text",
            "item": item,
            "required": True,
            "necessary": False,
            "evidence": [at(name)],
        }
        for name, item in (("id", "id-number"), ("sex", ""))
    ]
    fields[1] |= {"necessary": None}
    form = {"page": "https://a.example/f", "purpose": "register", "fields": fields, "evidence": [at("form")]}

    assert fields_of("site-required-unnecessary-field", site_of([form])) == ["form", "id"]


def test_the_search_stands_after_the_places_and_no_cut_loses_it() -> None:
    forms = [
        {
            "page": f"https://a.example/{n}",
            "purpose": "contact",
            "collects_pi": True,
            "evidence": [at(f"f{n}")],
        }
        for n in range(80)
    ]
    facts = site_of(forms, collects_pi=True, disclosure={"policy_found": False})

    shown = fields_of("site-no-privacy-policy", facts)
    assert shown[:2] == ["f0", "f1"] and shown[-1] == "search" and len(shown) == 50 + 1


@pytest.mark.parametrize("rule", ["site-agreement-pre-ticked", "site-agreement-bundled"])
def test_rules_on_consent_in_forms_apply_where_consent_is_asked(rule: str) -> None:
    plain = {"page": "https://a.example/f", "purpose": "contact", "agreement": False}
    fact = "checked" if "ticked" in rule else "bundled"
    asked = {
        **plain,
        "agreement": True,
        f"agreement_{fact}": True,
        "consents": [{fact: True, "evidence": [at("box")]}],
        "evidence": [at("form")],
    }

    def outcome(*forms: dict[str, Any]) -> str:
        (result,) = evaluate(site_of(list(forms)), [load_pack().rules[rule]]).results
        return result.outcome.value

    assert outcome(plain) == "not_applicable"
    assert outcome(plain, asked) == "hit"
    assert outcome(plain, {**asked, f"agreement_{fact}": False, "consents": []}) == "clear"
    assert fields_of(rule, site_of([asked])) == ["form", "box"]


def test_no_control_of_consent_in_forms_is_settled_by_forms_that_ask_for_none() -> None:
    pack = load_pack()
    facts = site_of([{"page": "https://a.example/f", "purpose": "contact", "agreement": False}])
    made = assess(
        facts,
        pack,
        profile_for(pack, "site"),
        now=datetime(2026, 11, 24, tzinfo=UTC),
        tool_version="0",
    )

    verdicts = {control.control: control.verdict for control in made.controls}
    assert verdicts["site-explicit-consent"] is Verdict.MANUAL


def test_a_weakness_of_lesser_severity_is_not_held_against_a_clause_on_serious_ones() -> None:
    pack = load_pack()
    library = {"name": "jquery", "version": "1.8.3", "url": "https://a.example/j.js", "vulnerable": True}
    found = {}
    for severity in ("medium", "high"):
        one = {**library, "severity": severity, "evidence": [at("script")]}
        made = assess(
            site_of([], libraries=[one]),
            pack,
            profile_for(pack, "site"),
            now=datetime(2026, 11, 24, tzinfo=UTC),
            tool_version="0",
        )
        found[severity] = {c.clause: c.verdict for i in made.instruments for c in i.clauses}

    assert (
        found["medium"]["iseaa-vuln"] is Verdict.MANUAL and found["high"]["iseaa-vuln"] is Verdict.SUSPECTED
    )
    assert found["medium"]["CSL-24"] is Verdict.SUSPECTED


def test_a_host_without_https_is_not_asked_for_its_certificate() -> None:
    rules = [
        load_pack().rules[f"site-certificate-{what}"] for what in ("expired", "untrusted", "host-mismatch")
    ]
    plain = site_of([], transport=[{"host": "a.example", "https": False}])
    unknown = site_of([], transport=[{"host": "a.example", "https": None}])

    assert {r.outcome.value for r in evaluate(plain, rules).results} == {"not_applicable"}
    assert {r.outcome.value for r in evaluate(unknown, rules).results} == {"unknown"}


@pytest.mark.parametrize(
    ("form", "hit"),
    [
        # The form itself sends the password to an http address.
        ({"cleartext": True, "sends_pi": True, "submitted": True}, {"site-password-over-http"}),
        # Nothing of the form's is sent without a script: only the page is known to be served in cleartext.
        ({"cleartext": False, "sends_pi": False, "submitted": False}, {"site-form-page-over-http"}),
        # The form has an address in cleartext, but the password is no part of what it sends.
        ({"cleartext": True, "sends_pi": False, "submitted": False}, {"site-form-page-over-http"}),
    ],
)
def test_a_password_is_said_to_be_sent_only_where_the_form_sends_it(
    form: dict[str, bool], hit: set[str]
) -> None:
    field = {"name": "p", "type": "password", "item": "password", "password": True}
    facts = site_of(
        [
            {
                "page": "http://a.example/f",
                "purpose": "other",
                "method": "get",
                "page_cleartext": True,
                "cleartext": form["cleartext"],
                "collects_pi": True,
                "sends_pi": form["sends_pi"],
                "fields": [field | {"submitted": form["submitted"]}],
                "evidence": [at("form")],
            }
        ]
    )
    rules = [load_pack().rules[r] for r in ("site-password-over-http", "site-form-page-over-http")]

    assert {r.rule for r in evaluate(facts, rules).results if r.findings} == hit


@pytest.mark.parametrize("submitted", [True, False])
def test_what_a_form_does_not_send_never_shows_in_the_address(submitted: bool) -> None:
    field = {
        "name": "tel",
        "type": "tel",
        "item": "phone-number",
        "submitted": submitted,
        "evidence": [at("tel")],
    }
    form = {"page": "https://a.example/f", "purpose": "contact", "method": "get", "fields": [field]}
    found = fields_of("site-personal-form-by-get", site_of([form | {"collects": ["phone-number"]}]))

    assert found == (["tel"] if submitted else [])

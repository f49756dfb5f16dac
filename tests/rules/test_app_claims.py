"""What reports claim of apps is what was seen: no clause, strength or ground goes beyond the evidence shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from conftest import corpus_path, fixture_apk_path

from reports.names import Names
from scanner import predicates
from scanner.assess import assess
from scanner.codefacts import Access
from scanner.collect import collect
from scanner.collect.app.endpoints import text_endpoints
from scanner.collect.app.intents import Called
from scanner.collect.app.linked import _shows
from scanner.collect.app.overall import collects_pi
from scanner.conditions import FactIndex
from scanner.dex import NOTHING
from scanner.evaluate import run_rule
from scanner.examples import example_facts
from scanner.facts import AppFacts, Facts
from scanner.gate import standings
from scanner.model import Assessment, Evidence, Outcome, RuleResult, Verdict, XmlLocator
from scanner.packload import load_pack, profile
from scanner.places import single_groups

PACK = load_pack()
NOW = datetime(2026, 11, 24, tzinfo=UTC)
LAUNCHER = {"kind": "activity", "name": "cn.example.Main", "launcher": True}


@cache
def facts_of(name: str) -> Facts:
    return collect(corpus_path(name))


def app_of(name: str) -> AppFacts:
    app = facts_of(name).app
    assert app is not None
    return app


def assessed(facts: Facts) -> Assessment:
    return assess(facts, PACK, profile(PACK, "app-pi"), now=NOW, tool_version="test")


def run(rule: str, facts: Facts) -> RuleResult:
    return run_rule(PACK.rules[rule], FactIndex(facts))


def notes(evidence: Sequence[Evidence]) -> str:
    return "\n".join(e.note.zh for e in evidence if e.note is not None)


# --- permissions at installation ----------------------------------------------------------------------------


def old_app(*names: tuple[str, str]) -> Facts:
    permissions = [
        {"name": name, "declared": True, "protection": "dangerous", "group": group, "collects_pi": True}
        for name, group in names
    ]
    return example_facts({"app": {"identity": {"target_sdk": 22}, "permissions": permissions}}, "app")


def test_one_group_of_permissions_is_not_several_at_once() -> None:
    fine, coarse, camera = ("FINE", "LOCATION"), ("COARSE", "LOCATION"), ("CAMERA", "CAMERA")

    assert run("permissions-granted-together-at-installation", old_app(fine, coarse)).outcome is Outcome.CLEAR
    assert run("permissions-granted-together-at-installation", old_app(fine, camera)).outcome is Outcome.HIT
    assert run("target-sdk-below-23", old_app(fine)).outcome is Outcome.HIT
    assert predicates.run("permission-groups", old_app(fine, coarse, camera), {"at_least": 3})[0] is False


def test_a_clause_held_to_a_manual_check_is_called_so_everywhere() -> None:
    outcome = assessed(facts_of("gpsdemo"))
    clauses = {c.clause: c.verdict for i in outcome.instruments for c in i.clauses}
    title = next(c.title.zh for c in PACK.controls.values() if "target-sdk-below-23" in c.rules)

    assert clauses["CAC-2019-191-3-5"] is Verdict.MANUAL
    assert clauses["CAC-2019-191-4-6"] is Verdict.MANUAL
    assert standings(outcome, PACK)["target-sdk-below-23"].verdict is Verdict.MANUAL
    assert f"{title}（疑似）" not in "".join(reason.zh for reason in outcome.grade.reasons)


# --- grounds ------------------------------------------------------------------------------------------------


def best(*found: Access) -> str:
    truth, evidence = collects_pi(found, complete=True)
    assert truth is True
    return notes(evidence)


def test_the_strongest_place_shows_that_personal_information_is_obtained() -> None:
    pattern = next(a for a in app_of("gpsdemo").accesses if a.strength == "direct")
    common = {"reachable": True, "owner_kind": "app", "strength": "direct", "mode": "read"}
    camera = pattern.model_copy(update={**common, "item": "camera", "mode": "capture", "offset": 1})
    contacts = pattern.model_copy(update={**common, "item": "contacts", "owner_kind": "sdk", "offset": 2})
    serial = pattern.model_copy(
        update={**common, "item": "serial-number", "persistent_identifier": True, "offset": 3}
    )

    assert "通讯录" in best(camera, serial, contacts) or "联系人" in best(camera, serial, contacts)
    assert "序列号" in best(camera, serial)
    refused = contacts.model_copy(update={"permission_missing": True})
    assert collects_pi([refused], complete=True) == (None, ())
    assert collects_pi([contacts.model_copy(update={"restricted": True})], complete=True) == (None, ())


def test_a_call_that_may_obtain_several_items_is_named_with_all_of_them() -> None:
    (proof,) = [p for p in app_of("gpsdemo").proofs if p.field == "collects_pi"]

    assert "行踪轨迹或" in notes(proof.evidence)


def test_words_and_input_of_an_account_stand_on_one_screen() -> None:
    (proof,) = [p for p in app_of("apidemos").proofs if p.field == "has_account"]
    words, field = proof.evidence

    assert words.excerpt == "Login"
    assert field.artifact in {"res/layout/animation_1.xml", "res/layout/table_layout_10.xml"}
    assert "在同一界面" in notes(proof.evidence)


def test_a_query_about_the_app_itself_or_one_function_is_no_list_of_apps() -> None:
    found = {
        a.caller.partition("->")[0]: a
        for a in app_of("apidemos").accesses
        if "queryIntentActivities" in a.target
    }
    own, voice = (
        found["Lio/appium/android/apis/ApiDemos;"],
        found["Lio/appium/android/apis/app/VoiceRecognition;"],
    )
    every = found["Lio/appium/android/apis/view/Grid1;"]

    assert (own.strength, voice.strength, every.strength) == ("weak", "weak", "derived")
    assert "自己的清单所用的类别" in notes(own.evidence)
    assert "android.speech.action.RECOGNIZE_SPEECH" in notes(voice.evidence)
    assert "QUERY_ALL_PACKAGES" in notes(every.evidence)
    assert "installed-apps" not in {
        f.group for f in run("information-read-on-first-screen", facts_of("apidemos")).findings
    }


def test_what_newer_systems_withhold_stands_beside_the_place() -> None:
    found = [a for a in app_of("stfservice").accesses if a.item in {"imei", "imsi"} and a.kind == "method"]

    assert found
    assert all(
        "Android 10 起" in notes(a.evidence)
        for a in found
        if a.target.endswith("getDeviceId()Ljava/lang/String;")
    )


# --- files, providers, components, requests -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "target", "hit"),
    [
        (16, 22, "files-open-to-other-apps"),
        (16, 33, "files-open-on-old-systems"),
        (24, 33, ""),
    ],
)
def test_a_mode_that_later_systems_refuse_counts_by_the_systems_the_app_runs_on(
    low: int, target: int, hit: str
) -> None:
    issue = {"kind": "storage-world-readable", "caller": "c", "owner_kind": "app", "reachable": True}
    facts = example_facts(
        {"app": {"identity": {"min_sdk": low, "target_sdk": target}, "issues": [issue]}}, "app"
    )
    rules = ("files-open-to-other-apps", "files-open-on-old-systems")

    assert [r for r in rules if run(r, facts).outcome is Outcome.HIT] == ([hit] if hit else [])


def test_the_mode_that_was_read_is_shown() -> None:
    found = [i for i in app_of("apidemos").issues if i.kind == "storage-world-readable"]

    assert found
    assert all("MODE_WORLD_READABLE" in notes(i.evidence) for i in found)


def test_a_file_provider_is_shown_by_its_paths_and_whether_it_is_exported() -> None:
    app = collect(fixture_apk_path("surface.bad")).app
    assert app is not None
    (folder,) = app.shared_folders
    paths, stated = folder.evidence

    assert paths.artifact.startswith("res/")
    assert isinstance(paths.locator, XmlLocator)
    assert paths.excerpt.startswith("<root-path ")
    assert stated.beside
    assert "exported=false" in stated.excerpt


def test_an_open_component_is_shown_to_have_no_permission() -> None:
    app = collect(fixture_apk_path("exported.bad")).app
    assert app is not None
    bare = [
        c
        for c in app.components
        if c.exported and not c.permission and not c.launcher and c.kind == "activity"
    ]

    assert bare
    assert all("没有为它声明任何访问权限" in notes(c.evidence) for c in bare)


def test_the_name_of_a_component_clears_nothing() -> None:
    screen = {
        "kind": "activity",
        "name": "androidx.test.core.app.EmptyActivity",
        "exported": True,
        "evidence": [{"artifact": "AndroidManifest.xml", "locator": {"kind": "xml", "path": "/a"}}],
    }

    assert (
        run("open-activity", example_facts({"app": {"components": [screen]}}, "app")).outcome is Outcome.HIT
    )


def test_an_intent_that_is_not_known_makes_no_link() -> None:
    site = Called("Landroid/content/Intent;", "setData", "Landroid/net/Uri;", "Landroid/content/Intent;")

    assert not _shows(site, (NOTHING, frozenset({"http://a.example"})))


def test_a_request_names_its_permissions() -> None:
    app = collect(fixture_apk_path("permission-batch.bad")).app
    assert app is not None
    (batch,) = [r for r in app.requests if r.groups > 1]

    assert all(name.rpartition(".")[2] in notes(batch.evidence) for name in batch.permissions)


def test_a_public_library_that_trusts_everything_is_not_the_apps_code() -> None:
    kinds = {i.owner_kind for i in app_of("yosemite").issues if i.kind == "tls-trust-any"}

    assert kinds == {"library"}
    assert run("tls-trusts-any-certificate", facts_of("yosemite")).outcome is not Outcome.HIT


# --- one call, one finding ----------------------------------------------------------------------------------


def test_one_call_that_may_obtain_two_items_is_one_finding_that_names_both() -> None:
    facts = facts_of("gpsdemo")
    (found,) = run("information-read-on-first-screen", facts).findings
    rule = PACK.rules["information-read-on-first-screen"]

    assert [g.partition(" | ")[0] for g in single_groups(found.group)] == [
        "coarse-location",
        "precise-location",
    ]
    assert found.evidence_total == 1
    shown = Names(facts, PACK, "zh").group(rule, found.group)
    assert "精确位置" in shown
    assert "粗略位置" in shown


# --- applicability ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("app", "clause", "verdict", "why"),
    [
        ({"collects_pi": True}, "CAC-2019-191-1-2", Verdict.MANUAL, "未见可从桌面启动的界面"),
        ({"collects_pi": False}, "CAC-2019-191-1-2", Verdict.NOT_APPLICABLE, "是否收集个人信息：否"),
        (
            {"has_account": False, "components": [LAUNCHER]},
            "CAC-2019-191-6-1",
            Verdict.MANUAL,
            "自己的账号：否",
        ),
        ({}, "PIPL-25", Verdict.MANUAL, "公开"),
        ({}, "PIPL-41", Verdict.NOT_APPLICABLE, "本检测不检测"),
    ],
)
def test_what_is_not_shown_to_be_beside_the_point_is_left_to_a_human(
    app: dict[str, Any], clause: str, verdict: Verdict, why: str
) -> None:
    outcome = assessed(example_facts({"app": app}, "app"))
    found = next(c for i in outcome.instruments for c in i.clauses if c.clause == clause)

    assert found.verdict is verdict
    assert why in "".join(reason.zh for reason in found.reasons)


def test_cancelling_an_account_is_not_asked_in_the_name_of_deletion() -> None:
    users = {r for c in PACK.controls.values() if "PIPL-47" in c.clauses for r in c.rules}

    assert not users & {"no-account-deletion", "site-no-account-deletion", "policy-no-deregistration-site"}
    assert "PIPL-47" not in PACK.rules["no-account-deletion"].basis


def test_an_address_with_and_without_its_slash_is_one() -> None:
    found = text_endpoints([("a.js", "http://a.qinghe.cn http://a.qinghe.cn/ http://a.qinghe.cn/x/")])

    assert [e.url for e in found] == ["http://a.qinghe.cn", "http://a.qinghe.cn/x/"]


def test_an_address_that_is_only_shown_or_opened_elsewhere_is_no_transmission() -> None:
    found = {e.host: e for e in app_of("xposed-installer").endpoints if e.owner_kind == "app" and e.cleartext}

    assert {host for host, e in found.items() if e.link} == {"materialdesignicons.com", "repo.xposed.info"}
    assert {f.group for f in run("cleartext-endpoint", facts_of("xposed-installer")).findings} == {
        "dl-xda.xposed.info",
        "dl.xposed.info",
    }

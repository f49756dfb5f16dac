"""Interface texts with who uses them, dead resources, boxes ticked in code, consent dialogs."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner.collect import collect
from scanner.dex import instructions, number_sites, open_dex
from scanner.facts import AppFacts
from scanner.model import DexLocator


@cache
def read(path: Path) -> AppFacts:
    facts = collect(path).app
    assert facts is not None
    return facts


def app(name: str) -> AppFacts:
    return read(fixture_apk_path(name))


def test_a_text_names_the_class_that_shows_it_directly_or_through_a_layout() -> None:
    by_name = {text.name: text for text in app("clean").texts}

    assert by_name["string/consent_text"].used_by == ("cn.qinghe.notes.LaunchActivity",)
    assert by_name["string/login_agreement"].used_by == ("cn.qinghe.notes.LoginActivity",)
    assert {text.owner_kind for text in by_name.values()} == {"app"}
    assert all(text.used for text in by_name.values())


def test_a_string_that_nothing_refers_to_is_set_apart() -> None:
    facts = app("text-unused.bad")

    assert [(t.kind, t.name) for t in facts.unused_texts] == [("account_deletion", "string/old_delete")]
    assert not [t for t in facts.texts if t.kind == "account_deletion"]
    assert not app("text-unused.good").unused_texts


@pytest.mark.parametrize("name", ["stfservice", "appium-settings"])
def test_words_of_bundled_libraries_are_not_the_apps(name: str) -> None:
    texts = read(corpus_path(name)).texts

    assert texts
    assert {text.owner_kind for text in texts} == {"library"}


def test_texts_of_preference_screens_are_used_through_their_xml() -> None:
    texts = {(t.name, t.locale): t for t in read(corpus_path("yosemite")).texts}

    policy = texts["string/pref_privacy", "zh-rCN"]
    assert (policy.used, policy.owner_kind) == (True, "app")
    assert texts["string/pref_issues", "zh-rCN"].used


def test_a_box_ticked_by_code_is_found_and_one_ticked_by_a_tap_is_not() -> None:
    (ticked,) = [box for box in app("consent-tick-code.bad").checkboxes if box.origin == "code"]

    assert (ticked.view, ticked.checked, ticked.agreement) == ("id/agree", True, True)
    locator = ticked.evidence[0].locator
    assert isinstance(locator, DexLocator)
    assert locator.method.endswith("LoginActivity;->onCreate(Landroid/os/Bundle;)V")
    assert not [box for box in app("consent-tick-code.good").checkboxes if box.origin == "code"]


@pytest.mark.parametrize(
    ("name", "refuse"), [("consent-no-reject.bad", False), ("consent-no-reject.good", True)]
)
def test_buttons_of_a_dialog_built_in_code(name: str, refuse: bool) -> None:
    (dialog,) = app(name).dialogs

    assert (dialog.built, dialog.agree, dialog.refuse, dialog.cancelable) == ("code", True, refuse, False)
    assert dialog.links_policy
    assert dialog.buttons[0] == "同意并继续"
    assert dialog.evidence[0].chain


def test_the_purpose_told_on_the_way_to_a_request_is_named() -> None:
    (told,) = app("permission-purpose.good").requests
    (silent,) = app("permission-purpose.bad").requests

    assert len(told.purposes) == 1
    assert "麦克风" in told.purposes[0]
    assert silent.purposes == ()


def test_numbers_are_found_where_instructions_load_them() -> None:
    data = zipfile.ZipFile(fixture_apk_path("clean")).read("classes.dex")
    dex = open_dex([("classes.dex", data)])
    loads: dict[tuple[int, int], int] = {}
    for node in range(dex.node_count):
        for ins in instructions(dex, node):
            if ins.opcode in {0x14, 0x15} and ins.literal is not None and ins.literal >> 24 == 0x7F:
                loads[node, ins.offset] = ins.literal

    found, present = number_sites(dex, set(loads.values()))

    assert loads
    assert {(site.node, site.offset): site.number for site in found} == loads
    assert present == set(loads.values())

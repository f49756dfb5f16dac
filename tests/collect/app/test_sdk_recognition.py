"""Real SDK binaries in packages: every SDK found, none wrongly, with their names and after R8 took them away."""

from __future__ import annotations

import zipfile
from functools import cache

import pytest
from sdk_packages import APP, OTHER_VERSIONS, VENDOR_RULES, Built, Recipe, build, dex_of

from scanner import catalogue
from scanner.codefacts import Sdk
from scanner.collect.app.code import Code
from scanner.collect.app.collect import collect_app
from scanner.collect.app.origin import Prefixes, sdk_prefixes
from scanner.collect.app.structure import known, match
from scanner.collect.app.subject import Program
from scanner.context import CollectOptions
from scanner.dex import open_dex
from scanner.dex.tokens import tokens
from scanner.facts import AppFacts
from scanner.model import Confidence

ALL = ("jcore", "jpush", "janalytics", "jverification", "mta-sdk", "qq-open-sdk", "wechat-sdk", "baidu-lbs")
WHOLE = "-dontshrink\n"  # nothing calls most of an SDK here: without this R8 would drop it before renaming
RECIPES = {
    "plain, all": Recipe(ALL),
    "plain, one vendor's shared core alone": Recipe(("jcore",)),
    "vendors' rules": Recipe(
        ("jverification", "qq-open-sdk", "mta-sdk"), VENDOR_RULES + "-repackageclasses o\n"
    ),
    "no rules, push and sharing, repackaged into the app": Recipe(
        ("jcore", "jpush", "wechat-sdk"), WHOLE + f"-repackageclasses {APP}.x\n"
    ),
    "no rules, what an app calls": Recipe(ALL, "-repackageclasses\n"),
}
RENAMED = [name for name, recipe in RECIPES.items() if recipe.rules is not None]


@cache
def built(name: str) -> Built:
    return build(RECIPES[name])


@cache
def app(name: str) -> AppFacts:
    facts = collect_app(built(name).path, CollectOptions()).app
    assert facts is not None
    return facts


def services(name: str) -> dict[str, Sdk]:
    return {sdk.id: sdk for sdk in app(name).sdks if not sdk.is_library}


@pytest.mark.parametrize("name", RECIPES)
def test_every_sdk_is_found_and_none_wrongly(name: str) -> None:
    assert set(services(name)) == RECIPES[name].expected


@pytest.mark.parametrize("name", RECIPES)
def test_what_is_found_is_sure_and_shown(name: str) -> None:
    for sdk in services(name).values():
        assert sdk.confidence is not Confidence.TENTATIVE, sdk
        assert sdk.evidence, sdk


def test_versions_are_read_where_the_code_states_them() -> None:
    stated = {sdk.id: sdk.version for sdk in services("plain, all").values() if sdk.version}

    assert stated == {
        "jiguang-core": "2.9.0",
        "jiguang-push": "3.5.4",
        "jiguang-analytics": "2.1.8",
        "tencent-mta": "1.6.2",
        "qq-opensdk": "3.2.1",
        "unicom-login": "6.3.4CR001B0306",
        "baidu-map": "6.0.0",
        "baidu-location": "8.0.3",
        "baidu-lbs-common": "1.0.23",
    }
    assert all(sdk.version_evidence for sdk in services("plain, all").values() if sdk.version)


def origins(name: str) -> list[tuple[str, str]]:
    """Whose each class is by its original name, and by the owner found in the package."""
    known = Prefixes(sdk_prefixes(catalogue.sdks().values()))
    with zipfile.ZipFile(built(name).path) as archive:
        sources = [(entry, archive.read(entry)) for entry in archive.namelist() if entry.endswith(".dex")]
    code = Code(sources, Program(APP, 21, 30, None, None, (), (), frozenset(), ()))
    pairs = []
    for new, owner in zip(code.dex.class_names, code.owners, strict=True):
        old = built(name).names.get(new, new)
        true = known.find(old)
        truth = "app" if old.startswith(APP) else true.id if true else ""
        pairs.append((truth, "app" if owner.kind == "app" else owner.id))
    return pairs


def test_renamed_classes_belong_to_their_sdk_though_they_stand_in_the_apps_package() -> None:
    name = "no rules, push and sharing, repackaged into the app"
    pairs = [pair for pair in origins(name) if pair[0] in RECIPES[name].expected | {"app"}]
    found = [(truth, owner) for truth, owner in pairs if owner]

    assert len(pairs) > 500
    assert len(found) > 0.7 * len(pairs)
    assert sum(truth == owner for truth, owner in found) > 0.98 * len(found)
    assert not [pair for pair in found if (pair[0] == "app") != (pair[1] == "app")]


@pytest.mark.parametrize("name", OTHER_VERSIONS)
def test_another_version_is_recognised_without_any_name(name: str) -> None:
    """The fingerprints come from one version only; names are not looked at here, so renaming changes nothing."""
    dex = open_dex([(f"classes{n}.dex", data) for n, data in enumerate(dex_of(name))])

    present, owners = match(tokens(dex), known())

    assert {sdk for sdk in present if not catalogue.sdks()[sdk].is_library} == OTHER_VERSIONS[name]
    assert owners

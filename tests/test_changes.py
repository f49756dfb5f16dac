"""What a retest compares: every kind of fact once, nothing that a build or a second visit changes by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import corpus_path

from scanner.appchanges import SOURCES, dialog_source
from scanner.appfacts import (
    ConsentDialog,
    Container,
    NativeHardening,
    NetworkConfig,
    Secret,
    StartupStep,
)
from scanner.buildchanges import identity
from scanner.changes import FactChange, Source, changes
from scanner.codefacts import CodeStats, Endpoint, NativeLibrary, Origin, Sdk
from scanner.collect import collect
from scanner.componentfacts import Ability, AccessibilitySettings, AutoStart, DeepLink, Wake
from scanner.context import CollectOptions
from scanner.facts import AppFacts, AppFlags, Certificate, Component, Facts, Identity, Signing
from scanner.model import Gap, Subject, Text
from scanner.permissionfacts import Permission

OWN = Origin(kind="app", id="cn.x")
ADS = Origin(kind="sdk", id="ads")
NAME = Text(zh="某", en="some")
DAY = datetime(2026, 1, 1, tzinfo=UTC)
CERTIFICATE = Certificate(
    sha256="aa",
    subject="CN=甲",
    issuer="CN=甲",
    serial="1",
    not_before=DAY,
    not_after=DAY,
    key_algorithm="RSA",
    signature_algorithm="SHA256",
    self_signed=True,
    debug=False,
    weak=False,
)


def app(**parts: Any) -> Facts:
    own = parts.pop("identity", Identity(package="cn.x"))
    return Facts(
        collector="t",
        subject=Subject(kind="app", name="x", identifier="cn.x"),
        app=AppFacts(identity=own, **parts),
    )


def compared(old: Facts, new: Facts) -> list[FactChange]:
    named = Source("identity", ("app.identity", "app.signing"), identity)
    return list(changes((named, *SOURCES, dialog_source(old, new)), old, new))


def only(old: Facts, new: Facts) -> tuple[str, str, list[str], list[str]]:
    (change,) = compared(old, new)
    return change.kind, change.id, [v.text for v in change.old], [v.text for v in change.new]


def step(**update: Any) -> StartupStep:
    base: dict[str, Any] = {
        "number": 1,
        "phase": "application",
        "component": "cn.x.App",
        "entry_method": "onCreate",
        "action": "init",
        "target": "Lads/Ads;->init()V",
        "caller": "Lcn/x/App;->onCreate()V",
        "owner_kind": "app",
        "sdk": "ads",
        "guard": "consent",
    }
    return StartupStep(**base | update)


def sdk(**update: Any) -> Sdk:
    base: dict[str, Any] = {
        "id": "ads",
        "name": NAME,
        "vendor": NAME,
        "purpose": "advertising",
        "is_library": False,
        "basis": ("class",),
    }
    return Sdk(**base | update)


def way(**update: Any) -> AutoStart:
    base: dict[str, Any] = {
        "kind": "boot",
        "name": NAME,
        "group": "boot",
        "trigger": "x",
        "component": "cn.x.R",
    }
    return AutoStart(**base | {"works": True, "owner_kind": "app"} | update)


def wake(**update: Any) -> Wake:
    base: dict[str, Any] = {"package": "cn.y", "way": "service", "caller": "Lcn/x/A;->a()V"}
    return Wake(**base | {"owner_kind": "app"} | update)


def ability(**update: Any) -> Ability:
    return Ability(**{"kind": "accessibility", "name": NAME, "declared": True, "owner_kind": "app"} | update)


def link(**update: Any) -> DeepLink:
    base: dict[str, Any] = {"component": "cn.x.A", "kind": "activity", "schemes": ("x",), "exported": True}
    return DeepLink(**base | update)


def host(**update: Any) -> Endpoint:
    base: dict[str, Any] = {"url": "https://a.example/", "host": "a.example", "cleartext": False}
    return Endpoint(**base | {"origin": "code", "owner": OWN, "owner_kind": "app"} | update)


def secret(**update: Any) -> Secret:
    base: dict[str, Any] = {"kind": "oss", "name": NAME, "vendor": "v", "masked": "AK**", "origin": "code"}
    return Secret(**base | {"checked": ("prefix",), "owner_kind": "app"} | update)


def dialog(text: str, **update: Any) -> ConsentDialog:
    base: dict[str, Any] = {
        "built": "code",
        "place": "La;->a()V",
        "text": text,
        "agree": True,
        "refuse": True,
    }
    return ConsentDialog(**base | update)


def elf(**update: Any) -> NativeHardening:
    return NativeHardening(**{"path": "lib/arm64-v8a/liba.so", "nx": True, "relro": "full"} | update)


PERMISSION = Permission(
    name="android.permission.CAMERA", declared=True, protection="dangerous", collects_pi=True
)
CASES: dict[str, tuple[Facts, Facts, tuple[str, str, list[str], list[str]]]] = {
    "an SDK now starts before consent": (
        app(sdks=(sdk(),), startup=(step(),)),
        app(sdks=(sdk(),), startup=(step(guard="none"),)),
        ("startup", "init ads", ["application", "consent"], ["application", "none"]),
    ),
    "an SDK is no longer told about consent": (
        app(startup=(step(action="consent", value=True),)),
        app(),
        ("startup", "consent ads", ["application", "consent", "agreed"], []),
    ),
    "an accessibility service that reads windows": (
        app(abilities=(ability(accessibility=AccessibilitySettings(window_content=False)),)),
        app(abilities=(ability(accessibility=AccessibilitySettings(window_content=True)),)),
        ("ability", "accessibility", ["declared"], ["declared", "window_content"]),
    ),
    "device administrator": (
        app(),
        app(abilities=(ability(kind="device-admin", policies=("wipe-data",)),)),
        ("ability", "device-admin", [], ["declared", "wipe-data"]),
    ),
    "a start at boot that Android acts on": (
        app(autostarts=(way(works=False),)),
        app(autostarts=(way(),)),
        ("autostart", "boot cn.x.R", ["app", "ineffective"], ["app", "works"]),
    ),
    "another app is woken": (app(), app(wakes=(wake(),)), ("wake", "cn.y", [], ["way_service", "app"])),
    "a link pages can open": (
        app(links=(link(hosts=("h",)),)),
        app(links=(link(hosts=("h",), browsable=True),)),
        ("link", "cn.x.A x://h", [], ["browsable"]),
    ),
    "an exported component loses its permission": (
        app(components=(Component(kind="service", name="S", exported=True, permission="p", owner=OWN),)),
        app(components=(Component(kind="service", name="S", exported=True, owner=OWN),)),
        ("component", "service S", ["p"], ["open"]),
    ),
    "a permission beyond the category": (
        app(category="online-shopping", category_basis="given", permissions=()),
        app(category="online-shopping", category_basis="given", permissions=(PERMISSION,)),
        ("permission", "android.permission.CAMERA", [], ["dangerous", "outside"]),
    ),
    "operator and country of a host": (
        app(endpoints=(host(operator=NAME, country="CN", country_of="operator", overseas=False),)),
        app(endpoints=(host(operator=NAME, country="US", country_of="operator", overseas=True),)),
        ("endpoint", "a.example", ["encrypted", "某", "CN"], ["encrypted", "某", "US", "overseas"]),
    ),
    "a secret": (app(), app(secrets=(secret(),)), ("secret", "oss AK**", [], ["AK**", "app"])),
    "a protection is lost": (
        app(hardening=(elf(),)),
        app(hardening=(elf(relro="none"),)),
        ("native", "liba.so", [], ["relro_none"]),
    ),
    "a native library": (
        app(),
        app(
            native_libraries=(
                NativeLibrary(path="lib/x86/liba.so", name="liba.so", abi="x86", size=9, owner=OWN),
            )
        ),
        ("native", "liba.so", [], ["x86"]),
    ),
    "a script container": (
        app(),
        app(containers=(Container(kind="flutter", name=NAME),)),
        ("native", "container flutter", [], []),
    ),
    "another certificate": (
        app(signing=Signing(certificates=(CERTIFICATE,))),
        app(signing=Signing(certificates=(CERTIFICATE.model_copy(update={"sha256": "bb", "debug": True}),))),
        ("identity", "certificate", ["aa", "CN=甲"], ["bb", "CN=甲", "debug_certificate"]),
    ),
    "the target level": (
        app(identity=Identity(package="cn.x", target_sdk=28)),
        app(identity=Identity(package="cn.x", target_sdk=34)),
        ("identity", "target_sdk", ["28"], ["34"]),
    ),
    "a packer": (
        app(),
        app(code=CodeStats(packer="p", packer_name=NAME)),
        ("identity", "packer", [], ["p"]),
    ),
    "the category": (
        app(category="online-shopping", category_basis="given"),
        app(category="instant-messaging", category_basis="given"),
        ("identity", "category", ["online-shopping"], ["instant-messaging"]),
    ),
    "the words of a consent dialog": (
        app(dialogs=(dialog("请阅读并同意隐私政策后使用"),)),
        app(dialogs=(dialog("请阅读并同意新版隐私政策后使用", refuse=False),)),
        (
            "dialog",
            "请阅读并同意隐私政策后使用",
            ["请阅读并同意隐私政策后使用", "no_policy_link"],
            ["请阅读并同意新版隐私政策后使用", "no_refuse", "no_policy_link"],
        ),
    ),
    "a switch of the application": (
        app(flags=AppFlags(debuggable=False)),
        app(flags=AppFlags(debuggable=True)),
        ("setting", "debuggable", ["no"], ["yes"]),
    ),
    "trust in certificates of the user": (
        app(network=NetworkConfig(present=True, user_certificates=False)),
        app(network=NetworkConfig(present=True, user_certificates=True)),
        ("setting", "user_certificates", ["no"], ["yes"]),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_change_is_one_row_with_old_and_new(case: str) -> None:
    old, new, wanted = CASES[case]

    assert only(old, new) == wanted
    back = compared(new, old)
    assert [(c.kind, c.id if c.kind != "dialog" else "") for c in back] == [
        (wanted[0], wanted[1] if wanted[0] != "dialog" else "")
    ]


@pytest.mark.parametrize("case", CASES)
def test_the_same_facts_do_not_differ(case: str) -> None:
    for facts in CASES[case][:2]:
        assert compared(facts, facts.model_copy(deep=True)) == []


def with_sdk() -> Facts:
    return app(
        sdks=(sdk(version="1"),),
        startup=(step(), step(number=2, action="network", sdk="", owner_kind="sdk", owner_id="ads")),
        components=tuple(
            Component(kind="activity", name=f"ads.A{n}", exported=True, owner=ADS) for n in range(40)
        ),
        endpoints=(host(owner=ADS, owner_kind="sdk", host="ads.example"), host()),
        wakes=(wake(owner_kind="sdk", owner_id="ads"),),
        autostarts=(way(owner_kind="sdk", owner_id="ads"),),
    )


def test_a_new_sdk_is_one_row_that_names_what_came_with_it() -> None:
    old = app(endpoints=(host(),))

    (came,) = compared(old, with_sdk())
    (went,) = compared(with_sdk(), old)

    assert (came.kind, came.id, came.change) == ("sdk", "ads", "added")
    assert (went.kind, went.change) == ("sdk", "removed")
    assert {part.kind for part in came.parts} == {"startup", "component", "endpoint", "wake", "autostart"}
    assert len(came.parts) == len(went.parts) == 2 + 40 + 1 + 1 + 1


def test_what_an_sdk_kept_does_is_compared_by_itself() -> None:
    old = app(sdks=(sdk(),))

    kinds = {c.kind for c in compared(old, with_sdk())}

    assert kinds == {"sdk", "startup", "component", "endpoint", "wake", "autostart"}


def test_names_of_obfuscated_code_numbers_and_order_do_not_count() -> None:
    old = app(
        startup=(step(), step(number=2, action="access", item="imei", sdk="")),
        dialogs=(dialog("请同意"),),
        wakes=(wake(), wake(package="cn.z")),
    )
    new = app(
        startup=(
            step(number=4, action="access", item="imei", sdk="", caller="Lb;->c()V"),
            step(number=9, caller="La;->a()V", target="Lads/b;->c()V"),
        ),
        dialogs=(dialog("请同意", place="Lz;->z()V"),),
        wakes=(wake(package="cn.z", caller="Lq;->q()V"), wake(caller="Lq;->r()V")),
    )

    assert compared(old, new) == []


@pytest.mark.parametrize("path", ["app.startup", "app"])
def test_what_could_not_be_read_is_not_called_removed(path: str) -> None:
    blind = app().model_copy(update={"gaps": (Gap(path=path, code="x", reason=NAME),)})
    seen = app(startup=(step(),))

    assert [c.certain for c in compared(seen, blind) if c.kind == "startup"] == [False]
    assert [c.certain for c in compared(seen, app()) if c.kind == "startup"] == [True]


def test_two_releases_of_an_app_with_the_same_code_differ_in_name_only() -> None:
    old, new = (
        collect(str(corpus_path(name)), CollectOptions())
        for name in ("appium-settings-bundled", "appium-settings")
    )

    assert {(c.kind, c.id) for c in compared(old, new)} == {
        ("identity", "version"),
        ("identity", "version_code"),
        ("identity", "certificate"),
    }

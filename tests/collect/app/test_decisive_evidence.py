"""Evidence shows what makes the finding true: the attribute meant, the call that reads, the policies asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner.codefacts import Access
from scanner.collect import collect
from scanner.collect.app.accesses import accesses
from scanner.collect.app.code import Code
from scanner.collect.app.overall import collects_pi
from scanner.collect.app.permissions import uses_of as permission_uses
from scanner.collect.app.subject import Program
from scanner.conditions import FactIndex
from scanner.evaluate import run_rule
from scanner.facts import AppFacts, Facts
from scanner.model import DexLocator, Evidence, Finding, Outcome, SearchLocator, XmlLocator
from scanner.packload import load_pack
from scanner.permissionfacts import PermissionUse


@cache
def facts_of(name: str, corpus: bool = False) -> Facts:
    return collect(corpus_path(name) if corpus else fixture_apk_path(name))


def app_of(name: str, corpus: bool = False) -> AppFacts:
    app = facts_of(name, corpus).app
    assert app is not None
    return app


def findings(rule: str, facts: Facts) -> tuple[Finding, ...]:
    result = run_rule(load_pack().rules[rule], FactIndex(facts))
    assert result.outcome is Outcome.HIT, result.reasons
    return result.findings


def shown(evidence: tuple[Evidence, ...]) -> list[str]:
    return [f"{e.excerpt} {e.note.zh if e.note else ''}".strip() for e in evidence]


def test_an_attribute_is_shown_alone_with_its_default_and_why() -> None:
    (backup,) = findings("backup-allowed", facts_of("allow-backup.bad"))
    (debug,) = findings("debuggable-release", facts_of("debuggable.bad"))
    (old,) = findings("cleartext-traffic-permitted", facts_of("gpsdemo", corpus=True))

    assert shown(debug.evidence) == ['android:debuggable="true"']
    assert all("allowBackup" in line and "debuggable" not in line for line in shown(backup.evidence))
    assert shown(old.evidence) == [
        "没有写明 android:usesCleartextTraffic；targetSdkVersion 4 低于 28，默认允许明文传输",
        'android:minSdkVersion="4" 没有写明 android:targetSdkVersion，系统取 minSdkVersion，即 4',
    ]
    assert [e.locator for e in old.evidence] == [
        XmlLocator(path="/manifest/application"),
        XmlLocator(path="/manifest/uses-sdk"),
    ]
    assert old.evidence_total == 1


def test_a_system_property_is_shown_with_the_call_that_reads_it() -> None:
    found = [a for a in app_of("stfservice", corpus=True).accesses if a.kind == "property"]
    serial = next(a for a in found if a.target == "ro.serialno")
    name, call = serial.evidence

    assert name.excerpt == "const-string ro.serialno"
    assert call.beside
    assert "Method;->invoke" in call.excerpt or "SystemProperties;->get" in call.excerpt
    assert call.note is not None and "读取上述系统属性的调用" in call.note.zh
    assert "android.os.SystemProperties" in call.note.zh or "SystemProperties;->get" in call.excerpt
    assert isinstance(call.locator, DexLocator)


def test_a_device_administrator_is_shown_with_its_policies() -> None:
    (found,) = findings("device-administrator-can-wipe", facts_of("abilities.bad"))
    policies = next(e for e in found.evidence if e.artifact.startswith("res/"))

    assert policies.excerpt == "<force-lock /> <wipe-data />"
    assert policies.beside
    assert found.evidence_total == 1


def test_an_accessibility_service_is_shown_with_what_it_asks_for() -> None:
    facts = facts_of("accessibility-overlay.bad")
    assert facts.app is not None
    (ability,) = [a for a in facts.app.abilities if a.kind == "accessibility"]
    (config,) = [e for e in ability.evidence if e.artifact.startswith("res/")]

    assert "android:accessibilityEventTypes=" in config.excerpt
    assert "android:canRetrieveWindowContent=" in config.excerpt
    assert config.note is not None


def test_accounts_as_a_ground_are_shown_and_are_no_place() -> None:
    (found,) = findings("no-account-deletion", facts_of("account-deletion.bad"))
    first, *grounds = found.evidence

    assert isinstance(first.locator, SearchLocator)
    assert any(e.note is not None and "应用有账号的依据" in e.note.zh for e in grounds)
    assert all(e.beside for e in grounds)
    assert found.evidence_total == 0


def test_collection_as_a_ground_is_shown() -> None:
    (found,) = findings("no-complaint-channel", facts_of("complaint-channel.bad"))

    assert any(e.note is not None and "代码可取得个人信息的依据" in e.note.zh for e in found.evidence)


@pytest.mark.parametrize("part", ["switched_on", "enabled"])
def test_a_component_that_is_switched_off_is_said_to_be(part: str, corpus: Callable[[str], Path]) -> None:
    app = app_of("apidemos", corpus=True)
    off = {c.name.rpartition(".")[2]: c for c in app.components if not c.enabled}

    if part == "enabled":
        assert set(off) == {"SmsMessageReceiver", "ExampleBroadcastReceiver"}
        assert all(c.evidence[0].note is not None for c in off.values())
        return
    # SmsMessagingDemo enables its receiver; what the other's provider names is no class of the package.
    assert off["SmsMessageReceiver"].switched_on is True
    assert off["ExampleBroadcastReceiver"].switched_on is None
    (read, *_) = [a for a in app.accesses if a.item == "sms" and "createFromPdu" in a.target]
    assert (read.reachable, read.dormant) == (True, "")


def test_a_receiver_or_broadcast_is_shown_with_its_action() -> None:
    (sticky,) = [i for i in app_of("insecure-code.bad").issues if i.kind == "sticky-broadcast"]
    (registered,) = [
        i for i in app_of("yosemite", corpus=True).issues if i.kind == "receiver-exported-in-code"
    ]

    # The method makes another intent, which this broadcast does not send.
    assert sticky.detail == "cn.qinghe.notes.SYNCED"
    call, told = sticky.evidence
    assert not call.beside
    assert told.beside
    assert told.note is not None and "cn.qinghe.notes.SYNCED" in told.note.zh
    assert registered.detail or registered.evidence[0].note is not None


@pytest.mark.parametrize(
    ("item", "mode", "strength", "expected"),
    [
        ("microphone", "prompt", "weak", None),
        ("media-files", "prompt", "weak", None),
        ("installed-apps", "observe", "weak", None),
        ("camera", "prompt", "direct", None),
        ("screen-info", "read", "weak", False),
        ("battery", "observe", "weak", False),
        ("imei", "read", "direct", True),
    ],
)
def test_a_lead_keeps_collection_open_and_settles_nothing(
    item: str, mode: str, strength: str, expected: bool | None
) -> None:
    pattern = app_of("gpsdemo", corpus=True).accesses[0]
    found = pattern.model_copy(
        update={"item": item, "mode": mode, "strength": strength, "reachable": True, "owner_kind": "app"}
    )

    assert collects_pi([found], complete=True)[0] is expected
    assert collects_pi([found.model_copy(update={"reachable": False})], complete=True)[0] is False


def test_what_only_a_component_switched_off_leads_to_is_dormant() -> None:
    path = corpus_path("gpsdemo")
    app = app_of("gpsdemo", corpus=True)
    (screen,) = app.components
    program = Program(
        package=app.identity.package,
        min_sdk=4,
        target_sdk=4,
        application=None,
        factory=None,
        components=(screen.model_copy(update={"enabled": False}),),
        meta_data=(),
        declared=frozenset(p.name for p in app.permissions),
        files=(),
        layout_classes=(),
        init_orders={},
        initializers=(),
    )
    with zipfile.ZipFile(path) as package:
        code = Code([("classes.dex", package.read("classes.dex"))], program)
    found, _ = accesses(code)

    assert code.switches.switched_on(screen.name) is False
    assert found
    assert {(a.reachable, a.dormant) for a in found} == {(False, screen.name)}
    assert all(a.evidence[0].note is not None and screen.name in a.evidence[0].note.zh for a in found)
    (use, *_) = [u for p in permission_facts_of(found) for u in p]
    assert use.dormant == use.sites


def permission_facts_of(found: list[Access]) -> list[tuple[PermissionUse, ...]]:
    return [tuple(uses) for uses in permission_uses(found).values()]


@pytest.mark.parametrize(("name", "limited"), [("apidemos", True), ("proxyon", False)])
def test_a_limit_of_newer_targets_is_told_only_of_them(name: str, limited: bool) -> None:
    """API Demos targets 33 and sees few other apps; the other targets 22 and sees all."""
    found = [
        a for a in app_of(name, corpus=True).accesses if a.source.startswith("package-manager-get-installed")
    ]
    notes = [a.evidence[0].note.zh if a.evidence[0].note is not None else "" for a in found]

    assert found
    assert all(("30 及以上" in note) is limited for note in notes)

"""What components let happen: self-start, waking other apps, special abilities; on fixtures and real packages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from scanner.collect import collect
from scanner.collect.app.abilities import rows
from scanner.collect.app.autostart import Broadcast, data
from scanner.collect.app.wakes import purpose_of, wake_actions
from scanner.facts import AppFacts
from scanner.model import Text


@cache
def facts(path: Path) -> AppFacts:
    app = collect(str(path)).app
    assert app is not None
    return app


def test_ways_of_starting_unasked_say_which_still_work(fixture_apk: Callable[[str], Path]) -> None:
    found = {one.kind: one for one in facts(fixture_apk("self-start.bad")).autostarts}

    assert set(found) == {
        "media-mounted",
        "user-present",
        "one-pixel-window",
        "service-restarts-itself",
        "jiguang-push",
    }
    assert found["media-mounted"].works
    assert found["user-present"].works is False
    assert found["jiguang-push"].group == "door"
    assert found["one-pixel-window"].reachable
    assert all(one.evidence for one in found.values())


def test_waking_other_apps_names_package_way_and_order_of_consent(fixture_apk: Callable[[str], Path]) -> None:
    found = facts(fixture_apk("self-start.bad")).wakes

    assert {(w.way, w.package, w.target or w.action) for w in found} == {
        ("bind", "com.partner.reader", "com.partner.reader.CoreService"),
        ("broadcast", "com.partner.reader", "com.partner.reader.WAKE"),
        ("query", "", "cn.jpush.android.intent.DaemonService"),
    }
    assert all(w.before_ui and w.guarded is False and w.reachable for w in found)
    assert all(w.evidence[0].chain for w in found)


def test_an_app_that_starts_only_itself_wakes_nobody(fixture_apk: Callable[[str], Path]) -> None:
    app = facts(fixture_apk("self-start.good"))

    assert app.wakes == ()
    assert app.autostarts == ()


def test_calls_into_parts_of_the_device_are_told_apart(corpus: Callable[[str], Path]) -> None:
    found = {w.package: w for w in facts(corpus("appium-settings")).wakes}

    assert set(found) == {"com.google.android.gms"}
    assert found["com.google.android.gms"].purpose == "system"


def test_abilities_read_the_policies_and_see_use_and_disuse(fixture_apk: Callable[[str], Path]) -> None:
    found = {one.kind: one for one in facts(fixture_apk("abilities.bad")).abilities}

    assert set(found) == {"device-admin", "battery-exemption", "install-packages"}
    assert found["device-admin"].policies == ("force-lock", "wipe-data")
    assert found["battery-exemption"].used
    assert found["battery-exemption"].used_by_owner == ("app",)
    assert found["install-packages"].used is False
    assert facts(fixture_apk("abilities.good")).abilities == ()


def test_an_accessibility_service_is_known_by_its_configuration(
    fixture_apk: Callable[[str], Path], corpus: Callable[[str], Path]
) -> None:
    everything = next(
        a for a in facts(fixture_apk("accessibility-overlay.bad")).abilities if a.kind == "accessibility"
    )
    limited = next(a for a in facts(corpus("apidemos")).abilities if a.kind == "accessibility")

    assert everything.accessibility is not None
    assert everything.accessibility.window_content
    assert everything.accessibility.all_events
    assert everything.accessibility.packages == ()
    assert limited.accessibility is not None
    assert limited.accessibility.packages == ("io.appium.android.apis",)


def test_unread_code_leaves_use_open(fixture_apk: Callable[[str], Path]) -> None:
    found = facts(fixture_apk("broken/no-dex"))

    assert all(one.used is None for one in found.abilities if not one.components)
    assert found.wakes == ()


@pytest.mark.parametrize(
    ("row", "target", "declared", "works"),
    [
        ({"until_target": 26}, 25, (), True),
        ({"until_target": 26}, 26, (), False),
        ({"never": True}, 1, (), False),
        ({"needs": "P"}, 33, (), False),
        ({"needs": "P"}, 33, ("P",), True),
    ],
)
def test_delivery_follows_target_level_and_permission(
    row: dict[str, object], target: int, declared: tuple[str, ...], works: bool
) -> None:
    name = Text(zh="例", en="example")
    broadcast = Broadcast.model_validate(
        {"id": "x", "group": "event", "action": "a", "name": name.model_dump(), **row}
    )

    assert broadcast.works(target, declared) is works


@pytest.mark.parametrize(
    ("package", "purpose"),
    [
        ("com.android.vending", "system"),
        ("com.android.settings", "system"),
        ("com.androidx.shop", ""),
        ("com.tencent.mm", "login"),
        ("com.tencent.news", ""),
        ("com.partner.reader", ""),
    ],
)
def test_purpose_of_a_package_by_its_prefix(package: str, purpose: str) -> None:
    assert purpose_of(package) == purpose


def test_the_data_is_consistent() -> None:
    actions = [row.action for row in data().broadcasts]

    assert len(actions) == len(set(actions))
    assert len({row.id for row in rows()}) == len(rows())
    doors = {action for door in data().doors for action in door.actions}
    assert wake_actions().keys() <= doors
    assert all(row.permissions or row.actions for row in rows())
    assert all(row.bind or not row.actions or row.categories for row in rows())

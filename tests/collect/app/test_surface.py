"""What the manifest opens to others: links, guards, tasks, queries, shared files; on fixtures and real packages."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from scanner.collect import collect
from scanner.collect.app.surface import similar_permission
from scanner.facts import AppFacts


@cache
def facts(path: Path) -> AppFacts:
    app = collect(str(path)).app
    assert app is not None
    return app


def test_a_filter_that_mixes_web_and_own_schemes_cannot_be_verified(
    fixture_apk: Callable[[str], Path],
) -> None:
    (bad,) = facts(fixture_apk("surface.bad")).links
    (good,) = facts(fixture_apk("surface.good")).links

    assert (bad.schemes, bad.hosts, bad.paths) == (
        ("https", "qinghe"),
        ("www.qinghe.example",),
        ("pathPrefix:/share",),
    )
    assert (bad.auto_verify, bad.verifiable, bad.custom_schemes) == (True, False, ("qinghe",))
    assert (good.auto_verify, good.verifiable, good.custom_schemes) == (True, True, ())


def test_guards_say_what_it_takes_to_hold_them(fixture_apk: Callable[[str], Path]) -> None:
    app = facts(fixture_apk("surface.bad"))

    assert {(g.permission, g.level, g.defined_by, g.own_name) for g in app.guards} == {
        ("cn.qinghe.notes.SYNC", "normal", "package", True),
        ("cn.qinghe.notes.BACKUP", "unknown", "unknown", True),
    }
    own = {p.name: p for p in app.own_permissions}
    assert own["cn.qinghe.notes.SYNC"].guards == ("cn.qinghe.notes.SyncService",)
    assert own["cn.qinghe.notes.GROUP"].kind == "group"
    (guard,) = facts(fixture_apk("surface.good")).guards
    assert (guard.level, guard.defined_by) == ("signature", "package")


def test_tasks_name_foreign_affinity_and_the_releases_that_allow_it(
    fixture_apk: Callable[[str], Path],
) -> None:
    bad = {t.component.rpartition(".")[2]: t for t in facts(fixture_apk("surface.bad")).tasks}
    good = {t.component.rpartition(".")[2]: t for t in facts(fixture_apk("surface.good")).tasks}

    assert bad["FloatActivity"].foreign
    assert bad["FloatActivity"].reparenting
    assert bad["LaunchActivity"].strandhogg1
    assert good["FloatActivity"].affinity == ""
    assert not good["FloatActivity"].strandhogg1


def test_a_package_for_newer_releases_only_is_not_open_to_task_hijacking(
    corpus: Callable[[str], Path],
) -> None:
    tasks = {t.component: t for t in facts(corpus("appium-settings")).tasks}

    settings = tasks["io.appium.settings.Settings"]
    assert settings.launch_mode == "singleInstance"
    assert settings.strandhogg1
    assert not settings.strandhogg2


def test_queries_and_shared_folders(fixture_apk: Callable[[str], Path]) -> None:
    bad, good = facts(fixture_apk("surface.bad")), facts(fixture_apk("surface.good"))

    assert bad.queries is not None
    assert (bad.queries.foreign, bad.queries.all_packages) == (24, False)
    assert [(s.root, s.everything) for s in bad.shared_folders] == [("root-path", True)]
    assert [(s.root, s.path, s.everything) for s in good.shared_folders] == [("cache-path", "share/", False)]


def test_foreground_services_of_a_real_package(corpus: Callable[[str], Path]) -> None:
    found = {s.component.rpartition(".")[2]: s for s in facts(corpus("appium-settings")).foreground_services}

    assert found["LocationService"].types == ("location",)
    assert found["RecorderService"].types == ("mediaProjection",)
    assert all(s.missing == () and s.started for s in found.values())
    assert found["LocationService"].items == ()  # it only sets mock locations
    assert {"precise-location", "location-track"} <= set(found["ForegroundService"].items)
    assert set(found["RecorderService"].items) == {"microphone", "screen-content"}
    shown = found["ForegroundService"].evidence
    assert shown[1].excerpt.partition("->")[2].startswith("startForeground(")
    assert shown[2].chain[0].method.startswith("Lio/appium/settings/ForegroundService;->")


@pytest.mark.parametrize(
    ("variant", "kind", "items"),
    [
        ("bad", "location", {"coarse-location", "location-track", "precise-location"}),
        ("good", "dataSync", set()),
    ],
)
def test_the_types_code_gives_and_what_the_service_obtains(
    fixture_apk: Callable[[str], Path], variant: str, kind: str, items: set[str]
) -> None:
    (service,) = facts(fixture_apk(f"foreground-location.{variant}")).foreground_services

    assert (service.types, service.code_types, service.undeclared_types) == ((kind,), (kind,), ())
    assert service.started
    assert set(service.items) == items


def test_a_guard_of_level_normal_in_a_real_package(corpus: Callable[[str], Path]) -> None:
    guards = facts(corpus("appium-settings")).guards

    assert {g.component for g in guards if g.level == "normal"} == {"io.appium.settings.ForegroundService"}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("android.permission.VIBRATOR", "android.permission.VIBRATE"),
        ("android.permission.ACCESS_COARSE_LOCATON", "android.permission.ACCESS_COARSE_LOCATION"),
        ("android.permission.CAMERA", ""),
        ("com.example.app.CAMERA", ""),
        ("android.permission.SOMETHING_ELSE_ALTOGETHER", ""),
    ],
)
def test_a_misspelt_permission_is_told_from_a_foreign_one(name: str, meant: str) -> None:
    assert similar_permission(name) == meant

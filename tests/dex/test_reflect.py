"""Reflective calls with constant names lead where they say; other reflection leads nowhere."""

from __future__ import annotations

import zipfile

import numpy as np
from conftest import corpus_path, fixture_apk_path

from scanner.dex import CallGraph, Dex, open_dex
from scanner.dex.reflect import Leap, Reflection


def opened(path: str) -> Dex:
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".dex"))
        return open_dex([(name, archive.read(name)) for name in names])


def targets(dex: Dex) -> list[tuple[str, str, str]]:
    return [
        (dex.method(leap.node).partition("(")[0], leap.owner, leap.name) for leap in Reflection(dex).leaps
    ]


def test_constant_names_are_followed_through_the_method() -> None:
    dex = opened(str(fixture_apk_path("startup-reflection.bad")))
    caller, owner = "Lcn/qinghe/notes/NotesApp;->startShare", "Lcn/qinghe/notes/start/ShareStarter;"

    assert targets(dex) == [(caller, owner, "<init>"), (caller, owner, "schedule")]


def test_names_of_the_framework_and_names_from_elsewhere_lead_nowhere() -> None:
    dex = opened(str(fixture_apk_path("indirect.bad")))
    found = Reflection(dex)

    assert found.leaps == []
    assert found.count >= 2


def test_reflective_calls_of_a_real_app() -> None:
    found = targets(opened(str(corpus_path("yosemite"))))

    assert (
        "Landroidx/fragment/app/FragmentTransition;->resolveSupportImpl",
        "Landroidx/transition/FragmentTransitionSupport;",
        "<init>",
    ) in found
    # AppInitializer.initializeComponent(ProcessLifecycleInitializer.class)
    assert any(
        owner.endswith("/ProcessLifecycleInitializer;") and name == "create" for _, owner, name in found
    )


def test_a_reflective_call_is_an_edge_with_the_place_of_the_call() -> None:
    dex = opened(str(fixture_apk_path("startup-reflection.bad")))
    graph = CallGraph(dex)
    (start,) = dex.find_methods("Lcn/qinghe/notes/NotesApp;", "startShare")
    (schedule,) = dex.find_methods("Lcn/qinghe/notes/start/ShareStarter;", "schedule")
    leap = next(leap for leap in graph.reflection.leaps if leap.name == "schedule")

    step = graph.reach([start]).chain(schedule)[0]

    assert (step.edge, step.offset) == ("reflection", leap.offset)
    assert schedule in graph.targets_of(start, {leap.offset})
    assert schedule not in graph.callees(np.array([start]))[1]


def test_a_leap_to_a_method_that_no_class_has_leads_nowhere() -> None:
    graph = CallGraph(opened(str(fixture_apk_path("startup-reflection.bad"))))

    assert graph.methods_of(Leap(0, 0, "Lcn/qinghe/notes/start/ShareStarter;", "missing")) == []
    assert graph.methods_of(Leap(0, 0, "Lnot/there/Class;", "schedule")) == []


def test_methods_of_the_framework_are_found_when_asked_for() -> None:
    phone = "Landroid/telephony/TelephonyManager;"
    reflection = Reflection(opened(str(fixture_apk_path("reflection-id.bad"))))

    (leap,) = reflection.calls_of({(phone, "getDeviceId"), (phone, "getImei")})

    assert (leap.owner, leap.name) == (phone, "getDeviceId")
    assert reflection.calls_of({(phone, "getImei")}) == []
    assert reflection.leaps == []

"""Entry points, guards and owners of code, on real packages and twins."""

from __future__ import annotations

from functools import cache

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner.codefacts import Access, Origin
from scanner.collect import collect
from scanner.collect.app.origin import Prefixes, app_prefixes, by_callers, looks_renamed
from scanner.facts import AppFacts


@cache
def app(path: str) -> AppFacts:
    facts = collect(path).app
    assert facts is not None
    return facts


def fixture(name: str) -> AppFacts:
    return app(str(fixture_apk_path(name)))


def accesses(name: str, item: str) -> list[Access]:
    return [a for a in fixture(name).accesses if a.item == item and a.strength != "weak"]


def test_views_named_in_layouts_are_entry_points() -> None:
    code = app(str(corpus_path("apidemos"))).code
    components = sum(c.enabled for c in app(str(corpus_path("apidemos"))).components)

    assert code.entry_points > components


@pytest.mark.parametrize(
    ("name", "item"), [("android-id", "android-id"), ("device-id", "imei"), ("oaid", "oaid")]
)
def test_a_flag_test_on_the_way_makes_the_difference(name: str, item: str) -> None:
    bad, good = accesses(f"{name}.bad", item), accesses(f"{name}.good", item)

    assert any(a.before_ui and a.guarded is False for a in bad)
    assert good
    assert not any(a.before_ui and a.guarded is False for a in good)


def test_chain_starts_at_an_entry_point_and_ends_at_the_caller() -> None:
    for access in accesses("device-id.bad", "imei"):
        chain = access.evidence[0].chain
        assert access.reachable is True
        assert chain[-1].method == access.caller
        assert chain[-1].edge == "end"


def test_interface_dispatch_reaches_renamed_code() -> None:
    found = accesses("obfuscated.bad", "imei")

    assert any(a.reachable and a.before_ui for a in found)


def test_android_loads_the_first_of_two_classes() -> None:
    found = accesses("multidex.bad", "imei")

    assert {a.dex for a in found if a.reachable} == {"classes2.dex"}


def test_calls_through_a_subclass_count_for_the_framework_class() -> None:
    found = [a for a in fixture("virtual-dispatch.bad").accesses if a.via_hierarchy]

    assert found
    assert all(a.target.startswith("Lcn/qinghe/") for a in found)


def test_sdk_code_is_not_the_apps() -> None:
    owners = {a.owner_kind for a in fixture("sdk-init.bad").accesses if "umeng" in a.caller}

    assert owners == {"sdk"}


def test_code_that_cannot_be_followed_is_counted() -> None:
    code = fixture("indirect.bad").code

    assert code.reflection_calls > 0
    assert code.native_methods > 0


@pytest.mark.parametrize(("variant", "guard"), [("bad", "none"), ("good", "consent")])
def test_a_reflective_call_with_constant_names_is_an_access(variant: str, guard: str) -> None:
    (access,) = [a for a in fixture(f"reflection-id.{variant}").accesses if a.item == "imei"]

    assert (access.via_reflection, access.strength, access.guard) == (True, "derived", guard)
    assert access.target == "Landroid/telephony/TelephonyManager;->getDeviceId"
    assert access.evidence[0].excerpt == f"reflection {access.target}"
    assert access.permissions == ("android.permission.READ_PHONE_STATE",)


def test_a_reflective_call_whose_name_is_no_constant_of_the_method_is_none() -> None:
    assert not [a for a in fixture("indirect.bad").accesses if a.item == "imei"]


SDK = Origin(kind="sdk", id="umeng", basis="prefix")


def test_prefixes_end_at_dots_and_the_longest_wins() -> None:
    inner = Origin(kind="sdk", id="push", basis="prefix")
    prefixes = Prefixes({"com.umeng": SDK, "com.umeng.message": inner})

    assert prefixes.find("com.umeng.A") == SDK
    assert prefixes.find("com.umeng.message.a.B") == inner
    assert prefixes.find("com.umengx.A") is None


def test_a_vendors_own_app_below_its_sdks_prefix_is_still_the_app() -> None:
    known = Prefixes({"com.umeng": SDK})
    prefixes = Prefixes({"com.umeng": SDK} | app_prefixes("com.umeng.demo", ["com.umeng.demo.Main"], known))

    owners = [prefixes.find(name) for name in ("com.umeng.demo.Main", "com.umeng.analytics.A")]
    assert [owner.kind for owner in owners if owner] == ["app", "sdk"]


def test_renamed_classes_belong_to_their_only_caller() -> None:
    classes = ["com.umeng.A", "a.b", "c.d", "com.shop.Main", "e.f"]
    prefixes = Prefixes({"com.umeng": SDK} | app_prefixes("com.shop", ["com.shop.Main"], Prefixes({})))
    edges = [(0, 1), (1, 2), (0, 4), (3, 4)]

    named = [prefixes.find(name) or Origin(kind="unknown") for name in classes]
    owners = by_callers(classes, named, lambda wanted: [e for e in edges if e[1] in wanted])

    assert [o.kind for o in owners] == ["sdk", "sdk", "sdk", "app", "unknown"]
    assert owners[2].basis == "callers"


@pytest.mark.parametrize(
    ("name", "renamed"),
    [
        ("a.b.c", True),
        ("A", True),
        ("com.shop.a", False),
        ("a.b.Main", False),
        ("a1.b2.c$d", True),
        ("x.a20", True),
    ],
)
def test_what_looks_renamed(name: str, renamed: bool) -> None:
    assert looks_renamed(name) is renamed

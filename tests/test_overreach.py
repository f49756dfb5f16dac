"""The table of overreach: need, use, verdict and reason of each permission and item."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import fixture_apk_path

from scanner.appfacts import CategoryProposal
from scanner.assess import assess
from scanner.catalogue import categories, permissions
from scanner.collect import collect
from scanner.context import CollectOptions
from scanner.facts import AppFacts, Facts
from scanner.gate import standings
from scanner.model import Evidence, FileLocator, Subject, Text, Verdict
from scanner.necessity import need_of_permission
from scanner.overreach import overreach
from scanner.overreachrows import Overreach
from scanner.packload import load_pack, profile

NOW = datetime(2026, 11, 28, tzinfo=UTC)
P = "android.permission."
PLACE = Evidence(artifact="AndroidManifest.xml", locator=FileLocator(path="AndroidManifest.xml"))


def permission(name: str, **fields: Any) -> dict[str, Any]:
    info = permissions()[P + name]
    known = {
        "protection": info.protection,
        "group": info.group,
        "collects_pi": info.collects_pi,
        "items": info.items,
        "label": info.label,
    }
    return {"name": P + name, "declared": True, "evidence": [PLACE], **known, **fields}


def access(item: str, name: str, owner: str = "app", **fields: Any) -> dict[str, Any]:
    return {
        "item": item,
        "source": "s",
        "kind": "method",
        "mode": "read",
        "target": "t",
        "caller": f"Lcn/example/{owner};->read()V",
        "dex": "classes.dex",
        "offset": 3,
        "owner": {"kind": owner, "id": f"id-{owner}"},
        "owner_kind": owner,
        "owner_id": f"id-{owner}",
        "strength": "direct",
        "reachable": True,
        "entry": "cn.example.MapActivity",
        "entry_kind": "activity",
        "permissions": [P + name],
        **fields,
    }


def facts(**app: Any) -> Facts:
    return Facts(
        collector="test",
        subject=Subject(kind="app", name="示例", identifier="cn.example"),
        app=AppFacts.model_validate({"identity": {"package": "cn.example"}, **app}),
    )


def need(table: Overreach, name: str) -> str:
    return next(r.need for r in table.permissions if r.name == P + name)


@pytest.mark.parametrize(
    ("category", "name", "expected"),
    [
        ("map-navigation", "ACCESS_FINE_LOCATION", "listed"),
        ("map-navigation", "ACCESS_BACKGROUND_LOCATION", "basic"),
        ("map-navigation", "READ_CONTACTS", "outside"),
        ("remote-meeting", "RECORD_AUDIO", "basic"),
        ("news", "ACCESS_FINE_LOCATION", "outside"),
        ("games", "READ_PHONE_STATE", "outside"),  # the phone number listed is typed in, not read
        ("news", "INTERNET", "not_personal"),
    ],
)
def test_need(category: str, name: str, expected: str) -> None:
    found = facts(category=category, category_basis="given", permissions=[permission(name)])

    assert need(overreach(found), name) == expected


def test_without_a_category_need_is_unknown_and_says_so() -> None:
    table = overreach(facts(permissions=[permission("READ_CONTACTS", used=True)]))

    assert table.category is None
    assert need(table, "READ_CONTACTS") == "unknown"
    assert table.permissions[0].verdict is Verdict.MANUAL
    assert "类别未知" in table.permissions[0].reason.zh


def test_a_proposed_category_is_marked_in_every_row() -> None:
    proposal = CategoryProposal(
        category="news",
        name=categories()["news"].name,
        confidence=0.7,
        usable=True,
        why=Text(zh="线索", en="signs"),
    )
    table = overreach(
        facts(
            category_basis="proposed",
            category_proposal=proposal,
            permissions=[permission("READ_CONTACTS", used=True, used_by_owner=["app"])],
            accesses=[access("contacts", "READ_CONTACTS")],
        )
    )

    assert (table.basis, table.confidence) == ("proposed", 0.7)
    assert "（推断的类别）" in table.permissions[0].reason.zh
    assert "（推断的类别）" in table.items[0].reason.zh


def test_a_given_category_that_signs_contradict_is_pointed_out() -> None:
    proposal = CategoryProposal(
        category="games",
        name=categories()["games"].name,
        confidence=0.9,
        usable=True,
        why=Text(zh="线索", en="signs"),
    )
    table = overreach(facts(category="news", category_basis="given", category_proposal=proposal))

    assert table.contrary is not None
    assert "网络游戏类" in table.contrary.zh


def test_who_uses_a_permission_and_where_it_is_asked_for() -> None:
    name = "ACCESS_FINE_LOCATION"
    table = overreach(
        facts(
            category="news",
            components=[
                {
                    "kind": "activity",
                    "name": "cn.example.MapActivity",
                    "exported": False,
                    "label": "附近",
                    "owner": {"kind": "app"},
                }
            ],
            permissions=[
                permission(
                    name,
                    used=True,
                    used_by_owner=["app", "sdk"],
                    used_by=[
                        {"owner": {"kind": "app", "id": "id-app"}, "sites": 2},
                        {"owner": {"kind": "sdk", "id": "id-sdk"}, "sites": 1},
                    ],
                    max_sdk=28,
                )
            ],
            accesses=[
                access("precise-location", name),
                access("precise-location", name, offset=9),
                access(
                    "precise-location",
                    name,
                    "sdk",
                    before_ui=True,
                    entry_kind="application",
                    entry="cn.example.App",
                ),
            ],
            requests=[
                {
                    "caller": "Lcn/example/MapActivity$1;->onClick()V",
                    "permissions": [P + name],
                    "groups": 1,
                    "complete": True,
                    "owner": {"kind": "app"},
                    "owner_kind": "app",
                    "reachable": True,
                    "before_ui": False,
                }
            ],
        )
    )
    row = table.permissions[0]
    items = {r.owner.kind: r for r in table.items}

    assert (row.max_sdk, row.declared_in) == (28, ("AndroidManifest.xml",))
    assert [(u.owner.kind, u.sites, u.before_ui) for u in row.used_by] == [
        ("app", 2, False),
        ("sdk", 1, True),
    ]
    assert [(a.title, a.before_ui) for a in row.requests] == [("附近", False)]
    assert (items["app"].extension, items["sdk"].extension) == ("possible", "unlikely")
    assert [f.title for f in items["app"].functions] == ["附近"]
    assert items["app"].asked_in == ("Lcn/example/MapActivity$1;->onClick()V",)
    assert items["sdk"].asked_in == ()


def test_no_row_without_a_finding_says_more_than_a_human_must_look() -> None:
    found = facts(
        category="news",
        permissions=[permission("READ_CONTACTS", used=False), permission("INTERNET"), permission("CAMERA")],
        accesses=[access("contacts", "READ_CONTACTS")],
    )
    table = overreach(found)

    assert {r.verdict for r in table.permissions} == {Verdict.MANUAL, Verdict.NOT_APPLICABLE}
    assert {r.verdict for r in table.items} == {Verdict.MANUAL}


def test_verdicts_come_from_the_findings_of_the_assessment() -> None:
    pack = load_pack()
    found = collect(fixture_apk_path("contacts.bad"), CollectOptions(category="news"))
    assessment = assess(found, pack, profile(pack, "app-full"), now=NOW, tool_version="test")
    verdicts = {rule: s.verdict for rule, s in standings(assessment, pack).items()}
    table = overreach(found, assessment, verdicts)
    row = next(r for r in table.permissions if r.name == P + "READ_CONTACTS")
    item = next(r for r in table.items if r.item == "contacts")

    assert row.verdict is Verdict.SUSPECTED
    assert "sensitive-permission-outside-category" in row.rules
    assert item.verdict is Verdict.SUSPECTED
    assert "communication-data-outside-category" in item.rules
    assert Overreach.model_validate_json(table.model_dump_json()) == table


def test_a_site_has_no_table() -> None:
    site = Facts(collector="test", subject=Subject(kind="site", name="x", identifier="x"))

    assert overreach(site) == Overreach()


def test_every_category_answers_for_every_permission() -> None:
    named = [permission(name.removeprefix(P)) for name in permissions() if name.startswith(P)]
    app = facts(permissions=named).app
    assert app is not None
    for category in {c.id: c for c in categories().values()}.values():
        needs = {need_of_permission(row, category) for row in app.permissions}
        assert needs <= {"listed", "basic", "outside", "not_personal"}


def test_use_behind_a_component_switched_off_is_not_the_apps_own() -> None:
    def row(dormant: int) -> Any:
        use = {"owner": {"kind": "app", "id": "cn.example"}, "sites": 2, "dormant": dormant}
        asked = permission("RECEIVE_SMS", used=True, used_by=[use], used_by_owner=["app"])
        return overreach(facts(permissions=[asked])).permissions[0]

    assert "应用自身使用" in row(1).reason.zh
    assert "只能由清单停用的组件到达" in row(2).reason.zh
    assert "应用自身使用" not in row(2).reason.zh


def test_items_reached_only_through_pickers_have_a_row_that_settles_nothing() -> None:
    picked = access("media-files", "CAMERA", mode="prompt", strength="weak", permissions=[])
    direct = access("media-files", "CAMERA", "library", strength="direct", permissions=[])
    (row,) = overreach(facts(accesses=[picked, direct])).items

    assert (row.item, row.sites, row.reachable, row.direct) == ("media-files", 1, 1, 0)
    assert "须人工确认" in row.reason.zh
    assert row.verdict is Verdict.MANUAL

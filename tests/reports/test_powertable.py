"""Ways to run unasked, woken apps and special abilities: one table, same content in page and annex."""

from __future__ import annotations

from typing import get_args

import pytest
from lxml import html as lxml_html
from report_sample import ADS, APP, ASSESSMENT, FACTS, HOSTILE, PACK, code

from reports import html
from reports.appendix import appendix_sheets
from reports.powertable import MAX_LINES
from reports.sheet import Sheet
from reports.view import ReportView
from reports.words import WORDS
from scanner.componentfacts import (
    Ability,
    AccessibilitySettings,
    AutoStart,
    ForegroundService,
    Wake,
)
from scanner.model import Evidence, Gap, Lang, Text, XmlLocator

USE = "Lcom/example/shop/Feature;->use()V"
MANIFEST = Evidence(
    artifact="AndroidManifest.xml", locator=XmlLocator(path="/manifest/application/receiver"), excerpt="x"
)
BOOT = AutoStart(
    kind="boot-completed",
    name=Text(zh="开机完成", en="device started"),
    group="boot",
    trigger="android.intent.action.BOOT_COMPLETED",
    component="com.example.shop.Boot",
    works=False,
    owner_kind="app",
    owner_id=APP.id,
    evidence=(MANIFEST,),
)
PIXEL = BOOT.model_copy(
    update={
        "name": Text(zh="一像素界面", en="one pixel"),
        "group": "keep-alive",
        "works": True,
        "component": "",
        "reachable": False,
    }
)
BIND = Wake(
    package="com.partner.reader",
    target="com.partner.reader.Core",
    way="bind",
    purpose="pay",
    caller=USE,
    reachable=True,
    before_ui=True,
    switched_off=True,
    owner_kind="sdk",
    owner_id=ADS.id,
    evidence=(code(USE, 23, USE),),
)
QUERY = Wake(package="", action="partner.WAKE", way="query", caller=USE, owner_kind="app", owner_id=APP.id)
ADMIN = Ability(
    kind="device-admin",
    name=Text(zh="设备管理器", en="device administrator"),
    declared=True,
    components=tuple(f"com.example.shop.Admin{n}" for n in range(8)),
    policies=("wipe-data",),
    owner_kind="app",
    owner_id=APP.id,
    evidence=(MANIFEST, code(USE, 4, USE), code(USE, 9, USE)),
)
HELP = Ability(
    kind="accessibility",
    name=Text(zh="无障碍服务", en="accessibility"),
    declared=False,
    used=True,
    used_by=(ADS.id, APP.id),
    accessibility=AccessibilitySettings(readable=True, window_content=True, gestures=True, tool=False),
)
ALL = {"autostarts": (BOOT, PIXEL), "wakes": (QUERY, BIND), "abilities": (ADMIN, HELP)}


def view(lang: Lang = "zh", **app: object) -> ReportView:
    assert FACTS.app is not None
    return ReportView(
        ASSESSMENT, FACTS.model_copy(update={"app": FACTS.app.model_copy(update=app)}), PACK, lang
    )


def annex(shown: ReportView) -> Sheet | None:
    return next((sheet for sheet in appendix_sheets(shown) if sheet.key == "powers"), None)


def page(shown: ReportView) -> str:
    section = lxml_html.document_fromstring(html.write(shown).decode()).get_element_by_id("powers")
    assert section.xpath(".//script") == []
    return str(section.text_content())


def test_the_annex_says_kind_what_who_state_and_place() -> None:
    table = annex(view(**ALL))
    place = "AndroidManifest.xml · /manifest/application/receiver"
    boot = "android.intent.action.BOOT_COMPLETED"

    assert table is not None
    assert table.title == "自启动、关联启动与特殊能力"
    assert table.rows == (
        ("自启动：保活", f"一像素界面\n{boot}", "应用自身", "按目标 API 级别仍有效\n未见到达路径", place),
        (
            "自启动：开机",
            f"开机完成\n{boot}\ncom.example.shop.Boot",
            "应用自身",
            "系统不再执行（目标 API 级别或权限所限）",
            place,
        ),
        (
            "关联启动",
            "com.partner.reader\ncom.partner.reader.Core\n支付",
            "甲广告",
            "绑定服务\n界面出现前\n应用已调用 SDK 的关闭开关",
            "Feature.use() · 0x0017",
        ),
        ("关联启动", "所有响应该动作的应用\npartner.WAKE", "应用自身", "查询响应者", "—"),
        (
            "特殊能力",
            "无障碍服务\n读取窗口内容、执行手势",
            "甲广告、应用自身",
            "未声明\n代码使用：使用",
            "—",
        ),
        (
            "特殊能力",
            "设备管理器\n"
            + "、".join(f"com.example.shop.Admin{n}" for n in range(6))
            + "、另 2 处\n清除全部数据",
            "应用自身",
            "已声明\n代码使用：无法判断",
            f"{place}；Feature.use() · 0x0004；另 1 处",
        ),
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_and_annex_say_the_same(lang: Lang) -> None:
    shown = view(lang, **ALL)
    text = page(shown)

    assert len(shown.powers.lines) == shown.powers.total == 6
    for line in shown.powers.lines:
        for part in (line.kind, line.what, *line.details, line.who, *line.state, line.place):
            assert part in text


def test_nothing_found_has_no_table_but_something_unread_is_said() -> None:
    empty = view()
    gap = Gap(path="app.wakes", code="dex", reason=Text(zh="未读", en="not read"))
    unread = ReportView(ASSESSMENT, empty.facts.model_copy(update={"gaps": (gap,)}), PACK, "zh")

    assert annex(empty) is None
    assert b'id="powers"' not in html.write(empty)
    table = annex(unread)
    assert table is not None
    assert table.incomplete
    assert unread.word("incomplete") in page(unread)


def test_each_kind_has_its_own_limit_and_says_what_is_left_out() -> None:
    shown = view(wakes=(QUERY,) * (MAX_LINES + 50), abilities=(ADMIN,))
    table = annex(shown)
    said = f"关联启动：共 {MAX_LINES + 50} 行，此处列出前 {MAX_LINES} 行"

    assert table is not None
    assert len(table.rows) == MAX_LINES + 1
    assert table.rows[-1][0] == "特殊能力"
    assert said in table.note
    assert said in page(shown)


def test_foreground_services_say_what_they_may_obtain() -> None:
    track = ForegroundService(
        component="com.example.shop.Track",
        types=("location",),
        code_types=("location", "camera"),
        undeclared_types=("camera",),
        missing=("android.permission.FOREGROUND_SERVICE_LOCATION",),
        started=True,
        items=("precise-location",),
        owner_kind="app",
        owner_id=APP.id,
        evidence=(MANIFEST,),
    )
    idle = track.model_copy(update={"component": "com.example.shop.Idle", "items": (), "started": False})
    table = annex(view(foreground_services=(idle, track)))

    assert table is not None
    first, second = table.rows
    lines = str(first[1]).split("\n")
    assert (first[0], lines[0]) == ("前台服务", "com.example.shop.Track")
    assert lines[1:] == [
        "声明的类型：location",
        "代码使用而未声明的类型：camera",
        "随后可获取：precise-location",
        "android.permission.FOREGROUND_SERVICE_LOCATION",
    ]
    assert "代码启动前台" in str(first[3])
    assert "未见代码启动前台" in str(second[3])


def test_hostile_names_stay_text() -> None:
    bad = (BOOT.model_copy(update={"trigger": HOSTILE, "component": HOSTILE, "process": HOSTILE}),)
    woken = (BIND.model_copy(update={"package": HOSTILE, "target": HOSTILE, "purpose": HOSTILE}),)
    able = (
        ADMIN.model_copy(update={"components": (HOSTILE,), "policies": (HOSTILE,), "used_by": (HOSTILE,)}),
    )
    shown = view(autostarts=bad, wakes=woken, abilities=able)
    table = annex(shown)

    assert table is not None
    assert page(shown).count("<script>alert(1)</script>") >= 8
    for text in (*(cell for row in table.rows for cell in row), html.write(shown).decode()):
        assert "\u202e" not in text
        assert "\x07" not in text


def test_every_kind_and_way_has_a_word() -> None:
    groups = get_args(AutoStart.model_fields["group"].annotation)
    ways = get_args(Wake.model_fields["way"].annotation)
    wanted = {f"b_group_{g.replace('-', '_')}" for g in groups} | {f"b_way_{w}" for w in ways}

    assert wanted - set(WORDS) == set()

"""Third-party SDK lists in the layouts policies use, every row with name, vendor, items and link."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from scanner.collect.policy.disclose import disclosed_items, table_items
from scanner.collect.policy.document import Document
from scanner.collect.policy.grid import Records, labels
from scanner.collect.policy.permissions import disclosed_permissions
from scanner.collect.policy.sdktable import listed_sdks, named_sdks
from scanner.collect.policy.source import read_document
from scanner.policyfacts import DisclosedSdk

LISTS = Path(__file__).resolve().parents[3] / "fixtures" / "policies" / "sdk-lists"
GOLD: dict[str, list[dict[str, Any]]] = json.loads((LISTS / "gold.json").read_text("utf-8"))


def document(name: str) -> Document:
    return read_document((LISTS / name).read_bytes(), name)


def read(text: str, name: str = "policy.md") -> Document:
    return read_document(text.encode(), name)


def sdks(document: Document) -> list[DisclosedSdk]:
    listed = listed_sdks(document)
    said = disclosed_items(document, None, listed.used)
    return [*listed.sdks, *named_sdks(document, said, listed)]


@pytest.mark.parametrize("name", sorted(GOLD))
def test_every_row_is_read_with_name_vendor_items_and_link(name: str) -> None:
    found = [
        {"name": s.name, "vendor": s.vendor, "sdk_id": s.sdk_id, "items": sorted(s.items), "link": s.link}
        for s in sdks(document(name))
    ]

    assert found == [{**row, "items": sorted(row["items"])} for row in GOLD[name]]


def test_the_gold_lists_cover_nine_layouts() -> None:
    assert len(GOLD) == 9
    assert sum(map(len, GOLD.values())) >= 22


@pytest.mark.parametrize("name", sorted(GOLD))
def test_evidence_of_a_row_points_at_its_name(name: str) -> None:
    found = document(name)
    for sdk in sdks(found):
        locator = sdk.evidence[0].locator
        assert locator.kind == "policy"
        assert 0 <= locator.start < locator.end <= len(found.text)
        word = sdk.name.removesuffix("SDK")
        assert word in found.text[locator.start : locator.end + 60]


def test_items_of_a_row_belong_to_its_sdk_and_not_to_the_operator() -> None:
    found = document("titles.txt")
    listed = listed_sdks(found)

    assert {(i.sdk, i.party) for i in listed.items if i.item == "imei"} == {("极光推送SDK", "sdk")}
    assert [i for i in disclosed_items(found, None, listed.used) if i.party == "operator"] == []


def test_an_open_list_in_a_row_is_marked() -> None:
    listed = listed_sdks(document("rows.html"))

    assert {i.sdk: i.open_ended for i in listed.items} == {
        "友盟统计SDK": False,
        "星桥推送SDK": True,
        "微信开放平台SDK": False,
    }


def test_a_table_of_collected_information_belongs_to_the_operator() -> None:
    found = read(
        "# 个人信息收集清单\n\n| 信息类型 | 使用目的 | 使用场景 |\n| --- | --- | --- |\n| 手机号 | 注册 | 登录页 |\n| IMEI、OAID等 | 安全 | 启动 |\n"
    )
    listed = listed_sdks(found)
    items = table_items(found, listed.other)

    assert listed.sdks == ()
    assert [(i.item, i.party, i.purpose, i.open_ended) for i in items] == [
        ("phone-number", "operator", "注册 登录页", False),
        ("imei", "operator", "安全 启动", True),
        ("oaid", "operator", "安全 启动", True),
    ]


def test_a_table_of_permissions_gives_each_its_purpose() -> None:
    found = read(
        "# 应用权限\n\n| 权限名称 | 使用目的 |\n| --- | --- |\n| 相机 | 扫描名片 |\n| android.permission.READ_CONTACTS | 查找好友 |\n"
    )
    listed = listed_sdks(found)
    permissions = disclosed_permissions(found, listed.other, listed.used)

    assert [(p.permission, p.purpose) for p in permissions] == [
        ("android.permission-group.CAMERA", "扫描名片"),
        ("android.permission.READ_CONTACTS", "查找好友"),
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("当您扫描名片时，我们会申请相机（摄像头）权限，用于拍摄名片。", {"android.permission-group.CAMERA"}),
        (
            "我们会使用您的位置、存储及麦克风权限。",
            {
                "android.permission-group.LOCATION",
                "android.permission-group.STORAGE",
                "android.permission-group.MICROPHONE",
            },
        ),
        ("我们不会申请短信权限。", set()),
        ("您可以打开相机拍照。", set()),
    ],
)
def test_permissions_are_named_in_sentences_with_the_word_behind_them(
    sentence: str, expected: set[str]
) -> None:
    found = disclosed_permissions(read(sentence, "a.txt"))

    assert {p.permission for p in found} == expected


def rows(header: Sequence[str], *lines: Sequence[str]) -> list[dict[str, str]]:
    return [r.texts for r in Records().read(header, lines, "p1")]


def test_a_table_about_something_else_gives_no_records() -> None:
    assert rows(("日期", "版本"), ("2026-01-01", "1.0")) == []
    assert rows((), ("第一章", "总则"), ("第二章", "附则")) == []


def test_a_repeated_header_and_a_title_row_are_no_rows() -> None:
    header = ("SDK名称", "使用目的", "收集信息")
    found = rows(
        header, ("安卓端", "安卓端", "安卓端"), ("甲SDK", "统计", "IMEI"), header, ("乙SDK", "推送", "OAID")
    )

    assert [r["name"] for r in found] == ["甲SDK", "乙SDK"]


def test_labels_inside_a_cell_are_told_apart_from_addresses() -> None:
    assert labels("SDK名称：甲SDK；链接：https://a.example/x；收集信息：IMEI") == [
        ("name", "甲SDK"),
        ("link", "https://a.example/x"),
        ("items", "IMEI"),
    ]


def test_a_huge_table_is_read_in_bounds() -> None:
    lines = [(f"甲{n}SDK", "统计", "IMEI、OAID") for n in range(20_000)]

    assert len(Records().read(("SDK名称", "目的", "收集信息"), lines, "p1")) <= 5_000


def test_many_labelled_lines_about_something_else_are_passed_over() -> None:
    text = "隐私政策\n" + ("目的：目的：目的：" * 20 + "\n") * 3_000

    assert sdks(read(text, "a.txt")) == []


def test_the_sdk_named_above_a_table_of_items_is_its_subject() -> None:
    found = sdks(
        read(
            "# 隐私政策\n\n## 海棠地图SDK\n\n| 收集的个人信息 | 收集目的 |\n| --- | --- |\n| 经纬度 | 定位 |\n| SSID | 辅助定位 |\n"
        )
    )

    assert [(s.name, sorted(s.items)) for s in found] == [("海棠地图SDK", ["precise-location", "wifi-ssid"])]


def test_a_column_of_sdks_is_the_name_whatever_its_header_says() -> None:
    header = ("功能类型", "第三方名称", "使用目的", "收集类型")
    found = rows(header, ("甲推送SDK", "甲公司", "推送", "OAID"), ("乙广告SDK", "甲公司", "广告", "IMEI"))

    assert [(r["name"], r["vendor"]) for r in found] == [("甲推送SDK", "甲公司"), ("乙广告SDK", "甲公司")]

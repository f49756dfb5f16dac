"""The vocabulary by which policies are understood refers only to what exists, and its patterns are safe."""

from __future__ import annotations

from collections import Counter

import pytest

from scanner import catalogue
from scanner.collect.policy.grid import ROLES, roles_of
from scanner.collect.policy.sdknames import sdk_ids
from scanner.collect.policy.vocabulary import data
from scanner.datafiles import read_data

VOCABULARY = data()
ALIASES = read_data("sdk_aliases")[0]


def test_items_permissions_and_columns_exist() -> None:
    items = set(catalogue.items())
    named = [*VOCABULARY["more_terms"], *VOCABULARY["more_terms_weak"], *VOCABULARY["denial_covers"]]
    named += [i for group in VOCABULARY["related"] for i in group]
    permissions = catalogue.permissions()
    groups = {p.group for p in permissions.values()}

    assert [i for i in named if i not in items] == []
    assert [p for p in VOCABULARY["permission_terms"] if p not in permissions and p not in groups] == []
    assert set(VOCABULARY["columns"]) == set(ROLES)


def test_sdk_names_refer_to_sdks() -> None:
    known = set(catalogue.sdks())
    named = [
        *ALIASES["aliases"],
        *(i for part in ("families", "vendors") for ids in ALIASES[part].values() for i in ids),
    ]

    assert [i for i in named if i not in known] == []


def test_no_word_stands_twice_in_a_list() -> None:
    def lists(value: object, path: str) -> list[tuple[str, list[object]]]:
        if isinstance(value, dict):
            return [found for key, part in value.items() for found in lists(part, f"{path}.{key}")]
        if isinstance(value, list) and value and not isinstance(value[0], list):
            return [(path, value)]
        return []

    twice = {
        path: [w for w, n in Counter(map(str, words)).items() if n > 1]
        for path, words in lists(VOCABULARY, "")
    }

    assert {path: words for path, words in twice.items() if words} == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "友盟SDK",
            ("umeng-common", "umeng-push", "umeng-share", "uc-crashsdk", "umeng-verify", "umeng-ugame"),
        ),
        ("腾讯 Bugly", ("bugly",)),
        ("com.tencent.bugly", ("bugly",)),
        ("穿山甲广告 SDK（Android端）", ("pangle",)),
        ("极光推送SDK", ("jiguang-push", "jiguang-core")),
        ("微信OpenSDK Android", ("wechat-opensdk",)),
        ("OPPO PUSH 客户端SDK", ("oppo-push",)),
        ("小米SDK", ("xiaomi-push", "xiaomi-account", "mimo-ads")),
        ("星桥推送SDK", ()),
        ("腾讯短视频SDK", ()),
    ],
)
def test_names_as_policies_write_them_lead_to_the_catalogue(name: str, expected: tuple[str, ...]) -> None:
    assert sdk_ids(name) == expected


@pytest.mark.parametrize("sdk", sorted(i for i, s in catalogue.sdks().items() if not s.is_library))
def test_every_sdk_is_found_by_its_own_name(sdk: str) -> None:
    assert sdk in sdk_ids(catalogue.sdks()[sdk].name.zh)


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("第三方SDK名称", ("name",)),
        ("SDK收集的信息", ("items",)),
        ("收集个人信息的目的", ("purpose",)),
        ("收集、使用个人信息的目的", ("purpose",)),
        ("信息类型及用途", ("items", "purpose")),
        ("个人信息收集方式", ("method",)),
        ("SDK隐私政策链接", ("link",)),
        ("第三方SDK提供方", ("vendor",)),
        ("所属机构", ("vendor",)),
        ("权限名称", ("permission",)),
        ("更新日期", ()),
    ],
)
def test_a_column_means_what_its_head_word_says(header: str, roles: tuple[str, ...]) -> None:
    assert roles_of(header) == roles

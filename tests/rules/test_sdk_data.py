"""The SDK data: complete, without contradictions, and without prefixes that would accuse the wrong party."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from scanner import catalogue
from scanner.catalogue import SdkInfo
from scanner.collect.app.structure import known

SDKS = catalogue.sdks()
SERVICES = [sdk for sdk in SDKS.values() if not sdk.is_library]
# Packages of vendors' own apps as well as of their SDKs.
ROOTS = frozenset(
    [
        "com.tencent",
        "com.baidu",
        "com.alibaba",
        "com.alipay",
        "com.taobao",
        "com.bytedance",
        "com.ss.android",
        "com.huawei",
        "com.xiaomi",
        "com.miui",
        "com.vivo",
        "com.oppo",
        "com.heytap",
        "com.hihonor",
        "com.meizu",
        "com.netease",
        "com.jd",
        "com.qihoo",
        "com.qihoo360",
        "com.sina",
        "com.google",
        "com.facebook",
        "com.kuaishou",
        "com.didi",
        "com.meituan",
        "com.unicom",
        "cn.com",
        "com.bilibili",
    ]
)


def test_there_are_three_hundred_services_besides_the_libraries() -> None:
    assert len(SERVICES) >= 300
    assert len(SDKS) - len(SERVICES) >= 80


@pytest.mark.parametrize("field", ["prefixes", "classes", "native", "strings"])
def test_nothing_tells_two_sdks_at_once(field: str) -> None:
    counts = Counter(value for sdk in SDKS.values() for value in getattr(sdk, field))
    assert not [value for value, count in counts.items() if count > 1]


def test_no_prefix_is_a_root_that_vendors_own_apps_share() -> None:
    assert not [(sdk.id, p) for sdk in SERVICES for p in sdk.prefixes if p in ROOTS]


def test_entries_are_whole() -> None:
    assert not [sdk.id for sdk in SDKS.values() if not problems_free(sdk)]


def problems_free(sdk: SdkInfo) -> bool:
    """Whether an entry can be recognised, says what it rests on and uses known words."""
    return (
        bool(sdk.prefixes or sdk.native or sdk.classes)
        and all(re.fullmatch(r"[A-Za-z_][\w$]*(\.[\w$]+)*", prefix) for prefix in sdk.prefixes)
        and re.match(r"binary:|code:|from-memory|Android Jetpack", sdk.source_verified) is not None
        and set(sdk.collects) <= set(catalogue.items())
        and all(name.startswith("lib") and name.endswith(".so") for name in sdk.native)
        and not [text for text in sdk.strings if re.fullmatch(r"(com|cn|org|io)(\.\w+)+", text)]
    )


def test_few_entries_rest_on_memory_alone() -> None:
    assert len([sdk for sdk in SERVICES if sdk.source_verified.startswith("from-memory")]) <= 10


def test_the_structure_file_knows_only_entries_of_the_data() -> None:
    assert set(known().ids) <= set(SDKS)

"""Groups of findings in words: ids of items, owners and permissions become names."""

from __future__ import annotations

import pytest
from report_sample import FACTS, PACK

from reports.names import Names

RULE = PACK.rules["certain-hit"].model_copy(update={"group_by": ("id", "owner_id")})


@pytest.mark.parametrize(
    ("group", "shown"),
    [
        ("location | acme-ads", "位置 · 甲广告"),
        ("acme-ads | acme-ads", "甲广告"),
        (
            "android.permission.READ_PHONE_STATE | com.example.shop",
            "读取电话状态 READ_PHONE_STATE · 应用自身",
        ),
        ("android.permission.BODY_SENSORS | com.example.shop", "BODY_SENSORS · 应用自身"),
        ("strange-thing | strange-owner", "strange-thing · strange-owner"),
    ],
)
def test_what_a_policy_is_compared_with_has_a_name(group: str, shown: str) -> None:
    assert Names(FACTS, PACK, "zh").group(RULE, group) == shown

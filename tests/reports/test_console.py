from __future__ import annotations

import re

import pytest
from report_sample import view
from rich.cells import cell_len

from reports.console import write

HEAD = """\
┌─ 个人信息保护检测报告 ───────────────────────────────────────────────────────┐
│ 检测对象                 购物<script>alert(1)</script>⟨U+202E⟩exe.gpj⟨U+0007 │
│                          ⟩[bold]{{7*7}}                                      │
│ 包名                     com.example.shop                                    │
│ 版本                     3.1 (310)                                           │
│ API 级别（最低 – 目标）  21 – 30                                             │
│ 文件                     shop.apk                                            │
│ 文件 SHA-256             abababababababababababababababababababababababababa │
│                          babababababab                                       │
│ 评估时间                 2026-11-24 08:30 UTC                                │
└──────────────────────────────────────────────────────────────────────────────┘

┏━ 检测结论 ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ 等级 差（暂定）   得分 41 / 100 分                                           ┃
┃ 不符合 1   疑似 2   需人工核查 1   符合 1   不适用 1                         ┃
┃ 共评估 6 条要求：不符合 1 条、疑似 2 条、需人工核查 1 条、符合 1 条、不适用  ┃
┃ 1 条。                                                                       ┃
┃ 检测覆盖：共 6 条：可自动判定 1 条，部分自动 4 条，全靠人工 1 条，未覆盖 0   ┃
┃ 条；所用规则有正反样例的 5 条                                                ┃
┃ 等级只反映自动检查已发现的问题；人工核查完成前为暂定。                       ┃
┃ 采用人工结论 1 条。                                                          ┃
┃ · 存在严重的不符合项                                                         ┃
┃ · 控制点1：不符合，扣 30 分                                                  ┃
┃ 待人工核查或确认 3 项，预计 1.5 小时                                         ┃
┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛

问题与证据 ─────────────────────────────────────────────────────────────────────

[严重] 问题1  GJ-T001  一、1
  见到问题1的证据。（把握 确定）
  – IMEI · 甲广告
    代码：Device.imei()  classes.dex  0x001f
    Lcom/acme/ads/Device;->imei()Ljava/lang/String;
    调用 TelephonyManager.getImei()
    MainActivity.onCreate() → Core.init() → Device.imei()
  – 位置 · 应用自身
    代码：MainActivity.onCreate()  classes.dex  0x0009
    Lcom/example/shop/MainActivity;->onCreate(Landroid/os/Bundle;)V
    调用 TelephonyManager.getImei()
  整改：按1整改。
"""


def test_opening_at_80_columns() -> None:
    assert write(view()).decode().startswith(HEAD)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_line_is_wider_than_the_terminal(lang: str, width: int) -> None:
    lines = write(view(lang, width)).decode().splitlines()

    assert [line for line in lines if cell_len(line) > width] == []
    assert max(cell_len(line) for line in lines) == width


def test_all_clauses_findings_and_gaps_are_there() -> None:
    text = " ".join(write(view(width=120)).decode().split())

    for n in range(1, 7):
        assert re.search(rf"一、{n} 第.项", text)
    for wanted in (
        "条文未与原文核对",
        "资源表已损坏（界面文字、勾选框）",
        "×3",
        "反射调用 7",
        "某加固",
        "GJ-T004",
    ):
        assert wanted in text


def test_colour_only_where_the_view_has_it() -> None:
    plain, coloured = write(view()).decode(), write(view(colour=True)).decode()

    assert "\x1b" not in plain
    assert "\x1b[1;31m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured).split() == plain.split()


def test_hostile_text_is_neither_markup_nor_control() -> None:
    for colour in (False, True):
        text = write(view(colour=colour)).decode()
        rest = re.sub(r"\x1b\[[\d;]*m", "", text)

        assert "\x07" not in rest
        assert "\u202e" not in rest
        assert "\x1b" not in rest
        assert "[bold]" in rest.replace("\n", "")

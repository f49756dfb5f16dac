"""What is left to a human: only what applies here, in words about this kind of subject, with preparations said once."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache

import pytest
from lxml import html as lxml_html
from report_sample import view as sample
from site_sample import policy_view, site_view
from test_reading import real

from reports import html, junit
from reports.formal import content
from reports.view import ReportView
from scanner.assess import assess
from scanner.model import Verdict
from scanner.packload import load_pack, profile_for

SITE_WORDS = ("网站：", "浏览器配置", "首页和页脚", "备案的网站")
APP_WORDS = ("安装包", "测试手机", "抓包", "移动应用开发者", "我的—设置", "卸载")


@cache
def shown(kind: str) -> ReportView:
    if kind == "app":
        return real("abilities.bad.apk")
    facts = (site_view() if kind == "site" else policy_view()).facts
    pack = load_pack()
    now = datetime(2026, 11, 24, tzinfo=UTC)
    made = assess(facts, pack, profile_for(pack, facts.subject.kind), now=now, tool_version="0")
    return ReportView(made, facts, pack, "zh")


@pytest.mark.parametrize(
    ("kind", "strange"),
    [("app", SITE_WORDS), ("site", APP_WORDS), ("policy", (*SITE_WORDS, *APP_WORDS, "录屏", "弹窗"))],
)
def test_a_chapter_speaks_of_its_own_kind_of_subject(kind: str, strange: tuple[str, ...]) -> None:
    view = shown(kind)
    chapter = content(view, view.imprint)["manual"]
    said = [
        text
        for entry in (*chapter["preparations"], *chapter["entries"])
        for text in (*entry["steps"], *entry["keep"], entry.get("why", ""))
    ]

    assert len(chapter["entries"]) > 5
    assert [text for text in said if any(word in text for word in strange)] == []


@pytest.mark.parametrize("kind", ["app", "site", "policy"])
def test_no_option_of_the_command_line_stands_in_a_report(kind: str) -> None:
    view = shown(kind)

    text = json.dumps(content(view, view.imprint), ensure_ascii=False)

    assert re.findall(r"--(policy|category|profile|decisions|probe)\b", text) == []


@pytest.mark.parametrize("kind", ["app", "site", "policy"])
def test_an_item_asks_only_about_clauses_that_apply(kind: str) -> None:
    items = shown(kind).manual_items

    assert [item.number for item in items] == [f"M{n:02d}" for n in range(1, len(items) + 1)]
    for item in items:
        verdicts = {clause.verdict for clause in item.clauses}
        assert verdicts
        assert Verdict.NOT_APPLICABLE not in verdicts
        assert item.verdict.rank >= min(verdict.rank for verdict in verdicts)


def test_shared_preparations_are_said_once_and_referred_to() -> None:
    view = shown("app")
    chapter = content(view, view.imprint)["manual"]
    numbers = [entry["no"] for entry in chapter["preparations"]]
    steps = [step for entry in chapter["entries"] for step in entry["steps"]]

    assert numbers == [f"P{n}" for n in range(1, len(numbers) + 1)]
    assert any("恢复出厂设置" in step for step in chapter["preparations"][0]["steps"])
    assert [step for step in steps if "恢复出厂设置" in step or "隐私政策文件后重新评估" in step] == []
    referred = {number for entry in chapter["entries"] for number in re.findall(r"P\d+", entry["prepare"])}
    assert referred == set(numbers)


def test_the_page_leads_from_an_item_to_its_preparations_and_clauses() -> None:
    page = lxml_html.fromstring(html.write(sample()).decode())

    assert "恢复出厂设置" in page.get_element_by_id("prepare-phone").text_content()
    assert page.xpath("//details[@class='manual']//a[@href='#prepare-phone']")
    rows = page.xpath("//section[@id='manual']//table[last()]/tbody/tr")
    assert [row.xpath("string(th)") for row in rows] == ["M01 控制点2", "M02 控制点3", "M03 控制点4"]
    assert rows[0].xpath(".//a/@href") == ["#c-TEST-2"]


def test_the_page_has_no_procedure_where_the_clause_does_not_apply() -> None:
    page = lxml_html.fromstring(html.write(shown("site")).decode())

    assert page.xpath("//article[@data-verdict='manual']//details[@class='manual']")
    assert not page.xpath("//article[@data-verdict='not_applicable']//details[@class='manual']")


def test_a_build_server_shows_the_whole_procedure() -> None:
    text = junit.write(sample()).decode()

    assert "1. 恢复出厂设置。\n2. 安装并启动，全程录屏。" in text

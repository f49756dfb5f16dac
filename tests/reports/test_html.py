from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from lxml import html as lxml_html
from report_sample import ASSESSMENT, FACTS, HOSTILE, PACK, view

from reports.html import write
from reports.view import ReportView
from scanner.model import Gap, Text

VOID = {"meta", "input", "br", "hr", "img", "link", "rect", "circle"}


def page(lang: str = "zh") -> lxml_html.HtmlElement:
    return lxml_html.document_fromstring(write(view(lang)).decode())


def text_of(element: lxml_html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


class Balance(HTMLParser):
    """Collects tags that are closed in the wrong order or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} at {self.getpos()}")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_tag_is_closed_in_order(lang: str) -> None:
    balance = Balance()

    balance.feed(write(view(lang)).decode())

    assert (balance.wrong, balance.open) == ([], [])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_ids_are_unique_and_links_lead_somewhere(lang: str) -> None:
    tree = page(lang)
    ids = Counter(tree.xpath("//@id"))

    assert [name for name, count in ids.items() if count > 1] == []
    assert {link[1:] for link in tree.xpath("//a/@href")} - set(ids) == set()
    assert set(" ".join(tree.xpath("//@aria-labelledby")).split()) - set(ids) == set()


def test_nothing_leads_out_of_the_file() -> None:
    tree = page()
    links = tree.xpath("//@href | //@src | //@srcset | //@action | //@data | //@poster")

    assert all(link.startswith("#") for link in links)
    assert not re.search(r"@import|url\(", "".join(tree.xpath("//style/text()")))
    assert tree.xpath("//@style") == []
    assert list(tree.xpath("//@*[starts-with(name(), 'on')]")) == []


def test_policy_allows_exactly_the_files_own_style_and_script() -> None:
    tree = page()
    (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    hashes = {
        name: base64.b64encode(hashlib.sha256(tree.xpath(f"string(//{name})").encode()).digest()).decode()
        for name in ("style", "script")
    }

    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert (len(tree.xpath("//style")), len(tree.xpath("//script"))) == (1, 1)


def test_hostile_text_stays_text() -> None:
    raw = write(view()).decode()

    assert "<script>alert" not in raw
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟨U+202E⟩exe.gpj⟨U+0007⟩[bold]{{7*7}}" in raw
    assert not set("\u202e\x07") & set(raw)
    assert HOSTILE not in raw


def test_summary_says_what_a_head_of_department_needs() -> None:
    summary = text_of(page().get_element_by_id("summary"))

    for wanted in (
        "共评估 6 条要求：不符合 1 条、疑似 2 条、需人工核查 1 条、符合 1 条、不适用 1 条。",
        "差",
        "暂定",
        "41 / 100 分",
        "可自动判定 1 条，部分自动 4 条，全靠人工 1 条，未覆盖 0 条",
        "问题1",
        "IMEI · 甲广告；位置 · 应用自身",
        "存在严重的不符合项",
        "待人工核查或确认 3 项，预计 1.5 小时",
        "有内容未能读取",
        "v1 验证通过、v2 验证失败",
        "调试证书",
        "密钥过短",
    ):
        assert wanted in summary


def test_every_clause_has_text_verdict_and_reason() -> None:
    tree = page()
    clauses = {node.get("id"): node for node in tree.xpath("//article[contains(@class, 'clause')]")}

    assert list(clauses) == [f"c-TEST-{n}" for n in range(1, 7)]
    for n, node in enumerate(clauses.values(), 1):
        assert f"第{n}条的原文。" in text_of(node)
        assert f"理由{n}" in text_of(node)
    assert clauses["c-TEST-1"].get("data-verdict") == "violation"
    assert "按1整改。" in text_of(clauses["c-TEST-1"])
    assert "安装并启动，全程录屏。" in text_of(clauses["c-TEST-1"])
    assert "证据指向“不符合”，但本条不得由静态分析直接认定" in text_of(clauses["c-TEST-2"])
    assert "界面文字未能读取" in text_of(clauses["c-TEST-4"])
    assert "由 王检测员" in text_of(clauses["c-TEST-6"])
    assert "有效至 2027-11-20" in text_of(clauses["c-TEST-6"])


def test_law_text_that_was_not_compared_is_marked() -> None:
    tree = page()
    marked = [
        node.get("id")
        for node in tree.xpath("//article[contains(@class, 'clause')]")
        if "条文未与原文核对" in text_of(node)
    ]

    assert marked == ["c-TEST-3"]
    assert "转述，非原文" in text_of(tree.get_element_by_id("c-TEST-4"))
    assert "其中 1 条的条文未与原文核对" in text_of(tree.get_element_by_id("clauses"))


def test_evidence_can_be_followed() -> None:
    findings = text_of(page().get_element_by_id("findings"))

    for wanted in (
        "Device.imei()",
        "Lcom/acme/ads/Device;->imei()Ljava/lang/String;",
        "0x001f",
        "F01.1",
        "调用链（3 步）",
        "分派到子类实现",
        "调用链（30 步）",
        "略去 15 步",
        "共 40 处，列出 5 处",
        "4388 条字符串资源",
        "string/agree",
        "0x10 +4",
        "form > input",
        "整改前",
    ):
        assert wanted in findings


def test_tables_hold_what_was_found_and_what_was_not_read() -> None:
    tree = page()
    permissions, sdks = (text_of(tree.get_element_by_id(name)) for name in ("permissions", "sdks"))
    items, unread = (text_of(tree.get_element_by_id(name)) for name in ("items", "unread"))
    header = [text_of(cell) for cell in tree.xpath("(//table[@class='matrix'])[1]//thead//th")]
    rows = [
        [text_of(cell) for cell in row.xpath("./th|./td")]
        for row in tree.xpath("(//table[@class='matrix'])[1]//tbody/tr")
    ]

    assert "读取电话状态" in permissions
    assert "甲广告 ×(2)、归属不明 ×(1)" in permissions
    assert "未见使用" in permissions
    assert "无法判断" in permissions
    assert "未声明" in permissions
    assert "界面出现前初始化" in sdks
    assert header == ["个人信息项", "应用自身", "归属不明", "开源库与框架", "甲广告", "合计"]
    assert rows == [
        ["位置 敏感", "·", "1", "·", "·", "1"],
        ["IMEI 不可变更标识", "(1)", "·", "·", "1", "1/2"],
    ]
    assert "开机时间" in items
    assert "资源表已损坏界面文字、勾选框" in unread
    assert "文件名含控制字符" in unread
    assert "反射调用 7" in unread
    assert "某加固" in unread
    assert "未能判断的规则（1）界面文字未能读取问题4 GJ-T004" in unread


def test_works_without_script() -> None:
    tree = page()

    assert all(
        node.get("hidden") is not None for node in tree.xpath("//*[@class='tools' or @class='buttons']")
    )
    assert tree.xpath("//*[@hidden][not(ancestor-or-self::*[@class='tools' or @class='buttons'])]") == []


def test_headings_descend_without_gaps() -> None:
    levels = [int(node.tag[1]) for node in page().xpath("//h1|//h2|//h3|//h4|//h5")]

    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_table_of_facts_that_were_not_read_says_so() -> None:
    whole = view()
    assert FACTS.app is not None
    reason = Text(zh="dex 已损坏", en="the dex is damaged")
    gaps = tuple(Gap(path=f"app.{name}", code="dex", reason=reason) for name in ("accesses", "sdks"))
    empty = FACTS.app.model_copy(update={"accesses": (), "sdks": ()})
    damaged = ReportView(ASSESSMENT, FACTS.model_copy(update={"gaps": gaps, "app": empty}), PACK, "zh")
    clean = ReportView(ASSESSMENT, FACTS.model_copy(update={"gaps": (), "app": empty}), PACK, "zh")

    def section(view: ReportView, name: str) -> str:
        return text_of(lxml_html.document_fromstring(write(view).decode()).get_element_by_id(name))

    for name, nothing in (("items", "未见取得个人信息的代码"), ("sdks", "未识别到第三方服务类 SDK")):
        assert "没有列出不等于没有" in section(damaged, name)
        assert nothing not in section(damaged, name)
        assert nothing in section(clean, name)
        assert "没有列出不等于没有" not in section(clean, name)
    assert "没有列出不等于没有" in section(damaged, "permissions")
    assert "没有列出不等于没有" not in section(whole, "items")

"""Sites and policies in every format: their identity, method and tables, and no chapter that only apps have."""

from __future__ import annotations

import io
import re
from typing import Any, Literal, get_args, get_origin

import pytest
from openpyxl import load_workbook
from site_sample import SITE_FACTS, policy_view, site_view
from test_docx import text_of
from test_pdf import squeezed

from reports import docx, html, pdf, xlsx
from reports.words import WORDS
from scanner.policyfacts import Comparison, DisclosedItem, Element, PolicyFacts
from scanner.sitefacts import Filing, Form, Page, SiteFacts
from scanner.visitfacts import ConsentDialog, Cookie, Request, StorageItem

TABLES = (
    "网站告知的内容",
    "访问的页面",
    "表单",
    "第三方",
    "Cookie",
    "发送个人信息的请求",
    "本地存储",
    "识别或观察访问者的脚本",
    "同意弹窗",
    "备案信息",
    "传输安全",
    "从外部可见的安全弱点",
    "政策应有的内容",
    "隐私政策与实际行为对照",
    "政策说明的个人信息",
    "政策列出的 SDK 与合作方",
    "不当表述",
)
FACTS_SHOWN = (
    "京ICP备00000000号-1",
    "甲网络公司",
    "Chromium 140",
    "collect.third.example、第三方、明文",
    "是、默认勾选",
    "TLSv1.2、TLSv1 [弱]",
    "未设置内容安全策略",
    "brand-new",
    "jquery 1.8.3 CVE-2020-11022",
    "8612****0001",
    "画布指纹",
    "无法拒绝",
    "730",
    "甲商城隐私政策",
    "笼统、以“等”结尾",
    "声明不收集",
    "与政策相反",
    "【公司名称】",
)


def words_of(*fields: tuple[Any, str, str]) -> set[str]:
    """``prefix_value`` for every value of literal fields given as (model, field, prefix)."""
    found = set()
    for model, name, prefix in fields:
        annotation = model.model_fields[name].annotation
        literal = annotation if get_origin(annotation) is Literal else get_args(annotation)[0]
        found |= {f"{prefix}_{value}" for value in get_args(literal)}
    return found


def test_every_value_a_site_or_policy_can_have_has_a_word() -> None:
    wanted = words_of(
        (Page, "kind", "page"),
        (Form, "purpose", "form"),
        (Cookie, "purpose", "cookie"),
        (Request, "phase", "phase"),
        (StorageItem, "kind", "storage"),
        (ConsentDialog, "kind", "dialog"),
        (Filing, "kind", "filing"),
        (Element, "state", "element"),
        (Comparison, "state", "state"),
        (DisclosedItem, "party", "party"),
    )
    wanted |= {f"path_site_{name}" for name in SiteFacts.model_fields}
    wanted |= {f"path_policy_{name}" for name in PolicyFacts.model_fields}

    assert wanted - set(WORDS) == set()


def plain_html(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


@pytest.mark.parametrize("form", ["html", "pdf", "docx"])
def test_a_site_report_shows_what_the_visit_found(form: str) -> None:
    view = site_view()
    if form == "pdf":
        text = squeezed(pdf.write(view))
    elif form == "docx":
        text = text_of(docx.write(view))
    else:
        text = plain_html(html.write(view).decode())
    squeeze = re.sub(r"[\s\u200b]", "", text)

    for part in (*TABLES, *FACTS_SHOWN):
        assert re.sub(r"[\s\u200b]", "", part) in squeeze, part
    assert "按公开链接逐页抓取" in squeeze
    assert "未运行应用" not in squeeze
    for part in ("第三方SDK本应用", "权限名", "个人信息与获取方"):
        assert part not in squeeze


def test_a_gap_is_said_beside_the_table_it_concerns() -> None:
    cookies = next(sheet for sheet in site_view().sheets if sheet.key == "site_cookies")
    pages = next(sheet for sheet in site_view().sheets if sheet.key == "site_pages")

    assert cookies.incomplete
    assert not pages.incomplete
    assert "浏览器中断" in squeezed(pdf.write(site_view()))


@pytest.mark.parametrize("form", ["html", "pdf", "docx"])
def test_a_policy_report_names_the_document(form: str) -> None:
    view = policy_view()
    data = {"html": html.write, "pdf": pdf.write, "docx": docx.write}[form](view)
    text = {
        "html": lambda: plain_html(data.decode()),
        "pdf": lambda: squeezed(data),
        "docx": lambda: text_of(data),
    }[form]()
    squeeze = re.sub(r"[\s\u200b]", "", text)

    for part in (
        "policy.html",
        "privacy@shop.example",
        "2026-01-02",
        "政策应有的内容",
        "不充分",
        "阅读隐私政策文本",
    ):
        assert part in squeeze, part
    assert "访问的页面" not in squeeze


def test_hostile_strings_of_a_site_stay_text() -> None:
    page = html.write(site_view()).decode()

    assert "<script>alert(1)" not in page
    assert "uid&lt;script&gt;alert(1)" in page
    assert "⟨U+202E⟩" in page


def test_long_tables_are_cut_and_counted() -> None:
    assert SITE_FACTS.site is not None
    many = tuple(SITE_FACTS.site.cookies[1] for _ in range(450))
    facts = SITE_FACTS.model_copy(update={"site": SITE_FACTS.site.model_copy(update={"cookies": many})})
    view = site_view().__class__(site_view().assessment, facts, site_view().pack, "zh")

    cookies = next(sheet for sheet in view.sheets if sheet.key == "site_cookies")

    assert len(cookies.rows) == 200
    assert cookies.note == "共 450 行，此处列出前 200 行，其余见 JSON 报告。"


def test_english_tables_are_english() -> None:
    chinese = [
        cell
        for sheet in site_view("en").sheets
        for cell in (sheet.title, *sheet.header, sheet.note, sheet.empty)
        if re.search(r"[\u4e00-\u9fff]", cell)
    ]

    assert chinese == []


def test_workbook_lists_a_site() -> None:
    book = load_workbook(io.BytesIO(xlsx.write(site_view())))

    assert book["检测对象"]["B2"].value == "https://www.shop.example/"
    assert book["SDK"].max_row == 1

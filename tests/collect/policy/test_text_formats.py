"""Markdown and plain text."""

from __future__ import annotations

from makers import check_offsets, outline

from scanner.collect.policy.document import Document
from scanner.collect.policy.source import read_document


def read(text: str, name: str = "policy.md") -> Document:
    document = read_document(text.encode(), name)
    check_offsets(document)
    return document


def texts(document: Document) -> list[str]:
    return [p.text for p in document.paragraphs]


def test_markdown_headings_lists_and_tables() -> None:
    document = read(
        "# 隐私政策\n\n引言\n\n## 一、收集\n\n- 手机号\n- 邮箱\n\n| SDK名称 | 目的 |\n|---|:--:|\n| 友盟 | 统计 |\n| 微信 | [登录](https://x.cn) |\n"
    )
    assert outline(document) == [(1, "隐私政策"), (2, "一、收集")]
    assert [p.kind for p in document.paragraphs] == ["heading", "text", "heading", "item", "item", "table"]
    (table,) = document.tables
    assert (table.header, table.rows) == (("SDK名称", "目的"), (("友盟", "统计"), ("微信", "登录")))
    assert document.link_of(*document.cell_span(table, 1, 1)) == "https://x.cn"


def test_what_chinese_authors_write_in_markdown_is_understood() -> None:
    document = read("##隐私政策\n\n**“我们”**收集**手机号：**用于登录。\n第二行\n\n    缩进的正文\n")
    assert outline(document) == [(2, "隐私政策")]
    assert texts(document) == ["隐私政策", "“我们”收集手机号：用于登录。", "第二行", "缩进的正文"]


def test_front_matter_gives_the_title_and_is_no_text() -> None:
    document = read("---\ntitle: 小步隐私政策\ndate: 2024\n---\n\n我们收集手机号。")
    assert (document.title, document.text) == ("小步隐私政策", "我们收集手机号。")


def test_html_inside_markdown_is_read() -> None:
    document = read(
        "# 清单\n\n<table><tr><th>名称</th><th>目的</th></tr>\n\n<tr><td>友盟</td><td>统计</td></tr></table>\n"
    )
    assert document.tables[0].rows == (("友盟", "统计"),)


def test_a_line_of_plain_text_is_a_paragraph() -> None:
    document = read("隐私政策\n\n一、收集\n我们收集手机号。\n· 昵称\n· 头像\n", "policy.txt")
    assert [(p.kind, p.text) for p in document.paragraphs] == [
        ("heading", "隐私政策"),
        ("heading", "一、收集"),
        ("text", "我们收集手机号。"),
        ("item", "昵称"),
        ("item", "头像"),
    ]


def test_hard_wrapped_text_is_joined() -> None:
    line = "我们会按照本政策收集和使用您的个人信息包括手机号码和设备信息以及其他"
    lines = [*([line] * 4), "到此为止。", *([line] * 4), "另一段结束。"]
    document = read("\n".join(lines), "policy.txt")
    assert texts(document) == [line * 4 + "到此为止。", line * 4 + "另一段结束。"]


def test_tab_separated_lines_are_a_table() -> None:
    document = read(
        "第三方SDK\nSDK名称\t公司\t目的\n友盟\t友盟同欣\t统计\n微信\t腾讯\t登录\n以上。", "policy.txt"
    )
    assert document.tables[0].header == ("SDK名称", "公司", "目的")
    assert document.tables[0].rows[1] == ("微信", "腾讯", "登录")
    assert texts(document)[-1] == "以上。"

"""Word documents: headings, numbers, tables, links, hidden and deleted text."""

from __future__ import annotations

import docx
from docx.document import Document as WordDocument
from makers import check_offsets, outline, word_bytes, word_with

from scanner.collect.policy.document import Document
from scanner.collect.policy.source import read_document


def read(source: WordDocument | bytes) -> Document:
    data = source if isinstance(source, bytes) else word_bytes(source)
    document = read_document(data, "policy.docx")
    check_offsets(document)
    return document


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def para(content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{content}</w:p>"


def test_styles_give_headings_and_their_levels() -> None:
    word = docx.Document()
    word.add_heading("小步隐私政策", 0)
    word.add_heading("一、收集", 1)
    word.add_paragraph("我们收集手机号。")
    word.add_heading("登录", 2)
    word.add_paragraph("登录需要密码。")
    document = read(word)
    assert document.format == "docx"
    assert outline(document) == [(1, "小步隐私政策"), (1, "一、收集"), (2, "登录")]
    assert document.section_title(document.paragraphs[-1]) == "一、收集 › 登录"


def test_bold_and_numbered_lines_are_headings_without_styles() -> None:
    word = docx.Document()
    word.add_paragraph().add_run("小步隐私政策").bold = True
    for title in ("一、收集", "二、共享"):
        word.add_paragraph(title)
        word.add_paragraph("我们会按照法律的规定处理您的个人信息。")
    assert outline(read(word)) == [(1, "小步隐私政策"), (2, "一、收集"), (2, "二、共享")]


NUMBERING = (
    '<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="%1、"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1.%2"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="·"/></w:lvl></w:abstractNum>'
    '<w:num w:numId="7"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)


def test_numbers_that_word_counts_are_part_of_the_text() -> None:
    def item(text: str, level: int) -> str:
        return para(run(text), f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr>')

    body = (
        item("收集", 0)
        + item("登录", 1)
        + item("手机号", 2)
        + item("支付", 1)
        + item("共享", 0)
        + item("合作方", 1)
    )
    document = read(word_with(body, numbering=NUMBERING))
    assert [p.text for p in document.paragraphs] == [
        "一、收集",
        "一.1 登录",
        "手机号",
        "一.2 支付",
        "二、共享",
        "二.1 合作方",
    ]
    assert document.paragraphs[2].kind == "item"


def test_deleted_and_hidden_text_is_left_out_and_inserted_text_kept() -> None:
    body = para(
        run("我们收集")
        + f"<w:del>{run('身份证').replace('w:t', 'w:delText')}</w:del><w:ins>{run('手机号')}</w:ins>"
        + run("隐藏", "<w:vanish/>")
        + run("。")
    )
    assert read(word_with(body)).text == "我们收集手机号。"


def test_line_breaks_part_paragraphs_and_tabs_are_spaces() -> None:
    body = para("<w:r><w:t>第一行</w:t><w:br/><w:t>第二行</w:t><w:tab/><w:t>续</w:t></w:r>")
    assert [p.text for p in read(word_with(body)).paragraphs] == ["第一行", "第二行 续"]


def test_a_table_keeps_merged_cells_and_its_header() -> None:
    word = docx.Document()
    table = word.add_table(rows=4, cols=3)
    for cell, text in zip(table.rows[0].cells, ("SDK名称", "公司", "信息"), strict=True):
        cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0)).text = "友盟"
    table.cell(1, 1).text, table.cell(1, 2).text = "友盟同欣", "MAC\n地址"
    table.cell(2, 1).merge(table.cell(2, 2)).text = "见官网"
    for cell, text in zip(table.rows[3].cells, ("微信", "腾讯", "昵称"), strict=True):
        cell.text = text
    (found,) = read(word).tables
    assert found.header == ("SDK名称", "公司", "信息")
    assert found.rows == (
        ("友盟", "友盟同欣", "MAC 地址"),
        ("友盟", "见官网", "见官网"),
        ("微信", "腾讯", "昵称"),
    )


def test_a_table_in_a_table_is_read() -> None:
    word = docx.Document()
    outer = word.add_table(rows=2, cols=2)
    outer.cell(0, 0).text, outer.cell(0, 1).text, outer.cell(1, 0).text = "名称", "信息", "友盟"
    inner = outer.cell(1, 1).add_table(rows=2, cols=2)
    for cell, text in zip((c for row in inner.rows for c in row.cells), "甲乙丙丁", strict=True):
        cell.text = text
    document = read(word)
    assert {cell for table in document.tables for row in table.rows for cell in row} >= {
        "友盟",
        "甲",
        "乙",
        "丙",
        "丁",
    }


def test_hyperlinks_keep_their_address() -> None:
    fields = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>HYPERLINK "https://x.cn/p"</w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>隐私政策</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    document = read(word_with(para(run("参见") + fields + run("。"))))
    (link,) = document.links
    assert (document.text[link.start : link.end], link.url) == ("隐私政策", "https://x.cn/p")


def test_a_document_of_nothing_but_pictures_says_so() -> None:
    document = read_document(
        word_with(para("<w:r><w:drawing/></w:r>"), **{"media/image1": b"\x89PNG"}), "p.docx"
    )
    assert not document.complete
    assert "只有图片" in document.problems[0].message.zh

"""Hostile policies: a clear result, bounded time and memory, never an exception.

Nothing here measures time; what must not happen would hang or exhaust memory, and limits are set low.
"""

from __future__ import annotations

import zlib

import pytest
from makers import check_offsets, raw_pdf, stream, word_with

from scanner.collect.policy.blocks import Limits
from scanner.collect.policy.document import Document
from scanner.collect.policy.source import read_document
from scanner.collect.site.page import decode_html

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
LOW = Limits(seconds=10, memory=400 << 20)


def codes(document: Document) -> list[str]:
    return [problem.code for problem in document.problems]


# --- markup ---------------------------------------------------------------------------------------------


def test_a_page_of_fifty_megabytes_is_read_up_to_the_limit_and_says_so() -> None:
    data = b"<html><body>" + "<p>我们收集您的个人信息，用于提供服务。</p>".encode() * 900_000
    assert len(data) > 50_000_000
    document = read_document(data, "p.html", limits=Limits(characters=500_000))
    assert not document.complete
    assert codes(document) == ["policy-characters-limit"]
    assert 400_000 < len(document.text) <= 530_000


def test_bytes_above_the_limit_are_not_looked_at() -> None:
    document = read_document("第一段。\n".encode() * 1_000, "p.txt", limits=Limits(bytes=1_300))
    assert len(document.paragraphs) == 100
    assert codes(document) == ["policy-bytes-limit"]


def test_a_hundred_thousand_cells_are_all_read() -> None:
    rows = "".join(
        f"<tr><td>SDK{i}</td><td>公司</td><td>手机号</td><td>目的</td></tr>" for i in range(25_000)
    )
    document = read_document(
        f"<html><table><tr><th>名称<th>公司<th>信息<th>目的</tr>{rows}</table></html>".encode(), "p.html"
    )
    assert len(document.tables[0].rows) == 25_000
    assert document.tables[0].rows[-1] == ("SDK24999", "公司", "手机号", "目的")
    assert document.complete


def test_cells_above_the_limit_leave_the_document_incomplete() -> None:
    rows = "<tr><td>甲</td><td>乙</td></tr>" * 100
    document = read_document(
        f"<html><table>{rows}</table><p>后文</p></html>".encode(), "p.html", limits=Limits(cells=50)
    )
    assert codes(document) == ["policy-cells-limit"]
    assert not document.complete


@pytest.mark.parametrize("tag", ["div", "table><tr><td", "b", "ul><li", "blockquote", "font"])
def test_ten_thousand_nested_elements_are_read_through(tag: str) -> None:
    data = f"<html><body>{f'<{tag}>' * 10_000}隐私政策正文</body></html>".encode()
    document = read_document(data, "p.html")
    assert document.text == "隐私政策正文"
    assert document.complete


def test_spans_beyond_reason_make_no_large_table() -> None:
    rows = "<tr>" + "<td rowspan=65534 colspan=9999>甲</td>" * 50 + "</tr>"
    document = read_document(f"<html><table>{rows * 50}</table></html>".encode(), "p.html")
    assert sum(len(row) for table in document.tables for row in table.rows) <= 64 * 50


def test_entities_of_a_document_type_are_not_expanded() -> None:
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    data = f'<!DOCTYPE html [<!ENTITY l0 "哈哈">{lol}]><html><body><p>开头&l9;结尾</p></body></html>'.encode()
    document = read_document(data, "p.html")
    assert len(document.text) < 500
    assert "结尾" in document.text


def test_unfinished_and_crossed_markup_is_read() -> None:
    document = read_document("<html><body><p>甲<b>乙</p>丙</b><table><tr><td>丁<p".encode(), "p.html")
    assert [c for c in document.text if c in "甲乙丙丁"] == list("甲乙丙丁")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "*a **a " * 20_000,
        "> " * 5_000 + "x",
        "`" * 20_001,
        "![](" * 5_000,
        "|" * 20_000 + "\n|-|-|",
        "<" * 50_000,
    ],
)
def test_markdown_made_to_be_slow_is_read(text: str) -> None:
    document = read_document(("# 隐私政策\n\n## 收集\n\n" + text + "\n\n**最后**一段").encode(), "p.md")
    assert document.format == "markdown"
    assert document.paragraphs[0].text == "隐私政策"


def test_a_text_without_line_ends_and_one_of_nothing_but_line_ends_are_read() -> None:
    assert len(read_document("个人信息".encode() * 200_000, "p.txt").paragraphs) == 1
    document = read_document(b"a\n" * 300_000, "p.txt", limits=Limits(blocks=1_000))
    assert codes(document) == ["policy-blocks-limit"]


# --- PDF ------------------------------------------------------------------------------------------------

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents 4 0 R >>"
CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R >>"


@pytest.mark.parametrize(
    "data",
    [
        b"%PDF-1.7\n",
        b"%PDF-1.7\n" + b"A" * 5_000,
        raw_pdf(b"<< /Type /Catalog >>"),
        raw_pdf(CATALOGUE, b"<< /Type /Pages /Kids [] /Count 0 >>")[:-60],
    ],
)
def test_a_damaged_pdf_is_a_problem(data: bytes) -> None:
    document = read_document(data, "p.pdf", limits=LOW)
    assert (document.text, document.complete) == ("", False)
    assert codes(document)[0] in {"policy-pdf-broken", "policy-image"}


def test_a_page_tree_that_contains_itself_ends() -> None:
    data = raw_pdf(
        CATALOGUE, b"<< /Type /Pages /Kids [2 0 R 2 0 R 3 0 R] /Count 1000 >>", PAGE, stream(b"BT ET")
    )
    assert not read_document(data, "p.pdf", limits=LOW).complete


def test_a_huge_page_count_is_not_believed() -> None:
    data = raw_pdf(CATALOGUE, b"<< /Type /Pages /Kids [3 0 R] /Count 2000000000 >>", PAGE, stream(b"BT ET"))
    assert not read_document(data, "p.pdf", limits=LOW).complete


def test_nested_filters_do_not_fill_the_memory() -> None:
    bomb = bytes(200 << 20)
    for _ in range(3):
        bomb = zlib.compress(bomb, 9)
    names = b"/Filter [/FlateDecode /FlateDecode /FlateDecode]"
    data = raw_pdf(CATALOGUE, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", PAGE, stream(bomb, names))
    assert len(data) < 20_000
    document = read_document(data, "p.pdf", limits=Limits(seconds=10, memory=150 << 20))
    assert not document.complete
    assert document.problems


def test_a_form_that_draws_itself_ends() -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>"
    form = stream(
        b"/F Do /F Do",
        b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /F 5 0 R >> >>",
    )
    data = raw_pdf(CATALOGUE, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, stream(b"/F Do"), form)
    assert not read_document(data, "p.pdf", limits=LOW).complete


def test_a_child_that_takes_too_long_is_ended() -> None:
    rects = b"".join(b"%d %d 5 5 re S " % (i % 400, i // 400) for i in range(120_000))
    pages = b" ".join(b"3 0 R" for _ in range(300))
    data = raw_pdf(CATALOGUE, b"<< /Type /Pages /Kids [%s] /Count 300 >>" % pages, PAGE, stream(rects))
    document = read_document(data, "p.pdf", limits=Limits(seconds=1))
    assert codes(document) == ["policy-pdf-timeout"]


# --- DOCX -----------------------------------------------------------------------------------------------


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_a_word_bomb_is_cut_at_the_limit() -> None:
    data = word_with(paragraph("个人信息") * 500_000)
    assert len(data) < 2_000_000
    document = read_document(data, "p.docx", limits=Limits(characters=100_000))
    assert not document.complete
    assert codes(document) == ["policy-characters-limit"]
    check_offsets(document)


def test_white_space_that_unpacks_without_end_is_cut() -> None:
    data = word_with(paragraph("隐私政策") + " " * (70 << 20))
    document = read_document(data, "p.docx")
    assert document.text == "隐私政策"
    assert codes(document) == ["policy-docx-memory"]


def test_entities_in_a_word_document_are_not_expanded() -> None:
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    main = (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "哈哈">{lol}<!ENTITY f SYSTEM "file:///etc/passwd">]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f"{paragraph('开头')}{paragraph('&l9;&f;')}{paragraph('结尾')}</w:body></w:document>"
    )
    document = read_document(word_with("", document=main), "p.docx", limits=LOW)
    assert "root:" not in document.text
    assert len(document.text) < 500


@pytest.mark.parametrize("inner", ["<w:p>" * 20_000, "<w:tbl><w:tr><w:tc>" * 8_000, "<w:p><w:r><w:t>开头"])
def test_nested_or_unfinished_word_markup_is_a_problem(inner: str) -> None:
    document = read_document(word_with(paragraph("隐私政策") + inner), "p.docx", limits=LOW)
    assert not document.complete
    assert document.problems


def test_a_package_cut_in_the_middle_is_a_problem() -> None:
    data = word_with(paragraph("隐私政策"))
    document = read_document(data[: len(data) // 2], "p.docx")
    assert codes(document) in (["policy-docx-broken"], ["policy-zip"])


def test_a_broken_style_part_costs_only_the_styles() -> None:
    document = read_document(
        word_with(paragraph("隐私政策"), styles="<broken", numbering="<a>&lol;</a>"), "p.docx"
    )
    assert document.text == "隐私政策"
    assert document.complete


@pytest.mark.parametrize(
    "name", ["utf-4", "idna", "punycode", "undefined", "unicode_escape", "utf-7", "base64", "hex"]
)
def test_a_claimed_encoding_that_no_browser_knows_is_ignored(name: str) -> None:
    head = f"<html><head><meta charset={name}></head><body><p>"
    for body in ("我们收集您的个人信息。".encode("gb18030"), b"a-" + b"b9" * 100_000 + b".b"):
        data = head.encode() + body + b"</p></body></html>"
        document = read_document(data, "p.html")
        assert document.encoding in {"gb18030", "utf-8"}
        text, encoding = decode_html(data)
        assert encoding in {"gb18030", "utf-8"}
        assert document.text.strip() in text


@pytest.mark.parametrize(
    "level", ["", ' w:x="1"', ' w:val="²"', ' w:val="9"', ' w:val="-1"', ' w:val="99999999999"']
)
def test_an_outline_level_that_is_none_makes_no_heading(level: str) -> None:
    styles = f'<w:styles xmlns:w="{WORD}"><w:style w:styleId="a"><w:pPr><w:outlineLvl{level}/></w:pPr></w:style></w:styles>'
    body = f'<w:p><w:pPr><w:pStyle w:val="a"/><w:outlineLvl{level}/></w:pPr><w:r><w:t>我们收集信息。</w:t></w:r></w:p>'
    document = read_document(word_with(body, styles=styles), "p.docx")
    assert [(p.kind, p.text) for p in document.paragraphs] == [("text", "我们收集信息。")]

"""Which format a policy is in, its encoding, and what is said when it cannot be read."""

from __future__ import annotations

import pytest
from makers import check_offsets, image_pdf, outline, pdf_from

from scanner.collect.policy.source import read_document

SIMPLIFIED = "隐私政策\n我们会收集您的个人信息，用于提供服务。如果您不同意，请停止使用本应用。\n一、我们如何收集信息\n我们收集手机号码。\n"
TRADITIONAL = "隱私權政策\n我們會收集您的個人資訊，用於提供服務。如果您不同意，請停止使用本應用。\n我們會為您保護資料的安全。\n"
PAGE = "<html><head><meta charset={claim}><title>隐私政策</title></head><body><p>我们会收集您的个人信息。</p></body></html>"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (SIMPLIFIED.encode(), "utf-8"),
        (SIMPLIFIED.encode("utf-8-sig"), "utf-8"),
        (SIMPLIFIED.encode("utf-16"), "utf-16"),
        (SIMPLIFIED.encode("gbk"), "gb18030"),
        (SIMPLIFIED.encode("gb18030"), "gb18030"),
    ],
)
def test_simplified_text_is_read_in_every_usual_encoding(data: bytes, encoding: str) -> None:
    document = read_document(data, "policy.txt")
    assert document.encoding == encoding
    assert [p.text for p in document.paragraphs] == SIMPLIFIED.strip().split("\n")
    assert document.complete
    assert not document.problems


@pytest.mark.parametrize("encoding", ["big5", "big5hkscs", "utf-8"])
def test_traditional_text_is_read_without_a_declaration(encoding: str) -> None:
    document = read_document(TRADITIONAL.encode(encoding), "policy.txt")
    assert document.text.startswith("隱私權政策\n我們會收集您的個人資訊")


def test_utf16_without_a_byte_order_mark_is_recognised_by_its_ascii_characters() -> None:
    text = "Privacy Policy 隐私政策: 我们 collect your phone number 手机号码。"
    assert read_document(text.encode("utf-16-le"), "policy.txt").text.startswith("Privacy Policy 隐私政策")


@pytest.mark.parametrize(
    ("claim", "actual"), [("gb2312", "utf-8"), ("utf-8", "gbk"), ("big5", "gbk"), ("hex", "utf-8")]
)
def test_a_lying_declaration_is_not_believed(claim: str, actual: str) -> None:
    document = read_document(PAGE.format(claim=claim).encode(actual), "policy.html")
    assert document.text == "我们会收集您的个人信息。"
    assert document.complete


def test_a_lying_declaration_is_reported() -> None:
    document = read_document(PAGE.format(claim="gb2312").encode(), "policy.html")
    assert [p.code for p in document.problems] == ["policy-encoding-claim"]
    assert "gb18030" in document.problems[0].message.zh


def test_the_charset_of_the_media_type_counts() -> None:
    data = "个人信息保护".encode("gbk")
    assert read_document(data, "a.txt", "text/plain; charset=GBK").text == "个人信息保护"


def test_bytes_that_fit_no_encoding_leave_the_document_incomplete() -> None:
    data = SIMPLIFIED.encode() * 3 + b"\xff\xfe\xfd" * 60 + SIMPLIFIED.encode()
    document = read_document(data, "policy.txt")
    assert not document.complete
    assert "policy-encoding" in [p.code for p in document.problems]


@pytest.mark.parametrize(
    ("text", "name", "form"),
    [
        ("<!DOCTYPE html><html><body><p>隐私政策</p></body></html>", "policy.txt", "html"),
        ("<p>一、收集</p><p>我们收集</p><br>", "strings", "html"),
        ("# 隐私政策\n\n## 一、收集\n\n**重要**：我们收集信息", "policy", "markdown"),
        ("第一条 收集\n我们收集手机号 <br>", "policy.md", "markdown"),
        ("隐私政策\n1. 我们收集 * 和 # 等符号\n", "policy", "text"),
        ("《隐私政策》<以下简称本政策>\n我们收集", "policy.txt", "text"),
    ],
)
def test_the_content_decides_the_format(text: str, name: str, form: str) -> None:
    assert read_document(text.encode(), name).format == form


def test_a_pdf_is_recognised_whatever_its_name() -> None:
    document = read_document(pdf_from("= 隐私政策\n我们收集手机号。"), "policy.html")
    assert document.format == "pdf"
    assert outline(document) == [(1, "隐私政策")]
    check_offsets(document)


@pytest.mark.parametrize(
    ("data", "form", "code", "says"),
    [
        (b"", "unknown", "policy-empty", "空"),
        (b" \n\t ", "unknown", "policy-empty", "空"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "image", "policy-image", "图片"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "image", "policy-image", "图片"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "unknown", "policy-old-word", ".docx"),
        (b"{\\rtf1 abc}", "unknown", "policy-rtf", "RTF"),
        (b"PK\x03\x04" + bytes(100), "unknown", "policy-zip", "压缩"),
        (bytes(range(20)) * 100, "unknown", "policy-binary", "二进制"),
        (
            b"<html><body><div id=app></div><script>render()</script></body></html>",
            "html",
            "policy-script",
            "脚本",
        ),
        (b"<html><body><p></p></body></html>", "html", "policy-no-text", "文字"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, form: str, code: str, says: str) -> None:
    document = read_document(data, "policy")
    assert (document.format, document.text, document.complete) == (form, "", False)
    assert [p.code for p in document.problems] == [code]
    assert says in document.problems[0].message.zh


def test_an_image_only_pdf_says_so() -> None:
    document = read_document(image_pdf(), "scan.pdf")
    assert (document.format, document.complete) == ("image", False)
    assert "没有文字层" in document.problems[0].message.zh


def test_markup_escaped_once_more_is_read_as_markup() -> None:
    inner = "&lt;h1&gt;隐私政策&lt;/h1&gt;&lt;p&gt;我们收集信息&lt;/p&gt;&lt;p&gt;第二段&lt;/p&gt;&lt;br/&gt;"
    document = read_document(f"<html><body><div>{inner}</div></body></html>".encode(), "a.html")
    assert [p.text for p in document.paragraphs] == ["隐私政策", "我们收集信息", "第二段"]

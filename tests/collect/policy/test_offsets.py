"""For any input: every paragraph, cell, link and sentence stands where its offsets say; nothing raises."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from makers import check_offsets

from scanner.collect.policy.identify import identify
from scanner.collect.policy.readability import readability
from scanner.collect.policy.source import read_document
from scanner.collect.policy.wording import wording_issues

MARKUP = (
    "<p> </p> <br> <b> </b> <table> </table> <tr> </tr> <td> <td rowspan=3> <td colspan=2> </td> <th> <h1> <h3> </h3> "
    "<li> <ul> </ul> <a href='https://x.cn'> </a> <nav> <footer> <div style='display:none'> </div> <caption> <thead> "
    "&nbsp; &lt;p&gt; 一、收集 （一）登录 1.1 2、 第一条 隐私政策 我们收集您的手机号。 更新日期：2022年1月1日 XX公司 【】 "
    "北京甲乙科技有限公司（以下简称“我们”） 使用即视为同意 ** | # - \t \n \u200b \u2f00 \ue000 a\ufeffb 😀 电话010-12345678"
)
PIECES = st.sampled_from(MARKUP.split(" "))
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=60).map("".join)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(["p.html", "p.md", "p.txt", ""]))
def test_offsets_hold_for_any_text(text: str, name: str) -> None:
    document = read_document(text.encode("utf-8", "surrogatepass"), name)
    check_offsets(document)
    identity = identify(document, "小步", "a.b.c", "某公司")
    for issue in wording_issues(document, identity):
        assert issue.evidence
    assert readability(document).characters <= len(document.text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["p.html", "p.md", "p.txt", ""]))
def test_any_bytes_give_a_document(data: bytes, name: str) -> None:
    document = read_document(data, name)
    check_offsets(document)
    assert document.text or document.problems


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.sampled_from(["gb18030", "utf-16", "utf-8-sig"]))
def test_the_encoding_does_not_change_the_text(text: str, encoding: str) -> None:
    # A NUL character is no text: zero bytes are how UTF-16 without a mark is told.
    text = "我们会收集您的个人信息，用于提供服务。" * 3 + text.replace("\ufeff", "").replace("\0", "")
    one, other = (read_document(text.encode(e, "ignore"), "p.html") for e in ("utf-8", encoding))
    assert one.text == other.text

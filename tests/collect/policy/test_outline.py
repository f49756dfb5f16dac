"""Headings found among bare sentences."""

import pytest

from scanner.collect.policy.outline import outline, style


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("第一章 总则", 0),
        ("一、我们如何收集您的个人信息", 1),
        ("（二）共享", 2),
        ("(三)公开披露", 2),
        ("4. 存储期限", 3),
        ("5、您的权利", 3),
        ("3.2 个性化推荐", 4),
        ("3.2.1 关闭推荐", 5),
        ("（2）设备信息", 6),
        ("a) 合法原则", 7),
        ("联系我们", 2.5),
    ],
)
def test_numbering_tells_the_rank_of_a_heading(text: str, rank: float) -> None:
    assert style(text) == rank


@pytest.mark.parametrize(
    "text",
    [
        "1、与国家安全、国防安全有关的；",
        "我们会收集您的手机号码。",
        "具体包括：",
        "2022年8月1日起我们将按照更新后的隐私政策处理您的个人信息并取得您的同意以及其他必要的授权",
        "https://a.example/",
    ],
)
def test_sentences_and_items_of_lists_are_no_headings(text: str) -> None:
    assert style(text) is None


def test_sentences_stand_under_their_headings_outermost_first() -> None:
    lines = ["一、存储", "（一）地点", "存储在境内。", "（二）期限", "保存三年。", "二、权利", "您有权查阅。"]

    assert outline(lines) == ((), (0,), (0, 1), (0,), (0, 3), (), (5,))


def test_known_headings_too_long_to_be_told_by_their_look_count_and_nest_by_level() -> None:
    long = "我们如何保护您的信息以及在何种情况下会向第三方提供这些信息，此处是一个完整的长标题"
    lines = [long, long, "内容一。", long, "内容二。"]

    assert style(long) is None
    assert outline(lines, [1, 2, 0, 2, 0]) == ((), (0,), (0, 1), (0,), (0, 3))
    assert outline(lines) == ((),) * 5


def test_numbering_decides_even_where_a_heading_is_known() -> None:
    lines = ["一、权利", "（一）查阅", "内容。", "二、联系我们", "内容。"]

    assert outline(lines, [2, 2, 0, 2, 0]) == outline(lines)

"""Filing numbers and operators as pages show them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.collect.site.filing import (
    find_filings,
    find_operator,
    join_filings,
    plain_number,
    read_register,
    shown,
)
from scanner.collect.site.page import parse
from scanner.errors import InputError

PAGE = "https://www.qinghe.example/"


def seen(foot: str, body: str = "<p>正文</p>" * 30) -> dict[str, bool]:
    page = parse(PAGE, f"<body>{body}<footer>{foot}</footer></body>")
    return {entry.number: entry.well_formed for entry in find_filings(page)}


@pytest.mark.parametrize(
    ("foot", "number", "good"),
    [
        ("京ICP备12345678号-1", "京ICP备12345678号-1", True),
        ("粤ICP备2021012345号", "粤ICP备2021012345号", True),
        ("备案号：京ICP备09019508号", "京ICP备09019508号", True),
        ("京ICP备 <br> 33309494号", "京ICP备33309494号", True),
        ("沪icp备05012345号－2A", "沪ICP备05012345号-2A", True),
        ("京ICP证030173号", "京ICP证030173号", True),
        ("增值电信业务经营许可证：粤B2-20090059", "粤B2-20090059", True),
        ("京公网安备 11010502030143号", "京公网安备11010502030143号", True),
        ("京公网安备：110105001242", "京公网安备110105001242号", True),
        ("粤公网安备44010502001297号", "粤公网安备44010502001297号", True),
        ("ICP备12345678号", "ICP备12345678号", False),
        ("京ICP备00000000号", "京ICP备00000000号", False),
        ("京ICP备XXXXXXXX号", "京ICP备XXXXXXXX号", False),
        ("京ICP备123456号", "京ICP备123456号", False),
        ("帝ICP备12345678号", "帝ICP备12345678号", False),
        ("京公网安备 31010402000678号", "京公网安备31010402000678号", False),
        ("京公网安备 1101号", "", False),
    ],
)
def test_numbers_are_recognised_and_their_form_is_checked(foot: str, number: str, good: bool) -> None:
    assert seen(foot) == ({number: good} if number else {})


def test_a_number_quoted_in_an_article_is_not_the_sites_own() -> None:
    article = "<p>据报道，某网站（京ICP备87654321号）被关闭。</p>" + "<p>正文很长。</p>" * 60

    assert seen("沪ICP备12345678号", article) == {"沪ICP备12345678号": True}


@pytest.mark.parametrize(
    ("link", "linked"),
    [
        ("https://beian.miit.gov.cn/", True),
        ("http://www.beian.miit.gov.cn/", True),
        ("http://www.miitbeian.gov.cn/", False),
        ("https://beian.miit.gov.cn.evil.example/", False),
        ("/about", False),
    ],
)
def test_only_a_link_to_the_authority_counts(link: str, linked: bool) -> None:
    page = parse(PAGE, f"<body><footer><a href='{link}'>京ICP备12345678号</a></footer></body>")
    (filing,) = join_filings([(PAGE, find_filings(page))], "www.qinghe.example", None)

    assert filing.linked is linked
    told = filing.evidence[0].note
    assert told is not None and ("已停用的备案系统网址 http://www.miitbeian.gov.cn/" in told.zh) is (
        "miitbeian" in link
    )


def test_suffixes_of_one_operator_are_consistent_and_two_operators_are_not() -> None:
    def pages(*feet: str) -> list[bool | None]:
        found = [(PAGE, find_filings(parse(PAGE, f"<body><footer>{foot}</footer></body>"))) for foot in feet]
        return [f.consistent for f in join_filings(found, "qinghe.example", None)]

    assert pages("京ICP备12345678号-1", "京ICP备12345678号-2") == [True, True]
    assert pages("京ICP备12345678号-1", "沪ICP备22345678号") == [False, False]
    assert pages("京ICP备12345678号-1", "沪ICP备XYZ号") == [True, None]  # malformed: a matter of its own


@pytest.mark.parametrize(
    ("foot", "operator"),
    [
        ("版权所有 © 2026 北京青禾科技有限公司 京ICP备12345678号", "北京青禾科技有限公司"),
        (
            "Copyright © 2010-2026 上海恶禾信息技术股份有限公司 All Rights Reserved",
            "上海恶禾信息技术股份有限公司",
        ),
        ("主办单位：青禾市人民政府办公室", "青禾市人民政府办公室"),
        ("© 2026 Qinghe", None),
        ("合作伙伴：北京某某有限公司", None),
    ],
)
def test_the_operator_is_read_from_the_copyright_line(foot: str, operator: str | None) -> None:
    assert find_operator(parse(PAGE, f"<body><p>正文</p><footer>{foot}</footer></body>")) == operator


def test_registers_are_read_in_either_encoding_and_without_a_number_column_refused(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "gb18030"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(
            "网站域名,网站备案号\nwww.qinghe.example;qinghe.cn,京ICP备12345678号-1\n".encode(encoding)
        )
        register = read_register(path)
        assert register.by_domain == {
            "qinghe.example": {"京ICP备12345678号"},
            "qinghe.cn": {"京ICP备12345678号"},
        }
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("名称\n青禾\n", "utf-8")

    with pytest.raises(InputError, match="备案号"):
        read_register(wrong)
    with pytest.raises(InputError):
        read_register(tmp_path / "missing.csv")


def test_only_well_formed_numbers_count_as_shown() -> None:
    page = parse(PAGE, "<body><footer>京ICP备ABCD号</footer></body>")

    assert not shown(find_filings(page), ("icp", "license"))
    assert plain_number(" 京ICP备 12345678号-3 ") == "京ICP备12345678号"


@pytest.mark.parametrize(
    ("foot", "words"),
    [
        ("京公网安备 31010402000678号", "简称“京”的行政区划代码以 11 开头，编号以 31 开头，是“沪”的代码"),
        ("京公网安备 110104号", "应为 12 至 14 位数字，所见为 6 位"),
        ("ICP备12345678号", "编号前没有省级简称"),
        ("帝ICP备12345678号", "“帝”不是省级简称"),
        ("京ICP备00000000号", "各位数字相同"),
        ("京ICP备123456号", "应为 8 位或以 20 开头的 10 位数字，所见为 6 位"),
        ("京ICP备ABC号", "“ABC”不全是数字"),
    ],
)
def test_a_malformed_number_names_the_rule_it_breaks(foot: str, words: str) -> None:
    page = parse(PAGE, f"<body><p>正文</p><footer>{foot}</footer></body>")

    (entry,) = find_filings(page)

    assert entry.evidence.note is not None and words in entry.evidence.note.zh
    assert not entry.well_formed


def test_of_many_pages_with_one_number_three_are_shown_and_all_are_counted() -> None:
    urls = [f"{PAGE}{n}" for n in range(11)]
    foot = "<body><footer>京ICP备12345678号</footer></body>"
    (filing,) = join_filings([(url, find_filings(parse(url, foot))) for url in urls], "qinghe.example", None)

    assert filing.pages == 11 and len(filing.evidence) == 3
    assert all(e.note is not None and "网页共 11 个，列出 3 个" in e.note.zh for e in filing.evidence)

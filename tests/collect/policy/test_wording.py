"""Unfair and left-over wording, and readability."""

from __future__ import annotations

import pytest

from scanner.collect.policy.document import Document
from scanner.collect.policy.identify import identify
from scanner.collect.policy.readability import readability
from scanner.collect.policy.source import read_document
from scanner.collect.policy.wording import kinds, wording_issues
from scanner.policyfacts import PolicyIssue


def read(*lines: str) -> Document:
    return read_document("\n".join(lines).encode(), "policy.txt")


def issues(*lines: str) -> tuple[PolicyIssue, ...]:
    document = read(*lines)
    return wording_issues(document, identify(document))


BAD = [(kind.kind, text) for kind in kinds() for text in kind.bad]
GOOD = [(kind.kind, text) for kind in kinds() for text in kind.good]


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_each_bad_example_is_found(kind: str, text: str) -> None:
    assert kind in {issue.kind for issue in issues("小步隐私政策", text)}


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_no_good_example_is_found(kind: str, text: str) -> None:
    assert kind not in {issue.kind for issue in issues("小步隐私政策", text)}


def test_every_kind_of_the_table_has_examples_or_a_mechanism() -> None:
    for kind in kinds():
        assert kind.mechanism or (len(kind.good) >= 2 and len(kind.bad) >= 2), kind.kind


def test_an_issue_shows_the_sentence_and_its_place() -> None:
    document = read("小步隐私政策", "前言。您使用本应用即视为您同意本隐私政策。后话。")
    (issue,) = wording_issues(document, identify(document))
    assert issue.text == "您使用本应用即视为您同意本隐私政策。"
    locator = issue.evidence[0].locator
    assert locator.kind == "policy"
    assert document.text[locator.start : locator.end] == issue.text


def test_exemptions_of_a_user_agreement_are_not_looked_for_but_placeholders_are() -> None:
    found = issues(
        "小步用户服务协议",
        "因黑客攻击导致您的个人信息泄露的，我们不承担任何责任。",
        "XX科技有限公司拥有版权。",
        "本协议由您签订。",
    )
    assert [issue.kind for issue in found] == ["placeholder"]


OURS = "杭州小步网络科技有限公司（以下简称“我们”）深知个人信息的重要性。"


def test_a_second_company_called_us_is_a_left_over() -> None:
    found = issues("小步隐私政策", OURS, "成都大树软件有限公司（以下简称“我们”）会保护您的信息。")
    assert [(i.kind, i.detail) for i in found] == [
        ("other_company", "杭州小步网络科技有限公司 / 成都大树软件有限公司")
    ]


@pytest.mark.parametrize(
    "other",
    [
        "成都大树软件有限公司及其关联公司（以下简称“我们”）会保护您的信息。",
        "支付功能由成都大树软件有限公司（以下简称“大树”）提供。",
        "我们与杭州小步网络科技有限公司、成都大树软件有限公司共同处理。成都大树软件有限公司（以下简称“我们”）。",
    ],
)
def test_affiliates_and_partners_are_no_left_over(other: str) -> None:
    assert not [i for i in issues("小步隐私政策", OURS, other) if i.kind == "other_company"]


@pytest.mark.parametrize(
    ("lines", "detail"),
    [
        (("更新日期：2022年2月22日", "生效日期：2020年10月16日"), "2022-02-22 / 2020-10-16"),
        (("更新日期：2022年2月22日", "更新日期：2021年2月22日"), "2022-02-22 / 2021-02-22"),
        (("更新日期：2022年13月2日",), "2022年13月2日"),
    ],
)
def test_dates_that_contradict_each_other_or_cannot_be_are_found(lines: tuple[str, ...], detail: str) -> None:
    (issue,) = issues("小步隐私政策", *lines, "我们重视您的隐私。")
    assert (issue.kind, issue.detail) == ("contradictory_dates", detail)


@pytest.mark.parametrize(
    "lines",
    [
        ("更新日期：2022年2月22日", "生效日期：2022年3月1日"),
        ("更新日期：2022年2月22日", "生效日期：2022年2月15日"),
        ("发布日期：2020年1月1日", "更新日期：2022年2月22日", "生效日期：2022年2月28日"),
        ("更新日期：2022年2月22日", *("正文内容。",) * 20, "更新日期：2021年2月22日"),
    ],
)
def test_dates_that_can_be_true_together_are_no_contradiction(lines: tuple[str, ...]) -> None:
    assert not [i for i in issues("小步隐私政策", *lines) if i.kind == "contradictory_dates"]


def test_long_sentences_without_headings_are_harder_than_short_ones_with_headings() -> None:
    short = [
        line
        for i in range(10)
        for line in (f"{'一二三四五六七八九十'[i]}、收集信息", "我们收集手机号。用于登录。您可以拒绝。")
    ]
    long = [
        "我们会在您使用我们的产品和服务的过程中收集您主动提供的以及因您使用而产生的各类信息，包括但不限于" * 3
        + "。"
    ] * 30
    easy, hard = readability(read("小步隐私政策", *short)), readability(read("小步隐私政策", *long))
    assert easy.difficulty is not None and hard.difficulty is not None
    assert easy.difficulty < 10
    assert 40 < hard.difficulty <= 100
    assert (easy.headings, hard.headings) == (11, 1)
    assert hard.longest_paragraph == len(long[0])


def test_too_little_text_has_no_difficulty() -> None:
    assert readability(read("隐私政策")).difficulty is None

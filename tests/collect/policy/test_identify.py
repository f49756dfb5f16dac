"""What a document is and whose."""

from __future__ import annotations

from datetime import date

import pytest

from scanner.collect.policy.document import Document
from scanner.collect.policy.identify import company_names, identify
from scanner.collect.policy.source import read_document


def read(*lines: str) -> Document:
    return read_document("\n".join(lines).encode(), "policy.txt")


POLICY = (
    "小步记账隐私政策",
    "更新日期：2024年【3】月【5】日",
    "生效日期：2024-03-12",
    "杭州小步网络科技有限公司（以下简称“我们”）非常重视您的个人信息，本隐私政策说明我们如何收集和使用您的个人信息。",
    "一、我们如何收集您的个人信息",
    "登录功能由深圳市腾讯计算机系统有限公司提供，我们会收集您的手机号码。",
    "二、第三方SDK",
    "公司名称：北京锐讯灵通科技有限公司",
    "三、如何联系我们",
    "邮箱：privacy@xiaobu.example.cn，客服电话：0571-88886666，工作日 9:00-18:00。",
    "注册地址：浙江省杭州市西湖区文三路100号3幢402室（收）。",
)


def test_a_policy_is_identified_with_its_operator_contact_and_dates() -> None:
    identity = identify(read(*POLICY))
    assert (identity.kind, identity.confidence) == ("privacy_policy", 0.95)
    assert identity.operator == "杭州小步网络科技有限公司"
    assert identity.app_name == "小步记账"
    assert identity.emails == ("privacy@xiaobu.example.cn",)
    assert identity.phones == ("0571-88886666",)
    assert identity.address == "浙江省杭州市西湖区文三路100号3幢402室（收）"
    assert (identity.updated, identity.effective) == (date(2024, 3, 5), date(2024, 3, 12))
    assert identity.language == "zh"
    assert identity.evidence[0].excerpt == "杭州小步网络科技有限公司"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("隐私政策", "privacy_policy"),
        ("《小红花用户隐私协议》", "privacy_policy"),
        ("个人信息保护政策", "privacy_policy"),
        ("QQ隐私保护指引", "privacy_policy"),
        ("隱私權政策", "privacy_policy"),
        ("Privacy Policy", "privacy_policy"),
        ("用户协议与隐私政策", "privacy_policy"),
        ("儿童个人信息保护规则", "children_policy"),
        ("未成年人隐私保护指引", "children_policy"),
        ("用户服务协议", "user_agreement"),
        ("WeChat – 服务条款", "user_agreement"),
        ("第三方SDK目录", "sdk_list"),
        ("QQ与第三方共享个人信息清单", "sdk_list"),
        ("应用权限申请与使用情况说明", "permission_list"),
        ("个人信息收集清单", "collection_list"),
        ("公司简介", "other"),
    ],
)
def test_the_title_names_the_kind(title: str, kind: str) -> None:
    assert identify(read(title, "以下为正文内容。" * 30)).kind == kind


def test_the_body_names_the_kind_where_the_title_does_not() -> None:
    body = "为了更好地保护您的个人信息，我们制定本政策。请您阅读本政策，了解我们如何收集您的个人信息。本政策适用于本产品。"
    identity = identify(read("欢迎使用", body, body))
    assert (identity.kind, identity.confidence) == ("privacy_policy", 0.7)


@pytest.mark.parametrize(
    ("sentence", "operator"),
    [
        (
            "欢迎您使用由【北京微云世界科技有限公司】（以下简称“我们”）开发运营的产品。",
            "北京微云世界科技有限公司",
        ),
        ("小云网页及 App 的运营者为南京小云信息技术有限公司或其关联公司。", "南京小云信息技术有限公司"),
        (
            "《隐私政策》由您（以下亦称“用户”）与上海星河影业科技有限公司（下文亦称“我们”）共同缔结。",
            "上海星河影业科技有限公司",
        ),
        (
            "金叶子（中国）有限公司（简称“我们”，注册地址为上海市徐汇区1号）重视您的隐私。",
            "金叶子（中国）有限公司",
        ),
        (
            "微言（以下或称“我们”，指北京微言创科网络技术有限公司）制定本政策。",
            "北京微言创科网络技术有限公司",
        ),
        ("随心工作室系移动应用程序“随心记”的运营者，以下简称“我们”。", "随心工作室"),
        ("运营者：华为终端有限公司", "华为终端有限公司"),
        ("开发者名称：张小明", "张小明"),
    ],
)
def test_the_operator_is_named_in_many_ways(sentence: str, operator: str) -> None:
    assert identify(read("隐私政策", sentence, "本政策说明我们如何收集您的个人信息。")).operator == operator


@pytest.mark.parametrize(
    "sentence",
    [
        "支付功能由支付宝（中国）网络技术有限公司向您提供。",
        "我们接入了第三方SDK，运营者为北京锐讯灵通科技有限公司。",
        "我们可能会向广州合作伙伴科技有限公司等授权合作伙伴共享信息。",
        "我们非常重视您的隐私。",
    ],
)
def test_others_are_not_taken_for_the_operator(sentence: str) -> None:
    assert identify(read("隐私政策", sentence)).operator is None


def test_a_list_of_sdks_has_no_operator() -> None:
    lines = ["第三方SDK列表", *(f"运营方：某城{i}网络技术有限公司" for i in range(4))]
    assert identify(read(*lines)).operator is None


@pytest.mark.parametrize(
    ("line", "updated", "effective"),
    [
        ("本版更新&生效时间：2021年【1】月【1】日", date(2021, 1, 1), date(2021, 1, 1)),
        ("最近更新日期： 2022-04-11", date(2022, 4, 11), None),
        ("本隐私政策于2022年1月19日更新", date(2022, 1, 19), None),
        ("更新日期：2020年  11 月 24  日", date(2020, 11, 24), None),
        ("生效日期:【2022年06月09日】", None, date(2022, 6, 9)),
        ("首次发布日期：2011年4月6日", None, None),
        ("成立于2007年03月27日", None, None),
        ("更新日期：2022年13月40日", None, None),
    ],
)
def test_dates_are_read_in_their_usual_wordings(
    line: str, updated: date | None, effective: date | None
) -> None:
    identity = identify(read("隐私政策", line))
    assert (identity.updated, identity.effective) == (updated, effective)


def test_numbers_that_are_no_telephone_are_left_out() -> None:
    identity = identify(
        read(
            "隐私政策",
            "身份证号码 110101199003078888，订单 13800138000123。",
            "拨打电话：400-123-4567 或 13800138000",
        )
    )
    assert identity.phones == ("400-123-4567", "13800138000")


@pytest.mark.parametrize(
    ("name", "identifier", "developer", "expected"),
    [
        ("小步记账", "", "", True),
        ("小步记账Pro", "", "", True),
        ("记一笔", "", "杭州小步网络科技有限公司", True),
        ("记一笔", "", "北京别家科技有限公司", False),
        ("记一笔", "", "", None),
        ("", "", "", None),
        ("MyApp", "", "", None),
    ],
)
def test_whether_it_belongs_to_the_subject(
    name: str, identifier: str, developer: str, expected: bool | None
) -> None:
    assert identify(read(*POLICY), name, identifier, developer).matches_subject is expected


def test_a_policy_that_says_it_is_only_for_another_application_does_not_belong() -> None:
    lines = ("小步记账隐私政策", "本政策仅适用于小步记账。", *POLICY[3:])
    assert identify(read(*lines), "记一笔").matches_subject is False


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("由深圳市迅风网络技术有限公司（“我们”）提供", ["深圳市迅风网络技术有限公司"]),
        (
            "北京甲科技有限公司与上海乙文化股份有限公司天津分公司",
            ["北京甲科技有限公司", "上海乙文化股份有限公司天津分公司"],
        ),
        ("华为技术有限公司", ["华为技术有限公司"]),
        ("中国铁道科学研究院集团有限公司运营", ["中国铁道科学研究院集团有限公司"]),
        ("有限公司", []),
    ],
)
def test_company_names_are_cut_out_of_sentences(text: str, names: list[str]) -> None:
    assert list(company_names(text)) == names

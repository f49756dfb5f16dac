"""What counts as disclosed, by whom, why and when."""

from __future__ import annotations

import pytest

from scanner.collect.policy.disclose import disclosed_items
from scanner.collect.policy.document import Document, from_lines
from scanner.collect.policy.terms import ancestors, find
from scanner.policyfacts import DisclosedItem


def items(*lines: str) -> tuple[DisclosedItem, ...]:
    return disclosed_items(from_lines(lines))


def ids(*lines: str) -> set[str]:
    return {i.item for i in items(*lines)}


def test_the_longest_term_wins_and_spelling_does_not_matter() -> None:
    found = [
        m.items
        for m in find("IP地址、ANDROID_ID、android id、Ａｎｄｒｏｉｄ－ＩＤ、Wi-Fi MAC 地址、身份证照片")
    ]

    assert found == [
        ("ip-address",),
        ("android-id",),
        ("android-id",),
        ("android-id",),
        ("wifi-mac",),
        ("id-photo",),
    ]


def test_latin_terms_only_count_as_whole_words() -> None:
    assert find("IMEIX、macro、simple") == []
    assert [m.items for m in find("IMEI,IMSI/ICCID")] == [("imei",), ("imsi",), ("iccid",)]


def test_a_term_inside_a_phrase_of_another_meaning_does_not_count() -> None:
    assert find("我们重视您的隐私信息，采用加密存储") == []


def test_ancestors_lead_to_the_vaguest_term() -> None:
    assert ancestors("imei")[0] == "hardware-identifier"
    assert ancestors("imei")[-1] == "device-info"
    assert ancestors("no-such-item") == ()


def test_a_statement_has_purpose_condition_function_and_place() -> None:
    text = "注册登录：当您注册账号时，我们会收集您的手机号码，用于创建账号。"
    (found,) = [i for i in items("二、我们收集的信息", text) if i.item == "phone-number"]
    (evidence,) = found.evidence

    assert (found.purpose, found.condition, found.function) == ("用于创建账号", "当您注册账号时", "注册登录")
    assert found.party == "operator"
    assert not found.vague
    assert not found.open_ended
    assert evidence.locator.kind == "policy"
    assert "手机号码" in evidence.excerpt


def test_umbrella_terms_are_kept_apart_as_vague() -> None:
    found = {i.item: i.vague for i in items("我们会收集您的设备信息和IMEI。")}

    assert found == {"device-info": True, "imei": False}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("我们会收集您的IMEI、MAC地址等信息。", True),
        ("我们会收集包括但不限于IMEI、MAC地址。", True),
        ("我们会收集您的IMEI、MAC地址。", False),
        ("我们会收集您的会员等级、手机号。", False),
    ],
)
def test_open_lists_are_marked(sentence: str, expected: bool) -> None:
    assert {i.open_ended for i in items(sentence)} == {expected}


@pytest.mark.parametrize(
    ("sentence", "party"),
    [
        ("我们会收集您的IMEI。", "operator"),
        ("本产品集成友盟SDK，友盟SDK会收集您的IMEI。", "sdk"),
        ("第三方支付机构会收集您的姓名。", "partner"),
        ("我们的关联公司会收集您的手机号。", "affiliate"),
        ("您需要提供您的姓名。", "operator"),
    ],
)
def test_the_party_before_the_verb_collects(sentence: str, party: str) -> None:
    assert {i.party for i in items(sentence)} == {party}


def test_the_sdk_of_one_sentence_is_meant_by_this_sdk_in_the_next() -> None:
    found = items("为了推送消息，我们使用极光推送SDK。此SDK会直接收集您的IMEI、位置信息。")

    assert {(i.item, i.sdk, i.sdk_id) for i in found} == {
        ("imei", "极光推送SDK", ""),
        ("location-info", "极光推送SDK", ""),
    }


def test_sharing_names_the_recipient() -> None:
    found = items("我们会将您的手机号码共享给物流公司。")

    assert [(i.item, i.recipient, i.party) for i in found] == [("phone-number", "物流公司", "operator")]


@pytest.mark.parametrize(
    "sentence",
    [
        "个人敏感信息包括身份证件号码、个人生物识别信息、银行账号。",
        "IMEI是指国际移动设备识别码。",
        "您可以通过“设置—账号”更正您的昵称、头像、手机号码。",
        "我们会采用加密技术防止您的手机号泄露。",
        "请您妥善保管您的账号和密码。",
        "与国家安全、国防安全直接相关的，收集您的位置信息无需征得同意。",
        "我们会通过短信通知您。",
        "如您拒绝提供手机号码，将无法注册。",
        "用于识别您的手机号码归属地。",
    ],
)
def test_sentences_that_do_not_speak_of_collecting_disclose_nothing(sentence: str) -> None:
    assert items(sentence) == ()


def test_a_chapter_on_rights_discloses_nothing_though_it_names_items() -> None:
    assert ids("六、您的权利", "访问您的昵称、头像、手机号码。") == set()
    assert ids("二、我们如何收集和使用您的个人信息", "设备信息：IMEI、MAC地址。") == {
        "device-info",
        "imei",
        "mac-address",
    }


def test_a_lead_in_makes_its_list_a_disclosure() -> None:
    found = ids("为了向您提供服务，我们需要收集以下信息：", "1、IMEI", "2、Android ID", "3、已安装应用列表")

    assert {"imei", "android-id", "installed-apps"} <= found


def test_topics_decide_where_they_are_known() -> None:
    document = from_lines(
        ["账号与安全", "您的手机号、短信验证码用于登录验证。", "昵称、头像为必填信息，请您提供。"]
    )
    sentences = tuple(
        s.model_copy(update={"topics": ("security",) if "昵称" in s.text else ("collect",)})
        for s in document.sentences
    )

    assert {i.item for i in disclosed_items(document, sentences)} & {"nickname-avatar"} == set()


def test_offsets_point_into_the_text() -> None:
    document = from_lines(["前言", "我们会收集您的IMEI。"])
    (item,) = disclosed_items(document)
    locator = item.evidence[0].locator

    assert locator.kind == "policy"
    assert document.text[locator.start : locator.end] == "我们会收集您的IMEI。"


@pytest.mark.parametrize(
    "text",
    [
        "（" * 20_000,
        "，" * 50_000,
        "我们收集IMEI，" * 20_000,
        "如" * 30_000 + "收集IMEI",
        "不会" * 20_000 + "收集IMEI",
    ],
    ids=["brackets", "commas", "repetition", "conditions", "denials"],
)
def test_hostile_sentences_end_quickly_and_bounded(text: str) -> None:
    document = Document("x", "text", text, from_lines([text]).paragraphs)

    assert len(disclosed_items(document)) <= 5_000


@pytest.mark.parametrize("heading", ["二、共享与存储", "三、收集、使用与存储", "四、个人信息的存储与保护"])
def test_a_heading_that_says_what_is_done_names_no_item(heading: str) -> None:
    assert "files-storage" not in ids(
        "一、我们收集的信息", "我们会收集您的位置信息。", heading, "我们收集您的手机号码。"
    )


def test_the_same_word_in_a_list_of_items_names_one() -> None:
    assert "files-storage" in ids("一、我们收集的信息", "我们会收集您的相机、存储、位置信息。")

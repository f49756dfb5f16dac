"""Sentences of policies cut into what they state, deny, condition and aim at."""

from __future__ import annotations

import pytest

from scanner.collect.policy.clauses import clauses
from scanner.collect.policy.disclose import disclosed_items
from scanner.collect.policy.document import from_lines


def roles(text: str) -> list[tuple[str, str]]:
    return [(c.role, text[c.start : c.end].strip()) for c in clauses(text)]


def test_one_sentence_holds_condition_statement_purpose_and_denial() -> None:
    assert roles("当您注册时，我们会收集您的手机号，用于登录，但不会收集您的身份证号") == [
        ("condition", "当您注册时"),
        ("states", "我们会收集您的手机号"),
        ("purpose", "用于登录"),
        ("denies", "但不会收集您的身份证号"),
    ]


def test_a_clause_without_a_verb_goes_on_with_the_one_before() -> None:
    found = roles("我们会收集您的姓名，性别，出生日期，用于核验身份，防止冒用")

    assert [role for role, _ in found] == ["states", "states", "states", "purpose", "purpose"]


def told(*lines: str) -> dict[str, list[str]]:
    """Items said to be collected and flatly denied."""
    found = disclosed_items(from_lines(lines))
    return {
        "told": sorted({i.item for i in found if not i.negated}),
        "denied": sorted({i.item for i in found if i.negated and not i.condition}),
        "narrowed": sorted({i.item for i in found if i.negated and i.condition}),
    }


@pytest.mark.parametrize(
    ("sentence", "item"),
    [
        ("我们不会收集您的通讯录。", "contacts"),
        ("本应用不会读取您的短信内容。", "sms"),
        ("我们并不收集您的人脸信息。", "face"),
        ("我们从不获取您的IMEI。", "imei"),
        ("注册时无需收集您的身份证号。", "id-number"),
        ("我们会收集您的手机号，但不会收集您的通话记录。", "call-log"),
        ("We do not collect your call logs.", "call-log"),
    ],
)
def test_a_flat_denial_denies_its_item(sentence: str, item: str) -> None:
    assert item in told(sentence)["denied"]
    assert item not in told(sentence)["told"]


@pytest.mark.parametrize(
    "sentence",
    [
        "未经您的同意，我们不会收集您的位置信息。",
        "除法律法规另有规定外，我们不会收集您的通讯录。",
        "在基本功能模式下，我们不会收集您的IMEI。",
        "如您拒绝授权，我们将不读取短信内容。",
        "关闭后，我们将不再获取您的位置信息。",
        "我们不会直接收集您的指纹信息。",
        "我们不会读取您的全部通讯录。",
        "我们不会收集您的剪贴板其他信息。",
        "我们不会在后台收集您的位置信息。",
        "除非您手动备份，否则我们不会读取您的通讯录。",
        "我们不会主动收集您的身份证号。",
    ],
)
def test_a_conditional_or_narrowed_denial_is_no_flat_one(sentence: str) -> None:
    found = told(sentence)

    assert found["denied"] == []
    assert found["told"] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "我们不会将您的人脸信息上传至服务器。",
        "我们不会存储您的指纹信息。",
        "我们不会向第三方共享您的通讯录。",
        "我们不仅收集您的手机号，还会收集您的姓名。",
        "我们会采取加密措施，防止您的手机号被非法获取。",
        "如您不提供手机号，将无法使用本服务。",
        "您不同意我们收集位置信息的，不影响使用其他功能。",
        "搜索关键词信息无法单独识别您的身份。",
        "我们不会收集您的隐私信息。",
    ],
)
def test_what_only_looks_like_a_denial_of_collecting_is_none(sentence: str) -> None:
    assert told(sentence)["denied"] == []


def test_a_contrast_ends_a_denial() -> None:
    found = told("我们不会收集您的精确位置信息，仅收集您所在城市。")

    assert found["told"] == ["coarse-location"]
    assert found["denied"] == ["precise-location"]


def test_a_list_under_a_denial_is_denied() -> None:
    found = told("我们不会收集您的以下信息：", "1、通讯录", "2、通话记录", "3、短信内容")

    assert found["denied"] == ["call-log", "contacts", "sms"]

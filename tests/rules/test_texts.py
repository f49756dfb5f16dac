"""The phrase table: every kind recognises its own examples, stays away from the others, and costs little."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.collect.phrases import classify, phrases
from scanner.datafiles import read_data
from scanner.safere import problem

TABLE: list[dict[str, Any]] = [entry for content in read_data("texts") for entry in content["texts"]]
GOOD = [(entry["kind"], text) for entry in TABLE for text in entry["good"]]
BAD = [(entry["kind"], text) for entry in TABLE for text in entry["bad"]]
# Rules say that these are absent, so a whole policy or dialog in one string has to be recognised too.
NEEDED_BY_ABSENCE = {
    "policy_link",
    "consent_prompt",
    "account_deletion",
    "withdraw_consent",
    "complaint_channel",
    "personalisation_switch",
}


def test_every_kind_has_examples_of_both_sides() -> None:
    assert len({entry["kind"] for entry in TABLE}) == len(TABLE)
    assert all(entry["good"] and entry["bad"] for entry in TABLE)


@pytest.mark.parametrize(("kind", "text"), GOOD)
def test_a_good_example_is_recognised(kind: str, text: str) -> None:
    assert kind in classify(text)


@pytest.mark.parametrize(("kind", "text"), BAD)
def test_a_bad_example_is_not_taken_for_it(kind: str, text: str) -> None:
    assert kind not in classify(text)


@pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.kind)
def test_patterns_are_linear_and_have_a_literal_to_search_first(phrase: Any) -> None:
    if phrase.regex is None:
        assert phrase.any_of
    else:
        assert problem(phrase.regex) is None
        assert phrase.needs


@pytest.mark.parametrize("kind", sorted(NEEDED_BY_ABSENCE))
def test_an_example_inside_a_long_text_counts(kind: str) -> None:
    (text,) = [next(t for t in entry["good"] if len(t) > 3) for entry in TABLE if entry["kind"] == kind]

    assert kind in classify("正文内容。" * 1_500 + text + "。正文内容" * 500)


@pytest.mark.parametrize(
    "text",
    [
        "点击“同意”即表示您已阅读并同意上述协议",
        "如您选择同意，即表示您接受《隐私政策》",
        "感谢您使用本应用，我们将在十五日内答复您的请求",
        "2026年11月20日内部版本已处理反馈问题",
        "本页面需要存储权限，否则无法保存图片",
        "填写收货位置，享受送货上门服务",
    ],
)
def test_a_lawful_sentence_is_not_called_a_violation(text: str) -> None:
    accusing = {
        "implied_consent",
        "reward_inducement",
        "deletion_condition",
        "response_deadline",
        "forced_exit",
    }

    assert accusing.isdisjoint(classify(text))

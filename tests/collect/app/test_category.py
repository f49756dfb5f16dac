"""What an app looks like: signs with their places, thresholds, and when nothing is proposed."""

from __future__ import annotations

import pytest
from conftest import fixture_apk_path

from scanner.appfacts import CategorySign
from scanner.codefacts import Origin
from scanner.collect import collect
from scanner.collect.app.category import (
    Spoken,
    decide,
    propose,
    with_category,
    with_policy_signs,
    words_in_label,
)
from scanner.context import CollectOptions
from scanner.facts import AppFacts, Component, Facts, Identity
from scanner.model import PolicyLocator, ResourceLocator, Subject, XmlLocator
from scanner.policyfacts import Paragraph, PolicyFacts

APP = Origin(kind="app", id="cn.example", basis="prefix")


def app(label: str, package: str = "cn.example.app", **parts: object) -> AppFacts:
    return AppFacts.model_validate({"identity": Identity(package=package, label=label), **parts})


def component(kind: str, name: str, **parts: object) -> Component:
    return Component.model_validate(
        {"kind": kind, "name": f"cn.example.{name}", "exported": True, "owner": APP, **parts}
    )


@pytest.mark.parametrize(
    ("label", "package", "category"),
    [
        ("城南新闻", "cn.chengnan.news", "news"),
        ("知天气", "cn.zhi.weather", "utilities"),
        ("随身听音乐", "cn.example.cloudmusic", "audio-video"),
        ("小区快递", "cn.example.kuaidi", "postal-express"),
        ("Tiny Browser", "org.mini.webbrowser", "browser"),
    ],
)
def test_label_and_package_agree(label: str, package: str, category: str) -> None:
    found = propose(app(label, package))

    assert found.category == category
    assert found.confidence >= 0.85
    assert found.usable
    assert {r.kind for r in found.reasons} == {"label", "package"}
    assert all(r.evidence for r in found.reasons)


def test_a_label_alone_is_proposed_but_no_ground_for_rules() -> None:
    named_alike = propose(app("Weather", "org.example.weather"))

    alone = propose(app("城南新闻"))

    assert (alone.category, alone.usable) == ("news", False)
    assert (named_alike.category, named_alike.usable) == ("utilities", False)


def test_a_longer_word_hides_the_shorter_one_inside() -> None:
    assert {entry.id for entry, _ in words_in_label("好看短视频")} == {"short-video"}
    assert words_in_label("国家政务服务平台") == []


@pytest.mark.parametrize(
    ("label", "package"),
    [
        ("天晴", "cn.example.app"),  # says nothing
        ("新闻与小说", "cn.example.app"),  # says two things
        ("微光", "cn.weiguang.news"),  # a package name alone
        ("", "cn.example.app"),
    ],
)
def test_nothing_is_proposed_without_enough_signs(label: str, package: str) -> None:
    found = propose(app(label, package))

    assert found.category is None
    assert found.name is None
    assert "无法判断" in found.why.zh


@pytest.mark.parametrize("label", ["快送外卖商家版", "顺路打车司机端", "City Taxi Driver"])
def test_apps_of_the_supply_side_get_no_proposal(label: str) -> None:
    found = propose(app(label))

    assert found.category is None
    assert found.supply_side is not None
    assert "第三条" in found.why.zh


def test_texts_components_and_package_together_suffice_without_a_telling_label() -> None:
    texts = [
        Spoken(f"string/t{n}", "", text)
        for n, text in enumerate(["加入购物车", "确认收货", "待发货", "收货地址"])
    ]
    found = propose(
        app(
            "禾风",
            "cn.hefeng.mall",
            components=[component("activity", "CartActivity"), component("activity", "GoodsActivity")],
        ),
        texts,
    )

    assert found.category == "online-shopping"
    places = [r.evidence[0].locator for r in found.reasons if r.kind == "text"]
    assert all(isinstance(p, ResourceLocator) for p in places)
    assert {p.name for p in places if isinstance(p, ResourceLocator)} <= {t.name for t in texts}


def test_an_input_method_on_the_side_does_not_make_an_app_one() -> None:
    keyboard = component("service", "TestKeys", permission="android.permission.BIND_INPUT_METHOD")

    assert propose(app("设备控制台", components=[keyboard])).category is None
    assert propose(app("清风输入法", components=[keyboard])).category == "input-method"


def test_what_the_manifest_declares_counts_and_is_shown() -> None:
    found = propose(app("云上"), app_category="game")

    assert found.category == "games"
    assert isinstance(found.reasons[0].evidence[0].locator, XmlLocator)
    assert 'android:appCategory="game"' in found.reasons[0].evidence[0].excerpt


def test_points_of_one_kind_are_capped() -> None:
    def many(number: int) -> list[CategorySign]:
        return [CategorySign(category="news", kind="text", word=str(n), weight=0.5) for n in range(number)]

    assert decide(many(5)).runners_up[0].score == decide(many(50)).runners_up[0].score == 2.5


def test_a_given_category_stands_and_a_proposal_is_no_category() -> None:
    guessed = with_category(app("城南新闻", category_proposal=propose(app("城南新闻"))), None, "given")
    given = with_category(guessed, "网络游戏类", "given")

    assert (guessed.category, guessed.category_basis) == (None, "proposed")
    assert (given.category, given.category_basis) == ("games", "given")
    assert given.category_proposal is not None
    assert given.category_proposal.category == "news"


def test_a_store_word_limits_the_proposal() -> None:
    both = app("快看", category_proposal=propose(app("新闻漫画")))
    found = with_category(both, "新闻阅读", "declared")
    other = with_category(both, "出行导航", "declared")

    assert found.category is None
    assert found.category_proposal is not None
    assert set(found.category_proposal.within) == {"news", "e-books"}
    assert other.category_proposal is not None
    assert other.category_proposal.category is None


def test_a_real_package_gives_signs_with_places_and_an_unknown_name_is_reported() -> None:
    facts = collect(fixture_apk_path("contacts.good"), CollectOptions(category="不存在的类别"))

    assert facts.app is not None
    assert facts.app.category is None
    assert facts.app.category_proposal is not None
    assert facts.app.category_proposal.category == "utilities"
    assert facts.app.category_basis == "proposed"
    assert [p.code for p in facts.problems if p.code == "category-unknown"] == ["category-unknown"]


def test_words_of_the_policy_speak_too() -> None:
    text = "在您挂号时，我们收集就诊人、科室等信息，用于预约挂号。"
    paragraph = Paragraph(id="p1", kind="text", text=text, start=7, end=7 + len(text))
    before = Facts(
        collector="test",
        subject=Subject(kind="app", name="康", identifier="cn.example.app"),
        app=app("康", category_proposal=propose(app("康", "cn.example.hospital"))),
        policy=PolicyFacts(source="policy.html", paragraphs=(paragraph,)),
    )

    after = with_policy_signs(before)

    assert after.app is not None
    assert after.app.category_proposal is not None
    said = [r for r in after.app.category_proposal.reasons if r.kind == "policy"]
    assert {r.word for r in said} >= {"就诊人", "科室", "预约挂号"}
    for sign in said:
        locator = sign.evidence[0].locator
        assert isinstance(locator, PolicyLocator)
        assert text[locator.start - 7 : locator.end - 7] == sign.word
    assert with_policy_signs(after) == after

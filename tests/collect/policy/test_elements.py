"""Required elements: data that is sound, agreement with the annotated policies, and the limits of saying "absent"."""

from functools import cache
from importlib.resources import files

import pytest
import yaml
from corpus_sample import deletions, gold, policies

from scanner.collect.policy.document import Document, from_lines
from scanner.collect.policy.elements import (
    MAX_CHARACTERS,
    element_rules,
    elements,
    may_miss,
    response_days,
    response_working_days,
)
from scanner.collect.policy.topics import topic_names, topics
from scanner.model import PolicyLocator
from scanner.policyfacts import Element, Paragraph, PolicyIdentity
from scanner.safere import compile_pattern, problem

POLICY = PolicyIdentity(kind="privacy_policy", confidence=1.0)
FILLER = [
    f"我们会为实现第{i}项功能收集您的个人信息中的设备型号，用于改进产品的体验和质量，请您知悉。"
    for i in range(60)
]


def judge(*lines: str, identity: PolicyIdentity | None = POLICY, filler: bool = True) -> dict[str, Element]:
    document = from_lines([*(FILLER if filler else []), *lines])
    return {e.id: e for e in elements(document, topics(document), identity)}


@cache
def judged(doc: str) -> dict[str, Element]:
    document = from_lines(policies()[doc].texts, doc)
    return {e.id: e for e in elements(document, topics(document))}


# --- the data -------------------------------------------------------------------------------------------


def test_patterns_cannot_blow_up() -> None:
    patterns = [
        pattern
        for rule in element_rules()
        for pattern in (
            *rule.mention,
            *rule.except_,
            *rule.denial,
            *(p for part in rule.parts for p in (*part.patterns, part.with_, part.without) if p),
        )
    ]

    assert {p: problem(p) for p in patterns if problem(p)} == {}


def test_sources_are_clauses_of_the_law_data() -> None:
    known = {
        clause["id"]
        for path in (files("rules") / "instruments").iterdir()
        if path.name.endswith(".yaml")
        for clause in yaml.safe_load(path.read_text("utf-8"))["clauses"]
    }

    assert {source for rule in element_rules() for source in rule.sources} <= known


def test_topics_of_the_elements_are_topics_of_the_classifier() -> None:
    assert {t for rule in element_rules() for t in (*rule.topics, *rule.rescue)} <= set(topic_names())


def test_annotation_covers_every_element_of_thirty_policies() -> None:
    ids = {rule.id for rule in element_rules()}

    assert len(gold()) == 30
    assert all(set(entry["elements"]) == ids for entry in gold())


def test_annotated_evidence_is_in_the_policy() -> None:
    for entry in gold():
        known = {f"{entry['doc']}_{i}" for i in policies()[entry["doc"]].ids}
        for element in entry["elements"].values():
            assert set(element["evidence"]) <= known
            assert bool(element["evidence"]) == (element["state"] != "absent")


# --- agreement with the annotation -----------------------------------------------------------------------


@pytest.mark.parametrize("part", ["dev", "test"])
def test_absent_is_said_rightly_and_rarely_missed(part: str) -> None:
    right = said = true = 0
    for entry in gold():
        if entry["part"] != part:
            continue
        found = judged(entry["doc"])
        for ident, wanted in entry["elements"].items():
            right += found[ident].state == wanted["state"] == "absent"
            said += found[ident].state == "absent"
            true += wanted["state"] == "absent"

    assert true >= 20
    assert right / said >= 0.9
    assert right / true >= 0.8


def test_nine_of_ten_elements_get_the_annotated_state() -> None:
    pairs = [
        (judged(entry["doc"])[ident].state, wanted["state"])
        for entry in gold()
        for ident, wanted in entry["elements"].items()
    ]

    assert sum(a == b for a, b in pairs) / len(pairs) >= 0.9


def test_evidence_of_present_elements_hits_an_annotated_sentence_mostly() -> None:
    hit = total = 0
    for entry in gold():
        policy = policies()[entry["doc"]]
        for ident, wanted in entry["elements"].items():
            found = judged(entry["doc"])[ident]
            if ident in {"purposes", "operator"} or wanted["state"] == "absent" or not found.evidence:
                continue
            near = {
                number + d
                for e in found.evidence
                if isinstance(e.locator, PolicyLocator)
                for number in [policy.ids[_line(policy.texts, e.locator.paragraph)]]
                for d in range(-2, 3)
            }
            total += 1
            hit += bool(near & {int(i.rsplit("_", 1)[1]) for i in wanted["evidence"]})

    assert hit / total >= 0.8


def _line(texts: tuple[str, ...], paragraph: str) -> int:
    kept = [i for i, text in enumerate(texts) if text.strip()]
    return kept[int(paragraph[1:]) - 1]


@pytest.mark.parametrize(
    "case", deletions(), ids=lambda case: f"{case['doc']}-{case['element']}" if isinstance(case, dict) else ""
)
def test_element_whose_every_sentence_is_taken_out_becomes_absent(case: dict[str, object]) -> None:
    policy = policies()[case["doc"]]
    kept = [text for i, text in zip(policy.ids, policy.texts, strict=True) if i not in case["remove"]]
    document = from_lines(kept)
    after = {e.id: e.state for e in elements(document, topics(document))}

    assert judged(case["doc"])[case["element"]].state != "absent"
    assert after[case["element"]] == "absent"


@pytest.mark.parametrize(
    "entry", [e for e in gold() if e["response_days"]], ids=lambda e: e["doc"] if isinstance(e, dict) else ""
)
def test_time_limit_is_the_annotated_one(entry: dict[str, object]) -> None:
    document = from_lines(policies()[entry["doc"]].texts)

    assert response_days(document) == entry["response_days"]
    assert response_working_days(document) == entry["working_days"]


# --- when nothing may be called absent --------------------------------------------------------------------


def states(found: dict[str, Element]) -> set[str]:
    return {e.state for e in found.values()}


def test_long_policy_that_names_no_period_lacks_it() -> None:
    found = judge("我们采用加密技术保护您的个人信息。")

    assert found["storage_period"].state == "absent"
    assert found["storage_period"].evidence == ()
    assert found["security"].state == "present"


def test_nothing_is_absent_in_a_document_that_was_not_read_whole() -> None:
    document = from_lines(FILLER)
    half = Document(
        source="x", format="pdf", text=document.text, paragraphs=document.paragraphs, complete=False
    )

    assert "absent" not in {e.state for e in elements(half, topics(half), POLICY)}
    assert "unknown" in {e.state for e in elements(half, topics(half), POLICY)}


@pytest.mark.parametrize(
    "kind", ["user_agreement", "children_policy", "sdk_list", "permission_list", "other"]
)
def test_nothing_is_absent_in_another_kind_of_document(kind: str) -> None:
    identity = POLICY.model_copy(update={"kind": kind})

    assert "absent" not in states(judge(identity=identity))


def test_nothing_is_absent_in_a_foreign_language() -> None:
    assert "absent" not in states(judge(identity=POLICY.model_copy(update={"language": "en"})))


def test_nothing_is_absent_in_a_fragment() -> None:
    assert "absent" not in states(judge("我们重视您的隐私。", filler=False))


def test_text_that_never_speaks_of_personal_information_is_no_policy() -> None:
    document = from_lines(["本协议约定双方的权利义务和违约责任，请仔细阅读全部条款的内容。"] * 80)

    assert not may_miss(document, document.sentences, None)


# --- single elements ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("element", "line", "state"),
    [
        ("storage_place", "您的个人信息将存储于中华人民共和国境内。", "present"),
        ("storage_period", "我们在必要的期限内保存您的个人信息。", "weak"),
        ("storage_period", "交易记录自交易完成之日起保存三年。", "present"),
        ("cross_border", "我们不会将您的个人信息传输至境外。", "present"),
        ("sensitive", "身份证号码属于敏感个人信息，我们将单独征得您的同意。", "present"),
        ("sensitive", "身份证号码属于敏感个人信息。", "weak"),
        ("incident", "发生个人信息安全事件后，我们将及时以推送通知告知您。", "present"),
        ("copy", "您可以联系客服获取您的个人信息副本。", "present"),
        ("copy", "复制链接时我们会读取剪贴板。", "absent"),
        ("copy", "防止您的信息被非法访问、复制、修改。", "absent"),
        ("deregister", "您可以在“设置—账号安全”中注销账号。", "present"),
        ("withdraw", "您可以在系统设置中关闭相机权限以撤回授权。", "present"),
        ("withdraw", "如变更处理目的，将再次征求您的授权同意。", "absent"),
        ("response_time", "我们将在15个工作日内答复您的请求。", "present"),
        ("response_time", "我们会尽快答复您的请求。", "weak"),
        ("automated_decision", "我们会进行个性化推荐，您可以在设置中关闭个性化推荐。", "present"),
        ("automated_decision", "我们会根据您的浏览记录进行个性化推荐。", "weak"),
        ("minors", "不满十四周岁的儿童应当在监护人同意后使用。", "present"),
        ("cookies", "我们使用Cookie记住您的登录状态，您可以通过浏览器设置拒绝Cookie。", "present"),
        ("cookies", "我们会使用Cookie。", "weak"),
        ("changes", "本政策变更时，我们会以弹窗形式通知您。", "present"),
        ("complaint", "您可以拨打客服电话投诉举报。", "present"),
        ("dates", "更新日期：2024年03月01日", "present"),
        ("dates", "更新日期：  年  月  日", "weak"),
        ("officer", "我们设立了个人信息保护负责人，邮箱：dpo@example.com。", "present"),
        ("officer", "我们负责处理个人信息安全的责任部门、联络方式发生变化。", "absent"),
        ("sdk_list", "本应用未接入任何第三方SDK。", "present"),
        ("sdk_list", "我们可能接入第三方SDK，详见《第三方SDK目录》。", "weak"),
        ("transfer", "发生合并、收购时，我们会要求受让方继续遵守本政策。", "present"),
        ("disclosure", "未经您的单独同意，我们不会公开披露您的个人信息。", "present"),
        ("disclosure", "防止数据遭到未经授权的访问、公开披露或者损坏。", "absent"),
    ],
)
def test_one_sentence_decides_its_element(element: str, line: str, state: str) -> None:
    assert judge(line)[element].state == state


def test_weak_element_names_what_is_missing() -> None:
    found = judge("身份证号码属于敏感个人信息。")["sensitive"]

    assert found.missing == ("consent",)
    assert found.evidence[0].excerpt == "身份证号码属于敏感个人信息。"


@pytest.mark.parametrize(
    ("line", "is_purpose"),
    [
        ("为向您提供短信提醒功能，我们会收集您的手机号码。", True),
        ("为保障账号安全，我们会收集设备信息。", True),
        ("我们收集您的地址，用于配送。", True),
        ("我们会收集您的手机号码、姓名、地址。", False),
        ("以下信息为敏感个人信息，我们会收集。", False),
    ],
)
def test_a_purpose_may_stand_before_the_item(line: str, is_purpose: bool) -> None:
    rule = next(rule for rule in element_rules() if rule.id == "purposes")
    part = next(part for part in rule.parts if part.id == "purposes")

    assert any(compile_pattern(pattern).search(line) for pattern in part.patterns) is is_purpose


def test_identity_settles_name_contact_and_dates() -> None:
    from datetime import date

    identity = POLICY.model_copy(
        update={"operator": "星河公司", "emails": ("a@b.cn",), "updated": date(2024, 3, 1)}
    )
    found = judge(identity=identity)

    assert found["operator"].state == "present"
    assert found["dates"].state == "present"


def test_sdk_table_is_read_as_part_of_the_policy() -> None:
    lead = "我们接入的第三方SDK如下："
    rows = ["SDK名称 收集的信息 使用目的", "友盟统计SDK 设备标识 统计", "微信SDK 昵称、头像 分享"]
    base = from_lines([*FILLER, lead])
    table = "\n".join(rows)
    text = f"{base.text}\n{table}"
    paragraph = Paragraph(id="t1", kind="table", text=table, start=len(base.text) + 1, end=len(text))
    document = Document(source="x", format="html", text=text, paragraphs=(*base.paragraphs, paragraph))

    found = {e.id: e for e in elements(document, topics(document), POLICY)}["sdk_list"]

    assert found.state == "present"
    assert "t1" in {e.locator.paragraph for e in found.evidence if isinstance(e.locator, PolicyLocator)}


@pytest.mark.parametrize(
    ("line", "days", "working"),
    [
        ("我们将在收到请求后的15个工作日内答复。", 15, True),
        ("我们会在三十天内回复您的请求。", 30, False),
        ("我们将在【15】天内回复您的意见。", 15, False),
        ("受理您的投诉后十五日内反馈。", 15, False),
        ("终止运营前三十日通知您，并处理您的请求。", None, False),
        ("日志信息保存六十天后进行匿名化处理。", None, False),
        ("我们会尽快答复您的请求。", None, False),
        ("您的请求将在7个工作日内处理，投诉将在15个工作日内答复。", 15, True),
    ],
)
def test_time_limit_is_read_in_its_usual_forms(line: str, days: int | None, working: bool) -> None:
    document = from_lines([line])

    assert response_days(document) == days
    assert response_working_days(document) is working


def test_evidence_points_at_the_sentence_in_the_text() -> None:
    document = from_lines([*FILLER, "您的个人信息将存储于中华人民共和国境内。"])
    found = {e.id: e for e in elements(document, topics(document), POLICY)}["storage_place"]
    locator = found.evidence[0].locator

    assert isinstance(locator, PolicyLocator)
    assert document.text[locator.start : locator.end] == "您的个人信息将存储于中华人民共和国境内。"


def test_element_at_the_end_of_an_endless_sentence_is_found() -> None:
    found = judge("我们接入的合作方包括" + "甲乙丙丁，" * 1_000 + "您的个人信息存储于中华人民共和国境内")

    assert found["storage_place"].state == "present"


def test_nothing_is_absent_beyond_what_is_read() -> None:
    document = from_lines(["我们会收集您的个人信息，保护您的隐私。" * 50] * 2_200)

    assert len(document.text) > MAX_CHARACTERS
    assert not may_miss(document, document.sentences, None)

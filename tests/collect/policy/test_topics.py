"""The shipped classifier on sentences written for these tests, and its file."""

import io
import json

import numpy as np
import pytest
from corpus_sample import policies

from scanner.collect.policy.document import Document, from_lines
from scanner.collect.policy.topicmodel import (
    ModelError,
    content_hash,
    pack,
    shipped_model,
    unpack,
)
from scanner.collect.policy.topics import topic_names, topics, topics_of
from scanner.policyfacts import Paragraph

# A short policy of our own: heading or sentence, and a topic it must have (None = no claim).
WRITTEN = [
    ("星河记账隐私政策", None),
    ("更新日期：2024年3月1日", None),
    ("一、我们如何收集您的个人信息", None),
    ("当您注册账号时，我们会收集您的手机号码，用于创建账号。", "collect"),
    ("为了保障账号安全，我们会收集您的设备型号、操作系统版本和设备标识符。", "collect"),
    ("当您使用扫描票据功能时，我们会申请您的相机权限，用于拍摄票据。", "permission"),
    ("二、我们如何共享您的个人信息", None),
    ("我们不会与任何公司、组织和个人共享您的个人信息，但事先获得您同意的除外。", "share"),
    ("在涉及合并、收购或破产清算时，如涉及个人信息转让，我们会要求受让方继续受本政策约束。", "share"),
    ("三、我们如何存储和保护您的个人信息", None),
    ("我们在境内收集的个人信息存储于中华人民共和国境内。", "storage"),
    ("我们只在实现目的所必需的期限内保留您的个人信息，超出期限后予以删除。", "storage"),
    ("我们采用加密技术和访问控制机制保护您的数据安全。", "security"),
    ("如不幸发生个人信息安全事件，我们会及时向您告知事件的基本情况和补救措施。", "security"),
    ("四、您的权利", None),
    ("您可以在“我的—设置—账号”中查阅、更正您的个人信息。", "user_rights"),
    ("您可以随时注销您的账号，注销后我们将删除您的个人信息。", "user_rights"),
    ("五、未成年人保护", None),
    ("如果您是未满14周岁的儿童，请在监护人同意后使用我们的服务。", "minors_special"),
    ("六、本政策如何更新", None),
    ("我们可能适时修订本政策，并以弹窗方式通知您更新的内容。", "consent_update"),
    ("七、联系我们", None),
    ("您可以通过客服邮箱或客服电话与我们联系。", "contact"),
]


def test_sentences_of_a_policy_of_our_own_get_their_topics() -> None:
    found = topics_of([text for text, _ in WRITTEN])

    wrong = [
        (text, got) for (text, want), got in zip(WRITTEN, found, strict=True) if want and want not in got
    ]
    assert wrong == []


def test_headings_and_titles_get_no_topic() -> None:
    found = topics_of([text for text, _ in WRITTEN])

    assert [found[i] for i in (0, 2, 6, 9, 14, 21)] == [()] * 6


def test_topics_keep_text_and_offsets_of_the_sentences() -> None:
    document = from_lines([text for text, _ in WRITTEN])

    labelled = topics(document)

    assert [s.model_copy(update={"topics": ()}) for s in labelled] == list(document.sentences)
    assert all(document.text[s.start : s.end] == s.text for s in labelled)
    assert any(s.topics for s in labelled)


def test_known_headings_of_a_document_count_as_headings() -> None:
    title, body = (
        "有关第三方的若干说明以及我们与合作伙伴之间的约定（此处为一个完整的长标题，不编号）",
        "他们会得到必要的订单信息。",
    )
    text = f"{title}\n{body}"
    marked = Document(
        source="x",
        format="html",
        text=text,
        paragraphs=(
            Paragraph(id="p1", kind="heading", level=2, text=title, start=0, end=len(title)),
            Paragraph(id="p2", kind="text", text=body, start=len(title) + 1, end=len(text)),
        ),
    )
    plain = from_lines([title, body])
    model = shipped_model()

    with_heading = model.scores([s.text for s in marked.sentences], [2, 0])
    without = model.scores([s.text for s in plain.sentences])

    assert topics(marked) == tuple(
        s.model_copy(update={"topics": t})
        for s, t in zip(marked.sentences, model.predict([title, body], [2, 0]), strict=True)
    )
    assert not np.allclose(with_heading[1], without[1])


def test_empty_document_has_no_topics() -> None:
    assert topics(from_lines([])) == ()


def test_strange_sentences_are_survived() -> None:
    lines = ["\ud800孤立代理", "", " ", "\x00", "a" * 50_000, "。" * 300]

    assert len(topics_of(lines)) == len(lines)


def test_every_topic_of_the_model_has_a_name() -> None:
    assert set(shipped_model().labels) == set(topic_names())


def test_model_file_needs_no_pickle_and_matches_the_hash_recorded_in_it() -> None:
    from importlib.resources import files

    data = (files("rules") / "data" / "policy_model.npz").read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    meta = json.loads(arrays.pop("meta").tobytes())

    assert all(array.dtype != object for array in arrays.values())
    assert meta["sha256"] == content_hash(arrays)
    assert {"numpy", "scikit-learn", "python", "data", "documents", "sentences"} <= set(meta)
    assert len(data) < 4_000_000


def test_changed_model_file_is_refused() -> None:
    data = pack(shipped_model())
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays["thresholds"] = arrays["thresholds"] + 1
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)

    with pytest.raises(ModelError, match="hash"):
        unpack(stream.getvalue())


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip file at all", b"\x80\x04K\x01."])
def test_file_that_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        unpack(data)


def test_packing_the_shipped_model_again_changes_no_decision() -> None:
    again = unpack(pack(shipped_model()))
    texts = policies()["capp_041"].texts

    assert again.predict(texts) == shipped_model().predict(texts)


def test_sentences_beyond_the_limit_are_kept_without_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scanner.collect.policy.topics.MAX_CHARACTERS", 60)
    document = from_lines(["我们会收集您的手机号码，用于注册账号。"] * 10)

    found = topics(document)

    assert len(found) == 10
    assert found[0].topics
    assert {s.topics for s in found[3:]} == {()}

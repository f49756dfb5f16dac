"""The training script on a few policies: it learns, keeps related documents together, and computes as the scanner does."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import policy_card
import policy_corpus
import pytest
import train_policy_model as training
from corpus_sample import policies

from scanner.collect.policy.topicmodel import pack, unpack

FEW = ("capp_041", "capp_064", "capp_125", "capp_109", "capp_123", "capp_039")


@cache
def few(folder: Path) -> policy_corpus.Corpus:
    path = folder / "few.jsonl"
    rows = [
        {"id": f"{doc}_{i}", "doc": doc, "text": text, "topics": list(topics)}
        for doc in FEW
        for i, text, topics in zip(
            policies()[doc].ids, policies()[doc].texts, policies()[doc].topics, strict=True
        )
    ]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return policy_corpus.read(path)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> policy_corpus.Corpus:
    return few(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def trained(corpus: policy_corpus.Corpus) -> training.Trained:
    return training.train(corpus, range(len(corpus.names)), seeds=1)


def test_cross_validation_on_six_policies_is_twice_as_good_as_the_best_constant_answer(
    corpus: policy_corpus.Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Three policies give a twentieth of the usual steps per epoch.
    monkeypatch.setattr(training, "EPOCHS", 40)
    predicted, gold, order = training.cross_validate(corpus, count=2, seeds=1)
    every_topic_everywhere = 2 * gold.mean() / (1 + gold.mean())

    assert sorted(order) == list(range(len(FEW)))
    assert training.f1_table(predicted, gold, corpus.labels)["micro"]["f1"] > 2 * every_topic_everywhere


def test_policies_that_share_long_passages_are_in_one_group() -> None:
    texts = [
        [
            "我们会收集您的手机号码用于注册账号并为您提供服务和保障安全。",
            "其他内容各不相同甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未",
        ],
        ["我们会收集您的手机号码用于注册账号并为您提供服务和保障安全。"],
        ["本政策与上文毫无共同之处，描述的是完全不同的事情与规则。"],
    ]

    first, second, third = policy_corpus.group(texts)

    assert first == second != third


def test_folds_keep_groups_together_and_lose_no_document(corpus: policy_corpus.Corpus) -> None:
    parts = policy_corpus.folds(corpus, range(len(FEW)), 3)

    assert sorted(i for part in parts for i in part) == list(range(len(FEW)))
    for part in parts:
        outside = {corpus.groups[i] for i in range(len(FEW)) if i not in part}
        assert not outside & {corpus.groups[i] for i in part}


def test_scanner_computes_what_the_training_pipeline_computes(
    corpus: policy_corpus.Corpus, trained: training.Trained
) -> None:
    model = training.model_of(trained, corpus, {})

    for i, texts in enumerate(corpus.texts):
        assert np.allclose(model.scores(texts), trained.scores(corpus, i), atol=2e-3)


def test_eight_bit_weights_decide_as_the_training_pipeline(
    corpus: policy_corpus.Corpus, trained: training.Trained
) -> None:
    model = unpack(pack(training.model_of(trained, corpus, {})))
    same = total = 0
    for i, texts in enumerate(corpus.texts):
        packed, full = model.scores(texts) > model.thresholds, trained.scores(corpus, i) > trained.thresholds
        same += int((packed == full).sum())
        total += packed.size

    assert same / total > 0.995


def test_same_data_give_the_same_model(corpus: policy_corpus.Corpus, trained: training.Trained) -> None:
    again = training.train(corpus, range(len(corpus.names)), seeds=1)

    assert pack(training.model_of(again, corpus, {})) == pack(training.model_of(trained, corpus, {}))


def test_tables_of_the_model_card_are_those_of_the_figures() -> None:
    card = policy_card.CARD.read_text("utf-8")
    scores = json.loads(policy_card.SCORES.read_text("utf-8"))

    assert policy_card.filled(card, policy_card.blocks(scores)) == card
    assert card.count("<!-- begin:") == len(policy_card.blocks(scores))


def test_figures_meet_what_was_promised() -> None:
    table = json.loads(policy_card.SCORES.read_text("utf-8"))["table"]

    assert table["micro"]["f1"] >= 0.73
    assert table["macro"]["f1"] >= 0.72

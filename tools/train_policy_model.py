"""Trains the topic classifier of policy sentences and measures it by cross-validation over documents.

``python tools/train_policy_model.py [DATA]`` trains on the annotated sentences (JSON lines: id, doc, text, topics) and
writes ``rules/data/policy_model.npz``; ``--evaluate`` cross-validates and writes ``docs/policy-model.json``; ``--card``
writes the tables of that file into ``docs/policy-model.md``.  Same data, same versions: same model.

Nothing is chosen on the documents a figure is measured on: vocabulary, weights, the scores the second pass learns from
and the thresholds all come from inside the training folds.  Documents that share long passages stay in one fold.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import sklearn
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from policy_card import write_card  # noqa: E402
from policy_corpus import (  # noqa: E402
    Bools,
    Corpus,
    Floats,
    Vocabulary,
    context_matrix,
    folds,
    read,
    sentence_count,
)

from scanner.collect.policy.topicmodel import (  # noqa: E402
    HEADING_WEIGHT,
    MODEL_FILE,
    NEIGHBOUR_WEIGHT,
    PLACE_WEIGHT,
    Place,
    TopicModel,
    pack,
    second_features,
    unpack,
)

DATA = ROOT / ".." / "shared" / "policy" / "capp_dev.jsonl"
MODEL = ROOT / "rules" / "data" / MODEL_FILE
SCORES = ROOT / "docs" / "policy-model.json"

FOLDS = 5
INNER = 4
PENALTY = 0.4
SEEDS, HIDDEN, DECAY, EPOCHS = 3, 96, 3.0, 12


@dataclass(frozen=True)
class First:
    """The first pass: linear weights (features × labels) and biases of its two scores."""

    own: Floats
    own_bias: Floats
    context: Floats
    context_bias: Floats


def fit_first(own: sp.csr_matrix, context: sp.csr_matrix, gold: Bools) -> First:
    """Return the linear weights learnt from the rows given."""

    def columns(features: sp.csr_matrix) -> tuple[Floats, Floats]:
        weights = np.zeros((features.shape[1], gold.shape[1]), np.float32)
        bias = np.zeros(gold.shape[1], np.float32)
        for i in range(gold.shape[1]):
            if not gold[:, i].any():
                bias[i] = -1
                continue
            machine = LinearSVC(C=PENALTY, tol=0.02, max_iter=300, random_state=0)
            machine.fit(features, gold[:, i])
            weights[:, i], bias[i] = machine.coef_[0], machine.intercept_[0]
        return weights, bias

    return First(*columns(own), *columns(context))


@dataclass(frozen=True)
class Second:
    """The second pass: standardisation and networks."""

    centre: Floats
    spread: Floats
    machines: tuple[MLPClassifier, ...]

    def scores(self, features: Floats) -> Floats:
        """Return the probabilities."""
        inputs = (features - self.centre) / self.spread
        return np.asarray(np.mean([m.predict_proba(inputs) for m in self.machines], axis=0), np.float32)


def fit_second(features: Floats, gold: Bools, seeds: int = SEEDS) -> Second:
    """Return the networks learnt from the rows given."""
    centre, spread = features.mean(axis=0), features.std(axis=0)
    spread[spread == 0] = 1
    machines = []
    for seed in range(seeds):
        machine = MLPClassifier(
            (HIDDEN,),
            alpha=DECAY,
            learning_rate_init=1e-3,
            batch_size=256,
            max_iter=EPOCHS,
            random_state=seed,
        )
        machines.append(machine.fit((features - centre) / spread, gold))
    return Second(centre, spread, tuple(machines))


def best_thresholds(scores: Floats, gold: Bools) -> Floats:
    """Return the threshold of each label that together give the best sum of micro and macro F1.

    Label by label from the best F1 of each, until nothing changes; counts are smoothed over seven neighbouring
    thresholds, so that a lucky one is not taken.
    """
    steps = np.arange(0.06, 0.8, 0.01)
    labels = range(gold.shape[1])
    true = gold.sum(axis=0)

    def smooth(counts: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.convolve(np.pad(counts.astype(float), 3, mode="edge"), np.ones(7) / 7, "valid")

    said = [smooth((scores[:, [i]] > steps).sum(axis=0)) for i in labels]
    right = [smooth(((scores[:, [i]] > steps) & gold[:, [i]]).sum(axis=0)) for i in labels]
    own = [2 * right[i] / np.maximum(said[i] + true[i], 1) for i in labels]
    chosen = [int(np.argmax(own[i])) for i in labels]
    for _ in range(20):
        before = list(chosen)
        for i in labels:
            others_right = sum(right[j][chosen[j]] for j in labels if j != i)
            others_said = sum(said[j][chosen[j]] for j in labels if j != i)
            micro = 2 * (others_right + right[i]) / np.maximum(others_said + said[i] + true.sum(), 1)
            chosen[i] = int(np.argmax(micro + own[i] / len(own)))
        if chosen == before:
            break
    return np.float32(steps[chosen])


@dataclass(frozen=True)
class Trained:
    """Everything learnt from some documents."""

    vocabulary: Vocabulary
    first: First
    second: Second
    thresholds: Floats

    def scores(self, corpus: Corpus, document: int) -> Floats:
        """Return the probabilities for one document."""
        own, frequent = self.vocabulary.matrices(corpus.texts[document])
        where = corpus.places[document]
        return self.second.scores(
            _second_inputs(self.first, own, context_matrix(own, frequent, where), where)
        )


def _second_inputs(first: First, own: sp.csr_matrix, context: sp.csr_matrix, where: Place) -> Floats:
    return second_features(
        own @ first.own + first.own_bias, context @ first.context + first.context_bias, where
    )


def train(corpus: Corpus, documents: Sequence[int], seeds: int = SEEDS) -> Trained:
    """Return what is learnt from ``documents``.

    The second pass learns from first-pass scores of sentences the first pass had not seen (inner folds), and the
    thresholds from second-pass scores of documents the second pass had not seen.
    """
    vocabulary = Vocabulary.of(corpus, documents)
    own: dict[int, sp.csr_matrix] = {}
    context: dict[int, sp.csr_matrix] = {}
    for i in documents:
        own[i], frequent = vocabulary.matrices(corpus.texts[i])
        context[i] = context_matrix(own[i], frequent, corpus.places[i])

    def first_of(members: Sequence[int]) -> First:
        return fit_first(
            sp.vstack([own[i] for i in members]).tocsr(),
            sp.vstack([context[i] for i in members]).tocsr(),
            np.vstack([corpus.gold[i] for i in members]),
        )

    inner = folds(corpus, documents, INNER)
    features: dict[int, Floats] = {}
    for part in inner:
        held = first_of([i for i in documents if i not in part])
        for i in part:
            features[i] = _second_inputs(held, own[i], context[i], corpus.places[i])

    def second_of(members: Sequence[int], count: int) -> Second:
        rows = np.vstack([features[i] for i in members])
        return fit_second(rows, np.vstack([corpus.gold[i] for i in members]), count)

    scores, gold = [], []
    for part in inner:
        held_second = second_of([i for i in documents if i not in part], seeds)
        scores += [held_second.scores(features[i]) for i in part]
        gold += [corpus.gold[i] for i in part]
    thresholds = best_thresholds(np.vstack(scores), np.vstack(gold))
    return Trained(vocabulary, first_of(list(documents)), second_of(list(documents), seeds), thresholds)


def model_of(trained: Trained, corpus: Corpus, meta: dict[str, Any]) -> TopicModel:
    """Return ``trained`` in the form the scanner computes with."""
    size, often = len(trained.vocabulary.grams), int(trained.vocabulary.frequent.max()) + 1
    weights = trained.first.context
    cuts = np.cumsum([size, often, often, often, often])
    text, top, near, before, after, tenth = np.split(weights, cuts)
    return TopicModel(
        labels=corpus.labels,
        meta=meta,
        vocabulary=trained.vocabulary.grams,
        weight=trained.vocabulary.weight,
        frequent=trained.vocabulary.frequent,
        blocks={
            "own": trained.first.own,
            "own_bias": trained.first.own_bias,
            "text": text,
            "context_bias": trained.first.context_bias,
            "top": top * HEADING_WEIGHT,
            "near": near * HEADING_WEIGHT,
            "before": before * NEIGHBOUR_WEIGHT,
            "after": after * NEIGHBOUR_WEIGHT,
            "place": tenth * PLACE_WEIGHT,
        },
        networks=tuple(
            (
                np.float32(m.coefs_[0]),
                np.float32(m.intercepts_[0]),
                np.float32(m.coefs_[1]),
                np.float32(m.intercepts_[1]),
            )
            for m in trained.second.machines
        ),
        centre=trained.second.centre,
        spread=trained.second.spread,
        thresholds=trained.thresholds,
    )


def f1_table(predicted: Bools, gold: Bools, labels: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return precision, recall, F1 and support per label, with ``micro`` and ``macro``."""
    right = (predicted & gold).sum(axis=0)
    said, true = predicted.sum(axis=0), gold.sum(axis=0)

    def row(tp: float, p: float, t: float) -> dict[str, float]:
        return {
            "precision": round(float(tp / p), 4) if p else 0.0,
            "recall": round(float(tp / t), 4) if t else 0.0,
            "f1": round(float(2 * tp / (p + t)), 4) if p + t else 0.0,
            "support": int(t),
        }

    table = {label: row(right[i], said[i], true[i]) for i, label in enumerate(labels)}
    macro = {
        k: round(float(np.mean([table[la][k] for la in labels])), 4) for k in ("precision", "recall", "f1")
    }
    return {
        **table,
        "micro": row(right.sum(), said.sum(), true.sum()),
        "macro": {**macro, "support": int(true.sum())},
    }


def cross_validate(
    corpus: Corpus, count: int = FOLDS, limit: int | None = None, seeds: int = SEEDS, quantised: bool = True
) -> tuple[Bools, Bools, list[int]]:
    """Return predictions and gold of all documents, each predicted by a model trained on the other folds.

    ``limit``: train on that many documents only (for the learning curve).  ``quantised``: predict with the packed
    model, as the scanner does, instead of with the training pipeline.
    """
    predicted, gold, order = [], [], []
    everything = range(len(corpus.names))
    for part in folds(corpus, everything, count):
        rest = [i for i in everything if i not in part]
        if limit is not None:
            rest = sorted(np.random.RandomState(limit).permutation(rest)[:limit].tolist())
        trained = train(corpus, rest, seeds)
        model = unpack(pack(model_of(trained, corpus, {}))) if quantised else None
        for i in part:
            scores = model.scores(corpus.texts[i]) if model else trained.scores(corpus, i)
            predicted.append(scores > trained.thresholds)
            gold.append(corpus.gold[i])
            order.append(i)
        print(f"fold of {len(part)} documents done", file=sys.stderr)
    return np.vstack(predicted), np.vstack(gold), order


def evaluate(corpus: Corpus, curve: Sequence[int]) -> dict[str, Any]:
    """Return the scores for the model card: table, confusions, spread over documents, learning curve."""
    predicted, gold, order = cross_validate(corpus)
    table = f1_table(predicted, gold, corpus.labels)
    lost = gold & ~predicted
    extra = predicted & ~gold
    confusion = {
        label: {
            "missed": int(lost[:, i].sum()),
            "missed_without_any": int((lost[:, i] & ~predicted.any(axis=1)).sum()),
            "missed_for": _top(corpus.labels, predicted[lost[:, i]].sum(axis=0), i),
            "invented": int(extra[:, i].sum()),
            "invented_where_none": int((extra[:, i] & ~gold.any(axis=1)).sum()),
            "invented_for": _top(corpus.labels, gold[extra[:, i]].sum(axis=0), i),
        }
        for i, label in enumerate(corpus.labels)
    }
    per_document, at = [], 0
    for i in order:
        rows = slice(at, at + len(corpus.texts[i]))
        per_document.append(f1_table(predicted[rows], gold[rows], corpus.labels)["micro"]["f1"])
        at = rows.stop
    points = []
    for limit in curve:
        some, same, _ = cross_validate(corpus, limit=limit, seeds=1)
        scores = f1_table(some, same, corpus.labels)
        points.append({"documents": limit, "micro": scores["micro"]["f1"], "macro": scores["macro"]["f1"]})
    return {
        "documents": len(corpus.names),
        "groups": len(set(corpus.groups)),
        "sentences": len(gold),
        "folds": FOLDS,
        "table": table,
        "confusion": confusion,
        "documents_f1": {
            name: round(float(np.quantile(per_document, q)), 3)
            for name, q in (("lowest", 0), ("quarter", 0.25), ("median", 0.5), ("highest", 1))
        },
        "curve": points,
    }


def _top(labels: Sequence[str], counts: NDArray[np.int64], own: int) -> dict[str, int]:
    ranked = sorted(
        ((int(n), la) for i, (n, la) in enumerate(zip(counts, labels, strict=True)) if i != own), reverse=True
    )
    return {label: n for n, label in ranked[:2] if n}


def main() -> None:
    """Train, evaluate or write the card, as the arguments say."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("data", nargs="?", type=Path, default=DATA)
    arguments.add_argument(
        "--evaluate", action="store_true", help="cross-validate, write docs/policy-model.json"
    )
    arguments.add_argument("--curve", default="8,16,32", help="documents at the points of the learning curve")
    arguments.add_argument("--card", action="store_true", help="write the tables into docs/policy-model.md")
    options = arguments.parse_args()
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    if options.card:
        write_card()
        return
    corpus = read(options.data)
    if options.evaluate:
        result = evaluate(corpus, [int(n) for n in options.curve.split(",") if n])
        SCORES.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
        print(json.dumps({k: result["table"][k]["f1"] for k in ("micro", "macro")}))
        return
    meta = {
        "data": "CAPP-130 (EnlightenedAI/CAPP-130), CC BY 4.0, 66 policies of the development split",
        "documents": len(corpus.names),
        "sentences": sentence_count(corpus, range(len(corpus.names))),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }
    packed = pack(model_of(train(corpus, range(len(corpus.names))), corpus, meta))
    MODEL.write_bytes(packed)
    print(f"{MODEL}: {len(packed):,} bytes, sha256 of content {unpack(packed).meta['sha256']}")


if __name__ == "__main__":
    main()

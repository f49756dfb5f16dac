"""Compares, in one run on the same policies: the scanner's numpy classifier and the scikit-learn pipeline it was trained with.

Both get the same sentences and must give the same topics; CPU is process time per policy, one thread.
``python bench/bench_topics.py [--policies N]`` trains on the annotated policies of the tests (about a minute), prints a
table and writes .cache/bench/topics.json.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "tests" / "collect" / "policy")]

import train_policy_model as training  # noqa: E402
from corpus_sample import policies  # noqa: E402

from scanner.collect.policy.topicmodel import pack, unpack  # noqa: E402

OUT = ROOT / ".cache" / "bench" / "topics.json"


def corpus() -> training.Corpus:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policies.jsonl"
        path.write_text(
            "\n".join(
                json.dumps(
                    {"id": f"{p.doc}_{i}", "doc": p.doc, "text": text, "topics": topics}, ensure_ascii=False
                )
                for p in policies().values()
                for i, text, topics in zip(p.ids, p.texts, p.topics, strict=True)
            ),
            "utf-8",
        )
        return training.read(path)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--policies", type=int, default=30)
    options = arguments.parse_args()
    data = corpus()
    trained = training.train(data, range(len(data.names)))
    model = unpack(pack(training.model_of(trained, data, {})))
    rows: dict[str, list[float]] = {"scanner (numpy)": [], "scikit-learn pipeline": []}
    same = total = 0
    for i in range(min(options.policies, len(data.names))):
        texts = data.texts[i]
        ours, scores = timed(lambda texts=texts: model.scores(texts))
        theirs, expected = timed(lambda i=i: trained.scores(data, i))
        rows["scanner (numpy)"].append(ours)
        rows["scikit-learn pipeline"].append(theirs)
        same += int(((scores > model.thresholds) == (expected > trained.thresholds)).sum())
        total += scores.size
    sentences = statistics.median(len(t) for t in data.texts)
    result = {
        "sentences_per_policy": sentences,
        "equal_decisions": round(same / total, 5),
        "milliseconds_per_policy": {
            name: {"median": round(1000 * statistics.median(v), 1), "most": round(1000 * max(v), 1)}
            for name, v in rows.items()
        },
    }
    print(f"{'':24}{'median ms':>10}{'most ms':>10}   ({sentences:.0f} sentences per policy)")
    for name, figures in result["milliseconds_per_policy"].items():
        print(f"{name:24}{figures['median']:>10}{figures['most']:>10}")
    print(f"equal decisions: {result['equal_decisions']:.4%}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""Writes the tables of the model card of the policy reader from the figures measured.

``docs/policy-model.md`` has blocks between ``<!-- begin:NAME -->`` and ``<!-- end:NAME -->``; the figures of the topics come
from ``docs/policy-model.json`` (``tools/train_policy_model.py --evaluate``), those of the elements are measured anew on the
annotated policies in ``tests/data``, so that card and figures cannot drift apart.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scanner.collect.policy.document import from_lines  # noqa: E402
from scanner.collect.policy.elements import elements  # noqa: E402
from scanner.collect.policy.topics import topics  # noqa: E402

ANNOTATED = ROOT / "tests" / "data"
CARD = ROOT / "docs" / "policy-model.md"
SCORES = ROOT / "docs" / "policy-model.json"
TOPICS = ROOT / "rules" / "data" / "policy_topics.yaml"


def names() -> dict[str, str]:
    """Return the Chinese names of the topics."""
    return {t["id"]: t["name"]["zh"] for t in yaml.safe_load(TOPICS.read_text("utf-8"))["topics"]}


def blocks(scores: Mapping[str, Any]) -> dict[str, str]:
    """Return the content of each block of the card."""
    return {
        "summary": summary(scores),
        "scores": score_table(scores["table"]),
        "curve": curve_table(scores),
        "errors": error_table(scores["confusion"]),
        "elements": element_table(),
    }


def summary(scores: Mapping[str, Any]) -> str:
    """Return the sentence with the main figures."""
    table, spread = scores["table"], scores["documents_f1"]
    return (
        f"{scores['documents']} policies in {scores['groups']} groups of related texts, "
        f"{scores['sentences']:,} sentences, {scores['folds']}-fold cross-validation by group: "
        f"**micro F1 {table['micro']['f1']:.3f}, macro F1 {table['macro']['f1']:.3f}**. "
        f"Micro F1 of single policies: lowest {spread['lowest']:.2f}, lower quarter {spread['quarter']:.2f}, "
        f"median {spread['median']:.2f}, highest {spread['highest']:.2f}."
    )


def score_table(table: Mapping[str, Mapping[str, float]]) -> str:
    """Return precision, recall, F1 and support per topic."""
    lines = ["| topic | 主题 | P | R | F1 | n |", "|---|---|---|---|---|---|"]
    for label in [*sorted(set(table) - {"micro", "macro"}), "micro", "macro"]:
        row = table[label]
        lines.append(
            f"| {label} | {names().get(label, '')} | {row['precision']:.3f} | {row['recall']:.3f} "
            f"| {row['f1']:.3f} | {row['support']:,} |"
        )
    return "\n".join(lines)


def curve_table(scores: Mapping[str, Any]) -> str:
    """Return the learning curve."""
    lines = ["| training documents | micro F1 | macro F1 |", "|---|---|---|"]
    lines += [f"| {p['documents']} | {p['micro']:.3f} | {p['macro']:.3f} |" for p in scores["curve"]]
    table = scores["table"]
    rest = round(scores["documents"] * (1 - 1 / scores["folds"]))
    lines.append(f"| {rest} (all others) | {table['micro']['f1']:.3f} | {table['macro']['f1']:.3f} |")
    return "\n".join(lines)


def error_table(confusion: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what is missed and invented per topic, and for what."""
    lines = [
        "| topic | missed | … no topic given | … given instead | invented | … annotated as none | … annotated as |",
        "|---|---|---|---|---|---|---|",
    ]
    for label in sorted(confusion):
        row = confusion[label]
        lines.append(
            f"| {label} | {row['missed']} | {row['missed_without_any']} | {_list(row['missed_for'])} "
            f"| {row['invented']} | {row['invented_where_none']} | {_list(row['invented_for'])} |"
        )
    return "\n".join(lines)


def element_table() -> str:
    """Return how the extractor agrees with the annotated policies, for both halves."""
    with gzip.open(ANNOTATED / "policy_sentences.jsonl.gz", "rt", encoding="utf-8") as stream:
        texts = {row["doc"]: row["texts"] for row in map(json.loads, stream) if "doc" in row}
    pairs: dict[str, Counter[tuple[str, str]]] = {"dev": Counter(), "test": Counter()}
    for line in (ANNOTATED / "policy_elements_gold.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        document = from_lines(texts[entry["doc"]])
        for found in elements(document, topics(document)):
            pairs[entry["part"]][entry["elements"][found.id]["state"], found.state] += 1
    lines = [
        "| policies | absent annotated | called absent | precision | recall | same state | weak called present "
        "| present called weak |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part, title in (("dev", "15 for development"), ("test", "15 held out, version shipped")):
        counts = pairs[part]
        right = counts["absent", "absent"]
        said = sum(n for (_, got), n in counts.items() if got == "absent")
        true = sum(n for (want, _), n in counts.items() if want == "absent")
        weak = sum(n for (want, _), n in counts.items() if want == "weak")
        present = sum(n for (want, _), n in counts.items() if want == "present")
        same = sum(n for (want, got), n in counts.items() if want == got) / counts.total()
        lines.append(
            f"| {title} | {true} | {said} | {right / said:.2f} | {right / true:.2f} | {same:.3f} "
            f"| {counts['weak', 'present']} of {weak} | {counts['present', 'weak']} of {present} |"
        )
    return "\n".join(lines)


def _list(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{label} {n}" for label, n in counts.items()) or "–"


def filled(card: str, content: Mapping[str, str]) -> str:
    """Return ``card`` with its blocks replaced; raises KeyError for a block without content."""

    def block(match: re.Match[str]) -> str:
        return f"<!-- begin:{match[1]} -->\n{content[match[1]]}\n<!-- end:{match[1]} -->"

    return re.sub(r"<!-- begin:(\w+) -->.*?<!-- end:\1 -->", block, card, flags=re.DOTALL)


def write_card() -> None:
    """Fill the blocks of the card from the stored figures."""
    scores = json.loads(SCORES.read_text("utf-8"))
    CARD.write_text(filled(CARD.read_text("utf-8"), blocks(scores)), "utf-8")

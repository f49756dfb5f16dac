"""The annotated policies the tests of the policy reader use (tests/data, CC BY 4.0, see docs/policy-annotation.md)."""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "data"


@dataclass(frozen=True)
class Policy:
    """One policy as annotated: sentences in document order with their numbers and topics."""

    doc: str
    ids: tuple[int, ...]
    texts: tuple[str, ...]
    topics: tuple[tuple[str, ...], ...]


@cache
def policies() -> dict[str, Policy]:
    """The 30 policies by id."""
    with gzip.open(DATA / "policy_sentences.jsonl.gz", "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return {
        row["doc"]: Policy(
            row["doc"], tuple(row["ids"]), tuple(row["texts"]), tuple(tuple(t) for t in row["topics"])
        )
        for row in rows
        if "doc" in row
    }


@cache
def gold() -> tuple[dict[str, object], ...]:
    """The annotated elements, one entry per policy."""
    lines = (DATA / "policy_elements_gold.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def deletions() -> tuple[dict[str, object], ...]:
    """Elements with every sentence that speaks of them, to be taken out of a policy."""
    lines = (DATA / "policy_deletions.jsonl").read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)

"""The annotated sentences the topic model is trained on, how documents are kept apart, and their features."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scanner.collect.policy.ngrams import Grams, grams
from scanner.collect.policy.topicmodel import (
    HEADING_WEIGHT,
    NEIGHBOUR_WEIGHT,
    PLACE_WEIGHT,
    Bags,
    Place,
    bags,
    place,
)

# Documents of which this share of the 20-character windows of the shorter one is shared stay together.
SHARED = 0.25
WINDOW = 20
MIN_DOCUMENTS_OWN, MIN_DOCUMENTS_CONTEXT = 10, 30

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Corpus:
    """Annotated documents: sentences, their topics (rows × labels), n-grams and the group each belongs to."""

    labels: tuple[str, ...]
    names: tuple[str, ...]
    ids: tuple[tuple[str, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    gold: tuple[Bools, ...]
    grams: tuple[Grams, ...]
    places: tuple[Place, ...]
    groups: tuple[int, ...]


def read(path: Path, limit: int | None = None) -> Corpus:
    """Return the annotated documents of ``path``, the first ``limit`` of them when given."""
    documents: dict[str, list[dict[str, Any]]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.strip():
            row = json.loads(line)
            documents.setdefault(row["doc"], []).append(row)
    chosen = dict(list(documents.items())[:limit])
    labels = tuple(sorted({t for rows in chosen.values() for row in rows for t in row["topics"]}))
    texts = tuple(tuple(row["text"] for row in rows) for rows in chosen.values())
    return Corpus(
        labels=labels,
        names=tuple(chosen),
        ids=tuple(tuple(row["id"] for row in rows) for rows in chosen.values()),
        texts=texts,
        gold=tuple(
            np.array([[label in row["topics"] for label in labels] for row in rows], bool)
            for rows in chosen.values()
        ),
        grams=tuple(grams(document) for document in texts),
        places=tuple(place(document) for document in texts),
        groups=group(texts),
    )


def group(texts: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """Return a group number for each document; those that share long passages (also in chains) have the same."""
    windows = [
        {t[i : i + WINDOW] for t in document for i in range(len(t) - WINDOW + 1)} for document in texts
    ]
    leader = list(range(len(texts)))

    def find(i: int) -> int:
        while leader[i] != i:
            i = leader[i]
        return i

    for i, one in enumerate(windows):
        for j in range(i):
            shorter = min(len(one), len(windows[j]))
            if shorter and len(one & windows[j]) >= SHARED * shorter:
                leader[find(i)] = find(j)
    return tuple(find(i) for i in range(len(texts)))


def folds(corpus: Corpus, documents: Sequence[int], count: int) -> list[list[int]]:
    """Return ``documents`` in ``count`` parts of about equal numbers of sentences, groups kept together."""
    members: dict[int, list[int]] = {}
    for i in documents:
        members.setdefault(corpus.groups[i], []).append(i)
    parts: list[list[int]] = [[] for _ in range(count)]
    sizes = [0] * count
    for _, together in sorted(members.items(), key=lambda item: (-sentence_count(corpus, item[1]), item[0])):
        smallest = sizes.index(min(sizes))
        parts[smallest] += together
        sizes[smallest] += sentence_count(corpus, together)
    return [sorted(part) for part in parts]


def sentence_count(corpus: Corpus, documents: Iterable[int]) -> int:
    """Return the number of sentences of ``documents``."""
    return sum(len(corpus.texts[i]) for i in documents)


@dataclass(frozen=True)
class Vocabulary:
    """The n-grams of the training documents that occur in enough sentences, with their inverse frequency."""

    grams: NDArray[np.uint32]
    weight: Floats
    frequent: NDArray[np.int64]

    @classmethod
    def of(cls, corpus: Corpus, documents: Sequence[int]) -> Vocabulary:
        """Return the vocabulary of ``documents``."""
        found, count = np.unique(
            np.concatenate([corpus.grams[i].gram for i in documents]), return_counts=True
        )
        keep = count >= MIN_DOCUMENTS_OWN
        found, count = found[keep], count[keep]
        often = count >= MIN_DOCUMENTS_CONTEXT
        frequent = np.full(len(found), -1, np.int64)
        frequent[often] = np.arange(int(often.sum()))
        inverse = np.log(sentence_count(corpus, documents) / count) + 1
        # Stored with 16 bits, so trained with what is stored.
        return cls(found, inverse.astype(np.float16).astype(np.float32), frequent)

    def matrices(self, texts: Sequence[str]) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Return the matrices (all n-grams, frequent ones) of the sentences of one document."""
        bag: Bags = bags(texts, self.grams, self.weight, self.frequent)
        own = sp.csr_matrix((bag.value, (bag.row, bag.column)), (bag.count, len(self.grams)))
        shape = (bag.count, int(self.frequent.max()) + 1)
        return own, sp.csr_matrix((bag.frequent_value, (bag.frequent_row, bag.frequent_column)), shape)


def context_matrix(own: sp.csr_matrix, frequent: sp.csr_matrix, where: Place) -> sp.csr_matrix:
    """Return the features of the context score for one document, blocks side by side."""
    count = own.shape[0]
    padded = sp.vstack([frequent, sp.csr_matrix((1, frequent.shape[1]), dtype=np.float32)]).tocsr()
    index = np.arange(count)
    rows = [where.top, where.near, index - 1, np.where(index + 1 < count, index + 1, -1)]
    weights = [HEADING_WEIGHT, HEADING_WEIGHT, NEIGHBOUR_WEIGHT, NEIGHBOUR_WEIGHT]
    around = [padded[np.where(r < 0, count, r)] * w for r, w in zip(rows, weights, strict=True)]
    tenth = sp.csr_matrix((np.full(count, PLACE_WEIGHT), (index, where.decile)), (count, 10))
    return sp.hstack([own, *around, tenth]).tocsr().astype(np.float32)

"""The topic classifier of policy sentences: two linear passes over n-grams, then a small network over neighbours.

First pass: for every topic a linear score of the sentence's n-grams (``own``), and another one (``context``) that also
sees the n-grams of the headings above it, of the sentences before and after it, and its place in the document.
Second pass: a network with one hidden layer sees these scores of the sentence, of three neighbours on each side, of its
headings, and their means over its section, its surroundings and the whole document.

Everything is numpy on the sentences of one document at once.  The same functions serve training
(``tools/train_policy_model.py``), so what was learnt is what is computed here.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scanner.collect.policy.ngrams import MAX_SENTENCE, grams
from scanner.collect.policy.outline import outline

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

FORMAT = 1
MODEL_FILE = "policy_model.npz"
DECILES = 10
REACH = 3
SURROUNDINGS = 6
# What a missing neighbour or heading scores: clearly no topic.
NOTHING = np.float32(-1.2)
# Weights of the blocks of the context pass relative to the sentence's own n-grams.
HEADING_WEIGHT, NEIGHBOUR_WEIGHT, PLACE_WEIGHT = np.float32(0.5), np.float32(0.4), np.float32(0.3)


class ModelError(ValueError):
    """The model file is damaged or of another format."""


@dataclass(frozen=True)
class Place:
    """Where each sentence of a document stands: positions of its outermost and nearest heading (-1 = none)."""

    top: Ints
    near: Ints
    length: Floats

    @property
    def decile(self) -> Ints:
        """The tenth of the document, 0 to 9."""
        count = len(self.top)
        return np.arange(count) * DECILES // max(count, 1)


@dataclass(frozen=True)
class Bags:
    """Weighted n-grams as entries (row, column, value): of all known ones, and of the frequent ones for contexts."""

    count: int
    row: Ints
    column: Ints
    value: Floats
    frequent_row: Ints
    frequent_column: Ints
    frequent_value: Floats


def place(texts: Sequence[str], marked: Sequence[int] | None = None) -> Place:
    """Return the places of the sentences; ``marked`` as in :func:`~scanner.collect.policy.outline.outline`."""
    above = outline(texts, marked)
    return Place(
        top=np.array([stack[0] if stack else -1 for stack in above], np.int64),
        near=np.array([stack[-1] if stack else -1 for stack in above], np.int64),
        length=np.log1p(np.array([min(len(text), MAX_SENTENCE) for text in texts], np.float32)),
    )


def bags(
    texts: Sequence[str], vocabulary: NDArray[np.uint32], weight: Floats, frequent: NDArray[np.int64]
) -> Bags:
    """Return the weighted n-grams of ``texts``: (1 + ln times) × ``weight``, rows of length 1 (Euclid).

    ``vocabulary`` is sorted; ``frequent`` maps its entries to columns of the frequent ones, -1 for the others.
    """
    found = grams(texts)
    column = np.searchsorted(vocabulary, found.gram)
    column[column == len(vocabulary)] = 0
    known = vocabulary[column] == found.gram
    row, column = found.row[known], column[known]
    value = (1 + np.log(found.times[known])) * weight[column]
    often = frequent[column] >= 0
    return Bags(
        found.count,
        row,
        column,
        _normalised(value, row, found.count),
        row[often],
        frequent[column[often]],
        _normalised(value[often], row[often], found.count),
    )


def second_features(own: Floats, context: Floats, where: Place) -> Floats:
    """Return the features of the second pass, one row per sentence of the document."""
    count, topics = own.shape
    parts: list[NDArray[np.floating[Any]]] = [own, context]
    for distance in range(1, REACH + 1):
        parts += [_shifted(context, distance), _shifted(context, -distance)]
    for heading in (where.top, where.near):
        above = np.where(heading[:, None] < 0, NOTHING, own[np.maximum(heading, 0)])
        parts.append(above.astype(np.float32))
        members = np.bincount(heading + 1, minlength=count + 1).astype(np.float32)
        sums: Floats = np.zeros((count + 1, topics), np.float32)
        np.add.at(sums, heading + 1, context)
        parts.append((sums[heading + 1] / members[heading + 1][:, None]).astype(np.float32))
    around = sum(_shifted(context, d) for d in range(-SURROUNDINGS, SURROUNDINGS + 1))
    parts.append(np.asarray(around, np.float32) / (2 * SURROUNDINGS + 1))
    parts.append(np.broadcast_to(context.mean(axis=0), context.shape))
    position = np.arange(count, dtype=np.float32)
    place_columns = [
        position / max(count, 1),
        where.length,
        (where.top >= 0).astype(np.float32),
        (where.near >= 0).astype(np.float32),
        np.clip(position - where.top, 0, 60) / 20,
        np.clip(position - where.near, 0, 60) / 20,
    ]
    return np.hstack([*parts, np.stack(place_columns, axis=1)]).astype(np.float32)


def _shifted(scores: Floats, by: int) -> Floats:
    result = np.full_like(scores, NOTHING)
    if by == 0:
        return scores
    if abs(by) < len(scores):
        if by > 0:
            result[by:] = scores[:-by]
        else:
            result[:by] = scores[-by:]
    return result


def _normalised(value: Floats, row: Ints, count: int) -> Floats:
    length = np.sqrt(np.bincount(row, value * value, minlength=count)).astype(np.float32)
    length[length == 0] = 1
    return np.asarray(value / length[row], np.float32)


def _product(count: int, row: Ints, column: Ints, value: Floats, weights: Floats) -> Floats:
    """Return the product of the sparse matrix (rows sorted) with ``weights``."""
    result = np.zeros((count, weights.shape[1]), np.float32)
    if len(row):
        starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
        result[row[starts]] = np.add.reduceat(weights[column] * value[:, None], starts, axis=0)
    return result


@dataclass(frozen=True)
class TopicModel:
    """A trained model; ``meta`` says from what, when and with which versions."""

    labels: tuple[str, ...]
    meta: Mapping[str, Any]
    vocabulary: NDArray[np.uint32]
    weight: Floats
    frequent: Ints
    blocks: Mapping[str, Floats]
    networks: tuple[tuple[Floats, Floats, Floats, Floats], ...]
    centre: Floats
    spread: Floats
    thresholds: Floats

    def first_pass(self, texts: Sequence[str], where: Place) -> tuple[Floats, Floats]:
        """Return the two scores of each sentence for each topic."""
        b = self.blocks
        bag = bags(texts, self.vocabulary, self.weight, self.frequent)
        wide = np.hstack([b["own"], b["text"]])
        both = _product(bag.count, bag.row, bag.column, bag.value, wide)
        topics = len(self.labels)
        own = both[:, :topics] + b["own_bias"]
        around = _product(
            bag.count,
            bag.frequent_row,
            bag.frequent_column,
            bag.frequent_value,
            np.hstack([b["top"], b["near"], b["before"], b["after"]]),
        )
        top, near, before, after = (around[:, i * topics : (i + 1) * topics] for i in range(4))
        context = both[:, topics:] + b["context_bias"] + b["place"][where.decile]
        for heading, scores in ((where.top, top), (where.near, near)):
            context = context + np.where(heading[:, None] < 0, 0, scores[np.maximum(heading, 0)])
        context[1:] += before[:-1]
        context[:-1] += after[1:]
        return own, np.asarray(context, np.float32)

    def scores(self, texts: Sequence[str], marked: Sequence[int] | None = None) -> Floats:
        """Return the probability of every topic (columns as :attr:`labels`) for every sentence of one document."""
        if not texts:
            return np.zeros((0, len(self.labels)), np.float32)
        where = place(texts, marked)
        own, context = self.first_pass(texts, where)
        return run_networks((second_features(own, context, where) - self.centre) / self.spread, self.networks)

    def predict(
        self, texts: Sequence[str], marked: Sequence[int] | None = None
    ) -> tuple[tuple[str, ...], ...]:
        """Return the topics of every sentence of one document."""
        chosen = self.scores(texts, marked) > self.thresholds
        return tuple(tuple(self.labels[i] for i in np.flatnonzero(row)) for row in chosen)


def run_networks(inputs: Floats, networks: Sequence[tuple[Floats, Floats, Floats, Floats]]) -> Floats:
    """Return the mean output of the networks (rectified hidden layer, logistic output)."""
    total = np.zeros((len(inputs), networks[0][3].shape[0]), np.float32)
    for hidden, hidden_bias, output, output_bias in networks:
        raw = np.maximum(inputs @ hidden + hidden_bias, 0) @ output + output_bias
        total += 1 / (1 + np.exp(-raw))
    return total / np.float32(len(networks))


BLOCKS = ("own", "text", "top", "near", "before", "after")
SMALL = ("own_bias", "context_bias", "place")


def pack(model: TopicModel) -> bytes:
    """Return the model as the bytes of an npz file: weights as 8-bit integers with one scale per column.

    ``meta`` inside gets ``sha256``, the hash over all other arrays.
    """
    arrays: dict[str, NDArray[Any]] = {
        "vocabulary": model.vocabulary,
        "weight": model.weight.astype(np.float16),
        "frequent": np.packbits(model.frequent >= 0),
        "centre": model.centre,
        "spread": model.spread,
        "thresholds": model.thresholds,
        **{name: model.blocks[name] for name in SMALL},
    }
    for name in BLOCKS:
        scale = np.abs(model.blocks[name]).max(axis=0) / 127
        scale[scale == 0] = 1
        arrays[name] = np.rint(model.blocks[name] / scale).astype(np.int8)
        arrays[f"{name}_scale"] = scale.astype(np.float32)
    for index, network in enumerate(model.networks):
        for part, values in enumerate(network):
            arrays[f"network_{index}_{part}"] = values.astype(np.float16)
    meta = {
        **model.meta,
        "format": FORMAT,
        "labels": list(model.labels),
        "networks": len(model.networks),
        "sha256": content_hash(arrays),
    }
    arrays["meta"] = np.frombuffer(json.dumps(meta, ensure_ascii=False, sort_keys=True).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # numpy's stub takes names for flags
    return stream.getvalue()


def unpack(data: bytes) -> TopicModel:
    """Return the model packed in ``data``; raises :class:`ModelError` when it is damaged or of another format."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        meta = json.loads(arrays.pop("meta").tobytes())
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ModelError(f"not a topic model: {error}") from error
    if meta.get("format") != FORMAT:
        raise ModelError(f"topic model of format {meta.get('format')}, expected {FORMAT}")
    if meta.get("sha256") != content_hash(arrays):
        raise ModelError("the arrays of the topic model do not match the hash recorded in it")
    count = len(arrays["vocabulary"])
    often = np.unpackbits(arrays["frequent"], count=count).astype(bool)
    frequent = np.full(count, -1, np.int64)
    frequent[often] = np.arange(int(often.sum()))
    blocks = {name: arrays[name].astype(np.float32) * arrays[f"{name}_scale"] for name in BLOCKS}
    blocks.update({name: arrays[name].astype(np.float32) for name in SMALL})
    return TopicModel(
        labels=tuple(meta["labels"]),
        meta=meta,
        vocabulary=arrays["vocabulary"],
        weight=arrays["weight"].astype(np.float32),
        frequent=frequent,
        blocks=blocks,
        networks=tuple(
            (
                arrays[f"network_{i}_0"].astype(np.float32),
                arrays[f"network_{i}_1"].astype(np.float32),
                arrays[f"network_{i}_2"].astype(np.float32),
                arrays[f"network_{i}_3"].astype(np.float32),
            )
            for i in range(meta["networks"])
        ),
        centre=arrays["centre"],
        spread=arrays["spread"],
        thresholds=arrays["thresholds"],
    )


def content_hash(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return the sha256 (hex) over names, types, shapes and content of the arrays."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


@cache
def shipped_model() -> TopicModel:
    """Return the model in ``rules/data``; raises :class:`ModelError` when the installation is damaged."""
    return unpack((files("rules") / "data" / MODEL_FILE).read_bytes())

"""What each sentence of a policy speaks of: collection, sharing, the user's rights …

The topics and their names are data (``rules/data/policy_topics.yaml``), the classifier is
:mod:`scanner.collect.policy.topicmodel`, its scores and limits stand in ``docs/policy-model.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, takewhile

from scanner.collect.policy.document import Document
from scanner.collect.policy.topicmodel import shipped_model
from scanner.datafiles import read_data
from scanner.model import Frozen, Text
from scanner.policyfacts import Sentence

# A policy longer than this is a book; what follows is not classified, only searched for words.
MAX_CHARACTERS = 300_000


class Topic(Frozen):
    """A topic of policy sentences: id as in the training data, name and what belongs to it."""

    id: str
    name: Text
    covers: Text


@cache
def topic_names() -> dict[str, Topic]:
    """Return the topics by id."""
    (content,) = read_data("policy_topics")
    return {entry["id"]: Topic.model_validate(entry) for entry in content["topics"]}


def topics(document: Document) -> tuple[Sentence, ...]:
    """Return the sentences of ``document`` with their topics; those beyond :data:`MAX_CHARACTERS` have none."""
    sentences = document.sentences
    ends = accumulate(len(sentence.text) + 1 for sentence in sentences)
    count = sum(1 for _ in takewhile(lambda end: end <= MAX_CHARACTERS, ends))
    levels = {p.id: max(p.level, 1) for p in document.paragraphs if p.kind == "heading"}
    marked = [levels.get(sentence.paragraph, 0) for sentence in sentences[:count]]
    found = shipped_model().predict([sentence.text for sentence in sentences[:count]], marked)
    labelled = (s.model_copy(update={"topics": t}) for s, t in zip(sentences, found, strict=False))
    return (*labelled, *sentences[count:])


def topics_of(texts: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the topics of the sentences of one document given line by line, in document order."""
    return shipped_model().predict(texts)

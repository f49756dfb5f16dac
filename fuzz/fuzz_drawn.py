"""Interfaces drawn outside layouts: Hermes byte code, Dart snapshots, kernel files and scripts; their sentences."""

from __future__ import annotations

import re

from scanner.collect.app.drawn import script_sentences
from scanner.collect.app.hermes import hermes_strings
from scanner.collect.app.rawtexts import addresses, narrow_texts, wide_texts

IN_PLACE = 0.7
WORDS = ("隐私政策", "同意", "注销账号", "投诉")
ADDRESS = re.compile(rb"https?://[\x21-\x7e]{4,300}")


def check(data: bytes) -> None:
    """Read ``data`` as each of them; a sentence holds what it was found by, and lies where it is said to."""
    for place, text in hermes_strings(data) or ():
        assert place + len(text) <= len(data)
    for place, text in wide_texts(data, WORDS):
        assert data[place:].startswith(text.encode("utf-16-le"))
    for place, text in narrow_texts(data, WORDS):
        assert 0 <= place < len(data)
        assert any(word in text for word in WORDS)
    for place, text in addresses(data, ADDRESS):
        assert data[place:].startswith(text.encode())
    for sentence in script_sentences(data.decode("utf-8", "replace")):
        assert len(sentence) <= 2_000

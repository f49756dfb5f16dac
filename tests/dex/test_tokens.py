"""Tokens survive renaming, agree between files, and hostile bytes yield nothing rather than a crash."""

from __future__ import annotations

import random

import numpy as np
from conftest import corpus_path

from scanner.dex import open_dex
from scanner.dex.statics import static_strings
from scanner.dex.tokens import text_tokens, tokens, tokens_of


def test_a_string_has_one_token_wherever_it_stands() -> None:
    texts = ["umeng_general_config", "a", "", "x" * 300, "中文日志", "umeng_general_confi"]
    content = "".join(texts).encode()
    ends = np.cumsum([len(text.encode()) for text in texts])
    starts = ends - np.array([len(text.encode()) for text in texts])

    together = text_tokens(np.frombuffer(content, dtype=np.uint8), starts, ends)

    alone = [int(tokens_of([text])[0]) for text in texts]
    assert [int(token) & (1 << 48) - 1 for token in together] == alone
    assert len(set(alone)) == len(texts)


def test_tokens_do_not_depend_on_the_file_they_are_in() -> None:
    data = corpus_path("appium-bootstrap-dex").read_bytes()
    once, twice = tokens(open_dex([("a", data)])), tokens(open_dex([("b", data), ("c", data)]))

    assert len(once.token) > 100
    assert set(once.token.tolist()) == set(twice.token.tolist())
    assert once.method.any()
    assert not once.method.all()


def test_only_the_classes_asked_for_are_read() -> None:
    dex = open_dex([("a", corpus_path("appium-bootstrap-dex").read_bytes())])
    wanted = np.zeros(len(dex.classes.type), dtype=np.bool_)
    wanted[::3] = True
    every, some = tokens(dex), tokens(dex, wanted)

    kept = wanted[every.place]
    assert np.array_equal(some.token, every.token[kept])
    assert np.array_equal(some.place, every.place[kept])


def test_static_constants_are_read_and_broken_ones_end_quietly() -> None:
    data = bytearray(corpus_path("appium-bootstrap-dex").read_bytes())
    whole = open_dex([("a", bytes(data))]).files[0]
    types = whole.class_defs[:, 0].tolist()
    found = [static_strings(whole, number) for number in types]
    assert any(found)

    chance = random.Random(7)
    for _ in range(20):
        broken = bytearray(data)
        for row in whole.class_defs[:, 6:8].ravel().tolist():
            if row:
                broken[row + chance.randrange(6)] = chance.randrange(256)
        file = open_dex([("a", bytes(broken))]).files[0]
        for number in types:
            assert all(isinstance(text, str) for text in static_strings(file, number).values())

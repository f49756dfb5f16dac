"""Hashed character n-grams against the obvious way to count them."""

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.collect.policy.ngrams import MAX_SENTENCE, grams, normalise


def plain_counts(text: str, longest: int) -> Counter[str]:
    marked = "\x02" + normalise(text) + "\x03"
    return Counter(
        marked[i : i + size] for size in range(1, longest + 1) for i in range(len(marked) - size + 1)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="我们收集您的信息abcAB12，, （）", max_size=20), min_size=1, max_size=6))
def test_as_many_different_ngrams_with_the_same_counts_as_counted_one_by_one(texts: list[str]) -> None:
    found = grams(texts)

    for row, text in enumerate(texts):
        expected = plain_counts(text, 5)
        times = found.times[found.row == row]
        assert sorted(times) == sorted(map(float, expected.values()))


def test_same_ngram_has_the_same_hash_in_every_sentence() -> None:
    found = grams(["注销账号", "如何注销账号"])
    first, second = (set(found.gram[found.row == row].tolist()) for row in (0, 1))

    assert len(first & second) == len(set(plain_counts("注销账号", 5)) & set(plain_counts("如何注销账号", 5)))


def test_width_case_digits_and_spaces_make_no_difference() -> None:
    one, other = grams(["ＳＤＫ 2021 年"]), grams(["sdk1999年"])

    assert np.array_equal(one.gram, other.gram)


def test_rows_are_sorted_and_pairs_occur_once() -> None:
    found = grams(["共享共享共享", "", "转让"])
    keys = (found.row.astype(np.uint64) << np.uint64(32)) | found.gram

    assert (np.diff(keys.astype(np.float64)) > 0).all()
    assert found.count == 3


def test_endless_sentence_is_cut() -> None:
    assert len(normalise("很" * 100_000)) == MAX_SENTENCE
    assert grams(["很" * 100_000]).times.max() == MAX_SENTENCE


def test_no_sentences_have_no_ngrams() -> None:
    assert grams([]).count == 0
    assert len(grams([]).gram) == 0

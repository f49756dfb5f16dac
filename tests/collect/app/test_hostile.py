"""Damaged packages: one clear refusal, or facts that say what was not read."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest
from conftest import FIXTURES, ROOT, fixture_apk_path
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.collect import collect
from scanner.errors import InputError
from scanner.facts import Facts

sys.path.insert(0, str(ROOT / "tools"))

from build_broken import CASES


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.outcome == "refuse"])
def test_what_android_cannot_read_is_refused_with_advice(name: str) -> None:
    path = fixture_apk_path(f"broken/{name}")

    with pytest.raises(InputError) as caught:
        collect(str(path))

    assert str(path) in caught.value.text.zh
    assert str(path) in caught.value.text.en
    assert "\n" not in caught.value.text.zh


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.outcome == "partial"])
def test_what_is_partly_readable_gives_facts_with_problems(name: str) -> None:
    facts = collect(str(fixture_apk_path(f"broken/{name}")))

    assert facts.app is not None
    assert facts.app.identity.package == "cn.qinghe.notes"
    assert facts.problems


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.outcome == "read"])
def test_what_android_reads_is_read(name: str) -> None:
    facts = collect(str(fixture_apk_path(f"broken/{name}")))
    clean = collect(str(fixture_apk_path("clean")))

    assert facts.app is not None and clean.app is not None
    assert facts.app.identity.package == clean.app.identity.package
    assert facts.app.accesses == clean.app.accesses
    assert facts.gaps == ()


@pytest.mark.parametrize(
    "name", ["no-dex", "dex-random", "dex-truncated", "dex-wrong-offsets", "dex-bad-method"]
)
def test_unread_code_is_a_gap(name: str) -> None:
    facts = collect(str(fixture_apk_path(f"broken/{name}")))

    assert any(gap.path == "app.accesses" for gap in facts.gaps)


@pytest.mark.parametrize("target", [FIXTURES, FIXTURES / "no-such.apk"])
def test_folders_and_missing_files_are_refused(target: Path) -> None:
    with pytest.raises(InputError):
        collect(str(target))


@cache
def clean() -> bytes:
    return fixture_apk_path("clean").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 25_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes_end_in_facts_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(clean())
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path_factory.mktemp("flip") / "x.apk"
    path.write_bytes(content)
    try:
        facts = collect(str(path))
    except InputError:
        return
    assert Facts.model_validate_json(facts.model_dump_json()) == facts

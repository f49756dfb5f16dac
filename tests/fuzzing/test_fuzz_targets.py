"""What the fuzz targets check holds for their corpus, and for random changes of it: no crash, nothing past a limit."""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FUZZ = ROOT / "fuzz"
sys.path.insert(0, str(FUZZ))

from mutate import overwrite  # noqa: E402 - found through the line above
from run import load, targets  # noqa: E402

INPUTS = [path for name in targets() for path in sorted((FUZZ / "corpus" / name).iterdir())]
# Reading a policy costs a hundred times as much as reading a header.
EXAMPLES = {"policy": 8, "dex": 40, "resources": 40}


@cache
def seeds(name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((FUZZ / "corpus" / name).iterdir())]


def test_every_target_has_inputs_and_they_stay_small() -> None:
    assert {path.parent.name for path in INPUTS} == set(targets())
    assert sum(path.stat().st_size for path in INPUTS) < 300_000


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_inputs_pass(path: Path) -> None:
    assert load(path.parent.name).check(path.read_bytes()) is None  # it raises for what it finds


@pytest.mark.parametrize("name", targets())
def test_random_changes_end_in_a_result_or_the_readers_own_error(name: str) -> None:
    target = load(name)

    @settings(
        max_examples=EXAMPLES.get(name, 100),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.data())
    def change(data: st.DataObject) -> None:
        content = data.draw(st.sampled_from(seeds(name)))
        for seed in data.draw(st.lists(st.integers(0, 1 << 32), max_size=4)):
            content = overwrite(content, random.Random(seed))
        cut = data.draw(st.one_of(st.just(0), st.integers(0, len(content))))
        target.check(content[: len(content) - cut])

    change()

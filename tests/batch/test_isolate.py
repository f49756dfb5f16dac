"""A task's process: results come back, limits hold, nothing is left behind."""

from __future__ import annotations

import subprocess

import hogs
import pytest

from scanner.batch.isolate import Ended, Limits, run

SMALL = Limits(memory_mb=400, cpu_seconds=60, wall_seconds=60)


def test_result_comes_back() -> None:
    assert run(hogs.double, 21, limits=SMALL) == 42


def test_large_result_comes_back_whole() -> None:
    assert run(hogs.big, 30 << 20, limits=SMALL) == b"x" * (30 << 20)


def ended(outcome: object) -> Ended:
    assert isinstance(outcome, Ended)
    return outcome


def test_memory_limit_ends_the_task() -> None:
    assert ended(run(hogs.eat_memory, limits=SMALL)).why == "memory"


def test_resident_memory_is_watched_where_address_space_is_not_limited() -> None:
    assert ended(run(hogs.eat_memory_slowly, limits=SMALL, address_space=False)).why == "memory"


def test_memory_of_a_program_with_a_group_of_its_own_counts() -> None:
    assert ended(run(hogs.eat_in_a_group_of_its_own, limits=SMALL, address_space=False)).why == "memory"


def test_processor_time_limit_ends_the_task() -> None:
    assert ended(run(hogs.spin, limits=Limits(cpu_seconds=1, wall_seconds=60))).why == "cpu"


def test_wall_time_limit_kills_the_task_and_the_programs_it_started() -> None:
    marker = "611.25"

    assert ended(run(hogs.sleep_with_child, marker, limits=Limits(wall_seconds=1.5))).why == "wall"
    left = subprocess.run(["pgrep", "-f", f"sleep {marker}"], capture_output=True, text=True, check=False)
    assert left.stdout == ""


@pytest.mark.parametrize(
    ("function", "why", "detail"),
    [
        (hogs.crash, "crash", "SIGSEGV"),
        (hogs.suicide, "killed", "peak"),
        (hogs.quit_quietly, "crash", "exit 7"),
        (hogs.recurse, "crash", "RecursionError"),
    ],
)
def test_a_dying_task_says_how_it_died(function: object, why: str, detail: str) -> None:
    outcome = ended(run(function, limits=SMALL))  # type: ignore[arg-type]

    assert outcome.why == why
    assert detail in outcome.detail

"""Killed at any moment, a second start ends with what an undisturbed run ends with."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
from batching import NOW, batch, content, events, finished, kill, start, wait_for
from sqlalchemy import create_engine

pytestmark = pytest.mark.xdist_group("batch")


@pytest.fixture
def undisturbed(packages: Path, tmp_path: Path) -> dict[str, object]:
    """What a run over the same packages ends with when nobody disturbs it."""
    url = str(tmp_path / "undisturbed.db")
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, check=3)
    found: dict[str, object] = content(url, "a")
    return found


def children(pid: int) -> list[int]:
    listing = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listing.stdout.split()]


def workers(driver: int) -> list[int]:
    """The processes that run a task: children of the server which the driver forks them from."""
    return [worker for server in children(driver) for worker in children(server)]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def wait_for_progress(driver: subprocess.Popen[bytes], log: Path, count: int) -> None:
    wait_for(lambda: finished(log, count)() or driver.poll() is not None)


@pytest.mark.parametrize("after", [0, 3, 11])
def test_killed_driver_resumes_to_the_same_result(
    packages: Path, store_url: str, tmp_path: Path, undisturbed: object, after: int
) -> None:
    log = tmp_path / "log"
    args = (str(packages), "--store", store_url, "--run", "a", "--now", NOW, "--log", str(log))
    driver = start(*args)
    wait_for(lambda: bool(events(log)) and finished(log, after)())
    below = children(driver.pid) + workers(driver.pid)
    assert below or after == 0
    kill(driver)
    wait_for(lambda: not alive(below), 30)

    batch("run", *args, "--resume", check=3)

    assert content(store_url, "a") == undisturbed


def test_a_driver_killed_again_and_again_gets_there(
    packages: Path, tmp_path: Path, undisturbed: object
) -> None:
    url, log = str(tmp_path / "r.db"), tmp_path / "log"
    args = (str(packages), "--store", url, "--run", "a", "--now", NOW, "--log", str(log))
    for count in range(1, 13, 3):
        driver = start(*args)
        wait_for_progress(driver, log, count)
        kill(driver)

    batch("run", *args, check=3)

    assert content(url, "a") == undisturbed


def test_a_killed_worker_costs_one_retry(packages: Path, tmp_path: Path, undisturbed: object) -> None:
    url, log = str(tmp_path / "r.db"), tmp_path / "log"
    driver = start(
        str(packages), "--store", url, "--run", "a", "--now", NOW, "--log", str(log), "--jobs", "1"
    )

    def killed_one() -> bool:
        for pid in workers(driver.pid):
            os.kill(pid, signal.SIGKILL)
        return any(e["event"] == "retry" for e in events(log))

    wait_for(killed_one)
    driver.wait(120)

    assert content(url, "a") == undisturbed


def test_lost_database_connections_are_tried_again(
    packages: Path, postgres: str, tmp_path: Path, undisturbed: object
) -> None:
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE lost")
        url, log = postgres.rsplit("/", 1)[0] + "/lost", tmp_path / "log"
        driver = start(str(packages), "--store", url, "--run", "a", "--now", NOW, "--log", str(log))
        for count in range(1, 14, 2):
            wait_for_progress(driver, log, count)
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'lost'"
            )
        assert driver.wait(120) == 3
        assert content(url, "a") == undisturbed
    engine.dispose()


def test_an_interrupt_stops_soon_and_says_how_to_go_on(
    packages: Path, tmp_path: Path, undisturbed: object
) -> None:
    url, log = str(tmp_path / "r.db"), tmp_path / "log"
    args = (str(packages), "--store", url, "--run", "a", "--now", NOW, "--log", str(log))
    driver = start(*args)
    wait_for(finished(log, 2))
    driver.terminate()

    assert driver.wait(60) in {3, 130}
    batch("run", *args, "--resume", check=3)
    assert content(url, "a") == undisturbed

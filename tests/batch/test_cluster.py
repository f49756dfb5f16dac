"""The same run on a Dask cluster of several worker processes, one of which is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from batching import NOW, ROOT, batch, content, events, finished, start, wait_for

pytestmark = pytest.mark.xdist_group("batch")


class Cluster:
    """A scheduler and two workers, each a process group of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "scheduler.log"
        self.scheduler = self._start(
            "scheduler", self.log, "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        wait_for(lambda: self._address() is not None)
        self.address = self._address() or ""
        self.workers = [self.worker(), self.worker()]

    def worker(self) -> subprocess.Popen[bytes]:
        return self._start(
            "worker",
            self.folder / "worker.log",
            self.address,
            "--nthreads",
            "1",
            "--no-dashboard",
            "--no-nanny",
        )

    def _start(self, kind: str, log: Path, *args: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as stream:
            return subprocess.Popen(
                [sys.executable, "-m", "distributed.cli.dask_" + kind, *args],
                stdout=stream,
                stderr=stream,
                cwd=ROOT,
                start_new_session=True,
                env={**os.environ, "DASK_TEMPORARY_DIRECTORY": str(self.folder)},
            )

    def _address(self) -> str | None:
        text = self.log.read_text("utf-8", "replace") if self.log.is_file() else ""
        found = re.search(r"Scheduler at:\s*(tcp://127\.0\.0\.1:\d+)", text)
        return found.group(1) if found else None

    def close(self) -> None:
        for process in [*self.workers, self.scheduler]:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    found = Cluster(folder)
    try:
        yield found
    finally:
        found.close()


def test_a_cluster_that_loses_a_worker_ends_with_the_same_result(
    packages: Path, tmp_path: Path, cluster: Cluster
) -> None:
    alone = str(tmp_path / "alone.db")
    batch("run", str(packages), "--store", alone, "--run", "a", "--now", NOW, check=3)
    url, log = str(tmp_path / "cluster.db"), tmp_path / "log"
    driver = start(
        str(packages),
        "--store",
        url,
        "--run",
        "a",
        "--now",
        NOW,
        "--log",
        str(log),
        "--cluster",
        cluster.address,
    )
    wait_for(finished(log, 4))
    os.killpg(cluster.workers[0].pid, signal.SIGKILL)

    assert driver.wait(180) == 3
    assert content(url, "a") == content(alone, "a")
    assert sum(e["event"] in {"done", "failed"} for e in events(log)) == 20


def test_an_unreachable_cluster_is_one_clear_line(packages: Path, tmp_path: Path) -> None:
    done = batch(
        "run", str(packages), "--store", str(tmp_path / "r.db"), "--cluster", "tcp://127.0.0.1:9", check=2
    )

    assert done.stderr.startswith("错误")
    assert "连接不上集群 tcp://127.0.0.1:9" in done.stderr

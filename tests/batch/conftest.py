"""Helpers of the batch tests: small sets of packages, the command as users run it, and a real PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from scanner.batch.schema import AssessmentRow, FactsRow, FindingRow, RunRow, TaskRow
from scanner.batch.store import Store
from scanner.batch.work import unpack_bytes

ROOT = Path(__file__).resolve().parents[2]
APKS = ROOT / "fixtures" / "apks"
NOW = "2026-11-24T00:00:00+00:00"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with 16 good packages and four that cannot be read, two of the good ones with the same content."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for path in sorted(APKS.glob("*.apk"))[:15]:
        shutil.copy(path, folder)
    shutil.copy(APKS / "clean.apk", folder / "clean-again.apk")
    shutil.copy(APKS / "clean.apk", folder / "clean.apk")
    for name in ("empty", "manifest-text", "truncated", "directory-cut"):
        shutil.copy(APKS / "broken" / f"{name}.apk", folder / f"zz-{name}.apk")
    return folder


def command(*args: str) -> list[str]:
    """The command line of ``guijian`` in this environment."""
    return [sys.executable, "-m", "scanner", *args]


def batch(*args: str, check: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``guijian batch`` to its end."""
    done = subprocess.run(
        command("batch", *args), capture_output=True, text=True, check=False, timeout=300, cwd=ROOT
    )
    if check is not None:
        assert done.returncode == check, done.stderr
    return done


def start(*args: str) -> subprocess.Popen[bytes]:
    """Start ``guijian batch`` without waiting."""
    return subprocess.Popen(
        command("batch", *args), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )


def events(log: Path) -> list[dict[str, Any]]:
    """The events of a JSON-lines log so far."""
    if not log.is_file():
        return []
    return [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.endswith("}")]


def wait_for(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def finished(log: Path, count: int) -> Callable[[], bool]:
    """Whether at least ``count`` targets have a result."""
    return lambda: sum(e["event"] in {"done", "failed"} for e in events(log)) >= count


def content(url: str, label: str) -> dict[str, Any]:
    """Everything a run ended with, without moments of execution: for comparing two runs."""
    store = Store(url)
    with store.session() as session:
        run = session.scalars(select(RunRow).where(RunRow.label == label)).one()
        tasks = session.scalars(
            select(TaskRow).where(TaskRow.run_id == run.id).order_by(TaskRow.position)
        ).all()
        found = {}
        for task in tasks:
            row: dict[str, Any] = {"state": task.state, "error": task.error_code}
            if task.assessment_id is not None:
                assessment = session.get_one(AssessmentRow, task.assessment_id)
                facts = session.get_one(FactsRow, assessment.facts_id)
                findings = session.scalars(
                    select(FindingRow.fingerprint).where(FindingRow.assessment_id == assessment.id)
                ).all()
                row |= {
                    "sha256": facts.sha256,
                    "facts": hashlib.sha256(unpack_bytes(facts.body)).hexdigest(),
                    "assessment": hashlib.sha256(unpack_bytes(assessment.body)).hexdigest(),
                    "findings": sorted(findings),
                }
            found[Path(task.location).name] = row
        assert len(found) == len(tasks)
        totals = {
            "facts": len(session.scalars(select(FactsRow.id)).all()),
            "assessments": len(session.scalars(select(AssessmentRow.id)).all()),
        }
    store.close()
    return {"tasks": found, **totals}


def free_port() -> int:
    """A TCP port on the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _postgres_program(name: str) -> str:
    found = shutil.which(name) or next(
        (str(p) for p in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        pytest.fail("PostgreSQL is not installed: run 'make system' once", pytrace=False)
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL server of our own, started for the tests."""
    folder = Path(tempfile.mkdtemp(prefix="guijian-pg-"))
    port = free_port()
    as_user: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres", "postgres")
    initdb, pg_ctl = _postgres_program("initdb"), _postgres_program("pg_ctl")
    data = folder / "data"
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"

    def call(*args: str) -> None:
        done = subprocess.run([*as_user, *args], capture_output=True, text=True, check=False, cwd=folder)
        assert done.returncode == 0, done.stdout + done.stderr

    call(initdb, "-D", str(data), "-U", "guijian", "-A", "trust", "-E", "UTF8", "--locale=C")
    call(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql+psycopg://guijian@127.0.0.1:{port}/postgres"
    finally:
        call(pg_ctl, "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty store, in SQLite and in PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'results.db'}"
        return
    from sqlalchemy import create_engine

    server: str = request.getfixturevalue("postgres")
    name = f"t{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield server.rsplit("/", 1)[0] + f"/{name}"
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9, and wait for the end."""
    process.send_signal(signal.SIGKILL)
    process.wait(30)

"""Helpers of the batch tests: the command as users run it, and what a store holds."""

from __future__ import annotations

import hashlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from scanner.batch.schema import AssessmentRow, FactsRow, FindingRow, RunRow, TaskRow
from scanner.batch.store import Store
from scanner.batch.work import unpack_bytes

ROOT = Path(__file__).resolve().parents[2]
APKS = ROOT / "fixtures" / "apks"
NOW = "2026-11-24T00:00:00+00:00"


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


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9, and wait for the end."""
    process.send_signal(signal.SIGKILL)
    process.wait(30)

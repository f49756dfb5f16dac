"""The tutorial's commands are run in its order, and every line it shows is in the output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, fixture_apk_path

TUTORIAL = ROOT / "docs" / "tutorial.md"
BLOCK = re.compile(r"^```(bash|text)(?: exit=(\d+))?\n(.*?)^```$", re.M | re.S)


@dataclass
class Step:
    """A block of commands, the exit code of its last one, and lines its output must contain."""

    script: str
    code: int
    shown: list[str]


def steps() -> list[Step]:
    found: list[Step] = []
    for kind, code, body in BLOCK.findall(TUTORIAL.read_text("utf-8")):
        if kind == "bash":
            found.append(Step(body, int(code or 0), []))
        else:
            found[-1].shown += body.splitlines()
    return found


def test_the_tutorial_runs_as_written(tmp_path: Path) -> None:
    for tool in ("openssl", "unzip"):
        if shutil.which(tool) is None:
            pytest.fail(f"no {tool}: run 'make system' once", pytrace=False)
    shutil.copy(fixture_apk_path("sdk-init.bad"), tmp_path / "notes-1.apk")
    shutil.copy(fixture_apk_path("sdk-init.good"), tmp_path / "notes-2.apk")
    binaries = tmp_path / ".bin"
    binaries.mkdir()
    program = binaries / "guijian"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scanner "$@"\n', "utf-8")
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", "LANG": "C.UTF-8"}

    for step in steps():
        done = subprocess.run(
            ["bash", "-c", step.script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr

        assert done.returncode == step.code, f"{step.script}\n{output}"
        assert "Traceback" not in output
        for line in step.shown:
            assert line in output, f"{step.script}\n{output}"

    assert {"diff.html", "diff.docx"} == {p.name for p in (tmp_path / "retest").iterdir()}


def test_the_tutorial_covers_the_round_trip() -> None:
    text = "\n".join(step.script for step in steps())

    for command in (
        "scan",
        "review",
        "assess",
        "evidence pack",
        "verify",
        "diff",
        "baseline",
        "explain",
        "config",
    ):
        assert f"guijian {command} " in text or f"guijian {command}\n" in text

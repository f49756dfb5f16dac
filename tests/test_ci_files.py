"""The files for pipelines: they parse, their commands exist, and their scripts run on a real package."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from conftest import ROOT, fixture_apk_path

from scanner.cli import cli

BAD = fixture_apk_path("location.bad")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
GITLAB = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
DOCKER = (ROOT / "Dockerfile").read_text("utf-8")
SCAN = ACTION["runs"]["steps"][-1]


def command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that ``guijian`` with these words names, and the words left."""
    found: click.Command = cli
    while isinstance(found, click.Group) and words:
        inner = found.get_command(click.Context(found), words[0])
        assert inner is not None, words
        found, words = inner, words[1:]
    return found, words


def check_line(line: str) -> None:
    """Every option of a command line exists and takes the value given."""
    words = [w for w in shlex.split(line) if "$" not in w]
    found, rest = command(words[1:])
    known = {o: p for p in found.params if isinstance(p, click.Option) for o in (*p.opts, *p.secondary_opts)}
    for position, word in enumerate(rest):
        if word.startswith("-") and word not in {"-", "--"}:
            assert word in known, f"{line}: no option {word}"
            choice = known[word].type
            if (
                isinstance(choice, click.Choice)
                and position + 1 < len(rest)
                and not rest[position + 1].startswith("-")
            ):
                assert rest[position + 1] in choice.choices


def lines_with_guijian(script: str) -> list[str]:
    return [line.strip() for line in script.splitlines() if line.strip().startswith("guijian ")]


def run(script: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PATH": path, **env},
    )


def test_every_command_line_uses_options_that_exist() -> None:
    scripts = [step.get("run", "") for step in ACTION["runs"]["steps"]] + GITLAB[".guijian"]["script"]
    found = [line for script in scripts for line in lines_with_guijian(script)]
    hooks = [" ".join([h["entry"], *h.get("args", [])]) for h in HOOKS]

    assert len(found) == 2
    for line in (*found, *hooks):
        check_line(line)
    options = set(re.findall(r"(?<!\w)--[a-z][a-z-]+", SCAN["run"]))
    scan = cli.get_command(click.Context(cli), "scan")
    assert scan is not None
    assert options <= {o for p in scan.params for o in p.opts}


def test_action_passes_inputs_by_environment_and_names_only_what_exists() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "an input in the script's text is an injection"
        used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(step)))
        assert used <= set(ACTION["inputs"])
        if "run" in step:
            assert step["shell"] == "bash"
    assert {"targets", "fail-on", "baseline", "decisions", "new-only"} <= set(ACTION["inputs"])


def inputs(**given: str) -> dict[str, str]:
    """The environment of the action's step with its defaults and ``given`` inputs."""
    values = {name: str(entry.get("default", "")) for name, entry in ACTION["inputs"].items()} | given
    pattern = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")
    return {key: pattern.sub(lambda m: values[m.group(1)], text) for key, text in SCAN["env"].items()}


def test_action_script_scans_annotates_and_summarises(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    env = inputs(targets=f"\n{BAD}\n\n", **{"fail-on": "suspected"})

    done = run(SCAN["run"], tmp_path, GITHUB_STEP_SUMMARY=str(summary), **env)

    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::warning file=location.bad.apk!/classes.dex,")
    assert summary.read_text("utf-8").startswith("## 个人信息保护检测报告")
    assert sorted(p.suffix for p in (tmp_path / "guijian-reports").iterdir()) == [
        ".html",
        ".json",
        ".md",
        ".sarif",
        ".txt",
        ".xml",
    ]


def test_action_script_takes_a_baseline_and_hostile_names(tmp_path: Path) -> None:
    name = "a b$(touch owned);`id`.apk"
    (tmp_path / name).write_bytes(BAD.read_bytes())
    report = run(f"guijian scan {shlex.quote(str(BAD))} -f json -o r.json --fail-on never", tmp_path)
    assert report.returncode == 0
    env = inputs(targets=name, baseline="r.json", lang="en", **{"fail-on": "suspected", "new-only": "true"})

    done = run(SCAN["run"], tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "s.md"), **env)

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "owned").exists()
    assert re.search(r"0 new, [1-9]\d* known", done.stdout)


def test_gitlab_script_writes_the_reports_its_artifacts_name(tmp_path: Path) -> None:
    job: dict[str, Any] = GITLAB[".guijian"]
    env = {**job["variables"], "GUIJIAN_TARGET": str(BAD), "GUIJIAN_FAIL_ON": "suspected"}

    done = run("\n".join(job["script"]), tmp_path, **env)

    assert done.returncode == 1, done.stderr
    issues = json.loads((tmp_path / job["artifacts"]["reports"]["codequality"]).read_bytes())
    assert "location-before-consent" in {i["check_name"] for i in issues}
    assert list(tmp_path.glob(job["artifacts"]["reports"]["junit"]))


def test_hooks_match_what_they_are_for() -> None:
    hooks = {h["id"]: h for h in HOOKS}

    assert set(hooks) == {"guijian", "guijian-rules"}
    assert re.search(hooks["guijian"]["files"], "build/app.apk")
    assert re.search(hooks["guijian-rules"]["files"], "my-rules/checks/x.yaml")
    assert not re.search(hooks["guijian"]["files"], "app.apk.json")
    done = subprocess.run(
        [sys.executable, "-m", "scanner", "rules", "check"], capture_output=True, check=False
    )
    assert done.returncode == 0


def test_dockerfile_is_sound() -> None:
    text = re.sub(r"\\\n", " ", DOCKER)
    steps = [line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    words = [step[0] for step in steps]

    assert set(words) <= {"FROM", "WORKDIR", "COPY", "RUN", "LABEL", "ENV", "USER", "ENTRYPOINT", "CMD"}
    for image in (step[1].split()[0] for step in steps if step[0] == "FROM"):
        assert re.fullmatch(r"[\w/-]+:[\w.-]*\d[\w.-]*", image), f"{image} is not pinned to a version"
    assert [step[1] for step in steps if step[0] == "USER"] == ["guijian"]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert not re.search(r"sudo|curl|wget|chmod 777|latest", text)
    for key in ("ENTRYPOINT", "CMD"):
        (value,) = [step[1] for step in steps if step[0] == key]
        assert isinstance(json.loads(value), list)


def test_everything_the_image_copies_exists_and_is_let_in() -> None:
    rules = [
        r for r in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if r and not r.startswith("#")
    ]
    allowed = [rule[1:] for rule in rules if rule.startswith("!")]
    copied = [
        word
        for line in DOCKER.splitlines()
        if line.startswith("COPY") and "--from" not in line
        for word in line.split()[1:-1]
    ]

    assert rules[0] == "*"
    assert copied
    for name in copied:
        assert (ROOT / name).exists()
        assert any(fnmatch.fnmatch(name, rule) for rule in allowed)
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    readme = re.search(r'readme = "([^"]+)"', project)
    assert readme is not None
    assert readme.group(1) in copied, "the build needs the readme"


@pytest.mark.parametrize("name", ["action.yml", "ci/gitlab.yml", ".pre-commit-hooks.yaml", "Dockerfile"])
def test_no_machine_or_registry_is_named(name: str) -> None:
    assert not re.search(r"https?://|/home/|/root/", (ROOT / name).read_text("utf-8"))

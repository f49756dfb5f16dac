"""The command as users run it: exit codes, streams, whole files, determinism."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import FIXTURES, fixture_apk_path

NOW = "2026-11-24"


def guijian(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONWARNINGS": "error::ResourceWarning"}
    return subprocess.run(
        [sys.executable, "-m", "scanner", *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
    )


CLEAN = str(fixture_apk_path("clean"))
BAD = str(fixture_apk_path("device-id.bad"))


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["scan", CLEAN], 0),
        (["scan", CLEAN, "--fail-on", "suspected"], 0),
        (["scan", CLEAN, "--fail-on", "manual"], 1),
        (["scan", BAD, "--fail-on", "suspected"], 1),
        (["scan", BAD, "--fail-on", "never"], 0),
        (["scan", CLEAN, "-f", "nonsense"], 2),
        (["scan", CLEAN, "--profile", "nonsense"], 2),
        (["scan", CLEAN, "--rules", "/nonexistent"], 2),
        (["scan", CLEAN, "--now", "yesterday"], 2),
        (["scan", str(FIXTURES / "policies")], 3),
        (["scan", "no-such.apk"], 3),
        (["scan", str(FIXTURES / "apks" / "broken" / "empty.apk"), CLEAN], 3),
        (["rules", "check"], 0),
        (["rules", "show", "nonsense"], 2),
        (["nonsense"], 2),
    ],
)
def test_exit_codes(args: list[str], code: int) -> None:
    done = guijian(*args)

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code == 3:
        assert done.stderr.startswith("错误")


def test_report_goes_to_standard_output_and_nothing_else_does() -> None:
    done = guijian("scan", CLEAN, "-f", "json", "--now", NOW)

    assert json.loads(done.stdout)["assessment"]["subject"]["identifier"] == "cn.qinghe.notes"
    assert done.stderr == ""


def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        assert guijian("scan", BAD, "-f", "json", "-o", str(tmp_path / name), "--now", NOW).returncode == 0

    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_facts_assessed_later_give_the_same_assessment(tmp_path: Path) -> None:
    facts, late, direct = tmp_path / "facts.json", tmp_path / "late.json", tmp_path / "direct.json"
    assert guijian("collect", BAD, "-o", str(facts)).returncode == 0
    assert guijian("assess", str(facts), "-f", "json", "-o", str(late), "--now", NOW).returncode == 0
    assert guijian("scan", BAD, "-f", "json", "-o", str(direct), "--now", NOW).returncode == 0

    assert late.read_bytes() == direct.read_bytes()


def test_several_targets_and_formats_go_to_a_folder(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = guijian(
        "scan", CLEAN, BAD, "-f", "json", "-f", "html", "-o", str(out), "--fail-on", "never", "--now", NOW
    )

    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in out.iterdir()) == [
        "clean.apk.html",
        "clean.apk.json",
        "device-id.bad.apk.html",
        "device-id.bad.apk.json",
    ]


def test_targets_of_the_same_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    targets = [tmp_path / "a" / "x.apk", tmp_path / "b" / "x.apk"]
    for source, target in zip((CLEAN, BAD), targets, strict=True):
        target.write_bytes(Path(source).read_bytes())

    guijian("scan", *map(str, targets), "-f", "json", "-o", str(tmp_path / "out"), "--fail-on", "never")

    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["x.apk-2.json", "x.apk.json"]


def test_format_follows_the_file_name(tmp_path: Path) -> None:
    assert guijian("scan", CLEAN, "-o", str(tmp_path / "r.html"), "--now", NOW).returncode == 0

    assert (tmp_path / "r.html").read_text("utf-8").lower().startswith("<!doctype html>")


def test_a_failed_scan_leaves_nothing_behind(tmp_path: Path) -> None:
    done = guijian("scan", "missing.apk", "-f", "json", "-o", str(tmp_path / "r.json"))

    assert done.returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_unwritable_output_is_one_clear_line(tmp_path: Path) -> None:
    done = guijian("scan", CLEAN, "-f", "json", "-o", str(tmp_path / "no" / "r.json"))

    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_broken_facts_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text('{"schema_version": "1"}', encoding="utf-8")

    done = guijian("assess", str(path))

    assert done.returncode == 3
    assert "重新采集" in done.stderr


def test_broken_overlay_names_every_mistake_with_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "pack" / "checks"
    folder.mkdir(parents=True)
    (folder / "x.yaml").write_text("id: Bad Id\ncode: X\nstatus: stable\n", encoding="utf-8")

    done = guijian("scan", CLEAN, "--rules", str(tmp_path / "pack"))

    assert done.returncode == 2
    assert "x.yaml:1:" in done.stderr
    assert "x.yaml:2:" in done.stderr


def test_english() -> None:
    done = guijian("scan", CLEAN, "--lang", "en", "--now", NOW)

    assert done.returncode == 0
    assert "Manual check" in done.stdout


def test_help_loads_no_heavy_module() -> None:
    code = (
        "import sys\nfrom scanner.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'androguard', 'yaml', 'jinja2', 'cryptography', 'rich', 'requests', 'lxml'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr

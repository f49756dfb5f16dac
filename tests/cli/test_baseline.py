"""Baselines as a pipeline uses them: what is known does not fail, what is new does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import fixture_apk_path
from test_cli import BAD, CLEAN, NOW, guijian

LOCATION = str(fixture_apk_path("location.bad"))
FAIL = ("--fail-on", "suspected", "--now", NOW)


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    """A baseline of a package with one kind of finding."""
    report, path = tmp_path / "old.json", tmp_path / "baseline.json"
    assert guijian("scan", BAD, "-f", "json", "-o", str(report), *FAIL).returncode == 1
    done = guijian("baseline", str(report), "-o", str(path))
    assert done.returncode == 0, done.stderr
    return path


def test_baseline_file_is_small_sorted_and_readable(baseline: Path) -> None:
    document = json.loads(baseline.read_bytes())

    assert document["format"] == "guijian-baseline/1"
    assert document["findings"]
    assert set(document["findings"][0]) == {"fingerprint", "rule", "group", "subject"}
    assert document["findings"] == sorted(
        document["findings"], key=lambda f: (f["subject"], f["rule"], f["group"])
    )


def test_known_findings_do_not_fail_and_are_still_shown(baseline: Path) -> None:
    done = guijian("scan", BAD, "--baseline", str(baseline), *FAIL)

    assert done.returncode == 0, done.stderr
    assert "新增 0 项，已知" in done.stdout
    assert "（已知）" in done.stdout


def test_a_json_report_serves_as_a_baseline(tmp_path: Path) -> None:
    report = tmp_path / "old.json"
    guijian("scan", BAD, "-f", "json", "-o", str(report), *FAIL)

    assert guijian("scan", BAD, "--baseline", str(report), *FAIL).returncode == 0


def test_new_findings_fail(baseline: Path) -> None:
    done = guijian("scan", LOCATION, "--baseline", str(baseline), *FAIL)

    assert done.returncode == 1
    assert "同意前读取位置信息" in done.stdout


def test_entries_that_no_longer_occur_are_named(baseline: Path) -> None:
    done = guijian("scan", CLEAN, "--baseline", str(baseline), *FAIL)

    assert done.returncode == 0
    assert "项本次未再出现，可从基线中删除" in done.stdout


def test_new_only_lists_the_new_and_counts_the_known(baseline: Path) -> None:
    done = guijian("scan", BAD, "--baseline", str(baseline), "--new-only", *FAIL)

    assert done.returncode == 0
    assert "未发现新增问题；已知问题仍须整改。" in done.stdout
    assert "项仍然存在，此处未列出" in done.stdout


def test_what_awaits_a_human_counts_with_or_without_a_baseline(baseline: Path) -> None:
    assert guijian("scan", BAD, "--baseline", str(baseline), "--fail-on", "manual").returncode == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [("{}", 3), ("[]", 3), ("nonsense", 3), ('{"format": "guijian-baseline/1", "x": 1}', 3)],
)
def test_a_file_that_is_no_baseline_is_refused_in_one_line(tmp_path: Path, content: str, code: int) -> None:
    path = tmp_path / "x.json"
    path.write_text(content, "utf-8")

    done = guijian("scan", BAD, "--baseline", str(path))

    assert done.returncode == code
    assert len(done.stderr.strip().splitlines()) == 1
    assert "x.json" in done.stderr


def test_new_only_needs_a_baseline() -> None:
    done = guijian("scan", BAD, "--new-only")

    assert done.returncode == 2
    assert "--baseline" in done.stderr


def test_all_formats_for_developers_in_one_run(tmp_path: Path) -> None:
    names = ("sarif", "junit", "codequality", "github", "markdown")
    args = [part for name in names for part in ("-f", name)]

    assert guijian("scan", BAD, *args, "-o", str(tmp_path), "--fail-on", "never").returncode == 0
    assert sorted(p.name.removeprefix("device-id.bad.apk.") for p in tmp_path.iterdir()) == [
        "codequality.json",
        "github.txt",
        "md",
        "sarif",
        "xml",
    ]


def test_a_baseline_of_something_else_is_pointed_out(baseline: Path) -> None:
    baseline.write_text(baseline.read_text("utf-8").replace("cn.qinghe.notes", "com.other"), "utf-8")

    done = guijian("scan", BAD, "--baseline", str(baseline), *FAIL)

    assert done.returncode == 1
    assert "com.other" in done.stderr

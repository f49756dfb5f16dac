"""``guijian diff`` as used for a retest: packages, facts or reports, in any mixture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import corpus_path, fixture_apk_path
from test_cli import NOW, guijian

BAD, GOOD = str(fixture_apk_path("location.bad")), str(fixture_apk_path("location.good"))


def test_packages_are_compared_directly() -> None:
    done = guijian("diff", BAD, GOOD, "--now", NOW)

    assert done.returncode == 0, done.stderr
    assert "已消除 [严重] 同意前读取位置信息 · 精确位置（经纬度） · 应用自身  3 处 → —" in done.stdout
    assert "无法确认 0 项。" in done.stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((BAD, GOOD, "--fail-on", "new"), 0),
        ((GOOD, BAD, "--fail-on", "new"), 1),
        ((BAD, BAD, "--fail-on", "new"), 0),
        ((BAD, BAD, "--fail-on", "remaining"), 1),
        ((BAD, "missing.apk"), 3),
        ((BAD, GOOD, "-f", "papyrus"), 2),
        ((BAD, GOOD, "-f", "json", "-f", "html"), 2),
    ],
)
def test_exit_codes(args: tuple[str, ...], code: int) -> None:
    done = guijian("diff", *args, "--now", NOW)

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_reports_and_facts_give_the_same_comparison(tmp_path: Path) -> None:
    report, facts = tmp_path / "old.json", tmp_path / "new.json"
    guijian("scan", BAD, "-f", "json", "-o", str(report), "--now", NOW, "--fail-on", "never")
    guijian("collect", GOOD, "-o", str(facts))

    direct = json.loads(guijian("diff", BAD, GOOD, "-f", "json", "--now", NOW).stdout)
    mixed = json.loads(guijian("diff", str(report), str(facts), "-f", "json", "--now", NOW).stdout)

    assert mixed["findings"] == direct["findings"]
    assert mixed["facts"] == direct["facts"]


def test_two_versions_of_a_real_application() -> None:
    old, new = str(corpus_path("appium-settings-bundled")), str(corpus_path("appium-settings"))

    document = json.loads(guijian("diff", old, new, "-f", "json", "--now", NOW).stdout)

    changes = {
        (c["kind"], c["id"]): [[value["text"] for value in c[side]] for side in ("old", "new")]
        for c in document["facts"]
    }
    assert changes["identity", "version"] == [["8.0.9"], ["8.0.10"]]
    states = {f["state"] for f in document["findings"] if f["rule"] == "background-location-permission"}
    assert states == {"remaining"}


def test_several_formats_go_to_a_folder(tmp_path: Path) -> None:
    args = [part for name in ("html", "docx", "markdown") for part in ("-f", name)]

    assert guijian("diff", BAD, GOOD, *args, "-o", str(tmp_path / "out"), "--now", NOW).returncode == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["diff.docx", "diff.html", "diff.md"]


def test_a_json_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}', "utf-8")

    done = guijian("diff", str(path), GOOD)

    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1

"""``scan`` and ``collect`` on folders, ZIP files and sidecar metadata."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import FIXTURES, fixture_apk_path

from scanner.cli import cli

SET = FIXTURES / "inputs" / "notes.apks"


def run(*args: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["--isolated", *map(str, args)])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A ZIP with two packages, one of them broken, and metadata beside it."""
    path = tmp_path / "shop.zip"
    with zipfile.ZipFile(path, "w") as pack:
        pack.write(fixture_apk_path("clean"), "a/clean.apk")
        pack.writestr("b.apk", b"no package")
    (tmp_path / "metadata.csv").write_text("文件,名称,来源\nclean.apk,红禾记事,某商店\n", "utf-8")
    return path


def test_each_package_of_a_zip_gets_its_report(shop: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    code, _, stderr = run("scan", shop, "-f", "json", "-o", f"{out}/", "--fail-on", "never")

    assert code == 3
    assert f"{shop}!/b.apk" in stderr
    (report,) = out.iterdir()
    subject = json.loads(report.read_text("utf-8"))["assessment"]["subject"]
    assert (subject["source"], subject["store"]) == ("shop.zip!/a/clean.apk", "某商店")


def test_what_the_store_says_otherwise_is_in_the_facts(shop: Path) -> None:
    code, stdout, _ = run("collect", f"{shop}!/a/clean.apk")

    facts = json.loads(stdout)
    assert code == 0
    assert [p["code"] for p in facts["problems"]] == ["metadata-mismatch"]
    assert facts["app"]["identity"]["label"] == "青禾笔记"


def test_collect_wants_one_subject(shop: Path) -> None:
    code, stdout, stderr = run("collect", shop)

    assert (code, stdout) == (3, "")
    assert f"{shop}!/a/clean.apk" in stderr


def test_the_command_line_comes_before_a_metadata_file(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    told.write_text(json.dumps({"类别": "网络游戏类", "开发者": "青禾科技"}), "utf-8")

    _, stdout, _ = run("collect", SET, "--metadata", told, "--category", "实用工具类")

    subject = json.loads(stdout)["subject"]
    assert (subject["category"], subject["developer"]) == ("实用工具类", "青禾科技")


def test_a_metadata_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    code, _, stderr = run("collect", SET, "--metadata", tmp_path / "none.json")

    assert code == 3
    assert "none.json" in stderr


def test_a_report_on_a_set_names_the_split(tmp_path: Path) -> None:
    code, stdout, _ = run("scan", SET, "-f", "sarif", "--fail-on", "never")

    assert code == 0
    assert "notes.apks!/splits/base-master_2.apk!/classes.dex" in stdout


def test_no_signature_rule_speaks_of_a_bundle() -> None:
    code, stdout, _ = run("scan", SET.with_name("notes.aab"), "-f", "json", "--fail-on", "never")

    results = json.loads(stdout)["assessment"]["evaluation"]["results"]
    rules = {
        "unsigned-package",
        "signature-not-valid",
        "v1-signature-only",
        "debug-certificate",
        "weak-signing-key",
    }
    found = {r["rule"]: r["outcome"] for r in results if r["rule"] in rules}
    assert code == 0
    assert set(found.values()) <= {"unknown", "not_applicable"}
    assert len(found) > 0

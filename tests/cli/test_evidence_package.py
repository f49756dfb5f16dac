"""Making and verifying an evidence package from the command line."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import pytest
from conftest import fixture_apk_path
from test_cli import NOW, guijian

PACKAGE = fixture_apk_path("location.bad")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report, its HTML, a decision with evidence, and a key pair."""
    folder = tmp_path_factory.mktemp("evidence")
    (folder / "shot.png").write_bytes(b"picture")
    for args in (
        ("scan", str(PACKAGE), "-f", "json", "-f", "html", "-o", ".", "--fail-on", "never", "--now", NOW),
        (
            "review",
            "location.bad.apk.json",
            "-d",
            "d.yaml",
            "--control",
            "policy-available",
            "--verdict",
            "compliant",
            "--who",
            "王",
            "--why",
            "现场",
            "--evidence",
            "shot.png",
            "--now",
            NOW,
        ),
        ("keygen", "-o", "key.pem"),
    ):
        done = guijian(*args, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


def pack(work: Path, *extra: str, name: str = "e.zip") -> Path:
    args = ("location.bad.apk.json", "location.bad.apk.html", "-o", name, "--key", "key.pem", "--now", NOW)
    done = guijian("evidence", "pack", *args, *extra, cwd=work)
    assert done.returncode == 0, done.stderr
    return work / name


def test_private_key_is_for_its_owner_only_and_never_replaced(work: Path) -> None:
    assert stat.S_IMODE((work / "key.pem").stat().st_mode) == 0o600
    before = (work / "key.pem").read_bytes()

    assert guijian("keygen", "-o", "key.pem", cwd=work).returncode == 2
    assert (work / "key.pem").read_bytes() == before


def test_a_package_holds_everything_and_verifies(work: Path) -> None:
    path = pack(work, "--decisions", "d.yaml", "--source", str(PACKAGE))
    done = guijian("verify", str(path), "--key", "key.pem.pub", cwd=work)

    assert done.returncode == 0, done.stdout
    assert "完好" in done.stdout
    assert "未用 --key" not in done.stdout
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [
            "manifest.json",
            "manifest.sig",
            "signer.pem",
            "assessment.json",
            "decisions/d.yaml",
            "decisions/shot.png",
            "facts.json",
            "reports/location.bad.apk.html",
            "reports/location.bad.apk.json",
            "source/location.bad.apk",
        ]
        manifest = json.loads(archive.read("manifest.json"))
    report = json.loads((work / "location.bad.apk.json").read_bytes())
    assert manifest["pack_sha256"] == report["assessment"]["pack_sha256"]
    assert manifest["subject"]["sha256"] == report["assessment"]["subject"]["sha256"]
    assert {s["name"] for s in manifest["sources"]} >= {"base.apk", "classes.dex", "AndroidManifest.xml"}


def test_the_same_input_gives_the_same_package(work: Path) -> None:
    assert pack(work, name="a.zip").read_bytes() == pack(work, name="b.zip").read_bytes()


def test_without_a_key_the_reader_is_told_what_that_means(work: Path) -> None:
    done = guijian("verify", str(pack(work)))

    assert done.returncode == 0
    assert "未用 --key 指定公钥" in done.stdout


def test_a_change_a_wrong_key_and_a_cut_are_found(work: Path) -> None:
    data = pack(work).read_bytes()
    changed, cut = work / "changed.zip", work / "cut.zip"
    changed.write_bytes(data.replace(b'"collector"', b'"collectoR"', 1))
    cut.write_bytes(data[: len(data) // 2])
    guijian("keygen", "-o", "other.pem", "--algorithm", "sm2", cwd=work)

    for path, key, words in (
        (changed, "key.pem.pub", "内容已被改动"),
        (cut, "key.pem.pub", "可能被截断"),
        (work / "e.zip", "other.pem.pub", "不是由给定公钥的持有人签署"),
    ):
        done = guijian("verify", str(path), "--key", key, cwd=work)
        assert done.returncode == 1, done.stdout
        assert words in done.stdout
        assert done.stderr == ""


def test_sm2(work: Path) -> None:
    guijian("keygen", "-o", "sm2.pem", "--algorithm", "sm2", cwd=work)
    args = ("location.bad.apk.json", "-o", "sm2.zip", "--key", "sm2.pem")
    assert guijian("evidence", "pack", *args, cwd=work).returncode == 0

    assert guijian("verify", "sm2.zip", "--key", "sm2.pem.pub", cwd=work).returncode == 0


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("verify", "missing.zip"), 3),
        (("verify", "e.zip", "--key", "shot.png"), 2),
        (("evidence", "pack", "d.yaml", "-o", "x.zip", "--key", "key.pem"), 3),
        (("evidence", "pack", "location.bad.apk.json", "-o", "x.zip", "--key", "key.pem.pub"), 2),
        (("evidence", "pack", "location.bad.apk.json", "missing.pdf", "-o", "x.zip", "--key", "key.pem"), 3),
        (
            (
                "evidence",
                "pack",
                "location.bad.apk.json",
                "-o",
                "x.zip",
                "--key",
                "key.pem",
                "--source",
                "shot.png",
            ),
            3,
        ),
        (("evidence", "pack", "location.bad.apk.json", "-o", "no/x.zip", "--key", "key.pem"), 2),
    ],
)
def test_mistakes_are_one_clear_line_and_leave_nothing(work: Path, args: tuple[str, ...], code: int) -> None:
    pack(work)
    done = guijian(*args, cwd=work)

    assert done.returncode == code, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (work / "x.zip").exists()


def test_changed_evidence_is_not_packed(work: Path, tmp_path: Path) -> None:
    for name in ("d.yaml", "location.bad.apk.json", "key.pem"):
        (tmp_path / name).write_bytes((work / name).read_bytes())
    (tmp_path / "shot.png").write_bytes(b"another")
    args = ("location.bad.apk.json", "-o", "x.zip", "--key", "key.pem", "--decisions", "d.yaml")

    done = guijian("evidence", "pack", *args, cwd=tmp_path)

    assert done.returncode == 3
    assert "shot.png" in done.stderr

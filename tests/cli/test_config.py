"""Configuration files: found, strict, overruled by the command line, and shown with their source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import fixture_apk_path
from test_cli import NOW, guijian

from scanner.cli import COMMANDS
from scanner.cli.config import PARAMETERS, Settings, find_config, read_config
from scanner.errors import PackError

BAD = str(fixture_apk_path("location.bad"))


def write(folder: Path, text: str, name: str = "guijian.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_settings_replace_defaults_and_the_command_line_replaces_settings(tmp_path: Path) -> None:
    write(tmp_path, 'format = ["json"]\nfail-on = "suspected"\nlang = "en"\n')

    by_file = guijian("scan", BAD, "--now", NOW, cwd=tmp_path)
    by_hand = guijian(
        "scan", BAD, "--now", NOW, "-f", "github", "--fail-on", "never", "--lang", "zh", cwd=tmp_path
    )

    assert by_file.returncode == 1
    assert json.loads(by_file.stdout)["format"] == "guijian-report/1"
    assert by_hand.returncode == 0
    assert by_hand.stdout.startswith("::")
    assert "疑似" in by_hand.stdout


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'baseline = "known.json"\nfail-on = "suspected"\n')
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert (
        guijian(
            "--isolated", "scan", BAD, "-f", "json", "-o", "r.json", "--fail-on", "never", cwd=tmp_path
        ).returncode
        == 0
    )
    assert guijian("--isolated", "baseline", "r.json", "-o", "known.json", cwd=tmp_path).returncode == 0

    done = guijian("scan", BAD, cwd=inner)

    assert done.returncode == 0, done.stderr
    assert re.search(r"新增 0 项，已知 [1-9]\d* 项", done.stdout)


def test_pyproject_serves_with_its_table_only(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    write(tmp_path, '[tool.guijian]\nlang = "en"\n', "pyproject.toml")
    write(inner, '[project]\nname = "x"  # guijian\n', "pyproject.toml")

    assert find_config(inner) == tmp_path / "pyproject.toml"
    write(inner, 'lang = "zh"\n')
    assert find_config(inner) == inner / "guijian.toml"


def test_every_mistake_is_named_with_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[project]\nname = "x"\n\n[tool.guijian]\nprofile = 3\n# note\ncolour = "red"\nfail-on = "soon"\n[tool.other]\n',
        "pyproject.toml",
    )

    done = guijian("scan", BAD, cwd=tmp_path)

    assert done.returncode == 2
    for line, key in ((5, "profile"), (7, "colour"), (8, "fail-on")):
        assert f"{path}:{line}: {key}:" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 4


@pytest.mark.parametrize("text", ["x = ", "\x00", "[" * 3000, 'lang = "zh"\nlang = "en"\n', "[tool]\n"])
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackError, match=r"guijian\.toml:\d+:"):
        read_config(write(tmp_path, text))


def test_config_prints_every_setting_and_its_source(tmp_path: Path) -> None:
    path = write(tmp_path, 'lang = "zh"\n\nfail-on = "manual"\n')

    lines = guijian("config", cwd=tmp_path).stdout.splitlines()

    assert f'fail-on = "manual"  # {path}:3' in lines
    assert "# profile  # 默认值" in lines
    assert len(lines) == len(Settings.model_fields)
    assert "默认值" in guijian("--isolated", "config", cwd=tmp_path).stdout.splitlines()[4]


def test_an_explicit_file_is_used_and_a_missing_one_reported(tmp_path: Path) -> None:
    path = write(tmp_path, 'fail-on = "manual"\n', "other.toml")

    assert str(path) in guijian("--config", str(path), "config").stdout
    assert guijian("--config", "missing.toml", "config").returncode == 3


def test_every_parameter_named_exists_on_its_command() -> None:
    from scanner.cli import cli

    settings = {field.alias or name for name, field in Settings.model_fields.items()}
    for command, names in PARAMETERS.items():
        assert command in COMMANDS
        found = cli.get_command(None, command)  # type: ignore[arg-type]
        assert found is not None
        assert set(names.values()) <= {p.name for p in found.params}, command
        assert set(names) <= settings
    assert set(PARAMETERS["scan"]) == settings


@pytest.mark.parametrize("name", ["location-before-consent", "gj-c305", "policy-available"])
def test_explain_is_what_rules_show_says(name: str) -> None:
    assert guijian("explain", name).stdout == guijian("rules", "show", name).stdout != ""


def test_explain_offers_what_was_meant() -> None:
    done = guijian("explain", "locaton-before-consent")

    assert done.returncode == 2
    assert "location-before-consent" in done.stderr

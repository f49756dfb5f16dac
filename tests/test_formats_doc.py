"""The page on formats names what exists, and its example of a decisions file can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT

from reports import BUILT_IN
from reports.sarif import LEVELS, SECURITY_SEVERITY
from scanner.bundle import OWN, Manifest
from scanner.cli.decisionfile import read_decisions
from scanner.decisions import DecisionFile
from scanner.diff import Diff
from scanner.gate import Baseline
from scanner.model import Severity

TEXT = (ROOT / "docs" / "formats.md").read_text("utf-8")


def test_formats_in_the_table_exist() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.M))

    assert named == {"sarif", "junit", "codequality", "github", "markdown"}
    assert named <= set(BUILT_IN)


@pytest.mark.parametrize("model", [Baseline, DecisionFile, Diff, Manifest])
def test_file_versions_are_the_ones_written(model: type) -> None:
    assert f"`{model.model_fields['format'].default}`" in TEXT  # type: ignore[attr-defined]


def test_severity_table_is_what_the_writer_does() -> None:
    for severity in Severity:
        assert re.search(
            rf"\| \S+ {severity.value} \| {LEVELS[severity]} \| {SECURITY_SEVERITY[severity]} \|", TEXT
        )


def test_package_members_are_named() -> None:
    for name in OWN:
        assert f"`{name}`" in TEXT


def test_example_of_a_decisions_file_can_be_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    path = tmp_path / "d.yaml"
    path.write_text(example, "utf-8")

    (decision,) = read_decisions(path).decisions

    assert decision.control == "policy-available"
    assert yaml.safe_load(example)["decisions"][0]["evidence"][0]["name"] == "shot.png"

"""Human decisions: recorded by ``review``, used by ``assess``, marked 人工, and void when time or evidence fails them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import fixture_apk_path
from test_cli import NOW, guijian

PACKAGE = str(fixture_apk_path("location.bad"))
CONTROL = "policy-available"


def review(facts: Path, answers: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scanner", "review", str(facts), "--now", NOW, *args],
        input=answers,
        capture_output=True,
        text=True,
        check=False,
        cwd=facts.parent,
    )


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("review") / "facts.json"
    assert guijian("collect", PACKAGE, "-o", str(path)).returncode == 0
    return path


@pytest.fixture
def facts(collected: Path, tmp_path: Path) -> Path:
    path = tmp_path / "facts.json"
    path.write_bytes(collected.read_bytes())
    (tmp_path / "shot.png").write_bytes(b"picture")
    return path


def decisions(folder: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load((folder / "guijian-decisions.yaml").read_text("utf-8"))["decisions"])


def assessed(facts: Path, *, now: str = NOW, expect: int = 0) -> dict[str, Any]:
    path = str(facts.parent / "guijian-decisions.yaml")
    done = guijian(
        "assess", str(facts), "--decisions", path, "-f", "json", "--now", now, "--fail-on", "never"
    )
    assert done.returncode == expect, done.stderr
    return dict(json.loads(done.stdout)["assessment"]) if expect == 0 else {}


def result(assessment: dict[str, Any], control: str = CONTROL) -> dict[str, Any]:
    return next(c for c in assessment["controls"] if c["control"] == control)


RECORD = ("--control", CONTROL, "--verdict", "compliant", "--who", "王检测员", "--why", "现场核查")


def test_answers_are_recorded_with_evidence_and_validity(facts: Path) -> None:
    answers = "c\n王检测员\n首次运行有弹窗\nshot.png\nmissing.png\n\n不是日期\n2027-01-01\ns\nq\n"

    done = review(facts, answers)

    assert done.returncode == 0, done.stderr
    (decision,) = decisions(facts.parent)
    subject = json.loads(facts.read_bytes())["subject"]
    assert decision["control"] == CONTROL
    assert decision["subject"] == subject["sha256"], "a decision is about the version that was examined"
    assert (decision["verdict"], decision["who"], decision["why"]) == (
        "compliant",
        "王检测员",
        "首次运行有弹窗",
    )
    assert (decision["when"], decision["until"]) == (NOW, "2027-01-01")
    assert [e["name"] for e in decision["evidence"]] == ["shot.png"]
    assert "missing.png" in done.stderr
    assert "人工核查方法" in done.stderr
    assert done.stdout == ""


def test_an_item_is_shown_with_its_preparations_in_full(facts: Path) -> None:
    done = review(facts, "q\n", "--control", CONTROL)

    assert "恢复出厂设置的测试手机" in done.stderr
    assert "安装包及其 SHA-256" in done.stderr
    assert "网站" not in done.stderr


def test_the_end_of_the_input_keeps_what_was_finished(facts: Path) -> None:
    done = review(facts, "v\n李\n看到违规\n\n\nc\n张\n")

    assert done.returncode == 0
    assert [d["verdict"] for d in decisions(facts.parent)] == ["violation"]
    assert "未完成的一项未保存" in done.stderr


def test_a_decision_can_be_recorded_without_questions(facts: Path) -> None:
    assert review(facts, "", *RECORD, "--any-version", "--evidence", "shot.png").returncode == 0
    (decision,) = decisions(facts.parent)

    assert decision["subject"] == "cn.qinghe.notes"
    assert decision["evidence"][0]["size"] == 7


def test_a_decision_is_row_one_and_marked_human_everywhere(facts: Path) -> None:
    review(facts, "", *RECORD)
    found = result(assessed(facts))

    assert (found["row"], found["verdict"]) == (1, "compliant")
    path = str(facts.parent / "guijian-decisions.yaml")
    names = ("console", "html", "markdown", "sarif", "junit", "github")
    args = [part for name in names for part in ("-f", name)]
    guijian("assess", str(facts), "--decisions", path, *args, "-o", str(facts.parent / "out"), "--now", NOW)
    shown = {p.name.partition(".json.")[2]: p.read_text("utf-8") for p in (facts.parent / "out").iterdir()}
    assert set(shown) == {"txt", "html", "md", "sarif", "xml", "github.txt"}
    for text in shown.values():
        assert "采用人工结论 1 条" in text
    assert "人工结论（王检测员，2026-11-24）：现场核查" in shown["html"]
    assert '<span class="mark">人工</span>' in shown["html"]


def test_an_expired_decision_reverts_and_is_listed(facts: Path) -> None:
    review(facts, "", *RECORD, "--until", "2026-12-31")
    before, after = assessed(facts, now="2026-12-31"), assessed(facts, now="2027-01-01")

    assert result(before)["row"] == 1
    assert result(after)["row"] != 1
    assert [u["code"] for u in after["unused_decisions"]] == ["expired"]


@pytest.mark.parametrize("change", ["edit", "remove"])
def test_a_decision_falls_with_its_evidence(facts: Path, change: str) -> None:
    review(facts, "", *RECORD, "--evidence", "shot.png")
    shot = facts.parent / "shot.png"
    if change == "edit":
        shot.write_bytes(b"PICTURE")
    else:
        shot.unlink()

    found = assessed(facts)

    assert result(found)["row"] != 1
    (unused,) = found["unused_decisions"]
    assert unused["code"] == "evidence"
    assert "shot.png" in unused["reason"]["zh"]


def test_a_decision_about_another_version_does_not_apply(facts: Path) -> None:
    review(facts, "", *RECORD)
    document = json.loads(facts.read_bytes())
    document["subject"]["sha256"] = "0" * 64
    facts.write_text(json.dumps(document), "utf-8")

    found = assessed(facts)

    assert result(found)["row"] != 1
    assert found["unused_decisions"] == []
    path = str(facts.parent / "guijian-decisions.yaml")
    done = guijian("assess", str(facts), "--decisions", path, "--fail-on", "never")
    assert f"有 1 条人工结论与本次检测的对象（标识、sha256）都不相符，未采用：{CONTROL}" in done.stderr


def test_a_later_decision_replaces_an_earlier_one_and_both_are_told(facts: Path) -> None:
    review(facts, "", *RECORD)
    path = facts.parent / "guijian-decisions.yaml"
    document = yaml.safe_load(path.read_text("utf-8"))
    earlier = {**document["decisions"][0], "verdict": "violation", "when": "2026-11-01"}
    document["decisions"].append(earlier)
    path.write_text(json.dumps(document), "utf-8")  # JSON is YAML

    found = assessed(facts)

    assert result(found)["verdict"] == "compliant"
    assert [(u["code"], u["decision"]["verdict"]) for u in found["unused_decisions"]] == [
        ("superseded", "violation")
    ]


def test_every_mistake_of_the_file_is_named_with_its_line(facts: Path) -> None:
    path = facts.parent / "guijian-decisions.yaml"
    path.write_text(
        "format: guijian-decisions/1\ndecisions:\n"
        "- control: a\n  subject: b\n  verdict: perhaps\n  who: c\n  when: 2026-11-24\n  why: d\n"
        "- control: a\n  subject: b\n  verdict: compliant\n  who: c\n  when: soon\n  why: d\n  colour: red\n",
        "utf-8",
    )

    done = guijian("assess", str(facts), "--decisions", str(path))

    assert done.returncode == 2
    for line in (5, 13, 15):
        assert f"guijian-decisions.yaml:{line}:" in done.stderr


@pytest.mark.parametrize(
    "content",
    ["- [", "a: &x [1]\nb: *x\n", "decisions: 5\n", "\x00", "[" * 5000],
)
def test_a_hostile_decisions_file_is_refused(facts: Path, content: str) -> None:
    path = facts.parent / "bad.yaml"
    path.write_text(content, "utf-8")

    done = guijian("assess", str(facts), "--decisions", str(path))

    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_evidence_outside_the_folder_is_refused(facts: Path) -> None:
    done = review(facts, "", *RECORD, "--evidence", __file__)

    assert done.returncode == 3
    assert not (facts.parent / "guijian-decisions.yaml").exists()


def test_recorded_names_that_lead_outside_void_the_decision(facts: Path) -> None:
    review(facts, "", *RECORD, "--evidence", "shot.png")
    path = facts.parent / "guijian-decisions.yaml"
    path.write_text(path.read_text("utf-8").replace("name: shot.png", "name: ../../etc/passwd"), "utf-8")

    assert [u["code"] for u in assessed(facts)["unused_decisions"]] == ["evidence"]


def test_verdict_needs_control_who_and_why(facts: Path) -> None:
    assert review(facts, "", "--verdict", "compliant", "--control", CONTROL).returncode == 3
    assert (
        review(
            facts, "", "--verdict", "compliant", "--control", "nonsense", "--who", "a", "--why", "b"
        ).returncode
        == 3
    )

"""Manual procedures: what the pack's check refuses, and that ours speak of the kind of subject they are for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scanner.errors import PackError
from scanner.packload import load_pack

PACK = load_pack()
CONTROL = """\
- id: policy-available
  title: {{zh: 甲, en: a}}
  clauses: [CAC-2019-191-1-1]
  surfaces: [app, site]
  automation: manual
  why: {{zh: 甲, en: a}}
{extra}
"""
WORD = "zh: 甲, en: a"


def refused(tmp_path: Path, extra: str, more: dict[str, str] | None = None) -> str:
    """Return the mistakes of an overlay whose control has ``extra``."""
    for name, text in {"controls/own.yaml": CONTROL.format(extra=extra), **(more or {})}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack([tmp_path])
    return caught.value.text.en


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (f"steps: [{{{WORD}, surfaces: [app]}}], keep: [{{{WORD}}}], minutes: 5", "no step for site"),
        (f"steps: [{{{WORD}}}], keep: [{{{WORD}, surfaces: [site]}}], minutes: 5", "nothing to keep for app"),
        (
            f"steps: [{{{WORD}}}, {{{WORD}, surfaces: [policy]}}], keep: [{{{WORD}}}], minutes: 5",
            "meant for policy",
        ),
        (
            f"prepare: [gone], steps: [{{{WORD}}}], keep: [{{{WORD}}}], minutes: 5",
            "unknown preparation 'gone'",
        ),
    ],
)
def test_a_procedure_that_leaves_a_kind_of_subject_out_is_refused(
    tmp_path: Path, extra: str, message: str
) -> None:
    mistakes = refused(tmp_path, f"  manual: {{{extra}}}")

    assert f"control 'policy-available': {message}" in mistakes
    assert "controls/own.yaml:7" in mistakes


def test_a_reason_for_a_kind_the_control_does_not_concern_is_refused(tmp_path: Path) -> None:
    procedure = f"  manual: {{steps: [{{{WORD}}}], keep: [{{{WORD}}}], minutes: 5}}"

    mistakes = refused(tmp_path, f"  why_for: {{policy: {{{WORD}}}}}\n{procedure}")

    assert "a reason for policy, which it does not concern" in mistakes


def test_a_preparation_must_be_used_and_concern_the_control(tmp_path: Path) -> None:
    preparation = "- id: {0}\n  title: {{zh: 甲, en: a}}\n  steps: [{{zh: 甲, en: a, surfaces: [policy]}}]\n"
    procedure = f"  manual: {{prepare: [reading], steps: [{{{WORD}}}], keep: [{{{WORD}}}], minutes: 5}}"

    mistakes = refused(
        tmp_path,
        procedure,
        {"preparations/own.yaml": preparation.format("reading") + preparation.format("idle")},
    )

    assert "preparation 'reading' concerns none of its surfaces" in mistakes
    assert "preparations/own.yaml:4: preparation 'idle': no control names it" in mistakes


def test_an_overlay_replaces_a_preparation(tmp_path: Path) -> None:
    path = tmp_path / "preparations" / "own.yaml"
    path.parent.mkdir()
    path.write_text(
        "- id: test-phone\n  title: {zh: 本地手机, en: Own phone}\n  steps: [{zh: 甲, en: a}]\n", "utf-8"
    )

    assert load_pack([tmp_path]).preparations["test-phone"].title.zh == "本地手机"


@pytest.mark.parametrize(
    ("kind", "strange"),
    [
        ("app", ("网站：", "打开网站", "浏览器的", "页脚")),
        ("site", ("安装包", "测试手机", "抓包", "启动应用", "我的—设置", "--policy")),
        ("policy", ("安装包", "测试手机", "抓包", "启动应用", "打开网站", "网络记录", "--policy")),
    ],
)
def test_words_for_a_kind_of_subject_are_about_it(kind: str, strange: tuple[str, ...]) -> None:
    said = {
        control.id: [
            *(note.zh for note in (*control.manual.steps, *control.manual.keep) if note.concerns(kind)),
            control.why_on(kind).zh,
        ]
        for control in PACK.controls.values()
        if control.manual is not None and kind in control.surfaces
    }

    assert len(said) > 20
    assert {
        name for name, texts in said.items() if any(word in text for text in texts for word in strange)
    } == set()


@pytest.mark.parametrize("kind", ["app", "site", "policy"])
def test_a_control_concerns_a_kind_only_with_a_clause_that_does(kind: str) -> None:
    clauses = PACK.clauses()
    idle = [
        control.id
        for control in PACK.controls.values()
        if kind in control.surfaces and not any(kind in clauses[c].scope for c in control.clauses)
    ]

    assert idle == []


def test_controls_claim_nothing_that_was_not_seen_in_this_subject() -> None:
    """Their texts stand in every report, also in one whose rules found nothing."""
    for control in PACK.controls.values():
        whys = [control.why, *control.why_for.values()]
        assert not [why.zh for why in whys if re.search(r"规则(看到|发现|找到)", why.zh)], control.id
        assert not [why.zh for why in whys if "已列在" in why.zh], control.id
        if control.manual:
            for step in control.manual.steps:
                assert not re.search(r"(对|按|打开|复核|核对|调用|访问|从)(本报告)?列出的", step.zh), (
                    control.id
                )

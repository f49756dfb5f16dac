"""``guijian rules``: list, show, check, coverage, docs."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from pathlib import Path

import click

from scanner.cli.options import exit_code, show_error
from scanner.errors import GuijianError
from scanner.model import SEVERITY_LABELS, Lang
from scanner.rulepack import Pack

LANG = click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 / language")
OVERLAY = click.option(
    "--rules",
    "overlays",
    multiple=True,
    type=click.Path(path_type=Path),
    help="附加规则目录 / overlay folder",
)


@click.group()
def rules() -> None:
    """查看、校验规则包与覆盖情况 / show, check and measure the rule pack."""


def _load(overlays: tuple[Path, ...], lang: Lang) -> Pack:
    from scanner.packload import load_pack  # noqa: PLC0415 - the pack loads only when needed

    try:
        return load_pack(overlays)
    except GuijianError as error:
        show_error("rules", error, lang)
        sys.exit(exit_code(error))


@rules.command("list")
@LANG
@OVERLAY
def list_rules(lang: Lang, overlays: tuple[Path, ...]) -> None:
    """列出全部规则 / list all rules."""
    pack = _load(overlays, lang)
    for rule in sorted(pack.rules.values(), key=lambda r: r.code):
        severity = SEVERITY_LABELS[rule.severity].get(lang)
        click.echo(f"{rule.code}\t{rule.id}\t{rule.status}\t{severity}\t{rule.title.get(lang)}")


@rules.command("show")
@click.argument("name")
@LANG
@OVERLAY
def show(name: str, lang: Lang, overlays: tuple[Path, ...]) -> None:
    """显示规则、控制点或条款 NAME 的说明 / explain a rule, control or clause."""
    _explain(name, lang, overlays)


@click.command("explain")
@click.argument("name")
@LANG
@OVERLAY
def explain_command(name: str, lang: Lang, overlays: tuple[Path, ...]) -> None:
    """说明规则（编号或代码）、控制点或条款 NAME：表示什么、依据、如何整改、如何核查。

    Explain a rule (id or code), control or clause: meaning, legal basis, how to fix, how to check.
    """
    _explain(name, lang, overlays)


def _explain(name: str, lang: Lang, overlays: tuple[Path, ...]) -> None:
    from reports.explain import explain  # noqa: PLC0415 - rendering loads only when used

    pack = _load(overlays, lang)
    text = explain(pack, name, lang)
    if text is None:
        near = get_close_matches(name, [*pack.rules, *pack.controls, *pack.clauses()], 3)
        hint = "、".join(near)
        message = (
            f"没有编号为 {name} 的规则、控制点或条款" + (f"；是否指 {hint}" if near else "")
            if lang == "zh"
            else f"no rule, control or clause {name!r}" + (f"; did you mean {hint}" if near else "")
        )
        click.echo(message, err=True)
        sys.exit(2)
    click.echo(text)


@rules.command("check")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@LANG
def check(folder: Path | None, lang: Lang) -> None:
    """校验内置规则包，或加上 FOLDER 中的附加规则 / check the shipped pack, or with an overlay FOLDER.

    Also runs every rule on its examples.
    """
    from scanner.conditions import FactIndex  # noqa: PLC0415 - loaded only for this command
    from scanner.evaluate import run_rule  # noqa: PLC0415
    from scanner.examples import rule_examples  # noqa: PLC0415
    from scanner.model import Outcome  # noqa: PLC0415

    pack = _load((folder,) if folder else (), lang)
    wrong = []
    for rule in pack.rules.values():
        if rule.examples is None:
            continue
        bad, good = (run_rule(rule, FactIndex(facts)).outcome for facts in rule_examples(rule))
        if bad is not Outcome.HIT or good not in {Outcome.CLEAR, Outcome.NOT_APPLICABLE}:
            wrong.append(f"{rule.id}: bad → {bad}, good → {good}")
    for line in wrong:
        click.echo(line, err=True)
    counts = (len(pack.instruments), len(pack.clauses()), len(pack.controls), len(pack.rules))
    summary = (
        "{} 部文件、{} 条条款、{} 个控制点、{} 条规则"
        if lang == "zh"
        else "{} instruments, {} clauses, {} controls, {} rules"
    )
    click.echo(summary.format(*counts))
    sys.exit(2 if wrong else 0)


@rules.command("coverage")
@click.option("--kind", type=click.Choice(["app", "site", "policy"]), default="app", show_default=True)
@LANG
@OVERLAY
def coverage_command(kind: str, lang: Lang, overlays: tuple[Path, ...]) -> None:
    """按文件统计条款覆盖情况 / coverage per instrument."""
    from scanner.rulepack import coverage  # noqa: PLC0415 - loaded only for this command

    pack = _load(overlays, lang)
    names = ("clauses", "in_scope", "full", "partial", "manual", "uncovered", "tested")
    head = ("条款", "范围内", "自动", "部分自动", "人工", "未覆盖", "已测试") if lang == "zh" else names
    click.echo("\t".join(["", *head]))
    for instrument in pack.instruments.values():
        result = coverage(instrument.clauses, pack, kind)
        click.echo("\t".join([instrument.id, *(str(getattr(result, name)) for name in names)]))


@rules.command("docs")
@click.argument("folder", type=click.Path(path_type=Path))
@OVERLAY
def docs(folder: Path, overlays: tuple[Path, ...]) -> None:
    """把规则说明写成 Markdown 页面到 FOLDER / write the rule reference as Markdown pages."""
    from reports.explain import write_reference  # noqa: PLC0415 - rendering loads only when used

    pack = _load(overlays, "zh")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in write_reference(pack).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

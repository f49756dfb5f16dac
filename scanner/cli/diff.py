"""``guijian diff``: two versions or two dates of one subject (复测)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scanner import __version__
from scanner.cli.documents import kind_of, parse, parse_facts, read_bytes, unknown_file
from scanner.cli.options import (
    LANG,
    PROFILE,
    RULES,
    Moment,
    exit_code,
    moment_or_now,
    show_error,
    terminal,
    write_output,
)
from scanner.cli.progress import observer
from scanner.context import CollectOptions
from scanner.errors import GuijianError, ReportError
from scanner.facts import Facts
from scanner.model import Assessment, Lang, Text

if TYPE_CHECKING:
    from scanner.rulepack import Pack

FAIL = ("new", "remaining", "never")
KINDS = Text(zh="JSON 报告或事实文件", en="JSON report or facts file")
REASSESSED = Text(
    zh="两份报告所用规则或方案不同，已按现行规则包重新评估",
    en="the two reports used different rules or profiles; both were assessed again with the present pack",
)


@click.command("diff")
@click.argument("old")
@click.argument("new")
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    help="console、json、markdown、html、docx，可重复 / repeatable",
)
@click.option("-o", "--output", default=None, help="输出文件或目录，- 为标准输出 / file, folder or -")
@click.option(
    "--fail-on",
    type=click.Choice(FAIL),
    default="never",
    show_default=True,
    help="有新增（或仍存在、无法确认）的问题即返回 1 / exit 1 for new (or remaining, unconfirmed) findings",
)
@PROFILE
@RULES
@LANG
@click.option("--now", type=Moment(), default=None, help="评估时点（默认当前时间） / moment of assessment")
def diff(
    old: str,
    new: str,
    formats: tuple[str, ...],
    output: str | None,
    fail_on: str,
    profile_name: str | None,
    overlays: tuple[Path, ...],
    lang: Lang,
    now: datetime | None,
) -> None:
    """比较 OLD 与 NEW：JSON 报告、事实文件或安装包，列出新增、仍存在、已消除的问题和变化的事实。

    Compare OLD and NEW (JSON reports, facts or packages): findings new, remaining and fixed, and changed facts.
    """
    from reports.diffout import DIFF_WRITERS  # noqa: PLC0415 - loaded only for this command
    from reports.diffview import DiffView  # noqa: PLC0415
    from scanner.diff import compare  # noqa: PLC0415
    from scanner.packload import load_pack  # noqa: PLC0415

    try:
        plan = _plan(formats, output, {name: f.extension for name, f in DIFF_WRITERS.items()})
        pack = load_pack(overlays)
        sides, notes = _sides((old, new), pack, profile_name, moment_or_now(now), lang)
        found = compare(*sides, notes=notes)
        for name, path in plan:
            width, colour = terminal(path)
            view = DiffView(found, sides[0][0], sides[1][0], pack, lang, width, colour)
            write_output(path, DIFF_WRITERS[name].load()(view))
    except GuijianError as error:
        show_error("", error, lang)
        sys.exit(exit_code(error))
    failing = {"new": ("new",), "remaining": ("new", "remaining", "unconfirmed"), "never": ()}[fail_on]
    sys.exit(1 if any(change.state in failing for change in found.findings) else 0)


def _plan(formats: Sequence[str], output: str | None, known: dict[str, str]) -> list[tuple[str, str]]:
    """Return format and destination of each output; raises ReportError for what cannot be."""
    suffix = Path(output).suffix.lstrip(".") if output else ""
    names = list(dict.fromkeys(formats)) or [next((n for n, e in known.items() if e == suffix), "console")]
    wrong = [name for name in names if name not in known]
    if wrong:
        listing = "、".join(known)
        raise ReportError(
            "format-unknown",
            Text(
                zh=f"没有名为 {wrong[0]} 的对比格式，可用：{listing}",
                en=f"no comparison format {wrong[0]!r}; known: {listing}",
            ),
        )
    if output is None or output == "-":
        if len(names) > 1:
            raise ReportError(
                "output-needed",
                Text(
                    zh="同时输出多种格式时，请用 -o 指定一个目录",
                    en="several formats need a folder: give one with -o",
                ),
            )
        return [(names[0], "-")]
    if len(names) == 1 and not Path(output).is_dir():
        return [(names[0], output)]
    try:
        Path(output).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            "output-folder",
            Text(
                zh=f"{output} 无法用作目录：{error.strerror}", en=f"{output} is no folder: {error.strerror}"
            ),
        ) from error
    return [(name, str(Path(output) / f"diff.{known[name]}")) for name in names]


Pair = tuple[tuple[Facts, Assessment], tuple[Facts, Assessment]]


def _sides(
    names: tuple[str, str], pack: Pack, profile_name: str | None, now: datetime, lang: Lang
) -> tuple[Pair, tuple[Text, ...]]:
    """Return facts and assessment of both sides, and remarks.

    Two reports of the same rules and profile are compared as they are, human decisions included; anything else is
    assessed with the present pack.
    """
    from scanner.assess import assess  # noqa: PLC0415 - loaded with the pack only when needed
    from scanner.packload import profile_for  # noqa: PLC0415

    (old, before), (new, after) = (_load(name, lang) for name in names)
    if before is not None and after is not None:
        same = (before.pack_sha256, before.profile) == (after.pack_sha256, after.profile)
        if same and before.pack_sha256 == pack.sha256:
            return ((old, before), (new, after)), ()
    chosen = profile_for(pack, new.subject.kind, profile_name)

    def again(facts: Facts) -> Assessment:
        return assess(facts, pack, chosen, now=now, tool_version=__version__)

    notes = (REASSESSED,) if before is not None or after is not None else ()
    return ((old, again(old)), (new, again(new))), notes


def _load(name: str, lang: Lang) -> tuple[Facts, Assessment | None]:
    """Return what ``name`` is: a report's facts and assessment, saved facts, or the facts of a target read now."""
    from scanner.collect import collect  # noqa: PLC0415 - parsers load only when a target is read

    path = Path(name)
    if path.is_file() and _starts_like_json(path):
        data = read_bytes(path)
        kind = kind_of(data)
        if kind == "report":
            from reports.jsonout import JsonReport  # noqa: PLC0415 - only when a report is read

            report = parse(JsonReport, data, path, Text(zh="JSON 报告", en="JSON report"))
            return report.facts, report.assessment
        if kind == "facts":
            return parse_facts(data, path), None
        raise unknown_file(path, KINDS)
    with observer(lang) as watcher:
        return collect(name, CollectOptions(observer=watcher)), None


def _starts_like_json(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(64).lstrip().startswith(b"{")

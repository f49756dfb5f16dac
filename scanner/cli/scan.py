"""``guijian scan``, ``collect`` and ``assess``: the street from a target to report files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner import __version__
from scanner.cli.options import (
    FAIL_CHOICES,
    assess_options,
    exit_code,
    moment_or_now,
    policy_option,
    show_error,
)
from scanner.cli.output import Output, plan_outputs
from scanner.cli.progress import observer
from scanner.cli.site import site_options, to_site_options
from scanner.cli.stationery import stationery, stationery_options
from scanner.context import CollectOptions
from scanner.errors import GuijianError, InputError
from scanner.facts import Facts
from scanner.files import write_whole
from scanner.model import Assessment, Lang, Text, Verdict

if TYPE_CHECKING:
    from reports import Gatherer

MAX_FACTS = 1 << 30


@click.command("scan")
@click.argument("targets", nargs=-1, required=True)
@click.option("--category", default=None, help="应用类别（39 类之一） / app category")
@policy_option
@assess_options
@site_options
@stationery_options
def scan(
    targets: tuple[str, ...],
    category: str | None,
    policy: str | None,
    profile_name: str,
    overlays: tuple[Path, ...],
    formats: tuple[str, ...],
    output: str | None,
    fail_on: str,
    lang: Lang,
    now: datetime | None,
    **site: Any,
) -> None:
    """检测一个或多个 TARGETS（APK 文件、http(s) 网址或隐私政策文件），输出分级报告。

    Scan TARGETS (APK files, http(s) URLs or privacy policies) and write graded reports. Without -f the report goes to the terminal.
    """
    run = _Run(profile_name, overlays, formats, output, fail_on, lang, now, many=len(targets) > 1)
    for target in targets:
        run.one(target, partial(_collect, target, category, policy, lang, site))
    run.finish()
    sys.exit(run.code)


@click.command("collect")
@click.argument("target")
@click.option(
    "-o", "--output", default="-", show_default=True, help="事实文件，- 为标准输出 / facts file or -"
)
@click.option("--category", default=None, help="应用类别（39 类之一） / app category")
@policy_option
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 / language")
@site_options
def collect_command(
    target: str, output: str, category: str | None, policy: str | None, lang: Lang, **site: Any
) -> None:
    """采集 TARGET 的事实，保存为 JSON，供以后重新评估。

    Collect the facts of TARGET as JSON, to be assessed again when rules change.
    """
    try:
        facts = _collect(target, category, policy, lang, site)
        _write(output, facts.model_dump_json(indent=1).encode() + b"\n")
    except GuijianError as error:
        show_error(target, error, lang)
        sys.exit(exit_code(error))


@click.command("assess")
@click.argument("facts_files", nargs=-1, required=True, type=click.Path(path_type=Path))
@assess_options
@stationery_options
def assess_command(
    facts_files: tuple[Path, ...],
    profile_name: str,
    overlays: tuple[Path, ...],
    formats: tuple[str, ...],
    output: str | None,
    fail_on: str,
    lang: Lang,
    now: datetime | None,
) -> None:
    """对 collect 保存的 FACTS_FILES 重新评估，不再读取原始安装包。

    Assess saved FACTS_FILES again without opening the packages.
    """
    run = _Run(profile_name, overlays, formats, output, fail_on, lang, now, many=len(facts_files) > 1)
    for path in facts_files:
        run.one(str(path), partial(read_facts, path))
    run.finish()
    sys.exit(run.code)


def read_facts(path: Path) -> Facts:
    """Return the facts saved in ``path``; raises InputError when it is no facts file of this version."""
    from pydantic import ValidationError  # noqa: PLC0415 - loaded with the models only when needed

    try:
        if path.stat().st_size > MAX_FACTS:
            raise InputError(
                "facts-too-large",
                Text(
                    zh=f"{path} 超过 {MAX_FACTS >> 20} MB，拒绝读取",
                    en=f"{path} exceeds {MAX_FACTS >> 20} MB",
                ),
            )
        return Facts.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(
            "facts-unreadable",
            Text(zh=f"无法读取 {path}：{error.strerror}", en=f"cannot read {path}: {error.strerror}"),
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(
            "facts-invalid",
            Text(
                zh=f"{path} 不是本版本 guijian collect 生成的事实文件（{where}：{first['msg']}），请重新采集",
                en=f"{path} is no facts file of this version ({where}: {first['msg']}); collect again",
            ),
        ) from error


def _collect(
    target: str, category: str | None, policy: str | None, lang: Lang, site: dict[str, Any]
) -> Facts:
    from scanner.collect import collect  # noqa: PLC0415 - parsers load only when a target is read

    with observer(lang) as watcher:
        options = CollectOptions(
            category=category, observer=watcher, site=to_site_options(site), policy=policy
        )
        return collect(target, options)


def _write(output: str, data: bytes) -> None:
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_whole(Path(output), data)


class _Run:
    """One invocation over several targets: loads the pack once, keeps the worst exit code."""

    def __init__(
        self,
        profile_name: str,
        overlays: Sequence[Path],
        formats: Sequence[str],
        output: str | None,
        fail_on: str,
        lang: Lang,
        now: datetime | None,
        *,
        many: bool,
    ) -> None:
        from scanner.packload import load_pack, profile  # noqa: PLC0415 - the pack loads only when needed

        assert fail_on in FAIL_CHOICES
        self.lang: Lang = lang
        self.fail_on = None if fail_on == "never" else Verdict(fail_on)
        self.now = moment_or_now(now)
        self.code = 0
        self.written: set[str] = set()
        self.imprint, self.template = stationery()
        self.gatherers: dict[Output, Gatherer] = {}
        try:
            self.outputs: list[Output] = plan_outputs(formats, output, many=many)
            self.pack = load_pack(overlays)
            self.profile = profile(self.pack, profile_name)
        except GuijianError as error:
            show_error("", error, lang)
            sys.exit(exit_code(error))

    def one(self, target: str, get_facts: Callable[[], Facts]) -> None:
        """Scan one target; a failure is one clear line and does not stop the others."""
        try:
            facts = get_facts()
            assessment = self._assess(facts)
            self._report(assessment, facts, target)
        except GuijianError as error:
            show_error(target, error, self.lang)
            self.code = max(self.code, exit_code(error))
            return
        if self.fail_on is not None and _worst(assessment) <= self.fail_on.rank:
            self.code = max(self.code, 1)

    def _assess(self, facts: Facts) -> Assessment:
        from scanner.assess import assess  # noqa: PLC0415 - loaded with the pack only when needed

        return assess(facts, self.pack, self.profile, now=self.now, tool_version=__version__)

    def _distinct(self, path: str) -> str:
        """Return ``path``, or with a number where this run has already written a report of that name."""
        if path == "-" or path not in self.written:
            self.written.add(path)
            return path
        plain = Path(path)
        numbers = (str(plain.with_name(f"{plain.stem}-{n}{plain.suffix}")) for n in count(2))
        return self._distinct(next(name for name in numbers if name not in self.written))

    def _report(self, assessment: Assessment, facts: Facts, target: str) -> None:
        from reports import WRITERS, render  # noqa: PLC0415 - writers load only when used
        from reports.view import ReportView  # noqa: PLC0415 - writers load only when used

        for output in self.outputs:
            if output.together:
                if output not in self.gatherers:
                    self.gatherers[output] = WRITERS[output.format].gather(self.pack, self.lang)
                self.gatherers[output].add(ReportView(assessment, facts, self.pack, self.lang))
                continue
            path = self._distinct(output.path_for(target))
            width, colour = _terminal(path)
            data = render(
                output.format,
                assessment,
                facts,
                self.pack,
                self.lang,
                width=width,
                colour=colour,
                imprint=self.imprint,
                template=self.template,
            )
            _write(path, data)

    def finish(self) -> None:
        """Write the reports that hold all targets; none where no target could be scanned."""
        for output, gatherer in self.gatherers.items():
            _write(self._distinct(output.path_for("")), gatherer.finish())


def _terminal(path: str) -> tuple[int, bool]:
    """Return columns and whether to colour what is written to ``path``: only a terminal gets more than plain text."""
    if path != "-" or not sys.stdout.isatty():
        return 80, False
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return min(shutil.get_terminal_size().columns, 120), colour


def _worst(assessment: Assessment) -> int:
    ranks = [c.verdict.rank for instrument in assessment.instruments for c in instrument.clauses]
    return min(ranks, default=Verdict.NOT_APPLICABLE.rank)

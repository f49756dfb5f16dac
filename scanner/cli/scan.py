"""``guijian scan``, ``collect`` and ``assess``: the street from a target to report files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner import __version__
from scanner.cli.documents import facts_of
from scanner.cli.options import (
    FAIL_CHOICES,
    assess_options,
    category_option,
    exit_code,
    metadata_option,
    moment_or_now,
    policy_option,
    show_error,
    terminal,
    write_output,
)
from scanner.cli.output import Output, plan_outputs
from scanner.cli.progress import observer
from scanner.cli.site import site_options, to_site_options
from scanner.cli.stationery import stationery, stationery_options
from scanner.context import CollectOptions
from scanner.decisions import concerns
from scanner.errors import GuijianError, PackError
from scanner.facts import Facts
from scanner.gate import Baseline, BaselineState, compare_baseline, gate_verdict
from scanner.model import Assessment, Decision, Lang, Subject, Text, UnusedDecision, Verdict

if TYPE_CHECKING:
    from reports import Gatherer
    from scanner.cli.subjects import Named


@click.command("scan")
@click.argument("targets", nargs=-1, required=True)
@category_option
@policy_option
@metadata_option
@assess_options
@site_options
@stationery_options
def scan(
    targets: tuple[str, ...],
    category: str | None,
    policy: str | None,
    metadata: Path | None,
    profile_name: str | None,
    overlays: tuple[Path, ...],
    formats: tuple[str, ...],
    output: str | None,
    fail_on: str,
    baseline_file: Path | None,
    new_only: bool,
    decisions_file: Path | None,
    lang: Lang,
    now: datetime | None,
    **site: Any,
) -> None:
    """检测一个或多个 TARGETS（安装包、拆分包、App Bundle、含安装包的目录或 ZIP、网址、存储地址、隐私政策文件），输出分级报告。

    Scan TARGETS (packages in any form, folders or ZIP files of packages, http(s) and storage URLs, privacy policies) and write graded reports. Without -f the report goes to the terminal.
    """
    found, code = _named(targets, metadata, lang, site)
    run = _Run(
        profile_name,
        overlays,
        formats,
        output,
        fail_on,
        lang,
        now,
        many=len(found) > 1,
        baseline_file=baseline_file,
        new_only=new_only,
        decisions_file=decisions_file,
    )
    run.code = code
    for one in found:
        run.one(one.location, partial(_collect, one, category, policy, lang, site))
    run.finish()
    sys.exit(run.code)


@click.command("collect")
@click.argument("target")
@click.option(
    "-o", "--output", default="-", show_default=True, help="事实文件，- 为标准输出 / facts file or -"
)
@category_option
@policy_option
@metadata_option
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", help="语言 / language")
@site_options
def collect_command(
    target: str,
    output: str,
    category: str | None,
    policy: str | None,
    metadata: Path | None,
    lang: Lang,
    **site: Any,
) -> None:
    """采集 TARGET 的事实，保存为 JSON，供以后重新评估。

    Collect the facts of TARGET as JSON, to be assessed again when rules change.
    """
    try:
        from scanner.cli.subjects import named, only  # noqa: PLC0415 - with the collectors

        one = only(named(target, to_site_options(site), metadata), target)
        facts = _collect(one, category, policy, lang, site)
        write_output(output, facts.model_dump_json(indent=1).encode() + b"\n")
    except GuijianError as error:
        show_error(target, error, lang)
        sys.exit(exit_code(error))


@click.command("assess")
@click.argument("facts_files", nargs=-1, required=True, type=click.Path(path_type=Path))
@assess_options
@stationery_options
def assess_command(
    facts_files: tuple[Path, ...],
    profile_name: str | None,
    overlays: tuple[Path, ...],
    formats: tuple[str, ...],
    output: str | None,
    fail_on: str,
    baseline_file: Path | None,
    new_only: bool,
    decisions_file: Path | None,
    lang: Lang,
    now: datetime | None,
) -> None:
    """对 collect 保存的 FACTS_FILES 重新评估，不再读取原始安装包。

    Assess saved FACTS_FILES again without opening the packages.
    """
    run = _Run(
        profile_name,
        overlays,
        formats,
        output,
        fail_on,
        lang,
        now,
        many=len(facts_files) > 1,
        baseline_file=baseline_file,
        new_only=new_only,
        decisions_file=decisions_file,
    )
    for path in facts_files:
        run.one(str(path), partial(facts_of, path))
    run.finish()
    sys.exit(run.code)


def _named(
    targets: Sequence[str], metadata: Path | None, lang: Lang, site: dict[str, Any]
) -> tuple[list[Named], int]:
    """Return the subjects of all targets, and the exit code for those that could not be listed."""
    from scanner.cli.subjects import named  # noqa: PLC0415 - with the collectors

    found: list[Named] = []
    code = 0
    for target in targets:
        try:
            found += named(target, to_site_options(site), metadata)
        except GuijianError as error:
            show_error(target, error, lang)
            code = max(code, exit_code(error))
    return found, code


def _collect(one: Named, category: str | None, policy: str | None, lang: Lang, site: dict[str, Any]) -> Facts:
    from scanner.cli.subjects import facts_of_named  # noqa: PLC0415 - parsers load only when a target is read

    with observer(lang) as watcher:
        options = CollectOptions(
            category=category, observer=watcher, site=to_site_options(site), policy=policy
        )
        return facts_of_named(one, options)


class _Run:
    """One invocation over several targets: loads the pack once, keeps the worst exit code."""

    def __init__(
        self,
        profile_name: str | None,
        overlays: Sequence[Path],
        formats: Sequence[str],
        output: str | None,
        fail_on: str,
        lang: Lang,
        now: datetime | None,
        *,
        many: bool,
        baseline_file: Path | None = None,
        new_only: bool = False,
        decisions_file: Path | None = None,
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
        self.new_only = new_only
        self.subjects: list[Subject] = []
        try:
            self.outputs: list[Output] = plan_outputs(formats, output, many=many)
            self.pack = load_pack(overlays)
            self.profile_name = profile_name and profile(self.pack, profile_name).id
            self.baseline = _baseline(baseline_file, new_only)
            self.decisions, self.rejected = _decisions(decisions_file)
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
        self.subjects.append(facts.subject)
        known = self._state(assessment)
        worst = gate_verdict(assessment, self.pack, known.known if known else ())
        if self.fail_on is not None and worst.rank <= self.fail_on.rank:
            self.code = max(self.code, 1)

    def _state(self, assessment: Assessment) -> BaselineState | None:
        return compare_baseline(self.baseline, assessment) if self.baseline is not None else None

    def _assess(self, facts: Facts) -> Assessment:
        from scanner.assess import assess  # noqa: PLC0415 - loaded with the pack only when needed
        from scanner.packload import profile_for  # noqa: PLC0415

        return assess(
            facts,
            self.pack,
            profile_for(self.pack, facts.subject.kind, self.profile_name),
            now=self.now,
            tool_version=__version__,
            decisions=self.decisions,
            rejected=self.rejected,
        )

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
                state = self._state(assessment)
                view = ReportView(
                    assessment, facts, self.pack, self.lang, baseline=state, new_only=self.new_only
                )
                self.gatherers[output].add(view)
                continue
            path = self._distinct(output.path_for(target))
            width, colour = terminal(path)
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
                baseline=self._state(assessment),
                new_only=self.new_only,
            )
            write_output(path, data)

    def finish(self) -> None:
        """Write the reports that hold all targets; none where no target could be scanned."""
        for output, gatherer in self.gatherers.items():
            write_output(self._distinct(output.path_for("")), gatherer.finish())
        for line in self._left_over():
            click.echo(line.get(self.lang), err=True)

    def _left_over(self) -> Iterator[Text]:
        """Say which baseline entries and decisions were about none of the targets: a slip there must not go unseen."""
        names = {subject.identifier for subject in self.subjects}
        entries = self.baseline.findings if self.baseline is not None else ()
        others = sorted({entry.subject for entry in entries if entry.subject and entry.subject not in names})
        if others:
            yield Text(
                zh=f"提示：基线中的这些对象不在本次检测之列：{'、'.join(others)}",
                en=f"note: the baseline speaks of subjects not examined here: {', '.join(others)}",
            )
        recorded = [*self.decisions, *(entry.decision for entry in self.rejected)]
        strange = [d for d in recorded if not any(concerns(d, subject) for subject in self.subjects)]
        if strange:
            shown = [f"{d.control} ({d.subject[:24]})" for d in strange[:5]]
            yield Text(
                zh=f"提示：有 {len(strange)} 条人工结论与本次检测的对象（标识、sha256）都不相符，未采用：{'、'.join(shown)}",
                en=f"note: {len(strange)} decisions fit no target here by identifier or sha256 and were not used: "
                f"{', '.join(shown)}",
            )


def _baseline(path: Path | None, new_only: bool) -> Baseline | None:
    if path is not None:
        from scanner.cli.baseline import read_baseline  # noqa: PLC0415 - only when a baseline is given

        return read_baseline(path)
    if new_only:
        raise PackError(
            "new-only",
            Text(zh="--new-only 须与 --baseline 一起使用", en="--new-only needs --baseline"),
        )
    return None


def _decisions(path: Path | None) -> tuple[tuple[Decision, ...], tuple[UnusedDecision, ...]]:
    if path is None:
        return (), ()
    from scanner.cli.decisionfile import read_decisions, verify_evidence  # noqa: PLC0415 - only when given

    return verify_evidence(read_decisions(path).decisions, path.parent)

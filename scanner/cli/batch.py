"""``guijian batch``: many packages and sites into a store; status and re-assessment of stored facts."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.batchexport import export_command, notice_command
from scanner.cli.options import LANG, Moment, moment_or_now
from scanner.cli.storeoptions import NO_RUN, errors, opened, store_option
from scanner.context import SiteOptions
from scanner.errors import GuijianError, InputError, PackError
from scanner.model import Lang, Text

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from scanner.batch.observe import BatchObserver
    from scanner.batch.schema import RunRow
    from scanner.batch.store import Store
    from scanner.rulepack import Pack

WORDS: dict[str, Text] = {
    "waiting": Text(zh="待检测", en="pending"),
    "done": Text(zh="完成", en="done"),
    "failed": Text(zh="无法检测", en="failed"),
    "summary": Text(
        zh="批次 {label}：共 {total}，完成 {done}，无法检测 {failed}，待检测 {pending}",
        en="run {label}: {total} targets, {done} done, {failed} failed, {pending} pending",
    ),
    "again": Text(
        zh="已中断，未完成的仍在队列中；加 --resume 再次运行即可继续",
        en="interrupted; what is not finished stays queued: run again with --resume",
    ),
    "letters": Text(zh="等级", en="grades"),
    "errors": Text(zh="失败原因", en="reasons of failure"),
}


class DefaultRun(click.Group):
    """A group that may leave out its ``default`` command: ``batch FOLDER`` means ``batch run FOLDER``."""

    def __init__(self, *args: Any, default: str = "run", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert the default command when the first word is no command and asks for no help."""
        if args and args[0] not in self.commands and args[0] not in {"-h", "--help"}:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


@click.group("batch", cls=DefaultRun)
def batch() -> None:
    """批量检测安装包和网站，结果存入数据库；可随时中断和继续。

    Examine many packages and sites into a store; may be interrupted and resumed at any moment.
    """


@dataclass(frozen=True)
class _Start:
    store: Store
    run: RunRow
    pack: Pack


def run_options(function: Any) -> Any:
    """Add the options of everything that works through tasks."""
    for option in reversed(
        [
            click.option("--run", "label", default=None, help="批次名称（默认取当前时间） / name of the run"),
            click.option(
                "--resume", is_flag=True, help="继续上一次未完成的批次 / continue the newest unfinished run"
            ),
            click.option(
                "--retry-failed", is_flag=True, help="重试无法检测的目标 / try failed targets again"
            ),
            click.option(
                "--profile",
                default=None,
                help="检测方案，默认按对象种类选用 / profile, by default the one for the kind of subject",
            ),
            click.option(
                "--rules",
                "overlays",
                multiple=True,
                type=click.Path(path_type=Path),
                help="附加规则目录 / overlay",
            ),
            click.option(
                "--allow-private",
                is_flag=True,
                help="允许访问内网和本机地址 / allow private addresses",
            ),
            click.option("--now", type=Moment(), default=None, help="评估时点 / moment of assessment"),
            click.option(
                "--jobs",
                type=click.IntRange(1, 512),
                default=None,
                help="同时检测数（默认为处理器数） / tasks at once",
            ),
            click.option("--cluster", default=None, help="Dask 调度器地址 / Dask scheduler address"),
            click.option(
                "--memory",
                type=click.IntRange(256),
                default=3072,
                show_default=True,
                help="单个目标的内存上限（MB） / MB per task",
            ),
            click.option(
                "--cpu-time",
                type=click.IntRange(1),
                default=600,
                show_default=True,
                help="单个目标的处理器时间上限（秒） / CPU s per task",
            ),
            click.option(
                "--wall-time",
                type=click.FloatRange(0.1),
                default=900.0,
                show_default=True,
                help="单个目标的时间上限（秒） / s per task",
            ),
            click.option(
                "--log",
                "log_path",
                type=click.Path(path_type=Path),
                default=None,
                help="JSON 行日志 / JSON-lines log",
            ),
            click.option(
                "--metrics",
                "metrics_path",
                type=click.Path(path_type=Path),
                default=None,
                help="Prometheus 指标文件 / metrics file",
            ),
        ]
    ):
        function = option(function)
    return function


@batch.command("run")
@click.argument("source")
@store_option
@run_options
@LANG
def run_command(source: str, store_url: str, lang: Lang, **options: Any) -> None:
    """检测 SOURCE（目录、列表、网址或存储地址）中的全部目标。

    Examine everything in SOURCE: a folder, a list with metadata, an address or a storage URL.
    """
    from scanner.batch.targets import targets  # noqa: PLC0415 - loaded when a batch runs

    with errors("", lang), opened(store_url) as store:
        start = _start(store, source, options)
        reach = SiteOptions(allow_private=options["allow_private"])
        store.add_tasks(start.run.id, targets(source, reach))
        sys.exit(_work(start, options, lang, from_run=None))


@batch.command("reassess")
@store_option
@click.option(
    "--from", "from_label", default=None, help="取哪个批次的事实（默认最近一次） / run to take the facts from"
)
@run_options
@LANG
def reassess_command(store_url: str, from_label: str | None, lang: Lang, **options: Any) -> None:
    """规则更新后，对已存的事实重新评估，不打开任何安装包。

    Assess stored facts again with today's rules, without opening a package.
    """
    with errors("", lang), opened(store_url) as store:
        earlier = store.find_run(from_label)
        if earlier is None:
            raise InputError("no-run", NO_RUN)
        source_run = int(earlier.options.get("from_run") or earlier.id)
        start = _start(store, f"reassess:{earlier.label}", {**options, "from_run": source_run})
        store.add_tasks(start.run.id, store.done_targets(source_run))
        sys.exit(_work(start, options, lang, from_run=source_run))


@batch.command("status")
@store_option
@click.option("--run", "label", default=None, help="批次名称（默认最近一次） / name of the run")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / as JSON")
@LANG
def status_command(store_url: str, label: str | None, as_json: bool, lang: Lang) -> None:
    """查看批次进展、等级分布和失败原因。

    Show progress, grades and reasons of failure of a run.
    """
    import json  # noqa: PLC0415 - with its command

    from scanner.batch.status import status  # noqa: PLC0415

    with errors("", lang), opened(store_url) as store:
        found = status(store, label)
        if found is None:
            raise InputError("no-run", NO_RUN)
        if as_json:
            click.echo(json.dumps(found.model_dump(mode="json"), ensure_ascii=False, indent=1))
            return
        click.echo(
            WORDS["summary"]
            .get(lang)
            .format(**found.model_dump(include={"label", "total", "done", "failed", "pending"}))
        )
        if found.letters:
            grades = "  ".join(f"{letter} {count}" for letter, count in found.letters.items())
            click.echo(f"{WORDS['letters'].get(lang)}: {grades}")
        for failure in found.failures:
            reason = f"{failure.reason.get(lang)} ({failure.code})" if failure.reason else failure.code
            click.echo(f"{WORDS['errors'].get(lang)}: {reason} × {failure.count}  {failure.example}")


def _start(store: Store, source: str, options: dict[str, Any]) -> _Start:
    from scanner.batch.work import COLLECTOR, shared_pack  # noqa: PLC0415
    from scanner.packload import profile  # noqa: PLC0415

    overlays = tuple(str(path.resolve()) for path in options["overlays"])
    pack = shared_pack(overlays)
    if options["profile"] is not None:
        profile(pack, options["profile"])  # raises for an unknown one before anything is written
    label = options["label"]
    if label is None and options["resume"]:
        newest = store.find_unfinished(source)
        label = newest.label if newest is not None else None
    moment = moment_or_now(options["now"])
    run = store.run(
        label or datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")[:-3],
        source=source,
        profile=options["profile"] or "",
        now=moment,
        collector=COLLECTOR,
        pack=pack,
        options={"overlays": list(overlays), "from_run": options.get("from_run")},
    )
    if run.pack_sha256 != pack.sha256 or run.source != source:
        raise _differs(run.label)
    if options["retry_failed"]:
        store.retry_failed(run.id)
    return _Start(store, run, pack)


def _differs(label: str) -> GuijianError:
    return PackError(
        "run-differs",
        Text(
            zh=f"批次 {label} 的来源或规则包与本次不同，结果不可混在一起。请换一个 --run 名称，或用 batch reassess 重新评估",
            en=f"run {label} was begun with another source or rule pack; choose another --run name, or use batch reassess",
        ),
    )


def _work(start: _Start, options: dict[str, Any], lang: Lang, from_run: int | None) -> int:
    from scanner.batch.isolate import Limits  # noqa: PLC0415
    from scanner.batch.run import Settings, drive  # noqa: PLC0415

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        executor, slots = _executor(stack, options)
        observers = [stack.enter_context(_closing(o)) for o in _observers(stack, options, lang)]
        settings = Settings(
            run_id=start.run.id,
            profile=start.run.profile,
            now=start.run.now,
            pack=start.pack,
            limits=Limits(
                memory_mb=options["memory"],
                cpu_seconds=options["cpu_time"],
                wall_seconds=options["wall_time"],
            ),
            overlays=tuple(start.run.options.get("overlays", ())),
            from_run=from_run,
            slots=slots,
            allow_private=options["allow_private"],
        )
        complete = drive(start.store, settings, executor, observers, stop)
    states = start.store.states(start.run.id)
    counts = {name: states.get(name, 0) for name in ("done", "failed", "pending")}
    click.echo(
        WORDS["summary"].get(lang).format(label=start.run.label, total=sum(counts.values()), **counts),
        err=True,
    )
    if not complete:
        click.echo(WORDS["again"].get(lang), err=True)
        return 130
    return 3 if counts["failed"] else 0


def _executor(stack: ExitStack, options: dict[str, Any]) -> tuple[Executor, int]:
    from scanner.batch import executors  # noqa: PLC0415

    if options["cluster"]:
        return stack.enter_context(executors.cluster(options["cluster"]))
    import os  # noqa: PLC0415

    jobs = options["jobs"] or len(os.sched_getaffinity(0))
    return stack.enter_context(executors.local(jobs)), jobs


def _observers(stack: ExitStack, options: dict[str, Any], lang: Lang) -> list[BatchObserver]:
    from scanner.batch.observe import JsonLog, Metrics, open_log  # noqa: PLC0415

    found: list[BatchObserver] = []
    if options["log_path"] is not None:
        found.append(JsonLog(stack.enter_context(open_log(options["log_path"]))))
    if options["metrics_path"] is not None:
        found.append(Metrics(options["metrics_path"]))
    if sys.stderr.isatty():
        from scanner.cli.batchprogress import Bar  # noqa: PLC0415 - only on a terminal

        found.append(Bar(lang))
    return found


@contextmanager
def _closing(observer: BatchObserver) -> Iterator[BatchObserver]:
    try:
        yield observer
    finally:
        observer.close()


batch.add_command(export_command)
batch.add_command(notice_command)

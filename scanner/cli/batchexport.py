"""``guijian batch export`` and ``guijian batch notice``: the store's tables, and the workbook a notice is written from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import LANG, RULES, Moment, moment_or_now, write_output
from scanner.cli.storeoptions import NO_RUN, errors, opened, store_option
from scanner.errors import InputError
from scanner.model import Lang, Text

if TYPE_CHECKING:
    from scanner.batch.schema import RunRow
    from scanner.batch.store import Store

MISSED = Text(
    zh="另有 {count} 个目标未能检测，不在名单之内",
    en="{count} more targets were not examined and are not on the list",
)
WRITTEN = Text(zh="已写入 {count} 个对象", en="{count} subjects written")


@click.command("export")
@store_option
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["csv", "parquet"]), default="csv", show_default=True)
@click.option("--run", "label", default=None, help="只导出该批次 / only this run")
@LANG
def export_command(store_url: str, folder: Path, form: str, label: str | None, lang: Lang) -> None:
    """把结果库的各表导出到 FOLDER（CSV 或 Parquet）。

    Export the store's tables into FOLDER as CSV or Parquet.
    """
    from scanner.batch.export import export  # noqa: PLC0415 - the database loads when used

    with errors("", lang), opened(store_url) as store:
        if label is not None:
            _run(store, label)
        for path in export(store, folder, form, label):
            click.echo(str(path), err=True)


@click.command("notice")
@store_option
@RULES
@click.option("--run", "label", default=None, help="批次（默认最近一次） / run (default: the newest)")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["xlsx", "csv-notice", "csv"]),
    default="xlsx",
    show_default=True,
    help="Excel 工作簿、通报清单 CSV 或发现 CSV / workbook, notice list or findings",
)
@click.option("-o", "--output", default="-", help="输出文件 / file")
@click.option("--now", type=Moment(), default=None, help="人工结论有效期的判断时间（默认当前） / moment")
@LANG
def notice_command(
    store_url: str,
    overlays: Any,
    label: str | None,
    form: str,
    output: str,
    now: datetime | None,
    lang: Lang,
) -> None:
    """由一个批次的全部结果生成通报清单：应用名称、开发者、来源、版本、所涉问题，另附发现、SDK、权限、网络地址、未能检测的目标和统计。

    Make the notice list of a run: one workbook with subjects, findings, SDKs, permissions, addresses, targets that
    could not be examined, and statistics.  Valid human decisions count, and where the rule pack has changed since, the
    stored facts are assessed again.
    """
    from reports import WRITERS, MissedGatherer  # noqa: PLC0415 - with its command
    from scanner.console.decisions import load, view_of  # noqa: PLC0415
    from scanner.console.missed import missed_targets  # noqa: PLC0415
    from scanner.packload import load_pack  # noqa: PLC0415

    with errors("", lang), opened(store_url) as store:
        pack = load_pack(overlays)
        gatherer, count, run = WRITERS[form].gather(pack, lang), 0, _run(store, label)
        for ident in _assessments(store, run):
            loaded = load(store, ident, pack, moment_or_now(now))
            if loaded is not None:
                gatherer.add(view_of(loaded, pack, lang))
                count += 1
        missed = missed_targets(store, run.id)
        if isinstance(gatherer, MissedGatherer):
            for target in missed:
                gatherer.missed(target)
        write_output(output, gatherer.finish())
        click.echo(WRITTEN.get(lang).format(count=count), err=True)
        if missed:
            click.echo(MISSED.get(lang).format(count=len(missed)), err=True)


def _run(store: Store, label: str | None) -> RunRow:
    run = store.find_run(label)
    if run is None:
        raise InputError("no-run", NO_RUN)
    return run


def _assessments(store: Store, run: RunRow) -> Iterator[int]:
    """Yield the assessments of a run in the order of its list, each once."""
    from sqlalchemy import select  # noqa: PLC0415 - the database loads when used

    from scanner.batch.schema import TaskRow  # noqa: PLC0415

    seen = set()
    with store.session() as session:
        query = select(TaskRow.assessment_id).where(
            TaskRow.run_id == run.id, TaskRow.assessment_id.is_not(None)
        )
        idents = session.scalars(query.order_by(TaskRow.id)).all()
    for ident in idents:
        if ident is not None and ident not in seen:
            seen.add(ident)
            yield ident

"""``guijian stats``, ``summary`` and ``operators``: what a store says about a market and about each operator."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from scanner.cli.options import LANG, RULES, Moment, moment_or_now, terminal, write_output
from scanner.cli.sample import destinations, guess
from scanner.cli.storeoptions import errors, opened, store_option
from scanner.errors import ReportError
from scanner.model import Lang, Text

if TYPE_CHECKING:
    from scanner.supervision import Statistics

DIMENSIONS = ("region", "category", "store", "period", "rule")
STATS_FORMATS = {"console": "txt", "json": "json", "csv": "csv"}
SUMMARY_FORMATS = {"html": "html", "docx": "docx", "xlsx": "xlsx", "json": "json"}


@click.command("stats")
@store_option
@RULES
@click.option("--by", type=click.Choice(DIMENSIONS), default=None, help="分组依据 / group by")
@click.option("--from", "start", type=Moment(), default=None, help="自（含；无时区按 UTC） / from, inclusive")
@click.option("--to", "end", type=Moment(), default=None, help="至（不含；无时区按 UTC） / to, exclusive")
@click.option(
    "-f", "--format", "form", type=click.Choice(list(STATS_FORMATS)), default=None, help="格式 / format"
)
@click.option("-o", "--output", default="-", help="输出文件 / file")
@LANG
def stats(
    store_url: str, overlays: Any, by: Any, start: Any, end: Any, form: str | None, output: str, lang: Lang
) -> None:
    """统计指标与合规指数：按地区、类别、商店、月份或规则。

    Indicators and compliance index by region, category, store, month or rule.
    """
    from scanner.batch.statistics import statistics  # noqa: PLC0415 - with its command
    from scanner.packload import load_pack  # noqa: PLC0415
    from scanner.supervision import supervision_rules  # noqa: PLC0415

    with errors("", lang), opened(store_url) as store:
        found = statistics(store, load_pack(overlays), supervision_rules().index, start=start, end=end, by=by)
        kind = form or guess(output, STATS_FORMATS, "console")
        if kind == "json":
            data = found.model_dump_json(indent=1).encode() + b"\n"
        elif kind == "csv":
            data = _csv(found, lang)
        else:
            from reports import supervision, supervisionpages  # noqa: PLC0415

            columns, colour = terminal(output)
            data = supervision.console(supervisionpages.stats_page(found, lang), columns, colour=colour)
        write_output(output, data)


@click.command("summary")
@store_option
@RULES
@click.option("--period", required=True, help="2026、2026-Q4 或 2026-11 / year, quarter or month")
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(list(SUMMARY_FORMATS)),
    help="格式，可重复 / format, repeatable",
)
@click.option(
    "-o", "--output", default="-", help="输出文件；多种格式时为目录 / file, or folder for several formats"
)
@click.option("--now", type=Moment(), default=None, help="编制时间（默认当前） / moment of making")
@LANG
def summary_command(
    store_url: str,
    overlays: Any,
    period: str,
    formats: tuple[str, ...],
    output: str,
    now: datetime | None,
    lang: Lang,
) -> None:
    """编制年度、季度或月度统计报告，含图表和名单提议。

    Make the summary of a year, quarter or month, with charts and proposals for the lists.
    """
    from reports import supervision, supervisionpages, supervisionsheets  # noqa: PLC0415 - with its command
    from scanner.batch.summary import summary  # noqa: PLC0415
    from scanner.packload import load_pack  # noqa: PLC0415
    from scanner.supervision import supervision_rules  # noqa: PLC0415

    with errors("", lang), opened(store_url) as store:
        try:
            found = summary(store, load_pack(overlays), supervision_rules(), period, moment_or_now(now))
        except ValueError as error:
            raise ReportError(
                "period-unknown",
                Text(
                    zh=f"无法识别统计期 {period}，请写成 2026、2026-Q4 或 2026-11",
                    en=f"{period!r} is no period; write 2026, 2026-Q4 or 2026-11",
                ),
            ) from error
        page = supervisionpages.summary_page(found, lang)
        for form, path in destinations(
            formats or (guess(output, SUMMARY_FORMATS, "html"),), output, f"summary-{period}"
        ):
            if form == "json":
                write_output(path, found.model_dump_json(indent=1).encode() + b"\n")
            elif form == "xlsx":
                write_output(path, supervisionsheets.write(page))
            else:
                write_output(path, supervision.write(page, form))


@click.command("operators")
@click.argument("name", required=False)
@store_option
@RULES
@click.option(
    "--all", "everyone", is_flag=True, help="也列出没有提议的运营者 / also those without a proposal"
)
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出 / as JSON")
@click.option("--now", type=Moment(), default=None, help="截止时间（默认当前） / up to")
@LANG
def operators_command(
    name: str | None,
    store_url: str,
    overlays: Any,
    everyone: bool,
    as_json: bool,
    now: datetime | None,
    lang: Lang,
) -> None:
    """运营者档案：历次检测、复发与整改，以及红黑名单提议（由人决定）。

    Records of operators (of NAME, or all with a proposal): examinations, recurrences, fixes, and proposals for the
    lists.  A human decides.
    """
    from reports import operatorpages, supervision  # noqa: PLC0415 - with its command
    from scanner.batch.operators import operators  # noqa: PLC0415
    from scanner.packload import load_pack  # noqa: PLC0415
    from scanner.supervision import supervision_rules  # noqa: PLC0415

    with errors(name or "", lang), opened(store_url) as store:
        pack = load_pack(overlays)
        found = operators(store, pack, supervision_rules(), moment_or_now(now), name)
        shown = [record for record in found if name or everyone or record.proposals]
        if as_json:
            rows = [record.model_dump(mode="json") for record in shown]
            click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
            return
        titles = {rule.id: rule.title for rule in pack.rules.values()}
        columns, colour = terminal("-")
        page = operatorpages.operators_page(shown, len(found), titles, lang, detailed=name is not None)
        write_output("-", supervision.console(page, columns, colour=colour))


def _csv(found: Statistics, lang: Lang) -> bytes:
    from reports.csvout import neutral  # noqa: PLC0415

    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if found.by == "rule":
        writer.writerow(["rule", "title", "subjects", "confirmed", "of", "share", "low", "high"])
        for row in found.rules:
            writer.writerow(
                [
                    row.key,
                    neutral(row.label.get(lang)),
                    row.subjects,
                    row.confirmed,
                    row.of,
                    *row.share.model_dump().values(),
                ]
            )
        return buffer.getvalue().encode("utf-8-sig")
    names = [
        name for name in type(found.total).model_fields if name not in {"letters", "clauses", "index", "key"}
    ]
    verdicts = list(found.total.clauses)
    letters = sorted({letter for group in (found.total, *found.groups) for letter in group.letters})
    writer.writerow(
        [found.by or "all", "index", "index_low", "index_high", *names]
        + [f"clauses_{verdict}" for verdict in verdicts]
        + [f"grade_{letter}" for letter in letters]
    )
    for group in (*found.groups, found.total):
        writer.writerow(
            [neutral(group.key or "*")]
            + ([group.index.value, group.index.low, group.index.high] if group.index else ["", "", ""])
            + [_plain(getattr(group, name)) for name in names]
            + [group.clauses[verdict] for verdict in verdicts]
            + [group.letters.get(letter, 0) for letter in letters]
        )
    return buffer.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> Any:
    return "" if value is None else int(value) if isinstance(value, bool) else value

"""``guijian baseline``: remember today's findings, so that a pipeline fails only for new ones."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from scanner.cli.documents import kind_of, parse, read_bytes, unknown_file
from scanner.cli.options import LANG, exit_code, show_error, write_output
from scanner.errors import GuijianError
from scanner.gate import Baseline, make_baseline
from scanner.model import Assessment, Lang, Text

DEFAULT = ".guijian-baseline.json"
REPORT = Text(zh="JSON 报告", en="JSON report")
KINDS = Text(zh="JSON 报告、评估或基线文件", en="JSON report, assessment or baseline")


@click.command("baseline")
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", default=DEFAULT, show_default=True, help="基线文件，- 为标准输出 / baseline file or -"
)
@LANG
def baseline_command(reports: tuple[Path, ...], output: str, lang: Lang) -> None:
    """把 REPORTS（JSON 报告）中的问题记为已知，供 scan --baseline 使用。

    Remember the findings of REPORTS (JSON reports) as known, for scan --baseline.
    """
    try:
        found = Baseline(
            findings=tuple(dict.fromkeys(entry for path in reports for entry in read_baseline(path).findings))
        )
        write_output(output, found.model_dump_json(indent=1).encode() + b"\n")
    except GuijianError as error:
        show_error("", error, lang)
        sys.exit(exit_code(error))
    text = f"已记录 {len(found.findings)} 项" if lang == "zh" else f"{len(found.findings)} findings recorded"
    click.echo(text, err=True)


def read_baseline(path: Path) -> Baseline:
    """Return the known findings in ``path``: a baseline file, a JSON report or an assessment.

    Raises InputError for anything else.
    """
    from reports.jsonout import JsonReport  # noqa: PLC0415 - the report's model loads only when one is read

    data = read_bytes(path)
    kind = kind_of(data)
    if kind == "baseline":
        return parse(Baseline, data, path, Text(zh="基线文件", en="baseline"))
    if kind == "report":
        return make_baseline([parse(JsonReport, data, path, REPORT).assessment])
    if kind == "assessment":
        return make_baseline([parse(Assessment, data, path, Text(zh="评估", en="assessment"))])
    raise unknown_file(path, KINDS)

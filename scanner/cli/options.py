"""Options and small helpers shared by the commands."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from scanner.errors import GuijianError, InputError
from scanner.files import write_whole
from scanner.model import VERDICT_LABELS, Lang, Verdict

F = TypeVar("F", bound=Callable[..., Any])

FAIL_CHOICES = [v.value for v in (Verdict.VIOLATION, Verdict.SUSPECTED, Verdict.MANUAL)] + ["never"]


LANG = click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="语言 / language"
)

PROFILE = click.option(
    "--profile",
    "profile_name",
    default=None,
    help="检测方案，默认按对象种类选用 / profile, by default the one for the kind of subject",
)
RULES = click.option(
    "--rules",
    "overlays",
    multiple=True,
    type=click.Path(path_type=Path),
    help="附加规则目录 / overlay folder",
)


class Moment(click.ParamType[datetime]):
    """A date or time in ISO 8601; without a zone it is UTC."""

    name = "ISO-8601"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return an aware datetime."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} 不是 ISO 8601 时间，例如 2026-11-24T09:00:00+08:00 / is no ISO 8601 time",
                param,
                ctx,
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def policy_option(function: F) -> F:
    """Add the option that names the subject's privacy policy."""
    help_text = "隐私政策文件或网址，默认用安装包内或网站上的 / privacy policy, a file or URL"
    return click.option("--policy", default=None, metavar="FILE|URL", help=help_text)(function)


def category_option(function: F) -> F:
    """Add the option that names the app's category."""
    help_text = (
        "应用类别：39 类的名称、编号或商店分类，不给则由线索推断 / app category: name or number of one of the 39 types, "
        "or a store's category; proposed from signs when not given"
    )
    return click.option("--category", default=None, callback=_known_category, help=help_text)(function)


def _known_category(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    from scanner.catalogue import find_categories, similar_categories  # noqa: PLC0415 - only when given

    if value is None or find_categories(value):
        return value
    near = ", ".join(similar_categories(value)) or "-"
    raise click.BadParameter(
        f"{value[:40]}：不认识的应用类别，相近的有后面几类 / unknown category; similar ones: {near}"
    )


def metadata_option(function: F) -> F:
    """Add the option that names a file with what a store says of the subject."""
    help_text = (
        "登记信息文件（JSON 或 CSV：名称、类别、开发者、来源、版本），默认用安装包旁的 <文件名>.json 或 metadata.csv"
        " / what a store says of the subject, by default from a file beside it"
    )
    return click.option(
        "--metadata", type=click.Path(path_type=Path), default=None, metavar="FILE", help=help_text
    )(function)


def assess_options(function: F) -> F:
    """Add the options of everything that assesses and reports."""
    for option in reversed(
        [
            PROFILE,
            RULES,
            click.option(
                "-f",
                "--format",
                "formats",
                multiple=True,
                help="报告格式，可重复 / report format, repeatable",
            ),
            click.option(
                "-o", "--output", default=None, help="输出文件或目录，- 为标准输出 / file, folder or -"
            ),
            click.option(
                "--fail-on",
                type=click.Choice(FAIL_CHOICES),
                default="violation",
                show_default=True,
                help="达到该结论即返回 1 / exit 1 from this verdict on",
            ),
            click.option(
                "--baseline",
                "baseline_file",
                default=None,
                type=click.Path(path_type=Path),
                help="基线：其中的问题视为已知，不影响返回码 / known findings do not fail",
            ),
            click.option(
                "--new-only",
                is_flag=True,
                help="只列出基线之外的问题 / list only findings the baseline lacks",
            ),
            click.option(
                "--decisions",
                "decisions_file",
                default=None,
                type=click.Path(path_type=Path),
                help="人工结论文件（guijian review 所写） / decisions file",
            ),
            LANG,
            click.option(
                "--now", type=Moment(), default=None, help="评估时点（默认当前时间） / moment of assessment"
            ),
        ]
    ):
        function = option(function)
    return function


def moment_or_now(value: datetime | None) -> datetime:
    """Return ``value`` or the present time in UTC, in whole seconds."""
    return value if value is not None else datetime.now(UTC).replace(microsecond=0)


def exit_code(error: GuijianError) -> int:
    """Return the exit code for ``error``."""
    return 3 if isinstance(error, InputError) else 2


def show_error(target: str, error: GuijianError, lang: Lang) -> None:
    """Print one clear line about a target that failed, to standard error."""
    text = error.text.get(lang)
    where = f"{target}: " if target and target not in text else ""
    click.echo(f"{'错误' if lang == 'zh' else 'error'}: {where}{text}", err=True)


def write_output(output: str, data: bytes) -> None:
    """Write ``data`` to the file ``output``, whole or not at all, or to standard output for ``-``."""
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_whole(Path(output), data)


def terminal(path: str) -> tuple[int, bool]:
    """Return columns and whether to colour what is written to ``path``: only a terminal gets more than plain text."""
    if path != "-" or not sys.stdout.isatty():
        return 80, False
    colour = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    return min(shutil.get_terminal_size().columns, 120), colour


def verdict_name(verdict: Verdict, lang: Lang) -> str:
    """Return the verdict's name."""
    return VERDICT_LABELS[verdict].get(lang)

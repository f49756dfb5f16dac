"""``--report-info`` and ``--template``: what an agency adds to formal reports, read before anything is scanned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from scanner.cli.options import exit_code, show_error
from scanner.errors import GuijianError, ReportError
from scanner.model import Text

if TYPE_CHECKING:
    from reports.imprint import Imprint

F = TypeVar("F", bound=Callable[..., Any])

MAX_FILE = 64 << 20
IMPRINT, TEMPLATE = "guijian.imprint", "guijian.template"


def _imprint(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    from reports.imprint import read_imprint  # noqa: PLC0415 - only for formal reports

    if path is not None:
        ctx.meta[IMPRINT] = _or_exit(ctx, lambda: read_imprint(_read(path), path.name))


def _template(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is not None:
        ctx.meta[TEMPLATE] = _or_exit(ctx, lambda: _read(path))


def _or_exit(ctx: click.Context, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except GuijianError as error:
        show_error("", error, ctx.params.get("lang", "zh"))
        ctx.exit(exit_code(error))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE:
            raise ReportError(
                "file-too-large",
                Text(zh=f"{path} 超过 {MAX_FILE >> 20} MB", en=f"{path} exceeds {MAX_FILE >> 20} MB"),
            )
        return path.read_bytes()
    except OSError as error:
        raise ReportError(
            "file-unreadable",
            Text(zh=f"无法读取 {path}：{error.strerror}", en=f"cannot read {path}: {error.strerror}"),
        ) from error


def stationery_options(function: F) -> F:
    """Add the two options; their content is kept for :func:`stationery`."""
    path = click.Path(path_type=Path)
    for option in (
        click.option(
            "--template",
            type=path,
            callback=_template,
            expose_value=False,
            help="Word 报告模板 / Word template of the agency",
        ),
        click.option(
            "--report-info",
            type=path,
            callback=_imprint,
            expose_value=False,
            help="报告编号、委托单位、检测机构等（TOML） / number and parties of the formal report",
        ),
    ):
        function = option(function)
    return function


def stationery() -> tuple[Imprint | None, bytes | None]:
    """Return the imprint and the template given on the command line of this run, None where not given."""
    meta = click.get_current_context().meta
    return meta.get(IMPRINT), meta.get(TEMPLATE)

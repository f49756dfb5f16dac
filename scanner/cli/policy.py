"""``guijian policy``: what a privacy policy says, sentence by sentence, without any verdict."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from scanner import __version__
from scanner.cli.options import exit_code, show_error
from scanner.cli.progress import observer
from scanner.context import CollectOptions
from scanner.errors import GuijianError
from scanner.files import write_whole
from scanner.model import Lang

FORMATS = {"json": "json", "html": "html", "htm": "html", "txt": "console"}


@click.command("policy")
@click.argument("target")
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["console", "json", "html"]),
    default=None,
    help="输出格式，默认按 -o 的扩展名，否则为终端文本 / output format",
)
@click.option("-o", "--output", default="-", show_default=True, help="输出文件，- 为标准输出 / file or -")
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="语言 / language"
)
def policy_command(target: str, form: str | None, output: str, lang: Lang) -> None:
    """解读一份隐私政策 TARGET（HTML、PDF、DOCX、Markdown、文本文件或网址），不作合规结论。

    Read the privacy policy TARGET (a file or URL): required elements, items, SDKs, permissions, topics by sentence.
    """
    try:
        form = form or FORMATS.get(
            Path(output).suffix.lstrip(".").lower() if output != "-" else "", "console"
        )
        data = _render(target, form, lang, terminal=output == "-")
        if output == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write_whole(Path(output), data)
    except GuijianError as error:
        show_error(target, error, lang)
        sys.exit(exit_code(error))


def _render(target: str, form: str, lang: Lang, *, terminal: bool) -> bytes:
    from reports import policyout  # noqa: PLC0415 - readers, models and writers load when a policy is read
    from reports.policyview import PolicyView  # noqa: PLC0415
    from scanner.cli.policynames import policy_names  # noqa: PLC0415
    from scanner.collect.policy.collect import collect_policy  # noqa: PLC0415

    with observer(lang) as watcher:
        facts = collect_policy(target, CollectOptions(observer=watcher))
    assert facts.policy is not None
    view = PolicyView(facts.policy, policy_names(), lang, facts.gaps, facts.problems, __version__)
    if form == "json":
        return policyout.write_json(view)
    if form == "html":
        return policyout.write_html(view)
    colour = terminal and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if colour else 100
    return policyout.write_console(view, width, colour=colour)

"""Writers of a comparison: console, JSON, Markdown and HTML; the one for Word is :mod:`reports.retestdoc`."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from reports.diffview import DiffView, Row

Writer = Callable[[DiffView], bytes]
STYLES = {
    "new": "bold red",
    "worse": "red",
    "unconfirmed": "cyan",
    "remaining": "yellow",
    "fixed": "green",
    "better": "green",
}


@dataclass(frozen=True, slots=True)
class DiffFormat:
    """A format: where its writer is, and the file extension."""

    target: str
    extension: str

    def load(self) -> Writer:
        """Import and return the writer."""
        module, _, name = self.target.partition(":")
        writer: Writer = getattr(import_module(module), name)
        return writer


DIFF_WRITERS: dict[str, DiffFormat] = {
    "console": DiffFormat("reports.diffout:console", "txt"),
    "json": DiffFormat("reports.diffout:to_json", "json"),
    "markdown": DiffFormat("reports.diffout:markdown", "md"),
    "html": DiffFormat("reports.diffout:html", "html"),
    "docx": DiffFormat("reports.retestdoc:write", "docx"),
}


def to_json(view: DiffView) -> bytes:
    """Return the comparison as UTF-8 JSON (the model itself, whole)."""
    return view.diff.model_dump_json(indent=1).encode() + b"\n"


def console(view: DiffView) -> bytes:
    """Return the comparison as UTF-8 text for a terminal."""
    from rich.console import Console  # noqa: PLC0415 - formats load only what they use
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    buffer = io.StringIO()
    out = Console(
        file=buffer,
        force_terminal=view.colour,
        no_color=not view.colour,
        width=max(view.width, 60),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    out.print(Text(f"{view.word('diff_title')}{view.word('colon')}{view.title}", style="bold"))
    table = Table.grid(padding=(0, 2))
    for row in view.sides:
        table.add_row(*(Text(cell, overflow="fold") for cell in (row.what, row.old, row.new)))
    out.print(table)
    out.print(Text(f"\n{view.headline}", style="bold"))
    for note in view.notes:
        out.print(Text(f"! {note}"))
    for section in view.sections:
        out.print()
        out.rule(Text(f"{section.title}  {len(section.rows) + section.hidden}"), align="left")
        for row in section.rows:
            line = Text()
            line.append(f"{row.mark} ", style=STYLES.get(row.style, ""))
            line.append(row.what)
            change = _arrow(row)
            if change:
                line.append(f"  {change}", style="dim")
            out.print(line)
            if row.note:
                out.print(Text(f"    {row.note}", style="dim"))
            if row.place:
                out.print(Text(f"    {view.word('diff_place')}{view.word('colon')}{row.place}", style="dim"))
        if section.hidden:
            out.print(Text(view.word("diff_more", count=section.hidden), style="dim"))
    if not view.sections:
        out.print(Text(view.word("diff_none")))
    return ("\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).rstrip() + "\n").encode()


def _arrow(row: Row) -> str:
    if row.old and row.new:
        return f"{row.old} → {row.new}"
    return row.old or row.new


def markdown(view: DiffView) -> bytes:
    """Return the comparison as UTF-8 Markdown; texts of the subject stand in code spans."""
    from reports.markdown import MAX_BYTES, escape, span  # noqa: PLC0415 - formats load only what they use

    lines = [f"## {escape(view.word('diff_title'))} {span(view.title)}", ""]
    lines += [
        f"| | {escape(view.word('diff_old'))} | {escape(view.word('diff_new_side'))} |",
        "|---|---|---|",
    ]
    lines += [f"| {escape(row.what)} | {span(row.old)} | {span(row.new)} |" for row in view.sides]
    lines += ["", f"**{escape(view.headline)}**", "", *(f"- {escape(note)}" for note in view.notes)]
    size = len("\n".join(lines).encode())
    for section in view.sections:
        lines += ["", f"### {escape(section.title)} {len(section.rows) + section.hidden}", ""]
        hidden = section.hidden
        for row in section.rows:
            change = " → ".join(span(cell) for cell in (row.old, row.new) if cell)
            note = f" {escape(row.note)}" if row.note else ""
            note += f" {escape(view.word('diff_place'))} {span(row.place)}" if row.place else ""
            line = f"- **{escape(row.mark)}** {span(row.what)} {change}{note}"
            size += len(line.encode()) + 1
            if size > MAX_BYTES - 2000:
                hidden += 1
            else:
                lines.append(line)
        if hidden:
            lines.append(f"- {escape(view.word('diff_more', count=hidden))}")
    if not view.sections:
        lines += ["", escape(view.word("diff_none"))]
    return ("\n".join(lines) + "\n").encode()


def html(view: DiffView) -> bytes:
    """Return the comparison as one self-contained UTF-8 HTML file without script."""
    from reports.html import environment, style_policy, template_source  # noqa: PLC0415 - only for HTML

    css = template_source("report.css") + template_source("diff.css")
    page = environment().get_template("diff.html")
    lang = "zh-CN" if view.lang == "zh" else "en"
    return page.render(v=view, w=view.word, lang=lang, css=css, policy=style_policy(css)).encode()

"""Writers of the reading of one policy: JSON, terminal text, and one self-contained HTML file."""

from __future__ import annotations

import io
import json

from rich import box
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text as Styled

from reports import html
from reports.policyview import PolicyView

STYLES = {"absent": "bold red", "weak": "yellow", "unknown": "cyan", "present": "green"}
MIN_WIDTH = 60
CONSOLE_ROWS = 40


def write_json(view: PolicyView) -> bytes:
    """Return everything that was read: sentences with offsets and topics, elements, items, SDKs, as UTF-8 JSON."""
    document = {
        "format_version": "guijian-policy/1",
        **view.policy.model_dump(mode="json"),
        "gaps": [gap.model_dump(mode="json") for gap in view.gaps],
        "problems": [problem.model_dump(mode="json") for problem in view.problems],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def write_html(view: PolicyView) -> bytes:
    """Return the reading as one HTML file that needs no network and runs no script."""
    css = html.template_source("report.css") + html.template_source("policy.css")
    page = (
        html.environment()
        .get_template("policy.html")
        .render(
            v=view,
            w=view.word,
            lang="zh-CN" if view.lang == "zh" else "en",
            css=css,
            policy=html.style_policy(css),
        )
    )
    return page.encode()


def write_console(view: PolicyView, width: int = 80, *, colour: bool = False) -> bytes:
    """Return the reading as text for a terminal ``width`` columns wide."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=colour,
        no_color=not colour,
        width=max(width, MIN_WIDTH),
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in (_head, _elements, _items, _denied, _sdks, _permissions, _issues, _topics):
        found = part(view)
        if found is not None:
            console.print(found)
            console.print()
    lines = [line.rstrip() for line in buffer.getvalue().splitlines()]
    return ("\n".join(lines).rstrip("\n") + "\n").encode()


def _head(view: PolicyView) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    for label, value in view.identity:
        table.add_row(Styled(label, style="dim"), value)
    for reason in view.unread:
        table.add_row(Styled("!", style="bold yellow"), Styled(reason, style="yellow"))
    title = Styled(f"{view.word('policy_title')}{view.word('colon')}{view.title}", style="bold")
    return Panel(table, title=title, title_align="left", box=box.SQUARE, padding=(0, 1))


def _table(view: PolicyView, title: str, *columns: str) -> Table:
    table = Table(
        title=Line(Styled(title, style="bold"), align="left", style="dim").title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        expand=True,
        padding=(0, 1),
    )
    for number, column in enumerate(columns):
        table.add_column(view.word(column), ratio=2 if number else 1, overflow="fold")
    return table


def _elements(view: PolicyView) -> RenderableType | None:
    if not view.elements:
        return None
    table = _table(view, view.word("policy_elements"), "policy_elements", "element_state", "policy_text")
    for row in view.elements:
        state = Styled(row.state_label, style=STYLES[row.state])
        if row.missing:
            state.append(f" {row.missing}", style="dim")
        table.add_row(row.name, state, _short(row.text))
    return table


def _items(view: PolicyView) -> RenderableType | None:
    if not view.items:
        return Styled(view.word("policy_items_none"))
    title = f"{view.word('policy_items')} {len(view.items)}"
    table = _table(view, title, "item", "policy_party", "policy_purpose")
    for row in view.items[:CONSOLE_ROWS]:
        marks = [view.word("policy_vague")] if row.vague else []
        marks += [view.word("policy_open")] if row.open_ended else []
        name = Styled(row.name).append(f" {' '.join(marks)}" if marks else "", style="yellow")
        table.add_row(name, row.parties, _short(row.purposes or row.conditions or row.text))
    return _more(view, table, len(view.items))


def _denied(view: PolicyView) -> RenderableType | None:
    if not view.denied:
        return None
    table = _table(view, view.word("policy_denied"), "item", "policy_condition", "policy_text")
    for row in view.denied[:CONSOLE_ROWS]:
        table.add_row(row.name, row.conditions or "—", _short(row.text))
    return table


def _sdks(view: PolicyView) -> RenderableType | None:
    if not view.sdks:
        return None
    table = _table(
        view,
        f"{view.word('policy_sdks')} {len(view.policy.sdks)}",
        "sdk",
        "policy_collects",
        "policy_purpose",
    )
    for sdk, items, purpose in view.sdks[:CONSOLE_ROWS]:
        table.add_row(_short(sdk.name), items or "—", _short(purpose))
    return _more(view, table, len(view.policy.sdks))


def _permissions(view: PolicyView) -> RenderableType | None:
    if not view.permissions:
        return None
    table = _table(view, view.word("policy_permissions"), "permission", "policy_text", "policy_purpose")
    for name, terms, purposes in view.permissions[:CONSOLE_ROWS]:
        table.add_row(name, terms, _short(purposes))
    return table


def _issues(view: PolicyView) -> RenderableType | None:
    if not view.issues:
        return None
    table = _table(view, view.word("policy_issues"), "policy_kind", "policy_text")
    for kind, text, detail in view.issues[:CONSOLE_ROWS]:
        table.add_row(kind, _short(f"{text} {detail}".strip()))
    return table


def _topics(view: PolicyView) -> RenderableType | None:
    if not view.topic_counts:
        return None
    line = Styled(f"{view.word('policy_sentences')}{view.word('colon')}", style="bold")
    line.append("  ".join(f"{name} {count}" for name, count in view.topic_counts), style="not bold")
    return line


def _more(view: PolicyView, table: Table, total: int) -> Table:
    if total > CONSOLE_ROWS:
        table.caption = view.word("policy_more", count=total - CONSOLE_ROWS)
    return table


def _short(text: str, limit: int = 90) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"

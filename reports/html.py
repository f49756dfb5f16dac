"""The HTML report: one self-contained file that prints well and works without script."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from reports.text import plain
from reports.view import ReportView
from scanner.model import Verdict


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 HTML."""
    template = _environment().get_template("report.html")
    return template.render(
        v=view,
        w=view.word,
        lang="zh-CN" if view.lang == "zh" else "en",
        css=_source("report.css"),
        script=_source("report.js"),
        donut=donut(view),
        Verdict=Verdict,
    ).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment


def _source(name: str) -> str:
    return (files("reports") / "templates" / name).read_text("utf-8")


def donut(view: ReportView) -> tuple[tuple[str, str, int, str, str], ...]:
    """Return the arcs of the verdict chart: verdict, label, count, dash length and offset of a circle of 100 units."""
    total = sum(count for _, _, count in view.counts) or 1
    arcs = []
    turned = 0.0
    for verdict, label, count in view.counts:
        share = 100 * count / total
        arcs.append((verdict.value, label, count, f"{share:.3f}", f"{-turned:.3f}"))
        turned += share
    return tuple(arcs)

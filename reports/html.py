"""The HTML report: one self-contained file that needs no network, prints well and works without script.

A content security policy allows the file's own style and script by their hashes and nothing else; all text is
escaped by the template engine.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from reports.text import places_text
from reports.view import ReportView

TOP = 6
ALL_REASONS = 4


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 HTML."""
    css, script = template_source("report.css"), template_source("report.js")
    template = environment().get_template("report.html")
    page = template.render(
        v=view,
        w=view.word,
        join=view.names.join,
        lang="zh-CN" if view.lang == "zh" else "en",
        css=css,
        script=script,
        policy=content_policy(css, script),
        top=TOP,
        all_reasons=ALL_REASONS,
    )
    return page.encode()


def content_policy(css: str, script: str) -> str:
    """Return the content security policy that allows exactly this style and script."""
    return (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def style_policy(css: str) -> str:
    """Return the content security policy of a page without script that allows exactly this style."""
    return f"default-src 'none'; style-src '{_hash(css)}'; base-uri 'none'; form-action 'none'"


@cache
def environment() -> Environment:
    """Return the template environment: everything is escaped, an unknown name is an error."""
    found = Environment(
        loader=FunctionLoader(template_source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters["places"] = places_text
    return found


@cache
def template_source(name: str) -> str:
    """Return the text of a template, style or script of the package."""
    return (files("reports") / "templates" / name).read_text("utf-8")

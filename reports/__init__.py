"""Report writers.  They decide nothing: verdicts, grade and order of severity come from the assessment.

Each format is one function from a :class:`~reports.view.ReportView` to bytes; others register through the entry point
group ``guijian.writers``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reports.view import ReportView
    from scanner.facts import Facts
    from scanner.gate import BaselineState
    from scanner.model import Assessment, Lang
    from scanner.rulepack import Pack


class Writer(Protocol):
    """Turns a view into the bytes of a report."""

    def __call__(self, view: ReportView) -> bytes:
        """Return the report."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A report format: where its writer is (imported when used), file extension and media type."""

    target: str
    extension: str
    media_type: str

    def load(self) -> Writer:
        """Import and return the writer."""
        module, _, name = self.target.partition(":")
        writer: Writer = getattr(import_module(module), name)
        return writer


BUILT_IN: dict[str, Format] = {
    "console": Format("reports.console:write", "txt", "text/plain"),
    "json": Format("reports.jsonout:write", "json", "application/json"),
    "html": Format("reports.html:write", "html", "text/html"),
    "markdown": Format("reports.markdown:write", "md", "text/markdown"),
    "sarif": Format("reports.sarif:write", "sarif", "application/sarif+json"),
    "junit": Format("reports.junit:write", "xml", "application/xml"),
    "codequality": Format("reports.codequality:write", "codequality.json", "application/json"),
    "github": Format("reports.github:write", "github.txt", "text/plain"),
}


def formats() -> dict[str, Format]:
    """Return the formats by name: the built-in ones, then those of other packages (they replace none)."""
    found = dict(BUILT_IN)
    for entry in entry_points(group="guijian.writers"):
        found.setdefault(entry.name, Format(entry.value, entry.name, "application/octet-stream"))
    return found


WRITERS = formats()


def render(
    name: str,
    assessment: Assessment,
    facts: Facts,
    pack: Pack,
    lang: Lang,
    *,
    width: int = 80,
    colour: bool = False,
    baseline: BaselineState | None = None,
    new_only: bool = False,
) -> bytes:
    """Return the report in format ``name``; raises KeyError for an unknown format.

    ``width`` (columns) and ``colour`` describe the terminal it is meant for, if any; ``baseline`` and ``new_only`` are
    those of :class:`~reports.view.ReportView`.
    """
    from reports.view import ReportView  # noqa: PLC0415 - only when a report is written

    return WRITERS[name].load()(ReportView(assessment, facts, pack, lang, width, colour, baseline, new_only))

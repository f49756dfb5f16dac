"""Report writers.  They decide nothing: verdicts, grade and order of severity come from the assessment.

Each format is one function from a :class:`~reports.view.ReportView` to bytes; others register through the entry point
group ``guijian.writers``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from reports.imprint import Imprint
    from reports.lists import Missed
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


@runtime_checkable
class MissedGatherer(Protocol):
    """A gatherer that also lists the targets that were not examined."""

    def missed(self, target: Missed) -> None:
        """Take one such target."""
        ...


class Gatherer(Protocol):
    """Makes one report of many subjects: takes their views one by one, keeps only what it will write."""

    def add(self, view: ReportView) -> None:
        """Take one subject."""
        ...

    def finish(self) -> bytes:
        """Return the report of all subjects taken."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A report format: where its writer is (imported when used), file extension and media type.

    ``gatherer``: where the class is that makes one report of many subjects, for formats that are lists.
    """

    target: str
    extension: str
    media_type: str
    gatherer: str = ""

    def load(self) -> Writer:
        """Import and return the writer."""
        writer: Writer = _load(self.target)
        return writer

    def gather(self, pack: Pack, lang: Lang) -> Gatherer:
        """Return a new gatherer; only for formats that have one."""
        gatherer: Gatherer = _load(self.gatherer)(pack, lang)
        return gatherer


def _load(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


BUILT_IN: dict[str, Format] = {
    "console": Format("reports.console:write", "txt", "text/plain"),
    "json": Format("reports.jsonout:write", "json", "application/json"),
    "html": Format("reports.html:write", "html", "text/html"),
    "pdf": Format("reports.pdf:write", "pdf", "application/pdf"),
    "docx": Format(
        "reports.docx:write",
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": Format(
        "reports.xlsx:write",
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "reports.xlsx:Workbook",
    ),
    "csv": Format("reports.csvout:write", "csv", "text/csv", "reports.csvout:finding_list"),
    "csv-notice": Format(
        "reports.csvout:write_notice", "notice.csv", "text/csv", "reports.csvout:notice_list"
    ),
    "csv-permissions": Format(
        "reports.csvout:write_permissions", "permissions.csv", "text/csv", "reports.csvout:permission_list"
    ),
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
    imprint: Imprint | None = None,
    template: bytes | None = None,
    baseline: BaselineState | None = None,
    new_only: bool = False,
) -> bytes:
    """Return the report in format ``name``; raises KeyError for an unknown format.

    The other arguments are those of :class:`~reports.view.ReportView`.
    """
    from reports.imprint import BLANK  # noqa: PLC0415 - only when a report is written
    from reports.view import ReportView  # noqa: PLC0415 - only when a report is written

    view = ReportView(
        assessment, facts, pack, lang, width, colour, imprint or BLANK, template, baseline, new_only
    )
    return WRITERS[name].load()(view)

"""The JSON report: the assessment and the facts it rests on; the same input gives the same bytes.

Its schema is docs/schema/report.schema.json.
"""

from __future__ import annotations

from typing import Literal

from reports.view import ReportView
from scanner.facts import Facts
from scanner.model import Assessment, Frozen


class JsonReport(Frozen):
    """The document written."""

    format: Literal["guijian-report/1"] = "guijian-report/1"
    assessment: Assessment
    facts: Facts


def write(view: ReportView) -> bytes:
    """Return the report as UTF-8 JSON."""
    document = JsonReport(assessment=view.assessment, facts=view.facts)
    return document.model_dump_json(indent=1).encode() + b"\n"

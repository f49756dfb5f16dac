"""The chapter of the formal report on what is left to a human: preparations said once, index, one form for each item."""

from __future__ import annotations

from typing import Any

from reports.citing import cite, cite_short
from reports.manual import ManualItem
from reports.view import ReportView
from scanner.model import Verdict


def manual_chapter(view: ReportView) -> dict[str, Any]:
    """Return the chapter as plain data; docs/report-templates.md names the fields."""
    hours = f"{view.manual_minutes / 60:.1f}"
    used = {p.id for control in view.manual for p in control.prepare}
    return {
        "note": view.word("f_manual_note", count=len(view.manual), hours=hours) if view.manual else "",
        "preparations": [
            {
                "no": preparation.label,
                "title": preparation.title,
                "steps": list(preparation.steps),
                "keep": list(preparation.keep),
            }
            for preparation in view.preparations
            if preparation.id in used
        ],
        "entries": [_entry(item, view) for item in view.manual_items],
        "choices": [
            label for verdict, label, _ in view.counts if verdict not in {Verdict.SUSPECTED, Verdict.MANUAL}
        ],
    }


def _entry(item: ManualItem, view: ReportView) -> dict[str, Any]:
    control = item.control
    return {
        "no": item.number,
        "id": control.id,
        "title": control.title,
        "verdict": item.verdict.value,
        "label": item.verdict.label.get(view.lang),
        "clauses": cite(item.clauses, view.names),
        "clauses_short": cite_short(item.clauses, view.names),
        "why": control.why,
        "prepare": view.prepare_line(control),
        "steps": list(control.steps),
        "keep": list(control.keep),
        "minutes": view.word("minutes", minutes=control.minutes),
    }

"""The content of the formal report as plain data: one structure for PDF and for Word templates.

Every value is text, a number, a list or a mapping (docs/report-templates.md names them all); a format only lays it out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from reports.appendix import appendix_sheets
from reports.clauses import ClauseView
from reports.findings import SEVERITY_ORDER
from reports.formalmanual import manual_chapter
from reports.formalproblems import main_basis, problems_data, span
from reports.imprint import Imprint
from reports.sheet import Sheet
from reports.text import one_line
from reports.view import ReportView
from reports.words import WORDS
from scanner.model import SEVERITY_LABELS, Verdict

FLAGGED = (Verdict.VIOLATION, Verdict.SUSPECTED)
MAX_IMPRINT = 200
CLAUSE_FINDINGS = 40
SHORT_NAME = 40
LEADING = {"zh": 7, "en": 5}  # problems on the page of results, as many as it has room for
LEADING_BASIS = 1  # clauses named for each
CONCLUSION = "4.2"  # the section that lists all problems

Data = dict[str, Any]


def content(view: ReportView, imprint: Imprint) -> Data:
    """Return everything the formal report says, in the view's language."""
    return {
        "lang": view.lang,
        "w": {key: text.get(view.lang) for key, text in WORDS.items() if "{" not in text.zh},
        "title": view.word("f_title"),
        "name": view.name,
        "short_name": one_line(view.name, SHORT_NAME),
        "kind": view.word(f"kind_{view.facts.subject.kind}"),
        "version": view.facts.subject.version and one_line(view.facts.subject.version, 80),
        "date": one_line(imprint.issued, 40) or view.assessment.assessed_at.date().isoformat(),
        "assessed": view.when,
        "tool": f"guijian {view.assessment.tool_version}",
        "imprint": _imprint(imprint),
        "notices": [
            *(view.word(f"f_notice_{key}") for key in ("sign", "object", "verdict", "copy")),
            *(one_line(note, 400) for note in imprint.notes),
        ],
        "tested": one_line(imprint.tested, 40) or view.assessment.assessed_at.date().isoformat(),
        "object": _pairs(
            (
                (view.word("f_name"), view.name),
                (view.word("f_kind"), view.word(f"kind_{view.facts.subject.kind}")),
                *view.identity,
            )
        ),
        "signing": _pairs(view.signing),
        "basis": [_instrument(n, i) for n, i in enumerate(view.instruments, 1)],
        "basis_note": _basis_note(view),
        "basis_short": view.word("f_basis_short", count=len(view.instruments), section=2),
        "findings_note": view.findings_note,
        "places_note": view.word("places_note"),
        "method": _method(view),
        "summary": _summary(view),
        "clauses": _flagged(view),
        "problems": problems_data(view),
        "problem_total": view.word(
            "f_problem_total", problems=len(view.problems), findings=len(view.findings)
        ),
        "manual": manual_chapter(view),
        "decisions": _decisions(view),
        "appendices": _appendices(appendix_sheets(view)),
        "missing": [],
    }


def _appendices(sheets: Iterable[Sheet]) -> list[Data]:
    """Return the tables with their labels: A, B, B.1 …"""
    found: list[Data] = []
    letter, part = ord("A") - 1, 0
    for sheet in sheets:
        letter, part = (letter + 1, 0) if sheet.level == 1 else (letter, part + 1)
        found.append({"label": chr(letter) + (f".{part}" if part else ""), **sheet_data(sheet)})
    return found


def sheet_data(sheet: Sheet) -> Data:
    """Return a table as plain data."""
    return {
        "key": sheet.key,
        "title": sheet.title,
        "header": list(sheet.header),
        "widths": list(sheet.widths),
        "rows": [list(row) for row in sheet.rows],
        "note": sheet.note,
        "empty": sheet.empty,
        "code": list(sheet.code),
        "incomplete": sheet.incomplete,
        "level": sheet.level,
    }


def _imprint(imprint: Imprint) -> dict[str, str]:
    values = imprint.model_dump(exclude={"notes"})
    return {key: one_line(value, MAX_IMPRINT) for key, value in values.items()}


def _pairs(rows: tuple[tuple[str, str], ...]) -> list[Data]:
    return [{"label": label, "value": value} for label, value in rows]


def _instrument(number: int, instrument: Any) -> Data:
    return {
        "no": number,
        "title": instrument.title,
        "number": instrument.number,
        "issuer": instrument.issuer,
        "effective": instrument.effective,
        "status": instrument.status,
        "clauses": len(instrument.clauses),
    }


def _basis_note(view: ReportView) -> str:
    count = sum(instrument.unverified for instrument in view.instruments)
    return view.word("f_unverified_note", count=count) if count else ""


def _method(view: ReportView) -> Data:
    assessment = view.assessment
    versions = [
        (view.word("profile"), view.profile),
        (view.word("pack"), assessment.pack_version),
        (view.word("pack_sha256"), assessment.pack_sha256),
        (view.word("tool"), f"guijian {assessment.tool_version}"),
        (view.word("collector"), view.collector),
        (view.word("assessed"), view.when),
        (view.word("f_times"), view.word("f_times_utc")),
    ]
    how, limits = view.method
    return {
        "how": how,
        "limits": limits,
        "code": view.code_line,
        "means": [
            {"verdict": verdict.value, "label": label, "text": view.word(f"means_{verdict.value}")}
            for verdict, label, _ in view.counts
        ],
        "not_followed": [{"label": label, "count": count} for label, count in view.not_followed],
        "packer": view.word("packer_note", name=view.packer) if view.packer else "",
        "versions": [{"label": label, "value": value} for label, value in versions],
    }


def _summary(view: ReportView) -> Data:
    grade = view.grade
    severities = Counter(finding.severity for finding in view.findings)
    owners = [
        {
            "label": bar.label,
            "count": bar.count,
            "parts": [{"style": part.style, "label": part.label, "count": part.count} for part in bar.parts],
        }
        for bar in view.owner_chart
    ]
    return {
        "grade": grade.label.get(view.lang),
        "grade_place": view.grade_place,
        "score": grade.score,
        "provisional": grade.provisional,
        "provisional_why": view.word("provisional_why") if grade.provisional else "",
        "headline": view.headline,
        "coverage": view.coverage_line + view.word("stop"),
        "verdicts": [
            {"verdict": verdict.value, "label": label, "count": count}
            for verdict, label, count in view.counts
        ],
        "coverage_parts": [
            {"style": part.style, "label": part.label, "count": part.count} for part in view.coverage_chart
        ],
        "severities": [
            {"severity": s.value, "label": SEVERITY_LABELS[s].get(view.lang), "count": severities[s]}
            for s in SEVERITY_ORDER
        ],
        "owners": owners,
        "reasons": [
            *(cap.reason.get(view.lang) for cap in grade.caps),
            *(reason.get(view.lang) for reason in grade.reasons),
            *_left_to_hand(view),
        ],
        "unread": view.unread_line,
        "oddities": view.word("oddities_notice", count=len(view.oddities)) if view.oddities else "",
        "decided": [*view.decision_lines, *view.baseline_lines],
        "leading": _leading(view),
        "leading_more": _leading_more(view),
        "none": "" if view.problems else view.word("none_new" if view.known_total else "none_found"),
    }


def _leading(view: ReportView) -> list[Data]:
    """Return the worst problems for the first page of results: what, how sure, under which clause, where the proof is."""
    return [
        {
            "title": problem.first.title,
            "severity": problem.first.severity_label,
            "severity_id": problem.first.severity.value,
            "verdict": problem.first.verdict.value,
            "label": problem.first.verdict_label,
            "basis": main_basis(problem.first, view, LEADING_BASIS),
            "labels": span(problem),
        }
        for problem in view.problems[: LEADING[view.lang]]
    ]


def _leading_more(view: ReportView) -> str:
    left = len(view.problems) - LEADING[view.lang]
    return view.word("f_more_problems", count=left, section=CONCLUSION) if left > 0 else ""


def _left_to_hand(view: ReportView) -> list[str]:
    if not view.manual:
        return []
    hours = f"{view.manual_minutes / 60:.1f}"
    return [view.word("manual_left", count=len(view.manual), hours=hours)]


def _flagged(view: ReportView) -> list[Data]:
    groups = []
    for instrument in view.instruments:
        found = [_clause(clause, view) for clause in instrument.clauses if clause.verdict in FLAGGED]
        if found:
            groups.append({"title": instrument.title, "number": instrument.number, "clauses": found})
    return groups


def _clause(clause: ClauseView, view: ReportView) -> Data:
    worst = min(clause.findings, key=lambda f: SEVERITY_ORDER.index(f.severity), default=None)
    labels = [finding.label for finding in clause.findings]
    return {
        "anchor": clause.anchor,
        "number": clause.number,
        "title": clause.title,
        "heading": clause.heading,
        "document": clause.chapter if clause.document else "",
        "text": clause.text,
        "mark": clause.text_note or (view.word("f_text_exact") if clause.is_verified else ""),
        "verified": clause.is_verified,
        "verdict": clause.verdict.value,
        "label": clause.verdict_label,
        "by_hand": any(control.decision for control in clause.controls),
        "severity": worst.severity_label if worst else "",
        "severity_id": worst.severity.value if worst else "",
        "reasons": list(clause.reasons),
        "capped": clause.capped,
        "findings": labels[:CLAUSE_FINDINGS],
        "more": view.word("f_and_more_findings", count=len(labels)) if len(labels) > CLAUSE_FINDINGS else "",
        "fixes": list(clause.fixes),
    }


def _decisions(view: ReportView) -> list[Data]:
    found = []
    for result in view.assessment.controls:
        decision = result.decision
        if decision is None:
            continue
        found.append(
            {
                "control": view.names.text(view.pack.controls[result.control].title),
                "verdict": decision.verdict.value,
                "label": decision.verdict.label.get(view.lang),
                "who": one_line(decision.who, 80),
                "when": decision.when.isoformat(),
                "until": decision.until.isoformat() if decision.until else "—",
                "why": one_line(decision.why, 1000),
                "evidence": [
                    {"name": one_line(a.name, 160), "sha256": one_line(a.sha256, 80)}
                    for a in decision.evidence
                ],
            }
        )
    return found

"""The problems of the formal report as plain data: what was found, on which clauses it bears, and the evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reports.citing import cite, cite_first
from reports.clauses import ClauseView
from reports.findings import MANY_FINDINGS, EvidenceView, FindingView, StepView, abridged, unlike
from reports.view import ReportView
from reports.viewparts import Problem

TOP_BASIS = 3  # clauses named in the table of all problems


def main_basis(finding: FindingView, view: ReportView, shown: int) -> str:
    """Return the first ``shown`` clauses that the finding's rule rests on, and how many clauses it bears on in all."""
    total = len(view.citing.involved(finding))
    return cite_first(view.citing.basis(finding), shown, total, view.names)


def _involved(clauses: tuple[ClauseView, ...], view: ReportView) -> list[str]:
    """Return the clauses under which a problem is listed by verdict, worst first; of several verdicts the total too."""
    groups = view.citing.by_verdict(clauses)
    lines = [view.word("f_involved_total", count=len(clauses))] if len(groups) > 1 else []
    for label, own in groups:
        cited = cite(own, view.names)
        lines.append(view.word("f_involved_line", label=label, count=len(own), clauses=cited))
    return lines


def problems_data(view: ReportView) -> list[dict[str, Any]]:
    """Return the problems; of evidence that several findings share only the first is shown in full."""
    shown: dict[EvidenceView, str] = {}
    return [_problem(problem, view, shown) for problem in view.problems]


def _problem(problem: Problem, view: ReportView, shown: dict[EvidenceView, str]) -> dict[str, Any]:
    """Return one kind of problem with its findings; ``shown`` says under which number evidence was shown before."""
    first = problem.first
    return {
        "code": first.code,
        "title": first.title,
        "severity": first.severity_label,
        "severity_id": first.severity.value,
        "confidence": first.confidence_label,
        "verdict": first.verdict.value,
        "label": first.verdict_label,
        "message": first.message,
        "why": first.why,
        "fix": first.fix,
        "false_positives": list(first.false_positives),
        "basis": cite(view.citing.basis(first), view.names),
        "basis_top": main_basis(first, view, TOP_BASIS),
        "involved": _involved(view.citing.involved(first), view),
        "labels": span(problem),
        "findings": [_finding(finding, view, shown) for finding in problem.findings],
    }


def span(problem: Problem) -> str:
    """Return the labels of a problem's findings: ``F01`` or ``F02–F05``."""
    first, last = problem.findings[0].label, problem.findings[-1].label
    return first if first == last else f"{first}–{last}"


def _finding(finding: FindingView, view: ReportView, before_it: dict[EvidenceView, str]) -> dict[str, Any]:
    shown = len(finding.evidence)
    own = [f"{finding.label}.{n}" for n in range(1, shown + 1)]
    first = [before_it.setdefault(e, n) for e, n in zip(finding.evidence, own, strict=True)]
    chained = shown if len(view.findings) <= MANY_FINDINGS else 1
    before = [(), *(evidence.steps for evidence in finding.evidence)]
    told = _told_before(finding, own, first)
    return {
        "label": finding.label,
        "group": view.about(finding),
        "total": finding.total,
        "note": "\u2003".join(
            part
            for part in (
                view.word("known") if finding.known else "",
                finding.accepted,
                view.word("f_same_as", at=view.names.join(first)) if told else "",
            )
            if part
        ),
        "places": finding.places,
        "evidence": [
            {
                "label": own[n],
                **_evidence(_once(evidence, view, own[n], first[n]), view, before[n], chained=n < chained),
            }
            for n, evidence in enumerate(finding.evidence if not told else ())
        ],
        "fingerprint": finding.fingerprint,
    }


def _told_before(finding: FindingView, own: list[str], first: list[str]) -> bool:
    """Whether nothing of a finding is new: its page stands in its group, and all it shows was shown under ``first``."""
    pages = all(evidence.kind == "web" and evidence.place in finding.group for evidence in finding.evidence)
    return pages and not set(own) & set(first)


def _once(evidence: EvidenceView, view: ReportView, own: str, first: str) -> EvidenceView:
    """Return ``evidence``, of a page seen before under the number ``first`` only where that is.

    Chains of calls are left whole: each finding's way to its place is read on its own.
    """
    if own == first or evidence.kind != "web":
        return evidence
    return replace(evidence, locator=(), excerpt="", note=view.word("f_same_as", at=first))


def _evidence(
    evidence: EvidenceView, view: ReportView, before: tuple[StepView, ...], *, chained: bool
) -> dict[str, Any]:
    steps = unlike(evidence.steps, before) if chained and len(evidence.steps) > 1 else ()
    if len(view.findings) > MANY_FINDINGS:
        steps = abridged(steps)
    return {
        "kind": evidence.kind,
        "kind_label": evidence.kind_label,
        "place": evidence.place,
        "locator": [{"label": label, "value": value} for label, value in evidence.locator],
        "reading": evidence.reading,
        "excerpt": evidence.excerpt,
        "note": evidence.note,
        "searched": list(evidence.searched),
        "chain": view.word("chain", count=steps[-1].number) if steps else "",
        "steps": [
            {
                "no": step.number,
                "name": step.name,
                "full": step.full,
                "offset": step.offset,
                "edge": step.edge,
                "skipped": _skipped(step, view),
            }
            for step in steps
        ],
    }


def _skipped(step: StepView, view: ReportView) -> str:
    same = [view.word("skipped_same", count=step.same)] if step.same else []
    left = step.skipped - step.same
    return view.word("semicolon").join([*same, *([view.word("skipped", count=left)] if left else [])])

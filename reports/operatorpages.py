"""Records of operators, and proposals for the lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.pages import (
    LETTER_NAMES,
    Page,
    PageWords,
    Section,
    moment,
)
from reports.sheet import Sheet
from reports.words import word
from scanner.model import SEVERITY_LABELS, VERDICT_LABELS, VERDICT_ORDER, Lang, Text
from scanner.supervision import (
    Operator,
    Proposal,
)


def proposals(found: Sequence[tuple[str, Proposal]], lang: Lang) -> Section:
    """Return the proposals for the lists, each with the operator's name."""
    w = PageWords(lang)
    rows = tuple(
        (
            name,
            w(f"list_{proposal.list}"),
            proposal.reason.get(lang),
            "\n".join(basis.get(lang) for basis in proposal.basis),
        )
        for name, proposal in found
    )
    sheet = Sheet(
        key="proposals",
        title="",
        header=(w("operator"), w("list_name"), w("reason"), w("basis")),
        widths=(20, 14, 33, 33),
        rows=rows,
        empty=w("none"),
    )
    return Section(w("proposals"), (w("proposals_note"),), sheets=(sheet,))


def operators_page(
    records: Sequence[Operator], total: int, titles: Mapping[str, Text], lang: Lang, *, detailed: bool
) -> Page:
    """Return the records of operators; ``detailed`` adds every examination and the course of every violation."""
    w = PageWords(lang)
    sections = [proposals([(r.name, p) for r in records for p in r.proposals], lang)]
    for record in records if detailed else ():
        sections += [_visits(record, lang), _courses(record, titles, lang)]
    facts = ((w("operators"), w("operators_of", shown=len(records), all=total)),)
    return Page(w("operators"), "", facts, tuple(sections), lang)


def _visits(record: Operator, lang: Lang) -> Section:
    w = PageWords(lang)
    rows = tuple(
        (
            moment(visit.assessed_at)[:10],
            visit.name,
            visit.version,
            visit.letter if lang == "zh" else LETTER_NAMES.get(visit.letter, visit.letter),
            *(str(count) for count in (visit.score, visit.violations, visit.suspected, visit.manual)),
        )
        for visit in record.visits
    )
    failed = tuple((moment(at)[:10], "", "", w("failed"), "", "", "", "") for at in record.failures)
    labels = [VERDICT_LABELS[v].get(lang) for v in VERDICT_ORDER[:3]]
    header = (w("date"), w("subject_name"), w("version"), w("grade"), word("score", lang), *labels)
    sheet = Sheet("visits", "", header, (14, 24, 12, 10, 10, 10, 10, 10), tuple(sorted((*rows, *failed))))
    return Section(f"{record.name} · {w('visits')}", sheets=(sheet,))


def _courses(record: Operator, titles: Mapping[str, Text], lang: Lang) -> Section:
    w = PageWords(lang)
    rows = tuple(
        (
            course.name,
            titles[course.rule].get(lang) if course.rule in titles else course.rule,
            SEVERITY_LABELS[course.severity].get(lang),
            moment(course.first_seen)[:10],
            moment(course.last_seen)[:10],
            str(course.times),
            w(f"state_{course.state}") + (f"{word('comma', lang)}{w('returned')}" if course.returned else ""),
        )
        for course in record.courses
    )
    header = (
        w("subject_name"),
        w("rule"),
        w("severity"),
        w("first_seen"),
        w("last_seen"),
        w("count"),
        w("state"),
    )
    sheet = Sheet("courses", "", header, (18, 30, 9, 11, 11, 6, 15), rows, empty=w("none"))
    return Section(f"{record.name} · {w('courses')}", sheets=(sheet,))

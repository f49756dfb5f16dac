"""Content of the supervision reports, laid out in sections of charts and tables that every format draws the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from reports.sheet import MAX_TABLE, Sheet
from reports.text import one_line
from reports.words import word
from scanner.model import SEVERITY_LABELS, VERDICT_LABELS, VERDICT_ORDER, Lang, Text
from scanner.sampling import SampleRecord, Source
from scanner.supervision import (
    UNKNOWN,
    Failed,
    Group,
    IndexRules,
    Operator,
    Proposal,
    Share,
    Statistics,
    Summary,
)

BEIJING = timezone(timedelta(hours=8))
TOP = 15
LETTER_STYLES = {"优": "compliant", "良": "manual", "中": "suspected", "差": "violation"}
LETTER_NAMES = {"优": "Excellent", "良": "Good", "中": "Fair", "差": "Poor"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: label, length, text beside it, style class, and the interval when it is an estimate."""

    label: str
    value: float
    text: str
    style: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart; ``scale`` is the value of a full-width bar."""

    title: str
    bars: tuple[Bar, ...]
    scale: float


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with notes, charts and tables."""

    title: str
    notes: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    sheets: tuple[Sheet, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report; ``signatures`` are the fields to be signed by hand."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    lang: Lang
    made_at: datetime | None = None
    signatures: tuple[str, ...] = ()


class _Words:
    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang

    def __call__(self, key: str, **values: object) -> str:
        return word(f"s_{key}", self.lang, **values)


def moment(value: datetime) -> str:
    """Return a moment in Beijing time, to the second."""
    return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00")


def percent(value: float | None) -> str:
    """Return a share as per cent with one decimal."""
    return "—" if value is None else f"{100 * value:.1f}%"


def number(value: float | None) -> str:
    """Return a number without needless zeros."""
    return "—" if value is None else f"{value:g}"


# --- the random draw --------------------------------------------------------------------------------------


def sample_page(record: SampleRecord, lang: Lang) -> Page:
    """Return the printable record of a draw."""
    w = _Words(lang)
    names = {person.id: person.name for person in record.inspectors}

    def people(idents: Sequence[str]) -> str:
        shown = [f"{names[i]}（{i}）" if names[i] and names[i] != i else i for i in idents]
        text = ("、" if lang == "zh" else ", ").join(shown)
        return text if len(idents) == 2 or not record.inspectors else f"{text} {w('unpaired')}".strip()

    def listed(source: Source) -> str:
        return w("list", name=source.name, entries=source.entries, sha256=source.sha256 or "—")

    by = [word(f"s_stratum_{name}", lang) for name in record.by]
    facts = [
        (w("title"), record.title),
        (w("seed"), record.seed),
        (w("seed_source"), record.seed_source),
        (w("drawn_at"), moment(record.drawn_at)),
        (
            w("size"),
            w("size_of", drawn=len(record.drawn), size=record.size, population=len(record.population)),
        ),
        (w("by"), ("、" if lang == "zh" else ", ").join(by) or w("by_none")),
        (w("minimum"), str(record.minimum)),
        (w("subject_list"), listed(record.subjects_source)),
        (w("population_sha256"), record.population_sha256),
    ]
    if record.inspectors:
        facts += [
            (w("inspector_list"), listed(record.inspectors_source)),
            (w("inspectors_sha256"), record.inspectors_sha256),
        ]
    strata = Sheet(
        key="strata",
        title="",
        header=(w("stratum"), w("stratum_size"), w("weight"), w("places")),
        widths=(50, 16, 16, 16),
        rows=tuple((s.name or w("all"), str(s.size), s.weight, str(s.places)) for s in record.strata),
    )
    result = Sheet(
        key="result",
        title="",
        header=("#", w("subject"), w("subject_name"), w("stratum"), w("people"), w("rank")),
        widths=(5, 27, 18, 16, 20, 17),
        rows=tuple(
            (str(n), d.id, d.name, d.stratum or w("all"), people(d.inspectors), d.rank[:16])
            for n, d in enumerate(record.drawn, 1)
        ),
        code=(1, 5),
    )
    unpaired = (w("unpaired_note", count=len(record.unpaired)),) if record.unpaired else ()
    return Page(
        title=w("sample"),
        subtitle=record.title,
        facts=tuple((label, value) for label, value in facts if value),
        sections=(
            Section(w("strata"), sheets=(strata,)),
            Section(w("result"), unpaired, sheets=(result,)),
            Section(w("how"), (w("how_text"),)),
        ),
        lang=lang,
        made_at=record.drawn_at,
        signatures=(w("sign_operator"), w("sign_witness"), w("sign_date")),
    )


# --- statistics -------------------------------------------------------------------------------------------


def stats_page(found: Statistics, lang: Lang) -> Page:
    """Return indicators as a report."""
    w = _Words(lang)
    sections = [_overview(found.total, None, found.method, lang)]
    if found.by is not None and found.by != "rule":
        sections.append(_groups(w(f"by_{found.by}"), found.groups, found.method, lang))
    sections += _problems(found, lang)
    return Page(w("stats"), "", _about(found, lang), tuple(sections), lang)


def summary_page(found: Summary, lang: Lang) -> Page:
    """Return the summary of a period as a report."""
    w = _Words(lang)
    method = found.total.method
    sections = [
        _overview(found.total.total, found.previous, method, lang),
        *(_groups(w(f"by_{name}"), groups, method, lang) for name, groups in found.by.items()),
        _groups(w("trend"), found.trend, method, lang),
        *_problems(found.total, lang),
        _proposals(found.proposals, lang),
    ]
    facts = (*_about(found.total, lang), (w("made_at"), moment(found.made_at)))
    return Page(w("summary"), found.period, facts, tuple(sections), lang, found.made_at)


def _about(found: Statistics, lang: Lang) -> tuple[tuple[str, str], ...]:
    w = _Words(lang)
    start, end = (w("open") if m is None else moment(m)[:16] for m in (found.start, found.end))
    comma = "、" if lang == "zh" else ", "
    return (
        (w("period"), w("from_to", start=start, end=end)),
        (w("packs"), comma.join(found.packs) or "—"),
        (w("profiles"), comma.join(found.profiles) or "—"),
    )


def _overview(total: Group, before: Group | None, method: IndexRules, lang: Lang) -> Section:
    w = _Words(lang)

    def values(group: Group | None) -> list[str]:
        if group is None:
            return ["—"] * len(_INDICATORS)
        of = group.subjects
        shares = {
            name: f"{getattr(group, name)}（{percent(getattr(group, name) / of if of else None)}）"
            for name in ("with_violation", "with_suspected", "with_critical", "provisional")
        }
        return [
            _index(group, lang),
            str(of),
            str(group.targets),
            str(group.examined),
            str(group.failed),
            str(group.pending),
            percent(group.coverage),
            percent(group.decided),
            *(
                text if lang == "zh" else text.replace("（", " (").replace("）", ")")
                for text in shares.values()
            ),
            number(group.mean_score),
            number(group.median_score),
            number(group.median_violations),
        ]

    header = [w("indicator"), w("value")]
    columns = [[w(name) for name in _INDICATORS], values(total)]
    if before is not None:
        header.append(w("before"))
        columns.append(values(before))
    sheet = Sheet(
        key="overview",
        title="",
        header=tuple(header),
        widths=(34, 33, 33)[: len(header)],
        rows=tuple(zip(*columns, strict=True)),
    )
    weights = method.weights
    notes = (
        w(
            "index_note",
            score=percent(weights.get("score")),
            no_violation=percent(weights.get("no_violation")),
            no_critical=percent(weights.get("no_critical")),
        ),
        w("upper_bound_note", share=percent(method.provisional_below)),
        *((w("latest_note"),) if total.subjects < total.examined else ()),
    )
    order = [
        *(x for x in LETTER_STYLES if x in total.letters),
        *(x for x in total.letters if x not in LETTER_STYLES),
    ]
    letters = tuple(
        Bar(
            x if lang == "zh" else LETTER_NAMES.get(x, x),
            total.letters[x],
            str(total.letters[x]),
            LETTER_STYLES.get(x, "not_applicable"),
        )
        for x in order
    )
    clauses = tuple(
        Bar(VERDICT_LABELS[v].get(lang), total.clauses[v.value], str(total.clauses[v.value]), v.value)
        for v in VERDICT_ORDER
    )
    charts = tuple(
        Chart(w(f"chart_{name}"), bars, max((bar.value for bar in bars), default=0) or 1)
        for name, bars in (("letters", letters), ("clauses", clauses))
        if total.subjects
    )
    return Section(w("overview"), notes, charts, (sheet,))


_INDICATORS = (
    "index",
    "subjects",
    "targets",
    "examined",
    "failed",
    "pending",
    "coverage",
    "decided",
    "with_violation",
    "with_suspected",
    "with_critical",
    "provisional",
    "mean_score",
    "median_score",
    "median_violations",
)


def _index(group: Group, lang: Lang) -> str:
    if group.index is None:
        return "—"
    w = _Words(lang)
    low, high = f"{group.index.low:.1f}", f"{group.index.high:.1f}"
    text = w("index_of", value=f"{group.index.value:.1f}", low=low, high=high, n=group.subjects)
    return " ".join((text, *_remarks(group, lang)))


def _remarks(group: Group, lang: Lang) -> list[str]:
    w = _Words(lang)
    marks = [("small", group.small), ("upper_bound", group.upper_bound)]
    return [w(name) for name, holds in marks if holds and group.subjects]


def _groups(title: str, groups: Sequence[Group], method: IndexRules, lang: Lang) -> Section:
    w = _Words(lang)
    names = (
        "subjects",
        "index",
        "interval",
        "coverage",
        "failed",
        "pending",
        "decided",
        "with_violation",
        "with_critical",
        "median_score",
        "remark",
    )
    rows = tuple(
        (
            w("unknown") if group.key == UNKNOWN else group.key,
            str(group.subjects),
            f"{group.index.value:.1f}" if group.index else "—",
            f"{group.index.low:.1f}–{group.index.high:.1f}" if group.index else "—",
            percent(group.coverage),
            str(group.failed),
            str(group.pending),
            percent(group.decided),
            str(group.with_violation),
            str(group.with_critical),
            number(group.median_score),
            "\n".join(_remarks(group, lang)),
        )
        for group in groups[:MAX_TABLE]
    )
    sheet = Sheet(
        key="groups",
        title="",
        header=(w("group"), *(w(name) for name in names)),
        widths=(14, 7, 7, 12, 8, 7, 7, 8, 8, 8, 7, 9),
        rows=rows,
        empty=w("none"),
    )
    bars = tuple(
        Bar(
            w("unknown") if group.key == UNKNOWN else group.key,
            group.index.value,
            _index(group, lang),
            "dead",
            group.index.low,
            group.index.high,
        )
        for group in groups
        if group.index is not None
    )[: TOP * 2]
    charts = (Chart(w("chart_index"), bars, 100.0),) if bars else ()
    notes = (w("small_note", n=method.small_sample),) if any(g.small and g.subjects for g in groups) else ()
    return Section(title, notes, charts, (sheet,))


def _problems(found: Statistics, lang: Lang) -> list[Section]:
    w = _Words(lang)
    sections = []
    for key, shares in (("rule", found.rules), ("phrase", found.phrases)):
        limit = None if found.by == "rule" and key == "rule" else TOP
        sections.append(Section(w(f"{key}s"), sheets=(_shares(w(key), shares[:limit], lang),)))
    failures = Sheet(
        key="failures",
        title="",
        header=(w("code"), w("count")),
        widths=(80, 20),
        rows=tuple((_reason(item, lang), str(item.count)) for item in found.failures),
        empty=w("none"),
    )
    return [*sections, Section(w("failures"), sheets=(failures,))]


def _reason(failed: Failed, lang: Lang) -> str:
    code = one_line(failed.code, 100) or "—"
    return f"{one_line(failed.reason.get(lang), 300)} ({code})" if failed.reason else code


def _shares(title: str, shares: Sequence[Share], lang: Lang) -> Sheet:
    w = _Words(lang)
    return Sheet(
        key="shares",
        title="",
        header=(title, w("seen"), w("confirmed"), w("share"), w("interval")),
        widths=(52, 12, 12, 10, 16),
        rows=tuple(
            (
                item.label.get(lang),
                f"{item.subjects} / {item.of}",
                str(item.confirmed),
                percent(item.share.value),
                f"{percent(item.share.low)}–{percent(item.share.high)}",
            )
            for item in shares
        ),
        empty=w("none"),
    )


# --- operators --------------------------------------------------------------------------------------------


def _proposals(found: Sequence[tuple[str, Proposal]], lang: Lang) -> Section:
    w = _Words(lang)
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
    w = _Words(lang)
    sections = [_proposals([(r.name, p) for r in records for p in r.proposals], lang)]
    for record in records if detailed else ():
        sections += [_visits(record, lang), _courses(record, titles, lang)]
    facts = ((w("operators"), w("operators_of", shown=len(records), all=total)),)
    return Page(w("operators"), "", facts, tuple(sections), lang)


def _visits(record: Operator, lang: Lang) -> Section:
    w = _Words(lang)
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
    w = _Words(lang)
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

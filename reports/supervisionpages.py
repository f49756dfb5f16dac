"""Content of the supervision reports, laid out in sections of charts and tables that every format draws the same way."""

from __future__ import annotations

from collections.abc import Sequence

from reports.operatorpages import proposals
from reports.pages import (
    LETTER_NAMES,
    LETTER_STYLES,
    Bar,
    Chart,
    Page,
    PageWords,
    Section,
    moment,
    number,
    percent,
)
from reports.sheet import MAX_TABLE, Sheet
from reports.text import one_line
from scanner.model import VERDICT_LABELS, VERDICT_ORDER, Lang
from scanner.supervision import (
    UNKNOWN,
    Failed,
    Group,
    IndexRules,
    Share,
    Statistics,
    Summary,
)

TOP = 15


def stats_page(found: Statistics, lang: Lang) -> Page:
    """Return indicators as a report."""
    w = PageWords(lang)
    sections = [_overview(found.total, None, found.method, lang)]
    if found.by is not None and found.by != "rule":
        sections.append(_groups(w(f"by_{found.by}"), found.groups, found.method, lang))
    sections += _problems(found, lang)
    return Page(w("stats"), "", _about(found, lang), tuple(sections), lang)


def summary_page(found: Summary, lang: Lang) -> Page:
    """Return the summary of a period as a report."""
    w = PageWords(lang)
    method = found.total.method
    sections = [
        _overview(found.total.total, found.previous, method, lang),
        *(_groups(w(f"by_{name}"), groups, method, lang) for name, groups in found.by.items()),
        _groups(w("trend"), found.trend, method, lang),
        *_problems(found.total, lang),
        proposals(found.proposals, lang),
    ]
    facts = (*_about(found.total, lang), (w("made_at"), moment(found.made_at)))
    return Page(w("summary"), found.period, facts, tuple(sections), lang, found.made_at)


def _about(found: Statistics, lang: Lang) -> tuple[tuple[str, str], ...]:
    w = PageWords(lang)
    start, end = (w("open") if m is None else moment(m)[:16] for m in (found.start, found.end))
    comma = "、" if lang == "zh" else ", "
    return (
        (w("period"), w("from_to", start=start, end=end)),
        (w("packs"), comma.join(found.packs) or "—"),
        (w("profiles"), comma.join(found.profiles) or "—"),
    )


def _overview(total: Group, before: Group | None, method: IndexRules, lang: Lang) -> Section:
    w = PageWords(lang)

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
    w = PageWords(lang)
    low, high = f"{group.index.low:.1f}", f"{group.index.high:.1f}"
    text = w("index_of", value=f"{group.index.value:.1f}", low=low, high=high, n=group.subjects)
    return " ".join((text, *_remarks(group, lang)))


def _remarks(group: Group, lang: Lang) -> list[str]:
    w = PageWords(lang)
    marks = [("small", group.small), ("upper_bound", group.upper_bound)]
    return [w(name) for name, holds in marks if holds and group.subjects]


def _groups(title: str, groups: Sequence[Group], method: IndexRules, lang: Lang) -> Section:
    w = PageWords(lang)
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
    w = PageWords(lang)
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
    w = PageWords(lang)
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

"""Parts of a report's view that take more than a line: identity, problems, decisions, baseline, chart of owners."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reports import charts
from reports.clauses import InstrumentView
from reports.findings import FindingView, by_rule
from reports.names import Names
from reports.policysheets import policy_identity
from reports.sitetables import site_identity
from reports.tables import Matrix, data_day
from reports.text import one_line
from scanner.facts import AppFacts, Facts
from scanner.gate import BaselineState
from scanner.model import VERDICT_ORDER, Assessment, Coverage, Grade, Lang, Verdict
from scanner.rulepack import Pack

MAX_ARTIFACTS = 200
MAX_ENTRIES = 10
IDENTIFIER = {"app": "identifier", "site": "address", "policy": "document"}


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem: all findings of one rule, and what they are about."""

    findings: tuple[FindingView, ...]
    groups: tuple[str, ...]

    @property
    def first(self) -> FindingView:
        """The first finding; it carries the texts of the rule."""
        return self.findings[0]


def gathered(findings: Sequence[FindingView]) -> tuple[Problem, ...]:
    """Return the rules of ``findings`` in their order, each with its findings gathered."""
    found = []
    for group in by_rule(findings).values():
        names = tuple(dict.fromkeys(f.group for f in group if f.group))
        found.append(Problem(group, names))
    return tuple(found)


def identity_rows(names: Names, category: str) -> tuple[tuple[str, str], ...]:
    """Return label and value of what identifies the subject and its source; ``category`` where more than its name is known."""
    subject, app = names.facts.subject, names.facts.app
    rows = [(IDENTIFIER[subject.kind], subject.identifier), ("version", subject.version)]
    if app is not None:
        rows[1] = ("version", _version(subject.version, app.identity.version_code))
        rows.append(("levels", _levels(app.identity.min_sdk, app.identity.target_sdk)))
    rows += [
        ("developer", (subject.developer or "") if subject.kind != "site" else ""),
        ("store", subject.store or ""),
        ("category", category or subject.category or ""),
        ("source", subject.source if subject.source != subject.identifier else ""),
        ("sha256" if subject.kind != "site" else "start_sha256", subject.sha256),
    ]
    keyed = [(f"label_{key}", value) for key, value in rows]
    keyed += [*site_identity(names), *policy_identity(names)]
    return tuple((names.word(key), one_line(value, 300)) for key, value in keyed if value)


def _version(name: str, code: int | None) -> str:
    return f"{name} ({code})" if name and code is not None else name or str(code or "")


def _levels(low: int | None, target: int | None) -> str:
    return f"{low if low is not None else '?'} – {target if target is not None else '?'}"


def decision_lines(assessment: Assessment, names: Names) -> tuple[str, ...]:
    """Return what humans decided, as sentences: how many decisions hold, and each that does not with the reason."""
    used = sum(control.decision is not None for control in assessment.controls)
    unused = assessment.unused_decisions
    lines = [names.word("decisions_used", count=used)] if used or unused else []
    for entry in unused[:MAX_ENTRIES]:
        control = names.pack.controls.get(entry.decision.control)
        title = names.text(control.title) if control else one_line(entry.decision.control, 80)
        who = one_line(entry.decision.who, 80)
        values = {"control": title, "who": who, "when": entry.decision.when}
        lines.append(names.word("decision_unused", reason=names.text(entry.reason), **values))
    if len(unused) > MAX_ENTRIES:
        lines.append(names.word("decisions_more", count=len(unused) - MAX_ENTRIES))
    return tuple(lines)


def baseline_lines(
    baseline: BaselineState | None, counts: tuple[int, int], names: Names, *, hidden: bool
) -> tuple[str, ...]:
    """Return what the baseline says, as sentences: new and known findings, entries gone, entries not checked.

    ``counts`` are all findings and those it knows; ``hidden`` whether the report leaves the known ones out.
    """
    if baseline is None:
        return ()
    total, known = counts
    lines = [names.word("baseline_counts", new=total - known, known=known)]
    if hidden and known:
        lines.append(names.word("baseline_hidden", count=known))
    for key, entries in (("gone", baseline.gone), ("unchecked", baseline.unchecked)):
        if entries:
            shown = [names.known_finding(entry.rule, entry.group) for entry in entries[:MAX_ENTRIES]]
            more = (
                names.word("and_more", count=len(entries) - MAX_ENTRIES) if len(entries) > MAX_ENTRIES else ""
            )
            what = names.word("semicolon").join(shown) + more
            lines.append(names.word(f"baseline_{key}", count=len(entries), what=what))
    return tuple(lines)


def owner_bars(table: Matrix, names: Names) -> tuple[charts.Bar, ...]:
    """Return items by owner, as bars: how many an owner's reachable code obtains, and how many only unreached code."""
    rows = []
    for column, owner in enumerate(table.columns):
        cells = [row.cells[column] for row in table.rows if row.cells[column].total]
        live = sum(cell.reachable > 0 for cell in cells)
        parts = [
            ("live", names.word("chart_live"), live),
            ("dead", names.word("chart_dead"), len(cells) - live),
        ]
        if cells:
            rows.append((owner, parts))
    return charts.bars(rows)


def endpoint_note(app: AppFacts, listed: int, names: Names) -> str:
    """Return how many addresses there are, in cleartext and overseas, and how many of them are ``listed``."""
    total = len(app.endpoints)
    clear = sum(endpoint.cleartext for endpoint in app.endpoints)
    overseas = sum(endpoint.overseas is True for endpoint in app.endpoints)
    unknown = sum(e.overseas is None and e.kind != "private" for e in app.endpoints)
    counts = [
        names.word("endpoints_count", count=total, clear=clear),
        names.word("b_overseas_count", count=overseas),
        *([names.word("b_overseas_unknown_count", count=unknown)] if unknown else []),
    ]
    parts = [names.word("comma").join(counts)]
    if total > listed:
        parts.append(names.word("t_more", total=total, shown=listed))
    parts += [day] if (day := data_day(app, names)) else []
    return names.word("semicolon").join(parts)


def packer_name(app: AppFacts, names: Names) -> str:
    """Return the name of the hardening packer, empty where there is none."""
    if app.code.packer is None:
        return ""
    return names.text(app.code.packer_name, 80) or one_line(app.code.packer, 80)


def coverage_line(cover: Coverage, names: Names) -> str:
    """Return the coverage of the grade as one sentence."""
    outside = cover.clauses - cover.in_scope
    scope = names.word("coverage_scope", outside=outside, in_scope=cover.in_scope) if outside else ""
    return names.word("coverage_line", **cover.model_dump(), scope=scope)


def artifact_rows(facts: Facts) -> tuple[tuple[str, str, int], ...]:
    """Return name, sha256 and size in bytes of the files examined, at most :data:`MAX_ARTIFACTS`."""
    shown = facts.artifacts[:MAX_ARTIFACTS]
    return tuple((one_line(a.name, 200), one_line(a.sha256, 80), a.size) for a in shown)


def headline(counts: Sequence[tuple[Verdict, str, int]], names: Names) -> str:
    """Return one sentence: how many clauses, with which verdicts."""
    parts = [names.word("headline_part", label=label, count=count) for _, label, count in counts if count]
    total = sum(count for _, _, count in counts)
    return names.word("headline", total=total, parts=names.join(parts))


def incomplete(facts: Facts, paths: Sequence[str]) -> bool:
    """Return whether a gap leaves the facts under one of ``paths`` open."""
    return any(gap.path == path or path.startswith(gap.path + ".") for gap in facts.gaps for path in paths)


def method(names: Names) -> tuple[str, str]:
    """Return how the subject was examined, and what that cannot see."""
    kind = names.facts.subject.kind
    suffix = "" if kind == "app" else f"_{kind}"
    return names.word(f"method_how{suffix}"), names.word(f"method_limits{suffix}")


def verdict_counts(instruments: Sequence[InstrumentView], lang: Lang) -> tuple[tuple[Verdict, str, int], ...]:
    """Return the number of clauses by verdict, worst first."""
    found = Counter(clause.verdict for instrument in instruments for clause in instrument.clauses)
    return tuple((verdict, verdict.label.get(lang), found[verdict]) for verdict in VERDICT_ORDER)


def grade_place(grade: Grade, pack: Pack) -> int:
    """Return the position of the letter on the scale of the grading, 0 = best."""
    letters = [letter.letter for letter in pack.grading.letters]
    return letters.index(grade.letter) if grade.letter in letters else len(letters) - 1

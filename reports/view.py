"""What every writer shows, resolved once: clauses with findings, tables, counts.  Orders and groups, decides nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property

from reports.text import one_line, plain, short_method
from reports.words import word
from scanner.facts import Access, Facts
from scanner.model import (
    CONFIDENCE_LABELS,
    SEVERITY_LABELS,
    VERDICT_ORDER,
    Assessment,
    ClauseResult,
    CodeStep,
    ControlResult,
    Coverage,
    DexLocator,
    Evidence,
    FileLocator,
    Finding,
    Lang,
    PolicyLocator,
    ResourceLocator,
    SearchLocator,
    Verdict,
    WebLocator,
    XmlLocator,
)
from scanner.rulepack import Clause, Control, Pack, Rule

MAX_SHOWN = 8
SEVERITIES = ("critical", "high", "medium", "low")


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence for people: where, what, and the steps of the chain."""

    place: str
    detail: str
    excerpt: str
    steps: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with its rule's texts.

    ``hidden`` counts the evidence left to the JSON report; ``first`` is the first clause of the rule's legal basis,
    where the finding has its anchor.
    """

    rule: Rule
    group: str
    severity: str
    severity_label: str
    confidence_label: str
    title: str
    message: str
    fix: str
    fingerprint: str
    evidence: tuple[EvidenceView, ...]
    hidden: int
    first: str


@dataclass(frozen=True, slots=True)
class ControlView:
    """A control's result with its manual procedure and findings."""

    control: Control
    result: ControlResult
    title: str
    reasons: tuple[str, ...]
    steps: tuple[str, ...]
    keep: tuple[str, ...]
    minutes: int
    findings: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class ClauseView:
    """A clause with its verdict, reasons and controls."""

    clause: Clause
    result: ClauseResult
    verdict: Verdict
    verdict_label: str
    title: str
    reasons: tuple[str, ...]
    controls: tuple[ControlView, ...]

    @property
    def findings(self) -> tuple[FindingView, ...]:
        """The findings under this clause whose rule names it."""
        return tuple(f for c in self.controls for f in c.findings if self.clause.id in f.rule.basis)


@dataclass(frozen=True, slots=True)
class InstrumentView:
    """An instrument with its clauses grouped by chapter."""

    id: str
    title: str
    number: str
    issuer: str
    effective: str
    coverage: Coverage
    chapters: tuple[tuple[str, tuple[ClauseView, ...]], ...]

    @property
    def clauses(self) -> tuple[ClauseView, ...]:
        """All clauses in order."""
        return tuple(clause for _, clauses in self.chapters for clause in clauses)


class ReportView:
    """The resolved content of one report in one language."""

    def __init__(self, assessment: Assessment, facts: Facts, pack: Pack, lang: Lang) -> None:
        self.assessment = assessment
        self.facts = facts
        self.pack = pack
        self.lang: Lang = lang

    def word(self, key: str, **values: object) -> str:
        """Return a fixed text of the report in its language."""
        return word(key, self.lang).format(**values)

    # --- head -----------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The subject's name, harmless."""
        return one_line(self.facts.subject.name, 80)

    @cached_property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """Label and value of what identifies the subject."""
        subject, app = self.facts.subject, self.facts.app
        rows = [
            ("package", subject.identifier),
            ("version", subject.version or "—"),
            ("sha256", subject.sha256),
            ("source", subject.source),
        ]
        if app is not None:
            rows.append(("levels", f"{app.identity.min_sdk} – {app.identity.target_sdk}"))
            for certificate in app.signing.certificates:
                rows.append(("certificate", f"{certificate.subject}  SHA-256 {certificate.sha256}"))
        if subject.category:
            rows.append(("category", subject.category))
        rows.append(("assessed", self.assessment.assessed_at.isoformat()))
        return tuple((self.word(f"label_{key}"), one_line(value, 300)) for key, value in rows)

    @cached_property
    def counts(self) -> tuple[tuple[Verdict, str, int], ...]:
        """Number of clauses by verdict, worst first."""
        found = Counter(clause.verdict for instrument in self.instruments for clause in instrument.clauses)
        return tuple((verdict, verdict.label.get(self.lang), found[verdict]) for verdict in VERDICT_ORDER)

    @cached_property
    def top(self) -> tuple[FindingView, ...]:
        """One finding per rule that hit, worst first: what a reader must know in a minute."""
        best: dict[str, FindingView] = {}
        for finding in self.findings:
            best.setdefault(finding.rule.id, finding)
        return tuple(best.values())

    # --- clauses --------------------------------------------------------------------------------------

    @cached_property
    def instruments(self) -> tuple[InstrumentView, ...]:
        """The instruments of the profile."""
        found = []
        for result in self.assessment.instruments:
            instrument = self.pack.instruments[result.instrument]
            clauses = {c.id: c for c in instrument.clauses}
            chapters: dict[str, list[ClauseView]] = {}
            for outcome in result.clauses:
                clause = clauses[outcome.clause]
                chapters.setdefault(clause.chapter, []).append(self._clause(clause, outcome))
            found.append(
                InstrumentView(
                    id=instrument.id,
                    title=instrument.title.get(self.lang),
                    number=instrument.number,
                    issuer=instrument.issuer,
                    effective=instrument.effective,
                    coverage=result.coverage,
                    chapters=tuple((name, tuple(group)) for name, group in chapters.items()),
                )
            )
        return tuple(found)

    def _clause(self, clause: Clause, outcome: ClauseResult) -> ClauseView:
        return ClauseView(
            clause=clause,
            result=outcome,
            verdict=outcome.verdict,
            verdict_label=outcome.verdict.label.get(self.lang),
            title=clause.title.get(self.lang),
            reasons=tuple(reason.get(self.lang) for reason in outcome.reasons),
            controls=tuple(self._controls[name] for name in outcome.controls),
        )

    @cached_property
    def _controls(self) -> dict[str, ControlView]:
        by_rule: dict[str, list[FindingView]] = defaultdict(list)
        for finding in self.findings:
            by_rule[finding.rule.id].append(finding)
        return {
            result.control: self._control(self.pack.controls[result.control], result, by_rule)
            for result in self.assessment.controls
        }

    def _control(
        self, control: Control, result: ControlResult, by_rule: dict[str, list[FindingView]]
    ) -> ControlView:
        manual = control.manual
        return ControlView(
            control=control,
            result=result,
            title=control.title.get(self.lang),
            reasons=tuple(reason.get(self.lang) for reason in result.reasons),
            steps=tuple(step.get(self.lang) for step in manual.steps) if manual else (),
            keep=tuple(item.get(self.lang) for item in manual.keep) if manual else (),
            minutes=manual.minutes if manual else 0,
            findings=tuple(f for rule in result.hits for f in by_rule[rule]),
        )

    # --- findings -------------------------------------------------------------------------------------

    @cached_property
    def findings(self) -> tuple[FindingView, ...]:
        """All findings, worst severity first, then by rule code and group."""
        views = [
            self._finding(self.pack.rules[result.rule], finding)
            for result in self.assessment.evaluation.results
            for finding in result.findings
        ]
        return tuple(sorted(views, key=lambda f: (SEVERITIES.index(f.severity), f.rule.code, f.group)))

    def _finding(self, rule: Rule, finding: Finding) -> FindingView:
        shown = finding.evidence[:MAX_SHOWN]
        return FindingView(
            rule=rule,
            group=self._group(rule, finding.group),
            severity=rule.severity.value,
            severity_label=SEVERITY_LABELS[rule.severity].get(self.lang),
            confidence_label=CONFIDENCE_LABELS[rule.confidence].get(self.lang),
            title=rule.title.get(self.lang),
            message=rule.message.get(self.lang),
            fix=rule.fix.get(self.lang),
            fingerprint=finding.fingerprint,
            evidence=tuple(self.evidence(e) for e in shown),
            hidden=finding.evidence_total - len(shown),
            first=rule.basis[0],
        )

    def _group(self, rule: Rule, group: str) -> str:
        """Return the group for people: item and owner ids become names."""
        if not group:
            return ""
        parts = group.split(" | ")
        named = [self._name(field, part) for field, part in zip(rule.group_by, parts, strict=False)]
        return " · ".join(part for part in named if part)

    def _name(self, field: str, value: str) -> str:
        if field == "item":
            return self.item_name(value)
        if field in {"owner_id", "id"}:
            return self.owner_name(value)
        return short_method(value) if field == "caller" else one_line(value, 120)

    def item_name(self, item: str) -> str:
        """Return the name of a personal-information item."""
        return self._item_names.get(item, item)

    @cached_property
    def _item_names(self) -> dict[str, str]:
        return {key: text.get(self.lang) for key, text in self.pack.items.items()}

    def owner_name(self, owner: str) -> str:
        """Return the name of an owner id: an SDK's name, or the app itself."""
        if self.facts.app is None or not owner:
            return self.word("owner_unknown") if not owner else one_line(owner, 80)
        names = {sdk.id: sdk.name.get(self.lang) for sdk in self.facts.app.sdks}
        return self.word("owner_app") if owner == self.facts.app.identity.package else names.get(owner, owner)

    def evidence(self, evidence: Evidence) -> EvidenceView:
        """Return a piece of evidence for people."""
        place, detail = self._place(evidence)
        steps = tuple(self._step(step) for step in evidence.chain)
        return EvidenceView(place=place, detail=detail, excerpt=plain(evidence.excerpt), steps=steps)

    def _place(self, evidence: Evidence) -> tuple[str, str]:
        locator = evidence.locator
        if isinstance(locator, DexLocator):
            where = f"{one_line(locator.dex, 60)}  +0x{locator.offset:04x}"
            return f"{short_method(locator.method)}  {where}", one_line(locator.method, 600)
        if isinstance(locator, XmlLocator):
            return one_line(evidence.artifact, 200), one_line(locator.path, 600)
        if isinstance(locator, ResourceLocator):
            return one_line(f"{locator.name} {locator.locale}", 200), one_line(evidence.artifact, 200)
        if isinstance(locator, FileLocator):
            return one_line(locator.path, 300), one_line(evidence.artifact, 200)
        if isinstance(locator, WebLocator):
            return one_line(locator.url, 300), one_line(locator.css, 300)
        if isinstance(locator, PolicyLocator):
            return one_line(locator.paragraph, 200), f"{locator.start}–{locator.end}"
        assert isinstance(locator, SearchLocator)
        return self.word("searched"), "；".join(text.get(self.lang) for text in locator.searched)

    def _step(self, step: CodeStep) -> tuple[str, str, str]:
        offset = f"+0x{step.offset:04x}" if step.offset >= 0 else ""
        edge = "" if step.edge == "end" else self.word(f"edge_{step.edge}")
        return short_method(step.method), one_line(f"{step.method} {offset}", 600), edge

    # --- tables ---------------------------------------------------------------------------------------

    @cached_property
    def permissions(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """Rows: name, label, protection, declared, used by."""
        if self.facts.app is None:
            return ()
        rows = []
        for permission in self.facts.app.permissions:
            users = "、".join(
                f"{self.owner_name(use.owner.id) if use.owner.kind != 'unknown' else self.word('owner_unknown')} ×{use.sites}"
                for use in permission.used_by
            )
            used = users or self.word(
                {True: "used", False: "never_used", None: "use_unknown"}[permission.used]
            )
            label = permission.label.get(self.lang) if permission.label else ""
            declared = self.word("yes" if permission.declared else "no")
            rows.append(
                (
                    one_line(permission.name, 120),
                    label,
                    self.word(f"level_{permission.protection}"),
                    declared,
                    used,
                )
            )
        return tuple(rows)

    @cached_property
    def sdks(self) -> tuple[tuple[str, str, str, str, str], ...]:
        """Rows of non-library SDKs: name, vendor, purpose, items seen in code, items documented."""
        if self.facts.app is None:
            return ()
        return tuple(
            (
                sdk.name.get(self.lang),
                sdk.vendor.get(self.lang),
                self.word(f"purpose_{sdk.purpose.replace('-', '_')}"),
                self._items(sdk.items),
                self._items(sdk.documented_items),
            )
            for sdk in self.facts.app.sdks
            if not sdk.is_library
        )

    @cached_property
    def libraries(self) -> str:
        """Names of the plain libraries."""
        if self.facts.app is None:
            return ""
        return "、".join(sdk.name.get(self.lang) for sdk in self.facts.app.sdks if sdk.is_library)

    def _items(self, items: tuple[str, ...]) -> str:
        return "、".join(self.item_name(item) for item in items) or "—"

    @cached_property
    def matrix(self) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[int, ...]], ...]]:
        """Items × owners: column names and, per item, the number of reachable places by owner (weak ones left out)."""
        app = self.facts.app
        live = [a for a in app.accesses if a.reachable and a.strength != "weak"] if app is not None else []
        live = [a for a in live if a.owner_kind != "library"]
        columns = sorted({self._column(a) for a in live}, key=lambda c: (c != self.word("owner_app"), c))
        cells = Counter((a.item, self._column(a)) for a in live)
        rows = tuple(
            (self.item_name(item), tuple(cells[item, c] for c in columns))
            for item in sorted({a.item for a in live})
        )
        return tuple(columns), rows

    def _column(self, access: Access) -> str:
        return (
            self.word("owner_unknown") if access.owner_kind == "unknown" else self.owner_name(access.owner_id)
        )

    @cached_property
    def unread(self) -> tuple[tuple[str, str], ...]:
        """What could not be read: message and place, gaps first, each once."""
        rows = [(gap.reason.get(self.lang), gap.path) for gap in self.facts.gaps]
        rows += [
            (f"{p.message.get(self.lang)} ×{p.count}", one_line(p.where, 200)) for p in self.facts.problems
        ]
        merged: dict[str, list[str]] = {}
        for message, place in rows:
            merged.setdefault(message, []).append(place)
        return tuple(
            (one_line(message, 400), "、".join(dict.fromkeys(places))) for message, places in merged.items()
        )

    @cached_property
    def blind(self) -> tuple[tuple[str, int], ...]:
        """What static analysis did not follow in this package, with counts."""
        if self.facts.app is None:
            return ()
        code = self.facts.app.code
        return (
            (self.word("blind_reflection"), code.reflection_calls),
            (self.word("blind_native"), code.native_methods),
            (self.word("blind_dynamic"), code.dynamic_loads),
            (self.word("blind_skipped"), code.skipped_methods),
        )

"""What every writer shows, resolved once and lazily.  Orders, groups and words; decides nothing.

Each part is computed when a writer first asks for it, so the JSON report costs none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reports import charts, overreachtable, policytable, powertable, startuptable, tables
from reports.buildtables import build_sheets
from reports.citing import Citing
from reports.clauses import (
    ControlView,
    InstrumentView,
    PreparationView,
    RuleView,
    control_views,
    instrument_views,
    rule_views,
)
from reports.findings import FindingView, by_rule, finding_views
from reports.imprint import BLANK, Imprint
from reports.manual import ManualItem, manual_items, preparations, waiting_controls
from reports.names import Names
from reports.policysheets import policy_sheets
from reports.sheet import Sheet
from reports.sitetables import site_sheets
from reports.text import one_line
from reports.viewparts import (
    Problem,
    artifact_rows,
    baseline_lines,
    coverage_line,
    decision_lines,
    endpoint_note,
    gathered,
    grade_place,
    headline,
    identity_rows,
    incomplete,
    method,
    owner_bars,
    packer_name,
    verdict_counts,
)
from scanner.facts import Facts
from scanner.gate import BaselineState, standings
from scanner.model import Assessment, Grade, Lang, Verdict
from scanner.overreach import overreach
from scanner.overreachrows import Overreach
from scanner.rulepack import Pack


@dataclass(frozen=True)
class ReportView:
    """The content of one report in one language.

    ``width`` and ``colour`` describe the terminal, for writers that write to one (80 columns without colour
    where there is none).  ``imprint`` and ``template`` (a Word file) are the agency's, for formal reports.
    ``baseline`` says which findings were known before; with ``new_only`` they are counted (:attr:`known_total`) but
    not listed.
    """

    assessment: Assessment
    facts: Facts
    pack: Pack
    lang: Lang
    width: int = 80
    colour: bool = False
    imprint: Imprint = BLANK
    template: bytes | None = None
    baseline: BaselineState | None = None
    new_only: bool = False

    @cached_property
    def names(self) -> Names:
        """Names for ids."""
        return Names(self.facts, self.pack, self.lang)

    def word(self, key: str, **values: object) -> str:
        """Return a fixed text of the reports, with ``values`` filled in; raises KeyError for an unknown key."""
        return self.names.word(key, **values)

    # --- head -----------------------------------------------------------------------------------------

    @cached_property
    def name(self) -> str:
        """The subject's name; a website's with its host."""
        name = one_line(self.facts.subject.name, 80) or one_line(self.facts.subject.identifier, 80)
        host = one_line(self.facts.site.host, 80) if self.facts.site is not None else ""
        if not host or host in name:
            return name
        return f"{name}{self.word('open')}{host}{self.word('close')}"

    @cached_property
    def when(self) -> str:
        """Moment of the assessment, as ``2026-11-24 12:00 UTC``."""
        return self.assessment.assessed_at.strftime("%Y-%m-%d %H:%M %Z").strip()

    @cached_property
    def identity(self) -> tuple[tuple[str, str], ...]:
        """Label and value of what identifies the subject and its source."""
        category = self.category_line if self.overreach.name or self.overreach.why else ""
        return identity_rows(self.names, category)

    @property
    def grade(self) -> Grade:
        """The grade with its coverage."""
        return self.assessment.grade

    @cached_property
    def grade_place(self) -> int:
        """Position of the letter on the scale of the grading, 0 = best; for its colour."""
        return grade_place(self.grade, self.pack)

    @cached_property
    def counts(self) -> tuple[tuple[Verdict, str, int], ...]:
        """Number of clauses by verdict, worst first."""
        return verdict_counts(self.instruments, self.lang)

    @cached_property
    def headline(self) -> str:
        """One sentence: how many clauses, with which verdicts."""
        return headline(self.counts, self.names)

    @cached_property
    def coverage_line(self) -> str:
        """The grade's coverage as one sentence."""
        return coverage_line(self.grade.coverage, self.names)

    @property
    def clause_count(self) -> int:
        """Number of clauses in the report."""
        return sum(count for _, _, count in self.counts)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """The rules that hit, worst first, each with its findings gathered."""
        return gathered(self.findings)

    @cached_property
    def decision_lines(self) -> tuple[str, ...]:
        """What humans decided, as sentences: how many decisions hold, and each that does not with the reason."""
        return decision_lines(self.assessment, self.names)

    # --- clauses and findings -------------------------------------------------------------------------

    @cached_property
    def findings(self) -> tuple[FindingView, ...]:
        """The findings to list, worst first: all, or with ``new_only`` those the baseline does not know."""
        return tuple(f for f in self.all_findings if not (self.new_only and f.known))

    @cached_property
    def all_findings(self) -> tuple[FindingView, ...]:
        """All findings, worst first."""
        known = set(self.baseline.known) if self.baseline else set()
        return finding_views(self.assessment, self.names, known, standings(self.assessment, self.pack))

    @cached_property
    def owners(self) -> tuple[str, ...]:
        """Whose code the findings are about, each once, in the order of the findings."""
        return tuple(dict.fromkeys(f.owner for f in self.findings if f.owner))

    @cached_property
    def severities(self) -> tuple[tuple[str, str], ...]:
        """Severity and its name of all findings listed, worst first."""
        return tuple(dict.fromkeys((f.severity.value, f.severity_label) for f in self.findings))

    @cached_property
    def known_total(self) -> int:
        """Number of findings the baseline knows."""
        return sum(finding.known for finding in self.all_findings)

    @cached_property
    def baseline_lines(self) -> tuple[str, ...]:
        """What the baseline says, as sentences: new and known findings, entries gone, entries not checked."""
        counts = (len(self.all_findings), self.known_total)
        return baseline_lines(self.baseline, counts, self.names, hidden=self.new_only)

    @cached_property
    def rules(self) -> dict[str, RuleView]:
        """The result of every rule that ran."""
        return rule_views(self.assessment, self.names)

    @cached_property
    def instruments(self) -> tuple[InstrumentView, ...]:
        """The instruments of the profile with their clauses."""
        controls = control_views(self.assessment, self.rules, self.names)
        return instrument_views(self.assessment, controls, by_rule(self.findings), self.names)

    @cached_property
    def citing(self) -> Citing:
        """How the report cites clauses, and which of them its findings concern."""
        return Citing(self.instruments, self.names)

    @cached_property
    def manual(self) -> tuple[ControlView, ...]:
        """The controls of clauses that still need a human, each once, in the order of the clauses."""
        return waiting_controls(self.instruments)

    @cached_property
    def manual_items(self) -> tuple[ManualItem, ...]:
        """The controls of :attr:`manual` with their numbers in the report and the clauses they serve."""
        return manual_items(self.manual, self.instruments)

    @cached_property
    def preparations(self) -> tuple[PreparationView, ...]:
        """What the manual procedures of the report need first, in the order of their numbers."""
        return preparations(self.instruments)

    def prepare_line(self, control: ControlView) -> str:
        """Return the sentence that refers a manual procedure to its preparations, empty where it has none."""
        labels = self.names.join(p.label for p in control.prepare)
        return self.word("prepare_by", labels=labels) if labels else ""

    @property
    def manual_minutes(self) -> int:
        """Minutes of work of all manual procedures, as their authors estimate."""
        return sum(control.minutes for control in self.manual)

    def about(self, finding: FindingView) -> str:
        """Return what a finding is about: its group, or the whole subject where its rule tells no parts of it apart."""
        return finding.group or self.word(f"whole_{self.facts.subject.kind}")

    # --- tables ---------------------------------------------------------------------------------------

    @cached_property
    def overreach(self) -> Overreach:
        """Permissions and items of an app against what its category needs."""
        stands = {rule: one.verdict for rule, one in standings(self.assessment, self.pack).items()}
        return overreach(self.facts, self.assessment, stands)

    @cached_property
    def permissions(self) -> tuple[overreachtable.PermissionLine, ...]:
        """The permissions of an app, worst first."""
        return overreachtable.permission_lines(self.overreach, self.names)

    @cached_property
    def necessary_items(self) -> tuple[overreachtable.ItemLine, ...]:
        """The items of an app against the necessary range."""
        return overreachtable.item_lines(self.overreach, self.names)

    @cached_property
    def needs(self) -> tuple[tuple[str, str, int], ...]:
        """Need, its word and the number of permissions."""
        return overreachtable.need_counts(self.overreach, self.names)

    @cached_property
    def category_line(self) -> str:
        """The app's category and where it came from."""
        return overreachtable.category_line(self.overreach, self.names)

    @cached_property
    def category_notes(self) -> tuple[str, ...]:
        """What the category or its absence rests on, as sentences."""
        return overreachtable.category_notes(self.facts.app, self.overreach, self.names)

    @cached_property
    def overreach_line(self) -> str:
        """The table of overreach as one sentence."""
        return overreachtable.summary_line(self.overreach, self.names)

    @cached_property
    def sdks(self) -> tuple[tables.SdkRow, ...]:
        """The SDKs of an app, without plain libraries."""
        return tables.sdk_rows(self.facts.app, self.names) if self.facts.app else ()

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        """Names of the plain libraries of an app."""
        return tables.library_names(self.facts.app, self.names) if self.facts.app else ()

    @cached_property
    def matrix(self) -> tables.Matrix:
        """Items × owners."""
        return tables.matrix(self.facts.app, self.names) if self.facts.app else tables.Matrix((), (), (), ())

    @cached_property
    def compared(self) -> policytable.Compared:
        """What was seen beside what the policy says."""
        return policytable.compared(self.names)

    @cached_property
    def sheets(self) -> tuple[Sheet, ...]:
        """The tables of a site, of what an app is made of beside its code, and of a policy."""
        return (*site_sheets(self.names), *build_sheets(self.names), *policy_sheets(self.names))

    @cached_property
    def startup(self) -> tuple[startuptable.StartLine, ...]:
        """All steps of an app's start, in their order."""
        return startuptable.start_lines(self.facts.app, self.names) if self.facts.app else ()

    @cached_property
    def powers(self) -> powertable.Powers:
        """Ways an app runs unasked, other apps it wakes, and its special abilities."""
        return powertable.powers(self.facts.app, self.names) if self.facts.app else powertable.Powers()

    @property
    def has_powers(self) -> bool:
        """Whether there is something to show of :attr:`powers`, or something was not read."""
        return bool(self.powers.lines) or self.incomplete(*powertable.PATHS)

    @cached_property
    def endpoints(self) -> tuple[tables.EndpointRow, ...]:
        """Addresses in an app, at most :data:`reports.tables.MAX_ENDPOINTS`."""
        return tables.endpoint_rows(self.facts.app, self.names) if self.facts.app else ()

    @property
    def endpoint_total(self) -> int:
        """Number of all addresses."""
        return len(self.facts.app.endpoints) if self.facts.app else 0

    @cached_property
    def endpoint_note(self) -> str:
        """How many addresses there are, in cleartext and overseas, and how many of them are listed."""
        return endpoint_note(self.facts.app, len(self.endpoints), self.names) if self.facts.app else ""

    @cached_property
    def signing(self) -> tuple[tuple[str, str], ...]:
        """Label and value of signature schemes and certificates."""
        return tables.signing_rows(self.facts.app, self.names) if self.facts.app else ()

    @cached_property
    def unread(self) -> tuple[tables.Unread, ...]:
        """What could not be read."""
        return tables.unread_rows(self.names)

    @property
    def findings_note(self) -> str:
        """In which order the findings stand, and how a place is verified."""
        kind = self.facts.subject.kind
        return self.word("findings_note" if kind == "app" else f"findings_note_{kind}")

    @property
    def unread_line(self) -> str:
        """What was not read and not decided, as sentences; empty where there is nothing of it."""
        said = [self.word("unread_notice")] if self.unread else []
        if self.undecided:
            said.append(self.word("undecided_notice", count=self.undecided_total))
        return ("" if self.lang == "zh" else " ").join(said)

    def incomplete(self, *paths: str) -> bool:
        """Whether a gap leaves the facts under one of ``paths`` open: a table of them may lack rows."""
        return incomplete(self.facts, paths)

    @cached_property
    def oddities(self) -> tuple[tables.Unread, ...]:
        """What was odd in the subject without keeping anything from being read."""
        return tables.oddity_rows(self.names)

    @cached_property
    def undecided(self) -> tuple[tables.Undecided, ...]:
        """Rules without a decision, gathered by reasons."""
        return tables.undecided(self.rules.values())

    @property
    def undecided_total(self) -> int:
        """Number of rules without a decision."""
        return sum(len(group.rules) for group in self.undecided)

    @cached_property
    def looked(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """What was searched."""
        return tables.looked_rows(self.names)

    @cached_property
    def not_followed(self) -> tuple[tuple[str, int], ...]:
        """What static analysis did not follow, with counts."""
        return tables.not_followed(self.facts.app, self.names) if self.facts.app else ()

    @cached_property
    def packer(self) -> str:
        """Name of the hardening packer, empty where there is none."""
        return packer_name(self.facts.app, self.names) if self.facts.app else ""

    @cached_property
    def code_line(self) -> str:
        """Size of the code as one sentence, empty where there is no app."""
        return self.word("code_line", **self.facts.app.code.model_dump()) if self.facts.app else ""

    @cached_property
    def method(self) -> tuple[str, str]:
        """How the subject was examined, and what that cannot see."""
        return method(self.names)

    @cached_property
    def profile(self) -> str:
        """Title of the profile."""
        return self.names.text(self.pack.profiles[self.assessment.profile].title)

    @cached_property
    def collector(self) -> str:
        """Name and version of the collector that wrote the facts."""
        return one_line(self.facts.collector, 80)

    @cached_property
    def artifacts(self) -> tuple[tuple[str, str, int], ...]:
        """Name, sha256 and size in bytes of the files examined, the first 200."""
        return artifact_rows(self.facts)

    # --- charts ---------------------------------------------------------------------------------------

    @cached_property
    def verdict_chart(self) -> tuple[charts.Segment, ...]:
        """Clauses by verdict as one bar."""
        return charts.stacked([(verdict.value, label, count) for verdict, label, count in self.counts])

    @cached_property
    def coverage_chart(self) -> tuple[charts.Segment, ...]:
        """Clauses in scope by how far a machine can decide them, as one bar."""
        cover: dict[str, Any] = self.grade.coverage.model_dump()
        kinds = ("full", "partial", "manual", "uncovered")
        return charts.stacked([(f"cover-{kind}", self.word(f"cover_{kind}"), cover[kind]) for kind in kinds])

    @cached_property
    def owner_chart(self) -> tuple[charts.Bar, ...]:
        """Items by owner, as bars: how many an owner's reachable code obtains, and how many only unreached code."""
        return owner_bars(self.matrix, self.names)

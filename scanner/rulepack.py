"""The rule pack: instruments, controls, rules, profiles and grading as typed data.

The models here are the file format of ``rules/`` (docs/rule-pack.md); :mod:`scanner.packload` reads and checks
the files.  Knows the names of facts, nothing of how they are collected or reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from scanner.model import Audience, Confidence, Coverage, Frozen, Severity, Text, Verdict

Surface = Literal["app", "site", "policy"]
TextKind = Literal["exact", "quoted-requirement", "paraphrase", "taxonomy", "summary"]
Scalar = str | int | float | bool


class Clause(Frozen):
    """One clause of an instrument.

    ``limit`` is the worst verdict a scanner may give for it and ``limit_why`` the reason.  ``scope`` names the
    kinds of subject it can be examined on; empty means that it does not address apps or sites, and ``reason`` says
    why.  ``reason`` is also required where no control maps to the clause.  ``until`` is its last day; a clause that
    has one names in ``successor`` the clause that took its place, or says in ``reason`` that none did.
    ``applies_when`` is its precondition, such as the category of app it is written for.
    """

    id: str
    number: str
    title: Text
    text: str
    text_kind: TextKind
    limit: Verdict
    limit_why: Text | None = None
    scope: tuple[Surface, ...] = ("app",)
    reason: Text | None = None
    verified: str
    chapter: str = ""
    applies_when: Condition | None = None
    in_force: date | None = None
    until: date | None = None
    successor: str | None = None

    @property
    def is_verified(self) -> bool:
        """Whether the text was compared with a source (``verified:`` starts with ``verified``)."""
        return self.verified.startswith("verified")


class Instrument(Frozen):
    """A law, regulation, official document or standard with its complete clause list."""

    id: str
    title: Text
    number: str
    issuer: str
    issued: str = ""
    effective: str
    in_force: date | None = None
    until: date | None = None
    status: Text
    kind: Literal["law", "regulation", "official", "standard", "other"] = "official"
    draft: bool = False
    note: str = ""
    clauses: tuple[Clause, ...]


class Note(Text):
    """A text that may be meant for some kinds of subject only: ``surfaces``; empty means for all it can stand for."""

    surfaces: tuple[Surface, ...] = ()

    def concerns(self, kind: Surface) -> bool:
        """Whether the text is meant for subjects of ``kind``."""
        return not self.surfaces or kind in self.surfaces


class Preparation(Frozen):
    """What several manual procedures need first, said once: a test phone, a clean browser, the policy's text.

    It serves the kinds of subject for which it has a step.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: Text
    steps: tuple[Note, ...] = Field(min_length=1)
    keep: tuple[Note, ...] = ()

    def concerns(self, kind: Surface) -> bool:
        """Whether subjects of ``kind`` need this preparation."""
        return any(step.concerns(kind) for step in self.steps)


class ManualProcedure(Frozen):
    """What an inspector does by hand: steps, what to keep as evidence, how long it takes in minutes.

    ``prepare`` names the preparations it starts from; their texts are not repeated in ``steps`` and ``keep``, their
    time is part of ``minutes``.
    """

    prepare: tuple[str, ...] = ()
    steps: tuple[Note, ...] = Field(min_length=1)
    keep: tuple[Note, ...] = Field(min_length=1)
    minutes: int = Field(gt=0)


class Control(Frozen):
    """A testable requirement that serves several clauses and is decided by several rules.

    ``automation: full`` may end in 符合 and must say in ``why_full`` why the rules exhaust the question;
    ``partial`` and ``manual`` must say why not and give the manual procedure.  ``why_for`` is another reason for
    subjects of one kind, where ``why`` speaks of something they do not have.
    """

    id: str
    title: Text
    clauses: tuple[str, ...] = Field(min_length=1)
    rules: tuple[str, ...] = ()
    surfaces: tuple[Surface, ...] = ("app",)
    automation: Literal["full", "partial", "manual"]
    why: Text
    why_for: dict[Surface, Text] = Field(default_factory=dict)
    applies_when: Condition | None = None
    manual: ManualProcedure | None = None

    def why_on(self, kind: Surface) -> Text:
        """Return why the control is automated as far as it is, for subjects of ``kind``."""
        return self.why_for.get(kind, self.why)

    @model_validator(mode="after")
    def _consistent(self) -> Control:
        if self.automation == "manual" and self.rules:
            raise ValueError("automation: manual must not list rules")
        if self.automation != "manual" and not self.rules:
            raise ValueError(f"automation: {self.automation} needs rules")
        if self.automation != "full" and self.manual is None:
            raise ValueError(f"automation: {self.automation} needs a manual procedure")
        return self


class Condition(Frozen):
    """A condition over facts: exactly one of the forms below (docs/adr/0004-rule-language.md).

    Logic: ``all``, ``any``, ``not``.  Lists: ``some``/``none`` with ``where`` (conditions relative to the
    element) and ``at_least`` for ``some``.  Values: ``fact`` with one test: ``is``, ``in``, ``at_least``,
    ``at_most`` (of a list inside an element: the number of entries), ``matches`` (regular expression), ``overlaps``
    (list shares an element).  Anything else is
    a named ``predicate`` with parameters ``given``.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    some: str | None = None
    none: str | None = None
    where: Condition | None = None
    fact: str | None = None
    is_: Scalar | None = Field(default=None, alias="is")
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    at_least: int | float | None = None
    at_most: int | float | None = None
    matches: str | None = None
    overlaps: tuple[Scalar, ...] | None = None
    predicate: str | None = None
    given: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Condition:
        forms = {
            "all": self.all,
            "any": self.any,
            "not": self.not_,
            "some": self.some,
            "none": self.none,
            "fact": self.fact,
            "predicate": self.predicate,
        }
        used = [name for name, value in forms.items() if value is not None]
        if len(used) != 1:
            raise ValueError(
                f"exactly one of {', '.join(forms)} is needed, found: {', '.join(used) or 'none'}"
            )
        form = used[0]
        tests = self.tests()
        if form == "fact" and len(tests) != 1:
            raise ValueError(
                f"fact {self.fact!r} needs exactly one test, found: {', '.join(tests) or 'none'}"
            )
        if form != "fact" and set(tests) - ({"at_least"} if form == "some" else set()):
            raise ValueError(f"{form} does not take {', '.join(tests)}")
        if self.where is not None and form not in {"some", "none"}:
            raise ValueError("where belongs to some or none")
        if self.given is not None and form != "predicate":
            raise ValueError("given belongs to predicate")
        return self

    def tests(self) -> dict[str, Any]:
        """Return the value tests used, by the name they have in a file."""
        values = {
            "is": self.is_,
            "in": self.in_,
            "at_least": self.at_least,
            "at_most": self.at_most,
            "matches": self.matches,
            "overlaps": self.overlaps,
        }
        return {name: value for name, value in values.items() if value is not None}


class Examples(Frozen):
    """Facts, as fragments, on which the rule must hit (``bad``) and must be clear (``good``)."""

    bad: dict[str, Any]
    good: dict[str, Any]


class Snippet(Frozen):
    """Code or manifest before and after the fix, for developers."""

    language: str
    before: str
    after: str


class Rule(Frozen):
    """One way of seeing one violation.

    The id is a kebab slug that names the violation; ``code`` is short and stable for citations.
    ``group_by`` splits a hit into findings, by fields of the matched element.  ``looked_in`` names the fact
    paths whose search record proves an absence; required when ``hit_when`` rests on something missing.
    """

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    code: str = Field(pattern=r"^GJ-[A-Z]{1,4}\d{3}$")
    title: Text
    status: Literal["experimental", "stable", "deprecated"]
    replaced_by: str | None = None
    surface: Surface
    severity: Severity
    confidence: Confidence
    audience: tuple[Audience, ...] = (Audience.REGULATOR, Audience.DEVELOPER, Audience.CI)
    topics: tuple[str, ...] = ()
    basis: tuple[str, ...] = Field(min_length=1)
    why: Text
    message: Text
    fix: Text
    snippet: Snippet | None = None
    applies_when: Condition | None = None
    hit_when: Condition
    group_by: tuple[str, ...] = ()
    looked_in: tuple[str, ...] = ()
    false_positives: tuple[Text, ...] = Field(min_length=1)
    bulletin: tuple[str, ...] = ()
    in_force: date | None = None
    until: date | None = None
    examples: Examples | None = None


class Profile(Frozen):
    """A selection of instruments and rules for one purpose; ``extends`` another profile.

    ``default_for`` names the kinds of subject it is used for when no profile is asked for (not inherited).
    ``min_severity`` and ``min_confidence`` leave out rules below them, for quick runs that must not cry wolf.
    """

    id: str
    title: Text
    extends: str | None = None
    default_for: tuple[Surface, ...] = ()
    instruments: tuple[str, ...] = ()
    exclude_clauses: tuple[str, ...] = ()
    exclude_rules: tuple[str, ...] = ()
    min_severity: Severity | None = None
    min_confidence: Confidence | None = None
    include_experimental: bool = False
    include_drafts: bool = False


class BulletinPhrase(Frozen):
    """A phrase that an authority uses in its notices (``rules/data/bulletin.yaml``); rules name it by ``id``."""

    id: str
    phrase: str
    en: str
    authority: Text
    source: str
    verified: str


class Letter(Frozen):
    """A grade letter from ``at_least`` points upwards."""

    letter: str
    label: Text
    at_least: int


class Cap(Frozen):
    """A limit on the letter: ``count`` or more controls with ``verdict`` and worst hit ``severity``."""

    id: str
    verdict: Verdict
    severity: Severity | None = None
    count: int = 1
    limit: str
    reason: Text


class Grading(Frozen):
    """How verdicts become a score and letter (docs/adr/0003-grading.md).

    A control costs ``deduct[verdict][severity]`` points, by its verdict after the clauses' limits and the worst
    severity of its hits; controls, not clauses, so that one fault named by five laws counts once.  The score
    never falls below 0.  ``provisional_above`` is the share of applicable clauses awaiting a human above which
    the grade is 暂定.
    """

    start: int = 100
    deduct: dict[Verdict, dict[Severity, float]]
    letters: tuple[Letter, ...]
    caps: tuple[Cap, ...]
    provisional_above: float


class Pack(Frozen):
    """A loaded and checked rule pack.

    ``preparations`` are in the order in which reports number them.  ``items`` names the personal-information items rules and reports speak of, ``elements`` what a policy must contain
    (``element`` and ``element.part``), ``bulletin`` the phrases of bulletins.
    """

    version: str
    sha256: str
    instruments: dict[str, Instrument]
    controls: dict[str, Control]
    rules: dict[str, Rule]
    profiles: dict[str, Profile]
    grading: Grading
    preparations: dict[str, Preparation] = Field(default_factory=dict)
    items: dict[str, Text] = Field(default_factory=dict)
    bulletin: dict[str, BulletinPhrase] = Field(default_factory=dict)
    elements: dict[str, Text] = Field(default_factory=dict)
    wordings: dict[str, Text] = Field(default_factory=dict)

    def clause(self, clause_id: str) -> Clause:
        """Return a clause by id; raises KeyError for an unknown one."""
        return self.clauses()[clause_id]

    def phrases(self, rule: Rule) -> tuple[BulletinPhrase, ...]:
        """Return the phrases an authority's notice uses for what ``rule`` finds, the fittest first."""
        return tuple(self.bulletin[name] for name in rule.bulletin if name in self.bulletin)

    def clauses(self) -> dict[str, Clause]:
        """Return all clauses by id, in the order of the instruments."""
        return {
            clause.id: clause for instrument in self.instruments.values() for clause in instrument.clauses
        }


def controls_by_clause(pack: Pack) -> dict[str, list[str]]:
    """Return the ids of the controls of every clause that has one."""
    found: dict[str, list[str]] = {}
    for control in pack.controls.values():
        for clause in control.clauses:
            found.setdefault(clause, []).append(control.id)
    return found


def coverage(clauses: Sequence[Clause], pack: Pack, kind: str) -> Coverage:
    """Count how the clauses in scope for subjects of ``kind`` are covered by controls and tested rules.

    Only controls that concern ``kind``, and rules that can run on it, count.
    """
    by_clause = controls_by_clause(pack)
    counts = {"full": 0, "partial": 0, "manual": 0, "uncovered": 0}
    in_scope = tested = 0
    for clause in clauses:
        if kind not in clause.scope:
            continue
        in_scope += 1
        controls = [
            pack.controls[c] for c in by_clause.get(clause.id, ()) if kind in pack.controls[c].surfaces
        ]
        rules = [pack.rules[r] for c in controls for r in c.rules if _runs_on(pack.rules[r], kind)]
        counts[_coverage_kind(controls, bool(rules))] += 1
        tested += bool(rules) and all(rule.examples is not None for rule in rules)
    return Coverage(clauses=len(clauses), in_scope=in_scope, tested=tested, **counts)


def _runs_on(rule: Rule, kind: str) -> bool:
    return rule.surface in {kind, "policy"} and rule.status == "stable"


def _coverage_kind(controls: Sequence[Control], has_rules: bool) -> str:
    if not controls:
        return "uncovered"
    kinds = {control.automation for control in controls}
    if kinds == {"full"} and has_rules:
        return "full"
    return "manual" if kinds == {"manual"} or not has_rules else "partial"


Clause.model_rebuild()
Instrument.model_rebuild()
Control.model_rebuild()
Condition.model_rebuild()

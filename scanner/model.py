"""The shared vocabulary: evidence, findings, verdicts, assessment.

Knows nothing of packages, sites, rules on disk or report formats.  Every model is frozen, rejects unknown
keys and round-trips through JSON.  Terms follow NIST OSCAL (observation, finding, evidence) and XCCDF
(rule results); the five verdicts are the project's own (docs/adr/0002-verdict-table.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Lang = Literal["zh", "en"]


class Frozen(BaseModel):
    """Base of every model: immutable, hashable where its fields are, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Frozen):
    """A sentence for people, in Chinese and English."""

    zh: str
    en: str

    def get(self, lang: Lang) -> str:
        """Return the sentence in ``lang``."""
        return self.zh if lang == "zh" else self.en


class Severity(StrEnum):
    """How bad a violation is for the person concerned; independent of how sure we are."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Confidence(StrEnum):
    """How sure a hit is: certain = the evidence is the violation; firm = one plausible reading; tentative = a lead."""

    CERTAIN = "certain"
    FIRM = "firm"
    TENTATIVE = "tentative"


class Audience(StrEnum):
    """Who wants to see a finding."""

    REGULATOR = "regulator"
    DEVELOPER = "developer"
    CI = "ci"


class Outcome(StrEnum):
    """Result of one rule on one subject (XCCDF's distinctions)."""

    HIT = "hit"
    CLEAR = "clear"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"


class Verdict(StrEnum):
    """The five conclusions a regulator sees, for a control or a clause."""

    VIOLATION = "violation"
    SUSPECTED = "suspected"
    MANUAL = "manual"
    COMPLIANT = "compliant"
    NOT_APPLICABLE = "not_applicable"

    @property
    def label(self) -> Text:
        """Name of the verdict for people."""
        return VERDICT_LABELS[self]

    @property
    def rank(self) -> int:
        """Position from worst (0) to best (4): 不符合 > 疑似 > 需人工核查 > 符合 > 不适用."""
        return VERDICT_ORDER.index(self)


VERDICT_ORDER: tuple[Verdict, ...] = (
    Verdict.VIOLATION,
    Verdict.SUSPECTED,
    Verdict.MANUAL,
    Verdict.COMPLIANT,
    Verdict.NOT_APPLICABLE,
)

VERDICT_LABELS: dict[Verdict, Text] = {
    Verdict.VIOLATION: Text(zh="不符合", en="Violation"),
    Verdict.SUSPECTED: Text(zh="疑似", en="Suspected"),
    Verdict.MANUAL: Text(zh="需人工核查", en="Manual check"),
    Verdict.COMPLIANT: Text(zh="符合", en="Compliant"),
    Verdict.NOT_APPLICABLE: Text(zh="不适用", en="Not applicable"),
}

SEVERITY_LABELS: dict[Severity, Text] = {
    Severity.CRITICAL: Text(zh="严重", en="Critical"),
    Severity.HIGH: Text(zh="高", en="High"),
    Severity.MEDIUM: Text(zh="中", en="Medium"),
    Severity.LOW: Text(zh="低", en="Low"),
}

CONFIDENCE_LABELS: dict[Confidence, Text] = {
    Confidence.CERTAIN: Text(zh="确定", en="Certain"),
    Confidence.FIRM: Text(zh="较高", en="Firm"),
    Confidence.TENTATIVE: Text(zh="线索", en="Tentative"),
}


# --- evidence -------------------------------------------------------------------------------------------


class CodeStep(Frozen):
    """One step of a call chain: ``method`` (dex descriptor) reaches the next step at ``offset``.

    ``offset`` counts 16-bit code units from the start of the method's instructions, -1 when the step is not
    an instruction (the framework calls the next method).  ``edge`` says why the next step runs.
    """

    method: str
    offset: int = -1
    edge: str = "call"


class DexLocator(Frozen):
    """A place in code: dex file, method descriptor, offset in 16-bit code units (Dalvik executable format)."""

    kind: Literal["dex"] = "dex"
    dex: str
    method: str
    offset: int


class XmlLocator(Frozen):
    """A place in a binary or text XML file, as an element path with predicates."""

    kind: Literal["xml"] = "xml"
    path: str


class ResourceLocator(Frozen):
    """A value in the resource table: ``string/name`` and the locale it was read for (empty = default)."""

    kind: Literal["resource"] = "resource"
    name: str
    locale: str = ""


class FileLocator(Frozen):
    """A place in a file of the subject: byte offset and length, or the file as a whole when both are absent."""

    kind: Literal["file"] = "file"
    path: str
    offset: int | None = None
    length: int | None = None


class WebLocator(Frozen):
    """A place on a page: URL, CSS path, and the character span inside the element's text."""

    kind: Literal["web"] = "web"
    url: str
    css: str = ""
    start: int | None = None
    end: int | None = None


class PolicyLocator(Frozen):
    """A place in a policy: stable paragraph id and character span in the source."""

    kind: Literal["policy"] = "policy"
    paragraph: str
    start: int
    end: int


class SearchLocator(Frozen):
    """What was searched without finding anything: the proof of an absence."""

    kind: Literal["search"] = "search"
    searched: tuple[Text, ...]


Locator = Annotated[
    DexLocator | XmlLocator | ResourceLocator | FileLocator | WebLocator | PolicyLocator | SearchLocator,
    Field(discriminator="kind"),
]


class Evidence(Frozen):
    """One observation somebody can repeat.

    ``artifact`` names the file or page (its sha256 stands in ``Facts.artifacts``); ``excerpt`` quotes what is
    there word for word, personal data masked; ``note`` says in our own words what was observed there, so it comes
    in both languages (such as the default of an attribute that is not written); ``chain`` leads from an entry point of
    the program to the place.  ``beside``: it completes the proof of another piece (the call that uses a string) and is
    no place of its own (:mod:`scanner.places`).
    """

    artifact: str
    locator: Locator
    excerpt: str = ""
    note: Text | None = None
    beside: bool = False
    chain: tuple[CodeStep, ...] = ()


def beside(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return ``evidence`` as what completes the proof of another piece and is no place of its own."""
    return tuple(one.model_copy(update={"beside": True}) for one in evidence)


class Proof(Frozen):
    """The evidence of one field of a fact, for fields that do not share what proves the whole."""

    field: str
    evidence: tuple[Evidence, ...] = Field(min_length=1)


class Artifact(Frozen):
    """A file or page that evidence points into, identified by its sha256 (hex); ``size`` in bytes."""

    name: str
    sha256: str
    size: int


# --- what could not be read -----------------------------------------------------------------------------


class Gap(Frozen):
    """A part of the facts that was not read: every rule that needs ``path`` becomes unknown, never clear.

    ``path`` is a fact path prefix such as ``app.accesses``.
    """

    path: str
    code: str
    reason: Text


class Looked(Frozen):
    """What was searched to fill ``path``: the ground of every statement that something is absent."""

    path: str
    what: Text
    amount: int = 0


class Searched:
    """Marks a yes-or-no fact whose "no" is shown only by what was searched, not by what stands near it."""


Found = Annotated[bool | None, Searched()]


class Problem(Frozen):
    """Something odd or unreadable met while collecting; ``code`` is stable, ``where`` names the place."""

    code: str
    where: str
    message: Text
    count: int = 1


# --- results --------------------------------------------------------------------------------------------


class Subject(Frozen):
    """What is examined. ``identifier`` is the package name or URL; ``sha256`` (hex) of the input as given."""

    kind: Literal["app", "site", "policy"]
    name: str
    identifier: str
    version: str = ""
    sha256: str = ""
    source: str = ""
    category: str | None = None
    developer: str | None = None
    store: str | None = None


class Finding(Frozen):
    """A hit of one rule, for one group of evidence (for example one item read by one SDK).

    ``evidence_total`` counts all its places (:mod:`scanner.places`), 0 where only an absence is shown; of many only the
    first stand in ``evidence``.
    """

    rule: str
    group: str = ""
    fingerprint: str
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    evidence_total: int


def fingerprint(rule: str, identifier: str, group: str) -> str:
    """Return the finding's identity: no order, line, time or version (baseline, 复测, SARIF).

    First 32 hex digits of sha256 over rule id, subject identifier and group key.
    """
    text = "\x00".join(("guijian/1", rule, identifier, group))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class RuleResult(Frozen):
    """Result of one rule on the subject: ``reasons`` for unknown, not_applicable and error.

    ``category_basis``: where the app's category came from, for a rule whose result rests on it.  A hit with
    ``proposed`` holds only if the proposal does; ``reasons`` says so, and it never ends in 不符合.
    """

    rule: str
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reasons: tuple[Text, ...] = ()
    category_basis: Literal["given", "declared", "proposed"] | None = None


class Evaluation(Frozen):
    """All rule results on one subject, sorted by rule id."""

    subject: Subject
    results: tuple[RuleResult, ...]


class Decision(Frozen):
    """A human's verdict for one subject and control, from a decisions file."""

    control: str
    subject: str
    verdict: Verdict
    who: str
    when: date
    why: str
    until: date | None = None
    evidence: tuple[Artifact, ...] = ()


class UnusedDecision(Frozen):
    """A human decision about the subject that does not hold, and why.

    ``code``: ``expired``, ``future``, ``superseded``, ``control`` (not in the profile) or ``evidence`` (a file it rests
    on is missing or was changed).
    """

    decision: Decision
    code: str
    reason: Text


class ControlResult(Frozen):
    """Verdict of one control; ``row`` is the row of the verdict table that matched (1–7)."""

    control: str
    verdict: Verdict
    row: int
    reasons: tuple[Text, ...]
    hits: tuple[str, ...] = ()
    decision: Decision | None = None


class ClauseResult(Frozen):
    """Verdict of one clause: the worst of its controls, capped by the clause's limit."""

    clause: str
    verdict: Verdict
    controls: tuple[str, ...]
    capped_from: Verdict | None = None
    reasons: tuple[Text, ...] = ()


class Coverage(Frozen):
    """How much of the clauses in scope the machine could decide (counts of clauses)."""

    clauses: int
    in_scope: int
    full: int
    partial: int
    manual: int
    uncovered: int
    tested: int


class GradeCap(Frozen):
    """A rule of grading.yaml that limited the grade, and why."""

    id: str
    limit: str
    reason: Text


class Grade(Frozen):
    """Score 0–100 and letter 优/良/中/差, never without its coverage and reasons."""

    letter: str
    label: Text
    score: int
    provisional: bool
    caps: tuple[GradeCap, ...]
    reasons: tuple[Text, ...]
    coverage: Coverage


class InstrumentResult(Frozen):
    """Verdicts of one instrument, in the order of its clauses."""

    instrument: str
    clauses: tuple[ClauseResult, ...]
    coverage: Coverage


class Assessment(Frozen):
    """The outcome for one subject under one profile of one rule pack."""

    schema_version: Literal["1"] = "1"
    tool_version: str
    pack_version: str
    pack_sha256: str
    profile: str
    assessed_at: datetime
    subject: Subject
    evaluation: Evaluation
    controls: tuple[ControlResult, ...]
    instruments: tuple[InstrumentResult, ...]
    grade: Grade
    unused_decisions: tuple[UnusedDecision, ...] = ()

"""Findings and their evidence as people read them.

A report shows a bounded number of places per finding and says how many there are; the JSON report has all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from reports.names import Names
from reports.text import one_line, plain, short_class, short_method, unit_offset
from scanner.gate import Standing
from scanner.model import (
    CONFIDENCE_LABELS,
    SEVERITY_LABELS,
    Assessment,
    CodeStep,
    Confidence,
    Decision,
    DexLocator,
    Evidence,
    FileLocator,
    Finding,
    PolicyLocator,
    ResourceLocator,
    SearchLocator,
    Severity,
    Verdict,
    WebLocator,
    XmlLocator,
)
from scanner.places import SEPARATOR, count, first_places, obtains, places, single_groups
from scanner.rulepack import Rule, Snippet

SEVERITY_ORDER = tuple(Severity)
CONFIDENCE_ORDER = tuple(Confidence)
SHOWN = 5
SHOWN_OF_MANY = 2
MANY_FINDINGS = 60
CHAIN_HEAD, CHAIN_TAIL = 9, 6
CHAIN_ENDS = 3
MIN_SAME = 3
_PREDICATE = re.compile(r"\[[^\]]*\]")
LONG = 600
# What instructions do in words: opcode, key of the word, readable form of the operand.
READINGS: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("invoke-", "reads_call", short_method),
    ("sget", "reads_field", short_method),
    ("iget", "reads_field", short_method),
    ("sput", "writes_field", short_method),
    ("iput", "writes_field", short_method),
    ("const-string", "uses_string", one_line),
    ("const-class", "names_class", short_class),
    ("reflection", "reads_reflection", short_method),
    ("new-instance", "creates_object", short_class),
)


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a call chain: readable name, the full descriptor, offset, way to the next step.

    ``number`` counts from 1 with the steps left out; ``skipped`` counts those left out before this one, ``same`` those
    of them that are the same as in the evidence before.
    """

    name: str
    full: str
    offset: str
    edge: str
    number: int
    skipped: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One piece of evidence: its kind, a readable place, the exact locator by label, and what stands there.

    ``excerpt`` is quoted from the subject, ``note`` says in the report's language what was observed there;
    ``reading`` says in words what an instruction does, empty for other excerpts.
    ``beside``: it completes the proof of another piece and is no place of its own.
    """

    kind: str
    kind_label: str
    place: str
    locator: tuple[tuple[str, str], ...]
    excerpt: str
    note: str = ""
    reading: str = ""
    beside: bool = False
    steps: tuple[StepView, ...] = ()
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding with its rule's texts; ``number`` counts from 1 in the order of the report.

    ``total`` counts all places (:mod:`scanner.places`), ``listed`` those shown; ``places`` says both in words, empty where
    there is no place.  ``verdict`` is what the finding's controls
    reach; ``owner`` whose code it is about.  ``known``: a baseline has it; ``accepted``: who decided that it is no violation, empty where nobody did.
    """

    number: int
    rule: str
    code: str
    group: str
    severity: Severity
    severity_label: str
    confidence: Confidence
    confidence_label: str
    title: str
    message: str
    why: str
    fix: str
    snippet: Snippet | None
    false_positives: tuple[str, ...]
    basis: tuple[str, ...]
    fingerprint: str
    evidence: tuple[EvidenceView, ...]
    total: int
    listed: int
    places: str
    verdict: Verdict
    verdict_label: str
    owner: str = ""
    known: bool = False
    accepted: str = ""

    @property
    def label(self) -> str:
        """The finding's number as printed, ``F01``."""
        return f"F{self.number:02d}"

    def places_shown(self, shown: int, names: Names) -> str:
        """Return how many places there are for a format that lists only ``shown`` of them, empty without any."""
        return _places(self.total, min(shown, self.listed), names)

    @property
    def anchor(self) -> str:
        """The finding's id inside a document."""
        return f"f-{self.fingerprint}"


def finding_views(
    assessment: Assessment, names: Names, known: AbstractSet[str], standings: Mapping[str, Standing]
) -> tuple[FindingView, ...]:
    """Return all findings: worst severity first, then the surest, then by rule code and group.

    ``known`` are the fingerprints of a baseline; ``standings`` say how far each rule's hit stands.
    """
    found = [
        (names.pack.rules[result.rule], finding)
        for result in assessment.evaluation.results
        for finding in result.findings
    ]
    # A hit has reasons only where it rests on something not certain, such as a proposed category.
    notes = {
        result.rule: tuple(names.text(reason) for reason in result.reasons)
        for result in assessment.evaluation.results
        if result.findings
    }
    found.sort(key=lambda pair: (*_urgency(pair[0]), pair[0].code, pair[1].group))
    shown = SHOWN if len(found) <= MANY_FINDINGS else SHOWN_OF_MANY
    return tuple(
        _finding(
            n, rule, finding, names, shown, finding.fingerprint in known, standings[rule.id], notes[rule.id]
        )
        for n, (rule, finding) in enumerate(found, 1)
    )


def _urgency(rule: Rule) -> tuple[int, int]:
    return SEVERITY_ORDER.index(rule.severity), CONFIDENCE_ORDER.index(rule.confidence)


def _finding(
    number: int,
    rule: Rule,
    finding: Finding,
    names: Names,
    shown: int,
    known: bool,
    standing: Standing,
    notes: tuple[str, ...],
) -> FindingView:
    evidence = first_places(finding.evidence, shown)
    listed = places(evidence)
    return FindingView(
        number=number,
        rule=rule.id,
        code=rule.code,
        group=names.group(rule, finding.group),
        severity=rule.severity,
        severity_label=SEVERITY_LABELS[rule.severity].get(names.lang),
        confidence=rule.confidence,
        confidence_label=CONFIDENCE_LABELS[rule.confidence].get(names.lang),
        title=names.text(rule.title),
        message=" ".join((names.text(rule.message), *notes)),
        why=names.text(rule.why),
        fix=names.text(rule.fix),
        snippet=rule.snippet,
        false_positives=tuple(names.text(text) for text in rule.false_positives),
        basis=rule.basis,
        fingerprint=finding.fingerprint,
        evidence=tuple(evidence_view(one, names) for one in evidence),
        total=finding.evidence_total,
        listed=listed,
        places=_places(finding.evidence_total, listed, names) + _of_item(rule, finding, names),
        owner=names.finding_owner(rule, finding),
        verdict=standing.verdict,
        verdict_label=standing.verdict.label.get(names.lang),
        known=known,
        accepted=decided(standing.decision, names) if standing.decision and standing.is_accepted else "",
    )


def _places(total: int, listed: int, names: Names) -> str:
    if not listed:
        return ""
    if listed < total:
        return names.word("places_some", total=total, shown=listed)
    return names.word("places_all", count=total)


def _of_item(rule: Rule, finding: Finding, names: Names) -> str:
    """Return how many places obtain the finding's item in all, where the rule is about fewer of them."""
    app = names.facts.app
    if app is None or rule.group_by != ("item", "owner_id") or not finding.evidence_total:
        return ""
    totals = []
    for group in single_groups(finding.group):
        item, _, owner = group.partition(SEPARATOR)
        found = [a for a in app.accesses if obtains(a) and a.item == item and a.owner_id == owner]
        totals.append(count(found).total)
    total = max(totals)
    return names.word("places_of_item", total=total) if total > finding.evidence_total else ""


def decided(decision: Decision, names: Names) -> str:
    """Return who decided, when and until when, as a sentence."""
    until = names.word("until", date=decision.until) if decision.until else ""
    return names.word("decided", who=one_line(decision.who, 80), when=decision.when, until=until)


def evidence_view(evidence: Evidence, names: Names) -> EvidenceView:
    """Return one piece of evidence for people."""
    kind = evidence.locator.kind
    place, rows = _place(evidence, names)
    searched: tuple[str, ...] = ()
    if isinstance(evidence.locator, SearchLocator):
        searched = tuple(names.text(text) for text in evidence.locator.searched)
    reading = _reading(evidence.excerpt, names) if isinstance(evidence.locator, DexLocator) else ""
    # What the instruction does is said in words; of itself only what it works on is shown.
    excerpt = evidence.excerpt.partition(" ")[2] if reading else evidence.excerpt
    return EvidenceView(
        kind=kind,
        kind_label=names.word(f"evidence_{kind}"),
        place=place,
        locator=tuple((names.word(key), value) for key, value in rows if value),
        excerpt=plain(excerpt, LONG),
        note=names.text(evidence.note, LONG),
        reading=reading,
        beside=evidence.beside,
        steps=step_views(evidence.chain, names),
        searched=searched,
    )


def _reading(excerpt: str, names: Names) -> str:
    """Return in words what the instruction ``excerpt`` does, as ``calls Camera.open()``."""
    opcode, _, operand = excerpt.partition(" ")
    field, given, text = operand.partition(" = ")
    if given and opcode == "sget-object":
        return names.word("reads_text", what=short_method(field), text=one_line(text))
    for prefix, key, readable in READINGS:
        if opcode.startswith(prefix) and operand:
            return names.word(key, what=readable(operand))
    return ""


def place_of(evidence: Sequence[Evidence], names: Names, *, full: bool = False) -> str:
    """Return where the first piece of evidence stands, "" without any; ``full`` with everything its locator says."""
    if not evidence:
        return ""
    place, rows = _place(evidence[0], names)
    if full:
        parts = [f"{names.word(key)} {value}" for key, value in rows if value]
    else:
        parts = [_PREDICATE.sub("", v) for key, v in rows if v and key in {"at_offset", "at_path"}]
    return " · ".join(dict.fromkeys((place, *parts)))


def _place(evidence: Evidence, names: Names) -> tuple[str, Sequence[tuple[str, str]]]:
    locator, artifact = evidence.locator, one_line(evidence.artifact, 200)
    if isinstance(locator, DexLocator):
        method, offset = one_line(locator.method, LONG), unit_offset(locator.offset)
        rows = [("at_dex", one_line(locator.dex, 120)), ("at_offset", offset), ("at_method", method)]
        return short_method(locator.method), rows
    if isinstance(locator, XmlLocator):
        path = one_line(locator.path, LONG)
        return artifact, [("at_path", path)]
    if isinstance(locator, ResourceLocator):
        rows = [("at_file", artifact), ("at_locale", one_line(locator.locale, 40))]
        return one_line(locator.name, 200), rows
    if isinstance(locator, FileLocator):
        span = _span(locator.offset, locator.length)
        return one_line(locator.path, 300), [("at_file", artifact), ("at_bytes", span)]
    if isinstance(locator, WebLocator):
        rows = [("at_css", one_line(locator.css, 300)), ("at_characters", _range(locator.start, locator.end))]
        return one_line(locator.url, 300), rows
    if isinstance(locator, PolicyLocator):
        rows = [("at_file", artifact), ("at_characters", _range(locator.start, locator.end))]
        return names.word("at_paragraph", id=names.paragraph(locator.paragraph)), rows
    return names.word("searched_nothing"), []


def _span(offset: int | None, length: int | None) -> str:
    if offset is None:
        return ""
    return f"0x{offset:x}" + (f" +{length}" if length is not None else "")


def _range(start: int | None, end: int | None) -> str:
    return "" if start is None or end is None else f"{start}–{end}"


def step_views(chain: Sequence[CodeStep], names: Names) -> tuple[StepView, ...]:
    """Return a call chain for people; of a long one the first and the last steps, with the number left out."""
    left_out = max(0, len(chain) - CHAIN_HEAD - CHAIN_TAIL)
    steps = [_step(n, step, names) for n, step in enumerate(chain, 1)]
    if left_out <= 1:
        return tuple(steps)
    first, *rest = steps[-CHAIN_TAIL:]
    return (*steps[:CHAIN_HEAD], replace(first, skipped=left_out), *rest)


def unlike(steps: tuple[StepView, ...], before: tuple[StepView, ...]) -> tuple[StepView, ...]:
    """Return ``steps`` without those at the start that are the same in the chain ``before``; the last step stays."""
    same = 0
    for step, other in zip(steps[:-1], before, strict=False):
        if (step.full, step.offset) != (other.full, other.offset) or step.skipped or other.skipped:
            break
        same += 1
    if same < MIN_SAME:
        return steps
    first, *rest = steps[same:]
    return (replace(first, skipped=first.number - 1, same=same), *rest)


def abridged(steps: tuple[StepView, ...]) -> tuple[StepView, ...]:
    """Return the first and last :data:`CHAIN_ENDS` of ``steps``, for reports of many findings."""
    if len(steps) <= 2 * CHAIN_ENDS + 1:
        return steps
    first, *rest = steps[-CHAIN_ENDS:]
    left_out = first.number - steps[CHAIN_ENDS - 1].number - 1
    return (*steps[:CHAIN_ENDS], replace(first, skipped=left_out), *rest)


def _step(number: int, step: CodeStep, names: Names) -> StepView:
    return StepView(
        name=short_method(step.method),
        full=one_line(step.method, LONG),
        offset=unit_offset(step.offset),
        edge="" if step.edge == "end" else names.known("edge", step.edge),
        number=number,
    )


def by_rule(findings: Iterable[FindingView]) -> dict[str, tuple[FindingView, ...]]:
    """Return the findings by rule id, in the order of the report."""
    groups: dict[str, list[FindingView]] = {}
    for finding in findings:
        groups.setdefault(finding.rule, []).append(finding)
    return {rule: tuple(group) for rule, group in groups.items()}

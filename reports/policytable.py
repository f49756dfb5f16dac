"""The comparison of behaviour and policy as a table: what was seen and by whom, what the policy says, and the result."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from reports.findings import EvidenceView, evidence_view
from reports.names import Names
from reports.text import one_line, short_method
from scanner.policyfacts import Comparison

# What accuses first, what needs a look next, what is fine last.
STATES = ("contradicted", "omitted", "vague", "unknown", "disclosed", "unseen")
FINE = frozenset({"disclosed", "unseen"})
SHOWN = 1
MAX_ROWS = 400


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One comparison: ``seen`` and ``says`` are the evidence of both sides, ``note`` why it is vague or unclear."""

    kind: str
    name: str
    marks: tuple[str, ...]
    owner: str
    state: str
    state_label: str
    note: str
    seen: tuple[EvidenceView, ...]
    says: tuple[EvidenceView, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """All comparisons: ``rows`` that may be a breach, ``open`` ones that need a human, ``fine`` ones; ``counts`` by state."""

    source: str
    rows: tuple[ComparedRow, ...]
    open: tuple[ComparedRow, ...]
    fine: tuple[ComparedRow, ...]
    counts: tuple[tuple[str, str, int], ...]

    @property
    def total(self) -> int:
        """Number of comparisons."""
        return sum(count for _, _, count in self.counts)

    def count(self, state: str) -> int:
        """Number of comparisons with the result ``state``."""
        return sum(count for name, _, count in self.counts if name == state)


def compared(names: Names) -> Compared:
    """Return the comparisons of the subject, worst first, at most :data:`MAX_ROWS` in each part."""
    policy = names.facts.policy
    found = policy.comparisons if policy is not None else ()
    order = sorted(found, key=lambda c: (STATES.index(c.state), c.kind != "item", c.name.zh, c.owner_id))
    rows = [_row(c, names) for c in order]
    counts: Counter[str] = Counter(c.state for c in found)
    return Compared(
        source=one_line(policy.source, 200) if policy is not None else "",
        rows=tuple(r for r in rows if r.state not in FINE and r.state != "unknown")[:MAX_ROWS],
        open=tuple(r for r in rows if r.state == "unknown")[:MAX_ROWS],
        fine=tuple(r for r in rows if r.state in FINE)[:MAX_ROWS],
        counts=tuple((s, names.word(f"state_{s}"), counts[s]) for s in STATES),
    )


def _row(comparison: Comparison, names: Names) -> ComparedRow:
    note = names.text(comparison.reason)
    if comparison.umbrella and comparison.state == "vague" and comparison.reason is None:
        note = names.word("umbrella", term=one_line(comparison.umbrella, 60))
    marks = []
    if comparison.sensitive == "yes":
        marks.append(names.word("sensitive_yes"))
    if comparison.persistent_identifier:
        marks.append(names.word("persistent"))
    return ComparedRow(
        kind=names.word(f"compare_{comparison.kind}"),
        name=names.text(comparison.name, 80),
        marks=tuple(marks),
        owner=_owner(comparison, names),
        state=comparison.state,
        state_label=names.word(f"state_{comparison.state}"),
        note=note,
        seen=tuple(_short(evidence_view(e, names)) for e in comparison.seen_evidence[:SHOWN]),
        says=tuple(evidence_view(e, names) for e in comparison.policy_evidence[:SHOWN]),
    )


def _owner(comparison: Comparison, names: Names) -> str:
    if comparison.kind == "sdk":
        return one_line(comparison.owner_id, 80) if comparison.owner_kind == "third_party" else ""
    if comparison.owner_kind in {"site", "third_party"}:
        return (
            names.word(f"owner_{comparison.owner_kind}")
            if comparison.owner_kind == "site"
            else one_line(comparison.owner_id, 80)
        )
    if comparison.owner_kind == "unknown":
        return names.word("owner_unknown")
    return names.owner_id(comparison.owner_id)


def _short(evidence: EvidenceView) -> EvidenceView:
    """Return code evidence with the readable name of what is called or read instead of the instruction."""
    target = next((word for word in evidence.excerpt.split() if ";->" in word), "")
    return replace(evidence, excerpt=short_method(target)) if evidence.kind == "dex" and target else evidence

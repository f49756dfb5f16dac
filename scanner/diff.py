"""What changed between two assessments of one subject (复测): findings, verdicts and facts.  Pure.

Nothing is called fixed or removed unless the newer side could look: what a gap or an undecided rule hides is
``unconfirmed``.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

from scanner import appchanges, buildchanges, sitechanges
from scanner.changes import FactChange, Incomparable, Source, changes, incomparable, readable, said
from scanner.facts import Facts
from scanner.gate import DECIDED, all_findings
from scanner.model import Assessment, Finding, Frozen, Grade, Subject, Text, Verdict

FindingState = Literal["new", "unconfirmed", "remaining", "fixed"]
MAX_PARAGRAPHS = 3000
MAX_TEXT = 400


class Side(Frozen):
    """One of the two assessments: of what, when, with which rules, and the grade."""

    subject: Subject
    assessed_at: datetime
    pack_version: str
    pack_sha256: str
    profile: str
    grade: Grade


class FindingChange(Frozen):
    """A finding and what became of it; ``old_places`` and ``new_places`` count its places (0 = not there).

    ``unconfirmed``: it was there before and its rule could not be decided now, for ``reasons``.  A ``new`` finding has
    reasons where the older side could not look.
    """

    state: FindingState
    rule: str
    group: str
    fingerprint: str
    old_places: int = 0
    new_places: int = 0
    reasons: tuple[Text, ...] = ()


class VerdictChange(Frozen):
    """A clause whose verdict changed; None where that side did not have the clause."""

    instrument: str
    clause: str
    old: Verdict | None
    new: Verdict | None


class Diff(Frozen):
    """The comparison of two assessments, older first."""

    format: Literal["guijian-diff/2"] = "guijian-diff/2"
    old: Side
    new: Side
    notes: tuple[Text, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    facts: tuple[FactChange, ...] = ()
    incomparable: tuple[Incomparable, ...] = ()

    def count(self, state: FindingState) -> int:
        """Return the number of findings in ``state``."""
        return sum(change.state == state for change in self.findings)


def compare(
    old: tuple[Facts, Assessment],
    new: tuple[Facts, Assessment],
    *,
    notes: Iterable[Text] = (),
) -> Diff:
    """Return what changed from ``old`` to ``new``."""
    remarks = list(notes)
    before, after = old[0].subject, new[0].subject
    if before.identifier != after.identifier:
        remarks.append(
            Text(
                zh=f"两个对象的标识不同（{before.identifier}，{after.identifier}），问题无法逐项对应",
                en=f"the two subjects differ ({before.identifier}, {after.identifier}); findings do not correspond",
            )
        )
    return Diff(
        old=_side(old[1]),
        new=_side(new[1]),
        notes=tuple(remarks),
        findings=_findings(old, new),
        verdicts=_verdicts(old[1], new[1]),
        facts=tuple(_facts(old[0], new[0])),
        incomparable=tuple(incomparable(_sources(old[0], new[0]), old[0], new[0])),
    )


def _side(assessment: Assessment) -> Side:
    return Side(
        subject=assessment.subject,
        assessed_at=assessment.assessed_at,
        pack_version=assessment.pack_version,
        pack_sha256=assessment.pack_sha256,
        profile=assessment.profile,
        grade=assessment.grade,
    )


def _keyed(facts: Facts, assessment: Assessment) -> dict[str, Finding]:
    """Return the findings by what makes them the same in both versions.

    That is the fingerprint; but a certificate that was only exchanged for another with the same fault is not fixed.
    """
    certificates = {c.sha256 for c in facts.app.signing.certificates} if facts.app else frozenset()
    found: dict[str, Finding] = {}
    for finding in sorted(all_findings(assessment), key=lambda f: f.fingerprint):
        own = f"{finding.rule} certificate" if finding.group in certificates else finding.fingerprint
        found[finding.fingerprint if own in found else own] = finding
    return found


def _findings(old: tuple[Facts, Assessment], new: tuple[Facts, Assessment]) -> tuple[FindingChange, ...]:
    before, after = _keyed(*old), _keyed(*new)
    old_rules = {r.rule: r for r in old[1].evaluation.results}
    new_rules = {r.rule: r for r in new[1].evaluation.results}
    unknown = Text(zh="本次未执行该规则", en="the rule did not run this time")
    found: list[FindingChange] = []
    for key, finding in after.items():
        earlier = old_rules.get(finding.rule)
        blind = key not in before and earlier is not None and earlier.outcome not in DECIDED
        found.append(
            _change(
                "remaining" if key in before else "new",
                finding,
                before.get(key),
                finding,
                earlier.reasons if blind and earlier is not None else (),
            )
        )
    for key, finding in before.items():
        if key in after:
            continue
        now = new_rules.get(finding.rule)
        if now is not None and now.outcome in DECIDED:
            found.append(_change("fixed", finding, finding, None))
        else:
            found.append(
                _change("unconfirmed", finding, finding, None, now.reasons if now is not None else (unknown,))
            )
    order = ("new", "unconfirmed", "remaining", "fixed")
    return tuple(sorted(found, key=lambda c: (order.index(c.state), c.rule, c.group, c.fingerprint)))


def _change(
    state: FindingState,
    finding: Finding,
    old: Finding | None,
    new: Finding | None,
    reasons: tuple[Text, ...] = (),
) -> FindingChange:
    return FindingChange(
        state=state,
        rule=finding.rule,
        group=finding.group,
        fingerprint=finding.fingerprint,
        old_places=old.evidence_total if old else 0,
        new_places=new.evidence_total if new else 0,
        reasons=reasons,
    )


def _verdicts(old: Assessment, new: Assessment) -> tuple[VerdictChange, ...]:
    before = {(i.instrument, c.clause): c.verdict for i in old.instruments for c in i.clauses}
    after = {(i.instrument, c.clause): c.verdict for i in new.instruments for c in i.clauses}
    return tuple(
        VerdictChange(instrument=key[0], clause=key[1], old=before.get(key), new=after.get(key))
        for key in dict.fromkeys([*after, *before])
        if before.get(key) is not after.get(key)
    )


def _sources(old: Facts, new: Facts) -> tuple[Source, ...]:
    """Return the kinds of facts to compare: those of the surfaces that a side has."""
    app = old.app is not None or new.app is not None
    paths = ("app.identity", "app.signing") if app else ()
    sources = [Source("identity", paths, buildchanges.identity)]
    if app:
        sources += [*appchanges.SOURCES, appchanges.dialog_source(old, new)]
    if old.site is not None or new.site is not None:
        sources += sitechanges.SOURCES
    if old.policy is not None or new.policy is not None:
        sources.append(Source("policy", ("policy.paragraphs",), lambda _facts: ()))
    return tuple(sources)


def _facts(old: Facts, new: Facts) -> Iterable[FactChange]:
    yield from changes(_sources(old, new), old, new)
    yield from _paragraphs(old, new)


def _paragraphs(old: Facts, new: Facts) -> Iterable[FactChange]:
    """Compare the policy's text block by block, in order."""
    before = [p.text for p in old.policy.paragraphs[:MAX_PARAGRAPHS]] if old.policy else []
    after = [p.text for p in new.policy.paragraphs[:MAX_PARAGRAPHS]] if new.policy else []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        removed, added = before[i1:i2], after[j1:j2]
        for n in range(max(len(removed), len(added))):
            was = removed[n] if n < len(removed) else ""
            now = added[n] if n < len(added) else ""
            change: Literal["added", "removed", "changed"] = (
                "changed" if was and now else "added" if now else "removed"
            )
            certain = change == "changed" or readable(
                new if change == "removed" else old, "policy.paragraphs"
            )
            yield FactChange(
                kind="policy",
                id=str(j1 + n + 1 if now else i1 + n + 1),
                change=change,
                old=said("text", was[:MAX_TEXT]),
                new=said("text", now[:MAX_TEXT]),
                certain=certain,
            )

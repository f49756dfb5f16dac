"""What changed between two assessments of one subject (复测): findings, verdicts and facts.  Pure.

Nothing is called fixed or removed unless the newer side could look: what a gap or an undecided rule hides is
``unconfirmed``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

from scanner.facts import Facts
from scanner.gate import DECIDED, all_findings
from scanner.model import Assessment, Finding, Frozen, Grade, Subject, Text, Verdict

FindingState = Literal["new", "unconfirmed", "remaining", "fixed"]
FactKind = Literal[
    "identity",
    "permission",
    "item",
    "sdk",
    "component",
    "endpoint",
    "policy",
    "third_party",
    "cookie",
]
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


class FactChange(Frozen):
    """A fact that was added, removed or changed; ``old`` and ``new`` are values for people, empty where absent.

    ``certain`` is False when the side that lacks it could not be read whole.
    """

    kind: FactKind
    id: str
    change: Literal["added", "removed", "changed"]
    name: Text | None = None
    old: str = ""
    new: str = ""
    certain: bool = True


class Diff(Frozen):
    """The comparison of two assessments, older first."""

    format: Literal["guijian-diff/1"] = "guijian-diff/1"
    old: Side
    new: Side
    notes: tuple[Text, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    facts: tuple[FactChange, ...] = ()

    def count(self, state: FindingState) -> int:
        """Return the number of findings in ``state``."""
        return sum(change.state == state for change in self.findings)


def compare(
    old: tuple[Facts, Assessment],
    new: tuple[Facts, Assessment],
    *,
    items: Mapping[str, Text],
    notes: Iterable[Text] = (),
) -> Diff:
    """Return what changed from ``old`` to ``new``; ``items`` names the personal-information items."""
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
        findings=_findings(old[1], new[1]),
        verdicts=_verdicts(old[1], new[1]),
        facts=tuple(_facts(old[0], new[0], items)),
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


def _findings(old: Assessment, new: Assessment) -> tuple[FindingChange, ...]:
    before = {f.fingerprint: f for f in all_findings(old)}
    after = {f.fingerprint: f for f in all_findings(new)}
    old_rules = {r.rule: r for r in old.evaluation.results}
    new_rules = {r.rule: r for r in new.evaluation.results}
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


Values = dict[str, tuple[Text | None, str]]


def _facts(old: Facts, new: Facts, items: Mapping[str, Text]) -> Iterable[FactChange]:
    before, after = _identity(old), _identity(new)
    yield from _changes("identity", before, after, old, new, "app.identity")
    if old.app is not None or new.app is not None:
        for kind, path, values in APP:
            yield from _changes(kind, values(old), values(new), old, new, path)
        yield from _changes("item", _items(old, items), _items(new, items), old, new, "app.accesses")
    if old.policy is not None or new.policy is not None:
        yield from _paragraphs(old, new)
    if old.site is not None or new.site is not None:
        yield from _changes("third_party", _parties(old), _parties(new), old, new, "site.third_parties")
        yield from _changes("cookie", _cookies(old), _cookies(new), old, new, "site.cookies")


def _changes(
    kind: FactKind, before: Values, after: Values, old: Facts, new: Facts, path: str
) -> Iterable[FactChange]:
    for key in sorted(before.keys() | after.keys()):
        (name, was), (new_name, now) = before.get(key, (None, "")), after.get(key, (None, ""))
        if key in before and key in after:
            if was != now:
                yield FactChange(kind=kind, id=key, change="changed", name=new_name or name, old=was, new=now)
        elif key in after:
            known = _readable(old, path)
            yield FactChange(kind=kind, id=key, change="added", name=new_name, new=now, certain=known)
        else:
            known = _readable(new, path)
            yield FactChange(kind=kind, id=key, change="removed", name=name, old=was, certain=known)


def _readable(facts: Facts, path: str) -> bool:
    """Whether nothing under ``path`` was left unread and the surface was read at all."""
    surface = path.partition(".")[0]
    if surface in {"app", "site", "policy"} and getattr(facts, surface) is None:
        return False
    return not any(
        gap.path == path or path.startswith(gap.path + ".") or gap.path.startswith(path + ".")
        for gap in facts.gaps
    )


def _identity(facts: Facts) -> Values:
    app, subject = facts.app, facts.subject
    rows: dict[str, str] = {"version": subject.version, "developer": subject.developer or ""}
    if app is not None:
        numbers = {
            "version_code": app.identity.version_code,
            "min_sdk": app.identity.min_sdk,
            "target_sdk": app.identity.target_sdk,
        }
        rows |= {key: str(value) for key, value in numbers.items() if value is not None}
        rows["certificate"] = "\n".join(sorted(c.sha256 for c in app.signing.certificates))
        rows["packer"] = app.code.packer or ""
    return {key: (None, value) for key, value in rows.items() if value}


def _permissions(facts: Facts) -> Values:
    own = facts.app.permissions if facts.app else ()
    return {p.name: (p.label, p.protection) for p in own if p.declared}


def _sdks(facts: Facts) -> Values:
    return {s.id: (s.name, s.version or "") for s in (facts.app.sdks if facts.app else ())}


def _components(facts: Facts) -> Values:
    own = facts.app.components if facts.app else ()
    return {f"{c.kind} {c.name}": (None, c.permission or "") for c in own if c.exported and c.enabled}


def _endpoints(facts: Facts) -> Values:
    hosts: dict[str, bool] = {}
    for endpoint in facts.app.endpoints if facts.app else ():
        hosts[endpoint.host] = hosts.get(endpoint.host, False) or endpoint.cleartext
    return {host: (None, "http" if clear else "https") for host, clear in hosts.items() if host}


def _items(facts: Facts, names: Mapping[str, Text]) -> Values:
    owners: dict[str, set[str]] = {}
    for access in facts.app.accesses if facts.app else ():
        owners.setdefault(access.item, set()).add(access.owner_id or access.owner_kind)
    return {item: (names.get(item), "\n".join(sorted(found))) for item, found in owners.items()}


def _parties(facts: Facts) -> Values:
    own = facts.site.third_parties if facts.site else ()
    return {p.domain: (None, p.category) for p in own}


def _cookies(facts: Facts) -> Values:
    own = facts.site.cookies if facts.site else ()
    return {f"{c.name} {c.domain}": (None, c.purpose) for c in own}


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
            certain = change == "changed" or _readable(
                new if change == "removed" else old, "policy.paragraphs"
            )
            yield FactChange(
                kind="policy",
                id=str(j1 + n + 1 if now else i1 + n + 1),
                change=change,
                old=was[:MAX_TEXT],
                new=now[:MAX_TEXT],
                certain=certain,
            )


APP: tuple[tuple[FactKind, str, Callable[[Facts], Values]], ...] = (
    ("permission", "app.permissions", _permissions),
    ("sdk", "app.sdks", _sdks),
    ("component", "app.components", _components),
    ("endpoint", "app.endpoints", _endpoints),
)

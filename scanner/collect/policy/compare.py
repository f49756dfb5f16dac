"""Facts × policy → comparisons: what was seen and what the policy says of it, side by side.

Four states accuse nobody: disclosed, unseen, unknown, and vague, which is said apart.  ``omitted`` and ``contradicted`` need
two things at once: something seen that certainly runs and certainly obtains the value, and a policy whose silence or
denial is certain (see :mod:`scanner.collect.policy.stance`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from scanner import catalogue
from scanner.codefacts import Access
from scanner.collect.policy.comparesite import compare_site
from scanner.collect.policy.stance import OPERATORS, Says, Stance
from scanner.facts import AppFacts, Facts
from scanner.model import Confidence, Evidence, Text
from scanner.policyfacts import Comparison, Party

MAX_SEEN = 3
_STRONG = frozenset({"direct", "derived"})
_STRENGTHS = ("none", "weak", "derived", "direct")
_STRENGTH_OF: Mapping[Confidence, Literal["direct", "derived", "weak"]] = {
    Confidence.CERTAIN: "direct",
    Confidence.FIRM: "derived",
    Confidence.TENTATIVE: "weak",
}
_SDK_ONLY: frozenset[Party] = frozenset({"sdk"})
ANYBODY: frozenset[Party] = OPERATORS | {"sdk", "partner"}
_NOT_RUNNING = Text(
    zh="代码中有相应调用，但不能确认会执行或取得该信息",
    en="the code has the call, but it is not certain to run or to obtain it",
)
_LIBRARY = Text(
    zh="开源库的通用代码，是否用于收集须人工确认",
    en="general code of a library; whether it serves collecting needs a human",
)
_WHOSE = Text(
    zh="代码归属不明，且只是间接取得，须人工确认",
    en="whose code it is is not known, and the value is derived only",
)
UNSEEN = Text(zh="政策写明收集，代码中未见", en="the policy names it; the code shows no such access")


def compare(facts: Facts) -> tuple[Comparison, ...]:
    """Return how ``facts.policy`` compares with what the application and the site were seen to do, in a stable order."""
    if facts.policy is None or not facts.policy.sentences:
        return ()
    says = Says(facts.policy, facts.gaps)
    found: list[Comparison] = []
    if facts.app is not None:
        found += _items(facts.app, says)
        found += _sdks(facts.app, says)
        found += _permissions(facts.app, says)
        if not _unread(facts, "app.accesses"):
            found += _unseen_items(facts.app, says)
        if not _unread(facts, "app.sdks"):
            found += _unseen_sdks(facts.app, says)
    if facts.site is not None:
        found += compare_site(facts.site, says)
    return tuple(sorted(found, key=lambda c: (c.kind, c.surface, c.state, c.id, c.owner_kind, c.owner_id)))


def _unread(facts: Facts, path: str) -> bool:
    """Whether a part of the facts was not read, so that nothing there can be called unseen."""
    return any(path == gap.path or path.startswith(gap.path + ".") for gap in facts.gaps) or not any(
        looked.path == path for looked in facts.looked
    )


@dataclass
class _Seen:
    """All accesses of one item by one owner."""

    accesses: list[Access] = field(default_factory=list)

    @property
    def running(self) -> list[Access]:
        """The accesses that certainly run and obtain the value."""
        return [
            a
            for a in self.accesses
            if a.reachable is True
            and a.strength in _STRONG
            and not a.restricted
            and not a.permission_missing
            and a.mode not in {"write", "prompt"}
        ]

    @property
    def shown(self) -> list[Access]:
        """The accesses in order of what they prove."""
        rank = {id(a): n for n, a in enumerate(self.running)}
        return sorted(
            self.accesses,
            key=lambda a: (id(a) not in rank, -_STRENGTHS.index(a.strength), a.target, a.offset),
        )


def _items(app: AppFacts, says: Says) -> Iterator[Comparison]:
    seen: dict[tuple[str, str, str], _Seen] = {}
    for access in app.accesses:
        seen.setdefault((access.item, access.owner_kind, access.owner_id), _Seen()).accesses.append(access)
    for (item, kind, owner), group in sorted(seen.items()):
        if kind in {"library", "unknown"} and all(a.strength == "weak" for a in group.accesses):
            continue  # how any program works: nothing to compare
        sdk = owner if kind == "sdk" else ""
        parties = _SDK_ONLY if kind == "sdk" else (OPERATORS if kind != "unknown" else ANYBODY)
        stance = says.of_item(item, parties, sdk=sdk)
        shown = group.shown[0]
        if stance.state in {"omitted", "contradicted"}:
            stance = _sure(stance, kind, group)
        known = catalogue.items().get(item)
        yield _comparison(
            "item",
            item,
            known.name if known else Text(zh=item, en=item),
            stance,
            tuple(e for a in group.shown[:MAX_SEEN] for e in a.evidence[:1]),
            owner_kind=kind,
            owner_id=owner,
            reachable=True if group.running else (None if shown.reachable else shown.reachable),
            strength=shown.strength,
            sensitive=known.sensitive if known else shown.sensitive,
            persistent_identifier=known.persistent_identifier if known else shown.persistent_identifier,
        )


def _sure(stance: Stance, kind: str, group: _Seen) -> Stance:
    """Return the stance where what was seen is sure to be collecting by the app or an SDK, else an unknown one."""
    reason = None
    if not group.running:
        reason = _NOT_RUNNING
    elif kind == "library":
        reason = _LIBRARY
    elif kind == "unknown" and not any(a.strength == "direct" for a in group.running):
        reason = _WHOSE
    return stance if reason is None else Stance("unknown", stance.umbrella, stance.evidence, reason)


def _sdks(app: AppFacts, says: Says) -> Iterator[Comparison]:
    running = {a.owner_id for a in app.accesses if a.owner_kind == "sdk" and a.reachable is True}
    for sdk in sorted(app.sdks, key=lambda s: s.id):
        if sdk.is_library:
            continue
        stance = says.of_sdk(sdk.id, sdk.vendor, sdk.domains)
        reached = True if sdk.id in running or sdk.initialised else None
        collects = bool(sdk.items or sdk.documented_items)
        if stance.state in {"omitted", "contradicted"} and not (reached and collects):
            reason = Text(
                zh="安装包内有该 SDK，但不能确认会运行并收集个人信息",
                en="the SDK is in the package, but it is not certain to run and collect",
            )
            stance = Stance("unknown", stance.umbrella, stance.evidence, reason)
        elif stance.state in {"omitted", "contradicted"} and sdk.confidence is Confidence.TENTATIVE:
            reason = Text(
                zh="该 SDK 由少量或未经核对的痕迹识别，须人工确认",
                en="the SDK was recognised by few or unchecked traces; a person must confirm it",
            )
            stance = Stance("unknown", stance.umbrella, stance.evidence, reason)
        yield _comparison(
            "sdk",
            sdk.id,
            sdk.name,
            stance,
            (*sdk.init_evidence, *sdk.evidence)[:MAX_SEEN],
            owner_kind="sdk",
            owner_id=sdk.id,
            reachable=reached,
            strength=_STRENGTH_OF[sdk.confidence],
        )


def _permissions(app: AppFacts, says: Says) -> Iterator[Comparison]:
    for permission in sorted(app.permissions, key=lambda p: p.name):
        if not permission.declared or not permission.collects_pi:
            continue
        if permission.protection not in {"dangerous", "special"}:
            continue
        stance = says.of_permission(permission.name, permission.group, permission.items)
        yield _comparison(
            "permission",
            permission.name,
            permission.label or Text(zh=permission.name, en=permission.name),
            stance,
            permission.evidence[:MAX_SEEN],
            owner_kind="app",
            owner_id=app.identity.package,
            reachable=True if permission.requested or permission.used else None,
            strength="direct",
        )


def _unseen_items(app: AppFacts, says: Says) -> Iterator[Comparison]:
    """Yield items the policy says the operator collects and whose collection code would show, but does not."""
    visible = {i for source in catalogue.sources() for i in source.item_ids}
    seen = {a.item for a in app.accesses}
    told: dict[str, list[Evidence]] = {}
    for disclosed in says.policy.items:
        if disclosed.negated or disclosed.vague or disclosed.party not in OPERATORS:
            continue
        if disclosed.item in visible and disclosed.item not in seen:
            told.setdefault(disclosed.item, []).extend(disclosed.evidence)
    for item, evidence in sorted(told.items()):
        known = catalogue.items()[item]
        yield _comparison(
            "item",
            item,
            known.name,
            Stance("unseen", "", tuple(dict.fromkeys(evidence))[:MAX_SEEN], UNSEEN),
            (),
            owner_kind="app",
            owner_id=app.identity.package,
            sensitive=known.sensitive,
            persistent_identifier=known.persistent_identifier,
        )


def _unseen_sdks(app: AppFacts, says: Says) -> Iterator[Comparison]:
    present = {sdk.id for sdk in app.sdks}
    reason = Text(zh="政策列出，安装包中未见", en="the policy lists it; the package does not hold it")
    done: set[str] = set()
    for row in says.policy.sdks:
        if not row.sdk_ids or set(row.sdk_ids) & present or row.sdk_ids[0] in done:
            continue
        done.add(row.sdk_ids[0])
        yield _comparison(
            "sdk",
            row.sdk_ids[0],
            Text(zh=row.name, en=row.name),
            Stance("unseen", "", row.evidence, reason),
            (),
            owner_kind="sdk",
            owner_id=row.sdk_ids[0],
        )


def _comparison(
    kind: str, ident: str, name: Text, stance: Stance, seen: Iterable[Evidence], **more: object
) -> Comparison:
    seen = tuple(seen)
    return Comparison.model_validate(
        {
            "kind": kind,
            "id": ident,
            "name": name,
            "state": stance.state,
            "surface": "app",
            "umbrella": stance.umbrella,
            "reason": stance.reason,
            "seen_evidence": seen,
            "policy_evidence": stance.evidence,
            "evidence": (*seen, *stance.evidence),
            **more,
        }
    )

"""What a website asks for, sends and loads, beside what its policy says."""

from __future__ import annotations

from collections.abc import Iterator

from scanner import catalogue
from scanner.collect.policy.stance import OPERATORS, Says, Stance
from scanner.model import Evidence, Text
from scanner.policyfacts import Comparison, Party
from scanner.sitefacts import SiteFacts
from scanner.visitfacts import ThirdParty

MAX_SEEN = 3
# A field is only called undisclosed when it is sure what it asks for.
SURE = 0.6
_ANYBODY: frozenset[Party] = OPERATORS | {"sdk", "partner"}
_UNSURE = Text(
    zh="不能确认该栏目要求填写的是这一项", en="it is not certain that the field asks for this item"
)


def compare_site(site: SiteFacts, says: Says) -> Iterator[Comparison]:
    """Yield the comparisons of a website: what forms ask for, what is sent to whom, who else is loaded, cookies."""
    yield from _forms(site, says)
    yield from _sent(site, says)
    yield from _cookies(site, says)
    for party in sorted(site.third_parties, key=lambda t: t.domain):
        yield _third_party(party, says)


def _forms(site: SiteFacts, says: Says) -> Iterator[Comparison]:
    asked: dict[str, list[tuple[float, tuple[Evidence, ...]]]] = {}
    for form in site.forms:
        for entry in form.fields:
            if entry.item:
                asked.setdefault(entry.item, []).append((entry.confidence, entry.evidence or form.evidence))
    for item, places in sorted(asked.items()):
        stance = says.of_item(item, OPERATORS)
        if stance.state in {"omitted", "contradicted"} and max(c for c, _ in places) < SURE:
            stance = Stance("unknown", stance.umbrella, stance.evidence, _UNSURE)
        yield _item(
            item, stance, [e for _, group in places for e in group[:1]], "site", site.domain or site.host
        )


def _sent(site: SiteFacts, says: Says) -> Iterator[Comparison]:
    sent: dict[tuple[str, str], list[Evidence]] = {}
    for request in site.requests:
        for item in request.sends:
            owner = request.host if request.third_party else ""
            sent.setdefault((item, owner), []).extend(request.evidence[:1])
    for (item, owner), evidence in sorted(sent.items()):
        stance = says.of_item(item, _ANYBODY if owner else OPERATORS)
        yield _item(
            item, stance, evidence, "third_party" if owner else "site", owner or site.domain or site.host
        )


def _cookies(site: SiteFacts, says: Says) -> Iterator[Comparison]:
    """Yield one comparison for cookies as such: lasting ones, or ones that identify the visitor."""
    lasting = [c for c in site.cookies if c.identifier or (c.days is not None and c.days >= 1)]
    if lasting:
        stance = says.of_item("cookie", _ANYBODY)
        evidence = [e for c in lasting for e in c.evidence[:1]]
        yield _item("cookie", stance, evidence, "site", site.domain or site.host)


def _third_party(party: ThirdParty, says: Says) -> Comparison:
    ids = [s.id for s in catalogue.sdks().values() if party.domain in s.domains]
    stance = _named(party, says)
    if stance is None:
        stance = next(
            (s for s in (says.of_sdk(i, None) for i in ids) if s.state == "disclosed"), None
        ) or _unnamed(party, says)
    return Comparison(
        kind="sdk",
        id=ids[0] if ids else party.domain,
        name=Text(zh=party.owner or party.domain, en=party.owner or party.domain),
        state=stance.state,
        surface="site",
        owner_kind="third_party",
        owner_id=party.domain,
        reachable=True,
        strength="direct",
        umbrella=stance.umbrella,
        reason=stance.reason,
        seen_evidence=party.evidence[:MAX_SEEN],
        policy_evidence=stance.evidence,
        evidence=(*party.evidence[:MAX_SEEN], *stance.evidence),
    )


def _named(party: ThirdParty, says: Says) -> Stance | None:
    words = [w for w in (party.domain, party.owner) if len(w) > 2]
    place = says.place_of(words)
    return Stance("disclosed", place[0], (place[1],)) if place else None


def _unnamed(party: ThirdParty, says: Says) -> Stance:
    """Return the stance on a third party the policy does not name."""
    partners = [d for d in says.policy.items if d.party in {"partner", "sdk"} or d.recipient]
    if partners:
        return Stance("vague", partners[0].recipient or partners[0].sdk or "第三方", partners[0].evidence)
    if says.doubt is not None:
        return Stance("unknown", "", (), says.doubt)
    elsewhere = says.kept_elsewhere("sdk")
    if elsewhere is not None:
        return Stance("unknown", "", elsewhere[1], elsewhere[0])
    if not (party.tracker or party.sends_items or party.cookies):
        reason = Text(
            zh="只加载资源，未见收集个人信息", en="it only serves resources; no collecting was seen"
        )
        return Stance("unknown", "", (), reason)
    return Stance(
        "omitted", "", (says.searched((), [party.domain, *([party.owner] if party.owner else [])]),)
    )


def _item(item: str, stance: Stance, evidence: list[Evidence], kind: str, owner: str) -> Comparison:
    known = catalogue.items().get(item)
    seen = tuple(dict.fromkeys(evidence))[:MAX_SEEN]
    return Comparison.model_validate(
        {
            "kind": "item",
            "id": item,
            "name": known.name if known else Text(zh=item, en=item),
            "state": stance.state,
            "surface": "site",
            "owner_kind": kind,
            "owner_id": owner,
            "reachable": True,
            "strength": "direct",
            "sensitive": known.sensitive if known else "no",
            "persistent_identifier": known.persistent_identifier if known else False,
            "umbrella": stance.umbrella,
            "reason": stance.reason,
            "seen_evidence": seen,
            "policy_evidence": stance.evidence,
            "evidence": (*seen, *stance.evidence),
        }
    )

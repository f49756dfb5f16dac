"""What a policy says of one item, SDK or permission: names it, means it by a vaguer word, denies it, or is silent.

Silence is only concluded from a privacy policy that was read whole and keeps no list elsewhere; a term that was not found
proves nothing by itself, because policies word things in countless ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from scanner import catalogue
from scanner.collect.policy.sdknames import sdk_ids
from scanner.collect.policy.terms import ancestors, find
from scanner.collect.policy.vocabulary import data, pattern, search, words
from scanner.model import Evidence, Gap, PolicyLocator, SearchLocator, Text
from scanner.policyfacts import DisclosedItem, DisclosedSdk, Paragraph, Party, PolicyFacts

State = Literal["disclosed", "vague", "omitted", "contradicted", "unseen", "unknown"]
ListKind = Literal["sdk", "items", "permissions"]

MAX_EVIDENCE = 4
MIN_ITEMS = 3
OPERATORS: frozenset[Party] = frozenset({"operator", "affiliate", "unknown"})
# Policies of children and lists add to a policy; what they leave out may stand there.
WHOLE = "privacy_policy"


@dataclass(frozen=True)
class Stance:
    """The policy's side of a comparison."""

    state: State
    umbrella: str = ""
    evidence: tuple[Evidence, ...] = ()
    reason: Text | None = None


class Says:
    """A policy, ready to be asked what it says."""

    def __init__(self, policy: PolicyFacts, gaps: Sequence[Gap] = ()) -> None:
        self.policy = policy
        self.gaps = [g for g in gaps if g.path == "policy" or g.path.startswith("policy.")]

    # --- may silence be concluded? --------------------------------------------------------------------

    @cached_property
    def doubt(self) -> Text | None:
        """Return why nothing may be called omitted, or None when silence counts."""
        policy = self.policy
        if policy.identity is None or policy.identity.kind != WHOLE:
            return Text(
                zh="该文件不能确认为完整的隐私政策",
                en="the document is not known to be a whole privacy policy",
            )
        if search("summaries").search(policy.identity.title.lower()):
            return Text(zh="该文件可能只是政策的摘要", en="the document may be a summary of the policy only")
        if policy.identity.matches_subject is False:
            return Text(
                zh="该政策所称的运营者或应用与检测对象不符", en="the policy names another operator or app"
            )
        if policy.complete is not True or self.gaps:
            return Text(zh="政策未能全部读取", en="the policy could not be read whole")
        if len({item.item for item in policy.items}) < MIN_ITEMS:
            return Text(
                zh="从政策中读出的个人信息项过少，可能写在别处或写法特殊",
                en="too few items could be read from the policy; they may be elsewhere or worded unusually",
            )
        return None

    def kept_elsewhere(self, kind: ListKind) -> tuple[Text, tuple[Evidence, ...]] | None:
        """Return the reference to a list outside this document, if the policy keeps one and it was not read."""
        if (kind == "sdk" and any(sdk.in_table for sdk in self.policy.sdks)) or self.policy.lists:
            return None
        paragraph = self._references.get(kind)
        if paragraph is None:
            return None
        reason = Text(
            zh="政策指向另附的清单，该清单未读取，不能断定未写明",
            en="the policy points to a separate list that was not read",
        )
        return reason, (self._evidence(paragraph, paragraph.start, paragraph.end),)

    @cached_property
    def _references(self) -> dict[str, Paragraph]:
        found: dict[str, Paragraph] = {}
        for paragraph in self.policy.paragraphs:
            if paragraph.kind in {"heading", "table"}:
                continue
            lowered = paragraph.text.lower()
            if not search("external_verbs").search(lowered):
                continue
            for kind in ("sdk", "items", "permissions"):
                if kind not in found and search("external_lists", kind).search(lowered):
                    found[kind] = paragraph
        return found

    # --- items ----------------------------------------------------------------------------------------

    @cached_property
    def _by_item(self) -> dict[str, list[DisclosedItem]]:
        found: dict[str, list[DisclosedItem]] = {}
        for item in self.policy.items:
            found.setdefault(item.item, []).append(item)
        return found

    @cached_property
    def _mentioned(self) -> dict[str, tuple[Paragraph, int, int]]:
        """The first place where each item's words stand, whatever the sentence says."""
        found: dict[str, tuple[Paragraph, int, int]] = {}
        for paragraph in self.policy.paragraphs:
            for mention in find(paragraph.text):
                for item in mention.items:
                    place = (paragraph, paragraph.start + mention.start, paragraph.start + mention.end)
                    found.setdefault(item, place)
        return found

    def of_item(self, item: str, parties: Iterable[Party], *, sdk: str = "") -> Stance:
        """Return what the policy says of ``item`` collected by ``parties`` (or by the SDK with this id)."""
        wanted = frozenset(parties)
        row = self.rows(sdk) if sdk else []
        told = [d for d in self._by_item.get(item, ()) if not d.negated]
        own = [d for d in told if self._by(d, wanted, sdk)]
        if own:
            return Stance("disclosed", "", _evidence_of(own))
        rows_with = [r for r in row if item in r.items]
        if rows_with:
            return Stance("disclosed", "", _join(r.evidence for r in rows_with))
        narrower = [d for d in self._below(item) if not d.negated and self._by(d, wanted, sdk)]
        if narrower:
            return Stance("disclosed", narrower[0].term, _evidence_of(narrower))
        denied = self._denial(item, wanted, sdk)
        if denied:
            return Stance("contradicted", denied[0].term, _evidence_of(denied))
        return self._vaguely(item, wanted, sdk, row, told)

    def _vaguely(
        self,
        item: str,
        wanted: frozenset[Party],
        sdk: str,
        rows: list[DisclosedSdk],
        told: list[DisclosedItem],
    ) -> Stance:
        """Return the stance where nothing names the item for this party."""
        if sdk and rows:
            return self._row_stance(item, rows)
        for above in ancestors(item):
            umbrellas = self._meant_by(above, wanted, sdk)
            if umbrellas:
                return Stance("vague", umbrellas[0].term, _evidence_of(umbrellas))
        for near in _related(item):
            close = self._meant_by(near, wanted, sdk)
            if close:
                return Stance("vague", close[0].term, _evidence_of(close))
        if told:
            other = Text(zh="政策只写明由其他主体收集", en="the policy names it for another party only")
            if sdk:
                return Stance("vague", told[0].term, _evidence_of(told), other)
            return Stance("unknown", told[0].term, _evidence_of(told), other)
        permission = self._by_permission(item)
        if permission is not None:
            return permission
        open_list = [
            d for d in self.policy.items if d.open_ended and not d.negated and _same_category(d.item, item)
        ]
        if open_list:
            return Stance("vague", f"{open_list[0].term}等", _evidence_of(open_list))
        return self._silent(item, sdk)

    def _silent(self, item: str, sdk: str) -> Stance:
        for named in (item, *ancestors(item)):
            if named in self._mentioned:
                paragraph, start, end = self._mentioned[named]
                reason = Text(
                    zh="政策提到该项，但不是在说明收集",
                    en="the policy mentions it, though not where it says what is collected",
                )
                return Stance("unknown", "", (self._evidence(paragraph, start, end),), reason)
        if self.doubt is not None:
            return Stance("unknown", "", (), self.doubt)
        kinds: tuple[ListKind, ...] = ("items", "sdk") if sdk else ("items",)
        for kind in kinds:
            elsewhere = self.kept_elsewhere(kind)
            if elsewhere is not None:
                return Stance("unknown", "", elsewhere[1], elsewhere[0])
        return Stance("omitted", "", (self.searched((item, *ancestors(item))),))

    def _row_stance(self, item: str, rows: list[DisclosedSdk]) -> Stance:
        """Return the stance where the SDK is listed but the item is not among what the list says."""
        evidence = _join(r.evidence for r in rows)
        text = " ".join(r.item_text for r in rows)
        listed = {i for r in rows for i in r.items}
        above = next((a for a in (*ancestors(item), *_related(item)) if a in listed), "")
        if above:
            return Stance("vague", catalogue.items()[above].name.zh, evidence)
        if not listed:
            if any(r.link for r in rows):
                return Stance("disclosed", "", evidence)
            return Stance("vague", rows[0].name, evidence)
        opened = search("open_ended").search(text.lower() + "。") is not None
        link = next((r.link for r in rows if r.link), "")
        if opened or link:
            return Stance("vague", link or f"{rows[0].name}：…等", evidence)
        if self.doubt is not None:
            return Stance("unknown", "", evidence, self.doubt)
        operator = [d for d in self._by_item.get(item, ()) if not d.negated]
        if operator:
            reason = Text(
                zh="政策写明应用自身收集，SDK 清单中未列",
                en="the policy names it for the app itself, the SDK's entry does not",
            )
            both = (*evidence, *_evidence_of(operator))[:MAX_EVIDENCE]
            return Stance("vague", operator[0].term, both, reason)
        return Stance("omitted", "", (*evidence, self.searched((item, *ancestors(item))))[:MAX_EVIDENCE])

    def _by_permission(self, item: str) -> Stance | None:
        for disclosed in self.policy.permissions:
            opens = permission_items(disclosed.permission)
            if item in opens:
                return Stance("vague", f"{disclosed.term}权限", disclosed.evidence[:MAX_EVIDENCE])
        return None

    def _below(self, item: str) -> Iterator[DisclosedItem]:
        for named, disclosed in self._by_item.items():
            if item in ancestors(named):
                yield from disclosed

    def _by(self, disclosed: DisclosedItem, wanted: frozenset[Party], sdk: str) -> bool:
        if sdk and disclosed.party == "sdk":
            return any(sdk in sdk_ids(name) for name in disclosed.sdk.split("、") if name)
        return disclosed.party in wanted

    def _meant_by(self, item: str, wanted: frozenset[Party], sdk: str) -> list[DisclosedItem]:
        """Return the statements about a vaguer or neighbouring item; what the app says may mean its SDKs too."""
        parties = wanted | OPERATORS | {"sdk", "partner"} if sdk else wanted
        return [d for d in self._by_item.get(item, ()) if not d.negated and d.party in parties]

    def _denial(self, item: str, wanted: frozenset[Party], sdk: str) -> list[DisclosedItem]:
        """Return flat denials of the item by the party that was seen; none when the policy also says the opposite."""
        covering = {a for a in ancestors(item) if a in words("denial_covers")}
        denied = [
            d
            for named in (item, *sorted(covering))
            for d in self._by_item.get(named, ())
            if d.negated and not d.condition and self._by(d, wanted, sdk)
        ]
        if not denied:
            return []
        told = [
            d for d in self._by_item.get(denied[0].item, ()) if not d.negated and self._by(d, wanted, sdk)
        ]
        return [] if told else denied

    # --- SDKs and permissions -------------------------------------------------------------------------

    def rows(self, sdk: str) -> list[DisclosedSdk]:
        """Return the entries of the policy that can mean the SDK with this id."""
        return [row for row in self.policy.sdks if sdk in row.sdk_ids or row.sdk_id == sdk]

    @cached_property
    def _denied_sdks(self) -> Evidence | None:
        """Where the policy flatly says that no third-party SDK is used, and names none; None elsewhere."""
        if self.policy.sdks:
            return None
        for sentence in self.policy.sentences:
            lowered = sentence.text.lower()
            if search("sdk_denials").search(lowered) and not search("denial", "narrowing_sdk").search(
                lowered
            ):
                locator = PolicyLocator(paragraph=sentence.paragraph, start=sentence.start, end=sentence.end)
                return Evidence(artifact=self.policy.source, locator=locator, excerpt=sentence.text[:180])
        return None

    def of_sdk(self, sdk: str, vendor: Text | None, domains: Sequence[str] = ()) -> Stance:
        """Return what the policy says of the SDK with this id."""
        rows = self.rows(sdk)
        if rows:
            return Stance("disclosed", rows[0].name, _join(r.evidence for r in rows))
        info = catalogue.sdks().get(sdk)
        names = [n for n in ((info.name.zh, info.name.en) if info else ()) if len(n) > 2]
        place = self.place_of((*names, *domains))
        if place is not None:
            return Stance("disclosed", place[0], (place[1],))
        denial = self._denied_sdks
        if denial is not None:
            return Stance("contradicted", denial.excerpt, (denial,))
        company = vendor.zh if vendor else ""
        same = [r for r in self.policy.sdks if company and (company in r.vendor or company in r.name)]
        if same:
            return Stance("vague", company, _join(r.evidence for r in same))
        if self.doubt is not None:
            return Stance("unknown", "", (), self.doubt)
        elsewhere = self.kept_elsewhere("sdk")
        if elsewhere is not None:
            return Stance("unknown", "", elsewhere[1], elsewhere[0])
        place = self.place_of((company,) if company else ())
        if place is not None:
            return Stance("vague", company, (place[1],))
        return Stance("omitted", "", (self.searched((), names or [sdk]),))

    def of_permission(self, name: str, group: str | None, items: Sequence[str]) -> Stance:
        """Return what the policy says of a permission: named, only its items spoken of, or nothing."""
        rows = [
            p
            for p in self.policy.permissions
            if p.permission in {name, group} or _group(p.permission) == (group or name)
        ]
        if rows:
            return Stance("disclosed", rows[0].term, _join(p.evidence for p in rows))
        for item in items:
            for named in (item, *ancestors(item), *_related(item)):
                told = [d for d in self._by_item.get(named, ()) if not d.negated]
                if told:
                    return Stance("vague", told[0].term, _evidence_of(told))
        for item in dict.fromkeys(named for i in items for named in (i, *ancestors(i))):
            if item in self._mentioned:
                paragraph, start, end = self._mentioned[item]
                reason = Text(
                    zh="政策提到相关信息，但未说明权限", en="the policy mentions the item, not the permission"
                )
                return Stance("unknown", "", (self._evidence(paragraph, start, end),), reason)
        if self.doubt is not None:
            return Stance("unknown", "", (), self.doubt)
        elsewhere = self.kept_elsewhere("permissions")
        if elsewhere is not None:
            return Stance("unknown", "", elsewhere[1], elsewhere[0])
        return Stance("omitted", "", (self.searched(tuple(items), [name.rpartition(".")[2]]),))

    # --- evidence -------------------------------------------------------------------------------------

    def place_of(self, names: Sequence[str]) -> tuple[str, Evidence] | None:
        """Return the first of ``names`` that stands anywhere in the policy, with its place; Latin names as whole words."""
        if not names:
            return None
        wanted = pattern(name.lower() for name in names)
        for paragraph in self.policy.paragraphs:
            match = wanted.search(paragraph.text.lower())
            if match:
                at = paragraph.start + match.start()
                return match.group(), self._evidence(paragraph, at, at + len(match.group()))
        return None

    def searched(self, items: Sequence[str], names: Sequence[str] = ()) -> Evidence:
        """Return the record of a search that found nothing; the first of ``items`` is what was looked for."""
        known = catalogue.items()
        zh = [*(known[i].name.zh for i in items if i in known), *names]
        en = [*(known[i].name.en for i in items if i in known), *names]
        count, tables = len(self.policy.sentences), len(self.policy.tables)
        above_zh = f"或可涵盖它的说法（{'、'.join(zh[1:4])}等）" if len(zh) > 1 else ""
        above_en = f" or what could cover it ({', '.join(en[1:4])})" if len(en) > 1 else ""
        open_zh, open_en = (
            ("，也没有同类的“等”字列举", ", and no open list of its kind") if items else ("", "")
        )
        told_zh, told_en = (
            ("写明收集", "do not say that the app collects") if items else ("", "have no word for")
        )
        what = Text(
            zh=f"政策全文 {count} 句、{tables} 张表中，没有{told_zh}“{zh[0]}”{above_zh}{open_zh}",
            en=f"{count} sentences and {tables} tables {told_en} {en[0]}{above_en}{open_en}",
        )
        return Evidence(artifact=self.policy.source, locator=SearchLocator(searched=(what,)), excerpt="")

    def _evidence(self, paragraph: Paragraph, start: int, end: int) -> Evidence:
        begin = max(0, start - paragraph.start - 40)
        return Evidence(
            artifact=self.policy.source,
            locator=PolicyLocator(paragraph=paragraph.id, start=start, end=end),
            excerpt=" ".join(paragraph.text[begin : begin + 180].split()),
        )


def permission_items(permission: str) -> frozenset[str]:
    """Return the items a permission or permission group opens."""
    known = catalogue.permissions()
    if permission in known:
        return frozenset(known[permission].items)
    return frozenset(i for p in known.values() if p.group == permission for i in p.items)


def _group(permission: str) -> str:
    info = catalogue.permissions().get(permission)
    return (info.group or permission) if info else permission


def _related(item: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for group in data()["related"]:
        if item in group:
            found.update(dict.fromkeys(other for other in group if other != item))
    return tuple(found)


def _same_category(one: str, other: str) -> bool:
    known = catalogue.items()
    if one not in known or other not in known:
        return False
    shared = {one, *ancestors(one)} & {other, *ancestors(other)}
    return bool(shared) or known[one].category == known[other].category


def _evidence_of(disclosed: Iterable[DisclosedItem]) -> tuple[Evidence, ...]:
    return _join(d.evidence for d in disclosed)


def _join(groups: Iterable[tuple[Evidence, ...]]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(e for group in groups for e in group))[:MAX_EVIDENCE]

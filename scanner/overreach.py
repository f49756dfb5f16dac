"""Permissions and items against what the app's category needs: the table of overreach (权限过度索取对照表).

Facts, data and, where there is one, the assessment → rows.  Pure; every writer lays the same rows out.  A verdict comes
from the findings of the assessment; without a finding the row says at most that a human must look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from scanner import catalogue
from scanner.catalogue import Category
from scanner.codefacts import Access
from scanner.facts import AppFacts, Facts
from scanner.model import VERDICT_ORDER, Assessment, Evidence, Finding, Text, Verdict
from scanner.necessity import (
    Need,
    category_of,
    live_owners,
    need_of_item,
    need_of_permission,
    own_use,
    reason_for,
)
from scanner.overreachrows import Asked, Function, ItemRow, Overreach, PermissionRow, UsedBy
from scanner.permissionfacts import Permission, PermissionRequest
from scanner.places import count, obtains, only_leads, single_groups

SENSITIVE = ("yes", "conditional", "legacy", "no")
MAX_PLACES = 8
FIRST = frozenset({"application", "provider", "receiver", "static"})
READS = frozenset({"read", "observe", "capture"})


def overreach(
    facts: Facts, assessment: Assessment | None = None, verdicts: Mapping[str, Verdict] | None = None
) -> Overreach:
    """Return the table for an app, an empty one for anything else.

    ``verdicts`` is how far the hit of each rule stands, by rule id; a rule without an entry counts as 疑似.
    """
    app = facts.app
    if app is None:
        return Overreach()
    proposal = app.category_proposal
    given = category_of(app)
    guessed = catalogue.categories().get((proposal.category if proposal else None) or "")
    category = given or (guessed if proposal is not None and proposal.usable else None)
    table = _Table(facts, app, category, given is None, assessment, verdicts or {})
    contrary = None
    if (
        given is not None
        and guessed is not None
        and guessed.id != given.id
        and proposal is not None
        and proposal.usable
    ):
        contrary = Text(
            zh=f"指定的类别是{given.name.zh}，线索却指向{guessed.name.zh}（置信度 {proposal.confidence}），请核对",
            en=f"the category given is {given.name.en}, but signs point to {guessed.name.en} (confidence {proposal.confidence}); check",
        )
    return Overreach(
        category=category.id if category else None,
        name=category.name if category else None,
        basis=app.category_basis if category else None,
        confidence=proposal.confidence if proposal and given is None and category else None,
        why=proposal.why if proposal and given is None else None,
        contrary=contrary,
        within=tuple(catalogue.categories()[c].name for c in proposal.within) if proposal else (),
        permissions=table.permissions(),
        items=table.items(),
    )


class _Table:
    """The rows of one app against one category; ``assumed``: that category is only proposed."""

    def __init__(
        self,
        facts: Facts,
        app: AppFacts,
        category: Category | None,
        assumed: bool,
        assessment: Assessment | None,
        verdicts: Mapping[str, Verdict],
    ) -> None:
        self.facts, self.app, self.category, self.assumed = facts, app, category, assumed
        self.verdicts = verdicts
        self.titles = {c.name: c.label for c in app.components if c.label}
        self.named: dict[Evidence, list[Finding]] = defaultdict(list)
        self.grouped: dict[str, list[Finding]] = defaultdict(list)
        for result in assessment.evaluation.results if assessment else ():
            for finding in result.findings:
                for group in single_groups(finding.group):
                    self.grouped[group].append(finding)
                for evidence in finding.evidence:
                    self.named[evidence].append(finding)
        known = catalogue.permissions()
        self.by_permission: dict[str, list[Access]] = defaultdict(list)
        for access in app.accesses:
            for name in access.permissions:
                self.by_permission[name].append(access)
        self.views = {name: info.law_view for name, info in known.items()}

    # --- permissions ----------------------------------------------------------------------------------

    def permissions(self) -> tuple[PermissionRow, ...]:
        rows = [self._permission(p) for p in self.app.permissions]
        return tuple(sorted(rows, key=_permission_order))

    def _permission(self, permission: Permission) -> PermissionRow:
        need = need_of_permission(permission, self.category)
        found = self._findings(permission)
        verdict, reason = self._open(permission, need)
        verdict = self._verdict(found) or verdict
        return PermissionRow(
            name=permission.name,
            label=permission.label,
            group=permission.group,
            protection=permission.protection,
            flags=permission.flags,
            items=permission.items,
            sensitive=_strongest(permission.items),
            law=self.views.get(permission.name),
            clauses=self._clauses(permission),
            declared=permission.declared,
            declared_in=tuple(dict.fromkeys(e.artifact for e in permission.evidence))
            if permission.declared
            else (),
            max_sdk=permission.max_sdk,
            named=permission.requested,
            requests=self._asked(permission.name),
            used=permission.used,
            used_by=self._users(permission),
            policy=self._policy(permission),
            need=need,
            verdict=verdict,
            reason=reason,
            rules=_rules(found),
            evidence=permission.evidence[:1],
        )

    def _findings(self, permission: Permission) -> list[Finding]:
        """Return the findings about the permission: named by their group, or resting on its declaration or request."""
        own = list(self.grouped.get(permission.name, ()))
        places = list(permission.evidence) if permission.declared else []
        places += [e for r in self._requests(permission.name) for e in r.evidence]
        for evidence in places:
            own += self.named.get(evidence, ())
        return list(dict.fromkeys(own))

    def _requests(self, name: str) -> list[PermissionRequest]:
        return [r for r in self.app.requests if name in r.permissions]

    def _asked(self, name: str) -> tuple[Asked, ...]:
        return tuple(
            Asked(
                caller=r.caller,
                owner=r.owner,
                title=self._title(r.caller),
                reachable=r.reachable,
                before_ui=r.before_ui,
                groups=r.groups,
            )
            for r in self._requests(name)[:MAX_PLACES]
        )

    def _title(self, caller: str) -> str | None:
        """Return the label of the screen whose class holds ``caller``, the classes inside it included."""
        name = caller.partition(";")[0].removeprefix("L").replace("/", ".")
        return self.titles.get(name) or self.titles.get(name.partition("$")[0])

    def _users(self, permission: Permission) -> tuple[UsedBy, ...]:
        places: dict[tuple[str, str], list[Access]] = defaultdict(list)
        for access in self.by_permission.get(permission.name, ()):
            if access.reachable:
                places[access.owner_kind, access.owner_id].append(access)
        return tuple(
            UsedBy(
                owner=use.owner,
                sites=use.sites,
                reachable=count(live).reachable,
                dormant=use.dormant,
                before_ui=any(a.before_ui for a in live),
            )
            for use in permission.used_by
            for live in (places.get((use.owner.kind, use.owner.id), []),)
        )

    def _policy(self, permission: Permission) -> bool | None:
        policy = self.facts.policy
        if policy is None or not permission.collects_pi:
            return None
        if any(p.permission in {permission.name, permission.group} for p in policy.permissions):
            return True
        gaps = {gap.path for gap in self.facts.gaps}
        return None if gaps & {"policy", "policy.permissions"} or policy.complete is False else False

    def _clauses(self, permission: Permission) -> tuple[str, ...]:
        if not permission.collects_pi:
            return ()
        own = (self.category.clause,) if self.category else ()
        return ("CAC-2019-191-4-1", "GBT41391-6.5", *own)

    def _open(self, permission: Permission, need: Need) -> tuple[Verdict, Text]:
        """Return verdict and reason for a permission nothing was found about."""
        if need == "not_personal":
            return Verdict.NOT_APPLICABLE, _not_personal(permission)
        if not permission.declared:
            open_list = any(gap.path in {"app", "app.permissions"} for gap in self.facts.gaps)
            return Verdict.MANUAL if open_list else Verdict.NOT_APPLICABLE, Text(
                zh="代码调用需要它的接口而清单未声明，系统不会授予",
                en="code calls interfaces that need it but the manifest does not declare it, so it is not granted",
            )
        parts = [self._need_text(permission, need), self._use_text(permission, need)]
        return Verdict.MANUAL, Text(zh="；".join(p.zh for p in parts), en="; ".join(p.en for p in parts))

    def _called(self, category: Category) -> Text:
        if not self.assumed:
            return category.name
        return Text(zh=f"{category.name.zh}（推断的类别）", en=f"{category.name.en} (proposed category)")

    def _need_text(self, permission: Permission, need: Need) -> Text:
        if self.category is None:
            return Text(zh="应用类别未知，是否必要无法判断", en="category unknown, so need cannot be judged")
        name = self._called(self.category)
        if need == "listed":
            return Text(
                zh=f"规定列为{name.zh}的必要个人信息",
                en=f"listed as necessary for {name.en}",
            )
        if need == "basic":
            why = reason_for(permission.name, self.category)
            return Text(
                zh=f"{name.zh}的基本功能可能需要" + (f"：{why.zh}" if why else ""),
                en=f"the basic function of {name.en} may need it" + (f": {why.en}" if why else ""),
            )
        return Text(zh=f"不在{name.zh}的必要范围", en=f"outside the necessary range of {name.en}")

    def _use_text(self, permission: Permission, need: Need) -> Text:
        live = live_owners(permission)
        if permission.used_by and not live and not own_use(self.app, permission):
            return Text(
                zh="使用它的代码都只能由清单停用的组件到达，代码未见启用或不能确定",
                en="only components that the manifest disables lead to code that uses it; none is seen to be enabled, or that cannot be told",
            )
        if own_use(self.app, permission):
            if need == "outside":
                return Text(
                    zh="应用自身使用，须有扩展功能并另行征得同意",
                    en="used by the app itself; needs an additional function with a consent of its own",
                )
            if permission.protection != "dangerous":
                return Text(
                    zh="应用自身使用；系统不为它询问用户，是否告知目的须核对",
                    en="used by the app itself; the system does not ask the user for it, so check whether its purpose is told",
                )
            return Text(
                zh="应用自身使用，申请时机和目的告知须实测",
                en="used by the app itself; test when it asks and what it says",
            )
        if "sdk" in live:
            return Text(zh="只见 SDK 使用，须核实用途", en="only SDKs seen using it; find out what for")
        if permission.used and permission.used_by:
            return Text(
                zh="只见通用库使用，须核实由哪项功能调用",
                en="only general libraries seen using it; find out which function calls them",
            )
        if permission.used is False:
            return Text(
                zh="代码中未见使用" + ("，但出现其名称" if permission.requested else ""),
                en="no use seen in code" + (", though its name occurs" if permission.requested else ""),
            )
        return Text(zh="用途未能由静态分析确定", en="its use could not be determined statically")

    # --- items ----------------------------------------------------------------------------------------

    def items(self) -> tuple[ItemRow, ...]:
        """Return every item some code obtains in a telling way, by each owner that is no plain library."""
        groups: dict[tuple[str, str, str], list[Access]] = defaultdict(list)
        by_item: dict[str, list[Access]] = defaultdict(list)
        for access in self.app.accesses:
            if obtains(access):
                by_item[access.item].append(access)
                if access.owner_kind != "library":
                    groups[access.item, access.owner_kind, access.owner_id].append(access)
        telling = {item for item, found in by_item.items() if not only_leads(found)}
        rows = [self._item(key[0], group) for key, group in groups.items() if key[0] in telling]
        return tuple(sorted(rows, key=_item_order))

    def _item(self, item: str, group: Sequence[Access]) -> ItemRow:
        judged = [a for a in group if a.mode in READS and a.strength == "direct" and not a.restricted]
        live = [a for a in judged if a.reachable]
        names = tuple(dict.fromkeys(name for a in judged for name in a.permissions))
        need = need_of_item(item, names, self.category)
        found = list(self.grouped.get(f"{item} | {group[0].owner_id}", ()))
        extension: Literal["possible", "unlikely"] | None = None
        if need == "outside" and live:
            hidden = all(a.before_ui or a.entry_kind in FIRST for a in live)
            extension = "unlikely" if hidden else "possible"
        asked = [r for r in self.app.requests if not set(names).isdisjoint(r.permissions)]
        counted = count(group)
        return ItemRow(
            item=item,
            owner=group[0].owner,
            sites=counted.total,
            reachable=counted.reachable,
            direct=count(live).total,
            functions=self._functions(live or [a for a in group if a.reachable]),
            asked_in=tuple(dict.fromkeys(r.caller for r in asked if r.owner_kind == group[0].owner_kind))[
                :MAX_PLACES
            ],
            need=need,
            extension=extension,
            verdict=self._verdict(found) or Verdict.MANUAL,
            reason=self._item_text(need, extension, bool(live), bool(counted.reachable)),
            rules=_rules(found),
            evidence=(live or judged or group)[0].evidence[:1],
        )

    def _functions(self, live: Sequence[Access]) -> tuple[Function, ...]:
        found = dict.fromkeys(
            Function(
                entry=a.entry,
                kind=a.entry_kind,
                title=self.titles.get((a.entry or "").partition("$")[0]),
                before_ui=bool(a.before_ui),
            )
            for a in live
        )
        return tuple(sorted(found, key=lambda f: (not f.before_ui, f.entry or "")))[:MAX_PLACES]

    def _item_text(self, need: Need, extension: str | None, live: bool, reached: bool) -> Text:
        if reached and not live:
            return Text(
                zh="可到达的各处只经一般用途的接口、系统选取界面或间接的方式，是否取得该项信息须人工确认",
                en="every place reached uses an interface of general use, a system picker or an indirect way; confirm by hand",
            )
        if not live:
            return Text(
                zh="读取代码未见从入口到达", en="the reading code was not reached from an entry point"
            )
        if self.category is None:
            return Text(zh="应用类别未知，是否必要无法判断", en="category unknown, so need cannot be judged")
        name = self._called(self.category)
        if need in {"listed", "basic"}:
            return Text(
                zh=f"在{name.zh}基本功能的范围内，时机和目的告知须实测",
                en=f"within the basic function of {name.en}; test when and with what notice",
            )
        if extension == "unlikely":
            return Text(
                zh=f"不在{name.zh}的必要范围，且在用户看到界面之前或没有界面时取得，难以用扩展功能的同意解释",
                en=f"outside the range of {name.en} and obtained before or without a screen, which consent to a function hardly explains",
            )
        return Text(
            zh=f"不在{name.zh}的必要范围；由界面触发，可能属于扩展功能，须核实有无单独同意",
            en=f"outside the range of {name.en}; reached from a screen, so maybe an additional function: check for a consent of its own",
        )

    # --- verdicts -------------------------------------------------------------------------------------

    def _verdict(self, found: Sequence[Finding]) -> Verdict | None:
        """Return the worst verdict of the findings, None without findings."""
        stands = (self.verdicts.get(f.rule, Verdict.SUSPECTED) for f in found)
        return min(stands, key=VERDICT_ORDER.index, default=None)


def _rules(found: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.rule for finding in found))


def _strongest(items: Sequence[str]) -> Literal["yes", "conditional", "legacy", "no"]:
    known = catalogue.items()
    marks = [known[item].sensitive for item in items if item in known]
    return min(marks, key=SENSITIVE.index, default="no")


def _not_personal(permission: Permission) -> Text:
    """Return why a permission is not judged: not known, about an item without opening it, or about none."""
    if permission.protection == "unknown":
        return Text(
            zh="权限目录未收录，用途不明，未作判断",
            en="not in the catalogue of permissions; what it opens is not known, so it is not judged",
        )
    if permission.items:
        return Text(
            zh="与个人信息有关，但本身不用于取得，不在本表判断之内",
            en="concerns personal information without opening it; not judged here",
        )
    return Text(
        zh="不属于可收集个人信息的权限，不在本表判断之内", en="opens no personal information; not judged here"
    )


def _permission_order(row: PermissionRow) -> tuple[int, bool, bool, int, str]:
    return (
        VERDICT_ORDER.index(row.verdict),
        row.need == "not_personal",
        row.need != "outside",
        SENSITIVE.index(row.sensitive),
        row.name,
    )


def _item_order(row: ItemRow) -> tuple[int, bool, bool, str, str]:
    return (
        VERDICT_ORDER.index(row.verdict),
        row.need != "outside",
        row.extension != "unlikely",
        row.item,
        row.owner.id,
    )

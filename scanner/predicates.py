"""Named predicates for what the operators cannot say; each is pure and has its own tests.

A predicate takes the facts and its parameters and returns truth (True, False, None = unknown), the matching
elements with their evidence, and the reasons when unknown.  Others register through the entry point group
``guijian.predicates``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

from scanner.facts import AppFacts, Component, Facts
from scanner.model import Evidence, Text, beside
from scanner.necessity import CATEGORY_UNKNOWN, OWN, category_of, listed_items, need_of_permission, sdk_only
from scanner.permissionfacts import Permission

Outcome = tuple[bool | None, list[tuple[Any, tuple[Evidence, ...]]], list[Text]]


class Predicate(Protocol):
    """A named condition; ``parameters`` lists the names it accepts in ``given``.

    One whose answer depends on the app's category says so with an attribute ``needs_category`` that is true.
    """

    parameters: frozenset[str]

    def __call__(self, facts: Facts, given: Mapping[str, Any]) -> Outcome:
        """Decide on ``facts``."""
        ...


class _Function:
    """A predicate made of a plain function."""

    def __init__(
        self,
        function: Callable[[Facts, Mapping[str, Any]], Outcome],
        parameters: frozenset[str],
        *,
        needs_category: bool = False,
    ) -> None:
        self._function = function
        self.parameters = parameters
        self.needs_category = needs_category

    def __call__(self, facts: Facts, given: Mapping[str, Any]) -> Outcome:
        return self._function(facts, given)


def sdk_collects_undisclosed(facts: Facts, given: Mapping[str, Any]) -> Outcome:
    """Whether an SDK reads one of the ``items`` given which its vendor, as far as recorded, does not document.

    Only direct ways of obtaining an item in reachable code count.
    """
    items = frozenset(given["items"])
    app = facts.app
    if app is None:
        return None, [], [Text(zh="没有应用事实", en="no app facts")]
    documented = {sdk.id: frozenset(sdk.documented_items) for sdk in app.sdks if sdk.documented_items}
    hits = [
        (access, access.evidence)
        for access in app.accesses
        if access.owner_kind == "sdk"
        and access.item in items
        and access.strength == "direct"
        and access.reachable
        and access.mode in {"read", "observe", "capture"}
        and access.owner_id in documented
        and access.item not in documented[access.owner_id]
    ]
    return bool(hits), hits, []


def open_component(facts: Facts, given: Mapping[str, Any]) -> Outcome:
    """Whether a component of the ``kinds`` given may be used by any other app although nothing calls for it.

    It counts when it is enabled, exported and without a permission, and is no launcher and no login or payment
    callback whose name another app prescribes.  An activity counts only without an intent filter, since a filter
    invites others in; a service or receiver only when it waits for something other than the system's own actions,
    which the system guards itself.  Manifest reference: https://developer.android.com/guide/topics/manifest
    """
    if facts.app is None:
        return None, [], [Text(zh="没有应用事实", en="no app facts")]
    kinds = frozenset(given["kinds"])
    hits = [(c, c.evidence) for c in facts.app.components if c.kind in kinds and _open(c)]
    paths = {"app", "app.components"}
    unknown = [gap.reason for gap in facts.gaps if gap.path in paths]
    if not unknown and not any(looked.path in paths for looked in facts.looked):
        unknown = [Text(zh="本次未检索组件", en="components were not searched")]
    return (True if hits else None if unknown else False), hits, [] if hits else unknown


def _open(component: Component) -> bool:
    if not component.exported or not component.may_run or component.launcher or component.permission:
        return False
    if component.kind == "provider":
        return not (component.read_permission and component.write_permission)
    if component.kind in {"activity", "activity-alias"}:
        return not component.actions and not component.name.endswith(_PRESCRIBED)
    return not component.actions or not all(a.startswith(_SYSTEM_ACTIONS) for a in component.actions)


def outside_necessary_range(facts: Facts, given: Mapping[str, Any]) -> Outcome:
    """Whether the app's own code obtains one of the ``items`` given that is not necessary for its category.

    An item is in range when the regulation's list for the category means it, or when one of its permissions is among
    those the basic function may need (rules/data/necessary.yaml).  Only direct ways in reachable code count.
    """
    if facts.app is None:
        return None, [], [Text(zh="没有应用事实", en="no app facts")]
    category = category_of(facts.app)
    if category is None:
        return None, [], [CATEGORY_UNKNOWN]
    necessary = listed_items(category)
    granted = {name for entry in category.permissions for name in entry.names}
    watched = frozenset(given["items"]) - necessary
    hits = [
        (access, access.evidence)
        for access in facts.app.accesses
        if access.item in watched
        and access.owner_kind in {"app", "unknown"}
        and access.strength == "direct"
        and access.mode in {"read", "observe", "capture"}
        and access.reachable
        and not access.restricted
        and granted.isdisjoint(access.permissions)
    ]
    gaps = [gap.reason for gap in facts.gaps if gap.path in {"app", "app.accesses"}]
    return (True if hits else None if gaps else False), hits, [] if hits else gaps


def permission_outside_category(facts: Facts, given: Mapping[str, Any]) -> Outcome:
    """Whether one of the ``permissions`` given is declared though the category's basic function does not need it.

    ``user``: ``app`` looks at permissions that the app's own code uses or asks for, or whose use is not known; ``sdk`` at
    those that only SDKs use.  Permissions nothing uses are left to other rules.
    """
    if facts.app is None:
        return None, [], [Text(zh="没有应用事实", en="no app facts")]
    category = category_of(facts.app)
    if category is None:
        return None, [], [CATEGORY_UNKNOWN]
    app, watched = facts.app, frozenset(given["permissions"])
    hits: list[tuple[Any, tuple[Evidence, ...]]] = []
    for permission in app.permissions:
        if not permission.declared or permission.name not in watched:
            continue
        if need_of_permission(permission, category) != "outside":
            continue
        unused = permission.used is False and not permission.requested
        only_sdk = sdk_only(app, permission)
        if given["user"] == "sdk" and only_sdk:
            hits.append((permission, (*permission.evidence, *beside(_sdk_evidence(permission)))))
        if given["user"] == "app" and not only_sdk and not unused:
            hits.append((permission, (*permission.evidence, *beside(_own_evidence(facts.app, permission)))))
    paths = {"app", "app.permissions"} | ({"app.accesses"} if given["user"] == "sdk" else set())
    gaps = [gap.reason for gap in facts.gaps if gap.path in paths]
    return (True if hits else None if gaps else False), hits, [] if hits else gaps


def _sdk_evidence(permission: Permission) -> tuple[Evidence, ...]:
    return tuple(e for use in permission.used_by if use.owner.kind == "sdk" for e in use.evidence)


def _own_evidence(app: AppFacts, permission: Permission) -> tuple[Evidence, ...]:
    used = tuple(
        e
        for use in permission.used_by
        if use.owner.kind in OWN and use.sites > use.dormant
        for e in use.evidence
    )
    asked = (
        e
        for request in app.requests
        if request.owner_kind in OWN and permission.name in request.permissions
        for e in request.evidence
    )
    return (*used, *asked)


def requested_never_used(facts: Facts, _given: Mapping[str, Any]) -> Outcome:
    """Whether the app's own code asks at run time for a permission whose protected interfaces nothing calls.

    Only requests whose permissions were read completely count, permissions the catalogue covers (``used`` is known),
    and groups of which no other permission is used or may be: the system grants a group as one.
    """
    if facts.app is None:
        return None, [], [Text(zh="没有应用事实", en="no app facts")]
    app = facts.app
    busy = {p.group for p in app.permissions if p.group and p.used is not False}
    idle = {p.name: p for p in app.permissions if p.declared and p.used is False and p.group not in busy}
    hits: list[tuple[Any, tuple[Evidence, ...]]] = [
        (idle[name], (*request.evidence, *beside(idle[name].evidence)))
        for request in app.requests
        if request.complete and request.owner_kind in OWN and request.reachable is not False
        for name in request.permissions
        if name in idle
    ]
    paths = {"app", "app.permissions", "app.requests", "app.accesses"}
    reasons = [gap.reason for gap in facts.gaps if gap.path in paths]
    asked = {name for request in app.requests if request.owner_kind in OWN for name in request.permissions}
    if open_ones := [p for p in app.permissions if p.name in asked and p.declared and p.used is None]:
        reasons.append(
            Text(
                zh=f"申请的权限中有 {len(open_ones)} 个是否使用无法由静态分析确定",
                en=f"whether {len(open_ones)} of the permissions asked for are used could not be determined statically",
            )
        )
    return (True if hits else None if reasons else False), hits, [] if hits else reasons


def permission_groups(facts: Facts, given: Mapping[str, Any]) -> Outcome:
    """Whether dangerous permissions that open personal information are declared in ``at_least`` different groups.

    The system asks for, shows and grants a group as one; a permission without a group counts by itself.
    """
    if facts.app is None:
        return None, [], [Text(zh="没有应用事实", en="no app facts")]
    found = [p for p in facts.app.permissions if p.declared and p.collects_pi and p.protection == "dangerous"]
    if len({p.group or p.name for p in found}) >= given["at_least"]:
        return True, [(p, p.evidence) for p in found], []
    gaps = [gap.reason for gap in facts.gaps if gap.path in {"app", "app.permissions"}]
    return (None if gaps else False), [], gaps


def not_in_policy(facts: Facts, given: Mapping[str, Any]) -> Outcome:
    """Whether the policy, where one was read, says nothing of any of the ``elements`` given.

    ``contact``: an e-mail address or a telephone number of the operator will do as well.  Without a policy there is
    nowhere else to look, so the answer is yes; a text of which absence cannot be said leaves it open.
    """
    policy = facts.policy
    if policy is None:
        return True, [], []
    who = policy.identity
    if given["contact"] and who is not None and (who.emails or who.phones):
        return False, [], []
    found = {element.id: element for element in policy.elements}
    named = [found.get(name) for name in given["elements"]]
    if any(element is not None and element.state == "present" for element in named):
        return False, [], []
    if any(element is None or element.state == "unknown" for element in named):
        reason = Text(
            zh="隐私政策没有全部读出或过短，不能确定其中没有写明",
            en="the privacy policy was not read whole or is too short to say that it lacks this",
        )
        return None, [], [reason]
    return True, [(element, beside(element.evidence)) for element in named if element is not None], []


# Names that the WeChat SDK prescribes for the activities its app calls back.
_PRESCRIBED = (".wxapi.WXEntryActivity", ".wxapi.WXPayEntryActivity")
_SYSTEM_ACTIONS = ("android.", "com.android.")

_BUILT_IN: dict[str, Predicate] = {
    "not-in-policy": _Function(not_in_policy, frozenset({"elements", "contact"})),
    "open-component": _Function(open_component, frozenset({"kinds"})),
    "outside-necessary-range": _Function(outside_necessary_range, frozenset({"items"}), needs_category=True),
    "permission-groups": _Function(permission_groups, frozenset({"at_least"})),
    "permission-outside-category": _Function(
        permission_outside_category, frozenset({"permissions", "user"}), needs_category=True
    ),
    "requested-never-used": _Function(requested_never_used, frozenset()),
    "sdk-collects-undisclosed": _Function(sdk_collects_undisclosed, frozenset({"items"})),
}


@cache
def _registry() -> dict[str, Predicate]:
    found = dict(_BUILT_IN)
    for entry in entry_points(group="guijian.predicates"):
        found.setdefault(entry.name, entry.load())
    return found


def names() -> list[str]:
    """Return the names of all predicates."""
    return sorted(_registry())


def check(name: str, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield mistakes in a use of predicate ``name``."""
    predicate = _registry().get(name)
    if predicate is None:
        yield f"unknown predicate {name!r} (known: {', '.join(names())})"
        return
    for key in sorted(set(given) - predicate.parameters):
        yield f"predicate {name!r} has no parameter {key!r}"
    for key in sorted(predicate.parameters - set(given)):
        yield f"predicate {name!r} needs the parameter {key!r}"


def needs_category(name: str) -> bool:
    """Whether the answer of predicate ``name`` depends on the category of the app."""
    return bool(getattr(_registry().get(name), "needs_category", False))


def run(name: str, facts: Facts, given: Mapping[str, Any]) -> Outcome:
    """Run predicate ``name``; raises KeyError for an unknown one (the loader has refused it before)."""
    return _registry()[name](facts, given)

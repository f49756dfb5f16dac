"""Whether an item or permission lies in the necessary range of the app's category.  Pure; data in ``rules/data``.

What the regulation lists for a category are items (国信办秘字〔2021〕14号 第五条); which permissions its basic function may
need is our inference (``permissions`` in necessary.yaml).  A permission outside both is not forbidden: an additional
function with a consent of its own may justify it.
"""

from __future__ import annotations

from typing import Literal

from scanner import catalogue
from scanner.catalogue import Category
from scanner.codefacts import Owner
from scanner.facts import AppFacts
from scanner.model import Text
from scanner.permissionfacts import Permission

# ``listed``: the regulation lists it; ``basic``: the basic function may need it; ``outside``: neither.
Need = Literal["listed", "basic", "outside", "not_personal", "unknown"]
LOCATION = frozenset({"precise-location", "coarse-location", "location-track"})
OWN = frozenset({"app", "unknown"})
CATEGORY_UNKNOWN = Text(
    zh="应用类别未知，指定类别后重新评估",
    en="the app's category is unknown; name it and assess again",
)


def category_of(app: AppFacts) -> Category | None:
    """Return the category that was given or declared, None where it is unknown or only proposed."""
    return catalogue.categories().get(app.category or "")


def listed_items(category: Category) -> frozenset[str]:
    """Return the items the regulation's list for ``category`` is read to mean."""
    return frozenset(item for entry in category.necessary for item in entry.items)


def reason_for(name: str, category: Category) -> Text | None:
    """Return why the basic function of ``category`` may need the permission ``name``, None where it does not."""
    return next((entry.why for entry in category.permissions if name in entry.names), None)


def need_of_permission(permission: Permission, category: Category | None) -> Need:
    """Return how ``permission`` relates to ``category``.

    Only location counts as listed by way of its items: what else the regulation lists (a phone number, a name) is
    typed in by the user and needs no permission.
    """
    if not permission.collects_pi:
        return "not_personal"
    if category is None:
        return "unknown"
    listed = LOCATION.intersection(permission.items) & listed_items(category)
    if reason_for(permission.name, category) is not None:
        return "listed" if listed else "basic"
    return "basic" if listed else "outside"


def need_of_item(item: str, permissions: tuple[str, ...], category: Category | None) -> Need:
    """Return how an ``item`` obtained with ``permissions`` relates to ``category``."""
    if category is None:
        return "unknown"
    if item in listed_items(category):
        return "listed"
    return "basic" if any(reason_for(name, category) is not None for name in permissions) else "outside"


def live_owners(permission: Permission) -> frozenset[Owner]:
    """Return whose code uses ``permission``, code left out that only components lead to which are switched off."""
    if not permission.used_by:
        return frozenset(permission.used_by_owner)
    return frozenset(use.owner.kind for use in permission.used_by if use.sites > use.dormant)


def own_use(app: AppFacts, permission: Permission) -> bool:
    """Whether the app's own code, or code of unknown origin, uses or asks for ``permission``.

    Code that only components lead to which are switched off does not count: it cannot run.
    """
    return not OWN.isdisjoint(live_owners(permission)) or any(
        request.owner_kind in OWN and permission.name in request.permissions for request in app.requests
    )


def sdk_only(app: AppFacts, permission: Permission) -> bool:
    """Whether SDKs use ``permission`` and nothing else in the package does."""
    return "sdk" in live_owners(permission) and not own_use(app, permission)

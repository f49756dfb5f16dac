"""The table of overreach as typed rows, the same for every writer (see :mod:`scanner.overreach`)."""

from __future__ import annotations

from typing import Literal

from scanner.codefacts import EntryKind, Origin
from scanner.model import Evidence, Frozen, Text, Verdict
from scanner.necessity import Need


class Asked(Frozen):
    """A place that asks for a permission at run time; ``title`` is the screen's label."""

    caller: str
    owner: Origin
    title: str | None = None
    reachable: bool | None = None
    before_ui: bool | None = None
    groups: int = 1


class UsedBy(Frozen):
    """One owner's use: places that need the permission, those reached from an entry point, those that only components
    which are switched off lead to, and whether one runs before any screen."""

    owner: Origin
    sites: int
    reachable: int
    dormant: int = 0
    before_ui: bool


class Function(Frozen):
    """An entry point from which an item is reached: component class, its kind and the label people see."""

    entry: str | None
    kind: EntryKind | None
    title: str | None = None
    before_ui: bool = False


class PermissionRow(Frozen):
    """One permission: what law says of it, how the package handles it, whether the category needs it, and a verdict.

    ``sensitive`` is the strongest mark among the items it opens.  ``declared_in`` names the manifest (of the base or
    a split).  ``named`` says whether code contains its name at all; ``policy`` whether the privacy policy speaks of
    it; None where that is not known.  ``need`` is relative to the table's category.
    """

    name: str
    label: Text | None
    group: str | None
    protection: str
    flags: tuple[str, ...]
    items: tuple[str, ...]
    sensitive: Literal["yes", "conditional", "legacy", "no"]
    law: Text | None
    clauses: tuple[str, ...]
    declared: bool
    declared_in: tuple[str, ...]
    max_sdk: int | None
    named: bool | None
    requests: tuple[Asked, ...]
    used: bool | None
    used_by: tuple[UsedBy, ...]
    policy: bool | None
    need: Need
    verdict: Verdict
    reason: Text
    rules: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class ItemRow(Frozen):
    """One item obtained by one owner: from which functions, in range or not, and whether consent may justify it.

    ``sites`` and ``reachable`` count every place that obtains it, as the table of items by owner does
    (:mod:`scanner.places`); ``direct`` those of them the row is judged by: reached, through an interface that serves to
    obtain the item, with a value for ordinary apps.

    ``extension``: outside the range, ``possible`` where only screens lead to it, so that a function the user chose may
    ask; ``unlikely`` where it is obtained before any screen or without one; None where it is in range or unknown.
    """

    item: str
    owner: Origin
    sites: int
    reachable: int
    direct: int
    functions: tuple[Function, ...]
    asked_in: tuple[str, ...]
    need: Need
    extension: Literal["possible", "unlikely"] | None
    verdict: Verdict
    reason: Text
    rules: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class Overreach(Frozen):
    """The whole table.

    ``category`` is the app type the rows are measured against and ``basis`` where it came from; None: unknown, and
    every need is then unknown too.  ``contrary``: what the package looks like where that differs from what was given;
    ``within``: the types a store's category leaves open.
    """

    category: str | None = None
    name: Text | None = None
    basis: Literal["given", "declared", "proposed"] | None = None
    confidence: float | None = None
    why: Text | None = None
    contrary: Text | None = None
    within: tuple[Text, ...] = ()
    permissions: tuple[PermissionRow, ...] = ()
    items: tuple[ItemRow, ...] = ()

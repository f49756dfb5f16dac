"""Run-time permission requests: which permissions are asked for in one call, and when."""

from __future__ import annotations

from collections.abc import Sequence

from scanner import catalogue
from scanner.collect.app.code import Code
from scanner.collect.app.remarks import remarked
from scanner.dex import Member, MemberSite, constant_arguments, instructions
from scanner.facts import InterfaceText
from scanner.model import Text
from scanner.permissionfacts import PermissionRequest

MAX_NAMED = 20
MAX_PURPOSES = 5
REQUESTS = (
    Member("Landroid/app/Activity;", "requestPermissions"),
    Member("Landroid/app/Fragment;", "requestPermissions"),
    Member("Landroidx/fragment/app/Fragment;", "requestPermissions"),
    Member("Landroid/support/v4/app/Fragment;", "requestPermissions"),
    Member("Landroidx/core/app/ActivityCompat;", "requestPermissions"),
    Member("Landroid/support/v4/app/ActivityCompat;", "requestPermissions"),
)


def permission_requests(code: Code, texts: Sequence[InterfaceText] = ()) -> list[PermissionRequest]:
    """Return the run-time requests, with the permissions that are constant in the calling method.

    ``texts`` are those of the interface: the purposes told are looked for among them.
    """
    purposes = [text for text in texts if text.kind == "permission_purpose"]
    found = [_request(code, hit, purposes) for hit in code.sites(REQUESTS)]
    return sorted(
        (r for r in found if r is not None), key=lambda r: (r.caller, r.evidence[0].model_dump_json())
    )


def _request(code: Code, hit: MemberSite, purposes: Sequence[InterfaceText]) -> PermissionRequest | None:
    site = hit.site
    owner = code.owner(site.node)
    if owner.kind == "library":
        return None
    arguments = constant_arguments(code.dex, site.node, site.offset)
    array = next((a for a in arguments if isinstance(a, tuple)), None)
    names = [a for a in array if isinstance(a, str)] if array is not None else []
    complete = array is not None and len(names) == len(array) and bool(names)
    if not complete:
        names = _named_in(code, site.node)
    known = catalogue.permissions()
    groups = {
        known[name].group or name for name in names if name in known and known[name].protection == "dangerous"
    }
    reachable, entry = code.reached(site.node)
    return PermissionRequest(
        caller=site.caller,
        permissions=tuple(sorted(set(names))),
        groups=len(groups),
        complete=complete,
        owner=owner,
        owner_kind=owner.kind,
        reachable=reachable,
        entry_kind=entry.kind if entry else None,
        before_ui=code.before_ui(site.node),
        purposes=_told(code, site.node, purposes),
        evidence=(remarked(code.evidence(site), _named(names, complete=complete)),),
    )


def _named(names: Sequence[str], *, complete: bool) -> Text:
    """Return which permissions a request names, as far as they could be read."""
    shown = sorted({name.removeprefix("android.permission.") for name in names})
    if not shown:
        return Text(
            zh="所申请的权限不是代码中的常量，未能读出",
            en="the permissions asked for are no constants of the code and were not read",
        )
    listed, more = ", ".join(shown[:MAX_NAMED]), len(shown) - MAX_NAMED
    if more > 0:
        listed += f" (+{more})"
    if complete:
        return Text(zh=f"申请的权限：{listed}", en=f"permissions asked for: {listed}")
    return Text(
        zh=f"申请的权限没有全部读出；同一方法中写有：{listed}",
        en=f"not all permissions asked for were read; the method names: {listed}",
    )


def _told(code: Code, node: int, purposes: Sequence[InterfaceText]) -> tuple[str, ...]:
    """Return the purposes shown by a class on the way to method ``node``."""
    on_the_way = {_outer(step.method.partition("->")[0][1:-1].replace("/", ".")) for step in code.chain(node)}
    told = {t.text for t in purposes if any(_outer(user) in on_the_way for user in t.used_by)}
    return tuple(sorted(told)[:MAX_PURPOSES])


def _outer(name: str) -> str:
    return name.partition("$")[0]


def _named_in(code: Code, node: int) -> list[str]:
    """Return the permission names loaded anywhere in the calling method."""
    loads = (ins.reference for ins in instructions(code.dex, node) if ins.opcode in {0x1A, 0x1B})
    return [text for text in loads if text and ".permission." in text]

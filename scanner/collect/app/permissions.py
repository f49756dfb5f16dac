"""Permission facts: declared, used and by whom, declared and never used, used and not declared."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from scanner import catalogue
from scanner.codefacts import Access, Origin
from scanner.collect.app.code import Code
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.manifest_parts import DefinedPermission
from scanner.collect.app.surface import MAX_NAMES, similar_permission
from scanner.dex import Site, strings_containing, text_sites
from scanner.facts import Component
from scanner.model import Evidence, XmlLocator
from scanner.permissionfacts import Permission, PermissionUse

MANIFEST = "AndroidManifest.xml"
TELLING = re.compile(r"[a-z]+[A-Z][A-Za-z]*")
LEVELS = {0: "normal", 1: "dangerous", 2: "signature", 3: "signature"}


def permission_facts(
    manifest: Manifest,
    components: Sequence[Component],
    accesses: Sequence[Access],
    code: Code | None,
    near_misses: frozenset[str] = frozenset(),
) -> list[Permission]:
    """Return all permissions declared or used, by name.

    Pass ``code=None`` when the code was not read completely: nothing is then said about permissions without use, nor
    about those of ``near_misses`` and those whose methods' names stand in code as strings: reflection may call them.
    """
    known = catalogue.permissions()
    defined = {p.name: p for p in manifest.defined_permissions() if p.kind == "permission"}
    declared = {p.name: p for p in manifest.uses_permissions()}
    uses = uses_of(accesses)
    named = _named_in_code(code)
    near_misses |= _named_methods(code, frozenset(declared).difference(uses))
    bound = {c.permission for c in components if c.permission}
    found: list[Permission] = []
    for name in sorted({*declared, *uses}):
        info = known.get(name)
        asked = declared.get(name)
        evidence: tuple[Evidence, ...] = ()
        if asked is not None:
            text = f'<uses-permission android:name="{name}"'
            text += f' android:maxSdkVersion="{asked.max_sdk}"' if asked.max_sdk is not None else ""
            evidence = (
                Evidence(artifact=MANIFEST, locator=XmlLocator(path=asked.path), excerpt=text + " />"),
            )
        used_by = tuple(uses.get(name, ()))
        found.append(
            Permission(
                name=name,
                declared=asked is not None,
                max_sdk=asked.max_sdk if asked is not None else None,
                protection=info.protection if info else _own_protection(defined.get(name)),
                group=info.group if info else None,
                label=info.label if info else None,
                collects_pi=info.collects_pi if info else False,
                items=info.items if info else (),
                flags=info.flags if info else (),
                used=_used(bool(used_by), name in bound, info, None if name in near_misses else code),
                used_by=used_by,
                used_by_owner=tuple(sorted({use.owner.kind for use in used_by})),
                requested=None if code is None else name in named,
                similar="" if info or name in defined or len(found) > MAX_NAMES else similar_permission(name),
                evidence=evidence or tuple(e for use in used_by[:1] for e in use.evidence),
            )
        )
    return found


def _used(
    by_code: bool, by_component: bool, info: catalogue.PermissionInfo | None, code: Code | None
) -> bool | None:
    """Whether the permission is used; None where code is unread or the catalogue does not cover its uses."""
    if by_code or by_component:
        return True
    if code is None or info is None or not info.use_checkable:
        return None
    return False


def _own_protection(defined: DefinedPermission | None) -> str:
    if defined is None:
        return "unknown"
    return LEVELS.get(defined.protection & 0xF, "custom")


def uses_of(accesses: Sequence[Access]) -> dict[str, list[PermissionUse]]:
    """Return who uses each permission that ``accesses`` rest on, at how many places."""
    sites: dict[str, dict[tuple[str, str], list[Access]]] = defaultdict(lambda: defaultdict(list))
    for access in accesses:
        for name in access.permissions:
            sites[name][access.owner_kind, access.owner_id].append(access)
    found: dict[str, list[PermissionUse]] = {}
    for name, owners in sites.items():
        found[name] = [_use(group) for _, group in sorted(owners.items())]
    return found


def _use(group: Sequence[Access]) -> PermissionUse:
    best = min(group, key=lambda a: (not a.reachable, a.caller, a.offset))
    places = {(a.dex, a.caller, a.offset) for a in group}
    owner: Origin = best.owner
    asleep = {(a.dex, a.caller, a.offset) for a in group if a.dormant}
    return PermissionUse(owner=owner, sites=len(places), dormant=len(asleep), evidence=best.evidence)


def _named_methods(code: Code | None, names: frozenset[str]) -> frozenset[str]:
    """Return which of the permissions ``names`` protect a method whose name is a string constant in code."""
    if code is None:
        return frozenset()
    methods: dict[str, set[str]] = defaultdict(set)
    for source in catalogue.sources():
        needed = names.intersection(span.name for spans in source.permissions for span in spans)
        # Words such as "query" occur everywhere; a name in camel case hardly means anything else.
        if needed and source.kind == "method" and source.name and TELLING.fullmatch(source.name):
            methods[source.name] |= needed
    if not methods:
        return frozenset()
    needles = [name.encode() for name in sorted(methods)]
    sites = text_sites(code.dex, lambda file: strings_containing(file, needles))
    return frozenset(name for site in sites for name in methods.get(site.target, ()))


def _named_in_code(code: Code | None) -> dict[str, Site]:
    if code is None:
        return {}
    sites = text_sites(code.dex, lambda file: strings_containing(file, [b".permission."]))
    return {site.target: site for site in sites}

"""Services in the foreground: their types in manifest and code, and what personal information their code obtains.

Source: ``ServiceInfo`` and ``Service.startForeground`` of Android: the types of a service are bits; from API 34 each but
two needs a permission of its own, and the types code gives must be among those of the manifest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.codefacts import Access, Origin
from scanner.collect.app.code import Code, descriptor
from scanner.collect.app.intents import CONTEXTS
from scanner.collect.app.manifest import SERVICE_TYPES, Manifest
from scanner.collect.app.manifest_parts import ManifestComponent
from scanner.collect.app.package import MANIFEST
from scanner.componentfacts import ForegroundService
from scanner.dex import Member, MemberSite, constant_arguments
from scanner.facts import Component
from scanner.model import Evidence, XmlLocator, beside

TYPES_NEED_PERMISSION_FROM = 34
NO_PERMISSION = frozenset(["shortService", "systemExempted"])
STARTS = (
    *(Member(owner, "startForeground") for owner in CONTEXTS),
    Member("Landroidx/core/app/ServiceCompat;", "startForeground"),
)
# Place of the types among the arguments, the service itself counted.
TYPES_AT = 3
FROM_MANIFEST = -1
MAX_FOLLOWED, MAX_EVIDENCE = 12, 4


def foreground_services(
    manifest: Manifest, code: Code | None, components: Sequence[Component], accesses: Sequence[Access]
) -> Iterator[ForegroundService]:
    """Yield the services with a foreground type in manifest or code."""
    declared = {p.name for p in manifest.uses_permissions()}
    owners = {(component.kind, component.name): component.owner for component in components}
    switched = {component.name for component in components if component.switched_on}
    starts = _starts(code) if code is not None else {}
    late = manifest.effective_target >= TYPES_NEED_PERMISSION_FROM
    followed = 0
    for component in manifest.components():
        if component.kind != "service" or not (component.enabled or component.name in switched):
            continue
        calls = starts.get(component.name, [])
        given = _given(code, calls) if code is not None else ()
        types = component.service_types
        if not types and not given:
            continue
        needed = [_type_permission(kind) for kind in types if kind not in NO_PERMISSION]
        followed += bool(calls)
        taken = (
            _taken(code, component, accesses)
            if code is not None and calls and followed <= MAX_FOLLOWED
            else {}
        )
        owner = owners.get(("service", component.name), Origin(kind="unknown"))
        yield ForegroundService(
            component=component.name,
            types=types,
            code_types=given,
            undeclared_types=tuple(kind for kind in given if kind not in types),
            missing=tuple(name for name in needed if late and name not in declared),
            started=None if code is None else bool(calls),
            items=tuple(sorted(taken)),
            owner_kind=owner.kind,
            owner_id=owner.id,
            evidence=(
                *_evidence(code, component, calls),
                *beside(taken[item] for item in sorted(taken)[:MAX_EVIDENCE]),
            ),
        )


def _starts(code: Code) -> dict[str, list[MemberSite]]:
    """Return the calls that bring a service to the foreground, by the outermost class they stand in."""
    found: dict[str, list[MemberSite]] = {}
    for hit in code.sites(STARTS):
        caller = hit.site.caller.partition(";")[0][1:].replace("/", ".").partition("$")[0]
        found.setdefault(caller, []).append(hit)
    return found


def _given(code: Code | None, calls: Sequence[MemberSite]) -> tuple[str, ...]:
    """Return the types that calls give as constants."""
    bits = 0
    for hit in calls:
        arguments = constant_arguments(code.dex, hit.site.node, hit.site.offset) if code is not None else ()
        value = arguments[TYPES_AT] if len(arguments) > TYPES_AT else None
        if isinstance(value, int) and value != FROM_MANIFEST:
            bits |= value
    return tuple(label for bit, label in SERVICE_TYPES if bits & bit)


def _taken(code: Code, component: ManifestComponent, accesses: Sequence[Access]) -> dict[str, Evidence]:
    """Return the items that code running in the service obtains, with the way there; weak signs and libraries left out."""
    graph, dex = code.graph, code.dex
    entry = graph.class_entry(descriptor(component.name))
    if entry is None:
        return {}
    nodes = [entry, *dex.find_methods(descriptor(component.name), "<init>")]
    reach = graph.reach_in_stages([nodes], objects=[entry - graph.class_base]).reach
    found: dict[str, Evidence] = {}
    for access in accesses:
        real = access.mode in {"read", "observe", "capture"} and access.strength != "weak"
        if not real or access.owner_kind == "library" or access.item in found:
            continue
        owner, _, rest = access.caller.partition("->")
        name, _, proto = rest.partition("(")
        for node in dex.find_methods(owner, name, "(" + proto):
            if reach.methods[node]:
                chain = code.steps(reach.chain(node))
                found[access.item] = access.evidence[0].model_copy(update={"chain": chain})
                break
    return found


def _evidence(
    code: Code | None, component: ManifestComponent, calls: Sequence[MemberSite]
) -> Iterator[Evidence]:
    text = f"{component.name} {', '.join(component.service_types)}".strip()
    yield Evidence(artifact=MANIFEST, locator=XmlLocator(path=component.path), excerpt=text[:400])
    if code is not None and calls:
        yield code.evidence(calls[0].site)


def _type_permission(kind: str) -> str:
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in kind)
    return f"android.permission.FOREGROUND_SERVICE_{words.upper()}"

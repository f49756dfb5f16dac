"""Third-party SDKs in the package: how recognised, what they access here, how they are started."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from scanner import catalogue
from scanner.appfacts import GuardKind
from scanner.catalogue import SdkInfo
from scanner.collect.app.accesses import behind_flag
from scanner.collect.app.code import Code, member
from scanner.collect.app.subject import Program
from scanner.dex import MemberSite
from scanner.facts import Access, Sdk
from scanner.model import Evidence, FileLocator, XmlLocator

GUARDS: tuple[GuardKind, ...] = ("none", "unrelated", "unknown", "consent")


def sdk_facts(code: Code | None, program: Program, accesses: Sequence[Access]) -> list[Sdk]:
    """Return the SDKs found, by id."""
    traces: dict[str, dict[str, list[Evidence]]] = defaultdict(dict)
    counts: Counter[str] = Counter()
    if code is not None:
        _by_class(code, traces, counts)
    files = _Files(program.files)
    for sdk in catalogue.sdks().values():
        _by_files(sdk, files, traces)
        _by_manifest(sdk, program, traces)
    known = [sdk_id for sdk_id, kinds in traces.items() if _enough(catalogue.sdks()[sdk_id], kinds)]
    starts = _starts(code, known)
    items: dict[str, set[str]] = defaultdict(set)
    for access in accesses:
        if access.owner_kind == "sdk":
            items[access.owner_id].add(access.item)
    return [
        _fact(catalogue.sdks()[sdk_id], traces[sdk_id], counts[sdk_id], sorted(items[sdk_id]), starts, code)
        for sdk_id in sorted(known)
    ]


def _enough(sdk: SdkInfo, kinds: dict[str, list[Evidence]]) -> bool:
    """Whether the traces prove that the SDK is there: its classes, its native library, or two lesser traces."""
    return bool({"class", "prefix"} & kinds.keys()) or "native" in kinds or len(kinds) >= 2


def _by_class(code: Code, traces: dict[str, dict[str, list[Evidence]]], counts: Counter[str]) -> None:
    first: dict[str, str] = {}
    distinctive = {name: sdk.id for sdk in catalogue.sdks().values() for name in sdk.classes}
    for name, owner in zip(code.dex.class_names, code.owners, strict=True):
        if owner.kind not in {"sdk", "library"}:
            continue
        counts[owner.id] += 1
        if owner.basis in {"prefix", "class"}:
            first.setdefault(owner.id, name)
        if distinctive.get(name) is not None:
            traces[distinctive[name]]["class"] = [_class_evidence(name)]
    for sdk_id, name in first.items():
        traces[sdk_id].setdefault("prefix", [_class_evidence(name)])


def _class_evidence(name: str) -> Evidence:
    return Evidence(artifact="dex", locator=FileLocator(path=f"class {name}"), excerpt=name)


class _Files:
    """The package's paths, found by themselves or by their last segment."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._order = {path: number for number, path in enumerate(paths)}
        self._named: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            self._named[path.rpartition("/")[2]].append(path)

    def named(self, name: str) -> Sequence[str]:
        """Return the paths whose last segment is ``name``."""
        return self._named.get(name, ())

    def ordered(self, paths: Iterable[str]) -> list[str]:
        """Return those of ``paths`` that are there, in the package's order."""
        return sorted((path for path in set(paths) if path in self._order), key=self._order.__getitem__)


def _by_files(sdk: SdkInfo, files: _Files, traces: dict[str, dict[str, list[Evidence]]]) -> None:
    native = {path for name in sdk.native for path in files.named(name) if path.startswith("lib/")}
    other = {path for name in sdk.resources for path in (name, *files.named(name))} - native
    for kind, paths in (("native", native), ("resource", other)):
        for path in files.ordered(paths):
            traces[sdk.id].setdefault(kind, []).append(
                Evidence(artifact=path, locator=FileLocator(path=path), excerpt=path.rpartition("/")[2])
            )


def _by_manifest(sdk: SdkInfo, program: Program, traces: dict[str, dict[str, list[Evidence]]]) -> None:
    components = {c.name: c for c in program.components}
    for name in sdk.manifest.components:
        if name in components:
            traces[sdk.id].setdefault("manifest", []).extend(components[name].evidence)
    for name in sdk.manifest.meta_data:
        if name in program.meta_data:
            path = f"/manifest/application/meta-data[@android:name='{name}']"
            evidence = Evidence(artifact="AndroidManifest.xml", locator=XmlLocator(path=path), excerpt=name)
            traces[sdk.id].setdefault("manifest-key", []).append(evidence)


def _starts(code: Code | None, known: Sequence[str]) -> dict[str, dict[str, list[MemberSite]]]:
    """Return the calls of initialisation and consent methods by SDK id and purpose, made from outside the SDK."""
    found: dict[str, dict[str, list[MemberSite]]] = defaultdict(lambda: defaultdict(list))
    if code is None:
        return found
    asked = [
        (sdk_id, purpose, name)
        for sdk_id in known
        for purpose, names in (
            ("init", catalogue.sdks()[sdk_id].init),
            ("consent", catalogue.sdks()[sdk_id].consent),
        )
        for name in names
    ]
    for hit in code.sites([member(name) for _, _, name in asked]):
        sdk_id, purpose, _ = asked[hit.member]
        # An SDK's own code counts only where the system starts it without the app's doing (its provider).
        if code.owner(hit.site.node).id != sdk_id or code.before_ui(hit.site.node):
            found[sdk_id][purpose].append(hit)
    return found


def _fact(
    sdk: SdkInfo,
    traces: dict[str, list[Evidence]],
    classes: int,
    items: list[str],
    starts: dict[str, dict[str, list[MemberSite]]],
    code: Code | None,
) -> Sdk:
    inits = starts[sdk.id]["init"] if code is not None else []
    reached = [(hit, code.reached(hit.site.node)) for hit in inits] if code is not None else []
    live = [(hit, entry) for hit, (reachable, entry) in reached if reachable]
    early = [hit for hit, _ in live if code is not None and code.before_ui(hit.site.node)]
    guards = (
        [code.guard(hit.site.node, hit.site.offset) or "consent" for hit in early] if code is not None else []
    )
    weakest = min(guards, key=GUARDS.index, default=None)
    free = [hit for hit, guard in zip(early, guards, strict=True) if guard == weakest]
    chosen = free or [hit for hit, _ in live]
    entry = next((e for hit, e in live if hit in chosen and e is not None), None)
    can_tell = code is not None and bool(sdk.init)
    return Sdk(
        id=sdk.id,
        name=sdk.name,
        vendor=sdk.vendor,
        country=sdk.country,
        purpose=sdk.purpose,
        is_library=sdk.is_library,
        basis=tuple(sorted(traces)),
        classes=classes,
        items=tuple(items),
        documented_items=sdk.collects,
        domains=sdk.domains,
        initialised=bool(live) if can_tell else None,
        init_entry_kind=entry.kind if entry is not None else None,
        init_before_ui=bool(early) if can_tell else None,
        init_guarded=behind_flag(weakest) if can_tell else None,
        init_guard=weakest if can_tell else None,
        consent_api=sdk.consent,
        consent_api_called=bool(starts[sdk.id]["consent"]) if code is not None and sdk.consent else None,
        source=sdk.source,
        source_verified=sdk.source_verified,
        evidence=tuple(e for kind in sorted(traces) for e in traces[kind][:2]),
        init_evidence=tuple(code.evidence(hit.site) for hit in chosen[:3]) if code is not None else (),
    )

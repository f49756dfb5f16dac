"""Third-party SDKs in the package: how recognised, what they access here, how they are started."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from scanner import catalogue
from scanner.appfacts import GuardKind
from scanner.catalogue import SdkInfo
from scanner.codefacts import Access, Endpoint, Sdk
from scanner.collect.app.accesses import behind_flag
from scanner.collect.app.code import Code, member
from scanner.collect.app.origin import Prefixes, sdk_prefixes
from scanner.collect.app.sdkversion import Stated, versions
from scanner.collect.app.subject import Program
from scanner.dex import MemberSite
from scanner.dex.tokens import tokens_of
from scanner.model import Confidence, Evidence, FileLocator, Text, XmlLocator

# What each kind of trace counts; from ENOUGH on the SDK is there, from CERTAIN on beyond doubt.
WEIGHTS = {
    "class": 3,
    "prefix": 2,
    "structure": 2,
    "native": 2,
    "manifest": 1,
    "manifest-key": 1,
    "resource": 1,
}
ENOUGH, CERTAIN = 2, 4
# Fewer classes below a package prefix may be a compile-time copy of some interface.
FEW_CLASSES = 3
# So many different strings of an SDK weigh as much as its package prefix; fewer are one lesser trace.
MANY_STRINGS = 3
SEVERAL_COMPONENTS = 2
MAX_HOSTS = 40
FROM_MEMORY = "from-memory"

Traces = dict[str, dict[str, list[Evidence]]]

GUARDS: tuple[GuardKind, ...] = ("none", "unrelated", "unknown", "consent")


def sdk_facts(
    code: Code | None, program: Program, accesses: Sequence[Access], endpoints: Sequence[Endpoint] = ()
) -> list[Sdk]:
    """Return the SDKs found, by id."""
    traces: Traces = defaultdict(dict)
    counts: Counter[str] = Counter()
    if code is not None:
        _by_class(code, traces, counts)
        _by_structure(code, traces)
        _by_strings(code, traces)
    _by_files(program, traces)
    _by_manifest(program, traces)
    grades = {
        sdk_id: grade
        for sdk_id, kinds in traces.items()
        if (grade := _confidence(catalogue.sdks()[sdk_id], kinds, counts[sdk_id])) is not None
    }
    starts = _starts(code, list(grades))
    stated = versions(code, grades) if code is not None else {}
    items: dict[str, set[str]] = defaultdict(set)
    for access in accesses:
        if access.owner_kind == "sdk":
            items[access.owner_id].add(access.item)
    hosts: dict[str, set[str]] = defaultdict(set)
    for endpoint in endpoints:
        if endpoint.host:
            hosts[endpoint.owner.id].add(endpoint.host)
    return [
        _fact(
            catalogue.sdks()[sdk_id],
            grades[sdk_id],
            traces[sdk_id],
            counts[sdk_id],
            sorted(items[sdk_id]),
            starts,
            code,
            stated.get(sdk_id),
            sorted(hosts[sdk_id])[:MAX_HOSTS],
        )
        for sdk_id in sorted(grades)
    ]


def _confidence(sdk: SdkInfo, kinds: dict[str, list[Evidence]], classes: int) -> Confidence | None:
    """How surely the traces prove the SDK; None when they do not."""
    weights = dict(WEIGHTS)
    if classes < FEW_CLASSES and "class" not in kinds:
        weights["prefix"] = 1
    strings = len(kinds.get("string", ()))
    weights["string"] = 2 if strings >= MANY_STRINGS else 1
    if len(kinds.get("manifest", ())) >= SEVERAL_COMPONENTS:
        weights["manifest"] = 2
    total = sum(weights[kind] for kind in kinds)
    named = bool({"class", "prefix"} & kinds.keys())
    if total < ENOUGH and not named:
        return None
    unchecked = sdk.source_verified.startswith(FROM_MEMORY) and "class" not in kinds
    if total < ENOUGH or unchecked:
        return Confidence.TENTATIVE
    return Confidence.CERTAIN if total >= CERTAIN else Confidence.FIRM


def _by_class(code: Code, traces: Traces, counts: Counter[str]) -> None:
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


def _by_structure(code: Code, traces: Traces) -> None:
    for sdk_id, match in code.structure.present.items():
        name = code.dex.class_names[match.example]
        note = Text(
            zh=f"已知的字符串和系统调用组合 {match.known} 项，见到 {match.found} 项",
            en=f"{match.found} of {match.known} known strings and sets of system calls found",
        )
        evidence = Evidence(
            artifact="dex", locator=FileLocator(path=f"class {name}"), excerpt=name, note=note
        )
        traces[sdk_id]["structure"] = [evidence]


def _by_strings(code: Code, traces: Traces) -> None:
    pairs = [(sdk.id, text) for sdk in catalogue.sdks().values() for text in sdk.strings]
    for (sdk_id, text), token in zip(pairs, tokens_of([t for _, t in pairs]).tolist(), strict=True):
        place = code.structure.strings.get(token)
        if place is not None:
            path = f"class {code.dex.class_names[place]}"
            evidence = Evidence(artifact="dex", locator=FileLocator(path=path), excerpt=text)
            traces[sdk_id].setdefault("string", []).append(evidence)


def _class_evidence(name: str) -> Evidence:
    return Evidence(artifact="dex", locator=FileLocator(path=f"class {name}"), excerpt=name)


def _by_files(program: Program, traces: Traces) -> None:
    libraries: dict[str, list[str]] = defaultdict(list)
    others: dict[str, list[str]] = defaultdict(list)
    for sdk in catalogue.sdks().values():
        for name in sdk.native:
            libraries[name].append(sdk.id)
        for name in sdk.resources:
            others[name].append(sdk.id)
    for path in program.files:
        name = path.rpartition("/")[2]
        kind, wanted = ("native", libraries) if path.startswith("lib/") else ("resource", others)
        for sdk_id in (*wanted.get(name, ()), *(wanted.get(path, ()) if path != name else ())):
            evidence = Evidence(artifact=path, locator=FileLocator(path=path), excerpt=name)
            traces[sdk_id].setdefault(kind, []).append(evidence)


def _by_manifest(program: Program, traces: Traces) -> None:
    components = {c.name: c for c in program.components}
    # The manifest keeps the names of components where the code is renamed or packed.
    prefixes = Prefixes(sdk_prefixes(catalogue.sdks().values()))
    for name, component in components.items():
        owner = prefixes.find(name)
        if owner is not None:
            traces[owner.id].setdefault("manifest", []).extend(component.evidence)
    keys = frozenset(program.meta_data)
    for sdk in catalogue.sdks().values():
        for name in sdk.manifest.components:
            if name in components and prefixes.find(name) is None:
                traces[sdk.id].setdefault("manifest", []).extend(components[name].evidence)
        for name in sdk.manifest.meta_data:
            if name in keys:
                path = f"/manifest/application/meta-data[@android:name='{name}']"
                evidence = Evidence(
                    artifact="AndroidManifest.xml", locator=XmlLocator(path=path), excerpt=name
                )
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
    confidence: Confidence,
    traces: dict[str, list[Evidence]],
    classes: int,
    items: list[str],
    starts: dict[str, dict[str, list[MemberSite]]],
    code: Code | None,
    stated: Stated | None,
    hosts: list[str],
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
    # Calls of its interface can be looked for only where its classes kept their names.
    named = code is not None and bool({"class", "prefix"} & traces.keys())
    can_tell = named and bool(sdk.init)
    return Sdk(
        id=sdk.id,
        name=sdk.name,
        vendor=sdk.vendor,
        country=sdk.country,
        purpose=sdk.purpose,
        is_library=sdk.is_library,
        version=stated[0] if stated is not None else None,
        basis=tuple(sorted(traces)),
        confidence=confidence,
        classes=classes,
        items=tuple(items),
        documented_items=sdk.collects,
        domains=sdk.domains,
        hosts=tuple(hosts),
        initialised=bool(live) if can_tell else None,
        init_entry_kind=entry.kind if entry is not None else None,
        init_before_ui=bool(early) if can_tell else None,
        init_guarded=behind_flag(weakest) if can_tell else None,
        init_guard=weakest if can_tell else None,
        consent_api=sdk.consent,
        consent_api_called=bool(starts[sdk.id]["consent"]) if named and sdk.consent else None,
        source=sdk.source,
        source_verified=sdk.source_verified,
        evidence=tuple(e for kind in sorted(traces) for e in traces[kind][:2]),
        init_evidence=tuple(code.evidence(hit.site) for hit in chosen[:3]) if code is not None else (),
        version_evidence=(stated[1],) if stated is not None else (),
    )

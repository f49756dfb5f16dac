"""Libraries that the build left a record of, and traces of SDKs beside their code.

Records: ``META-INF/*.version`` (AndroidX and others), ``META-INF/maven/**/pom.properties`` (Maven), ``*.properties`` with
``version`` and ``client`` at the root (Google Play services, Firebase), ``META-INF/*.kotlin_module``, ``META-INF/services``.
Traces: names of resources with an SDK's prefix, exported JNI functions, records.  A trace does not prove an SDK.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache

from scanner import catalogue
from scanner.appfacts import BuildRecord, NativeHardening, SdkTrace
from scanner.codefacts import Origin, Sdk
from scanner.collect.app.origin import Prefixes, sdk_prefixes
from scanner.datafiles import read_data
from scanner.model import Evidence, FileLocator, Frozen, ResourceLocator

VERSION_FILE = re.compile(r"META-INF/([^/]{1,200})\.version")
POM = re.compile(r"META-INF/maven/([^/]{1,200})/([^/]{1,200})/pom\.properties")
ROOT_PROPERTIES = re.compile(r"([^/]{1,100})\.properties")
MODULE = re.compile(r"META-INF/([^/]{1,200})\.kotlin_module")
SERVICE = re.compile(r"META-INF/services/([\w$]+(?:\.[\w$]+)+)")
VERSION = re.compile(r"\d[0-9A-Za-z.+_-]{0,40}")
_LINE = re.compile(r"^(version|client)=(.+?)\s*$", re.MULTILINE)
MAX_RECORDS, MAX_HEAD, MAX_EVIDENCE = 1_000, 1_000, 5
# Fewer names with a prefix may be chance.
MANY_NAMES = 3
Head = Callable[[str, int], bytes]


class TraceData(Frozen):
    """The traces of one SDK (the header of sdk_traces.yaml says what the fields mean)."""

    sdk: str
    resource_names: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()


@cache
def trace_data() -> tuple[TraceData, ...]:
    """Return the traces of all SDKs; raises pydantic.ValidationError for a broken entry."""
    return tuple(
        TraceData.model_validate(entry) for content in read_data("sdk_traces") for entry in content["traces"]
    )


@cache
def _by_artifact() -> dict[str, str]:
    return {name: one.sdk for one in trace_data() for name in one.artifacts}


@cache
def known_owners() -> Prefixes:
    """Return the owners by package prefix that the catalogue knows."""
    return Prefixes(sdk_prefixes(catalogue.sdks().values()))


@cache
def _resource_names() -> tuple[re.Pattern[str], dict[str, str]]:
    """One pattern of all prefixes, and the SDK of each."""
    owners = {prefix: one.sdk for one in trace_data() for prefix in one.resource_names}
    words = "|".join(re.escape(prefix) for prefix in sorted(owners, key=len, reverse=True))
    return re.compile(rf"^[a-z]+/({words})\w*$", re.MULTILINE), owners


# --- records ------------------------------------------------------------------------------------------------


def find_records(files: Iterable[str], head: Head) -> list[BuildRecord]:
    """Return the libraries with a record in the package, in the order of their names."""
    found: dict[tuple[str, str], BuildRecord] = {}
    for path in files:
        if len(found) >= MAX_RECORDS:
            break
        one = _record(path, head)
        if one is not None:
            found.setdefault((one.kind, one.name), one)
    return sorted(found.values(), key=lambda one: (one.name, one.kind))


def _record(path: str, head: Head) -> BuildRecord | None:
    place = path.rpartition("!/")[2]
    if not place.startswith("META-INF/"):
        match = ROOT_PROPERTIES.fullmatch(place) if place.endswith(".properties") else None
        values = _properties(head(path, MAX_HEAD)) if match else {}
        if not {"version", "client"} <= values.keys():
            return None
        return _fact(values["client"], "properties", path, values["version"])
    if match := VERSION_FILE.fullmatch(place):
        text = head(path, MAX_HEAD).decode("utf-8", "replace").strip()
        return _fact(_coordinates(match.group(1)), "version-file", path, text)
    if match := POM.fullmatch(place):
        values = _properties(head(path, MAX_HEAD))
        return _fact(f"{match.group(1)}:{match.group(2)}", "pom", path, values.get("version", ""))
    if match := MODULE.fullmatch(place):
        return _fact(match.group(1), "kotlin-module", path, "")
    if match := SERVICE.fullmatch(place):
        return _fact(match.group(1), "service", path, "")
    return None


def _properties(data: bytes) -> dict[str, str]:
    return {key: value[:100] for key, value in _LINE.findall(data.decode("utf-8", "replace"))}


def _coordinates(stem: str) -> str:
    """Return ``group:artifact`` of ``group_artifact``; other names as they are."""
    group, mark, artifact = stem.rpartition("_")
    return f"{group}:{artifact}" if mark and "." in group else stem


def _fact(name: str, kind: str, path: str, stated: str) -> BuildRecord:
    version = stated if VERSION.fullmatch(stated) else None
    excerpt = f"{name} {version}" if version else name
    owner = _owner(name)
    return BuildRecord(
        name=name,
        kind=kind,
        version=version,
        owner_id=owner.id if owner is not None else "",
        evidence=(Evidence(artifact=path, locator=FileLocator(path=path), excerpt=excerpt[:400]),),
    )


def _owner(name: str) -> Origin | None:
    """Return the SDK or library that an artifact belongs to: stated in the data, or by its group's name."""
    group, _, artifact = name.partition(":")
    sdk_id = _by_artifact().get(name) or _by_artifact().get(group)
    if sdk_id is not None:
        sdk = catalogue.sdks()[sdk_id]
        return Origin(kind="library" if sdk.is_library else "sdk", id=sdk.id, name=sdk.name, basis="prefix")
    return known_owners().find(f"{group}.{artifact}" if artifact else group) if "." in group else None


def with_versions(sdks: Sequence[Sdk], records: Sequence[BuildRecord]) -> list[Sdk]:
    """Return the SDKs; one whose code states no version gets that of its records, where they state exactly one."""
    stated: dict[str, dict[str, Evidence]] = defaultdict(dict)
    for one in records:
        if one.version and one.owner_id:
            stated[one.owner_id].setdefault(one.version, one.evidence[0])
    found = []
    for sdk in sdks:
        own = stated.get(sdk.id, {})
        if sdk.version is None and len(own) == 1:
            ((version, evidence),) = own.items()
            found.append(sdk.model_copy(update={"version": version, "version_evidence": (evidence,)}))
        else:
            found.append(sdk)
    return found


# --- traces -------------------------------------------------------------------------------------------------


def find_traces(
    names: Collection[str],
    libraries: Sequence[NativeHardening],
    records: Sequence[BuildRecord],
    present: Collection[str],
) -> list[SdkTrace]:
    """Return the traces of SDKs in resource ``names``, native libraries and records; ``present``: SDKs found."""
    found: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    for sdk_id, name in _named(names):
        locator = ResourceLocator(name=name)
        found[sdk_id, "resource-name"].append(
            Evidence(artifact="resources.arsc", locator=locator, excerpt=name)
        )
    for library in libraries:
        for sdk_id, name in _exported(library):
            place = FileLocator(path=library.path)
            found[sdk_id, "jni"].append(Evidence(artifact=library.path, locator=place, excerpt=name))
    for one in records:
        if one.owner_id:
            found[one.owner_id, "build-record"].extend(one.evidence)
    return [_trace(sdk_id, kind, evidence, present) for (sdk_id, kind), evidence in sorted(found.items())]


def _named(names: Collection[str]) -> Iterator[tuple[str, str]]:
    pattern, owners = _resource_names()
    by_sdk: dict[str, list[str]] = defaultdict(list)
    for match in pattern.finditer("\n".join(names)):
        by_sdk[owners[match.group(1)]].append(match.group())
    for sdk_id, own in by_sdk.items():
        if len(own) >= MANY_NAMES:
            yield from ((sdk_id, name) for name in sorted(own))


def _exported(library: NativeHardening) -> Iterator[tuple[str, str]]:
    for name in library.jni_classes:
        owner = known_owners().find(name)
        if owner is not None:
            yield owner.id, name


def _trace(sdk_id: str, kind: str, evidence: Sequence[Evidence], present: Collection[str]) -> SdkTrace:
    sdk = catalogue.sdks()[sdk_id]
    return SdkTrace(
        sdk=sdk_id,
        name=sdk.name,
        is_library=sdk.is_library,
        kind=kind,
        count=len(evidence),
        present=sdk_id in present,
        evidence=tuple(evidence[:MAX_EVIDENCE]),
    )

"""Who wrote a class: the app, a known SDK, a plain library, or not determinable.

Five grounds, strongest first: the package prefix of a known SDK (longest wins, on ``.`` boundaries); the app's own
package and the packages of its application class and launcher (the manifest keeps their names through renaming);
for classes without a name of their own, what renaming leaves of a known SDK (:mod:`~scanner.collect.app.structure`);
for renamed classes, the only owner that calls them; else unknown.  An unknown class is never counted as somebody's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from scanner.catalogue import SdkInfo
from scanner.codefacts import Origin

UNKNOWN = Origin(kind="unknown")
# Roots under which unrelated parties publish: sharing them says nothing about ownership.
SHARED_ROOTS = frozenset(
    {"com", "cn", "org", "net", "io", "me", "top", "xyz", "edu", "gov", "android", "androidx"}
)
HOSTING_ROOTS = frozenset(
    {"com.github", "io.github", "com.gitee", "com.google", "com.android", "com.example"}
)
RENAMED = re.compile(r"^[A-Za-z]{1,2}\d{0,4}$")
# A class name as R8 gives it: ``-repackageclasses`` can place such classes below any package, the app's own too.
RENAMED_CLASS = re.compile(r"^[A-Za-z]{1,3}\d{0,4}$")
MAX_ROUNDS = 8


class Prefixes:
    """Longest-prefix lookup from a dotted class name to an owner."""

    def __init__(self, owners: Mapping[str, Origin]) -> None:
        self._owners = dict(owners)
        self._packages: dict[str, Origin | None] = {}

    def find(self, class_name: str) -> Origin | None:
        """Return the owner of the longest prefix of ``class_name`` that ends on a ``.`` boundary."""
        exact = self._owners.get(class_name.partition("$")[0])
        if exact is not None:
            return exact
        package = class_name.rpartition(".")[0]
        if package not in self._packages:
            self._packages[package] = self._find_package(package)
        return self._packages[package]

    def _find_package(self, name: str) -> Origin | None:
        while name:
            owner = self._owners.get(name)
            if owner is not None:
                return owner
            name = name.rpartition(".")[0]
        return None


def sdk_prefixes(sdks: Iterable[SdkInfo]) -> dict[str, Origin]:
    """Return the owners by package prefix and distinctive class of all known SDKs."""
    found: dict[str, Origin] = {}
    for sdk in sdks:
        kind = "library" if sdk.is_library else "sdk"
        for prefix in sdk.prefixes:
            found[prefix] = Origin(kind=kind, id=sdk.id, name=sdk.name, basis="prefix")
        for name in sdk.classes:
            found[name] = Origin(kind=kind, id=sdk.id, name=sdk.name, basis="class")
    return found


def app_prefixes(package: str, anchors: Iterable[str], known: Prefixes) -> dict[str, Origin]:
    """Return the app's own prefixes: its package name and the packages of ``anchors`` that no SDK claims.

    ``anchors`` are classes whose names the manifest fixes and that only the app itself supplies (application
    class, launcher activity).  Three segments are taken from an anchor, two when it shares them with the package.
    """
    origin = Origin(kind="app", id=package, basis="manifest")
    found: dict[str, Origin] = {}
    for root in _roots(package):
        found[root] = origin
    for anchor in anchors:
        if known.find(anchor) is not None:
            continue
        segments = anchor.split(".")[:-1]
        if segments:
            found[".".join(segments[:3])] = origin
    # A vendor's own app may live below a prefix of its SDK: its package, exactly, is still the app's.
    return {p: owner for p, owner in found.items() if p == package or known.find(p) is None}


def _roots(package: str) -> list[str]:
    segments = package.split(".")
    roots = [package]
    if len(segments) >= 3 and ".".join(segments[:2]) not in HOSTING_ROOTS:
        roots.append(".".join(segments[:3]) if len(segments) > 3 else ".".join(segments[:2]))
    return [root for root in roots if root not in SHARED_ROOTS]


def looks_renamed(class_name: str) -> bool:
    """Whether every package segment and the class look machine-made (``a.b.c``), or there is no package."""
    package, _, _ = class_name.rpartition(".")
    segments = package.split(".") if package else []
    return has_renamed_class(class_name) and all(RENAMED.match(segment) for segment in segments)


def open_classes(classes: Sequence[str], owners: Sequence[Origin]) -> list[bool]:
    """Return which of ``classes`` bear no name that tells their owner.

    A class with a machine-made name below the app's own package may be an SDK's: renaming can repackage it there.
    """
    return [
        owner.kind == "unknown" or (owner.kind == "app" and has_renamed_class(name))
        for name, owner in zip(classes, owners, strict=True)
    ]


def has_renamed_class(name: str) -> bool:
    """Whether the class's own name, without its package, looks machine-made."""
    return bool(RENAMED_CLASS.match(name.rpartition(".")[2].partition("$")[0]))


def mixed_packages(classes: Sequence[str], owners: Sequence[Origin]) -> frozenset[str]:
    """Return the packages that hold renamed code of an SDK.

    Whoever repackaged the SDK's classes there did so with all renamed ones, the app's and other SDKs' too.
    """
    return frozenset(
        name.rpartition(".")[0]
        for name, owner in zip(classes, owners, strict=True)
        if owner.basis == "structure"
    )


def by_callers(
    classes: Sequence[str],
    owners: Sequence[Origin],
    edges: Callable[[Sequence[int]], Iterable[tuple[int, int]]],
) -> list[Origin]:
    """Return ``owners`` of ``classes`` (dotted names), with those of renamed classes found through their callers.

    ``edges`` gives the (caller class, callee class) positions of calls into the classes asked for.  A renamed class
    belongs to the single app or SDK that calls it, found by propagation in at most 8 rounds; with two owners it stays
    unknown.  Where an SDK's renamed classes stand in the same package, neither the package nor being called by the
    app only makes a class the app's: that is how an SDK's interface looks.
    """
    owners = list(owners)
    packages = mixed_packages(classes, owners)
    mixed = {i for i, name in enumerate(classes) if name.rpartition(".")[0] in packages}
    for i in mixed:
        if owners[i].kind == "app" and has_renamed_class(classes[i]):
            owners[i] = UNKNOWN
    open_ = {
        i
        for i, name in enumerate(classes)
        if owners[i].kind == "unknown" and (i in mixed or looks_renamed(name))
    }
    if not open_:
        return owners
    callers: dict[int, set[int]] = {i: set() for i in open_}
    for source, target in edges(sorted(open_)):
        callers[target].add(source)
    for _ in range(MAX_ROUNDS):
        decided = {}
        for i in open_:
            parties = {(owners[c].kind, owners[c].id): owners[c] for c in callers[i]}
            if len(parties) == 1:
                ((key, owner),) = parties.items()
                if key[0] in {"sdk", "library"} or (key[0] == "app" and i not in mixed):
                    decided[i] = Origin(kind=owner.kind, id=owner.id, name=owner.name, basis="callers")
        if not decided:
            break
        for i, owner in decided.items():
            owners[i] = owner
        open_ -= decided.keys()
    return owners

"""Who wrote a class: the app, a known SDK, a plain library, or not determinable.

Four grounds, strongest first: the package prefix of a known SDK (longest wins, on ``.`` boundaries); the app's own
package and the packages of its application class and launcher (the manifest keeps their names through renaming);
for renamed classes, the only owner that calls them; else unknown.  An unknown class is never counted as somebody's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from scanner.catalogue import SdkInfo
from scanner.facts import Origin

UNKNOWN = Origin(kind="unknown")
# Roots under which unrelated parties publish: sharing them says nothing about ownership.
SHARED_ROOTS = frozenset(
    {"com", "cn", "org", "net", "io", "me", "top", "xyz", "edu", "gov", "android", "androidx"}
)
HOSTING_ROOTS = frozenset(
    {"com.github", "io.github", "com.gitee", "com.google", "com.android", "com.example"}
)
RENAMED = re.compile(r"^[A-Za-z]{1,2}\d?$")
MAX_ROUNDS = 8


class Prefixes:
    """Longest-prefix lookup from a dotted class name to an owner."""

    def __init__(self, owners: Mapping[str, Origin]) -> None:
        self._owners = dict(owners)
        self._packages: dict[str, Origin | None] = {}

    def find(self, class_name: str) -> Origin | None:
        """Return the owner of the longest prefix of ``class_name`` that ends on a ``.`` boundary."""
        exact = self._owners.get(class_name)
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
    return {prefix: owner for prefix, owner in found.items() if known.find(prefix) is None}


def _roots(package: str) -> list[str]:
    segments = package.split(".")
    roots = [package]
    if len(segments) >= 3 and ".".join(segments[:2]) not in HOSTING_ROOTS:
        roots.append(".".join(segments[:3]) if len(segments) > 3 else ".".join(segments[:2]))
    return [root for root in roots if root not in SHARED_ROOTS]


def looks_renamed(class_name: str) -> bool:
    """Whether every package segment and the class look machine-made (``a.b.c``), or there is no package."""
    segments = class_name.split("$", maxsplit=1)[0].split(".")
    return all(RENAMED.match(segment) for segment in segments)


def assign(
    classes: Sequence[str],
    prefixes: Prefixes,
    edges: Callable[[Sequence[int]], Iterable[tuple[int, int]]],
) -> list[Origin]:
    """Return the owner of each class of ``classes`` (dotted names).

    ``edges`` gives the (caller class, callee class) positions of calls into the classes asked for.  They decide
    renamed classes only: such a class belongs to the single app or SDK that calls it, found by propagation in at most
    8 rounds; with two owners it stays unknown.
    """
    owners = [prefixes.find(name) or UNKNOWN for name in classes]
    open_ = {i for i, name in enumerate(classes) if owners[i].kind == "unknown" and looks_renamed(name)}
    if not open_:
        return owners
    callers: dict[int, Counter[int]] = {i: Counter() for i in open_}
    for source, target in edges(sorted(open_)):
        callers[target][source] += 1
    for _ in range(MAX_ROUNDS):
        decided = {}
        for i in open_:
            parties = {(owners[c].kind, owners[c].id): owners[c] for c in callers[i]}
            if len(parties) == 1:
                ((key, owner),) = parties.items()
                if key[0] in {"app", "sdk", "library"}:
                    decided[i] = Origin(kind=owner.kind, id=owner.id, name=owner.name, basis="callers")
        if not decided:
            break
        for i, owner in decided.items():
            owners[i] = owner
        open_ -= decided.keys()
    return owners

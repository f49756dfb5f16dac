"""Whose a native library is: its file name tells, or the classes that it calls and that call it."""

from __future__ import annotations

from functools import cache

from scanner import catalogue
from scanner.codefacts import Origin
from scanner.collect.app.buildrecords import known_owners
from scanner.collect.app.code import Code, descriptor
from scanner.collect.app.natives import Native
from scanner.collect.app.origin import UNKNOWN

# Owners that say nothing of a library: everybody's code calls public libraries.
SAYING = frozenset({"app", "sdk"})


@cache
def _by_file() -> dict[str, Origin]:
    found = {}
    for sdk in catalogue.sdks().values():
        kind = "library" if sdk.is_library else "sdk"
        for name in sdk.native:
            found[name] = Origin(kind=kind, id=sdk.id, name=sdk.name, basis="prefix")
    return found


def named_owner(file: str) -> Origin:
    """Return the owner that the catalogue gives for the file name of a library, unknown when it gives none."""
    return _by_file().get(file, UNKNOWN)


def native_owner(library: Native, code: Code | None) -> Origin:
    """Return the owner of ``library``: by its file name, or the one party whose classes it calls or is called by.

    The app's only where no class it names is of an unknown owner, who may be its maker: an app is not to be blamed for
    what another wrote.
    """
    named = named_owner(library.path.rpartition("/")[2])
    if named.kind != "unknown":
        return named
    classes = {one[1:-1].replace("/", ".") for one in library.classes} | {*library.hardening.jni_classes}
    owners = [known_owners().find(name) for name in classes]
    if code is not None:
        inside = [name for name in classes if code.graph.class_entry(descriptor(name)) is not None]
        owners += [code.owner_of_class(name) for name in inside]
    parties = {(one.kind, one.id): one for one in owners if one is not None and one.kind in SAYING}
    if len(parties) != 1:
        return UNKNOWN
    (owner,) = parties.values()
    if owner.kind == "app" and any(one is not None and one.kind == "unknown" for one in owners):
        return UNKNOWN
    return Origin(kind=owner.kind, id=owner.id, name=owner.name, basis="jni")

"""Whose a native library is: its file name tells, or the classes that it calls and that call it."""

from __future__ import annotations

from functools import cache

from scanner import catalogue
from scanner.codefacts import Origin
from scanner.collect.app.code import Code
from scanner.collect.app.natives import Native
from scanner.collect.app.origin import UNKNOWN, Prefixes, sdk_prefixes

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


@cache
def _by_prefix() -> Prefixes:
    return Prefixes(sdk_prefixes(catalogue.sdks().values()))


def named_owner(file: str) -> Origin:
    """Return the owner that the catalogue gives for the file name of a library, unknown when it gives none."""
    return _by_file().get(file, UNKNOWN)


def native_owner(library: Native, code: Code | None) -> Origin:
    """Return the owner of ``library``: by its file name, or the one party whose classes it calls or is called by."""
    named = named_owner(library.path.rpartition("/")[2])
    if named.kind != "unknown":
        return named
    classes = {one[1:-1].replace("/", ".") for one in library.classes} | {*library.hardening.jni_classes}
    owners = [_by_prefix().find(name) for name in classes]
    if code is not None:
        owners += [code.owner_of_class(name) for name in classes]
    parties = {(one.kind, one.id): one for one in owners if one is not None and one.kind in SAYING}
    if len(parties) != 1:
        return UNKNOWN
    (owner,) = parties.values()
    return Origin(kind=owner.kind, id=owner.id, name=owner.name, basis="jni")

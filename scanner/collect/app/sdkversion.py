"""The version of an SDK, where its own code states it.

Three places, the first that says exactly one version counts: the methods and constants that the SDK data name; the
constants ``SDK_VERSION`` and ``BuildConfig.VERSION_NAME`` of its classes; methods such as ``getSdkVersion`` that load a
single version string.  Two different versions in one place tell nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner import catalogue
from scanner.collect.app.code import Code, descriptor
from scanner.dex.file import DexFile
from scanner.dex.statics import static_strings
from scanner.model import DexLocator, Evidence, FileLocator

VERSION = re.compile(r"[vV]?\d{1,4}(?:[._]\d{1,6}){1,3}(?:[._-]?[0-9A-Za-z]{1,16}){0,2}")
FIELDS = ("SDK_VERSION", "SDK_VERSION_NAME", "VERSION_NAME")
METHODS = ("getSdkVersion", "getSDKVersion", "getSDKVersionName", "getSdkVersionName", "getVersion")

Stated = tuple[str, Evidence]


def versions(code: Code, known: Iterable[str]) -> dict[str, Stated]:
    """Return the version of each of the SDKs ``known`` that states one, and where."""
    wanted = frozenset(known)
    found: dict[str, Stated] = {}
    for said in (_named(code, wanted), _constants(code, wanted), _getters(code, wanted)):
        for sdk_id, stated in said.items():
            if sdk_id not in found and len({version for version, _ in stated}) == 1:
                found[sdk_id] = stated[0]
    return found


def _named(code: Code, wanted: frozenset[str]) -> Mapping[str, list[Stated]]:
    """Versions in the methods and constants that the SDK data name."""
    found: dict[str, list[Stated]] = defaultdict(list)
    for sdk_id in sorted(wanted):
        for place in catalogue.sdks()[sdk_id].version:
            owner, _, name = place.rpartition(".")
            for node in code.dex.find_methods(descriptor(owner), name):
                found[sdk_id] += _in_method(code, node)
            found[sdk_id] += _in_class(code, owner, (name,))
    return found


def _constants(code: Code, wanted: frozenset[str]) -> Mapping[str, list[Stated]]:
    """Versions in constants with the usual names, of classes whose own name gives them to an SDK."""
    found: dict[str, list[Stated]] = defaultdict(list)
    for part in code.dex.parts:
        rows = np.flatnonzero(np.isin(part.file.fields["name"], _strings(part.file, FIELDS)))
        for type_index in np.unique(part.file.fields["class"][rows]).tolist():
            name = part.file.type(type_index)[1:-1].replace("/", ".")
            owner = code.owner_of_class(name)
            if owner.id in wanted and owner.basis in {"prefix", "class"}:
                found[owner.id] += _in_class(code, name, FIELDS)
    return found


def _getters(code: Code, wanted: frozenset[str]) -> Mapping[str, list[Stated]]:
    """Versions that methods with the usual names return, of classes whose own name gives them to an SDK."""
    found: dict[str, list[Stated]] = defaultdict(list)
    for part in code.dex.parts:
        table = part.file.methods["name"][part.defined.method[part.node_method]]
        for local in np.flatnonzero(np.isin(table, _strings(part.file, METHODS))).tolist():
            node = part.base + local
            owner = code.owner(node)
            if owner.id in wanted and owner.basis in {"prefix", "class"}:
                found[owner.id] += _in_method(code, node)
    return found


def _strings(file: DexFile, texts: Iterable[str]) -> NDArray[Any]:
    """Return the indices of the strings ``texts`` of a file, which the format keeps in order."""
    every = range(len(file.string_offsets))
    found = []
    for text in texts:
        index = bisect_left(every, text.encode(), key=file.raw_string)
        if index < len(every) and file.raw_string(index) == text.encode():
            found.append(index)
    return np.array(found, dtype=np.int64)


def _in_method(code: Code, node: int) -> list[Stated]:
    part = code.dex.part_of(node)
    texts = {text for index in part.strings_of(node) if VERSION.fullmatch(text := part.file.string(index))}
    if len(texts) != 1:
        return []
    (text,) = texts
    method = code.describe(node)
    place = DexLocator(dex=part.file.name, method=method, offset=0)
    return [(_plain(text), Evidence(artifact=part.file.name, locator=place, excerpt=f'"{text}"'))]


def _plain(text: str) -> str:
    """Return ``v6_0_0`` as ``6.0.0``."""
    return text.lstrip("vV").replace("_", ".")


def _in_class(code: Code, name: str, fields: Iterable[str]) -> list[Stated]:
    number = code.dex.find_type(descriptor(name))
    found: list[Stated] = []
    for part, numbers in zip(code.dex.parts, code.dex.type_maps, strict=True):
        for type_index in np.flatnonzero(numbers == number).tolist() if number >= 0 else ():
            values = static_strings(part.file, type_index)
            for field in fields:
                text = values.get(field)
                if text is not None and VERSION.fullmatch(text):
                    place = FileLocator(path=f"{part.file.name}: {name}.{field}")
                    evidence = Evidence(artifact=part.file.name, locator=place, excerpt=f'{field} = "{text}"')
                    found.append((_plain(text), evidence))
        if found:
            break
    return found

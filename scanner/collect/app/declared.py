"""What a delivery says of itself: the metadata files of XAPK, APKM and SAI, and bundletool's table of contents.

Sources: the XAPK manifest (version 2) as APKPure writes it, ``info.json`` of APKMirror bundles, ``meta.sai_v1.json`` and
``meta.sai_v2.json`` of Split APKs Installer, and ``commands.proto`` of bundletool (``BuildApksResult``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scanner.collect.app.archive import EntryError
from scanner.collect.app.files import Files
from scanner.collect.app.protowire import WireError, integer, part, parts, text
from scanner.model import Problem, Text

XAPK, APKM, SAI2, SAI1, TOC = (
    "manifest.json",
    "info.json",
    "meta.sai_v2.json",
    "meta.sai_v1.json",
    "toc.pb",
)
MAX_META = 4 << 20
MAX_VALUE = 500
MAX_PARTS = 10_000
# Names of one value in the four kinds of file.
PACKAGE = ("package_name", "pname", "package")
VERSION = ("version_name", "release_version")
CODE = ("version_code", "versioncode")
NAME = ("name", "app_name", "label")


@dataclass(frozen=True, slots=True)
class Declared:
    """Values as the file ``where`` gives them, None where it is silent; ``parts`` are the packages it lists."""

    where: str
    package: str | None = None
    name: str | None = None
    version: str | None = None
    code: int | None = None
    parts: tuple[str, ...] = ()
    expansions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to deliver a bundle: the lowest API level it is for, and the packages by path."""

    min_sdk: int
    paths: tuple[str, ...]


@dataclass(slots=True)
class Contents:
    """bundletool's table of contents."""

    package: str = ""
    variants: list[Variant] = field(default_factory=list)
    packs: list[str] = field(default_factory=list)


def read_declared(files: Files) -> Declared | None:
    """Return what the delivery says of itself, None where it says nothing that can be read."""
    for name in (XAPK, APKM, SAI2, SAI1):
        if name in files.entries:
            try:
                found = parse(files.read(name, MAX_META), name)
            except EntryError:
                continue
            if found is not None:
                return found
    return None


def parse(data: bytes, where: str = XAPK) -> Declared | None:
    """Return the metadata in the JSON ``data``, None when it is none.  Entry point for fuzzing."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    code = _first(content, CODE)
    return Declared(
        where=where,
        package=_first(content, PACKAGE),
        name=_first(content, NAME),
        version=_first(content, VERSION),
        code=int(code) if code and code.isascii() and code.isdecimal() and len(code) < 20 else None,
        parts=tuple(_files(content.get("split_apks"))),
        expansions=tuple(_files(content.get("expansions"))),
    )


def _first(content: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = content.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            try:
                return str(value)[:MAX_VALUE] or None
            except ValueError:  # an integer of thousands of digits
                return None
    return None


def _files(entries: Any) -> Iterator[str]:
    for entry in entries[:MAX_PARTS] if isinstance(entries, list) else ():
        name = entry.get("file") if isinstance(entry, dict) else None
        if isinstance(name, str):
            yield name[:MAX_VALUE]


def parse_contents(data: bytes) -> Contents:
    """Return the table of contents in ``data``; raises WireError when it is none.  Entry point for fuzzing."""
    found = Contents()
    view = memoryview(data)
    for variant in parts(view, 1):
        paths = [text(part(one, 2)) for sets in parts(variant, 2) for one in parts(sets, 2)]
        found.variants.append(Variant(_min_sdk(variant), tuple(paths[:MAX_PARTS])))
        if len(found.variants) > MAX_PARTS:
            raise WireError("too many variants")
    found.packs = [text(part(one, 2)) for sets in parts(view, 3) for one in parts(sets, 2)][:MAX_PARTS]
    found.package = text(part(view, 4))
    return found


def _min_sdk(variant: memoryview) -> int:
    """Return ``targeting.sdk_version_targeting.value[0].min.value``, 0 where it is not given."""
    at: memoryview | None = variant
    for number in (1, 1, 1, 1):
        at = part(at, number) if at is not None else None
    return integer(at, 1) if at is not None else 0


def mismatches(
    declared: Declared, package: str, version: str | None, code: int | None, names: tuple[str | None, ...]
) -> Iterator[Problem]:
    """Yield a problem for each value that the delivery gives and the package contradicts."""
    pairs = [
        ("包名", "package name", declared.package, package),
        ("版本", "version", declared.version, version),
        ("版本号", "version code", declared.code, code),
    ]
    own = [name for name in names if name]
    if declared.name and own and declared.name not in own:
        pairs.append(("名称", "name", declared.name, own[0]))
    for zh, en, said, is_so in pairs:
        if said is not None and is_so is not None and said != is_so:
            message = Text(
                zh=f"{declared.where} 所写{zh}“{said}”与安装包中的“{is_so}”不一致",
                en=f"{declared.where} gives {en} “{said}”, the package says “{is_so}”",
            )
            yield Problem(code="declared-mismatch", where=declared.where, message=message)

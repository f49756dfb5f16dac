"""Deliveries for tests: parts of the fixture set put together in other ways."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from axml_writer import Attr, Node, document
from conftest import FIXTURES

from scanner.collect.app.axml import ANDROID, TYPE_BOOL, TYPE_INT_DEC

INPUTS = FIXTURES / "inputs"
AAB, APKS, UNIVERSAL = INPUTS / "notes.aab", INPUTS / "notes.apks", INPUTS / "universal.apk"
PACKAGE, VERSION = "cn.qinghe.notes", 12
BASE, FEATURE = "splits/base-master_2.apk", "splits/contacts-master_2.apk"


@cache
def members(path: Path) -> dict[str, bytes]:
    """The files of an archive."""
    with zipfile.ZipFile(path) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


def pack(files: Mapping[str, bytes], *, deflate: bool = False) -> bytes:
    """An archive."""
    target = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return target.getvalue()


def splits() -> dict[str, bytes]:
    """The signed splits of the fixture set as an installer names them."""
    found = members(APKS)
    return {
        "base.apk": found[BASE],
        "split_config.en.apk": found["splits/base-en.apk"],
        "split_contacts.apk": found[FEATURE],
        "split_contacts.config.en.apk": found["splits/contacts-en.apk"],
        "split_contacts.config.zh.apk": found["splits/contacts-zh.apk"],
    }


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with the files."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def manifest(
    split: str = "",
    *,
    package: str = PACKAGE,
    version: int = VERSION,
    permissions: Sequence[str] = (),
    activities: Sequence[tuple[str, str]] = (),
    required: Sequence[str] = (),
    provides: Sequence[str] = (),
    needs_splits: bool = False,
) -> bytes:
    """A binary manifest; ``activities`` are (class, split it lives in)."""
    name = 0x01010003

    def attr(title: str, data: str | tuple[int, int], number: int) -> Attr:
        return Attr(title, data, number, namespace=ANDROID)

    attributes = [Attr("package", package), attr("versionCode", (TYPE_INT_DEC, version), 0x0101021B)]
    if split:
        attributes.append(Attr("split", split))
    if needs_splits:
        attributes.append(attr("isSplitRequired", (TYPE_BOOL, 0xFFFFFFFF), 0x01010591))
    if required:
        attributes.append(attr("requiredSplitTypes", ",".join(required), 0x0101064E))
    if provides:
        attributes.append(attr("splitTypes", ",".join(provides), 0x0101064F))
    components = [
        Node(
            "activity",
            [attr("name", one, name), *([attr("splitName", where, 0x01010549)] if where else [])],
        )
        for one, where in activities
    ]
    uses = [Node("uses-permission", [attr("name", one, name)]) for one in permissions]
    attributes.sort(key=lambda one: one.id)
    return document(Node("manifest", attributes, [*uses, Node("application", [], components)]))


def apk(files: Mapping[str, bytes] | None = None, **values: Any) -> bytes:
    """An unsigned package with a manifest of ``values`` (see :func:`manifest`)."""
    made = manifest(**values)
    return pack({"AndroidManifest.xml": made, **(files or {})})

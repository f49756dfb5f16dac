"""Opens whatever holds one Android program: an APK, a set of splits (``.apks``, ``.xapk``, ``.apkm``, a folder), a bundle.

Formats: APK; the output of bundletool's ``build-apks``; XAPK; APKM; Split APKs Installer; Android App Bundle
(developer.android.com/guide/app-bundle/app-bundle-format).  Parts are unpacked to a temporary folder, bounded in number
and size; names inside an archive are never used as paths.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path

from scanner.collect.app import axml, protoxml
from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.axml import AxmlError, Document
from scanner.collect.app.declared import (
    MAX_META,
    TOC,
    Contents,
    Declared,
    parse_contents,
    read_declared,
)
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.package import MANIFEST, Package, Part
from scanner.collect.app.protowire import WireError
from scanner.collect.app.splits import Set, choose, compare_passed, settle
from scanner.collect.app.zipdirectory import Entry, Limits
from scanner.errors import InputError
from scanner.model import Text

BUNDLE_CONFIG, BASE_MODULE = "BundleConfig.pb", "base"
MODULE_MANIFEST = "manifest/AndroidManifest.xml"
_MODULE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,99})/manifest/AndroidManifest\.xml")
MAX_MODULES = 500
MAX_FOLDER = 100_000
MAX_EXPANSIONS = 200


def open_package(path: Path, limits: Limits | None = None) -> Package:
    """Open the package at ``path``; raises InputError when it holds no Android program, or a set without its base."""
    bounds = limits or Limits()
    if path.is_dir():
        return _open_folder(path, bounds)
    with ExitStack() as stack:
        archive = stack.enter_context(Archive(path, bounds))
        entries = archive.entries
        if MANIFEST in entries:
            return _single(path, archive, stack.pop_all(), bounds)
        if is_bundle(entries):
            return _bundle(path, archive, stack.pop_all(), bounds)
        if is_set(entries):
            return _open_set(path, archive, stack.pop_all(), bounds)
        return _single(path, archive, stack.pop_all(), bounds)


def is_bundle(entries: Mapping[str, Entry]) -> bool:
    """Whether the files are those of an Android App Bundle."""
    return BUNDLE_CONFIG in entries and f"{BASE_MODULE}/{MODULE_MANIFEST}" in entries


def is_set(entries: Mapping[str, Entry]) -> bool:
    """Whether the files hold packages."""
    return any(name.lower().endswith(".apk") for name in entries)


def _document(archive: Archive, name: str, *, proto: bool = False) -> Document | None:
    """Return a manifest, None where it cannot be read."""
    try:
        data = archive.read(name)
        document = protoxml.read(data) if proto else axml.read(data)
    except (EntryError, AxmlError):
        return None
    return document if document.root.name == "manifest" else None


def _single(path: Path, archive: Archive, stack: ExitStack, limits: Limits) -> Package:
    paths = {name: name for name in archive.entries}
    part = Part("", "", archive, paths)
    return Package(path, "apk", [part], archive.sha256, size=archive.size, stack=stack, limits=limits)


# --- bundles ----------------------------------------------------------------------------------------------


def _bundle(path: Path, archive: Archive, stack: ExitStack, limits: Limits) -> Package:
    chosen = Set()
    names = sorted(match[1] for name in archive.entries if (match := _MODULE.fullmatch(name)))
    if len(names) > MAX_MODULES:
        chosen.left_out(
            "too-many-parts", path.name, f"模块超过 {MAX_MODULES} 个", f"more than {MAX_MODULES} modules"
        )
    names = [BASE_MODULE, *(name for name in names if name != BASE_MODULE)][: MAX_MODULES + 1]
    modules: dict[str, dict[str, str]] = {name: {} for name in names}
    for name in archive.entries:
        module, _, rest = name.partition("/")
        if module not in modules or not rest:
            continue
        place = _installed(rest)
        if modules[module].setdefault(place, name) == name:
            continue
        if rest.startswith("dex/"):  # what is code by its folder is never given up for another file
            modules[module][place], name = name, modules[module][place]  # noqa: PLW2901
        chosen.left_out(
            "part-clash", name, f"与另一文件同在 {place}", f"another file lies at {place} as well"
        )
    found = []
    for module, paths in modules.items():
        document = _document(archive, f"{module}/{MODULE_MANIFEST}", proto=True)
        split = "" if module == BASE_MODULE else module
        found.append(Part(module, split, archive, paths, "", document))
    parts = settle(found, chosen, path, signatures=False)
    return Package(
        path,
        "bundle",
        parts,
        archive.sha256,
        size=archive.size,
        notes=chosen.problems,
        gaps=chosen.gaps,
        stack=stack,
        limits=limits,
    )


def _installed(name: str) -> str:
    """Return where a file of a module lies in the package that a store builds from it."""
    if name == MODULE_MANIFEST:
        return MANIFEST
    folder, _, rest = name.partition("/")
    return rest if folder in {"dex", "root"} and rest else name


# --- sets -------------------------------------------------------------------------------------------------


def _open_set(path: Path, archive: Archive, stack: ExitStack, limits: Limits) -> Package:
    with stack:
        names = [name for name in archive.entries if name.lower().endswith(".apk")]
        declared = read_declared(archive)
        chosen = choose(names, _contents(archive), declared)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="guijian-")))
        numbers = count()

        def unpack(name: str) -> Archive | None:
            copy = folder / f"{next(numbers)}.apk"
            try:
                with copy.open("wb") as target:
                    for piece in archive.pieces(name):
                        target.write(piece)
            except EntryError as error:
                chosen.left_out("part-unread", name, error.text.zh, error.text.en)
                return None
            archive.forget()
            return _archive(copy, name, chosen, stack, limits)

        found = [part for name in chosen.names if (part := _part(unpack(name), name, chosen)) is not None]
        parts = settle(found, chosen, path)
        compare_passed(chosen.passed, parts, unpack, chosen)
        sizes = {name: entry.size for name, entry in archive.entries.items()}
        expansions = _expansions(sizes, declared, chosen)
        return Package(
            path,
            "splits",
            parts,
            archive.sha256,
            size=archive.size,
            notes=[*archive.problems, *chosen.problems],
            gaps=chosen.gaps,
            declared=declared,
            expansions=expansions,
            stack=stack.pop_all(),
            limits=limits,
        )


def _contents(archive: Archive) -> Contents | None:
    try:
        return parse_contents(archive.read(TOC, MAX_META))
    except (EntryError, WireError):
        return None


def _archive(path: Path, name: str, chosen: Set, stack: ExitStack, limits: Limits) -> Archive | None:
    try:
        return stack.enter_context(Archive(path, limits))
    except InputError as error:
        zh, en = (text.replace(str(path), name) for text in (error.text.zh, error.text.en))
        chosen.left_out("part-unread", name, zh, en)
        return None


def _part(archive: Archive | None, name: str, chosen: Set) -> Part | None:
    """Return the package as a part; None, with the reason recorded, where its manifest cannot be read."""
    if archive is None:
        return None
    document = _document(archive, MANIFEST)
    if document is None:
        zh, en = "没有可读的 AndroidManifest.xml", "no AndroidManifest.xml that can be read"
        chosen.left_out("part-unread", name, zh, en)
        return None
    split = Manifest(document, None).split or ""
    paths = {entry: entry for entry in archive.entries}
    return Part(name, split, archive, paths, f"{name}!/", document, sha256=archive.sha256())


def _expansions(
    files: Mapping[str, int], declared: Declared | None, chosen: Set
) -> list[tuple[str, int | None]]:
    """Return the expansion files (OBB) with their sizes; say that they are not read: their format is the application's own."""
    found: dict[str, int | None] = dict.fromkeys(declared.expansions if declared is not None else ())
    found.update((name, size) for name, size in files.items() if name.lower().endswith(".obb"))
    names = sorted(found)[:MAX_EXPANSIONS]
    if names:
        zh, en = f"共 {len(found)} 个扩展文件（OBB），格式由应用自定", f"{len(found)} expansion files (OBB)"
        paths = ("app.expansions", "app.secrets", "app.containers")
        chosen.left_out("expansion-unread", names[0], zh, en, paths, len(found))
    return [(name, found[name]) for name in names]


class _Folder:
    """The files of a folder, those in folders below left out."""

    def __init__(self, path: Path) -> None:
        try:
            found = sorted(one.name for one in islice(path.iterdir(), MAX_FOLDER) if one.is_file())
        except OSError as error:
            raise InputError(
                "unreadable",
                Text(
                    zh=f"{path}：无法读取（{error.strerror}）",
                    en=f"{path}: cannot be read ({error.strerror})",
                ),
            ) from error
        self._path = path
        self.entries = {name: Entry(name, 0, 0, 0, 0, 0, 0, b"") for name in found}

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return the start of a file; raises EntryError."""
        try:
            with (self._path / name).open("rb") as stream:
                return stream.read(MAX_META if limit is None else limit)
        except OSError as error:
            raise EntryError("unreadable", name, Text(zh=str(error), en=str(error))) from error


def _open_folder(path: Path, limits: Limits) -> Package:
    with ExitStack() as stack:
        files = _Folder(path)
        names = [name for name in files.entries if name.lower().endswith(".apk")]
        if not names:
            zh, en = "目录中没有 APK 文件，请给出 APK 文件或拆分包所在的目录", "the folder holds no APK file"
            raise InputError("is-folder", Text(zh=f"{path}：{zh}", en=f"{path}: {en}"))
        declared = read_declared(files)
        chosen = choose(names, None, declared)

        def unpack(name: str) -> Archive | None:
            return _archive(path / name, name, chosen, stack, limits)

        found = [part for name in chosen.names if (part := _part(unpack(name), name, chosen)) is not None]
        parts = settle(found, chosen, path)
        compare_passed(chosen.passed, parts, unpack, chosen)
        obbs = {name: (path / name).stat().st_size for name in files.entries if name.lower().endswith(".obb")}
        expansions = _expansions(obbs, declared, chosen)
        return Package(
            path,
            "splits",
            parts,
            lambda: folder_sha256(path),
            size=sum((path / name).stat().st_size for name in names),
            notes=chosen.problems,
            gaps=chosen.gaps,
            declared=declared,
            expansions=expansions,
            stack=stack.pop_all(),
            limits=limits,
        )


def folder_sha256(path: Path) -> str:
    """Return the digest (sha256, hex) of a folder of splits: of the lines ``sha256sum`` writes, sorted by name.

    ``cd FOLDER && LC_ALL=C sha256sum *.apk | sha256sum`` gives the same.
    """
    lines = []
    for name in sorted(_Folder(path).entries, key=os.fsencode):
        if name.lower().endswith(".apk"):
            with (path / name).open("rb") as stream:
                lines.append(os.fsencode(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {name}\n"))
    return hashlib.sha256(b"".join(lines)).hexdigest()

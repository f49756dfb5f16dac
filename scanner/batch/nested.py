"""Several packages in one place: which of the files of a folder or ZIP make up which subject.

The splits of one application lie together in a folder (``base.apk``, ``split_config.zh.apk``) and are one subject; every
other package is a subject of its own.  Of a ZIP only its own level is looked at: an archive inside that is no package is
named as a subject, so that its failure to be read is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from scanner.collect.app.archive import Archive, EntryError
from scanner.errors import InputError
from scanner.model import Text

INSIDE = "!/"
PACKAGE_SUFFIXES = (".apk", ".apks", ".xapk", ".apkm", ".aab")
MAX_INSIDE = 20_000
MAX_FILES = 2000
MAX_NAME = 120
# Files that only a wrapping of one program's splits has.
WRAPPINGS = frozenset({"toc.pb", "manifest.json", "info.json", "meta.sai_v1.json", "meta.sai_v2.json"})


def is_archive_name(name: str) -> bool:
    """Whether a file is named like a package."""
    return name.lower().endswith(PACKAGE_SUFFIXES)


def subjects(names: Iterable[str]) -> Iterator[str]:
    """Yield the subjects among the packages ``names``, sorted: files, and folders (ending in a slash) of splits."""
    folders: dict[str, list[str]] = {}
    for name in names:
        folders.setdefault(name.rpartition("/")[0], []).append(name)
    found = []
    for folder, inside in folders.items():
        packages = [name for name in inside if name.lower().endswith(".apk")]
        if is_split_folder(packages):
            found.append(f"{folder}/" if folder else "/")
            found.extend(name for name in inside if name not in set(packages))
        else:
            found.extend(inside)
    yield from sorted(found)


def is_split_folder(names: Iterable[str]) -> bool:
    """Whether the APK files of one folder are the splits of one application, by their names."""
    last = [name.rpartition("/")[2].lower() for name in names]
    splits = [name for name in last if name.startswith(("split_", "config.", "split-"))]
    bases = [name for name in last if name in {"base.apk", "base-master.apk"}]
    return bool(splits) and len(splits) + len(bases) == len(last)


def inside(path: Path) -> list[str]:
    """Return the subjects inside the ZIP ``path``; empty when it is one package itself, or holds none.

    Raises InputError when it is no ZIP.
    """
    from scanner.collect.app.opening import is_bundle  # noqa: PLC0415 - parsers load when a ZIP is opened
    from scanner.collect.app.package import MANIFEST  # noqa: PLC0415 - as above

    with Archive(path) as archive:
        entries = archive.entries
        if MANIFEST in entries or is_bundle(entries) or WRAPPINGS & entries.keys():
            return []
        names = [name for name in entries if is_archive_name(name) or name.lower().endswith(".zip")]
    if len(names) > MAX_INSIDE:
        raise InputError(
            "too-many-packages",
            Text(
                zh=f"{path}：其中有 {len(names)} 个安装包，超过上限 {MAX_INSIDE}",
                en=f"{path}: {len(names)} packages inside, more than {MAX_INSIDE}",
            ),
        )
    found = list(subjects(names))
    return [] if found == ["/"] else found


def extract(path: Path, name: str, folder: Path) -> Path:
    """Unpack the subject ``name`` of the ZIP ``path`` into ``folder``; raises InputError."""
    with Archive(path) as archive:
        if not name.endswith("/") and name:
            return _one(archive, name, folder / f"inner-{safe_name(name)}")
        prefix = name.lstrip("/")
        names = [
            entry
            for entry in archive.entries
            if entry.startswith(prefix)
            and "/" not in entry[len(prefix) :]
            and entry.lower().endswith((".apk", ".json"))
        ]
        target = folder / f"inner-{safe_name(prefix.rstrip('/'), 'splits')}"
        target.mkdir()
        for entry in names[:MAX_FILES]:
            _one(archive, entry, target / safe_name(entry))
        if not names:
            raise _missing(path, name)
        return target


def _one(archive: Archive, name: str, target: Path) -> Path:
    if name not in archive.entries:
        raise _missing(archive.path, name)
    try:
        with target.open("wb") as copy:
            for piece in archive.pieces(name):
                copy.write(piece)
    except EntryError as error:
        zh, en = f"{archive.path}：{error.text.zh}", f"{archive.path}: {error.text.en}"
        raise InputError(error.code, Text(zh=zh, en=en)) from error
    return target


def safe_name(name: str, default: str = "package.apk") -> str:
    """Return the last part of ``name`` as a file name: characters limited, suffix kept."""
    last = PurePosixPath(name.replace("\\", "/")).name
    plain = "".join(c if c.isalnum() or c in "._+-" else "_" for c in last).lstrip(".")
    return plain[-MAX_NAME:] or default


def _missing(path: Path, name: str) -> InputError:
    return InputError("missing", Text(zh=f"{path} 中没有 {name}", en=f"{path} holds no {name}"))

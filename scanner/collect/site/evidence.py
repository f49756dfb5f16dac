"""The evidence package of a site: what was seen, hashed and dated, and the facts from which the report is made again.

A folder or a ``.zip`` of the same content::

    manifest.json   every other file with sha256, size in bytes and time (UTC)
    facts.json      the facts (``guijian assess`` reads it; ``guijian scan PACKAGE`` checks the hashes first)
    network.har     the traffic of all phases, HAR 1.2
    screens/        page, banner and form pictures (PNG)
    dom/            the rendered DOM of each page (HTML)

While a visit runs, everything is written below the folder (for a ``.zip``: a folder beside it); :func:`seal` ends it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from pydantic import ValidationError

from scanner.collect.site.sends import masked
from scanner.errors import CollectError, InputError
from scanner.facts import Facts
from scanner.model import Artifact, Text

MANIFEST, FACTS, HAR = "manifest.json", "facts.json", "network.har"
FORMAT = "guijian-evidence/1"
MAX_FACTS = 1 << 30
MAX_MANIFEST = 16 << 20
MAX_FILES = 20_000
MAX_FILE = 1 << 30
CHUNK = 1 << 20


def working_folder(target: Path) -> Path:
    """Return the folder a package is gathered in: itself, or for a ``.zip`` a folder beside it."""
    return target.with_name(target.name + ".partial") if target.suffix == ".zip" else target


class Sink:
    """Writes evidence files below a folder and remembers each as an artifact."""

    def __init__(self, target: Path) -> None:
        self.folder = working_folder(target)
        self.artifacts: list[Artifact] = []
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if target.suffix == ".zip" and target.exists():
                raise FileExistsError(17, "exists", str(target))
            if any(self.folder.iterdir()):
                raise FileExistsError(17, "not empty", str(self.folder))
        except OSError as error:
            raise CollectError(
                "evidence-folder",
                Text(
                    zh=f"证据包 {target} 已存在且不为空，或无法写入，请换一个位置（{error.strerror}）",
                    en=f"the evidence package {target} exists or cannot be written; choose another place "
                    f"({error.strerror})",
                ),
            ) from error

    def write(self, name: str, data: bytes) -> str:
        """Write ``data`` as ``name`` (a relative POSIX path made by us) and return the name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self.artifacts.append(Artifact(name=name, sha256=hashlib.sha256(data).hexdigest(), size=len(data)))
        return name


def file_name(number: int, url: str, what: str, suffix: str) -> str:
    """Return a safe name for a page's file: number, what it shows, and a readable part of the address."""
    readable = (
        re.sub(r"[^A-Za-z0-9]+", "-", re.sub(r"^https?://[^/]+", "", masked(url))).strip("-")[:40] or "home"
    )
    return f"{number:03d}-{what}-{readable}.{suffix}"


def seal(target: Path, facts: Facts) -> None:
    """Write facts and manifest, and pack the folder when ``target`` ends in ``.zip``.

    Raises :class:`CollectError` when the disk does not take it.
    """
    folder = working_folder(target)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FACTS).write_bytes(facts.model_dump_json(indent=1).encode() + b"\n")
        files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
        manifest = {
            "format": FORMAT,
            "subject": facts.subject.identifier,
            "collector": facts.collector,
            "files": [_entry(folder, path) for path in files],
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")
        if target.suffix == ".zip":
            _pack(folder, target)
    except OSError as error:
        raise CollectError(
            "evidence-write",
            Text(
                zh=f"无法写入证据包 {target}：{error.strerror}",
                en=f"cannot write the evidence package {target}: {error.strerror}",
            ),
        ) from error


def _entry(folder: Path, path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "path": path.relative_to(folder).as_posix(),
        "sha256": _digest(path.open("rb")),
        "size": status.st_size,
        "time": datetime.fromtimestamp(status.st_mtime, UTC).isoformat(timespec="seconds"),
    }


def _pack(folder: Path, target: Path) -> None:
    part = target.with_name(target.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as pack:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            stored = zipfile.ZIP_STORED if path.suffix == ".png" else zipfile.ZIP_DEFLATED
            pack.write(path, path.relative_to(folder).as_posix(), compress_type=stored)
    part.replace(target)
    shutil.rmtree(folder)


def is_package(path: Path) -> bool:
    """Whether ``path`` is an evidence package: a folder or zip with a manifest of ours."""
    if path.is_dir():
        return (path / MANIFEST).is_file() and (path / FACTS).is_file()
    if not path.is_file() or path.suffix.lower() != ".zip":
        return False
    try:
        with zipfile.ZipFile(path) as pack:
            return {MANIFEST, FACTS} <= set(pack.namelist()[:MAX_FILES])
    except (OSError, zipfile.BadZipFile):
        return False


def read_package(path: Path) -> Facts:
    """Return the facts of a package after checking every file against the manifest.

    Raises :class:`InputError` when something is missing, changed, unlisted or too large.
    """
    with _opened(path) as source:
        manifest = source.manifest()
        listed: dict[str, str] = {}
        for entry in manifest["files"]:
            listed[str(entry["path"])] = str(entry["sha256"])
        actual = set(source.names()) - {MANIFEST}
        if actual != set(listed):
            odd = sorted(actual ^ set(listed))[0]
            raise _broken(path, f"{odd} 与清单不符", f"{odd} does not agree with the manifest")
        for name, sha256 in listed.items():
            if _digest(source.open(name)) != sha256:
                raise _broken(path, f"{name} 已被改动（sha256 不符）", f"{name} was changed (sha256 differs)")
        with source.open(FACTS) as stream:
            data = stream.read(MAX_FACTS + 1)
    if len(data) > MAX_FACTS:
        raise _broken(path, f"{FACTS} 过大", f"{FACTS} is too large")
    try:
        return Facts.model_validate_json(data)
    except ValidationError as error:
        raise _broken(
            path, f"{FACTS} 不是本版本的事实文件", f"{FACTS} is no facts file of this version"
        ) from error


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        found = [p.relative_to(self.path).as_posix() for p in self.path.rglob("*") if p.is_file()]
        if len(found) > MAX_FILES:
            raise _broken(self.path, "文件过多", "too many files")
        return found

    def open(self, name: str) -> IO[bytes]:
        path = self.path / name
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise _broken(self.path, f"{name} 指向证据包之外", f"{name} leads out of the package")
        if path.stat().st_size > MAX_FILE:
            raise _broken(self.path, f"{name} 过大", f"{name} is too large")
        return path.open("rb")

    def manifest(self) -> dict[str, Any]:
        return _manifest(self.path, self.open(MANIFEST))


class _Zip:
    def __init__(self, path: Path, pack: zipfile.ZipFile) -> None:
        self.path = path
        self.pack = pack

    def names(self) -> list[str]:
        names = [info.filename for info in self.pack.infolist() if not info.is_dir()]
        unsafe = [n for n in names if PurePosixPath(n).is_absolute() or ".." in PurePosixPath(n).parts]
        if len(names) > MAX_FILES or len(set(names)) != len(names) or unsafe:
            raise _broken(self.path, "文件过多、重名或路径越界", "too many, repeated or unsafe names")
        return names

    def open(self, name: str) -> IO[bytes]:
        info = self.pack.getinfo(name)
        if info.file_size > MAX_FILE:
            raise _broken(self.path, f"{name} 过大", f"{name} is too large")
        return self.pack.open(info)

    def manifest(self) -> dict[str, Any]:
        return _manifest(self.path, self.open(MANIFEST))


@contextmanager
def _opened(path: Path) -> Iterator[_Folder | _Zip]:
    try:
        if path.is_dir():
            yield _Folder(path)
        else:
            with zipfile.ZipFile(path) as pack:
                yield _Zip(path, pack)
    except (OSError, KeyError, TypeError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _broken(path, f"无法读取：{error}", f"cannot be read: {error}") from error


def _manifest(path: Path, stream: IO[bytes]) -> dict[str, Any]:
    with stream:
        data = stream.read(MAX_MANIFEST + 1)
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _broken(path, "清单不是 JSON", "the manifest is no JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT or len(data) > MAX_MANIFEST:
        raise _broken(path, f"清单格式不是 {FORMAT}", f"the manifest is not of format {FORMAT}")
    return content


def _digest(stream: IO[bytes]) -> str:
    state = hashlib.sha256()
    with stream:
        left = MAX_FILE
        while left > 0 and (block := stream.read(CHUNK)):
            state.update(block)
            left -= len(block)
    return state.hexdigest()


def _broken(path: Path, zh: str, en: str) -> InputError:
    return InputError(
        "evidence-broken",
        Text(zh=f"证据包 {path} 不可用：{zh}", en=f"the evidence package {path} cannot be used: {en}"),
    )

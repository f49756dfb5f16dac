"""The evidence package (证据包): one zip with a signed manifest, and the check that finds any change to it.

The archive is written in one way only: members stored without compression, in the order of the manifest, with fixed
times and attributes.  Verifying therefore needs no trust in the archive: names are checked before anything is read,
nothing is unpacked to disk, sizes are what they say, and the same bytes must come out when the archive is built again.

Layout: ``manifest.json`` (canonical JSON: sorted keys, no spaces, UTF-8), ``manifest.sig`` (signature over exactly those
bytes), ``signer.pem`` (public key; only as good as the reader's own copy of it), then the files listed.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from cryptography.hazmat.primitives import hashes
from pydantic import Field, ValidationError

from scanner.errors import InputError, PackError
from scanner.model import Frozen, Subject, Text
from scanner.seal import PrivateKey, PublicKey, read_public

MANIFEST, SIGNATURE, SIGNER = "manifest.json", "manifest.sig", "signer.pem"
OWN = (MANIFEST, SIGNATURE, SIGNER)
MAX_FILES = 10_000
MAX_MANIFEST = 16 << 20
MAX_TOTAL = 64 << 30
CHUNK = 1 << 20
# What zipfile raises for an archive that is not what it says, positions outside the file included.
BROKEN = (zipfile.BadZipFile, EOFError, NotImplementedError, ValueError, RuntimeError, OSError, OverflowError)
Role = Literal["facts", "assessment", "report", "decisions", "evidence", "source", "other"]
Opener = Callable[[], IO[bytes]]


class PackedFile(Frozen):
    """A file of the package: path in the archive, size in bytes, hex digests, and what it is."""

    path: str
    size: int = Field(ge=0)
    sha256: str
    sm3: str
    role: Role


class SourceHash(Frozen):
    """Something examined that need not be in the package: name, size in bytes, hex sha256."""

    name: str
    size: int
    sha256: str


class Manifest(Frozen):
    """What the signature covers."""

    format: Literal["guijian-evidence/1"] = "guijian-evidence/1"
    created: datetime
    tool_version: str
    pack_version: str
    pack_sha256: str
    profile: str
    subject: Subject
    sources: tuple[SourceHash, ...]
    files: tuple[PackedFile, ...] = Field(max_length=MAX_FILES)
    algorithm: Literal["ed25519", "sm2"]
    key: str


class Finding(Frozen):
    """Something wrong with a package: stable ``code``, the member concerned, and a sentence."""

    code: Literal[
        "damaged", "name", "manifest", "signature", "key", "changed", "missing", "added", "renamed", "archive"
    ]
    path: str
    text: Text


class Verification(Frozen):
    """The result of checking a package: intact when ``problems`` is empty.

    ``trusted``: the signature was checked against a key the reader gave, not only the one inside.
    """

    manifest: Manifest | None
    trusted: bool
    problems: tuple[Finding, ...]


def canonical(manifest: Manifest) -> bytes:
    """Return the manifest's one and only byte form."""
    document = manifest.model_dump(mode="json")
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def describe(path: str, role: Role, opener: Opener) -> PackedFile:
    """Return a file's entry in the manifest."""
    with opener() as stream:
        size, sha256, sm3 = _digests(stream)
    return PackedFile(path=path, size=size, sha256=sha256, sm3=sm3, role=role)


def _digests(stream: IO[bytes]) -> tuple[int, str, str]:
    sha256, sm3, size = hashlib.sha256(), hashes.Hash(hashes.SM3()), 0
    while block := stream.read(CHUNK):
        sha256.update(block)
        sm3.update(block)
        size += len(block)
    return size, sha256.hexdigest(), sm3.finalize().hex()


def write_bundle(target: IO[bytes], manifest: Manifest, key: PrivateKey, openers: dict[str, Opener]) -> None:
    """Write the signed package to ``target``; ``openers`` gives each file of the manifest by path.

    Raises PackError for a path that may not stand in a package.
    """
    for entry in manifest.files:
        if not safe_name(entry.path) or entry.path in OWN:
            raise PackError(
                "evidence-name",
                Text(
                    zh=f"文件名不能用于证据包：{entry.path!r}",
                    en=f"{entry.path!r} cannot be a name in a package",
                ),
            )
    body = canonical(manifest)
    head = [(MANIFEST, body), (SIGNATURE, key.sign(body)), (SIGNER, key.public.pem())]
    _write_zip(target, head, [(entry.path, openers[entry.path]) for entry in manifest.files])


def _write_zip(
    target: IO[bytes], head: Sequence[tuple[str, bytes]], files: Iterable[tuple[str, Opener]]
) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, data in head:
            archive.writestr(_info(name, len(data)), data)
        for name, opener in files:
            with opener() as source:
                size = source.seek(0, 2)
                source.seek(0)
                with archive.open(_info(name, size), "w") as member:
                    while block := source.read(CHUNK):
                        member.write(block)


def _info(name: str, size: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    info.create_system, info.external_attr, info.file_size = 3, 0o644 << 16, size
    return info


def safe_name(name: str) -> bool:
    """Whether ``name`` is a plain relative path: no drive, no ``..``, no control characters, not too long."""
    path = PurePosixPath(name)
    return (
        0 < len(name) <= 500
        and not path.is_absolute()
        and str(path) == name
        and ".." not in path.parts
        and not any(ord(char) < 32 or ord(char) == 127 or char in '\\:*?"<>|' for char in name)
    )


def verify_bundle(path: Path, key: PublicKey | None = None) -> Verification:
    """Check the package at ``path``, against ``key`` if given, and return everything that is wrong with it.

    Raises InputError when the file itself cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return _verify(stream, key)
    except OSError as error:
        raise InputError(
            "evidence-unreadable",
            Text(zh=f"无法读取 {path}：{error.strerror}", en=f"cannot read {path}: {error.strerror}"),
        ) from error


def _verify(stream: IO[bytes], key: PublicKey | None) -> Verification:
    try:
        archive = zipfile.ZipFile(stream)
    except BROKEN as error:
        return _failed(
            "damaged",
            "",
            f"不是完整的 zip 文件（可能被截断）：{error}",
            f"no complete zip (cut off?): {error}",
        )
    with archive:
        members = archive.infolist()
        wrong = _names(members)
        if wrong:
            return Verification(manifest=None, trusted=False, problems=tuple(wrong))
        by_name = {info.filename: info for info in members}
        try:
            manifest, body, problems, trusted = _signed(archive, by_name, key)
            if manifest is None:
                return Verification(manifest=None, trusted=False, problems=tuple(problems))
            problems += _contents(archive, by_name, manifest)
        except BROKEN as error:
            return _failed("damaged", "", f"zip 结构已损坏：{error}", f"the zip is damaged: {error}")
        if not problems and not _same_archive(stream, archive, by_name, manifest, body):
            problems.append(
                _problem(
                    "archive",
                    "",
                    "压缩包结构被改动（附加数据、时间、注释或顺序），各文件内容未变",
                    "the archive itself was altered (extra data, times, comments or order); the files are as signed",
                )
            )
        return Verification(manifest=manifest, trusted=trusted, problems=tuple(problems))


def _problem(code: str, path: str, zh: str, en: str) -> Finding:
    return Finding.model_validate({"code": code, "path": path, "text": Text(zh=zh, en=en)})


def _failed(code: str, path: str, zh: str, en: str) -> Verification:
    return Verification(manifest=None, trusted=False, problems=(_problem(code, path, zh, en),))


def _names(members: Sequence[zipfile.ZipInfo]) -> list[Finding]:
    """Return what is wrong with names, sizes and kinds of the members, before any of them is read."""
    found: list[Finding] = []
    seen: set[str] = set()
    if len(members) > MAX_FILES + len(OWN) or sum(info.file_size for info in members) > MAX_TOTAL:
        return [_problem("damaged", "", "文件数量或总大小超出限度", "too many files or too large")]
    for info in members:
        name = info.filename
        kind = (info.external_attr >> 16) & 0o170000
        if not safe_name(name) or kind not in {0, 0o100000}:
            found.append(_problem("name", name, "含有不允许的路径或链接", "an illegal path or a link"))
        elif name.casefold() in seen:
            found.append(_problem("name", name, "同名文件重复出现", "the same name twice"))
        elif (
            info.compress_type != zipfile.ZIP_STORED
            or info.compress_size != info.file_size
            or info.flag_bits & 1
        ):
            found.append(
                _problem("archive", name, "不是证据包的存储方式", "not stored as in an evidence package")
            )
        seen.add(name.casefold())
    return found


def _signed(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], key: PublicKey | None
) -> tuple[Manifest | None, bytes, list[Finding], bool]:
    """Return the manifest if it can be read, its bytes, problems with it and its signature, and whether trusted."""
    for name in OWN:
        if name not in members or members[name].file_size > MAX_MANIFEST:
            return None, b"", [_problem("missing", name, "缺少或过大", "missing or too large")], False
    body, signature = archive.read(MANIFEST), archive.read(SIGNATURE)
    try:
        manifest = Manifest.model_validate_json(body)
    except ValidationError:
        text = ("清单内容不合规", "the manifest is not valid")
        return None, body, [_problem("manifest", MANIFEST, *text)], False
    problems = []
    if canonical(manifest) != body:
        problems.append(_problem("manifest", MANIFEST, "清单不是规范形式", "the manifest is not canonical"))
    try:
        inside = read_public(archive.read(SIGNER))
    except PackError:
        problems.append(_problem("key", SIGNER, "包内公钥无法读取", "the key inside cannot be read"))
        return manifest, body, problems, False
    if (inside.algorithm, inside.id) != (manifest.algorithm, manifest.key):
        problems.append(_problem("key", SIGNER, "包内公钥与清单不符", "the key inside is not the manifest's"))
    if key is not None and key != inside:
        problems.append(
            _problem(
                "key",
                SIGNER,
                f"不是由给定公钥的持有人签署：包内公钥 {inside.id}",
                f"not signed by the holder of the given key: the key inside is {inside.id}",
            )
        )
    if not (key or inside).verify(body, signature):
        problems.append(_problem("signature", SIGNATURE, "签名无效", "the signature is not valid"))
    return manifest, body, problems, key is not None and not problems


def _contents(
    archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], manifest: Manifest
) -> list[Finding]:
    """Compare the files with the manifest: changed, missing, added, renamed."""
    listed = {entry.path: entry for entry in manifest.files}
    found: list[Finding] = []
    extra: dict[tuple[int, str, str], str] = {}
    for name in members:
        if name in OWN:
            continue
        with archive.open(name) as stream:
            actual = _digests_of(stream)
        entry = listed.get(name)
        if entry is None:
            extra[actual] = name
        elif actual != (entry.size, entry.sha256, entry.sm3):
            found.append(_problem("changed", name, "内容已被改动", "its content was changed"))
    for name, entry in listed.items():
        if name in members:
            continue
        moved = extra.pop((entry.size, entry.sha256, entry.sm3), None)
        if moved is not None:
            found.append(_problem("renamed", moved, f"由 {name} 改名而来", f"renamed from {name}"))
        else:
            found.append(_problem("missing", name, "清单列有而包内没有", "listed but not there"))
    found += [_problem("added", name, "清单未列出", "not listed in the manifest") for name in extra.values()]
    return sorted(found, key=lambda f: (f.path, f.code))


def _digests_of(stream: IO[bytes]) -> tuple[int, str, str]:
    try:
        return _digests(stream)
    except BROKEN:
        return -1, "", ""  # the member's own checksum or length is wrong: changed


def _same_archive(
    stream: IO[bytes],
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    manifest: Manifest,
    body: bytes,
) -> bool:
    """Whether building the archive again from its members gives the same bytes."""
    head = [(MANIFEST, body), (SIGNATURE, archive.read(SIGNATURE)), (SIGNER, archive.read(SIGNER))]

    def opener(name: str) -> Opener:
        return lambda: archive.open(members[name])

    with tempfile.TemporaryFile() as again:
        _write_zip(again, head, [(entry.path, opener(entry.path)) for entry in manifest.files])
        if again.seek(0, 2) != stream.seek(0, 2):
            return False
        again.seek(0)
        stream.seek(0)
        while block := again.read(CHUNK):
            if stream.read(len(block)) != block:
                return False
    return True

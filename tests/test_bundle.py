"""The evidence package: every change is found, and a hostile archive is refused before anything is read."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scanner.bundle import (
    MANIFEST,
    SIGNATURE,
    SIGNER,
    Manifest,
    canonical,
    describe,
    safe_name,
    verify_bundle,
    write_bundle,
)
from scanner.errors import InputError, PackError
from scanner.model import Subject
from scanner.seal import PrivateKey, generate

KEY = generate("ed25519")
FILES = {
    "facts.json": b'{"facts": 1}',
    "reports/r.html": b"<p>report</p>" * 300,
    "decisions/证据/截图.png": bytes(range(256)) * 20,
    "empty.txt": b"",
}


def manifest(files: dict[str, bytes], key: PrivateKey = KEY) -> Manifest:
    return Manifest(
        created=datetime(2026, 11, 24, tzinfo=UTC),
        tool_version="1",
        pack_version="2026.11",
        pack_sha256="ab" * 32,
        profile="app-pi",
        subject=Subject(kind="app", name="x", identifier="com.x", sha256="cd" * 32),
        sources=(),
        files=tuple(describe(n, "other", lambda d=d: io.BytesIO(d)) for n, d in sorted(files.items())),  # type: ignore[misc]
        algorithm=key.public.algorithm,
        key=key.public.id,
    )


def build(files: dict[str, bytes] = FILES, key: PrivateKey = KEY) -> bytes:
    out = io.BytesIO()
    openers: dict[str, Callable[[], io.BytesIO]] = {
        name: (lambda data=data: io.BytesIO(data))  # type: ignore[misc]
        for name, data in files.items()
    }
    write_bundle(out, manifest(files, key), key, openers)  # type: ignore[arg-type]
    return out.getvalue()


PACKAGE = build()


def codes(data: bytes, folder: Path, key: PrivateKey | None = KEY) -> set[tuple[str, str]]:
    path = folder / "x.zip"
    path.write_bytes(data)
    return {(p.code, p.path) for p in verify_bundle(path, key.public if key else None).problems}


def rebuilt(change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED) -> bytes:
    """The package written again by an ordinary zip program after a change of its members."""
    with zipfile.ZipFile(io.BytesIO(PACKAGE)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compression)
    return out.getvalue()


def test_an_untouched_package_is_intact_and_the_same_every_time(tmp_path: Path) -> None:
    assert codes(PACKAGE, tmp_path) == set()
    assert build() == PACKAGE
    assert verify_bundle(tmp_path / "x.zip", KEY.public).trusted
    assert not verify_bundle(tmp_path / "x.zip").trusted


def test_sm2_packages_too(tmp_path: Path) -> None:
    key = generate("sm2")

    assert codes(build(key=key), tmp_path, key) == set()
    assert {code for code, _ in codes(build(key=key), tmp_path, KEY)} == {"key", "signature"}


def replace(name: str, data: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.__setitem__(name, data)


def rename(members: dict[str, bytes]) -> None:
    members["reports/other.html"] = members.pop("reports/r.html")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (replace("facts.json", b'{"facts": 2}'), {("changed", "facts.json")}),
        (replace("empty.txt", b"x"), {("changed", "empty.txt")}),
        (replace("new.txt", b"x"), {("added", "new.txt")}),
        (lambda members: members.pop("facts.json"), {("missing", "facts.json")}),
        (rename, {("renamed", "reports/other.html")}),
        (replace(SIGNATURE, b"\0" * 64), {("signature", SIGNATURE)}),
        (lambda members: members.pop(SIGNATURE), {("missing", SIGNATURE)}),
        (lambda members: members.pop(MANIFEST), {("missing", MANIFEST)}),
        (replace(MANIFEST, b"{}"), {("manifest", MANIFEST)}),
        (replace(MANIFEST, b"[" * 100000), {("manifest", MANIFEST)}),
        (replace(SIGNER, generate("ed25519").public.pem()), {("key", SIGNER)}),
        (replace(SIGNER, b"junk"), {("key", SIGNER)}),
    ],
)
def test_every_change_is_found_and_named(
    change: Callable[[dict[str, bytes]], None], expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    assert codes(rebuilt(change), tmp_path) == expected


def test_a_manifest_changed_to_fit_needs_a_new_signature(tmp_path: Path) -> None:
    other = dict(FILES, **{"facts.json": b"forged"})
    body = canonical(manifest(other))

    found = codes(rebuilt(lambda m: m.update({"facts.json": b"forged", MANIFEST: body})), tmp_path)

    assert found == {("signature", SIGNATURE)}


def test_a_package_signed_again_by_somebody_else_fails_against_the_right_key(tmp_path: Path) -> None:
    forged = build(dict(FILES, **{"facts.json": b"forged"}), generate("ed25519"))

    assert {code for code, _ in codes(forged, tmp_path, KEY)} == {"key", "signature"}
    assert codes(forged, tmp_path, None) == set(), "without a key only agreement with the key inside shows"


def test_a_manifest_in_another_form_is_refused_even_if_it_says_the_same(tmp_path: Path) -> None:
    body = canonical(manifest(FILES)).replace(b'","', b'", "')
    found = codes(rebuilt(lambda m: m.update({MANIFEST: body, SIGNATURE: KEY.sign(body)})), tmp_path)

    assert found == {("manifest", MANIFEST)}


@pytest.mark.parametrize("length", [0, 1, 21, 100, len(PACKAGE) // 2, len(PACKAGE) - 1])
def test_a_truncated_package_is_damaged(length: int, tmp_path: Path) -> None:
    assert codes(PACKAGE[:length], tmp_path) == {("damaged", "")}


@pytest.mark.parametrize(
    "data", [PACKAGE + b"x", b"#!/bin/sh\n" + PACKAGE, PACKAGE[:-2] + struct.pack("<H", 3) + b"abc"]
)
def test_extra_bytes_around_the_archive_are_found(data: bytes, tmp_path: Path) -> None:
    assert {code for code, _ in codes(data, tmp_path)} <= {"archive", "damaged"}
    assert codes(data, tmp_path)


def test_every_single_flipped_byte_is_found(tmp_path: Path) -> None:
    generator = random.Random(7)
    places = {
        *generator.sample(range(len(PACKAGE)), 250),
        *range(60),
        *range(len(PACKAGE) - 300, len(PACKAGE)),
    }
    for place in sorted(places):
        data = bytearray(PACKAGE)
        data[place] ^= 1 << generator.randrange(8)
        assert codes(bytes(data), tmp_path), f"byte {place}"


@pytest.mark.parametrize(
    "name",
    ["../x", "/etc/passwd", "a/../../x", "a\\b", "C:x", "a//b", "./a", "a/", "", "a\x00b", "a\nb", "x" * 600],
)
def test_names_that_could_leave_the_folder_are_no_names(name: str, tmp_path: Path) -> None:
    assert not safe_name(name)
    if name and "\0" not in name:
        found = codes(rebuilt(replace(name, b"x")), tmp_path)
        assert {code for code, _ in found} == {"name"}


def test_links_and_doubles_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO(PACKAGE)
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert codes(out.getvalue(), tmp_path) == {("name", "link")}

    out = io.BytesIO(PACKAGE)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("FACTS.json", b"x")
    assert codes(out.getvalue(), tmp_path) == {("name", "FACTS.json")}


def test_a_bomb_is_refused_without_being_opened(tmp_path: Path) -> None:
    found = codes(rebuilt(replace("bomb", b"\0" * (1 << 24)), zipfile.ZIP_DEFLATED), tmp_path)

    assert ("archive", "bomb") in found
    assert {code for code, _ in found} == {"archive"}


def test_what_is_no_zip_is_damaged_and_what_is_not_there_an_error(tmp_path: Path) -> None:
    assert codes(b"hello" * 100, tmp_path) == {("damaged", "")}
    with pytest.raises(InputError):
        verify_bundle(tmp_path / "missing.zip")


def test_a_package_cannot_be_written_with_a_bad_name() -> None:
    with pytest.raises(PackError, match="文件名"):
        build({"../x": b""})

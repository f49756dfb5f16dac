"""Signatures: apksigner signs in every way it knows, we verify; what it refuses, we refuse."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import broken_zip
import pytest
from conftest import corpus_ids, corpus_path, fixture_apk_path
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.collect import collect
from scanner.collect.app import jarsign
from scanner.collect.app.archive import Archive
from scanner.collect.app.certificates import describe_certificate
from scanner.collect.app.contentdigest import chunked
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.signing import read_signing
from scanner.collect.app.signingblock import MAGIC, V2, V3, find_block
from scanner.errors import InputError
from scanner.facts import Signing

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """Key and certificate files as apksigner takes them."""

    folder: Path
    name: str

    def options(self) -> list[str]:
        return [
            "--key",
            str(self.folder / f"{self.name}.pk8"),
            "--cert",
            str(self.folder / f"{self.name}.crt"),
        ]

    def sha256(self) -> str:
        raw = (self.folder / f"{self.name}.crt").read_bytes()
        return x509.load_pem_x509_certificate(raw).fingerprint(hashes.SHA256()).hex()


def certificate(key: Key, name: str, kind: hashes.HashAlgorithm | None = None) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    )
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=9000))
    return builder.sign(key, kind or hashes.SHA256())


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Identity]:
    folder = tmp_path_factory.mktemp("keys")
    made: dict[str, Key] = {
        "old": rsa.generate_private_key(65537, 2048),
        "new": rsa.generate_private_key(65537, 4096),
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "dsa": dsa.generate_private_key(2048),
    }
    for name, key in made.items():
        (folder / f"{name}.pk8").write_bytes(
            key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        )
        (folder / f"{name}.crt").write_bytes(certificate(key, name).public_bytes(Encoding.PEM))
    return lambda name: Identity(folder, name)


def run(*arguments: str) -> None:
    subprocess.run(["apksigner", *arguments], check=True, capture_output=True)


def signing(path: Path, min_sdk: int | None = None) -> Signing:
    with Archive(path) as archive:
        manifest = Manifest(archive.read("AndroidManifest.xml"), None)
        low = manifest.min_sdk or 1
        return read_signing(archive, low if min_sdk is None else min_sdk, manifest.effective_target)


def states(found: Signing) -> dict[str, bool | None]:
    return {state.scheme: state.verified for state in found.schemes if state.present}


SIGNED: dict[str, tuple[list[str], list[str], set[str]]] = {
    "rsa": (["old"], [], {"v1", "v2", "v3"}),
    "wide": (["new"], [], {"v1", "v2", "v3"}),
    "ec": (["ec"], [], {"v1", "v2", "v3"}),
    "two": (["old", "ec"], ["--v3-signing-enabled", "false"], {"v1", "v2"}),
    "verity": (["old"], ["--verity-enabled", "true"], {"v1", "v2", "v3"}),
    "v4": (["old"], ["--v4-signing-enabled", "true"], {"v1", "v2", "v3", "v4"}),
    "v2": (["old"], ["--v1-signing-enabled", "false", "--v3-signing-enabled", "false"], {"v2"}),
    "dsa": (["dsa"], ["--v1-signing-enabled", "false"], {"v2", "v3"}),
}


@pytest.mark.parametrize("case", list(SIGNED))
def test_whatever_apksigner_signs_verifies(
    case: str, keys: Callable[[str], Identity], tmp_path: Path
) -> None:
    names, options, schemes = SIGNED[case]
    out = tmp_path / "x.apk"
    command: list[str] = ["sign", "--v4-signing-enabled", "false", *options, "--out", str(out)]
    for number, name in enumerate(names):
        command += (["--next-signer"] if number else []) + keys(name).options()
    # Options of the signer stand before the input, general ones anywhere.
    run(*command, str(fixture_apk_path("clean")))
    found = signing(out)

    assert states(found) == dict.fromkeys(schemes, True)
    assert found.verified is True and found.v1_only is False
    assert {c.sha256 for c in found.certificates} == {keys(name).sha256() for name in names}


@pytest.fixture
def rotated(keys: Callable[[str], Identity], tmp_path: Path) -> Path:
    lineage, out = tmp_path / "lineage", tmp_path / "rotated.apk"
    old, new = keys("old").options(), keys("new").options()
    run("rotate", "--out", str(lineage), "--old-signer", *old, "--new-signer", *new)
    command = ["sign", "--v4-signing-enabled", "false", "--lineage", str(lineage), "--out", str(out), *old]
    run(*command, "--next-signer", *new, str(fixture_apk_path("clean")))
    return out


def test_a_rotated_key_has_its_history_checked(rotated: Path, keys: Callable[[str], Identity]) -> None:
    found = signing(rotated)
    assert states(found) == {"v1": True, "v2": True, "v3": True}
    assert [c.sha256 for c in found.certificates] == [keys("new").sha256(), keys("old").sha256()]


# --- changed after signing ------------------------------------------------------------------------------


def apksigner_verifies(path: Path, *options: str) -> bool:
    return (
        subprocess.run(
            ["apksigner", "verify", *options, str(path)], capture_output=True, check=False
        ).returncode
        == 0
    )


def flipped(content: bytes, place: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1
    return bytes(changed)


@cache
def clean() -> bytes:
    return fixture_apk_path("clean").read_bytes()


@pytest.fixture(scope="module")
def layout() -> dict[str, int]:
    with Archive(fixture_apk_path("clean")) as archive:
        block = find_block(archive)
        assert block is not None
        dex = archive.entries["classes.dex"]
        return {
            "dex": dex.offset + 60,
            "local time": dex.offset + 10,
            "v2": clean().index(block.pairs[V2], block.start) + 30,
            "v3": clean().index(block.pairs[V3], block.start) + 30,
            "directory time": archive.central_start + 12,
            "block": block.start,
            "central": archive.central_start,
            "end": archive.end_record,
        }


@pytest.mark.parametrize(
    ("place", "failing"),
    [("dex", {"v1", "v2", "v3"}), ("local time", {"v2", "v3"}), ("directory time", {"v2", "v3"}), ("v2", {"v2"}), ("v3", {"v3"})],
)  # fmt: skip
def test_a_change_is_seen_by_the_schemes_that_cover_it(
    place: str, failing: set[str], layout: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(flipped(clean(), layout[place]))
    found = signing(path, 21)

    assert {scheme for scheme, verified in states(found).items() if verified is not True} == failing
    assert found.verified is False
    assert not apksigner_verifies(path, "--min-sdk-version", "21")


def without_block(layout: dict[str, int]) -> bytes:
    """The package with its signing block taken out: what is left has a v1 signature that verifies."""
    content = clean()[: layout["block"]] + clean()[layout["central"] :]
    end = bytearray(content)
    struct.pack_into("<I", end, layout["end"] - (layout["central"] - layout["block"]) + 16, layout["block"])
    return bytes(end)


def test_stripping_the_block_is_seen_in_v1(layout: dict[str, int], tmp_path: Path) -> None:
    path = tmp_path / "x.apk"
    path.write_bytes(without_block(layout))
    found = signing(path)

    assert states(found) == {"v1": False}
    assert "v2" in (found.schemes[0].problem or "")
    assert found.verified is False and found.v1_only is True
    assert not apksigner_verifies(path)


def test_stripping_v3_is_seen_in_v2(layout: dict[str, int], tmp_path: Path) -> None:
    path = tmp_path / "x.apk"
    block = clean()[layout["block"] : layout["central"]]
    path.write_bytes(
        clean().replace(block, block.replace(struct.pack("<I", V3), struct.pack("<I", 0x11111111)))
    )
    found = signing(path, 24)

    assert states(found)["v2"] is False
    assert found.verified is False
    assert not apksigner_verifies(path, "--min-sdk-version", "24")


def signed_v2(content: bytes, key: rsa.RSAPrivateKey, attributes: bytes = b"", name: bytes = b"v2") -> bytes:
    """Put a signing block with a v2 signature into a package without one; ``name`` stands in the certificate."""
    end = content.rindex(b"PK\x05\x06")
    (central,) = struct.unpack_from("<I", content, end + 16)
    parts = [memoryview(part) for part in (content[:central], content[central:end], content[end:])]
    raw = certificate(key, "v2").public_bytes(Encoding.DER).replace(b"\x0c\x02v2", b"\x0c\x02" + name)

    def lp(*values: bytes) -> bytes:
        return b"".join(struct.pack("<I", len(value)) + value for value in values)

    algorithm = struct.pack("<I", 0x0103)
    signed = lp(lp(algorithm + lp(chunked(parts, "sha256"))), lp(raw), attributes)
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    value = lp(lp(lp(signed, lp(algorithm + lp(signature)), public)))
    pairs = struct.pack("<QI", len(value) + 4, V2) + value
    size = len(pairs) + 24
    block = struct.pack("<Q", size) + pairs + struct.pack("<Q", size) + MAGIC
    tail = bytearray(content[central:])
    struct.pack_into("<I", tail, end - central + 16, central + len(block))
    return content[:central] + block + bytes(tail)


def test_a_manifest_of_endless_sections_is_left_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jarsign, "MAX_SECTIONS", 3)
    with Archive(fixture_apk_path("clean")) as archive:
        result = jarsign.verify_jar(archive, {"2": True, "3": False})

    assert result.verified is None
    assert result.problem == "too many sections in a manifest"


@pytest.mark.parametrize(("name", "read"), [(b"v2", True), (b"\xff\xfe", False)])
def test_a_certificate_that_cannot_be_read_is_a_gap(tmp_path: Path, name: bytes, read: bool) -> None:
    """A good signature with an unreadable certificate says nothing about debug or weak keys."""
    key = rsa.generate_private_key(65537, 2048)
    path = tmp_path / "x.apk"
    path.write_bytes(signed_v2(broken_zip.archive(broken_zip.clean_entries()), key, name=name))

    facts = collect(str(path))

    assert facts.app is not None and facts.app.signing is not None
    assert facts.app.signing.verified is (True if read else None)
    assert len(facts.app.signing.certificates) == read
    assert any(gap.path == "app.signing.certificates" for gap in facts.gaps) is not read


@pytest.mark.parametrize(("min_sdk", "verified"), [(21, False), (24, True)])
def test_v1_counts_where_a_platform_uses_it(
    min_sdk: int, verified: bool, layout: dict[str, int], tmp_path: Path
) -> None:
    """A wrong v1 signature beside a good newer one matters only below Android 7, as apksigner has it."""
    path = tmp_path / "x.apk"
    plain = without_block(layout)
    path.write_bytes(
        signed_v2(
            plain.replace(b"Name: classes.dex", b"Name: classes.dxe"), rsa.generate_private_key(65537, 2048)
        )
    )
    found = signing(path, min_sdk)

    assert states(found)["v2"] is True
    assert found.verified is verified
    assert apksigner_verifies(path, "--min-sdk-version", str(min_sdk)) is verified


def test_v4_for_other_content_is_refused(keys: Callable[[str], Identity], tmp_path: Path) -> None:
    out = tmp_path / "x.apk"
    run(
        "sign",
        "--v4-signing-enabled",
        "true",
        *keys("old").options(),
        "--out",
        str(out),
        str(fixture_apk_path("clean")),
    )
    sidecar = out.with_name("x.apk.idsig")
    good = sidecar.read_bytes()
    assert states(signing(out))["v4"] is True
    sidecar.write_bytes(flipped(good, 30))
    assert states(signing(out))["v4"] is False
    sidecar.write_bytes(good[:40])
    assert states(signing(out))["v4"] is False
    sidecar.write_bytes(good)
    out.write_bytes(fixture_apk_path("location.bad").read_bytes())
    assert states(signing(out))["v4"] is False


def test_v1_alone_is_too_little_for_target_30(keys: Callable[[str], Identity], tmp_path: Path) -> None:
    out = tmp_path / "x.apk"
    newer = [
        "--v2-signing-enabled",
        "false",
        "--v3-signing-enabled",
        "false",
        "--v4-signing-enabled",
        "false",
    ]
    run(
        "sign",
        "--min-sdk-version",
        "18",
        *newer,
        *keys("old").options(),
        "--out",
        str(out),
        str(fixture_apk_path("clean")),
    )
    with Archive(out) as archive:
        assert read_signing(archive, 18, 29).verified is True
        assert read_signing(archive, 18, 29).v1_only is True
        assert read_signing(archive, 18, 30).verified is False


# --- real packages --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", corpus_ids("apps"))
def test_real_packages_are_judged_as_apksigner_judges_them(name: str) -> None:
    done = subprocess.run(
        ["apksigner", "verify", "-v", "--print-certs", str(corpus_path(name))],
        capture_output=True,
        text=True,
        check=False,
    )
    expected = dict(re.findall(r"Verified using (v[\d.]+) scheme .*?: (true|false)", done.stdout))
    found = signing(corpus_path(name))

    if "Missing META-INF/MANIFEST.MF" in done.stderr:
        # Not signed for Android 6 and earlier, which therefore do not install it: no fault of what is signed.
        assert found.verified is True and "v1" not in states(found)
        assert apksigner_verifies(corpus_path(name), "--min-sdk-version", "24")
        return
    assert (found.verified is True) == (done.returncode == 0), done.stdout + done.stderr
    assert {c.sha256 for c in found.certificates} == set(
        re.findall(r"certificate SHA-256 digest: (\w+)", done.stdout)
    )
    for scheme, verified in states(found).items():
        if verified is not None:
            assert verified == (expected[scheme] == "true")


# --- certificates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "weak"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), True),
        (lambda: rsa.generate_private_key(65537, 2048), False),
        (lambda: dsa.generate_private_key(1024), True),
        (lambda: dsa.generate_private_key(2048), False),
        (lambda: ec.generate_private_key(ec.SECP192R1()), True),
        (lambda: ec.generate_private_key(ec.SECP224R1()), False),
    ],
)
def test_weak_keys(key: Callable[[], Key], weak: bool) -> None:
    found = describe_certificate(certificate(key(), "x").public_bytes(Encoding.DER))
    assert found.weak is weak
    assert (found.weak_reason is not None) is weak
    assert found.self_signed and not found.debug
    assert found.serial == "7"


@pytest.mark.parametrize(("name", "debug"), [("Android Debug", True), ("Android", False)])
def test_debug_certificates(name: str, debug: bool) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    found = describe_certificate(certificate(key, name).public_bytes(Encoding.DER))

    assert found.debug is debug
    assert found.evidence[0].note is not None
    assert ("开发工具生成调试证书" in found.evidence[0].note.zh) is debug


def test_the_platforms_test_key_is_a_debug_key() -> None:
    found = signing(corpus_path("apidemos")).certificates

    assert all(c.debug for c in found)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(1, 255)), min_size=1, max_size=4), st.booleans()
)
def test_random_damage_of_signatures_is_never_verified(
    layout: dict[str, int], changes: list[tuple[int, int]], front: bool
) -> None:
    """Damage anywhere in the signed parts ends in ``False`` or ``None``, and raises nothing."""
    low, high = (0, layout["block"]) if front else (layout["block"], layout["end"])
    content = bytearray(clean())
    for place, value in changes:
        content[low + place % (high - low)] ^= value
    if bytes(content) == clean():
        return
    try:
        archive = Archive(Path("x.apk"), None, bytes(content))
    except InputError:
        return
    found = read_signing(archive, 21, 30)
    if front:
        assert found.verified is not True
    assert Signing.model_validate_json(found.model_dump_json()) == found

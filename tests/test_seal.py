"""Keys and signatures, against OpenSSL as the other implementation, both ways."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes

from scanner.errors import PackError
from scanner.seal import PublicKey, generate, read_private, read_public

ALGORITHMS: tuple[Any, ...] = ("ed25519", "sm2")
DATA = "证据清单".encode() * 50
OPTIONS = {"ed25519": [], "sm2": ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]}


def openssl(*args: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("openssl") is None:
        pytest.fail("no openssl: run 'make system' once", pytrace=False)
    return subprocess.run(["openssl", *args], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_survives_its_file_and_verifies_only_its_own(algorithm: Any) -> None:
    key, other = generate(algorithm), generate(algorithm)
    signature = key.sign(DATA)

    assert read_private(key.pem()) == key
    assert read_public(key.public.pem()) == key.public
    assert key.public.verify(DATA, signature)
    assert not key.public.verify(DATA + b" ", signature)
    assert not other.public.verify(DATA, signature)
    for broken in (b"", b"x", signature[:-1], signature + b"\0", bytes(len(signature))):
        assert not key.public.verify(DATA, broken)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_verifies_our_signatures(algorithm: Any, tmp_path: Path) -> None:
    key = generate(algorithm)
    for name, data in (("pub", key.public.pem()), ("sig", key.sign(DATA)), ("data", DATA)):
        (tmp_path / name).write_bytes(data)
    check = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        str(tmp_path / "pub"),
        "-rawin",
        "-in",
        str(tmp_path / "data"),
    ]

    good = openssl(*check, "-sigfile", str(tmp_path / "sig"), *OPTIONS[algorithm])
    (tmp_path / "data").write_bytes(DATA + b"!")
    bad = openssl(*check, "-sigfile", str(tmp_path / "sig"), *OPTIONS[algorithm])

    assert "Signature Verified Successfully" in good.stdout, good.stderr
    assert bad.returncode != 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_and_signatures_of_openssl_are_accepted(algorithm: Any, tmp_path: Path) -> None:
    key, public, data, signature = (str(tmp_path / name) for name in ("key", "pub", "data", "sig"))
    Path(data).write_bytes(DATA)
    openssl("genpkey", "-algorithm", "SM2" if algorithm == "sm2" else "ED25519", "-out", key)
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    done = openssl(
        "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", data, "-out", signature, *OPTIONS[algorithm]
    )
    assert done.returncode == 0, done.stderr

    ours = read_public(Path(public).read_bytes())

    assert ours.algorithm == algorithm
    assert ours.verify(DATA, Path(signature).read_bytes())
    assert read_private(Path(key).read_bytes()).public == ours


def test_sm3_is_the_standards_own_example() -> None:
    digest = hashes.Hash(hashes.SM3())  # GB/T 32905-2016, example 1
    digest.update(b"abc")

    assert digest.finalize().hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
        b"\x30\x80" * 4000,
        b"x" * 70000,
    ],
)
def test_what_is_no_key_is_refused(data: bytes) -> None:
    for read in (read_private, read_public):
        with pytest.raises(PackError, match="密钥"):
            read(data)


def test_a_point_off_the_curve_is_no_key() -> None:
    with pytest.raises(PackError):
        read_public(PublicKey("sm2", b"\x01" * 64).pem())


def test_keys_of_other_kinds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ec"
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(path))

    with pytest.raises(PackError):
        read_private(path.read_bytes())

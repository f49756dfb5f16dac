"""Signatures over evidence: Ed25519 (RFC 8032) and SM2 with SM3 (GB/T 32918.2, GB/T 32905; signer id of GB/T 35276).

Keys are PEM files as OpenSSL writes them (PKCS #8 and SubjectPublicKeyInfo), so that both sides can use it instead.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from asn1crypto import keys, pem
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from scanner.errors import PackError
from scanner.model import Text

Algorithm = Literal["ed25519", "sm2"]
SM2_CURVE = "1.2.156.10197.1.301"
MAX_KEY = 1 << 16
keys.NamedCurve.register("sm2p256v1", SM2_CURVE, 32)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies: ``raw`` is 32 bytes (Ed25519) or the point's 64 bytes (SM2)."""

    algorithm: Algorithm
    raw: bytes

    @property
    def id(self) -> str:
        """Hex sha256 of the SubjectPublicKeyInfo (DER): what a person compares."""
        return hashlib.sha256(self._info().dump()).hexdigest()

    def pem(self) -> bytes:
        """Return the key as PEM."""
        found: bytes = pem.armor("PUBLIC KEY", self._info().dump())
        return found

    def _info(self) -> Any:
        if self.algorithm == "ed25519":
            algorithm = {"algorithm": "ed25519"}
            return keys.PublicKeyInfo({"algorithm": algorithm, "public_key": self.raw})
        parameters = keys.ECDomainParameters(name="named", value="sm2p256v1")
        algorithm = {"algorithm": "ec", "parameters": parameters}
        return keys.PublicKeyInfo(
            {"algorithm": algorithm, "public_key": keys.ECPointBitString(b"\x04" + self.raw)}
        )

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether ``signature`` (64 bytes for Ed25519, DER for SM2) is this key's over ``data``."""
        if self.algorithm == "ed25519":
            try:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
            except InvalidSignature:
                return False
            return True
        gm = _sm2()
        with _quiet():
            try:
                return bool(gm.sm2_verify(self.raw, data, signature))
            except gm.GmsslInnerError:
                return False


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs; ``raw`` is the 32-byte seed (Ed25519) or scalar (SM2)."""

    public: PublicKey
    raw: bytes

    def sign(self, data: bytes) -> bytes:
        """Return the signature over ``data``: 64 bytes for Ed25519, DER for SM2."""
        if self.public.algorithm == "ed25519":
            return Ed25519PrivateKey.from_private_bytes(self.raw).sign(data)
        signature: bytes = _sm2().sm2_sign(self.raw, self.public.raw, data)
        return signature

    def pem(self) -> bytes:
        """Return the key as unencrypted PKCS #8 PEM."""
        if self.public.algorithm == "ed25519":
            return Ed25519PrivateKey.from_private_bytes(self.raw).private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        inner = keys.ECPrivateKey(
            {
                "version": 1,
                "private_key": int.from_bytes(self.raw, "big"),
                "public_key": keys.ECPointBitString(b"\x04" + self.public.raw),
            }
        )
        inner["private_key"].set_encoded_width(32)
        parameters = keys.ECDomainParameters(name="named", value="sm2p256v1")
        info = keys.PrivateKeyInfo(
            {
                "version": 0,
                "private_key_algorithm": {"algorithm": "ec", "parameters": parameters},
                "private_key": inner,
            }
        )
        found: bytes = pem.armor("PRIVATE KEY", info.dump())
        return found


def generate(algorithm: Algorithm) -> PrivateKey:
    """Return a new key pair."""
    if algorithm == "ed25519":
        return _ed25519(Ed25519PrivateKey.generate().private_bytes_raw())
    public, private = _sm2().sm2_key_generate()
    return PrivateKey(PublicKey("sm2", public), private)


def _ed25519(seed: bytes) -> PrivateKey:
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return PrivateKey(PublicKey("ed25519", public), seed)


def read_private(data: bytes) -> PrivateKey:
    """Return the private key in ``data`` (PEM or DER PKCS #8, unencrypted); raises PackError for anything else."""
    try:
        info = keys.PrivateKeyInfo.load(_der(data, "PRIVATE KEY"), strict=True)
        name = info["private_key_algorithm"]["algorithm"].native
        if name == "ed25519":
            return _ed25519(info["private_key"].parsed.native)
        if name == "ec" and info["private_key_algorithm"]["parameters"].native == "sm2p256v1":
            inner = info["private_key"].parsed
            raw = inner["private_key"].native.to_bytes(32, "big")
            point = inner["public_key"].native
            if point is not None and len(point) == 65 and point[0] == 4:
                return PrivateKey(PublicKey("sm2", _on_curve(point[1:])), raw)
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        raise _key_error() from error
    raise _key_error()


def read_public(data: bytes) -> PublicKey:
    """Return the public key in ``data`` (PEM or DER SubjectPublicKeyInfo); raises PackError for anything else."""
    try:
        info = keys.PublicKeyInfo.load(_der(data, "PUBLIC KEY"), strict=True)
        name = info["algorithm"]["algorithm"].native
        if name == "ed25519":
            raw = info["public_key"].native
            raw = raw if isinstance(raw, bytes) else bytes(info["public_key"])
            return PublicKey("ed25519", Ed25519PublicKey.from_public_bytes(raw).public_bytes_raw())
        if name == "ec" and info["algorithm"]["parameters"].native == "sm2p256v1":
            point = info["public_key"].native
            if len(point) == 65 and point[0] == 4:
                return PublicKey("sm2", _on_curve(point[1:]))
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        raise _key_error() from error
    raise _key_error()


P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93


def _on_curve(raw: bytes) -> bytes:
    """Return the point if it lies on the SM2 curve y² = x³ − 3x + b (GB/T 32918.5); raises ValueError."""
    x, y = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    if not (x < P and y < P and (y * y - (x * x * x - 3 * x + B)) % P == 0):
        raise ValueError("not a point of the SM2 curve")
    return raw


def _der(data: bytes, label: str) -> bytes:
    if len(data) > MAX_KEY:
        raise ValueError("too large")
    if not pem.detect(data):
        return data
    for name, _, der in pem.unarmor(data, multiple=True):
        if name == label:
            return bytes(der)
    raise ValueError(f"no {label}")


def _key_error() -> PackError:
    return PackError(
        "key-invalid",
        Text(
            zh="不是可用的密钥文件：需要 Ed25519 或 SM2 的 PEM（私钥为未加密的 PKCS #8），可用 guijian keygen 生成",
            en="no usable key file: PEM of Ed25519 or SM2 is needed (private keys as unencrypted PKCS #8); guijian keygen "
            "makes one",
        ),
    )


def _sm2() -> Any:
    """Return the library for SM2: compiled, without types, and loaded for SM2 only."""
    try:
        return import_module("gmssl_pyx")
    except ImportError as error:
        raise PackError(
            "sm2-missing",
            Text(zh="SM2 需要安装 gmssl-pyx", en="SM2 needs the package gmssl-pyx"),
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the C library's own trace of a failed verification out of standard error."""
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # no standard error at all
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)

"""Signing certificates as facts: key, dates, whether anybody can sign with the key, whether it is weak."""

from __future__ import annotations

import hashlib
import warnings

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from scanner.facts import Certificate
from scanner.model import Evidence, FileLocator, Text

# Certificates of the platform's public test keys (AOSP build/target/product/security): anybody can sign with them.
AOSP_TEST_KEYS = frozenset(
    {
        "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc",
        "c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8",
        "28bbfe4a7b97e74681dc55c2fbb6ccb8d6c74963733f6af6ae74d8c3a6e879fd",
        "465983f7791f2abeb43ea2cbdc7f21a8260b72bc08a55c839fc1a43bc741a81e",
    }
)
# What names a certificate as one for development: the name the tools give it, or that its private key is published.
_BY_NAME = Text(
    zh="持有者是开发工具生成调试证书时所用的名称",
    en="its subject is the name that development tools give a debug certificate",
)
_PUBLISHED = Text(
    zh="与 Android 源代码公开的测试证书相同，其私钥随源代码公开",
    en="the same as a test certificate of the Android sources, whose private key is published with them",
)
_LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}
_WEAK_HASHES = frozenset({"md2", "md4", "md5"})


def describe_certificate(raw: bytes) -> Certificate:
    """Return the facts of a DER certificate; raises ValueError or InvalidVersion (x509) when it is none.

    Weak is a key below 2048 bits (RSA, DSA) or 224 bits (elliptic curve), or a signature over an MD hash.  SHA-1 in
    the certificate's own signature is not counted: Android pins the certificate and never checks who issued it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # country codes that are no country codes are common
        certificate = x509.load_der_x509_certificate(raw)
        subject, issuer = _name(certificate.subject), _name(certificate.issuer)
        serial = certificate.serial_number
    digest = hashlib.sha256(raw).hexdigest()
    algorithm, bits = _key(certificate)
    weak = _weakness(algorithm, bits, _hash_name(certificate))
    note = Text(
        zh=f"{algorithm} 密钥{f' {bits} 位' if bits else '，长度不详'}；证书 SHA-256 {digest}",
        en=f"{algorithm} key, {f'{bits} bits' if bits else 'length unknown'}; SHA-256 of the certificate {digest}",
    )
    told = _PUBLISHED if digest in AOSP_TEST_KEYS else _BY_NAME if "CN=Android Debug" in subject else None
    for more in (told, weak):
        if more is not None:
            note = Text(zh=f"{note.zh}；{more.zh}", en=f"{note.en}; {more.en}")
    place = FileLocator(path="APK Signing Block / META-INF")
    return Certificate(
        sha256=digest,
        subject=subject,
        issuer=issuer,
        serial=f"{serial:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key_algorithm=algorithm,
        key_bits=bits,
        signature_algorithm=f"{certificate.signature_algorithm_oid.dotted_string} ({_hash_name(certificate)})",
        self_signed=subject == issuer,
        debug=told is not None,
        weak=weak is not None,
        weak_reason=weak,
        evidence=(Evidence(artifact="base.apk", locator=place, excerpt=subject, note=note),),
    )


def _name(name: x509.Name) -> str:
    """Return a distinguished name, its parts in the order of the certificate reversed (RFC 4514)."""
    return name.rfc4514_string()


def _hash_name(certificate: x509.Certificate) -> str:
    try:
        kind = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    return kind.name if kind is not None else "unknown"


def _key(certificate: x509.Certificate) -> tuple[str, int | None]:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):  # a curve or algorithm the library does not know
        return "unknown", None
    for kind, name in (
        (rsa.RSAPublicKey, "RSA"),
        (dsa.DSAPublicKey, "DSA"),
        (ec.EllipticCurvePublicKey, "EC"),
    ):
        if isinstance(key, kind):
            return name, key.key_size
    return type(key).__name__, None


def _weakness(algorithm: str, bits: int | None, hash_name: str) -> Text | None:
    if bits is not None and bits < _LEAST_BITS.get(algorithm, 0):
        return Text(zh=f"{algorithm} 密钥仅 {bits} 位", en=f"{algorithm} key of only {bits} bits")
    if hash_name in _WEAK_HASHES:
        name = hash_name.upper()
        return Text(zh=f"证书以 {name} 签名", en=f"certificate signed over {name}")
    return None

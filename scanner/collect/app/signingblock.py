"""APK Signing Block: finding it, and verifying schemes v2, v3 and v3.1.

Sources: "APK Signature Scheme" v2, v3 and v3.1 of the Android documentation.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from scanner.collect.app.archive import Archive
from scanner.collect.app.contentdigest import ContentDigests, DigestKind

MAGIC = b"APK Sig Block 42"
V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
STRIPPING, LINEAGE = 0xBEEFF00D, 0x3BA06F8C
SIGNATURE_FILE = re.compile(r"META-INF/[^/]+\.(RSA|DSA|EC)", re.IGNORECASE)
MAX_BLOCK, MAX_SIGNERS, MAX_LINEAGE, MAX_PAIRS = 64 << 20, 10, 64, 1000
_PSS = {0x0101: hashes.SHA256(), 0x0102: hashes.SHA512()}
_RSA = {0x0103: hashes.SHA256(), 0x0104: hashes.SHA512(), 0x0421: hashes.SHA256()}
_EC = {0x0201: hashes.SHA256(), 0x0202: hashes.SHA512(), 0x0423: hashes.SHA256()}
_DSA = {0x0301: hashes.SHA256(), 0x0425: hashes.SHA256()}
_WIDE = frozenset({0x0102, 0x0104, 0x0202})
_VERITY = frozenset({0x0421, 0x0423, 0x0425})
MALFORMED = (ValueError, struct.error, IndexError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)


class SigningError(ValueError):
    """A signing block or signature is malformed or wrong; the message says what."""


@dataclass(frozen=True, slots=True)
class Block:
    """The signing block: where it starts, and its values by id (the first of each)."""

    start: int
    pairs: dict[int, bytes]


@dataclass(frozen=True, slots=True)
class SchemeResult:
    """Outcome for one scheme; ``verified`` None = could not be checked.

    ``certificates`` (DER) one per signer; ``lineage`` the earlier certificates of a rotated key, oldest first;
    ``content`` the content digests its signers vouch for, by algorithm id; ``min_sdk`` the lowest level served.
    """

    verified: bool | None
    problem: str | None
    certificates: tuple[bytes, ...] = ()
    lineage: tuple[bytes, ...] = ()
    content: tuple[bytes, ...] = ()
    min_sdk: int = 0


def find_block(archive: Archive) -> Block | None:
    """Return the signing block in front of the central directory, None without one; raises SigningError."""
    central, data = archive.central_start, archive.data
    if central < 32 or data[central - 16 : central] != MAGIC:
        return None
    (size,) = struct.unpack_from("<Q", data, central - 24)
    start = central - size - 8
    if size < 24 or size > MAX_BLOCK or start < 0:
        raise SigningError("signing block size is impossible")
    if struct.unpack_from("<Q", data, start)[0] != size:
        raise SigningError("the two sizes of the signing block differ")
    pairs: dict[int, bytes] = {}
    place, end = start + 8, central - 24
    while place + 12 <= end and len(pairs) < MAX_PAIRS:
        length, key = struct.unpack_from("<QI", data, place)
        if length < 4 or place + 8 + length > end:
            raise SigningError("signing block entry is cut")
        pairs.setdefault(key, bytes(data[place + 12 : place + 8 + length]))
        place += 8 + length
    return Block(start, pairs)


def verify_scheme(block: Block, scheme: int, digests: ContentDigests) -> SchemeResult:
    """Verify all signers of a v2, v3 or v3.1 value of the block."""
    certificates: list[bytes] = []
    lineage: tuple[bytes, ...] = ()
    content: list[bytes] = []
    min_sdk = 0
    unchecked = None
    try:
        signers, _ = prefixed(block.pairs[scheme])
        for number, signer in enumerate(_sequence(signers)):
            if number >= MAX_SIGNERS:
                raise SigningError(f"more than {MAX_SIGNERS} signers")
            parts = _split_signer(signer, with_range=scheme != V2)
            certificates.append(parts.certificates[0])
            min_sdk = parts.min_sdk if number == 0 else min(min_sdk, parts.min_sdk)
            if not _verify_signer(parts, digests):
                unchecked = "only signature algorithms that are not checked here"
            content.extend(parts.digests.values())
            lineage = _check_attributes(block, scheme, parts) or lineage
        if not certificates:
            raise SigningError("no signer")
    except InvalidSignature:
        return SchemeResult(False, "signature does not verify", tuple(certificates))
    except MALFORMED as error:
        return SchemeResult(False, f"{error}"[:300] or "malformed", tuple(certificates))
    verified = None if unchecked else True
    return SchemeResult(verified, unchecked, tuple(certificates), lineage, tuple(content), min_sdk)


# --- one signer -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Signer:
    signed: bytes
    signatures: dict[int, bytes]
    public_key: bytes
    digests: dict[int, bytes]
    certificates: tuple[bytes, ...]
    attributes: dict[int, bytes]
    min_sdk: int


def prefixed(data: bytes, place: int = 0) -> tuple[bytes, int]:
    """Return a length-prefixed value and where the next one starts; raises SigningError when it does not fit."""
    (length,) = struct.unpack_from("<I", data, place)
    if place + 4 + length > len(data):
        raise SigningError("a length points past the end")
    return data[place + 4 : place + 4 + length], place + 4 + length


def _sequence(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        value, place = prefixed(data, place)
        yield value


def _by_id(data: bytes) -> dict[int, bytes]:
    return {struct.unpack_from("<I", item)[0]: prefixed(item, 4)[0] for item in _sequence(data)}


def _split_signer(signer: bytes, *, with_range: bool) -> _Signer:
    signed, place = prefixed(signer)
    outer = inner = (0, 0)
    if with_range:
        outer = struct.unpack_from("<II", signer, place)
        place += 8
    signatures, place = prefixed(signer, place)
    public_key, _ = prefixed(signer, place)
    listed, place = prefixed(signed)
    chain, place = prefixed(signed, place)
    if with_range:
        inner = struct.unpack_from("<II", signed, place)
        place += 8
    if outer != inner:
        raise SigningError("the API levels inside and outside the signed data differ")
    attributes, _ = prefixed(signed, place)
    certificates = tuple(_sequence(chain))
    if not certificates:
        raise SigningError("no certificate")
    return _Signer(
        signed,
        _by_id(signatures),
        public_key,
        _by_id(listed),
        certificates,
        {struct.unpack_from("<I", item)[0]: item[4:] for item in _sequence(attributes)},
        inner[0],
    )


def _verify_signer(signer: _Signer, digests: ContentDigests) -> bool:
    """Check signatures and content digests; return False when no algorithm is one that can be checked."""
    checked = False
    if signer.signatures.keys() != signer.digests.keys():
        raise SigningError("signatures and digests name different algorithms")
    for algorithm, value in signer.signatures.items():
        if not check_signature(algorithm, signer.public_key, value, signer.signed):
            continue
        if digests.digest(_digest_kind(algorithm)) != signer.digests[algorithm]:
            raise SigningError("content digest differs: the package was changed after signing")
        checked = True
    if not checked:
        return False
    if public_key_of(signer.certificates[0]) != signer.public_key:
        raise SigningError("the public key is not the certificate's")
    return True


def _digest_kind(algorithm: int) -> DigestKind:
    if algorithm in _VERITY:
        return DigestKind.VERITY
    return DigestKind.SHA512 if algorithm in _WIDE else DigestKind.SHA256


def public_key_of(certificate: bytes) -> bytes:
    """Return the encoded public key (SubjectPublicKeyInfo) of a DER certificate."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def check_signature(algorithm: int, public_key: bytes, value: bytes, signed: bytes) -> bool:
    """Verify one signature; return False for an algorithm not known here; raises InvalidSignature."""
    key = load_der_public_key(public_key)
    if algorithm in _PSS and isinstance(key, rsa.RSAPublicKey):
        kind = _PSS[algorithm]
        key.verify(value, signed, padding.PSS(padding.MGF1(kind), kind.digest_size), kind)
    elif algorithm in _RSA and isinstance(key, rsa.RSAPublicKey):
        key.verify(value, signed, padding.PKCS1v15(), _RSA[algorithm])
    elif algorithm in _EC and isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(value, signed, ec.ECDSA(_EC[algorithm]))
    elif algorithm in _DSA and isinstance(key, dsa.DSAPublicKey):
        key.verify(value, signed, _DSA[algorithm])
    else:
        return False
    return True


# --- attributes: stripping protection and key rotation --------------------------------------------------


def _check_attributes(block: Block, scheme: int, signer: _Signer) -> tuple[bytes, ...]:
    """Check what the signed attributes demand; return the lineage of a rotated key, without the current one."""
    stripped = signer.attributes.get(STRIPPING)
    if (
        scheme == V2
        and stripped is not None
        and struct.unpack_from("<I", stripped)[0] == 3
        and V3 not in block.pairs
    ):
        raise SigningError("v2 says the package is also signed with v3, but that signature is gone")
    raw = signer.attributes.get(LINEAGE)
    if scheme == V2 or raw is None:
        return ()
    nodes = _verify_lineage(raw)
    if nodes[-1] != signer.certificates[0]:
        raise SigningError("the key history does not end with the signing certificate")
    return nodes[:-1]


def _verify_lineage(raw: bytes) -> tuple[bytes, ...]:
    """Check that each certificate of a key history is signed by the one before; return all, oldest first."""
    if struct.unpack_from("<I", raw)[0] != 1:
        raise SigningError("unknown version of the key history")
    found: list[bytes] = []
    algorithm = 0
    for node in _sequence(raw[4:]):
        if len(found) >= MAX_LINEAGE:
            raise SigningError("the key history is too long")
        signed, place = prefixed(node)
        _, following = struct.unpack_from("<II", node, place)
        signature, _ = prefixed(node, place + 8)
        certificate, after = prefixed(signed)
        (stated,) = struct.unpack_from("<I", signed, after)
        if found and stated != algorithm:
            raise SigningError("the key history contradicts itself about an algorithm")
        if found and not check_signature(algorithm, public_key_of(found[-1]), signature, signed):
            raise SigningError("the key history uses an unknown algorithm")
        found.append(certificate)
        algorithm = following
    if not found:
        raise SigningError("the key history is empty")
    return tuple(found)

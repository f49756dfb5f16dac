"""APK signatures: which schemes are present, whether they verify, and the certificates.

Sources: "APK Signature Scheme" v2, v3 and v3.1, v4 and JAR signing of the Android documentation.  Content digests are
taken over 1 MiB chunks of the three parts of the file, as v2 and v3 prescribe.
"""

from __future__ import annotations

import hashlib
import re
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from scanner.collect.app.archive import CHUNK, Archive
from scanner.facts import Certificate, SchemeState, Signing
from scanner.model import Evidence, FileLocator, Text

MAGIC = b"APK Sig Block 42"
V2, V3, V31 = 0x7109871A, 0xF05368C0, 0x1B93AD61
MAX_BLOCK = 64 << 20
MAX_SIGNERS = 10
SIGNATURE_FILE = re.compile(r"META-INF/[^/]+\.(RSA|DSA|EC)", re.IGNORECASE)
_PSS = {0x0101: hashes.SHA256(), 0x0102: hashes.SHA512()}
_RSA = {0x0103: hashes.SHA256(), 0x0104: hashes.SHA512(), 0x0421: hashes.SHA256()}
_EC = {0x0201: hashes.SHA256(), 0x0202: hashes.SHA512(), 0x0423: hashes.SHA256()}
_DSA = {0x0301: hashes.SHA256(), 0x0425: hashes.SHA256()}
_WIDE = frozenset({0x0102, 0x0104, 0x0202})
_VERITY = frozenset({0x0421, 0x0423, 0x0425})
# Certificates of the platform's public test keys (AOSP build/target/product/security): anybody can sign with them.
AOSP_TEST_KEYS = frozenset(
    {
        "a40da80a59d170caa950cf15c18c454d47a39b26989d8b640ecd745ba71bf5dc",
        "c8a2e9bccf597c2fb6dc66bee293fc13f2fc47ec77bc6b2b0d52c11f51192ab8",
        "28bbfe4a7b97e74681dc55c2fbb6ccb8d6c74963733f6af6ae74d8c3a6e879fd",
        "465983f7791f2abeb43ea2cbdc7f21a8260b72bc08a55c839fc1a43bc741a81e",
    }
)


class SigningError(ValueError):
    """A signing block or signature is malformed."""


@dataclass(slots=True)
class JarSignature:
    """Result of the v1 check; ``verified`` is None when it could not be decided."""

    present: bool
    verified: bool | None = None
    problem: str | None = None
    certificates: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class _Block:
    start: int
    pairs: dict[int, bytes]


def read_signing(archive: Archive) -> Signing:
    """Return the signing facts of the package; unreadable parts are named in the scheme's ``problem``."""
    states: list[SchemeState] = []
    certificates: list[bytes] = []
    jar = _jar(archive)
    block: _Block | None = None
    problem: str | None = None
    try:
        block = _find_block(archive)
    except (SigningError, struct.error) as error:
        problem = str(error)
    digests = _ContentDigests(archive, block.start if block else archive.central_start)
    for scheme, key in (("v2", V2), ("v3", V3), ("v3.1", V31)):
        if block is None or key not in block.pairs:
            states.append(
                SchemeState.model_validate({"scheme": scheme, "present": False, "problem": problem})
            )
            continue
        try:
            found = _verify(block.pairs[key], digests, has_sdk_range=key != V2)
            states.append(SchemeState.model_validate({"scheme": scheme, "present": True, "verified": True}))
            certificates.extend(found)
        except _UncheckedError as error:
            certificates.extend(error.certificates)
            states.append(
                SchemeState.model_validate({"scheme": scheme, "present": True, "problem": str(error)})
            )
        except (SigningError, InvalidSignature, ValueError, struct.error, IndexError, TypeError) as error:
            text = str(error) or "signature does not verify"
            states.append(
                SchemeState.model_validate(
                    {"scheme": scheme, "present": True, "verified": False, "problem": text}
                )
            )
    first = SchemeState(scheme="v1", present=jar.present, verified=jar.verified, problem=jar.problem)
    sidecar = archive.path.with_name(archive.path.name + ".idsig").is_file()
    states = [first, *states, SchemeState(scheme="v4", present=sidecar)]
    certificates = certificates or jar.certificates
    return _summary(states, list(dict.fromkeys(certificates)))


def _jar(archive: Archive) -> JarSignature:
    """Check the v1 signature; the ASN.1 library loads only when there is one."""
    if not any(SIGNATURE_FILE.fullmatch(name) for name in archive.entries):
        return JarSignature(present=False)
    from scanner.collect.app.jarsign import verify_jar  # noqa: PLC0415

    return verify_jar(archive)


def _summary(states: list[SchemeState], certificates: list[bytes]) -> Signing:
    present = [s for s in states if s.present and s.scheme != "v4"]
    checked = [s.verified for s in present if s.verified is not None]
    strongest = present[-1] if present else None
    verified = (
        None if strongest is None or not checked else (False if False in checked else strongest.verified)
    )
    facts = tuple(describe_certificate(raw) for raw in certificates)
    evidence = Evidence(
        artifact="base.apk",
        locator=FileLocator(path="APK Signing Block"),
        excerpt="; ".join(f"{s.scheme}: {'present' if s.present else 'absent'}" for s in states),
    )
    return Signing(
        signed=bool(present),
        verified=verified,
        v1_only=bool(present) and all(s.scheme == "v1" for s in present),
        schemes=tuple(states),
        certificates=facts,
        evidence=(evidence,),
    )


# --- signing block --------------------------------------------------------------------------------------


def _find_block(archive: Archive) -> _Block | None:
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
    while place + 12 <= end:
        length, key = struct.unpack_from("<QI", data, place)
        if length < 4 or place + 8 + length > end:
            raise SigningError("signing block entry is cut")
        pairs.setdefault(key, data[place + 12 : place + 8 + length])
        place += 8 + length
    return _Block(start, pairs)


def _prefixed(data: bytes, place: int = 0) -> tuple[bytes, int]:
    """Return a length-prefixed value and where the next one starts."""
    (length,) = struct.unpack_from("<I", data, place)
    if place + 4 + length > len(data):
        raise SigningError("a length points past the end")
    return data[place + 4 : place + 4 + length], place + 4 + length


def _sequence(data: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(data):
        value, place = _prefixed(data, place)
        yield value


class _UncheckedError(Exception):
    """The signature is of a kind this tool does not check."""

    def __init__(self, reason: str, certificates: list[bytes]) -> None:
        super().__init__(reason)
        self.certificates = certificates


def _verify(scheme: bytes, digests: _ContentDigests, *, has_sdk_range: bool) -> list[bytes]:
    """Verify all signers of a v2 or v3 block; return their certificates (DER)."""
    signers, _ = _prefixed(scheme)
    found: list[bytes] = []
    for number, signer in enumerate(_sequence(signers)):
        if number >= MAX_SIGNERS:
            raise SigningError(f"more than {MAX_SIGNERS} signers")
        found.append(_verify_signer(signer, digests, has_sdk_range=has_sdk_range))
    if not found:
        raise SigningError("no signer")
    return found


def _verify_signer(signer: bytes, digests: _ContentDigests, *, has_sdk_range: bool) -> bytes:
    signed, place = _prefixed(signer)
    place += 8 if has_sdk_range else 0
    signatures, place = _prefixed(signer, place)
    public_key, _ = _prefixed(signer, place)
    listed, place = _prefixed(signed)
    chain, _ = _prefixed(signed, place)
    certificates = list(_sequence(chain))
    if not certificates:
        raise SigningError("no certificate")
    checked = False
    stated = {struct.unpack_from("<I", d)[0]: _prefixed(d, 4)[0] for d in _sequence(listed)}
    for signature in _sequence(signatures):
        (algorithm,) = struct.unpack_from("<I", signature)
        value, _ = _prefixed(signature, 4)
        if not _check_signature(algorithm, public_key, value, signed):
            continue
        if algorithm in _VERITY:
            continue
        if algorithm not in stated:
            raise SigningError("signed content has no digest for its signature")
        if digests.digest(wide=algorithm in _WIDE) != stated[algorithm]:
            raise SigningError("content digest differs: the package was changed after signing")
        checked = True
    if not checked:
        raise _UncheckedError("only signature algorithms that are not checked here", certificates[:1])
    spki = x509.load_der_x509_certificate(certificates[0]).public_key()
    if _encoded(spki) != public_key:
        raise SigningError("the public key is not the certificate's")
    return certificates[0]


def _encoded(key: object) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    encode = key.public_bytes  # type: ignore[attr-defined]
    encoded: bytes = encode(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return encoded


def _check_signature(algorithm: int, public_key: bytes, value: bytes, signed: bytes) -> bool:
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


class _ContentDigests:
    """The chunked digest of the file without its signing block, computed at most once per hash."""

    def __init__(self, archive: Archive, block_start: int) -> None:
        self._archive = archive
        self._start = block_start
        self._known: dict[bool, bytes] = {}

    def digest(self, *, wide: bool) -> bytes:
        """Return the SHA-256 (or SHA-512 when ``wide``) content digest."""
        if wide not in self._known:
            self._known[wide] = self._compute("sha512" if wide else "sha256")
        return self._known[wide]

    def _compute(self, name: str) -> bytes:
        data, central, end = self._archive.data, self._archive.central_start, self._archive.end_record
        view = memoryview(data)
        try:
            record = bytearray(view[end:])
            struct.pack_into("<I", record, 16, self._start)
            parts = (view[: self._start], view[central:end], memoryview(bytes(record)))
            chunks = [
                hashlib.new(name, b"\xa5" + struct.pack("<I", len(piece)) + piece).digest()
                for part in parts
                for piece in (bytes(part[i : i + CHUNK]) for i in range(0, len(part), CHUNK))
            ]
            del parts
        finally:
            view.release()
        return hashlib.new(name, b"\x5a" + struct.pack("<I", len(chunks)) + b"".join(chunks)).digest()


# --- certificates ---------------------------------------------------------------------------------------


def describe_certificate(raw: bytes) -> Certificate:
    """Return the facts of a DER certificate: key, dates, whether it is a debug or test key, whether it is weak."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # country codes that are no country codes are common
        certificate = x509.load_der_x509_certificate(raw)
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    digest = hashlib.sha256(raw).hexdigest()
    algorithm, bits, weak = _strength(certificate)
    debug = "CN=Android Debug" in subject or digest in AOSP_TEST_KEYS
    excerpt = f"{subject}; {algorithm} {bits or '?'} bit; sha256 {digest}"
    return Certificate(
        sha256=digest,
        subject=subject,
        issuer=issuer,
        serial=f"{certificate.serial_number:x}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key_algorithm=algorithm,
        key_bits=bits,
        signature_algorithm=_algorithm_name(certificate),
        self_signed=subject == issuer,
        debug=debug,
        weak=weak is not None,
        weak_reason=weak,
        evidence=(
            Evidence(
                artifact="base.apk", locator=FileLocator(path="APK Signing Block / META-INF"), excerpt=excerpt
            ),
        ),
    )


def _algorithm_name(certificate: x509.Certificate) -> str:
    kind = certificate.signature_hash_algorithm
    return f"{certificate.signature_algorithm_oid.dotted_string} ({kind.name if kind is not None else 'unknown'})"


def _strength(certificate: x509.Certificate) -> tuple[str, int | None, Text | None]:
    try:
        key = certificate.public_key()
    except ValueError:
        return "unknown", None, None
    if isinstance(key, rsa.RSAPublicKey):
        weak = Text(zh=f"RSA 密钥仅 {key.key_size} 位", en=f"RSA key of only {key.key_size} bits")
        return "RSA", key.key_size, weak if key.key_size < 2048 else None
    if isinstance(key, dsa.DSAPublicKey):
        weak = Text(zh=f"DSA 密钥 {key.key_size} 位", en=f"DSA key of {key.key_size} bits")
        return "DSA", key.key_size, weak if key.key_size < 2048 else None
    if isinstance(key, ec.EllipticCurvePublicKey):
        weak = Text(zh=f"椭圆曲线密钥仅 {key.key_size} 位", en=f"EC key of only {key.key_size} bits")
        return "EC", key.key_size, weak if key.key_size < 224 else None
    return type(key).__name__, None, None

"""JAR signing (v1): META-INF manifest, signature file and PKCS#7 block.

Source: the JAR file specification, "Signed JAR File", RFC 5652, and the Android documentation of v2 for the
protection against stripping.  Entry digests are checked up to a total size.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from itertools import chain

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.signingblock import (
    MALFORMED,
    MAX_SIGNERS,
    SIGNATURE_FILE,
    SchemeResult,
    SigningError,
)

MANIFEST = "META-INF/MANIFEST.MF"
MAX_META = 32 << 20
# As many as a package may have files.
MAX_SECTIONS = 200_000
MAX_CONTENT = 1 << 30
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - old packages are signed with it
    "sha1": hashes.SHA1(),  # noqa: S303 - as above
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
# Attribute names in manifests, strongest first.
_DIGESTS = {
    "SHA-512": "sha512",
    "SHA-384": "sha384",
    "SHA-256": "sha256",
    "SHA1": "sha1",
    "SHA-1": "sha1",
    "MD5": "md5",
}


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a JAR manifest: its bytes as they are digested, and its headers."""

    raw: bytes
    headers: dict[str, str]


class _UndecidedError(Exception):
    """The check could not be completed within limits."""


def verify_jar(archive: Archive, announced: dict[str, bool]) -> SchemeResult:
    """Check the package's v1 signature.

    ``announced`` says of each newer scheme a signature file may name ("2", "3") whether the package has it: one that
    is named and missing was stripped, and platforms that know it refuse the package.
    """
    certificates: list[bytes] = []
    try:
        blocks = [name for name in archive.entries if SIGNATURE_FILE.fullmatch(name)]
        if len(blocks) > MAX_SIGNERS:
            raise SigningError(f"more than {MAX_SIGNERS} signers")
        raw = archive.read(MANIFEST, MAX_META)
        sections = _sections(raw)
        signed: set[str] | None = None
        for block in blocks:
            certificate, file = _verify_block(archive, block)
            certificates.append(certificate)
            _check_stripping(file, announced)
            names = _covered(file, raw, sections)
            signed = names if signed is None else signed & names
        problem = _verify_entries(archive, sections, signed or set())
        return SchemeResult(problem is None, problem, tuple(certificates))
    except EntryError as error:
        verified = None if error.code == "too-large" else False
        return SchemeResult(verified, f"{error.name}: {error.code}", tuple(certificates))
    except _UndecidedError as error:
        return SchemeResult(None, str(error), tuple(certificates))
    except InvalidSignature:
        return SchemeResult(False, "signature does not verify", tuple(certificates))
    except (*MALFORMED, KeyError, AttributeError) as error:
        return SchemeResult(False, f"malformed signature: {error}"[:300], tuple(certificates))


# --- signature block ------------------------------------------------------------------------------------


def _verify_block(archive: Archive, block: str) -> tuple[bytes, bytes]:
    """Verify one signer's block over its signature file; return the certificate and the signature file."""
    stem = block.rpartition(".")[0].upper()
    name = next((n for n in archive.entries if n.upper() == f"{stem}.SF"), None)
    if name is None:
        raise SigningError(f"{block} has no signature file")
    file = archive.read(name, MAX_META)
    content = cms.ContentInfo.load(archive.read(block, MAX_META))
    signed = content["content"]
    signer = signed["signer_infos"][0]
    certificate = _signer_certificate(signed, signer)
    message = file
    digest_name = signer["digest_algorithm"]["algorithm"].native
    if signer["signed_attrs"].native:
        stated = next(
            a["values"][0].native for a in signer["signed_attrs"] if a["type"].native == "message_digest"
        )
        if hashlib.new(digest_name, file).digest() != stated:
            raise InvalidSignature
        message = signer["signed_attrs"].untag().dump()
    _verify_signature(certificate, signer["signature"].native, message, digest_name)
    return certificate, file


def _signer_certificate(signed: cms.SignedData, signer: cms.SignerInfo) -> bytes:
    choices = [c.chosen for c in signed["certificates"] if isinstance(c.chosen, asn1_x509.Certificate)]
    serial = getattr(signer["sid"].chosen, "native", {})
    number = serial.get("serial_number") if isinstance(serial, dict) else None
    chosen = next((c for c in choices if c.serial_number == number), choices[0])
    raw: bytes = chosen.dump()
    return raw


def _verify_signature(raw: bytes, signature: bytes, message: bytes, digest_name: str) -> None:
    key = x509.load_der_x509_certificate(raw).public_key()
    kind = _HASHES[digest_name]
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), kind)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(kind))
    elif isinstance(key, dsa.DSAPublicKey):
        key.verify(signature, message, kind)
    else:
        raise _UndecidedError("key type not checked here")


# --- manifests ------------------------------------------------------------------------------------------


def _sections(data: bytes) -> list[_Section]:
    """Split a JAR manifest into sections; lines continue where the next one begins with a space."""
    ends = (match.end() for match in re.finditer(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)+", data))
    found = []
    start = 0
    for end in chain(ends, (len(data),)):
        raw = data[start:end]
        start = end
        text = re.sub(rb"(?:\r\n|\n|\r) ", b"", raw).decode("utf-8", "replace")
        headers = dict(line.split(": ", 1) for line in re.split(r"[\r\n]+", text) if ": " in line)
        if headers:
            found.append(_Section(raw, headers))
        if len(found) > MAX_SECTIONS:
            raise _UndecidedError("too many sections in a manifest")
    return found


def _digest(headers: dict[str, str], suffix: str) -> tuple[str, bytes] | None:
    """Return hash name and value of the strongest ``ALGORITHM-suffix`` header."""
    named = {key.upper(): value for key, value in headers.items()}
    for algorithm, name in _DIGESTS.items():
        value = named.get(f"{algorithm}-{suffix}".upper())
        if value is not None:
            return name, base64.b64decode(value)
    return None


def _check_stripping(file: bytes, announced: dict[str, bool]) -> None:
    main = _sections(file)[0].headers
    named = {part.strip() for part in main.get("X-Android-APK-Signed", "").split(",")}
    missing = sorted(scheme for scheme, present in announced.items() if scheme in named and not present)
    if missing:
        raise SigningError(f"says the package is also signed with v{missing[0]}, but that signature is gone")


def _covered(file: bytes, manifest: bytes, sections: list[_Section]) -> set[str]:
    """Return the names of manifest sections the signature file vouches for; raises InvalidSignature for none."""
    main, *parts = _sections(file)
    whole = _digest(main.headers, "Digest-Manifest")
    if whole is not None and hashlib.new(whole[0], manifest).digest() == whole[1]:
        return {section.headers["Name"] for section in sections if "Name" in section.headers}
    # A manifest that was extended later: each section is vouched for by itself.
    known = {section.headers.get("Name"): section.raw for section in sections}
    covered = set()
    for part in parts:
        name, stated = part.headers.get("Name"), _digest(part.headers, "Digest")
        raw = known.get(name)
        if name is None or raw is None or stated is None or hashlib.new(stated[0], raw).digest() != stated[1]:
            raise InvalidSignature
        covered.add(name)
    if not covered:
        raise InvalidSignature
    return covered


def _verify_entries(archive: Archive, sections: list[_Section], signed: set[str]) -> str | None:
    """Return what is wrong with the entries' digests, None when all are right."""
    listed: set[str] = set()
    spent = 0
    for section in sections:
        name = section.headers.get("Name")
        digest = _digest(section.headers, "Digest")
        if name is None or digest is None or name not in archive.entries or name not in signed:
            continue
        if name in listed:
            return f"{name}: listed twice"
        listed.add(name)
        spent += archive.entries[name].size
        if spent > MAX_CONTENT:
            raise _UndecidedError("content above the limit for hashing entries")
        if archive.digest(name, digest[0]) != digest[1]:
            return f"{name}: digest differs"
    unsigned = [
        n
        for n in archive.entries
        if n not in listed and not n.startswith("META-INF/") and not n.endswith("/")
    ]
    return f"{unsigned[0]}: not signed" if unsigned else None

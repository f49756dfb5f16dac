"""JAR signing (v1): META-INF manifest, signature file and PKCS#7 block.

Source: the JAR file specification, "Signed JAR File", and RFC 5652.  Entry digests are checked up to a total size.
"""

from __future__ import annotations

import base64
import hashlib

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa

from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.signing import SIGNATURE_FILE, JarSignature

MAX_META = 32 << 20
MAX_CONTENT = 1 << 30
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 - old packages are signed with it; it is reported as weak
    "sha1": hashes.SHA1(),  # noqa: S303 - as above
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_DIGESTS = {
    "SHA1": "sha1",
    "SHA-1": "sha1",
    "SHA-256": "sha256",
    "SHA-512": "sha512",
    "SHA-384": "sha384",
    "MD5": "md5",
}


def verify_jar(archive: Archive) -> JarSignature:
    """Check the package's v1 signature."""
    blocks = [name for name in archive.entries if SIGNATURE_FILE.fullmatch(name)]
    if not blocks or "META-INF/MANIFEST.MF" not in archive.entries:
        return JarSignature(present=False)
    result = JarSignature(present=True)
    try:
        manifest = archive.read("META-INF/MANIFEST.MF", MAX_META)
        for block in blocks:
            result.certificates.append(_verify_block(archive, block, manifest))
        result.problem = _verify_entries(archive, manifest)
        result.verified = result.problem is None
    except EntryError as error:
        result.problem = f"{error.name}: {error.code}"
    except _UndecidedError as error:
        result.problem = str(error)
    except InvalidSignature:
        result.verified, result.problem = False, "signature does not verify"
    except (ValueError, TypeError, KeyError, IndexError) as error:
        result.verified, result.problem = False, f"malformed signature: {error}"[:300]
    return result


class _UndecidedError(Exception):
    """The check could not be completed within limits."""


def _verify_block(archive: Archive, block: str, manifest: bytes) -> bytes:
    """Verify one signer: signature block over signature file, signature file over manifest.  Returns the certificate."""
    stem = block.rpartition(".")[0]
    signature_file = archive.read(
        next(n for n in archive.entries if n.upper() == f"{stem}.SF".upper()), MAX_META
    )
    content = cms.ContentInfo.load(archive.read(block, MAX_META))
    signed = content["content"]
    signer = signed["signer_infos"][0]
    certificate = _signer_certificate(signed, signer)
    message = signature_file
    digest_name = signer["digest_algorithm"]["algorithm"].native
    if signer["signed_attrs"].native:
        stated = next(
            a["values"][0].native for a in signer["signed_attrs"] if a["type"].native == "message_digest"
        )
        if hashlib.new(digest_name, signature_file).digest() != stated:
            raise InvalidSignature
        message = signer["signed_attrs"].untag().dump()
    _verify_signature(certificate, signer["signature"].native, message, digest_name)
    _verify_manifest_digest(signature_file, manifest)
    return certificate


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


def _sections(data: bytes) -> list[dict[str, str]]:
    """Parse a JAR manifest: sections of headers, continuation lines joined."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").replace("\n ", "")
    sections = []
    for part in text.split("\n\n"):
        headers = dict(line.split(": ", 1) for line in part.split("\n") if ": " in line)
        if headers:
            sections.append(headers)
    return sections


def _digest_headers(headers: dict[str, str], suffix: str) -> list[tuple[str, bytes]]:
    found = []
    for key, value in headers.items():
        if key.endswith(suffix):
            name = _DIGESTS.get(key.removesuffix(suffix).upper())
            if name is not None:
                found.append((name, base64.b64decode(value)))
    return found


def _verify_manifest_digest(signature_file: bytes, manifest: bytes) -> None:
    main = _sections(signature_file)[0]
    stated = _digest_headers(main, "-Digest-Manifest")
    if not stated:
        raise _UndecidedError("the signature file has no digest of the whole manifest")
    for name, digest in stated:
        if hashlib.new(name, manifest).digest() != digest:
            raise InvalidSignature


def _verify_entries(archive: Archive, manifest: bytes) -> str | None:
    """Return what is wrong with the signed entries, None when all are right."""
    listed: set[str] = set()
    spent = 0
    for headers in _sections(manifest)[1:]:
        name = headers.get("Name")
        digests = _digest_headers(headers, "-Digest")
        if name is None or not digests or name not in archive.entries:
            continue
        listed.add(name)
        spent += archive.entries[name].size
        if spent > MAX_CONTENT:
            raise _UndecidedError("content above the limit for hashing entries")
        content = archive.read(name)
        kind, digest = digests[-1]
        if hashlib.new(kind, content).digest() != digest:
            return f"{name}: digest differs"
    unsigned = [
        n
        for n in archive.entries
        if n not in listed and not n.startswith("META-INF/") and not n.endswith("/")
    ]
    return f"{unsigned[0]}: not signed" if unsigned else None

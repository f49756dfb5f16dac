"""APK Signature Scheme v4: a signature over the fs-verity tree of the package, in a file of its own beside it.

Source: "APK Signature Scheme v4" of the Android documentation.
"""

from __future__ import annotations

import struct

from cryptography.exceptions import InvalidSignature

from scanner.collect.app.archive import Archive
from scanner.collect.app.contentdigest import tree_root
from scanner.collect.app.signingblock import (
    MALFORMED,
    SchemeResult,
    SigningError,
    check_signature,
    prefixed,
    public_key_of,
)

MAX_HEAD = 1 << 20
VERSION, SHA256, LOG2_BLOCK = 2, 1, 12


def verify_idsig(archive: Archive, content: tuple[bytes, ...]) -> SchemeResult | None:
    """Verify ``NAME.apk.idsig`` beside the package; None without such a file.

    ``content`` are the content digests of the verified v2 or v3 signers, one of which v4 must repeat.
    """
    path = archive.path.with_name(archive.path.name + ".idsig")
    try:
        if not path.is_file():
            return None
        with path.open("rb") as handle:
            head = handle.read(MAX_HEAD)
    except OSError as error:
        return SchemeResult(None, f"cannot be read ({error.strerror})")
    try:
        return _verify(archive, head, content)
    except InvalidSignature:
        return SchemeResult(False, "signature does not verify")
    except MALFORMED as error:
        return SchemeResult(False, f"{error}"[:300] or "malformed")


def _verify(archive: Archive, head: bytes, content: tuple[bytes, ...]) -> SchemeResult:
    if struct.unpack_from("<I", head)[0] != VERSION:
        raise SigningError("unknown version")
    hashing, place = prefixed(head, 4)
    signing, _ = prefixed(head, place)
    algorithm, log2 = struct.unpack_from("<IB", hashing)
    salt, place = prefixed(hashing, 5)
    root, _ = prefixed(hashing, place)
    apk_digest, place = prefixed(signing)
    certificate, place = prefixed(signing, place)
    additional, place = prefixed(signing, place)
    public_key, place = prefixed(signing, place)
    (signature_algorithm,) = struct.unpack_from("<I", signing, place)
    signature, _ = prefixed(signing, place + 4)
    if (algorithm, log2) != (SHA256, LOG2_BLOCK):
        return SchemeResult(None, "a hash tree of a kind that is not checked here", (certificate,))
    fields = b"".join(
        struct.pack("<I", len(part)) + part for part in (salt, root, apk_digest, certificate, additional)
    )
    signed = struct.pack("<QIB", archive.size, algorithm, log2) + fields
    signed = struct.pack("<I", len(signed) + 4) + signed
    if not check_signature(signature_algorithm, public_key, signature, signed):
        return SchemeResult(None, "a signature algorithm that is not checked here", (certificate,))
    if public_key_of(certificate) != public_key:
        raise SigningError("the public key is not the certificate's")
    if apk_digest not in content:
        raise SigningError("made for another version of the package")
    with memoryview(archive.data) as view:
        if tree_root((view,), salt) != root:
            raise SigningError("hash tree differs: the package was changed after signing")
    return SchemeResult(True, None, (certificate,))

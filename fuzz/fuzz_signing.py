"""APK Signing Block (v2, v3, v3.1), certificates and the v4 signature file.

The first byte chooses what the rest is: 0 a whole block as it stands in the file, 1 a certificate, 2 an ``.idsig``
file, anything else the pairs inside a block whose sizes are right.  From 4 on every signature is taken as good: who
builds a package holds its key, so what is read after a good signature is hostile, too.
"""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path
from unittest.mock import patch

from scanner.collect.app import signingblock
from scanner.collect.app.archive import Archive
from scanner.collect.app.certificates import describe_certificate
from scanner.collect.app.contentdigest import ContentDigests
from scanner.collect.app.idsig import verify_idsig
from scanner.collect.app.signing import read_signing
from scanner.collect.app.signingblock import MAGIC, MALFORMED
from scanner.facts import Signing

IN_PLACE = 0.5
BLOCK, CERTIFICATE, SIDECAR, SIGNED = 0, 1, 2, 4
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-idsig-"))
END = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, 0)


def check(data: bytes) -> None:
    """Read ``data`` as its first byte says."""
    kind, rest = data[0] if data else 0, data[1:]
    if kind == CERTIFICATE:
        try:
            describe_certificate(rest)
        except MALFORMED:
            return
    elif kind == SIDECAR:
        (FOLDER / "x.apk.idsig").write_bytes(rest)
        with Archive(FOLDER / "x.apk", content=END) as archive:
            verify_idsig(archive, (bytes(32),))
        os.unlink(FOLDER / "x.apk.idsig")  # noqa: PTH108 - twice as fast
    else:
        with Archive(Path("x.apk"), content=with_block(rest, whole=kind == BLOCK)) as archive:
            signing = _trusting(archive) if kind >= SIGNED else read_signing(archive, 24, 33)
        assert signing.verified is not True or signing.certificates


def with_block(content: bytes, *, whole: bool) -> bytes:
    """Return an empty package with a signing block in front of its directory."""
    if not whole:
        size = struct.pack("<Q", len(content) + 24)
        content = size + content + size + MAGIC
    end = bytearray(END)
    struct.pack_into("<I", end, 16, len(content))
    return content + bytes(end)


def _trusting(archive: Archive) -> Signing:
    def digest(*_: object) -> bytes:
        return bytes(32)

    with (
        patch.object(signingblock, "check_signature", lambda algorithm, *_: algorithm < 0x1000),
        patch.object(ContentDigests, "digest", digest),
    ):
        return read_signing(archive, 24, 33)

"""JAR signing (v1): manifest, signature file and PKCS#7 block, in this order between separators.

The signature over the signature file is taken as good: who builds a package holds its key.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
import struct
import zlib
from pathlib import Path
from unittest.mock import patch

from scanner.collect.app import jarsign
from scanner.collect.app.archive import Archive

IN_PLACE = 0.3
SEPARATOR = b"\0==\0"
NAMES = ("META-INF/MANIFEST.MF", "META-INF/CERT.SF", "META-INF/CERT.RSA")


def check(data: bytes) -> None:
    """Verify the three parts as the signature of a small package."""
    parts = data.split(SEPARATOR, 2)
    if len(parts) < 3:
        return
    package = stored([*zip(NAMES, parts, strict=True), ("a", b"content")])
    with (
        patch.object(jarsign, "_verify_signature", lambda *_: None),
        Archive(Path("x.apk"), content=package) as archive,
    ):
        result = jarsign.verify_jar(archive, {"2": True, "3": True})
    assert result.verified is not True or result.certificates


def stored(files: list[tuple[str, bytes]]) -> bytes:
    """Return an archive of uncompressed files."""
    body, directory = bytearray(), bytearray()
    for name, data in files:
        raw, crc, offset = name.encode(), zlib.crc32(data), len(body)
        fixed = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 0x21, crc, len(data), len(data), len(raw), 0)
        body += b"PK\x03\x04" + fixed + raw + data
        directory += b"PK\x01\x02\x14\0" + fixed + struct.pack("<HHHII", 0, 0, 0, 0, offset) + raw
    count, size = len(files), len(directory)
    return bytes(body + directory) + struct.pack(
        "<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, size, len(body), 0
    )


def repair(data: bytes, rng: random.Random) -> bytes:
    """Mostly state the true digest of the manifest in the signature file."""
    parts = data.split(SEPARATOR, 2)
    if len(parts) < 3 or rng.random() < 0.3:
        return data
    digest = base64.b64encode(hashlib.sha256(parts[0]).digest())
    parts[1] = re.sub(
        rb"(?m)^SHA-256-Digest-Manifest: .*?$", b"SHA-256-Digest-Manifest: " + digest, parts[1], count=1
    )
    return SEPARATOR.join(parts)

"""Digests over a package without its signing block, each computed at most once.

Source: "APK Signature Scheme v2", section "Integrity-protected contents", and the fs-verity hash tree as used by v2/v3
with verity algorithms and by v4.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from enum import Enum

from scanner.collect.app.archive import CHUNK, Archive

BLOCK = 4096


class DigestKind(Enum):
    """How content is digested."""

    SHA256 = "sha256"
    SHA512 = "sha512"
    VERITY = "verity"


class ContentDigests:
    """Content digests of ``archive``, whose signing block starts at ``block_start``."""

    def __init__(self, archive: Archive, block_start: int) -> None:
        self._archive = archive
        self._start = block_start
        self._known: dict[DigestKind, bytes] = {}

    def digest(self, kind: DigestKind) -> bytes:
        """Return the digest as it stands in a v2 or v3 signer's data."""
        if kind not in self._known:
            self._known[kind] = self._over_parts(
                verity_digest if kind is DigestKind.VERITY else lambda parts: chunked(parts, kind.value)
            )
        return self._known[kind]

    def _over_parts(self, compute: Callable[[Sequence[memoryview]], bytes]) -> bytes:
        """Apply ``compute`` to entries, central directory and end record; the latter as before signing."""
        archive = self._archive
        with memoryview(archive.data) as view:
            record = bytearray(view[archive.end_record :])
            struct.pack_into("<I", record, 16, self._start & 0xFFFFFFFF)
            with (
                view[: self._start] as entries,
                view[archive.central_start : archive.end_record] as directory,
                memoryview(record) as end,
            ):
                return compute((entries, directory, end))


def chunked(parts: Sequence[memoryview], algorithm: str) -> bytes:
    """Return the two-level digest over chunks of 1 MiB, each part chunked by itself."""
    digests = []
    for part in parts:
        for start in range(0, len(part), CHUNK):
            size = min(CHUNK, len(part) - start)
            digest = hashlib.new(algorithm, b"\xa5" + struct.pack("<I", size))
            digest.update(part[start : start + size])
            digests.append(digest.digest())
    return hashlib.new(algorithm, b"\x5a" + struct.pack("<I", len(digests)) + b"".join(digests)).digest()


def verity_digest(parts: Sequence[memoryview]) -> bytes:
    """Return root hash (salt of eight zero bytes) and length, as the verity algorithms of v2 and v3 state them."""
    return tree_root(parts, bytes(8)) + struct.pack("<Q", sum(len(part) for part in parts))


def tree_root(parts: Sequence[memoryview], salt: bytes) -> bytes:
    """Return the SHA-256 root of the hash tree over ``parts`` one after the other, in blocks of 4096 bytes."""
    level = _hash_blocks(parts, salt)
    while len(level) > 32:
        level = _hash_blocks((memoryview(level),), salt)
    return level


def _hash_blocks(parts: Sequence[memoryview], salt: bytes) -> bytes:
    found, carry = [], b""
    for part in parts:
        start = 0
        if carry:
            start = BLOCK - len(carry)
            carry += bytes(part[:start])
            if len(carry) < BLOCK:
                continue
            found.append(hashlib.sha256(salt + carry).digest())
            carry = b""
        whole = start + (len(part) - start) // BLOCK * BLOCK if len(part) > start else len(part)
        for place in range(start, whole, BLOCK):
            digest = hashlib.sha256(salt)
            digest.update(part[place : place + BLOCK])
            found.append(digest.digest())
        carry = bytes(part[whole:])
    if carry:
        found.append(hashlib.sha256(salt + carry.ljust(BLOCK, b"\0")).digest())
    return b"".join(found)

"""Decompresses HTTP bodies within limits: a few bytes must never become gigabytes.

Handles ``gzip``, ``deflate`` (zlib or raw), ``br`` and up to three of them stacked; output is produced in bounded
steps, so memory never exceeds the limit by more than one step.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import brotli  # type: ignore[import-untyped]  # the package has no types

STEP = 64 << 10
MAX_STACK = 3
RATIO_FREE = 1 << 20  # below this size any ratio is harmless


class BombError(ValueError):
    """The body grows too much when decompressed."""


class EncodingError(ValueError):
    """The body is not encoded as its headers say, or in a way we did not ask for."""


def decoded(chunks: Iterable[bytes], encodings: str, *, max_ratio: int) -> Iterator[bytes]:
    """Yield ``chunks`` decompressed as the header ``Content-Encoding`` (``encodings``) says.

    Raises :class:`BombError` when more than ``max_ratio`` bytes come out per byte in, :class:`EncodingError` when
    the data or the encoding is not readable.  The caller limits the total.
    """
    names = [n.strip().lower() for n in encodings.split(",") if n.strip().lower() not in {"", "identity"}]
    if len(names) > MAX_STACK:
        raise EncodingError("too many content encodings")
    counter = _Counter()
    stream: Iterator[bytes] = counter.count(chunks)
    for name in reversed(names):
        if name in {"gzip", "x-gzip", "deflate"}:
            stream = _inflate(stream, raw_allowed=name == "deflate")
        elif name == "br":
            stream = _brotli(stream)
        else:
            raise EncodingError(f"content encoding {name[:20]!r}")
    total = 0
    for piece in stream:
        total += len(piece)
        if names and total > RATIO_FREE and total > max_ratio * max(counter.seen, 1):
            raise BombError(f"more than {max_ratio} times its size")
        yield piece


class _Counter:
    def __init__(self) -> None:
        self.seen = 0

    def count(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.seen += len(chunk)
            yield chunk


def _inflate(chunks: Iterator[bytes], *, raw_allowed: bool) -> Iterator[bytes]:
    engine = zlib.decompressobj(32 + zlib.MAX_WBITS)
    fresh = True
    for chunk in chunks:
        data = chunk
        while data:
            if engine.eof:  # further gzip members follow one another; anything else after the end is ignored
                if not data.startswith(b"\x1f\x8b"):
                    return
                engine = zlib.decompressobj(32 + zlib.MAX_WBITS)
            try:
                piece = engine.decompress(data, STEP)
            except zlib.error as error:
                if not (fresh and raw_allowed):
                    raise EncodingError(str(error)) from error
                engine = zlib.decompressobj(-zlib.MAX_WBITS)
                fresh = False
                continue
            fresh = False
            if piece:
                yield piece
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
    if not engine.eof:
        yield from _flush(engine)


def _flush(engine: zlib._Decompress) -> Iterator[bytes]:
    """What is left in the engine: at most one window, since every chunk was drained before."""
    try:
        rest = engine.flush(STEP)
    except zlib.error as error:
        raise EncodingError(str(error)) from error
    if rest:
        yield rest


def _brotli(chunks: Iterator[bytes]) -> Iterator[bytes]:
    engine = brotli.Decompressor()
    for chunk in chunks:
        data = chunk
        while True:
            try:
                piece = engine.process(data, output_buffer_limit=STEP)
            except brotli.error as error:
                raise EncodingError(str(error)) from error
            if piece:
                yield piece
            data = b""
            if engine.is_finished() or engine.can_accept_more_data():
                break
        if engine.is_finished():
            return

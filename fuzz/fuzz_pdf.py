"""PDF documents: our reading of glyphs, lines, columns and tables on top of PDFium."""

from __future__ import annotations

from scanner.collect.policy.blocks import Limits
from scanner.collect.policy.isolate import BrokenError, PasswordError
from scanner.collect.policy.pdf import read_pdf

IN_PLACE = 0.3
LIMITS = Limits(bytes=1 << 20, characters=50_000, blocks=2_000, cells=5_000, pages=5)


def check(data: bytes) -> None:
    """Read ``data``; PDFium itself runs in a process of its own in production."""
    try:
        reading = read_pdf(data, LIMITS)
    except (BrokenError, PasswordError):
        return
    assert reading.complete or reading.problems

"""Policies in HTML, Markdown and text: from bytes to disclosed items, SDK tables and elements."""

from __future__ import annotations

from scanner.collect.policy.blocks import Limits
from scanner.collect.policy.collect import read_policy
from scanner.collect.policy.source import read_document

IN_PLACE = 0.05
LIMITS = Limits(bytes=1 << 20, characters=100_000, blocks=2_000, cells=10_000)
NAMES = ("p.html", "p.md", "p.txt")
BINARY = (b"%PDF-", b"PK\x03\x04", b"PK\x05\x06")


def check(data: bytes) -> None:
    """Read ``data`` under a name of each format; offsets must point into the text."""
    if any(mark in data[:1024] for mark in BINARY):
        return  # read in a process of its own, see fuzz_docx and fuzz_pdf
    name = NAMES[len(data) % len(NAMES)]
    document = read_document(data, name, limits=LIMITS)
    assert document.complete or document.problems
    for sentence in document.sentences:
        assert sentence.text
    reading = read_policy(data, name)
    assert reading.policy.source

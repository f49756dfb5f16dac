"""Word documents: the body's XML in an otherwise valid package, or the whole file."""

from __future__ import annotations

import io
import zipfile

from scanner.collect.policy.blocks import Limits
from scanner.collect.policy.docx import read_docx
from scanner.collect.policy.isolate import BrokenError, PasswordError

IN_PLACE = 0.1
LIMITS = Limits(bytes=1 << 20, characters=100_000, blocks=2_000, cells=10_000)
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)


def check(data: bytes) -> None:
    """Read ``data``; what is no ZIP is taken as the body, followed after a NUL by the styles."""
    try:
        reading = read_docx(data if data.startswith(b"PK") else package(data), LIMITS)
    except (BrokenError, PasswordError):
        return
    assert reading.complete or reading.problems
    assert sum(len(block.text) for block in reading.blocks) <= LIMITS.characters + len(data)


def package(data: bytes) -> bytes:
    """Return a document whose parts are ``data``, separated by NUL: body, styles, numbering, relations."""
    content = io.BytesIO()
    names = ("word/document.xml", "word/styles.xml", "word/numbering.xml", "word/_rels/document.xml.rels")
    with zipfile.ZipFile(content, "w") as pack:
        pack.writestr("[Content_Types].xml", TYPES)
        pack.writestr("_rels/.rels", RELATIONS)
        for name, part in zip(names, data.split(b"\0"), strict=False):
            pack.writestr(name, part)
    return content.getvalue()

"""Documents the tests of the policy reader build for themselves."""

from __future__ import annotations

import io
import zipfile
import zlib

import docx
import typst
from docx.document import Document as WordDocument

from scanner.collect.policy.document import Document


def check_offsets(document: Document) -> None:
    """Every paragraph and every table cell stands where its offsets say, and ids are unique."""
    assert len({p.id for p in document.paragraphs}) == len(document.paragraphs)
    end = 0
    for paragraph in document.paragraphs:
        assert document.text[paragraph.start : paragraph.end] == paragraph.text
        assert paragraph.start >= end
        end = paragraph.end
        for above in paragraph.section:
            assert document.headings[above].start < paragraph.start
    for table in document.tables:
        for row, cells in enumerate(table.rows):
            for column, cell in enumerate(cells):
                start, stop = document.cell_span(table, row, column)
                assert document.text[start:stop] == cell
    for link in document.links:
        assert 0 <= link.start < link.end <= len(document.text)
    for sentence in document.sentences:
        assert document.text[sentence.start : sentence.end] == sentence.text


def outline(document: Document) -> list[tuple[int, str]]:
    """Level and text of the headings."""
    return [(p.level, p.text) for p in document.paragraphs if p.kind == "heading"]


def pdf_from(markup: str) -> bytes:
    """A PDF set by Typst."""
    return bytes(
        typst.compile(f'#set text(font: "Noto Sans CJK SC", lang: "zh")\n{markup}'.encode(), format="pdf")
    )


def raw_pdf(*objects: bytes, root: int = 1, trailer: bytes = b"") -> bytes:
    """A PDF made of objects as written, with a cross-reference table; object 1 is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        root,
        trailer,
        start,
    )
    return bytes(out)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A PDF stream object."""
    return b"<< /Length %d %s >>\nstream\n" % (len(data), entries) + data + b"\nendstream"


def image_pdf() -> bytes:
    """A PDF of one page that shows a picture and nothing else."""
    pixels = zlib.compress(bytes(64 * 64))
    return raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >>",
        stream(b"q 300 0 0 300 50 50 cm /I Do Q"),
        stream(
            pixels,
            b"/Type /XObject /Subtype /Image /Width 64 /Height 64 /ColorSpace /DeviceGray /BitsPerComponent 8 "
            b"/Filter /FlateDecode",
        ),
    )


def word_bytes(document: WordDocument) -> bytes:
    """The file of a python-docx document."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word_with(body: str, **parts: str | bytes) -> bytes:
    """A Word package with ``body`` as the content of its main part; ``parts`` replace or add parts under word/."""
    base = zipfile.ZipFile(io.BytesIO(word_bytes(docx.Document())))
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><w:document '
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>'
    )
    new = {"word/document.xml": f"{head}{body}</w:body></w:document>"} | {
        f"word/{name}.xml": part for name, part in parts.items()
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name in base.namelist():
            if name not in new:
                package.writestr(name, base.read(name))
        for name, content in new.items():
            package.writestr(name, content)
    return buffer.getvalue()

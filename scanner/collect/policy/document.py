"""The document every step of the policy reader works on: one text, cut into paragraphs, sentences and tables.

All offsets count characters of :attr:`Document.text`.  Readers of formats (``html``, ``pdf``, ``docx`` …) build it;
nothing behind them knows what format a policy had.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from scanner.model import Evidence, PolicyLocator, Problem
from scanner.policyfacts import Paragraph, PolicyTable, Sentence

Format = Literal["html", "pdf", "docx", "markdown", "text", "image", "unknown"]

MAX_EXCERPT = 200
# A sentence ends after these marks and the closing quotes or brackets that follow them.
_END = re.compile(r"[。！？!?；;\n]+[”’」』）)》\"']*")


@dataclass(frozen=True, slots=True)
class Link:
    """A hyperlink: the span of its words in the document's text, and the address."""

    paragraph: str
    start: int
    end: int
    url: str


@dataclass(frozen=True)
class Document:
    """A policy as text with its structure; ``complete`` is False when part of the source was not read.

    The text of a table has one line for its header (if it has one) and for each row, cells apart by tabs; a cell that
    spans several rows or columns stands in each of them.  ``boilerplate`` are texts around the policy that were left
    out.  ``font_px`` and ``contrast`` are known when a browser rendered it.
    """

    source: str
    format: Format
    text: str
    paragraphs: tuple[Paragraph, ...]
    tables: tuple[PolicyTable, ...] = ()
    title: str = ""
    encoding: str = ""
    rendered: bool = False
    complete: bool = True
    problems: tuple[Problem, ...] = ()
    links: tuple[Link, ...] = ()
    boilerplate: tuple[str, ...] = ()
    font_px: float | None = None
    contrast: float | None = None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) of the text in UTF-8."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of all paragraphs that are not tables, in order, without topics."""
        return tuple(s for p in self.paragraphs if p.kind != "table" for s in split(p))

    @cached_property
    def headings(self) -> dict[str, Paragraph]:
        """The headings by id, for the section of a paragraph."""
        return {p.id: p for p in self.paragraphs if p.kind == "heading"}

    @cached_property
    def by_id(self) -> dict[str, Paragraph]:
        """All paragraphs by id."""
        return {p.id: p for p in self.paragraphs}

    def cell_span(self, table: PolicyTable, row: int, column: int) -> tuple[int, int]:
        """Return the character span of a cell of ``table.rows``; raises IndexError when there is none."""
        lines = [table.header, *table.rows] if table.header else list(table.rows)
        number = row + 1 if table.header else row
        start = self.by_id[table.paragraph].start
        start += sum(len("\t".join(line)) + 1 for line in lines[:number])
        start += sum(len(cell) + 1 for cell in lines[number][:column])
        return start, start + len(lines[number][column])

    def link_of(self, start: int, end: int) -> str:
        """Return the address of the first link that overlaps the span, empty when there is none."""
        return next((link.url for link in self.links if link.start < end and start < link.end), "")

    def section_title(self, paragraph: Paragraph) -> str:
        """Return the titles of the headings above ``paragraph``, outermost first, joined by ``›``."""
        return " › ".join(self.headings[i].text for i in paragraph.section if i in self.headings)

    def evidence(self, paragraph: str, start: int, end: int) -> Evidence:
        """Return evidence for the span ``start``–``end`` inside ``paragraph``."""
        excerpt = " ".join(self.text[start : min(end, start + MAX_EXCERPT)].split())
        return Evidence(
            artifact=self.source,
            locator=PolicyLocator(paragraph=paragraph, start=start, end=end),
            excerpt=excerpt,
        )


def split(paragraph: Paragraph) -> Iterator[Sentence]:
    """Yield the sentences of ``paragraph`` with offsets into the document's text."""
    start = 0
    for match in [*_END.finditer(paragraph.text), None]:
        end = match.end() if match is not None else len(paragraph.text)
        piece = paragraph.text[start:end]
        lead = len(piece) - len(piece.lstrip())
        body = piece.strip()
        if body:
            at = paragraph.start + start + lead
            yield Sentence(paragraph=paragraph.id, text=body, start=at, end=at + len(body))
        start = end


def from_lines(lines: Iterable[str], source: str = "text") -> Document:
    """Return a document with one paragraph per line, for text without any structure of its own."""
    paragraphs: list[Paragraph] = []
    parts: list[str] = []
    at = 0
    for line in lines:
        body = line.strip()
        if body:
            ident = f"p{len(paragraphs) + 1}"
            paragraphs.append(Paragraph(id=ident, kind="text", text=body, start=at, end=at + len(body)))
            parts.append(body)
            at += len(body) + 1
    return Document(source=source, format="text", text="\n".join(parts), paragraphs=tuple(paragraphs))

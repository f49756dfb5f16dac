"""Markdown → blocks, by way of HTML: CommonMark with the tables of GitHub Flavored Markdown and HTML inside."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

from scanner.collect.policy.blocks import Block, Limits, Reading
from scanner.collect.policy.html import read_html
from scanner.collect.policy.plain import read_plain

MAX_MARKDOWN = 1_000_000
MAX_NESTING = 20

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n.{0,8000}?\r?\n---[ \t]*\r?\n", re.DOTALL)
_TITLE = re.compile(r"^title:\s*[\"']?(.{1,200}?)[\"']?\s*$", re.MULTILINE)
_CLOSE_HASH = re.compile(r"^( {0,3}#{1,6})(?=[^#\s])", re.MULTILINE)
_IMPORT = re.compile(r"^(?:import|export)\s.{0,300}$", re.MULTILINE)
# CommonMark wants no punctuation inside and a letter outside next to ** (flanking rule); Chinese authors know no such
# rule, so these marks stay in the text.
_LEFT_OVER = re.compile(r"\*\*|__(?=\W|$)")


def read_markdown(text: str, limits: Limits) -> Reading:
    """Return the blocks of a Markdown document; what exceeds the size for markup is read as plain text."""
    if len(text) > MAX_MARKDOWN:
        return read_plain(text, limits)
    matter = _FRONT_MATTER.match(text)
    title = ""
    if matter:
        named = _TITLE.search(matter[0])
        title = named[1] if named else ""
        text = text[matter.end() :]
    text = _CLOSE_HASH.sub(r"\1 ", _IMPORT.sub("", text))
    # Policies hold no code; what is indented is text or markup.
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING, "breaks": True})
    parser.enable(["table", "strikethrough"]).disable("code")
    reading = read_html(parser.render(text), limits)
    for block in reading.blocks:
        _unmark(block)
    reading.title = title or reading.title
    return reading


def _unmark(block: Block) -> None:
    """Take left-over emphasis marks out of a block; a block that was all between them is bold."""
    for row in block.rows:
        row[:] = [_LEFT_OVER.sub("", cell) if "*" in cell or "_" in cell else cell for cell in row]
    if "*" not in block.text and "__" not in block.text:
        return
    marks = [match.span() for match in _LEFT_OVER.finditer(block.text)]
    if not marks:
        return
    block.bold = block.bold or (marks[0][0] == 0 and len(marks) == 2 and marks[1][1] >= len(block.text) - 1)
    moved = [(_before(marks, start), _before(marks, end), url) for start, end, url in block.links]
    block.links = moved
    block.text = _LEFT_OVER.sub("", block.text).strip()


def _before(marks: list[tuple[int, int]], place: int) -> int:
    return place - sum(min(end, place) - start for start, end in marks if start < place)

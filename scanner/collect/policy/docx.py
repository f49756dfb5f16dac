"""DOCX → blocks: the main part of the package, read as a stream with lxml, in bounded memory.

Runs only in the child process of :mod:`~scanner.collect.policy.isolate`.  Kept: paragraphs, list numbers as Word
counts them, tables with merged cells, hyperlinks, text boxes.  Left out: deleted and hidden text, headers, footers,
notes.  Source: ECMA-376 part 1 (WordprocessingML).
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass, field

from lxml import etree

from scanner.collect.policy.blocks import Block, Kind, Limits, Reading, Words
from scanner.collect.policy.docxnumbers import Numbering
from scanner.collect.policy.isolate import BrokenError
from scanner.collect.policy.tables import Cell, Grid

MAX_PART, MAX_SMALL_PART = 64 << 20, 8 << 20
MAX_ENTRIES = 10_000
CHUNK = 1 << 16
MAX_DEPTH = 400

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_TRANSITIONAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"^(?:heading|标题|標題)\s*([1-9])$", re.IGNORECASE)
_LINK = re.compile(r"HYPERLINK\s+\"(https?://[^\"]{1,2000})\"", re.IGNORECASE)


@dataclass(slots=True)
class Style:
    """What a paragraph style says: outline level (1–9, 0 none), bold, the style it is based on, list membership."""

    level: int = 0
    bold: bool = False
    based_on: str = ""
    list_id: str = ""
    list_level: int = 0


@dataclass
class _Context:
    styles: dict[str, Style]
    numbering: Numbering
    links: dict[str, str]
    limits: Limits


def read_docx(data: bytes, limits: Limits) -> Reading:
    """Return the blocks of a Word document; raises BrokenError."""
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
        if len(package.infolist()) > MAX_ENTRIES:
            raise BrokenError("too many entries")
        names = set(package.namelist())
        main = _main_part(package, names)
        reading = Reading()
        context = _Context(
            _styles(_small(package, names, "word/styles.xml")),
            Numbering(_small(package, names, "word/numbering.xml")),
            _links(_small(package, names, main.replace("word/", "word/_rels/") + ".rels")),
            limits,
        )
        target = _Body(context, reading)
        _stream(package, main, target, reading)
    except (
        zipfile.BadZipFile,
        zlib.error,
        etree.XMLSyntaxError,
        NotImplementedError,
        EOFError,
        KeyError,
    ) as error:
        raise BrokenError(str(error)) from error
    target.finish()
    if not any(block.text or block.rows for block in reading.blocks):
        pictures = any(name.startswith("word/media/") for name in names)
        what = (
            ("只有图片，没有文字", "contains only images") if pictures else ("没有文字", "contains no text")
        )
        code = "policy-image" if pictures else "policy-no-text"
        reading.fail(
            code,
            "",
            f"Word 文档中{what[0]}，无法读取；请提供文本形式的隐私政策。",
            f"The Word document {what[1]}.",
        )
    return reading


def _main_part(package: zipfile.ZipFile, names: set[str]) -> str:
    if "word/document.xml" in names:
        return "word/document.xml"
    other = sorted(name for name in names if re.fullmatch(r"word/document\d*\.xml", name))
    if not other:
        raise BrokenError("no main part")
    return other[0]


def _small(package: zipfile.ZipFile, names: set[str], name: str) -> etree._Element | None:
    """Return a small part as a tree, None when it is missing, too large or broken: the text does not depend on it."""
    if name not in names:
        return None
    with package.open(name) as stream:
        raw = stream.read(MAX_SMALL_PART + 1)
    if len(raw) > MAX_SMALL_PART:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(raw.replace(_STRICT, _TRANSITIONAL), parser)
    except etree.XMLSyntaxError:
        return None


def _stream(package: zipfile.ZipFile, name: str, target: _Body, reading: Reading) -> None:
    parser = etree.XMLParser(
        target=target, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    spent = 0
    with package.open(name) as stream:
        while not target.full and (piece := stream.read(CHUNK)):
            spent += len(piece)
            if spent > MAX_PART:
                reading.fail(
                    "policy-docx-memory",
                    "",
                    f"Word 文档解压后超过 {MAX_PART} 字节的上限，其后的内容未读取。",
                    f"The Word document unpacks to more than {MAX_PART} bytes; what follows was not read.",
                )
                return
            parser.feed(piece)
    if not target.full:
        parser.close()


def _styles(root: etree._Element | None) -> dict[str, Style]:
    found: dict[str, Style] = {}
    for element in root.iter(f"{W}style") if root is not None else ():
        style = Style()
        name = element.find(f"{W}name")
        match = _HEADING.match(name.get(f"{W}val", "")) if name is not None else None
        style.level = int(match[1]) if match else 0
        if name is not None and name.get(f"{W}val", "").lower() in {"title", "标题"}:
            style.level = 1
        outline = element.find(f"{W}pPr/{W}outlineLvl")
        if outline is not None:
            style.level = style.level or _outline_level(outline.get(f"{W}val"))
        style.bold = _on(element.find(f"{W}rPr/{W}b"))
        based = element.find(f"{W}basedOn")
        style.based_on = based.get(f"{W}val", "") if based is not None else ""
        number = element.find(f"{W}pPr/{W}numPr/{W}numId")
        depth = element.find(f"{W}pPr/{W}numPr/{W}ilvl")
        style.list_id = number.get(f"{W}val", "") if number is not None else ""
        style.list_level = _number(depth.get(f"{W}val")) if depth is not None else 0
        found[element.get(f"{W}styleId", "")] = style
    for style in found.values():
        parent, hops = found.get(style.based_on), 0
        while parent is not None and hops < 10:
            style.level = style.level or parent.level
            style.bold = style.bold or parent.bold
            if not style.list_id:
                style.list_id, style.list_level = parent.list_id, parent.list_level
            parent, hops = found.get(parent.based_on), hops + 1
    return found


def _links(root: etree._Element | None) -> dict[str, str]:
    if root is None:
        return {}
    return {e.get("Id", ""): e.get("Target", "")[:2_000] for e in root if e.get("TargetMode") == "External"}


def _on(element: etree._Element | None) -> bool:
    return element is not None and element.get(f"{W}val", "true") not in {"0", "false", "off", "none"}


def _number(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else 0


def _outline_level(value: str | None) -> int:
    """Return the heading level (from 1) of an outline level (from 0); 0 for body text, which is level 9, or nonsense."""
    return int(value) + 1 if value in set("012345678") else 0


@dataclass
class _Paragraph:
    words: Words = field(default_factory=Words)
    bold: int = 0
    style: str = ""
    level: int = 0
    list_id: str | None = None
    list_level: int = 0
    links: list[tuple[int, int, str]] = field(default_factory=list)
    hidden: bool = False


class _Body:
    """Receives the events of the main part; ``full`` once a limit is reached."""

    def __init__(self, context: _Context, reading: Reading) -> None:
        self.context = context
        self.reading = reading
        self.full = False
        self._path: list[str] = []
        self._skipping = 0
        self._paragraphs: list[_Paragraph] = []
        self._tables: list[tuple[Grid, list[Block]]] = []
        self._cells: list[tuple[Cell, Words, bool]] = []
        self._above: list[dict[int, Cell]] = []
        self._bold = self._vanish = False
        self._link = ""
        self._characters = 0

    # --- events ---------------------------------------------------------------------------------------

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._path.append(tag)
        if self._skipping or tag in _LEFT_OUT or len(self._path) > MAX_DEPTH:
            self._skipping += 1
            return
        if self.full or not tag.startswith(W):
            return
        name, value = tag[len(W) :], attributes.get(f"{W}val")
        self._structure(name, attributes)
        if not self._paragraphs:
            if name == "gridSpan" and self._cells:
                self._cells[-1][0].colspan = max(1, _number(value))
            elif name == "vMerge" and self._cells and value != "restart":
                self._cells[-1] = (self._cells[-1][0], self._cells[-1][1], True)
            elif name == "tblHeader" and self._tables and self._tables[-1][0].rows:
                self._tables[-1][0].marked.add(len(self._tables[-1][0].rows) - 1)
            return
        self._inside(name, value, attributes)

    def _structure(self, name: str, attributes: dict[str, str]) -> None:
        if name == "p":
            self._paragraphs.append(_Paragraph())
        elif name == "r":
            self._bold = self._vanish = False
        elif name == "tbl":
            self._tables.append((Grid(self.context.limits.cells), []))
            self._above.append({})
        elif name == "tr" and self._tables:
            self._tables[-1][0].row()
        elif name == "tc" and self._tables:
            self._cells.append((Cell(""), Words(), False))
        elif name == "hyperlink":
            self._link = self.context.links.get(attributes.get(R_ID, ""), "")

    def _inside(self, name: str, value: str | None, attributes: dict[str, str]) -> None:
        paragraph = self._paragraphs[-1]
        off = value in {"0", "false", "off", "none"}
        in_run = f"{W}rPr" in self._path[-2:] and f"{W}r" in self._path[-3:-1]
        if name == "pStyle":
            paragraph.style = value or ""
        elif name == "outlineLvl":
            paragraph.level = _outline_level(value) or paragraph.level
        elif name == "numId":
            paragraph.list_id = value or ""
        elif name == "ilvl":
            paragraph.list_level = min(_number(value), 8)
        elif name == "b" and in_run:
            self._bold = not off
        elif name in {"vanish", "webHidden"} and in_run:
            self._vanish = not off
        elif name == "fldChar" and attributes.get(f"{W}fldCharType") == "end":
            self._link = ""
        elif name in {"br", "cr"}:
            if attributes.get(f"{W}type") != "page" and paragraph.words.length:
                self._end_paragraph(keep=True)
        elif name == "tab" and f"{W}tabs" not in self._path[-2:]:
            paragraph.words.add(" ")

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._path:
            self._path.pop()
        if self._skipping:
            self._skipping -= 1
            return
        if self.full or not tag.startswith(W):
            return
        name = tag[len(W) :]
        if name == "p" and self._paragraphs:
            self._end_paragraph()
        elif name == "hyperlink":
            self._link = ""
        elif name == "tc" and self._cells and self._tables:
            self._end_cell()
        elif name == "tbl" and self._tables:
            self._end_table()

    def data(self, text: str) -> None:
        """Text; only that of ``w:t`` is shown."""
        if self._skipping or self.full or not self._paragraphs or not self._path:
            return
        if self._path[-1] == f"{W}instrText":
            match = _LINK.search(text)
            self._link = match[1] if match else self._link
            return
        if self._path[-1] != f"{W}t" or self._vanish:
            return
        self._characters += len(text)
        if self._characters > self.context.limits.characters:
            self._cut("characters", f"{self.context.limits.characters} 个字符")
            return
        paragraph = self._paragraphs[-1]
        before = paragraph.words.length
        paragraph.words.add(text)
        added = paragraph.words.length - before
        paragraph.bold += added if self._bold else 0
        if self._link and added:
            paragraph.links.append((before, before + added, self._link))

    def comment(self, text: str) -> None:
        """Comments are no content."""

    def pi(self, target: str, data: str | None = None) -> None:
        """Processing instructions are no content."""

    def close(self) -> None:
        """End of the part."""

    def finish(self) -> None:
        """Keep what is left open when reading stopped early."""
        while self._tables:
            self._end_table()

    # --- results --------------------------------------------------------------------------------------

    def _cut(self, what: str, zh: str) -> None:
        self.full = True
        self.reading.fail(
            f"policy-{what}-limit",
            "",
            f"文本超过 {zh} 的上限，其后的内容未读取。",
            "The text exceeds a limit; what follows was not read.",
        )

    def _end_paragraph(self, *, keep: bool = False) -> None:
        paragraph = self._paragraphs.pop()
        if keep:
            rest = _Paragraph(style=paragraph.style, level=paragraph.level, list_id="0")
            self._paragraphs.append(rest)
        text = paragraph.words.text()
        style = self.context.styles.get(paragraph.style, Style())
        list_id = paragraph.list_id if paragraph.list_id is not None else style.list_id
        depth = paragraph.list_level if paragraph.list_id is not None else style.list_level
        number = self.context.numbering.next(list_id, depth) if list_id and text else None
        links = paragraph.links
        if number:
            text = f"{number}{'' if number[-1] in '、．）)】' else ' '}{text}"
            shift = len(text) - paragraph.words.length
            links = [(start + shift, end + shift, url) for start, end, url in links]
        if not text:
            return
        level = paragraph.level or style.level
        kind: Kind = "heading" if level and len(text) <= 80 else "item" if number == "" else "text"
        bold = style.bold or paragraph.bold * 10 >= paragraph.words.length * 9
        block = Block(kind, text, level if kind == "heading" else 0, bold, links)
        if self._cells:
            self._cells[-1][1].part()
            self._cells[-1][1].add(text)
            if links and not self._cells[-1][0].link:
                self._cells[-1][0].link = links[0][2]
        if self._tables:
            self._tables[-1][1].append(block)
        else:
            self.reading.blocks.append(block)
        if len(self.reading.blocks) > self.context.limits.blocks:
            self._cut("blocks", f"{self.context.limits.blocks} 个段落")

    def _end_cell(self) -> None:
        cell, words, merged = self._cells.pop()
        cell.text = words.text()
        grid, above = self._tables[-1][0], self._above[-1]
        column = sum(c.colspan for c in grid.rows[-1]) if grid.rows else 0
        if merged and column in above:
            cell.text, cell.link = above[column].text, above[column].link
        above[column] = cell
        grid.cell(cell)

    def _end_table(self) -> None:
        grid, flow = self._tables.pop()
        self._above.pop()
        rows, header, links = grid.resolve()
        if grid.full:
            self._cut("cells", f"{self.context.limits.cells} 个表格单元")
        lays_out = not rows or len(rows[0]) < 2
        blocks = flow
        if not lays_out:
            block = Block("table", caption=grid.caption, rows=rows, header_rows=header, cell_links=links)
            blocks = [block, *(inner for inner in flow if inner.kind == "table")]
        if not self._tables:
            self.reading.blocks.extend(blocks)
            return
        self._tables[-1][1].extend(blocks)
        if self._cells:
            self._cells[-1][1].part()
            self._cells[-1][1].add(" ".join(cell for row in rows for cell in dict.fromkeys(row)))


_LEFT_OUT = frozenset({f"{W}del", f"{W}moveFrom", f"{W}sectPr", f"{W}pPrChange", f"{W}rPrChange", FALLBACK})


READ = read_docx

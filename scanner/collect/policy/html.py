"""HTML → blocks.  The markup is read as a stream (no tree is built), so size and nesting cost nothing but time.

Dropped: scripts, controls, and what the markup itself hides.  What a page repeats around its text (navigation,
footer, cookie notice) is kept apart as ``frame`` blocks; :mod:`~scanner.collect.policy.assemble` decides on them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lxml import etree

from scanner.collect.policy.blocks import Block, Kind, Limits, Link, Reading, Words
from scanner.collect.policy.tables import Cell, Grid

FEED = 1 << 16
MAX_TABLE_DEPTH = 6
LAYOUT_CELL, LAYOUT_ROWS = 3_000, 3

_SKIPPED_TAGS = (
    "script style noscript template svg canvas iframe object embed select option button textarea math audio video "
    "applet map datalist"
)
_SKIPPED = frozenset(_SKIPPED_TAGS.split())
_FRAME = frozenset({"nav", "footer", "aside", "menu"})
_FRAME_ROLES = frozenset({"navigation", "contentinfo", "complementary", "search", "dialog", "alertdialog"})
_FRAME_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|topbar|menu|footer|foot|sidebar|breadcrumbs?|crumbs|cookies?|cookie-?(?:banner|"
    r"notice|consent|bar)|copyright|beian|share|pagination|skip-?link)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BLOCK_TAGS = (
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html legend li main menu nav ol p pre section summary table tbody td "
    "tfoot th thead title tr ul"
)
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*0(?:px|pt|em|rem|%)?\s*(?:;|!|$)|"
    r"opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)|text-indent\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold(?:er)?|[6-9]00)", re.IGNORECASE)
_PLAIN_STYLE = re.compile(r"font-weight\s*:\s*(?:normal|[1-5]00)", re.IGNORECASE)
_CELLS = frozenset({"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"})
_BULLETS = frozenset("·•●○■□▪◆◇▶►-—*")

Place = Literal["body", "frame", "hidden"]
MAX_LINK, MAX_NAMES = 2_000, 500


def read_html(text: str, limits: Limits, reading: Reading | None = None) -> Reading:
    """Return the blocks of an HTML page or fragment; ``text`` is the decoded markup."""
    target = _Target(limits, reading or Reading())
    # The encoding is given, so that a declaration inside cannot change it; entities are those of HTML, never a DTD's.
    parser = etree.HTMLParser(target=target, encoding="utf-8", huge_tree=True, no_network=True)
    try:
        parser.feed(b"<html>")
        for start in range(0, len(text), FEED):
            if target.full:
                break
            parser.feed(text[start : start + FEED].encode("utf-8", "replace"))
        parser.close()
    except etree.XMLSyntaxError as error:
        target.reading.fail(
            "policy-html-broken",
            "",
            f"网页标记有严重错误，其后的内容未读取（{error.msg}）。",
            f"The markup is broken; what follows was not read ({error.msg}).",
        )
    return target.reading


@dataclass(slots=True)
class _Open:
    """An open element and what it means for the text inside."""

    tag: str
    skipped: bool = False
    place: Place = "body"
    bold: bool = False
    heading: int = 0
    item: bool = False
    link: str = ""


@dataclass(slots=True)
class _Table:
    """A table being read; ``flow`` holds its text as blocks too, for tables that only lay out a page."""

    grid: Grid
    place: Place
    in_head: bool = False
    cell: Cell | None = None
    words: Words = field(default_factory=Words)
    caption: str = ""
    flow: list[Block] = field(default_factory=list)
    nested: list[Block] = field(default_factory=list)


class _Target:
    """Receives the parser's events, which are balanced; ``full`` once a limit is reached."""

    def __init__(self, limits: Limits, reading: Reading) -> None:
        self.limits = limits
        self.reading = reading
        self.full = False
        self._open: list[_Open] = [_Open("")]
        self._tables: list[_Table] = []
        self._characters = 0
        self._cells = 0
        self._count = 0
        self._new_block()

    # --- events ---------------------------------------------------------------------------------------

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag in _BLOCKS:
            self._flush()
        top = self._open[-1]
        entry = _Open(tag, top.skipped, top.place, top.bold, top.heading, top.item, top.link)
        self._open.append(entry)
        if tag in _SKIPPED:
            entry.skipped = True
        if entry.skipped or self.full:
            return
        _look(entry, attributes)
        if tag in _CELLS:
            self._cell_start(tag, attributes, entry.place)

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in _BLOCKS:
            self._flush()
        if len(self._open) > 1:
            entry = self._open.pop()
            if not entry.skipped and tag in _CELLS and self._tables:
                self._cell_end(tag)

    def data(self, text: str) -> None:
        """Text between tags."""
        top = self._open[-1]
        if self.full or top.skipped:
            return
        self._characters += len(text) if not text.isspace() else 0
        if self._characters > self.limits.characters:
            self._cut(
                "characters", f"{self.limits.characters} 个字符", f"{self.limits.characters} characters"
            )
            return
        if self._tables and self._tables[-1].cell is not None and top.place != "hidden":
            self._tables[-1].words.add(text)
        before = self._words.length
        self._words.add(text)
        added = self._words.length - before
        if added:
            self._bold += added if top.bold else 0
            if top.link:
                self._note_link(top.link, before, added)

    def comment(self, text: str) -> None:
        """Comments are no content."""

    def close(self) -> None:
        """The source ends; text and tables left open are kept."""
        self._flush()
        while self._tables:
            self._finish_table(self._tables.pop())

    # --- blocks ---------------------------------------------------------------------------------------

    def _new_block(self) -> None:
        self._words = Words()
        self._bold = 0
        self._linked = 0
        self._links: list[Link] = []

    def _note_link(self, link: str, before: int, added: int) -> None:
        if link.startswith("#"):
            return
        self._linked += added
        if not link.lower().startswith(("http://", "https://", "mailto:", "tel:")) or len(link) > MAX_LINK:
            return
        if self._links and self._links[-1][2] == link and before - self._links[-1][1] <= 1:
            before, added = self._links[-1][0], before + added - self._links[-1][0]
            self._links.pop()
        self._links.append((before, before + added, link))
        if self._tables and self._tables[-1].cell is not None and not self._tables[-1].cell.link:
            self._tables[-1].cell.link = link

    def _flush(self) -> None:
        if not self._words.length:
            self._words = Words()
            if self._tables:
                self._tables[-1].words.part()
            return
        text, links, bold, linked = self._words.text(), self._links, self._bold, self._linked
        self._new_block()
        top = self._open[-1]
        if top.tag == "title" and not self.reading.title:
            self.reading.title = text[:300]
        elif top.tag == "caption" and self._tables:
            self._tables[-1].caption = text[:300]
        elif text not in _BULLETS:
            kind: Kind = "heading" if top.heading else "item" if top.item else "text"
            # A space that opens a link belongs to the text before it.
            links = [(start + text[start:end].startswith(" "), end, link) for start, end, link in links]
            self._emit(
                Block(
                    kind=kind,
                    text=text,
                    level=top.heading,
                    bold=bold * 10 >= len(text) * 9,
                    links=links,
                    linked=linked / len(text),
                    place=top.place,
                )
            )
        if self._tables:
            self._tables[-1].words.part()

    def _emit(self, block: Block) -> None:
        if self._tables:
            self._tables[-1].flow.append(block)
        else:
            self.reading.blocks.append(block)
        self._count += 1
        if self._count > self.limits.blocks + self.limits.cells:
            self._cut("blocks", f"{self.limits.blocks} 个段落", f"{self.limits.blocks} paragraphs")

    def _cut(self, what: str, zh: str, en: str) -> None:
        if self.full:
            return
        self.full = True
        self.reading.fail(
            f"policy-{what}-limit",
            "",
            f"文本超过 {zh} 的上限，其后的内容未读取。",
            f"The text exceeds the limit of {en}; what follows was not read.",
        )

    # --- tables ---------------------------------------------------------------------------------------

    def _cell_start(self, tag: str, attributes: Mapping[str, str], place: Place) -> None:
        if tag == "table":
            if len(self._tables) < MAX_TABLE_DEPTH:
                self._tables.append(_Table(Grid(max(0, self.limits.cells - self._cells)), place))
            else:
                self._open[-1].tag = "deep"
            return
        if not self._tables:
            return
        table = self._tables[-1]
        if tag in {"thead", "tbody", "tfoot"}:
            table.in_head = tag == "thead"
        elif tag == "tr":
            table.grid.row(header=table.in_head)
        elif tag in {"td", "th"}:
            spans = _span(attributes.get("rowspan")), _span(attributes.get("colspan"))
            table.cell = Cell("", *spans, header=tag == "th")
            table.words = Words()

    def _cell_end(self, tag: str) -> None:
        table = self._tables[-1]
        if tag == "thead":
            table.in_head = False
        elif tag in {"td", "th"} and table.cell is not None:
            table.cell.text = table.words.text()
            table.grid.cell(table.cell)
            table.cell = None
        elif tag == "table":
            self._tables.pop()
            self._finish_table(table)

    def _finish_table(self, table: _Table) -> None:
        self._cells += table.grid.cells
        rows, header, links = table.grid.resolve()
        if table.grid.full:
            self._cut("cells", f"{self.limits.cells} 个表格单元", f"{self.limits.cells} table cells")
        blocks = table.flow
        if not _lays_out(rows, table.flow):
            block = Block(
                "table",
                caption=table.caption or table.grid.caption,
                rows=rows,
                header_rows=header,
                cell_links=links,
                place=table.place,
            )
            blocks = [block, *table.nested]
        if not self._tables:
            self.reading.blocks.extend(blocks)
            return
        outer = self._tables[-1]
        outer.flow.extend(blocks)
        outer.nested.extend(b for b in blocks if b.kind == "table")
        outer.words.part()
        outer.words.add(" ".join(cell for row in rows for cell in dict.fromkeys(row)))
        outer.words.part()


def _look(entry: _Open, attributes: Mapping[str, str]) -> None:
    """Note what the element's name and attributes say about its text."""
    tag, style = entry.tag, attributes.get("style", "")
    if tag in {"b", "strong", "th"} or (style and _BOLD_STYLE.search(style)):
        entry.bold = True
    elif style and _PLAIN_STYLE.search(style):
        entry.bold = False
    if tag in _HEADINGS:
        entry.heading, entry.item = _HEADINGS[tag], False
    elif tag in {"li", "dd", "dt"}:
        entry.item = True
    elif tag == "a":
        entry.link = attributes.get("href", "").strip()
    hides = "hidden" in attributes and attributes.get("hidden") != "until-found"
    if hides or (style and _HIDDEN_STYLE.search(style)):
        entry.place = "hidden"
    elif entry.place == "body" and _is_frame(tag, attributes):
        entry.place = "frame"


def _is_frame(tag: str, attributes: Mapping[str, str]) -> bool:
    if tag in {"body", "html", "main", "article"} or tag in _HEADINGS:
        return False
    if tag in _FRAME or attributes.get("role", "").lower() in _FRAME_ROLES:
        return True
    names = f"{attributes.get('class', '')} {attributes.get('id', '')}"
    return len(names) < MAX_NAMES and bool(_FRAME_NAMES.search(names))


def _span(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 6 else 1


def _lays_out(rows: list[list[str]], flow: list[Block]) -> bool:
    """Whether a table only arranges a page: one column, headings inside, or few cells with whole chapters in them."""
    if not rows or len(rows[0]) < 2 or any(block.kind == "heading" for block in flow):
        return True
    return len(rows) <= LAYOUT_ROWS and any(len(cell) > LAYOUT_CELL for row in rows for cell in row)

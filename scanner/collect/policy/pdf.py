"""PDF → blocks, with PDFium: characters with their places become lines, ruled tables and paragraphs in reading order.

Runs only in the child process of :mod:`~scanner.collect.policy.isolate`.  Places are in points, origin at the bottom
left (ISO 32000).
"""

from __future__ import annotations

import ctypes
import itertools
import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from scanner.collect.policy.blocks import Limits, Reading, clean, is_cjk
from scanner.collect.policy.isolate import BrokenError, PasswordError
from scanner.collect.policy.pdflayout import Line, Page, page_blocks
from scanner.collect.policy.pdftables import Ruling, find_tables

MAX_PAGE_CHARACTERS = 60_000
MIN_CHARACTERS = 8
BOLD_WEIGHT = 600
MIN_COLUMN_LINES = 6


@dataclass(slots=True)
class Glyph:
    """A character and its box; ``size`` is about one em."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool


def read_pdf(data: bytes, limits: Limits) -> Reading:
    """Return the blocks of a PDF file; raises BrokenError or PasswordError."""
    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise PasswordError from error
        raise BrokenError from error
    reading = Reading()
    if count > limits.pages:
        reading.fail(
            "policy-pages-limit",
            "",
            f"PDF 有 {count} 页，超过 {limits.pages} 页的上限，其后的页未读取。",
            f"The PDF has {count} pages, more than {limits.pages}; the pages after that were not read.",
        )
    pages: list[Page] = []
    pictures: list[int] = []
    broken: list[int] = []
    spent = 0
    for number in range(min(count, limits.pages)):
        try:
            page, has_pictures, cut = _page(document[number])
        except pypdfium2.PdfiumError:
            broken.append(number + 1)
            continue
        found = sum(len(line.text) for line in page.lines) + sum(
            len(c) for t in page.tables for r in t.rows for c in r
        )
        if cut:
            broken.append(number + 1)
        if found < MIN_CHARACTERS and has_pictures:
            pictures.append(number + 1)
        pages.append(page)
        spent += found
        if spent > limits.characters:
            reading.fail(
                "policy-characters-limit",
                "",
                f"文本超过 {limits.characters} 个字符的上限，第 {number + 1} 页之后未读取。",
                f"The text exceeds the limit of {limits.characters} characters; nothing after page {number + 1} was read.",
            )
            break
    _report(reading, pages, pictures, broken, spent)
    title = document.get_metadata_dict().get("Title", "") if spent else ""
    # Word writes its own name and the file name into the title.
    reading.title = re.sub(r"^Microsoft Word - |\.(?:docx?|wps|pdf)$", "", clean(title)[:300])
    reading.blocks = page_blocks(pages)
    return reading


def _report(reading: Reading, pages: list[Page], pictures: list[int], broken: list[int], spent: int) -> None:
    if not spent and (pictures or not broken):
        reading.fail(
            "policy-image",
            "",
            "PDF 中只有图片，没有文字层，无法读取；本工具不做文字识别，请提供文本形式的隐私政策，或人工核查。",
            "The PDF contains only images and no text; it is not recognised here. Provide the policy as text or "
            "review it by hand.",
        )
    elif pictures:
        reading.fail(
            "policy-image-pages",
            "",
            f"PDF 的第 {_numbers(pictures)} 页只有图片，没有文字，未读取。",
            f"Pages {_numbers(pictures)} of the PDF are images without text and were not read.",
        )
    if broken:
        reading.fail(
            "policy-pdf-pages",
            "",
            f"PDF 的第 {_numbers(broken)} 页已损坏或过大，未能完整读取。",
            f"Pages {_numbers(broken)} of the PDF are damaged or too large and were not read whole.",
        )


def _numbers(pages: list[int]) -> str:
    return "、".join(str(page) for page in pages[:20]) + ("…" if len(pages) > 20 else "")


# --- characters to lines --------------------------------------------------------------------------------


def _page(page: pypdfium2.PdfPage) -> tuple[Page, bool, bool]:
    """Return the page's lines and tables, whether it shows pictures, whether it was cut at a limit."""
    width, height = page.get_size()
    text = page.get_textpage()
    count = text.count_chars()
    glyphs = _glyphs(text.raw, min(count, MAX_PAGE_CHARACTERS))
    rulings, pictures = _drawings(page)
    result = Page(width, height)
    result.tables = find_tables(rulings, width, height)
    rest = []
    for line_glyphs in _lines(glyphs):
        left = [glyph for glyph in line_glyphs if not any(table.take(glyph) for table in result.tables)]
        if left:
            rest.append(left)
    gutter = _gutter(rest, width)
    result.lines = [line for row in rest for run in _runs(row, gutter) if (line := _line(run)).text.strip()]
    for table in result.tables:
        table.finish()
    result.tables = [table for table in result.tables if table.rows]
    text.close()
    page.close()
    return result, pictures, count > MAX_PAGE_CHARACTERS


def _glyphs(text: pdfium.FPDF_TEXTPAGE, count: int) -> list[Glyph]:
    # The loose box covers the advance width and the height of the font, so gaps between characters are real gaps.
    box = pdfium.FS_RECTF()
    place = ctypes.byref(box)
    found: list[Glyph] = []
    pending = 0
    for index in range(count):
        code = pdfium.FPDFText_GetUnicode(text, index)
        if 0xD800 <= code < 0xDC00:
            pending = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((pending - 0xD800) << 10) + (code - 0xDC00) if pending else 0
        pending = 0
        if code in {0x02, 0xFFFE}:
            # PDFium's marks for a hyphen at the end of a line.
            code = 0x2D
        if code < 0x20 or code > 0x10FFFF or code in {0xFFFE, 0xFFFF}:
            continue
        if not pdfium.FPDFText_GetLooseCharBox(text, index, place):
            continue
        # The font size is stated before the text matrix scales it; the box is what stands on the page.
        wide = is_cjk(chr(code)) and box.right > box.left
        size = box.right - box.left if wide else (box.top - box.bottom) * 0.8
        bold = pdfium.FPDFText_GetFontWeight(text, index) >= BOLD_WEIGHT
        found.append(Glyph(chr(code), box.left, box.bottom, box.right, box.top, size, bold))
    return found


def _lines(glyphs: list[Glyph]) -> list[list[Glyph]]:
    """Group characters into lines, from the top of the page down; spaces without a box stay with what they follow."""
    rows: list[list[Glyph]] = []
    middles: list[float] = []
    solid = [glyph for glyph in glyphs if not glyph.text.isspace()]
    for glyph in sorted(solid, key=lambda g: -(g.top + g.bottom) / 2):
        middle = (glyph.top + glyph.bottom) / 2
        height = max(glyph.top - glyph.bottom, glyph.size * 0.6, 1.0)
        if rows and abs(middles[-1] - middle) <= height * 0.55:
            rows[-1].append(glyph)
            middles[-1] += (middle - middles[-1]) / len(rows[-1])
        else:
            rows.append([glyph])
            middles.append(middle)
    for row in rows:
        row.sort(key=lambda g: g.left)
    return rows


def _gutter(rows: list[list[Glyph]], width: float) -> float | None:
    """Return where the gap between two columns of text stands, None when the page has one column.

    Most lines must leave it free, and many must have text on both sides of it.
    """
    gaps: Counter[int] = Counter()
    first, last = int(width * 0.3), int(width * 0.7)
    for row in rows:
        for before, glyph in itertools.pairwise(row):
            if glyph.left - before.right > max(before.size, glyph.size) * 0.8:
                gaps.update(range(max(first, math.ceil(before.right)), min(last, int(glyph.left)) + 1))
    if not gaps:
        return None
    most = max(gaps.values())
    places = [place for place, count in gaps.items() if count == most]
    middle = statistics.median(places)
    across = sum(1 for row in rows for glyph in row if glyph.left < middle < glyph.right)
    return middle if most >= MIN_COLUMN_LINES and across * 8 <= most and most * 2 > len(rows) else None


def _runs(glyphs: list[Glyph], gutter: float | None) -> Iterable[list[Glyph]]:
    """Split a line at the gutter, and where a wide gap stands."""
    run: list[Glyph] = []
    for glyph in glyphs:
        if run:
            parted = gutter is not None and run[-1].right <= gutter <= glyph.left
            if parted or glyph.left - run[-1].right > max(glyph.size, run[-1].size, 6.0) * 4:
                yield run
                run = []
        run.append(glyph)
    if run:
        yield run


def _line(glyphs: list[Glyph]) -> Line:
    parts = [glyphs[0].text]
    em = _em(glyphs)
    for before, glyph in itertools.pairwise(glyphs):
        gap = glyph.left - before.right
        latin = not (is_cjk(before.text) or is_cjk(glyph.text))
        if gap > em * (0.2 if latin else 0.9):
            parts.append(" ")
        parts.append(glyph.text)
    bold = sum(1 for glyph in glyphs if glyph.bold) * 10 >= len(glyphs) * 9
    return Line(
        clean("".join(parts)),
        min(g.left for g in glyphs),
        min(g.bottom for g in glyphs),
        max(g.right for g in glyphs),
        max(g.top for g in glyphs),
        em,
        bold,
    )


def _em(glyphs: list[Glyph]) -> float:
    wide = [glyph.size for glyph in glyphs if is_cjk(glyph.text)]
    return max(statistics.median(wide if len(wide) > 1 else [glyph.size for glyph in glyphs]), 1.0)


def _drawings(page: pypdfium2.PdfPage) -> tuple[list[Ruling], bool]:
    """Return the ruled lines of the page (thin boxes and the edges of boxes) and whether it shows pictures."""
    rulings: list[Ruling] = []
    pictures = False
    for item in page.get_objects(max_depth=3):
        if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            pictures = True
        elif item.type == pdfium.FPDF_PAGEOBJ_PATH and len(rulings) < Ruling.MAX:
            rulings.extend(Ruling.of_box(*item.get_bounds()))
    return rulings, pictures


READ = read_pdf

"""What the readers of formats hand on: blocks of cleaned text, and the limits they read within.

A reader knows markup and no policies; :mod:`~scanner.collect.policy.assemble` turns blocks into a document.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from scanner.model import Problem, Text

Kind = Literal["heading", "text", "item", "table"]
Link = tuple[int, int, str]

# Zero-width, directional and soft-hyphen characters: invisible, and often put between the letters of a word.
_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
_CONTROL = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
# Radicals and compatibility ideographs stand for the usual characters in the text layer of many PDF files.
_COMPATIBLE = "\u2e80-\u2fd5\uf900-\ufaff"
# Those of the CJK radicals supplement have no compatibility mapping (Unicode EquivalentUnifiedIdeograph.txt).
_RADICALS = dict(
    zip(
        "⺁⺃⺄⺇⺈⺋⺎⺏⺐⺑⺒⺓⺗⺘⺙⺛⺝⺞⺟⺠⺡⺢⺣⺥⺩⺪⺫⺬⺭⺯⺰⺱⺳⺵⺸⺹⺺⺻⺼⺽⻀⻁⻂⻃⻄⻅⻆⻈⻉⻊⻋⻍⻐⻒⻓⻔⻘⻙⻚⻛⻜⻝⻠⻢⻣⻤⻥⻦⻧⻨⻩⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "厂乚乙几刀㔾兀尣尢尣巳幺心手攴旡月歺母民氵氺灬爫王疋目示礻糸纟罓网网羊耂肀聿月臼艹虎衤覀西见角讠贝足车辶钅镸长门青韦页风飞食饣马骨鬼鱼鸟卤麦黄斉齐歯齿竜龙龜亀龟",
        strict=True,
    )
)
_ODD = re.compile(f"[{_INVISIBLE}{_CONTROL}{_COMPATIBLE}\ud800-\udfff]")
_SPACE = re.compile(r"(\s+)")
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


@dataclass(frozen=True)
class Limits:
    """What a policy may cost: sizes in bytes, ``seconds`` and ``memory`` of the process that reads PDF and DOCX.

    Beyond ``characters``, ``cells``, ``blocks`` or ``pages`` reading stops and the document is incomplete.
    """

    bytes: int = 64 << 20
    characters: int = 4_000_000
    blocks: int = 100_000
    cells: int = 400_000
    pages: int = 400
    seconds: int = 30
    memory: int = 1 << 30


@dataclass(slots=True)
class Block:
    """One block: cleaned text, or a table as resolved rows of which the first ``header_rows`` are its header.

    ``links`` are spans of ``text`` with their address; ``cell_links`` the addresses by (row, column).  ``linked`` is
    the share of the text inside links that leave the page; ``place`` names the page region the block stands in.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    bold: bool = False
    links: list[Link] = field(default_factory=list)
    linked: float = 0.0
    place: Literal["body", "frame", "hidden"] = "body"
    caption: str = ""
    rows: list[list[str]] = field(default_factory=list)
    header_rows: int = 0
    cell_links: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass
class Reading:
    """What a reader found: the blocks in reading order, and what could not be read."""

    blocks: list[Block] = field(default_factory=list)
    title: str = ""
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True

    def note(self, code: str, where: str, zh: str, en: str) -> None:
        """Note something odd about the source."""
        self.problems.append(Problem(code=code, where=where, message=Text(zh=zh, en=en)))

    def fail(self, code: str, where: str, zh: str, en: str) -> None:
        """Note that part of the source was not read."""
        self.note(code, where, zh, en)
        self.complete = False


def is_cjk(character: str) -> bool:
    """Whether a space next to this character comes from the layout of the source and not from the writer."""
    return bool(_CJK.match(character))


def clean(text: str) -> str:
    """Return ``text`` without invisible characters, with compatibility ideographs replaced by the usual ones."""
    return _ODD.sub(_usual, text) if _ODD.search(text) else text


def _usual(match: re.Match[str]) -> str:
    character = match[0]
    if character in _RADICALS:
        return _RADICALS[character]
    return unicodedata.normalize("NFKC", character) if _CJK.match(character) else ""


def tidy(text: str) -> str:
    """Return ``text`` cleaned and on one line, as :class:`Words` does."""
    words = Words()
    words.add(text)
    return words.text()


class Words:
    """Collects the text of a block: runs of white space become one space, none between CJK characters of two lines."""

    __slots__ = ("_break", "_gap", "_hard", "_last", "_parts", "length")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._last = ""
        self._gap = False
        self._break = False
        self._hard = False
        self.length = 0

    def part(self) -> None:
        """Keep what follows apart from what precedes, by one space."""
        self._gap = self._hard = True

    def add(self, data: str) -> None:
        """Append raw text."""
        for piece in _SPACE.split(clean(data)):
            if not piece:
                continue
            if piece.isspace():
                self._gap = True
                self._break = self._break or "\n" in piece
            else:
                self._append(piece)

    def _append(self, piece: str) -> None:
        wrapped = self._break and not self._hard and is_cjk(self._last) and is_cjk(piece[0])
        if self._gap and self.length and not wrapped:
            self._parts.append(" ")
            self.length += 1
        self._gap = self._break = self._hard = False
        self._parts.append(piece)
        self.length += len(piece)
        self._last = piece[-1]

    def text(self) -> str:
        """Return what was collected, without white space at either end."""
        return "".join(self._parts)

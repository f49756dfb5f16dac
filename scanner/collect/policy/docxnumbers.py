"""The list numbers Word shows in front of paragraphs, which stand in no text (ECMA-376 part 1, 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAX_LISTS = 5_000
LEVELS = 9
_DIGITS = "零一二三四五六七八九"
_PLACE = re.compile(r"%([1-9])")


@dataclass(slots=True)
class Level:
    """One level of a list: number format, text with %1 … %9 in the place of numbers, first number."""

    form: str = "decimal"
    text: str = ""
    start: int = 1


@dataclass
class Numbering:
    """The lists of a document with their running numbers; ``root`` is the numbering part."""

    root: etree._Element | None
    _levels: dict[str, dict[int, Level]] = field(default_factory=dict)
    _lists: dict[str, str] = field(default_factory=dict)
    _counts: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.root is None:
            return
        for abstract in self.root.findall(f"{W}abstractNum")[:MAX_LISTS]:
            levels = {_value(e.get(f"{W}ilvl")): _level(e) for e in abstract.findall(f"{W}lvl")[:LEVELS]}
            self._levels[abstract.get(f"{W}abstractNumId", "")] = levels
        for number in self.root.findall(f"{W}num")[:MAX_LISTS]:
            link = number.find(f"{W}abstractNumId")
            if link is not None:
                self._lists[number.get(f"{W}numId", "")] = link.get(f"{W}val", "")
        self.root = None

    def next(self, list_id: str, depth: int) -> str | None:
        """Return the number of the next paragraph of a list; empty for a bullet, None when there is no such list."""
        abstract = self._lists.get(list_id)
        levels = self._levels.get(abstract or "")
        if not levels or depth not in levels:
            return None
        counts = self._counts.setdefault(
            abstract or "", [levels[i].start - 1 if i in levels else 0 for i in range(LEVELS)]
        )
        counts[depth] += 1
        for below in range(depth + 1, LEVELS):
            counts[below] = levels[below].start - 1 if below in levels else 0
        level = levels[depth]
        if level.form in {"bullet", "none"}:
            return ""
        return _PLACE.sub(lambda m: self._format(levels, counts, int(m[1]) - 1), level.text).strip()

    def _format(self, levels: dict[int, Level], counts: list[int], index: int) -> str:
        level = levels.get(index, Level())
        return number_text(max(counts[index], level.start), level.form)


def _level(element: etree._Element) -> Level:
    found = {name: element.find(f"{W}{name}") for name in ("numFmt", "lvlText", "start")}
    values = {name: e.get(f"{W}val", "") for name, e in found.items() if e is not None}
    return Level(
        values.get("numFmt", "decimal"), values.get("lvlText", "")[:40], _value(values.get("start"), 1)
    )


def _value(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else default


def number_text(number: int, form: str) -> str:
    """Return ``number`` (at least 1) in a number format of Word."""
    if form.startswith(("chinese", "japanese", "taiwanese", "ideographDigital")):
        return _chinese(number)
    if form in {"lowerLetter", "upperLetter"}:
        letter = chr(ord("a") + (number - 1) % 26)
        return letter.upper() if form == "upperLetter" else letter
    if form in {"lowerRoman", "upperRoman"}:
        roman = _roman(number)
        return roman.lower() if form == "lowerRoman" else roman
    if form.startswith("decimalEnclosedCircle") and number <= 20:
        return chr(0x2460 + number - 1)
    return str(number)


def _chinese(number: int) -> str:
    if number < 10:
        return _DIGITS[number]
    if number < 20:
        return "十" + (_DIGITS[number - 10] if number > 10 else "")
    if number < 100:
        tens, ones = divmod(number, 10)
        return _DIGITS[tens] + "十" + (_DIGITS[ones] if ones else "")
    return str(number)


def _roman(number: int) -> str:
    parts: list[str] = []
    for value, letters in (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        while number >= value and len(parts) < 40:
            parts.append(letters)
            number -= value
    return "".join(parts)

"""Making text from outside harmless: names, excerpts and reasons pass through here before anybody reads them.

Formats escape their own syntax (markup, formulas); this module takes care of what no format escapes: control and
format characters, direction overrides, blank look-alikes, stacks of combining marks, and sheer length.
"""

from __future__ import annotations

import unicodedata

from scanner.places import Count

MAX_LENGTH = 400
MAX_MARKS = 4
KEPT_CONTROLS = frozenset("\n\t")
# Cc, Cf (direction overrides: CVE-2021-42574; zero-width characters; tags), surrogates, private use, unassigned,
# line and paragraph separators.
SHOWN_AS_CODE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and symbols that draw nothing: they hide or fake names (Hangul fillers, Braille blank).
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u180e\u034f")


def places_text(count: Count) -> str:
    """Return a number of places in code: ``3`` all reached, ``(3)`` none reached, ``1/3`` one of three reached."""
    if not count.total:
        return "·"
    if not count.reachable:
        return f"({count.total})"
    return str(count.total) if count.reachable == count.total else f"{count.reachable}/{count.total}"


def plain(text: str, limit: int = MAX_LENGTH) -> str:
    """Return ``text`` with invisible characters written as ``⟨U+XXXX⟩``, from at most ``limit`` characters.

    Line feeds and tabs stay.  What is cut off is counted: ``…（+N）``.
    """
    cut = text[:limit]
    hidden = len(text) - len(cut)
    if not (cut.isascii() and cut.isprintable()):
        cut = _visible(cut)
    return f"{cut}…(+{hidden})" if hidden else cut


def _visible(text: str) -> str:
    out: list[str] = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        hide = category in SHOWN_AS_CODE and char not in KEPT_CONTROLS
        out.append(f"⟨U+{ord(char):04X}⟩" if hide or char in BLANKS or marks > MAX_MARKS else char)
    return "".join(out)


def one_line(text: str, limit: int = MAX_LENGTH) -> str:
    """Return ``text`` made harmless, on a single line."""
    return " ".join(plain(text, limit).split())


def short_method(descriptor: str, limit: int = 120) -> str:
    """Return a readable form of a method descriptor: ``Main.onCreate()`` for ``Lcom/x/Main;->onCreate(…)V``."""
    owner, arrow, rest = descriptor.partition(";->")
    if not arrow:
        return one_line(descriptor, limit)
    name = rest.partition("(")[0].partition(":")[0]
    return one_line(
        f"{owner.lstrip('[').removeprefix('L').rpartition('/')[2]}.{name}" + ("()" if "(" in rest else ""),
        limit,
    )


def short_class(descriptor: str, limit: int = 120) -> str:
    """Return a readable form of a type: ``Camera`` for ``Landroid/hardware/Camera;``."""
    return one_line(descriptor.lstrip("[").removeprefix("L").removesuffix(";").rpartition("/")[2], limit)


def unit_offset(offset: int) -> str:
    """Return an instruction's offset (16-bit code units) as ``0x001f``, nothing when there is no instruction."""
    return f"0x{offset:04x}" if offset >= 0 else ""

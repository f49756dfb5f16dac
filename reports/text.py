"""Making text from packages harmless: everything that came from outside passes through here before it is shown."""

from __future__ import annotations

import unicodedata

MAX_LENGTH = 400
# Direction overrides and isolates can make text read differently from what it is (CVE-2021-42574).
BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
KEPT_CONTROLS = frozenset("\n\t")


def plain(text: str, limit: int = MAX_LENGTH) -> str:
    """Return ``text`` with control and direction characters made visible, at most ``limit`` characters."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(_visible(char) for char in cut)


def _visible(char: str) -> str:
    if char in KEPT_CONTROLS:
        return char
    if char in BIDI or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return f"⟨U+{ord(char):04X}⟩"
    return char


def one_line(text: str, limit: int = MAX_LENGTH) -> str:
    """Return ``text`` made harmless on a single line."""
    return " ".join(plain(text, limit).split())


def short_method(descriptor: str) -> str:
    """Return a readable form of a method descriptor: ``Main.onCreate()`` for ``Lcom/x/Main;->onCreate(…)V``."""
    owner, arrow, rest = descriptor.partition(";->")
    if not arrow:
        return one_line(descriptor, 120)
    name = rest.partition("(")[0].partition(":")[0]
    return one_line(f"{owner.rpartition('/')[2]}.{name}" + ("()" if "(" in rest else ""), 120)

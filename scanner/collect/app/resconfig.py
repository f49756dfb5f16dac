"""Configurations of resources (ResTable_config): locale, other qualifiers, and which locale serves a language best."""

from __future__ import annotations

import struct
from dataclasses import dataclass

# Locales of one language from most to least fitting for the readers of our reports; others follow in file order.
_PREFERRED = {
    "zh": ("zh-rCN", "b+zh+Hans+CN", "b+zh+Hans", "zh", "zh-rSG", "b+zh+Hans+SG"),
    "en": ("en", "en-rUS", "en-rGB"),
}


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration: ``locale`` as in folder names (``zh-rCN``, ``b+zh+Hans``), whether anything else qualifies it."""

    locale: str
    qualified: bool

    def rank(self, language: str) -> int | None:
        """Return how well this serves ``language`` (0 best; ``""`` = default), None when it is another language."""
        if self.language != language:
            return None
        order = _PREFERRED.get(language, (language,))
        place = order.index(self.locale) if self.locale in order else len(order)
        return 2 * place + self.qualified

    @property
    def language(self) -> str:
        """The language part of the locale, empty for the default."""
        parts = self.locale.replace("+", "-").split("-")
        return parts[1] if parts[0] == "b" and len(parts) > 1 else parts[0]


def read_config(raw: bytes) -> Config:
    """Decode a ResTable_config; its first word is its size, fields that are missing count as zero."""
    (size,) = struct.unpack_from("<I", raw) if len(raw) >= 4 else (0,)
    body = raw[: max(4, min(size, len(raw), 64))].ljust(64, b"\0")
    language, region = packed(body[8:10], 0x61), packed(body[10:12], 0x30).upper()
    script, variant = _text(body[36:40]), _text(body[40:48])
    if script or variant:
        locale = "+".join(part for part in ("b", language, script, region, variant) if part)
    else:
        locale = f"{language}-r{region}" if language and region else language
    # Everything but locale, localeScript and localeVariant, and the flag in 48 that says the script was computed.
    rest = body[4:8] + body[12:36] + body[49:64]
    return Config(locale, any(rest))


def packed(two: bytes, base: int) -> str:
    """Decode a language or region: two letters, or three packed into 15 bits."""
    if not any(two):
        return ""
    if two[0] & 0x80:
        third, second, first = two[0] >> 2 & 0x1F, (two[0] & 0x03) << 3 | two[1] >> 5, two[1] & 0x1F
        return "".join(chr(base + value) for value in (first, second, third))
    return two.decode("ascii", "replace").strip("\0")


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("ascii", "replace")

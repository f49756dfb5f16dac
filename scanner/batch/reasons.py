"""Why a target could not be examined, as people read it."""

from __future__ import annotations

from scanner.model import Text


def reason_of(location: str, zh: str | None, en: str | None) -> Text | None:
    """Return the stored message without the place it begins with, None where none is stored."""
    if not zh or not en:
        return None
    return Text(zh=_bare(zh, location), en=_bare(en, location))


def _bare(message: str, location: str) -> str:
    rest = message.removeprefix(location)
    return rest.lstrip("：: ") if rest != message else message

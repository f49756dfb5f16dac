"""Errors and recorded problems of the DEX engine."""

from __future__ import annotations

from dataclasses import dataclass


class DexError(ValueError):
    """The buffer is no DEX file this engine can read; the message says what was found."""


@dataclass(frozen=True, slots=True)
class DexProblem:
    """Something malformed that was skipped: stable ``code``, the dex file, and how often."""

    code: str
    dex: str
    count: int
    detail: str = ""

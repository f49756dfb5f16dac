"""Errors a user can act on.  Only the command line prints them and chooses the exit code."""

from __future__ import annotations

from scanner.model import Text


class GuijianError(Exception):
    """Base: ``code`` is stable for machines, ``text`` says what was seen, where, and what to do."""

    def __init__(self, code: str, text: Text) -> None:
        super().__init__(text.zh)
        self.code = code
        self.text = text


class InputError(GuijianError):
    """The target cannot be scanned (exit code 3)."""


class PackError(GuijianError):
    """The rule pack or configuration is wrong (exit code 2)."""


class CollectError(GuijianError):
    """A collector failed on a target that could be opened (exit code 3)."""


class ReportError(GuijianError):
    """A report could not be written (exit code 2)."""

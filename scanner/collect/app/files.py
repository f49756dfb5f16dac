"""What one asks of a package's files, however it was delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from scanner.collect.app.zipdirectory import Entry


class Files(Protocol):
    """The files of a package by name: one archive, or a package made of parts."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The files."""
        ...

    def read(self, name: str, limit: int | None = None) -> bytes:
        """Return the content of a file; raises EntryError."""
        ...

"""What every collector is given: limits, observer and options.  The library never prints; it reports here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


class Observer(Protocol):
    """Told what happens; the default does nothing.  Only the command line attaches a progress display."""

    def step(self, name: str, done: int = 0, total: int = 0) -> None:
        """Say that stage ``name`` is running, ``done`` of ``total`` units finished (0 = unknown)."""
        ...


class Silent:
    """The observer that ignores everything."""

    def step(self, name: str, done: int = 0, total: int = 0) -> None:
        """Ignore the message."""


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """How to collect: the subject's metadata that the input itself does not tell, and the observer."""

    category: str | None = None
    developer: str | None = None
    store: str | None = None
    observer: Observer = field(default_factory=Silent)

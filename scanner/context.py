"""What every collector is given: limits, observer and options.  The library never prints; it reports here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol


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
class SiteOptions:
    """How to visit a website: where it may go, how much it may cost, how politely.

    ``scope``: the start page's host, its registrable domain, or its folder.  ``max_bytes`` in bytes, ``max_seconds``
    for the whole visit, ``rate`` in requests per second and host (0 = no pause).  ``probe`` asks for a short list of
    files that must not be public.  ``register`` is an offline filing register (CSV), ``authority`` a PEM file of an
    additional certificate authority, ``evidence`` the folder or .zip for the evidence package.  ``hosts`` maps host
    names to addresses without asking the resolver.
    """

    allow_private: bool = False
    scope: Literal["host", "domain", "path"] = "domain"
    max_pages: int = 200
    max_depth: int = 5
    max_bytes: int = 200 << 20
    max_seconds: float = 600.0
    rate: float = 10.0
    respect_robots: bool = True
    browser: bool = True
    max_rendered: int = 25
    typing: bool = False
    probe: bool = False
    register: Path | None = None
    authority: Path | None = None
    evidence: Path | None = None
    hosts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CollectOptions:
    """How to collect: the subject's metadata that the input itself does not tell, and the observer.

    ``policy`` is the file or URL of the subject's privacy policy; None = the one found in the package or on the site.
    """

    category: str | None = None
    developer: str | None = None
    store: str | None = None
    observer: Observer = field(default_factory=Silent)
    site: SiteOptions = field(default_factory=SiteOptions)
    policy: str | None = None

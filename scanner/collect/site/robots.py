"""robots.txt: fetched through the guard, read by Protego, kept per host (RFC 9309)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from protego import Protego

from scanner.collect.site.fetch import Fetched, Trouble
from scanner.model import Text

AGENT = "Guijian"
MAX_SIZE = 512 << 10
MAX_LINES = 5_000
MAX_DELAY = 10.0
DISALLOWED = Trouble("robots", Text(zh="robots.txt 不允许访问", en="disallowed by robots.txt"))


class GetPage(Protocol):
    """How this module fetches."""

    def __call__(self, url: str, *, body_limit: int | None = None) -> Fetched:
        """Fetch ``url``."""
        ...


@dataclass(frozen=True)
class Rules:
    """What one host's robots.txt says; ``state``: ``read``, ``absent`` (all allowed) or ``unavailable`` (none allowed)."""

    state: str
    parser: Protego | None = None
    sitemaps: tuple[str, ...] = ()
    delay: float = 0.0

    def allows(self, url: str) -> bool:
        """Whether our agent may fetch ``url``."""
        if self.state == "unavailable":
            return False
        return self.parser is None or self.parser.can_fetch(url, AGENT)


@dataclass
class Robots:
    """The robots.txt files of a scan's hosts, each fetched once; with ``respect`` off everything is allowed.

    ``slow_down`` is told the seconds between requests that a host asks for (``Crawl-delay``), :data:`MAX_DELAY` at most.
    """

    get: GetPage
    respect: bool = True
    slow_down: Callable[[str, float], None] | None = None
    _rules: dict[str, Rules] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, url: str) -> Rules:
        """Return the rules of the origin of ``url``."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            known = self._rules.get(origin)
        if known is None:
            known = self._fetch(origin)
            if known.delay and self.respect and self.slow_down is not None:
                self.slow_down(origin, known.delay)
            with self._lock:
                known = self._rules.setdefault(origin, known)
        return known

    def allows(self, url: str) -> bool:
        """Whether ``url`` may be visited."""
        return not self.respect or self.of(url).allows(url)

    def _fetch(self, origin: str) -> Rules:
        found = self.get(origin + "/robots.txt", body_limit=MAX_SIZE)
        status = found.final.status if found.final is not None else 0
        if found.trouble is not None and found.trouble.code != "body-too-large":
            # RFC 9309, 2.3.1.4: unreachable means disallowed; a redirect that leads nowhere counts as absent.
            lost = found.trouble.code.startswith(("redirect", "too-many", "decompression", "bad-encoding"))
            return Rules("absent" if lost else "unavailable")
        if status >= 500 or status == 429:
            return Rules("unavailable")
        if status >= 400 or status == 0:
            return Rules("absent")
        text = found.body[:MAX_SIZE].decode("utf-8", "replace")
        if text.lstrip("\ufeff \r\n\t")[:1] == "<":
            return Rules("absent")  # a page in place of the file
        lines = [line for line in text.splitlines()[:MAX_LINES] if len(line) <= 2_000]
        parser = Protego.parse("\n".join(lines))
        delay = parser.crawl_delay(AGENT) or 0.0
        return Rules("read", parser, tuple(parser.sitemaps)[:20], max(0.0, min(float(delay), MAX_DELAY)))

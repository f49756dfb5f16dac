"""What to visit next: scope, order, duplicates, traps.  Knows URLs and words, fetches nothing.

Pages that matter (policy, agreement, registration, login, contact, account deletion, links of the page's foot) come
first; among equals the shallower, then addresses of a form seen least.  A calendar or a shop's filters make endless
addresses of one form, so each form has a quota; what it leaves out is counted and reported.
"""

from __future__ import annotations

import heapq
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from scanner.collect.site.domains import registrable
from scanner.collect.site.weburl import Url, UrlError, parse_url
from scanner.collect.site.words import page_words

MAX_QUEUE = 20_000
MAX_SEGMENTS = 12
MAX_LENGTH = 1_000
MAX_PARAMETERS = 8
TEMPLATE_QUOTA = 60
QUERY_QUOTA = 30
IMPORTANT = 50
_PATH_SESSION = re.compile(r";[^/]{0,200}")
_INDEX = re.compile(r"/(?:index|default|home)\.(?:html?|php|jsp|aspx?|shtml|do)\Z", re.IGNORECASE)
_VARIABLE = re.compile(r"[0-9]+|[0-9a-f]{16,}")


@dataclass(frozen=True, slots=True)
class Target:
    """A page to visit: clicks from the start, what the link to it promised, its priority."""

    url: str
    depth: int
    promised: str = "other"
    weight: int = 0
    link_text: str = ""


@dataclass
class LeftOut:
    """Counts of links that were not put in the queue, by reason."""

    depth: int = 0
    traps: int = 0
    quota: int = 0
    queue: int = 0
    outside: int = 0
    files: int = 0


@dataclass
class Frontier:
    """The queue of one scan."""

    start: Url
    scope: Literal["host", "domain", "path"] = "domain"
    max_depth: int = 5
    left_out: LeftOut = field(default_factory=LeftOut)

    def __post_init__(self) -> None:
        self._heap: list[tuple[int, int, int, int, Target]] = []
        self._seen: set[str] = set()
        # Addresses as written that need no second look: every page of a site repeats its links.
        self._settled: set[str] = set()
        self._templates: Counter[str] = Counter()
        self._words = page_words()
        self.domain = registrable(self.start.host)
        self._folder = self.start.path.rpartition("/")[0] + "/"
        self._serial = 0

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def important(self) -> int:
        """How many queued pages matter (:data:`IMPORTANT` or more)."""
        return sum(1 for entry in self._heap if -entry[0] >= IMPORTANT)

    def in_scope(self, text: str) -> bool:
        """Whether the page at ``text`` belongs to what is scanned."""
        try:
            url = parse_url(text)
        except UrlError:
            return False
        return self._within(url)

    def _within(self, url: Url) -> bool:
        if url.scheme not in {"http", "https"} or url.port not in {self.start.port, 80, 443}:
            return False
        if self.scope == "domain":
            return registrable(url.host) == self.domain
        if url.host.removeprefix("www.") != self.start.host.removeprefix("www."):
            return False
        return self.scope == "host" or url.path.startswith(self._folder)

    def key(self, url: Url) -> str:
        """Return what makes a page distinct: no scheme, session, tracking parameter or order of parameters."""
        path = _INDEX.sub("/", _PATH_SESSION.sub("", url.path))
        query = ""
        if url.query:
            pairs = parse_qsl(url.query[:MAX_LENGTH], keep_blank_values=True, max_num_fields=200)
            kept = sorted((k, v) for k, v in pairs if k.lower() not in self._words.ignored_parameters)
            query = "?" + urlencode(kept) if kept else ""
        return f"{url.host.removeprefix('www.')}:{url.port if url.port not in {80, 443} else ''}{path}{query}"

    def seen(self, text: str) -> bool:
        """Record that ``text`` has been visited (a redirect's target); returns whether it was known before."""
        try:
            key = self.key(parse_url(text))
        except (UrlError, ValueError):
            return True
        known = key in self._seen
        self._seen.add(key)
        return known

    def add(
        self,
        text: str,
        depth: int,
        *,
        link_text: str = "",
        footer: bool = False,
        listed: bool = False,
        hint: bool = False,
    ) -> bool:
        """Queue a link found ``depth`` clicks from the start; returns whether it was queued.

        ``listed``: it comes from a sitemap, so nobody clicked to it.  ``hint``: the site asks robots not to follow
        it (``nofollow``), which is heeded unless the page matters: policies are often linked so.
        """
        if text in self._settled:
            return False
        try:
            url = parse_url(text)
            key = self.key(url)
        except (UrlError, ValueError):
            return False
        if key in self._seen:
            self._settled.add(text)
            return False
        if not self._within(url):
            self._settled.add(text)
            self.left_out.outside += 1
            return False
        extension = url.path.rpartition("/")[2].rpartition(".")[2].lower()
        if extension in self._words.skipped_extensions:
            self.left_out.files += 1
            return False
        weight = self._words.weight(link_text, url.path, footer=footer)
        if hint and weight < IMPORTANT:
            return False
        if depth > self.max_depth:
            self._seen.add(key)
            self.left_out.depth += 1
            return False
        if self._trap(url):
            self.left_out.traps += 1
            return False
        if len(self._heap) >= MAX_QUEUE:
            self.left_out.queue += 1
            return False
        template = self._template(url)
        self._templates[template] += 1
        if self._templates[template] > (QUERY_QUOTA if url.query else TEMPLATE_QUOTA):
            self.left_out.quota += 1
            return False
        self._seen.add(key)
        promised = self._words.kind_of_link(link_text, url.path)
        target = Target(url.text, depth, promised, weight, link_text)
        self._serial += 1
        order = (-weight, depth + (2 if listed else 0), self._templates[template], self._serial)
        heapq.heappush(self._heap, (*order, target))
        return True

    def pop(self) -> Target | None:
        """Return the next page to visit, None when there is none."""
        return heapq.heappop(self._heap)[-1] if self._heap else None

    def _template(self, url: Url) -> str:
        names = ""
        if url.query:
            pairs = parse_qsl(url.query[:MAX_LENGTH], keep_blank_values=True, max_num_fields=200)
            names = "?" + "&".join(sorted({k for k, _ in pairs}))
        return url.host + _VARIABLE.sub("#", url.path.lower()) + names

    def _trap(self, url: Url) -> bool:
        if len(url.text) > MAX_LENGTH or (url.query or "").count("&") >= MAX_PARAMETERS:
            return True
        segments = [s for s in url.path.split("/") if s]
        if len(segments) > MAX_SEGMENTS:
            return True
        return any(count >= 3 for count in Counter(segments).values())

"""The crawl: a queue, a pool of threads, budgets.  Says of every page that was not read why not.

Threads fetch; the calling thread owns the queue and reads the pages.  Reading is work for the processor, so threads
that did it too would only wait for each other (the interpreter's lock, and lxml's own): a third of the speed was lost.
The crawl ends when nothing is left, or a budget of pages, bytes or time is used up; :class:`Visited` says which.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeAlias, TypeVar

from scanner.collect.site.address import AddressGuard
from scanner.collect.site.fetch import Fetched, Fetcher
from scanner.collect.site.frontier import IMPORTANT, Frontier, Target
from scanner.collect.site.page import Link, ParsedPage, parse
from scanner.collect.site.robots import DISALLOWED, Robots
from scanner.collect.site.sitemap import sitemap_urls
from scanner.collect.site.weburl import Url
from scanner.context import Observer, SiteOptions

R = TypeVar("R")
_Fetching: TypeAlias = "Future[Fetched]"
WORKERS = 8
HTML_TYPES = frozenset(
    {"", "text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"}
)


@dataclass(frozen=True, slots=True)
class Missed:
    """A page that was not read: why (a stable code), and whether it was one that matters."""

    url: str
    code: str
    important: bool
    promised: str = "other"


@dataclass(frozen=True, slots=True)
class Visit(Generic[R]):
    """A page that answered: how it was found, the answers, and what was read from it (None when it is no page)."""

    target: Target
    fetched: Fetched
    reading: R | None
    duplicate: bool = False


@dataclass
class Visited(Generic[R]):
    """Result of the crawl; ``stopped_by`` is ``pages``, ``bytes``, ``time`` or empty."""

    visits: list[Visit[R]] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    bytes: int = 0
    stopped_by: str = ""
    pending: int = 0
    pending_important: int = 0


@dataclass
class Crawler(Generic[R]):
    """Crawls one site.  ``read`` turns a parsed page into the caller's facts."""

    start: Url
    options: SiteOptions
    guard: AddressGuard
    fetcher: Fetcher
    frontier: Frontier
    robots: Robots
    observer: Observer
    read: Callable[[Target, Fetched, ParsedPage], R]

    def __post_init__(self) -> None:
        self.result: Visited[R] = Visited()
        self._contents: set[str] = set()
        self._known: Container[str] = frozenset()

    def run(self, first: Fetched) -> Visited[R]:
        """Crawl from the start page, already fetched as ``first``."""
        self.frontier.seen(self.start.text)
        self._take(Target(self.start.text, 0, "home", 100), first)
        self._sitemaps()
        return self._drain()

    def resume(self, known: Container[str]) -> Visited[R]:
        """Go on with what was queued since :meth:`run`, leaving out addresses in ``known`` (read in a browser)."""
        self._known = known
        self.result.stopped_by = ""
        return self._drain()

    def _drain(self) -> Visited[R]:
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="crawl") as pool:
            running: dict[_Fetching, Target] = {}
            done: SimpleQueue[_Fetching] = SimpleQueue()
            while True:
                self._submit(pool, running, done)
                if not running:
                    break
                future = done.get()
                self._take(running.pop(future), future.result())
        self.result.pending = len(self.frontier)
        self.result.pending_important = self.frontier.important
        return self.result

    def _submit(
        self,
        pool: ThreadPoolExecutor,
        running: dict[_Fetching, Target],
        done: SimpleQueue[_Fetching],
    ) -> None:
        while len(running) < WORKERS and not self.result.stopped_by:
            # A page that is being read may still name a better one; so near the limit, wait for what is running.
            if len(self.result.visits) + len(running) >= self.options.max_pages:
                if not running and len(self.frontier):
                    self.result.stopped_by = "pages"
                return
            if self.result.bytes >= self.options.max_bytes:
                self.result.stopped_by = "bytes" if len(self.frontier) else ""
                return
            if time.monotonic() >= self.fetcher.until:
                self.result.stopped_by = "time" if len(self.frontier) else ""
                return
            target = self.frontier.pop()
            while target is not None and target.url in self._known:
                target = self.frontier.pop()
            if target is None:
                return
            future = pool.submit(self._fetch, target)
            running[future] = target
            future.add_done_callback(done.put)

    def _fetch(self, target: Target) -> Fetched:
        if not self.robots.allows(target.url):
            return Fetched(target.url, trouble=DISALLOWED)
        return self.fetcher.fetch(target.url, scope=self.frontier.in_scope)

    def _parse(self, fetched: Fetched) -> ParsedPage | None:
        final = fetched.final
        if final is None or fetched.left_scope or fetched.content_type not in HTML_TYPES:
            return None
        if fetched.trouble is not None and not fetched.body:
            return None
        return parse(final.url, fetched.body, final.header("content-type") or "")

    def _take(self, target: Target, fetched: Fetched) -> None:
        result, parsed = self.result, self._parse(fetched)
        reading = self.read(target, fetched, parsed) if parsed is not None else None
        result.bytes += len(fetched.body)
        important = target.weight >= IMPORTANT
        if fetched.trouble is not None:
            result.missed.append(Missed(target.url, fetched.trouble.code, important, target.promised))
        if fetched.left_scope:
            result.outside.append(fetched.left_scope)
            return
        if fetched.final is None or (reading is None and fetched.trouble is not None):
            return
        if fetched.final.status >= 400 and fetched.trouble is None:
            result.missed.append(
                Missed(target.url, f"http-{fetched.final.status}", important, target.promised)
            )
        if len(fetched.hops) > 1 and self.frontier.seen(fetched.final_url) and target.depth > 0:
            return  # the redirect's target has been or will be visited under its own address
        duplicate = parsed is not None and bool(parsed.text) and parsed.sha256 in self._contents
        result.visits.append(Visit(target, fetched, reading, duplicate))
        self.observer.step(
            "crawl", len(result.visits), min(self.options.max_pages, len(result.visits) + len(self.frontier))
        )
        if parsed is None or duplicate:
            return
        self._contents.add(parsed.sha256)
        if fetched.final.status < 400:
            self.follow(target, parsed)

    def follow(self, target: Target, parsed: ParsedPage) -> int:
        """Queue the links of a page; returns how many were new."""
        frontier, depth = self.frontier, target.depth + 1
        if parsed.canonical and frontier.in_scope(parsed.canonical):
            frontier.add(parsed.canonical, target.depth, link_text=target.link_text)
        if parsed.refresh:
            frontier.add(parsed.refresh, target.depth, link_text=target.link_text)
        count = sum(self._queue(link, depth, hint=link.nofollow or parsed.nofollow) for link in parsed.links)
        for resource in parsed.resources:
            if resource.type == "frame":
                count += frontier.add(resource.url, depth)
        return count

    def _queue(self, link: Link, depth: int, *, hint: bool) -> bool:
        return self.frontier.add(link.url, depth, link_text=link.text, footer=link.footer, hint=hint)

    def _sitemaps(self) -> None:
        rules = self.robots.of(self.start.text)
        starts = rules.sitemaps or (self.start.origin + "/sitemap.xml",)
        wanted = self.options.max_pages * 5
        urls: Iterable[str] = sitemap_urls(starts, self.fetcher.fetch, self._may_fetch)
        for count, url in enumerate(urls):
            if count >= wanted:
                return
            self.frontier.add(url, 1, listed=True)

    def _may_fetch(self, url: str) -> bool:
        return self.frontier.in_scope(url) and self.robots.allows(url)

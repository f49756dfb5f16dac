"""Reads pages as the browser built them, and finds what to visit next in them (script frameworks, their routes)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urldefrag

from scanner.collect.site.frontier import Frontier, Target
from scanner.collect.site.page import Link, parse
from scanner.collect.site.reading import PageReading, read_page
from scanner.collect.site.robots import Robots
from scanner.collect.site.words import page_words


@dataclass
class Discovery:
    """Adds what rendered pages show to ``readings`` (by final address)."""

    frontier: Frontier
    robots: Robots
    readings: dict[str, PageReading]
    _routes: set[str] = field(default_factory=set)
    _depths: dict[str, int] = field(default_factory=dict)
    _promised: dict[str, str] = field(default_factory=dict)

    def discover(self, url: str, dom: str) -> list[str]:
        """Read the DOM of the page at ``url`` and return new addresses within the scope, best first."""
        parsed = parse(url, dom)
        address = page_address(url)
        known = self.readings.get(address)
        depth = known.page.depth if known is not None else self._depths.get(url, 1)
        promised = known.page.kind if known is not None else self._promised.get(url, "other")
        start = known is not None and known.page.kind == "home"
        parsed.url = address
        reading = read_page(Target(parsed.url, depth, promised), None, parsed, start=start)
        if known is not None:
            page = known.page.model_copy(
                update={"rendered": True, "title": known.page.title or reading.page.title}
            )
            if reading.shell and not known.shell:
                return []  # an overlay hid the page; what the server sent says more
            reading.page = page
            reading.weaknesses = tuple(dict.fromkeys((*known.weaknesses, *reading.weaknesses)))
            reading.cut, reading.broken = reading.cut or known.cut, reading.broken or known.broken
            reading.forms = reading.forms or known.forms
            reading.filings = reading.filings or known.filings
            reading.operator = reading.operator or known.operator
            reading.statements = {**known.statements, **reading.statements}
            reading.pointers = tuple(dict.fromkeys((*known.pointers, *reading.pointers)))
            reading.resources = tuple(dict.fromkeys((*known.resources, *reading.resources)))
            reading.exposed = reading.exposed or known.exposed
        self.readings[parsed.url] = reading
        return self._next(parsed.links, depth + 1)

    def unread_routes(self) -> list[str]:
        """Return the routes of script frameworks that were linked but not rendered."""
        return sorted(url for url in self._routes if url not in self.readings and self.frontier.in_scope(url))

    def _next(self, links: tuple[Link, ...], depth: int) -> list[str]:
        words = page_words()
        found: list[tuple[int, int, str]] = []
        for count, link in enumerate(links):
            url, text, footer = link.url, link.text, link.footer
            if is_route(url):
                fresh = url not in self._routes and self.frontier.in_scope(url) and len(self._routes) < 500
                self._routes.add(url)
            else:
                fresh = self.frontier.add(url, depth, link_text=text, footer=footer)
            if not fresh or depth > self.frontier.max_depth or not self.robots.allows(urldefrag(url)[0]):
                continue
            path = url.partition("#")[2] if is_route(url) else url.partition("//")[2].partition("/")[2]
            self._depths.setdefault(url, depth)
            self._promised.setdefault(url, words.kind_of_link(text, path))
            found.append((-words.weight(text, path, footer=footer), count, url))
        return [url for _, _, url in sorted(found)]


def is_route(url: str) -> bool:
    """Whether the fragment of ``url`` is a page of a script framework (``#/register``, ``#!/help``; not ``#/``)."""
    fragment = urldefrag(url)[1]
    return fragment.startswith(("/", "!")) and fragment.strip("!/") != ""


def page_address(url: str) -> str:
    """Return the address a page is known by: without fragment, unless that is a route."""
    return url if is_route(url) else urldefrag(url)[0]

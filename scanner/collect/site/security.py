"""The classified-protection side of a visit: transport, headers, cookies, libraries, exposed files, in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from scanner.collect.site.address import AddressGuard
from scanner.collect.site.charset import decode_html
from scanner.collect.site.exposure import probe
from scanner.collect.site.fetch import Fetched, Fetcher
from scanner.collect.site.headers import (
    PROBE_ORIGIN,
    cookie_facts,
    cors_weakness,
    header_weaknesses,
)
from scanner.collect.site.libraries import identify, library_facts
from scanner.collect.site.reading import PageReading
from scanner.collect.site.transport import TransportProbe
from scanner.collect.site.weburl import Url, UrlError, parse_url
from scanner.context import SiteOptions
from scanner.model import Evidence, Gap, Looked, Text, WebLocator
from scanner.sitefacts import ScriptLibrary, Transport, Weakness
from scanner.visitfacts import Cookie

MAX_HOSTS = 3
MAX_SCRIPTS = 30
SCRIPT_BYTES = 256 << 10
MAX_WEAKNESSES = 500


@dataclass
class SecurityScope:
    """What the examination works on; ``may_fetch`` says whether a URL is in scope and allowed by robots.txt."""

    start: Url
    first: Fetched
    fetched: list[Fetched]
    readings: list[PageReading]
    options: SiteOptions
    guard: AddressGuard
    fetcher: Fetcher
    until: float
    may_fetch: Callable[[str], bool]


@dataclass
class Security:
    """Result of :func:`examine`."""

    transport: tuple[Transport, ...] = ()
    weaknesses: tuple[Weakness, ...] = ()
    cookies: tuple[Cookie, ...] = ()
    libraries: tuple[ScriptLibrary, ...] = ()
    gaps: list[Gap] = field(default_factory=list)
    looked: list[Looked] = field(default_factory=list)


def examine(scope: SecurityScope) -> Security:
    """Examine the hosts of a visit."""
    result = Security()
    hosts = _hosts(scope)
    prober = TransportProbe(scope.guard, scope.fetcher, scope.until, scope.options.authority)
    transports = []
    for host, (port, seen) in list(hosts.items())[:MAX_HOSTS]:
        fact = prober.examine(host, port, seen=seen)
        transports.append(fact)
        if fact.https is None:
            reason = Text(zh=f"{host} 的 TLS 无法检查", en=f"TLS of {host} could not be examined")
            result.gaps.append(Gap(path="site.transport", code="transport", reason=reason))
    result.transport = tuple(transports)
    result.cookies = cookie_facts(scope.fetched)
    result.weaknesses = tuple(_weaknesses(scope, hosts, result))[:MAX_WEAKNESSES]
    result.libraries = _libraries(scope)
    return result


def _hosts(scope: SecurityScope) -> dict[str, tuple[int, list[Fetched]]]:
    """Return the hosts that gave pages, the start's first, with their HTTPS port and what was fetched from them."""
    found: dict[str, tuple[int, list[Fetched]]] = {}
    for fetched in scope.fetched:
        if fetched.final is None or fetched.left_scope:
            continue
        try:
            url = parse_url(fetched.final_url)
        except UrlError:
            continue
        port = url.port if url.scheme == "https" else 443
        known_port, seen = found.setdefault(url.host, (port, []))
        seen.append(fetched)
        if url.scheme == "https" and known_port != port:
            found[url.host] = (port, seen)
    return found


def _weaknesses(
    scope: SecurityScope, hosts: dict[str, tuple[int, list[Fetched]]], result: Security
) -> Iterable[Weakness]:
    for host, (_, seen) in list(hosts.items())[:MAX_HOSTS]:
        page = next(
            (f for f in seen if f.ok and f.content_type in {"text/html", "application/xhtml+xml"}), None
        )
        if page is not None:
            yield from header_weaknesses(page, host)
    answer = scope.fetcher.fetch(
        scope.start.text, scope=lambda _: False, body_limit=64 << 10, origin=PROBE_ORIGIN
    )
    if answer.final is not None:
        found = cors_weakness(answer.final, scope.start.host)
        if found is not None:
            yield found
    grouped: dict[tuple[str, str], Weakness] = {}
    for reading in scope.readings:
        for weakness in reading.weaknesses:
            grouped.setdefault((weakness.kind, weakness.url), weakness)
    yield from grouped.values()
    if scope.options.probe:
        exposed, answered = probe(
            scope.start, lambda url: scope.fetcher.fetch(url, scope=lambda _: False, body_limit=8 << 10)
        )
        what = Text(
            zh=f"试探 {answered} 个不应公开的文件", en=f"{answered} files that must not be public asked for"
        )
        result.looked.append(Looked(path="site.weaknesses", what=what, amount=answered))
        yield from exposed


def _libraries(scope: SecurityScope) -> tuple[ScriptLibrary, ...]:
    """Identify libraries by address; read the site's own scripts whose address does not tell the version."""
    scripts: dict[str, str] = {}
    for reading in scope.readings:
        for url, kind in reading.resources:
            if kind == "script":
                scripts.setdefault(url, reading.page.final_url)
    unknown = [u for u in scripts if identify(u) is None and scope.may_fetch(u)][:MAX_SCRIPTS]
    with ThreadPoolExecutor(4) as pool:
        contents = dict(zip(unknown, pool.map(lambda u: _script(scope.fetcher, u), unknown), strict=True))
    return library_facts(
        (url, contents.get(url, ""), Evidence(artifact=page, locator=WebLocator(url=page), excerpt=url[:200]))
        for url, page in scripts.items()
    )


def _script(fetcher: Fetcher, url: str) -> str:
    found = fetcher.fetch(url, body_limit=SCRIPT_BYTES)
    final = found.final
    if final is None or final.status != 200:
        return ""
    return decode_html(found.body[: 32 << 10], final.header("content-type") or "")[0]

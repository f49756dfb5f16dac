"""The classified-protection side of a visit: transport, headers, cookies, libraries, exposed files, in one place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from scanner.collect.site.address import AddressGuard
from scanner.collect.site.charset import decode_html
from scanner.collect.site.exposure import probe
from scanner.collect.site.fetch import Fetched, Fetcher
from scanner.collect.site.gaps import GONE, scripts_gap
from scanner.collect.site.headers import (
    PROBE_ORIGIN,
    cookie_facts,
    cors_weakness,
    header_weaknesses,
)
from scanner.collect.site.libraries import SeenScript, identify, library_facts
from scanner.collect.site.reading import PageReading
from scanner.collect.site.transport import TransportProbe
from scanner.collect.site.weburl import Url, UrlError, parse_url
from scanner.context import SiteOptions
from scanner.model import Artifact, Gap, Looked, Text
from scanner.sitefacts import ScriptLibrary, Transport, Weakness
from scanner.visitfacts import Cookie

MAX_HOSTS = 3
MAX_SCRIPTS = 30
SCRIPT_BYTES = 256 << 10
MAX_WEAKNESSES = 500
MAX_FORM_PAGES = 5
HTML = {"text/html", "application/xhtml+xml"}


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
    artifacts: list[Artifact] = field(default_factory=list)
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
    _libraries(scope, result)
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
    asking = {r.page.final_url for r in scope.readings if any(form.collects_pi for form in r.forms)}
    for host, (_, seen) in list(hosts.items())[:MAX_HOSTS]:
        yield from _lacking(host, seen, asking)
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


def _lacking(host: str, seen: Sequence[Fetched], asking: Set[str]) -> Iterable[Weakness]:
    """Return what the headers of a host lack: its first page's, and those of pages that ask for personal information.

    What several pages lack is one weakness with each of them as evidence; ``asking`` are addresses of such pages.
    """
    pages = [f for f in seen if f.ok and f.content_type in HTML]
    forms = [f for f in pages[1:] if f.final_url in asking][:MAX_FORM_PAGES]
    found: dict[tuple[str, str], Weakness] = {}
    for page in (*pages[:1], *forms):
        for weakness in header_weaknesses(page, host, asks=page.final_url in asking):
            first = found.setdefault((weakness.kind, weakness.detail), weakness)
            # A server names its software on every page alike.
            if first is not weakness and weakness.kind != "server-version":
                evidence = (*first.evidence, *weakness.evidence)
                found[weakness.kind, weakness.detail] = first.model_copy(update={"evidence": evidence})
    return found.values()


def _libraries(scope: SecurityScope, result: Security) -> None:
    """Identify libraries by address; read the site's own scripts whose address does not tell the version."""
    scripts: dict[str, str] = {}
    for reading in scope.readings:
        for url, kind in reading.resources:
            if kind == "script":
                scripts.setdefault(url, reading.page.final_url)
    unknown = [url for url in scripts if identify(url) is None]
    wanted = [url for url in unknown if scope.may_fetch(url)][:MAX_SCRIPTS]
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(wanted, pool.map(lambda u: _script(scope.fetcher, u), wanted), strict=True))
    contents = {url: _text(found) for url, found in answers.items() if found.ok}
    result.libraries = library_facts(
        SeenScript(url, page, contents.get(url, "")) for url, page in scripts.items()
    )
    result.artifacts = [
        Artifact(name=url, sha256=hashlib.sha256(answers[url].body).hexdigest(), size=len(answers[url].body))
        for url in contents
    ]
    lost = {
        url: code for url, found in answers.items() if not found.ok and (code := _code(found)) not in GONE
    }
    result.gaps += scripts_gap(lost, [url for url in unknown if url not in answers])


def _script(fetcher: Fetcher, url: str) -> Fetched:
    return fetcher.fetch(url, body_limit=SCRIPT_BYTES)


def _text(found: Fetched) -> str:
    kind = found.final.header("content-type") if found.final else ""
    return decode_html(found.body[: 32 << 10], kind or "")[0]


def _code(found: Fetched) -> str:
    """Return the stable code of why a script was not read whole."""
    if found.trouble is not None:
        return found.trouble.code
    return f"http-{found.final.status}" if found.final is not None else "unreachable"

"""Weaknesses that a site's answers show: missing protective headers, versions, CORS, cookies, mixed content.

A header is called missing where the host's first page or one that asks for personal information lacks it, in the answer
and, where that counts, in the page; the evidence lists what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scanner.collect.site import notes, securitynotes
from scanner.collect.site.domains import same_site
from scanner.collect.site.fetch import Fetched, Hop
from scanner.collect.site.weburl import UrlError, parse_url
from scanner.model import Evidence, WebLocator
from scanner.sitefacts import Weakness
from scanner.visitfacts import Cookie

PROBE_ORIGIN = "https://cors-check.example"
_VERSION = re.compile(
    r"[A-Za-z][\w.-]{1,40}/[0-9]+(?:\.[0-9]+){1,3}[\w.-]{0,20}|PHP/[0-9.]{3,12}|[0-9]+\.[0-9]+(?:\.[0-9]+){1,2}"
)
_SESSION = re.compile(r"sess|token|auth|sid\Z|ticket|passport|jwt|login|uid\Z|userid", re.IGNORECASE)
_HIDDEN = re.compile(r"csrf|xsrf", re.IGNORECASE)
MIXED_SHOWN = 3
META_BYTES = 64 << 10
_META = re.compile(r"<meta\s([^<>]{1,4000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([A-Za-z-]{1,30})\s{0,5}=\s{0,5}(?:"([^"]*)"|'([^']*)'|([^\s"'>]{1,300}))""")
VERSION_HEADERS = ("server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator", "via")


def header_evidence(hop: Hop, *names: str) -> Evidence:
    """Return the answer as evidence: its status and the named headers as they came."""
    lines = [f"HTTP {hop.status}", *(f"{k}: {v[:200]}" for k, v in hop.headers if k in names)]
    return Evidence(artifact=hop.url, locator=WebLocator(url=hop.url), excerpt="; ".join(lines)[:600])


def missing_header(hop: Hop, missing: str, *names: str, asks: bool = False) -> Evidence:
    """Return the answer as evidence that it lacks the header ``missing``; ``names`` are quoted where it has them.

    ``asks``: its page asks for personal information.
    """
    seen = list(dict.fromkeys(name for name, _ in hop.headers))
    evidence = header_evidence(hop, *names)
    return evidence.model_copy(update={"note": securitynotes.headers_note(missing, seen, asks=asks)})


def header_weaknesses(fetched: Fetched, host: str, *, asks: bool = False) -> Iterator[Weakness]:
    """Yield the weaknesses of one page's headers; ``asks``: the page asks for personal information."""
    hop = fetched.final
    if hop is None:
        return
    policy = " ".join(hop.all("content-security-policy")).lower()
    in_page = _meta(fetched.body)
    scripts = f"{policy} {in_page.get('content-security-policy', '')}".strip()

    def weak(kind: str, detail: str = "", *names: str) -> Weakness:
        return Weakness(
            kind=kind, url=hop.url, detail=detail, host=host, evidence=(header_evidence(hop, *names),)
        )

    def lacking(kind: str, header: str, *names: str) -> Weakness:
        evidence = missing_header(hop, header, *names, asks=asks)
        return Weakness(kind=kind, url=hop.url, host=host, evidence=(evidence,))

    if not scripts:
        yield lacking("no-csp", "Content-Security-Policy")
    elif "unsafe-inline" in scripts and not any(
        mark in scripts for mark in ("nonce-", "sha256-", "strict-dynamic")
    ):
        yield weak("weak-csp", "unsafe-inline", "content-security-policy")
    if not hop.header("x-frame-options") and "frame-ancestors" not in policy:
        framing = "X-Frame-Options / frame-ancestors"
        yield lacking("no-clickjacking-protection", framing, "content-security-policy")
    if (hop.header("x-content-type-options") or "").lower().strip() != "nosniff":
        yield lacking("no-nosniff", "X-Content-Type-Options: nosniff", "x-content-type-options")
    if not hop.header("referrer-policy") and not in_page.get("referrer"):
        yield lacking("no-referrer-policy", "Referrer-Policy")
    for name in VERSION_HEADERS:
        value = hop.header(name) or ""
        match = _VERSION.search(value)
        if match and name != "via":
            yield weak("server-version", f"{name}: {value[:80]}", name)
    if (
        hop.header("access-control-allow-origin") == "*"
        and (hop.header("access-control-allow-credentials") or "").lower() == "true"
    ):
        yield weak("cors-any-origin", "*", "access-control-allow-origin", "access-control-allow-credentials")


def _meta(body: bytes) -> dict[str, str]:
    """Return the contents of a page's ``meta`` elements by name, small letters: some policies may stand there.

    A policy on framing is no use in a page (Content Security Policy 3, section 3.3) and is not looked for here.
    """
    found: dict[str, str] = {}
    for element in _META.findall(body[:META_BYTES].decode("latin-1")):
        named = {name.lower(): a or b or c for name, a, b, c in _ATTRIBUTE.findall(element)}
        name = (named.get("http-equiv") or named.get("name") or "").lower()
        found.setdefault(name, named.get("content", "").lower())
    return found


def cors_weakness(answer: Hop, host: str) -> Weakness | None:
    """Judge the answer to a request that named a foreign origin: reflected with credentials, any site may read it."""
    origin = (answer.header("access-control-allow-origin") or "").lower()
    credentials = (answer.header("access-control-allow-credentials") or "").lower() == "true"
    if credentials and origin in {PROBE_ORIGIN, "null"}:
        names = ("access-control-allow-origin", "access-control-allow-credentials")
        return Weakness(
            kind="cors-any-origin",
            url=answer.url,
            detail=origin,
            host=host,
            evidence=(header_evidence(answer, *names),),
        )
    return None


def mixed_content(page: str, resources: Iterable[tuple[str, str]]) -> Iterator[Weakness]:
    """Yield what a page on https loads without encryption: ``mixed-active`` runs in the page, ``mixed-passive`` shows."""
    if not page.startswith("https://"):
        return
    grouped: dict[str, list[str]] = {}
    for url, kind in resources:
        if url.startswith("http://"):
            grouped.setdefault(
                "mixed-active" if kind in {"script", "frame", "style", "object"} else "mixed-passive", []
            ).append(url)
    for kind, urls in sorted(grouped.items()):
        shown = "\n".join(urls[:MIXED_SHOWN])[:600]
        note = securitynotes.mixed_note(len(urls), min(len(urls), MIXED_SHOWN), runs=kind == "mixed-active")
        proof = Evidence(artifact=page, locator=WebLocator(url=page), excerpt=shown, note=note)
        yield Weakness(
            kind=kind, url=page, detail=f"{len(urls)}", host=parse_url(page).host, evidence=(proof,)
        )


def cookie_facts(fetched: Sequence[Fetched]) -> tuple[Cookie, ...]:
    """Return the cookies set by static answers, one per name, domain and path."""
    found: dict[tuple[str, str, str], Cookie] = {}
    for answer in fetched:
        for hop in answer.hops:
            for line in hop.all("set-cookie"):
                cookie = read_cookie(line, hop)
                if cookie is not None:
                    found.setdefault((cookie.name, cookie.domain, cookie.path), cookie)
    return tuple(found.values())


def read_cookie(line: str, hop: Hop) -> Cookie | None:
    """Read a ``Set-Cookie`` header (RFC 6265); None when it sets nothing or only removes."""
    first, *rest = line.split(";")
    name, equals, value = first.strip().partition("=")
    try:
        host = parse_url(hop.url).host
    except UrlError:
        return None
    if not equals or not name.strip():
        return None
    attributes: dict[str, str] = {}
    for part in rest[:20]:
        key, _, content = part.strip().partition("=")
        attributes[key.lower()] = content.strip()
    days = _days(attributes)
    if days is not None and days <= 0:
        return None
    domain = attributes.get("domain", host).lstrip(".").lower() or host
    session = bool(_SESSION.search(name)) and not _HIDDEN.search(name)
    flags = "; ".join((f"{name.strip()}=…", *(p.strip() for p in rest)))
    third, identifies = not same_site(domain, host), len(value) >= 16
    return Cookie(
        name=name.strip()[:200],
        domain=domain,
        path=attributes.get("path") or "/",
        phase="static",
        third_party=third,
        days=days,
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=attributes.get("samesite", "").lower(),
        set_by=host,
        session=session,
        identifier=identifies,
        evidence=(
            Evidence(
                artifact=hop.url,
                locator=WebLocator(url=hop.url),
                excerpt=f"Set-Cookie: {flags}"[:300],
                note=notes.cookie_note(
                    domain=domain, phase="static", third=third, days=days, set_by=host, identifies=identifies
                ),
            ),
        ),
    )


def _days(attributes: dict[str, str]) -> float | None:
    age = attributes.get("max-age", "")
    if age.lstrip("-").isdigit() and len(age) < 15:
        return round(int(age) / 86_400, 2)
    if "expires" in attributes:
        try:
            moment = parsedate_to_datetime(attributes["expires"].replace("-", " "))
        except (TypeError, ValueError, IndexError):
            return None
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return round((aware - datetime.now(UTC)).total_seconds() / 86_400, 2)
    return None


def cookie_weaknesses(cookies: Iterable[Cookie], *, https: bool) -> Iterator[Weakness]:
    """Yield session cookies without the flags that protect them."""
    for cookie in cookies:
        if not cookie.session or cookie.third_party:
            continue
        url = cookie.evidence[0].artifact
        for missing, kind in (
            (https and not cookie.secure, "cookie-not-secure"),
            (not cookie.http_only, "cookie-not-httponly"),
        ):
            if missing:
                note = securitynotes.flag_note(
                    "Secure" if kind == "cookie-not-secure" else "HttpOnly",
                    secure=cookie.secure,
                    http_only=cookie.http_only,
                    same_site=cookie.same_site,
                )
                proof = cookie.evidence[0].model_copy(update={"note": note})
                yield Weakness(kind=kind, url=url, detail=cookie.name, host=cookie.domain, evidence=(proof,))

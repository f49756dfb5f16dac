"""Who stands behind a host: registrable domain, owner, category, country, and whether tracking lists name it.

Everything is looked up offline: the public suffix list, ``rules/data/web/parties.yaml`` (owners, by the project) and a
dated pack of filter lists (``rules/data/web/lists``, licences beside them) read by an adblock engine.  An owner or
country that is not in the data stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal
from urllib.parse import urlsplit

import adblock
import zstandard

from scanner.collect.parties import MAINLAND, UNKNOWN, party
from scanner.collect.site import notes
from scanner.collect.site.domains import registrable
from scanner.model import Evidence, WebLocator
from scanner.visitfacts import Cookie, Phase, Request, ThirdParty

# Strongest first: what a domain is called when its hosts serve several purposes.
CATEGORIES = (
    "session_replay",
    "advertising",
    "analytics",
    "ab_testing",
    "push",
    "social",
    "identity",
    "monitoring",
    "tag_manager",
    "customer_service",
    "payment",
    "map",
    "captcha",
    "search",
    "video",
    "font",
    "consent",
    "cdn",
    "hosting",
    "unknown",
)
TRACKING = frozenset({"session_replay", "advertising", "analytics", "ab_testing"})
MAX_EVIDENCE = 3


@dataclass(frozen=True, slots=True)
class StaticResource:
    """Something a page's markup loads: ``type`` as in filter lists (``script``, ``image``, ``subdocument`` …)."""

    url: str
    page: str
    type: str = "other"


class Lists:
    """The filter lists, by name; which of them name a request."""

    def __init__(self, rules: Mapping[str, Sequence[str]]) -> None:
        self.engines: dict[str, adblock.Engine] = {}
        for name, lines in rules.items():
            filters = adblock.FilterSet()
            filters.add_filters(list(lines))
            self.engines[name] = adblock.Engine(filters)

    def naming(self, url: str, page: str, kind: str) -> tuple[str, ...]:
        """Return the names of the lists that would block the request for ``url`` by ``page``."""
        return tuple(
            name
            for name, engine in self.engines.items()
            if engine.check_network_urls(url, page, KINDS.get(kind, kind)).matched
        )


KINDS = {
    "document": "document",
    "xhr": "xmlhttprequest",
    "fetch": "xmlhttprequest",
    "eventsource": "xmlhttprequest",
    "ping": "ping",
    "stylesheet": "stylesheet",
    "cspviolationreport": "csp_report",
    "manifest": "other",
}


@cache
def lists() -> Lists:
    """Return the shipped filter lists (``rules/data/web/lists/*.txt.zst``)."""
    folder = files("rules") / "data" / "web" / "lists"
    found = {}
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".txt.zst"):
            text = zstandard.ZstdDecompressor().decompress(path.read_bytes(), max_output_size=32 << 20)
            found[path.name.removesuffix(".txt.zst")] = text.decode("utf-8").splitlines()
    return Lists(found)


def host_of(url: str) -> str:
    """Return the host of ``url`` in lower case, empty when it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def is_third_party(host: str, site_domain: str) -> bool:
    """Whether ``host`` belongs to another registrable domain than the site's."""
    return bool(host) and registrable(host) != site_domain


def is_tracker(host: str, naming: tuple[str, ...]) -> bool:
    """Whether a third-party host serves tracking: by its category, or because a list names the request."""
    return bool(naming) or party(host).category in TRACKING


def third_parties(
    requests: Sequence[Request], cookies: Iterable[Cookie], domain: str
) -> tuple[ThirdParty, ...]:
    """Return the third parties of a site with registrable domain ``domain``, those met before consent first."""
    groups: dict[str, list[Request]] = {}
    for request in requests:
        if request.third_party:
            groups.setdefault(registrable(request.host), []).append(request)
    jar: dict[str, list[Cookie]] = {}
    for cookie in cookies:
        if cookie.third_party:
            jar.setdefault(registrable(cookie.domain.lstrip(".")), []).append(cookie)
    found = [_summary(name, groups.get(name, []), jar.get(name, [])) for name in {*groups, *jar}]
    return tuple(sorted(found, key=lambda p: (not p.before_consent, not p.tracker, p.domain)))


def _summary(domain: str, requests: Sequence[Request], cookies: Sequence[Cookie]) -> ThirdParty:
    hosts = {r.host for r in requests} | {c.domain.lstrip(".") for c in cookies}
    known = sorted((party(host) for host in hosts), key=lambda p: CATEGORIES.index(p.category))
    best = next((p for p in known if p.owner), known[0] if known else UNKNOWN)
    phases: tuple[Phase, ...] = ("static", "before", "accept", "reject")
    met = {r.phase for r in requests} | {c.phase for c in cookies}
    return ThirdParty(
        domain=domain,
        owner=best.owner,
        category=known[0].category if known else "unknown",
        country=best.country,
        overseas=best.country != MAINLAND if best.country else None,
        tracker=any(r.tracker for r in requests) or any(p.category in TRACKING for p in known),
        lists=tuple(sorted({name for r in requests for name in r.lists})),
        phases=tuple(phase for phase in phases if phase in met),
        before_consent="before" in met,
        requests=len(requests),
        cookies=len({(c.name, c.domain) for c in cookies}),
        answered=None if met == {"static"} else bool(cookies) or any(r.status is not None for r in requests),
        sends_items=tuple(sorted({item for r in requests for item in r.sends})),
        evidence=tuple(e for r in requests for e in r.evidence)[:MAX_EVIDENCE]
        or tuple(e for c in cookies for e in c.evidence)[:MAX_EVIDENCE],
    )


def static_third_parties(start_url: str, resources: Iterable[StaticResource]) -> tuple[ThirdParty, ...]:
    """Return the third parties that static markup names; phase ``static``, since no browser ran anything."""
    domain = registrable(host_of(start_url))
    requests = []
    phase: Literal["static"] = "static"
    for resource in resources:
        host = host_of(resource.url)
        if not is_third_party(host, domain):
            continue
        naming = lists().naming(resource.url, resource.page, resource.type)
        requests.append(
            Request(
                url=resource.url[:2000],
                host=host,
                type=resource.type,
                page=resource.page,
                phase=phase,
                third_party=True,
                tracker=is_tracker(host, naming),
                lists=naming,
                cleartext=resource.url.startswith("http:"),
                evidence=(
                    Evidence(
                        artifact=resource.page,
                        locator=WebLocator(url=resource.page),
                        excerpt=resource.url[:200],
                        note=notes.request_note(
                            phase=phase, third=True, initiator="", sends=(), lists=naming, status=None
                        ),
                    ),
                ),
            )
        )
    return third_parties(requests, (), domain)

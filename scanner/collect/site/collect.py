"""URL → facts: crawls the site, has a browser observe it, and says what was not reached."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from scanner import __version__
from scanner.collect.site.address import AddressGuard, Refused
from scanner.collect.site.crawl import HTML_TYPES, Crawler, Visited
from scanner.collect.site.disclosure import disclosure
from scanner.collect.site.discover import Discovery, page_address
from scanner.collect.site.domains import same_site
from scanner.collect.site.elsewhere import policies_elsewhere
from scanner.collect.site.fetch import USER_AGENT, Fetched, Fetcher
from scanner.collect.site.filing import Register, join_filings, read_register, shown
from scanner.collect.site.frontier import Frontier, Target
from scanner.collect.site.gaps import (
    GONE,
    broken_problems,
    cut_gaps,
    dead_policy_looked,
    gaps_of,
    looked_of,
    problems_of,
    routes_gaps,
)
from scanner.collect.site.headers import cookie_weaknesses
from scanner.collect.site.observe import Observation, observe_site
from scanner.collect.site.page import ParsedPage
from scanner.collect.site.reading import PageReading, read_page
from scanner.collect.site.robots import Robots
from scanner.collect.site.security import Security, SecurityScope, examine
from scanner.collect.site.thirdparty import StaticResource, static_third_parties
from scanner.collect.site.weburl import Url, parse_url
from scanner.collect.site.words import page_words
from scanner.context import CollectOptions
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Artifact, Gap, Looked, Problem, Subject, Text
from scanner.sitefacts import CrawlStats, Form, Page, SiteFacts
from scanner.visitfacts import Cookie

CRAWL_SHARE = 0.6
BROWSER_PATHS = (
    "site.requests",
    "site.cookies",
    "site.storage",
    "site.script_uses",
    "site.dialogs",
    "site.third_parties",
)
NO_BROWSER = Text(
    zh="没有使用浏览器：脚本发出的请求、Cookie、存储和同意弹窗没有观察",
    en="no browser was used: requests, cookies, storage and consent dialogs made by scripts were not observed",
)
MAINLAND_SUFFIXES = (".cn", ".xn--fiqs8s", ".xn--55qx5d", ".xn--io0a7i")


def collect_site(url: str, options: CollectOptions) -> Facts:
    """Visit the website at ``url`` and return its facts.

    Raises InputError when the start page cannot be visited at all: no website address, refused, unreachable, leading
    to another site, or closed to us by robots.txt.
    """
    return _Collector(url, options).run()


@dataclass
class _Collector:
    url: str
    options: CollectOptions
    readings: dict[str, PageReading] = field(default_factory=dict)
    bodies: dict[str, Fetched] = field(default_factory=dict)

    def __post_init__(self) -> None:
        site = self.options.site
        self.guard = AddressGuard(allow_private=site.allow_private, hosts=site.hosts)
        self.began = time.monotonic()
        self.started_at = datetime.now(UTC).replace(microsecond=0)
        self.until = self.began + site.max_seconds
        self.fetcher = Fetcher(
            self.guard,
            rate=site.rate,
            until=self.until,
            verify=str(site.authority) if site.authority is not None else True,
        )
        self.register: Register | None = read_register(site.register) if site.register is not None else None
        self.problems: list[Problem] = []

    def run(self) -> Facts:
        try:
            return self._run()
        finally:
            self.fetcher.close()

    def _run(self) -> Facts:
        site, step = self.options.site, self.options.observer.step
        step("crawl")
        first, start = self._start()
        robots = Robots(self._get, respect=site.respect_robots, slow_down=self.fetcher.slow_down)
        if not robots.allows(start.text):
            raise InputError(
                "robots",
                Text(
                    zh=f"{start.text} 的 robots.txt 不允许访问起始页；有权检测时可加 --ignore-robots",
                    en=f"robots.txt closes {start.text}; use --ignore-robots if you are entitled to",
                ),
            )
        frontier = Frontier(start, site.scope, site.max_depth)
        crawler: Crawler[PageReading] = Crawler(
            start, site, self.guard, self.fetcher, frontier, robots, self.options.observer, self._read
        )
        self.start = start
        if site.browser:  # leave the browser its share of the time
            self.fetcher.until = self.began + site.max_seconds * CRAWL_SHARE
        result = crawler.run(first)
        if not any(visit.reading is not None and visit.target.depth == 0 for visit in result.visits):
            kind = first.content_type or "?"
            raise InputError(
                "start-no-page",
                Text(zh=f"{start.text} 不是网页（{kind}）", en=f"{start.text} is no web page ({kind})"),
            )
        self.fetcher.until = self.until
        for visit in result.visits:
            if visit.reading is not None:
                self.readings[visit.reading.page.final_url] = visit.reading
        elsewhere = policies_elsewhere(self.readings.values(), result, frontier, robots, self.fetcher)
        for url, policy in elsewhere.items():
            self.readings.setdefault(url, policy)
        step("transport")
        security = examine(
            SecurityScope(
                start=start,
                first=first,
                fetched=[first, *(v.fetched for v in result.visits)],
                readings=list(self.readings.values()),
                options=site,
                guard=self.guard,
                fetcher=self.fetcher,
                until=self.until,
                may_fetch=lambda url: frontier.in_scope(url) and robots.allows(url),
            )
        )
        observation = self._observe(frontier, robots)
        if len(frontier) and not result.stopped_by:  # pages that only the built pages link to
            before = len(result.visits)
            result = crawler.resume(frozenset(self.readings))
            for visit in result.visits[before:]:
                if visit.reading is not None:
                    self.readings.setdefault(visit.reading.page.final_url, visit.reading)
        return self._facts(frontier, result, security, observation)

    def _observe(self, frontier: Frontier, robots: Robots) -> Observation:
        """Let a browser visit the pages that matter most; without one, name third parties from the markup."""
        readings = list(self.readings.values())
        resources = [
            StaticResource(url, r.page.final_url, kind) for r in readings for url, kind in r.resources
        ]
        if not self.options.site.browser:
            return Observation(
                third_parties=static_third_parties(self.start.text, resources),
                gaps=tuple(Gap(path=path, code="no-browser", reason=NO_BROWSER) for path in BROWSER_PATHS),
            )
        self.options.observer.step("browser")
        pages = [r.page for r in sorted(readings, key=_importance) if _opens(r.page)]
        discovery = Discovery(frontier, robots, self.readings)
        seen = observe_site(self.start.text, pages, self.options, self.guard, discovery.discover, self.until)
        if not seen.browser:  # none installed: the markup still names third parties
            seen = replace(seen, third_parties=static_third_parties(self.start.text, resources))
        return replace(seen, gaps=(*seen.gaps, *routes_gaps(discovery.unread_routes())))

    def _get(self, url: str, *, body_limit: int | None = None) -> Fetched:
        return self.fetcher.fetch(url, scope=None, body_limit=body_limit)

    def _start(self) -> tuple[Fetched, Url]:
        """Fetch the start page; its final address becomes the start of the crawl."""
        checked = self.guard.check(self.url)
        if isinstance(checked, Refused):
            hint = (
                "；检测内网站点请加 --allow-private"
                if checked.code in {"loopback", "private", "link-local", "local-name"}
                else ""
            )
            raise InputError(
                f"url-{checked.code}",
                Text(
                    zh=f"不访问 {self.url}：{checked.reason.zh}{hint}",
                    en=f"{self.url} is not visited: {checked.reason.en}",
                ),
            )
        first = self.fetcher.fetch(checked.url)
        final = first.final
        if final is None or (first.trouble is not None and not first.body):
            trouble = first.trouble
            assert trouble is not None
            raise InputError(
                f"start-{trouble.code.partition(':')[0]}",
                Text(
                    zh=f"无法访问 {checked.url}：{trouble.text.zh}",
                    en=f"cannot visit {checked.url}: {trouble.text.en}",
                ),
            )
        if final.status >= 400:
            raise InputError(
                "start-status",
                Text(
                    zh=f"{final.url} 返回 {final.status}，没有可检测的页面",
                    en=f"{final.url} answered {final.status}",
                ),
            )
        start = parse_url(final.url)
        if not same_site(start.host, checked.host):
            raise InputError(
                "start-elsewhere",
                Text(
                    zh=f"{checked.url} 跳转到另一网站 {start.origin}；如需检测，请直接以它为目标",
                    en=f"{checked.url} leads to another site, {start.origin}; scan that one if it is meant",
                ),
            )
        return first, start

    def _read(self, target: Target, fetched: Fetched, parsed: ParsedPage) -> PageReading:
        return read_page(target, fetched, parsed, start=target.promised == "home" and target.depth == 0)

    # --- joining --------------------------------------------------------------------------------------------

    def _facts(
        self, frontier: Frontier, result: Visited[PageReading], security: Security, observation: Observation
    ) -> Facts:
        readings = list(self.readings.values())
        home = next(r for r in readings if r.page.depth == 0)
        pages = self._pages(readings, observation)
        rendered = sum(page.rendered for page in pages)
        errors = sum((page.status or 0) >= 400 for page in pages)
        shells = [r for r in readings if r.shell and not r.page.rendered]
        home_whole = home not in shells and not home.cut  # else a number may stand in what was not read
        important_lost = [m for m in result.missed if m.important and m.code not in GONE]
        matter_cut = any(r.cut and r.page.kind != "other" for r in readings)
        complete = not (result.pending_important or important_lost or home in shells or matter_cut)
        # What asks for more weighs more: a report names the first places of many.
        forms = tuple(sorted((form for r in readings for form in r.forms), key=_gravity))
        filings = join_filings(
            [(r.page.final_url, r.filings) for r in readings], self.start.host, self.register
        )
        gaps = [
            *gaps_of(
                result, frontier.left_out, [r.page.final_url for r in shells], home_shell=home in shells
            ),
            *cut_gaps([r.page.final_url for r in readings if r.cut]),
            *security.gaps,
            *observation.gaps,
        ]
        cookies = _joined_cookies(observation.cookies, security.cookies)
        failed = frozenset(m.promised for m in important_lost)
        dead = {m.url: m.code for m in result.missed if m.code in GONE}
        links = [(r.page.final_url, p.url) for r in readings for p in r.pointers if p.kind == "policy"]
        operator = self._operator(home, readings)
        facts = SiteFacts(
            start_url=self.url,
            host=self.start.host,
            domain=frontier.domain,
            operator=operator,
            visited_at=self.started_at,
            pages=tuple(pages),
            forms=forms,
            filings=filings,
            icp_shown=shown(home.filings, ("icp", "license")) or (False if home_whole else None),
            police_shown=shown(home.filings, ("police",)) or (False if home_whole else None),
            requests=observation.requests,
            third_parties=observation.third_parties,
            cookies=cookies,
            storage=observation.storage,
            script_uses=observation.script_uses,
            dialogs=observation.dialogs,
            transport=security.transport,
            weaknesses=(
                *security.weaknesses,
                *cookie_weaknesses(cookies, https=self.start.scheme == "https"),
            ),
            libraries=security.libraries,
            exposed=tuple(entry for r in readings for entry in r.exposed),
            disclosure=disclosure(readings, complete=complete, failed=failed, dead=dead),
            collects_pi=_any(
                (*(f.collects_pi for f in forms), *(bool(r.sends) for r in observation.requests)),
                complete=complete and not shells and not gaps,
            ),
            has_account=self._has_account(readings, complete=complete),
            mainland=self._mainland(readings),
            stats=CrawlStats(
                pages=len(pages),
                rendered=rendered,
                bytes=result.bytes + observation.bytes,
                milliseconds=round((time.monotonic() - self.began) * 1000),
                refused=sum("refused" in m.code for m in result.missed),
                disallowed=sum(m.code == "robots" for m in result.missed),
                stopped_by=result.stopped_by,
                browser=observation.browser,
                user_agent=USER_AGENT,
            ),
        )
        looked: list[Looked] = [
            *looked_of(
                len(pages), rendered, errors, len(forms), start=self.start.text, home=home.page.final_url
            ),
            *dead_policy_looked(links, dead),
            *security.looked,
            *observation.looked,
        ]
        return Facts(
            collector=f"guijian {__version__}",
            subject=Subject(
                kind="site",
                name=home.site_name or operator or home.page.title or self.start.host,
                identifier=parse_url(self.url).text,
                sha256=home.page.sha256,
                source=self.url,
                category=self.options.category,
                developer=self.options.developer or operator,
                store=self.options.store,
            ),
            site=facts,
            artifacts=(*self._artifacts(pages), *security.artifacts, *observation.artifacts),
            gaps=tuple(dict.fromkeys(gaps)),
            looked=tuple(looked),
            problems=(
                *self.problems,
                *problems_of(result.missed),
                *broken_problems([(r.page.final_url, r.broken) for r in readings if r.broken]),
                *observation.problems,
            ),
        )

    @staticmethod
    def _pages(readings: Sequence[PageReading], observation: Observation) -> list[Page]:
        """Join what the crawl and the browser know of each page."""
        seen = {page_address(page.final_url): page for page in observation.pages}
        joined = []
        for reading in readings:
            page = reading.page
            rendered = seen.pop(page.final_url, None)
            if rendered is not None:
                evidence = tuple(dict.fromkeys((*page.evidence, *rendered.evidence)))
                page = page.model_copy(update={"rendered": True, "evidence": evidence})
            joined.append(page)
        return [*joined, *seen.values()]

    @staticmethod
    def _artifacts(pages: Iterable[Page]) -> Iterable[Artifact]:
        seen: set[str] = set()
        for page in pages:
            if page.sha256 and page.final_url not in seen:
                seen.add(page.final_url)
                yield Artifact(name=page.final_url, sha256=page.sha256, size=page.size)

    @staticmethod
    def _operator(home: PageReading, readings: Sequence[PageReading]) -> str | None:
        if home.operator:
            return home.operator
        counted = Counter(r.operator for r in readings if r.operator)
        return counted.most_common(1)[0][0] if counted else None

    @staticmethod
    def _has_account(readings: Sequence[PageReading], *, complete: bool) -> bool | None:
        if any(f.purpose in {"login", "register"} and f.collects for r in readings for f in r.forms):
            return True
        promised = any(p.kind in {"login", "register"} for r in readings for p in r.pointers)
        return False if complete and not promised else None

    def _mainland(self, readings: Sequence[PageReading]) -> bool | None:
        """Whether it is offered from the mainland: a Chinese domain or a filing number says so; nothing says not."""
        if self.start.host.endswith(MAINLAND_SUFFIXES) or any(r.filings for r in readings):
            return True
        return None


def _opens(page: Page) -> bool:
    """Whether a browser shows the page, rather than an error or a document to be downloaded."""
    return (page.status or 0) < 400 and page.content_type in HTML_TYPES


def _importance(reading: PageReading) -> tuple[int, int]:
    """Sort key: the start page, then kinds of page by weight, pages with forms, the shallower."""
    words = page_words()
    weight = next((t.weight for t in words.topics if t.kind == reading.page.kind), 0)
    asks = any(form.collects_pi for form in reading.forms)
    return -(1000 if reading.page.kind == "home" else weight + (50 if asks else 0)), reading.page.depth


def _gravity(form: Form) -> tuple[bool, bool, bool, int]:
    """Sort key: forms that send what they ask for first, of these the sensitive ones, then those that ask for the most."""
    return not form.sends_pi, not form.collects_sensitive, not form.collects_pi, -len(form.collects)


def _joined_cookies(browser: tuple[Cookie, ...], static: tuple[Cookie, ...]) -> tuple[Cookie, ...]:
    """Return the browser's cookies, and those only the crawl met."""
    known = {(c.name, c.domain.lstrip(".")) for c in browser}
    return (*browser, *(c for c in static if (c.name, c.domain) not in known))


def _any(values: Iterable[bool], *, complete: bool) -> bool | None:
    if any(values):
        return True
    return False if complete else None

"""The crawl: what it visits first, what it leaves out, and that it ends within its budgets whatever the site does."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from server import Request, Servers, Site

from scanner.collect.site.collect import collect_site
from scanner.collect.site.fetch import Fetcher, HostPace
from scanner.collect.site.frontier import Frontier
from scanner.collect.site.sitemap import read_sitemap
from scanner.collect.site.weburl import parse_url
from scanner.facts import Facts
from scanner.sitefacts import SiteFacts

HOST = "qinghe.example"
TEXT = "<p>青禾笔记记录每一天的生活。</p>" * 5


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def scan(servers: Servers, site: Site, path: str = "/", **options: object) -> tuple[Facts, SiteFacts]:
    facts = collect_site(site.url(path), servers.options(**options))
    assert facts.site is not None
    return facts, facts.site


def visited(site: SiteFacts) -> list[str]:
    return [parse_url(page.final_url).path for page in site.pages]


def codes(facts: Facts) -> set[str]:
    return {gap.code for gap in facts.gaps}


def queue(start: str = "https://www.qinghe.example/", **named: object) -> Frontier:
    return Frontier(parse_url(start), **named)  # type: ignore[arg-type] # the options under test


def order(frontier: Frontier) -> list[str]:
    found = []
    while (target := frontier.pop()) is not None:
        found.append(parse_url(target.url).path)
    return found


def test_pages_that_matter_come_first() -> None:
    frontier = queue()
    links = [
        ("/news/1", "新闻"),
        ("/about", "关于我们"),
        ("/a", "注册"),
        ("/b", "隐私政策"),
        ("/c", "登录"),
        ("/d", "注销账号"),
        ("/e", "在线报名"),
    ]
    for path, text in links:
        frontier.add("https://www.qinghe.example" + path, 1, link_text=text)

    assert order(frontier) == ["/b", "/d", "/a", "/c", "/e", "/about", "/news/1"]


@pytest.mark.parametrize(
    ("scope", "inside", "outside"),
    [
        (
            "domain",
            ["https://m.qinghe.example/", "http://qinghe.example/"],
            ["https://qinghe2.example/", "https://qinghe.example.evil.example/"],
        ),
        ("host", ["https://qinghe.example/x", "https://www.qinghe.example/y"], ["https://m.qinghe.example/"]),
        (
            "path",
            ["https://www.qinghe.example/shop/x"],
            ["https://www.qinghe.example/other", "https://www.qinghe.example/shop/../x"],
        ),
    ],
)
def test_scope_is_kept(scope: str, inside: list[str], outside: list[str]) -> None:
    frontier = queue("https://www.qinghe.example/shop/", scope=scope)

    assert all(frontier.in_scope(url) for url in inside)
    assert not any(
        frontier.in_scope(url)
        for url in [*outside, "mailto:a@qinghe.example", "https://www.qinghe.example:8443/shop/"]
    )


def test_the_same_page_under_many_addresses_is_queued_once() -> None:
    frontier = queue()
    same = [
        "/a?x=1&y=2",
        "/a?y=2&x=1",
        "/a?x=1&y=2&utm_source=w",
        "/a;jsessionid=1F?x=1&y=2",
        "/a?x=1&y=2#top",
        "/a?spm=1.2&x=1&y=2&PHPSESSID=9",
    ]

    assert [frontier.add("https://www.qinghe.example" + path, 1) for path in same] == [True] + [False] * 5
    assert frontier.add("http://qinghe.example/a?y=2&x=1", 1) is False
    assert [
        frontier.add("https://www.qinghe.example" + p, 1) for p in ("/b/index.html", "/b/", "/b/default.aspx")
    ] == [True, False, False]


def test_endless_addresses_are_sampled_and_counted() -> None:
    frontier = queue()
    for day in range(2000):
        frontier.add(f"https://www.qinghe.example/calendar?month={day}", 2)
        frontier.add(f"https://www.qinghe.example/news/{day}.html", 2)
    frontier.add("https://www.qinghe.example/" + "a/b/" * 5, 2)
    frontier.add("https://www.qinghe.example/" + "x" * 1500, 2)

    assert len(frontier) == 30 + 60
    assert frontier.left_out.quota == 4000 - 90
    assert frontier.left_out.traps == 2


def test_files_are_not_pages() -> None:
    frontier = queue()

    assert not frontier.add("https://www.qinghe.example/app.apk", 1, link_text="下载")
    assert frontier.left_out.files == 1


def test_robots_are_respected_and_what_they_close_is_a_gap(servers: Servers) -> None:
    site = servers.site(
        HOST,
        routes={
            "/robots.txt": (
                200,
                {},
                "User-agent: *\nDisallow: /*?print\nDisallow: /private\nUser-agent: Guijian\nDisallow: /private/\n",
            ),
            "/": f"{TEXT}<a href=/private/x>x</a><a href=/open>y</a>",
            "/open": TEXT,
            "/private/x": TEXT,
        },
    )

    facts, found = scan(servers, site)

    assert visited(found) == ["/", "/open"] and "/private/x" not in site.paths
    assert found.stats.disallowed == 1 and "pages-robots" in codes(facts)
    assert "/private/x" in visited(scan(servers, site, respect_robots=False)[1])


@pytest.mark.parametrize(
    ("answer", "allowed"),
    [((404, {}, ""), True), ((500, {}, ""), False), ((200, {}, "<html>404</html>"), True)],
)
def test_a_missing_robots_file_allows_and_a_failing_one_forbids(
    servers: Servers, answer: tuple[int, dict[str, str], str], allowed: bool
) -> None:
    site = servers.site(HOST, routes={"/": TEXT, "/robots.txt": answer})

    if allowed:
        assert visited(scan(servers, site)[1]) == ["/"]
    else:
        with pytest.raises(Exception, match="robots"):
            scan(servers, site)


def test_sitemaps_are_read_with_indexes_and_gzip(servers: Servers) -> None:
    site = servers.site(HOST)
    urls = "".join(f"<url><loc>{site.url(f'/p{n}')}</loc></url>" for n in range(3))
    inner = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
    index = f"<sitemapindex><sitemap><loc>{site.url('/inner.xml.gz')}</loc></sitemap></sitemapindex>"
    site.routes.update(
        {
            "/": TEXT,
            "/robots.txt": (200, {}, f"Sitemap: {site.url('/index.xml')}"),
            "/index.xml": (200, {"Content-Type": "application/xml"}, index),
            "/inner.xml.gz": (200, {"Content-Type": "application/gzip"}, gzip.compress(inner)),
            **{f"/p{n}": f"<p>第{n}页{TEXT}" for n in range(3)},
        }
    )

    assert sorted(visited(scan(servers, site)[1])) == ["/", "/p0", "/p1", "/p2"]


def test_a_hostile_sitemap_is_harmless() -> None:
    laughs = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    body = (
        laughs
        + b"<urlset><url><loc>http://a.example/&b;&c;</loc></url><url><loc>http://a.example/ok</loc></url>"
    )

    found = list(read_sitemap(body))

    assert all("root:" not in location for _, location in found)
    assert list(read_sitemap(gzip.compress(b"\0" * (64 << 20)))) == []
    assert list(read_sitemap(b"\x1f\x8bbroken")) == [] and list(read_sitemap(b"")) == []


def test_the_page_limit_ends_the_crawl_and_is_said(servers: Servers) -> None:
    links = "".join(f"<a href=/p{n}>p</a>" for n in range(50))
    site = servers.site(HOST, routes={"/": TEXT + links, **{f"/p{n}": f"<p>{n}{TEXT}" for n in range(50)}})

    facts, found = scan(servers, site, max_pages=10)

    assert len(found.pages) == 10 and found.stats.stopped_by == "pages"
    assert "budget-pages" in codes(facts)


def test_the_time_limit_ends_the_crawl_and_is_said(servers: Servers) -> None:
    def slow(request: Request) -> str:
        time.sleep(0.3)
        return TEXT + request.path + "".join(f"<a href={request.path}{n}>x</a>" for n in range(9))

    site = servers.site(HOST)
    site.routes["/"] = slow
    site.reply = lambda request: (
        (404, {}, "") if "txt" in request.path or "xml" in request.path else slow(request)
    )  # type: ignore[method-assign]

    began = time.monotonic()
    facts, found = scan(servers, site, max_seconds=2.0)

    assert time.monotonic() - began < 8
    assert found.stats.stopped_by == "time" and "budget-time" in codes(facts)


def test_the_byte_limit_ends_the_crawl_and_is_said(servers: Servers) -> None:
    links = "".join(f"<a href=/p{n}>p</a>" for n in range(50))
    big = "<p>" + "字" * 40_000
    site = servers.site(HOST, routes={"/": TEXT + links, **{f"/p{n}": f"{n}{big}" for n in range(50)}})

    facts, found = scan(servers, site, max_bytes=500_000)

    assert found.stats.stopped_by == "bytes" and len(found.pages) < 30
    assert "budget-bytes" in codes(facts)


def test_depth_is_limited_and_said(servers: Servers) -> None:
    site = servers.site(
        HOST,
        routes={
            "/": f"{TEXT}<a href=/1>n</a>",
            **{f"/{n}": f"<p>{n}{TEXT}<a href=/{n + 1}>n</a>" for n in range(1, 9)},
        },
    )

    facts, found = scan(servers, site, max_depth=3)

    assert [page.depth for page in found.pages] == [0, 1, 2, 3]
    assert "links-depth" in codes(facts)


def test_a_hundred_thousand_links_do_not_end_the_scan(servers: Servers) -> None:
    flood = "".join(f"<a href=/x{n}/y{n * 7}>x</a>" for n in range(100_000))
    site = servers.site(HOST, routes={"/": f"{TEXT}<a href=/privacy>隐私政策</a>{flood}", "/privacy": TEXT})

    began = time.monotonic()
    _, found = scan(servers, site, max_pages=30, max_seconds=60)

    assert time.monotonic() - began < 45
    assert len(found.pages) >= 2 and "/privacy" in site.paths


def test_a_page_deep_as_a_well_is_no_crash(servers: Servers) -> None:
    site = servers.site(HOST, routes={"/": TEXT + "<div>" * 200_000 + "x", "/b": "<form>" * 50_000})

    assert visited(scan(servers, site)[1]) == ["/"]


def test_a_site_of_traps_ends_and_says_what_happened(servers: Servers) -> None:
    bomb = gzip.compress(b"<p>x" * (20 << 20))

    def endless(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            request.send(b"<p>" + b"x" * 65536)

    names = ("bomb", "endless", "loop", "flood", "inside", "closed")
    site = servers.site(
        HOST,
        routes={
            "/": TEXT + "".join(f"<a href=/{n}>{n}</a>" for n in names),
            "/bomb": (200, {"Content-Encoding": "gzip"}, bomb),
            "/endless": endless,
            "/loop": lambda request: (302, {"Location": "/loop"}, ""),
            "/flood": lambda request: request.send(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000 + b"\r\n"),
            "/inside": (302, {"Location": "http://169.254.169.254/latest/meta-data/"}, ""),
            "/closed": lambda request: request.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"),
        },
    )

    facts, found = scan(servers, site, max_seconds=60)

    said = {problem.code for problem in facts.problems}
    assert said >= {
        "page-decompression-bomb",
        "page-body-too-large",
        "page-redirect-loop",
        "page-header-flood",
        "page-redirect-refused",
    }
    assert found.stats.refused == 1
    assert all(problem.message.zh and problem.where for problem in facts.problems)
    assert len([g for g in facts.gaps if g.path == "site.forms"]) >= 5


def test_the_same_content_under_new_addresses_is_not_followed_for_ever(servers: Servers) -> None:
    site = servers.site(HOST)
    site.reply = lambda request: (
        (404, {}, "")
        if "." in request.path
        else (200, {"Content-Type": "text/html"}, f"{TEXT}<a href=more/>x</a>")
    )  # type: ignore[method-assign]

    _, found = scan(servers, site, max_depth=50)

    assert len(found.pages) <= 3


def test_a_redirect_out_of_scope_is_not_followed(servers: Servers) -> None:
    other = servers.site("other.example", ip="127.0.0.3", routes={"/": "x"})
    site = servers.site(
        HOST, routes={"/": f"{TEXT}<a href=/go>x</a>", "/go": (302, {"Location": other.url()}, "")}
    )

    _, found = scan(servers, site)

    assert visited(found) == ["/"] and other.requests == []


def test_requests_to_one_host_are_spaced(servers: Servers) -> None:
    links = "".join(f"<a href=/p{n}>p</a>" for n in range(6))
    site = servers.site(HOST, routes={"/": TEXT + links, **{f"/p{n}": f"{n}{TEXT}" for n in range(6)}})

    began = time.monotonic()
    scan(servers, site, rate=20.0)

    assert time.monotonic() - began >= 7 / 20


@pytest.mark.parametrize(
    ("line", "respect", "asked"),
    [
        ("Crawl-delay: 2.5", True, [2.5]),
        ("Crawl-delay: 900", True, [10.0]),
        ("Crawl-delay: -1", True, []),
        ("Crawl-delay: 2.5", False, []),
    ],
)
def test_the_pace_a_site_asks_for_is_heard_within_reason(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, line: str, respect: bool, asked: list[float]
) -> None:
    heard: list[float] = []
    monkeypatch.setattr(Fetcher, "slow_down", lambda _self, _url, seconds: heard.append(seconds))
    site = servers.site(HOST, routes={"/": TEXT, "/robots.txt": (200, {}, f"User-agent: *\n{line}\n")})

    scan(servers, site, respect_robots=respect)

    assert heard == asked


def test_the_pace_a_site_asks_for_is_kept_for_its_host_only(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    clock = SimpleNamespace(monotonic=lambda: 100.0, sleep=slept.append)
    monkeypatch.setattr("scanner.collect.site.fetch.time", clock)
    pace = HostPace(0)
    pace.slow_down("a:443", 2.5)

    for host in ("a:443", "a:443", "b:443", "a:443", "b:443"):
        pace.wait(host, 1_000.0)

    assert slept == [0.0, 2.5, 5.0]
    with pytest.raises(TimeoutError):
        pace.wait("a:443", 101.0)

"""Fetching one page: limits hold against a hostile server, and what happened is said."""

from __future__ import annotations

import gzip
import time
import zlib
from collections.abc import Iterator

import brotli
import pytest
from server import Request, Servers

from scanner.collect.site.address import AddressGuard
from scanner.collect.site.fetch import Fetched, Fetcher, Limits

HOST = "qinghe.example"
ZEROS = b"\0" * (64 << 20)


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def fetch(servers: Servers, url: str, limits: Limits | None = None) -> Fetched:
    guard = AddressGuard(allow_private=True, hosts=servers.hosts, resolver=lambda host: [])
    fetcher = Fetcher(guard, limits or Limits(), verify=str(servers.authority.path))
    try:
        return fetcher.fetch(url)
    finally:
        fetcher.close()


def code(found: Fetched) -> str | None:
    return found.trouble.code if found.trouble else None


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, wbits=-15)),
        ("br", brotli.compress),
        ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
        ("", bytes),
    ],
)
def test_reads_every_encoding_it_asks_for(servers: Servers, encoding: str, pack: object) -> None:
    page = ("<p>隐私政策</p>" * 900).encode()
    headers = {"Content-Encoding": encoding} if encoding else {}
    site = servers.site(HOST, routes={"/": (200, headers, pack(page))})  # type: ignore[operator]

    found = fetch(servers, site.url())

    assert found.ok and found.body == page
    assert found.final is not None and found.final.status == 200
    assert "Guijian/" in site.requests[0].headers["user-agent"]


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(ZEROS)),
        ("deflate", zlib.compress(ZEROS)),
        ("br", brotli.compress(ZEROS, quality=5)),
        ("gzip, gzip", gzip.compress(gzip.compress(ZEROS))),
        ("br, gzip", gzip.compress(brotli.compress(ZEROS, quality=5))),
    ],
)
def test_a_decompression_bomb_is_defused_and_named(servers: Servers, encoding: str, body: bytes) -> None:
    site = servers.site(HOST, routes={"/": (200, {"Content-Encoding": encoding}, body)})

    found = fetch(servers, site.url())

    assert code(found) == "decompression-bomb"
    assert len(found.body) <= Limits().body


def test_an_endless_body_is_cut_at_the_limit(servers: Servers) -> None:
    def endless(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            request.send(b"x" * 65536)

    found = fetch(servers, servers.site(HOST, routes={"/": endless}).url(), Limits(body=1 << 20))

    assert code(found) == "body-too-large"
    assert len(found.body) == 1 << 20


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"]
)
def test_a_slow_drip_ends_at_the_deadline(servers: Servers, head: bytes) -> None:
    def drip(request: Request) -> None:
        request.send(head)
        for _ in range(200):
            request.send(b"x")
            time.sleep(0.05)

    began = time.monotonic()
    found = fetch(servers, servers.site(HOST, routes={"/": drip}).url(), Limits(total=0.6))

    assert code(found) == "timeout"
    assert time.monotonic() - began < 5


def test_a_server_that_never_answers_ends_at_the_deadline(servers: Servers) -> None:
    def silent(request: Request) -> None:
        time.sleep(3)

    assert (
        code(fetch(servers, servers.site(HOST, routes={"/": silent}).url(), Limits(total=0.4))) == "timeout"
    )


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"X-%d: y\r\n" % n for n in range(5000)),
        b"X: " + b"y" * (1 << 20) + b"\r\n",
        b"".join(b"X-%d: %s\r\n" % (n, b"y" * 60000) for n in range(50)),
    ],
)
def test_a_header_flood_is_stopped(servers: Servers, flood: bytes) -> None:
    def answer(request: Request) -> None:
        request.send(b"HTTP/1.1 200 OK\r\n" + flood + b"\r\nhello")

    assert code(fetch(servers, servers.site(HOST, routes={"/": answer}).url())) == "header-flood"


def test_endless_interim_answers_are_stopped(servers: Servers) -> None:
    def answer(request: Request) -> None:
        while True:
            request.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    assert code(fetch(servers, servers.site(HOST, routes={"/": answer}).url())) == "header-flood"


def test_redirects_are_followed_and_kept(servers: Servers) -> None:
    site = servers.site(
        HOST,
        routes={
            "/": (302, {"Location": "/隐私".encode().decode("latin-1")}, ""),
            "/%E9%9A%90%E7%A7%81": "<p>到了",
        },
    )

    found = fetch(servers, site.url())

    assert found.ok and found.body == "<p>到了".encode()
    assert [hop.status for hop in found.hops] == [302, 200]


def test_a_redirect_loop_and_an_endless_chain_end(servers: Servers) -> None:
    site = servers.site(
        HOST,
        routes={
            "/a": (302, {"Location": "/b"}, ""),
            "/b": (302, {"Location": "/a"}, ""),
            "/n": lambda request: (302, {"Location": f"/n?{request.query}1"}, ""),
        },
    )

    assert code(fetch(servers, site.url("/a"))) == "redirect-loop"
    assert code(fetch(servers, site.url("/n"))) == "too-many-redirects"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.example/",
        "file:///etc/passwd",
        "http://[::ffff:169.254.169.254]/",
        "//0.0.0.0/",
        "gopher://127.0.0.1/",
        "http://user@qinghe.example/",
    ],
)
def test_a_redirect_to_a_forbidden_place_is_not_followed(servers: Servers, target: str) -> None:
    site = servers.site(HOST, routes={"/": (302, {"Location": target}, "")})
    servers.hosts["metadata.example"] = "169.254.169.254"

    found = fetch(servers, site.url())

    assert (code(found) or "").startswith("redirect-refused:")
    assert len(found.hops) == 1


def test_a_public_site_cannot_lead_to_a_private_address_by_redirect(servers: Servers) -> None:
    site = servers.site(HOST, routes={"/": "<p>内网"})
    guard = AddressGuard(hosts=servers.hosts)

    found = Fetcher(guard).fetch(site.url())

    assert code(found) == "refused:loopback"
    assert site.requests == []


def test_the_connection_goes_to_the_checked_address_though_the_name_now_resolves_elsewhere(
    servers: Servers,
) -> None:
    good = servers.site(HOST, ip="127.0.0.2", routes={"/": "<p>good"})
    answers = iter([["127.0.0.2"]])
    guard = AddressGuard(allow_private=True, resolver=lambda host: next(answers, ["127.0.0.9"]))
    fetcher = Fetcher(guard)

    assert [fetcher.fetch(good.url()).body for _ in range(3)] == [b"<p>good"] * 3
    assert good.requests[0].headers["host"] == f"{HOST}:{good.port}"


def test_a_good_certificate_is_verified_under_the_sites_name(servers: Servers) -> None:
    site = servers.tls(HOST, routes={"/": "<p>安全"})

    found = fetch(servers, site.url())

    assert found.ok and found.tls is None


@pytest.mark.parametrize("fault", ["expired", "self signed", "other name", "unknown authority"])
def test_a_bad_certificate_is_recorded_and_the_page_only_observed(servers: Servers, fault: str) -> None:
    issue = servers.authority.issue
    certificate = {
        "expired": lambda: issue(HOST, from_days=-90, to_days=-1),
        "self signed": lambda: issue(HOST, self_signed=True),
        "other name": lambda: issue("other.example"),
        "unknown authority": lambda: Servers().authority.issue(HOST),
    }[fault]
    other = Servers()
    chosen = other.authority.issue(HOST) if fault == "unknown authority" else certificate()
    site = servers.tls(HOST, routes={"/": "<p>看到了"}, certificate=chosen)

    found = fetch(servers, site.url())

    assert found.body == "<p>看到了".encode()
    assert found.tls
    if fault == "expired":
        assert "expired" in found.tls


def test_nothing_listening_is_said(servers: Servers) -> None:
    site = servers.site(HOST)
    closed = site.port

    with Servers():
        pass
    assert code(fetch(servers, f"http://{HOST}:1{closed % 1000 + 1000}/")) in {
        "connection-refused",
        "unreachable",
    }


def test_a_wrongly_encoded_body_is_no_crash(servers: Servers) -> None:
    routes = {
        "/gzip": (200, {"Content-Encoding": "gzip"}, b"not gzip at all"),
        "/other": (200, {"Content-Encoding": "zstd"}, b"x"),
        "/stack": (200, {"Content-Encoding": "gzip, gzip, gzip, gzip"}, b"x"),
        "/short": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"<p>hello" * 500)[:40]),
    }
    site = servers.site(HOST, routes=routes)

    assert code(fetch(servers, site.url("/gzip"))) == "bad-encoding"
    assert code(fetch(servers, site.url("/other"))) == "bad-encoding"
    assert code(fetch(servers, site.url("/stack"))) == "bad-encoding"
    assert fetch(servers, site.url("/short")).trouble is None

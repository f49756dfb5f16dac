"""Transport, headers, cookies, libraries: what a site's answers show."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator

import pytest
from server import Certificate, Servers

from scanner.collect.site.address import AddressGuard
from scanner.collect.site.collect import collect_site
from scanner.collect.site.fetch import Fetched, Fetcher, Hop
from scanner.collect.site.headers import cookie_weaknesses, header_weaknesses, mixed_content, read_cookie
from scanner.collect.site.hello import VERSIONS, ask, client_hello, read_answer
from scanner.collect.site.libraries import advisories_of, identify, known_libraries, version_key
from scanner.collect.site.transport import TransportProbe, hsts_days
from scanner.sitefacts import Transport

HOST = "qinghe.example"
URL = f"https://{HOST}/"


@pytest.fixture
def servers() -> Iterator[Servers]:
    with Servers() as running:
        yield running


def examine(servers: Servers, port: int, host: str = HOST) -> Transport:
    guard = AddressGuard(allow_private=True, hosts=servers.hosts, resolver=lambda name: [])
    fetcher = Fetcher(guard, verify=str(servers.authority.path))
    probe = TransportProbe(guard, fetcher, time.monotonic() + 60, servers.authority.path)
    return probe.examine(host, port, seen=())


def answer(*headers: tuple[str, str]) -> Fetched:
    return Fetched(URL, (Hop(URL, 200, headers),), b"<p>x")


def kinds(*headers: tuple[str, str]) -> set[str]:
    return {w.kind for w in header_weaknesses(answer(*headers), HOST)}


def test_a_good_server_is_described_as_it_is(servers: Servers) -> None:
    site = servers.tls(HOST, routes={"/": "x"}, headers={"Strict-Transport-Security": "max-age=31536000"})

    found = examine(servers, site.port)

    assert found.protocols == ("TLSv1.2", "TLSv1.3")
    assert (found.weak_protocols, found.weak_ciphers) == ((), ())
    assert (found.https, found.trusted, found.hostname_matches, found.hsts, found.hsts_days) == (
        True,
        True,
        True,
        True,
        365,
    )
    assert found.certificates[0].subject == HOST and found.certificates[0].key_algorithm == "EC"
    assert found.days_left is not None and 195 < found.days_left <= 200
    assert found.cipher and found.evidence


@pytest.mark.parametrize(
    ("fault", "trusted", "matches"),
    [("expired", False, True), ("self signed", False, True), ("other name", True, False)],
)
def test_certificates_that_do_not_hold_are_told_apart(
    servers: Servers, fault: str, trusted: bool, matches: bool
) -> None:
    issue = servers.authority.issue
    certificate: Certificate = {
        "expired": lambda: issue(HOST, from_days=-90, to_days=-3),
        "self signed": lambda: issue(HOST, self_signed=True),
        "other name": lambda: issue("other.example"),
    }[fault]()
    site = servers.tls(HOST, routes={"/": "x"}, certificate=certificate)

    found = examine(servers, site.port)

    assert (found.trusted, found.hostname_matches) == (trusted, matches)
    assert (found.days_left is not None and found.days_left < 0) is (fault == "expired")
    assert found.certificates[0].self_signed is (fault == "self signed")
    assert found.hsts is False


def test_a_wildcard_covers_one_label_only(servers: Servers) -> None:
    certificate = servers.authority.issue("*.qinghe.example")
    good = servers.tls("www.qinghe.example", certificate=certificate, routes={"/": "x"})
    bad = servers.tls("a.b.qinghe.example", certificate=certificate, routes={"/": "x"})

    assert examine(servers, good.port, "www.qinghe.example").hostname_matches is True
    assert examine(servers, bad.port, "a.b.qinghe.example").hostname_matches is False


def test_old_protocols_and_weak_suites_are_found(servers: Servers) -> None:
    def old(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:@SECLEVEL=0")

    site = servers.tls(HOST, routes={"/": "x"}, configure=old)

    found = examine(servers, site.port)

    assert found.weak_protocols == ("TLSv1.0", "TLSv1.1")
    assert found.protocols == ("TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    assert "anonymous" in found.weak_ciphers or "NULL" in found.weak_ciphers


def test_no_tls_and_no_server_are_different_things(servers: Servers) -> None:
    plain = servers.site(HOST, routes={"/": "x"})
    with socket.socket() as free:
        free.bind(("127.0.0.2", 0))
        closed = free.getsockname()[1]

    assert examine(servers, plain.port).https is False
    refused = examine(servers, closed)
    assert refused.https is False and refused.problem == "connection-refused" and refused.evidence


def test_a_server_that_answers_nonsense_or_never_is_no_hang() -> None:
    def serve(listener: socket.socket, data: bytes) -> None:
        try:
            while True:
                peer, _ = listener.accept()
                peer.sendall(data)
                if data:
                    peer.close()
        except OSError:
            return

    for data in (
        b"",
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"\x16\x03\x03\xff\xff" + b"\x02" * 50,
        b"\x15\x03\x01\x00\x02\x02\x28",
        b"\x16",
    ):
        with socket.create_server(("127.0.0.5", 0)) as listener:
            threading.Thread(target=serve, args=(listener, data), daemon=True).start()
            began = time.monotonic()
            found = ask("127.0.0.5", listener.getsockname()[1], HOST, VERSIONS["TLSv1.2"], (0xC02F,), 0.5)
            assert found is None or found.suite == 0x0202
            assert time.monotonic() - began < 3


def test_hellos_are_well_formed_records() -> None:
    for version in VERSIONS.values():
        record = client_hello(HOST, version, (0xC02F,))
        assert record[0] == 0x16 and struct.unpack(">H", record[3:5])[0] == len(record) - 5
        assert int.from_bytes(record[6:9], "big") == len(record) - 9
    assert read_answer(b"") is None and read_answer(b"\x16\x03\x03\x00\x05\x02\x00\x00\x01\x00") is None


def test_http_that_leads_to_https_is_told(servers: Servers) -> None:
    secure = servers.tls(HOST, routes={"/": "<title>首页</title><p>首页"})
    plain = servers.site(HOST, ip="127.0.0.2", routes={"/": (301, {"Location": secure.url()}, "")})

    facts = collect_site(plain.url(), servers.options())

    assert facts.site is not None
    assert facts.site.transport[0].http_redirects is True


def test_missing_headers_are_named_and_present_ones_are_not() -> None:
    bare = {"no-csp", "no-clickjacking-protection", "no-nosniff", "no-referrer-policy"}
    full = (
        ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    )

    assert kinds() == bare
    assert kinds(*full) == set()
    assert kinds(*full, ("server", "nginx")) == set()
    assert kinds(*full, ("server", "nginx/1.18.0")) == {"server-version"}
    assert kinds(*full, ("x-powered-by", "PHP/7.2.1")) == {"server-version"}
    assert "weak-csp" in kinds(("content-security-policy", "script-src 'unsafe-inline'"))
    assert "weak-csp" not in kinds(("content-security-policy", "script-src 'unsafe-inline' 'nonce-abc'"))
    for weakness in header_weaknesses(answer(("server", "nginx/1.18.0")), HOST):
        assert weakness.evidence[0].excerpt.startswith("HTTP 200")


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<meta http-equiv=Content-Security-Policy content=\"default-src 'self'\">", {"no-referrer-policy"}),
        ("<META HTTP-EQUIV='content-security-policy' CONTENT=\"script-src 'unsafe-inline'\">", {"weak-csp"}),
        ("<meta name=referrer content=no-referrer>", {"no-csp"}),
        ("<p>Content-Security-Policy", {"no-csp", "no-referrer-policy"}),
    ],
)
def test_a_policy_may_stand_in_the_page_but_not_the_one_on_framing(page: str, found: set[str]) -> None:
    fetched = Fetched(URL, (Hop(URL, 200, ()),), page.encode())
    kinds = {w.kind for w in header_weaknesses(fetched, HOST)}

    assert found <= kinds and "no-clickjacking-protection" in kinds
    assert ("no-csp" in kinds) is ("no-csp" in found)
    assert ("no-referrer-policy" in kinds) is ("referrer content" not in page)


def test_an_answer_open_to_every_origin_is_found(servers: Servers) -> None:
    def reflect(request: object) -> tuple[int, dict[str, str], str]:
        origin = request.headers.get("origin", "")  # type: ignore[attr-defined]
        extra = (
            {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
            if origin
            else {}
        )
        return 200, {"Content-Type": "text/html", **extra}, "<title>首页</title>"

    site = servers.site(HOST, routes={"/": reflect})
    closed = servers.site(
        "closed.example",
        routes={"/": (200, {"Content-Type": "text/html", "Access-Control-Allow-Origin": "*"}, "x")},
    )

    open_facts, closed_facts = (collect_site(s.url(), servers.options()).site for s in (site, closed))

    assert open_facts is not None and closed_facts is not None
    assert "cors-any-origin" in {w.kind for w in open_facts.weaknesses}
    assert "cors-any-origin" not in {w.kind for w in closed_facts.weaknesses}


def test_cookies_are_read_with_their_flags_and_only_session_cookies_are_faulted() -> None:
    hop = Hop(URL, 200, ())
    bad = read_cookie("JSESSIONID=abc; Path=/", hop)
    good = read_cookie(
        "sessionid=abc; Secure; HttpOnly; SameSite=Lax; Max-Age=86400; Domain=.qinghe.example", hop
    )
    theme = read_cookie("theme=dark; Expires=Wed, 21 Oct 2099 07:28:00 GMT", hop)

    assert bad is not None and good is not None and theme is not None
    assert (good.secure, good.http_only, good.same_site, good.days, good.domain) == (
        True,
        True,
        "lax",
        1.0,
        "qinghe.example",
    )
    assert theme.days is not None and theme.days > 20_000 and not theme.session
    assert {w.kind for w in cookie_weaknesses([bad], https=True)} == {
        "cookie-not-secure",
        "cookie-not-httponly",
    }
    assert {w.kind for w in cookie_weaknesses([bad], https=False)} == {"cookie-not-httponly"}
    assert list(cookie_weaknesses([good, theme], https=True)) == []
    assert read_cookie("gone=; Max-Age=0", hop) is None and read_cookie("nonsense", hop) is None
    assert "abc" not in bad.evidence[0].excerpt


def test_mixed_content_is_active_or_passive() -> None:
    resources = [
        ("http://cdn.example/a.js", "script"),
        ("http://cdn.example/b.png", "image"),
        ("https://c.example/c.js", "script"),
    ]

    assert {w.kind for w in mixed_content(URL, resources)} == {"mixed-active", "mixed-passive"}
    assert list(mixed_content("http://qinghe.example/", resources)) == []


@pytest.mark.parametrize(
    ("header", "days"),
    [
        ("max-age=31536000; includeSubDomains", 365),
        ('max-age="86400"', 1),
        ("max-age=0", 0),
        ("includeSubDomains", None),
        (None, None),
    ],
)
def test_hsts_is_read_in_days(header: str | None, days: float | None) -> None:
    assert hsts_days(header)[0] == days


@pytest.mark.parametrize(
    ("url", "content", "library"),
    [
        ("https://c.example/jquery-1.8.3.min.js", "", ("jquery", "1.8.3")),
        ("https://c.example/jquery/3.4.1/jquery.min.js", "", ("jquery", "3.4.1")),
        ("/js/all.js", "/*! jQuery v1.12.4 | (c) jQuery Foundation */", ("jquery", "1.12.4")),
        ("/js/bootstrap.js", "/*!\n * Bootstrap v3.3.7 (http://getbootstrap.com)\n", ("bootstrap", "3.3.7")),
        ("/js/app.8f3a2b1c.js", "console.log('1.2.3')", None),
        ("/js/jquery.js", "", None),
    ],
)
def test_libraries_are_identified_by_address_or_banner(
    url: str, content: str, library: tuple[str, str] | None
) -> None:
    assert identify(url, content) == library


def test_advisories_hold_for_the_versions_they_name() -> None:
    assert advisories_of("jquery", "1.8.3") and advisories_of("jquery", "3.4.1")
    assert advisories_of("jquery", "3.7.1") == ()
    assert advisories_of("jquery", "99.0.0") == () and advisories_of("unknown", "1.0") == ()
    assert (
        version_key("1.9.0b1")
        < version_key("1.9.0")
        < version_key("1.9.1")
        < version_key("1.10")
        == version_key("1.10.0")
    )
    date, libraries = known_libraries()
    assert date >= "2026-01-01" and len(libraries) >= 40

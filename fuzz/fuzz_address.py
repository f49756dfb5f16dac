"""The address guard: what it lets through means the same host and port to every library that reads it afterwards."""

from __future__ import annotations

import ipaddress
from urllib.parse import urljoin, urlsplit

from urllib3.util import parse_url as urllib3_url

from scanner.collect.site.address import AddressGuard, Refused
from scanner.collect.site.weburl import UrlError, parse_url

IN_PLACE = 0.2
BASE = "https://www.qinghe.example/a/b.html"


def resolver(host: str) -> list[str]:
    """Answer every name with one public address, so that only the name decides."""
    del host
    return ["93.184.216.34"]


def check(data: bytes) -> None:
    """Judge ``data`` as a link and as a redirect; what is allowed must be stable, public and read alike by all."""
    text = data.decode("utf-8", "replace")
    for url in text.split("\n")[:50]:
        _judge(url)
        try:
            joined = urljoin(BASE, url)
        except ValueError:
            continue
        _judge(joined)


def _judge(text: str) -> None:
    guard = AddressGuard(resolver=resolver)
    verdict = guard.check(text)
    if isinstance(verdict, Refused):
        assert verdict.code and verdict.reason.zh
        return
    again = guard.check(verdict.url)
    assert again == verdict, "the normal form is not stable"
    for address in verdict.addresses:
        assert ipaddress.ip_address(address).is_global
    if verdict.scheme not in {"http", "https"}:
        return
    theirs = urllib3_url(verdict.url)
    assert (theirs.host or "").strip("[]") == verdict.host, "urllib3 would ask another host"
    assert (theirs.port or {"http": 80, "https": 443}[verdict.scheme]) == verdict.port
    parts = urlsplit(verdict.url)
    assert (parts.hostname, parts.username) == (verdict.host, None)
    try:
        own = parse_url(verdict.url)
    except UrlError as error:
        raise AssertionError("allowed, then refused") from error
    assert own.text == verdict.url

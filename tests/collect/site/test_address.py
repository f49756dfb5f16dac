"""The address guard: what it refuses, however the address is dressed up, and what it pins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.collect.site.address import AddressGuard, Allowed, Refused
from scanner.collect.site.weburl import UrlError, parse_url

PUBLIC = "93.184.216.34"


def fake(answers: dict[str, list[str]]) -> AddressGuard:
    return AddressGuard(resolver=lambda host: answers.get(host, [PUBLIC]))


TRICKS = {
    "loopback": "http://127.0.0.1/",
    "loopback range": "http://127.8.9.1/",
    "short form": "http://127.1/",
    "single decimal": "http://2130706433/",
    "octal": "http://0177.0.0.1/",
    "hexadecimal": "http://0x7f.0.0.1/",
    "single hexadecimal": "http://0x7f000001/",
    "mixed bases": "http://0x7f.0.1/",
    "zero": "http://0/",
    "unspecified": "http://0.0.0.0/",
    "private 10": "http://10.1.2.3/",
    "private 172": "http://172.16.0.1/",
    "private 192": "http://192.168.1.1/",
    "carrier-grade NAT": "http://100.64.0.1/",
    "link local": "http://169.254.10.10/",
    "metadata": "http://169.254.169.254/latest/meta-data/",
    "metadata in decimal": "http://2852039166/",
    "Alibaba metadata": "http://100.100.100.200/",
    "Azure wire server": "http://168.63.129.16/",
    "broadcast": "http://255.255.255.255/",
    "multicast": "http://224.0.0.1/",
    "reserved": "http://240.0.0.1/",
    "documentation": "http://192.0.2.1/",
    "benchmarking": "http://198.18.0.1/",
    "IPv6 loopback": "http://[::1]/",
    "IPv6 loopback in full": "http://[0:0:0:0:0:0:0:1]/",
    "IPv6 unspecified": "http://[::]/",
    "mapped": "http://[::ffff:127.0.0.1]/",
    "mapped in hexadecimal": "http://[::ffff:7f00:1]/",
    "compatible": "http://[::127.0.0.1]/",
    "NAT64": "http://[64:ff9b::7f00:1]/",
    "NAT64 local use": "http://[64:ff9b:1::a00:1]/",
    "6to4": "http://[2002:7f00:1::]/",
    "Teredo": "http://[2001:0:7f00:1::80ff:fffe]/",
    "ISATAP": "http://[2607:f8b0::5efe:7f00:1]/",
    "unique local": "http://[fc00::1]/",
    "IPv6 link local": "http://[fe80::1]/",
    "IPv6 zone id": "http://[fe80::1%25eth0]/",
    "IPv6 site local": "http://[fec0::1]/",
    "IPv6 multicast": "http://[ff02::1]/",
    "IPv6 metadata": "http://[fd00:ec2::254]/",
    "localhost": "http://localhost/",
    "localhost with a dot": "http://localhost./",
    "localhost in capitals": "http://LOCALHOST/",
    "below localhost": "http://a.localhost/",
    "internal": "http://metadata.google.internal/",
    "one label": "http://router/",
    "user info": "http://www.example.com@127.0.0.1/",
    "user info with password": "http://www.example.com:80@127.0.0.1/",
    "backslash": "http://127.0.0.1\\@www.example.com/",
    "backslashes for slashes": "http:\\\\127.0.0.1\\",
    "no slashes": "http:127.0.0.1/",
    "many slashes": "http://///127.0.0.1/",
    "tab inside": "http://127.0.\t0.1/",
    "line break inside": "ht\ntp://127.0.0.1/",
    "blank before": "  http://127.0.0.1/",
    "percent encoded": "http://%31%32%37.0.0.1/",
    "full-width digits": "http://１２７.０.０.１/",
    "ideographic full stop": "http://127。0。0。1/",
    "circled digits": "http://①②⑦.⓪.⓪.①/",
    "circled letters": "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "trailing dot": "http://127.0.0.1./",
    "null byte": "http://127.0.0.1%00.example.com/",
    "control character": "http://exa\x01mple.com/",
    "fragment in authority": "http://127.0.0.1#@www.example.com/",
    "query in authority": "http://127.0.0.1?@www.example.com/",
    "encoded at sign": "http://www.example.com%40127.0.0.1/",
    "encoded slash": "http://www.example.com%2f@127.0.0.1/",
    "file": "file:///etc/passwd",
    "gopher": "gopher://www.example.com/",
    "ftp": "ftp://www.example.com/",
    "javascript": "javascript:alert(1)",
    "data": "data:text/html,x",
    "no scheme": "//127.0.0.1/",
    "mail port": "http://www.example.com:25/",
    "Redis port": "http://www.example.com:6379/",
    "port out of range": "http://www.example.com:65536/",
    "port no number": "http://www.example.com:8o/",
    "numeric label": "http://www.example.1/",
    "bad punycode": "http://xn--a.example.com/",
    "empty host": "http:///",
    "blank in host": "http://exa mple.com/",
    "too long": "http://www.example.com/" + "a" * 5000,
}


@pytest.mark.parametrize("url", TRICKS.values(), ids=TRICKS.keys())
def test_refuses_every_way_to_a_place_that_is_not_a_public_website(url: str) -> None:
    found = fake({}).check(url)

    assert isinstance(found, Refused), found
    assert found.reason.zh and found.reason.en


@pytest.mark.parametrize(
    "answer", [["127.0.0.1"], ["::1"], [PUBLIC, "10.0.0.1"], ["::ffff:192.168.0.1"], ["169.254.169.254"], []]
)
def test_refuses_a_public_name_that_resolves_to_a_private_address(answer: list[str]) -> None:
    guard = fake({"rebind.example": answer})

    assert isinstance(guard.check("https://rebind.example/"), Refused)


def test_a_resolver_that_changes_its_answer_changes_nothing() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    guard = AddressGuard(resolver=lambda host: next(answers))

    first = guard.check("http://rebind.example/a")
    second = guard.check("http://rebind.example/b")

    assert isinstance(first, Allowed) and isinstance(second, Allowed)
    assert first.addresses == second.addresses == guard.addresses("rebind.example") == (PUBLIC,)


def test_private_addresses_are_visited_when_asked_for_but_metadata_never() -> None:
    guard = AddressGuard(allow_private=True)

    assert isinstance(guard.check("http://127.0.0.1:8000/"), Allowed)
    assert isinstance(guard.check("http://[::1]/"), Allowed)
    assert isinstance(guard.check("http://192.168.1.1/"), Allowed)
    for never in ("http://169.254.169.254/", "http://[::ffff:169.254.169.254]/", "http://0.0.0.0/"):
        assert isinstance(guard.check(never), Refused), never


@pytest.mark.parametrize(
    ("url", "normal"),
    [
        ("HTTP://WWW.Example.COM", "http://www.example.com/"),
        ("https://www.example.com:443/a/../b/./c", "https://www.example.com/b/c"),
        (
            "http://例子.中国/隐私?名=值",
            "http://xn--fsqu00a.xn--fiqs8s/%E9%9A%90%E7%A7%81?%E5%90%8D=%E5%80%BC",
        ),
        ("http://www.example.com./", "http://www.example.com/"),
        ("http://www.example.com?x", "http://www.example.com/?x"),
        ("http://a_b.example.com/", "http://a_b.example.com/"),
        ("http://93.184.216.34:8080/%7e", "http://93.184.216.34:8080/%7e"),
        ("https://www.example.com/#/register", "https://www.example.com/"),
    ],
)
def test_gives_ordinary_addresses_one_normal_form(url: str, normal: str) -> None:
    found = fake({}).check(url)

    assert isinstance(found, Allowed), found
    assert found.url == normal
    assert found.addresses


@given(st.text(max_size=60))
def test_reads_any_text_or_says_why_not(text: str) -> None:
    for url in (text, "http://" + text):
        try:
            parsed = parse_url(url)
        except UrlError as error:
            assert error.code and error.reason.zh
        else:
            again = parse_url(parsed.text)
            assert again.text == parsed.text

"""Endpoints: what counts as one, whose it is, and which country the offline data points to, with the data's day."""

from __future__ import annotations

import ipaddress
from functools import cache

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner.codefacts import Endpoint
from scanner.collect import collect
from scanner.collect.app.endpoints import text_endpoints
from scanner.collect.app.whereabouts import country_of_address, endpoint_data, whereabouts


@cache
def endpoints(name: str) -> dict[str, Endpoint]:
    facts = collect(fixture_apk_path(name)).app
    assert facts is not None
    return {endpoint.host: endpoint for endpoint in facts.endpoints}


def test_operators_and_addresses_abroad_are_told_with_source_and_day() -> None:
    found = endpoints("endpoint-overseas.bad")

    named, address, private = found["api.mixpanel.com"], found["8.8.8.8"], found["192.168.0.2"]
    assert (named.country, named.country_of, named.overseas) == ("US", "operator", True)
    assert (named.category, named.sdk) == ("analytics", "mixpanel")
    assert (address.kind, address.country_of, address.overseas) == ("ip", "address", True)
    assert (address.country_source, address.as_of) == ("ip_country", "2026-06-17")
    assert (private.kind, private.country, private.overseas) == ("private", None, None)


def test_mainland_services_are_not_overseas_and_examples_do_not_count() -> None:
    found = endpoints("endpoint-overseas.good")

    baidu = found["hm.baidu.com"]
    assert (baidu.country, baidu.overseas, baidu.owner_kind) == ("CN", False, "app")
    assert baidu.operator is not None
    assert baidu.operator.zh == "百度"
    assert baidu.as_of == "2026-11-24"
    assert "example.com" not in found


@pytest.mark.parametrize(
    ("host", "country"), [("1.0.1.1", "CN"), ("1.36.0.1", "HK"), ("168.95.1.1", "TW"), ("8.8.8.8", "US")]
)
def test_hong_kong_and_taiwan_are_outside_the_mainland(host: str, country: str) -> None:
    assert country_of_address(ipaddress.IPv4Address(host)) == country
    assert whereabouts(host)["overseas"] is (country != "CN")


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "127.0.0.1", "0.0.0.0", "224.0.0.1", "192.0.2.1", "255.255.255.255"]
)
def test_addresses_of_no_public_network_have_no_country(host: str) -> None:
    assert "overseas" not in whereabouts(host)


@pytest.mark.parametrize(
    ("host", "country", "kind"),
    [
        ("psdev.de", "DE", "suffix"),
        ("shop.test-host.cn", "CN", "suffix"),
        ("qos.io", None, None),
        ("a.com", None, None),
    ],
)
def test_a_suffix_is_a_hint_that_decides_nothing(host: str, country: str | None, kind: str | None) -> None:
    found = whereabouts(host)

    assert (found.get("country"), found.get("country_of")) == (country, kind)
    assert "overseas" not in found


@pytest.mark.parametrize(
    ("host", "never"),
    [
        ("schemas.android.com", True),
        ("www.w3.org", True),
        ("example.com", True),
        ("cdn.example.com", True),
        ("myexample.com", False),
        ("api.qinghe.example", False),
    ],
)
def test_vocabularies_and_examples_are_left_out(host: str, never: bool) -> None:
    assert endpoint_data().never_contacted(host) is never
    assert bool(text_endpoints([("a.js", f"'https://{host}/x'")])) is not never


def test_hosts_of_a_real_app_have_their_operators() -> None:
    facts = collect(corpus_path("yosemite")).app
    assert facts is not None
    found = {e.host: e for e in facts.endpoints if e.owner_kind == "sdk"}

    assert found["tbs.imtt.qq.com"].sdk == "tencent-tbs"
    assert {e.country for e in found.values()} == {"CN"}
    assert not any(e.overseas for e in found.values())

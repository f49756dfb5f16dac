"""The offline data on third parties, cookies, interfaces and sent values is whole and refers to what exists."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import yaml
import zstandard

from scanner.catalogue import items
from scanner.collect.parties import party
from scanner.collect.site.gather import cookie_kind, interfaces, is_identifier
from scanner.collect.site.sends import is_id_number, items_sent, luhn, masked, signs
from scanner.collect.site.thirdparty import CATEGORIES, StaticResource, lists, static_third_parties
from scanner.datafiles import read_data
from scanner.safere import problem

FOLDER = Path(__file__).resolve().parents[2] / "rules" / "data" / "web"


def test_mainland_parties_are_many_and_every_entry_is_well_formed() -> None:
    parties = read_data("web/parties")[0]["parties"]
    domains = [(d, p) for p in parties for group in p["domains"].values() for d in group]

    assert len({d for d, p in domains if p["country"] == "CN"}) > 900
    assert len(domains) == len({d for d, _ in domains})
    assert {c for p in parties for c in p["domains"]} <= set(CATEGORIES)
    assert all("/" not in d and d == d.lower() for d, _ in domains)
    assert all(p["country"] or p.get("mixed") for p in parties)


@pytest.mark.parametrize(
    ("host", "owner", "category", "country"),
    [
        ("hm.baidu.com", "百度", "analytics", "CN"),
        ("api.map.baidu.com", "百度", "map", "CN"),
        ("s9.cnzz.com", "友盟（阿里巴巴）", "analytics", "CN"),
        ("restapi.amap.com", "高德", "map", "CN"),
        ("www.googletagmanager.com", "谷歌", "tag_manager", "US"),
        ("cdn.jsdelivr.net", "", "cdn", ""),
        ("unknown.example.cn", "", "unknown", "CN"),
        ("unknown.example.com", "", "unknown", ""),
    ],
)
def test_hosts_are_looked_up_by_their_longest_known_suffix(
    host: str, owner: str, category: str, country: str
) -> None:
    assert party(host) == (owner, category, country)


def test_items_and_patterns_exist_and_are_safe() -> None:
    known = set(items())

    assert {i.item for i in interfaces().values()} <= known
    assert {e.item for e in (*signs().names, *signs().values)} <= known
    assert [e.value for e in (*signs().names, *signs().values) if problem(e.value)] == []


def test_the_lists_name_their_source_and_hold_what_it_says() -> None:
    sources = yaml.safe_load((FOLDER / "lists" / "SOURCES.yaml").read_text("utf-8"))["lists"]

    assert {s["list"] for s in sources} == {p.name.split(".")[0] for p in FOLDER.glob("lists/*.zst")}
    for source in sources:
        data = (FOLDER / "lists" / f"{source['list']}.txt.zst").read_bytes()
        assert len(zstandard.ZstdDecompressor().decompress(data).splitlines()) == source["rules"]
        assert "CC-BY-SA-3.0" in source["licence"] and len(source["sha256"]) == len(
            hashlib.sha256().hexdigest()
        )
    assert lists().naming("https://hm.baidu.com/hm.js?1", "https://a.example/", "script") == ("easyprivacy",)
    assert lists().naming("https://a.example/app.js", "https://a.example/", "script") == ()


@pytest.mark.parametrize(
    ("url", "body", "found"),
    [
        ("https://t.example/?phone=13800138000", "", ("phone-number",)),
        ("https://t.example/?_t=13800138000&rand=13912345678", "", ()),
        ("https://t.example/", '{"user":{"sfz":"11010519491231002X"}}', ("id-number",)),
        ("https://t.example/", '{"user":{"sfz":"110105194912310021"}}', ()),
        ("https://t.example/?lat=31.2304&lng=121.4737", "", ("precise-location",)),
        ("https://t.example/?lat=31&lng=0", "", ()),
        ("https://t.example/?phone=&email=null&uid=1", "", ()),
        ("https://t.example/", "card=6222021234567890129", ()),
        ("https://t.example/", "mail=a.b%40example.cn&x=1", ("email",)),
    ],
)
def test_only_values_that_look_like_it_count_as_sent(url: str, body: str, found: tuple[str, ...]) -> None:
    assert items_sent(url, body) == found


def test_check_digits() -> None:
    assert is_id_number("11010519491231002X") and not is_id_number("110105194912310029")
    assert luhn("4111111111111111") and not luhn("4111111111111112")


def test_masking_keeps_names_and_hides_values() -> None:
    assert masked("https://u:p@t.example/a/13800138000?phone=13800138000&v=1") == (
        "https://t.example/a/***?phone=13***&v=1"
    )


def test_cookie_names_and_identifiers() -> None:
    kinds = {name: cookie_kind(name) for name in ("Hm_lvt_1a2b", "_ga", "JSESSIONID", "token")}

    assert [k.purpose if k else None for k in kinds.values()] == ["analytics", "analytics", "necessary", None]
    assert is_identifier(["k3j4h5k3j4h5", "z9x8c7v6b5n4"])
    assert not is_identifier(["k3j4h5k3j4h5", "k3j4h5k3j4h5"]) and not is_identifier(["zh-CN"])


def test_markup_alone_names_third_parties_as_static() -> None:
    found = static_third_parties(
        "https://www.shop.example.cn/",
        [
            StaticResource("https://hm.baidu.com/hm.js?1", "https://www.shop.example.cn/", "script"),
            StaticResource("https://img.example.cn/a.png", "https://www.shop.example.cn/", "image"),
        ],
    )

    assert [(p.domain, p.tracker, p.phases, p.before_consent) for p in found] == [
        ("baidu.com", True, ("static",), False)
    ]

"""The archive of the traffic: what names a person or opens an account is masked, what proves the transfer stays."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from scanner.collect.site.har import archive
from scanner.collect.site.record import RawRequest

PHONE, MAIL, CARD, PERSON = (
    "13812345678",
    "li.lei@qinghe.example",
    "6222021234567890128",
    "11010519491231002X",
)


def raw(url: str, *, body: str = "", **more: Any) -> RawRequest:
    given = {"headers": {}, "response_headers": {}, **more}
    return RawRequest("1", url, "POST", "fetch", "https://a.example/", "before", 1.0, body=body, **given)


def entries(*requests: RawRequest) -> list[dict[str, Any]]:
    return json.loads(archive(requests, "Chromium 1", "Guijian/1"))["log"]["entries"]


@pytest.mark.parametrize("value", [PHONE, MAIL, CARD, PERSON])
@pytest.mark.parametrize(
    "write",
    [
        lambda v: raw(f"https://b.example/c?x={quote(v)}&n=1"),
        lambda v: raw("https://b.example/c", body=f"a=1&b={quote(v)}"),
        lambda v: raw("https://b.example/c", body=json.dumps({"user": {"x": v}})),
        lambda v: raw(f"https://b.example/c?d={quote(json.dumps({'x': v}))}"),
        lambda v: raw("https://b.example/c", headers={"Referer": f"https://a.example/?q={quote(v)}"}),
        lambda v: raw("https://b.example/c", response_headers={"location": f"/next?q={quote(v)}"}),
    ],
)
def test_personal_data_is_masked_wherever_it_is_written(write: Any, value: str) -> None:
    data = archive([write(value)], "Chromium 1", "Guijian/1").decode()

    assert value not in data and quote(value) not in data and quote(value, safe="") not in data
    assert f"{value[:2]}***" in data


def test_passwords_and_tokens_are_masked_by_their_names() -> None:
    (entry,) = entries(
        raw("https://b.example/c?access_token=abcdef123456&page=12345", body="password=geheim99")
    )

    assert "abcdef123456" not in entry["request"]["url"] and "page=12345" in entry["request"]["url"]
    assert "geheim99" not in entry["request"]["postData"]["text"]
    assert all(pair["value"] != "abcdef123456" for pair in entry["request"]["queryString"])


def test_cookies_keep_their_names_and_attributes_only() -> None:
    answer = {"set-cookie": "sid=0123456789abcdef; Path=/; HttpOnly\nlang=zh-CN; Max-Age=60"}
    (entry,) = entries(
        raw(
            "https://b.example/c",
            headers={"Cookie": "sid=0123456789abcdef; b=2", "Authorization": "Basic bGk6bGVp"},
            response_headers=answer,
        )
    )

    lines = [h["value"] for h in entry["response"]["headers"]]
    assert lines[0].startswith("sid=01***") and lines[0].endswith("; Path=/; HttpOnly")
    assert lines[1].startswith("lang=zh***")
    assert "0123456789abcdef" not in json.dumps(entry) and "bGk6bGVp" not in json.dumps(entry)


def test_the_same_value_has_the_same_mark_in_one_archive_and_another_in_the_next() -> None:
    requests = [raw(f"https://b.example/c?phone={PHONE}"), raw("https://d.example/e", body=f"tel={PHONE}")]

    first, second = entries(*requests)
    (again,) = entries(requests[0])

    mark = first["request"]["url"].rpartition("=")[2]
    assert second["request"]["postData"]["text"] == f"tel={mark}"
    assert again["request"]["url"].rpartition("=")[2] != mark


def test_what_proves_the_transfer_stays() -> None:
    url = "https://hm.example/hm.gif?cid=7f3a99b2c1d0&sr=1366x768&u=https%3A%2F%2Fa.example%2F"

    assert entries(raw(url))[0]["request"]["url"] == url

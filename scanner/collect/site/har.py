"""The traffic of a visit as an HTTP Archive (HAR 1.2), with the phase, the cause and the body's sha256 of each entry.

Bodies of responses are not kept, only their hashes; bodies of requests are, since they are what was sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from scanner.collect.site.record import RawRequest


def archive(requests: Sequence[RawRequest], browser: str, creator: str) -> bytes:
    """Return the archive as UTF-8 JSON."""
    pages: dict[tuple[str, str], str] = {}
    entries = []
    for raw in requests:
        key = (raw.phase, raw.page)
        pages.setdefault(key, f"page_{len(pages) + 1}")
        entries.append(_entry(raw, pages[key]))
    starts: dict[str, float] = {}
    for raw in requests:
        starts.setdefault(pages[raw.phase, raw.page], raw.started)
    name, _, version = browser.rpartition(" ")
    log = {
        "version": "1.2",
        "creator": {"name": creator.partition("/")[0], "version": creator.partition("/")[2]},
        "browser": {"name": name, "version": version},
        "pages": [
            {
                "startedDateTime": _time(starts[number]),
                "id": number,
                "title": page,
                "pageTimings": {},
                "_phase": phase or "warm-up",
            }
            for (phase, page), number in pages.items()
        ],
        "entries": entries,
    }
    return json.dumps({"log": log}, ensure_ascii=False, separators=(",", ":")).encode()


def _entry(raw: RawRequest, page: str) -> dict[str, object]:
    took = max(0.0, (raw.finished or raw.started) - raw.started) * 1000
    request: dict[str, object] = {
        "method": raw.method,
        "url": raw.url,
        "httpVersion": raw.protocol,
        "cookies": [],
        "headers": _headers(raw.headers),
        "queryString": [{"name": n, "value": v} for n, v in _query(raw.url)],
        "headersSize": -1,
        "bodySize": len(raw.body),
    }
    if raw.body:
        kind = next((v for k, v in raw.headers.items() if k.lower() == "content-type"), "")
        request["postData"] = {"mimeType": kind, "text": raw.body}
    return {
        "pageref": page,
        "startedDateTime": _time(raw.started),
        "time": round(took, 3),
        "request": request,
        "response": {
            "status": raw.status or 0,
            "statusText": raw.status_text,
            "httpVersion": raw.protocol,
            "cookies": [],
            "headers": _headers(raw.response_headers),
            "content": {"size": raw.size, "mimeType": raw.mime},
            "redirectURL": raw.response_headers.get("location", ""),
            "headersSize": -1,
            "bodySize": raw.size,
            **({"_error": raw.failed} if raw.failed else {}),
            **({"_sha256": raw.body_sha256} if raw.body_sha256 else {}),
        },
        "cache": {},
        "timings": {"send": 0, "wait": round(took, 3), "receive": 0},
        "serverIPAddress": raw.address,
        "_phase": raw.phase or "warm-up",
        "_resourceType": raw.type,
        "_initiator": raw.initiator,
    }


def _headers(headers: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"name": name, "value": line}
        for name, value in headers.items()
        for line in (value.split("\n") if name.lower() == "set-cookie" else [value])
    ]


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=500)
    except ValueError:
        return []


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

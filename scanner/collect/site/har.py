"""The traffic of a visit as an HTTP Archive (HAR 1.2), with the phase, the cause and the body's sha256 of each entry.

Bodies of responses are not kept, only their hashes; bodies of requests are, since they are what was sent.  Values that
name a person or open an account, and the values of cookies, are masked: two letters and a mark that is the same wherever
the value appears in this archive, so that who passed what on to whom can still be followed, and nowhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from scanner.collect.site.record import RawRequest
from scanner.collect.site.sends import MASK, private_values

HIDDEN_HEADERS = frozenset({"authorization", "proxy-authorization", "x-csrf-token", "x-xsrf-token"})


class Masker:
    """Hides values of one archive; the key for its marks is thrown away with it."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(16)

    def mark(self, value: str) -> str:
        """Return what stands for ``value``."""
        digest = hmac.new(self._key, value.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:8]
        return f"{value[:2]}{MASK}{digest}" if len(value) > 4 else f"{MASK}{digest}"

    def text(self, text: str, private: Sequence[str]) -> str:
        """Return ``text`` without the values in ``private``, however they are written in it."""
        for value in private:
            mark = self.mark(value)
            for form in dict.fromkeys(
                (value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1])
            ):
                text = text.replace(form, mark)
        return text

    def cookies(self, line: str) -> str:
        """Return a Cookie or Set-Cookie header with the values of cookies masked, attributes left."""
        parts = line.split(";")
        name, equals, value = parts[0].partition("=")
        return ";".join((f"{name}{equals}{self.mark(value.strip())}" if value else parts[0], *parts[1:]))


def archive(requests: Sequence[RawRequest], browser: str, creator: str) -> bytes:
    """Return the archive as UTF-8 JSON."""
    pages: dict[tuple[str, str], str] = {}
    entries = []
    masker = Masker()
    for raw in requests:
        key = (raw.phase, raw.page)
        pages.setdefault(key, f"page_{len(pages) + 1}")
        entries.append(_entry(raw, pages[key], masker))
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
                "title": masker.text(page, list(private_values(page))),
                "pageTimings": {},
                "_phase": phase or "warm-up",
            }
            for (phase, page), number in pages.items()
        ],
        "entries": entries,
    }
    return json.dumps({"log": log}, ensure_ascii=False, separators=(",", ":")).encode()


def _entry(raw: RawRequest, page: str, masker: Masker) -> dict[str, object]:
    took = max(0.0, (raw.finished or raw.started) - raw.started) * 1000
    private = sorted(set(private_values(raw.url, raw.body)), key=len, reverse=True)
    url, body = masker.text(raw.url, private), masker.text(raw.body, private)
    request: dict[str, object] = {
        "method": raw.method,
        "url": url,
        "httpVersion": raw.protocol,
        "cookies": [],
        "headers": _headers(raw.headers, private, masker),
        "queryString": [{"name": n, "value": v} for n, v in _query(url)],
        "headersSize": -1,
        "bodySize": len(raw.body),
    }
    location = raw.response_headers.get("location", "")
    if raw.body:
        kind = next((v for k, v in raw.headers.items() if k.lower() == "content-type"), "")
        request["postData"] = {"mimeType": kind, "text": body}
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
            "headers": _headers(raw.response_headers, private, masker),
            "content": {"size": raw.size, "mimeType": raw.mime},
            "redirectURL": masker.text(location, [*private, *private_values(location)]),
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
        "_initiator": masker.text(raw.initiator, sorted(private_values(raw.initiator))),
    }


def _headers(headers: dict[str, str], private: Sequence[str], masker: Masker) -> list[dict[str, str]]:
    found = []
    for name, value in headers.items():
        lowered = name.lower()
        for line in value.split("\n") if lowered == "set-cookie" else [value]:
            if lowered in HIDDEN_HEADERS:
                shown = masker.mark(line)
            elif lowered == "set-cookie":
                shown = masker.cookies(line)
            elif lowered == "cookie":
                shown = "; ".join(masker.cookies(pair.strip()) for pair in line.split(";"))
            elif lowered in {"referer", "location"}:
                shown = masker.text(line, [*private, *private_values(line)])
            else:
                shown = masker.text(line, private)
            found.append({"name": name, "value": shown})
    return found


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=500)
    except ValueError:
        return []


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

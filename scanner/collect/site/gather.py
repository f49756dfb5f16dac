"""From what the browser reported to facts: requests, cookies, storage and script uses, values left behind."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal, cast

from scanner.collect.parties import party
from scanner.collect.site import notes
from scanner.collect.site.record import WARM_UP, RawRequest, Recorder
from scanner.collect.site.sends import items_sent, masked
from scanner.collect.site.tab import Visit
from scanner.collect.site.thirdparty import host_of, is_third_party, is_tracker, lists
from scanner.datafiles import read_data
from scanner.model import Evidence, Frozen, Text, WebLocator
from scanner.visitfacts import Cookie, Phase, Request, ScriptUse, StorageItem

MAX_REQUESTS = 5_000
SECONDS_A_DAY = 86_400
SAME_SITE = {"Strict": "Strict", "Lax": "Lax", "None": "None"}
POINTER = {"mousemove", "pointermove", "touchmove"}
PRESS = {"click", "mousedown", "mouseup"}
TYPED = {"input", "beforeinput", "change", "keydown", "keyup", "keypress"}
KEYS = {"input", "beforeinput", "keydown", "keyup", "keypress"}
ENUMERATED = 8
STORES = {"local", "session", "indexeddb", "cache", "service_worker"}

Purpose = Literal["necessary", "functional", "analytics", "advertising", "unknown"]


class CookieName(Frozen):
    """Cookies of one maker and purpose, by name (shell-style wildcards)."""

    owner: str = ""
    purpose: Purpose
    names: tuple[str, ...]


class Interface(Frozen):
    """An interface that identifies or observes, and the catalogue item it yields."""

    api: str
    item: str
    name: Text


@cache
def _cookie_names() -> tuple[CookieName, ...]:
    return tuple(CookieName.model_validate(entry) for entry in read_data("web/cookies")[0]["cookies"])


@cache
def interfaces() -> dict[str, Interface]:
    """Return the known interfaces by their name in :attr:`ScriptUse.api`."""
    found = (Interface.model_validate(entry) for entry in read_data("web/interfaces")[0]["interfaces"])
    return {interface.api: interface for interface in found}


@dataclass
class Jar:
    """The cookies of one phase at its end, as the browser lists them."""

    phase: str
    cookies: list[dict[str, Any]] = field(default_factory=list)


class Gatherer:
    """Turns raw records into facts for one site; ``artifact`` names the evidence file requests are found in."""

    def __init__(self, recorder: Recorder, domain: str, artifact: str) -> None:
        self.recorder = recorder
        self.domain = domain
        self.artifact = artifact
        self.kept = [r for r in recorder.requests if r.phase != WARM_UP]

    def requests(self, own: frozenset[str]) -> tuple[Request, ...]:
        """Return the requests, each once per phase and page; ``own`` as in :func:`items_sent`."""
        found: dict[tuple[str, str, str, str], Request] = {}
        for raw in self.kept:
            key = (raw.phase, raw.page, raw.method, raw.url)
            if key not in found and len(found) < MAX_REQUESTS:
                found[key] = self._request(raw, own)
        return tuple(found.values())

    def _request(self, raw: RawRequest, own: frozenset[str]) -> Request:
        host = host_of(raw.url)
        third = is_third_party(host, self.domain)
        naming = lists().naming(raw.url, raw.page, raw.type)
        shown = masked(raw.url)
        sends = items_sent(raw.url, raw.body, own=own if third else frozenset())
        referer = raw.headers.get("Referer", raw.headers.get("referer", ""))
        if third and _names_page(referer):
            sends = tuple(sorted({*sends, "browsing"}))
        initiator = masked(self.recorder.cause(raw))
        return Request(
            url=shown,
            host=host,
            method=raw.method,
            type=raw.type,
            page=raw.page,
            phase=cast(Phase, raw.phase),
            third_party=third,
            tracker=is_tracker(host, naming) if third else bool(naming),
            lists=naming,
            country=party(host).country,
            cleartext=raw.url.startswith(("http:", "ws:")),
            beacon=raw.type == "ping" or raw.keepalive,
            sends=sends,
            initiator=initiator,
            status=raw.status,
            size=raw.size,
            evidence=(
                Evidence(
                    artifact=self.artifact or raw.page,
                    locator=WebLocator(url=raw.page),
                    excerpt=f"{raw.method} {shown}"[:300],
                    note=notes.request_note(
                        phase=raw.phase,
                        third=third,
                        initiator=initiator,
                        sends=sends,
                        lists=naming,
                        status=raw.status,
                    )
                    if third or sends
                    else None,  # most requests of a page prove nothing
                ),
            ),
        )

    # --- cookies --------------------------------------------------------------------------------------------

    def cookies(self, jars: Sequence[Jar], now: float) -> tuple[Cookie, ...]:
        """Return the cookies of all phases; ``now`` in seconds since the epoch."""
        values: dict[tuple[str, str], list[str]] = defaultdict(list)
        for jar in jars:
            for cookie in jar.cookies:
                values[cookie["name"], cookie["domain"]].append(str(cookie["value"]))
        setters = self._setters()
        return tuple(
            self._cookie(cookie, jar.phase, values[cookie["name"], cookie["domain"]], setters, now)
            for jar in jars
            for cookie in jar.cookies
        )

    def _setters(self) -> dict[str, list[tuple[str, str, str, str]]]:
        """Return by cookie name who set it: phase, host whose cookie it is, the URL, the page."""
        found: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
        for raw in self.recorder.requests:
            for line in raw.set_cookies:
                name = line.partition("=")[0].strip()
                found[name].append((raw.phase, host_of(raw.url), raw.url, raw.page))
        for note in self.recorder.notes:
            if note.api == "cookie":
                found[note.detail].append((note.phase, host_of(note.frame), note.script, note.page))
        return found

    def _cookie(
        self,
        cookie: Mapping[str, Any],
        phase: str,
        values: list[str],
        setters: Mapping[str, list[tuple[str, str, str, str]]],
        now: float,
    ) -> Cookie:
        name, domain = str(cookie["name"]), str(cookie["domain"])
        bare = domain.lstrip(".")
        fitting = [s for s in setters.get(name, ()) if s[1] == bare or s[1].endswith("." + bare)]
        fitting.sort(key=lambda s: s[0] != phase)
        _, _, url, page = fitting[0] if fitting else ("", "", "", "")
        known = cookie_kind(name)
        expires = float(cookie.get("expires") or -1)
        source = masked(url) if url else ""
        third = is_third_party(bare, self.domain)
        days = round(max(0.0, expires - now) / SECONDS_A_DAY, 3) if expires > 0 else None
        identifies = is_identifier(values)
        return Cookie(
            name=name[:200],
            domain=domain,
            path=str(cookie.get("path", "/")),
            phase=cast(Phase, phase),
            third_party=third,
            days=days,
            secure=bool(cookie.get("secure")),
            http_only=bool(cookie.get("httpOnly")),
            same_site=SAME_SITE.get(str(cookie.get("sameSite", "")), ""),
            set_by=source,
            owner=known.owner if known else party(bare).owner,
            purpose=known.purpose if known else _purpose_of_host(bare),
            session=expires <= 0,
            identifier=identifies,
            evidence=(
                Evidence(
                    artifact=self.artifact or page or bare,
                    locator=WebLocator(url=page or url or bare),
                    excerpt=f"{name}={'…' if values and values[0] else ''}",
                    note=notes.cookie_note(
                        domain=domain,
                        phase=phase,
                        third=third,
                        days=days,
                        set_by=source,
                        identifies=identifies,
                    ),
                ),
            ),
        )

    # --- storage --------------------------------------------------------------------------------------------

    def storage(self, visits: Iterable[Visit]) -> tuple[StorageItem, ...]:
        """Return what pages keep in the browser besides cookies, each entry once per phase."""
        seen: dict[tuple[str, str, str, str], tuple[int, str]] = {}
        values: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for visit in visits:
            for kind, origin, key, value, size in _stored(visit):
                seen.setdefault((visit.phase, kind, origin, key), (size, visit.url))
                values[kind, origin, key].append(value)
        for note in self.recorder.notes:
            if note.api in STORES and note.phase != WARM_UP:
                origin = _origin(note.frame)
                seen.setdefault((note.phase, note.api, origin, note.detail), (0, note.page))
        return tuple(
            self._stored_item(phase, kind, origin, key, size, page, values[kind, origin, key])
            for (phase, kind, origin, key), (size, page) in seen.items()
            if phase != WARM_UP
        )

    def _stored_item(
        self, phase: str, kind: str, origin: str, key: str, size: int, page: str, values: list[str]
    ) -> StorageItem:
        script = next(
            (
                n.script
                for n in self.recorder.notes
                if n.api == kind and n.detail == key and _origin(n.frame) == origin
            ),
            "",
        )
        third, source = is_third_party(host_of(origin), self.domain), masked(script) if script else ""
        identifies = is_identifier(list(dict.fromkeys(values)))
        return StorageItem(
            kind=cast(Literal["local", "session", "indexeddb", "cache", "service_worker"], kind),
            origin=origin,
            key=key,
            size=size,
            phase=cast(Phase, phase),
            third_party=third,
            identifier=identifies,
            set_by=source,
            evidence=(
                Evidence(
                    artifact=page,
                    locator=WebLocator(url=page),
                    excerpt=key[:300],
                    note=notes.storage_note(
                        kind=kind,
                        origin=origin,
                        phase=phase,
                        third=third,
                        set_by=source,
                        identifies=identifies,
                    ),
                ),
            ),
        )

    # --- scripts --------------------------------------------------------------------------------------------

    def script_uses(self) -> tuple[ScriptUse, ...]:
        """Return the interfaces used to identify or observe, by script and page, derived patterns included."""
        groups: dict[tuple[str, str, str], dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        places: dict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        for note, count in self.recorder.notes.items():
            if note.phase != WARM_UP:
                place = self.recorder.places.get(note, "")
                places[note.phase, note.page, note.script].setdefault(note.api, place)
                details = groups[note.phase, note.page, note.script][note.api]
                details[note.detail] = details.get(note.detail, 0) + count
        uses = []
        for (phase, page, script), apis in groups.items():
            where = places[phase, page, script]
            for api, details in apis.items():
                if api in interfaces():
                    uses.append(self._use(api, phase, page, script, details, where[api]))
            for api, grounds, used in self._patterns(script, apis):
                uses.append(self._use(api, phase, page, script, used, where[grounds]))
        return tuple(uses)

    def _patterns(
        self, script: str, apis: Mapping[str, Mapping[str, int]]
    ) -> Iterable[tuple[str, str, Mapping[str, int]]]:
        """Yield what several uses by one script amount to, with the interface it rests on and what was used."""
        device = apis.get("device", {})
        for name, api in (("deviceMemory", "device_memory"), ("hardwareConcurrency", "cpu_cores")):
            if name in device:
                yield api, "device", {name: device[name]}
        if len(device) >= ENUMERATED:
            yield "device_enumeration", "device", device
        listened = apis.get("listen", {})
        page = {name.partition("@")[0] for name in listened if name.endswith("@page")}
        if "observe" in apis and all(page & group for group in (POINTER, PRESS, TYPED)) and "scroll" in page:
            yield "session_replay", "listen", listened
        host = host_of(script)
        keys = {n: c for n, c in listened.items() if n.partition("@")[0] in KEYS}
        fields = {n: c for n, c in keys.items() if "@field" in n or "@page" in n}
        if fields and is_third_party(host, self.domain) and party(host).category != "cdn":
            yield "key_listener", "listen", fields
        motion = {n: c for n, c in listened.items() if n.startswith("device")}
        if motion:
            yield "motion_sensors", "listen", motion

    def _use(
        self, api: str, phase: str, page: str, script: str, details: Mapping[str, int], place: str
    ) -> ScriptUse:
        source, third = masked(script) if script else "", is_third_party(host_of(script), self.domain)
        count = sum(details.values())
        return ScriptUse(
            api=api,
            script=source,
            page=page,
            phase=cast(Phase, phase),
            third_party=third,
            count=count,
            item=interfaces()[api].item,
            evidence=(
                Evidence(
                    artifact=page,
                    locator=WebLocator(url=page),
                    note=notes.script_note(
                        name=interfaces()[api].name,
                        script=source,
                        third=third,
                        phase=phase,
                        count=count,
                        place=place,
                        details=[name for name in details if name],
                    ),
                ),
            ),
        )


def own_identifiers(jars: Iterable[Jar], visits: Iterable[Visit]) -> frozenset[str]:
    """Return the identifying values this visit was given, to recognise them when they are passed on."""
    values = {str(c["value"]) for jar in jars for c in jar.cookies}
    values |= {value for visit in visits for _, _, _, value, _ in _stored(visit)}
    return frozenset(v for v in values if looks_unique(v) and len(v) <= 200)


def cookie_kind(name: str) -> CookieName | None:
    """Return what the data says about cookies of this name."""
    return next(
        (entry for entry in _cookie_names() if any(fnmatchcase(name, pattern) for pattern in entry.names)),
        None,
    )


def _purpose_of_host(host: str) -> Purpose:
    category = party(host).category
    if category in {"analytics", "session_replay", "ab_testing"}:
        return "analytics"
    return "advertising" if category == "advertising" else "unknown"


def looks_unique(value: str) -> bool:
    """Whether a value is long and mixed enough to tell one visitor from others."""
    longest = max(re.split(r"[^0-9A-Za-z]", value[:400]), key=len, default="")
    distinct = len(set(longest))
    if longest.isdigit():
        return len(longest) >= 9 and distinct >= 4
    return len(longest) >= 8 and any(c.isdigit() for c in longest) and distinct >= 6


def is_identifier(values: Sequence[str]) -> bool:
    """Whether the values one name took in separate visits identify the visitor: unique, and never the same twice."""
    if not values or not all(looks_unique(value) for value in values):
        return False
    return len(set(values)) == len(values)


def _stored(visit: Visit) -> Iterable[tuple[str, str, str, str, int]]:
    """Yield kind, origin, key, value (cut) and size of what the frames of a page keep."""
    for frame in visit.frames:
        origin = str(frame.get("origin", ""))
        for kind in ("local", "session"):
            for key, value, size in frame.get(kind, ()):
                yield kind, origin, str(key), str(value), int(size)
        for kind, field_name in (("indexeddb", "databases"), ("cache", "caches")):
            for name in frame.get(field_name, ()):
                yield kind, origin, str(name), "", 0


def _origin(url: str) -> str:
    match = re.match(r"https?://[^/?#]+", url)
    return match[0] if match else ""


def _names_page(referer: str) -> bool:
    """Whether a Referer tells more than the site: a path or a query."""
    return bool(re.match(r"https?://[^/]+/.+", referer))

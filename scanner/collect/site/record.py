"""What the browser reports while pages run: requests with their causes, cookies set, interfaces used.

Fed by DevTools events (Chrome DevTools Protocol 1.3, domains Network, Page and Runtime) and by the injected script.
Everything here is raw and stays in memory; :mod:`facts` turns it into facts, :mod:`har` into evidence.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

MAX_REQUESTS = 20_000
MAX_NOTES = 20_000
MAX_BODY = 65_536
MAX_URL = 8_192
_PLACE = re.compile(r"[0-9]{1,9}:[0-9]{1,9}")
WARM_UP = ""  # before the choice is made in the contexts "accept" and "reject"; shown in the HAR only


@dataclass(slots=True)
class RawRequest:
    """One request as seen by the browser; times in seconds since the epoch, sizes in bytes on the wire."""

    id: str
    url: str
    method: str
    type: str
    page: str
    phase: str
    started: float
    headers: dict[str, str]
    initiator: str = ""
    frame: str = ""
    body: str = ""
    status: int | None = None
    status_text: str = ""
    protocol: str = ""
    mime: str = ""
    address: str = ""
    response_headers: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)
    size: int = 0
    finished: float | None = None
    failed: str = ""
    body_sha256: str = ""
    main: bool = False
    keepalive: bool = False


class Note(NamedTuple):
    """One use of an interface as the injected script told it."""

    phase: str
    page: str
    api: str
    detail: str
    script: str
    frame: str


class Recorder:
    """Collects from all tabs of all phases; ``places``: line and column in the script where a note came from first."""

    def __init__(self) -> None:
        self.requests: list[RawRequest] = []
        self.hosts: set[str] = set()
        self.notes: Counter[Note] = Counter()
        self.places: dict[Note, str] = {}
        self.images: dict[str, str] = {}
        self.dropped = 0
        self.dialogs: Counter[str] = Counter()

    def add(self, request: RawRequest) -> None:
        """Keep a request, up to the limit; the rest is counted."""
        self.hosts.add(urlsplit(request.url).hostname or "")
        if len(self.requests) < MAX_REQUESTS:
            self.requests.append(request)
        else:
            self.dropped += 1

    def cause(self, raw: RawRequest) -> str:
        """Return the script that caused a request, or the document when none is known."""
        if raw.type == "image":
            named = self.images.get(raw.url[:300], "")
            return named or raw.initiator
        return raw.initiator

    def note(self, phase: str, page: str, payload: str, pages: Mapping[str, str]) -> None:
        """Keep what the injected script sent; anything of another form comes from the page itself and is dropped.

        ``pages`` maps document addresses to the page they belong to, for notes that arrive after the tab moved on.
        """
        try:
            rows = json.loads(payload)
        except ValueError:
            return
        if not isinstance(rows, list):
            return
        for row in rows[:1000]:
            if not (isinstance(row, list) and len(row) == 6 and isinstance(row[3], int)):
                continue
            api, detail, script, count, frame, place = row
            if not all(isinstance(value, str) for value in (api, detail, script, frame, place)):
                continue
            if api == "image":
                self.images.setdefault(detail, script[:2000])
                continue
            key = Note(phase, pages.get(frame, page), api[:40], detail[:300], script[:2000], frame[:2000])
            if key in self.notes or len(self.notes) < MAX_NOTES:
                self.notes[key] += max(1, min(count, 1_000_000))
                if _PLACE.fullmatch(place):
                    self.places.setdefault(key, place)
            else:
                self.dropped += 1


class NetworkLog:
    """The requests of one tab; ``page`` is the address it was sent to, ``open`` what is still under way."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.page = ""
        self.phase = WARM_UP
        self.pages: dict[str, str] = {}
        self.by_id: dict[str, RawRequest] = {}
        self.extra: dict[str, list[dict[str, str]]] = {}
        self.open: set[str] = set()
        self.changed = time.monotonic()
        self.loaded = False
        self.shown = False
        self.loaders: deque[str] = deque(maxlen=20)
        self.moved = asyncio.Event()
        self.main: RawRequest | None = None
        self.main_frame = ""

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], None]]:
        """Return what is to be called for each event of the Network domain."""
        return {
            "Network.requestWillBeSent": self.sent,
            "Network.responseReceived": self.answered,
            "Network.responseReceivedExtraInfo": self.answered_extra,
            "Network.loadingFinished": self.finished,
            "Network.loadingFailed": self.failed,
            "Network.webSocketCreated": self.socket,
            "Network.webSocketFrameSent": self.frame_sent,
        }

    def begin(self, page: str, phase: str) -> None:
        """A new page is about to be opened in the tab."""
        self.page, self.phase = page, phase
        self.loaded, self.shown, self.main = False, False, None
        self.open.clear()
        self.changed = time.monotonic()

    def sent(self, event: dict[str, Any]) -> None:
        """Network.requestWillBeSent."""
        request, number = event["request"], event["requestId"]
        url = request["url"][:MAX_URL]
        if not url.startswith(("http:", "https:")):
            return
        earlier = self.by_id.get(number)
        if earlier is not None and (answer := event.get("redirectResponse")):
            self._answer(earlier, answer)
            earlier.finished = event.get("wallTime")
            self._cookies(number, earlier)
        document = str(event.get("documentURL", ""))
        main = event.get("type") == "Document" and event.get("frameId") == self.main_frame
        raw = RawRequest(
            id=number,
            url=url,
            method=request["method"],
            type=event.get("type", "Other").lower(),
            page=self.page if main else self.pages.get(document, self.page),
            phase=self.phase,
            started=event.get("wallTime", time.time()),
            headers=request.get("headers", {}),
            initiator=_initiator(event.get("initiator", {})),
            frame=document[:MAX_URL],
            body=_body(request),
            main=main,
        )
        if main and (self.main is None or earlier is self.main or not self.loaded):
            self.main = raw
            self.pages[url] = self.page
        self.by_id[number] = raw
        self.recorder.add(raw)
        if raw.type not in ("eventsource", "media", "ping"):
            self.open.add(number)
            self.changed = time.monotonic()

    def answered(self, event: dict[str, Any]) -> None:
        """Network.responseReceived."""
        raw = self.by_id.get(event["requestId"])
        if raw is not None:
            self._answer(raw, event["response"])
            self._cookies(event["requestId"], raw)

    def answered_extra(self, event: dict[str, Any]) -> None:
        """Network.responseReceivedExtraInfo: the headers as they came, with every Set-Cookie."""
        headers = {name.lower(): str(value) for name, value in event["headers"].items()}
        self.extra.setdefault(event["requestId"], []).append(headers)
        raw = self.by_id.get(event["requestId"])
        if raw is not None and raw.status is not None:
            self._cookies(event["requestId"], raw)

    def finished(self, event: dict[str, Any]) -> None:
        """Network.loadingFinished."""
        raw = self.by_id.get(event["requestId"])
        if raw is not None:
            raw.size = int(event.get("encodedDataLength", 0))
            raw.finished = time.time()
        self._done(event["requestId"])

    def failed(self, event: dict[str, Any]) -> None:
        """Network.loadingFailed."""
        raw = self.by_id.get(event["requestId"])
        if raw is not None:
            raw.failed = str(event.get("blockedReason") or event.get("errorText", "failed"))
            raw.finished = time.time()
        self._done(event["requestId"])

    def socket(self, event: dict[str, Any]) -> None:
        """Network.webSocketCreated."""
        raw = RawRequest(
            id=event["requestId"],
            url=event["url"][:MAX_URL],
            method="GET",
            type="websocket",
            page=self.page,
            phase=self.phase,
            started=time.time(),
            headers={},
            initiator=_initiator(event.get("initiator", {})),
        )
        self.by_id[raw.id] = raw
        self.recorder.add(raw)

    def frame_sent(self, event: dict[str, Any]) -> None:
        """Network.webSocketFrameSent: text frames are what the page sends."""
        raw = self.by_id.get(event["requestId"])
        response = event.get("response", {})
        if raw is not None and response.get("opcode") == 1 and len(raw.body) < MAX_BODY:
            raw.body = (raw.body + response.get("payloadData", "") + "\n")[:MAX_BODY]

    def navigated(self, event: dict[str, Any]) -> None:
        """Page.frameNavigated: the page's first document is there; what the one before it did last does not count."""
        frame = event["frame"]
        if frame.get("parentId"):
            return
        self.loaders.append(str(frame["loaderId"]))
        self.moved.set()
        if not self.shown:
            self.shown, self.loaded = True, False
            self.changed = time.monotonic()

    async def arrived(self, loader: str) -> None:
        """Wait until the document of ``loader`` (Network.LoaderId) is in the main frame."""
        while loader not in self.loaders:
            self.moved.clear()
            await self.moved.wait()

    def load(self, _event: dict[str, Any]) -> None:
        """Page.loadEventFired."""
        self.loaded = True
        self.changed = time.monotonic()

    @property
    def busy(self) -> bool:
        """Whether a request is under way or the page has not loaded."""
        return bool(self.open) or not self.loaded

    def quiet_for(self) -> float:
        """Seconds since the last change, 0 while the page is :attr:`busy`."""
        return 0.0 if self.busy else time.monotonic() - self.changed

    def _answer(self, raw: RawRequest, response: dict[str, Any]) -> None:
        raw.status = int(response["status"])
        raw.status_text = response.get("statusText", "")
        raw.mime = response.get("mimeType", "")
        raw.protocol = response.get("protocol", "")
        raw.address = response.get("remoteIPAddress", "")
        raw.response_headers = {k.lower(): str(v) for k, v in response.get("headers", {}).items()}

    def _cookies(self, number: str, raw: RawRequest) -> None:
        waiting = self.extra.get(number)
        if waiting:
            headers = waiting.pop(0)
            raw.response_headers.update(headers)
            raw.set_cookies = [line for line in headers.get("set-cookie", "").split("\n") if line]

    def _done(self, number: str) -> None:
        if number in self.open:
            self.open.discard(number)
            self.changed = time.monotonic()


def _initiator(cause: dict[str, Any]) -> str:
    """Return the URL of the script or document that caused a request."""
    stack = cause.get("stack")
    while stack:
        for frame in stack.get("callFrames", ()):
            if frame.get("url", "").startswith(("http:", "https:", "blob:")):
                return str(frame["url"])[:MAX_URL]
        stack = stack.get("parent")
    return str(cause.get("url", ""))[:MAX_URL]


def _body(request: dict[str, Any]) -> str:
    return str(request.get("postData", ""))[:MAX_BODY]

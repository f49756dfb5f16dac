"""Fetches one page safely: pinned addresses, every hop checked, and limits on all that a server controls.

Only GET and HEAD, only http and https.  Nothing is submitted.  A certificate that does not hold is recorded, and the
page is then fetched once more without verification, only to be observed.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

import requests
import urllib3
from requests.cookies import RequestsCookieJar
from urllib3.util.ssl_ import create_urllib3_context

from scanner import __version__
from scanner.collect.site.address import AddressGuard, Allowed, Refused, RefusedError
from scanner.collect.site.decode import BombError, EncodingError, decoded
from scanner.collect.site.pinned import Deadline, HeaderLimitError, PinnedAdapter
from scanner.model import Text

USER_AGENT = f"Mozilla/5.0 (compatible; Guijian/{__version__}; compliance review)"
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
CHUNK = 16 << 10


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost: bytes of body and headers, expansion, redirects, seconds."""

    body: int = 8 << 20
    headers: int = 256 << 10
    ratio: int = 100
    redirects: int = 10
    connect: float = 10.0
    total: float = 30.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a fetch gave no, or not the whole, page; ``code`` is stable."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Hop:
    """One answer on the way: URL, status and headers (names in lower case, in order)."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str | None:
        """Return the first header called ``name`` (lower case)."""
        return next((value for key, value in self.headers if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Return every header called ``name`` (lower case)."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Result of a fetch.  ``hops`` are all answers, the last one that of the page; ``tls`` a certificate problem."""

    url: str
    hops: tuple[Hop, ...] = ()
    body: bytes = b""
    milliseconds: int = 0
    trouble: Trouble | None = None
    tls: str | None = None
    left_scope: str | None = None

    @property
    def final(self) -> Hop | None:
        """The last answer, None when there was none."""
        return self.hops[-1] if self.hops else None

    @property
    def final_url(self) -> str:
        """The URL that answered last."""
        return self.hops[-1].url if self.hops else self.url

    @property
    def ok(self) -> bool:
        """Whether a page came back whole with a success status."""
        final = self.final
        return self.trouble is None and self.left_scope is None and final is not None and final.status < 400

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters."""
        value = (self.final.header("content-type") or "") if self.final else ""
        return value.partition(";")[0].strip().lower()


class HostPace:
    """Spaces requests to one host: at most ``rate`` a second (0 = as fast as the host answers), or as it asks for."""

    def __init__(self, rate: float) -> None:
        self._gap = 1 / rate if rate > 0 else 0.0
        self._asked: dict[str, float] = {}
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def slow_down(self, host: str, gap: float) -> None:
        """Leave at least ``gap`` seconds between requests to ``host`` from now on."""
        self._asked[host] = max(gap, self._asked.get(host, 0.0))

    def wait(self, host: str, until: float) -> None:
        """Sleep until it is this thread's turn; raises TimeoutError when that is after ``until`` (monotonic)."""
        gap = max(self._gap, self._asked.get(host, 0.0))
        if not gap:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(host, now))
            if turn > until:
                raise TimeoutError("the scan's time is over")
            self._next[host] = turn + gap
        time.sleep(max(0.0, turn - now))


@dataclass
class Fetcher:
    """Fetches pages of one scan; safe to share between threads.  ``until`` is the scan's end (monotonic seconds)."""

    guard: AddressGuard
    limits: Limits = field(default_factory=Limits)
    rate: float = 0.0
    until: float = float("inf")
    pool: int = 8
    verify: bool | str = True

    def __post_init__(self) -> None:
        self._deadline = Deadline()
        self._pace = HostPace(self.rate)
        self._cookies = RequestsCookieJar()
        self._verified = self._session(None)
        self._observing = self._session(observing_context())
        self._observing.verify = False
        self._verified.verify = self.verify
        self._untrusted: set[tuple[str, int]] = set()

    def _session(self, context: ssl.SSLContext | None) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.cookies = self._cookies
        session.headers.clear()
        adapter = PinnedAdapter(self.guard, self._deadline, pool=self.pool, context=context)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session

    def close(self) -> None:
        """Close all connections."""
        self._verified.close()
        self._observing.close()

    def slow_down(self, url: str, seconds: float) -> None:
        """Leave at least ``seconds`` between requests to the host of ``url``, as its robots.txt asks for."""
        checked = self.guard.check(url)
        if isinstance(checked, Allowed):
            self._pace.slow_down(f"{checked.host}:{checked.port}", seconds)

    def fetch(
        self,
        url: str,
        *,
        scope: Callable[[str], bool] | None = None,
        method: str = "GET",
        body_limit: int | None = None,
        origin: str | None = None,
        sink: Callable[[bytes], object] | None = None,
    ) -> Fetched:
        """Fetch ``url``, following redirects while ``scope`` (given the URL) accepts them.

        ``origin`` is sent as the ``Origin`` header, to see whether the answer is open to other sites.  ``sink`` takes the
        body of the last answer piece by piece; the result then has none.
        """
        started = time.monotonic()
        self._deadline.until = min(started + self.limits.total, self.until)
        self._deadline.header_limit = self.limits.headers
        hops: list[Hop] = []
        notes: list[str] = []
        body, trouble, left = b"", None, None
        try:
            limit = body_limit or self.limits.body
            body, left = self._follow(url, scope, method, hops, notes, limit, origin, sink)
        except _Stop as stop:
            trouble, body = stop.trouble, stop.partial
        elapsed = round((time.monotonic() - started) * 1000)
        return Fetched(url, tuple(hops), body, elapsed, trouble, notes[0] if notes else None, left)

    def _follow(
        self,
        url: str,
        scope: Callable[[str], bool] | None,
        method: str,
        hops: list[Hop],
        notes: list[str],
        limit: int,
        origin: str | None,
        sink: Callable[[bytes], object] | None,
    ) -> tuple[bytes, str | None]:
        seen: set[str] = set()
        while True:
            allowed = self.guard.check(url)
            if isinstance(allowed, Refused):
                code = "redirect-refused" if hops else "refused"
                raise _Stop(Trouble(f"{code}:{allowed.code}", allowed.reason))
            if allowed.scheme not in {"http", "https"}:
                raise _Stop(
                    _trouble("refused:scheme", "只访问 http 和 https", "only http and https are visited")
                )
            url = allowed.url
            if hops and scope is not None and not scope(url):
                return b"", url
            response = self._send(url, allowed.host, allowed.port, method, notes, origin)
            try:
                headers = tuple((k.lower(), _clean(v)) for k, v in response.raw.headers.items())
                hops.append(Hop(url, response.status_code, headers))
                location = hops[-1].header("location")
                if response.status_code not in REDIRECTS or not location:
                    return self._body(response, limit, sink) if method == "GET" else b"", None
            finally:
                self._release(response)
            if url in seen and len(hops) > 2:
                raise _Stop(_trouble("redirect-loop", "重定向成环", "redirects form a loop"))
            seen.add(url)
            if len(hops) > self.limits.redirects:
                number = self.limits.redirects
                raise _Stop(
                    _trouble("too-many-redirects", f"重定向超过 {number} 次", f"more than {number} redirects")
                )
            url = urljoin(url, _unmojibake(location))

    def _send(
        self, url: str, host: str, port: int, method: str, notes: list[str], origin: str | None
    ) -> requests.Response:
        headers = {
            "User-Agent": USER_AGENT,
            "Accept": ACCEPT,
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5",
            "Accept-Encoding": "gzip, deflate, br",
        }
        if origin is not None:
            headers["Origin"] = origin
        try:
            self._pace.wait(f"{host}:{port}", self._deadline.until)
            session = self._observing if (host, port) in self._untrusted else self._verified
            prepared = self._prepared(method, url, headers)
            timeout = (min(self.limits.connect, self._deadline.left()), self._deadline.left())
            try:
                return session.send(
                    prepared, stream=True, allow_redirects=False, timeout=timeout, verify=session.verify
                )
            except requests.exceptions.SSLError as error:
                if session is self._observing:
                    raise
                notes.append(_reason(error))
                self._untrusted.add((host, port))
                return self._observing.send(
                    prepared, stream=True, allow_redirects=False, timeout=timeout, verify=False
                )
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise _Stop(trouble_of(error)) from error

    def _prepared(self, method: str, url: str, headers: dict[str, str]) -> requests.PreparedRequest:
        """Return the request as it is sent.  requests would quote the address again; the checked form is used."""
        prepared = requests.PreparedRequest()
        prepared.prepare_method(method)
        prepared.url = url
        prepared.prepare_headers(headers)
        prepared.prepare_hooks(None)
        prepared.prepare_cookies(self._cookies)
        return prepared

    def _body(self, response: requests.Response, limit: int, sink: Callable[[bytes], object] | None) -> bytes:
        parts: list[bytes] = []
        take = parts.append if sink is None else sink
        size = 0
        encodings = response.headers.get("Content-Encoding", "")
        try:
            for piece in decoded(self._raw(response, limit), encodings, max_ratio=self.limits.ratio):
                size += len(piece)
                take(piece)
                if size > limit:
                    raise _Stop(
                        _trouble(
                            "body-too-large",
                            f"页面超过 {limit >> 20} MB，只读到这里",
                            f"page above {limit} bytes",
                        ),
                        b"".join(parts)[:limit],
                    )
        except BombError as error:
            raise _Stop(
                _trouble("decompression-bomb", f"解压后膨胀超过 {self.limits.ratio} 倍，停止读取", f"{error}")
            ) from error
        except EncodingError as error:
            raise _Stop(_trouble("bad-encoding", f"内容编码无法解开：{error}", f"{error}")) from error
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise _Stop(trouble_of(error), b"".join(parts)) from error
        return b"".join(parts)

    def _raw(self, response: requests.Response, limit: int) -> Iterator[bytes]:
        while chunk := response.raw.read(CHUNK, decode_content=False):
            self._deadline.left()
            yield chunk

    def _release(self, response: requests.Response) -> None:
        """Return a connection to the pool when its body is through, close it otherwise."""
        raw = response.raw
        try:
            if raw.status in REDIRECTS and int(raw.headers.get("content-length") or 1 << 30) <= CHUNK:
                raw.drain_conn()
            if raw.closed:
                raw.release_conn()
                return
        except (OSError, urllib3.exceptions.HTTPError, ValueError):
            pass
        raw.close()


class _Stop(Exception):  # noqa: N818 - ends a fetch, carries what is known
    def __init__(self, trouble: Trouble, partial: bytes = b"") -> None:
        super().__init__(trouble.code)
        self.trouble = trouble
        self.partial = partial


def _trouble(code: str, zh: str, en: str) -> Trouble:
    return Trouble(code, Text(zh=zh, en=en))


def trouble_of(error: BaseException) -> Trouble:
    """Name a network error: what happened, without addresses of ours or stack traces."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, RefusedError):
            return Trouble(f"refused:{cause.refused.code}", cause.refused.reason)
        if isinstance(cause, HeaderLimitError):
            return _trouble("header-flood", "响应头过大，停止读取", "the response headers are too large")
    text = " ".join(str(c) for c in chain)
    if (
        any(isinstance(c, TimeoutError | urllib3.exceptions.TimeoutError) for c in chain)
        or "timed out" in text
    ):
        return _trouble("timeout", "超时", "timed out")
    if "got more than" in text and "headers" in text:
        return _trouble("header-flood", "响应头过多，停止读取", "too many response headers")
    if "got more than" in text:
        return _trouble("header-flood", "响应头过长，停止读取", "a response header is too long")
    if any(isinstance(c, ssl.SSLError | urllib3.exceptions.SSLError) for c in chain):
        return _trouble("tls", f"TLS 握手失败：{_reason(error)}", f"TLS handshake failed: {_reason(error)}")
    if any(isinstance(c, ConnectionRefusedError) for c in chain):
        return _trouble("connection-refused", "连接被拒绝", "connection refused")
    if any(isinstance(c, urllib3.exceptions.IncompleteRead | ConnectionError) for c in chain):
        return _trouble("connection-broken", "连接中断", "the connection broke")
    return _trouble("unreachable", "无法连接", "cannot be reached")


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    todo: list[BaseException] = [error]
    while todo and len(seen) < 40:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        todo.extend(c for c in (current.__cause__, current.__context__) if c is not None)
        todo.extend(a for a in current.args if isinstance(a, BaseException))
        reason = getattr(current, "reason", None)
        if isinstance(reason, BaseException):
            todo.append(reason)


def _reason(error: BaseException) -> str:
    """Return OpenSSL's words for a failure, ``certificate has expired`` for instance."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message or "certificate verify failed"
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return cause.reason.lower().replace("_", " ")
    return "handshake failed"


def _clean(value: str) -> str:
    return "".join(c for c in value if c >= " " and c != "\x7f")[:8192]


def _unmojibake(location: str) -> str:
    """Header bytes arrive as Latin-1; many servers send UTF-8."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return location


def observing_context() -> ssl.SSLContext:
    """Return a TLS context that accepts every certificate and old protocols: to look, never to trust."""
    context = create_urllib3_context(cert_reqs=ssl.CERT_NONE, ciphers="ALL:@SECLEVEL=0")
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context

"""What every request passes: host, size, rate, session, role and CSRF checks, safe headers, errors without traces.

Header values follow the OWASP Secure Headers Project; the access table is in :mod:`scanner.console.app`.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scanner.batch.store import Store
from scanner.console import users
from scanner.console.users import Person
from scanner.errors import InputError
from scanner.model import Lang, Text
from scanner.rulepack import Pack

log = logging.getLogger("guijian.console")
SESSION, FORM, LANGUAGE = "guijian_session", "guijian_form", "guijian_lang"
SMALL_BODY = 64 << 10
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Content-Security-Policy": PAGE_POLICY,
}
NEXT = re.compile(r"/(?!/)[A-Za-z0-9/_.~?=&%+-]{0,800}")
CLIENTS = 10_000


@dataclass(frozen=True)
class Settings:
    """How the console runs.  ``prefix``: path under which a reverse proxy offers it (``/guijian``, or empty)."""

    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    prefix: str = ""
    secure: bool = False
    four_eyes: bool = False
    metrics_token: str = ""
    per_minute: int = 600
    sign_ins_per_minute: int = 10


class Rate:
    """Requests per minute and client, for the :data:`CLIENTS` seen last (token bucket)."""

    def __init__(self, per_minute: int) -> None:
        self.size, self.rate = float(per_minute), per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """Whether the client may make one more request now."""
        now = time.monotonic()
        with self._lock:
            left, last = self._buckets.pop(client, (self.size, now))
            left = min(self.size, left + (now - last) * self.rate)
            allowed = left >= 1
            self._buckets[client] = (left - 1 if allowed else left, now)
            if len(self._buckets) > CLIENTS:
                self._buckets.popitem(last=False)
        return allowed


@dataclass
class Console:
    """The running console: store, rule pack, settings, and what it counts."""

    store: Store
    pack: Pack
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.rate = Rate(self.settings.per_minute)
        self.sign_ins = Rate(self.settings.sign_ins_per_minute)
        self.report = lru_cache(maxsize=16)(self._report)

    def _report(self, ident: int, lang: Lang, decided: tuple[int, int], day: str) -> bytes | None:
        from reports.html import write  # noqa: PLC0415 - the writer loads with the first report
        from scanner.console.decisions import load, view_of  # noqa: PLC0415

        loaded = load(self.store, ident, self.pack, self.clock())
        return write(view_of(loaded, self.pack, lang)) if loaded is not None else None


@dataclass(frozen=True)
class Call:
    """One request with who makes it: what handlers get.  ``form`` is empty for GET."""

    request: Request
    console: Console
    person: Person | None
    csrf: str
    lang: Lang
    form: FormData

    @property
    def who(self) -> Person:
        """The person signed in; the access table let nobody else through."""
        if self.person is None:
            raise HTTPException(401)
        return self.person

    @property
    def address(self) -> str:
        """Address of the client."""
        return self.request.client.host if self.request.client else ""

    def text(self, name: str, limit: int = 200) -> str:
        """Return a field of the form, stripped; empty when it is missing or a file."""
        value = self.form.get(name)
        return value.strip()[:limit] if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """Return a number of the path."""
        return int(self.request.path_params[name])

    def url(self, path: str, **query: str | int) -> str:
        """Return the address of a page of this console."""
        asked = {k: v for k, v in query.items() if v not in {"", 0}}
        return self.console.settings.prefix + path + (f"?{urlencode(asked)}" if asked else "")

    def go(self, path: str, **query: str | int) -> Response:
        """Return a redirect to a page of this console."""
        return RedirectResponse(self.url(path, **query), 303)

    def page(self, template: str, status: int = 200, /, **values: Any) -> Response:
        """Return a page."""
        lang = self.lang
        html = (
            environment()
            .get_template(template)
            .render(
                call=self,
                person=self.person,
                csrf=self.csrf,
                lang=lang,
                url=self.url,
                t=lambda zh, en: zh if lang == "zh" else en,
                roles=users.ROLE_NAMES,
                is_at_least=self.is_at_least,
                other=self._other(),
                **values,
            )
        )
        return Response(html, status, media_type="text/html")

    def is_at_least(self, role: str) -> bool:
        """Whether the person has this role or a higher one."""
        return self.person is not None and users.rank(self.person.role) >= users.rank(role)

    def _other(self) -> str:
        if self.request.method != "GET":
            return self.url("/", lang="en" if self.lang == "zh" else "zh")
        query = dict(self.request.query_params) | {"lang": "en" if self.lang == "zh" else "zh"}
        return self.console.settings.prefix + self.request.url.path + "?" + urlencode(query)

    async def files(self, name: str) -> list[tuple[str, bytes]]:
        """Return name and content of the uploaded files of a field."""
        found = []
        for item in self.form.getlist(name):
            if isinstance(item, UploadFile) and item.filename:
                found.append((item.filename, await item.read()))
        return found


def failure(call: Call, status: int, text: Text | None = None) -> Response:
    """Return an error page."""
    return call.page("error.html", status, status=status, message=(text or ERRORS[status]).get(call.lang))


ERRORS = {
    400: Text(zh="请求有误", en="The request is not valid"),
    401: Text(zh="请先登录", en="Please sign in"),
    403: Text(
        zh="没有权限，或表单已过期，请返回刷新后重试", en="Not permitted, or the form has expired; reload it"
    ),
    404: Text(zh="没有这个页面", en="There is no such page"),
    405: Text(zh="不支持这种请求方法", en="This method is not supported"),
    413: Text(zh="提交的内容过大", en="What was sent is too large"),
    421: Text(zh="主机名不在允许范围内", en="This host name is not served"),
    429: Text(zh="请求过于频繁，请稍后再试", en="Too many requests; try again later"),
    500: Text(zh="内部错误，已记入日志", en="Internal error; it has been logged"),
}


async def serve(request: Request, console: Console, role: str, handler: Any) -> Response:
    """Check a request against its row of the access table and answer it."""
    token = request.cookies.get(SESSION, "")
    person = await run_in_threadpool(users.person_of, console.store, token) if token else None
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE, "zh")
    form_key = request.cookies.get(FORM, "")
    fresh = ""
    if person is None and not re.fullmatch(r"[\w-]{43}", form_key):
        form_key = fresh = secrets.token_urlsafe(32)
    csrf = person.csrf if person is not None else form_key
    call = Call(request, console, person, csrf, "en" if asked == "en" else "zh", FormData())
    try:
        response = await _answer(call, role, handler, bool(fresh))
    except HTTPException as error:
        response = failure(call, error.status_code if error.status_code in ERRORS else 400)
    except InputError as error:
        response = failure(call, 400, error.text)
    if fresh:
        set_cookie(response, console, FORM, fresh)
    if request.query_params.get("lang") in {"zh", "en"}:
        set_cookie(response, console, LANGUAGE, call.lang)
    return response


async def _answer(call: Call, role: str, handler: Any, unknown: bool) -> Response:
    request, console, person = call.request, call.console, call.person
    if role == "metrics":
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        token = console.settings.metrics_token.encode()
        if not (token and secrets.compare_digest(given, token)) and not call.is_at_least("admin"):
            raise HTTPException(403 if person else 401)
    elif role != "anyone":
        if person is None:
            if request.method == "GET":
                query = f"?{request.url.query}" if request.url.query else ""
                return call.go("/sign-in", next=request.url.path + query)
            raise HTTPException(401)
        if not call.is_at_least(role):
            raise HTTPException(403)
        if person.must_change and request.url.path not in {"/account", "/sign-out"}:
            return call.go("/account")
    if request.method == "POST":
        form = await request.form(max_files=8, max_fields=50, max_part_size=SMALL_BODY)
        given_token = form.get("csrf")
        crossed = request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
        if crossed or unknown or not isinstance(given_token, str):
            raise HTTPException(403)
        if not secrets.compare_digest(given_token.encode(), call.csrf.encode()):
            raise HTTPException(403)
        call = Call(request, console, person, call.csrf, call.lang, form)
    answered = handler(call) if iscoroutinefunction(handler) else run_in_threadpool(handler, call)
    response: Response = await answered
    return response


def set_cookie(response: Response, console: Console, name: str, value: str) -> None:
    """Set a cookie that scripts cannot read and other sites cannot send."""
    response.set_cookie(
        name,
        value,
        path=console.settings.prefix + "/",
        secure=console.settings.secure,
        httponly=True,
        samesite="strict",
    )


def next_page(text: str) -> str:
    """Return a page of this console to go to after signing in; anything else becomes the first page."""
    return text if NEXT.fullmatch(text) and not text.startswith("/sign-") else "/"


class Guard:
    """The outermost layer: host and prefix, client rate, size of the body, headers, counts and last resort."""

    def __init__(self, app: ASGIApp, console: Console, limit: Callable[[str], int]) -> None:
        self.app, self.console, self.limit = app, console, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status, settings = time.monotonic(), 500, self.console.settings
        path: str = scope["path"]
        if settings.prefix and (path == settings.prefix or path.startswith(settings.prefix + "/")):
            path = path[len(settings.prefix) :] or "/"
        scope = {**scope, "path": path, "raw_path": path.encode(), "root_path": ""}
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        began = False

        async def sending(message: Message) -> None:
            nonlocal status, began
            if message["type"] == "http.response.start":
                began, status = True, message["status"]
                names = {key.lower() for key, _ in message["headers"]}
                extra = [
                    (key.lower().encode(), value.encode())
                    for key, value in HEADERS.items()
                    if key.lower().encode() not in names
                ]
                if settings.secure:
                    extra.append((b"strict-transport-security", b"max-age=31536000"))
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        limit, got = self.limit(path), 0

        async def receiving() -> Message:
            nonlocal got
            message = await receive()
            got += len(message.get("body", b""))
            if got > limit:
                raise _TooLargeError()
            return message

        refused = self._refusal(scope, headers, path, limit)
        try:
            if refused:
                await _plain(refused)(scope, receive, sending)
            else:
                await self.app(scope, receiving, sending)
        except Exception:  # the boundary of one request: the cause goes to the log, never to the client
            log.exception("request failed: %s %s", scope["method"], path)
            if not began:
                await _plain(500)(scope, receive, sending)
        finally:
            self.console.requests[scope["method"], status] += 1
            self.console.seconds += time.monotonic() - started

    def _refusal(self, scope: Scope, headers: Mapping[str, str], path: str, limit: int) -> int:
        host = headers.get("host", "")
        name = host if host.endswith("]") or ":" not in host else host.rpartition(":")[0]
        if name.lower() not in self.console.settings.hosts:
            return 421
        client = scope["client"][0] if scope.get("client") else ""
        if not self.console.rate.take(client):
            return 429
        if path == "/sign-in" and scope["method"] == "POST" and not self.console.sign_ins.take(client):
            return 429
        length = headers.get("content-length", "0")
        return 413 if not length.isdecimal() or int(length) > limit else 0


class _TooLargeError(HTTPException):
    """More bytes came than the route takes."""

    def __init__(self) -> None:
        super().__init__(413)


def _plain(status: int) -> Response:
    text = ERRORS[status]
    return Response(f"{text.zh} / {text.en}\n", status, media_type="text/plain; charset=utf-8")


@cache
def environment() -> Environment:
    """Return the template environment: everything is escaped, an unknown name is an error."""
    return Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def source(name: str) -> str:
    """Return the text of a template or style of the package."""
    return (files("scanner.console") / "templates" / name).read_text("utf-8")

"""The application and its access table: one row per route, nothing is reachable that is not in it."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, compile_path
from starlette.types import ASGIApp

from scanner.batch.store import Store
from scanner.console import pages, review, signin, summaries
from scanner.console.decisions import MAX_FILE, MAX_FILES
from scanner.console.web import SMALL_BODY, Console, Guard, Settings, serve
from scanner.rulepack import Pack

UPLOAD_BODY = MAX_FILE * MAX_FILES + (1 << 20)


class Access(NamedTuple):
    """One route: who may use it (``anyone``, a lowest role, or ``metrics``: an admin or the token)."""

    method: str
    path: str
    role: str
    handler: Any
    body: int = SMALL_BODY


ACCESS: tuple[Access, ...] = (
    Access("GET", "/healthz", "anyone", pages.health),
    Access("GET", "/metrics", "metrics", pages.metrics),
    Access("GET", "/static/console.css", "anyone", pages.style),
    Access("GET", "/favicon.ico", "anyone", pages.icon),
    Access("GET", "/sign-in", "anyone", signin.sign_in_form),
    Access("POST", "/sign-in", "anyone", signin.sign_in),
    Access("POST", "/sign-out", "viewer", signin.sign_out),
    Access("GET", "/account", "viewer", signin.account_form),
    Access("POST", "/account", "viewer", signin.account),
    Access("GET", "/", "viewer", pages.subjects),
    Access("GET", "/runs", "viewer", pages.runs),
    Access("GET", "/assessments/{ident:int}", "viewer", pages.subject),
    Access("GET", "/assessments/{ident:int}/report", "viewer", pages.report),
    Access("GET", "/compare", "viewer", pages.compare),
    Access("GET", "/findings", "viewer", pages.findings),
    Access("GET", "/statistics", "viewer", pages.statistics),
    Access("POST", "/export/{form}", "inspector", pages.export),
    Access("POST", "/summary/{form}", "inspector", summaries.export_summary),
    Access("GET", "/queue", "inspector", review.queue),
    Access("GET", "/queue/{ident:int}/{control}", "inspector", review.item),
    Access("POST", "/queue/{ident:int}/{control}/claim", "inspector", review.claim),
    Access("POST", "/queue/{ident:int}/{control}", "inspector", review.decide, UPLOAD_BODY),
    Access("POST", "/decisions/{ident:int}", "inspector", review.second),
    Access("POST", "/assessments/{ident:int}/reassess", "inspector", review.reassess),
    Access("GET", "/evidence/{ident:int}", "viewer", review.evidence),
    Access("GET", "/audit", "admin", pages.audit_log),
    Access("GET", "/users", "admin", pages.users_list),
    Access("POST", "/users", "admin", pages.users_change),
)


def create(store: Store, pack: Pack, settings: Settings) -> ASGIApp:
    """Return the console as an ASGI application."""
    console = Console(store, pack, settings)

    def route(access: Access) -> Route:
        async def endpoint(request: Request) -> Response:
            return await serve(request, console, access.role, access.handler)

        return Route(access.path, endpoint, methods=[access.method])

    async def missing(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404

        def answer(_: object) -> Response:
            raise HTTPException(status)

        return await serve(request, console, "anyone", answer)

    starlette = Starlette(
        routes=[route(access) for access in ACCESS], exception_handlers={404: missing, 405: missing}
    )
    starlette.router.redirect_slashes = False
    larger = [(compile_path(a.path)[0], a.body) for a in ACCESS if a.body > SMALL_BODY]
    return Guard(
        starlette, console, lambda path: max((n for p, n in larger if p.match(path)), default=SMALL_BODY)
    )

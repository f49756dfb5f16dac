"""Who may do what: every route for every role, and what every answer carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from console_sample import PEOPLE, client, open_console, sign_in, token

from scanner.console.app import ACCESS
from scanner.console.users import ROLES

# Written by hand, not derived from the table under test: method and path, and the lowest role that gets in.
EXPECTED = {
    ("GET", "/healthz"): "anyone",
    ("GET", "/metrics"): "admin",
    ("GET", "/static/console.css"): "anyone",
    ("GET", "/favicon.ico"): "anyone",
    ("GET", "/sign-in"): "anyone",
    ("POST", "/sign-in"): "anyone",
    ("POST", "/sign-out"): "viewer",
    ("GET", "/account"): "viewer",
    ("POST", "/account"): "viewer",
    ("GET", "/"): "viewer",
    ("GET", "/runs"): "viewer",
    ("GET", "/assessments/{ident:int}"): "viewer",
    ("GET", "/assessments/{ident:int}/report"): "viewer",
    ("GET", "/compare"): "viewer",
    ("GET", "/findings"): "viewer",
    ("GET", "/statistics"): "viewer",
    ("POST", "/export/{form}"): "inspector",
    ("POST", "/summary/{form}"): "inspector",
    ("GET", "/queue"): "inspector",
    ("GET", "/queue/{ident:int}/{control}"): "inspector",
    ("POST", "/queue/{ident:int}/{control}/claim"): "inspector",
    ("POST", "/queue/{ident:int}/{control}"): "inspector",
    ("POST", "/decisions/{ident:int}"): "inspector",
    ("POST", "/assessments/{ident:int}/reassess"): "inspector",
    ("GET", "/evidence/{ident:int}"): "viewer",
    ("GET", "/audit"): "admin",
    ("GET", "/users"): "admin",
    ("POST", "/users"): "admin",
}
FILLED = {"{ident:int}": "1", "{control}": "no-such-control", "{form}": "csv"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    store, browser = open_console(tmp_path_factory.mktemp("access"))
    yield store, browser
    store.close()


def filled(path: str) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path + ("?old=1&new=2" if path == "/compare" else "")


def test_every_route_of_the_application_is_in_this_test() -> None:
    assert {(a.method, a.path) for a in ACCESS} == set(EXPECTED)


@pytest.mark.parametrize("role", ["anonymous", *ROLES])
def test_each_role_gets_exactly_the_routes_it_may_use(opened: Any, role: str) -> None:
    store, _ = opened
    for (method, path), needed in EXPECTED.items():
        browser = client(store)
        if role != "anonymous":
            assert sign_in(browser, PEOPLE[role]).status_code == 303
        permitted = needed == "anyone" or (role != "anonymous" and ROLES.index(role) >= ROLES.index(needed))
        answer = browser.request(method, filled(path))
        if method == "POST":
            # Whoever may use it is stopped by the missing form token, the others before that.
            assert answer.status_code == (403 if permitted or role != "anonymous" else 401), (role, path)
            page = browser.get("/account" if role != "anonymous" else "/sign-in").text
            again = browser.post(filled(path), data={"csrf": token(page)})
            passed = again.status_code not in {401, 403} or path == "/sign-in"
            assert passed == permitted, (role, method, path, again.status_code)
        elif permitted:
            assert answer.status_code in ({200, 303} if path == "/sign-in" else {200, 404}), (role, path)
            assert answer.status_code == 200 or "control" in path or "evidence" in path or path == "/sign-in"
        elif role == "anonymous" and path != "/metrics":
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in?next=%2F")
        else:
            assert answer.status_code == (401 if role == "anonymous" else 403), (role, path)


def test_a_form_with_another_sessions_token_is_refused(opened: Any) -> None:
    store, _ = opened
    mine, other = client(store), client(store)
    sign_in(mine, "anna")
    sign_in(other, "ivan")
    stolen = token(other.get("/account").text)

    assert mine.post("/users", data={"csrf": stolen, "action": "add", "name": "eve"}).status_code == 403
    good = {"csrf": token(mine.get("/users").text), "name": "ivan", "action": "disable"}
    crossed = mine.post("/users", data=good, headers={"Sec-Fetch-Site": "cross-site"})
    assert crossed.status_code == 403
    assert other.get("/account").status_code == 200


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nope", "/healthz", "/assessments/1/report", "/metrics"])
def test_every_answer_carries_the_safe_headers(opened: Any, path: str) -> None:
    store, _ = opened
    browser = client(store, secure=False)
    sign_in(browser, "anna")

    headers = browser.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")


def test_other_hosts_large_bodies_and_hasty_clients_are_refused(opened: Any) -> None:
    store, _ = opened
    browser = client(store, per_minute=20)

    assert browser.get("/healthz", headers={"Host": "evil.example"}).status_code == 421
    assert browser.post("/sign-in", content=b"x" * 70_000).status_code == 413
    stream = (b"x" * 10_000 for _ in range(9))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post("/sign-in", content=stream, headers=form).status_code == 413
    assert [browser.get("/healthz").status_code for _ in range(40)].count(429) >= 15


def test_an_error_shows_no_trace(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = opened
    browser = client(store)
    monkeypatch.setattr("scanner.console.users.person_of", lambda *_: 1 / 0)

    answer = browser.get("/", headers={"Cookie": "guijian_session=x"})

    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "ZeroDivision" not in answer.text


def test_metrics_need_the_token_or_an_administrator(opened: Any) -> None:
    store, _ = opened
    browser = client(store, metrics_token="s3cret")

    assert browser.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    answer = browser.get("/metrics", headers={"Authorization": "Bearer s3cret"})

    assert answer.status_code == 200
    assert "guijian_assessments 2\n" in answer.text


@pytest.mark.parametrize(
    "goal", ["//evil.example", "https://evil.example", "/\\evil.example", "/%0d%0aX: y\n"]
)
def test_signing_in_never_leads_elsewhere(opened: Any, goal: str) -> None:
    store, _ = opened
    browser = client(store)
    csrf = token(browser.get("/sign-in").text)
    data = {"csrf": csrf, "name": "vera", "password": "correct horse 7 battery", "next": goal}

    assert browser.post("/sign-in", data=data).headers["location"] == "/"


def test_it_works_under_a_path_of_a_reverse_proxy(opened: Any) -> None:
    store, _ = opened
    browser = client(store, prefix="/guijian", secure=True)
    browser.base_url = "https://testserver"

    assert browser.get("/guijian/").headers["location"].startswith("/guijian/sign-in?next=")
    answer = sign_in(browser, "vera", prefix="/guijian")

    assert answer.headers["location"] == "/guijian/"
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=strict", "Path=/guijian/"))
    page = browser.get("/guijian/").text
    assert 'href="/guijian/assessments/1"' in page
    assert 'href="/assessments' not in page


def test_the_database_holds_no_password_and_no_cookie(opened: Any, tmp_path: Path) -> None:
    store, _ = opened
    browser = client(store)
    sign_in(browser, "vera")
    cookie = browser.cookies["guijian_session"]
    raw = store.engine.raw_connection()
    dump = "\n".join(raw.driver_connection.iterdump())
    raw.close()

    assert "correct horse" not in dump
    assert cookie not in dump
    assert "$argon2id$" in dump

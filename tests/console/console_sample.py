"""A store with real results of our own packages, and people who use its console."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from scanner.batch.meta import Meta
from scanner.batch.store import Store
from scanner.batch.targets import Target
from scanner.batch.work import COLLECTOR, Done, Job, work
from scanner.console import users
from scanner.console.app import create
from scanner.console.web import Settings
from scanner.packload import load_pack
from scanner.rulepack import Pack

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 24, tzinfo=UTC)
PASSWORD = "correct horse 7 battery"
XSS = '<script>alert("xss")</script><img src=x onerror=alert(1)>'
PEOPLE = {"viewer": "vera", "inspector": "ivan", "admin": "anna"}


@cache
def pack() -> Pack:
    return load_pack()


@cache
def done(package: str, meta: Meta) -> Done:
    target = Target(location=str(ROOT / "fixtures" / "apks" / f"{package}.apk"), kind="package", meta=meta)
    result = work(Job(target=target, profile="", now=NOW))
    assert isinstance(result, Done), result
    return result


def fill(store: Store) -> None:
    """One run with two packages, the second with a hostile name."""
    listed = [
        (
            "location.bad",
            Meta(name="出行助手", store="应用宝", category="地图导航", region="浙江", developer="甲公司"),
        ),
        ("clean", Meta(name=XSS, store=XSS, category="工具", developer=XSS)),
    ]
    targets = [
        Target(location=str(ROOT / "fixtures" / "apks" / f"{p}.apk"), kind="package", meta=m)
        for p, m in listed
    ]
    run = store.run(
        "第一批", source="here", profile="", now=NOW, collector=COLLECTOR, pack=pack(), options={}
    )
    store.add_tasks(run.id, targets)
    for ident, _, target in store.pending(run.id, 0, 10):
        store.record_done(ident, target, done(Path(target.location).stem, target.meta), pack())


def open_console(path: Path, **settings: Any) -> tuple[Store, TestClient]:
    store = Store(f"sqlite:///{path / 'console.db'}")
    fill(store)
    for role, name in PEOPLE.items():
        users.add(store, name, role, PASSWORD, "test")
    return store, client(store, **settings)


def client(store: Store, **settings: Any) -> TestClient:
    options = {"hosts": ("testserver",), "sign_ins_per_minute": 1000, "per_minute": 100000} | settings
    app = create(store, pack(), Settings(**options))
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


def token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found.group(1)


def sign_in(browser: TestClient, name: str, password: str = PASSWORD, prefix: str = "") -> Any:
    csrf = token(browser.get(f"{prefix}/sign-in").text)
    return browser.post(
        f"{prefix}/sign-in", data={"csrf": csrf, "name": name, "password": password, "next": "/"}
    )

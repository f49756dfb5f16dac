"""The console on PostgreSQL, which is stricter than SQLite: every page, and the audit log under concurrent writers."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from scanner.batch.store import Store
from scanner.console import audit, users

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "console"))

from console_sample import PASSWORD, client, fill, sign_in


def test_every_page_answers_on_postgresql_and_the_audit_chain_holds(postgres: str) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE console")
    engine.dispose()
    store = Store(postgres.rsplit("/", 1)[0] + "/console")
    fill(store)
    users.add(store, "anna", "admin", PASSWORD, "test")
    browser = client(store)
    assert sign_in(browser, "anna").status_code == 303
    everything = "q=出&severity=high&verdict=manual&run=第一批&since=2026-01-01&sort=name"
    pages = [f"/?{everything}", f"/findings?{everything}", "/findings", "/statistics", "/runs", "/audit"]
    pages += [
        "/",
        "/queue",
        "/queue?scope=mine",
        "/queue?scope=proposed",
        "/users",
        "/metrics",
        "/assessments/1",
    ]

    assert {page: browser.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)

    def write() -> None:
        for _ in range(10):
            store.transact(lambda session: audit.append(session, "x", "test"))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with store.session() as session:
        result = audit.verify(session)
    assert result.faults == ()
    assert result.count == 42
    store.close()

"""Times the console's pages and exports on 10,000 stored results, beside plain sqlite3 reading the same rows.

The results are one real assessment (a pinned package of tools/corpus.toml) written 10,000 times as rows under other
names, stores, regions, grades and counts, with all its findings and control verdicts.  Milliseconds, median of the rounds,
through the whole application (session, access check, query, template) but without a network.  The peer answers the same
list with one hand-written query over the sqlite3 module of Python, no session, no template.
"""

from __future__ import annotations

import csv
import io
import random
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import fetch_corpus

from scanner.batch.meta import Meta
from scanner.batch.rows import assessment_rows, facts_row
from scanner.batch.schema import AssessmentRow, ControlRow, FactsRow, FindingRow
from scanner.batch.store import Store
from scanner.batch.targets import Target
from scanner.batch.work import Done, Job, unpack_bytes, work
from scanner.console import users
from scanner.console.app import create
from scanner.console.web import Settings
from scanner.facts import Facts
from scanner.model import Assessment
from scanner.packload import load_pack

RESULTS = 10_000
ROUNDS = 7
PACKAGE = "appium-settings"
PASSWORD = "correct horse 7 battery"


def fill(store: Store, pack: Any) -> None:
    """Write the results."""
    members = {m.id: m for archive in fetch_corpus.load() for m in archive.members}
    target = Target(location=str(members[PACKAGE].target()), kind="package")
    done = work(Job(target=target, profile="", now=datetime(2026, 11, 24, tzinfo=UTC)))
    assert isinstance(done, Done), done
    facts = Facts.model_validate_json(unpack_bytes(done.facts))
    made = Assessment.model_validate_json(unpack_bytes(done.assessment))
    one = assessment_rows(made, 1, Meta(), done.assessment, pack)
    chance = random.Random(1)
    with store.session() as session, session.begin():
        session.execute(insert(FactsRow), [facts_row(facts, done.facts)])
        for start in range(0, RESULTS, 500):
            heads, findings, controls = [], [], []
            for n in range(start, start + 500):
                heads.append(
                    one.assessment
                    | {
                        "id": n + 1,
                        "meta_key": f"{n:016x}",
                        "identifier": f"cn.example.app{n}",
                        "name": f"应用 {n}",
                        "store": f"商店 {chance.randrange(12)}",
                        "category": f"类别 {chance.randrange(39)}",
                        "region": f"地区 {chance.randrange(31)}",
                        "letter": chance.choice("优良中差"),
                        "score": chance.randrange(100),
                        "violations": chance.randrange(20),
                        "assessed_at": made.assessed_at + timedelta(seconds=n),
                    }
                )
                findings += [f | {"assessment_id": n + 1} for f in one.findings]
                controls += [c | {"assessment_id": n + 1} for c in one.controls]
            for table, rows in ((AssessmentRow, heads), (FindingRow, findings), (ControlRow, controls)):
                session.execute(insert(table), rows)
    print(f"{RESULTS} results, {len(one.findings)} findings and {len(one.controls)} controls each")


def timed(name: str, action: Callable[[], int]) -> None:
    """Print the median time of ``action`` in ms, and the bytes it returned."""
    seconds, size = [], 0
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        size = action()
        seconds.append(time.perf_counter() - begun)
    print(f"{name:<44} {statistics.median(seconds) * 1000:8.1f} ms {size:>9} bytes")


def main() -> None:
    """Fill a store, then time the pages and the peer."""
    pack = load_pack()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        store = Store(f"sqlite:///{path}")
        fill(store, pack)
        users.add(store, "bench", "admin", PASSWORD, "bench")
        app = create(
            store, pack, Settings(hosts=("testserver",), per_minute=10**9, sign_ins_per_minute=10**6)
        )
        browser = TestClient(app, follow_redirects=False)
        form = {"name": "bench", "password": PASSWORD, "next": "/"}
        csrf = re.search(r'name="csrf" value="([^"]+)"', browser.get("/sign-in").text)
        assert csrf is not None
        assert browser.post("/sign-in", data=form | {"csrf": csrf.group(1)}).status_code == 303
        token = re.search(r'name="csrf" value="([^"]+)"', browser.get("/account").text)
        assert token is not None

        def get(where: str) -> Callable[[], int]:
            def action() -> int:
                answer = browser.get(where)
                assert answer.status_code == 200, (where, answer.status_code)
                return len(answer.content)

            return action

        after = re.search(r'href="/\?after=([^"&]+)', browser.get("/").text)
        assert after is not None
        rule = re.search(r'href="/findings\?rule=([^"]+)"', browser.get("/findings").text)
        assert rule is not None
        for name, where in (
            ("list", "/"),
            ("list, second page", f"/?after={after.group(1)}"),
            ("list, search in names", "/?q=应用 77"),
            ("list, two filters, by score", "/?store=商店 3&region=地区 7&sort=score&order=asc"),
            ("list, by rule", f"/?rule={rule.group(1)}"),
            ("subject", "/assessments/5000"),
            ("findings by rule", "/findings"),
            ("findings of one rule", f"/findings?rule={rule.group(1)}"),
            ("statistics", "/statistics"),
            ("review queue", "/queue"),
        ):
            timed(name, get(where))
        for form_name in ("csv",):

            def export(kind: str = form_name) -> int:
                answer = browser.post(f"/export/{kind}", data={"csrf": token.group(1)})
                assert answer.status_code == 200
                return len(answer.content)

            timed(f"export {form_name}, {RESULTS} rows", export)
        timed("report, the same again (cached)", get("/assessments/1/report"))
        peer(path)
        store.close()


def peer(path: Path) -> None:
    """Time the same list and export by hand over sqlite3."""
    connection = sqlite3.connect(path)
    columns = "id, name, identifier, version, developer, store, category, region, letter, score, violations"

    def page() -> int:
        rows = connection.execute(
            f"SELECT {columns} FROM assessment ORDER BY assessed_at DESC, id DESC LIMIT 50"
        )
        count = connection.execute("SELECT count(*) FROM assessment").fetchone()[0]
        return len(str(rows.fetchall())) + count

    def whole() -> int:
        buffer = io.StringIO()
        csv.writer(buffer).writerows(connection.execute(f"SELECT {columns} FROM assessment"))
        return len(buffer.getvalue().encode())

    timed("sqlite3 by hand: list", page)
    timed(f"sqlite3 by hand: csv, {RESULTS} rows", whole)
    connection.close()


if __name__ == "__main__":
    main()

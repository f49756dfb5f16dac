"""What people do in the console: search, decide with evidence, second pair of eyes, export, audit."""

from __future__ import annotations

import base64
import html
import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from console_sample import COLLECTOR, NOW, PASSWORD, XSS, client, open_console, sign_in, token
from sqlalchemy import delete, select, text, update

from scanner.batch.meta import Meta
from scanner.batch.schema_console import AuditRow, EvidenceRow
from scanner.batch.statistics import statistics
from scanner.batch.targets import Target
from scanner.cli import cli
from scanner.console import audit, users
from scanner.packload import load_pack
from scanner.supervision import supervision_rules

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    store, browser = open_console(tmp_path)
    yield store, browser
    store.close()


def waiting(browser: Any) -> str:
    """Address of the first manual item of the first assessment."""
    page = browser.get("/queue?assessment=1").text
    found = re.search(r'href="(/queue/1/[^"?]+)"', page)
    assert found, page
    return found.group(1)


def decide(
    browser: Any, path: str, why: str, name: str = "现场照片.png", body: bytes = PNG, **more: str
) -> Any:
    data = {"csrf": token(browser.get(path).text), "verdict": "compliant", "why": why, **more}
    return browser.post(path, data=data, files={"evidence": (name, body, "image/png")})


def test_a_decision_with_evidence_shows_in_the_report_and_leaves_the_queue(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "ivan")
    path = waiting(browser)
    before = browser.get("/assessments/1/report").text

    answer = decide(browser, path, "现场查看，弹窗与政策一致")

    assert answer.headers["location"] == "/assessments/1"
    page = browser.get("/assessments/1").text
    assert "现场查看，弹窗与政策一致" in page
    assert "ivan" in page
    report = browser.get("/assessments/1/report").text
    assert "由 ivan 于" not in before
    assert "由 ivan 于" in report
    assert f'href="{path}"' not in browser.get("/queue?assessment=1").text
    link = re.search(r'href="(/evidence/\d+)"', page)
    assert link
    got = browser.get(link.group(1))
    assert got.content == PNG
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["content-type"] == "application/octet-stream"
    with store.session() as session:
        actions = list(session.scalars(select(AuditRow.action).order_by(AuditRow.position)))
    assert actions[-2:] == ["upload", "decision"]


def test_evidence_changed_in_the_store_takes_the_decision_out(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "ivan")
    decide(browser, waiting(browser), "看过了")
    with store.session() as session, session.begin():
        session.execute(update(EvidenceRow).values(body=PNG + b"changed"))
    browser = client(store)
    sign_in(browser, "ivan")

    report = html.unescape(browser.get("/assessments/1/report").text)

    assert "证据文件缺失或被改动" in report


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("run.exe", b"MZ\x90"),
        ("page.html", b"<script>"),
        ("empty.png", b""),
        ("big.png", PNG + b"0" * (10 << 20)),
    ],
)
def test_evidence_of_another_kind_or_size_is_refused(opened: Any, name: str, body: bytes) -> None:
    store, browser = opened
    sign_in(browser, "ivan")

    answer = decide(browser, waiting(browser), "看过了", name, body)

    assert answer.status_code == 400
    with store.session() as session:
        assert session.scalars(select(EvidenceRow.sha256)).all() == []


def test_with_four_eyes_a_decision_holds_only_after_somebody_else_agreed(opened: Any) -> None:
    store, _ = opened
    browser, other = client(store, four_eyes=True), client(store, four_eyes=True)
    sign_in(browser, "ivan")
    sign_in(other, "anna")
    decide(browser, waiting(browser), "两人核查")

    assert "由 ivan 于" not in browser.get("/assessments/1/report").text
    own = {"csrf": token(browser.get("/account").text), "action": "accept"}
    assert browser.post("/decisions/1", data=own).status_code == 400
    theirs = {"csrf": token(other.get("/account").text), "action": "accept"}
    assert other.post("/decisions/1", data=theirs).status_code == 303
    assert "由 ivan 于" in browser.get("/assessments/1/report").text


def test_only_who_claimed_an_item_or_an_administrator_gives_it_away(opened: Any) -> None:
    store, browser = opened
    users.add(store, "iris", "inspector", PASSWORD, "test")
    sign_in(browser, "ivan")
    path = waiting(browser)
    browser.post(path + "/claim", data={"csrf": token(browser.get(path).text), "action": "claim"})
    other = client(store)
    sign_in(other, "iris")

    taken = other.post(path + "/claim", data={"csrf": token(other.get(path).text), "action": "claim"})

    assert taken.status_code == 400
    assert path in browser.get("/queue?scope=mine").text
    admin = client(store)
    sign_in(admin, "anna")
    given = {"csrf": token(admin.get(path).text), "action": "claim", "assignee": "iris"}
    assert admin.post(path + "/claim", data=given).status_code == 303
    assert path in other.get("/queue?scope=mine").text


def test_a_reassessment_keeps_the_decision_as_a_new_assessment(opened: Any) -> None:
    _, browser = opened
    sign_in(browser, "ivan")
    decide(browser, waiting(browser), "看过了")

    answer = browser.post("/assessments/1/reassess", data={"csrf": token(browser.get("/account").text)})

    assert answer.headers["location"] == "/assessments/3"
    page = browser.get("/").text
    assert "/assessments/3" in page
    assert 'href="/assessments/1"' not in page
    compared = browser.get("/compare?old=1&new=3")
    assert compared.status_code == 200
    assert "sandbox" in compared.headers["content-security-policy"]


def test_search_filters_and_pages_find_what_was_asked(opened: Any) -> None:
    _, browser = opened
    sign_in(browser, "vera")

    assert "/assessments/1" in browser.get("/", params={"q": "出行"}).text
    assert "/assessments/2" not in browser.get("/", params={"q": "出行"}).text
    assert "/assessments/2" not in browser.get("/", params={"region": "浙江"}).text
    assert "没有符合条件的对象" in browser.get("/", params={"q": "100%"}).text
    assert "没有符合条件的对象" in browser.get("/", params={"since": "2027-01-01"}).text
    assert "/assessments/1" in browser.get("/", params={"run": "第一批", "verdict": "manual"}).text
    assert browser.get("/", params={"after": "AAAA", "sort": "x", "since": "y"}).status_code == 200
    for cursor in (b'["a", 1]', b"[1, 1]", b"[1e999, 2]", b'["a", 99999999999999999999]', b"[1]", b"{}"):
        after = base64.urlsafe_b64encode(cursor).decode()
        for sort in ("assessed", "name", "score"):
            assert browser.get("/", params={"after": after, "sort": sort}).status_code == 200, cursor
    for lost in ("/assessments/99999999999999999999", "/compare?old=x&new=1", "/evidence/0"):
        assert browser.get(lost).status_code == 404


def test_the_pages_of_the_queue_hold_every_item_once(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "ivan")
    found: list[str] = []
    where = "/queue"
    while where:
        page = html.unescape(browser.get(where).text)
        found += re.findall(r'href="(/queue/\d+/[^"]+)"', page)
        following = re.search(r'class="button" href="(/queue[^"]+)"', page)
        where = following.group(1) if following else ""
    with store.session() as session:
        wanted = session.scalar(
            text("SELECT count(*) FROM control_verdict WHERE verdict IN ('manual', 'suspected')")
        )

    assert len(found) == len(set(found)) == wanted
    assert wanted > 50


def test_the_pages_of_a_list_follow_its_order(opened: Any) -> None:
    from scanner.console.queries import Filters, subjects

    store, _ = opened
    for sort in ("assessed", "score", "name", "manual"):
        for order in ("asc", "desc"):
            filters = Filters(sort=sort, order=order)
            with store.session() as session:
                first = subjects(session, filters, limit=1)
                second = subjects(session, filters, first.cursor, limit=1)
                whole = subjects(session, filters)
            assert [r.id for r in first.rows + second.rows] == [r.id for r in whole.rows]
            assert whole.total == 2
            assert second.cursor == ""


def test_findings_are_listed_by_rule_and_each_rule_leads_to_its_subjects(opened: Any) -> None:
    _, browser = opened
    sign_in(browser, "vera")
    page = browser.get("/findings").text
    rule = re.search(r'href="/findings\?rule=([^"]+)"', page)
    assert rule

    of_rule = browser.get(f"/findings?rule={rule.group(1)}").text

    assert "/assessments/" in of_rule
    assert "/assessments/" in browser.get(f"/?rule={rule.group(1)}").text
    assert rule.group(1) not in browser.get("/findings?severity=low&region=x").text
    assert "没有这条规则的问题" in browser.get(f"/findings?rule={rule.group(1)}&region=x").text


def test_a_hostile_name_is_text_on_every_page(opened: Any) -> None:
    _, browser = opened
    sign_in(browser, "ivan")
    decide(browser, waiting(browser), XSS, f"{XSS}.png")
    paths = ["/", "/assessments/2", "/assessments/1", "/assessments/2/report", "/compare?old=1&new=2"]
    paths += ["/queue", "/statistics", "/findings", waiting(browser), "/?q=" + XSS.replace("&", "")]
    shown = 0
    for path in paths:
        page = browser.get(path).text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        shown += "&lt;script&gt;alert" in page or "&lt;script&gt;" in page
    assert shown >= 6


def test_exports_hold_the_filtered_set_and_no_formula(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "ivan")
    form = {"csrf": token(browser.get("/account").text)}

    whole = browser.post("/export/csv", data=form).content.decode("utf-8-sig")
    part = browser.post("/export/csv", data={**form, "region": "浙江"}).content.decode("utf-8-sig")
    book = openpyxl.load_workbook(io.BytesIO(browser.post("/export/notice.xlsx", data=form).content))

    assert "出行助手" in whole
    assert len(part.splitlines()) == 2
    assert any("出行助手" in str(c) for s in book for row in s.iter_rows(values_only=True) for c in row)
    with store.session() as session:
        assert session.scalars(select(AuditRow.action)).all().count("export") == 3


def test_the_notice_workbook_names_what_was_not_examined(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "ivan")
    form = {"csrf": token(browser.get("/account").text)}
    unread = Target(location="/apps/unread.apk", kind="package", meta=Meta(name="未读应用", store="应用宝"))
    first, other = store.find_run("第一批"), another_run(store)
    for run in (first, other):
        store.add_tasks(run.id, [unread])

    def listed(**search: str) -> list[Any]:
        body = browser.post("/export/notice.xlsx", data={**form, **search}).content
        book = openpyxl.load_workbook(io.BytesIO(body))
        return (
            [row[0] for row in book["未能检测"].iter_rows(min_row=2, values_only=True)]
            if "未能检测" in book
            else []
        )

    assert listed() == ["未读应用"], "a target of several runs counts once"
    assert listed(run="第一批") == ["未读应用"]
    assert listed(region="浙江") == [], "a search by results asks for no target without them"


def another_run(store: Any) -> Any:
    return store.run(
        "第二批", source="there", profile="", now=NOW, collector=COLLECTOR, pack=load_pack(), options={}
    )


def test_statistics_give_the_indicators_of_the_whole_store_with_interval_and_rule_packs(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "ivan")
    found = statistics(store, load_pack(), supervision_rules().index)

    page, part = browser.get("/statistics").text, browser.get("/statistics?region=浙江").text

    assert found.total.index is not None
    assert f"{found.total.index.value:.1f}（{found.total.index.low:.1f}–{found.total.index.high:.1f}" in page
    assert all(pack in page for pack in found.packs)
    assert "检测覆盖率" in page
    assert "检测覆盖率" not in part, "the indicators are of the whole store, not of a filtered part"


def test_the_summary_of_a_period_is_a_file_and_leaves_a_trace(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "ivan")
    form = {"csrf": token(browser.get("/statistics").text), "period": "2026-11"}

    page = browser.post("/summary/html", data=form)
    book = openpyxl.load_workbook(io.BytesIO(browser.post("/summary/xlsx", data=form).content))
    wrong = browser.post("/summary/html", data={**form, "period": "../../etc"})

    assert page.headers["content-disposition"] == 'attachment; filename="summary-2026-11.html"'
    assert "浙江" in page.text
    assert XSS not in page.text
    assert any("浙江" in str(c) for s in book for row in s.iter_rows(values_only=True) for c in row)
    assert wrong.status_code == 400
    assert "2026-Q4" in wrong.text
    assert browser.post("/summary/pdf", data=form).status_code == 404
    with store.session() as session:
        targets = session.scalars(select(AuditRow.target).where(AuditRow.action == "export")).all()
    assert targets == ["summary.html", "summary.xlsx"]


def test_five_wrong_passwords_lock_the_account(opened: Any) -> None:
    store, browser = opened
    for _ in range(5):
        assert sign_in(browser, "vera", "wrong password 123").status_code == 401

    assert sign_in(browser, "vera").status_code == 401
    users.set_password(store, "vera", "another horse 8 x", "test", must_change=True)
    assert sign_in(browser, "vera", "another horse 8 x").status_code == 303
    assert browser.get("/").headers["location"] == "/account"


def test_a_disabled_user_and_an_old_session_are_out(opened: Any) -> None:
    store, browser = opened
    sign_in(browser, "vera")
    users.set_active(store, "vera", False, "test")
    assert browser.get("/").status_code == 303

    sign_in(browser, "ivan")
    with store.session() as session, session.begin():
        session.execute(text("UPDATE console_session SET seen = '2020-01-01 00:00:00'"))
    assert browser.get("/").status_code == 303


def test_a_password_change_ends_other_sessions(opened: Any) -> None:
    store, browser = opened
    other = client(store)
    sign_in(browser, "vera")
    sign_in(other, "vera")
    new = "a quite new 9 phrase"
    form = {"csrf": token(browser.get("/account").text), "old": PASSWORD, "new": new, "again": new}

    assert browser.post("/account", data=form).status_code == 200
    assert browser.get("/").status_code == 200
    assert other.get("/").status_code == 303


@pytest.mark.parametrize("tamper", ["change", "remove", "remove-last", "swap", "recompute"])
def test_the_audit_log_shows_tampering(opened: Any, tmp_path: Path, tamper: str) -> None:
    store, browser = opened
    sign_in(browser, "vera")
    where = f"sqlite:///{tmp_path / 'console.db'}"
    run = CliRunner().invoke(cli, ["serve", "audit", "--verify", "--store", where])
    assert run.exit_code == 0, run.output
    noted = run.stdout.splitlines()[0]
    with store.session() as session, session.begin():
        last = session.scalars(select(AuditRow.position).order_by(AuditRow.position.desc())).first()
        if tamper == "change":
            session.execute(update(AuditRow).where(AuditRow.position == 2).values(actor="nobody"))
        elif tamper == "remove":
            session.execute(delete(AuditRow).where(AuditRow.position == 2))
        elif tamper == "remove-last":
            session.execute(delete(AuditRow).where(AuditRow.position == last))
        elif tamper == "swap":
            for old, new in ((1, -1), (2, 1), (-1, 2)):
                session.execute(update(AuditRow).where(AuditRow.position == old).values(position=new))
        else:  # somebody who can write everything computes a new chain: only the noted head shows it
            session.execute(delete(AuditRow))
            session.execute(text(f"UPDATE console_audit_head SET count = 0, sha256 = '{audit.START}'"))
            for _ in range(last or 0):
                audit.append(session, "nobody", "nothing")

    args = ["serve", "audit", "--verify", "--store", where]
    if tamper == "recompute":
        assert CliRunner().invoke(cli, args).exit_code == 0
        args += ["--expect", noted]
    assert CliRunner().invoke(cli, args).exit_code == 1


def test_users_are_kept_on_the_command_line(tmp_path: Path) -> None:
    where = f"sqlite:///{tmp_path / 'users.db'}"

    def call(*args: str, given: str = "") -> Any:
        return CliRunner().invoke(cli, ["serve", *args, "--store", where], input=given)

    weak = call("users", "add", "anna", "--role", "admin", "--password-stdin", given="short\n")
    assert weak.exit_code == 3
    assert call(given="").exit_code == 2  # no user, no server
    done = call("users", "add", "anna", "--role", "admin", "--password-stdin", given=PASSWORD + "\n")
    assert done.exit_code == 0, done.output
    assert call("users", "add", "anna", "--role", "admin", "--password-stdin", given=PASSWORD).exit_code != 0
    assert call("users", "disable", "anna").exit_code == 0
    assert "anna\t管理\t停用" in call("users", "list").output
    assert call("users", "reset", "anna", "--password-stdin", given="another horse 8 x").exit_code == 0
    assert "anna\t管理\t启用" in call("users", "list").output


def test_models_and_migrations_agree(opened: Any) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from scanner.batch.schema import Base

    store, _ = opened
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_moments_are_kept_in_utc(opened: Any) -> None:
    store, _ = opened
    with store.session() as session:
        moment = session.scalars(select(AuditRow.moment)).first()
    assert datetime.fromisoformat(str(moment)).tzinfo == UTC

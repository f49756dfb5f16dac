"""What a person reads in a report: words for instructions and ids, clauses cited by their document, nothing said twice."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from report_sample import CREATE, FACTS, INIT, PACK, READ, code

from reports.findings import abridged, evidence_view, step_views, unlike
from reports.formal import LEADING, content
from reports.names import Names
from reports.view import ReportView
from scanner.assess import assess
from scanner.collect import collect
from scanner.context import CollectOptions
from scanner.model import CodeStep, Text, Verdict
from scanner.packload import load_pack, profile

NAMES = Names(FACTS, PACK, "zh")
APKS = Path(__file__).resolve().parents[2] / "fixtures" / "apks"


@pytest.mark.parametrize(
    ("excerpt", "reading"),
    [
        (
            "invoke-static/range Landroid/hardware/Camera;->open(I)Landroid/hardware/Camera;",
            "调用 Camera.open()",
        ),
        (
            "sget-object Landroid/provider/ContactsContract$Contacts;->CONTENT_URI:Landroid/net/Uri;",
            "读取 ContactsContract$Contacts.CONTENT_URI",
        ),
        (
            "sget-object Lcom/shop/Config;->base:Ljava/lang/String; = https://api.shop.example/v1 = x",
            "读取 Config.base，其初值为“https://api.shop.example/v1 = x”",
        ),
        ("iput-boolean La/B;->c:Z", "写入 B.c"),
        (
            "const-string/jumbo android.intent.action.GET_CONTENT",
            "使用字符串“android.intent.action.GET_CONTENT”",
        ),
        ("new-instance Landroid/app/AlertDialog$Builder;", "创建 AlertDialog$Builder"),
        ("return-void", ""),
    ],
)
def test_an_instruction_is_told_in_words(excerpt: str, reading: str) -> None:
    shown = evidence_view(code(READ, 3, excerpt=excerpt), NAMES)

    assert shown.reading == reading
    # The instruction's own name is no word for readers; what it works on is shown whole.
    assert shown.excerpt == (excerpt.partition(" ")[2] if reading else excerpt)


def chain(*methods: str) -> tuple[CodeStep, ...]:
    return tuple(CodeStep(method=method, offset=n, edge="call") for n, method in enumerate(methods))


def test_steps_of_the_chain_before_are_not_listed_again() -> None:
    first = step_views(chain(CREATE, INIT, INIT, READ), NAMES)
    second = step_views(chain(CREATE, INIT, INIT, CREATE, READ), NAMES)

    short = unlike(second, first)

    assert [(s.number, s.skipped, s.same) for s in short] == [(4, 3, 3), (5, 0, 0)]
    assert unlike(first, ()) == first
    assert unlike(second[:2], first) == second[:2], "two steps are shorter than the words for them"


def test_steps_are_never_called_the_same_across_a_gap() -> None:
    longer = step_views(chain(*[INIT] * 20, READ), NAMES)
    longest = step_views(chain(*[INIT] * 20, CREATE, READ), NAMES)

    first, *_, last = unlike(longest, longer)
    assert (first.same, first.number, last.number) == (9, 17, 22)


def test_an_abridged_chain_counts_what_it_leaves_out() -> None:
    short = abridged(step_views(chain(*[INIT] * 30, READ), NAMES))

    assert [s.number for s in short] == [1, 2, 3, 29, 30, 31]
    assert [s.skipped for s in short] == [0, 0, 0, 25, 0, 0]
    assert abridged(step_views(chain(*[INIT] * 6, READ), NAMES)) == step_views(
        chain(*[INIT] * 6, READ), NAMES
    )


@cache
def real(name: str) -> ReportView:
    pack = load_pack()
    facts = collect(str(APKS / name), CollectOptions())
    now = datetime(2026, 11, 24, tzinfo=UTC)
    made = assess(facts, pack, profile(pack, "app-full"), now=now, tool_version="0")
    return ReportView(made, facts, pack, "zh")


def clauses(name: str) -> list[Any]:
    return [clause for instrument in real(name).instruments for clause in instrument.clauses]


def test_a_clause_is_cited_by_its_own_document() -> None:
    view = real("abilities.bad.apk")
    cited = [view.citing.cite([clause]) for clause in clauses("abilities.bad.apk")]

    assert "《信息安全技术 个人信息处理中告知和同意的实施指南》GB/T 42574-2023 告知" in cited
    assert "《中华人民共和国个人信息保护法》第六条" in cited
    assert [text for text in cited if "要点目录" in text or "其他规范性文件" in text] == []
    assert [text for text in cited if not text.startswith("《")] == []


def test_a_heading_does_not_say_the_same_twice() -> None:
    for clause in clauses("abilities.bad.apk"):
        number, _, title = clause.heading.partition("\u3000")
        assert not title or not number.endswith(f" {title}"), clause.heading


def test_what_does_not_apply_has_no_findings() -> None:
    found = clauses("abilities.bad.apk")
    none = [clause for clause in found if clause.verdict is Verdict.NOT_APPLICABLE]

    assert none
    assert any(clause.findings for clause in found)
    assert [clause.number for clause in none if clause.findings] == []


def test_results_at_a_glance_name_the_worst_problems_with_clause_and_proof() -> None:
    data = content(real("abilities.bad.apk"), real("abilities.bad.apk").imprint)
    leading, problems = data["summary"]["leading"], data["problems"]

    assert [p["title"] for p in leading] == [p["title"] for p in problems[: LEADING["zh"]]]
    assert all(p["basis"].startswith("《") for p in leading)
    assert all(re.fullmatch(r"F\d+(–F\d+)?", p["labels"]) for p in leading)
    left = len(problems) - len(leading)
    assert (f"另有 {left} 类问题" in data["summary"]["leading_more"]) is (left > 0)


@pytest.mark.parametrize("name", ["abilities.bad.apk", "self-start.bad.apk", "policy-compare.bad.apk"])
def test_no_internal_id_stands_in_a_chinese_report(name: str) -> None:
    data = content(real(name), real(name).imprint)
    said = [group for p in data["problems"] for f in p["findings"] for group in f["group"].split(" · ")]
    for sheet in data["appendices"]:
        if sheet["key"] in {"undecided", "policy_issues", "powers", "policy_elements"}:
            said += [line for row in sheet["rows"] for cell in row for line in cell.split("\n")]

    assert said
    raw = re.compile(r"[a-z]+([-_][a-z]+)+|(app|policy|site)\.[a-z_]+\.[a-z_.]+.*|p\d+")
    assert [text for text in said if raw.fullmatch(text)] == []


def test_the_summary_does_not_say_unread_where_all_was_read() -> None:
    shown = real("abilities.bad.apk")

    assert not shown.unread
    assert shown.unread_line.startswith(f"有 {shown.undecided_total} 条规则未能判断")


def test_a_note_and_its_role_reach_the_reader() -> None:
    note = Text(zh="没有写明该属性，默认允许", en="not written: allowed by default")
    piece = code(READ, 3, excerpt="const-string a").model_copy(update={"note": note, "beside": True})
    shown = evidence_view(piece, NAMES)

    assert (shown.note, shown.beside) == (note.zh, True)

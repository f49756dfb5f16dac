"""Clauses are cited once per document, and the numbers of clauses a problem bears on agree everywhere in a report."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from report_sample import view as sample
from site_sample import site_view
from test_reading import real

from reports.appendix import ROW_FINDINGS, clause_sheet
from reports.citing import Citing, cite, cite_first, cite_short
from reports.clauses import ClauseView
from reports.formal import LEADING_BASIS, content
from reports.formalproblems import TOP_BASIS
from reports.view import ReportView
from scanner.assess import assess
from scanner.model import Lang, Verdict
from scanner.packload import load_pack, profile_for

FIRST = next(clause for instrument in sample().instruments for clause in instrument.clauses)
NAMES = sample().names


def clause(source: str, number: str) -> ClauseView:
    return replace(FIRST, id=f"{source} {number}", source=source, number=number)


LAW = tuple(clause("《中华人民共和国个人信息保护法》", number) for number in ("第七条", "第十七条"))
METHOD = tuple(clause("《认定方法》", number) for number in ("一、1", "二、3"))
STANDARD = clause("《信息安全技术 指南》GB/T 42574-2023", "告知")


def test_a_document_is_named_once_for_all_its_clauses() -> None:
    assert cite(LAW, NAMES) == "《中华人民共和国个人信息保护法》第七条、第十七条"
    assert cite((LAW[0], STANDARD, LAW[1], LAW[1]), NAMES) == (
        "《中华人民共和国个人信息保护法》第七条、第十七条；《信息安全技术 指南》GB/T 42574-2023 告知"
    )
    english = sample("en").names
    law = (
        clause("Personal Information Protection Law", "第七条"),
        clause("Personal Information Protection Law", "第九条"),
    )
    assert cite(law, english) == "Personal Information Protection Law 第七条, 第九条"


def test_numbers_with_a_comma_of_their_own_stay_apart() -> None:
    assert cite(METHOD, NAMES) == "《认定方法》一、1，二、3"


def test_a_list_cut_short_says_how_many_clauses_are_concerned() -> None:
    assert cite_first(LAW, 1, 5, NAMES) == "《中华人民共和国个人信息保护法》第七条等，共涉及 5 条"
    assert cite_first(LAW, 3, 2, NAMES) == cite(LAW, NAMES)
    assert cite_first(LAW[:1], 1, 1, NAMES) == "《中华人民共和国个人信息保护法》第七条"


def test_an_index_names_the_first_clause_by_the_short_title_of_its_law() -> None:
    old = clause("《中华人民共和国网络安全法（2025年修正）》", "第二十三条（2016年原第二十一条）")

    assert cite_short((old,), NAMES) == "《网络安全法（2025年修正）》第二十三条"
    assert cite_short(LAW, NAMES) == "《个人信息保护法》第七条 等 2 条"


def test_a_report_on_one_document_does_not_repeat_its_title() -> None:
    (instrument,) = sample().instruments

    assert Citing([instrument], NAMES).cite(instrument.clauses[:2]) == "一、1，一、2"
    assert Citing([instrument, instrument], NAMES).cite(instrument.clauses[:1]) == "《测试办法》一、1"


@cache
def site(lang: Lang = "zh") -> ReportView:
    facts, pack = site_view().facts, load_pack()
    made = assess(
        facts, pack, profile_for(pack, "site"), now=datetime(2026, 11, 24, tzinfo=UTC), tool_version="0"
    )
    return ReportView(made, facts, pack, lang)


@pytest.mark.parametrize("make", [lambda: real("abilities.bad.apk"), site], ids=["app", "site"])
def test_page_three_chapters_and_annex_count_the_same_clauses(make: Callable[[], ReportView]) -> None:
    view = make()
    data = content(view, view.imprint)
    chapter = [clause for group in data["clauses"] for clause in group["clauses"]]
    leading = {entry["title"]: entry for entry in data["summary"]["leading"]}
    all_clauses = [clause for instrument in view.instruments for clause in instrument.clauses]

    assert data["problems"]
    for problem, entry in zip(view.problems, data["problems"], strict=True):
        involved = view.citing.involved(problem.first)
        labels = {finding.label for finding in problem.findings}
        assert [c.id for c in involved] == [
            c.id for c in all_clauses if labels & {finding.label for finding in c.findings}
        ]
        flagged = [c for c in involved if c.verdict in {Verdict.VIOLATION, Verdict.SUSPECTED}]
        numbers = {c["number"] for c in chapter if labels & set(c["findings"])}
        assert {c.number for c in flagged} == numbers
        assert {c.id for c in view.citing.basis(problem.first)} <= {c.id for c in involved}
        for text, shown in (
            (entry["basis_top"], TOP_BASIS),
            (leading.get(entry["title"], {}).get("basis"), LEADING_BASIS),
        ):
            cut = len(involved) > min(shown, len(view.citing.basis(problem.first)))
            assert text is None or (f"等，共涉及 {len(involved)} 条" in text) is cut
        counts = [re.match(r"(\S+) (\d+) 条：《", line) for line in entry["involved"]]
        assert sum(int(found[2]) for found in counts if found) == len(involved)


def test_a_row_of_the_annex_says_how_many_findings_it_does_not_name() -> None:
    view = sample()
    row = next(clause for clause in view.citing.involved(view.findings[0]))
    many = replace(
        row, findings=tuple(replace(view.findings[0], number=n) for n in range(1, ROW_FINDINGS + 5))
    )
    group = replace(view.instruments[0], chapters=(("", (many,)),))
    view.__dict__["instruments"] = (group,)

    cells = [row[-1] for row in clause_sheet(view).rows if len(row) > 1]

    assert cells == [f"F01、F02、F03、F04、F05、F06 等 {ROW_FINDINGS + 4} 项"]


def test_clauses_that_share_a_number_are_named_by_their_titles() -> None:
    one = replace(clause("《指引》", "6.4 计算环境"), title="弱口令", is_number_shared=True)
    other = replace(
        clause("《指引》", "6.4 计算环境"), id="other", title="明文鉴别信息", is_number_shared=True
    )

    assert cite((one, other), NAMES) == "《指引》6.4 计算环境“弱口令”、6.4 计算环境“明文鉴别信息”"
    assert cite_short((other,), NAMES) == "《指引》6.4 计算环境“明文鉴别信息”"
    assert one.heading == "6.4 计算环境\u3000弱口令"


@pytest.mark.parametrize("make", [lambda: real("abilities.bad.apk"), site], ids=["app", "site"])
def test_as_many_clauses_are_named_as_counted_and_no_heading_stands_twice(
    make: Callable[[], ReportView],
) -> None:
    view = make()
    data = content(view, view.imprint)

    for problem in view.problems:
        cited = view.citing.citations(view.citing.involved(problem.first))
        named = [(one.source, clause.cited) for one in cited for clause in one.clauses]
        assert len(set(named)) == len(view.citing.involved(problem.first))
    for group in data["clauses"]:
        headings = [(clause["document"], clause["heading"]) for clause in group["clauses"]]
        assert len(set(headings)) == len(headings)


def test_findings_and_remedies_of_a_clause_stand_in_the_same_order() -> None:
    checked = 0
    for clause in (c for i in site().instruments for c in i.clauses if c.verdict is Verdict.SUSPECTED):
        rules = dict.fromkeys(finding.rule for finding in clause.findings)
        messages = [NAMES.text(site().pack.rules[rule].message) for rule in rules]
        told = [message for message in messages if message in clause.reasons]
        assert [reason for reason in clause.reasons if reason in told] == told
        checked += len(told) > 1
    assert checked


def test_every_item_of_evidence_bears_the_number_by_which_others_refer_to_it() -> None:
    view = site_view()
    first = next(f for f in view.findings if any(e.kind == "web" for e in f.evidence))
    view.__dict__["findings"] = (first, replace(first, number=99, group="其他"))
    data = content(view, view.imprint)
    findings = [finding for problem in data["problems"] for finding in problem["findings"]]
    printed = {evidence["label"] for finding in findings for evidence in finding["evidence"]}
    notes = [finding["note"] for finding in findings]
    notes += [evidence["note"] for finding in findings for evidence in finding["evidence"]]
    referred = {label for note in notes if "内容同" in note for label in re.findall(r"F\d+\.\d+", note)}

    assert referred
    assert referred <= printed

"""The number of places of one item is the same in findings, in the table of range and in the table by owner."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

import pytest
from conftest import corpus_path, fixture_apk_path

from reports.appendix import appendix_sheets
from reports.lists import finding_rows
from reports.sheet import Sheet
from reports.view import ReportView
from scanner.assess import assess
from scanner.collect import collect
from scanner.packload import load_pack, profile
from scanner.places import count, obtains, single_groups

NOW = datetime(2026, 11, 24, tzinfo=UTC)
NUMBER = r"\d+/\d+|\(\d+\)|\d+"


@cache
def view_of(name: str) -> ReportView:
    path = fixture_apk_path(name) if "." in name else corpus_path(name)
    facts, pack = collect(path), load_pack()
    return ReportView(
        assess(facts, pack, profile(pack, "app-pi"), now=NOW, tool_version="0"), facts, pack, "zh"
    )


def sheet(view: ReportView, key: str) -> Sheet:
    return next(one for one in appendix_sheets(view) if one.key == key)


def total(text: str) -> int:
    return int(text.strip("()").rpartition("/")[2])


def by_owner(view: ReportView) -> dict[tuple[str, str], str]:
    """Item and owner → the cell of the table by owner."""
    table = sheet(view, "items")
    found = {}
    for row in table.rows:
        item = row[0].partition(" [")[0]
        found |= {(item, owner): cell for owner, cell in zip(table.header[1:-1], row[1:-1], strict=True)}
    return found


@pytest.mark.parametrize("name", ["location.bad", "apidemos", "gpsdemo"])
def test_the_tables_give_the_same_numbers(name: str) -> None:
    view = view_of(name)
    cells, rows = by_owner(view), sheet(view, "necessary_items").rows
    assert rows

    for row in rows:
        match = re.fullmatch(rf"(.+) ×({NUMBER})(?:（据以判断 (\d+) 处）)?", row[1])
        assert match is not None, row[1]
        owner, shown, judged = match.groups()
        assert cells[row[0], owner] == shown
        # Where the row is judged by fewer places than are reached, it says by how many.
        if judged is not None:
            assert int(judged) < total(shown)
    listed = {(row[0], row[1].rpartition(" ×")[0]) for row in rows}
    libraries = view.word("libraries")
    assert {key for key, cell in cells.items() if cell != "·" and key[1] != libraries} == listed


@pytest.mark.parametrize("name", ["location.bad", "apidemos", "gpsdemo"])
def test_findings_count_as_the_tables_do_or_say_what_they_count(name: str) -> None:
    view = view_of(name)
    assert view.facts.app is not None
    checked = 0
    raw = {f.fingerprint: f for r in view.assessment.evaluation.results for f in r.findings}
    for finding in view.findings:
        if view.pack.rules[finding.rule].group_by != ("item", "owner_id"):
            continue
        checked += 1
        accesses = [a for a in view.facts.app.accesses if obtains(a)]
        every = max(
            count(a for a in accesses if f"{a.item} | {a.owner_id}" == group)
            for group in single_groups(raw[finding.fingerprint].group)
        )
        if finding.total == every.total:
            assert finding.places == f"共 {every.total} 处" or f"共 {every.total} 处，列出" in finding.places
        else:
            assert f"共 {every.total} 处，此处只计符合本规则条件的" in finding.places
    assert checked


def test_a_search_is_no_place_in_any_format() -> None:
    view = view_of("gpsdemo")
    (missing,) = [f for f in view.findings if f.rule == "no-privacy-policy"]
    (row,) = [r for r in finding_rows(view) if missing.code in r]

    assert missing.places == ""
    assert 0 in row


def test_the_index_of_evidence_names_what_each_finding_shows() -> None:
    view = view_of("apidemos")
    rows = sheet(view, "evidence").rows

    shown = {
        f"{finding.label}.{n}": evidence.kind_label
        for finding in view.findings
        for n, evidence in enumerate(finding.evidence, 1)
    }
    named = [(name, row[1]) for row in rows for name in row[0].split("、")]
    assert len(named) == len(shown) > len(rows), "what several findings rest on is one row"
    assert dict(named) == shown

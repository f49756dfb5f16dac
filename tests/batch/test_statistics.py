"""Indicators and index equal what is computed by hand, keep failures, and can be trusted in how they move."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from filling import IMEI, LOCATION, Filler, day
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.batch.statistics import span, statistics
from scanner.batch.store import Store
from scanner.cli import cli
from scanner.packload import load_pack
from scanner.rulepack import Pack
from scanner.supervision import index, quality, supervision_rules, wilson

RULES = supervision_rules()
METHOD = RULES.index


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "results.db"))
    yield opened
    opened.close()


@pytest.fixture
def november(store: Store) -> Store:
    """Five subjects, two failures and one target not yet examined; see the tables of the tests."""
    fill = Filler(store)
    first, second = fill.run(day(11, 2)), fill.run(day(11, 20))
    fill.failed(first, "a", region="北京")  # examined by the second run
    both = [(IMEI, "critical", "certain"), (LOCATION, "high", "certain")]
    fill.assessed(
        second, day(11, 20), "a", (2, 1, 3, 4), 40, both, broken=True, region="北京", category="购物"
    )
    lead = [(IMEI, "critical", "tentative")]
    fill.assessed(second, day(11, 20), "b", (0, 2, 4, 4), 80, lead, region="北京", category="购物")
    fill.assessed(second, day(11, 20), "c", (0, 0, 0, 10), 100, region="上海", category="购物")
    place = [(LOCATION, "high", "certain")]
    fill.assessed(
        second, day(11, 20), "d", (1, 0, 5, 4), 70, place, broken=True, region="上海", category="社交"
    )
    fill.assessed(first, day(11, 2), "e", (1, 0, 0, 0), 10, place, broken=True, category="社交")
    fill.assessed(second, day(11, 20), "e", (0, 0, 10, 0), 90, category="社交")
    fill.failed(second, "f", region="北京")
    fill.failed(second, "g", code="not-a-zip", zh="g：不是安装包", en="g: no package", region="上海")
    fill.failed(second, "h", state="pending", code=None, region="上海")
    october = fill.run(day(10, 5))
    fill.assessed(october, day(10, 5), "a", (0, 0, 1, 9), 100, region="北京")
    return store


def test_every_number_of_a_small_store_is_the_one_computed_by_hand(november: Store, pack: Pack) -> None:
    """November 2026; q = 0.5 × score/100 + 0.3 × no violation + 0.2 × no critical violation.

    | subject | region | score | 不符合 疑似 人工 符合 | q                      |
    |---------|--------|-------|----------------------|------------------------|
    | a       | 北京   | 40    | 2 1 3 4              | 0.20 + 0   + 0   = 0.20 |
    | b       | 北京   | 80    | 0 2 4 4              | 0.40 + 0.3 + 0.2 = 0.90 |
    | c       | 上海   | 100   | 0 0 0 10             | 0.50 + 0.3 + 0.2 = 1.00 |
    | d       | 上海   | 70    | 1 0 5 4              | 0.35 + 0   + 0.2 = 0.55 |
    | e       | –      | 90    | 0 0 10 0 (newest)    | 0.45 + 0.3 + 0.2 = 0.95 |

    All: mean q 3.60 / 5 = 0.72.  Wilson, z² = 3.8416: centre (0.72 + 0.38416) / 1.76832 = 0.62441; half width
    1.96 / 1.76832 × √(0.72 × 0.28 / 5 + 0.038416) = 1.10840 × √0.078736 = 0.31101: 31.3 to 93.5.
    北京: mean (0.2 + 0.9) / 2 = 0.55; centre 1.5104 / 2.9208 = 0.51712, half 0.67105 × √0.36385 = 0.40478: 11.2 to 92.2.
    Targets: a–e examined, f and g failed, h pending: 5 of 8.  北京 2 of 3, 上海 2 of 4.
    Clauses: 3 + 3 + 22 + 22 = 50 applicable, 28 decided = 0.56.
    Scores 40 70 80 90 100: median 80, mean 380 / 5 = 76.  Violations 0 0 0 1 2: median 0.
    Location: a and d, both certain with the control violated.  IMEI: a and b, only a's is certain.
    2 of 5: centre (0.4 + 0.38416) / 1.76832 = 0.44345, half 1.10840 × √(0.048 + 0.038416) = 0.32583: 0.1176 to 0.7693.
    """
    start, end = span("2026-11")
    found = statistics(november, pack, METHOD, start=start, end=end, by="region")
    total = found.total.model_dump()
    groups = {group.key: group for group in found.groups}

    assert total["index"] == {"value": 72.0, "low": 31.3, "high": 93.5}
    assert groups["北京"].index is not None
    assert groups["北京"].index.model_dump() == {"value": 55.0, "low": 11.2, "high": 92.2}
    assert [total[name] for name in ("subjects", "targets", "examined", "failed", "pending")] == [
        5,
        8,
        5,
        2,
        1,
    ]
    assert [groups[key].coverage for key in ("北京", "上海", "—")] == [0.6667, 0.5, 1.0]
    assert total["coverage"] == 0.625
    assert [total["with_violation"], total["with_suspected"], total["with_critical"]] == [2, 2, 1]
    assert list(total["clauses"].values()) == [3, 3, 22, 22, 0]
    assert (total["decided"], total["upper_bound"], total["small"]) == (0.56, False, True)
    assert (total["mean_score"], total["median_score"], total["median_violations"]) == (76.0, 80.0, 0.0)
    assert total["letters"] == {"差": 2, "良": 3}
    assert total["provisional"] == 4
    assert [(s.key, s.subjects, s.confirmed) for s in found.rules] == [(LOCATION, 2, 2), (IMEI, 2, 1)]
    assert found.rules[0].share.model_dump() == {"value": 0.4, "low": 0.1176, "high": 0.7693}
    assert [(item.code, item.count) for item in found.failures] == [("empty", 1), ("not-a-zip", 1)]


def test_phrase_counts_a_subject_once_however_many_rules_say_it(november: Store, pack: Pack) -> None:
    assert pack.rules[IMEI].bulletin[0] == pack.rules[LOCATION].bulletin[0]
    found = statistics(november, pack, METHOD, start=span("2026-11")[0], end=span("2026-11")[1])

    assert [(s.key, s.subjects, s.confirmed) for s in found.phrases] == [(pack.rules[IMEI].bulletin[0], 3, 2)]


def test_months_are_groups_of_their_own_and_begin_at_midnight_in_beijing(november: Store, pack: Pack) -> None:
    found = statistics(november, pack, METHOD, by="period")

    assert [(group.key, group.subjects, group.targets) for group in found.groups] == [
        ("2026-10", 1, 1),
        ("2026-11", 5, 8),
    ]
    assert span("2026-11")[0] == datetime(2026, 10, 31, 16, tzinfo=UTC)
    assert span("2026-Q4") == (span("2026-10")[0], span("2027-01")[0])
    assert span("2026") == (span("2026-01")[0], span("2027")[0])
    for wrong in ("26-11", "2026-13", "2026-Q5", "2026-", "2026-1", "x"):
        with pytest.raises(ValueError, match=wrong):
            span(wrong)


def test_undecided_clauses_make_the_index_an_upper_bound(store: Store, pack: Pack) -> None:
    fill = Filler(store)
    fill.assessed(fill.run(day(11, 2)), day(11, 2), "a", (0, 0, 9, 1), 100)
    total = statistics(store, pack, METHOD).total

    assert total.upper_bound
    assert total.index is not None
    assert total.index.value == 100
    assert total.index.low < 25


subjects = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 9), st.booleans()), min_size=1, max_size=40)


@given(subjects=subjects, data=st.data())
@settings(max_examples=150, deadline=None)
def test_index_stays_in_range_ignores_order_and_never_rises_by_a_violation(
    subjects: list[tuple[int, int, bool]], data: st.DataObject
) -> None:
    def of(values: Sequence[tuple[int, int, bool]]) -> Any:
        return index([quality(s, v, critical=c and v > 0, rules=METHOD) for s, v, c in values], METHOD)

    before = of(subjects)
    at = data.draw(st.integers(0, len(subjects) - 1))
    score, violations, critical = subjects[at]
    worse = list(subjects)
    worse[at] = (
        max(0, score - data.draw(st.integers(0, 30))),
        violations + 1,
        critical or data.draw(st.booleans()),
    )
    after = of(worse)
    mixed = list(subjects)
    random.Random(at).shuffle(mixed)

    assert 0 <= before.low <= before.value <= before.high <= 100
    assert after.value <= before.value
    assert after.low <= before.low
    assert after.high <= before.high
    assert of(mixed) == before


@given(mean=st.floats(0, 1), n=st.integers(1, 10_000))
@settings(max_examples=100, deadline=None)
def test_interval_holds_the_mean_and_narrows_with_more_subjects(mean: float, n: int) -> None:
    low, high = wilson(mean, n, METHOD.z)
    closer = wilson(mean, 4 * n, METHOD.z)

    assert 0 <= low <= mean <= high <= 1
    assert closer[1] - closer[0] < high - low


# --- the commands -----------------------------------------------------------------------------------------


def call(*args: str) -> Any:
    return CliRunner().invoke(cli, ["--isolated", *args])


def test_stats_as_json_csv_and_text_say_the_same(november: Store, tmp_path: Path) -> None:
    where = [
        "stats",
        "--store",
        str(tmp_path / "results.db"),
        "--by",
        "region",
        "--from",
        "2026-11-01T00:00:00+08:00",
    ]
    data = json.loads(call(*where, "-f", "json").output)
    rows = list(csv.DictReader(io.StringIO(call(*where, "-f", "csv").output.lstrip("\ufeff"))))
    text = call(*where).output

    assert data["total"]["index"]["value"] == 72.0
    assert {row["region"]: row["index"] for row in rows} == {
        "北京": "55.0",
        "上海": "77.5",
        "—": "95.0",
        "*": "72.0",
    }
    assert [row["failed"] for row in rows] == ["1", "1", "0", "2"]
    assert "72.0（31.3–93.5，n = 5） 样本少" in text
    assert "不是安装包 (not-a-zip)" in text
    assert "只取最近一次评估" not in text  # as many subjects as targets examined


def test_summary_shows_the_same_index_in_every_format_and_language(november: Store, tmp_path: Path) -> None:
    where = ["summary", "--store", str(tmp_path / "results.db"), "--period", "2026-11", "--now", "2026-11-24"]
    formats = [arg for form in ("html", "docx", "xlsx", "json") for arg in ("-f", form)]
    assert call(*where, *formats, "-o", f"{tmp_path}/out/").exit_code == 0
    page = (tmp_path / "out" / "summary-2026-11.html").read_text("utf-8")
    word = zipfile.ZipFile(tmp_path / "out" / "summary-2026-11.docx").read("word/document.xml").decode()
    book = openpyxl.load_workbook(tmp_path / "out" / "summary-2026-11.xlsx")
    english = call(*where, "--lang", "en").output

    sheet = " ".join(str(cell.value) for row in book["总体情况"].iter_rows() for cell in row)
    for text in (page, word, sheet):
        assert "72.0（31.3–93.5，n = 5） 样本少" in text
    assert "72.0 (31.3–93.5, n = 5) small sample" in english
    assert "script-src" not in page
    assert "<script" not in page
    assert 'style="' not in page
    assert len(book["分地区"]._charts) == 1
    assert {book["分地区"].cell(row, 1).value for row in range(1, 8)} >= {"北京", "上海", "未注明"}


def test_hostile_names_stay_text_in_every_format(store: Store, tmp_path: Path) -> None:
    fill = Filler(store)
    bad = "=1+1<script>alert(1)</script>"
    fill.assessed(fill.run(day(11, 2)), day(11, 2), "a", (0, 0, 1, 1), 90, region=bad)
    where = ["summary", "--store", str(tmp_path / "results.db"), "--period", "2026-11"]
    call(*where, "-f", "html", "-f", "docx", "-f", "xlsx", "-o", f"{tmp_path}/out/")

    page = (tmp_path / "out" / "summary-2026-11.html").read_text("utf-8")
    cells = [
        cell
        for row in openpyxl.load_workbook(tmp_path / "out" / "summary-2026-11.xlsx")["分地区"].iter_rows()
        for cell in row
        if cell.value == bad
    ]
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert cells
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)
    table = call("stats", "--store", str(tmp_path / "results.db"), "--by", "region", "-f", "csv").output
    assert f"'{bad}" in table


def test_an_unknown_period_is_refused_with_the_forms_that_exist(store: Store, tmp_path: Path) -> None:
    done = call("summary", "--store", str(tmp_path / "results.db"), "--period", "Nov")

    assert done.exit_code == 2
    assert "2026-Q4" in done.output

"""The record of an operator tells fixed from merely unseen, and proposals rest on its facts alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from filling import IMEI, LOCATION, Filler, day

from scanner.batch.operators import courses, months_before, operators, proposals
from scanner.batch.store import Store
from scanner.cli import cli
from scanner.model import Severity
from scanner.packload import load_pack
from scanner.supervision import Operator, SupervisionRules, Visit, When, supervision_rules

RULES = supervision_rules()
NOW = day(11, 24)
CRITICAL = {"imei": Severity.CRITICAL, "place": Severity.HIGH, "log": Severity.LOW}


def visit(at: datetime, *confirmed: str, sha256: str = "", **changes: Any) -> Visit:
    values: dict[str, Any] = {
        "assessed_at": at,
        "subject": "app:a",
        "name": "甲",
        "version": "1",
        "sha256": sha256 or at.isoformat(),
        "letter": "差" if confirmed else "优",
        "score": 50,
        "violations": len(confirmed),
        "suspected": 0,
        "manual": 0,
        "gaps": 0,
        "pack": "p",
        "profile": "app-pi",
        "confirmed": tuple(sorted(confirmed)),
        "leads": (),
    }
    return Visit(**{**values, **changes})


def record(*visits: Visit, failures: tuple[datetime, ...] = ()) -> Operator:
    return Operator(name="公司", visits=visits, courses=courses(visits, CRITICAL), failures=failures)


def proposed(operator: Operator, rules: SupervisionRules = RULES, now: datetime = NOW) -> list[str]:
    return [proposal.rule for proposal in proposals(operator, rules, now)]


def test_a_violation_missing_from_a_full_reading_of_another_package_is_fixed() -> None:
    (course,) = record(visit(day(9, 1), "imei"), visit(day(10, 1))).courses

    assert (course.state, course.times, course.remained, course.returned) == ("fixed", 1, 0, False)


@pytest.mark.parametrize(
    "after",
    [
        {"gaps": 1},
        {"sha256": day(9, 1).isoformat()},
        {"pack": "q"},
        {"profile": "app-quick"},
        {"leads": ("imei",)},
    ],
    ids=["unread content", "same package", "other rules", "other profile", "still a lead"],
)
def test_a_violation_merely_unseen_is_not_called_fixed(after: dict[str, Any]) -> None:
    (course,) = record(visit(day(9, 1), "imei"), visit(day(10, 1), **after)).courses

    assert course.state == "unconfirmed"


def test_days_remained_and_return_after_a_fix_are_computed_by_hand() -> None:
    """Seen 1 Aug and 21 Aug (20 days), fixed 1 Sep, back 1 Oct and still there 11 Oct (10 days)."""
    days = [day(8, 1), day(8, 21), day(9, 1), day(10, 1), day(10, 11)]
    (course,) = record(*(visit(at, *([] if at == day(9, 1) else ["imei"])) for at in days)).courses

    assert (course.state, course.times, course.remained, course.returned) == ("open", 4, 20, True)
    assert (course.first_seen, course.last_seen) == (day(8, 1), day(10, 11))


def test_conditions_hold_from_their_limit_on_and_within_their_months_only() -> None:
    one = record(visit(day(11, 1), "imei"))
    two = record(visit(day(11, 1), "imei"), visit(day(11, 2), "imei", subject="app:b"))
    old = record(
        visit(day(11, 1) - timedelta(days=400), "imei"),
        visit(day(11, 2) - timedelta(days=400), "imei", subject="app:b"),
    )

    assert "black-critical-repeated" not in proposed(one)
    assert "black-critical-repeated" in proposed(two)
    assert proposed(old) == []


def test_no_response_after_a_retest_needs_the_days_and_the_severity() -> None:
    assert "black-unresponsive" not in proposed(record(visit(day(11, 1), "imei"), visit(day(11, 15), "imei")))
    assert "black-unresponsive" in proposed(record(visit(day(11, 1), "imei"), visit(day(11, 16), "imei")))
    assert "black-unresponsive" not in proposed(record(visit(day(10, 1), "log"), visit(day(11, 16), "log")))
    fixed = record(visit(day(10, 1), "imei"), visit(day(11, 1), "imei"), visit(day(11, 16)))
    assert "black-unresponsive" not in proposed(fixed)


def test_recurrence_many_violations_and_failures_are_proposed() -> None:
    back = record(visit(day(8, 1), "place"), visit(day(9, 1)), visit(day(10, 1), "place"))
    many = record(*(visit(day(11, n), "log", subject=f"app:{n}") for n in range(1, 6)))

    assert proposed(back) == ["black-recurrent"]
    assert proposed(many) == ["watch-many-violations"]
    assert proposed(record(failures=(day(10, 1), day(11, 1)))) == ["watch-not-examined"]


@pytest.mark.parametrize("flaw", [{"manual": 1}, {"suspected": 1}, {"gaps": 1}, {"violations": 1}])
def test_red_list_is_never_proposed_on_silence(flaw: dict[str, int]) -> None:
    clean = [visit(day(month, 1)) for month in (8, 9, 10)]

    assert proposed(record(*clean)) == ["red-clean"]
    assert proposed(record(*clean[:2])) == []
    assert proposed(record(*clean, visit(day(11, 1), **flaw))) == []
    assert proposed(record(*clean, failures=(day(11, 1),))) == []


def test_every_proposal_names_its_basis_in_both_languages_and_fills_its_reason() -> None:
    made = proposals(record(visit(day(10, 1), "imei"), visit(day(11, 16), "imei")), RULES, NOW)

    assert [proposal.reason.zh for proposal in made] == [
        "首次发现 15 天以后复测，仍有 1 项高及以上不符合项未整改（条件：不少于 1 项）"
    ]
    for rule in RULES.proposals:
        assert "{count}" in rule.reason.zh
        assert "{count}" in rule.reason.en
        assert all(RULES.documents[name].zh and RULES.documents[name].en for name in rule.basis)


def test_a_condition_counts_exactly_one_thing() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        When(violations=1, clean=1, months=1)
    with pytest.raises(ValueError, match="exactly one"):
        When(months=1)


def test_months_end_where_the_month_does() -> None:
    assert months_before(datetime(2026, 3, 31, tzinfo=UTC), 1) == datetime(2026, 2, 28, tzinfo=UTC)
    assert months_before(datetime(2026, 1, 15, tzinfo=UTC), 13) == datetime(2024, 12, 15, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """公司甲: a violation found twice, 20 days apart, and once by a mere reassessment; 公司乙: clean but undecided."""
    opened = Store(str(tmp_path / "results.db"))
    fill = Filler(opened)
    both = [(IMEI, "critical", "certain"), (LOCATION, "high", "firm")]
    for at, source in ((day(11, 1), "list.csv"), (day(11, 10), "reassess:r1"), (day(11, 21), "list.csv")):
        run = fill.run(at, source)
        fill.assessed(run, at, "a", (1, 0, 3, 3), 60, both, broken=True, sha256="a" * 64, developer="公司甲")
    fill.assessed(run, day(11, 21), "b", (0, 0, 5, 5), 100, developer="公司乙")
    fill.failed(run, "c", developer="公司甲")
    yield opened
    opened.close()


def test_reassessing_stored_facts_is_no_examination(store: Store) -> None:
    first, second = operators(store, load_pack(), RULES, NOW)

    assert (first.name, second.name) == ("公司乙", "公司甲")
    assert [v.assessed_at for v in second.visits] == [day(11, 1), day(11, 21)]
    assert [(c.rule, c.times, c.remained, c.state) for c in second.courses] == [(IMEI, 2, 20, "open")]
    assert second.failures == (day(11, 21),)
    assert [p.rule for p in second.proposals] == ["black-unresponsive"]
    assert first.proposals == ()


def test_command_lists_proposals_and_says_that_a_human_decides(store: Store, tmp_path: Path) -> None:
    def call(*args: str) -> str:
        where = ["--isolated", "operators", "--store", str(tmp_path / "results.db"), "--now", "2026-11-24"]
        return CliRunner().invoke(cli, [*where, *args]).output

    assert "由人决定" in call()
    assert "公司乙" not in call()
    assert "公司甲" in call()
    assert "公司乙" in call("公司乙")
    assert load_pack().rules[IMEI].title.en.split()[0] in call("公司甲", "--lang", "en")

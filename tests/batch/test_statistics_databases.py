"""Statistics and operator records are the same from SQLite and from PostgreSQL."""

from __future__ import annotations

import pytest
from filling import IMEI, Filler, day

from scanner.batch.lists import grades, store_subjects
from scanner.batch.operators import operators
from scanner.batch.statistics import statistics
from scanner.batch.store import Store
from scanner.batch.summary import summary
from scanner.packload import load_pack
from scanner.supervision import supervision_rules

pytestmark = pytest.mark.xdist_group("batch")


def test_a_small_store_gives_the_same_numbers_in_both_databases(store_url: str) -> None:
    """a: q = 0.3 + 0 + 0 in its newest examination; b: q = 0.5 + 0.3 + 0.2; mean 0.65."""
    pack, rules, store = load_pack(), supervision_rules(), Store(store_url)
    fill = Filler(store)
    for at, source in ((day(11, 1), "list.csv"), (day(11, 10), "reassess:r1"), (day(11, 21), "list.csv")):
        run, found = fill.run(at, source), [(IMEI, "critical", "certain")]
        where = {"developer": "公司甲", "region": "北京"}
        fill.assessed(run, at, "a", (1, 0, 3, 3), 60, found, broken=True, sha256="a" * 64, **where)
    fill.assessed(run, day(11, 21), "b", (0, 0, 5, 5), 100, region="上海")
    fill.failed(run, "c", developer="公司甲", region="北京")

    numbers = statistics(store, pack, rules.index, by="period")
    (record,) = operators(store, pack, rules, day(11, 24))
    report = summary(store, pack, rules, "2026-11", day(11, 24))
    population, _ = store_subjects(store, store_url, ("region", "history"), avoid_region=False)
    store.close()

    assert numbers.total.index is not None
    assert numbers.total.index.value == 65.0
    assert [(g.key, g.subjects, g.targets, g.failed) for g in numbers.groups] == [("2026-11", 2, 3, 1)]
    assert [(v.assessed_at, v.confirmed) for v in record.visits] == [
        (day(11, 1), (IMEI,)),
        (day(11, 21), (IMEI,)),
    ]
    assert [(name, p.rule) for name, p in report.proposals] == [("公司甲", "black-unresponsive")]
    assert report.trend[-1].subjects == 2
    assert sorted(c.stratum for c in population) == ["上海 / 良", "北京 / 差"]


def test_history_of_a_listed_subject_is_its_newest_grade(store_url: str) -> None:
    store = Store(store_url)
    fill = Filler(store)
    fill.assessed(fill.run(day(10, 1)), day(10, 1), "a", (1, 0, 0, 0), 10, broken=True, store="甲")
    fill.assessed(fill.run(day(11, 1)), day(11, 1), "a", (0, 0, 1, 1), 90, store="乙")

    assert grades(store) == {"a": "良"}
    assert grades(store, day(10, 20)) == {"a": "差"}
    store.close()

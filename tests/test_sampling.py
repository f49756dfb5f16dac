"""The random draw can be repeated by anybody, is fair between strata, and respects conflicts of interest."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.cli import cli
from scanner.errors import InputError
from scanner.sampling import Candidate, Inspector, SampleRecord, Source, draw, places, verify

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SUBJECTS = [
    Candidate(
        id=f"app{n:02}", stratum=["购物", "社交", "地图"][n % 3 if n < 15 else 0], parties=(f"公司{n % 4}",)
    )
    for n in range(30)
]
PEOPLE = [Inspector(id=f"Z{n}", avoid=("公司0",) if n < 2 else ()) for n in range(6)]


def drawn(seed: str = "2026135", **changes: Any) -> SampleRecord:
    values: dict[str, Any] = {
        "population": SUBJECTS,
        "inspectors": PEOPLE,
        "seed": seed,
        "size": 9,
        "minimum": 1,
        "by": ("category",),
        "weights": {"地图": "3"},
        "drawn_at": NOW,
        "subjects_source": Source(name="a.csv", entries=30),
        "inspectors_source": Source(name="b.csv", entries=6),
    }
    return draw(**{**values, **changes})


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "statistics.md").read_text("utf-8"), re.S)


@pytest.mark.parametrize("seed", ["2026135", "种子-7", "x"])
def test_ten_lines_of_the_documentation_give_the_same_draw(tmp_path: Path, seed: str) -> None:
    record = drawn(seed)
    (tmp_path / "sample.json").write_text(record.model_dump_json(), "utf-8")
    ten, five = blocks()
    assert len(ten.splitlines()) == 10
    (tmp_path / "again.py").write_text(ten + five, "utf-8")

    out = subprocess.run(
        [sys.executable, "-I", "again.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()

    assert out[0] == str([item.id for item in record.drawn])
    assert out[1:] == [f"{item.id} {list(item.inspectors)}" for item in record.drawn]


def test_places_are_shared_as_computed_by_hand() -> None:
    """Sizes 20, 5, 5, one place each, weight 3 for 地图; six places go to the greatest size × weight ÷ (2k + 1).

    1st: 购物 20/3 = 6.67, 社交 5/3, 地图 15/3 = 5 → 购物 2; 2nd: 20/5 = 4 < 5 → 地图 2; 3rd: 购物 4, 地图 15/5 = 3
    → 购物 3; 4th: 20/7 = 2.86 < 3 → 地图 3; 5th: 购物 2.86, 地图 15/7 = 2.14 → 购物 4; 6th: 20/9 = 2.22 → 购物 5.
    """
    assert places({"购物": 20, "社交": 5, "地图": 5}, 9, 1, {"地图": Fraction(3)}) == {
        "购物": 5,
        "社交": 1,
        "地图": 3,
    }
    assert {s.name: s.places for s in drawn().strata} == {"购物": 5, "社交": 1, "地图": 3}


@given(
    sizes=st.dictionaries(st.text("abc", min_size=1, max_size=3), st.integers(1, 40), min_size=1, max_size=6),
    size=st.integers(6, 200),
    minimum=st.integers(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_places_sum_up_and_no_stratum_gives_more_than_it_has(
    sizes: dict[str, int], size: int, minimum: int
) -> None:
    given_places = places(sizes, size, minimum)

    assert sum(given_places.values()) == min(size, sum(sizes.values()))
    assert all(min(minimum, sizes[name]) <= count <= sizes[name] for name, count in given_places.items())


def test_order_of_the_lists_changes_nothing_and_the_seed_everything() -> None:
    record = drawn()

    assert drawn(population=SUBJECTS[::-1], inspectors=PEOPLE[::-1]) == record
    assert {drawn(f"s{n}").drawn for n in range(20)}.__len__() == 20


def test_two_inspectors_without_conflict_share_the_work_evenly() -> None:
    record = drawn(size=30, minimum=0)
    avoid = {person.id: set(person.avoid) for person in PEOPLE}
    parties = {candidate.id: set(candidate.parties) for candidate in SUBJECTS}
    load = [sum(ident in item.inspectors for item in record.drawn) for ident in avoid]

    assert all(len(set(item.inspectors)) == 2 for item in record.drawn)
    assert not any(avoid[i] & parties[item.id] for item in record.drawn for i in item.inspectors)
    assert sum(load) == 60
    assert max(load) - min(load) <= 1


def test_subject_without_two_free_inspectors_is_reported() -> None:
    record = drawn(inspectors=PEOPLE[:3])

    assert {item.id for item in record.unpaired} == {
        item.id for item in record.drawn if int(item.id[3:]) % 4 == 0
    }
    assert record.unpaired


def test_a_changed_record_or_list_is_noticed() -> None:
    record = drawn()
    swapped = record.model_copy(update={"drawn": record.drawn[::-1]})
    other = [*SUBJECTS[:-1], Candidate(id="new", stratum="购物")]

    assert verify(record, SUBJECTS, PEOPLE) == ()
    assert [text.zh for text in verify(swapped)] == ["抽取结果与重算结果不符"]
    assert "所给抽查名单与记录中的名单不同" in [text.zh for text in verify(record, other)]
    assert len(verify(record.model_copy(update={"population": tuple(other)}))) >= 1


def test_impossible_draws_are_refused_with_what_to_do() -> None:
    with pytest.raises(InputError, match="--minimum"):
        drawn(size=2)
    with pytest.raises(InputError, match="出现两次"):
        drawn(population=[*SUBJECTS, SUBJECTS[0]])
    with pytest.raises(InputError, match="种子"):
        drawn(" ")


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    rows = [f"P{n},应用{n},{['购物', '社交'][n % 2]},公司{n},{['北京', '上海'][n % 2]}" for n in range(12)]
    rows[0] = "P0,=HYPERLINK(1)<b>,购物,公司0,北京"
    (tmp_path / "subjects.csv").write_text("编号,名称,类别,开发者,地区\n" + "\n".join(rows) + "\n", "gb18030")
    people = [f"Z{n},检查员{n},大队,{['北京', '上海'][n % 2]},公司1；公司3" for n in range(6)]
    (tmp_path / "people.csv").write_text(
        "执法证号,姓名,单位,地区,回避单位\n" + "\n".join(people) + "\n", "utf-8"
    )
    return tmp_path


def call(*args: str) -> Any:
    return CliRunner().invoke(cli, ["--isolated", *args])


def test_command_writes_a_record_that_verifies_and_notices_a_changed_list(lists: Path) -> None:
    where = ["--subjects", str(lists / "subjects.csv"), "--inspectors", str(lists / "people.csv")]
    how = ["--by", "category", "--avoid-region", "--seed", "20261124", "--size", "6", "--now", "2026-11-24"]
    formats = ["-f", "json", "-f", "html", "-f", "docx", "-o", f"{lists}/out/"]

    done = call("sample", *where, *how, *formats)
    record = json.loads((lists / "out" / "sample.json").read_text("utf-8"))
    again = call("sample", "verify", f"{lists}/out/sample.json", *where)
    (lists / "subjects.csv").write_text("编号,类别\nP0,购物\n", "utf-8")
    changed = call("sample", "verify", f"{lists}/out/sample.json", *where)

    # 公司1 and 公司3 are avoided by all; in 上海 only the three inspectors from 北京 may work.
    short = [item["id"] for item in record["drawn"] if item["id"] in {"P1", "P3"}]
    assert done.exit_code == (1 if short else 0), done.output
    regions = {item["id"]: int(item["id"][1:]) % 2 for item in record["population"]}
    assert all(int(i[1:]) % 2 != regions[d["id"]] for d in record["drawn"] for i in d["inspectors"])
    assert again.exit_code == 0, again.output
    assert changed.exit_code == 1
    assert "名单与记录中的名单不同" in changed.output
    page = (lists / "out" / "sample.html").read_text("utf-8")
    assert record["drawn"][0]["rank"][:16] in page
    assert "HYPERLINK(1)<b>" not in page
    assert "抽取人（签字）" in page


def test_missing_column_and_unknown_weight_are_errors(lists: Path) -> None:
    draw_two = ["sample", "--seed", "1", "--size", "2", "--by", "category", "--subjects"]

    missing = call(*draw_two, str(lists / "people.csv"))
    unknown = call(*draw_two, str(lists / "subjects.csv"), "--weight", "音乐=2")

    assert (missing.exit_code, unknown.exit_code) == (3, 3)
    assert "没有分层用的列（category" in missing.output
    assert "音乐" in unknown.output

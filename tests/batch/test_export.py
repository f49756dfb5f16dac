"""Exports hold every row of the store, in forms other tools read, without formulas."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pytest
from batching import APKS, NOW, batch
from pyarrow import parquet

pytestmark = pytest.mark.xdist_group("batch")


@pytest.fixture
def filled(tmp_path: Path, store_url: str) -> str:
    listing = tmp_path / "list.csv"
    rows = [
        f"{APKS / 'clean.apk'},甲",
        f"{APKS / 'location.bad.apk'},=1+1",
        f"{APKS / 'broken' / 'empty.apk'},甲",
    ]
    listing.write_text("路径,名称\n" + "\n".join(rows) + "\n", "utf-8")
    batch("run", str(listing), "--store", store_url, "--run", "a", "--now", NOW, check=3)
    batch("run", str(APKS / "contacts.bad.apk"), "--store", store_url, "--run", "b", "--now", NOW, check=0)
    return store_url


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_holds_every_row_and_no_formula(filled: str, tmp_path: Path) -> None:
    batch("export", str(tmp_path / "out"), "--store", filled, check=0)

    assert [row["state"] for row in read_csv(tmp_path / "out" / "task.csv")] == [
        "done",
        "done",
        "failed",
        "done",
    ]
    assert [row["name"] for row in read_csv(tmp_path / "out" / "assessment.csv")][:2].count("'=1+1") == 1
    assert {row["run_id"] for row in read_csv(tmp_path / "out" / "task.csv")} == {"1", "2"}


def test_parquet_holds_the_same_rows_with_types(filled: str, tmp_path: Path) -> None:
    for form in ("csv", "parquet"):
        batch("export", str(tmp_path / form), "--store", filled, "--format", form, check=0)

    for name in ("run", "task", "facts", "assessment", "finding", "control_verdict", "clause_verdict"):
        table = parquet.read_table(tmp_path / "parquet" / f"{name}.parquet")
        assert table.num_rows == len(read_csv(tmp_path / "csv" / f"{name}.csv")), name
    scores = parquet.read_table(tmp_path / "parquet" / "assessment.parquet").column("score").to_pylist()
    assert all(isinstance(score, int) for score in scores)
    assert len(scores) == 3


def test_one_run_is_exported_alone(filled: str, tmp_path: Path) -> None:
    batch("export", str(tmp_path / "out"), "--store", filled, "--run", "b", check=0)

    assert [r["label"] for r in read_csv(tmp_path / "out" / "run.csv")] == ["b"]
    assert len(read_csv(tmp_path / "out" / "assessment.csv")) == 1
    assert {r["assessment_id"] for r in read_csv(tmp_path / "out" / "finding.csv")} == {
        read_csv(tmp_path / "out" / "assessment.csv")[0]["id"]
    }


def test_the_notice_list_of_a_run_names_each_subject_with_its_problems(filled: str, tmp_path: Path) -> None:
    book, listed = tmp_path / "notice.xlsx", tmp_path / "notice.csv"
    batch("notice", "--store", filled, "--run", "a", "--now", NOW, "-o", str(book), check=0)
    batch(
        *("notice", "--store", filled, "--run", "a", "--now", NOW, "-f", "csv-notice", "-o", str(listed)),
        check=0,
    )

    rows = list(openpyxl.load_workbook(book).worksheets[0].iter_rows(values_only=True))
    names = [row[1] for row in rows if row[0] in {1, 2}]
    assert "=1+1" in names
    assert [row["应用名称"] for row in read_csv(listed)].count("'=1+1") == 1
    assert len(names) == len(read_csv(listed))
    assert batch("notice", "--store", filled, "--run", "none", check=3).stderr.count("批次") == 1


def test_what_was_not_examined_is_in_the_notice_workbook(tmp_path: Path) -> None:
    folder, book = tmp_path / "apps", tmp_path / "notice.xlsx"
    folder.mkdir()
    (folder / "=cmd().apk").write_bytes(b"")
    store = f"sqlite:///{tmp_path / 'r.db'}"
    batch("run", str(folder), "--store", store, "--run", "a", "--now", NOW, check=3)

    done = batch("notice", "--store", store, "--now", NOW, "-o", str(book), check=0)

    assert "另有 1 个目标未能检测" in done.stderr
    pages = openpyxl.load_workbook(book)
    rows = list(pages["未能检测"].iter_rows(values_only=True))
    assert str(rows[1][4]).endswith("=cmd().apk")
    assert rows[1][5] == "无法检测"
    assert rows[1][6] == "是空文件（0 字节），请重新获取"
    assert [row[:2] for row in pages["统计"].iter_rows(max_row=2, values_only=True)] == [
        ("检测对象数", 0),
        ("未能检测的目标数", 1),
    ]

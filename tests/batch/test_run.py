"""Runs as users make them: results, reruns, limits, failures, re-assessment, status, log and metrics."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from batching import APKS, NOW, batch, content, events

from scanner.batch.store import Store

pytestmark = pytest.mark.xdist_group("batch")


def test_every_target_ends_done_or_failed_with_a_reason(
    packages: Path, store_url: str, tmp_path: Path
) -> None:
    metrics = tmp_path / "m.prom"
    done = batch(
        "run",
        str(packages),
        "--store",
        store_url,
        "--run",
        "a",
        "--now",
        NOW,
        "--metrics",
        str(metrics),
        check=3,
    )

    assert "共 20，完成 16，无法检测 4，待检测 0" in done.stderr
    found = content(store_url, "a")
    assert found["facts"] == found["assessments"] == 15  # clean.apk twice: one content, one result
    assert found["tasks"]["clean.apk"]["facts"] == found["tasks"]["clean-again.apk"]["facts"]
    assert found["tasks"]["zz-empty.apk"] == {"state": "failed", "error": "empty"}
    status = json.loads(batch("status", "--store", store_url, "--json", check=0).stdout)
    assert (status["done"], status["failed"], status["pending"]) == (16, 4, 0)
    assert sum(status["letters"].values()) == 16
    assert {f["code"] for f in status["failures"]} >= {"empty", "manifest-broken"}
    text = metrics.read_text("utf-8")
    assert 'guijian_batch_results_total{outcome="done"} 16' in text
    assert "guijian_batch_finished 20" in text


def test_rerun_opens_no_package_again(packages: Path, tmp_path: Path) -> None:
    url, log = str(tmp_path / "r.db"), tmp_path / "log"
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, check=3)
    batch("run", str(packages), "--store", url, "--run", "b", "--now", NOW, "--log", str(log), check=3)

    assert [e["facts_reused"] for e in events(log) if e["event"] == "done"] == [True] * 16
    assert content(url, "a") == content(url, "b")


def test_a_new_package_in_the_folder_is_all_a_rerun_reads(packages: Path, tmp_path: Path) -> None:
    url, log = str(tmp_path / "r.db"), tmp_path / "log"
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, check=3)
    shutil.copy(APKS / "sdk-init.bad.apk", packages)
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, "--log", str(log), check=3)

    done = [e for e in events(log) if e["event"] == "done"]
    assert [Path(e["target"]).name for e in done] == ["sdk-init.bad.apk"]


def test_changed_rules_assess_stored_facts_without_the_packages(packages: Path, tmp_path: Path) -> None:
    url = str(tmp_path / "r.db")
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, check=3)
    shutil.rmtree(packages)
    overlay = tmp_path / "overlay" / "profiles"
    overlay.mkdir(parents=True)
    (overlay / "mine.yaml").write_text(
        "id: mine\ntitle: {zh: 我的方案, en: Mine}\ninstruments: [PIPL]\n", "utf-8"
    )

    args = ("--from", "a", "--run", "b", "--profile", "mine", "--rules", str(overlay.parent), "--now", NOW)
    batch("reassess", "--store", url, *args, check=0)

    before, after = content(url, "a"), content(url, "b")
    assert len(after["tasks"]) == 16
    for name, row in after["tasks"].items():
        assert row["facts"] == before["tasks"][name]["facts"]
        assert row["assessment"] != before["tasks"][name]["assessment"]


def test_metadata_of_a_list_reaches_the_assessment_and_not_the_facts(tmp_path: Path) -> None:
    listing = tmp_path / "list.csv"
    listing.write_text(
        f"路径,来源,开发者,地区\n{APKS / 'clean.apk'},甲商店,青禾,江苏\n{APKS / 'clean.apk'},乙商店,青禾,江苏\n",
        "utf-8",
    )
    url = str(tmp_path / "r.db")
    batch("run", str(listing), "--store", url, "--run", "a", "--now", NOW, check=0)

    store = Store(url)
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT store, developer, region FROM assessment ORDER BY store"
        ).all()
        facts = connection.exec_driver_sql("SELECT count(*) FROM facts").scalar()
    store.close()
    assert [tuple(row) for row in rows] == [("乙商店", "青禾", "江苏"), ("甲商店", "青禾", "江苏")]
    assert facts == 1


@pytest.mark.parametrize(
    ("option", "value", "code"), [("--wall-time", "0.15", "task-wall"), ("--memory", "256", "task-memory")]
)
def test_a_limit_costs_one_retry_and_becomes_a_recorded_error(
    corpus: object, tmp_path: Path, option: str, value: str, code: str
) -> None:
    folder = tmp_path / "packages"
    folder.mkdir()
    shutil.copy(corpus("appium-uia2-server"), folder / "large.apk")  # type: ignore[operator]
    url, log = str(tmp_path / "r.db"), tmp_path / "log"
    batch("run", str(folder), "--store", url, "--run", "a", option, value, "--log", str(log), check=3)

    assert [e["event"] for e in events(log)] == ["start", "retry", "failed", "finished"]
    assert content(url, "a")["tasks"]["large.apk"] == {"state": "failed", "error": code}


def test_failed_targets_can_be_tried_again(packages: Path, tmp_path: Path) -> None:
    url = str(tmp_path / "r.db")
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, check=3)
    shutil.copy(APKS / "clean.apk", packages / "zz-empty.apk")
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, "--retry-failed", check=3)

    assert content(url, "a")["tasks"]["zz-empty.apk"]["state"] == "done"


def test_a_run_is_not_mixed_with_another_source(packages: Path, tmp_path: Path) -> None:
    url = str(tmp_path / "r.db")
    batch("run", str(packages), "--store", url, "--run", "a", "--now", NOW, check=3)

    done = batch("run", str(APKS / "clean.apk"), "--store", url, "--run", "a", check=2)

    assert "换一个 --run 名称" in done.stderr


@pytest.mark.parametrize(
    "url", ["/no/such/folder/r.db", "mysql://x/y", "postgresql+psycopg://a@127.0.0.1:9/x"]
)
def test_unusable_store_is_one_clear_line(packages: Path, url: str) -> None:
    done = batch("run", str(packages), "--store", url, check=2)

    assert done.stderr.startswith("错误: 无法打开结果库")
    assert len(done.stderr.splitlines()) == 1

"""The page on the store describes every table and column of the batch store."""

from __future__ import annotations

import re
from pathlib import Path

from store_doc import TABLES, store_reference

from scanner.batch.schema import Base

ROOT = Path(__file__).resolve().parents[1]


def test_every_table_and_column_has_a_meaning() -> None:
    page = store_reference()

    for name in TABLES:
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", section, re.M)
        assert [column for column, _ in rows] == [c.name for c in Base.metadata.tables[name].columns]
        assert all(meaning.strip() for _, meaning in rows), name


def test_the_committed_page_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "store.md").read_text("utf-8") == store_reference()

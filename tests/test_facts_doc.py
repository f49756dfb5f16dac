"""Every fact says what it means, how it is found, and what that cannot see; the page and the schema carry the texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports import factsdoc
from reports.factsdoc import EVIDENCE, Described
from reports.schema import schema

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("entry", factsdoc.described(), ids=lambda entry: entry.model.__name__)
def test_every_fact_is_described(entry: Described) -> None:
    for what in (entry.said.how, entry.said.blind):
        assert what is not None, f"the docstring of {entry.model.__name__} lacks How: or Blind:"
        assert what.zh and what.en
    assert entry.said.evidence and set(entry.said.evidence) <= set(EVIDENCE), entry.said.evidence
    proved = "evidence" in entry.fields or any(name.endswith("_evidence") for name in entry.fields)
    assert proved != ("none" in entry.said.evidence)
    for name, said in entry.fields.items():
        where = f"{entry.model.__name__}.{name}"
        assert said.meaning is not None, f"{where}: put '#: 中文 / English' beside it"
        assert said.meaning.zh and said.meaning.en, f"{where}: one of the two languages is missing"
        for text in (said.how, said.blind):
            assert text is None or (text.zh and text.en), f"{where}: How: and Blind: need both languages"
            assert (said.how is None) == (said.blind is None), f"{where}: give How: and Blind: together"


def test_the_committed_page_is_the_generated_one() -> None:
    assert (ROOT / "docs" / "facts.md").read_text("utf-8") == factsdoc.page(), "run make docs"


def test_the_page_names_every_path_once() -> None:
    page = factsdoc.page()

    for path in ("app.components[]", "app.accesses[].owner", "site.forms[].fields[]", "policy.comparisons[]"):
        assert page.count(f"`{path}`") == 1
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == sum(len(entry.fields) for entry in factsdoc.described())
    assert all(line.count(" | ") == 4 for line in rows if "\\|" not in line)


def test_the_schema_carries_the_meanings() -> None:
    properties = schema("facts.schema.json")["$defs"]["Component"]["properties"]

    assert properties["exported"]["description"].startswith("其他应用能否启动它")

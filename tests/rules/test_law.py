"""The law as data: complete, unchanged since it was reviewed, equal to its source, and served by controls."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import update_law_map
import yaml

from scanner.model import Verdict
from scanner.packload import DRAFTS, load_pack, profile
from scanner.rulepack import Instrument

PACK = load_pack([Path(DRAFTS)])
FOLDERS = [parent / "shared" / "regulations" for parent in Path(__file__).resolve().parents]
SOURCE = next((folder for folder in FOLDERS if folder.is_dir()), FOLDERS[0])
LIMITS = {
    "违反": Verdict.VIOLATION,
    "疑似": Verdict.SUSPECTED,
    "需人工核查": Verdict.MANUAL,
    "不适用": Verdict.NOT_APPLICABLE,
}
CLAUSES = {
    "ALGO-9": 6,
    "ANTI-FRAUD": 4,
    "AUDIT-18": 4,
    "CAC-2019-191": 31,
    "CAC-2021-14": 45,
    "CHILD-4": 12,
    "CRYPTO-760": 2,
    "CRYPTO-LAW": 3,
    "CSL": 20,
    "DSL": 10,
    "ECOM": 6,
    "FACE-19": 10,
    "FILING-33": 1,
    "GBT22239-2019": 94,
    "GBT35273-2020": 37,
    "GBT41391-2022": 13,
    "GBT45574-2025": 16,
    "IIS-292": 11,
    "MIIT-2019-337": 8,
    "MIIT-2020-164": 10,
    "MIIT-2023-26": 17,
    "MIIT-OTHER": 14,
    "MINOR-766": 15,
    "MLPS-ASSESS": 28,
    "NDSR-790": 26,
    "PIPL": 48,
    "SCC-13": 3,
    "STD-OTHER": 39,
    "WATCH-2026": 7,
    "XBORDER-16": 6,
}
# Texts that the source has from memory and that we found quoted word for word (docs/law-sources.md).
CONFIRMED = {"CAC-2019-191-6-1", "CAC-2019-191-6-2", "CAC-2019-191-6-5"}
OURS = {"FILING-33-13"}  # clauses that are not in the source, listed in docs/law-sources.md
# The source numbers these as items of 1., while their heading is （一）, and puts a remark of its own into one number.
RENUMBERED = {f"MIIT-2020-164-1.{n}": (f"1. {n}.", f"（一）{n}.") for n in (2, 3, 4)} | {
    "CSL-71": ("第七十一条（据记忆：原第六十四条第一款、第六十六条、第七十条合并为转致条款）", "第七十一条")
}
# The source counts the items it excerpts (第N个收录项); readers are told in plain words that the number is ours.
EXCERPT = re.compile(r" 第(\d+)个收录项$")
TITLES = {"XBORDER-16": "《促进和规范数据跨境流动规定》"}  # ids of instruments in the source's texts
INSTRUMENTS = sorted(PACK.instruments.values(), key=lambda instrument: instrument.id)


def titled(text: str) -> str:
    for name, title in TITLES.items():
        text = text.replace(name, title)
    return text


def test_every_instrument_has_its_number_of_clauses() -> None:
    assert {i.id: len(i.clauses) for i in INSTRUMENTS} == CLAUSES


def test_no_text_or_number_has_changed_unnoticed() -> None:
    pinned = json.loads(update_law_map.TEXTS.read_text(encoding="utf-8"))

    assert update_law_map.law_texts(PACK) == pinned, "review the change, then run tools/update_law_map.py"


def test_map_from_clause_to_controls_to_rules_is_the_reviewed_one() -> None:
    pinned = json.loads(update_law_map.MAP.read_text(encoding="utf-8"))

    assert update_law_map.law_map(PACK) == pinned, "review the change, then run tools/update_law_map.py"


def source_items() -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(SOURCE.glob("[012]*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if "instrument" in content:
            found.update({item["id"]: item for item in content["items"]})
    return found


@pytest.mark.skipif(
    not SOURCE.is_dir(), reason="the source of the law texts does not lie beside this checkout"
)
def test_clauses_equal_their_source() -> None:
    source = source_items()
    clauses = PACK.clauses()

    assert clauses.keys() - source.keys() == OURS
    assert source.keys() <= clauses.keys()
    shared = [c for c in clauses.values() if c.id in source]
    renumbered = {
        c.id: (source[c.id]["clause"], c.number) for c in shared if c.number != source[c.id]["clause"]
    }
    excerpts = {
        name: (item["clause"], EXCERPT.sub(r"（摘录\1）", item["clause"]))
        for name, item in source.items()
        if EXCERPT.search(item["clause"])
    }
    assert renumbered == RENUMBERED | excerpts
    quoted = [
        c for i in INSTRUMENTS if i.kind != "standard" and not i.draft for c in i.clauses if c.id in source
    ]
    assert [c.id for c in quoted if c.text != titled(source[c.id]["text"])] == []
    assert [c.id for c in quoted if c.limit is not LIMITS[source[c.id]["verdict_limit"]]] == []
    assert [c.id for c in shared if c.is_verified and source[c.id]["verified"] == "from-memory"] == []


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.id)
def test_every_clause_has_an_honest_position(instrument: Instrument) -> None:
    mapped = {clause for control in PACK.controls.values() for clause in control.clauses}
    for clause in instrument.clauses:
        assert clause.title.zh and clause.title.en
        if clause.scope:
            assert clause.id in mapped, f"{clause.id} is in scope without a control"
            assert clause.limit_why is not None
        else:
            assert clause.reason is not None
            assert clause.id not in mapped
        if clause.limit is Verdict.NOT_APPLICABLE:
            assert clause.scope == ()


DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
PLACE = re.compile(r"第([一二三四五六七八九十百]+)条(?:第（([一二三四五六七八九十]+)）项)?|(\d+(?:\.\d+)*)")


def count(numeral: str) -> int:
    """Return a Chinese numeral below a thousand as a number."""
    total = digit = 0
    for sign in numeral:
        if sign in "十百":
            total, digit = total + (digit or 1) * (10 if sign == "十" else 100), 0
        else:
            digit = DIGITS[sign]
    return total + digit


def place(number: str) -> tuple[int, ...] | None:
    """Return where an article or section stands in its document, None for numbers of other kinds."""
    found = PLACE.match(number)
    if found is None:
        return None
    if found[3]:
        return tuple(int(part) for part in found[3].split("."))
    return (count(found[1]), count(found[2] or ""))


@pytest.mark.parametrize("instrument", INSTRUMENTS, ids=lambda instrument: instrument.id)
def test_clauses_stand_in_the_order_of_their_document(instrument: Instrument) -> None:
    documents: dict[str, list[tuple[int, ...]]] = {}
    for clause in instrument.clauses:
        found = place(clause.number)
        if found is not None:
            document = clause.chapter if clause.chapter.startswith("《") else ""
            documents.setdefault(document, []).append(found)

    assert [places for places in documents.values() if places != sorted(places)] == []


def test_standards_are_paraphrased_never_quoted() -> None:
    standards = [i for i in INSTRUMENTS if i.kind == "standard"]

    assert {c.text_kind for i in standards for c in i.clauses} == {"paraphrase"}
    assert len(standards) >= 6


def test_every_control_without_full_automation_has_a_procedure() -> None:
    for control in PACK.controls.values():
        if control.automation != "full":
            assert control.manual is not None
            assert all(len(step.zh) >= 15 and len(step.en) >= 30 for step in control.manual.steps)


def test_drafts_are_in_no_profile() -> None:
    drafts = {i.id for i in INSTRUMENTS if i.draft}

    assert drafts == {"WATCH-2026"}
    for item in load_pack().profiles.values():
        assert drafts.isdisjoint(profile(PACK, item.id).instruments)


def test_drafts_form_a_pack_of_their_own_that_nothing_loads_by_itself() -> None:
    assert not any(i.draft for i in load_pack().instruments.values())
    assert [p.id for p in PACK.profiles.values() if p.include_drafts] == ["drafts"]


@pytest.mark.parametrize(("name", "level", "other"), [("mlps-2", "7.", "8."), ("mlps-3", "8.", "7.")])
def test_a_level_profile_leaves_the_other_level_out(name: str, level: str, other: str) -> None:
    excluded = set(profile(PACK, name).exclude_clauses)
    left = [c for c in PACK.instruments["GBT22239-2019"].clauses if c.id not in excluded]

    assert left
    assert all(clause.number.startswith(level) for clause in left)
    assert any(clause.startswith(f"GBT22239-{other}") for clause in excluded)


def test_law_data_names_no_web_host_and_no_machine() -> None:
    for path in sorted((update_law_map.ROOT / "rules" / "instruments").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"https?://|www\.|[a-z0-9-]+\.(?:com|cn|net|org|html)\b|/tmp/", text) == [], (
            path.name
        )

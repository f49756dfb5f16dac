"""Words and pages of the shipped pack: schemas, the words collectors write, the reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from reports.explain import explain, write_reference
from reports.schema import PACK_SCHEMAS, schema
from scanner import catalogue
from scanner.datafiles import read_data
from scanner.packload import load_pack
from scanner.rulepack import Condition

ROOT = Path(__file__).resolve().parents[2]
PACK = load_pack()
STABLE = [rule for rule in PACK.rules.values() if rule.status == "stable"]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("rule", "checks/**/*.yaml"),
        ("controls", "controls/*.yaml"),
        ("preparations", "preparations/*.yaml"),
        ("instrument", "instruments/*.yaml"),
        ("profile", "profiles/*.yaml"),
        ("grading", "grading.yaml"),
    ],
)
def test_files_fit_the_schema_their_first_line_names(name: str, pattern: str) -> None:
    validator = jsonschema.Draft202012Validator(schema(f"{name}.schema.json"))
    paths = sorted((ROOT / "rules").glob(pattern))

    assert paths
    assert f"{name}.schema.json" in PACK_SCHEMAS
    for path in paths:
        text = path.read_text(encoding="utf-8")
        hint = text.partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / hint).resolve() == ROOT / "docs" / "schema" / f"{name}.schema.json", path
        content = json.loads(json.dumps(yaml.safe_load(text), default=str))
        assert [error.message for error in validator.iter_errors(content)] == [], path


def words() -> dict[str, set[str]]:
    """The values that collectors can write into the fields rules test, from the data that defines them."""
    patterns = {entry["kind"] for (content,) in [read_data("patterns")] for entry in content["patterns"]}
    (elements,) = read_data("policy_elements")
    (wording,) = read_data("policy_wording")
    (exposure,) = read_data("exposure")
    parties, interfaces = (
        yaml.safe_load((ROOT / f"rules/data/web/{n}.yaml").read_bytes()) for n in ("parties", "interfaces")
    )
    return {
        "app.issues.kind": patterns | written("app") | {"exit-after-denial"},
        "app.texts.kind": {
            entry["kind"] for (content,) in [read_data("texts")] for entry in content["texts"]
        },
        "policy.elements.id": {entry["id"] for entry in elements["elements"]},
        "policy.issues.kind": {entry["kind"] for entry in wording["kinds"]},
        "site.script_uses.api": {entry["api"] for entry in interfaces["interfaces"]},
        "site.third_parties.category": {c for entry in parties["parties"] for c in entry["domains"]}
        | {"unknown"},
        "site.weaknesses.kind": {e["kind"] for e in exposure["paths"]}
        | set(exposure["pages"])
        | written("site"),
    }


def written(part: str) -> set[str]:
    """The hyphenated words that the code of a collector contains as whole strings."""
    text = "\n".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "scanner" / "collect" / part).glob("*.py")
    )
    return set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', text))


def compared(condition: Condition, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every (field, value) that ``condition`` compares with, field paths joined through lists."""
    for child in (*(condition.all or ()), *(condition.any or ()), condition.not_):
        if child is not None:
            yield from compared(child, prefix)
    for path in (condition.some, condition.none):
        if path is not None and condition.where is not None:
            yield from compared(condition.where, f"{prefix}{path}.")
    if condition.fact is not None:
        for value in (
            condition.in_ or condition.overlaps or ((condition.is_,) if condition.is_ is not None else ())
        ):
            if isinstance(value, str):
                yield prefix + condition.fact, value


def test_every_word_a_rule_waits_for_is_one_that_collectors_write() -> None:
    known = words()
    items = set(catalogue.items())
    item_fields = {"item", "collects", "sends", "sends_items"}
    seen = set()
    for rule in STABLE:
        for condition in (rule.applies_when, rule.hit_when):
            for path, value in compared(condition) if condition is not None else ():
                if path in known:
                    seen.add(path)
                    assert value in known[path], (rule.id, path, value)
                if path.rpartition(".")[2] in item_fields:
                    assert value in items, (rule.id, path, value)
    assert seen == known.keys()


def test_parts_of_elements_are_those_of_the_data() -> None:
    (elements,) = read_data("policy_elements")
    parts = {part["id"] for entry in elements["elements"] for part in entry["parts"]}
    for rule in STABLE:
        for path, value in compared(rule.hit_when):
            if path == "policy.elements.missing":
                assert value in parts, (rule.id, value)


def test_reference_has_a_page_for_every_rule_and_instrument_and_an_index_that_finds_them() -> None:
    pages = write_reference(PACK)

    assert {f"{rule}.md" for rule in PACK.rules} <= pages.keys()
    for instrument in PACK.instruments.values():
        page = pages[f"instruments/{instrument.id.lower()}.md"]
        assert "## 覆盖情况" in page
        assert all(clause.number in page for clause in instrument.clauses)
    start = pages["search.html"].index('id="d">') + len('id="d">')
    entries = json.loads(pages["search.html"][start : pages["search.html"].index("</script>", start)])
    assert len(entries) == len(PACK.rules) + len(PACK.controls) + len(PACK.clauses())
    assert {href.partition("#")[0] for href, *_ in entries} <= pages.keys()


def test_a_rule_is_explained_in_the_terminal_as_on_its_page() -> None:
    rule = PACK.rules["site-password-over-http"]
    text = explain(PACK, "gj-w601", "zh")

    assert text == write_reference(PACK)[f"{rule.id}.md"]
    for part in (
        rule.message.zh,
        rule.why.zh,
        rule.fix.zh,
        rule.false_positives[0].zh,
        "password: true",
        "第五十一条",
    ):
        assert part in text

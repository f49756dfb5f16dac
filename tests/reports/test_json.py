from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from report_sample import ASSESSMENT, FACTS, PACK, view

from reports import jsonout, render
from reports.jsonout import JsonReport
from reports.schema import SCHEMAS, schema, schema_text
from scanner.facts import Facts

ROOT = Path(__file__).resolve().parents[2]


def test_same_input_gives_the_same_bytes() -> None:
    again = jsonout.write(view())

    assert jsonout.write(view()) == again
    assert render("json", ASSESSMENT, FACTS, PACK, "en") == again, (
        "the language of the reader changes nothing"
    )


def test_report_round_trips_and_is_valid() -> None:
    data = jsonout.write(view())
    document = json.loads(data)

    Draft202012Validator(schema("report.schema.json")).validate(document)
    assert JsonReport.model_validate_json(data).facts == FACTS
    assert JsonReport.model_validate_json(data).assessment == ASSESSMENT


def test_facts_file_is_valid() -> None:
    document = json.loads(FACTS.model_dump_json())

    Draft202012Validator(schema("facts.schema.json")).validate(document)
    assert Facts.model_validate(document) == FACTS


def test_schema_refuses_what_the_models_refuse() -> None:
    document = json.loads(jsonout.write(view()))
    document["assessment"]["grade"]["provisional"] = "perhaps"
    document["surprise"] = 1

    errors = list(Draft202012Validator(schema("report.schema.json")).iter_errors(document))

    assert {error.validator for error in errors} == {"type", "additionalProperties"}


def test_references_name_everything_the_assessment_speaks_of() -> None:
    document = json.loads(jsonout.write(view()))
    references, assessment = document["references"], document["assessment"]

    assert set(references["rules"]) == {r["rule"] for r in assessment["evaluation"]["results"]}
    assert set(references["controls"]) == {c["control"] for c in assessment["controls"]}
    assert references["instruments"]["TEST"]["clauses"]["TEST-3"]["verified"] is False
    assert set(references["items"]) == {"imei", "location", "boot-time"}
    assert references["rules"]["certain-hit"]["severity"] == "critical"


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_valid_and_published(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))

    assert (ROOT / "docs" / "schema" / name).read_text("utf-8") == schema_text(name), (
        "run tools/gen_schema.py"
    )

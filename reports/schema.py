"""JSON Schemas (draft 2020-12) of the files the tool writes, from the models that write them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from reports.jsonout import JsonReport
from scanner.facts import Facts

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: dict[str, tuple[type[BaseModel], str]] = {
    "report.schema.json": (JsonReport, "规鉴报告 / Guijian report"),
    "facts.schema.json": (Facts, "规鉴事实 / Guijian facts"),
}


def schema(name: str) -> dict[str, Any]:
    """Return the schema of the file kind ``name`` (a key of :data:`SCHEMAS`); raises KeyError for another."""
    model, title = SCHEMAS[name]
    body = model.model_json_schema(mode="serialization")
    return {
        "$schema": DIALECT,
        "$id": f"urn:guijian:schema:{name.partition('.')[0]}:1",
        **body,
        "title": title,
    }


def schema_text(name: str) -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=1) + "\n"

"""JSON Schemas (draft 2020-12) of the files the tool writes, from the models that write them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from reports import factsdoc
from reports.jsonout import JsonReport
from scanner.facts import Facts
from scanner.rulepack import Control, Grading, Instrument, Preparation, Profile, Rule

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: dict[str, tuple[type[BaseModel], str]] = {
    "report.schema.json": (JsonReport, "规鉴报告 / Guijian report"),
    "facts.schema.json": (Facts, "规鉴事实 / Guijian facts"),
}
# Files of a rule pack, for editors (``# yaml-language-server: $schema=…``); those of ``LISTS`` are lists.
PACK_SCHEMAS: dict[str, tuple[type[BaseModel], str]] = {
    "rule.schema.json": (Rule, "规鉴规则 / Guijian rule"),
    "controls.schema.json": (Control, "规鉴控制点 / Guijian controls"),
    "preparations.schema.json": (Preparation, "规鉴通用准备 / Guijian preparations"),
    "instrument.schema.json": (Instrument, "规鉴法律文件 / Guijian instrument"),
    "profile.schema.json": (Profile, "规鉴检测方案 / Guijian profile"),
    "grading.schema.json": (Grading, "规鉴评级 / Guijian grading"),
}
LISTS = {"controls.schema.json", "preparations.schema.json"}


def schema(name: str) -> dict[str, Any]:
    """Return the schema of the file kind ``name``; raises KeyError for an unknown one."""
    if name in PACK_SCHEMAS:
        model, title = PACK_SCHEMAS[name]
        body = model.model_json_schema(mode="validation", by_alias=True)
        if name in LISTS:
            definitions = body.pop("$defs", {})
            body = {"type": "array", "items": body, "$defs": definitions}
    else:
        model, title = SCHEMAS[name]
        body = model.model_json_schema(mode="serialization")
        if model is Facts:
            factsdoc.describe(body)
    return {
        "$schema": DIALECT,
        "$id": f"urn:guijian:schema:{name.partition('.')[0]}:1",
        **body,
        "title": title,
    }


def schema_text(name: str) -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(name), ensure_ascii=False, indent=1) + "\n"

"""Reads the files the tool itself wrote: reports, facts, baselines.  What is wrong with one is said in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Text

MAX_FILE = 1 << 30
M = TypeVar("M", bound=BaseModel)


def read_bytes(path: Path, limit: int = MAX_FILE) -> bytes:
    """Return the content of ``path``; raises InputError when it cannot be read or exceeds ``limit`` bytes."""
    try:
        if path.stat().st_size > limit:
            raise InputError(
                "file-too-large",
                Text(
                    zh=f"{path} 超过 {limit >> 20} MB，拒绝读取",
                    en=f"{path} exceeds {limit >> 20} MB; not read",
                ),
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "file-unreadable",
            Text(zh=f"无法读取 {path}：{error.strerror}", en=f"cannot read {path}: {error.strerror}"),
        ) from error


def kind_of(data: bytes) -> str:
    """Return ``report``, ``baseline``, ``facts`` or ``assessment`` for a file of ours, empty for anything else."""
    try:
        document: Any = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    kind = document.get("format")
    if isinstance(kind, str) and kind.startswith("guijian-"):
        return kind.removeprefix("guijian-").partition("/")[0]
    if "collector" in document and "subject" in document:
        return "facts"
    return "assessment" if "evaluation" in document and "pack_sha256" in document else ""


def parse(model: type[M], data: bytes, path: Path, what: Text) -> M:
    """Return ``data`` as ``model``; raises InputError that names the file, the place and what it should be."""
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "1"
        raise InputError(
            "file-invalid",
            Text(
                zh=f"{path} 不是本版本的{what.zh}（{where}：{first['msg']}）",
                en=f"{path} is no {what.en} of this version ({where}: {first['msg']})",
            ),
        ) from error


def facts_of(path: Path) -> Facts:
    """Return the facts in ``path``, a facts file or a JSON report; raises InputError for anything else."""
    data = read_bytes(path)
    if kind_of(data) == "report":
        from reports.jsonout import JsonReport  # noqa: PLC0415 - the report's model loads only when one is read

        return parse(JsonReport, data, path, Text(zh="JSON 报告", en="JSON report")).facts
    return parse_facts(data, path)


def parse_facts(data: bytes, path: Path) -> Facts:
    """Return ``data`` as facts; raises InputError that tells to collect again."""
    try:
        return Facts.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(
            "facts-invalid",
            Text(
                zh=f"{path} 不是本版本 guijian collect 生成的事实文件（{where}：{first['msg']}），请重新采集",
                en=f"{path} is no facts file of this version ({where}: {first['msg']}); collect again",
            ),
        ) from error


def unknown_file(path: Path, wanted: Text) -> InputError:
    """Return the error for a file that is none of the kinds ``wanted`` lists."""
    return InputError(
        "file-kind",
        Text(
            zh=f"{path} 不是{wanted.zh}，请给出 guijian 生成的 JSON 文件",
            en=f"{path} is no {wanted.en}; give a JSON file that guijian wrote",
        ),
    )

"""The decisions file on disk: read strictly, its evidence files verified, written whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from pydantic import ValidationError

from scanner.cli.documents import read_bytes
from scanner.decisions import DecisionFile
from scanner.errors import InputError, PackError
from scanner.files import write_whole
from scanner.model import Artifact, Decision, Text, UnusedDecision
from scanner.packload import Mistakes, SourceFile

MAX_FILE = 16 << 20
CHUNK = 1 << 20
HEADER = "# 人工结论 / human decisions (guijian review)\n"


def read_decisions(path: Path) -> DecisionFile:
    """Return the decisions in ``path`` (YAML or JSON).

    Raises InputError when it cannot be read, PackError with every mistake and its line when it is wrong.
    """
    source = SourceFile(str(path), read_bytes(path, MAX_FILE))
    mistakes = Mistakes()
    try:
        content = _load(source.data, path)
        return DecisionFile.model_validate(content if content is not None else {})
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, ValidationError):
            for problem in error.errors(include_url=False, include_context=False):
                name = ".".join(str(step) for step in problem["loc"]) or "decisions"
                mistakes.add(source, problem["loc"], f"{name}: {problem['msg']}")
        else:
            mistakes.add(source, (), " ".join(str(error).split())[:300])
    listing = "\n".join(mistakes.lines)
    raise PackError(
        "decisions-invalid",
        Text(
            zh=f"人工结论文件有 {len(mistakes.lines)} 处错误：\n{listing}",
            en=f"the decisions file has {len(mistakes.lines)} mistake(s):\n{listing}",
        ),
    )


def _load(data: bytes, path: Path) -> Any:
    text = data.decode("utf-8-sig")
    if path.suffix == ".json":
        return json.loads(text)
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
        raise ValueError("YAML aliases (*name) are not allowed here")
    return yaml.safe_load(text)


def write_decisions(path: Path, decisions: Iterable[Decision]) -> None:
    """Write ``decisions`` to ``path`` as YAML, or JSON for a name that ends so; raises ReportError."""
    document = DecisionFile(decisions=tuple(decisions)).model_dump(mode="json", exclude_none=True)
    if path.suffix == ".json":
        text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    else:
        text = HEADER + yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
    write_whole(path, text.encode())


def verify_evidence(
    decisions: Iterable[Decision], folder: Path
) -> tuple[tuple[Decision, ...], tuple[UnusedDecision, ...]]:
    """Return the decisions whose evidence files in ``folder`` are as recorded, and the others with the reason."""
    good: list[Decision] = []
    bad: list[UnusedDecision] = []
    for decision in decisions:
        reason = next((r for item in decision.evidence if (r := _evidence_problem(item, folder))), None)
        if reason is None:
            good.append(decision)
        else:
            bad.append(UnusedDecision(decision=decision, code="evidence", reason=reason))
    return tuple(good), tuple(bad)


def _evidence_problem(item: Artifact, folder: Path) -> Text | None:
    path = evidence_path(item.name, folder)
    if path is None:
        return Text(
            zh=f"证据文件 {item.name} 不在人工结论文件所在的目录之内",
            en=f"evidence file {item.name} is outside the folder of the decisions file",
        )
    if not path.is_file():
        return Text(zh=f"找不到证据文件 {item.name}", en=f"evidence file {item.name} is missing")
    try:
        found = file_artifact(path, item.name)
    except InputError as error:
        return error.text
    if (found.sha256, found.size) != (item.sha256.lower(), item.size):
        return Text(
            zh=f"证据文件 {item.name} 与登记时不一致（sha256 不符）",
            en=f"evidence file {item.name} is not what was recorded (sha256 differs)",
        )
    return None


def evidence_path(name: str, folder: Path) -> Path | None:
    """Return the evidence file ``name`` below ``folder``, None when it would lie elsewhere."""
    plain = PurePosixPath(name)
    if not name or plain.is_absolute() or ".." in plain.parts or "\\" in name or "\0" in name:
        return None
    path = folder / plain
    return path if path.resolve().is_relative_to(folder.resolve()) else None


def file_artifact(path: Path, name: str) -> Artifact:
    """Return name, sha256 and size of a file; raises InputError when it cannot be read or is no plain file."""
    digest, size = hashlib.sha256(), 0
    try:
        if not path.is_file():
            raise InputError(
                "evidence-file",
                Text(zh=f"找不到文件 {path}，或不是普通文件", en=f"{path} is missing or no plain file"),
            )
        with path.open("rb") as stream:
            while block := stream.read(CHUNK):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise InputError(
            "evidence-file",
            Text(zh=f"无法读取 {path}：{error.strerror}", en=f"cannot read {path}: {error.strerror}"),
        ) from error
    return Artifact(name=name, sha256=digest.hexdigest(), size=size)


def record_evidence(path: Path, folder: Path) -> Artifact:
    """Return the evidence file ``path`` as it is recorded; raises InputError when it lies outside ``folder``."""
    try:
        name = path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError as error:
        raise InputError(
            "evidence-outside",
            Text(
                zh=f"请先把证据文件 {path} 放到人工结论文件所在的目录 {folder} 之内",
                en=f"put the evidence file {path} into the folder of the decisions file, {folder}",
            ),
        ) from error
    return file_artifact(path, name)


def parse_date(text: str) -> date:
    """Return an ISO date; raises InputError for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(
            "date-invalid",
            Text(zh=f"{text} 不是日期，请写成 2027-11-24", en=f"{text} is no date; write 2027-11-24"),
        ) from error

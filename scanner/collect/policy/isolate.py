"""Reads PDF and DOCX in a child process with limits, so that a crash, a bomb or an endless loop stays there.

The child (:mod:`~scanner.collect.policy.worker`) gets the bytes on standard input and answers with JSON on standard
output; address space, processor time, file size and wall-clock time are bounded.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from scanner.collect.policy.blocks import Block, Limits, Reading
from scanner.model import Problem

MAX_ANSWER = 64 << 20
_PROGRAM = "import sys; from scanner.collect.policy.worker import main; sys.exit(main())"
NAMES = {"pdf": "PDF", "docx": "Word"}


class BrokenError(Exception):
    """The file is damaged or not of its format (raised in the child)."""


class PasswordError(Exception):
    """The file needs a password (raised in the child)."""


class AnswerBlock(BaseModel):
    """A block as it crosses the process boundary."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["heading", "text", "item", "table"]
    text: str = ""
    level: int = 0
    bold: bool = False
    links: list[tuple[int, int, str]] = []
    place: Literal["body", "frame", "hidden"] = "body"
    rows: list[list[str]] = []
    header_rows: int = 0


class Answer(BaseModel):
    """What the child found."""

    model_config = ConfigDict(extra="forbid")

    blocks: list[AnswerBlock]
    title: str = ""
    problems: list[Problem] = []
    complete: bool = True


def read_isolated(form: Literal["pdf", "docx"], data: bytes, limits: Limits) -> Reading:
    """Return the blocks of a PDF or DOCX file; a child that fails is a problem of the reading, never an exception."""
    settings = {name: getattr(limits, name) for name in Limits.__dataclass_fields__}
    command = [sys.executable, "-P", "-c", _PROGRAM, form, json.dumps(settings)]
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as answer:
        source.write(data)
        source.seek(0)
        try:
            # The command is our own interpreter and module; nothing of the input is part of it.
            done = subprocess.run(  # noqa: S603
                command,
                stdin=source,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                timeout=limits.seconds * 2,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return _failed(
                form, "timeout", f"{limits.seconds * 2} 秒内未读完", f"not done in {limits.seconds * 2} s"
            )
        answer.seek(0)
        raw = answer.read(MAX_ANSWER + 1)
    if done.returncode == 0 and len(raw) <= MAX_ANSWER:
        try:
            return _reading(Answer.model_validate_json(raw))
        except ValidationError:
            return _failed(form, "crash", "读取结果无效", "an invalid answer")
    if done.returncode < 0:
        if -done.returncode == getattr(signal, "SIGXCPU", None):
            return _failed(form, *_EXITS[TIME])
        why = (
            f"读取进程被信号 {-done.returncode} 终止",
            f"the reading process was ended by signal {-done.returncode}",
        )
        return _failed(form, "crash", *why)
    if len(raw) > MAX_ANSWER:
        return _failed(form, "memory", "内容过大", "its content is too large")
    return _failed(
        form, *_EXITS.get(done.returncode, ("crash", f"读取进程异常退出（{done.returncode}）", ""))
    )


# Exit codes of the child.
BROKEN, PASSWORD, MEMORY, TIME = 10, 11, 12, 13
_EXITS: dict[int, tuple[str, str, str]] = {
    BROKEN: ("broken", "文件已损坏或不是有效的文件", "the file is damaged or not valid"),
    PASSWORD: ("password", "文件有密码保护", "the file is protected by a password"),
    MEMORY: ("memory", "读取所需内存超过上限", "reading it needs more memory than allowed"),
    TIME: ("timeout", "读取时间超过上限", "reading it takes longer than allowed"),
}


def _environment() -> dict[str, str]:
    """Return the environment of the child: it imports this very package, and nothing from the working folder."""
    root = str(Path(__file__).resolve().parents[3])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in (root, path) if part)}


def _failed(form: str, code: str, zh: str, en: str) -> Reading:
    reading = Reading()
    name = NAMES[form]
    reading.fail(
        f"policy-{form}-{code}",
        "",
        f"{name} 文件无法读取：{zh}。请核对文件，或另存为文本后重试。",
        f"The {name} file cannot be read: {en or zh}. Check the file, or save it as text.",
    )
    return reading


def _reading(answer: Answer) -> Reading:
    blocks = [Block(**_fields(block)) for block in answer.blocks]
    return Reading(
        blocks=blocks, title=answer.title, problems=list(answer.problems), complete=answer.complete
    )


def _fields(block: AnswerBlock) -> dict[str, Any]:
    return {name: getattr(block, name) for name in AnswerBlock.model_fields}

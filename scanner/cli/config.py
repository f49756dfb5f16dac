"""Settings from ``guijian.toml`` or ``[tool.guijian]`` in ``pyproject.toml``; the command line wins.

The nearest file upwards from the current folder counts, ``guijian.toml`` before ``pyproject.toml`` in the same folder.
Paths in it are relative to its folder.  A wrong key or value stops the program, with every mistake and its line.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click
from pydantic import ConfigDict, Field, ValidationError

from scanner.cli.documents import read_bytes
from scanner.cli.options import LANG
from scanner.errors import PackError
from scanner.model import Frozen, Lang, Text

FILE, SHARED, TABLE = "guijian.toml", "pyproject.toml", ("tool", "guijian")
MAX_CONFIG = 1 << 20
# setting → parameter of each command that takes it
PARAMETERS: dict[str, dict[str, str]] = {
    "scan": {
        "profile": "profile_name",
        "rules": "overlays",
        "format": "formats",
        "output": "output",
        "fail-on": "fail_on",
        "baseline": "baseline_file",
        "new-only": "new_only",
        "decisions": "decisions_file",
        "report-info": "report_info",
        "template": "template",
        "lang": "lang",
        "category": "category",
    },
    "collect": {"category": "category", "lang": "lang"},
    "assess": {
        "profile": "profile_name",
        "rules": "overlays",
        "format": "formats",
        "output": "output",
        "fail-on": "fail_on",
        "baseline": "baseline_file",
        "new-only": "new_only",
        "decisions": "decisions_file",
        "report-info": "report_info",
        "template": "template",
        "lang": "lang",
    },
    "review": {"profile": "profile_name", "rules": "overlays", "decisions": "path", "lang": "lang"},
    "diff": {"profile": "profile_name", "rules": "overlays", "lang": "lang"},
    "explain": {"rules": "overlays", "lang": "lang"},
    "baseline": {"lang": "lang"},
    "keygen": {"lang": "lang"},
    "verify": {"lang": "lang"},
    "config": {"lang": "lang"},
}
PATHS = ("rules", "output", "baseline", "decisions", "report-info", "template")


class Settings(Frozen):
    """What a configuration file may set; the names are those of the options of ``guijian scan``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    profile: str | None = None
    rules: list[str] = Field(default=[])
    format: list[str] = Field(default=[])
    output: str | None = None
    fail_on: Literal["violation", "suspected", "manual", "never"] = Field("violation", alias="fail-on")
    baseline: str | None = None
    new_only: bool = Field(False, alias="new-only")
    decisions: str | None = None
    report_info: str | None = Field(None, alias="report-info")
    template: str | None = None
    lang: Literal["zh", "en"] = "zh"
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one file: values by name as given (paths made absolute), and the line of each."""

    path: Path | None
    values: dict[str, Any]
    lines: dict[str, int]

    def default_map(self) -> dict[str, dict[str, Any]]:
        """Return the values as click wants them: by command and parameter."""
        return {
            command: {name: self.values[key] for key, name in names.items() if key in self.values}
            for command, names in PARAMETERS.items()
        }


def find_config(folder: Path) -> Path | None:
    """Return the nearest configuration file from ``folder`` upwards, None where there is none."""
    for place in (folder, *folder.parents):
        own, shared = place / FILE, place / SHARED
        if own.is_file():
            return own
        if shared.is_file() and _has_table(shared):
            return shared
    return None


def _has_table(path: Path) -> bool:
    data = read_bytes(path, MAX_CONFIG)
    if b"guijian" not in data:
        return False
    try:
        return "guijian" in tomllib.loads(data.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        return bool(re.search(rb"(?m)^\s*\[tool\.guijian\]", data))


def read_config(path: Path) -> Config:
    """Return the settings in ``path``; raises PackError with every mistake and its line."""
    data = read_bytes(path, MAX_CONFIG)
    try:
        text = data.decode("utf-8-sig")
        content: Any = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        raise _invalid([f"{path}:{found.group(1) if found else 1}: {error}"]) from error
    table: tuple[str, ...] = ()
    if path.name == SHARED:
        table = TABLE
        content = content.get("tool", {}).get("guijian", {})
    if not isinstance(content, dict):
        raise _invalid([f"{path}:1: [tool.guijian] is not a table"])
    lines = _lines(text, table)
    try:
        Settings.model_validate(content)
    except ValidationError as error:
        raise _invalid(
            [
                f"{path}:{lines.get(str(problem['loc'][0]), 1)}: {problem['loc'][0]}: {problem['msg']}"
                for problem in error.errors(include_url=False, include_context=False)
            ]
        ) from error
    return Config(path, {key: _absolute(key, value, path.parent) for key, value in content.items()}, lines)


def _absolute(key: str, value: Any, folder: Path) -> Any:
    """Return a path setting relative to the file's ``folder``; ``-`` and a trailing slash keep their meaning."""
    if key not in PATHS or value == "-":
        return value
    if isinstance(value, list):
        return [str(folder / entry) for entry in value]
    return str(folder / value) + ("/" if value.endswith("/") else "")


def _lines(text: str, table: tuple[str, ...]) -> dict[str, int]:
    """Return the line (from 1) on which each key of ``table`` is set."""
    current: tuple[str, ...] = ()
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*([^\]#]+?)\s*\]", line)
        if header:
            current = tuple(part.strip().strip("\"'") for part in header.group(1).split("."))
            if current[: len(table)] == table and len(current) > len(table):
                found.setdefault(current[len(table)], number)
            continue
        key = re.match(r"\s*[\"']?([\w-]+)[\"']?\s*[=.]", line)
        if key and current == table:
            found.setdefault(key.group(1), number)
    return found


def _invalid(lines: list[str]) -> PackError:
    listing = "\n".join(lines)
    return PackError(
        "config-invalid",
        Text(
            zh=f"配置文件有 {len(lines)} 处错误：\n{listing}",
            en=f"{len(lines)} mistake(s) in the configuration:\n{listing}",
        ),
    )


def load_config(explicit: Path | None, *, isolated: bool) -> Config:
    """Return the settings that apply: of ``explicit``, else of the nearest file, else none."""
    if isolated:
        return Config(None, {}, {})
    path = explicit or find_config(Path.cwd())
    return read_config(path) if path is not None else Config(None, {}, {})


@click.command("config")
@LANG
@click.pass_context
def config_command(context: click.Context, lang: Lang) -> None:
    """显示生效的设置及其来源（默认值或配置文件的哪一行）。

    Print the effective settings and where each comes from.
    """
    config = context.find_object(Config) or Config(None, {}, {})
    defaults = Settings().model_dump(by_alias=True)
    for key, default in defaults.items():
        value = config.values.get(key, default)
        if key in config.values and config.path is not None:
            source = f"{config.path}:{config.lines.get(key, 1)}"
        else:
            source = "默认值" if lang == "zh" else "default"
        shown = json.dumps(value, ensure_ascii=False) if value is not None else ""
        click.echo(f"{key} = {shown}  # {source}" if shown else f"# {key}  # {source}")

"""Everything people read exists in Chinese and English; a missing translation fails here."""

from __future__ import annotations

import ast
import io
import json
import re
import string
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from conftest import ROOT, fixture_apk_path
from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).parent / "reports"))
sys.path.insert(0, str(Path(__file__).parent / "cli"))

from report_sample import ASSESSMENT, FACTS, PACK, view
from test_cli import guijian

from reports import WRITERS
from reports.diffout import DIFF_WRITERS
from reports.diffview import DiffView
from reports.text import plain
from scanner.cli import COMMANDS, SHORT_HELP, cli
from scanner.diff import compare
from scanner.model import Text
from scanner.packload import load_pack

HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")
QUOTED = re.compile("备案号")  # a column's name in a file, whatever the reader's language
SOURCES = sorted(p for name in ("scanner", "reports") for p in (ROOT / name).rglob("*.py"))
# What the sample world itself holds in Chinese: names, law text and numbers, a human's words, code comments.
OWN = r"购物|规鉴|测字〔2026〕1号|测试机关|王检测员|现场核查|第\d条的原文。|[一二]、[甲乙\d]|甲公司|甲广告|保存|启动即收集"


def texts_in(path: Path) -> Iterator[tuple[int, ast.expr, ast.expr]]:
    """Line, Chinese and English of every ``Text(zh=…, en=…)`` and ``_t(zh, en)`` in a module."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        named = {k.arg: k.value for k in node.keywords}
        if node.func.id == "Text" and {"zh", "en"} <= set(named):
            yield node.lineno, named["zh"], named["en"]
        elif node.func.id in {"_t", "_problem", "_failed"} and len(node.args) >= 2:
            yield node.lineno, node.args[-2], node.args[-1]


def written(node: ast.expr) -> str | None:
    """The fixed words of a literal, with ``{}`` for each value in it; None for anything computed."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return None


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_text_in_code_is_complete_in_both_languages(path: Path) -> None:
    wrong = []
    for line, chinese, english in texts_in(path):
        zh, en = written(chinese), written(english)
        if zh is None or en is None:
            continue
        bare = re.sub(r"\{\}", "", zh)
        if (
            not zh.strip()
            or not en.strip()
            or HAN.search(QUOTED.sub("", en))
            or (LATIN.search(en) and not bare)
        ):
            wrong.append(f"{line}: {zh!r} / {en!r}")
        elif fields(zh) != fields(en) and not isinstance(chinese, ast.JoinedStr):
            wrong.append(f"{line}: values differ: {zh!r} / {en!r}")
    assert wrong == []


class Loose(ast.NodeVisitor):
    """Chinese literals that nothing translates."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name in {"Text", "_t"}:
            return
        for keyword in node.keywords:
            if keyword.arg == "help":
                text = written(keyword.value)
                if text is not None and not (HAN.search(text) and re.search(r" / .*[A-Za-z]", text)):
                    self.found.append(f"{node.lineno}: help {text!r}")
            else:
                self.visit(keyword.value)
        for argument in node.args:
            self.visit(argument)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        if "lang" not in ast.unparse(node.test) and "english" not in ast.unparse(node.test):
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # docstrings are help, checked elsewhere
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        text = node.value
        if isinstance(text, str) and HAN.search(text) and not re.search(r" / .*[A-Za-z]", text):
            self.found.append(f"{node.lineno}: {text!r}")


ANSWERS = re.compile(r"'(符合|不符合|疑似|不适用|跳过|结束)'$")


@pytest.mark.parametrize("path", sorted((ROOT / "scanner" / "cli").glob("*.py")), ids=lambda p: p.name)
def test_the_command_line_says_nothing_in_one_language_only(path: Path) -> None:
    loose = Loose()
    loose.visit(ast.parse(path.read_text("utf-8")))

    assert [line for line in loose.found if not ANSWERS.search(line)] == []


def commands(group: click.Group = cli, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        assert found is not None
        yield f"{path}{name}", found
        if isinstance(found, click.Group):
            yield from commands(found, f"{path}{name} ")


ALL = list(commands())


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_help_is_in_both_languages(name: str, command: click.Command) -> None:
    text = command.help or ""

    assert HAN.search(text), name
    assert re.search(r"[A-Za-z]{3,} [a-z]{2,}", text), name
    for option in command.params:
        if isinstance(option, click.Option) and option.help:
            assert HAN.search(option.help), (name, option.name)
            assert LATIN.search(option.help.partition(" / ")[2]), (name, option.name)


def test_every_command_has_a_line_in_the_overview() -> None:
    assert set(SHORT_HELP) == set(COMMANDS)
    for text in SHORT_HELP.values():
        zh, _, en = text.partition(" / ")
        assert HAN.search(zh)
        assert not HAN.search(en)
        assert LATIN.search(en)


def model_texts(value: Any, path: str = "") -> Iterator[tuple[str, Text]]:
    if isinstance(value, Text):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from model_texts(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from model_texts(entry, f"{path}[{key}]")
    elif isinstance(value, list | tuple):
        for number, entry in enumerate(value):
            yield from model_texts(entry, f"{path}[{number}]")


def test_every_rule_control_clause_and_profile_text_has_english() -> None:
    found = list(model_texts(load_pack()))
    wrong = [path for path, text in found if not text.zh.strip() or not text.en.strip()]
    # 暂定, 摇一摇 and the like may be quoted in English texts; a text that is all Chinese was not translated.
    untranslated = [
        path for path, text in found if HAN.search(text.zh) and not LATIN.search(HAN.sub("", text.en))
    ]

    assert len(found) > 1000
    assert (wrong, untranslated) == ([], [])


def readable(name: str, data: bytes) -> str:
    """The text people see of a report."""
    if name in {"docx", "xlsx"}:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [
                n
                for n in archive.namelist()
                if re.search(r"(document|header\d*|footer\d*|sharedStrings|sheet\d+)\.xml$", n)
            ]
            return " ".join(re.sub(r"<[^>]+>", "\n", archive.read(n).decode()) for n in parts)
    text = data.decode()
    return re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.S)


def chinese_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if HAN.search(re.sub(OWN, "", line))]


@pytest.mark.parametrize(
    "name", ["console", "html", "markdown", "sarif", "junit", "codequality", "github", "docx", "csv"]
)
def test_english_reports_are_english_but_for_law_and_names(name: str) -> None:
    assert chinese_lines(readable(name, WRITERS[name].load()(view("en")))) == []


@pytest.mark.parametrize("name", ["console", "markdown", "html", "docx"])
def test_english_comparisons_are_english(name: str) -> None:
    found = compare((FACTS, ASSESSMENT), (FACTS, ASSESSMENT))

    assert (
        chinese_lines(readable(name, DIFF_WRITERS[name].load()(DiffView(found, FACTS, FACTS, PACK, "en"))))
        == []
    )


BAD = str(fixture_apk_path("location.bad"))


@pytest.mark.parametrize(
    "args",
    [
        ("scan", "missing.apk"),
        ("scan", BAD, "-f", "papyrus"),
        ("scan", BAD, "--profile", "nonsense"),
        ("scan", BAD, "--new-only"),
        ("scan", BAD, "--baseline", "missing.json"),
        ("scan", BAD, "--decisions", "missing.yaml"),
        ("assess", "missing.json"),
        ("review", "missing.json"),
        ("diff", BAD, "missing.apk"),
        ("baseline", "missing.json"),
        ("verify", "missing.zip"),
        ("evidence", "pack", "missing.json", "-o", "x.zip", "--key", "missing.pem"),
        ("keygen", "-o", "/nonexistent/key.pem"),
        ("explain", "nonsense"),
        ("rules", "show", "nonsense"),
    ],
    ids=" ".join,
)
def test_errors_follow_the_language(args: tuple[str, ...], tmp_path: Path) -> None:
    english, chinese = guijian(*args, "--lang", "en", cwd=tmp_path), guijian(*args, cwd=tmp_path)

    assert english.returncode == chinese.returncode != 0
    assert not HAN.search(english.stderr), english.stderr
    assert LATIN.search(english.stderr)
    assert HAN.search(chinese.stderr)


def test_a_broken_configuration_is_explained_in_the_language_asked_for(tmp_path: Path) -> None:
    (tmp_path / "guijian.toml").write_text("x = 1\n", "utf-8")

    assert not HAN.search(guijian("scan", BAD, "--lang", "en", cwd=tmp_path).stderr)
    assert HAN.search(guijian("scan", BAD, cwd=tmp_path).stderr)


def test_json_holds_both_languages_whatever_is_asked_for() -> None:
    document = json.loads(WRITERS["json"].load()(view("en")))

    assert set(document["references"]["rules"]["certain-hit"]["title"]) == {"zh", "en"}
    assert plain(document["references"]["rules"]["certain-hit"]["title"]["zh"]) == "问题1"

from __future__ import annotations

import ast
import re
import string
from pathlib import Path
from typing import get_args

import pytest
from report_sample import view

from reports import html
from reports.words import WORDS, word
from scanner.catalogue import sdks
from scanner.codefacts import Sdk
from scanner.facts import AppFacts
from scanner.model import Evidence, Outcome, Verdict
from scanner.permissionfacts import Permission

CHINESE = re.compile(r"[\u4e00-\u9fff]")
REPORTS = Path(html.__file__).parent


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(WORDS))
def test_every_word_exists_in_both_languages_with_the_same_values(key: str) -> None:
    zh, en = word(key, "zh"), word(key, "en")

    assert zh.strip()
    assert en.strip()
    assert fields(zh) == fields(en)
    assert not CHINESE.search(en)


def test_no_key_is_defined_twice() -> None:
    keys = [
        key.value
        for path in REPORTS.glob("words*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    ]

    assert len(keys) == len(set(keys))
    assert set(keys) == set(WORDS)


def test_keys_the_code_names_exist() -> None:
    sources = [p.read_text("utf-8") for p in (REPORTS / "templates").glob("*.html")]
    used = {key for source in sources for key in re.findall(r'\bw\(["\'](\w+)["\'][,)]', source)}
    typeset = (REPORTS / "templates" / "report.typ").read_text("utf-8")
    used |= set(re.findall(r"\bw\.(\w+)", typeset)) - {"at"}
    for path in REPORTS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", "") == "word"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                used.add(str(node.args[0].value))

    assert len(used) > 80
    assert used - set(WORDS) == set()


def test_every_value_of_a_fact_has_a_word() -> None:
    levels = get_args(Permission.model_fields["protection"].annotation)
    locators = get_args(Evidence.model_fields["locator"].annotation)
    kinds = [get_args(locator.model_fields["kind"].annotation)[0] for locator in locators]
    wanted = {f"level_{level}" for level in levels}
    wanted |= {f"evidence_{kind}" for kind in kinds}
    wanted |= {f"outcome_{outcome.value}" for outcome in Outcome}
    wanted |= {f"means_{verdict.value}" for verdict in Verdict}
    wanted |= {f"row_{row}" for row in range(1, 8)}
    wanted |= {f"purpose_{info.purpose.replace('-', '_')}" for info in sdks().values()}
    wanted |= {f"path_app_{name}" for name in AppFacts.model_fields if name != "category"}
    wanted |= {f"cover_{kind}" for kind in ("full", "partial", "manual", "uncovered")}
    assert Sdk.model_fields["basis"].annotation == tuple[str, ...]
    wanted |= {f"basis_{basis}" for basis in ("class", "prefix", "string", "native", "manifest", "structure")}

    assert wanted - set(WORDS) == set()


def test_the_english_report_is_english_but_for_the_law() -> None:
    page = html.write(view("en")).decode()
    without_law = re.sub(r'<(blockquote|h4|span)[^>]* lang="zh-CN">.*?</\1>', "", page, flags=re.S)
    lines = [line for line in without_law.splitlines() if CHINESE.search(line)]
    rest = [
        line
        for line in lines
        if not re.search(r"一、\d|二、\d|购物|规鉴|测字|测试机关|王检测员|--sans|--serif|--kai", line)
    ]

    assert rest == []

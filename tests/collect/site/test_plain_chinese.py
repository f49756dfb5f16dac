"""A report in Chinese is written in Chinese: no identifiers of ours and no English sentences outside of quotations.

Looked at is everything the formal report says, without what it quotes: excerpts, places, code columns, titles of pages
and names that the subject itself bears.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import FIXTURES
from server import Servers
from test_judged_browser import HOME, PAGES
from world import FOLDER, build

from reports.formal import content
from reports.imprint import Imprint
from reports.view import ReportView
from scanner.assess import assess
from scanner.collect import collect
from scanner.collect.site.gather import interfaces
from scanner.facts import Facts
from scanner.packload import load_pack, profile_for

PACK = load_pack()
SNAKE = re.compile(r"(?<![\w./:@#?&=%-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w./:@(=-])")
SENTENCE = re.compile(r"\b[A-Za-z]{2,}(?:[ ,;]{1,2}[A-Za-z]{2,}){3,}")
# What the report quotes or names: evidence, addresses, digests, what the subject is called.
QUOTED = {
    "excerpt",
    "place",
    "locator",
    "steps",
    "fingerprint",
    "value",
    "group",
    "anchor",
    "sha256",
    "id",
    "verdict",
}
WORDS_ENGLISH = re.compile(r"(?<![\w/.=?&-])[a-z]{2,}(?: [A-Za-z]{2,})+")
TWICE = re.compile("[\u4e00-\u9fff] / [a-z]+(?: [a-z]+|:)")  # the same in both languages at once
MARKED = re.compile("“[^”]*”")


def said(data: Any) -> Iterator[str]:
    """Every text of the report's data that is its own word."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for entry in data:
            yield from said(entry)
    elif isinstance(data, dict):
        if "rows" in data and "code" in data:
            for row in data["rows"]:
                yield from (cell for n, cell in enumerate(row) if n not in data["code"])
            return
        for key, entry in data.items():
            if key not in QUOTED:
                yield from said(entry)


def foreign(facts: Facts) -> set[str]:
    assessment = assess(
        facts,
        PACK,
        profile_for(PACK, facts.subject.kind),
        now=datetime(2026, 11, 24, tzinfo=UTC),
        tool_version="0",
    )
    view = ReportView(assessment, facts, PACK, "zh")
    found = {word for f in view.findings for word in re.split(r"[ ·]+", f.group) if word in interfaces()}
    for text in said(content(view, Imprint())):
        own = MARKED.sub("", text)
        found |= set(SNAKE.findall(own)) | set(SENTENCE.findall(own))
    return found


def excerpts(data: Any) -> Iterator[str]:
    """The excerpts of all evidence in facts."""
    if isinstance(data, list):
        for entry in data:
            yield from excerpts(entry)
    elif isinstance(data, dict):
        if "excerpt" in data and "locator" in data:
            yield data["excerpt"]
        for entry in data.values():
            yield from excerpts(entry)


def added(facts: Facts, folder: Path) -> set[str]:
    """Words in excerpts that are not the site's: nothing there is ours, neither English words nor our keys."""
    served = " ".join(path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file())
    found: set[str] = set()
    for text in excerpts(facts.model_dump(mode="json")):
        found |= {words for words in WORDS_ENGLISH.findall(text) if words not in served}
        found |= {
            word
            for word in re.findall(r"(?<![\w/.-])\w+", text)
            if word in interfaces() and word not in served
        }
        found |= {text} if TWICE.search(text) else set()
    return found


def test_the_report_of_a_bad_site_is_in_chinese() -> None:
    folder = FIXTURES / "sites" / "bad"
    with Servers() as servers:
        site = servers.site("ehe.example", folder=folder)
        facts = collect(site.url("/"), servers.options())
    assert foreign(facts) == set()
    assert added(facts, folder) == set()


@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_report_of_a_site_with_trackers_is_in_chinese() -> None:
    with Servers() as servers:
        world = build(servers)
        world.page("/", HOME + "".join(f'<a href="/{name}">{name}</a> ' for name in PAGES))
        facts = collect(world.url("/"), servers.options(browser=True, typing=True))
    assert foreign(facts) == set()
    assert added(facts, FOLDER) == set()


@pytest.mark.parametrize("path", sorted((FIXTURES / "apks").glob("*.bad.apk")), ids=lambda p: p.stem)
def test_the_report_of_a_bad_app_is_in_chinese(path: Path) -> None:
    assert foreign(collect(path)) == set()


def test_the_report_of_a_poor_policy_is_in_chinese(tmp_path: Path) -> None:
    policy = tmp_path / "policy.html"
    policy.write_text(
        "<html><head><meta charset=utf-8><title>隐私政策</title></head><body><h1>甲商城隐私政策</h1>"
        "<p>更新日期：2024年1月1日。生效日期：2023年1月1日。</p><h2>一、我们收集的信息</h2>"
        "<p>为了提供服务，我们可能会收集您的手机号、位置信息等。您使用即表示同意。</p><h2>二、第三方 SDK</h2>"
        "<table><tr><th>SDK名称</th><th>收集信息</th></tr><tr><td>友盟统计</td><td>设备标识</td></tr></table></body></html>",
        "utf-8",
    )
    assert foreign(collect(policy)) == set()

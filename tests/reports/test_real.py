"""Reports of packages none of us wrote: complete, well-formed, and the same twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import html as lxml_html
from rich.cells import cell_len

from reports import render
from scanner.assess import assess
from scanner.collect import collect
from scanner.context import CollectOptions
from scanner.packload import load_pack, profile

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize("name", ["gpsdemo", "yosemite", "xposed-installer"])
def test_whole_street(name: str, corpus: Callable[[str], Path]) -> None:
    pack = load_pack()
    facts = collect(corpus(name), CollectOptions())
    assessment = assess(facts, pack, profile(pack, "app-pi"), now=NOW, tool_version="0")
    page = lxml_html.document_fromstring(render("html", assessment, facts, pack, "zh").decode())
    text = render("console", assessment, facts, pack, "zh").decode()
    ids = Counter(page.xpath("//@id"))

    clauses = page.xpath("//article[contains(@class, 'clause')]")
    assert len(clauses) == sum(len(i.clauses) for i in assessment.instruments) >= 31
    assert all(c.xpath(".//div[@class='reason']//li") for c in clauses)
    assert all(c.xpath(".//blockquote")[0].text_content().strip() for c in clauses)
    assert len(page.xpath("//*[@data-finding]")) == sum(
        len(result.findings) for result in assessment.evaluation.results
    )
    assert max(ids.values()) == 1
    assert {link[1:] for link in page.xpath("//a/@href")} <= set(ids)
    assert max(cell_len(line) for line in text.splitlines()) == 80
    assert render("json", assessment, facts, pack, "zh") == render("json", assessment, facts, pack, "zh")

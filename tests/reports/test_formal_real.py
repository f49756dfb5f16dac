"""Formal reports of real packages: complete, within the margins, no empty page, no character without a glyph."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_docx import headings, text_of
from test_pdf import overflowing, pages, squeezed

from reports import docx, pdf
from reports.view import ReportView
from scanner.assess import assess
from scanner.collect import collect
from scanner.context import CollectOptions
from scanner.packload import load_pack, profile

PACK = load_pack()


@pytest.mark.parametrize(
    "name", ["apidemos", "appium-settings", "appium-uia2-server", "yosemite", "pocoservice"]
)
def test_a_real_package_makes_a_whole_report(corpus: Callable[[str], Path], name: str) -> None:
    facts = collect(str(corpus(name)), CollectOptions())
    now = datetime(2026, 11, 24, tzinfo=UTC)
    made = assess(facts, PACK, profile(PACK, "app-full"), now=now, tool_version="0.1.0")
    view = ReportView(made, facts, PACK, "zh")

    data = pdf.write(view)
    text, word = squeezed(data), text_of(docx.write(view))

    assert overflowing(data) == []
    assert min(len(page) for page in pages(data)[1:]) > 60
    assert "报告字体缺少" not in text
    assert len(view.findings) > 0
    for finding in view.findings:
        assert finding.label in text
        assert finding.label in word
    assert facts.subject.sha256 in text
    assert f"M{len(view.manual):02d}" in text
    titles = [title for _, title in headings(docx.write(view))]
    assert all(problem.first.title in titles for problem in view.problems)

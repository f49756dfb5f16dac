"""Layouts and string resources made to cost: what is kept stays small, and what was left out is said."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import pytest
from axml_writer import Attr, Node, document
from conftest import ROOT, fixture_apk_path

from scanner.collect.app import interface, resources
from scanner.collect.app.archive import Archive
from scanner.collect.app.interface import Layouts, resource_texts
from scanner.collect.app.resources import Resources

sys.path.insert(0, str(ROOT / "tools"))

from broken_zip import archive, changed, data_of

TEXT, CHECKED = 0x0101014F, 0x01010106
LOGIN = "res/layout/login.xml"


def layouts(root: Node) -> Layouts:
    """The layouts of the clean package with ``root`` as its login page."""
    content = archive(changed({LOGIN: document(root, utf8=True)}))
    with Archive(Path("x.apk"), content=content) as package:
        return Layouts(package, Resources(data_of("resources.arsc")))


def box(text: str) -> Node:
    return Node("CheckBox", [Attr("checked", (0x12, 0xFFFFFFFF), CHECKED), Attr("text", text, TEXT)])


def test_deep_layouts_with_long_names_do_not_multiply_them() -> None:
    leaves = [Node("TextView", [Attr("text", "x", TEXT)]) for _ in range(1_000)]
    root = Node("LinearLayout", [], [*leaves, box("我已阅读并同意《隐私政策》")])
    for _ in range(200):
        root = Node("a" * 20_000, [], [root])
    tracemalloc.start()
    found = layouts(root)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    (one,) = [box for box in found.checkboxes if "隐私政策" in box.text and box.layout == "layout/login"]
    assert one.checked and one.agreement
    (evidence,) = one.evidence
    path = str(evidence.locator.model_dump()["path"])
    assert path.startswith("…/*[1][self::aaaa")
    assert path.endswith("/*[1][self::LinearLayout]/*[1001][self::CheckBox]")
    assert len(path) < 2_200
    assert peak < 16 << 20


@pytest.mark.parametrize("limit", ["MAX_ELEMENTS", "MAX_BOXES", "MAX_CHARACTERS"])
def test_layouts_beyond_a_limit_count_as_unread(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    whole = layouts(Node("LinearLayout", [], [box("我已阅读并同意《隐私政策》") for _ in range(9)]))
    monkeypatch.setattr(interface, limit, 4)
    cut = layouts(Node("LinearLayout", [], [box("我已阅读并同意《隐私政策》") for _ in range(9)]))

    assert whole.unread == 0
    assert cut.unread > 0
    assert cut.read + cut.unread == whole.read
    assert len(cut.checkboxes) < len(whole.checkboxes) or limit == "MAX_CHARACTERS"


def test_the_text_of_all_string_resources_together_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with Archive(fixture_apk_path("clean")) as package:
        data = package.read("resources.arsc")
    whole = list(Resources(data).strings())
    monkeypatch.setattr(resources, "MAX_CHARACTERS", 500)
    table = Resources(data)
    assert table.skipped == 0

    part = list(table.strings())

    assert part == whole[: len(part)]
    assert sum(len(name) + len(text) for name, _, text in part) <= 500
    assert table.skipped == len(whole) - len(part) > 0
    list(resource_texts(table))
    assert table.skipped == len(whole) - len(part)

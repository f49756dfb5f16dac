"""The comparison of behaviour and policy in the reports, and the reading of a policy alone."""

from __future__ import annotations

from typing import Any

import pytest
from report_sample import view

from reports import html
from reports.policytable import STATES, compared
from reports.policyview import PolicyNames, PolicyView
from reports.view import ReportView
from scanner.model import DexLocator, Evidence, PolicyLocator, SearchLocator, Text
from scanner.policyfacts import Comparison, DisclosedItem, Element, PolicyFacts

CODE = Evidence(
    artifact="base.apk",
    locator=DexLocator(dex="classes.dex", method="Lcn/a/Feature;->use()V", offset=1),
    excerpt="invoke-virtual Landroid/content/ClipboardManager;->getPrimaryClip()Landroid/content/ClipData;",
)
SAYS = Evidence(
    artifact="privacy.html",
    locator=PolicyLocator(paragraph="p9", start=3, end=20),
    excerpt="我们不会读取您的<b>剪贴板</b>。",
)
SILENT = Evidence(
    artifact="privacy.html",
    locator=SearchLocator(
        searched=(Text(zh="政策全文 30 句中没有“通讯录”", en="no word for contacts in 30 sentences"),)
    ),
)


def comparison(state: str, name: str = "剪贴板内容", **more: Any) -> Comparison:
    values = {
        "kind": "item",
        "id": "clipboard",
        "name": Text(zh=name, en="Clipboard content"),
        "state": state,
        "surface": "app",
        "owner_kind": "app",
        "owner_id": "cn.qinghe.notes",
        "seen_evidence": (CODE,),
        "policy_evidence": (SAYS,),
    }
    return Comparison.model_validate({**values, **more})


def report(*comparisons: Comparison, lang: str = "zh") -> ReportView:
    sample = view()
    policy = PolicyFacts(source="privacy.html", comparisons=comparisons)
    facts = sample.facts.model_copy(update={"policy": policy})
    return ReportView(sample.assessment, facts, sample.pack, lang)  # type: ignore[arg-type]


def test_accusations_come_first_and_fine_rows_last() -> None:
    table = compared(report(*(comparison(s) for s in reversed(STATES))).names)

    assert [r.state for r in table.rows] == ["contradicted", "omitted", "vague"]
    assert [r.state for r in table.open] == ["unknown"]
    assert [r.state for r in table.fine] == ["disclosed", "unseen"]
    assert table.total == 6


def test_both_sides_are_shown_short_and_escaped() -> None:
    page = html.write(report(comparison("contradicted"))).decode()
    section = page[
        page.index('<section id="compared"') : page.index("</section>", page.index('<section id="compared"'))
    ]

    for shown in ("ClipboardManager.getPrimaryClip()", "Feature.use()", "与政策相反", "第 9 段"):
        assert shown in section
    assert "&lt;b&gt;剪贴板" in section
    assert "<b>剪贴板" not in section
    assert "invoke-virtual" not in section


def test_an_omission_shows_what_was_searched() -> None:
    page = html.write(report(comparison("omitted", policy_evidence=(SILENT,)))).decode()

    assert "政策全文 30 句中没有“通讯录”" in page


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"umbrella": "设备信息"}, "以“设备信息”概括"),
        ({"umbrella": "IMEI", "reason": Text(zh="SDK 清单中未列", en="not in the list")}, "SDK 清单中未列"),
    ],
)
def test_vagueness_says_by_what(more: dict[str, Any], note: str) -> None:
    (row,) = compared(report(comparison("vague", **more)).names).rows

    assert row.note == note


def test_without_a_policy_there_is_no_section() -> None:
    assert '<section id="compared"' not in html.write(view()).decode()


def test_the_reading_gathers_what_is_said_of_one_item() -> None:
    items = (
        DisclosedItem(item="imei", term="IMEI", purpose="用于登录"),
        DisclosedItem(
            item="imei", term="设备串号", purpose="用于风控", party="sdk", sdk="甲SDK", open_ended=True
        ),
        DisclosedItem(item="contacts", term="通讯录", negated=True, condition="未经同意"),
    )
    elements = (
        Element(id="contact", state="present"),
        Element(id="storage", state="weak", missing=("period",)),
        Element(id="rights", state="absent"),
    )
    names = PolicyNames(
        items={"imei": Text(zh="设备识别码", en="Device identifier")},
        parts={"storage.period": Text(zh="期限", en="period")},
    )
    reading = PolicyView(PolicyFacts(source="p.html", items=items, elements=elements), names, "zh")
    (row,) = reading.items

    assert (row.name, row.count, row.open_ended) == ("设备识别码", 2, True)
    assert row.parties == "运营者；甲SDK"
    assert row.purposes == "用于登录；用于风控"
    assert [r.conditions for r in reading.denied] == ["未经同意"]
    assert [(e.state, e.missing) for e in reading.elements] == [
        ("absent", ""),
        ("weak", "缺：期限"),
        ("present", ""),
    ]

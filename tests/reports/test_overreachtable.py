"""The table of overreach in every format: the same rows, hostile words made harmless."""

from __future__ import annotations

import csv
import io
import json

import pytest
from lxml import html as lxml_html
from report_sample import ASSESSMENT, FACTS, HOSTILE, PACK

from reports import console, csvout, html, jsonout
from reports.appendix import appendix_sheets
from reports.view import ReportView
from scanner.appfacts import CategoryCandidate, CategoryProposal, CategorySign
from scanner.codefacts import Origin
from scanner.facts import Component
from scanner.model import Lang, Text
from scanner.overreachrows import Overreach
from scanner.permissionfacts import Permission, PermissionRequest

PHONE = "android.permission.READ_PHONE_STATE"
SCREEN = Component(
    kind="activity", name="com.example.shop.Ask", exported=False, label=HOSTILE, owner=Origin(kind="app")
)
REQUEST = PermissionRequest(
    caller="Lcom/example/shop/Ask;->go()V",
    permissions=(PHONE,),
    groups=1,
    complete=True,
    owner=Origin(kind="app"),
    owner_kind="app",
    before_ui=True,
)
PROPOSAL = CategoryProposal(
    why=Text(zh="无法判断：线索不足", en="no proposal: few signs"),
    reasons=(CategorySign(category="news", kind="label", word="新闻", weight=3.0),),
    runners_up=(CategoryCandidate(category="news", name=Text(zh="新闻资讯类", en="News"), score=3.0),),
)


def view(lang: Lang = "zh", **app: object) -> ReportView:
    assert FACTS.app is not None
    changed = {"components": (SCREEN,), "requests": (REQUEST,), "category_proposal": PROPOSAL, **app}
    facts = FACTS.model_copy(update={"app": FACTS.app.model_copy(update=changed)})
    return ReportView(ASSESSMENT, facts, PACK, lang)


GIVEN = {"category": "news", "category_basis": "given"}


def test_page_has_a_filter_and_every_permission() -> None:
    shown = view(**GIVEN)
    section = lxml_html.document_fromstring(html.write(shown).decode()).get_element_by_id("permissions")
    text = section.text_content()
    needs = section.xpath(".//tr[@data-needs]/@data-needs")

    assert len(needs) == len(shown.permissions)
    assert set(section.xpath(".//button[@data-need]/@data-need")) == {"", *needs}
    assert "新闻资讯类（指定）" in text
    assert "不在必要范围" in text
    assert "界面出现前" in text
    assert section.xpath(".//script") == []


def test_without_a_category_the_page_says_why_and_what_points_where() -> None:
    text = (
        lxml_html.document_fromstring(html.write(view()).decode())
        .get_element_by_id("permissions")
        .text_content()
    )

    assert "无法判断：线索不足" in text
    assert "名称“新闻”" in text
    assert "新闻资讯类 3.0 分" in text
    assert "应用类别未知，未对照必要范围" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_csv_has_one_line_for_each_permission(lang: Lang) -> None:
    shown = view(lang, **GIVEN)
    rows = list(csv.DictReader(io.StringIO(csvout.write_permissions(shown).decode("utf-8-sig"))))

    assert len(rows) == len(shown.permissions)
    row = next(r for r in rows if PHONE in r.values())
    assert shown.word("o_need_outside") in row.values()
    assert all(shown.names.word(key) in row for key in ("o_asked", "o_need", "verdict", "reason", "o_law"))


def test_appendix_lists_what_opens_personal_information_and_names_the_rest() -> None:
    sheets = {s.key: s for s in appendix_sheets(view(**GIVEN))}
    table = sheets["permissions"]
    personal = [r for r in view(**GIVEN).permissions if r.need != "not_personal"]

    assert len(table.rows) == len(personal)
    assert all(len(row) == len(table.header) == len(table.widths) for row in table.rows)
    assert "附录E" in table.note
    assert sheets["necessary_items"].level == 2


def test_json_carries_the_table_and_the_terminal_a_summary() -> None:
    shown = view(**GIVEN)
    document = json.loads(jsonout.write(shown))
    printed = console.write(shown).decode()

    assert Overreach.model_validate(document["overreach"]) == shown.overreach
    assert "权限与必要范围对照" in printed
    assert "不在必要范围" in printed
    assert "\x07" not in printed


def test_no_writer_changes_a_verdict() -> None:
    shown = view(**GIVEN)

    assert [line.verdict for line in shown.permissions] == [
        r.verdict.value for r in shown.overreach.permissions
    ]


def test_a_finding_that_rests_on_a_proposed_category_says_so() -> None:
    note = Text(zh="类别由线索推断为新闻资讯类", en="the category is a proposal")
    results = tuple(
        r.model_copy(update={"reasons": (note,), "category_basis": "proposed"}) if r.findings else r
        for r in ASSESSMENT.evaluation.results
    )
    evaluation = ASSESSMENT.evaluation.model_copy(update={"results": results})
    shown = ReportView(ASSESSMENT.model_copy(update={"evaluation": evaluation}), FACTS, PACK, "zh")

    assert shown.findings
    assert all(finding.message.endswith(note.zh) for finding in shown.findings)


def test_a_store_word_that_leaves_several_types_open_is_explained() -> None:
    between = PROPOSAL.model_copy(update={"within": ("news", "e-books")})

    assert any("新闻资讯类、电子图书类" in note for note in view(category_proposal=between).category_notes)


def test_what_only_concerns_personal_information_is_not_called_free_of_it() -> None:
    names = {
        "android.permission.INTERNET": ("normal", ()),
        "android.permission.USE_FINGERPRINT": ("normal", ("fingerprint-auth",)),
        "android.permission.READ_CLIPBOARD": ("unknown", ()),
    }
    declared = tuple(
        Permission.model_validate({"name": name, "declared": True, "protection": level, "items": items})
        for name, (level, items) in names.items()
    )
    shown = view(permissions=declared)
    note = next(s.note for s in appendix_sheets(shown) if s.key == "permissions")
    free, about, unknown = (
        note.index(part) for part in ("不涉及个人信息的权限", "本身不用于取得", "不在权限目录中")
    )

    assert (
        free
        < note.index("INTERNET")
        < about
        < note.index("USE_FINGERPRINT")
        < unknown
        < note.index("READ_CLIPBOARD")
    )
    reasons = {row.name.rpartition(".")[2]: row.reason.zh for row in shown.overreach.permissions}
    assert len(set(reasons.values())) == len(names)


def test_a_permission_the_system_does_not_ask_for_has_no_moment_of_asking() -> None:
    used = {"declared": True, "used": True, "used_by_owner": ("app",), "collects_pi": True}
    rows = view(
        permissions=(
            Permission.model_validate({"name": PHONE, "protection": "dangerous", **used}),
            Permission.model_validate(
                {"name": "android.permission.ACCESS_WIFI_STATE", "protection": "normal", **used}
            ),
        ),
    ).overreach.permissions
    reasons = {row.name: row.reason.zh for row in rows}

    assert len(reasons) == 2
    assert all(("申请时机" in why) is (name == PHONE) for name, why in reasons.items())

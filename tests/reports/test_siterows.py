"""Tables about sites gather what is alike, count what they leave out, and name what was seen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_sample import ASSESSMENT, FACTS, PACK
from site_sample import SITE_FACTS, URL
from test_docx import text_of
from test_pdf import squeezed

from reports import WRITERS
from reports.appendix import evidence_sheet, file_sheet
from reports.findings import evidence_view
from reports.formal import content
from reports.imprint import Imprint
from reports.names import Names
from reports.sheet import Sheet
from reports.sitetables import site_sheets
from reports.view import ReportView
from scanner.facts import Facts
from scanner.model import Evidence, Text, WebLocator
from scanner.sitefacts import Form, FormField, Page, ScriptLibrary, SiteFacts, Transport
from scanner.visitfacts import Cookie, Request


def sheets(**parts: object) -> dict[str, Sheet]:
    facts = SITE_FACTS.model_copy(
        update={"site": SiteFacts.model_validate({"start_url": URL, "host": "www.shop.example", **parts})}
    )
    return {sheet.key: sheet for sheet in site_sheets(Names(facts, PACK, "zh"))}


def form(page: str, item: str = "imei", label: str = "设备号") -> Form:
    fields = (FormField(name="f", type="text", label=label, item=item),) if item else ()
    collects = (item,) if item else ()
    personal = bool(item) and item != "user-content"
    return Form(
        page=f"{URL}{page}", purpose="contact", fields=fields, collects=collects, collects_pi=personal
    )


def test_forms_alike_are_one_row_and_those_that_ask_for_nothing_are_counted() -> None:
    found = sheets(
        forms=(form("a"), form("b"), form("c", label="编号"), form("d", item=""), form("e", item=""))
    )
    table = found["site_forms"]

    assert [row[0] for row in table.rows] == ["/a 等 2 页，2 个表单", "/c"]
    assert "（设备号）" in table.rows[0][2] and "（编号）" in table.rows[1][2]
    assert "共 5 个表单，列出其中收集个人信息的 3 个" in table.note and "其余 2 个" in table.note
    assert "以“/”开头的地址省略了 https://www.shop.example。" in table.note


def test_requests_alike_are_one_row_with_their_number() -> None:
    request = Request(url="https://t.example/?id=1", host="t.example", sends=("imei",), third_party=True)
    other = request.model_copy(update={"url": "https://t.example/?id=2"})
    table = sheets(requests=(request, other, Request(url=URL, host="x")))["site_requests"]

    assert [(row[0], row[-1]) for row in table.rows] == [("t.example", "2")]


def test_every_library_is_listed_once_a_version_with_all_its_advisories() -> None:
    ids = tuple(f"CVE-2020-{n:05}" for n in range(40))
    old = ScriptLibrary(
        name="jquery", version="1.8.3", url=f"{URL}j.js", advisories=ids, vulnerable=True, severity="medium"
    )
    again = old.model_copy(update={"url": f"{URL}k.js"})
    good = ScriptLibrary(name="vue", version="3.5.0", url=f"{URL}v.js")
    found = sheets(libraries=(good, old, again))
    rows = found["site_libraries"].rows

    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("jquery", "1.8.3", "/j.js\n/k.js"),
        ("vue", "3.5.0", "/v.js"),
    ]
    assert all(advisory in rows[0][2] for advisory in ids) and rows[0][2].endswith("（中危）")
    assert rows[1][2] == "数据中没有"
    assert found["site_weaknesses"].rows == ()


def test_cookie_attributes_and_page_problems_are_words() -> None:
    cookie = Cookie(name="a", domain="x", secure=True, http_only=True, same_site="Lax")
    page = Page(url=URL, final_url=URL, problem="connection-refused")
    found = sheets(cookies=(cookie,), pages=(page,))

    assert found["site_cookies"].rows[0][-1] == "只经加密连接发送、脚本不可读取、跨站时只随打开网页发送"
    assert found["site_pages"].rows[0][-1] == "连接被拒绝"


def test_a_host_without_https_has_no_unknown_certificate() -> None:
    table = sheets(transport=(Transport(host="a", https=False), Transport(host="b")))["site_transport"]

    assert table.rows[0][1:] == ("否", "—", "—", "—", "未知", "—")
    assert table.rows[1][1:] == ("未知", "—", "未知", "未知", "未知", "未知")


def noted(url: str) -> Evidence:
    note = Text(zh="作出选择之前。", en="Before any choice.")
    return Evidence(artifact=url, locator=WebLocator(url=url), excerpt="GET https://t.example/", note=note)


def test_a_note_is_read_in_the_language_of_the_report() -> None:
    shown = [evidence_view(noted(URL), Names(FACTS, PACK, lang)).note for lang in ("zh", "en")]

    assert shown == ["作出选择之前。", "Before any choice."]


def shared_view() -> ReportView:
    """Two findings that rest on the same place of a page."""
    results = list(ASSESSMENT.evaluation.results)
    hit = next(n for n, r in enumerate(results) if len(r.findings) >= 2)
    findings = tuple(
        f.model_copy(update={"evidence": (noted(URL),), "evidence_total": 1}) for f in results[hit].findings
    )
    results[hit] = results[hit].model_copy(update={"findings": findings})
    assessment = ASSESSMENT.model_copy(
        update={
            "subject": SITE_FACTS.subject,
            "evaluation": ASSESSMENT.evaluation.model_copy(update={"results": tuple(results)}),
        }
    )
    return ReportView(assessment, Facts.model_validate(SITE_FACTS.model_dump()), PACK, "zh")


def test_evidence_that_findings_share_is_shown_once_and_referred_to() -> None:
    view = shared_view()
    shown = [
        (finding["label"], evidence)
        for problem in content(view, Imprint())["problems"]
        for finding in problem["findings"]
        for evidence in finding["evidence"]
        if evidence["kind"] == "web"
    ]
    (first, full), (_, again), *_ = shown

    assert full["note"] == "作出选择之前。" and full["excerpt"].startswith("GET")
    assert again["note"] == f"内容同 {first}.1。" and again["excerpt"] == ""


def test_a_finding_of_which_nothing_is_new_is_one_line() -> None:
    view = shared_view()
    data = [f for problem in content(view, Imprint())["problems"] for f in problem["findings"]]
    grouped = [replace(f, group=URL) for f in view.findings]
    whole = ReportView(view.assessment, view.facts, view.pack, "zh")
    whole.__dict__["findings"] = tuple(grouped)
    first, again = [
        f
        for problem in content(whole, Imprint())["problems"]
        for f in problem["findings"]
        if URL in f["group"]
    ][:2]

    assert len(data) == len(grouped)
    assert len(first["evidence"]) == 1 and again["evidence"] == []
    assert again["note"] == f"内容同 {first['label']}.1。"


def test_the_evidence_index_has_a_row_a_place_and_points_to_the_file() -> None:
    view = shared_view()
    row = next(row for row in evidence_sheet(view).rows if row[1] == "网页")

    assert row[0].count("、") >= 1
    assert row[3] == f"[1] {URL}" and file_sheet(view).rows[0][:2] == ("1", URL)


@pytest.mark.parametrize("name", ["html", "console", "sarif", "pdf", "docx"])
def test_every_format_that_shows_evidence_shows_its_note(name: str) -> None:
    data = WRITERS[name].load()(shared_view())
    text = {"pdf": squeezed, "docx": text_of}.get(name, bytes.decode)(data)

    assert "作出选择之前。" in text


def test_forms_that_alone_identify_nobody_are_listed_but_not_counted_among_the_others() -> None:
    note = sheets(forms=(form("a"), form("b", item="user-content"), form("c", item="")))["site_forms"].note

    assert "收集个人信息的 1 个，以及只收集" in note and "不计入前数的 1 个" in note and "其余 1 个" in note


def test_consent_by_words_alone_is_no_box() -> None:
    asked = {"collects": ("imei",), "agreement": True, "page": URL, "purpose": "login"}
    words = sheets(forms=({**asked, "consents": [{"text": "登录即表示同意", "box": False}]},))
    box = sheets(forms=({**asked, "consents": [{"text": "我同意"}]},))

    assert words["site_forms"].rows[0][4] == "有同意文字，无勾选框"
    assert box["site_forms"].rows[0][4] == "是"


def test_tables_of_traffic_say_that_no_form_was_sent() -> None:
    found = sheets(
        forms=(form("a").model_copy(update={"third_party": True, "action_host": "other.example"}),)
    )

    for key in ("site_third_parties", "site_requests"):
        assert not found[key].rows and "表单另提交到 other.example" in found[key].note
    assert "表单另提交到" not in sheets()["site_requests"].note


def test_what_a_third_party_that_never_answered_would_do_was_not_observed() -> None:
    parties = [
        {"domain": "gone.example", "requests": 2, "answered": False},
        {"domain": "here.example", "requests": 1, "answered": True},
    ]
    rows = {row[0]: row for row in sheets(third_parties=parties)["site_third_parties"].rows}

    assert rows["gone.example"][5:] == ("2 / 未观察", "未观察")
    assert rows["here.example"][5:] == ("1 / 0", "—")


def test_a_report_names_the_site_with_its_host_and_says_the_time_zone() -> None:
    facts = SITE_FACTS.model_copy(
        update={"subject": SITE_FACTS.subject.model_copy(update={"name": "清禾商城"})}
    )
    assert facts.site is not None
    view = ReportView(ASSESSMENT, facts, PACK, "zh")
    data = content(view, Imprint())

    assert data["name"] == f"清禾商城（{facts.site.host}）"
    assert any("协调世界时（UTC）" in row["value"] for row in data["method"]["versions"])


def test_sensitive_stands_at_the_item_it_means() -> None:
    fields = (
        FormField(name="a", type="text", label="设备号", item="imei"),
        FormField(name="b", type="text", label="卡号", item="bank-card", sensitive="yes"),
    )
    both = Form(page=f"{URL}a", purpose="contact", fields=fields, collects=("imei", "bank-card"))
    cell = sheets(forms=(both.model_copy(update={"collects_sensitive": True}),))["site_forms"].rows[0][2]

    assert "（设备号）、" in cell and "（卡号） [敏感]" in cell and cell.count("敏感]") == 1


def test_what_visitors_are_told_shows_its_ground() -> None:
    ground = {"topic": "agreement", "text": "用户协议", "url": f"{URL}terms"}
    rows = sheets(disclosure={"agreement_found": True, "grounds": (ground,)})["site_disclosure"].rows

    assert ("用户协议", "是", f"“用户协议”（{URL}terms ）") in [row[-3:] for row in rows]
    assert all(row[2] == "—" for row in rows if row[1] != "是")


def test_numbers_seen_without_a_finding_are_explained() -> None:
    seen = {"item": "phone-number", "page": f"{URL}list", "count": 3, "sample": "138****0001"}

    assert "没有相应发现的" in sheets(exposed=(seen,))["site_exposed"].note

"""Notice list and other lists as workbook and CSV: columns of bulletins, verdicts, formulas, many subjects."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date

import pytest
from openpyxl import load_workbook
from report_sample import ASSESSMENT, CREATE, FACTS, HOSTILE, PACK, RULES, code, t, view

from reports import csvout, lists, xlsx
from reports.view import ReportView
from scanner.componentfacts import Ability, AutoStart, Wake
from scanner.facts import Facts
from scanner.gate import standings
from scanner.model import Assessment, Confidence, Decision, Verdict
from scanner.rulepack import BulletinPhrase

FORMULA = '=HYPERLINK("http://x.example","y")'
PHRASE = BulletinPhrase(
    id="p1",
    phrase="违规收集个人信息",
    en="Unlawful collection",
    authority={"zh": "甲", "en": "A"},  # type: ignore[arg-type]  # pydantic builds the Text
    source="T-1",
    verified="verified: 公报",
)
RULE = RULES["certain-hit"].model_copy(update={"bulletin": ("p1",)})
NAMED = PACK.model_copy(update={"rules": {**RULES, "certain-hit": RULE}, "bulletin": {"p1": PHRASE}})


def subject(**update: object) -> Facts:
    return FACTS.model_copy(update={"subject": FACTS.subject.model_copy(update=update)})


def with_control(name: str, **update: object) -> Assessment:
    controls = tuple(c.model_copy(update=update) if c.control == name else c for c in ASSESSMENT.controls)
    return ASSESSMENT.model_copy(update={"controls": controls})


def sheet(data: bytes, name: str) -> list[list[object]]:
    book = load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book[name].iter_rows()]


def test_notice_list_has_the_columns_of_bulletins() -> None:
    facts = subject(name="甲应用", developer="甲公司", store="乙商店", version="3.1")
    rows = sheet(xlsx.write(ReportView(ASSESSMENT, facts, NAMED, "zh")), "通报名单")

    assert rows[0][0] == "个人信息保护检测通报名单（草拟）"
    assert rows[2][:6] == ["序号", "应用名称", "开发者", "来源", "版本", "所涉问题"]
    assert rows[3][:6] == [1, "甲应用", "甲公司", "乙商店", "3.1", "违规收集个人信息"]
    assert rows[3][6] == "问题2；问题3"


def test_problems_without_a_phrase_are_named_by_their_title_and_phrases_have_english() -> None:
    assert lists.notice(ReportView(ASSESSMENT, FACTS, PACK, "zh")).confirmed == ("问题1",)
    assert lists.notice(ReportView(ASSESSMENT, FACTS, NAMED, "en")).confirmed == ("Unlawful collection",)


def test_a_subject_without_problems_is_not_on_the_notice_list_but_counted() -> None:
    quiet = ASSESSMENT.model_copy(
        update={
            "evaluation": ASSESSMENT.evaluation.model_copy(
                update={"results": tuple(r for r in ASSESSMENT.evaluation.results if not r.findings)}
            )
        }
    )
    data = xlsx.notice_workbook(
        [(quiet, subject(name="清白")), (ASSESSMENT, subject(name="有问题"))], PACK, "zh"
    )

    notice, subjects = sheet(data, "通报名单"), sheet(data, "检测对象")
    assert [row[:2] for row in notice[3:]] == [[1, "有问题"]]
    assert [row[0] for row in subjects[1:]] == ["清白", "有问题"]
    assert sheet(data, "统计")[0][:2] == ["检测对象数", 2]


def test_a_capped_or_uncertain_hit_is_only_a_lead() -> None:
    found = standings(ASSESSMENT, PACK)

    assert found["certain-hit"].verdict is Verdict.VIOLATION
    assert found["capped-hit"].verdict is Verdict.SUSPECTED

    unsure = RULES["certain-hit"].model_copy(update={"confidence": Confidence.FIRM})
    pack = PACK.model_copy(update={"rules": {**RULES, "certain-hit": unsure}})
    assert standings(ASSESSMENT, pack)["certain-hit"].verdict is Verdict.SUSPECTED


def test_what_a_human_cleared_is_not_listed() -> None:
    decision = Decision(
        control="control-1",
        subject="s",
        verdict=Verdict.COMPLIANT,
        who="王",
        when=date(2026, 1, 1),
        why="已核",
    )
    cleared = with_control("control-1", verdict=Verdict.COMPLIANT, row=1, decision=decision)

    assert "问题1" not in lists.notice(ReportView(cleared, FACTS, PACK, "zh")).confirmed
    assert "问题1" not in lists.notice(ReportView(cleared, FACTS, PACK, "zh")).suspected


def test_sheets_are_frozen_filtered_and_print_their_titles() -> None:
    book = load_workbook(io.BytesIO(xlsx.write(view())))

    assert book.sheetnames == [
        "通报名单",
        "检测对象",
        "发现",
        "SDK",
        "权限",
        "启动顺序",
        "自启动与特殊能力",
        "网络地址",
        "统计",
    ]
    for name, first in (("通报名单", 3), ("发现", 1), ("权限", 1)):
        page = book[name]
        assert page.freeze_panes == f"A{first + 1}"
        assert (page.auto_filter.ref or "").startswith(f"A{first}:")
        assert page.print_title_rows == f"${first}:${first}"
    assert len(book["统计"]._charts) >= 4


def test_findings_sheet_says_what_where_verdict_basis_and_fix() -> None:
    rows = sheet(xlsx.write(view()), "发现")

    assert rows[0] == [view().word(name) for name in lists.FINDINGS]
    first = dict(zip(map(str, rows[0]), rows[1], strict=True))
    assert (first["编号"], first["严重程度"], first["结论"]) == ("F01", "严重", "不符合")
    assert "《测试办法》一、1" in str(first["主要依据"])
    assert first["整改"] == "按1整改。"
    assert len(rows) - 1 == len(view().findings)


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1+1", FORMULA])
def test_formulas_stay_text(start: str) -> None:
    shown = ReportView(ASSESSMENT, subject(name=start, developer=start), PACK, "zh")
    data = xlsx.write(shown)

    book = load_workbook(io.BytesIO(data))
    cell = book["通报名单"]["B4"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (start, "s", True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
    assert not any("<f>" in text or "<hyperlink" in text for text in sheets)

    table = list(csv.reader(io.StringIO(csvout.write_notice(shown).decode("utf-8-sig"))))
    assert table[1][1] == f"'{start}"


def test_addresses_say_operator_country_day_owner_and_place() -> None:
    assert FACTS.app is not None
    known = FACTS.app.endpoints[0].model_copy(
        update={
            "host": "a.example",
            "url": "https://a.example/v1",
            "cleartext": False,
            "operator": t("甲公司", "A Ltd"),
            "country": "US",
            "country_of": "operator",
            "overseas": True,
            "as_of": "2026-11-24",
            "evidence": (code(CREATE, 4, CREATE),),
        }
    )
    bare = known.model_copy(
        update={
            "url": "http://b.example/",
            "host": "b.example",
            "cleartext": True,
            "operator": None,
            "country": None,
            "country_of": None,
            "overseas": None,
            "as_of": "",
            "evidence": (),
        }
    )
    rows = sheet(xlsx.write(with_app(endpoints=(known, bare))), "网络地址")

    assert rows[0] == [view().word(name) for name in lists.ENDPOINTS]
    assert [row[2:11] for row in rows[1:]] == [
        ["b.example", "http://b.example/", "是", "", "", "不明", "", "甲广告", "代码"],
        [
            "a.example",
            "https://a.example/v1",
            "否",
            "甲公司",
            "美国（运营者）",
            "境外",
            "2026-11-24",
            "甲广告",
            "代码",
        ],
    ]
    assert "Lcom/example/shop/MainActivity;->onCreate" in str(rows[2][11])


def test_self_starts_wake_ups_and_abilities_are_all_listed() -> None:
    ways = tuple(
        AutoStart(
            kind="boot", name=t("开机", "boot"), group="boot", trigger="B", component=f"cn.R{n}", works=True
        )
        for n in range(150)
    )
    wake = Wake(package="=cmd()", way="service", caller="La;->a()V", owner_kind="app", before_ui=True)
    power = Ability(kind="overlay", name=t("悬浮窗", "overlay"), declared=True, used=False, owner_kind="app")
    shown = with_app(autostarts=ways, wakes=(wake,), abilities=(power,))
    data = xlsx.write(shown)
    rows = sheet(data, "自启动与特殊能力")

    assert rows[0] == [shown.word(name) for name in lists.POWERS]
    assert len(rows) == 1 + 150 + 2
    assert rows[1][2:7] == ["自启动：开机", "开机", "B；cn.R0", "归属不明", "按目标 API 级别仍有效"]
    assert [row[2] for row in rows[-2:]] == ["关联启动", "特殊能力"]
    assert rows[-1][6] == "已声明；代码使用：未见使用"
    cell = load_workbook(io.BytesIO(data))["自启动与特殊能力"].cell(row=152, column=4)
    assert (cell.value, cell.data_type, cell.quotePrefix) == ("=cmd()", "s", True)


def with_app(**update: object) -> ReportView:
    assert FACTS.app is not None
    facts = FACTS.model_copy(update={"app": FACTS.app.model_copy(update=update)})
    return ReportView(ASSESSMENT, facts, PACK, "zh")


def test_many_subjects_share_the_sheets_of_addresses_and_abilities() -> None:
    assert FACTS.app is not None
    data = xlsx.notice_workbook([(ASSESSMENT, subject(name=name)) for name in ("甲", "乙")], PACK, "zh")

    rows = sheet(data, "网络地址")

    assert [row[0] for row in rows[1:]] == [name for name in ("甲", "乙") for _ in FACTS.app.endpoints]


def test_hostile_text_stays_text() -> None:
    facts = subject(name=f"甲{HOSTILE}𠮷😀", developer='x,"y"\r\nz', store="长" * 50_000)
    shown = ReportView(ASSESSMENT, facts, PACK, "zh")

    row = sheet(xlsx.write(shown), "通报名单")[3]
    assert row[1] == "甲<script>alert(1)</script>⟨U+202E⟩exe.gpj⟨U+0007⟩[bold]{{7*7}}𠮷😀"
    assert str(row[3]).endswith("…(+49800)")
    table = list(csv.reader(io.StringIO(csvout.write_notice(shown).decode("utf-8-sig"))))
    assert table[1][1] == row[1]
    assert table[1][2] == 'x,"y"⟨U+000D⟩ z'


def test_csv_has_a_byte_order_mark_and_one_line_per_finding() -> None:
    data = csvout.write(view())

    table = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert data.startswith(b"\xef\xbb\xbf")
    assert table[0] == [view().word(name) for name in lists.FINDINGS]
    assert len(table) - 1 == len(view().findings)
    assert table[1][3] == "F01"


def test_csv_of_many_subjects_numbers_them_on() -> None:
    book = csvout.notice_list(PACK, "zh")
    for name in ("甲", "乙"):
        book.add(ReportView(ASSESSMENT, subject(name=name), PACK, "zh"))

    table = list(csv.reader(io.StringIO(book.finish().decode("utf-8-sig"))))
    assert [row[:2] for row in table[1:]] == [["1", "甲"], ["2", "乙"]]


def test_rows_beyond_a_sheet_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS", 2)

    rows = sheet(xlsx.write(view()), "发现")

    assert rows[-1][0] == f"超出工作表行数上限，另有 {len(view().findings) - 2} 行未列，见 JSON 报告。"


def test_same_input_gives_the_same_bytes_in_both_languages() -> None:
    assert xlsx.write(view()) == xlsx.write(view())
    assert load_workbook(io.BytesIO(xlsx.write(view("en")))).sheetnames == [
        "Notice list",
        "Subjects",
        "Findings",
        "SDKs",
        "Permissions",
        "Order of the start",
        "Self-starts and abilities",
        "Addresses",
        "Statistics",
    ]

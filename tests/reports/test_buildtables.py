"""What a package is made of beside its code has tables where there is any of it, in every format."""

from __future__ import annotations

import pytest
from lxml import html as lxml_html
from report_sample import ASSESSMENT, FACTS, PACK

from reports import html
from reports.appendix import appendix_sheets
from reports.sheet import Sheet
from reports.view import ReportView
from scanner.appfacts import BuildRecord, Container, Expansion, SdkTrace
from scanner.model import Evidence, FileLocator, Lang, Text

KEYS = ("containers", "build_records", "sdk_traces", "expansions")


def file(path: str) -> tuple[Evidence, ...]:
    return (Evidence(artifact=path, locator=FileLocator(path=path), excerpt=path),)


def view(lang: Lang = "zh") -> ReportView:
    assert FACTS.app is not None
    name = Text(zh="甲", en="Acme")
    app = FACTS.app.model_copy(
        update={
            "containers": (
                Container(kind="web-page", name=name, files=3, readable=True, evidence=file("assets/a.html")),
                Container(kind="hermes", name=name, files=1, readable=False, draws=True, sentences=2),
            ),
            "build_records": tuple(
                BuildRecord(name=f"g:a{n}", kind="version-file", version=f"1.{n}", owner_id="androidx")
                for n in range(70)
            ),
            "sdk_traces": (
                SdkTrace(sdk="acme", name=name, is_library=False, kind="jni", count=4, present=False),
            ),
            "expansions": (
                Expansion(kind="obb", name="main.1.obb", size=2048, delivered=True, read=False),
                Expansion(kind="asset-pack", name="", delivery="on-demand", delivered=False, read=False),
            ),
        }
    )
    return ReportView(ASSESSMENT, FACTS.model_copy(update={"app": app}), PACK, lang)


def sheets(lang: Lang = "zh") -> dict[str, Sheet]:
    return {one.key: one for one in appendix_sheets(view(lang))}


def test_every_kind_has_its_table_and_its_words() -> None:
    found = sheets()

    assert [row[2:5] for row in found["containers"].rows] == [
        ("可检索", "否", "0"),
        ("字节码或加密，未检索", "是", "2"),
    ]
    (records,) = found["build_records"].rows
    assert records[1] == "版本文件（META-INF/*.version）"
    assert "g:a0 1.0、g:a1 1.1" in records[2] and records[2].endswith("等共 70 条")
    assert found["sdk_traces"].rows[0][1:4] == ("导出的 JNI 函数", "4", "否，只有痕迹")
    assert [row[0] for row in found["expansions"].rows] == ["扩展文件（OBB）", "资源包"]
    assert found["expansions"].rows[0][3:5] == ("是", "否")
    assert found["expansions"].rows[1][2] == "用到时下载"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_has_the_same_tables(lang: Lang) -> None:
    page = lxml_html.document_fromstring(html.write(view(lang)).decode())

    for key in KEYS:
        table = sheets(lang)[key]
        section = page.get_element_by_id(key)
        assert table.title in section.text_content()
        assert len(section.xpath(".//tbody/tr")) == len(table.rows)


def test_an_app_without_them_has_no_empty_tables() -> None:
    plain = ReportView(ASSESSMENT, FACTS, PACK, "zh")

    assert not {one.key for one in appendix_sheets(plain)} & set(KEYS)


def test_rules_without_a_decision_stand_by_title_and_code_under_their_reason() -> None:
    (table,) = [
        one for one in appendix_sheets(ReportView(ASSESSMENT, FACTS, PACK, "zh")) if one.key == "undecided"
    ]

    assert table.rows == (("界面文字未能读取（1 条规则）",), ("问题4", "GJ-T004", "", ""))

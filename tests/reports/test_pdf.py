"""The formal report as PDF: what a reader finds in it, what is embedded, and that hostile text stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
from report_sample import ASSESSMENT, FACTS, HOSTILE, PACK, SHA, view
from site_sample import site_view
from test_size import big

from reports import pdf
from reports.formal import content
from reports.imprint import Imprint
from reports.view import ReportView
from scanner.errors import ReportError
from scanner.gate import BaselineState

IMPRINT = Imprint(
    number="GJ-2026-0007",
    client="某某网络科技有限公司",
    laboratory="某省软件评测中心",
    accreditation="CMA 000000000001",
    deadline="2026-12-24",
    tester="李测试",
    notes=("对报告有异议的，应在收到之日起十五日内提出。",),
)


def pages(data: bytes) -> list[str]:
    """The text of each page; the tracked title of the cover loses the gaps between its characters."""
    with pdfium.PdfDocument(data) as document:
        return [page.get_textpage().get_text_range() for page in document]


def squeezed(data: bytes) -> str:
    """All text without the line and page breaks that the layout chose."""
    return re.sub(r"[\s\u200b\ufffe\ufeff]+", "", "".join(pages(data)))


@cache
def report(lang: str = "zh") -> bytes:
    return pdf.write(replace(view(lang), imprint=IMPRINT))  # type: ignore[arg-type]  # "zh" or "en"


def test_cover_names_object_number_and_parties() -> None:
    cover = re.sub(r"\s", "", pages(report())[0])

    for text in (
        "个人信息保护检测报告",
        "GJ-2026-0007",
        "某某网络科技有限公司",
        "某省软件评测中心",
        "移动应用",
    ):
        assert text in cover


def test_every_chapter_of_a_laboratory_report_is_there() -> None:
    text = squeezed(report())

    for chapter in (
        "注意事项",
        "检测结果汇总",
        "目录",
        "1检测对象",
        "2检测依据",
        "3检测方法与局限",
        "4检测结论",
        "5不符合与疑似条款",
        "6问题与证据",
        "7人工核查事项",
        "8人工结论",
        "附录A全部条款的结论",
        "证据索引",
        "未读取的内容与异常",
    ):
        assert chapter in text
    for line in ("检测：李测试", "审核：", "批准：", "对报告有异议的", "CMA000000000001"):
        assert line in text


def test_clause_says_text_verdict_severity_remedy_and_deadline() -> None:
    text = squeezed(report())

    clause = text[text.index("一、1第一项严重不符合") :][:200]
    assert "条文第1条的原文。（原文）" in clause
    assert "整改按1整改。" in clause
    assert "整改期限2026-12-24" in clause
    assert "条文未与原文核对" in text


def test_evidence_has_place_chain_and_hash() -> None:
    text = squeezed(report())

    assert "方法Lcom/acme/ads/Device;->imei()Ljava/lang/String;" in text
    assert "F01.1代码" in text
    assert "调用链（3步）" in text
    assert "略去" in text
    assert "已检索以下内容，均未见" in text
    assert SHA in text


def test_manual_items_have_steps_boxes_and_signature() -> None:
    text = squeezed(report())

    item = text[text.index("M01控制点2约30分钟") :][:400]
    for part in (
        "对应条款《测试办法》一、2",
        "核查步骤先按P1准备。安装并启动，全程录屏。",
        "留存：录屏",
        "核查结果",
        "符合",
        "不适用",
        "核查人",
    ):
        assert part in item
    assert "网站首页" not in text, "the subject is an app"


def test_preparations_are_said_once_and_every_item_is_indexed_with_its_page() -> None:
    text = squeezed(report())

    assert text.count("恢复出厂设置。") == 1
    assert "P1检测用手机恢复出厂设置。样品编号" in text
    assert "清空浏览器" not in text
    first = re.search(
        r"M01控制点2疑似《测试办法》一、2约30分钟(\d+)M02控制点3疑似《测试办法》一、3约30分钟", text
    )
    assert first is not None
    texts = [re.sub(r"\s+", "", page) for page in pages(report())]
    forms = [number for number, page in enumerate(texts, 1) if "M01控制点2约30分钟" in page]
    assert forms == [int(first[1])]


def test_human_decisions_are_marked() -> None:
    text = squeezed(report())

    assert "王检测员" in text
    assert "人工" in text[text.index("8人工结论", text.index("M01")) :]


def test_pages_are_counted_and_none_is_empty() -> None:
    found = pages(report())

    for number, page in enumerate(found[1:], 2):
        assert f"第 {number} 页 共 {len(found)} 页" in page.replace("\xa0", " ")
        assert len(page) > 60, f"page {number} is empty"


def test_file_is_pdf_a_with_embedded_fonts_title_author_and_date() -> None:
    data = report()

    assert b"<pdfaid:part>2</pdfaid:part>" in data
    with pdfium.PdfDocument(data) as document:
        meta = document.get_metadata_dict()
        fonts = {}
        for page in document:
            for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_TEXT]):
                font = pdfium_c.FPDFTextObj_GetFont(item.raw)
                fonts[pdfium_c.FPDFFont_GetIsEmbedded(font)] = True
        contents = [item.get_title() for item in document.get_toc()]
    assert meta["Title"].startswith("个人信息保护检测报告 购物")
    assert meta["Author"] == "某省软件评测中心"
    assert meta["CreationDate"].startswith("D:20261124083000")
    assert set(fonts) == {1}
    assert any("检测依据" in title for title in contents)


def test_same_input_gives_the_same_bytes() -> None:
    assert pdf.write(view()) == pdf.write(view())


def test_hostile_text_stays_text() -> None:
    markup = '#read("/etc/passwd") $x$ *b* _i_ <l> @r `c` = h \\ #{panic()} //'
    name = f"{markup}{HOSTILE}𠮷😀ش"
    subject = FACTS.subject.model_copy(update={"name": name, "developer": name, "source": "长" * 5000})
    hostile = ReportView(ASSESSMENT, FACTS.model_copy(update={"subject": subject}), PACK, "zh")

    text = squeezed(pdf.write(hostile))

    assert re.sub(r"\s", "", markup) in text
    assert "<script>alert(1)</script>⟨U+202E⟩exe.gpj⟨U+0007⟩[bold]{{7*7}}" in text  # in the certificate
    assert "root:" not in text


def test_rare_characters_are_drawn_and_missing_ones_reported() -> None:
    subject = FACTS.subject.model_copy(update={"developer": "𠮷野家😀"})
    text = squeezed(
        pdf.write(ReportView(ASSESSMENT, FACTS.model_copy(update={"subject": subject}), PACK, "zh"))
    )

    assert "𠮷野家⟨U+1F600⟩" in text
    assert "报告字体缺少1种字符" in text
    assert "U+1F600" in text[text.index("报告字体缺少") :]


def test_blank_imprint_leaves_lines_to_fill_in() -> None:
    text = squeezed(pdf.write(view()))

    assert "报告编号：" in text
    assert "GJ-2026-0007" not in text


def test_english_report_has_english_words() -> None:
    text = squeezed(report("en"))

    for part in (
        "TestReportonPersonal-InformationProtection",
        "Itemsformanualinspection",
        "AppendixA",
        "Page2of",
    ):
        assert part in text


def strings(value: object, skip: frozenset[str]) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for key, item in value.items() if key not in skip for s in strings(item, skip)]
    if isinstance(value, list):
        return [s for item in value for s in strings(item, skip)]
    return []


def test_english_content_is_english_but_for_the_law() -> None:
    data = content(view("en"), Imprint())
    law = frozenset({"text", "number", "issuer", "effective"})
    chinese = [
        text
        for text in strings(data, law)
        if re.search(r"[\u4e00-\u9fff]", text)
        and not re.search(r"购物|[一二]、\d|测字|测试机关|王检测员|现场核查", text)
    ]

    assert chinese == []


def test_three_hundred_findings_stay_readable() -> None:
    data = pdf.write(big(300, 300, 50))

    text = squeezed(data)
    assert "F300" in text
    assert "300项发现" in text
    assert "共55处，列出2处" in text
    assert len(pages(data)) < 200


def test_a_missing_font_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_spec", lambda name: None)
    pdf._folders.cache_clear()
    pdf.glyphs.cache_clear()

    with pytest.raises(ReportError, match="pylopdf-fonts-zh-cn"):
        pdf.write(view())

    pdf._folders.cache_clear()
    pdf.glyphs.cache_clear()


def test_what_humans_and_baselines_decided_is_said() -> None:
    known = BaselineState(known=(ASSESSMENT.evaluation.results[3].findings[0].fingerprint,))
    shown = replace(view(), baseline=known)

    text = squeezed(pdf.write(shown))

    for line in (*shown.decision_lines, *shown.baseline_lines):
        assert re.sub(r"\s", "", line) in text
    assert shown.decision_lines
    assert "1处已知" in text


def overflowing(data: bytes) -> list[str]:
    """Texts that reach beyond the right margin (22 mm, less 1 mm for hanging punctuation)."""
    found = []
    with pdfium.PdfDocument(data) as document:
        for number, page in enumerate(document, 1):
            limit = page.get_width() - 21 * 72 / 25.4
            text = page.get_textpage()
            for n in range(text.count_rects()):
                left, bottom, right, top = text.get_rect(n)
                if right > limit:
                    found.append(f"page {number}: {text.get_text_bounded(left, bottom, right, top)!r}")
    return found


@pytest.mark.parametrize("kind", ["sample", "site", "hostile", "English"])
def test_nothing_runs_over_the_margin(kind: str) -> None:
    endless = "x" * 3000
    subject = FACTS.subject.model_copy(
        update={"name": endless, "developer": endless, "identifier": f"com.{endless}", "store": "甲" * 3000}
    )
    views = {
        "sample": view(),
        "site": site_view(),
        "hostile": ReportView(ASSESSMENT, FACTS.model_copy(update={"subject": subject}), PACK, "zh"),
        "English": view("en"),
    }

    assert overflowing(pdf.write(views[kind])) == []

"""The formal report as Word: content, structure, fields an agency uses, and hostile text."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from docx import Document
from docx.oxml.ns import qn
from report_sample import ASSESSMENT, FACTS, HOSTILE, PACK, SHA, view
from test_pdf import IMPRINT
from test_size import big

from reports import docx, docxblocks
from reports.view import ReportView
from scanner.errors import ReportError

ROOT = Path(__file__).resolve().parents[2]


@cache
def report(lang: str = "zh") -> bytes:
    return docx.write(replace(view(lang), imprint=IMPRINT))  # type: ignore[arg-type]  # "zh" or "en"


def text_of(data: bytes) -> str:
    """All text of body, headers and footers in order, breaks as spaces."""
    document = Document(io.BytesIO(data))
    parts = [document.element.body]
    for section in document.sections:
        parts += [section.header._element, section.footer._element]
    return "\n".join(
        "".join(node.text or "" for node in paragraph.iter(qn("w:t")))
        for part in parts
        for paragraph in part.iter(qn("w:p"))
    )


def headings(data: bytes) -> list[tuple[str, str]]:
    wanted = ("Heading", "Appendix")
    return [
        (paragraph.style.name, paragraph.text)
        for paragraph in Document(io.BytesIO(data)).paragraphs
        if paragraph.style is not None and (paragraph.style.name or "").startswith(wanted)
    ]


def test_chapters_and_appendices_are_headings() -> None:
    found = headings(report())

    assert [text for style, text in found if style == "Heading 1"] == [
        "检测对象",
        "检测依据",
        "检测方法与局限",
        "检测结论",
        "不符合与疑似条款",
        "问题与证据",
        "人工核查事项",
        "人工结论",
    ]
    appendices = [text for style, text in found if style == "Appendix 1"]
    assert appendices[0] == "附录 A 全部条款的结论"
    assert any(text.endswith("证据索引") for text in appendices)


def test_content_is_that_of_the_formal_report() -> None:
    text = text_of(report())

    for part in (
        "GJ-2026-0007",
        "某某网络科技有限公司",
        "第1条的原文。（原文）",
        "条文未与原文核对",
        "Lcom/acme/ads/Device;->imei()Ljava/lang/String;",
        "F01.1\u2002代码：",
        "调用链（3 步）",
        "已检索以下内容，均未见",
        "2026-12-24",
        "先按 P1 准备。",
        "安装并启动，全程录屏。",
        "☐ 不符合",
        "王检测员",
        "（人工）",
        SHA,
        "对报告有异议的",
        "第 ",
    ):
        assert part in text


def test_contents_name_every_heading_with_a_field_for_its_page() -> None:
    document = Document(io.BytesIO(report()))
    body = document.element.body
    marks = {mark.get(qn("w:name")): mark for mark in body.iter(qn("w:bookmarkStart"))}
    links = [link.get(qn("w:anchor")) for link in body.iter(qn("w:hyperlink"))]
    fields = [code.text for code in body.iter(qn("w:instrText")) if "PAGEREF" in (code.text or "")]

    items = [mark for mark in marks if mark.startswith("_Item_")]
    assert links == [mark for mark in marks if mark not in items]
    assert items
    assert [field.split()[1] for field in fields] == links + items
    assert len({mark.get(qn("w:id")) for mark in marks.values()}) == len(marks)
    assert len(links) == len([1 for style, _ in headings(report()) if style[-1] in "12"])
    assert 'w:fldCharType="begin" w:dirty="true"' in body.xml
    assert document.settings.element.find(qn("w:updateFields")) is not None
    assert "1 检测对象" in text_of(report())
    assert "附录 A 全部条款的结论" in text_of(report())


def test_pages_are_numbered_of_all_and_headers_of_tables_repeat() -> None:
    document = Document(io.BytesIO(report()))

    footer = document.sections[0].footer._element.xml
    assert "PAGE" in footer
    assert "NUMPAGES" in footer
    listings = [table for table in document.tables if len(table.rows) > 3]
    assert sum(table._tbl.xml.count("<w:tblHeader") for table in document.tables) >= 10
    assert listings


def test_headings_are_numbered_and_chinese_faces_are_named() -> None:
    document = Document(io.BytesIO(report()))
    with zipfile.ZipFile(io.BytesIO(report())) as archive:
        numbering, styles = (
            archive.read("word/numbering.xml").decode(),
            archive.read("word/styles.xml").decode(),
        )
        faces = archive.read("word/fontTable.xml").decode()

    assert '<w:lvlText w:val="%1.%2"/>' in numbering
    assert document.styles["Heading 1"].element.pPr.numPr is not None
    assert 'w:eastAsia="宋体"' in styles
    assert 'w:eastAsia="黑体"' in styles
    assert 'w:eastAsia="zh-CN"' in styles
    assert '<w:altName w:val="SimSun"/>' in faces


def test_number_and_signatures_are_content_controls() -> None:
    xml = Document(io.BytesIO(report())).element.body.xml

    for tag in ("report_number", "client", "tester", "reviewer", "approver", "deadline", "inspector"):
        assert f'<w:tag w:val="{tag}"/>' in xml


def test_properties_and_bytes_depend_on_the_input_only() -> None:
    properties = Document(io.BytesIO(report())).core_properties

    assert (properties.title or "").startswith("个人信息保护检测报告 购物")
    assert properties.author == "某省软件评测中心"
    assert properties.created is not None
    assert properties.created.isoformat() == "2026-11-24T08:30:00+00:00"
    assert docx.write(view()) == docx.write(view())


def test_hostile_text_stays_text() -> None:
    name = f"{{{{7*7}}}}{{% for x in y %}}</w:t>&amp;=1+1{HOSTILE}𠮷😀\x00"
    subject = FACTS.subject.model_copy(update={"developer": name, "store": "长" * 5000})
    hostile = ReportView(ASSESSMENT, FACTS.model_copy(update={"subject": subject}), PACK, "zh")

    text = text_of(docx.write(hostile))

    assert "{{7*7}}{% for x in y %}</w:t>&amp;=1+1<script>alert(1)</script>⟨U+202E⟩exe.gpj⟨U+0007⟩" in text
    assert "𠮷😀⟨U+0000⟩" in text


def test_english_report_has_english_chapters() -> None:
    found = [text for style, text in headings(report("en")) if style in {"Heading 1", "Appendix 1"}]

    assert found[0] == "Object under test"
    assert "Appendix A Verdicts of all clauses" in found


def test_three_hundred_findings_stay_readable() -> None:
    data = docx.write(big(300, 300, 50))

    text = text_of(data)
    assert "F300" in text
    assert "共 55 处，列出 2 处" in text
    assert len(data) < 3_000_000


def own_template(*paragraphs: str) -> bytes:
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_notes_stay_with_the_table_below_them() -> None:
    body = Document(io.BytesIO(report())).element.body
    notes = [
        paragraph
        for paragraph in body.iter(qn("w:p"))
        if (following := paragraph.getnext()) is not None
        and following.tag == qn("w:tbl")
        and paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}[@{qn('w:val')}='Note']") is not None
    ]

    assert len(notes) > 2
    assert [n for n in notes if n.find(f"{qn('w:pPr')}/{qn('w:keepNext')}") is None] == []


def test_introductions_of_chapters_stay_with_what_they_introduce() -> None:
    paragraphs = Document(io.BytesIO(report())).paragraphs

    for note in (view().findings_note, view().word("f_clauses_note")):
        assert [p.paragraph_format.keep_with_next for p in paragraphs if p.text == note] == [True]


def test_a_chart_of_two_shades_says_what_they_mean() -> None:
    xml = docxblocks.legend([("live", "可到达"), ("dead", "未见<到达>路径")])

    assert [shade for shade in ("8BA3C4", "D5DAE0") if f'w:fill="{shade}"' in xml] == ["8BA3C4", "D5DAE0"]
    assert "可到达" in xml and "未见&lt;到达&gt;路径" in xml
    assert "可到达" in text_of(report()) and "未见到达路径" in text_of(report())


@pytest.mark.parametrize(
    ("cell", "small"),
    [
        ("访问精确位置\nACCESS_FINE_LOCATION", ["ACCESS_FINE_LOCATION"]),
        ("系统转储\nDUMP", ["DUMP"]),
        ("IMEI\n设备标识", []),
        ("读取 com.example.shop.Main$1 的字段", ["com.example.shop.Main$1"]),
        ("international cooperation", []),
        ("GM/T 0002/0003/0004", []),
        ("SimpleHTTP/0.6.123", []),
    ],
)
def test_identifiers_in_cells_are_small_enough_to_stay_whole(cell: str, small: list[str]) -> None:
    assert [found[0] for found in docxblocks.IDENTIFIER.finditer(cell)] == small
    xml = docxblocks.table(["项"], [1], [[cell]], ())

    assert xml.count(docxblocks.SMALL_CODE) == len(small)


def test_a_heading_inside_a_table_is_repeated_on_every_page() -> None:
    sheet = {
        "header": ["条款", "结论"],
        "widths": [1, 1],
        "code": [],
        "rows": [["甲法"], ["1", "疑似"], ["乙法"], ["2", "—"]],
    }
    named = {**sheet, "label": "A", "title": "条款", "incomplete": False, "note": ""}
    xml = docxblocks.appendices({"w": {"f_appendix": "附录", "incomplete": ""}, "appendices": [named]})

    assert xml.count("<w:tbl>") == 2
    assert [part.count("<w:tblHeader/>") for part in xml.split("<w:tbl>")[1:]] == [2, 2]


def test_hashes_stand_in_code_type() -> None:
    styles = {
        paragraph.style.name
        for table in Document(io.BytesIO(report())).tables
        for row in table.rows
        for paragraph in row.cells[-1].paragraphs
        if paragraph.text == SHA and row.cells[0].text == "文件 SHA-256" and len(row.cells) == 2
    }
    assert styles == {"Code"}


def test_lines_may_end_after_the_comma_between_labels_only() -> None:
    assert docxblocks.may_break("F01、F02 等、三、1、《A》、B") == "F01、\u200bF02 等、三、1、《A》、B"
    assert "F01、\u200bF02" in docxblocks.table(["编号"], [1], [["F01、F02"]], ())
    lines = [line for line in text_of(report()).splitlines() if "F01、" in line]
    assert lines and all("F01、\u200bF02" in line for line in lines)


def test_an_agency_uses_its_own_template() -> None:
    template = own_template(
        "抬头 {{ imprint.laboratory }}", "{%p for x in problems %}", "{{ x.title }}", "{%p endfor %}"
    )

    text = text_of(docx.write(replace(view(), imprint=IMPRINT, template=template)))

    assert "抬头 某省软件评测中心" in text
    assert "问题1" in text
    assert "检测依据" not in text


@pytest.mark.parametrize(
    "template",
    [
        b"PK",
        own_template("{{ no_such_field }}"),
        own_template("{{ name"),
        own_template("{{ ''.__class__.__mro__[1].__subclasses__() }}"),
        own_template("{% for x in range(99999999) %}{{ x }}{% endfor %}"),
    ],
    ids=["no zip", "unknown field", "unfinished tag", "escape", "endless"],
)
def test_a_template_that_cannot_be_used_is_one_clear_error(template: bytes) -> None:
    with pytest.raises(ReportError, match=r"docs/report-templates\.md"):
        docx.write(replace(view(), template=template))


def test_template_is_what_its_script_builds() -> None:
    script = [sys.executable, ROOT / "tools" / "build_docx_template.py", "--check"]
    assert subprocess.run(script, check=False).returncode == 0


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return {str(key) for key in value} | {k for item in value.values() for k in keys(item)}
    if isinstance(value, list):
        return {k for item in value for k in keys(item)}
    return set()


# What the built-in layouts draw with; a template has blocks.charts and blocks.appendices instead.
DRAWING = {"anchor", "style", "severity", "count", "parts", "key", "level", "code", "grade_place", "missing"}


def test_every_field_is_documented() -> None:
    manual = (ROOT / "docs" / "report-templates.md").read_text("utf-8")
    data = docx.context(view())
    imprint = keys(data["imprint"])
    known = keys({key: value for key, value in data.items() if key not in {"w", "shade", "blocks"}})

    unknown = {key for key in known - imprint if f"`{key}" not in manual and f".{key}" not in manual}
    assert unknown <= DRAWING
    assert {key for key in imprint if f"`{key}`" not in manual} == set()
    assert {key for key in data["blocks"] if f"`blocks.{key}`" not in manual} == set()

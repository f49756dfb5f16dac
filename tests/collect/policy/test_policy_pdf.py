"""PDF: reading order, paragraphs, tables, running heads."""

from __future__ import annotations

from makers import check_offsets, image_pdf, outline, pdf_from, raw_pdf, stream

from scanner.collect.policy.document import Document
from scanner.collect.policy.source import read_document

LONG = "我们会按照本政策收集和使用您的个人信息，包括手机号码、设备型号、操作系统版本以及您主动提供的其他内容，用于向您提供服务、保障账号安全并改进产品。"


def read(markup: str) -> Document:
    document = read_document(pdf_from(markup), "policy.pdf")
    check_offsets(document)
    return document


def texts(document: Document) -> list[str]:
    return [p.text for p in document.paragraphs]


def test_wrapped_lines_are_joined_into_paragraphs_without_spaces() -> None:
    document = read(f"{LONG}\n\n{LONG}{LONG}")
    assert texts(document) == [LONG, LONG + LONG]


def test_latin_words_keep_their_spaces_and_lose_their_hyphens() -> None:
    document = read(
        '#set page(width: 9cm, height: 12cm)\n#set par(justify: true)\n#set text(hyphenate: true, lang: "en")\n'
        "We collect your identification information, organizational characteristics, telecommunication "
        "configuration and administrative documentation of responsibilities."
    )
    assert document.text == (
        "We collect your identification information, organizational characteristics, telecommunication "
        "configuration and administrative documentation of responsibilities."
    )


def test_headings_are_found_by_number_and_weight() -> None:
    document = read(
        f'#align(center)[#text(16pt, weight: "bold")[小步隐私政策]]\n\n一、我们收集的信息\n\n{LONG}\n\n（一）登录\n\n{LONG}\n\n二、联系我们\n\n{LONG}'
    )
    assert outline(document) == [
        (1, "小步隐私政策"),
        (2, "一、我们收集的信息"),
        (3, "（一）登录"),
        (2, "二、联系我们"),
    ]
    assert document.title == "小步隐私政策"


def test_list_items_are_items() -> None:
    document = read(f"{LONG}\n\n- 手机号码\n- 电子邮箱\n\n{LONG}")
    assert [p.kind for p in document.paragraphs] == ["text", "item", "item", "text"]


def test_running_heads_feet_and_page_numbers_are_left_out() -> None:
    paragraphs = ["".join(chr(0x4E00 + (n * 97 + k * 13) % 3_000) for k in range(90)) for n in range(30)]
    document = read(
        "#set page(height: 10cm, header: [小步科技内部资料], "
        "footer: context align(center)[第 #counter(page).display() 页 共 9 页])\n" + "\n\n".join(paragraphs)
    )
    assert "内部资料" not in document.text
    assert "共 9 页" not in document.text
    assert document.text.replace("\n", "") == "".join(paragraphs)


def test_a_ruled_table_is_a_table() -> None:
    document = read(
        f"{LONG}\n\n#table(columns: (1fr, 1fr, 2fr), [SDK名称], [公司], [收集的个人信息], [友盟], [友盟同欣（北京）科技有限公司], "
        f"[设备标识符、网络状态、{'应用列表、' * 12}等], [微信], [腾讯], [MAC地址])\n\n{LONG}"
    )
    assert [p.kind for p in document.paragraphs] == ["text", "table", "text"]
    (table,) = document.tables
    assert table.header == ("SDK名称", "公司", "收集的个人信息")
    assert table.rows == (
        ("友盟", "友盟同欣（北京）科技有限公司", f"设备标识符、网络状态、{'应用列表、' * 12}等"),
        ("微信", "腾讯", "MAC地址"),
    )


def test_merged_cells_stand_in_each_place() -> None:
    document = read(
        "#table(columns: 3, [类型], [名称], [目的], table.cell(rowspan: 2)[推送], [极光], [推送消息], [个推], [推送消息], "
        "[统计], table.cell(colspan: 2)[无])"
    )
    assert document.tables[0].rows == (
        ("推送", "极光", "推送消息"),
        ("推送", "个推", "推送消息"),
        ("统计", "无", "无"),
    )


def test_a_table_that_runs_over_pages_is_one_table() -> None:
    rows = "".join(f"[SDK{n}], [用于统计分析第{n}项]," for n in range(60))
    document = read(f"#table(columns: 2, table.header([SDK名称], [使用目的]), {rows})")
    assert len(document.tables) == 1
    assert document.tables[0].header == ("SDK名称", "使用目的")
    assert [row[0] for row in document.tables[0].rows] == [f"SDK{n}" for n in range(60)]


def test_two_columns_are_read_one_after_the_other() -> None:
    left, right = "甲栏的文字说明收集的目的。" * 25, "乙栏的文字说明共享的对象。" * 25
    document = read(f"#set page(height: 14cm, columns: 2)\n{left}\n#colbreak()\n{right}")
    assert document.text.index("乙栏") > document.text.rindex("甲栏")


def test_pages_that_are_only_images_are_named() -> None:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 400] /Contents %d 0 R /Resources << /XObject << /I 5 0 R >> /Font << /F 6 0 R >> >> >>"
    pixel = b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
    data = raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
        page % 7,
        page % 8,
        stream(b"\x00", pixel),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        stream(b"BT /F 12 Tf 50 300 Td (We collect your phone number.) Tj ET"),
        stream(b"q 300 0 0 300 50 50 cm /I Do Q"),
    )
    document = read_document(data, "policy.pdf")
    assert document.text == "We collect your phone number."
    assert (document.format, document.complete) == ("pdf", False)
    assert "第 2 页" in document.problems[0].message.zh


def test_an_image_only_pdf_says_so() -> None:
    document = read_document(image_pdf(), "scan.pdf")
    assert (document.format, document.complete, document.text) == ("image", False, "")
    assert "没有文字层" in document.problems[0].message.zh


def test_a_locked_pdf_says_so() -> None:
    encryption = (
        b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <" + b"00" * 32 + b"> /U <" + b"11" * 32 + b"> /P -4 >>"
    )
    data = raw_pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        trailer=encryption + b" /ID [<00> <00>]",
    )
    document = read_document(data, "policy.pdf")
    assert [p.code for p in document.problems] == ["policy-pdf-password"]
    assert "密码" in document.problems[0].message.zh

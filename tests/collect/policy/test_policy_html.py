"""HTML: structure, tables, links, and what does not belong to the text."""

from __future__ import annotations

from makers import check_offsets, outline

from scanner.collect.policy.document import Document
from scanner.collect.policy.source import read_document


def read(body: str, head: str = "") -> Document:
    document = read_document(
        f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode(), "p.html"
    )
    check_offsets(document)
    return document


def texts(document: Document) -> list[str]:
    return [p.text for p in document.paragraphs]


def test_headings_form_a_tree() -> None:
    document = read(
        "<h1>隐私政策</h1><p>引言</p><h2>一、收集</h2><p>手机号</p><h3>登录</h3><p>密码</p><h2>二、共享</h2><p>不共享</p>"
    )
    assert outline(document) == [(1, "隐私政策"), (2, "一、收集"), (3, "登录"), (2, "二、共享")]
    by_text = {p.text: p for p in document.paragraphs}
    assert document.section_title(by_text["密码"]) == "隐私政策 › 一、收集 › 登录"
    assert document.section_title(by_text["不共享"]) == "隐私政策 › 二、共享"


def test_numbered_and_bold_lines_are_headings_where_markup_names_none() -> None:
    document = read(
        "<p>XX应用隐私政策</p><p>一、我们收集的信息</p><p>我们会收集您的手机号码。</p><p>（一）登录</p><p>您需要提供密码。</p>"
        "<p>1.1 找回密码</p><p>您需要提供邮箱地址。</p><p><b>二、共享</b></p><p>我们不会共享。</p><p>1、手机号；</p><p>2、邮箱。</p>"
    )
    assert outline(document) == [
        (1, "XX应用隐私政策"),
        (2, "一、我们收集的信息"),
        (3, "（一）登录"),
        (4, "1.1 找回密码"),
        (2, "二、共享"),
    ]


def test_a_table_of_contents_is_no_row_of_sections() -> None:
    names = ["一、收集", "二、共享", "三、存储", "四、联系我们"]
    contents = "".join(f"<p>{name}</p>" for name in names)
    chapters = "".join(f"<p>{name}</p><p>这是{name}的正文，写明具体的做法。</p>" for name in names)
    document = read(f"<p>隐私政策</p>{contents}{chapters}")
    assert [text for _, text in outline(document)] == ["隐私政策", *names]
    assert [p.kind for p in document.paragraphs[1:5]] == ["item"] * 4


def test_line_breaks_part_paragraphs_and_source_line_ends_do_not() -> None:
    document = read("<p>我们收集您的手机\n    号码。<br>第二行 and\n more</p>")
    assert texts(document) == ["我们收集您的手机号码。", "第二行 and more"]


def test_inline_markup_does_not_part_words() -> None:
    assert texts(read("<p>个<b>人</b>信<span>息</span>&nbsp;保护\u200b法</p>")) == ["个人信息 保护法"]


def test_list_items_are_items() -> None:
    document = read("<ul><li>手机号</li><li><p>邮箱</p></li></ul><p>正文</p>")
    assert [(p.kind, p.text) for p in document.paragraphs] == [
        ("item", "手机号"),
        ("item", "邮箱"),
        ("text", "正文"),
    ]


def test_what_is_not_the_text_is_left_out() -> None:
    filler = "<p>我们会收集您的个人信息，用于提供服务，并按照法律规定保护。</p>" * 5
    document = read(
        "<nav><a href=/>首页</a><a href=/about>关于</a></nav><div class='cookie-banner'>本站使用 Cookie <button>接受</button></div>"
        "<script>var x = '个人信息'</script><style>p{}</style><noscript>请启用脚本</noscript>"
        f"<h1>隐私政策</h1>{filler}<div style='display: none'>隐藏的话</div><p hidden>也是隐藏</p>"
        "<footer><p>公司新闻</p><p>© 2024 某某公司 版权所有</p></footer>"
    )
    joined = document.text
    for word in ("首页", "接受", "Cookie", "var x", "启用脚本", "隐藏", "公司新闻", "版权"):
        assert word not in joined
    assert "公司新闻" in document.boilerplate
    assert document.complete


def test_contact_details_in_a_footer_are_kept() -> None:
    document = read(
        "<h1>隐私政策</h1>"
        + "<p>我们会收集信息并加以保护，用于服务。</p>" * 5
        + "<footer>联系我们：privacy@example.cn</footer>"
    )
    assert "privacy@example.cn" in document.text


def test_a_policy_inside_an_element_named_like_a_menu_is_kept() -> None:
    document = read("<div class='footer'>" + "<p>我们收集信息，用于向您提供服务。</p>" * 20 + "</div>")
    assert len(document.paragraphs) == 20


def test_much_hidden_text_leaves_the_document_incomplete() -> None:
    document = read(
        "<p>隐私政策</p><div style='display:none'>"
        + "<p>我们收集信息，用于向您提供服务。</p>" * 20
        + "</div>"
    )
    assert document.text == "隐私政策"
    assert not document.complete
    assert [p.code for p in document.problems] == ["policy-hidden-text"]


SDK_TABLE = (
    "<table><caption>第三方SDK</caption><tr><th>SDK名称</th><th>公司</th><th>收集的信息</th></tr>"
    "<tr><td rowspan=2>微信SDK</td><td>腾讯</td><td>设备<br>型号</td></tr><tr><td colspan=2>见<a href='https://a.cn/p'>隐私政策</a></td></tr>"
    "<tr><td>友盟</td><td>友盟同欣</td><td>MAC地址</td></tr></table>"
)


def test_a_table_keeps_its_header_spans_and_links() -> None:
    document = read(f"<h1>清单</h1>{SDK_TABLE}")
    (table,) = document.tables
    assert table.caption == "第三方SDK"
    assert table.header == ("SDK名称", "公司", "收集的信息")
    assert table.rows == (
        ("微信SDK", "腾讯", "设备 型号"),
        ("微信SDK", "见隐私政策", "见隐私政策"),
        ("友盟", "友盟同欣", "MAC地址"),
    )
    assert document.link_of(*document.cell_span(table, 1, 1)) == "https://a.cn/p"
    assert document.link_of(*document.cell_span(table, 0, 1)) == ""
    assert document.by_id[table.paragraph].text.startswith("SDK名称\t公司\t收集的信息\n微信SDK\t腾讯")


def test_the_first_row_names_the_columns_without_th() -> None:
    document = read(
        "<table><tr><td>权限名称</td><td>使用目的</td></tr><tr><td>相机</td><td>拍照</td></tr></table>"
    )
    assert document.tables[0].header == ("权限名称", "使用目的")


def test_a_table_of_labels_and_values_has_no_header() -> None:
    document = read(
        "<table><tr><td>SDK名称</td><td>友盟</td></tr><tr><td>使用目的</td><td>统计分析</td></tr></table>"
    )
    assert document.tables[0].header == ()
    assert document.tables[0].rows == (("SDK名称", "友盟"), ("使用目的", "统计分析"))


def test_a_title_row_across_the_table_is_its_caption() -> None:
    document = read(
        "<table><thead><tr><th colspan=2>共享清单(Android)</th></tr><tr><th>名称</th><th>目的</th></tr></thead>"
        "<tr><td>友盟</td><td>统计</td></tr></table>"
    )
    assert (document.tables[0].caption, document.tables[0].header) == ("共享清单(Android)", ("名称", "目的"))


def test_a_table_that_only_lays_out_the_page_is_text() -> None:
    document = read(f"<table><tr><td><h1>隐私政策</h1><p>我们收集信息。</p>{SDK_TABLE}</td></tr></table>")
    assert outline(document) == [(1, "隐私政策")]
    assert [p.kind for p in document.paragraphs] == ["heading", "text", "table"]
    assert document.tables[0].header[0] == "SDK名称"


def test_a_nested_table_stands_in_its_cell_and_by_itself() -> None:
    inner = "<table><tr><td>IMEI</td><td>MAC</td></tr><tr><td>甲</td><td>乙</td></tr></table>"
    document = read(
        f"<table><tr><th>名称</th><th>信息</th></tr><tr><td>友盟</td><td>{inner}</td></tr></table>"
    )
    outer, nested = document.tables
    assert outer.rows == (("友盟", "IMEI MAC 甲 乙"),)
    assert nested.rows == (("IMEI", "MAC"), ("甲", "乙"))


def test_links_keep_their_place_and_address() -> None:
    document = read(
        "<p>参见 <a href='https://x.cn/privacy'>《微信隐私政策》</a> 和 <a href='#top'>顶部</a></p>"
    )
    (link,) = document.links
    assert document.text[link.start : link.end] == "《微信隐私政策》"
    assert link.url == "https://x.cn/privacy"


def test_the_title_is_the_line_that_names_the_document() -> None:
    assert read("<h1>小记账隐私政策</h1><p>更新</p>", "<title>小记账官网</title>").title == "小记账隐私政策"
    assert read("<p>更新日期：2024年</p>", "<title>小记账隐私政策</title>").title == "小记账隐私政策"

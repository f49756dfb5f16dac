"""The order of the start and the whereabouts of addresses in every format: same content, hostile words harmless."""

from __future__ import annotations

import io
import zipfile
from typing import get_args

import pytest
from lxml import etree as lxml_etree
from lxml import html as lxml_html
from openpyxl import load_workbook
from report_sample import ADS, APP, ASSESSMENT, FACTS, HOSTILE, PACK, code

from reports import docx, html, xlsx
from reports.appendix import appendix_sheets
from reports.sheet import MAX_TABLE, Sheet
from reports.startuptable import start_lines
from reports.tables import endpoint_rows
from reports.view import ReportView
from reports.words import WORDS
from scanner.appfacts import FlagTest, StartupStep
from scanner.codefacts import Endpoint
from scanner.model import Gap, Lang, Text

CREATE = "Lcom/example/shop/App;->onCreate()V"
GET = "Landroid/content/SharedPreferences;->getBoolean(Ljava/lang/String;Z)Z"
PUSH = FlagTest(kind="unrelated", basis="default", keys=("push_enabled",), flag=GET, first_start=True)
AGREED = FlagTest(kind="consent", basis="key", keys=("agreed",), flag=GET, first_start=False)
UNNAMED = FlagTest(kind="unknown", basis="none", flag="Lcom/example/shop/Flags;->a()Z")


def step(number: int, **changed: object) -> StartupStep:
    given: dict[str, object] = {
        "number": number,
        "phase": "application",
        "component": "com.example.shop.App",
        "entry_method": "onCreate",
        "action": "init",
        "target": "Lcom/acme/ads/Core;->init(Landroid/content/Context;)V",
        "caller": CREATE,
        "owner_kind": "app",
        "owner_id": APP.id,
        "sdk": ADS.id,
        "guard": "none",
        "evidence": (code(CREATE, 17, CREATE),),
    }
    return StartupStep.model_validate(given | changed)


STEPS = (
    step(1, phase="provider", init_order=5, process=":push", items=("imei", "location"), network=True),
    step(
        2,
        action="access",
        item="imei",
        sdk="",
        owner_kind="sdk",
        owner_id=ADS.id,
        deferred=True,
        dispatched=True,
        guard="unrelated",
        tests=(PUSH,),
    ),
    step(3, action="consent", value=True, guard="none", tests=(AGREED,)),
    step(4, action="network", sdk="", owner_kind="unknown", owner_id="", guard="unknown", tests=(UNNAMED,)),
)


def endpoint(host: str, **changed: object) -> Endpoint:
    given = {"url": f"https://{host}/", "host": host, "cleartext": False, "origin": "code", "owner": APP}
    return Endpoint.model_validate({**given, "owner_kind": "app", **changed})


ENDPOINTS = (
    endpoint("api.shop.cn", country="CN", country_of="suffix"),
    endpoint("8.8.8.8", country="US", country_of="address", as_of="2026-06-17", overseas=True),
    endpoint(
        "cn.acme.example",
        operator=Text(zh="甲公司", en="Acme"),
        country="CN",
        country_of="operator",
        overseas=False,
    ),
    endpoint("x.example"),
)


def view(lang: Lang = "zh", **app: object) -> ReportView:
    assert FACTS.app is not None
    changed = {"startup": STEPS, "endpoints": ENDPOINTS, **app}
    facts = FACTS.model_copy(update={"app": FACTS.app.model_copy(update=changed)})
    return ReportView(ASSESSMENT, facts, PACK, lang)


def annex(shown: ReportView, key: str) -> Sheet | None:
    return {sheet.key: sheet for sheet in appendix_sheets(shown)}.get(key)


def section(shown: ReportView, name: str) -> str:
    document = lxml_html.document_fromstring(html.write(shown).decode())
    found = document.get_element_by_id(name)
    assert found.xpath(".//script") == []
    return str(found.text_content())


def test_the_annex_names_phase_action_owner_and_test() -> None:
    table = annex(view(), "startup")

    assert table is not None
    assert table.title == "启动顺序"
    assert "不是运行记录" in table.note
    assert table.rows == (
        (
            "1",
            "内容提供者\ncom.example.shop.App.onCreate()\n进程 :push\ninitOrder 5",
            "初始化 SDK：甲广告\nCore.init()\n随后可获取：IMEI、位置\n随后可联网",
            "应用自身",
            "无判断",
            "App.onCreate() · 0x0011",
        ),
        (
            "2",
            "Application.onCreate\ncom.example.shop.App.onCreate()",
            "获取个人信息：IMEI\nCore.init()",
            "甲广告",
            "与同意无关的标志：“push_enabled”（从未保存时也执行）\n推迟到线程或任务\n途中经接口或重写方法，可能运行别处的代码",
            "App.onCreate() · 0x0011",
        ),
        (
            "3",
            "Application.onCreate\ncom.example.shop.App.onCreate()",
            "向 SDK 告知同意状态：甲广告：已同意\nCore.init()",
            "应用自身",
            "表示同意的标志：“agreed”（从未保存时不执行）；途中最弱：无判断",
            "App.onCreate() · 0x0011",
        ),
        (
            "4",
            "Application.onCreate\ncom.example.shop.App.onCreate()",
            "联网\nCore.init()",
            "归属不明",
            "含义不明的标志：Flags.a()",
            "App.onCreate() · 0x0011",
        ),
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_workbook_and_word_show_the_same_steps(lang: Lang) -> None:
    shown = view(lang)
    page = section(shown, "startup")
    rows = list(load_workbook(io.BytesIO(xlsx.write(shown)))[shown.word("l_sheet_startup")].values)

    assert rows[0][2] == shown.word("b_step")
    assert [row[2] for row in rows[1:]] == [1, 2, 3, 4]
    for line, row in zip(shown.startup, rows[1:], strict=True):
        for part in (line.phase, line.action, line.owner, line.guard):
            assert part in page
            assert part in row
        assert CREATE in str(row[-1])
    with zipfile.ZipFile(io.BytesIO(docx.write(shown))) as archive:
        document = lxml_etree.fromstring(archive.read("word/document.xml"))
    written = "".join(document.itertext())
    for line in shown.startup:
        assert all(part in written for part in (line.phase, line.entry, line.action, line.guard, line.place))


def test_an_empty_start_has_no_table_unless_it_was_not_read() -> None:
    empty = view(startup=())
    gap = Gap(path="app.startup", code="dex", reason=Text(zh="未读", en="not read"))
    unread = ReportView(ASSESSMENT, empty.facts.model_copy(update={"gaps": (gap,)}), PACK, "zh")

    assert annex(empty, "startup") is None
    assert b'id="startup"' not in html.write(empty)
    table = annex(unread, "startup")
    assert table is not None
    assert table.incomplete
    assert unread.word("incomplete") in section(unread, "startup")


def test_steps_beyond_the_limit_are_counted() -> None:
    many = view(startup=tuple(step(n) for n in range(1, MAX_TABLE + 31)))
    table = annex(many, "startup")
    said = many.word("t_more", total=MAX_TABLE + 30, shown=MAX_TABLE)

    assert table is not None
    assert len(table.rows) == MAX_TABLE
    assert said in table.note
    page = section(many, "startup")
    assert said in page
    assert f"{MAX_TABLE}. " in page
    assert f"{MAX_TABLE + 1}. " not in page


def test_hostile_words_of_the_start_stay_text() -> None:
    test = FlagTest(kind="unknown", basis="none", keys=(HOSTILE,), flag=HOSTILE)
    bad = step(
        1,
        component=HOSTILE,
        entry_method=HOSTILE,
        process=HOSTILE,
        target=HOSTILE,
        sdk=HOSTILE,
        tests=(test,),
    )
    shown = view(startup=(bad,))
    table = annex(shown, "startup")

    assert table is not None
    assert section(shown, "startup").count("<script>alert(1)</script>") >= 5
    for text in (*table.rows[0], html.write(shown).decode()):
        assert "\u202e" not in text
        assert "\x07" not in text


def test_many_tests_and_keys_are_cut() -> None:
    tests = tuple(PUSH.model_copy(update={"keys": tuple(f"k{n}{m}" for m in range(9))}) for n in range(9))
    (line,) = start_lines(
        view().facts.app.model_copy(update={"startup": (step(1, guard="unrelated", tests=tests),)}),
        view().names,
    )  # type: ignore[union-attr]

    assert "k03" in line.guard
    assert "k04" not in line.guard
    assert line.guard.endswith("另 5 处")


def test_addresses_say_who_runs_them_and_where_that_is_known_from() -> None:
    table = annex(view(), "endpoints")

    assert table is not None
    assert [row[4:] for row in table.rows] == [
        ("—", "美国（登记）", "境外"),
        ("—", "中国大陆（后缀）", "不明"),
        ("甲公司", "中国大陆（运营者）", "境内"),
        ("—", "—", "不明"),
    ]
    assert "国家数据截至 2026-06-17" in table.note
    assert "4 个，其中明文 0 个、境外 1 个" in table.note
    assert "不是服务器所在地" in table.note
    page = section(view(), "endpoints")
    assert page.count("境外") == 3  # one mark, the count and the note
    assert "美国（登记）境外" in page


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "[::1]", "localhost"])
def test_an_address_of_the_device_itself_has_no_country(host: str) -> None:
    row = endpoint_rows(view(endpoints=(endpoint(host),)).facts.app, view().names)[0]  # type: ignore[arg-type]

    assert (row.country, row.overseas_label) == ("本机", "")


def test_addresses_left_out_are_counted_and_hostile_operators_harmless() -> None:
    hosts = tuple(
        endpoint(
            f"h{n:03}.example", operator=Text(zh=HOSTILE, en="x"), country=HOSTILE, country_of="operator"
        )
        for n in range(250)
    )
    shown = view(endpoints=hosts)

    assert "共 250 行，此处列出前 200 行" in shown.endpoint_note
    assert "共 250 行，此处列出前 200 行" in section(shown, "endpoints")
    assert all(
        "\u202e" not in row.operator + row.country for row in endpoint_rows(shown.facts.app, shown.names)
    )  # type: ignore[arg-type]


def test_addresses_of_which_it_is_not_known_are_not_counted_as_domestic() -> None:
    hosts = (
        endpoint("a.example", overseas=True),
        endpoint("b.example", overseas=None),
        endpoint("c.example", overseas=None),
    )

    assert "境外 1 个、属地不明 2 个" in view(endpoints=hosts).endpoint_note


def test_every_phase_action_and_kind_of_test_has_a_word() -> None:
    fields = StartupStep.model_fields
    wanted = {f"b_phase_{name}" for name in get_args(fields["phase"].annotation)}
    wanted |= {f"b_action_{name}" for name in get_args(fields["action"].annotation)}
    wanted |= {f"b_guard_{name}" for name in get_args(fields["guard"].annotation)}

    assert wanted - set(WORDS) == set()

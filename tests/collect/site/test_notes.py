"""Notes of evidence from a site: each holds the fact that decides, in both languages, and quotes stay quotes."""

from __future__ import annotations

import pytest

from scanner.collect.site.conceal import conceal
from scanner.collect.site.fetch import Fetched, Hop
from scanner.collect.site.formnotes import form_note
from scanner.collect.site.forms import read_forms
from scanner.collect.site.headers import cookie_weaknesses, header_weaknesses, mixed_content, read_cookie
from scanner.collect.site.libraries import SeenScript, library_facts
from scanner.collect.site.notes import dialog_note, request_note, script_note
from scanner.collect.site.page import parse
from scanner.collect.site.securitynotes import tls_note
from scanner.collect.site.sending import Destination
from scanner.facts import Facts
from scanner.model import Evidence, Subject, Text, WebLocator
from scanner.sitefacts import Form, SiteFacts
from scanner.visitfacts import Button, ConsentDialog, page_problem

URL = "http://shop.example/reg"
AT = Evidence(artifact=URL, locator=WebLocator(url=URL), excerpt="https://c.example/j.js")


def note(evidence: Evidence) -> Text:
    assert evidence.note is not None
    return evidence.note


def form(html: str) -> Form:
    (found,) = read_forms(parse(URL, html), "register")
    return found


def test_a_form_tells_where_it_sends_what_and_what_stands_beside_it() -> None:
    found = form(
        "<form method=post action=https://x.other.example/a><label>银行卡号<input name=card required></label>"
        "<label>性别<input name=sex required></label><button>注册</button></form>"
    )
    told = note(found.evidence[0])

    assert "以 POST 方式提交到 https://x.other.example/a （第三方、HTTPS）" in told.zh
    assert "银行卡号、有效期或 CVV（“银行卡号”，name=card）" in told.zh
    assert "性别（“性别”，name=sex）" in told.zh
    assert "旁边未见：隐私政策链接、同意选项或同意文字、用途说明" in told.zh
    assert "sent by POST to https://x.other.example/a (third party, HTTPS)" in told.en
    card = note(found.fields[0].evidence[0])
    assert "归为：银行卡号、有效期或 CVV" in card.zh and "必填" in card.zh
    assert "标签文字" in card.zh and "label" in card.en


def test_a_form_that_sends_nothing_by_itself_is_not_said_to() -> None:
    field = "<label>电话<input id=tel></label>"
    loose = form(f"<div>{field}<button>提交</button></div>")
    unsent = form(f"<form action=/a>{field}<button>提交</button></form>")
    told, declared = note(loose.evidence[0]), note(unsent.evidence[0])

    assert told.zh.startswith(f"不在表单元素内，未见提交方式，所在网页 {URL} （明文 HTTP）")
    assert "脚本提交" not in told.zh and "手机号码（“电话”，表单自身不提交）" in told.zh
    assert "下列输入项不随之提交" in declared.zh and "sends none of the inputs below" in declared.en
    assert "是否由脚本发送未观察" in note(unsent.fields[0].evidence[0]).zh


def test_inputs_for_one_item_are_told_together() -> None:
    twice = form(
        "<form method=post><label>密码<input type=password name=p></label>"
        "<label>确认密码<input type=password name=q></label><button>注册</button></form>"
    )

    assert "密码或密保答案（“密码”，name=p；“确认密码”，name=q）" in note(twice.evidence[0]).zh


def test_consent_beside_a_form_has_evidence_of_its_own() -> None:
    ticked = form(
        "<form><label>电话<input></label><label><input type=checkbox checked>同意《隐私政策》</label>"
        "<button>注册</button></form>"
    )
    (box,) = ticked.consents

    assert (box.box, box.checked, box.bundled) == (True, True, False)
    assert "已经勾选" in note(box.evidence[0]).zh and box.evidence[0].excerpt == "同意《隐私政策》"
    assert box.evidence[0] not in ticked.evidence
    assert form("<form><label>电话<input></label><button>注册</button></form>").consents == ()


def test_a_header_is_shown_missing_by_the_headers_seen() -> None:
    answer = Fetched(URL, (Hop(URL, 200, (("server", "nginx/1.18.0"), ("date", "x"))),), b"<p>x")
    found = {w.kind: w.evidence[0] for w in header_weaknesses(answer, "shop.example")}

    assert "没有 Content-Security-Policy" in note(found["no-csp"]).zh
    assert "server、date" in note(found["no-csp"]).zh and "server, date" in note(found["no-csp"]).en
    assert found["no-csp"].excerpt == "HTTP 200"
    assert found["server-version"].excerpt == "HTTP 200; server: nginx/1.18.0"


def test_a_session_cookie_tells_which_protection_it_lacks() -> None:
    cookie = read_cookie("sessionid=abcdefghij0123456789; Secure; Path=/", Hop(URL, 200, ()))
    assert cookie is not None
    (weakness,) = cookie_weaknesses([cookie], https=True)

    assert "没有 HttpOnly 属性" in note(weakness.evidence[0]).zh
    assert "已有属性：Secure" in note(weakness.evidence[0]).zh
    assert "会话结束时失效" in note(cookie.evidence[0]).zh and "abcdefghij" not in cookie.evidence[0].excerpt


def test_mixed_content_says_how_much_there_is_and_how_much_is_quoted() -> None:
    urls = [(f"http://c.example/{n}.js", "script") for n in range(5)]
    (found,) = mixed_content("https://shop.example/", urls)

    assert "共 5 项，列出 3 项" in note(found.evidence[0]).zh


def test_a_library_names_every_advisory_with_the_versions_it_concerns() -> None:
    (found,) = library_facts([SeenScript("https://c.example/jquery-1.8.3.min.js", "https://shop.example/")])
    told = note(found.evidence[0])

    assert found.evidence[0].excerpt == "https://c.example/jquery-1.8.3.min.js"
    assert "版本依据脚本的文件名" in told.zh
    assert "识别为 jquery 1.8.3" in told.zh and found.data_date in told.zh
    assert all(advisory in told.zh for advisory in found.advisories)
    assert "影响自 1.2.1 起、早于 1.9.0 的版本" in told.zh and "中危" in told.zh and "before 1.9.0" in told.en


def test_an_advisory_without_a_cve_number_is_not_lost_beside_one_that_has() -> None:
    (found,) = library_facts(
        [
            SeenScript(
                "https://c.example/purify.js", "https://shop.example/", "/*! @license DOMPurify 2.0.5 */"
            )
        ]
    )

    assert "GHSA-mjjq-c88q-qhr6" in found.advisories
    assert any(advisory.startswith("CVE-") for advisory in found.advisories)


def test_a_request_tells_phase_receiver_cause_and_items() -> None:
    told = request_note(
        phase="before",
        third=True,
        initiator="https://t.example/t.js",
        sends=("phone-number",),
        lists=("easylist",),
        status=200,
    )

    assert told.zh == (
        "作出选择之前；发往第三方；由 https://t.example/t.js 发起；其中识别出：“手机号码”；列入跟踪名单：easylist；响应状态码 200。"
    )
    assert "before any choice; to a third party" in told.en and "“Phone number”" in told.en


def test_a_script_tells_interface_place_and_what_it_listens_to() -> None:
    told = script_note(
        name=Text(zh="监听键入", en="listens to typing"),
        script="https://k.example/k.js",
        third=True,
        phase="before",
        count=3,
        place="12:7",
        details=("keydown@page", "input@field:password", "toDataURL"),
    )

    assert "首次调用位置：第 12 行第 7 列" in told.zh and "line 12, column 7" in told.en
    assert "keydown（整页）、input（输入框 password）、toDataURL" in told.zh
    assert "@" not in told.zh + told.en


def test_a_dialog_tells_its_choices_and_what_a_refusal_left() -> None:
    dialog = ConsentDialog(
        page=URL,
        kind="banner",
        buttons=(
            Button(label="同意", role="accept", prominence=0.9),
            Button(label="设置", role="settings", prominence=0.1),
        ),
        accept_clicks=1,
        reject_clicks=3,
        prechecked=("营销",),
        kept_after_reject=("hm.baidu.com", "cookie Hm_lvt"),
    )
    told = dialog_note(dialog)

    assert "“同意”（同意，显著程度 0.90）、“设置”（设置，显著程度 0.10）" in told.zh
    assert "同意需 1 次点击；拒绝需 3 次点击" in told.zh and "默认勾选：“营销”" in told.zh
    assert "点击拒绝之后仍有：hm.baidu.com、Cookie Hm_lvt" in told.zh
    assert "no way to refuse was seen" in dialog_note(dialog.model_copy(update={"reject_clicks": None})).en


def test_a_tls_server_is_told_with_protocols_and_certificate_facts() -> None:
    told = tls_note(
        protocols=("TLSv1.0", "TLSv1.2"),
        weak_protocols=("TLSv1.0",),
        cipher="AES128-SHA",
        weak_ciphers=("RC4",),
        certificate=None,
        trust=False,
        matches=True,
        hsts="",
        redirects=False,
    )

    for part in (
        "其中过时：TLSv1.0",
        "接受的弱套件：RC4",
        "不能由公认根证书验证",
        "证书包含该主机名",
        "不跳转到 HTTPS",
    ):
        assert part in told.zh, part
    assert "没有 Strict-Transport-Security" in told.zh


def test_private_values_in_the_addresses_of_notes_are_hidden() -> None:
    action = "https://shop.example/a?tel=13812345678"
    told = form_note(
        to=Destination("get", action, "shop.example", third_party=False, cleartext=False),
        form=True,
        page=URL,
        fields=(),
        policy=True,
        agreement=True,
        purpose=True,
    )
    proof = AT.model_copy(update={"note": told})
    site = SiteFacts(
        start_url=URL, forms=(Form(page=URL, purpose="other", action=action, evidence=(proof,)),)
    )
    subject = Subject(kind="site", name="a", identifier=URL)

    hidden = conceal(Facts(collector="t", subject=subject, site=site)).model_dump_json()

    assert "13812345678" not in hidden and "（HTTPS）" in hidden


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("timeout", "超时"),
        ("http-503", "服务器返回 503"),
        ("refused:loopback", "本机地址"),
        ("page-hung", "强行结束"),
    ],
)
def test_why_a_page_was_not_read_is_said_in_words(code: str, words: str) -> None:
    assert words in page_problem(code).zh


def test_an_unknown_reason_shows_no_code() -> None:
    assert page_problem("brand-new-code").zh == "其他原因"
    assert page_problem("refused:brand-new").zh == "为安全起见不访问（网址格式不正确）"

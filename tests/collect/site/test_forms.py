"""Forms as real pages write them: labels in tables, spans and components, pinyin names, wording that is no one's data."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner import catalogue
from scanner.collect.site.fields import Signals, classify, tokenise
from scanner.collect.site.forms import read_forms
from scanner.collect.site.page import parse
from scanner.collect.site.purpose import purposes
from scanner.sitefacts import Form

PAGE = "https://www.qinghe.example/page"


def forms(html: str, kind: str = "other", url: str = PAGE) -> tuple[Form, ...]:
    return read_forms(parse(url, f"<html lang=zh-CN><body>{html}</body></html>"), kind)


def items(html: str) -> list[str]:
    return [f.item for form in forms(html) for f in form.fields]


@pytest.mark.parametrize(
    ("label", "name", "item"),
    [
        ("手机号", "a", "phone-number"),
        ("收货人手机号", "", "phone-number"),
        ("联系人电话", "", "phone-number"),
        ("联系人", "", "name"),
        ("您的称呼", "", "name"),
        ("姓 名：", "", "name"),
        ("真实姓名*", "bio", "name"),
        ("身份证号码", "", "id-number"),
        ("公民身份号码", "", "id-number"),
        ("手持身份证照片", "", "id-photo"),
        ("紧急联系人姓名", "", "emergency-contact"),
        ("监护人姓名", "", "family"),
        ("孩子姓名", "", "child-info"),
        ("银行卡号", "", "bank-card"),
        ("开户行", "", "bank-card"),
        ("邮箱地址", "", "email"),
        ("详细地址", "", "home-address"),
        ("邮政编码", "", "home-address"),
        ("民族", "", "ethnicity"),
        ("宗教信仰", "", "religion"),
        ("婚姻状况", "", "marital-status"),
        ("月收入", "", "income"),
        ("过敏史", "", "medical-record"),
        ("人脸照片", "", "face"),
        ("车牌号", "", "vehicle-info"),
        ("微信号", "", "wechat-qq"),
        ("毕业院校", "", "education"),
        ("用户名/手机号/邮箱", "username", "account-name"),
        ("", "sfzh", "id-number"),
        ("", "txtUserMobile", "phone-number"),
        ("", "ctl00$Main$txtRealName", "name"),
        ("", "user[phone]", "phone-number"),
        ("", "lxdh", "phone-number"),
        ("", "xm", "name"),
        ("", "csrq", "birthday"),
        ("", "first_name", "name"),
        ("", "emailAddress", "email"),
    ],
)
def test_an_input_is_known_by_its_label_or_its_name(label: str, name: str, item: str) -> None:
    found = classify(Signals(label=label, name=name, chinese=True))

    assert found.item == item
    assert found.basis and 0.5 <= found.confidence < 1


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("产品名称", "name"),
        ("公司地址", "address"),
        ("搜索商品、电话", "q"),
        ("菜单名称", "name"),
        ("网站访问地址", "siteurl"),
        ("标题", "title"),
        ("邀请码", "code"),
        ("优惠码", "code"),
        ("住院号", ""),
        ("数量", "num"),
        ("", "product_name"),
        ("", "page"),
        ("", "csrf_token"),
        ("", "keyword"),
        ("", "sort"),
        ("", "filename"),
        ("开始日期", "date"),
        ("统一社会信用代码", "code"),
    ],
)
def test_what_is_no_ones_data_is_left_alone(label: str, name: str) -> None:
    assert classify(Signals(label=label, name=name, chinese=True)).item == ""


def test_the_standards_attributes_and_validation_rules_tell_too() -> None:
    assert classify(Signals(autocomplete="shipping street-address")).item == "home-address"
    assert classify(Signals(type="tel")).item == "phone-number"
    assert classify(Signals(type="tel", label="身份证号")).item == "id-number"
    assert classify(Signals(rules="required|identity")).item == "id-number"
    assert classify(Signals(pattern=r"^1[3-9]\d{9}$")).item == "phone-number"
    assert classify(Signals(name="idcard", label="身份证", placeholder="请输入身份证号")).confidence > 0.9


LAYOUTS = {
    "label for": "<form><label for=a>身份证号</label><input id=a></form>",
    "wrapping label": "<form><label>身份证号 <input></label></form>",
    "aria": "<form><span id=l>身份证号</span><p>x</p><input aria-labelledby=l></form>",
    "table": "<form><table><tr><td>身份证号：</td><td><input></td></tr></table></form>",
    "spans with a colon of its own": "<form><div><span>身份证号</span><span>：</span><input></div></form>",
    "list": "<form><ul><li>身份证号<input></li><li>其他<input></li></ul></form>",
    "component": "<div class=el-form-item><label>身份证号</label><div><div><input></div></div></div><button>提交</button>",
    "placeholder": "<form><input placeholder=请输入身份证号></form>",
    "text before": "<form>身份证号：<input name=x><br>备注：<input name=y></form>",
    "spaced letters": "<form><p>身 份 证 号：<input></p></form>",
}


@pytest.mark.parametrize("html", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_label_is_found_however_the_page_is_laid_out(html: str) -> None:
    assert items(html)[0] == "id-number"


def test_a_sentence_or_heading_over_the_form_names_no_field() -> None:
    html = """<div><h2>身份证号填写</h2><p>* 请填写您的真实信息，注册后身份证号码不可修改。</p>
      <form><div><input placeholder=真实姓名></div><div><input placeholder=手机号码></div></form></div>"""

    assert items(html) == ["name", "phone-number"]


@pytest.mark.parametrize(
    ("html", "purpose"),
    [
        (
            "<h1>用户登录</h1><form><input name=username><input type=password><button>登 录</button></form>",
            "login",
        ),
        (
            "<form action=/reg.php><input name=m placeholder=手机号><input type=password><input type=password><input type=submit value=立即注册></form>",
            "register",
        ),
        (
            "<h2>找回密码</h2><form><input placeholder=手机号><input type=password><button>重置密码</button></form>",
            "password_reset",
        ),
        ("<form action=/search><input name=q><button>搜索</button></form>", "search"),
        ("<form><input type=email placeholder=邮箱><button>订阅</button></form>", "subscription"),
        (
            "<h3>在线留言</h3><form>姓名<input><textarea name=content></textarea><button>提交留言</button></form>",
            "contact",
        ),
        ("<h3>收货信息</h3><form>收货人<input>地址<input><button>提交订单</button></form>", "order"),
        (
            "<h3>加入我们</h3><form>姓名<input>简历<input type=file><button>投递简历</button></form>",
            "recruitment",
        ),
        ("<h3>实名认证</h3><form>姓名<input>身份证号<input><button>提交认证</button></form>", "identity"),
        ("<h3>免费试听</h3><form>姓名<input>电话<input><button>立即预约</button></form>", "appointment"),
        ("<h3>在线申请</h3><form>姓名<input>银行卡号<input><button>立即申请</button></form>", "other"),
    ],
)
def test_the_purpose_is_read_from_button_heading_and_address(html: str, purpose: str) -> None:
    (found,) = forms(html)

    assert found.purpose == purpose


def test_a_code_beside_a_phone_number_is_a_message_code_and_an_image_code_is_a_captcha() -> None:
    sms, image = forms(
        "<form>手机号<input>验证码<input name=code><button type=button>获取验证码</button><button>登录</button></form>"
        "<form>用户名<input>验证码<input name=code><img src=/captcha.jpg>密码<input type=password><button>登录</button></form>"
    )

    assert [f.item for f in sms.fields] == ["phone-number", "sms-code"]
    assert "sms-code" not in image.collects and image.captcha


def test_required_is_read_from_attributes_stars_classes_and_rules() -> None:
    (form,) = forms(
        "<form><p>姓名<input required></p><p>电话*<input></p><div class=is-required>邮箱<input></div>"
        "<p>QQ<input lay-verify='required|qq'></p><p>住址<input></p></form>"
    )

    assert [f.required for f in form.fields] == [True, True, True, True, False]


def test_hidden_inputs_and_honeypots_are_not_what_the_form_asks_for() -> None:
    (form,) = forms(
        "<form>电话<input name=tel><input type=hidden name=idcard><p style='display: none'>邮箱<input name=email></p></form>"
    )

    assert form.collects == ("phone-number",)


def test_a_search_box_collects_nothing() -> None:
    (form,) = forms(
        "<form action=/s><input name=keyword placeholder=请输入商品名称><button>搜索</button></form>"
    )

    assert not form.collects_pi and form.collects == ()


def test_a_message_box_alone_is_no_personal_information() -> None:
    (form,) = forms(
        "<form><textarea name=content placeholder=留言内容></textarea><button>提交留言</button></form>"
    )

    assert form.collects == ("user-content",) and not form.collects_pi


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<input type=checkbox checked>我已阅读并同意《用户协议》", (True, True)),
        ("<label><input type=checkbox> 同意<a href=/p>隐私政策</a></label>", (True, False)),
        ("<div role=checkbox aria-checked=true>阅读并接受《服务条款》</div>", (True, True)),
        ("<input type=checkbox checked>记住我", (False, False)),
        ("<p>点击登录即表示您同意《用户协议》和《隐私政策》</p>", (True, False)),
        ("<p>登录后更精彩</p>", (False, False)),
    ],
)
def test_consent_is_read_from_boxes_and_sentences(html: str, expected: tuple[bool, bool]) -> None:
    (form,) = forms(f"<form><input name=phone><input type=password>{html}<button>登录</button></form>")

    assert (form.agreement, form.agreement_checked) == expected


def test_consent_to_marketing_in_the_same_box_is_bundled() -> None:
    (form,) = forms(
        "<form>电话<input><label><input type=checkbox>同意《隐私政策》并接收营销短信通知</label><button>注册</button></form>"
    )

    assert form.agreement_bundled is True


def test_where_a_form_sends_to_is_resolved() -> None:
    (other,) = forms("<form method=POST action=http://x.other.example/a>电话<input></form>")
    (own,) = forms("<base href=https://m.qinghe.example/><form method=post action=/a>电话<input></form>")
    (script,) = forms("<form action=javascript:;>电话<input></form>", url="http://www.qinghe.example/")

    assert (other.method, other.action_host, other.third_party, other.cleartext) == (
        "post",
        "x.other.example",
        True,
        True,
    )
    assert not own.third_party and not own.cleartext
    assert script.page_cleartext and script.action_host == "www.qinghe.example"
    assert (script.method, script.cleartext, script.sent) == ("", False, ())


def test_a_policy_in_the_pages_foot_is_not_beside_the_form() -> None:
    (form,) = forms("<form>电话<input><button>注册</button></form><footer><a href=/p>隐私政策</a></footer>")

    assert form.policy_linked is False


def test_the_table_of_purposes_never_both_needs_and_denies_an_item() -> None:
    for purpose in purposes():
        assert not purpose.necessary & purpose.unnecessary, purpose.id


def test_names_are_cut_as_programmers_join_them() -> None:
    assert tokenise("txtUserMobile_2") == ("txt", "user", "mobile")
    assert tokenise("ID_CARD-no") == ("id", "card", "no")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>/=\"' abform input label td 姓名电话select\n"), max_size=300))
def test_any_markup_is_read_without_failing(html: str) -> None:
    for form in forms(html):
        assert form.evidence and all(field.evidence for field in form.fields)
        assert set(form.collects) <= set(catalogue.items())


@pytest.mark.parametrize(
    ("html", "sent"),
    [
        ("<form><label>电话<input name=tel></label><button>提交</button></form>", ("phone-number",)),
        ("<form><label>电话<input name=tel></label><input type=image></form>", ("phone-number",)),
        ("<form><label>电话<input name=tel></label></form>", ("phone-number",)),  # sent on Enter
        (
            "<form id=f><label>电话<input name=tel></label></form><button form=f>提交</button>",
            ("phone-number",),
        ),
        ("<form><label>电话<input></label><button>提交</button></form>", ()),
        ("<form><label>电话<input id=tel></label><button>提交</button></form>", ()),
        ("<form><label>电话<input name=tel disabled></label><button>提交</button></form>", ()),
        ("<form><fieldset disabled>电话<input name=tel></fieldset><button>提交</button></form>", ()),
        (
            "<form><label>电话<input name=tel></label><label>姓名<input name=xm></label>"
            "<button type=button>提交</button></form>",
            (),
        ),
        (
            "<form onsubmit='send(); return false'><label>电话<input name=tel></label><button>提交</button></form>",
            (),
        ),
        ("<form method=dialog><label>电话<input name=tel></label><button>提交</button></form>", ()),
        ("<div><label>电话<input name=tel></label><button>提交</button></div>", ()),
    ],
)
def test_only_what_the_form_itself_sends_counts_as_sent(html: str, sent: tuple[str, ...]) -> None:
    (form,) = forms(html, url="http://www.qinghe.example/")

    assert form.sent == sent and form.sends_pi is bool(sent)
    assert [f.submitted for f in form.fields if f.item == "phone-number"] == [bool(sent)]
    assert form.page_cleartext and form.collects_pi


def test_a_button_may_name_another_address_and_method() -> None:
    (form,) = forms(
        "<form action=/a><label>电话<input name=tel></label>"
        "<button formaction=http://x.other.example/b formmethod=post>提交</button></form>"
    )

    assert (form.method, form.action, form.third_party) == ("post", "http://x.other.example/b", True)


@pytest.mark.parametrize(
    "label", ["Project Name", "Client Company", "US phone mask:", "IP mask:", "Event name"]
)
def test_names_of_things_and_demonstrations_of_masks_are_no_ones_data(label: str) -> None:
    assert classify(Signals(label=label, name="inputName")).item == ""


@pytest.mark.parametrize("label", ["Full name", "Name", "Contact Name"])
def test_a_persons_name_stays_one(label: str) -> None:
    assert classify(Signals(label=label)).item == "name"


def test_one_password_without_a_word_on_it_tells_no_purpose() -> None:
    quick = "<h3>Quick Example</h3><form><label>Email<input type=email name=e></label>"
    quick += "<label>Password<input type=password name=p></label><button>Submit</button></form>"
    (form,) = forms(quick)

    assert form.purpose == "other"
    assert forms(quick.replace("Submit", "登录"))[0].purpose == "login"
    assert forms(quick.replace("Submit", "重置密码"))[0].purpose == "password_reset"


def test_a_guardians_number_is_a_number_and_not_the_childs_data() -> None:
    (form,) = forms(
        "<form><ul><li>孩子姓名<input name=a></li><li>家长电话<input name=b></li></ul><button>预约</button></form>"
    )

    assert [(f.item, f.minors) for f in form.fields] == [("child-info", True), ("phone-number", False)]


def test_the_sentence_of_consent_is_quoted_as_it_stands() -> None:
    (form,) = forms(
        "<div><h1>登录</h1><form><input name=tel placeholder=手机号><button>登录</button>"
        "<p>登录即表示同意<a href=/x>《用户协议》</a>和《隐私政策》</p></form></div>"
    )
    (consent,) = form.consents

    assert consent.text == "登录即表示同意《用户协议》和《隐私政策》"
    assert getattr(consent.evidence[0].locator, "css", "").endswith("p")

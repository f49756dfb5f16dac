"""What was seen against what the policy says: six states, and no accusation from a missing word alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from scanner.codefacts import Access, Origin, Sdk
from scanner.collect.policy.compare import compare
from scanner.collect.policy.disclose import disclosed_items, table_items
from scanner.collect.policy.permissions import disclosed_permissions
from scanner.collect.policy.sdktable import listed_sdks, named_sdks
from scanner.collect.policy.source import read_document
from scanner.facts import AppFacts, Facts, Identity
from scanner.model import DexLocator, Evidence, Gap, Looked, Subject, Text, WebLocator
from scanner.permissionfacts import Permission
from scanner.policyfacts import Comparison, PolicyFacts, PolicyIdentity
from scanner.sitefacts import Form, FormField, SiteFacts
from scanner.visitfacts import Cookie, Request, ThirdParty

PACKAGE = "cn.example.app"
FILLER = "我们会收集您的手机号码、昵称、密码，用于登录。"
WHAT = Text(zh="全部代码", en="all code")
CODE = Evidence(artifact="base.apk", locator=DexLocator(dex="classes.dex", method="La;->b()V", offset=1))
PAGE = Evidence(artifact="https://a.example/", locator=WebLocator(url="https://a.example/"))


def policy(
    *lines: str, kind: str = "privacy_policy", complete: bool = True, matches: bool | None = None
) -> PolicyFacts:
    text = "\n".join(("二、我们收集的信息", FILLER, *lines))
    document = read_document(text.encode(), "privacy.txt")
    listed = listed_sdks(document)
    said = disclosed_items(document, None, listed.used)
    identity = PolicyIdentity.model_validate({"kind": kind, "confidence": 1.0, "matches_subject": matches})
    return PolicyFacts(
        source="privacy.txt",
        complete=complete,
        identity=identity,
        paragraphs=document.paragraphs,
        tables=document.tables,
        sentences=document.sentences,
        items=(*said, *table_items(document, listed.other), *listed.items),
        sdks=(*listed.sdks, *named_sdks(document, said, listed)),
        permissions=disclosed_permissions(document, listed.other, listed.used),
    )


def access(item: str, **more: object) -> Access:
    owner = str(more.pop("owner", "app"))
    kind = "app" if owner == "app" else "sdk"
    ident = PACKAGE if owner == "app" else owner
    values: dict[str, object] = {
        "item": item,
        "source": "s",
        "kind": "method",
        "mode": "read",
        "target": "Lx;->y()V",
        "caller": "La;->b()V",
        "dex": "classes.dex",
        "offset": 1,
        "owner": Origin(kind=kind, id=ident),
        "owner_kind": kind,
        "owner_id": ident,
        "strength": "direct",
        "reachable": True,
        "evidence": (CODE,),
    }
    return Access.model_validate({**values, **more})


def app_facts(policy: PolicyFacts, accesses: Sequence[Access] = (), **more: object) -> Facts:
    app = AppFacts.model_validate(
        {"identity": Identity(package=PACKAGE), "accesses": tuple(accesses), **more}
    )
    looked = tuple(Looked(path=p, what=WHAT) for p in ("app.accesses", "app.sdks", "app.permissions"))
    subject = Subject(kind="app", name="a", identifier=PACKAGE)
    return Facts(collector="t", subject=subject, app=app, policy=policy, looked=looked)


def only(found: Sequence[Comparison], kind: str, ident: str, owner: str = "") -> Comparison:
    (one,) = [c for c in found if c.kind == kind and c.id == ident and owner in {"", c.owner_id}]
    return one


def state(item: str, *lines: str, **more: object) -> str:
    given = {k: more.pop(k) for k in ("kind", "complete", "matches") if k in more}
    facts = app_facts(policy(*lines, **given), [access(item, **more)])  # type: ignore[arg-type]
    return only(compare(facts), "item", item).state


@pytest.mark.parametrize(
    ("item", "line", "expected"),
    [
        ("imei", "我们会收集您的IMEI，用于识别异常登录。", "disclosed"),
        ("imei", "我们会收集您的设备信息，用于识别异常登录。", "vague"),
        ("imei", "我们会收集您的设备标识符，用于识别异常登录。", "vague"),
        ("imei", "我们会收集您的MAC地址、Android ID等信息。", "vague"),
        ("contacts", "我们会收集您的订单信息。", "omitted"),
        ("contacts", "我们不会收集您的通讯录。", "contradicted"),
        ("precise-location", "我们不会收集您的位置信息。", "contradicted"),
        ("coarse-location", "我们会收集您的精确位置信息。", "vague"),
        ("wifi-info", "我们会收集您的SSID。", "disclosed"),
        ("microphone", "我们会申请麦克风权限。", "disclosed"),
    ],
)
def test_a_policy_discloses_is_vague_omits_or_denies(item: str, line: str, expected: str) -> None:
    assert state(item, line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "未经您的同意，我们不会收集您的通讯录。",
        "在基本功能模式下，我们不会收集您的通讯录。",
        "我们不会将您的通讯录上传至服务器。",
        "我们不会向第三方提供您的通讯录。",
        "我们不会读取您的全部通讯录。",
        "第三方不会收集您的通讯录。",
        "您可以在设置中删除您的通讯录。",
        "通讯录属于敏感个人信息。",
        "联系人信息的处理见《个人信息收集清单》，请点击查看。",
    ],
)
def test_neither_a_narrow_denial_nor_a_bare_mention_accuses(line: str) -> None:
    assert state("contacts", line) in {"unknown", "vague"}


def test_a_policy_that_says_both_is_not_called_contradicted() -> None:
    assert state("contacts", "我们不会收集您的通讯录。", "邀请好友时，我们会收集您的通讯录。") == "disclosed"


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "user_agreement"},
        {"kind": "sdk_list"},
        {"complete": False},
        {"matches": False},
    ],
)
def test_silence_counts_only_in_a_whole_privacy_policy_of_this_subject(given: dict[str, object]) -> None:
    assert state("contacts", "我们会收集您的订单信息。", **given) == "unknown"


def test_silence_does_not_count_where_a_list_is_kept_elsewhere() -> None:
    assert state("contacts", "详细情况请查看《个人信息收集清单》。") == "unknown"


def test_silence_does_not_count_when_too_little_was_read() -> None:
    document = read_document("隐私政策\n我们重视隐私。".encode(), "p.txt")
    silent = policy().model_copy(
        update={
            "items": (),
            "paragraphs": document.paragraphs,
            "sentences": document.sentences,
            "permissions": (),
        }
    )

    assert only(compare(app_facts(silent, [access("contacts")])), "item", "contacts").state == "unknown"


@pytest.mark.parametrize(
    "weak",
    [
        {"reachable": False},
        {"reachable": None},
        {"strength": "weak"},
        {"restricted": True},
        {"permission_missing": True},
        {"mode": "prompt"},
        {"mode": "write"},
    ],
)
@pytest.mark.parametrize("line", ["我们会收集您的订单信息。", "我们不会收集您的通讯录。"])
def test_what_does_not_certainly_run_accuses_nobody(weak: dict[str, object], line: str) -> None:
    facts = app_facts(policy(line), [access("contacts", **weak)])
    found = only(compare(facts), "item", "contacts")

    assert found.state == "unknown"
    assert found.reason is not None


@pytest.mark.parametrize("weak", [{"permission_missing": True}, {"restricted": True}, {"mode": "prompt"}])
def test_what_cannot_obtain_the_value_is_not_called_running(weak: dict[str, object]) -> None:
    """A vague policy is held against what certainly runs only, as an omission is."""
    said = policy("为向您展示附近内容，我们会收集您的位置信息。")

    found = only(compare(app_facts(said, [access("precise-location", **weak)])), "item", "precise-location")
    sure = only(compare(app_facts(said, [access("precise-location")])), "item", "precise-location")

    assert (found.state, found.reachable) == ("vague", None)
    assert (sure.state, sure.reachable) == ("vague", True)


def test_one_certain_access_among_weak_ones_is_enough_and_shown_first() -> None:
    certain = CODE.model_copy(update={"artifact": "certain"})
    facts = app_facts(
        policy(), [access("contacts", reachable=False), access("contacts", evidence=(certain,))]
    )
    found = only(compare(facts), "item", "contacts")

    assert (found.state, found.reachable, found.strength) == ("omitted", True, "direct")
    assert found.seen_evidence[0].artifact == "certain"


def test_both_sides_are_evidence() -> None:
    denied = only(
        compare(app_facts(policy("我们不会收集您的通讯录。"), [access("contacts")])), "item", "contacts"
    )
    silent = only(compare(app_facts(policy(), [access("contacts")])), "item", "contacts")

    assert [e.locator.kind for e in denied.evidence] == ["dex", "policy"]
    assert "不会收集您的通讯录" in denied.policy_evidence[0].excerpt
    assert [e.locator.kind for e in silent.evidence] == ["dex", "search"]


def test_general_code_of_libraries_and_of_nobody_known_accuses_less() -> None:
    library = {"owner": Origin(kind="library", id="glide"), "owner_kind": "library", "owner_id": "glide"}
    nobody = {"owner": Origin(kind="unknown"), "owner_kind": "unknown", "owner_id": ""}
    accesses = [
        access("contacts", **library),
        access("sms", **nobody),
        access("calendar", strength="derived", **nobody),
        access("battery", strength="weak", **nobody),
    ]
    found = {c.id: c.state for c in compare(app_facts(policy(), accesses)) if c.kind == "item"}

    assert {i: found.get(i) for i in ("contacts", "sms", "calendar", "battery")} == {
        "contacts": "unknown",
        "sms": "omitted",
        "calendar": "unknown",
        "battery": None,
    }


def test_owners_are_compared_apart() -> None:
    text = "我们会收集您的IMEI。"
    facts = app_facts(policy(text), [access("imei"), access("imei", owner="umeng-common")])
    found = compare(facts)

    assert only(found, "item", "imei", PACKAGE).state == "disclosed"
    assert only(found, "item", "imei", "umeng-common").state == "vague"


SDK_LIST = (
    "第三方SDK目录",
    "1、友盟统计SDK",
    "运营方：友盟同欣（北京）科技有限公司",
    "功能：统计",
    "收集个人信息类型：{items}",
)


@pytest.mark.parametrize(
    ("items", "link", "expected"),
    [
        ("IMEI、Android ID", "", "disclosed"),
        ("设备信息", "", "vague"),
        ("Android ID", "", "omitted"),
        ("Android ID等", "", "vague"),
        ("Android ID", "官网链接：https://umeng.example/policy", "vague"),
        ("/", "官网链接：https://umeng.example/policy", "disclosed"),
    ],
)
def test_an_sdk_is_judged_by_its_row_or_its_own_policy(items: str, link: str, expected: str) -> None:
    lines = [line.format(items=items) for line in SDK_LIST] + ([link] if link else [])
    facts = app_facts(policy(*lines), [access("imei", owner="umeng-common")])

    assert only(compare(facts), "item", "imei").state == expected


def sdk(ident: str, **more: object) -> Sdk:
    values: dict[str, object] = {
        "id": ident,
        "name": Text(zh=ident, en=ident),
        "vendor": Text(zh="某公司", en="Some"),
        "purpose": "push",
        "is_library": False,
        "basis": ("class",),
        "documented_items": ("imei",),
        "initialised": True,
        "evidence": (CODE,),
    }
    return Sdk.model_validate({**values, **more})


@pytest.mark.parametrize(
    ("line", "more", "expected"),
    [
        ("我们使用极光推送SDK推送消息。", {}, "disclosed"),
        ("我们会收集您的订单信息。", {}, "omitted"),
        ("我们会收集您的订单信息。", {"initialised": None}, "unknown"),
        ("我们会收集您的订单信息。", {"documented_items": ()}, "unknown"),
        ("我们会收集您的订单信息。", {"confidence": "tentative"}, "unknown"),
        ("我们接入的SDK请查看《第三方SDK目录》。", {}, "unknown"),
        ("消息推送由某公司提供技术支持。", {}, "vague"),
        ("本应用未接入任何第三方SDK。", {}, "contradicted"),
        ("本应用未接入任何第三方SDK。", {"initialised": None}, "unknown"),
        ("除下列情形外，本应用没有接入第三方SDK。", {}, "omitted"),
    ],
)
def test_an_sdk_in_the_package_is_named_or_missing(line: str, more: dict[str, object], expected: str) -> None:
    facts = app_facts(policy(line), sdks=(sdk("jiguang-push", **more),))

    assert only(compare(facts), "sdk", "jiguang-push").state == expected


def test_a_family_name_names_all_its_sdks() -> None:
    facts = app_facts(policy("我们使用友盟SDK统计使用情况。"), sdks=(sdk("umeng-push"), sdk("umeng-common")))

    assert {c.id: c.state for c in compare(facts) if c.kind == "sdk"} == {
        "umeng-push": "disclosed",
        "umeng-common": "disclosed",
    }


def test_plain_libraries_need_no_disclosure() -> None:
    assert [
        c for c in compare(app_facts(policy(), sdks=(sdk("okhttp", is_library=True),))) if c.kind == "sdk"
    ] == []


def test_what_is_declared_and_not_found_is_said_only_when_code_was_read() -> None:
    text = policy("我们会收集您的IMEI。", "我们使用个推推送SDK推送消息。")
    found = {(c.kind, c.id): c.state for c in compare(app_facts(text))}
    gap = Gap(path="app.accesses", code="packed", reason=WHAT)
    packed = app_facts(text).model_copy(update={"gaps": (gap,)})

    assert found["item", "imei"] == "unseen"
    assert found["sdk", "getui-push"] == "unseen"
    assert ("item", "imei") not in {(c.kind, c.id) for c in compare(packed)}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("扫描名片时，我们会申请相机权限。", "disclosed"),
        ("我们会收集您拍摄的照片，需要使用相机。", "vague"),
        ("我们会收集您的订单信息。", "omitted"),
        ("权限的说明见《应用权限说明》，请点击查看。", "unknown"),
    ],
)
def test_a_declared_permission_is_named_or_missing(line: str, expected: str) -> None:
    camera = Permission(
        name="android.permission.CAMERA",
        declared=True,
        protection="dangerous",
        group="android.permission-group.CAMERA",
        collects_pi=True,
        items=("camera",),
        evidence=(CODE,),
    )

    found = compare(app_facts(policy(line), permissions=(camera,)))
    assert only(found, "permission", "android.permission.CAMERA").state == expected


def site_facts(policy: PolicyFacts, **more: object) -> Facts:
    site = SiteFacts.model_validate({"start_url": "https://a.example/", "host": "a.example", **more})
    subject = Subject(kind="site", name="a", identifier="https://a.example/")
    return Facts(collector="t", subject=subject, site=site, policy=policy)


def form(item: str, confidence: float) -> Form:
    entry = FormField(name="x", type="text", item=item, confidence=confidence, evidence=(PAGE,))
    return Form(page="https://a.example/", purpose="register", fields=(entry,))


@pytest.mark.parametrize(
    ("item", "confidence", "line", "expected"),
    [
        ("id-number", 0.9, "我们会收集您的身份证号。", "disclosed"),
        ("id-number", 0.9, "我们会收集您的实名认证信息。", "vague"),
        ("id-number", 0.9, "我们会收集您的订单信息。", "omitted"),
        ("id-number", 0.4, "我们会收集您的订单信息。", "unknown"),
        ("id-number", 0.9, "我们不会收集您的身份证号。", "contradicted"),
    ],
)
def test_a_form_is_compared_with_the_policy(item: str, confidence: float, line: str, expected: str) -> None:
    found = compare(site_facts(policy(line), forms=(form(item, confidence),)))

    assert only(found, "item", item).state == expected
    assert only(found, "item", item).surface == "site"


def test_what_is_sent_to_third_parties_names_the_receiver() -> None:
    request = Request(
        url="https://t.example/p", host="t.example", third_party=True, sends=("ip-address",), evidence=(PAGE,)
    )
    found = only(compare(site_facts(policy(), requests=(request,))), "item", "ip-address")

    assert (found.state, found.owner_kind, found.owner_id) == ("omitted", "third_party", "t.example")


@pytest.mark.parametrize(
    ("line", "expected"),
    [("我们使用Cookie记录您的登录状态。", "disclosed"), ("我们会收集您的订单信息。", "omitted")],
)
def test_lasting_cookies_must_be_spoken_of(line: str, expected: str) -> None:
    cookie = Cookie(name="id", domain="a.example", days=365, evidence=(PAGE,))
    found = compare(site_facts(policy(line), cookies=(cookie,)))

    assert only(found, "item", "cookie").state == expected


@pytest.mark.parametrize(
    ("line", "party", "expected"),
    [
        ("我们使用甲科技的统计服务。", {"owner": "甲科技", "tracker": True}, "disclosed"),
        ("我们会与合作伙伴共享您的设备信息。", {"tracker": True}, "vague"),
        ("我们会收集您的订单信息。", {"tracker": True}, "omitted"),
        ("我们会收集您的订单信息。", {}, "unknown"),
    ],
)
def test_a_third_party_of_a_site_is_named_or_missing(
    line: str, party: dict[str, object], expected: str
) -> None:
    third = ThirdParty.model_validate({"domain": "track.example", "evidence": (PAGE,), **party})
    found = compare(site_facts(policy(line), third_parties=(third,)))

    assert only(found, "sdk", "track.example").state == expected


def test_the_order_is_stable_and_nothing_is_compared_without_a_policy() -> None:
    facts = app_facts(policy(), [access("contacts"), access("imei")])
    turned = app_facts(policy(), [access("imei"), access("contacts")])

    assert compare(facts) == compare(turned)
    assert compare(facts.model_copy(update={"policy": None})) == ()

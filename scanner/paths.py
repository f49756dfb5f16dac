"""Fact paths: the names rules use for facts, resolved against the types of :mod:`scanner.facts`.

A path is a dotted list of field names (``app.flags.debuggable``).  It passes through models, never through
lists; lists are entered with ``some`` and ``none``, whose ``where`` uses paths relative to the element.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from scanner.model import Frozen, Searched, Text


class PathError(ValueError):
    """A path that does not exist in the facts, or is used with an operator that does not fit its type."""


class FactType(Frozen):
    """Type of a fact: a scalar, a list of scalars, a list of models, or a model.

    ``searched``: its "no" is shown by what was searched (:data:`~scanner.model.Found`).
    """

    kind: Literal["scalar", "scalars", "models", "model"]
    scalar: str = ""
    values: tuple[str, ...] = ()
    model: type[BaseModel] | None = None
    searched: bool = False


# What people call the facts that reasons speak of; a path without a name is shown as it is.
NAMES: dict[str, Text] = {
    "app.abilities": Text(zh="特殊能力", en="special abilities"),
    "app.build_records": Text(zh="有构建记录的库", en="libraries the build recorded"),
    "app.expansions": Text(zh="扩展文件与资源包", en="expansion files and asset packs"),
    "app.sdk_traces": Text(zh="SDK 的痕迹", en="traces of SDKs"),
    "app.autostarts": Text(zh="自启动方式", en="ways of starting unasked"),
    "app.links": Text(zh="深度链接", en="deep links"),
    "app.own_permissions": Text(zh="自定义权限", en="permissions of its own"),
    "app.guards": Text(zh="保护组件的权限", en="permissions that guard components"),
    "app.tasks": Text(zh="界面的任务栈设置", en="task settings of activities"),
    "app.queries": Text(zh="查询的其他应用", en="other apps it asks to see"),
    "app.foreground_services": Text(zh="前台服务类型", en="foreground service types"),
    "app.shared_folders": Text(zh="对外共享的文件", en="files shared with other apps"),
    "app.wakes": Text(zh="唤醒其他应用的代码", en="code that wakes other apps"),
    "app.accesses": Text(zh="个人信息的读取", en="access to personal information"),
    "app.accesses.guarded": Text(zh="读取是否受同意标志控制", en="whether access depends on a consent flag"),
    "app.accesses.reachable": Text(zh="读取代码是否可达", en="whether the accessing code is reachable"),
    "app.category": Text(zh="应用类别", en="the app's category"),
    "app.checkboxes": Text(zh="界面勾选框", en="check boxes"),
    "app.collects_pi": Text(zh="应用是否收集个人信息", en="whether the app collects personal information"),
    "app.components.launcher": Text(zh="可从桌面启动的界面", en="a screen started from the home screen"),
    "app.components": Text(zh="组件", en="components"),
    "app.endpoints": Text(zh="网络地址", en="network endpoints"),
    "app.has_account": Text(zh="应用是否有自己的账号", en="whether the app has accounts of its own"),
    "app.issues": Text(zh="代码问题", en="code issues"),
    "app.permissions": Text(zh="权限", en="permissions"),
    "app.permissions.used": Text(zh="权限是否被使用", en="whether a permission is used"),
    "app.permissions.requested": Text(zh="权限是否被申请", en="whether a permission is requested"),
    "app.requests": Text(zh="权限申请", en="permission requests"),
    "app.sdks": Text(zh="第三方 SDK", en="third-party SDKs"),
    "app.sdks.consent_api_called": Text(
        zh="是否调用 SDK 的同意接口", en="whether the SDK's consent API is called"
    ),
    "app.sdks.init_before_ui": Text(
        zh="SDK 是否在界面之前初始化", en="whether the SDK starts before any screen"
    ),
    "app.sdks.init_guarded": Text(
        zh="SDK 初始化是否受同意标志控制", en="whether the SDK's start depends on a flag"
    ),
    "app.sdks.init_guard": Text(
        zh="SDK 初始化前判断的是什么标志", en="which flag the SDK's start depends on"
    ),
    "app.startup": Text(zh="启动时依次发生的事", en="what happens while the app starts"),
    "app.accesses.guard": Text(zh="读取前判断的是什么标志", en="which flag access depends on"),
    "app.signing": Text(zh="签名", en="signatures"),
    "app.dialogs": Text(zh="同意弹窗", en="consent dialogs"),
    "app.texts": Text(zh="界面文字", en="interface text"),
    "site.forms": Text(zh="网站的表单", en="the site's forms"),
    "site.pages": Text(zh="网站的页面", en="the site's pages"),
    "site.filings": Text(zh="备案号", en="filing numbers"),
    "site.icp_shown": Text(zh="首页是否标明备案号", en="whether the start page shows a filing number"),
    "site.police_shown": Text(
        zh="首页是否标明公安备案号", en="whether the start page shows a police filing number"
    ),
    "site.transport": Text(zh="网站的传输安全", en="the site's transport security"),
    "site.weaknesses": Text(zh="网站的安全弱点", en="the site's security weaknesses"),
    "site.libraries": Text(zh="网页脚本库", en="script libraries"),
    "site.exposed": Text(zh="页面暴露的个人信息", en="personal information exposed in pages"),
    "site.disclosure": Text(zh="网站的说明与链接", en="what the site discloses"),
    "site.collects_pi": Text(zh="网站是否收集个人信息", en="whether the site collects personal information"),
    "site.has_account": Text(zh="网站是否有账号", en="whether the site has accounts"),
    "site.mainland": Text(zh="网站是否由境内提供", en="whether the site is offered from the mainland"),
    "site.transport.http_redirects": Text(zh="HTTP 是否跳转到 HTTPS", en="whether HTTP leads to HTTPS"),
    "site.transport.hsts": Text(zh="是否启用 HSTS", en="whether HSTS is on"),
    "site.disclosure.policy_found": Text(zh="网站是否有隐私政策", en="whether the site has a privacy policy"),
    "site.cookies": Text(zh="网站的 Cookie", en="the site's cookies"),
    "site.dialogs": Text(zh="网站的同意提示", en="the site's consent dialogs"),
    "site.requests": Text(zh="网站的网络请求", en="the site's network requests"),
    "site.script_uses": Text(zh="网站脚本使用的接口", en="interfaces the site's scripts use"),
    "site.storage": Text(zh="网站的浏览器存储", en="the site's browser storage"),
    "app.sdks.initialised": Text(zh="应用是否初始化该 SDK", en="whether the app starts the SDK"),
    "app.sdks.country": Text(zh="SDK 提供者所在国家", en="the SDK vendor's country"),
    "app.accesses.before_ui": Text(zh="读取是否在任何界面之前", en="whether access runs before any screen"),
    "app.requests.before_ui": Text(
        zh="申请权限是否在任何界面之前", en="whether a request comes before any screen"
    ),
    "app.requests.reachable": Text(
        zh="申请权限的代码是否可达", en="whether the requesting code is reachable"
    ),
    "app.issues.reachable": Text(zh="问题代码是否可达", en="whether the code concerned is reachable"),
    "app.autostarts.reachable": Text(
        zh="自启动代码是否可达", en="whether the self-starting code is reachable"
    ),
    "app.autostarts.works": Text(
        zh="自启动方式是否仍有效", en="whether Android still acts on the self-start"
    ),
    "app.wakes.before_ui": Text(
        zh="唤醒是否在任何界面之前", en="whether the wake-up comes before any screen"
    ),
    "app.wakes.guarded": Text(zh="唤醒是否受标志控制", en="whether the wake-up depends on a flag"),
    "app.wakes.reachable": Text(zh="唤醒代码是否可达", en="whether the waking code is reachable"),
    "app.abilities.accessibility": Text(
        zh="无障碍服务的配置", en="the configuration of the accessibility service"
    ),
    "app.accesses.entry_kind": Text(zh="读取从哪种入口开始", en="the kind of entry that leads to the access"),
    "app.accesses.entry_method": Text(
        zh="读取从哪个入口方法开始", en="the entry's method that leads to the access"
    ),
    "app.abilities.used": Text(zh="特殊能力是否被使用", en="whether a special ability is used"),
    "app.dialogs.cancelable": Text(
        zh="弹窗能否以其他方式关闭", en="whether the dialog can be closed otherwise"
    ),
    "app.endpoints.overseas": Text(zh="网络地址是否在境外", en="whether an address is overseas"),
    "app.flags.allow_backup": Text(zh="是否允许备份", en="whether backup is allowed"),
    "app.flags.cleartext_traffic": Text(zh="是否允许明文通信", en="whether cleartext traffic is allowed"),
    "app.flags.debuggable": Text(zh="是否可调试", en="whether it can be debugged"),
    "app.flags.test_only": Text(zh="是否为测试包", en="whether it is a test build"),
    "app.identity.label": Text(zh="应用名称", en="the app's label"),
    "app.identity.min_sdk": Text(zh="最低 API 级别", en="the minimum API level"),
    "app.identity.target_sdk": Text(zh="目标 API 级别", en="the target API level"),
    "app.links.verifiable": Text(zh="深度链接能否被验证", en="whether a deep link can be verified"),
    "app.signing.certificates": Text(zh="签名证书", en="signing certificates"),
    "app.signing.signed": Text(zh="是否签名", en="whether it is signed"),
    "app.signing.v1_only": Text(zh="是否只有 v1 签名", en="whether only the v1 signature exists"),
    "app.signing.verified": Text(zh="签名是否有效", en="whether the signature is valid"),
    "policy.comparisons": Text(zh="政策与实际行为的对照", en="the comparison of policy and behaviour"),
    "policy.comparisons.reachable": Text(
        zh="所见的收集是否确实会执行", en="whether what was seen certainly runs"
    ),
    "policy.elements": Text(zh="政策应有的内容", en="the policy's required elements"),
    "policy.found_by": Text(zh="政策的取得方式", en="how the policy was found"),
    "policy.identity.confidence": Text(zh="对政策文件种类的把握", en="how sure the kind of document is"),
    "policy.identity.kind": Text(zh="隐私政策全文", en="the privacy policy"),
    "policy.identity.language": Text(zh="隐私政策的语言", en="the language of the policy"),
    "policy.identity.matches_subject": Text(
        zh="政策是否属于检测对象", en="whether the policy belongs to the subject"
    ),
    "policy.issues": Text(zh="政策中的不当表述", en="improper wording of the policy"),
    "policy.items": Text(zh="政策说明的个人信息", en="the items the policy speaks of"),
    "policy.readability.characters": Text(zh="政策的字数", en="the length of the policy"),
    "policy.readability.contrast": Text(zh="政策文字与背景的对比度", en="the contrast of the policy's text"),
    "policy.readability.difficulty": Text(zh="政策的阅读难度", en="the difficulty of the policy"),
    "policy.readability.font_px": Text(zh="政策文字的字号", en="the type size of the policy"),
    "policy.readability.headings": Text(zh="政策的标题数", en="the number of headings of the policy"),
    "policy.response_days": Text(zh="政策承诺的答复期限", en="the response time the policy promises"),
    "site.cookies.days": Text(zh="Cookie 的有效天数", en="the life of a cookie in days"),
    "site.dialogs.equal_choice": Text(
        zh="拒绝与同意是否同样突出", en="whether refusing is as prominent as accepting"
    ),
    "site.dialogs.implied": Text(zh="是否把继续使用当作同意", en="whether going on counts as consent"),
    "site.dialogs.policy_linked": Text(
        zh="同意提示有无政策链接", en="whether the prompt links to the policy"
    ),
    "site.dialogs.reject_clicks": Text(zh="拒绝所需的点击数", en="the clicks needed to refuse"),
    "site.dialogs.reject_respected": Text(zh="拒绝是否得到尊重", en="whether refusal is respected"),
    "site.dialogs.wall": Text(zh="同意提示是否挡住页面", en="whether the prompt blocks the page"),
    "site.disclosure.children_found": Text(
        zh="网站有无儿童保护说明", en="whether the site has a notice on children"
    ),
    "site.disclosure.complaint_found": Text(
        zh="网站有无投诉途径", en="whether the site has a way to complain"
    ),
    "site.disclosure.contact_found": Text(zh="网站有无联系方式", en="whether the site has contact details"),
    "site.disclosure.cookie_notice": Text(
        zh="网站有无 Cookie 说明", en="whether the site has a cookie notice"
    ),
    "site.disclosure.deletion_found": Text(
        zh="网站有无注销途径", en="whether the site has a way to delete accounts"
    ),
    "site.disclosure.policy_clicks": Text(
        zh="隐私政策距首页的点击数", en="the clicks from the start page to the policy"
    ),
    "site.filings.consistent": Text(zh="各页备案号是否一致", en="whether filing numbers agree on all pages"),
    "site.filings.linked": Text(
        zh="备案号是否链接到主管部门网站", en="whether the number links to the authority"
    ),
    "site.filings.register_matches": Text(
        zh="备案登记的域名或单位是否相符（未提供登记册）", en="whether the register agrees (none was given)"
    ),
    "site.filings.registered": Text(
        zh="备案号是否在登记册中（未提供登记册）", en="whether the number is in the register (none was given)"
    ),
    "site.forms.agreement": Text(
        zh="表单旁有无同意框或同意语", en="whether a form has a consent box or sentence"
    ),
    "site.forms.agreement_bundled": Text(
        zh="表单的同意是否与提交捆绑", en="whether consent is bundled with sending"
    ),
    "site.forms.agreement_checked": Text(
        zh="表单的同意框是否默认勾选", en="whether the consent box is ticked beforehand"
    ),
    "site.forms.policy_linked": Text(zh="表单旁有无政策链接", en="whether a form links to the policy"),
    "site.forms.purpose_stated": Text(zh="表单是否说明目的", en="whether a form states its purpose"),
    "site.pages.status": Text(zh="页面能否打开", en="whether a page opens"),
    "site.third_parties.overseas": Text(zh="第三方是否在境外", en="whether a third party is overseas"),
    "site.transport.certificates": Text(zh="网站的证书链", en="the site's certificates"),
    "site.transport.days_left": Text(zh="证书剩余天数", en="the days the certificate is still valid"),
    "site.transport.hostname_matches": Text(
        zh="证书与主机名是否相符", en="whether the certificate fits the host"
    ),
    "site.transport.https": Text(zh="网站是否支持 HTTPS", en="whether the site offers HTTPS"),
    "site.transport.trusted": Text(zh="证书是否受信任", en="whether the certificate is trusted"),
    "site.transport.weak_ciphers": Text(zh="网站接受的弱密码套件", en="weak cipher suites accepted"),
    "site.transport.weak_protocols": Text(zh="网站接受的过时协议", en="outdated protocols accepted"),
    "site.third_parties": Text(zh="网站的第三方", en="the site's third parties"),
}


def fact_name(path: str) -> Text:
    """Return what people call the fact at ``path``, or the fact it belongs to where it has no name of its own."""
    inner = path
    while inner.count("."):
        if inner in NAMES:
            return NAMES[inner]
        inner = inner.rpartition(".")[0]
    return Text(zh=path, en=path)


def _strip_optional(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [a for a in get_args(annotation) if a is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return annotation


def _classify(annotation: Any) -> FactType:
    annotation = _strip_optional(annotation)
    origin = get_origin(annotation)
    if origin is Literal:
        return FactType(kind="scalar", scalar="str", values=tuple(str(v) for v in get_args(annotation)))
    if origin is tuple:
        inner = _classify(get_args(annotation)[0])
        if inner.kind == "model":
            return FactType(kind="models", model=inner.model)
        return FactType(kind="scalars", scalar=inner.scalar, values=inner.values)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return FactType(kind="model", model=annotation)
    if isinstance(annotation, type):
        return FactType(kind="scalar", scalar=annotation.__name__)
    return FactType(kind="scalar", scalar="object")


@cache
def resolve(model: type[BaseModel], path: str) -> FactType:
    """Return the type of ``path`` from ``model``; raises :class:`PathError` for an unknown path."""
    current: type[BaseModel] | None = model
    found: FactType | None = None
    for name in path.split("."):
        if current is None:
            raise PathError(
                f"{path!r}: {name!r} lies inside a list or a plain value; use some/none for lists"
            )
        if name not in current.model_fields:
            known = ", ".join(sorted(current.model_fields))
            raise PathError(f"{path!r}: {current.__name__} has no fact {name!r} (it has: {known})")
        field = current.model_fields[name]
        found = _classify(field.annotation)
        if any(isinstance(mark, Searched) for mark in field.metadata):
            found = found.model_copy(update={"searched": True})
        current = found.model if found.kind == "model" else None
    if found is None:
        raise PathError("empty path")
    return found


def getter(path: str) -> Callable[[Any], Any]:
    """Return a function that reads ``path`` from a model; None as soon as a step is None."""
    names = path.split(".")
    if len(names) == 1:
        only = names[0]
        return lambda obj: getattr(obj, only)

    def get(obj: Any) -> Any:
        for name in names:
            if obj is None:
                return None
            obj = getattr(obj, name)
        return obj

    return get

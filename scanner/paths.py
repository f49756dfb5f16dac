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

from scanner.model import Frozen, Text


class PathError(ValueError):
    """A path that does not exist in the facts, or is used with an operator that does not fit its type."""


class FactType(Frozen):
    """Type of a fact: a scalar, a list of scalars, a list of models, or a model."""

    kind: Literal["scalar", "scalars", "models", "model"]
    scalar: str = ""
    values: tuple[str, ...] = ()
    model: type[BaseModel] | None = None


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
    "site.third_parties": Text(zh="网站的第三方", en="the site's third parties"),
}


def fact_name(path: str) -> Text:
    """Return what people call the fact at ``path``."""
    return NAMES.get(path) or Text(zh=path, en=path)


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
        found = _classify(current.model_fields[name].annotation)
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

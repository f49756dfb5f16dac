"""What a browser observed on a website: requests, third parties, cookies, storage, scripts, consent dialogs.

``phase`` says when something happened: ``before`` any choice was made, after ``accept``, after ``reject``, or ``static``
when no browser was used.
"""

from __future__ import annotations

from typing import Literal

from scanner.model import Evidence, Frozen, Text

Phase = Literal["static", "before", "accept", "reject"]
# Why a page was not read, or in part only: the stable codes of Page.problem and of the visit's gaps.
PAGE_PROBLEMS = {
    "robots": Text(zh="robots.txt 不允许访问", en="disallowed by robots.txt"),
    "timeout": Text(zh="超时", en="timed out"),
    "tls": Text(zh="TLS 握手失败", en="TLS handshake failed"),
    "connection-refused": Text(zh="连接被拒绝", en="connection refused"),
    "connection-broken": Text(zh="连接中断", en="connection broken"),
    "unreachable": Text(zh="无法连接", en="unreachable"),
    "body-too-large": Text(zh="页面过大，只读了一部分", en="page too large, read in part"),
    "decompression-bomb": Text(zh="解压后异常膨胀，停止读取", en="decompression bomb, not read"),
    "bad-encoding": Text(zh="内容编码无法解开", en="content encoding cannot be undone"),
    "header-flood": Text(zh="响应头过大，停止读取", en="response headers too large"),
    "redirect-loop": Text(zh="重定向成环", en="redirect loop"),
    "too-many-redirects": Text(zh="重定向过多", en="too many redirects"),
    "page-unreachable": Text(zh="浏览器打不开页面", en="the browser could not open the page"),
    "page-timeout": Text(zh="页面在限时内没有加载完", en="the page did not finish loading in time"),
    "page-hung": Text(
        zh="页面脚本占住浏览器不放，已强行结束", en="the page's script never ended; it was stopped"
    ),
    "page-unread": Text(zh="页面内容未能读取", en="the page could not be read"),
    "page-crashed": Text(zh="页面耗尽内存或崩溃", en="the page crashed or used up the memory it may have"),
    "page-dialogs": Text(
        zh="页面不停弹出对话框，已强行结束", en="the page kept opening dialogs; it was stopped"
    ),
    "dom-too-large": Text(
        zh="页面元素过多，只读取了一部分", en="the page is too large to be read completely"
    ),
}
REFUSALS = {
    "metadata": Text(zh="云主机元数据地址", en="a cloud metadata address"),
    "multicast": Text(zh="组播地址", en="a multicast address"),
    "unspecified": Text(zh="未指定或广播地址", en="an unspecified or broadcast address"),
    "loopback": Text(zh="本机地址", en="a loopback address"),
    "link-local": Text(zh="链路本地地址", en="a link-local address"),
    "private": Text(zh="内网或保留地址", en="a private or reserved address"),
    "bad-port": Text(zh="不是网站的端口", en="a port of another protocol"),
    "local-name": Text(zh="本地名称", en="a local network name"),
    "unresolved": Text(zh="域名无法解析", en="the name does not resolve"),
    "bad-answer": Text(zh="域名解析结果不是地址", en="the resolver's answer is no address"),
    "scheme": Text(zh="不是 http 或 https 网址", en="neither http nor https"),
}
BAD_ADDRESS = Text(zh="网址格式不正确", en="malformed address")
OTHER_PROBLEM = Text(zh="其他原因", en="another reason")


def page_problem(code: str) -> Text:
    """Return the words for a stable code of why a page was not read."""
    if code in PAGE_PROBLEMS:
        return PAGE_PROBLEMS[code]
    if code.startswith("http-"):
        number = code.removeprefix("http-")
        return Text(zh=f"服务器返回 {number}", en=f"the server answered {number}")
    if "refused:" in code:
        why = REFUSALS.get(code.partition("refused:")[2], BAD_ADDRESS)
        return Text(zh=f"为安全起见不访问（{why.zh}）", en=f"not visited for safety ({why.en})")
    return OTHER_PROBLEM


class ThirdParty(Frozen):
    """A third-party registrable domain the site uses; owner, category and country come from dated offline data.

    How: 请求与 Cookie 的注册域，归属取自带日期的离线数据 / registrable domains of requests and cookies;
    owners from dated offline data
    Blind: 以自有域名转发的第三方、数据未收录的公司 / third parties behind the site's own domain, companies
    the data lacks
    Evidence: web
    """

    domain: str  #: 注册域 / registrable domain
    owner: str = ""  #: 所属公司 / owner
    category: str = "unknown"  #: 类别 / category
    country: str = ""  #: 国家或地区 / country
    overseas: bool | None = None  #: 是否在境外 / overseas
    tracker: bool = False  #: 是否为跟踪者 / a tracker
    lists: tuple[str, ...] = ()  #: 列出它的名单 / lists that name it
    phases: tuple[Phase, ...] = ()  #: 出现的阶段 / phases it was seen in
    before_consent: bool = False  #: 是否在同意之前出现 / seen before consent
    requests: int = 0  #: 请求数 / requests
    cookies: int = 0  #: Cookie 数 / cookies
    #: 是否有过响应，没有则其行为未观察 / whether it ever answered; else what it does was not observed
    answered: bool | None = None
    sends_items: tuple[str, ...] = ()  #: 发送的个人信息项 / items sent to it
    evidence: tuple[Evidence, ...] = ()


class Request(Frozen):
    """A network request of a page; ``sends`` names catalogue items found in URL, headers or body (values masked).

    ``size`` in bytes on the wire; ``country`` of the host's owner by offline data (empty = unknown); ``lists``: the
    filter lists that name it; ``initiator``: the script or document that caused it.

    How: 浏览器记录的全部网络请求 / all network requests the browser records
    Blind: 内容加密或自定义编码的请求；未触发的请求 / encrypted or specially coded content; requests not
    triggered
    Evidence: web
    """

    url: str  #: 网址（参数值掩去） / URL, values masked
    host: str  #: 主机 / host
    method: str = "GET"  #: 方法 / method
    type: str = ""  #: 资源类型 / type of resource
    page: str = ""  #: 所在页面 / page
    #: 阶段：选择之前、同意后、拒绝后 / phase: before a choice, after accepting, after refusing
    phase: Phase = "before"
    third_party: bool = False  #: 是否发往第三方 / to a third party
    tracker: bool = False  #: 是否发往跟踪者 / to a tracker
    cleartext: bool = False  #: 是否明文 / cleartext
    beacon: bool = False  #: 是否为信标 / a beacon
    sends: tuple[str, ...] = ()  #: 其中找到的个人信息项 / items found in it
    initiator: str = ""  #: 发起的脚本或文档 / script or document that caused it
    status: int | None = None  #: HTTP 状态码 / HTTP status
    size: int = 0  #: 传输大小（字节） / size on the wire in bytes
    country: str = ""  #: 主机所有者的国家或地区 / country of the host's owner
    lists: tuple[str, ...] = ()  #: 列出它的名单 / filter lists that name it
    evidence: tuple[Evidence, ...] = ()


class Cookie(Frozen):
    """A cookie: life in days (None = session), flags, who set it, and for what according to offline data.

    How: 浏览器各阶段结束时的 Cookie 及其来源 / the browser's cookies at the end of each phase, with who set
    them
    Blind: 用途未知的 Cookie；值的含义 / cookies of unknown purpose; what values mean
    Evidence: web
    """

    name: str  #: 名称 / name
    domain: str  #: 域 / domain
    path: str = "/"  #: 路径 / path
    phase: Phase = "before"  #: 阶段 / phase
    third_party: bool = False  #: 是否属第三方 / belongs to a third party
    days: float | None = None  #: 有效天数，会话为 null / life in days, null for a session
    secure: bool = False  #: 是否只经加密连接发送 / sent over encrypted connections only
    http_only: bool = False  #: 脚本是否不可读 / hidden from scripts
    same_site: str = ""  #: SameSite 属性 / SameSite attribute
    set_by: str = ""  #: 设置者（脚本或响应） / script or response that set it
    owner: str = ""  #: 所属公司 / owner by offline data
    #: 用途（离线数据） / purpose by offline data
    purpose: Literal["necessary", "functional", "analytics", "advertising", "unknown"] = "unknown"
    session: bool = False  #: 是否为会话 Cookie / session cookie
    identifier: bool = False  #: 值是否足以识别访问者 / whether its value identifies
    evidence: tuple[Evidence, ...] = ()


class StorageItem(Frozen):
    """An entry in the browser's storage; ``size`` in characters; values are never kept, only whether it identifies.

    How: 浏览器各阶段结束时的存储项 / entries of the browser's storage at the end of each phase
    Blind: 值的含义（不保存值） / what values mean; they are not kept
    Evidence: web
    """

    kind: Literal["local", "session", "indexeddb", "cache", "service_worker"]  #: 存储种类 / kind of storage
    origin: str  #: 来源 / origin
    key: str  #: 键 / key
    size: int = 0  #: 大小（字符） / size in characters
    phase: Phase = "before"  #: 阶段 / phase
    third_party: bool = False  #: 是否属第三方 / belongs to a third party
    identifier: bool = False  #: 是否足以识别访问者 / whether it identifies
    set_by: str = ""  #: 设置它的脚本 / script that set it
    evidence: tuple[Evidence, ...] = ()


class ScriptUse(Frozen):
    """A script's use of an interface that identifies or observes the visitor (``api``: canvas, webgl, keylogging …).

    How: 在浏览器中替换相关接口并记录调用者 / the interfaces are wrapped in the browser and their callers
    recorded
    Blind: 在包装之前取得的接口、工作线程中的使用 / interfaces taken before they were wrapped, uses in workers
    Evidence: web
    """

    api: str  #: 接口 / interface
    script: str  #: 调用的脚本 / script that calls
    page: str  #: 所在页面 / page
    phase: Phase = "before"  #: 阶段 / phase
    third_party: bool = False  #: 脚本是否属第三方 / script of a third party
    count: int = 1  #: 次数 / number of uses
    item: str = ""  #: 对应的个人信息项 / item it obtains
    evidence: tuple[Evidence, ...] = ()


class Button(Frozen):
    """A choice in a consent dialog; ``prominence`` from 0 to 1 by size, contrast and place.

    How: 弹窗中可点的元素，突出程度按大小、对比度和位置 / clickable elements of the dialog; prominence by
    size, contrast and place
    Blind: 图片按钮上的文字 / words in images
    Evidence: web
    """

    label: str  #: 文字 / words
    role: Literal["accept", "reject", "settings", "close", "other"]  #: 作用 / role
    prominence: float = 0.0  #: 突出程度（0–1） / prominence (0–1)
    evidence: tuple[Evidence, ...] = ()


class ConsentDialog(Frozen):
    """A consent banner or dialog, and how it treats a refusal.

    ``reject_clicks``: clicks needed to refuse (None = impossible).  ``reject_respected``: whether what was set after a
    refusal lacks what acceptance adds; ``kept_after_reject`` names what it does not lack (hosts, cookies, storage).
    ``equal_choice``: refusing stands beside accepting and is about as prominent.  ``wall``: the page cannot be used
    before accepting.  ``bundled``: agreement goes with registration or login; ``implied``: going on counts as consent.

    How: 渲染后的页面中覆盖内容的元素及其文字；真实点击同意与拒绝后各观察一次 / elements over the rendered
    page and their words; accepting and refusing are really clicked and observed
    Blind: 只对部分访问者显示的弹窗、图片中的文字 / dialogs shown to some visitors only, words in images
    Evidence: web
    """

    page: str  #: 所在页面 / page
    kind: Literal["banner", "dialog", "page"]  #: 横幅、弹窗或整页 / banner, dialog or page
    text: str = ""  #: 文字 / words
    buttons: tuple[Button, ...] = ()  #: 选项 / choices
    #: 拒绝所需点击数，不能拒绝为 null / clicks to refuse, null when impossible
    reject_clicks: int | None = None
    accept_clicks: int | None = None  #: 同意所需点击数 / clicks to accept
    equal_choice: bool | None = None  #: 拒绝与同意是否同样突出 / refusing about as prominent as accepting
    prechecked: tuple[str, ...] = ()  #: 默认勾选的选项 / options ticked beforehand
    wall: bool = False  #: 不同意能否使用页面 / page cannot be used before accepting
    closable: bool | None = None  #: 能否关闭 / can be closed
    policy_linked: bool | None = None  #: 是否有隐私政策链接 / links to the policy
    #: 拒绝后是否没有同意才有的东西 / after refusing, what acceptance adds is absent
    reject_respected: bool | None = None
    bundled: bool | None = None  #: 同意是否与注册或登录捆绑 / agreement goes with registration or login
    implied: bool | None = None  #: 是否把继续使用当作同意 / going on counts as consent
    #: 拒绝后仍有的主机、Cookie、存储 / hosts, cookies and storage kept after refusing
    kept_after_reject: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

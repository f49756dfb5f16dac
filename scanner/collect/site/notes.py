"""What was observed, in our own words and both languages: the notes of evidence from a website.

An excerpt quotes the site; a note adds the fact that decides: who sent what when, what a form asks for and where it
sends it, which headers were missing.  Nothing here judges.  An address in a note ends in a blank, so that what follows
is never taken for a part of it (:mod:`scanner.collect.site.conceal`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner import catalogue
from scanner.model import Text
from scanner.sitefacts import SiteCertificate

MAX_SHOWN = 12
PHASES = {
    "static": Text(zh="读取网页源码时", en="in the page's source"),
    "before": Text(zh="作出选择之前", en="before any choice"),
    "accept": Text(zh="点击同意之后", en="after accepting"),
    "reject": Text(zh="点击拒绝之后", en="after refusing"),
}
STORES = {
    "local": Text(zh="本地存储（localStorage）", en="local storage"),
    "session": Text(zh="会话存储（sessionStorage）", en="session storage"),
    "indexeddb": Text(zh="浏览器数据库（IndexedDB）", en="IndexedDB"),
    "cache": Text(zh="缓存存储（Cache Storage）", en="cache storage"),
    "service_worker": Text(zh="后台脚本（Service Worker）", en="service worker"),
}
BASES = {
    "autocomplete": Text(zh="自动填充属性", en="autocomplete attribute"),
    "type": Text(zh="输入类型", en="input type"),
    "label": Text(zh="标签文字", en="label"),
    "name": Text(zh="输入项名称", en="name"),
    "placeholder": Text(zh="占位文字", en="placeholder"),
    "pattern": Text(zh="格式要求", en="pattern"),
    "context": Text(zh="同一表单的其他内容", en="its neighbours"),
}
SEVERITIES = {
    "low": Text(zh="低危", en="low"),
    "medium": Text(zh="中危", en="medium"),
    "high": Text(zh="高危", en="high"),
    "critical": Text(zh="严重", en="critical"),
}
IMPLIED = Text(
    zh="没有勾选框，文字表明操作本身即为同意。", en="No box: the words make the act itself the consent."
)
UNKNOWN = Text(zh="不详", en="unknown")


def sentence(parts: Iterable[Text | None]) -> Text:
    """Return ``parts`` as one sentence."""
    known = [part for part in parts if part is not None]
    return Text(zh="；".join(p.zh for p in known) + "。", en="; ".join(p.en for p in known) + ".")


def listed(parts: Sequence[Text]) -> Text:
    """Return an enumeration; of a long one the first :data:`MAX_SHOWN`, and how many there are."""
    shown = parts[:MAX_SHOWN]
    cut = len(parts) > len(shown)
    return Text(
        zh="、".join(p.zh for p in shown) + (f" 等 {len(parts)} 项" if cut else ""),
        en=", ".join(p.en for p in shown) + (f" and others, {len(parts)} in all" if cut else ""),
    )


def quoted(names: Sequence[str]) -> Text:
    """Return an enumeration of names that are the same in both languages."""
    return listed([Text(zh=name, en=name) for name in names])


def item_name(item: str) -> Text:
    """Return the name of an item of the catalogue."""
    found = catalogue.items().get(item)
    return found.name if found is not None else Text(zh=item, en=item)


def party_note(*, third: bool) -> Text:
    """Say whose it is."""
    return Text(zh="第三方", en="third party") if third else Text(zh="本网站", en="the site's own")


def request_note(
    *, phase: str, third: bool, initiator: str, sends: Sequence[str], lists: Sequence[str], status: int | None
) -> Text:
    """Say when a request was sent, to whom, by what, and which items were recognised in it."""
    sent = listed([item_name(item) for item in sends])
    return sentence(
        (
            PHASES.get(phase, UNKNOWN),
            Text(zh="发往第三方", en="to a third party")
            if third
            else Text(zh="发往本网站", en="to the site itself"),
            Text(zh=f"由 {initiator} 发起", en=f"caused by {initiator} ") if initiator else None,
            Text(zh=f"其中识别出：{sent.zh}", en=f"items recognised in it: {sent.en}") if sends else None,
            Text(zh=f"列入跟踪名单：{'、'.join(lists)}", en=f"named by: {', '.join(lists)}")
            if lists
            else None,
            Text(zh=f"响应状态码 {status}", en=f"answered with {status}") if status is not None else None,
        )
    )


def cookie_note(
    *, domain: str, phase: str, third: bool, days: float | None, set_by: str, identifies: bool
) -> Text:
    """Say whose cookie it is, when it was there, how long it lasts and who set it."""
    life = (
        Text(zh="会话结束时失效", en="ends with the session")
        if days is None
        else Text(zh=f"有效期 {days:.0f} 天", en=f"lasts {days:.0f} days")
    )
    whose = party_note(third=third)
    return sentence(
        (
            Text(zh=f"域名 {domain}（{whose.zh}）", en=f"domain {domain} ({whose.en})"),
            PHASES.get(phase, UNKNOWN),
            life,
            Text(zh=f"由 {set_by} 设置", en=f"set by {set_by} ") if set_by else None,
            Text(zh="取值足以区分访问者", en="its value tells visitors apart") if identifies else None,
        )
    )


def storage_note(*, kind: str, origin: str, phase: str, third: bool, set_by: str, identifies: bool) -> Text:
    """Say what kind of entry it is, whose, when it was there and who wrote it."""
    whose, store = party_note(third=third), STORES.get(kind, UNKNOWN)
    return sentence(
        (
            store,
            Text(zh=f"来源 {origin} （{whose.zh}）", en=f"origin {origin} ({whose.en})"),
            PHASES.get(phase, UNKNOWN),
            Text(zh=f"由 {set_by} 写入", en=f"written by {set_by} ") if set_by else None,
            Text(zh="取值足以区分访问者", en="its value tells visitors apart") if identifies else None,
        )
    )


def script_note(
    *, name: Text, script: str, third: bool, phase: str, count: int, place: str, details: Sequence[str]
) -> Text:
    """Say which script used which interface how often, when, and where in the script."""
    whose, used = party_note(third=third), quoted(details)
    return sentence(
        (
            name,
            Text(zh=f"脚本 {script} （{whose.zh}）", en=f"script {script} ({whose.en})")
            if script
            else Text(zh="网页自身的脚本", en="a script of the page itself"),
            Text(
                zh=f"首次调用位置：第 {place.partition(':')[0]} 行第 {place.partition(':')[2]} 列",
                en=f"first called at line {place.partition(':')[0]}, column {place.partition(':')[2]}",
            )
            if place
            else None,
            PHASES.get(phase, UNKNOWN),
            Text(zh=f"{count} 次", en=f"{count} times"),
            Text(zh=f"涉及：{used.zh}", en=f"used: {used.en}") if details else None,
        )
    )


def form_note(
    *,
    method: str,
    action: str,
    third: bool,
    cleartext: bool,
    fields: Sequence[tuple[str, str]],
    policy: bool,
    agreement: bool,
    purpose: bool,
) -> Text:
    """Say where a form sends what, and what stands beside it; ``fields`` are the words of an input and its item."""
    named = [(words, item_name(item)) for words, item in fields]
    asked = listed([Text(zh=f"{n.zh}（“{w}”）", en=f"{n.en} (“{w}”)") for w, n in named])
    how = [method.upper()] if method else []
    whom = Text(zh="第三方、", en="third party, ") if third else Text(zh="", en="")
    way = Text(zh="明文 HTTP", en="cleartext HTTP") if cleartext else Text(zh="HTTPS", en="HTTPS")
    beside = (
        (Text(zh="隐私政策链接", en="a link to the policy"), policy),
        (Text(zh="同意选项或同意文字", en="a consent box or sentence"), agreement),
        (Text(zh="用途说明", en="a statement of purpose"), purpose),
    )
    missing, present = ([name for name, there in beside if there is wanted] for wanted in (False, True))
    return sentence(
        (
            Text(
                zh=f"以 {how[0]} 方式提交到 {action} （{whom.zh}{way.zh}）"
                if how
                else f"由脚本提交，网页地址 {action} （{whom.zh}{way.zh}）",
                en=f"sent by {how[0]} to {action} ({whom.en}{way.en})"
                if how
                else f"sent by script from {action} ({whom.en}{way.en})",
            ),
            Text(zh=f"个人信息输入项：{asked.zh}", en=f"inputs for personal information: {asked.en}")
            if named
            else None,
            Text(zh=f"旁边有：{listed(present).zh}", en=f"beside it: {listed(present).en}")
            if present
            else None,
            Text(zh=f"旁边未见：{listed(missing).zh}", en=f"not seen beside it: {listed(missing).en}")
            if missing
            else None,
        )
    )


def box_note(*, checked: bool) -> Text:
    """Say whether the box is ticked as the page is served."""
    return (
        Text(zh="勾选框在网页打开时已经勾选。", en="The box is ticked as the page opens.")
        if checked
        else Text(zh="勾选框在网页打开时没有勾选。", en="The box is not ticked as the page opens.")
    )


def field_note(
    *, item: str, basis: Sequence[str], required: bool, necessary: bool | None, password: bool, minors: bool
) -> Text | None:
    """Say which item an input asks for and what tells so; None for an input that asks for none."""
    if not item:
        return None
    name, why = item_name(item), listed([BASES.get(one, UNKNOWN) for one in basis])
    return sentence(
        (
            Text(zh=f"归为：{name.zh}", en=f"asks for: {name.en}"),
            Text(zh=f"依据：{why.zh}", en=f"told by: {why.en}") if basis else None,
            Text(zh="必填", en="required")
            if required
            else Text(zh="未标明必填", en="not marked as required"),
            Text(zh="该表单的用途不需要此项", en="not needed for the form's purpose")
            if necessary is False
            else None,
            Text(zh="口令输入框", en="a password input") if password else None,
            Text(zh="关于未成年人", en="about a minor") if minors else None,
        )
    )


def page_note(*, status: int | None, cleartext: bool, kind: str) -> Text | None:
    """Say how a page was served; None for one that a browser drew without an answer of its own."""
    if status is None:
        return None
    way = (
        Text(zh="以明文 HTTP 提供", en="served in cleartext HTTP")
        if cleartext
        else Text(zh="以 HTTPS 提供", en="served over HTTPS")
    )
    return sentence(
        (
            way,
            Text(zh=f"状态码 {status}", en=f"status {status}"),
            Text(zh=f"内容类型 {kind}", en=f"media type {kind}") if kind else None,
        )
    )


def headers_note(missing: str, seen: Sequence[str]) -> Text:
    """Say which header an answer lacks (or carries with another value) and which it has."""
    have = quoted(seen)
    return sentence(
        (
            Text(zh=f"响应头中没有 {missing}", en=f"the answer has no {missing}"),
            Text(zh=f"所见响应头：{have.zh}", en=f"headers seen: {have.en}")
            if seen
            else Text(zh="没有任何响应头", en="no headers at all"),
        )
    )


def flag_note(missing: str, *, secure: bool, http_only: bool, same_site: str) -> Text:
    """Say which protection a session cookie lacks, and which it has."""
    have = [name for name, there in (("Secure", secure), ("HttpOnly", http_only)) if there]
    have += [f"SameSite={same_site}"] if same_site else []
    shown = quoted(have)
    return sentence(
        (
            Text(zh=f"会话 Cookie 没有 {missing} 属性", en=f"a session cookie without {missing}"),
            Text(zh=f"已有属性：{shown.zh}", en=f"it has: {shown.en}")
            if have
            else Text(zh="未见其他保护属性", en="no other protective attribute seen"),
        )
    )


def mixed_note(total: int, shown: int, *, runs: bool) -> Text:
    """Say how many resources an HTTPS page loads in cleartext, and how many of them are quoted."""
    what = (
        Text(zh="脚本、框架或样式", en="scripts, frames or styles")
        if runs
        else Text(zh="图片或媒体", en="images or media")
    )
    return sentence(
        (
            Text(
                zh=f"HTTPS 网页以明文 HTTP 引用的{what.zh}共 {total} 项，列出 {shown} 项",
                en=f"{total} {what.en} loaded in cleartext by an HTTPS page, {shown} of them shown",
            ),
        )
    )


def tls_note(
    *,
    protocols: Sequence[str],
    weak_protocols: Sequence[str],
    cipher: str,
    weak_ciphers: Sequence[str],
    certificate: SiteCertificate | None,
    trust: bool | None,
    matches: bool | None,
    hsts: str | None,
    redirects: bool | None,
) -> Text:
    """Say what a TLS server accepts, which certificate it sent, and whether plain HTTP leads to HTTPS."""
    own = certificate
    key = f"{own.key_algorithm} {own.key_bits or ''}".strip() if own else ""
    return sentence(
        (
            Text(zh=f"接受的协议：{quoted(protocols).zh}", en=f"protocols accepted: {quoted(protocols).en}"),
            Text(
                zh=f"其中过时：{quoted(weak_protocols).zh}",
                en=f"outdated among them: {quoted(weak_protocols).en}",
            )
            if weak_protocols
            else None,
            Text(zh=f"协商的套件：{cipher}", en=f"suite agreed on: {cipher}") if cipher else None,
            Text(
                zh=f"接受的弱套件：{quoted(weak_ciphers).zh}",
                en=f"weak suites accepted: {quoted(weak_ciphers).en}",
            )
            if weak_ciphers
            else None,
            Text(
                zh=f"证书持有者 {own.subject}，签发者 {own.issuer}，有效期 {own.not_before.date()} 至"
                f" {own.not_after.date()}（剩余 {own.days_left} 天），密钥 {key}，签名算法 {own.signature_algorithm}，"
                f"SHA-256 {own.sha256}",
                en=f"certificate of {own.subject}, issued by {own.issuer}, valid from {own.not_before.date()} to"
                f" {own.not_after.date()} ({own.days_left} days left), key {key}, signed with"
                f" {own.signature_algorithm}, SHA-256 {own.sha256}",
            )
            if own
            else None,
            _told(
                trust,
                Text(zh="证书链可由公认根证书验证", en="the chain leads to a trusted root"),
                Text(zh="证书链不能由公认根证书验证", en="the chain leads to no trusted root"),
            ),
            _told(
                matches,
                Text(zh="证书包含该主机名", en="the certificate names the host"),
                Text(zh="证书不包含该主机名", en="the certificate does not name the host"),
            ),
            _told(
                redirects,
                Text(zh="HTTP 跳转到 HTTPS 或不提供 HTTP", en="plain HTTP leads to HTTPS or is not offered"),
                Text(zh="HTTP 不跳转到 HTTPS", en="plain HTTP does not lead to HTTPS"),
            ),
            Text(
                zh="响应头中没有 Strict-Transport-Security", en="the answer has no Strict-Transport-Security"
            )
            if hsts == ""
            else None,
        )
    )


def _told(value: bool | None, yes: Text, no: Text) -> Text | None:
    return None if value is None else yes if value else no


def no_tls_note(host: str, port: int, *, refused: bool) -> Text:
    """Say that a port refused the connection, or answered without TLS."""
    return (
        Text(
            zh=f"主机 {host} 的端口 {port} 拒绝连接，没有 HTTPS 服务。",
            en=f"{host} refused a connection to port {port}: no HTTPS service.",
        )
        if refused
        else Text(
            zh=f"主机 {host} 的端口 {port} 可以连接，但不接受任何版本的 TLS 握手。",
            en=f"{host} answered on port {port} but accepted a TLS handshake in no version.",
        )
    )


def exposed_note(item: str, count: int, shown: int) -> Text:
    """Say how many numbers of others a page shows and why they are taken for that."""
    name = item_name(item)
    checked = (
        Text(zh="号段与位数相符", en="ranges and lengths fit")
        if item == "phone-number"
        else Text(zh="校验位正确", en="check digits are right")
    )
    return sentence(
        (
            Text(
                zh=f"页面文字中不同的{name.zh} {count} 个，列出 {shown} 个（已遮盖）",
                en=f"{count} different values of “{name.en}” in the page's words, {shown} shown masked",
            ),
            checked,
        )
    )


def filing_note(link: str, *, good: bool, official: bool) -> Text:
    """Say whether a filing number has the form of one, and where it links to."""
    return sentence(
        (
            Text(zh="符合编号规则", en="well-formed")
            if good
            else Text(zh="不符合编号规则", en="not well-formed"),
            Text(zh=f"链接到主管部门网站 {link} ", en=f"linked to the authority's site {link} ")
            if official
            else Text(
                zh="页面中没有指向主管部门网站的链接", en="the page has no link to the authority's site"
            ),
        )
    )


def advisory_range(ids: Sequence[str], start: str, below: str, severity: str) -> Text:
    """Name an advisory with the versions it concerns and its severity."""
    level = SEVERITIES.get(severity, UNKNOWN)
    known = ", ".join(ids)
    since = Text(zh=f"{start} 起、", en=f"from {start}, ") if start else Text(zh="", en="")
    return Text(
        zh=f"{known.replace(', ', '、')}（{level.zh}，影响 {since.zh}低于 {below} 的版本）",
        en=f"{known} ({level.en}, {since.en}before {below})",
    )


def library_note(name: str, version: str, advisories: Sequence[Text], date: str) -> Text:
    """Say which version was found and which advisories concern it."""
    return sentence(
        (
            Text(zh=f"识别为 {name} {version}", en=f"recognised as {name} {version}"),
            *(
                advisories
                or (Text(zh="公开漏洞数据中没有涉及该版本的公告", en="no advisory in the data concerns it"),)
            ),
            Text(zh=f"漏洞数据日期 {date}", en=f"data of {date}"),
        )
    )

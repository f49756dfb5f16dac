"""What was observed, in our own words and both languages: the notes of evidence from a website.

An excerpt quotes the site; a note adds the fact that decides: who sent what when, what a form asks for and where it
sends it, which headers were missing.  Nothing here judges.  An address in a note ends in a blank, so that what follows
is never taken for a part of it (:mod:`scanner.collect.site.conceal`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scanner import catalogue
from scanner.model import Text
from scanner.visitfacts import ConsentDialog

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
LISTENED = {
    "page": Text(zh="整页", en="whole page"),
    "field": Text(zh="输入框", en="input"),
    "form": Text(zh="表单", en="form"),
}
ROLES = {
    "accept": Text(zh="同意", en="accept"),
    "reject": Text(zh="拒绝", en="refuse"),
    "settings": Text(zh="设置", en="settings"),
    "close": Text(zh="关闭", en="close"),
    "other": Text(zh="其他", en="other"),
}
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


def items_text(items: Sequence[str]) -> Text:
    """Return the names of items, each in quotation marks: some names are enumerations themselves."""
    names = [item_name(item) for item in items]
    return listed([Text(zh=f"“{name.zh}”", en=f"“{name.en}”") for name in names])


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
    sent = items_text(sends)
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
    whose, used = party_note(third=third), listed([_detail(detail) for detail in details])
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


def _detail(detail: str) -> Text:
    """Return a detail as the injected script tells it: an event with where it is listened to, else a name as it is."""
    event, _, place = detail.partition("@")
    kind, _, of_type = place.partition(":")
    where = LISTENED.get(kind)
    if where is None:
        return Text(zh=detail, en=detail)
    return Text(
        zh=f"{event}（{where.zh}{f' {of_type}' if of_type else ''}）",
        en=f"{event} ({of_type} {where.en})" if of_type else f"{event} ({where.en})",
    )


def _kept(entry: str) -> Text:
    """Return what stayed after a refusal: a host, or a cookie or storage entry by kind and name."""
    kind, _, name = entry.partition(" ")
    store = Text(zh="Cookie", en="cookie") if kind == "cookie" else STORES.get(kind)
    if not name or store is None:
        return Text(zh=entry, en=entry)
    return Text(zh=f"{store.zh} {name}", en=f"{store.en} {name}")


def dialog_note(dialog: ConsentDialog) -> Text:
    """Say which choices a consent dialog gives, what each takes, and what stayed after a refusal."""
    buttons = [(button.label, ROLES[button.role], f"{button.prominence:.2f}") for button in dialog.buttons]
    choices = listed(
        [
            Text(
                zh=f"“{label}”（{role.zh}，显著程度 {weight}）",
                en=f"“{label}” ({role.en}, prominence {weight})",
            )
            for label, role, weight in buttons
        ]
    )
    clicks = dialog.reject_clicks
    ticked = quoted([f"“{label}”" if label else "—" for label in dialog.prechecked])
    kept = listed([_kept(entry) for entry in dialog.kept_after_reject])
    return sentence(
        (
            Text(zh=f"选项：{choices.zh}", en=f"choices: {choices.en}")
            if buttons
            else Text(zh="没有选项", en="no choices"),
            Text(
                zh=f"同意需 {dialog.accept_clicks} 次点击",
                en=f"accepting takes {dialog.accept_clicks} clicks",
            )
            if dialog.accept_clicks
            else None,
            Text(zh=f"拒绝需 {clicks} 次点击", en=f"refusing takes {clicks} clicks")
            if clicks is not None
            else Text(zh="未见能够拒绝的途径", en="no way to refuse was seen"),
            Text(zh=f"默认勾选：{ticked.zh}", en=f"ticked beforehand: {ticked.en}")
            if dialog.prechecked
            else None,
            Text(zh="遮住页面，不选择不能继续", en="it covers the page; nothing goes on without a choice")
            if dialog.wall
            else None,
            Text(zh="没有隐私政策链接", en="no link to the policy")
            if dialog.policy_linked is False
            else None,
            Text(zh=f"点击拒绝之后仍有：{kept.zh}", en=f"still there after refusing: {kept.en}")
            if dialog.kept_after_reject
            else None,
        )
    )


def shown_note(note: Text | None, pages: int, shown: int) -> Text:
    """Add to ``note`` on how many pages the same stands, of which some are shown."""
    return sentence(
        (
            Text(zh=note.zh.removesuffix("。"), en=note.en.removesuffix(".")) if note is not None else None,
            Text(
                zh=f"同样标明的网页共 {pages} 个，列出 {shown} 个",
                en=f"{pages} pages show the same, {shown} listed",
            ),
        )
    )


def link_note(url: str, status: str, *, leads: bool) -> Text:
    """Say where a link leads, and that nothing is there where it answered 404 or 410 (``status``) or leads nowhere."""
    if not leads:
        return Text(zh="链接地址为“#”，不指向任何网页。", en="The link is “#” and leads to no page.")
    return sentence(
        (
            Text(zh=f"链接到 {url} ", en=f"leads to {url} "),
            Text(zh=f"该地址返回 {status}，没有内容", en=f"which answered {status}: nothing is there")
            if status
            else None,
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


def filing_note(link: str, former: str, fault: Text | None) -> Text:
    """Say whether a filing number has the form of one, or which rule it breaks, and where its page links to.

    ``former``: a link to a site that the authority no longer uses.
    """
    return sentence(
        (
            Text(zh="符合编号规则", en="well-formed")
            if fault is None
            else Text(zh=f"不符合编号规则：{fault.zh}", en=f"not well-formed: {fault.en}"),
            Text(zh=f"链接到主管部门网站 {link} ", en=f"linked to the authority's site {link} ")
            if link
            else Text(
                zh=f"链接到已停用的备案系统网址 {former} ",
                en=f"linked to a filing site no longer in use, {former} ",
            )
            if former
            else Text(
                zh="页面中没有指向主管部门网站的链接", en="the page has no link to the authority's site"
            ),
        )
    )

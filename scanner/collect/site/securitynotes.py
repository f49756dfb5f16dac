"""What was observed of a site's transport, headers and libraries, in our own words (see :mod:`notes`)."""

from __future__ import annotations

from collections.abc import Sequence

from scanner.collect.site.notes import UNKNOWN, quoted, sentence
from scanner.model import Text
from scanner.sitefacts import SiteCertificate

SEVERITIES = {
    "low": Text(zh="低危", en="low"),
    "medium": Text(zh="中危", en="medium"),
    "high": Text(zh="高危", en="high"),
    "critical": Text(zh="严重", en="critical"),
}


LIBRARY_BASES = {
    "filename": Text(zh="版本依据脚本的文件名", en="the script's file name tells the version"),
    "address": Text(zh="版本依据脚本的网址", en="the script's address tells the version"),
    "content": Text(zh="版本依据脚本文件中的文字", en="words in the script tell the version"),
}


def headers_note(missing: str, seen: Sequence[str], *, asks: bool) -> Text:
    """Say which header an answer lacks (or carries with another value), which it has, and whether its page ``asks``."""
    have = quoted(seen)
    return sentence(
        (
            Text(zh=f"响应头中没有 {missing}", en=f"the answer has no {missing}"),
            Text(zh=f"所见响应头：{have.zh}", en=f"headers seen: {have.en}")
            if seen
            else Text(zh="没有任何响应头", en="no headers at all"),
            Text(zh="该网页有收集个人信息的表单", en="the page has a form that asks for personal information")
            if asks
            else None,
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


def listing_note(title: str, status: int | None, entries: Sequence[str]) -> Text:
    """Say why a page is taken for a directory listing: its status, its title and the names it links to."""
    names = quoted(entries)
    return sentence(
        (
            Text(zh=f"状态码 {status}", en=f"status {status}") if status is not None else None,
            Text(zh=f"页面标题“{title}”", en=f"page title “{title}”"),
            Text(
                zh=f"以文件名为文字的链接 {len(entries)} 个：{names.zh}",
                en=f"{len(entries)} links whose words are names of files: {names.en}",
            ),
        )
    )


def advisory_range(ids: Sequence[str], start: str, below: str, severity: str) -> Text:
    """Name an advisory with the versions it concerns and its severity."""
    level = SEVERITIES.get(severity, UNKNOWN)
    known = ", ".join(ids)
    span = (
        Text(zh=f"自 {start} 起、早于 {below} 的版本", en=f"from {start}, before {below}")
        if start
        else Text(zh=f"早于 {below} 的版本", en=f"before {below}")
    )
    return Text(
        zh=f"{known.replace(', ', '、')}（{level.zh}，影响{span.zh}）", en=f"{known} ({level.en}, {span.en})"
    )


def library_note(
    name: str, version: str, basis: str, page: str, advisories: Sequence[Text], date: str
) -> Text:
    """Say which version was found by what, which page uses it, and which advisories concern it."""
    return sentence(
        (
            Text(zh=f"识别为 {name} {version}", en=f"recognised as {name} {version}"),
            LIBRARY_BASES[basis],
            Text(zh=f"由网页 {page} 引用", en=f"used by {page} ") if basis == "content" else None,
            *(
                advisories
                or (Text(zh="公开漏洞数据中没有涉及该版本的公告", en="no advisory in the data concerns it"),)
            ),
            Text(zh=f"漏洞数据日期 {date}", en=f"data of {date}"),
        )
    )

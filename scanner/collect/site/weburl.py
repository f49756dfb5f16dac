"""Web addresses as browsers read them (WHATWG URL Standard), in one normal form.

Backslashes, control characters, numeric hosts in octal and hexadecimal, full-width digits: a scanned site chooses how
its links are written, and what reads an address afterwards must read the same host and port.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

import idna

from scanner.model import Text

MAX_URL = 4_096
DEFAULT_PORTS = {"http": 80, "https": 443}
SOCKETS = {"ws": "http", "wss": "https"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]*|[0-9]+")


@dataclass(frozen=True, slots=True)
class Url:
    """A URL in normal form; ``host`` in ASCII without a trailing dot, IPv6 without brackets."""

    scheme: str
    host: str
    port: int
    path: str
    query: str | None
    fragment: str

    @property
    def origin(self) -> str:
        """Scheme, host and port (the port only when it is not the scheme's default)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = DEFAULT_PORTS.get(SOCKETS.get(self.scheme, self.scheme))
        return f"{self.scheme}://{host}" + ("" if self.port == default else f":{self.port}")

    @property
    def text(self) -> str:
        """The URL without its fragment."""
        return self.origin + self.path + ("" if self.query is None else f"?{self.query}")


class UrlError(ValueError):
    """Text that is no http(s) URL we would visit; ``code`` and ``reason`` as in :class:`Refused`."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.reason = Text(zh=zh, en=en)


@lru_cache(maxsize=50_000)
def parse_url(text: str) -> Url:
    """Read ``text`` as a browser would and return its normal form; raises :class:`UrlError`.

    Tabs and line breaks inside vanish and backslashes are slashes, as in browsers; other control characters,
    credentials, schemes beyond http, https, ws and wss, and malformed hosts or ports are errors.
    """
    text = text.strip(" \t\r\n\f\0").translate({9: None, 10: None, 13: None})
    if len(text) > MAX_URL:
        raise UrlError("too-long", f"网址超过 {MAX_URL} 个字符", f"URL longer than {MAX_URL} characters")
    if _CONTROL.search(text):
        raise UrlError("control-character", "网址含控制字符", "control characters in the URL")
    match = _SCHEME.match(text)
    scheme = match.group(1).lower() if match else ""
    if match is None or (scheme not in DEFAULT_PORTS and scheme not in SOCKETS):
        raise UrlError(
            "scheme", f"只访问 http 和 https，不访问 {scheme or '无协议'} 地址", "not http or https"
        )
    rest = text[match.end() :].replace("\\", "/").lstrip("/")
    end = next((i for i, c in enumerate(rest) if c in "/?#"), len(rest))
    authority, tail = rest[:end], rest[end:]
    if "@" in authority:
        raise UrlError("userinfo", "网址含用户名或口令", "the URL carries a user name or password")
    host, port = _split_port(authority, scheme)
    path, query, fragment = _split_tail(tail)
    return Url(scheme, normal_host(host), port, path, query, fragment)


def _split_port(authority: str, scheme: str) -> tuple[str, int]:
    default = DEFAULT_PORTS[SOCKETS.get(scheme, scheme)]
    host, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        return authority, default
    if not port:
        return host, default
    if not (port.isascii() and port.isdigit()) or len(port) > 6 or int(port) > 65535:
        raise UrlError("port", f"端口 {port[:20]!r} 无效", f"invalid port {port[:20]!r}")
    return host, int(port)


def _split_tail(tail: str) -> tuple[str, str | None, str]:
    tail, _, fragment = tail.partition("#")
    path, mark, query = tail.partition("?")
    path = _dot_segments(quote(path or "/", safe="/%:@!$&'()*+,;=~-._[]|"))
    return path, quote(query, safe="/%:@!$&'()*+,;=~-._?[]|") if mark else None, fragment


def _dot_segments(path: str) -> str:
    if "/." not in path and "/%2e" not in path.lower():
        return path
    out: list[str] = []
    segments = path.split("/")[1:]
    for i, segment in enumerate(segments):
        plain = segment.lower().replace("%2e", ".")
        last = i == len(segments) - 1
        if plain == "..":
            if out:
                out.pop()
        elif plain != ".":
            out.append(segment)
            continue
        if last:
            out.append("")
    return "/" + "/".join(out)


@lru_cache(maxsize=10_000)
def normal_host(host: str) -> str:
    """Return ``host`` as browsers understand it: an IP address in normal form, or an ASCII name in lower case."""
    if host.startswith("["):
        return str(_ipv6(host))
    if "%" in host:
        host = unquote_to_bytes(host).decode("utf-8", "replace")
    name = host.lower() if host.isascii() else _ascii_name(host)
    name = name.removesuffix(".")
    if not name:
        raise UrlError("no-host", "网址没有主机名", "the URL has no host")
    last = name.rpartition(".")[2]
    if last.isdigit() or _NUMBER.fullmatch(last):
        return str(_ipv4(name))
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlError("host", f"主机名 {name[:60]!r} 无效", f"invalid host {name[:60]!r}")
    for label in labels:
        if label.startswith("xn--"):
            _check_punycode(label)
    return name


def _ascii_name(host: str) -> str:
    try:
        return idna.encode(host, uts46=True, transitional=False).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        mapped = host
        try:
            mapped = idna.uts46_remap(host, std3_rules=False, transitional=False)
        except (idna.IDNAError, UnicodeError, IndexError):
            mapped = host
        if mapped.isascii():
            return mapped.lower()
    raise UrlError("host", f"主机名 {host[:60]!r} 无效", f"invalid host {host[:60]!r}")


def _check_punycode(label: str) -> None:
    try:
        idna.ulabel(label)
    except (idna.IDNAError, UnicodeError) as error:
        raise UrlError("host", f"主机名 {label[:60]!r} 不是有效的国际化域名", "invalid punycode") from error


def _ipv6(host: str) -> ipaddress.IPv6Address:
    if not host.endswith("]"):
        raise UrlError("host", "IPv6 地址缺少右括号", "unclosed IPv6 address")
    inner = host[1:-1]
    if "%" in inner:
        raise UrlError("zone-id", "IPv6 地址带有区域标识", "IPv6 address with a zone id")
    try:
        return ipaddress.IPv6Address(inner)
    except ValueError as error:
        raise UrlError("host", f"IPv6 地址 {inner[:60]!r} 无效", "invalid IPv6 address") from error


def _ipv4(name: str) -> ipaddress.IPv4Address:
    """Read decimal, octal and hexadecimal forms of one to four parts (WHATWG IPv4 parser)."""
    parts = name.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(p) and len(p) < 20 for p in parts):
        raise UrlError("host", f"数字主机名 {name[:60]!r} 无效", f"invalid numeric host {name[:60]!r}")
    numbers = []
    for part in parts:
        try:
            numbers.append(_number(part))
        except ValueError as error:
            raise UrlError("host", f"数字主机名 {name[:60]!r} 无效", "invalid numeric host") from error
    *head, tail = numbers
    if any(n > 255 for n in head) or tail >= 256 ** (5 - len(numbers)):
        raise UrlError("host", f"数字主机名 {name[:60]!r} 超出范围", "numeric host out of range")
    value = tail + sum(n << (8 * (3 - i)) for i, n in enumerate(head))
    return ipaddress.IPv4Address(value)


def _number(part: str) -> int:
    if part.lower().startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8) if len(part) > 1 and part.startswith("0") else int(part)

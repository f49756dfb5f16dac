"""The address guard: which URLs may be visited, and at which IP address.

A scanned site chooses what is linked, redirected to and resolved, so every URL is an attack until checked.  URLs
are read as browsers read them (WHATWG URL Standard: backslashes, control characters, numeric hosts in octal and
hexadecimal, full-width digits), refused when they are not http or https, carry credentials or lead to an address
that is not public, and **pinned**: a host is resolved once per scan, and connections go to the checked answer only,
so a name that later resolves elsewhere (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scanner.collect.site.weburl import MAX_URL, UrlError, normal_host, parse_url
from scanner.model import Text

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str], list[str]]

RESOLVE_SECONDS = 10.0

# Fetch Standard, "bad port": protocols that a crafted HTTP request could speak.
BAD_PORTS = frozenset(
    {0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103}
    | {104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513}
    | {514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720}
    | {1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697}
    | {10080, 11211}
)
# Instance-metadata services of cloud providers; some use public addresses (Azure's wire server).
METADATA = frozenset(
    ipaddress.ip_address(a)
    for a in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.0.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
LOCAL_SUFFIXES = ("localhost", "local", "localdomain", "internal", "intranet", "lan", "home.arpa", "corp")
_NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")
_COMPATIBLE = ipaddress.ip_network("::/96")
_TRANSLATED = ipaddress.ip_network("::ffff:0:0:0/96")


@dataclass(frozen=True, slots=True)
class Allowed:
    """A URL that may be requested: normal form, and the addresses a connection may go to."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A URL that must not be requested; ``code`` is stable, ``reason`` is for people."""

    url: str
    code: str
    reason: Text


class RefusedError(OSError):
    """Raised where a connection to a refused address was about to be opened."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.reason.zh)
        self.refused = refused


def refusal(address: Address, *, allow_private: bool) -> tuple[str, str, str] | None:
    """Return why nothing may connect to ``address`` (code, Chinese, English), or None when it is a public address.

    An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is judged by both.
    Metadata services, multicast and unspecified addresses stay refused with ``allow_private``.
    """
    if address in METADATA:
        return "metadata", "云主机元数据地址", "a cloud metadata address"
    if address.is_multicast:
        return "multicast", "组播地址", "a multicast address"
    if address.is_unspecified or address == ipaddress.IPv4Address("255.255.255.255"):
        return "unspecified", "未指定或广播地址", "an unspecified or broadcast address"
    if address == ipaddress.IPv6Address("::1"):
        return None if allow_private else ("loopback", "本机地址", "a loopback address")
    if isinstance(address, ipaddress.IPv6Address):
        for inner in _embedded(address):
            found = refusal(inner, allow_private=allow_private)
            if found:
                return found
            if allow_private:
                return None
    if allow_private:
        return None
    if address.is_loopback:
        return "loopback", "本机地址", "a loopback address"
    if address.is_link_local:
        return "link-local", "链路本地地址", "a link-local address"
    if isinstance(address, ipaddress.IPv6Address) and address in _SITE_LOCAL:
        return "private", "内网地址", "a private address"
    if not address.is_global or address.is_reserved:
        return "private", "内网或保留地址", "a private or reserved address"
    return None


def _embedded(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    value = int(address)
    low = ipaddress.IPv4Address(value & 0xFFFFFFFF)
    if address.ipv4_mapped is not None or address in _COMPATIBLE or address in _TRANSLATED:
        return [low]
    if any(address in network for network in _NAT64):
        return [low]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if (value >> 32) & 0xFFFFFFFF in {0x00005EFE, 0x02005EFE}:
        return [low]
    return []


def system_resolver(host: str) -> list[str]:
    """Resolve ``host`` with the system's resolver, for at most :data:`RESOLVE_SECONDS` seconds."""
    answers: list[str] = []
    failures: list[OSError] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failures.append(error if isinstance(error, OSError) else OSError(str(error)))
            return
        answers.extend(dict.fromkeys(str(entry[4][0]) for entry in found))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(RESOLVE_SECONDS)
    if failures:
        raise failures[0]
    if thread.is_alive():
        raise TimeoutError("name resolution timed out")
    return answers


@dataclass
class AddressGuard:
    """Decides which URLs may be visited and pins their addresses; one per scan, safe to share between threads.

    ``hosts`` maps names to addresses without asking the resolver (virtual hosts, like ``curl --resolve``); the
    addresses are checked like any other.
    """

    allow_private: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict)
    resolver: Resolver = system_resolver

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, tuple[str, ...] | Refused] = {}

    def check(self, url: str) -> Allowed | Refused:
        """Return whether ``url`` may be requested; resolves and pins its host."""
        try:
            parsed = parse_url(url)
        except UrlError as error:
            return Refused(url[:MAX_URL], error.code, error.reason)
        if parsed.port in BAD_PORTS:
            return Refused(
                parsed.text,
                "bad-port",
                Text(
                    zh=f"端口 {parsed.port} 不是网站端口",
                    en=f"port {parsed.port} belongs to another protocol",
                ),
            )
        answer = self._pinned(parsed.host)
        if isinstance(answer, Refused):
            return Refused(parsed.text, answer.code, answer.reason)
        return Allowed(parsed.text, parsed.scheme, parsed.host, parsed.port, answer)

    def addresses(self, host: str) -> tuple[str, ...]:
        """Return the pinned addresses of ``host`` for a connection; raises :class:`RefusedError`."""
        try:
            normal = normal_host(f"[{host}]" if ":" in host and not host.startswith("[") else host)
        except UrlError as error:
            raise RefusedError(Refused(host, error.code, error.reason)) from error
        answer = self._pinned(normal)
        if isinstance(answer, Refused):
            raise RefusedError(answer)
        return answer

    def pins(self) -> dict[str, str]:
        """Return each allowed host name met so far with the address it is pinned to."""
        with self._lock:
            return {host: answer[0] for host, answer in self._answers.items() if isinstance(answer, tuple)}

    def _pinned(self, host: str) -> tuple[str, ...] | Refused:
        with self._lock:
            known = self._answers.get(host)
        if known is not None:
            return known
        answer = self._resolve(host)
        with self._lock:
            return self._answers.setdefault(host, answer)

    def _resolve(self, host: str) -> tuple[str, ...] | Refused:
        try:
            literal: Address | None = ipaddress.ip_address(host)
        except ValueError:
            literal = None
        if literal is not None:
            return self._judge(host, [str(literal)])
        if host in self.hosts:
            return self._judge(host, [self.hosts[host]])
        local = any(host == suffix or host.endswith("." + suffix) for suffix in LOCAL_SUFFIXES)
        if not self.allow_private and (local or "." not in host):
            return Refused(
                host, "local-name", Text(zh=f"{host} 是本地名称", en=f"{host} is a local network name")
            )
        try:
            answers = self.resolver(host)
        except OSError:  # the resolver's own words differ from system to system
            return Refused(host, "unresolved", Text(zh=f"无法解析域名 {host}", en=f"cannot resolve {host}"))
        return self._judge(host, answers)

    def _judge(self, host: str, answers: list[str]) -> tuple[str, ...] | Refused:
        kept: list[str] = []
        for text in answers:
            try:
                address = ipaddress.ip_address(text)
            except ValueError:
                address = None
            found = (
                ("bad-answer", "域名解析结果不是地址", "the resolver's answer is no address")
                if address is None or getattr(address, "scope_id", None)
                else refusal(address, allow_private=self.allow_private)
            )
            if found:  # one bad answer among good ones is how rebinding starts: refuse the host
                code, zh, en = found
                where = text if text == host else f"{host} → {text}"
                return Refused(host, code, Text(zh=f"{where} 是{zh}，不访问", en=f"{where} is {en}"))
            kept.append(text)
        if not kept:
            return Refused(host, "unresolved", Text(zh=f"域名 {host} 没有地址", en=f"{host} has no address"))
        return tuple(kept)

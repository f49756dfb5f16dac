"""Registrable domains, by the public suffix list: who belongs to the same site."""

from __future__ import annotations

import ipaddress
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=20_000)
def registrable(host: str) -> str:
    """Return the registrable domain of ``host`` (``www.a.com.cn`` → ``a.com.cn``); addresses and single labels as they are."""
    plain = host.lower().strip("[]").rstrip(".")
    try:
        ipaddress.ip_address(plain)
    except ValueError:
        return _suffixes().privatesuffix(plain) or plain
    return plain


def same_site(first: str, second: str) -> bool:
    """Whether two hosts share a registrable domain."""
    return registrable(first) == registrable(second)

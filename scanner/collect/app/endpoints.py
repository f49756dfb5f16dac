"""Network endpoints named in code, native libraries and text files: URLs and addresses with a port, whose they are, in which country."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal
from urllib.parse import urlsplit

import numpy as np

from scanner.codefacts import Endpoint, Origin
from scanner.collect.app.code import Code
from scanner.collect.app.linked import links
from scanner.collect.app.whereabouts import endpoint_data, whereabouts
from scanner.dex import strings_with_prefix, text_sites
from scanner.dex.file import DexFile
from scanner.model import Evidence, FileLocator

HOST = re.compile(
    r"(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}|\d{1,3}(\.\d{1,3}){3}", re.ASCII
)
MAX_URL = 300
MAX_TEXT_URLS = 2000
URL = re.compile(r"https?://[A-Za-z0-9.-]{4,253}(?::\d{1,5})?(?:/[^\s\"'`<>\\)(}{]{0,200})?")
# An address alone looks like a version number: only with a port does it count.
ADDRESS = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d):\d{2,5}", re.ASCII)
MIN_ADDRESS, MAX_ADDRESS = len("1.1.1.1:80"), len("255.255.255.255:65535")


def endpoints(code: Code) -> list[Endpoint]:
    """Return the distinct endpoints in code by owner, sorted; vocabularies and examples are left out."""
    found: dict[tuple[str, str, str], Endpoint] = {}
    prefixes = [scheme.encode() for scheme in endpoint_data().schemes]
    sites = list(text_sites(code.dex, lambda file: strings_with_prefix(file, prefixes)))
    only_shown = links(code, sites)
    contacted: set[tuple[str, str, str]] = set()
    for site in [*sites, *text_sites(code.dex, _addresses)]:
        host = _host(site.target)
        if host is None or endpoint_data().never_contacted(host):
            continue
        owner = code.owner(site.node)
        key = (_bare(site.target[:MAX_URL]), owner.kind, owner.id)
        if (site.node, site.target) not in only_shown:
            contacted.add(key)
        if key not in found:
            found[key] = Endpoint(
                url=site.target[:MAX_URL],
                host=host,
                cleartext=site.target.startswith(endpoint_data().cleartext),
                origin="code",
                owner=owner,
                owner_kind=owner.kind,
                evidence=(code.evidence(site),),
                **whereabouts(host),
            )
    return [found[key].model_copy(update={"link": key not in contacted}) for key in sorted(found)]


def _addresses(file: DexFile) -> list[int]:
    """Return the indices of strings that are an IPv4 address with a port."""
    starts, ends = file.string_spans
    if not len(starts):
        return []
    length = ends - starts
    first = file.bytes[np.minimum(starts, len(file.bytes) - 1)]
    fits = (length >= MIN_ADDRESS) & (length <= MAX_ADDRESS) & (first >= ord("1")) & (first <= ord("9"))
    return [i for i in np.flatnonzero(fits).tolist() if ADDRESS.fullmatch(file.string(i))]


def text_endpoints(files: Iterable[tuple[str, str]]) -> list[Endpoint]:
    """Return the distinct URLs in text files, given as (path, text): scripts of web and script containers.

    Whose they are cannot be told from a bundle, so their owner is unknown.
    """
    found: dict[str, Endpoint] = {}
    for path, text in files:
        for match in URL.finditer(text):
            _keep(found, Origin(kind="unknown"), "asset", path, match.start(), match.group())
    return [found[url] for url in sorted(found)]


def native_endpoints(libraries: Iterable[tuple[str, Origin, Iterable[tuple[int, str]]]]) -> list[Endpoint]:
    """Return the distinct URLs by owner in native libraries, given as (path, owner, (offset, URL)), sorted."""
    by_owner: dict[tuple[str, str], dict[str, Endpoint]] = {}
    for path, owner, addresses in libraries:
        found = by_owner.setdefault((owner.kind, owner.id), {})
        for offset, url in addresses:
            _keep(found, owner, "native", path, offset, url)
    return [found[url] for _, found in sorted(by_owner.items()) for url in sorted(found)]


def _keep(
    found: dict[str, Endpoint],
    owner: Origin,
    origin: Literal["asset", "native"],
    path: str,
    offset: int,
    url: str,
) -> None:
    """Add the URL at ``offset`` of a file to ``found`` unless it is known, too much, or never contacted."""
    url = url[:MAX_URL]
    host = _host(url)
    if host is None or endpoint_data().never_contacted(host):
        return
    if origin == "native" and endpoint_data().only_documents(host):
        return
    if _bare(url) in found or len(found) >= MAX_TEXT_URLS:
        return
    locator = FileLocator(path=path, offset=offset, length=len(url))
    found[_bare(url)] = Endpoint(
        url=url,
        host=host,
        cleartext=url.startswith(endpoint_data().cleartext),
        origin=origin,
        owner=owner,
        owner_kind=owner.kind,
        evidence=(Evidence(artifact=path, locator=locator, excerpt=url),),
        **whereabouts(host),
    )


def _bare(url: str) -> str:
    """Return ``url`` without the slash that stands alone for its path: with and without it is the same address."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest[:-1]}" if mark and rest.endswith("/") and rest.count("/") == 1 else url


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url if "://" in url else f"tcp://{url}").hostname
    except ValueError:
        return None
    return host if host and HOST.fullmatch(host) else None

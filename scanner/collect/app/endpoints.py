"""Network endpoints named in code: URLs with host, whether in clear text, and whose code names them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from scanner.collect.app.code import Code
from scanner.dex import string_sites, strings_with_prefix
from scanner.facts import Endpoint, Origin
from scanner.model import Evidence, FileLocator

HOST = re.compile(
    r"(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}|\d{1,3}(\.\d{1,3}){3}", re.ASCII
)
# Names of XML vocabularies and documentation, which are never contacted.
VOCABULARIES = ("schemas.android.com", "www.w3.org", "xmlpull.org", "ns.adobe.com", "xml.org", "xml.apache.org",
                "www.apache.org", "java.sun.com", "schemas.xmlsoap.org", "json-schema.org", "localhost")  # fmt: skip
MAX_URL = 300
MAX_TEXT_URLS = 2000
URL = re.compile(r"https?://[A-Za-z0-9.-]{4,253}(?::\d{1,5})?(?:/[^\s\"'`<>\\)(}{]{0,200})?")


def endpoints(code: Code) -> list[Endpoint]:
    """Return the distinct URLs in code by owner, sorted; XML vocabularies are left out."""
    found: dict[tuple[str, str, str], Endpoint] = {}
    prefixes = [b"http://", b"https://"]
    for site in string_sites(code.dex, lambda file: strings_with_prefix(file, prefixes)):
        host = _host(site.target)
        if host is None or host.endswith(VOCABULARIES):
            continue
        owner = code.owner(site.node)
        key = (site.target[:MAX_URL], owner.kind, owner.id)
        if key not in found:
            found[key] = Endpoint(
                url=site.target[:MAX_URL],
                host=host,
                cleartext=site.target.startswith("http://"),
                origin="code",
                owner=owner,
                owner_kind=owner.kind,
                evidence=(code.evidence(site),),
            )
    return [found[key] for key in sorted(found)]


def text_endpoints(files: Iterable[tuple[str, str]]) -> list[Endpoint]:
    """Return the distinct URLs in text files, given as (path, text): scripts of web and script containers.

    Whose they are cannot be told from a bundle, so their owner is unknown.
    """
    found: dict[str, Endpoint] = {}
    for path, text in files:
        for match in URL.finditer(text):
            url = match.group()[:MAX_URL]
            host = _host(url)
            if host is None or host.endswith(VOCABULARIES) or url in found or len(found) >= MAX_TEXT_URLS:
                continue
            found[url] = Endpoint(
                url=url,
                host=host,
                cleartext=url.startswith("http://"),
                origin="asset",
                owner=Origin(kind="unknown"),
                owner_kind="unknown",
                evidence=(
                    Evidence(
                        artifact=path,
                        locator=FileLocator(path=path, offset=match.start(), length=len(url)),
                        excerpt=url,
                    ),
                ),
            )
    return [found[url] for url in sorted(found)]


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return host if host and HOST.fullmatch(host) else None

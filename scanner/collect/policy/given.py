"""Reads the policy the user names or a site links to: a file, or a page that is fetched and if need be rendered."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scanner.collect.policy.collect import FoundBy, PolicyReading, read, read_file, read_policy
from scanner.collect.policy.rendered import MEASURE, Run, read_rendered
from scanner.collect.policy.source import read_document
from scanner.context import CollectOptions, SiteOptions
from scanner.errors import InputError
from scanner.model import Artifact, Subject, Text

MAX_BODY = 32 << 20
WRITTEN_BY_SCRIPT = "policy-script"
RUN = len(Run._fields)


def read_given(source: str, options: CollectOptions, subject: Subject | None = None) -> PolicyReading:
    """Return the policy at ``source``, a file or URL; raises InputError when it cannot be had."""
    from scanner.collect import is_url  # noqa: PLC0415 - the package imports this module

    if not is_url(source):
        path = Path(source)
        return read_policy(read_file(path), path.name, found_by="given", subject=subject)
    data, final, media_type = fetch(source, options.site)
    return read_page(data, final, media_type, "given", options, subject)


def read_page(
    data: bytes,
    url: str,
    media_type: str,
    found_by: FoundBy,
    options: CollectOptions,
    subject: Subject | None,
) -> PolicyReading:
    """Return the policy of a fetched page; one whose text scripts write is opened in the browser."""
    document = read_document(data, url, media_type)
    artifact = Artifact(name=url, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    if options.site.browser and any(problem.code == WRITTEN_BY_SCRIPT for problem in document.problems):
        from scanner.collect.site.render import render  # noqa: PLC0415 - the browser loads only when needed

        shown = render(url, options.site, MEASURE)
        if shown is not None:
            runs = [Run(*run) for run in shown.measured or () if isinstance(run, list) and len(run) == RUN]
            rendered = read_rendered(shown.html, runs, url)
            if rendered.text:
                body = shown.html.encode("utf-8", "replace")
                document = rendered
                artifact = Artifact(name=url, sha256=hashlib.sha256(body).hexdigest(), size=len(body))
    return read(document, artifact, found_by=found_by, subject=subject)


def fetch(url: str, options: SiteOptions) -> tuple[bytes, str, str]:
    """Return body, final URL and media type of the page at ``url``; raises InputError when it gives none."""
    from scanner.collect.site.address import AddressGuard  # noqa: PLC0415 - the web stack loads for URLs only
    from scanner.collect.site.fetch import Fetcher  # noqa: PLC0415

    guard = AddressGuard(allow_private=options.allow_private, hosts=options.hosts)
    fetcher = Fetcher(guard, verify=str(options.authority) if options.authority else True)
    try:
        fetched = fetcher.fetch(url, body_limit=MAX_BODY)
    finally:
        fetcher.close()
    status = fetched.final.status if fetched.final else None
    if fetched.ok and fetched.body:
        return fetched.body, fetched.final_url, fetched.content_type
    why = fetched.trouble.text if fetched.trouble else None
    zh = why.zh if why else f"服务器回答 {status}" if status else "没有得到内容"
    en = why.en if why else f"the server answered {status}" if status else "nothing came back"
    raise InputError(
        "policy-not-fetched",
        Text(
            zh=f"无法取得隐私政策 {url}：{zh}。请检查网址，或下载后以文件提供",
            en=f"cannot fetch the policy {url}: {en}; check the address, or download it and give the file",
        ),
    )

"""Finds the policy that belongs to what was examined, reads it, and compares the two.

A policy given by the user comes first; then the one inside the package, or the one the site links to.  A policy that was
found and could not be had is a gap, so no rule takes the silence for compliance.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from scanner.collect.app.package import Package
from scanner.collect.policy.collect import FoundBy, PolicyReading, join, read, read_file, read_policy
from scanner.collect.policy.embedded import Candidate, PolicyLink, find_links, find_policies
from scanner.collect.policy.rendered import MEASURE, Run, read_rendered
from scanner.collect.policy.source import read_document
from scanner.context import CollectOptions, SiteOptions
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Artifact, Gap, Problem, Subject, Text

MAX_BODY = 32 << 20
WRITTEN_BY_SCRIPT = "policy-script"
RUN = len(Run._fields)
# What stands beside a policy and belongs to it.
LISTS = frozenset({"sdk_list", "collection_list", "permission_list"})


def with_policy(facts: Facts, package: Package | None, options: CollectOptions) -> Facts:
    """Return ``facts`` with the policy that belongs to it, compared; ``package`` is what was examined, None for a site.

    Raises :class:`~scanner.errors.InputError` when the policy the user gave cannot be had.
    """
    if options.policy is not None:
        options.observer.step("policy")
        return join(facts, read_given(options.policy, options, facts.subject))
    if package is not None:
        options.observer.step("policy")
        return _from_package(facts, package)
    if facts.site is not None and facts.site.disclosure.policy_url:
        options.observer.step("policy")
        return _from_site(facts, facts.site.disclosure.policy_url, options)
    return facts


def read_given(source: str, options: CollectOptions, subject: Subject | None = None) -> PolicyReading:
    """Return the policy at ``source``, a file or URL; raises InputError when it cannot be had."""
    from scanner.collect import is_url  # noqa: PLC0415 - the package imports this module

    if not is_url(source):
        path = Path(source)
        return read_policy(read_file(path), path.name, found_by="given", subject=subject)
    data, final, media_type = fetch(source, options.site)
    return _read_page(data, final, media_type, "given", options, subject)


def _read_page(
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


def _from_package(facts: Facts, package: Package) -> Facts:
    """Read the policy inside the package, with the lists of SDKs, items and permissions that stand beside it."""
    resources = package.resources(package.read, _unread_table)
    found = [replace(one, name=package.artifact(one.name)) for one in find_policies(package, resources)]
    links = [] if found else [link for link in find_links(package, resources, None) if link.own]
    main = next((c for c in found if c.kind == "privacy_policy"), None)
    if main is not None:
        reading = _read(main, facts.subject)
        for extra in found:
            if extra.kind in LISTS:
                reading = reading.with_list(_read(extra, facts.subject))
        return join(facts, reading)
    link = next((link for link in links if link.kind == "privacy_policy"), None)
    return facts if link is None else _unread_link(facts, link)


def _read(candidate: Candidate, subject: Subject) -> PolicyReading:
    digest = hashlib.sha256(candidate.data).hexdigest()
    artifact = Artifact(name=candidate.name, sha256=digest, size=len(candidate.data))
    return read(candidate.document, artifact, found_by="package", subject=subject)


def _unread_table(name: str, why: Text) -> None:
    """Ignore a resource table that cannot be read: the app's facts say so."""


def _unread_link(facts: Facts, link: PolicyLink) -> Facts:
    """Say that the package only links to its policy: following links is left to the user."""
    reason = Text(
        zh=f"安装包内没有隐私政策文本，只有链接 {link.url}，未读取。可用 --policy 给出该网址或文件",
        en=f"the package holds no policy but a link, {link.url}, which was not read; give it with --policy",
    )
    gap = Gap(path="policy", code="policy-link-unread", reason=reason)
    problem = Problem(code="policy-link-unread", where=link.url, message=reason)
    return facts.model_copy(update={"gaps": (*facts.gaps, gap), "problems": (*facts.problems, problem)})


def _from_site(facts: Facts, url: str, options: CollectOptions) -> Facts:
    try:
        data, final, media_type = fetch(url, options.site)
    except InputError as error:
        problem = Problem(code=error.code, where=url, message=error.text)
        gap = Gap(path="policy", code=error.code, reason=error.text)
        return facts.model_copy(update={"gaps": (*facts.gaps, gap), "problems": (*facts.problems, problem)})
    return join(facts, _read_page(data, final, media_type, "site", options, facts.subject))

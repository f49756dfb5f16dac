"""Finds the policy that belongs to what was examined, reads it, and compares the two.

A policy given by the user comes first; then the one inside the package, or the one the site links to.  A policy that was
found and could not be had is a gap, so no rule takes the silence for compliance.
"""

from __future__ import annotations

from pathlib import Path

from scanner.collect.policy.collect import FoundBy, PolicyReading, join, read_file, read_policy
from scanner.context import CollectOptions, SiteOptions
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Gap, Problem, Subject, Text

MAX_BODY = 32 << 20


def with_policy(facts: Facts, path: Path | None, options: CollectOptions) -> Facts:
    """Return ``facts`` with the policy that belongs to it, compared; ``path`` is the package examined, None for a site.

    Raises :class:`~scanner.errors.InputError` when the policy the user gave cannot be had.
    """
    if options.policy is not None:
        options.observer.step("policy")
        return join(facts, read_given(options.policy, options, facts.subject))
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
    return read_policy(data, final, media_type=media_type, found_by="given", subject=subject)


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


def _from_site(facts: Facts, url: str, options: CollectOptions) -> Facts:
    found_by: FoundBy = "site"
    try:
        data, final, media_type = fetch(url, options.site)
    except InputError as error:
        problem = Problem(code=error.code, where=url, message=error.text)
        gap = Gap(path="policy", code=error.code, reason=error.text)
        return facts.model_copy(update={"gaps": (*facts.gaps, gap), "problems": (*facts.problems, problem)})
    reading = read_policy(data, final, media_type=media_type, found_by=found_by, subject=facts.subject)
    return join(facts, reading)

"""Finds the policy that belongs to what was examined, reads it, and compares the two.

A policy given by the user comes first; then the one inside the package, or the one the site links to.  A policy that was
found and could not be had is a gap, so no rule takes the silence for compliance.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from scanner.collect.app.package import Package
from scanner.collect.policy.embedded import Candidate, PolicyLink, find_links, find_policies
from scanner.context import CollectOptions
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Artifact, Gap, Problem, Subject, Text

if TYPE_CHECKING:
    from scanner.collect.policy.collect import PolicyReading

# What stands beside a policy and belongs to it.
LISTS = frozenset({"sdk_list", "collection_list", "permission_list"})


def with_policy(facts: Facts, package: Package | None, options: CollectOptions) -> Facts:
    """Return ``facts`` with the policy that belongs to it, compared; ``package`` is what was examined, None for a site.

    Raises :class:`~scanner.errors.InputError` when the policy the user gave cannot be had.
    """
    if options.policy is not None:
        options.observer.step("policy")
        return _given(facts, options.policy, options)
    if package is not None:
        options.observer.step("policy")
        return _from_package(facts, package)
    if facts.site is not None and facts.site.disclosure.policy_url:
        options.observer.step("policy")
        return _from_site(facts, facts.site.disclosure.policy_url, options)
    return facts


def _given(facts: Facts, source: str, options: CollectOptions) -> Facts:
    from scanner.collect.policy.collect import join  # noqa: PLC0415 - the readers load when there is a policy
    from scanner.collect.policy.given import read_given  # noqa: PLC0415 - as above

    return join(facts, read_given(source, options, facts.subject))


def _from_package(facts: Facts, package: Package) -> Facts:
    """Read the policy inside the package, with the lists of SDKs, items and permissions that stand beside it."""
    resources = package.resources(package.read, _unread_table)
    found = [_placed(one, package.artifact(one.name)) for one in find_policies(package, resources)]
    links = [] if found else [link for link in find_links(package, resources, None) if link.own]
    main = next((c for c in found if c.kind == "privacy_policy"), None)
    if main is not None:
        from scanner.collect.policy.collect import join  # noqa: PLC0415 - few packages hold a policy

        reading = _read(main, facts.subject)
        for extra in found:
            if extra.kind in LISTS:
                reading = reading.with_list(_read(extra, facts.subject))
        return join(facts, reading)
    link = next((link for link in links if link.kind == "privacy_policy"), None)
    return facts if link is None else _unread_link(facts, link)


def _placed(candidate: Candidate, name: str) -> Candidate:
    """Return the text under the name of its file in what was delivered."""
    return replace(candidate, name=name, document=replace(candidate.document, source=name))


def _read(candidate: Candidate, subject: Subject) -> PolicyReading:
    from scanner.collect.policy.collect import read  # noqa: PLC0415 - few packages hold a policy

    digest = hashlib.sha256(candidate.data).hexdigest()
    artifact = Artifact(name=candidate.name, sha256=digest, size=len(candidate.data))
    return read(candidate.document, artifact, found_by="package", subject=subject)


def _unread_table(name: str, why: Text) -> None:
    """Ignore a resource table that cannot be read: the app's facts say so."""


def _unread_link(facts: Facts, link: PolicyLink) -> Facts:
    """Say that the package only links to its policy: following links is left to the user."""
    reason = Text(
        zh=f"安装包内没有隐私政策文本，只有链接 {link.url}，未读取；提供隐私政策文件后重新评估",
        en=f"the package holds no policy but a link, {link.url}, which was not read; supply the document and assess again",
    )
    gap = Gap(path="policy", code="policy-link-unread", reason=reason)
    problem = Problem(code="policy-link-unread", where=link.url, message=reason)
    return facts.model_copy(update={"gaps": (*facts.gaps, gap), "problems": (*facts.problems, problem)})


def _from_site(facts: Facts, url: str, options: CollectOptions) -> Facts:
    from scanner.collect.policy.collect import join  # noqa: PLC0415 - the readers load when there is a policy
    from scanner.collect.policy.given import fetch, read_page  # noqa: PLC0415 - as above

    try:
        data, final, media_type = fetch(url, options.site)
    except InputError as error:
        problem = Problem(code=error.code, where=url, message=error.text)
        gap = Gap(path="policy", code=error.code, reason=error.text)
        return facts.model_copy(update={"gaps": (*facts.gaps, gap), "problems": (*facts.problems, problem)})
    return join(facts, read_page(data, final, media_type, "site", options, facts.subject))

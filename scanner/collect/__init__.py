"""Collectors: target → facts.  They know no rules, controls, verdicts or report formats."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from scanner.context import CollectOptions
from scanner.facts import Facts

if TYPE_CHECKING:
    from scanner.collect.app.package import Package

__all__ = ["POLICY_SUFFIXES", "collect", "is_evidence", "is_url"]

POLICY_SUFFIXES = frozenset(
    {".html", ".htm", ".xhtml", ".md", ".markdown", ".mdx", ".txt", ".pdf", ".docx", ".doc", ".rtf"}
)


def collect(target: str | Path, options: CollectOptions | None = None) -> Facts:
    """Return the facts of ``target``.

    ``target`` is an Android package in any form (APK, split set, folder of splits, app bundle), the URL of a website (http or https), an evidence package of an earlier visit, or
    a policy file.  A package or site is compared with its privacy policy: the one of the options, else the one found
    with it.

    Raises :class:`~scanner.errors.InputError` when it cannot be read at all; parts that cannot be read become gaps
    and problems of the facts.
    """
    options = options or CollectOptions()
    target = str(target)
    if is_url(target):
        from scanner.collect.site.collect import collect_site  # noqa: PLC0415 - the web stack loads for sites only
        from scanner.collect.site.conceal import conceal  # noqa: PLC0415 - as above

        facts = conceal(_with_policy(collect_site(target, options), None, options))
        if options.site.evidence is not None:
            from scanner.collect.site.evidence import seal  # noqa: PLC0415 - as above

            seal(options.site.evidence, facts)
        return facts
    path = Path(target)
    if path.suffix.lower() in POLICY_SUFFIXES:
        from scanner.collect.policy.collect import collect_policy  # noqa: PLC0415 - readers load for policies only

        return collect_policy(target, options)
    if is_evidence(path):
        from scanner.collect.site.evidence import read_package  # noqa: PLC0415 - as above

        return read_package(path)
    from scanner.collect.app.collect import collect_package  # noqa: PLC0415 - parsers load when a package is read
    from scanner.collect.app.opening import open_package  # noqa: PLC0415 - as above

    with open_package(path) as package:
        return _with_policy(collect_package(package, options), package, options)


def _with_policy(facts: Facts, package: Package | None, options: CollectOptions) -> Facts:
    from scanner.collect.policy.attach import with_policy  # noqa: PLC0415 - after what it is compared with

    facts = with_policy(facts, package, options)
    if facts.app is not None and facts.policy is not None:
        from scanner.collect.app.category import with_policy_signs  # noqa: PLC0415 - as above

        facts = with_policy_signs(facts)
    return facts


def is_evidence(path: Path) -> bool:
    """Whether ``path`` is the evidence package of an earlier visit to a website."""
    if path.suffix.lower() != ".zip" and not path.is_dir():
        return False
    from scanner.collect.site.evidence import is_package  # noqa: PLC0415 - loads for folders and ZIP files only

    return is_package(path)


def is_url(target: str) -> bool:
    """Whether ``target`` names a website rather than a file."""
    return re.match(r"https?:", target.strip(), re.IGNORECASE) is not None

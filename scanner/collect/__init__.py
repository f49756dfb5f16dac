"""Collectors: target → facts.  They know no rules, controls, verdicts or report formats."""

from __future__ import annotations

import re
from pathlib import Path

from scanner.context import CollectOptions
from scanner.facts import Facts

__all__ = ["collect", "is_url"]


def collect(target: str | Path, options: CollectOptions | None = None) -> Facts:
    """Return the facts of ``target``: the path of an Android package, the URL of a website (http or https), or an
    evidence package of an earlier visit.

    Raises :class:`~scanner.errors.InputError` when it cannot be read at all; parts that cannot be read become gaps
    and problems of the facts.
    """
    target = str(target)
    if is_url(target):
        from scanner.collect.site.collect import collect_site  # noqa: PLC0415 - the web stack loads for sites only

        return collect_site(target, options or CollectOptions())
    from scanner.collect.site.evidence import is_package, read_package  # noqa: PLC0415 - as above

    if is_package(Path(target)):
        return read_package(Path(target))
    from scanner.collect.app.collect import collect_app  # noqa: PLC0415 - parsers load when a package is read

    return collect_app(Path(target), options or CollectOptions())


def is_url(target: str) -> bool:
    """Whether ``target`` names a website rather than a file."""
    return re.match(r"https?:", target.strip(), re.IGNORECASE) is not None

"""Collectors: target → facts.  They know no rules, controls, verdicts or report formats."""

from __future__ import annotations

from pathlib import Path

from scanner.context import CollectOptions
from scanner.facts import Facts

__all__ = ["collect"]


def collect(target: str, options: CollectOptions | None = None) -> Facts:
    """Return the facts of ``target``, the path of an Android package.

    Raises :class:`~scanner.errors.InputError` when it cannot be read at all; parts that cannot be read become gaps
    and problems of the facts.
    """
    from scanner.collect.app.collect import collect_app  # noqa: PLC0415 - parsers load when a package is read

    return collect_app(Path(target), options or CollectOptions())

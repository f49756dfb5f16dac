"""The words by which policies say what they collect (``rules/data/policy_disclosure.yaml``), ready to be searched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from scanner.datafiles import read_data


@cache
def data() -> dict[str, Any]:
    """Return the vocabulary as it stands in the file."""
    content: dict[str, Any] = read_data("policy_disclosure")[0]
    return content


@cache
def words(*path: str) -> tuple[str, ...]:
    """Return the list of literals at ``path``, in lower case."""
    value: Any = data()
    for step in path:
        value = value[step]
    return tuple(str(word).lower() for word in value)


def pattern(literals: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for any of ``literals`` (lower case), longest first; Latin ones only as whole words."""
    parts = []
    for word in sorted(set(literals), key=lambda w: (-len(w), w)):
        before = r"(?<![a-z0-9])" if word[0].isascii() and word[0].isalnum() else ""
        after = r"(?![a-z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
        parts.append(before + re.escape(word) + after)
    return re.compile("|".join(parts))


@cache
def search(*path: str) -> re.Pattern[str]:
    """Return the pattern for the literals at ``path``."""
    return pattern(words(*path))


@cache
def verbs(*kinds: str) -> re.Pattern[str]:
    """Return the pattern for the verbs of ``kinds`` together."""
    return pattern(word for kind in kinds for word in words("verbs", kind))

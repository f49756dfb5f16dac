"""Regular expressions from data files that cannot blow up.

Rules and phrase tables are written by lawyers and run on hostile text.  A pattern is accepted only when
matching it costs time linear in the text: no backreference, no look-around, no repetition of something that
itself repeats without bound, no two neighbouring unbounded repetitions over overlapping characters.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
from functools import cache
from typing import Any

MAX_PATTERN = 2_000
MAX_REPEAT = 200


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return the compiled pattern; raises ValueError when :func:`problem` names one."""
    found = problem(pattern)
    if found:
        raise ValueError(found)
    return re.compile(pattern)


def problem(pattern: str) -> str | None:
    """Return why ``pattern`` must not be used, or None when it is safe."""
    if len(pattern) > MAX_PATTERN:
        return f"longer than {MAX_PATTERN} characters"
    try:
        tree = parser.parse(pattern)
    except re.error as error:
        return f"not a regular expression: {error}"
    return _inspect(tree, inside_repeat=False)


def _inspect(tree: Any, *, inside_repeat: bool) -> str | None:
    unbounded_before = False
    for op, argument in tree:
        if op in {sre.GROUPREF, sre.GROUPREF_EXISTS, sre.ASSERT, sre.ASSERT_NOT}:
            return "backreferences and look-around are not allowed"
        if op in {sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT}:
            low, high, body = argument
            unbounded = high is sre.MAXREPEAT
            if not unbounded and high > MAX_REPEAT:
                return f"repetition above {MAX_REPEAT}"
            if inside_repeat and (unbounded or high > 1) and _variable(low, high):
                return "a repetition inside a repetition can take exponential time"
            if unbounded and unbounded_before:
                return "two unbounded repetitions in a row can take quadratic time; bound one, e.g. {0,40}"
            found = _inspect(body, inside_repeat=inside_repeat or high is sre.MAXREPEAT or high > 1)
            if found:
                return found
            unbounded_before = unbounded or (unbounded_before and low == 0)
            continue
        for child in _children(op, argument):
            found = _inspect(child, inside_repeat=inside_repeat)
            if found:
                return found
        unbounded_before = False
    return None


def _variable(low: int, high: Any) -> bool:
    return bool(low != high)


def _children(op: Any, argument: Any) -> list[Any]:
    if op is sre.SUBPATTERN:
        return [argument[3]]
    if op is sre.BRANCH:
        return list(argument[1])
    if op is sre.ATOMIC_GROUP:
        return [argument]
    return []

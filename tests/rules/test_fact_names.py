"""Reasons name facts in words: every fact a rule asks for that may be unknown has a name in both languages."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from scanner.facts import Facts
from scanner.packload import load_pack
from scanner.paths import fact_name


def paths(condition: Any, prefix: str = "") -> Iterator[str]:
    """All fact paths of a condition, from the root."""
    if isinstance(condition, list):
        for part in condition:
            yield from paths(part, prefix)
    elif isinstance(condition, dict):
        entered = next((condition[k] for k in ("some", "none") if isinstance(condition.get(k), str)), None)
        if isinstance(condition.get("fact"), str):
            yield prefix + condition["fact"]
        if entered:
            yield prefix + entered
            yield from paths(condition.get("where"), f"{prefix}{entered}.")
        for key, part in condition.items():
            if key != "where":
                yield from paths(part, prefix)


def may_be_unknown(path: str) -> bool:
    """Whether the fact is a list of the root's parts, which may not have been searched, or can be None."""
    model: Any = Facts
    names = path.split(".")
    for name in names:
        annotation = model.model_fields[name].annotation
        optional = get_origin(annotation) in {Union, types.UnionType} and type(None) in get_args(annotation)
        inner = [a for a in get_args(annotation) if a is not type(None)] if optional else [annotation]
        listed = get_origin(inner[0]) is tuple
        model = get_args(inner[0])[0] if listed else inner[0]
    return optional or (listed and len(names) == 2)


def test_facts_that_may_be_unknown_have_names() -> None:
    asked = set()
    for rule in load_pack().rules.values():
        whole = rule.model_dump(mode="json")
        asked |= {path for key in ("applies_when", "hit_when") for path in paths(whole.get(key))}
    open_facts = {path for path in asked if may_be_unknown(path)}

    assert len(open_facts) > 80
    assert {path for path in open_facts if not re.search("[\u4e00-\u9fff]", fact_name(path).zh)} == set()
    assert {path for path in open_facts if re.search(r"\w\.\w", fact_name(path).en)} == set()

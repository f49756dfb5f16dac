"""Facts from fragments: turns a rule's ``bad`` and ``good`` example into complete facts.

A fragment states only what matters to the rule.  Everything else gets a neutral value of its type, every list is
taken as searched, and nothing is a gap; so an example shows exactly the difference that makes the violation.
"""

from __future__ import annotations

import types
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from scanner.facts import AppFacts, Facts
from scanner.model import Evidence, FileLocator, Looked, Text
from scanner.paths import resolve
from scanner.policyfacts import PolicyFacts
from scanner.rulepack import Rule, Surface
from scanner.sitefacts import SiteFacts

_SURFACES: dict[str, type[BaseModel]] = {"app": AppFacts, "site": SiteFacts, "policy": PolicyFacts}
_EVIDENCE = Evidence(artifact="example", locator=FileLocator(path="example"))


def example_facts(fragment: dict[str, Any], surface: Surface) -> Facts:
    """Return complete facts for ``fragment``; raises pydantic.ValidationError for impossible values."""
    content = dict(fragment)
    content.setdefault(surface, {})
    content.setdefault("collector", "example")
    content.setdefault("subject", {"kind": surface, "name": "example", "identifier": "com.example.app"})
    if "looked" not in content:
        content["looked"] = [looked.model_dump() for looked in _looked(content)]
    return Facts.model_validate(_fill(Facts, content))


def rule_examples(rule: Rule) -> tuple[Facts, Facts]:
    """Return the rule's (bad, good) example as facts; raises ValueError when it has none."""
    if rule.examples is None:
        raise ValueError(f"rule {rule.id} has no examples")
    return example_facts(rule.examples.bad, rule.surface), example_facts(rule.examples.good, rule.surface)


def _looked(content: dict[str, Any]) -> list[Looked]:
    found = []
    for name, model in _SURFACES.items():
        if content.get(name) is not None:
            for field in model.model_fields:
                if resolve(model, field).kind in {"models", "scalars", "model"}:
                    path = f"{name}.{field}"
                    found.append(Looked(path=path, what=Text(zh=f"示例：{path}", en=f"example: {path}")))
    return found


def _fill(model: type[BaseModel], content: dict[str, Any]) -> dict[str, Any]:
    filled = dict(content)
    for name, field in model.model_fields.items():
        annotation = _plain(field.annotation)
        if name in filled:
            filled[name] = _fill_value(annotation, filled[name])
        elif name == "evidence":
            filled[name] = (_EVIDENCE,)
        elif field.default is PydanticUndefined and field.default_factory is None:
            filled[name] = _neutral(annotation, name, content)
        elif isinstance(annotation, type) and issubclass(annotation, BaseModel) and field.default is not None:
            filled[name] = _fill(annotation, {})
    return filled


def _fill_value(annotation: Any, value: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and isinstance(value, dict):
        return _fill(annotation, value)
    if get_origin(annotation) is tuple and isinstance(value, list | tuple):
        inner = _plain(get_args(annotation)[0])
        return [_fill_value(inner, element) for element in value]
    return value


def _plain(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [a for a in get_args(annotation) if a is not type(None)]
        return rest[0] if len(rest) == 1 else annotation
    return annotation


def _neutral(annotation: Any, name: str, siblings: dict[str, Any]) -> Any:
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) is tuple:
        return ()
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        partial = {}
        if name == "owner" and "owner_kind" in siblings:
            partial = {"kind": siblings["owner_kind"], "id": siblings.get("owner_id", "")}
        return _fill(annotation, partial)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    plain: dict[Any, Any] = {
        str: f"example-{name}",
        int: 0,
        float: 0.0,
        bool: False,
        datetime: datetime(2026, 1, 1, tzinfo=UTC),
    }
    return plain[annotation]

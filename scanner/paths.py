"""Fact paths: the names rules use for facts, resolved against the types of :mod:`scanner.facts`.

A path is a dotted list of field names (``app.flags.debuggable``).  It passes through models, never through
lists; lists are entered with ``some`` and ``none``, whose ``where`` uses paths relative to the element.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from scanner.model import Frozen


class PathError(ValueError):
    """A path that does not exist in the facts, or is used with an operator that does not fit its type."""


class FactType(Frozen):
    """Type of a fact: a scalar, a list of scalars, a list of models, or a model."""

    kind: Literal["scalar", "scalars", "models", "model"]
    scalar: str = ""
    values: tuple[str, ...] = ()
    model: type[BaseModel] | None = None


def _strip_optional(annotation: Any) -> Any:
    if get_origin(annotation) in {Union, types.UnionType}:
        rest = [a for a in get_args(annotation) if a is not type(None)]
        if len(rest) == 1:
            return rest[0]
    return annotation


def _classify(annotation: Any) -> FactType:
    annotation = _strip_optional(annotation)
    origin = get_origin(annotation)
    if origin is Literal:
        return FactType(kind="scalar", scalar="str", values=tuple(str(v) for v in get_args(annotation)))
    if origin is tuple:
        inner = _classify(get_args(annotation)[0])
        if inner.kind == "model":
            return FactType(kind="models", model=inner.model)
        return FactType(kind="scalars", scalar=inner.scalar, values=inner.values)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return FactType(kind="model", model=annotation)
    if isinstance(annotation, type):
        return FactType(kind="scalar", scalar=annotation.__name__)
    return FactType(kind="scalar", scalar="object")


@cache
def resolve(model: type[BaseModel], path: str) -> FactType:
    """Return the type of ``path`` from ``model``; raises :class:`PathError` for an unknown path."""
    current: type[BaseModel] | None = model
    found: FactType | None = None
    for name in path.split("."):
        if current is None:
            raise PathError(
                f"{path!r}: {name!r} lies inside a list or a plain value; use some/none for lists"
            )
        if name not in current.model_fields:
            known = ", ".join(sorted(current.model_fields))
            raise PathError(f"{path!r}: {current.__name__} has no fact {name!r} (it has: {known})")
        found = _classify(current.model_fields[name].annotation)
        current = found.model if found.kind == "model" else None
    if found is None:
        raise PathError("empty path")
    return found


def getter(path: str) -> Callable[[Any], Any]:
    """Return a function that reads ``path`` from a model; None as soon as a step is None."""
    names = path.split(".")
    if len(names) == 1:
        only = names[0]
        return lambda obj: getattr(obj, only)

    def get(obj: Any) -> Any:
        for name in names:
            if obj is None:
                return None
            obj = getattr(obj, name)
        return obj

    return get

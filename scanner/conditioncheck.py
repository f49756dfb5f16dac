"""What is wrong with a condition of a rule: unknown fact paths, operators and values that do not fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from scanner import predicates, safere
from scanner.facts import Facts
from scanner.paths import FactType, PathError, resolve
from scanner.rulepack import Condition, Scalar


def check(condition: Condition, model: type[BaseModel] = Facts) -> Iterator[str]:
    """Yield every mistake in ``condition`` when its paths start at ``model``."""
    if condition.all is not None or condition.any is not None:
        for child in condition.all or condition.any or ():
            yield from check(child, model)
    elif condition.not_ is not None:
        yield from check(condition.not_, model)
    elif condition.some is not None or condition.none is not None:
        yield from _check_quantifier(condition, model)
    elif condition.fact is not None:
        yield from _check_fact(condition, condition.fact, model)
    elif condition.predicate is not None:
        yield from predicates.check(condition.predicate, condition.given or {})


def _check_quantifier(condition: Condition, model: type[BaseModel]) -> Iterator[str]:
    path = condition.some or condition.none or ""
    try:
        fact_type = resolve(model, path)
    except PathError as error:
        yield str(error)
        return
    if fact_type.kind != "models" or fact_type.model is None:
        yield f"{path!r} is not a list of objects; some/none need one"
    elif condition.where is not None:
        yield from check(condition.where, fact_type.model)


def _check_fact(condition: Condition, path: str, model: type[BaseModel]) -> Iterator[str]:
    try:
        fact_type = resolve(model, path)
    except PathError as error:
        yield str(error)
        return
    ((name, value),) = condition.tests().items()
    yield from _check_test(path, fact_type, name, value)


def _check_test(path: str, fact_type: FactType, name: str, value: Any) -> Iterator[str]:
    if name == "overlaps":
        if fact_type.kind != "scalars":
            yield f"{path!r}: overlaps needs a list of plain values"
        return
    if name in {"at_least", "at_most"} and fact_type.kind in {"scalars", "models"}:
        if not isinstance(value, int) or value < 0:
            yield f"{path!r}: {name} compares the number of entries and needs a whole number"
        return
    if fact_type.kind != "scalar":
        yield f"{path!r}: {name} needs a plain value, this is {fact_type.kind}"
        return
    wanted = value if name == "in" else (value,)
    if name in {"is", "in"}:
        for item in wanted:
            if not _fits(fact_type, item):
                yield f"{path!r}: {item!r} can never occur there ({_describe(fact_type)})"
    elif name in {"at_least", "at_most"} and fact_type.scalar not in {"int", "float", "datetime"}:
        yield f"{path!r}: {name} needs a number, this is {fact_type.scalar}"
    elif name == "matches":
        if fact_type.scalar != "str":
            yield f"{path!r}: matches needs text, this is {fact_type.scalar}"
        problem = safere.problem(value)
        if problem:
            yield f"{path!r}: regular expression {value!r}: {problem}"


def _fits(fact_type: FactType, value: Scalar) -> bool:
    if fact_type.values:
        return value in fact_type.values
    if fact_type.scalar == "bool":
        return isinstance(value, bool)
    if fact_type.scalar in {"int", "float"}:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def _describe(fact_type: FactType) -> str:
    return "one of " + ", ".join(fact_type.values) if fact_type.values else fact_type.scalar

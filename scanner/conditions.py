"""Conditions over facts: checked against the fact types, then compiled to three-valued tests.

Three-valued logic after Kleene: a test gives True, False or None (= unknown).  A value that is None is unknown;
a list without a search record, or covered by a gap, cannot prove that something is absent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from scanner import predicates, safere
from scanner.facts import Facts
from scanner.model import Evidence, Gap, SearchLocator, Text
from scanner.paths import fact_name, getter, resolve
from scanner.rulepack import Condition, Scalar

Truth = bool | None
Test = Callable[[Any], Truth]

MAX_REASONS = 5
NO_POLICY = Text(
    zh="本次未取得隐私政策文本，提供隐私政策文件后重新评估",
    en="no privacy policy was available; supply the document and assess again",
)


def element_test(condition: Condition) -> Test:
    """Compile ``condition`` to a test on one element of a list."""
    if condition.all is not None:
        return _all([element_test(c) for c in condition.all])
    if condition.any is not None:
        return _any([element_test(c) for c in condition.any])
    if condition.not_ is not None:
        return _not(element_test(condition.not_))
    if condition.some is not None:
        return _nested(condition.some, condition.where, at_least=int(condition.at_least or 1))
    if condition.none is not None:
        return _not(_nested(condition.none, condition.where, at_least=1))
    if condition.fact is not None:
        return value_test(condition)
    raise AssertionError("predicates work on whole facts, not on list elements")


def _all(tests: Sequence[Test]) -> Test:
    def test(element: Any) -> Truth:
        result: Truth = True
        for one in tests:
            truth = one(element)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return test


def _any(tests: Sequence[Test]) -> Test:
    def test(element: Any) -> Truth:
        result: Truth = False
        for one in tests:
            truth = one(element)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return test


def _not(inner: Test) -> Test:
    def test(element: Any) -> Truth:
        truth = inner(element)
        return None if truth is None else not truth

    return test


def _nested(path: str, where: Condition | None, at_least: int) -> Test:
    get = getter(path)
    inner = element_test(where) if where is not None else _always

    def test(element: Any) -> Truth:
        values = get(element)
        if values is None:
            return None
        truths = [inner(value) for value in values]
        return count_truth(truths.count(True), truths.count(None), at_least)

    return test


def _always(_element: Any) -> Truth:
    return True


def count_truth(hits: int, unknown: int, at_least: int) -> Truth:
    """Return whether at least ``at_least`` elements match, given the matching and undecided ones."""
    if hits >= at_least:
        return True
    return None if hits + unknown >= at_least else False


def value_test(condition: Condition) -> Test:
    """Compile a ``fact`` condition to a test on the object its path starts at."""
    get = getter(condition.fact or "")
    ((name, wanted),) = condition.tests().items()
    decide = _VALUE_TESTS[name](wanted)

    def test(obj: Any) -> Truth:
        value = get(obj)
        return None if value is None else decide(value)

    return test


def _matches(pattern: str) -> Callable[[Any], bool]:
    search = safere.compile_pattern(pattern).search
    return lambda value: search(value) is not None


def _size(value: Any) -> Any:
    return len(value) if isinstance(value, tuple) else value


_VALUE_TESTS: dict[str, Callable[[Any], Callable[[Any], bool]]] = {
    "is": lambda wanted: lambda value: bool(value == wanted),
    "in": lambda wanted: frozenset(wanted).__contains__,
    "at_least": lambda wanted: lambda value: bool(_size(value) >= wanted),
    "at_most": lambda wanted: lambda value: bool(_size(value) <= wanted),
    "matches": _matches,
    "overlaps": lambda wanted: lambda value: not frozenset(wanted).isdisjoint(value),
}


class Match:
    """An element or object that made a condition true, with the evidence it carries.

    ``is_proof``: the evidence is that of the one field asked, not what stands near it.
    """

    __slots__ = ("element", "evidence", "is_proof")

    def __init__(self, element: Any, evidence: tuple[Evidence, ...], *, is_proof: bool = False) -> None:
        self.element = element
        self.evidence = evidence
        self.is_proof = is_proof


class Result:
    """Truth of a condition on whole facts, what made it true, or why it is unknown."""

    __slots__ = ("matches", "reasons", "truth")

    def __init__(self, truth: Truth, matches: Sequence[Match] = (), reasons: Sequence[Text] = ()) -> None:
        self.truth = truth
        self.matches = list(matches)
        self.reasons = list(reasons)


class FactIndex:
    """Facts prepared for many rules: lists by path, elements by field value, gaps and search records."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._lists: dict[str, tuple[Any, ...] | None] = {}
        self._by_value: dict[tuple[str, str], dict[Any, list[Any]]] = {}

    def elements(self, path: str) -> tuple[Any, ...] | None:
        """Return the list at ``path``, or None when the facts have no such part."""
        if path not in self._lists:
            self._lists[path] = getter(path)(self.facts)
        return self._lists[path]

    def candidates(self, path: str, where: Condition | None) -> Sequence[Any]:
        """Return the elements of ``path`` that can satisfy ``where``, using one equality test as an index."""
        elements = self.elements(path) or ()
        for leaf in _conjuncts(where):
            wanted: tuple[Scalar, ...] | None = (leaf.is_,) if leaf.is_ is not None else leaf.in_
            if leaf.fact is None or wanted is None or "." in leaf.fact:
                continue
            index = self._index(path, leaf.fact, elements)
            return [e for value in dict.fromkeys(wanted) for e in index.get(value, ())] + index.get(None, [])
        return elements

    def _index(self, path: str, field: str, elements: Sequence[Any]) -> dict[Any, list[Any]]:
        key = (path, field)
        if key not in self._by_value:
            index: dict[Any, list[Any]] = defaultdict(list)
            for element in elements:
                index[getattr(element, field)].append(element)
            self._by_value[key] = dict(index)
        return self._by_value[key]

    def gaps(self, path: str) -> list[Gap]:
        """Return the gaps that cover ``path``."""
        return [gap for gap in self.facts.gaps if _covers(gap.path, path)]

    def searched(self, path: str) -> list[Text]:
        """Return what was searched to fill ``path``; empty when nothing was."""
        return [looked.what for looked in self.facts.looked if _covers(looked.path, path)]


def _conjuncts(where: Condition | None) -> Sequence[Condition]:
    if where is None:
        return ()
    return where.all if where.all is not None else (where,)


def _covers(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith(prefix + ".")


def evaluate_condition(condition: Condition, index: FactIndex) -> Result:
    """Return the truth of ``condition`` on the facts of ``index``, with matches and reasons."""
    if condition.all is not None:
        return _combine_all([evaluate_condition(c, index) for c in condition.all])
    if condition.any is not None:
        return _combine_any([evaluate_condition(c, index) for c in condition.any])
    if condition.not_ is not None:
        inner = evaluate_condition(condition.not_, index)
        return Result(None if inner.truth is None else not inner.truth, (), inner.reasons)
    if condition.some is not None:
        return _some(condition.some, condition.where, int(condition.at_least or 1), index)
    if condition.none is not None:
        return _none(condition.none, condition.where, index)
    if condition.fact is not None:
        return _root_fact(condition, condition.fact, index)
    truth, matches, reasons = predicates.run(condition.predicate or "", index.facts, condition.given or {})
    return Result(truth, [Match(element, evidence) for element, evidence in matches], reasons)


def unmet(condition: Condition, index: FactIndex) -> Text | None:
    """Return what makes a precondition false, None where the facts have no plain name for it."""
    for part in condition.all or ():
        if evaluate_condition(part, index).truth is False:
            return unmet(part, index)
    if condition.fact is not None and condition.is_ is True:
        name = fact_name(condition.fact)
        return Text(zh=f"{name.zh}：否", en=f"{name.en}: no")
    if condition.some is not None and condition.where is not None and condition.where.fact is not None:
        name = fact_name(f"{condition.some}.{condition.where.fact}")
        return Text(zh=f"未见{name.zh}", en=f"{name.en}: none seen")
    return None


def _combine_all(results: list[Result]) -> Result:
    if any(r.truth is False for r in results):
        return Result(False)
    if any(r.truth is None for r in results):
        return Result(None, (), [reason for r in results if r.truth is None for reason in r.reasons])
    return Result(True, [match for r in results for match in r.matches])


def _combine_any(results: list[Result]) -> Result:
    hits = [r for r in results if r.truth is True]
    if hits:
        return Result(True, [match for r in hits for match in r.matches])
    unknown = [r for r in results if r.truth is None]
    if unknown:
        return Result(None, (), [reason for r in unknown for reason in r.reasons])
    return Result(False)


def _some(path: str, where: Condition | None, at_least: int, index: FactIndex) -> Result:
    if index.elements(path) is None:
        return Result(None, (), [_missing(path, index)])
    test = element_test(where) if where is not None else _always
    hits: list[Any] = []
    undecided: list[Any] = []
    for element in index.candidates(path, where):
        truth = test(element)
        if truth is True:
            hits.append(element)
        elif truth is None:
            undecided.append(element)
    truth = count_truth(len(hits), len(undecided), at_least)
    if truth is True:
        return Result(True, [Match(element, _deciding_evidence(element, where)) for element in hits])
    gaps = index.gaps(path)
    reasons = [gap.reason for gap in gaps]
    if not gaps and not index.searched(path):
        reasons.append(
            Text(
                zh=f"本次未检索{fact_name(path).zh}，不能据此认为不存在",
                en=f"{fact_name(path).en} were not searched; nothing follows",
            )
        )
    if reasons:
        return Result(None, (), reasons)
    if truth is None:
        return Result(None, (), _undecided_reasons(path, where, undecided))
    return Result(False)


def _none(path: str, where: Condition | None, index: FactIndex) -> Result:
    present = _some(path, where, 1, index)
    if present.truth is None:
        return present
    if present.truth is True:
        return Result(False)
    return Result(True, [Match(None, (search_evidence([path], index),))])


def search_evidence(paths: Sequence[str], index: FactIndex) -> Evidence:
    """Return the evidence of an absence: what was searched to fill ``paths``."""
    searched = tuple(dict.fromkeys(text for path in paths for text in index.searched(path)))
    return Evidence(artifact=index.facts.subject.identifier, locator=SearchLocator(searched=searched))


def _undecided_reasons(path: str, where: Condition | None, undecided: list[Any]) -> list[Text]:
    fields: dict[str, None] = {}
    for element in undecided[:50]:
        for leaf in _leaves(where):
            if leaf.fact and getter(leaf.fact)(element) is None:
                fields[leaf.fact] = None
    named = [fact_name(f"{path}.{field}") for field in fields] or [fact_name(path)]
    return [
        Text(
            zh=f"{len(undecided)} 处无法自动确定：{'、'.join(text.zh for text in named)}",
            en=f"could not be determined in {len(undecided)} place(s): {', '.join(text.en for text in named)}",
        )
    ]


def _leaves(condition: Condition | None) -> Iterator[Condition]:
    if condition is None:
        return
    for child in (*(condition.all or ()), *(condition.any or ()), condition.not_):
        if child is not None:
            yield from _leaves(child)
    if condition.fact is not None:
        yield condition


def _root_fact(condition: Condition, path: str, index: FactIndex) -> Result:
    truth = value_test(condition)(index.facts)
    if truth is None:
        reasons = [gap.reason for gap in index.gaps(path)] or [_missing(path, index)]
        app = index.facts.app
        if path == "app.category" and app is not None and app.category_proposal is not None:
            reasons.append(app.category_proposal.why)
        return Result(None, (), reasons)
    if truth is False:
        return Result(False)
    if getter(path)(index.facts) is False and resolve(Facts, path).searched:
        return Result(True, [Match(None, (search_evidence([path], index),))])
    return Result(True, [_nearest_evidence(path, index.facts)])


def _nearest_evidence(path: str, facts: Facts) -> Match:
    *names, field = path.split(".")
    chain: list[Any] = [facts]
    for name in names:
        chain.append(getattr(chain[-1], name))
    for proof in getattr(chain[-1], "proofs", ()):
        if proof.field == field:
            return Match(chain[-1], proof.evidence, is_proof=True)
    for obj in reversed(chain):
        evidence = _own_evidence(obj)
        if evidence:
            return Match(obj, evidence)
    return Match(chain[-1], ())


def _own_evidence(element: Any) -> tuple[Evidence, ...]:
    evidence: tuple[Evidence, ...] = getattr(element, "evidence", ())
    return evidence


def _deciding_evidence(element: Any, where: Condition | None) -> tuple[Evidence, ...]:
    """Return the evidence of ``element``, then that of the parts of it that made ``where`` true (a form's field)."""
    found = dict.fromkeys(_own_evidence(element))
    if where is not None:
        found.update(dict.fromkeys(_evidence_of_parts(element, where)))
    return tuple(found)


def _evidence_of_parts(element: Any, where: Condition) -> Iterator[Evidence]:
    for child in (*(where.all or ()), *(where.any or ())):
        if element_test(child)(element):
            yield from _evidence_of_parts(element, child)
    if where.some is not None:
        test = element_test(where.where) if where.where is not None else _always
        for part in getter(where.some)(element) or ():
            if test(part):
                yield from _deciding_evidence(part, where.where)


def _missing(path: str, index: FactIndex) -> Text:
    if path.startswith("policy.") and index.facts.policy is None:
        return NO_POLICY
    fact = fact_name(path)
    return Text(zh=f"未取得或无法确定：{fact.zh}", en=f"not obtained or could not be determined: {fact.en}")

"""Referential integrity of a rule pack: every name leads somewhere, in both directions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from pydantic import BaseModel

from scanner.conditioncheck import check
from scanner.facts import Facts
from scanner.paths import PathError, resolve
from scanner.rulepack import (
    Condition,
    Control,
    Grading,
    Instrument,
    ManualProcedure,
    Note,
    Pack,
    Preparation,
    Profile,
    Rule,
    Surface,
)

Mistake = tuple[type[BaseModel], str, tuple[str | int, ...], str]


def check_references(pack: Pack) -> Iterator[Mistake]:
    """Yield every broken reference as (kind of definition, its id, place inside it, message)."""
    yield from _instruments(pack)
    yield from _preparations(pack)
    yield from _controls(pack)
    yield from _rules(pack)
    yield from _profiles(pack)
    yield from _grading(pack.grading)


def _instruments(pack: Pack) -> Iterator[Mistake]:
    mapped = {clause for control in pack.controls.values() for clause in control.clauses}
    seen: dict[str, str] = {}
    known = pack.clauses()
    for instrument in pack.instruments.values():
        for position, clause in enumerate(instrument.clauses):
            place = ("clauses", position)
            if clause.id in seen:
                yield (
                    Instrument,
                    instrument.id,
                    place,
                    f"clause {clause.id!r} also stands in {seen[clause.id]}",
                )
            seen[clause.id] = instrument.id
            if clause.id not in mapped and clause.reason is None:
                yield (
                    Instrument,
                    instrument.id,
                    place,
                    f"clause {clause.id!r} has neither a control nor a reason",
                )
            if not clause.scope and clause.reason is None:
                yield (
                    Instrument,
                    instrument.id,
                    place,
                    f"clause {clause.id!r} is out of scope without a reason",
                )
            if clause.applies_when is not None:
                for message in check(clause.applies_when):
                    yield (
                        Instrument,
                        instrument.id,
                        (*place, "applies_when"),
                        f"clause {clause.id!r}: {message}",
                    )
            if clause.until is not None and clause.successor is None and clause.reason is None:
                yield (
                    Instrument,
                    instrument.id,
                    place,
                    f"clause {clause.id!r} ends without a successor or a reason",
                )
            if clause.successor is not None and clause.successor not in known:
                yield (
                    Instrument,
                    instrument.id,
                    place,
                    f"clause {clause.id!r}: unknown successor {clause.successor!r}",
                )


def _controls(pack: Pack) -> Iterator[Mistake]:
    clauses = pack.clauses()
    for control in pack.controls.values():
        for clause_id in control.clauses:
            if clause_id not in clauses:
                yield (
                    Control,
                    control.id,
                    ("clauses",),
                    f"control {control.id!r}: unknown clause {clause_id!r}",
                )
        for rule_id in control.rules:
            if rule_id not in pack.rules:
                yield Control, control.id, ("rules",), f"control {control.id!r}: unknown rule {rule_id!r}"
        if control.applies_when is not None:
            for message in check(control.applies_when):
                yield Control, control.id, ("applies_when",), f"control {control.id!r}: {message}"
        for kind in control.why_for:
            if kind not in control.surfaces:
                message = f"control {control.id!r}: a reason for {kind}, which it does not concern"
                yield Control, control.id, ("why_for",), message
        if control.manual is not None:
            for place, message in _procedure(control.manual, control.surfaces, pack):
                yield Control, control.id, ("manual", *place), f"control {control.id!r}: {message}"


def _procedure(
    manual: ManualProcedure, surfaces: Sequence[Surface], pack: Pack
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield what a manual procedure lacks: every kind of subject it serves needs a step and something to keep."""
    prepared = [pack.preparations[name] for name in manual.prepare if name in pack.preparations]
    for name in manual.prepare:
        found = pack.preparations.get(name)
        if found is None:
            yield ("prepare",), f"unknown preparation {name!r}"
        elif not any(found.concerns(kind) for kind in surfaces):
            yield ("prepare",), f"preparation {name!r} concerns none of its surfaces"
    notes: dict[str, Sequence[Note]] = {"steps": manual.steps, "keep": manual.keep}
    for field, texts in notes.items():
        for position, note in enumerate(texts):
            if strange := set(note.surfaces) - set(surfaces):
                yield (field, position), f"meant for {', '.join(sorted(strange))}, which it does not concern"
    for kind in surfaces:
        if not any(step.concerns(kind) for step in manual.steps):
            yield ("steps",), f"no step for {kind}"
        kept = [*manual.keep, *(note for p in prepared if p.concerns(kind) for note in p.keep)]
        if not any(note.concerns(kind) for note in kept):
            yield ("keep",), f"nothing to keep for {kind}"


def _preparations(pack: Pack) -> Iterator[Mistake]:
    used = {name for control in pack.controls.values() if control.manual for name in control.manual.prepare}
    for preparation in pack.preparations.values():
        if preparation.id not in used:
            message = f"preparation {preparation.id!r}: no control names it"
            yield Preparation, preparation.id, ("id",), message


def _rules(pack: Pack) -> Iterator[Mistake]:
    served: dict[str, set[str]] = {}
    for control in pack.controls.values():
        for rule_id in control.rules:
            served.setdefault(rule_id, set()).update(control.clauses)
    known = pack.clauses()
    codes = Counter(rule.code for rule in pack.rules.values())
    for rule in pack.rules.values():
        for place, message in _rule(rule, pack, known, served.get(rule.id)):
            yield Rule, rule.id, place, f"rule {rule.id!r}: {message}"
        if codes[rule.code] > 1:
            yield Rule, rule.id, ("code",), f"rule {rule.id!r}: code {rule.code} is used twice"


def _rule(
    rule: Rule, pack: Pack, known: Container[str], served: set[str] | None
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for clause_id in rule.basis:
        if clause_id not in known:
            yield ("basis",), f"unknown clause {clause_id!r}"
        elif served is not None and clause_id not in served:
            yield (
                ("basis",),
                f"clause {clause_id!r} is not among the clauses of the controls that use the rule",
            )
    for phrase in rule.bulletin:
        if phrase not in pack.bulletin:
            yield ("bulletin",), f"unknown bulletin phrase {phrase!r}"
    if rule.status == "stable":
        if rule.examples is None:
            yield ("id",), "a stable rule needs a bad and a good example"
        if served is None:
            yield ("id",), "no control uses this stable rule"
    if rule.status == "deprecated" and rule.replaced_by is None and rule.until is None:
        yield ("status",), "a deprecated rule names replaced_by or until"
    if rule.replaced_by is not None and rule.replaced_by not in pack.rules:
        yield ("replaced_by",), f"unknown rule {rule.replaced_by!r}"
    for name, condition in (("applies_when", rule.applies_when), ("hit_when", rule.hit_when)):
        if condition is not None:
            for message in check(condition):
                yield (name,), message
    for path in rule.looked_in:
        try:
            resolve(Facts, path)
        except PathError as error:
            yield ("looked_in",), str(error)
    if _proves_absence(rule.hit_when) and not rule.looked_in:
        yield ("hit_when",), "a hit by absence needs looked_in"
    yield from _groups(rule)


def _groups(rule: Rule) -> Iterator[tuple[tuple[str | int, ...], str]]:
    lists = list(_lists(rule.hit_when))
    if not rule.group_by or any(c.predicate for c in _walk(rule.hit_when)):
        return
    for name in rule.group_by:
        fits = False
        for path in lists:
            try:
                model = resolve(Facts, path).model
                fits = fits or (model is not None and resolve(model, name).kind == "scalar")
            except PathError:
                continue
        if not fits:
            yield ("group_by",), f"{name!r} is no plain field of the lists in hit_when"


def _walk(condition: Condition) -> Iterator[Condition]:
    yield condition
    for child in (*(condition.all or ()), *(condition.any or ()), condition.not_):
        if child is not None:
            yield from _walk(child)


def _lists(condition: Condition) -> Iterator[str]:
    for part in _walk(condition):
        if part.some is not None:
            yield part.some


def _proves_absence(condition: Condition) -> bool:
    return any(part.none is not None or (part.not_ is not None) for part in _walk(condition))


def _profiles(pack: Pack) -> Iterator[Mistake]:
    clauses = pack.clauses()
    defaults: dict[str, str] = {}
    for item in pack.profiles.values():
        for kind in item.default_for:
            if kind in defaults:
                message = f"profile {item.id!r}: {defaults[kind]!r} is already the default for {kind}"
                yield Profile, item.id, ("default_for",), message
            defaults[kind] = item.id
    for profile in pack.profiles.values():
        checks = (
            ("instruments", profile.instruments, pack.instruments.keys()),
            ("exclude_rules", profile.exclude_rules, pack.rules.keys()),
            ("exclude_clauses", profile.exclude_clauses, clauses.keys()),
        )
        for field, values, known in checks:
            for value in values:
                if value not in known:
                    yield (
                        Profile,
                        profile.id,
                        (field,),
                        f"profile {profile.id!r}: unknown {value!r} in {field}",
                    )
        trail = [profile.id]
        parent = profile.extends
        while parent is not None:
            if parent not in pack.profiles or parent in trail:
                message = "unknown" if parent not in pack.profiles else "circular"
                yield (
                    Profile,
                    profile.id,
                    ("extends",),
                    f"profile {profile.id!r}: {message} extends {parent!r}",
                )
                break
            trail.append(parent)
            parent = pack.profiles[parent].extends


def _grading(grading: Grading) -> Iterator[Mistake]:
    letters = [letter.letter for letter in grading.letters]
    bounds = [letter.at_least for letter in grading.letters]
    if not bounds or bounds != sorted(bounds, reverse=True) or bounds[-1] != 0:
        yield Grading, "", (), "grading.yaml: letters must run from best to worst and end at 0 points"
    for cap in grading.caps:
        if cap.limit not in letters:
            yield Grading, "", (), f"grading.yaml: cap {cap.id!r} limits to unknown letter {cap.limit!r}"

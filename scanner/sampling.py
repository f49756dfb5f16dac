"""双随机: a random draw of subjects and inspectors that anybody can repeat (docs/statistics.md).

The only source of chance is SHA-256 over a published seed; places are shared among the strata by the Sainte-Laguë
divisors (A. Sainte-Laguë, 1910), in whole fractions, so that no machine rounds differently.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Literal, TypeVar

from pydantic import Field

from scanner.errors import InputError
from scanner.model import Frozen, Text

ALGORITHM: Literal["guijian-draw/1"] = "guijian-draw/1"
PAIR = 2
MAX_ROWS = 1_000_000
T = TypeVar("T", "Candidate", "Inspector")


class Candidate(Frozen):
    """A subject that may be drawn: ``parties`` are the names and places nobody who belongs to them may inspect."""

    id: str
    stratum: str
    name: str = ""
    parties: tuple[str, ...] = ()


class Inspector(Frozen):
    """A person who may inspect; ``avoid`` lists the names and places of subjects that are not for this person."""

    id: str
    name: str = ""
    avoid: tuple[str, ...] = ()


class Source(Frozen):
    """A list as it was read: name, number of entries, and SHA-256 of the file (empty for a store)."""

    name: str
    entries: int
    sha256: str = ""


class Stratum(Frozen):
    """A part of the population: its size, its weight (a fraction as text) and the places it got."""

    name: str
    size: int
    weight: str
    places: int


class Drawn(Frozen):
    """A drawn subject with its place in the order of its stratum (from 1), its rank (hex) and its inspectors' ids."""

    id: str
    name: str
    stratum: str
    position: int
    rank: str
    inspectors: tuple[str, ...]


class SampleRecord(Frozen):
    """Everything a third party needs to repeat the draw, and what came out of it."""

    format: Literal["guijian-sample/1"] = "guijian-sample/1"
    algorithm: Literal["guijian-draw/1"] = ALGORITHM
    title: str = ""
    seed: str
    seed_source: str = ""
    drawn_at: datetime
    size: int
    minimum: int
    by: tuple[str, ...]
    avoid_region: bool = False
    weights: dict[str, str] = Field(default_factory=dict)
    subjects_source: Source
    inspectors_source: Source
    population_sha256: str
    inspectors_sha256: str
    strata: tuple[Stratum, ...]
    drawn: tuple[Drawn, ...]
    population: tuple[Candidate, ...]
    inspectors: tuple[Inspector, ...]

    @property
    def unpaired(self) -> tuple[Drawn, ...]:
        """Subjects for which fewer than two inspectors may work."""
        return tuple(item for item in self.drawn if len(item.inspectors) < PAIR) if self.inspectors else ()


def rank(seed: str, *parts: str) -> str:
    """Return the place of a name in the draw: SHA-256 (hex) of the seed and the name, joined by line feeds."""
    return hashlib.sha256("\n".join((seed, *parts)).encode()).hexdigest()


def digest(items: Iterable[Candidate] | Iterable[Inspector]) -> str:
    """Return the SHA-256 of a list's entries in the order of their ids: what to publish before the seed is known."""
    rows = sorted((item.model_dump(mode="json") for item in items), key=lambda row: str(row["id"]))
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def places(
    sizes: Mapping[str, int], size: int, minimum: int = 0, weights: Mapping[str, Fraction] | None = None
) -> dict[str, int]:
    """Share ``size`` places among strata of ``sizes``: ``minimum`` each, the rest by size times weight.

    Each further place goes to the stratum with the greatest size × weight ÷ (2 × places + 1) that has members left; of
    equal ones to the first by name.  Raises InputError when the minimum alone exceeds ``size``.
    """
    weight = weights or {}
    given = {name: min(minimum, count) for name, count in sizes.items()}
    if sum(given.values()) > size:
        raise InputError(
            "sample-too-small",
            Text(
                zh=f"{len(sizes)} 层各至少 {minimum} 个，共需 {sum(given.values())} 个，超过抽取数量 {size}。"
                "请加大 --size、减小 --minimum 或减少分层",
                en=f"{len(sizes)} strata with at least {minimum} each need {sum(given.values())} places, more than "
                f"--size {size}; draw more, lower --minimum or use fewer strata",
            ),
        )
    for _ in range(min(size, sum(sizes.values())) - sum(given.values())):
        best = min(
            (name for name in sizes if given[name] < sizes[name] and weight.get(name, 1) > 0),
            key=lambda name: (-sizes[name] * weight.get(name, Fraction(1)) / (2 * given[name] + 1), name),
            default=None,
        )
        if best is None:
            break
        given[best] += 1
    return given


def pair(
    seed: str, subject: Candidate, inspectors: Sequence[Inspector], load: dict[str, int]
) -> tuple[str, ...]:
    """Return the ids of the two inspectors for ``subject`` and count them in ``load``.

    Those who share no party with the subject, fewest subjects so far first, then by rank of seed, subject and person.
    """
    free = [person for person in inspectors if not set(person.avoid) & set(subject.parties)]
    free.sort(key=lambda person: (load[person.id], rank(seed, subject.id, person.id)))
    chosen = tuple(person.id for person in free[:PAIR])
    for ident in chosen:
        load[ident] += 1
    return chosen


def draw(
    *,
    population: Sequence[Candidate],
    inspectors: Sequence[Inspector],
    seed: str,
    size: int,
    minimum: int,
    by: Sequence[str],
    weights: Mapping[str, str],
    drawn_at: datetime,
    subjects_source: Source,
    inspectors_source: Source,
    title: str = "",
    seed_source: str = "",
    avoid_region: bool = False,
) -> SampleRecord:
    """Draw ``size`` subjects, stratified, and two inspectors each; the order of the lists does not matter.

    Raises InputError for an empty or ambiguous list, too small a size, or no seed.
    """
    population, inspectors = _unique(population, "subject"), _unique(inspectors, "inspector")
    if not seed.strip() or not population:
        raise InputError(
            "sample-empty",
            Text(
                zh="种子为空。请用 --seed 给出公开的种子，例如当期福利彩票号码"
                if population
                else "抽查名单为空",
                en="the seed is empty; give a published one with --seed"
                if population
                else "no subject to draw from",
            ),
        )
    members: dict[str, list[Candidate]] = {}
    for candidate in population:
        members.setdefault(candidate.stratum, []).append(candidate)
    fractions = {name: Fraction(value) for name, value in weights.items() if name in members}
    given = places({name: len(items) for name, items in members.items()}, size, minimum, fractions)
    load = {person.id: 0 for person in inspectors}
    drawn = []
    for stratum in sorted(members):
        ordered = sorted(members[stratum], key=lambda item: rank(seed, item.id))
        for position, item in enumerate(ordered[: given[stratum]], 1):
            drawn.append(
                Drawn(
                    id=item.id,
                    name=item.name,
                    stratum=stratum,
                    position=position,
                    rank=rank(seed, item.id),
                    inspectors=pair(seed, item, inspectors, load),
                )
            )
    return SampleRecord(
        title=title,
        seed=seed,
        seed_source=seed_source,
        drawn_at=drawn_at,
        size=size,
        minimum=minimum,
        by=tuple(by),
        avoid_region=avoid_region,
        weights={name: str(value) for name, value in sorted(fractions.items())},
        subjects_source=subjects_source,
        inspectors_source=inspectors_source,
        population_sha256=digest(population),
        inspectors_sha256=digest(inspectors),
        strata=tuple(
            Stratum(
                name=name,
                size=len(members[name]),
                weight=str(fractions.get(name, Fraction(1))),
                places=given[name],
            )
            for name in sorted(members)
        ),
        drawn=tuple(drawn),
        population=tuple(population),
        inspectors=tuple(inspectors),
    )


def verify(
    record: SampleRecord,
    population: Sequence[Candidate] | None = None,
    inspectors: Sequence[Inspector] | None = None,
) -> tuple[Text, ...]:
    """Draw again from ``record`` (and the lists, when given) and return what differs; empty when all is as recorded."""
    again = draw(
        population=record.population,
        inspectors=record.inspectors,
        seed=record.seed,
        size=record.size,
        minimum=record.minimum,
        by=record.by,
        weights=record.weights,
        drawn_at=record.drawn_at,
        subjects_source=record.subjects_source,
        inspectors_source=record.inspectors_source,
    )
    found = []
    for name, text in (
        ("population_sha256", Text(zh="抽查名单的摘要与名单不符", en="the digest of the subject list")),
        ("inspectors_sha256", Text(zh="检查人员名单的摘要与名单不符", en="the digest of the inspector list")),
        ("strata", Text(zh="各层名额与重算结果不符", en="the places of the strata")),
        ("drawn", Text(zh="抽取结果与重算结果不符", en="the result of the draw")),
    ):
        if _compared(getattr(record, name)) != _compared(getattr(again, name)):
            found.append(Text(zh=text.zh, en=f"{text.en} differs from what the record gives"))
    for given, recorded, zh, en in (
        (population, record.population_sha256, "所给抽查名单与记录中的名单不同", "subject list"),
        (inspectors, record.inspectors_sha256, "所给检查人员名单与记录中的名单不同", "inspector list"),
    ):
        if given is not None and digest(given) != recorded:
            found.append(Text(zh=zh, en=f"the {en} given is not the one in the record"))
    return tuple(found)


def _compared(value: object) -> object:
    return [item.model_dump() for item in value] if isinstance(value, tuple) else value


def _unique(items: Sequence[T], what: str) -> list[T]:
    ordered = sorted(items, key=lambda item: item.id)
    if len(ordered) > MAX_ROWS:
        raise InputError(
            "sample-too-large", Text(zh=f"名单超过 {MAX_ROWS} 行", en=f"a list has more than {MAX_ROWS} rows")
        )
    for first, second in pairwise(ordered):
        if first.id == second.id:
            name = "抽查名单" if what == "subject" else "检查人员名单"
            raise InputError(
                "sample-duplicate",
                Text(
                    zh=f"{name}中 {first.id} 出现两次，抽取概率会不均等。请去重，或加编号列",
                    en=f"{first.id} is twice in the {what} list, which would make chances unequal; remove one or add ids",
                ),
            )
    return ordered

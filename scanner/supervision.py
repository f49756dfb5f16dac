"""Statistics of many assessments: the numbers, the index and its interval, and the rules file behind them.

Pure models and arithmetic; scanner.batch.statistics fills them from a store, reports write them.  The method is
described in docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Literal

from pydantic import Field

from scanner.datafiles import read_yaml
from scanner.model import Frozen, Severity, Text

Dimension = Literal["region", "category", "store", "period", "rule"]
ListName = Literal["black", "watch", "red"]
UNKNOWN = "—"


class IndexRules(Frozen):
    """Weights of the parts of the index (they sum to 1), z of the interval, and when an index is marked.

    Below ``small_sample`` subjects n is small; below ``provisional_below`` (share of clauses decided) it is provisional.
    """

    weights: dict[Literal["score", "no_violation", "no_critical"], float]
    z: float = Field(gt=0)
    small_sample: int = Field(ge=1)
    provisional_below: float = Field(ge=0, le=1)


class When(Frozen):
    """A condition on an operator's record: exactly one of the counts, with the span in months it looks back on."""

    violations: int | None = Field(default=None, ge=1)
    unresponsive: int | None = Field(default=None, ge=1)
    recurrent: int | None = Field(default=None, ge=1)
    failures: int | None = Field(default=None, ge=1)
    clean: int | None = Field(default=None, ge=1)
    severity: Severity = Severity.LOW
    days: int = Field(default=0, ge=0)
    months: int = Field(ge=1)

    @property
    def counted(self) -> tuple[str, int]:
        """The name of what is counted and from how many on the condition holds."""
        names = ("violations", "unresponsive", "recurrent", "failures", "clean")
        found = [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]
        if len(found) != 1:
            raise ValueError(f"exactly one of {', '.join(names)} is needed")
        return found[0]

    def model_post_init(self, _context: object) -> None:
        """Refuse a condition without exactly one count."""
        _ = self.counted


class ProposalRule(Frozen):
    """When an operator is proposed for a list, on which basis; ``reason`` may use count, limit, months and days."""

    id: str
    list: ListName
    when: When
    basis: tuple[str, ...] = Field(min_length=1)
    reason: Text


class SupervisionRules(Frozen):
    """``rules/supervision.yaml``."""

    version: int
    index: IndexRules
    documents: dict[str, Text]
    proposals: tuple[ProposalRule, ...]


class Interval(Frozen):
    """An estimate with its interval, both on the scale of the estimate."""

    value: float
    low: float
    high: float


class Share(Frozen):
    """How many of ``of`` subjects show something: all that do, and those with certain evidence of a violation."""

    key: str
    label: Text
    subjects: int
    confirmed: int
    of: int
    share: Interval


class Failed(Frozen):
    """Targets that could not be examined, by reason; ``reason`` in words, of one of them."""

    code: str
    count: int
    reason: Text | None = None


class Group(Frozen):
    """The numbers of one region, category, store or period, or of all.

    ``subjects`` is n: distinct subjects, each by its newest assessment of the period.  ``targets`` is the denominator of
    the coverage: ``examined`` + ``failed`` + ``pending``.  ``clauses`` counts verdicts of clauses.  ``decided`` is the
    share of applicable clauses with a verdict other than 需人工核查.  ``index`` is None without a subject;
    ``small`` and ``upper_bound`` say that n, or the share decided, is too low for it to stand alone: what is undecided
    can only lower it.
    """

    key: str
    subjects: int
    targets: int
    examined: int
    failed: int
    pending: int
    coverage: float | None
    with_violation: int
    with_suspected: int
    with_critical: int
    provisional: int
    letters: dict[str, int]
    clauses: dict[str, int]
    decided: float | None
    mean_score: float | None
    median_score: float | None
    median_violations: float | None
    index: Interval | None
    small: bool
    upper_bound: bool


class Statistics(Frozen):
    """Indicators of a store for a span of time (from ``start``, before ``end``)."""

    format: Literal["guijian-statistics/1"] = "guijian-statistics/1"
    start: datetime | None
    end: datetime | None
    by: Dimension | None
    total: Group
    groups: tuple[Group, ...]
    rules: tuple[Share, ...]
    phrases: tuple[Share, ...]
    failures: tuple[Failed, ...]
    packs: tuple[str, ...]
    profiles: tuple[str, ...]
    method: IndexRules


class Visit(Frozen):
    """One examination of a subject of an operator.

    ``confirmed`` are the rules with certain evidence of a violation, ``leads`` the other rules with findings; ``gaps``
    counts what was not read and collectors that failed; ``pack`` is the SHA-256 of the rule pack.
    """

    assessed_at: datetime
    subject: str
    name: str
    version: str
    sha256: str
    letter: str
    score: int
    violations: int
    suspected: int
    manual: int
    gaps: int
    pack: str
    profile: str
    confirmed: tuple[str, ...]
    leads: tuple[str, ...]


class Course(Frozen):
    """What became of one violation of one subject.

    ``state``: ``open`` (seen in the newest examination), ``fixed`` (a later examination of another package with the same
    rules, and nothing unread, no longer shows it), ``unconfirmed`` (no longer seen, but that proves nothing).
    ``remained`` are days between the first sight and the last examination that still showed it without a fix between;
    ``returned`` says that it came back after a fix.
    """

    subject: str
    name: str
    rule: str
    severity: Severity
    first_seen: datetime
    last_seen: datetime
    times: int
    state: Literal["open", "fixed", "unconfirmed"]
    remained: int
    returned: bool


class Proposal(Frozen):
    """A proposal for a list: facts and basis; a human decides."""

    rule: str
    list: ListName
    count: int
    reason: Text
    basis: tuple[Text, ...]


class Operator(Frozen):
    """The record of one developer or operator up to a moment."""

    name: str
    visits: tuple[Visit, ...]
    courses: tuple[Course, ...]
    failures: tuple[datetime, ...]
    proposals: tuple[Proposal, ...] = ()


class Summary(Frozen):
    """A monthly, quarterly or yearly summary: indicators by each dimension, the trend, and proposals."""

    format: Literal["guijian-summary/1"] = "guijian-summary/1"
    period: str
    made_at: datetime
    total: Statistics
    by: dict[Literal["region", "category", "store"], tuple[Group, ...]]
    trend: tuple[Group, ...]
    previous: Group | None
    proposals: tuple[tuple[str, Proposal], ...]


def supervision_rules() -> SupervisionRules:
    """Return the shipped ``rules/supervision.yaml``; raises ValueError when it is unsound."""
    rules = SupervisionRules.model_validate(read_yaml((files("rules") / "supervision.yaml").read_bytes()))
    if abs(sum(rules.index.weights.values()) - 1) > 1e-9 or min(rules.index.weights.values()) < 0:
        raise ValueError("the weights of the index must not be negative and must sum to 1")
    unknown = {name for rule in rules.proposals for name in rule.basis} - set(rules.documents)
    if unknown:
        raise ValueError(f"basis without document: {', '.join(sorted(unknown))}")
    return rules


def quality(score: int, violations: int, *, critical: bool, rules: IndexRules) -> float:
    """Return the quality of one subject, 0 to 1: weighted score, absence of violations and of critical ones."""
    weights = rules.weights
    return (
        weights.get("score", 0.0) * min(max(score, 0), 100) / 100
        + weights.get("no_violation", 0.0) * (violations == 0)
        + weights.get("no_critical", 0.0) * (not critical)
    )


def wilson(mean: float, n: int, z: float) -> tuple[float, float]:
    """Return the Wilson score interval (E. B. Wilson, 1927) of a mean of ``n`` values between 0 and 1.

    For values other than 0 and 1 it is wider than needed, because their variance is at most mean × (1 − mean).
    """
    if n == 0:
        return 0.0, 1.0
    square = z * z
    centre = (mean + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(max(mean * (1 - mean), 0.0) / n + square / (4 * n * n))
    return max(0.0, min(centre - half, mean)), min(1.0, max(centre + half, mean))


def index(qualities: Iterable[float], rules: IndexRules) -> Interval | None:
    """Return the compliance index, 0 to 100 with one decimal, and its interval; None without a subject."""
    values = list(qualities)
    if not values:
        return None
    mean = min(
        1.0, max(0.0, math.fsum(values) / len(values))
    )  # fsum: the order of the subjects changes nothing
    low, high = wilson(mean, len(values), rules.z)
    return Interval(value=round(100 * mean, 1), low=round(100 * low, 1), high=round(100 * high, 1))


def share(count: int, of: int, z: float) -> Interval:
    """Return ``count`` of ``of`` as a share with its Wilson interval, four decimals."""
    mean = count / of if of else 0.0
    low, high = wilson(mean, of, z)
    return Interval(value=round(mean, 4), low=round(low, 4), high=round(high, 4))


def median(values: Sequence[int]) -> float | None:
    """Return the median, of an even number of values the mean of the middle two; None without values."""
    ordered = sorted(values)
    if not ordered:
        return None
    middle = len(ordered) // 2
    return float(ordered[middle]) if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

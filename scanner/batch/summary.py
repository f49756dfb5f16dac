"""The summary of a year, quarter or month: indicators by every dimension, the trend before it, and proposals."""

from __future__ import annotations

from datetime import datetime, timedelta

from scanner.batch.operators import operators
from scanner.batch.statistics import BEIJING, group, grouped, read, span, statistics
from scanner.batch.store import Store
from scanner.rulepack import Pack
from scanner.supervision import Summary, SupervisionRules

TREND = 12


def summary(store: Store, pack: Pack, rules: SupervisionRules, period: str, made_at: datetime) -> Summary:
    """Return the summary of ``period`` (``2026``, ``2026-Q4``, ``2026-11``); raises ValueError for anything else.

    The trend has the twelve months that end with the period; the proposals look at the operators as of its end, or as
    of ``made_at`` while it lasts.
    """
    start, end = span(period)
    part = read(store, pack, start, end)
    earlier = read(store, pack, *_before(start, end))
    last = end - timedelta(days=1)
    trend = []
    for back in reversed(range(TREND)):
        year, month = divmod(12 * last.year + last.month - 1 - back, 12)
        name = f"{year:04}-{month + 1:02}"
        trend.append(group(name, read(store, pack, *span(name)), rules.index))
    moment = min(made_at, end - timedelta(microseconds=1))
    return Summary(
        period=period,
        made_at=made_at,
        total=statistics(store, pack, rules.index, start=start, end=end),
        by={
            "region": tuple(grouped(part, "region", rules.index)),
            "category": tuple(grouped(part, "category", rules.index)),
            "store": tuple(grouped(part, "store", rules.index)),
        },
        trend=tuple(trend),
        previous=group("", earlier, rules.index) if earlier.subjects or earlier.targets else None,
        proposals=tuple(
            (record.name, proposal)
            for record in operators(store, pack, rules, moment)
            for proposal in record.proposals
        ),
    )


def _before(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Return the span of the same length in months that ends where this one starts."""
    length = 12 * (end.year - start.year) + end.month - start.month
    year, month = divmod(12 * start.year + start.month - 1 - length, 12)
    return datetime(year, month + 1, 1, tzinfo=BEIJING), start

"""A report about many subjects as headings, notes, charts and tables, the same for every writer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from reports.sheet import Sheet
from reports.words import word
from scanner.model import Lang

BEIJING = timezone(timedelta(hours=8))
LETTER_STYLES = {"优": "compliant", "良": "manual", "中": "suspected", "差": "violation"}
LETTER_NAMES = {"优": "Excellent", "良": "Good", "中": "Fair", "差": "Poor"}


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: label, length, text beside it, style class, and the interval when it is an estimate."""

    label: str
    value: float
    text: str
    style: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A bar chart; ``scale`` is the value of a full-width bar."""

    title: str
    bars: tuple[Bar, ...]
    scale: float


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with notes, charts and tables."""

    title: str
    notes: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    sheets: tuple[Sheet, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report; ``signatures`` are the fields to be signed by hand."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    lang: Lang
    made_at: datetime | None = None
    signatures: tuple[str, ...] = ()


class PageWords:
    """The fixed texts of these reports in one language; their keys begin with ``s_``."""

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """Return the text, with ``values`` filled in."""
        return word(f"s_{key}", self.lang, **values)


def moment(value: datetime) -> str:
    """Return a moment in Beijing time, to the second."""
    return value.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S +08:00")


def percent(value: float | None) -> str:
    """Return a share as per cent with one decimal."""
    return "—" if value is None else f"{100 * value:.1f}%"


def number(value: float | None) -> str:
    """Return a number without needless zeros."""
    return "—" if value is None else f"{value:g}"

"""Ways to run unasked, other apps that are woken, special abilities and foreground services, in words and in one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.findings import place_of
from reports.names import Names
from reports.sheet import NONE, Sheet
from reports.text import one_line, short_method
from scanner.componentfacts import Ability, AutoStart, ForegroundService, Wake
from scanner.facts import AppFacts
from scanner.model import Evidence
from scanner.places import places

PATHS = ("app.autostarts", "app.wakes", "app.abilities", "app.foreground_services")
MAX_LINES = 100  # of each of the kinds, so that none crowds out another
MAX_NAMES = 6


@dataclass(frozen=True, slots=True)
class PowerLine:
    """One way, call or ability: its kind, what it is with details, who, whether it works or is used, and where."""

    kind: str
    what: str
    details: tuple[str, ...]
    who: str
    state: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Powers:
    """The lines of all kinds; ``total`` counts all, ``cut`` says of which kinds not all are listed."""

    lines: tuple[PowerLine, ...] = ()
    total: int = 0
    cut: tuple[str, ...] = ()


def powers(app: AppFacts, names: Names, limit: int = MAX_LINES) -> Powers:
    """Return the table of ``app``, of each kind the first ``limit``: first what works and is used."""
    autostarts = sorted(app.autostarts, key=lambda a: (a.works is False, a.reachable is False))
    wakes = sorted(app.wakes, key=lambda w: (w.reachable is False, w.before_ui is not True))
    abilities = sorted(app.abilities, key=lambda a: (a.used is not True, not a.declared))
    services = sorted(app.foreground_services, key=lambda s: (not s.items, s.started is not True))
    kinds = (
        ("b_kind_autostart", len(autostarts), [_autostart(way, names) for way in autostarts[:limit]]),
        ("b_kind_wake", len(wakes), [_wake(wake, names) for wake in wakes[:limit]]),
        ("b_kind_ability", len(abilities), [_ability(one, names) for one in abilities[:limit]]),
        ("b_kind_foreground", len(services), [_service(one, names) for one in services[:limit]]),
    )
    return Powers(
        lines=tuple(line for _, _, lines in kinds for line in lines),
        total=sum(total for _, total, _ in kinds),
        cut=tuple(
            f"{names.word(kind)}{names.word('colon')}{names.word('t_more', total=total, shown=limit)}"
            for kind, total, _ in kinds
            if total > limit
        ),
    )


def _autostart(way: AutoStart, names: Names) -> PowerLine:
    works = {True: "b_works_true", False: "b_works_false", None: "b_works_unknown"}[way.works]
    process = names.word("b_process", name=one_line(way.process, 60)) if way.process else ""
    return PowerLine(
        kind=f"{names.word('b_kind_autostart')}{names.word('colon')}{names.known('b_group', way.group)}",
        what=names.text(way.name, 120),
        details=_filled(short_method(way.trigger), one_line(way.component, 160), process),
        who=names.owner_of(way.owner_kind, way.owner_id),
        state=(names.word(works), *_unreached(way.reachable, names)),
        place=_places(way.evidence, names),
    )


def _wake(wake: Wake, names: Names) -> PowerLine:
    marks = {
        "o_before_ui": wake.before_ui is True,
        "b_guarded": wake.guarded is True,
        "b_switched_off": wake.switched_off,
    }
    target = names.known("b_target", wake.purpose) if wake.purpose else ""
    return PowerLine(
        kind=names.word("b_kind_wake"),
        what=one_line(wake.package, 120) or names.word("b_all_answering"),
        details=_filled(one_line(wake.target, 160), one_line(wake.action, 160), target),
        who=names.owner_of(wake.owner_kind, wake.owner_id),
        state=(
            names.word(f"b_way_{wake.way}"),
            *(names.word(key) for key, holds in marks.items() if holds),
            *_unreached(wake.reachable, names),
        ),
        place=_places(wake.evidence, names),
    )


def _ability(ability: Ability, names: Names) -> PowerLine:
    use = {True: "use_used", False: "use_unused", None: "use_unknown"}[ability.used]
    users = names.join(dict.fromkeys(names.owner_id(owner) for owner in ability.used_by))
    return PowerLine(
        kind=names.word("b_kind_ability"),
        what=names.text(ability.name, 120),
        details=_filled(
            _some(ability.permissions, names),
            _some(ability.components, names),
            _some([names.known("b_policy", policy) for policy in ability.policies], names),
            _accessibility(ability, names),
        ),
        who=users or names.owner_of(ability.owner_kind, ability.owner_id),
        state=(
            names.word("b_declared" if ability.declared else "undeclared"),
            f"{names.word('use')}{names.word('colon')}{names.word(use)}",
        ),
        place=_places(ability.evidence, names),
    )


def _service(service: ForegroundService, names: Names) -> PowerLine:
    started = {True: "b_fg_started", False: "b_fg_not_started", None: "b_fg_unknown"}[service.started]
    types = {"b_fg_types": service.types, "b_fg_undeclared": service.undeclared_types}
    items = names.word("b_leads", items=names.join(names.items(service.items))) if service.items else ""
    return PowerLine(
        kind=names.word("b_kind_foreground"),
        what=one_line(service.component, 120),
        details=_filled(
            *(names.word(key, types=_some(kinds, names)) for key, kinds in types.items() if kinds),
            items,
            _some(service.missing, names),
        ),
        who=names.owner_of(service.owner_kind, service.owner_id),
        state=(names.word(started), *((names.word("b_fg_missing"),) if service.missing else ())),
        place=_places(service.evidence, names),
    )


def _accessibility(ability: Ability, names: Names) -> str:
    asked = ability.accessibility
    if asked is None:
        return ""
    if asked.readable is False:
        return names.word("b_access_unreadable")
    marks = {
        "b_access_window": asked.window_content,
        "b_access_gestures": asked.gestures,
        "b_access_keys": asked.key_events,
        "b_access_tool": asked.tool,
    }
    return names.join(names.word(key) for key, holds in marks.items() if holds)


def _unreached(reachable: bool | None, names: Names) -> tuple[str, ...]:
    return (names.word("b_unreached"),) if reachable is False else ()


def _places(evidence: Sequence[Evidence], names: Names) -> str:
    """Return the first place of each kind, declarations and code, and how many more there are."""
    first = {one.locator.kind: one for one in reversed(evidence)}
    shown = [place_of((one,), names) for one in evidence if first[one.locator.kind] is one]
    left = places(evidence) - places(first.values())
    return names.word("semicolon").join(
        [*shown, names.word("more_places", count=left)] if left > 0 else shown
    )


def _filled(*parts: str) -> tuple[str, ...]:
    return tuple(part for part in parts if part)


def _some(values: Sequence[str], names: Names) -> str:
    shown = [one_line(value, 160) for value in values[:MAX_NAMES]]
    left = len(values) - MAX_NAMES
    return names.join([*shown, names.word("more_places", count=left)] if left > 0 else shown)


def power_sheet(found: Powers, names: Names, *, incomplete: bool) -> Sheet:
    """Return the table for formal reports."""
    rows = tuple(
        (
            line.kind,
            "\n".join((line.what, *line.details)),
            line.who,
            "\n".join(line.state),
            line.place or NONE,
        )
        for line in found.lines
    )
    return Sheet(
        key="powers",
        title=names.word("b_powers"),
        header=tuple(names.word(key) for key in ("b_kind", "b_what", "owner", "b_state", "b_place")),
        widths=(5, 11, 4, 7, 9),
        rows=rows,
        note=" ".join((names.word("b_powers_note"), *found.cut)) if rows else "",
        empty=names.word("t_nothing"),
        code=(4,),
        incomplete=incomplete,
    )

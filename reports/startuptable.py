"""The order of the start in words: what the app's code does before and while its first screen comes up.

The steps are facts (``app.startup``); here they only get names.
"""

from __future__ import annotations

from dataclasses import dataclass

from reports.findings import place_of
from reports.names import Names
from reports.sheet import NONE, Sheet, sheet_of
from reports.text import one_line, short_method
from scanner.appfacts import FlagTest, StartupStep
from scanner.facts import AppFacts

MAX_TESTS = 4
MAX_KEYS = 4


@dataclass(frozen=True, slots=True)
class StartLine:
    """A step of the start in words.

    ``guard`` says what is tested on the way, with the names of the flags where they are known; ``how`` what makes the
    step uncertain or late.  ``place`` is short, ``full_place`` names the method with its types.
    """

    number: int
    phase: str
    entry: str
    entry_notes: tuple[str, ...]
    action: str
    subject: str
    target: str
    leads: tuple[str, ...]
    owner: str
    guard: str
    how: tuple[str, ...]
    place: str
    full_place: str


def start_lines(app: AppFacts, names: Names) -> tuple[StartLine, ...]:
    """Return all steps of the start in their order."""
    return tuple(_line(step, names) for step in app.startup)


def _line(step: StartupStep, names: Names) -> StartLine:
    notes = [] if step.process is None else [names.word("b_process", name=one_line(step.process, 60))]
    notes += [] if step.init_order is None else [names.word("b_init_order", order=step.init_order)]
    flags = {"b_deferred": step.deferred, "b_dispatched": step.dispatched}
    return StartLine(
        number=step.number,
        phase=names.word(f"b_phase_{step.phase}"),
        entry=f"{one_line(step.component, 120)}.{one_line(step.entry_method, 60)}()",
        entry_notes=tuple(notes),
        action=names.word(f"b_action_{step.action}"),
        subject=_subject(step, names),
        target=short_method(step.target),
        leads=_leads(step, names),
        owner=names.owner_of(step.owner_kind, step.owner_id),
        guard=_guard(step, names),
        how=tuple(names.word(key) for key, holds in flags.items() if holds),
        place=place_of(step.evidence, names),
        full_place=place_of(step.evidence, names, full=True),
    )


def _subject(step: StartupStep, names: Names) -> str:
    if step.action == "access":
        return names.item(step.item)
    if not step.sdk:
        return ""
    if step.action != "consent":
        return names.owner_id(step.sdk)
    value = {True: "b_value_true", False: "b_value_false", None: "b_value_unknown"}[step.value]
    return f"{names.owner_id(step.sdk)}{names.word('colon')}{names.word(value)}"


def _leads(step: StartupStep, names: Names) -> tuple[str, ...]:
    items = [names.word("b_leads", items=names.join(names.items(step.items)))] if step.items else []
    return (*items, *([names.word("b_leads_network")] if step.network else []))


def _guard(step: StartupStep, names: Names) -> str:
    """Return the weakest kind of test; where the way shown has tests, those with their flags."""
    weakest = names.word(f"b_guard_{step.guard}")
    if not step.tests:
        return weakest
    shown = [_test(test, names) for test in step.tests[:MAX_TESTS]]
    left = len(step.tests) - len(shown)
    shown += [names.word("more_places", count=left)] if left > 0 else []
    if all(test.kind != step.guard for test in step.tests):
        shown.append(names.word("b_weakest", guard=weakest))
    return names.word("semicolon").join(dict.fromkeys(shown))


def _test(test: FlagTest, names: Names) -> str:
    keys = [f"“{one_line(key, 60)}”" for key in test.keys[:MAX_KEYS]]
    flag = names.join(keys) or short_method(test.flag, 100)
    first = {True: "b_first_start_true", False: "b_first_start_false", None: ""}[test.first_start]
    note = f"{names.word('open')}{names.word(first)}{names.word('close')}" if first else ""
    return f"{names.word(f'b_guard_{test.kind}')}{names.word('colon')}{flag}{note}"


def startup_sheet(lines: tuple[StartLine, ...], names: Names) -> Sheet:
    """Return the steps as a table for formal reports."""
    return sheet_of(
        names,
        "startup",
        "b_startup",
        ("b_step", "b_phase", "b_action", "owner", "b_guard", "b_place"),
        (3, 11, 11, 5, 8, 9),
        [_row(line, names) for line in lines],
        note=names.word("b_startup_note"),
        path="app.startup",
        code=(5,),
    )


def _row(line: StartLine, names: Names) -> tuple[str, ...]:
    subject = f"{line.action}{names.word('colon')}{line.subject}" if line.subject else line.action
    return (
        str(line.number),
        "\n".join((line.phase, line.entry, *line.entry_notes)),
        "\n".join(part for part in (subject, line.target, *line.leads) if part),
        line.owner,
        "\n".join((line.guard, *line.how)),
        line.place or NONE,
    )

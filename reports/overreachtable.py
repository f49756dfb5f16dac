"""The table of overreach in words: permissions and items against what the app's category needs.

The rows are computed in :mod:`scanner.overreach`; here they only get names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reports.names import Names
from reports.sheet import NONE, Sheet
from reports.text import one_line, places_text, short_method
from scanner.facts import AppFacts
from scanner.overreachrows import Asked, ItemRow, Overreach, PermissionRow, UsedBy
from scanner.places import Count

MAX_ROWS = 200
MAX_SIGNS = 8
MAX_FUNCTIONS = 6  # named in a table of a formal report
NEEDS = ("outside", "basic", "listed", "unknown", "not_personal")


@dataclass(frozen=True, slots=True)
class PermissionLine:
    """A permission in words; ``level``, ``use``, ``need`` and ``verdict`` are keys, the others texts.

    ``use`` is ``used``, ``unused`` or ``unknown``.
    """

    name: str
    short: str
    label: str
    level: str
    level_label: str
    sensitive: str
    declared: bool
    limits: tuple[str, ...]
    law: str
    asked: tuple[str, ...]
    use: str
    use_label: str
    users: tuple[str, ...]
    items: tuple[str, ...]
    policy: str
    need: str
    need_label: str
    verdict: str
    verdict_label: str
    reason: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item obtained by one owner, in words."""

    item: str
    owner: str
    functions: tuple[str, ...]
    asked: tuple[str, ...]
    need: str
    need_label: str
    extension: str
    verdict: str
    verdict_label: str
    reason: str
    found: tuple[str, ...]


def permission_lines(table: Overreach, names: Names) -> tuple[PermissionLine, ...]:
    """Return the permissions in the order of the table: worst first, those without personal information last."""
    return tuple(_permission(row, names) for row in table.permissions)


def _permission(row: PermissionRow, names: Names) -> PermissionLine:
    use = {True: "used", False: "unused", None: "unknown"}[row.used]
    name = one_line(row.name, 160)
    limits = [names.word("o_max_sdk", level=row.max_sdk)] if row.max_sdk is not None else []
    limits += [one_line(place, 80) for place in row.declared_in if place != "AndroidManifest.xml"]
    known = row.sensitive in {"yes", "conditional"}
    return PermissionLine(
        name=name,
        short=name.removeprefix("android.permission."),
        label=names.text(row.label, 80),
        level=row.protection,
        level_label=names.word(f"level_{row.protection}"),
        sensitive=names.word(f"sensitive_{row.sensitive}") if known and row.need != "not_personal" else "",
        declared=row.declared,
        limits=tuple(limits),
        law=names.text(row.law, 200),
        asked=_asked(row, names),
        use=use,
        use_label=names.word(f"use_{use}"),
        users=_users(row, names),
        items=names.items(row.items),
        policy="" if row.policy is None else names.word("o_policy_yes" if row.policy else "o_policy_no"),
        need=row.need,
        need_label=names.word(f"o_need_{row.need}"),
        verdict=row.verdict.value,
        verdict_label=row.verdict.label.get(names.lang),
        reason=names.text(row.reason),
        found=_titles(row.rules, names),
    )


def _user(user: UsedBy, names: Names) -> str:
    early = (
        names.word("open").strip() + names.word("o_before_ui") + names.word("close") if user.before_ui else ""
    )
    asleep = names.word("o_dormant", count=user.dormant) if user.dormant else ""
    return f"{names.owner(user.owner)} ×{places_text(Count(user.sites, user.reachable))}{early}{asleep}"


def _users(row: PermissionRow, names: Names) -> tuple[str, ...]:
    """Return who uses the permission; plain libraries together, since they act for whoever calls them."""
    own = [_user(user, names) for user in row.used_by if user.owner.kind != "library"]
    shared = [user for user in row.used_by if user.owner.kind == "library"]
    total = Count(sum(user.sites for user in shared), sum(user.reachable for user in shared))
    return (*own, f"{names.word('libraries')} ×{places_text(total)}") if shared else tuple(own)


def _asked(row: PermissionRow, names: Names) -> tuple[str, ...]:
    if row.requests:
        return tuple(dict.fromkeys(_request(one, names) for one in row.requests))
    if row.protection != "dangerous":
        return ()
    key = {True: "o_named", False: "o_not_asked", None: "o_asked_unknown"}[row.named]
    return (names.word(key),)


def _request(asked: Asked, names: Names) -> str:
    place = one_line(asked.title, 40) if asked.title else short_method(asked.caller)
    who = "" if asked.owner.kind == "app" else names.owner(asked.owner)
    marks = [part for part in (who, names.word("o_before_ui") if asked.before_ui else "") if part]
    return place + (names.word("open").strip() + names.join(marks) + names.word("close") if marks else "")


def item_lines(table: Overreach, names: Names) -> tuple[ItemLine, ...]:
    """Return the items in the order of the table, at most :data:`MAX_ROWS`."""
    return tuple(_item(row, names) for row in table.items[:MAX_ROWS])


def _item(row: ItemRow, names: Names) -> ItemLine:
    functions = []
    for function in row.functions:
        entry = function.title or (function.entry or "").rpartition(".")[2]
        early = names.word("open").strip() + names.word("o_before_ui") + names.word("close")
        functions.append(one_line(entry, 60) + (early if function.before_ui else ""))
    return ItemLine(
        item=names.item(row.item),
        owner=f"{names.owner(row.owner)} ×{places_text(Count(row.sites, row.reachable))}"
        + (names.word("o_judged", count=row.direct) if row.direct != row.reachable else ""),
        functions=tuple(dict.fromkeys(f for f in functions if f)),
        asked=tuple(dict.fromkeys(short_method(caller) for caller in row.asked_in)),
        need=row.need,
        need_label=names.word(f"o_need_{row.need}"),
        extension=names.word(f"o_extension_{row.extension}") if row.extension else "",
        verdict=row.verdict.value,
        verdict_label=row.verdict.label.get(names.lang),
        reason=names.text(row.reason),
        found=_titles(row.rules, names),
    )


def _titles(rules: tuple[str, ...], names: Names) -> tuple[str, ...]:
    return tuple(names.text(names.pack.rules[rule].title) for rule in rules if rule in names.pack.rules)


def category_line(table: Overreach, names: Names) -> str:
    """Return the category the table is measured against and where it came from."""
    if table.name is None:
        return names.text(table.why) or names.word("o_no_category")
    return names.word(
        f"o_{table.basis or 'given'}", name=names.text(table.name, 40), sure=table.confidence or ""
    )


def category_notes(app: AppFacts | None, table: Overreach, names: Names) -> tuple[str, ...]:
    """Return why a category is proposed or not, and a contradiction with the one given, as sentences."""
    proposal = app.category_proposal if app is not None else None
    notes = [names.text(table.contrary)] if table.contrary else []
    if proposal is None or table.basis in {"given", "declared"}:
        return tuple(notes)
    if proposal.within:
        known = names.join(names.text(text, 40) for text in table.within)
        notes.append(names.word("o_within", names=known))
    leading = proposal.category or (proposal.runners_up[0].category if proposal.runners_up else None)
    signs = [r for r in proposal.reasons if r.category == leading][:MAX_SIGNS]
    if signs:
        words = names.join(f"{names.word(f'o_sign_{s.kind}')}“{one_line(s.word, 60)}”" for s in signs)
        notes.append(f"{names.word('o_signs')}{names.word('colon')}{words}")
    if proposal.runners_up:
        others = names.join(
            names.word("o_points", name=names.text(c.name, 40), points=c.score)
            for c in proposal.runners_up[:3]
        )
        notes.append(f"{names.word('o_candidates')}{names.word('colon')}{others}")
    return tuple(notes)


def summary_line(table: Overreach, names: Names) -> str:
    """Return the table as one sentence."""
    declared = [row for row in table.permissions if row.declared]
    values = {
        "declared": len(declared),
        "personal": sum(row.need != "not_personal" for row in declared),
        "outside": sum(row.need == "outside" for row in declared),
        "name": names.text(table.name, 40),
    }
    return names.word("o_summary" if table.name else "o_summary_unknown", **values)


def need_counts(table: Overreach, names: Names) -> tuple[tuple[str, str, int], ...]:
    """Return need, its word and the number of permissions, for filters."""
    found: Counter[str] = Counter(row.need for row in table.permissions)
    return tuple((need, names.word(f"o_need_{need}"), found[need]) for need in NEEDS if found[need])


def permission_sheet(table: Overreach, names: Names, *, incomplete: bool) -> Sheet:
    """Return the permissions that open personal information; the others by name in the note."""
    lines = permission_lines(table, names)
    rest = [line for line in lines if line.need == "not_personal"]
    comma = names.word("comma")
    rows = [
        (
            f"{line.label or line.short}\n{line.short}" if line.label else line.short,
            comma.join(
                part
                for part in (
                    line.level_label,
                    line.sensitive,
                    "" if line.declared else names.word("undeclared"),
                    *line.limits,
                )
                if part
            ),
            "\n".join(line.asked) or NONE,
            "\n".join(line.users) or line.use_label,
            line.need_label
            + (f"\n{names.word('o_policy')}{names.word('colon')}{line.policy}" if line.policy else ""),
            line.verdict_label,
            _reason(line, names),
        )
        for line in lines
        if line.need != "not_personal"
    ]
    notes = [
        f"{names.word('o_measured')}{names.word('colon')}{category_line(table, names)}{names.word('stop_next').strip()}",
        names.word("o_note"),
    ]
    notes += _rest_notes(rest, names)
    return Sheet(
        key="permissions",
        title=names.word("o_title"),
        header=tuple(
            names.word(k) for k in ("permission", "level", "o_asked", "use", "o_need", "verdict", "reason")
        ),
        widths=(17, 7, 11, 10, 7, 6, 14),
        rows=tuple(rows[:MAX_ROWS]),
        note=" ".join(notes),
        empty=names.word("permissions_none"),
        incomplete=incomplete,
    )


def _rest_notes(rest: Sequence[PermissionLine], names: Names) -> list[str]:
    """Return the permissions that are not judged as sentences, by why they are not."""
    groups: dict[str, list[str]] = {"o_rest": [], "o_rest_about": [], "o_rest_unknown": []}
    for line in rest:
        key = "o_rest_unknown" if line.level == "unknown" else "o_rest_about" if line.items else "o_rest"
        groups[key].append(line.short)
    return [
        names.word(key, count=len(found), names=", ".join(found[:80]))
        for key, found in groups.items()
        if found
    ]


def item_sheet(table: Overreach, names: Names, *, incomplete: bool) -> Sheet:
    """Return the items with their functions, as part of the table of permissions."""
    rows = tuple(
        (
            line.item,
            line.owner,
            _some(line.functions, names),
            line.need_label,
            line.extension or NONE,
            line.verdict_label,
            _reason(line, names),
        )
        for line in item_lines(table, names)
    )
    return Sheet(
        key="necessary_items",
        title=names.word("o_items_title"),
        header=tuple(
            names.word(k)
            for k in ("item", "o_who", "o_functions", "o_need", "o_extension", "verdict", "reason")
        ),
        widths=(9, 8, 12, 7, 8, 6, 14),
        rows=rows,
        note=names.word("o_items_note") if rows else "",
        empty=names.word("items_none"),
        incomplete=incomplete,
        level=2,
    )


def _some(functions: tuple[str, ...], names: Names) -> str:
    left = len(functions) - MAX_FUNCTIONS
    more = [names.word("more_places", count=left)] if left > 0 else []
    return "\n".join([*functions[:MAX_FUNCTIONS], *more]) or NONE


def _reason(line: PermissionLine | ItemLine, names: Names) -> str:
    if not line.found:
        return line.reason
    found = f"{names.word('o_found')}{names.word('colon')}{names.word('semicolon').join(line.found)}"
    return f"{line.reason}{names.word('stop_next')}{found}"

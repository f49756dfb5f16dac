"""Tables of what a privacy policy says and how that compares with what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reports.names import Names
from reports.policytable import ComparedRow, compared
from reports.sheet import NONE, Sheet, sheet_of
from reports.text import one_line
from scanner.model import Evidence, PolicyLocator
from scanner.policyfacts import PolicyFacts

URL, NAME = 200, 120
MAX_PARAGRAPHS = 5

Row = tuple[str, ...]


def policy_sheets(names: Names) -> tuple[Sheet, ...]:
    """Return the tables of a policy, none where the subject has none."""
    policy = names.facts.policy
    return tuple(_policy(policy, names)) if policy is not None else ()


def policy_identity(names: Names) -> tuple[tuple[str, str], ...]:
    """Return word key and value of what identifies a policy."""
    policy = names.facts.policy
    if policy is None or policy.identity is None:
        return ()
    who = policy.identity
    return (
        ("label_policy_title", who.title),
        ("label_policy_operator", who.operator or ""),
        ("label_policy_app", who.app_name or ""),
        ("label_updated", who.updated.isoformat() if who.updated else ""),
        ("label_effective", who.effective.isoformat() if who.effective else ""),
        ("label_contact", names.join((*who.emails, *who.phones, *([who.address] if who.address else [])))),
        ("label_policy_source", policy.source),
        ("label_text_sha256", policy.text_sha256),
    )


def _policy(policy: PolicyFacts, names: Names) -> Iterator[Sheet]:
    yield sheet_of(
        names,
        "policy_elements",
        "t_elements",
        ("t_element", "t_state", "t_missing", "t_paragraph"),
        (6, 2, 6, 3),
        [
            (
                names.element(element.id),
                names.word(f"element_{element.state}"),
                names.join(names.element(f"{element.id}.{part}") for part in element.missing) or NONE,
                _paragraphs(element.evidence, names),
            )
            for element in policy.elements
        ],
        path="policy.elements",
    )
    if policy.comparisons:
        table = compared(names)
        yield sheet_of(
            names,
            "policy_comparisons",
            "compared",
            ("compared_what", "t_page_kind", "compared_who", "state", "compared_says"),
            (5, 2, 3, 4, 7),
            [_comparison(row, names) for row in (*table.rows, *table.fine)],
            path="policy.comparisons",
            note=names.word("compared_left", count=left) if (left := table.count("unknown")) else "",
        )
    yield sheet_of(
        names,
        "policy_items",
        "t_disclosed_items",
        ("t_term", "item", "t_collector", "purpose", "t_marks", "t_paragraph"),
        (4, 4, 3, 6, 3, 2),
        [
            (
                one_line(item.term, NAME),
                names.item(item.item) if item.item else NONE,
                one_line(item.sdk, NAME) or names.known("party", item.party),
                one_line(item.purpose, 300) or NONE,
                names.join(
                    names.word(f"mark_{mark}")
                    for mark, on in (
                        ("vague", item.vague),
                        ("negated", item.negated),
                        ("open_ended", item.open_ended),
                    )
                    if on
                )
                or NONE,
                _paragraphs(item.evidence, names),
            )
            for item in policy.items
        ],
        path="policy.items",
    )
    yield sheet_of(
        names,
        "policy_sdks",
        "t_disclosed_sdks",
        ("sdk", "vendor", "purpose", "t_collects", "t_link"),
        (4, 4, 4, 6, 4),
        [
            (
                one_line(sdk.name, NAME),
                one_line(sdk.vendor, NAME) or NONE,
                one_line(sdk.purpose, 200) or NONE,
                one_line(sdk.item_text, 300) or names.join(names.items(sdk.items)) or NONE,
                one_line(sdk.link, URL) or NONE,
            )
            for sdk in policy.sdks
        ],
        path="policy.sdks",
        code=(4,),
    )
    yield sheet_of(
        names,
        "policy_issues",
        "t_issues",
        ("t_what", "t_wording", "t_paragraph"),
        (4, 10, 3),
        [
            (names.wording(i.kind), one_line(i.text, 300), _paragraphs(i.evidence, names))
            for i in policy.issues
        ],
        path="policy.issues",
    )


def _comparison(row: ComparedRow, names: Names) -> Row:
    colon, not_seen = names.word("colon"), names.word("not_seen")
    says = "\n".join(not_seen if e.kind == "search" else f"{e.place}{colon}{e.excerpt}" for e in row.says)
    return (
        " ".join((row.name, *(f"[{mark}]" for mark in row.marks))),
        row.kind,
        row.owner or NONE,
        "\n".join(part for part in (row.state_label, row.note) if part),
        says or NONE,
    )


def _paragraphs(evidence: Iterable[Evidence], names: Names) -> str:
    found = {names.paragraph(e.locator.paragraph) for e in evidence if isinstance(e.locator, PolicyLocator)}
    ordered = sorted(found, key=lambda number: (int(number) if number.isdecimal() else 0, number))
    more = (
        [names.word("more_places", count=len(found) - MAX_PARAGRAPHS)] if len(found) > MAX_PARAGRAPHS else []
    )
    return names.join([*ordered[:MAX_PARAGRAPHS], *more]) or NONE

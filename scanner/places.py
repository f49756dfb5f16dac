"""What a place (处) is and how places are counted: the one definition that findings, tables and exports share.

A place is where something stands in the subject and by itself meets what is asked: one instruction of the code, one
element of the manifest, a layout or a page, one file, one paragraph of a policy.  The same instruction counts once
however often it is cited.  A search record (what was looked through without finding anything) is no place, and neither
is what only completes the proof of another piece (``Evidence.beside``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scanner.codefacts import Access
from scanner.model import Evidence

# Between the values of a finding's group, and between items which the very same places may obtain.
SEPARATOR, ITEMS = " | ", ","


class Count(NamedTuple):
    """Number of places, and how many of them an entry point reaches."""

    total: int = 0
    reachable: int = 0


def is_place(evidence: Evidence) -> bool:
    """Whether ``evidence`` is a place of its own."""
    return evidence.locator.kind != "search" and not evidence.beside


def places(evidence: Iterable[Evidence]) -> int:
    """Return the number of different places in ``evidence``."""
    return len({(one.artifact, one.locator) for one in evidence if is_place(one)})


def first_places(evidence: Sequence[Evidence], limit: int) -> tuple[Evidence, ...]:
    """Return the first ``limit`` places, what stands beside each of them, and every search record."""
    kept: list[Evidence] = []
    seen: set[object] = set()
    within = True
    for one in evidence:
        if is_place(one):
            seen.add((one.artifact, one.locator))
            within = len(seen) <= limit
        if within or one.locator.kind == "search":
            kept.append(one)
    return tuple(kept)


def single_groups(group: str) -> tuple[str, ...]:
    """Return the groups that a finding's group stands for: one for each of its items."""
    first, mark, rest = group.partition(SEPARATOR)
    return tuple(f"{item}{mark}{rest}" for item in first.split(ITEMS))


def count(accesses: Iterable[Access]) -> Count:
    """Return the places in code of ``accesses``: each instruction once."""
    reached: dict[tuple[str, str, int], bool] = {}
    for access in accesses:
        place = (access.dex, access.caller, access.offset)
        reached[place] = reached.get(place, False) or access.reachable is True
    return Count(len(reached), sum(reached.values()))


def obtains(access: Access) -> bool:
    """Whether the place obtains information; one that only writes it does not count."""
    return access.mode != "write"


def only_leads(accesses: Iterable[Access]) -> bool:
    """Whether nothing but interfaces of general use (weak ways) is among ``accesses``."""
    return all(access.strength == "weak" for access in accesses)

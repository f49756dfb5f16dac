"""What counts as a place: once each, searches and what completes a proof not at all."""

from __future__ import annotations

from scanner.codefacts import Access, Origin
from scanner.model import DexLocator, Evidence, SearchLocator, Text, XmlLocator
from scanner.places import Count, count, first_places, is_place, only_leads, places


def at(offset: int, *, beside: bool = False, excerpt: str = "") -> Evidence:
    locator = DexLocator(dex="classes.dex", method="La/B;->c()V", offset=offset)
    return Evidence(artifact="classes.dex", locator=locator, excerpt=excerpt, beside=beside)


SEARCH = Evidence(artifact="a", locator=SearchLocator(searched=(Text(zh="全部", en="all"),)))


def access(offset: int, reachable: bool | None, strength: str = "direct") -> Access:
    return Access.model_validate(
        {
            "item": "imei",
            "source": "s",
            "kind": "method",
            "mode": "read",
            "target": "La/B;->d()V",
            "caller": "La/B;->c()V",
            "dex": "classes.dex",
            "offset": offset,
            "owner": Origin(kind="app"),
            "owner_kind": "app",
            "strength": strength,
            "reachable": reachable,
        }
    )


def test_a_place_counts_once_and_a_search_or_a_ground_never() -> None:
    found = [at(1), at(1, excerpt="the same instruction"), at(2), at(3, beside=True), SEARCH]

    assert places(found) == 2
    assert not is_place(SEARCH)
    assert places([SEARCH, at(3, beside=True)]) == 0


def test_a_cut_keeps_what_stands_beside_its_places_and_every_search() -> None:
    found = [at(1), at(11, beside=True), at(2), at(12, beside=True), at(3), at(13, beside=True), SEARCH]

    assert first_places(found, 2) == (*found[:4], SEARCH)
    assert first_places(found, 9) == tuple(found)
    declared = Evidence(artifact="m", locator=XmlLocator(path="/manifest"), beside=True)
    assert first_places([SEARCH, declared], 1) == (SEARCH, declared)


def test_instructions_are_counted_with_those_that_are_reached() -> None:
    found = [access(1, True), access(2, False), access(3, None), access(1, False)]

    assert count(found) == Count(total=3, reachable=1)
    assert not only_leads(found)
    assert only_leads([access(1, True, "weak")])

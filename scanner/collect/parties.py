"""Who operates a host and where that company is established, by ``rules/data/web/parties.yaml``; nothing is resolved."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from scanner.datafiles import read_data
from scanner.model import Frozen, Text

MAINLAND = "CN"


class Owner(Frozen):
    """A company and its hosts by category; ``country`` is where it is established (ISO 3166-1 alpha-2).

    ``mixed``: services of one kind by several companies; only the category is used.
    """

    owner: Text
    country: str
    domains: dict[str, tuple[str, ...]]
    mixed: bool = False


class Party(NamedTuple):
    """What is known about a host."""

    owner: str
    category: str
    country: str


UNKNOWN = Party("", "unknown", "")


@cache
def _owners() -> dict[str, tuple[Party, Text | None]]:
    found: dict[str, tuple[Party, Text | None]] = {}
    for content in read_data("web/parties"):
        for entry in content["parties"]:
            owner = Owner.model_validate(entry)
            name = None if owner.mixed else owner.owner
            for category, domains in owner.domains.items():
                for domain in domains:
                    found[domain] = Party(name.zh if name is not None else "", category, owner.country), name
    return found


@cache
def verified() -> str:
    """Return the day the data was last looked over (ISO)."""
    return min(str(content["verified"]) for content in read_data("web/parties"))


def _find(host: str) -> tuple[Party, Text | None] | None:
    labels = host.lower().rstrip(".").split(".")
    known = _owners()
    suffixes = (".".join(labels[start:]) for start in range(len(labels)))
    return next((known[suffix] for suffix in suffixes if suffix in known), None)


@cache
def party(host: str) -> Party:
    """Return owner, category and country of ``host``, by the longest suffix the data names."""
    found = _find(host)
    if found is not None:
        return found[0]
    mainland = host.lower().rstrip(".").rpartition(".")[2] in {"cn", "xn--fiqs8s", "xn--fiqz9s"}
    return Party("", "unknown", MAINLAND if mainland else "")


@cache
def operator(host: str) -> tuple[Text | None, Party]:
    """Return the name of the company that operates ``host`` with what else is known; nothing from the suffix alone."""
    found = _find(host)
    return (None, UNKNOWN) if found is None else (found[1], found[0])

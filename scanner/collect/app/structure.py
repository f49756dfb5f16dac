"""Known SDKs and libraries in renamed code, by what renaming does not change (:mod:`scanner.dex.tokens`).

``rules/data/sdk_structure.npz`` (written by ``tools/build_sdk_structure.py`` from real binaries) holds the tokens
that occur in one known SDK or library only, and those several of them share, which say nothing.  The ``strings`` of
``rules/data/sdks`` are added to them.  A single token proves nothing: an SDK counts as present when many of its
tokens are there and they make up a fair part of all it has; a class belongs to it when its tokens point there.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex import Dex
from scanner.dex.tokens import Tokens, tokens

FILE = "sdk_structure.npz"
SHARED = 0xFFFF
# Present: at least so many different tokens, and so large a share of those known (measured: tests of this module).
MIN_TOKENS = 10
MIN_SHARE = 0.05
SMALL = 60
MIN_SHARE_SMALL = 0.25
# A class belongs to the SDK that this share of its telling tokens points to.
MIN_CLASS_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Known:
    """Tokens of all known SDKs, sorted; ``sdk`` their positions in ``ids`` (SHARED: of several).

    Per id: ``total`` tokens stored, ``rate`` the share of the SDK's own tokens that is stored.
    """

    token: NDArray[Any]
    sdk: NDArray[Any]
    ids: tuple[str, ...]
    total: NDArray[Any]
    rate: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Match:
    """How much of an SDK was found: different tokens of it, how many are known, and a class that has most of them."""

    found: int
    known: int
    example: int

    @property
    def share(self) -> float:
        """Share of the known tokens that was found."""
        return self.found / max(1, self.known)


@dataclass(frozen=True, slots=True)
class Structure:
    """What the structure of a program says: SDKs present, and the SDK of classes by position in ``dex.classes``.

    ``strings``: which of the strings asked for, by their token, are loaded in a class at that position.
    """

    present: dict[str, Match] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    strings: dict[int, int] = field(default_factory=dict)


@cache
def known() -> Known:
    """Return the shipped tokens."""
    data = (files("rules") / "data" / FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        ids = tuple(str(name) for name in stored["ids"])
        token = np.cumsum(stored["step"], dtype=np.uint64)
        return make_known(token, stored["sdk"], ids, stored["rate"])


def make_known(token: NDArray[Any], sdk: NDArray[Any], ids: Sequence[str], rate: NDArray[Any]) -> Known:
    """Return tokens with their owners, sorted."""
    order = np.argsort(token, kind="stable")
    own = sdk[sdk != SHARED].astype(np.int64)
    return Known(token[order], sdk[order], tuple(ids), np.bincount(own, minlength=len(ids)), rate)


def structure(
    dex: Dex,
    nameless: NDArray[Any],
    foreign: NDArray[Any],
    strings: NDArray[Any],
    base: Known | None = None,
) -> Structure:
    """Return what the structure of ``dex`` says.

    ``nameless`` marks the classes (positions in ``dex.classes``) whose owner is asked for, ``foreign`` those that
    their names give to an SDK or library: what they hold proves nothing else.  All others count for what is present,
    because R8 inlines an SDK's code into the app's classes.  ``strings`` are tokens of strings to be looked for.
    """
    base = known() if base is None else base
    if foreign.all():
        return Structure()
    found = tokens(dex, ~foreign)
    present, owners = match(found, base)
    hit = np.isin(found.token, strings)
    places = dict(zip(found.token[hit].tolist(), found.place[hit].tolist(), strict=True))
    return Structure(present, {p: sdk for p, sdk in owners.items() if nameless[p]}, places)


def match(found: Tokens, base: Known) -> tuple[dict[str, Match], dict[int, str]]:
    """Return the SDKs that the tokens ``found`` prove, and the SDK of each class position they tell of."""
    if not len(base.token) or not len(found.token):
        return {}, {}
    slot = np.minimum(np.searchsorted(base.token, found.token), len(base.token) - 1)
    hit = base.token[slot] == found.token
    sdk = np.where(hit, base.sdk[slot], SHARED).astype(np.int64)
    present = _present(found, sdk, base)
    here = np.zeros(SHARED + 1, dtype=np.bool_)
    here[[base.ids.index(name) for name in present]] = True
    # Tokens of several SDKs are neutral; all others of a class count for or against.
    counts = np.bincount(found.place[~(hit & (sdk == SHARED))])
    chosen = here[sdk]
    pairs, votes = np.unique((found.place[chosen] << 16) | sdk[chosen], return_counts=True)
    return present, _owners(pairs >> 16, pairs & 0xFFFF, votes, counts, base)


def _owners(
    place: NDArray[Any], sdk: NDArray[Any], votes: NDArray[Any], counts: NDArray[Any], base: Known
) -> dict[int, str]:
    """Return the SDK of each class that one has at least twice as many votes for as any other (R8 merges classes)."""
    order = np.lexsort((-votes, place))
    place, sdk, votes = place[order], sdk[order], votes[order]
    first = np.ones(len(place), dtype=np.bool_)
    first[1:] = place[1:] != place[:-1]
    second = np.zeros(len(place), dtype=np.int64)
    second[:-1] = np.where(first[1:], 0, votes[1:])
    wins = first & (votes >= 2 * second)
    wins &= votes >= np.maximum(1, MIN_CLASS_SHARE * base.rate[sdk] * counts[place])
    return {p: base.ids[s] for p, s in zip(place[wins].tolist(), sdk[wins].tolist(), strict=True)}


def _present(found: Tokens, sdk: NDArray[Any], base: Known) -> dict[str, Match]:
    own = sdk != SHARED
    _, first = np.unique(found.token[own], return_index=True)
    numbers = np.bincount(sdk[own][first], minlength=len(base.ids))
    needed = np.where(base.total < SMALL, MIN_SHARE_SMALL, MIN_SHARE) * base.total
    result: dict[str, Match] = {}
    for number in np.flatnonzero((numbers >= MIN_TOKENS) & (numbers >= needed)).tolist():
        example = int(np.bincount(found.place[sdk == number]).argmax())
        result[base.ids[number]] = Match(int(numbers[number]), int(base.total[number]), example)
    return result

"""Typed access to ``rules/data/flags.yaml``: how apps keep flags, and what the names of flags speak of."""

from __future__ import annotations

import re
from functools import cache

from pydantic import ConfigDict

from scanner.datafiles import read_data
from scanner.dex import Member
from scanner.model import Frozen

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[\u4e00-\u9fff]+")


class Reader(Frozen):
    """A method that reads a stored value: positions of key and default among its arguments, the receiver being 0."""

    method: str
    key: int
    default: int | None = None
    absent: bool | None = None
    boolean: bool = True


class Writer(Frozen):
    """A method that stores a value: positions of key and value among its arguments."""

    method: str
    key: int
    value: int


class FlagData(Frozen):
    """The whole file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    readers: tuple[Reader, ...]
    writers: tuple[Writer, ...]
    consent: tuple[str, ...]
    consent_key: tuple[str, ...]
    consent_name: tuple[tuple[str, ...], ...]
    unrelated: frozenset[str]
    triggers: frozenset[str]
    delayed: tuple[str, ...]
    network: tuple[str, ...]

    def speaks_of_consent(self, name: str, *, key: bool = False) -> bool:
        """Whether ``name`` (of a method, class, field or, with ``key``, a stored value) speaks of consent."""
        joined = re.sub(r"[^a-z\u4e00-\u9fff]", "", name.lower())
        if any(word in joined for word in (*self.consent, *(self.consent_key if key else ()))):
            return True
        return all(any(word in joined for word in words) for words in self.consent_name)

    def speaks_of_else(self, name: str) -> bool:
        """Whether ``name`` has a word for something that is not consent."""
        return not self.unrelated.isdisjoint(word.lower() for word in _WORDS.findall(name))


@cache
def flag_data() -> FlagData:
    """Return the table."""
    return FlagData.model_validate(read_data("flags")[0])


def member(dotted: str) -> Member:
    """Return the member written as ``package.Class.method``; a constructor as ``package.Class.<init>``."""
    owner, _, name = dotted.rpartition(".")
    return Member("L" + owner.replace(".", "/") + ";", name)


def simple_name(descriptor: str) -> str:
    """Return ``Class.member`` of a method or field descriptor, without package and prototype."""
    owner, _, rest = descriptor.partition("->")
    name = rest.partition("(")[0].partition(":")[0]
    return f"{owner.rpartition('/')[2].removesuffix(';')}.{name}"

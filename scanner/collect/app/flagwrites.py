"""Where a program stores a flag: with which value, and which action of the user leads there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from scanner.appfacts import FlagWrite
from scanner.collect.app.flagdata import flag_data, member
from scanner.dex import Member, Site, constant_arguments, strings_with_prefix, text_sites

if TYPE_CHECKING:
    from scanner.collect.app.code import Code

MAX_WRITES = 5
MAX_LOADS = 40
MAX_CALLERS = 20


class FlagWrites:
    """Finds the places that store a flag under a key, directly or through one method of the program."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._found: dict[str, tuple[FlagWrite, ...]] = {}

    def of(self, key: str) -> tuple[FlagWrite, ...]:
        """Return up to five places that store something under ``key``."""
        if key not in self._found:
            writes = {(w.caller, w.value): w for w in self._places(key)}
            self._found[key] = tuple(writes[name] for name in sorted(writes, key=str)[:MAX_WRITES])
        return self._found[key]

    @cached_property
    def _sites(self) -> list[Site]:
        """Calls of the methods that store a value, and of the program's methods that call one."""
        direct = [hit.site for hit in self._code.sites([member(w.method) for w in flag_data().writers])]
        names = sorted({site.caller for site in direct})
        return direct + [hit.site for hit in self._code.sites([_method(name) for name in names])]

    @cached_property
    def _by_node(self) -> dict[int, list[Site]]:
        found: dict[int, list[Site]] = {}
        for site in self._sites:
            found.setdefault(site.node, []).append(site)
        return found

    def _places(self, key: str) -> Iterator[FlagWrite]:
        loads = text_sites(self._code.dex, lambda file: strings_with_prefix(file, [key.encode()]))
        nodes = dict.fromkeys(load.node for load in loads if load.target == key)
        for node in list(nodes)[:MAX_LOADS]:
            for site in self._by_node.get(node, ()):
                arguments = constant_arguments(self._code.dex, node, site.offset)
                if key not in arguments:
                    continue
                value = next((a for a in arguments[arguments.index(key) + 1 :] if isinstance(a, int)), None)
                if value is None:
                    yield from self._given(site)
                else:
                    yield self._write(site, bool(value))

    def _given(self, site: Site) -> Iterator[FlagWrite]:
        """The value is a parameter: yield the calls that give it, or the place itself."""
        callers = self._code.sites([_method(site.caller)])[:MAX_CALLERS]
        for hit in callers:
            arguments = constant_arguments(self._code.dex, hit.site.node, hit.site.offset)
            value = next((a for a in reversed(arguments) if isinstance(a, int)), None)
            yield self._write(hit.site, None if value is None else bool(value))
        if not callers:
            yield self._write(site, None)

    def _write(self, site: Site, value: bool | None) -> FlagWrite:
        evidence = self._code.evidence(site)
        names = [step.method.partition("->")[2].partition("(")[0] for step in evidence.chain]
        trigger = next((name for name in reversed(names) if name in flag_data().triggers), "")
        return FlagWrite(caller=site.caller, value=value, trigger=trigger, evidence=(evidence,))


def _method(descriptor: str) -> Member:
    owner, _, rest = descriptor.partition("->")
    name, _, proto = rest.partition("(")
    return Member(owner, name, "(" + proto)

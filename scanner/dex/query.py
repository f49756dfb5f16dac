"""Questions about a program: who calls these methods, uses these fields, loads these strings.

Many targets are asked for at once: names are looked up once per file, and one array comparison finds all sites.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scanner.dex.bytesearch import find_all
from scanner.dex.file import DexFile, decode_mutf8
from scanner.dex.numbering import name_hashes
from scanner.dex.opcodes import CONST_STRING, SGET_OBJECT
from scanner.dex.package import Dex
from scanner.dex.part import Part, Site
from scanner.dex.refs import References

I8 = NDArray[Any]
# method_ids and field_ids name their class in 16 bits.
_CLASS_IDS = 1 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """A method or field asked for: class descriptor, name, and optionally the exact prototype or type."""

    owner: str
    name: str
    proto: str | None = None


@dataclass(frozen=True, slots=True)
class MemberSite:
    """A site of the member at position ``member`` in the question; ``inherited``: through a subclass."""

    member: int
    site: Site
    inherited: bool = False


def call_sites(dex: Dex, members: Sequence[Member], references: References | None = None) -> list[MemberSite]:
    """Return every call of ``members``, in order of file, caller and offset.

    With ``references`` also calls written against a class of the package that inherits the method from the asked
    framework class (``inherited=True``).
    """
    asked = _Asked(dex, members)
    found: list[MemberSite] = []
    for number, part in enumerate(dex.parts):
        wanted = asked.targets(part, part.file.methods, part.file.method)
        inherited: set[int] = set()
        if references is not None:
            more = asked.inherited(part, references.inherited[number])
            inherited = set(more) - set(wanted)
            wanted = more | wanted
        found.extend(_member_sites(dex, part, "call", wanted, part.file.method, inherited))
    return found


def field_sites(dex: Dex, members: Sequence[Member]) -> list[MemberSite]:
    """Return every read or write of the fields ``members``."""
    asked = _Asked(dex, members)
    found: list[MemberSite] = []
    for part in dex.parts:
        wanted = asked.targets(part, part.file.fields, part.file.field)
        found.extend(_member_sites(dex, part, "field", wanted, part.file.field, set()))
    return found


def string_sites(dex: Dex, chosen: Callable[[DexFile], Iterable[int]]) -> list[Site]:
    """Return every load of the strings that ``chosen`` picks from a file (:func:`strings_with_prefix` …)."""
    return [site for part in dex.parts for site in _loads(dex, part, _mask(part, chosen))]


def text_sites(dex: Dex, chosen: Callable[[DexFile], Iterable[int]]) -> list[Site]:
    """Return every use of the strings that ``chosen`` picks: loads, and readings of static fields that begin as one.

    A field may be written later; what it begins as is still in the program, and the site says which field it is.
    """
    found: list[Site] = []
    held: dict[Member, str] = {}
    for part in dex.parts:
        wanted = _mask(part, chosen)
        found.extend(_loads(dex, part, wanted))
        if not wanted.any():
            continue
        for one in part.text_fields:
            if one.text < len(wanted) and wanted[one.text]:
                owner, _, rest = part.file.field(one.field).partition("->")
                name, _, kind = rest.partition(":")
                held.setdefault(Member(owner, name, kind), part.file.string(one.text))
    texts = list(held.values())
    for hit in field_sites(dex, list(held)):
        if hit.site.opcode == SGET_OBJECT:
            found.append(replace(hit.site, target=texts[hit.member], field=hit.site.target))
    return found


def _mask(part: Part, chosen: Callable[[DexFile], Iterable[int]]) -> NDArray[Any]:
    """Return which strings of ``part`` are ``chosen``, with one place more that never is."""
    wanted = np.zeros(len(part.file.string_offsets) + 1, dtype=np.bool_)
    wanted[np.fromiter(chosen(part.file), dtype=np.int64)] = True
    return wanted


def _loads(dex: Dex, part: Part, wanted: NDArray[Any]) -> Iterator[Site]:
    if not wanted.any():
        return iter(())
    loads = np.flatnonzero(CONST_STRING[part.site_op])
    index = np.minimum(part.site_index[loads].astype(np.int64), len(wanted) - 1)
    return _sites(dex, part, loads[wanted[index]], part.file.string)


def strings_with_prefix(file: DexFile, prefixes: Iterable[bytes]) -> list[int]:
    """Return the indices of strings that start with one of ``prefixes`` (an exact string is its own prefix)."""
    starts, _ends = file.string_spans
    if not len(starts):
        return []
    key = file.string_heads
    found: set[int] = set()
    for prefix in set(prefixes):
        head = prefix[:8]
        mask = np.uint64((1 << 8 * len(head)) - 1)
        value = np.uint64(int.from_bytes(head, "little"))
        candidates = np.flatnonzero((key & mask) == value).tolist()
        found.update(i for i in candidates if file.raw_string(i).startswith(prefix))
    return sorted(found)


def strings_containing(file: DexFile, parts: Iterable[bytes]) -> list[int]:
    """Return the indices of strings that contain one of ``parts``, which have at least two bytes."""
    starts, ends = file.string_spans
    if not len(starts):
        return []
    order = file.string_order
    ordered = starts[order]
    low, high = int(ordered[0]), int(ends.max())
    at, stop = find_all(file.data, file.bytes, sorted(set(parts)), low, high)
    index = order[np.searchsorted(ordered, at, side="right") - 1]
    found: list[int] = np.unique(index[stop <= ends[index]]).tolist()
    return found


def strings_beyond_ascii(file: DexFile, first: int = 0xE3, last: int = 0xE9) -> list[int]:
    """Return the indices of strings with a byte in ``first``..``last``; the default finds Chinese text in MUTF-8."""
    starts, ends = file.string_spans
    if not len(starts):
        return []
    order = file.string_order
    ordered = starts[order]
    low, high = int(ordered[0]), int(ends.max())
    region = file.bytes[low:high]
    places = np.flatnonzero((region >= first) & (region <= last)) + low
    index = order[np.searchsorted(ordered, places, side="right") - 1]
    inside = places < ends[index]
    return [int(i) for i in np.unique(index[inside])]


def native_methods(dex: Dex) -> Iterator[str]:
    """Yield the descriptors of all native methods."""
    for part in dex.parts:
        for row in np.flatnonzero(part.defined.flags & 0x100).tolist():
            yield part.file.method(int(part.defined.method[row]))


class _Asked:
    """The members of one question, by owner; names are hashed once for all files."""

    def __init__(self, dex: Dex, members: Sequence[Member]) -> None:
        self._dex = dex
        self._members = members
        self._owners: dict[str, dict[bytes, list[int]]] = {}
        for position, member in enumerate(members):
            by_name = self._owners.setdefault(member.owner, {})
            by_name.setdefault(member.name.encode("utf-8", "surrogatepass"), []).append(position)
        self._hashes = name_hashes([name.encode("utf-8", "surrogatepass") for name in self._owners])

    def targets(
        self, part: Part, table: NDArray[Any], describe: Callable[[int], str]
    ) -> dict[int, list[int]]:
        """Return the members (positions) each id of ``table`` stands for."""
        file, members = part.file, self._members
        owners = {
            i: self._owners[name]
            for i in part.types_hashed(self._hashes)
            if i < _CLASS_IDS and (name := file.type(i)) in self._owners
        }
        mask = np.zeros(_CLASS_IDS, dtype=np.bool_)
        mask[list(owners)] = True
        rows = np.flatnonzero(mask[table["class"]])
        found: dict[int, list[int]] = {}
        for row, owner, name in zip(
            rows.tolist(), table["class"][rows].tolist(), table["name"][rows].tolist(), strict=True
        ):
            for position in owners[owner].get(file.raw_string(name), ()):
                if members[position].proto is None or describe(row).endswith(members[position].proto or ""):
                    found.setdefault(row, []).append(position)
        return found

    @cached_property
    def _by_type(self) -> tuple[dict[int, list[int]], NDArray[Any]]:
        """The members by their owner's type number, and for every type whether it is an owner."""
        names = list(self._owners)
        numbers = dict(zip(names, self._dex.find_types(names), strict=True))
        found: dict[int, list[int]] = {}
        for position, member in enumerate(self._members):
            found.setdefault(numbers[member.owner], []).append(position)
        found.pop(-1, None)
        mask = np.zeros(self._dex.type_count, dtype=np.bool_)
        mask[list(found)] = True
        return found, mask

    def inherited(self, part: Part, candidates: tuple[I8, I8]) -> dict[int, list[int]]:
        """Ids written against a class of the package whose first framework ancestor is asked for."""
        by_type, mask = self._by_type
        rows, framework = candidates
        chosen = mask[framework]
        found: dict[int, list[int]] = {}
        for row, owner in zip(rows[chosen].tolist(), framework[chosen].tolist(), strict=True):
            name = decode_mutf8(part.file.raw_string(int(part.file.methods["name"][row])))
            for position in by_type[owner]:
                member = self._members[position]
                fits = member.proto is None or part.file.method(row).endswith(member.proto)
                if member.name == name and fits:
                    found.setdefault(row, []).append(position)
        return found


def _member_sites(
    dex: Dex,
    part: Part,
    kind: Literal["call", "field"],
    wanted: dict[int, list[int]],
    describe: Callable[[int], str],
    inherited: set[int],
) -> Iterator[MemberSite]:
    positions = part.sites_to(kind, list(wanted))
    indices = part.site_index[positions].tolist()
    for index, site in zip(indices, _sites(dex, part, positions, describe), strict=True):
        for member in wanted[index]:
            yield MemberSite(member=member, site=site, inherited=index in inherited)


def _sites(dex: Dex, part: Part, positions: I8, describe: Callable[[int], str]) -> Iterator[Site]:
    """Yield the sites at ``positions`` of ``part``."""
    columns = (part.nodes_of_sites(positions), part.site_index[positions], part.site_offset[positions])
    rows = zip(*(column.tolist() for column in columns), part.site_op[positions].tolist(), strict=True)
    for node, index, offset, opcode in rows:
        yield Site(
            caller=dex.method(node),
            target=describe(index),
            dex=part.file.name,
            offset=offset,
            opcode=opcode,
            node=node,
        )

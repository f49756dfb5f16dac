"""Questions about a program: who calls these methods, uses these fields, loads these strings.

Many targets are asked for at once: names are looked up once per file, and one array comparison finds all sites.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.dex.file import DexFile, decode_mutf8
from scanner.dex.numbering import name_hashes
from scanner.dex.opcodes import CONST_STRING, FIELD, INVOKE
from scanner.dex.package import Dex, Part, Site
from scanner.dex.refs import References

I8 = NDArray[Any]


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
    found: list[MemberSite] = []
    for number, part in enumerate(dex.parts):
        wanted = _targets(part, members, part.file.methods, part.file.method)
        inherited: set[int] = set()
        if references is not None:
            more = _inherited_targets(dex, part, references, number, members)
            inherited = set(more) - set(wanted)
            wanted = more | wanted
        found.extend(_member_sites(dex, part, INVOKE, wanted, part.file.method, inherited))
    return found


def field_sites(dex: Dex, members: Sequence[Member]) -> list[MemberSite]:
    """Return every read or write of the fields ``members``."""
    found: list[MemberSite] = []
    for part in dex.parts:
        wanted = _targets(part, members, part.file.fields, part.file.field)
        found.extend(_member_sites(dex, part, FIELD, wanted, part.file.field, set()))
    return found


def string_sites(dex: Dex, chosen: Callable[[DexFile], Iterable[int]]) -> list[Site]:
    """Return every load of the strings that ``chosen`` picks from a file (:func:`strings_with_prefix` …)."""
    found: list[Site] = []
    for part in dex.parts:
        indices = np.fromiter(chosen(part.file), dtype=np.int64)
        if not len(indices):
            continue
        wanted = np.zeros(len(part.file.string_offsets) + 1, dtype=np.bool_)
        wanted[indices] = True
        loads = np.flatnonzero(CONST_STRING[part.site_op])
        index = np.minimum(part.site_index[loads].astype(np.int64), len(wanted) - 1)
        found.extend(_site(dex, part, int(i), part.file.string) for i in loads[wanted[index]])
    return found


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
    """Return the indices of strings that contain one of ``parts``."""
    starts, ends = file.string_spans
    if not len(starts):
        return []
    order = file.string_order
    ordered = starts[order]
    low, high = int(ordered[0]), int(ends.max())
    found: set[int] = set()
    for part in set(parts):
        if not part:
            continue
        at = file.data.find(part, low, high)
        while at != -1:
            slot = int(np.searchsorted(ordered, at, side="right")) - 1
            index = int(order[slot])
            if at + len(part) <= int(ends[index]):
                found.add(index)
                at = int(ends[index])
            at = file.data.find(part, at + 1, high)
    return sorted(found)


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


def _targets(
    part: Part, members: Sequence[Member], table: NDArray[Any], describe: Callable[[int], str]
) -> dict[int, list[int]]:
    """Return the members (positions) each id of ``table`` stands for."""
    file = part.file
    numbers: dict[str, dict[bytes, list[int]]] = {}
    for position, member in enumerate(members):
        by_name = numbers.setdefault(member.owner, {})
        by_name.setdefault(member.name.encode("utf-8", "surrogatepass"), []).append(position)
    hashes = name_hashes([name.encode("utf-8", "surrogatepass") for name in numbers])
    candidates = np.flatnonzero(np.isin(part.type_hashes, hashes)).tolist()
    owners = {i: numbers[name] for i in candidates if (name := file.type(i)) in numbers}
    rows = np.flatnonzero(np.isin(table["class"], np.array(list(owners), dtype=np.int64)))
    found: dict[int, list[int]] = {}
    for row, owner, name in zip(
        rows.tolist(), table["class"][rows].tolist(), table["name"][rows].tolist(), strict=True
    ):
        for position in owners[owner].get(file.raw_string(name), ()):
            if members[position].proto is None or describe(row).endswith(members[position].proto or ""):
                found.setdefault(row, []).append(position)
    return found


def _inherited_targets(
    dex: Dex, part: Part, references: References, number: int, members: Sequence[Member]
) -> dict[int, list[int]]:
    """Ids written against a class of the package whose first framework ancestor is asked for."""
    names = list({member.owner for member in members})
    owners = dict(zip(names, dex.find_types(names), strict=True))
    wanted: dict[int, list[int]] = {}
    for position, member in enumerate(members):
        wanted.setdefault(owners[member.owner], []).append(position)
    wanted.pop(-1, None)
    mapping = references.of_file[number]
    framework = references.framework[mapping]
    own = references.keys[mapping] >> 32
    rows = np.flatnonzero(
        (framework >= 0) & (framework != own) & np.isin(framework, np.array(list(wanted), dtype=np.int64))
    )
    found: dict[int, list[int]] = {}
    for row in rows.tolist():
        name = decode_mutf8(part.file.raw_string(int(part.file.methods["name"][row])))
        for position in wanted[int(framework[row])]:
            member = members[position]
            if member.name == name and (member.proto is None or part.file.method(row).endswith(member.proto)):
                found.setdefault(row, []).append(position)
    return found


def _member_sites(
    dex: Dex,
    part: Part,
    kinds: NDArray[Any],
    wanted: dict[int, list[int]],
    describe: Callable[[int], str],
    inherited: set[int],
) -> Iterator[MemberSite]:
    if not wanted:
        return
    limit = max(wanted) + 2
    chosen = np.zeros(limit, dtype=np.bool_)
    chosen[list(wanted)] = True
    sites = np.flatnonzero(kinds[part.site_op])
    sites = sites[chosen[np.minimum(part.site_index[sites].astype(np.int64), limit - 1)]]
    for position in sites.tolist():
        site = _site(dex, part, position, describe)
        index = int(part.site_index[position])
        for member in wanted[index]:
            yield MemberSite(member=member, site=site, inherited=index in inherited)


def _site(dex: Dex, part: Part, position: int, describe: Callable[[int], str]) -> Site:
    node = part.node_of_site(position)
    return Site(
        caller=dex.method(node),
        target=describe(int(part.site_index[position])),
        dex=part.file.name,
        offset=int(part.site_offset[position]),
        opcode=int(part.site_op[position]),
        node=node,
    )

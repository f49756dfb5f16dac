"""Ways in which an app comes to run without being opened: broadcasts, schedules, keep-alive code, wake-up components.

What to look for is data (``rules/data/autostart.yaml``).  Which broadcasts still reach a manifest receiver follows the
target level: Android developers, "Broadcasts overview" and "Implicit broadcast exceptions".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import Literal

from scanner.codefacts import NativeLibrary, Origin
from scanner.collect.app.code import Code
from scanner.collect.app.patterns import Argument, member_of
from scanner.collect.app.subject import Program
from scanner.componentfacts import AutoStart
from scanner.datafiles import read_data
from scanner.dex import MemberSite, Site, constant_arguments, field_sites, instructions
from scanner.facts import Component
from scanner.model import Evidence, FileLocator, Frozen, Text

MAX_OF_A_KIND = 200
MAX_CHECKED = 5_000
_IPUT = 0x59

Group = Literal["boot", "event", "schedule", "keep-alive", "door"]


class Broadcast(Frozen):
    """A system broadcast a receiver of the manifest may wait for."""

    id: str
    group: Group
    action: str
    name: Text
    until_target: int | None = None
    never: bool = False
    needs: str | None = None

    def works(self, target: int, declared: Collection[str]) -> bool:
        """Whether Android delivers it to a receiver in the manifest of an app with this target level and permissions."""
        if self.never or (self.needs is not None and self.needs not in declared):
            return False
        return self.until_target is None or target < self.until_target


class Way(Frozen):
    """A way code has of running later or staying alive: calls, or fields set to a value."""

    id: str
    group: Group
    name: Text
    calls: tuple[str, ...] = ()
    args: tuple[Argument, ...] = ()
    within: tuple[str, ...] = ()
    of: str | None = None
    fields: tuple[str, ...] = ()
    value: int | None = None
    source: str


class KnownLibrary(Frozen):
    """A library whose purpose is keeping a process alive, by class prefix or native file names."""

    id: str
    name: Text
    prefix: str = ""
    files: tuple[str, ...] = ()
    source: str


class Door(Frozen):
    """Components an SDK has for being started by other apps."""

    id: str
    name: Text
    names: tuple[str, ...]
    actions: tuple[str, ...]
    source: str


class Data(Frozen):
    """The content of autostart.yaml."""

    version: int
    broadcasts: tuple[Broadcast, ...]
    calls: tuple[Way, ...]
    classes: tuple[KnownLibrary, ...]
    natives: tuple[KnownLibrary, ...]
    doors: tuple[Door, ...]


@cache
def data() -> Data:
    """Return the data; raises pydantic.ValidationError for a broken entry."""
    content = {key: value for key, value in read_data("autostart")[0].items() if key != "wakes"}
    return Data.model_validate(content)


def find_autostarts(
    program: Program, components: Sequence[Component], natives: Sequence[NativeLibrary], code: Code | None
) -> list[AutoStart]:
    """Return the ways in which the package comes to run by itself."""
    found = [*_broadcasts(program, components), *_doors(components), *_native(natives)]
    if code is not None:
        found += [*_libraries(code), *_calls(code), *_fields(code)]
    counts: dict[str, int] = defaultdict(int)
    kept = []
    for one in sorted(found, key=lambda a: (a.group, a.kind, a.component, a.caller)):
        counts[one.kind] += 1
        if counts[one.kind] <= MAX_OF_A_KIND:
            kept.append(one)
    return kept


def _broadcasts(program: Program, components: Sequence[Component]) -> Iterator[AutoStart]:
    known = {row.action: row for row in data().broadcasts}
    for component in components:
        if component.kind != "receiver" or not component.may_run:
            continue
        for row in (known[action] for action in component.actions if action in known):
            yield _of_component(
                component,
                row.id,
                row.name,
                row.group,
                row.action,
                works=row.works(program.target_sdk, program.declared),
            )


def _doors(components: Sequence[Component]) -> Iterator[AutoStart]:
    for component in components:
        if not (component.may_run and component.exported and component.permission is None):
            continue
        for door in data().doors:
            action = next((a for a in component.actions if a in door.actions), "")
            if action or component.name in door.names:
                yield _of_component(component, door.id, door.name, "door", action, works=True)


def _of_component(
    component: Component, kind: str, name: Text, group: Group, trigger: str, *, works: bool
) -> AutoStart:
    return AutoStart(
        kind=kind,
        name=name,
        group=group,
        trigger=trigger,
        component=component.name,
        process=component.process,
        works=works,
        owner_kind=component.owner.kind,
        owner_id=component.owner.id,
        evidence=component.evidence,
    )


def _native(natives: Sequence[NativeLibrary]) -> Iterator[AutoStart]:
    rows = {file: row for row in data().natives for file in row.files}
    for library in natives:
        row = rows.get(library.name)
        if row is not None:
            evidence = Evidence(
                artifact=library.path, locator=FileLocator(path=library.path), excerpt=library.name
            )
            yield AutoStart(
                kind=row.id, name=row.name, group="keep-alive", trigger=library.name, evidence=(evidence,)
            )


def _libraries(code: Code) -> Iterator[AutoStart]:
    """Libraries in use: one of their own methods is reachable."""
    prefixes = tuple(f"{row.prefix}." for row in data().classes)
    known = [name for name in code.dex.class_names if name.startswith(prefixes)]
    for row in data().classes:
        for name in known:
            if not name.startswith(f"{row.prefix}."):
                continue
            number = code.dex.find_type("L" + name.replace(".", "/") + ";")
            node = next((int(n) for n in code.dex.nodes_of_class(number) if code.reached(int(n))[0]), None)
            if node is not None:
                yield _of_code(code, row.id, row.name, "keep-alive", name, _beginning(code, node))
                break


def _calls(code: Code) -> Iterator[AutoStart]:
    rows = [(row, member_of(call)) for row in data().calls for call in row.calls]
    seen: set[tuple[str, int, int]] = set()
    hits = code.sites([member for _, member in rows])
    if len(hits) > MAX_CHECKED:
        code.unfinished.add("app.autostarts")
    for hit in hits[:MAX_CHECKED]:
        row = rows[hit.member][0]
        key = (row.id, hit.site.node, hit.site.offset)
        if key not in seen and _fits(code, row, hit):
            seen.add(key)
            yield _of_code(code, row.id, row.name, row.group, hit.site.target, hit.site)


def _fits(code: Code, row: Way, hit: MemberSite) -> bool:
    name = hit.site.caller.partition("->")[2].partition("(")[0]
    if row.within and name not in row.within:
        return False
    if row.of is not None and not _descends(code, hit.site.node, row.of):
        return False
    if not row.args:
        return True
    values = constant_arguments(code.dex, hit.site.node, hit.site.offset)
    return all(a.holds(values[a.at] if a.at < len(values) else None) for a in row.args)


def _descends(code: Code, node: int, ancestor: str) -> bool:
    place = int(code.dex.classes.position[int(code.dex.node_keys[node]) >> 32])
    return place >= 0 and bool(code.graph.subclasses((ancestor,))[place])


def _fields(code: Code) -> Iterator[AutoStart]:
    """Methods that set all fields of a row to its value."""
    for row in data().calls:
        if not row.fields:
            continue
        writes: dict[int, dict[str, Site]] = defaultdict(dict)
        hits = field_sites(code.dex, [member_of(text) for text in row.fields])
        if len(hits) > MAX_CHECKED:
            code.unfinished.add("app.autostarts")
        for hit in hits[:MAX_CHECKED]:
            if hit.site.opcode == _IPUT and _sets(code, hit.site, row.value):
                writes[hit.site.node][hit.site.target.partition(":")[0]] = hit.site
        for node, sites in sorted(writes.items()):
            if len(sites) == len(row.fields) and (row.of is None or _descends(code, node, row.of)):
                first = min(sites.values(), key=lambda site: site.offset)
                yield _of_code(code, row.id, row.name, row.group, first.target, first)


def _sets(code: Code, site: Site, value: int | None) -> bool:
    """Whether the field write at ``site`` stores the constant ``value`` (last constant put into its register)."""
    constant: dict[int, int | None] = {}
    for ins in instructions(code.dex, site.node):
        if ins.offset == site.offset:
            return constant.get(ins.registers[0]) == value
        if ins.registers and 0x0A <= ins.opcode <= 0x1C:
            constant[ins.registers[0]] = ins.literal if 0x12 <= ins.opcode <= 0x15 else None
    return False


def _beginning(code: Code, node: int) -> Site:
    """Return a site that stands for the first instruction of method ``node``."""
    method, body = code.describe(node), instructions(code.dex, node)
    dex = code.dex.part_of(node).file.name
    opcode = body[0].opcode if body else 0
    return Site(caller=method, target=method, dex=dex, offset=0, opcode=opcode, node=node)


def _of_code(code: Code, kind: str, name: Text, group: Group, trigger: str, site: Site) -> AutoStart:
    owner: Origin = code.owner(site.node)
    return AutoStart(
        kind=kind,
        name=name,
        group=group,
        trigger=trigger,
        caller=site.caller,
        works=True,
        reachable=code.reached(site.node)[0],
        owner_kind=owner.kind,
        owner_id=owner.id,
        evidence=(code.evidence(site),),
    )

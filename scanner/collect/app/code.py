"""Code facts: who obtains which personal information, where, reachable from what, with the shortest chain.

Stands on :mod:`scanner.dex` and the catalogue.  Reflection with names that are not constant, native code and code
loaded at run time cannot be followed; they are counted in :class:`~scanner.codefacts.CodeStats`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanner import catalogue
from scanner.appfacts import GuardKind
from scanner.codefacts import CodeStats, EntryKind, Origin
from scanner.collect.app.natives import called_natively
from scanner.collect.app.origin import Prefixes, app_prefixes, by_callers, open_classes, sdk_prefixes
from scanner.collect.app.platform import platform_types
from scanner.collect.app.startorder import StartOrder
from scanner.collect.app.structure import Structure, structure
from scanner.collect.app.subject import Program
from scanner.collect.app.switches import Switches
from scanner.dex import (
    CallGraph,
    Dex,
    Leap,
    Member,
    MemberSite,
    Reach,
    Site,
    Step,
    call_sites,
    open_dex,
)
from scanner.dex.opcodes import NAMES
from scanner.dex.tokens import tokens_of
from scanner.facts import Component
from scanner.model import CodeStep, DexLocator, Evidence, Text

DYNAMIC = (
    Member("Ldalvik/system/DexClassLoader;", "<init>"),
    Member("Ldalvik/system/PathClassLoader;", "<init>"),
    Member("Ldalvik/system/InMemoryDexClassLoader;", "<init>"),
    Member("Ldalvik/system/DexFile;", "loadDex"),
)
KIND_ORDER: tuple[EntryKind, ...] = (
    "application", "provider", "launcher_activity", "activity", "service", "receiver", "other",
)  # fmt: skip


# The opcode (nop) that marks a site as a reflective call of its target.
REFLECTIVE = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry point: class (dotted) and what kind of component it is."""

    name: str
    kind: EntryKind


def instruction(site: Site, shown: str = "") -> str:
    """Return what the instruction of ``site`` says, with ``shown`` in place of a string not to be repeated."""
    name = NAMES[site.opcode] if site.opcode else "reflection"
    return f"{name} {site.field} = {shown or site.target}" if site.field else f"{name} {shown or site.target}"


class Code:
    """The analysed program of one package: graph, owners, entry points, reachability."""

    def __init__(self, sources: Iterable[tuple[str, bytes]], program: Program) -> None:
        self.program = program
        self.dex: Dex = open_dex(sources)
        level = max(program.target_sdk, program.compile_sdk or 0)
        self.graph = CallGraph(self.dex, platform_types(level))
        self.switches = Switches(self.dex, self.graph, program.components, program.package)
        self.entries = _entries(program, self.switches)
        self._named_natively = called_natively(self.dex, program.natives)
        # Classes that show a request for agreement; the collector knows them once it has read the interface.
        self.consent_screens: frozenset[str] = frozenset()
        # Paths of facts whose search was given up, for want of time, before it ended.
        self.unfinished: set[str] = set()
        self._descriptions: dict[int, str] = {}
        self._evidence_chains: dict[int, tuple[CodeStep, ...]] = {}
        self._code_steps: dict[Step, CodeStep] = {}

    # --- owners ---------------------------------------------------------------------------------------

    @cached_property
    def _named_owners(self) -> list[Origin]:
        """Owner of every defined class as far as its name tells."""
        known = sdk_prefixes(catalogue.sdks().values())
        anchors = [entry.name for entry in self.entries if entry.kind in {"application", "launcher_activity"}]
        own = app_prefixes(self.program.package, anchors, Prefixes(known))
        prefixes = Prefixes(own | known)
        return [prefixes.find(name) or Origin(kind="unknown") for name in self.dex.class_names]

    @cached_property
    def structure(self) -> Structure:
        """What the structure of the program says of the SDKs in it, whose names renaming may have taken away."""
        nameless = open_classes(self.dex.class_names, self._named_owners)
        foreign = [owner.kind in {"sdk", "library"} for owner in self._named_owners]
        wanted = [text for sdk in catalogue.sdks().values() for text in sdk.strings]
        return structure(self.dex, np.array(nameless), np.array(foreign), tokens_of(wanted))

    @cached_property
    def owners(self) -> list[Origin]:
        """Owner of every defined class, in the order of ``dex.class_names``."""
        owners = list(self._named_owners)
        sdks = catalogue.sdks()
        for place, sdk_id in self.structure.owners.items():
            sdk = sdks[sdk_id]
            owners[place] = Origin(
                kind="library" if sdk.is_library else "sdk", id=sdk.id, name=sdk.name, basis="structure"
            )
        return by_callers(self.dex.class_names, owners, self._class_edges)

    def _class_edges(self, wanted: Sequence[int]) -> list[tuple[int, int]]:
        """Return (caller class, callee class) positions of all calls into the ``wanted`` classes."""
        position = self.dex.classes.position
        own = position[self.dex.node_keys >> 32]
        chosen = np.zeros(len(self.dex.classes.type) + 1, dtype=np.bool_)
        chosen[list(wanted)] = True
        source, target = self.graph.call_pairs()
        source, target = own[source], own[target]
        keep = (source >= 0) & (target >= 0) & (source != target)
        keep &= chosen[np.where(keep, target, -1)]
        pairs = np.unique(np.column_stack([source[keep], target[keep]]), axis=0)
        return [(int(a), int(b)) for a, b in pairs]

    def owner(self, node: int) -> Origin:
        """Return the owner of method ``node``."""
        place = int(self.dex.classes.position[int(self.dex.node_keys[node]) >> 32])
        return self.owners[place] if place >= 0 else Origin(kind="unknown")

    def siblings(self, node: int) -> list[int]:
        """Return the methods of the class that ``node`` belongs to."""
        return [int(n) for n in self.dex.nodes_of_class(int(self.dex.node_keys[node]) >> 32)]

    def owner_of_class(self, name: str) -> Origin:
        """Return the owner of the class called ``name`` (dotted); unknown when it is not defined."""
        number = self.dex.find_type(descriptor(name))
        place = int(self.dex.classes.position[number]) if number >= 0 else -1
        return self.owners[place] if place >= 0 else Origin(kind="unknown")

    # --- reachability ---------------------------------------------------------------------------------

    @cached_property
    def _entry_nodes(self) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        for entry in self.entries:
            node = self.graph.class_entry(descriptor(entry.name))
            if node is not None:
                found.setdefault(node, entry)
                for method in self._constructors(entry.name):
                    found.setdefault(method, entry)
        for name in self.program.initializers:
            for called in ("<init>", "create"):
                for created in self.inherited(name, called):
                    found.setdefault(created, Entry(name, "provider"))
        return found

    def _constructors(self, name: str) -> list[int]:
        return self.dex.find_methods(descriptor(name), "<init>")

    @cached_property
    def reach(self) -> Reach:
        """What is reachable from all components, and beyond that from native code."""
        stages: list[Iterable[int]] = [self._entry_nodes, self._named_natively]
        return self.graph.reach_in_stages(stages).reach

    @cached_property
    def order(self) -> StartOrder:
        """What runs while the app starts, and in which order."""
        return StartOrder(self)

    def guard(self, node: int, offset: int) -> GuardKind | None:
        """Return the weakest kind of flag test on any way to this place before any user interface; None elsewhere."""
        return self.order.guard(node, offset)

    def inherited(self, name: str, method: str) -> list[int]:
        """Return ``method`` of class ``name``, or of the nearest ancestor in the package that defines it."""
        classes = self.dex.classes
        number = self.dex.find_type(descriptor(name))
        for _ in range(32):
            place = int(classes.position[number]) if number >= 0 else -1
            if place < 0:
                return []
            found = self.dex.find_methods(self.dex.type_name(number), method)
            if found:
                return found
            number = int(classes.super[place])
        return []

    def reached(self, node: int) -> tuple[bool, Entry | None]:
        """Return whether ``node`` is reachable, and from which entry the shortest chain starts."""
        if self.before_ui(node):
            return True, self._start_entries.get(self.order.everything.reach.entry(node) or 0)
        first = self.reach.entry(node)
        if first is None:
            return False, None
        return True, self._entry_nodes.get(first) or self._native_entry(first)

    def _native_entry(self, node: int) -> Entry | None:
        """Return a method that native code names as an entry, None for any other."""
        if node not in self._named_natively:
            return None
        return Entry(self.describe(node).partition("->")[0][1:-1].replace("/", "."), "native")

    def native_caller(self, node: int) -> str:
        """Return the native library from which alone ``node`` is reached, "" where there is another way or none."""
        if self.before_ui(node):
            return ""
        first = self.reach.entry(node)
        return "" if first is None or first in self._entry_nodes else self._named_natively.get(first, "")

    @cached_property
    def _dormant(self) -> tuple[Reach, dict[int, str]] | None:
        """What components lead to that the manifest disables and no code enables."""
        live = {entry.name for entry in self.entries}
        names = [c.name for c in self.program.components if not c.enabled and c.name not in live]
        nodes = {self.graph.class_entry(descriptor(name)): name for name in names}
        starts = {node: name for node, name in nodes.items() if node is not None}
        return (self.graph.reach(starts), starts) if starts else None

    def dormant(self, node: int) -> str:
        """Return a component that is switched off and leads to ``node`` where nothing else does, "" otherwise."""
        if self._dormant is None or self.reached(node)[0]:
            return ""
        reach, names = self._dormant
        first = reach.entry(node)
        return "" if first is None else names.get(first, "")

    def before_ui(self, node: int) -> bool:
        """Whether ``node`` runs before any user interface exists."""
        return self.order.before_ui(node)

    @cached_property
    def _start_entries(self) -> dict[int, Entry]:
        kinds = {entry.name: entry for entry in self.entries}
        found: dict[int, Entry] = {}
        for stage in self.order.stages:
            entry = kinds.get(stage.component, Entry(stage.component, "provider"))
            for node in stage.nodes:
                found.setdefault(node, entry)
        return found

    # --- evidence -------------------------------------------------------------------------------------

    def describe(self, node: int) -> str:
        """Return the descriptor of method ``node`` (kept, because chains repeat them)."""
        if node not in self._descriptions:
            self._descriptions[node] = self.dex.method(node)
        return self._descriptions[node]

    def chain(self, node: int) -> tuple[CodeStep, ...]:
        """Return the shortest chain from an entry point to ``node``."""
        if node not in self._evidence_chains:
            reach = self.order.everything.reach if self.before_ui(node) else self.reach
            self._evidence_chains[node] = self.steps(reach.chain(node))
        return self._evidence_chains[node]

    def steps(self, chain: Iterable[Step]) -> tuple[CodeStep, ...]:
        """Return the chain that a search found, as evidence."""
        return tuple(self._code_step(step) for step in chain)

    def _code_step(self, step: Step) -> CodeStep:
        found = self._code_steps.get(step)
        if found is None:
            found = CodeStep(method=self.describe(step.node), offset=step.offset, edge=step.edge)
            self._code_steps[step] = found
        return found

    def evidence(self, site: Site) -> Evidence:
        """Return the evidence of one instruction: where it is, what it says, and how it is reached."""
        return Evidence(
            artifact=site.dex,
            locator=DexLocator(dex=site.dex, method=site.caller, offset=site.offset),
            excerpt=instruction(site)[:400],
            note=self._native_note(site.node),
            chain=self.chain(site.node),
        )

    def _native_note(self, node: int) -> Text | None:
        library = self.native_caller(node)
        if not library:
            return None
        return Text(
            zh=f"只见由 native 代码到达：{library} 写有调用链首个方法的类名、方法名和参数类型",
            en=f"reached from native code only: {library} names class, name and prototype of the chain's first method",
        )

    def sites(self, members: Sequence[Member], *, inherited: bool = True) -> list[MemberSite]:
        """Return every call of ``members`` in the program, reflective calls with constant names included."""
        found = call_sites(self.dex, members, self.graph.references if inherited else None)
        return found + list(self._reflected(members)) if self.graph.reflection.leaps else found

    def _reflected(self, members: Sequence[Member]) -> Iterator[MemberSite]:
        places: dict[tuple[str, str], list[int]] = {}
        for place, one in enumerate(members):
            places.setdefault((one.owner, one.name), []).append(place)
        for leap in self.graph.reflection.leaps:
            for place in places.get((leap.owner, leap.name), ()):
                for target in self.graph.methods_of(leap):
                    described = self.describe(target)
                    if described.endswith(members[place].proto or ""):
                        yield MemberSite(place, self.reflective_site(leap, described))

    def reflective_site(self, leap: Leap, target: str) -> Site:
        """Return a reflective call as a site of what it calls."""
        name = self.dex.part_of(leap.node).file.name
        return Site(self.describe(leap.node), target, name, leap.offset, REFLECTIVE, leap.node)

    # --- numbers --------------------------------------------------------------------------------------

    def stats(self) -> CodeStats:
        """Return the size of the code and what in it was not followed."""
        renamed = sum(
            1 for name in self.dex.class_names if len(name.rpartition(".")[2].partition("$")[0]) <= 2
        )
        total = len(self.dex.class_names)
        return CodeStats(
            dex_files=len(self.dex.files),
            classes=total,
            methods=self.dex.node_count,
            instructions=self.dex.instruction_count,
            calls=self.dex.call_count,
            skipped_methods=sum(p.count for p in self.dex.problems if p.code.startswith("code-")),
            native_methods=self.dex.native_count,
            reflection_calls=self.graph.reflection.count,
            dynamic_loads=len(self.sites(DYNAMIC, inherited=True)),
            entry_points=len(self.entries),
            reachable_methods=int((self.reach.methods | self.order.before_ui_mask).sum()),
            obfuscated_share=round(renamed / total, 3) if total else None,
        )


def descriptor(name: str) -> str:
    """Return the type descriptor of a dotted class name."""
    return "L" + name.replace(".", "/") + ";"


def member(dotted: str) -> Member:
    """Return the member written as ``package.Class.method``."""
    owner, _, name = dotted.rpartition(".")
    return Member(descriptor(owner), name)


def _kind(component: Component) -> EntryKind:
    kinds: dict[str, EntryKind] = {
        "provider": "provider",
        "service": "service",
        "receiver": "receiver",
        "activity": "activity",
        "activity-alias": "activity",
    }
    return "launcher_activity" if component.launcher else kinds[component.kind]


def _entries(program: Program, switches: Switches) -> list[Entry]:
    found: list[Entry] = []
    for name in (program.application, program.factory):
        if name:
            found.append(Entry(name, "application"))
    found.extend(
        Entry(component.name, _kind(component))
        for component in program.components
        if component.enabled or switches.switched_on(component.name)
    )
    found.extend(Entry(name, "other") for name in program.layout_classes)
    return sorted(found, key=lambda entry: KIND_ORDER.index(entry.kind))

"""Code facts: who obtains which personal information, where, reachable from what, with the shortest chain.

Stands on :mod:`scanner.dex` and the catalogue.  Reflection, native code and code loaded at run time cannot be
followed; they are counted in :class:`~scanner.facts.CodeStats`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scanner import catalogue
from scanner.collect.app.origin import Prefixes, app_prefixes, assign, sdk_prefixes
from scanner.collect.app.subject import Program
from scanner.dex import (
    CallGraph,
    Dex,
    Member,
    MemberSite,
    Reach,
    Site,
    Step,
    call_sites,
    guarded_offsets,
    open_dex,
)
from scanner.dex.opcodes import NAMES
from scanner.facts import CodeStats, EntryKind, Origin
from scanner.model import CodeStep, DexLocator, Evidence

# Objects the framework runs by itself soon after they are created; other callbacks wait for an event.
ASYNC = (
    "Ljava/lang/Runnable;",
    "Ljava/lang/Thread;",
    "Ljava/util/concurrent/Callable;",
    "Ljava/util/TimerTask;",
    "Landroid/os/AsyncTask;",
    "Landroid/os/Handler;",
    "Landroid/content/ServiceConnection;",
    "Lkotlin/coroutines/Continuation;",
    "Lkotlinx/coroutines/CoroutineScope;",
    "Lio/reactivex/functions/Action;",
)
STARTUP_METHODS = {
    "application": ("<init>", "<clinit>", "attachBaseContext", "onCreate"),
    "provider": ("<init>", "<clinit>", "attachInfo", "onCreate"),
}
REFLECTION = (
    Member("Ljava/lang/reflect/Method;", "invoke"),
    Member("Ljava/lang/Class;", "forName"),
    Member("Ljava/lang/reflect/Constructor;", "newInstance"),
)
DYNAMIC = (
    Member("Ldalvik/system/DexClassLoader;", "<init>"),
    Member("Ldalvik/system/PathClassLoader;", "<init>"),
    Member("Ldalvik/system/InMemoryDexClassLoader;", "<init>"),
    Member("Ldalvik/system/DexFile;", "loadDex"),
)
# Where apps keep flags such as "has agreed".
FLAGS = (
    Member("Landroid/content/SharedPreferences;", "getBoolean"),
    Member("Landroid/content/SharedPreferences;", "contains"),
    Member("Lcom/tencent/mmkv/MMKV;", "decodeBool"),
    Member("Lcom/tencent/mmkv/MMKV;", "getBoolean"),
    Member("Lcom/tencent/mmkv/MMKV;", "containsKey"),
)
KIND_ORDER: tuple[EntryKind, ...] = (
    "application", "provider", "launcher_activity", "activity", "service", "receiver", "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry point: class (dotted) and what kind of component it is."""

    name: str
    kind: EntryKind


class Code:
    """The analysed program of one package: graph, owners, entry points, reachability."""

    def __init__(self, sources: Iterable[tuple[str, bytes]], program: Program) -> None:
        self.program = program
        self.dex: Dex = open_dex(sources)
        self.graph = CallGraph(self.dex)
        self.entries = _entries(program)
        # Paths of facts whose search was given up, for want of time, before it ended.
        self.unfinished: set[str] = set()
        self._descriptions: dict[int, str] = {}
        self._evidence_chains: dict[int, tuple[CodeStep, ...]] = {}
        self._code_steps: dict[Step, CodeStep] = {}

    # --- owners ---------------------------------------------------------------------------------------

    @cached_property
    def owners(self) -> list[Origin]:
        """Owner of every defined class, in the order of ``dex.class_names``."""
        known = sdk_prefixes(catalogue.sdks().values())
        anchors = [entry.name for entry in self.entries if entry.kind in {"application", "launcher_activity"}]
        own = app_prefixes(self.program.package, anchors, Prefixes(known))
        return assign(self.dex.class_names, Prefixes(own | known), self._class_edges)

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
        return found

    def _constructors(self, name: str) -> list[int]:
        return self.dex.find_methods(descriptor(name), "<init>")

    @cached_property
    def reach(self) -> Reach:
        """What is reachable from all components."""
        return self.graph.reach(self._entry_nodes)

    @cached_property
    def startup(self) -> Reach:
        """What runs before any user interface exists: application start and providers, and what they start."""
        return self.graph.reach(self._startup_nodes, callbacks=self.graph.subclasses(ASYNC))

    @cached_property
    def _startup_nodes(self) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        for entry in self.entries:
            for method in STARTUP_METHODS.get(entry.kind, ()):
                for node in self._inherited(entry.name, method):
                    found.setdefault(node, entry)
        return found

    @cached_property
    def unguarded(self) -> Reach:
        """What runs before any user interface exists even when no side of a stored-flag test is taken for granted."""
        flags = self._flag_methods
        cut: set[tuple[int, int]] = set()
        names = frozenset(self.describe(n) for n in flags) | self._flag_names
        for node in sorted(self._flag_callers):
            if not self.startup.methods[node]:
                continue
            guarded = guarded_offsets(self.dex, node, names)
            if guarded:
                part = self.dex.part_of(node)
                low, high = part.sites_of(node)
                others = set(part.site_offset[low:high].tolist()) - guarded
                targets = self.graph.targets_of(node, guarded) - self.graph.targets_of(node, others)
                cut.update((node, target) for target in targets)
        return self.graph.reach(self._startup_nodes, callbacks=self.graph.subclasses(ASYNC), without=cut)

    @cached_property
    def _flag_names(self) -> frozenset[str]:
        return frozenset(hit.site.target for hit in self.sites(FLAGS))

    @cached_property
    def _flag_methods(self) -> frozenset[int]:
        """Methods of the program that return a boolean and read a stored flag, directly or through two more."""
        level = {hit.site.node for hit in self.sites(FLAGS) if hit.site.caller.endswith(")Z")}
        found = set(level)
        for _ in range(2):
            level = {n for n in self._callers(level) if self.describe(n).endswith(")Z")} - found
            found |= level
        return frozenset(found)

    def _callers(self, nodes: Collection[int]) -> list[int]:
        source, target = self.graph.call_pairs()
        hits = np.isin(target, np.array(sorted(nodes), dtype=np.int64))
        return [int(n) for n in np.unique(source[hits])]

    def guarded(self, node: int, offset: int) -> bool | None:
        """Whether every way to this place before any user interface passes a test of a stored flag; None elsewhere."""
        if not self.startup.methods[node]:
            return None
        if not self.unguarded.methods[node]:
            return True
        names = frozenset(self.describe(n) for n in self._flag_methods) | self._flag_names
        return offset in guarded_offsets(self.dex, node, names) if node in self._flag_callers else False

    @cached_property
    def _flag_callers(self) -> frozenset[int]:
        return frozenset(
            {hit.site.node for hit in self.sites(FLAGS)} | set(self._callers(self._flag_methods))
        )

    def _inherited(self, name: str, method: str) -> list[int]:
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
        first = self.startup.entry(node)
        if first is not None:
            return True, self._startup_nodes.get(first)
        first = self.reach.entry(node)
        return (False, None) if first is None else (True, self._entry_nodes.get(first))

    def before_ui(self, node: int) -> bool:
        """Whether ``node`` runs before any user interface exists."""
        return bool(self.startup.methods[node])

    # --- evidence -------------------------------------------------------------------------------------

    def describe(self, node: int) -> str:
        """Return the descriptor of method ``node`` (kept, because chains repeat them)."""
        if node not in self._descriptions:
            self._descriptions[node] = self.dex.method(node)
        return self._descriptions[node]

    def chain(self, node: int) -> tuple[CodeStep, ...]:
        """Return the shortest chain from an entry point to ``node``."""
        if node not in self._evidence_chains:
            reach = self.startup if self.startup.methods[node] else self.reach
            self._evidence_chains[node] = tuple(self._code_step(step) for step in reach.chain(node))
        return self._evidence_chains[node]

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
            excerpt=f"{NAMES[site.opcode]} {site.target}"[:400],
            chain=self.chain(site.node),
        )

    def sites(self, members: Sequence[Member], *, inherited: bool = True) -> list[MemberSite]:
        """Return every call of ``members`` in the program."""
        return call_sites(self.dex, members, self.graph.references if inherited else None)

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
            reflection_calls=len(self.sites(REFLECTION, inherited=False)),
            dynamic_loads=len(self.sites(DYNAMIC, inherited=True)),
            entry_points=len(self.entries),
            reachable_methods=int((self.reach.methods | self.startup.methods).sum()),
            obfuscated_share=round(renamed / total, 3) if total else None,
        )


def descriptor(name: str) -> str:
    """Return the type descriptor of a dotted class name."""
    return "L" + name.replace(".", "/") + ";"


def member(dotted: str) -> Member:
    """Return the member written as ``package.Class.method``."""
    owner, _, name = dotted.rpartition(".")
    return Member(descriptor(owner), name)


def _entries(program: Program) -> list[Entry]:
    found: list[Entry] = []
    for name in (program.application, program.factory):
        if name:
            found.append(Entry(name, "application"))
    kinds: dict[str, EntryKind] = {
        "provider": "provider",
        "service": "service",
        "receiver": "receiver",
        "activity": "activity",
        "activity-alias": "activity",
    }
    for component in program.components:
        if component.enabled:
            kind: EntryKind = "launcher_activity" if component.launcher else kinds[component.kind]
            found.append(Entry(component.name, kind))
    found.extend(Entry(name, "other") for name in program.layout_classes)
    return sorted(found, key=lambda entry: KIND_ORDER.index(entry.kind))

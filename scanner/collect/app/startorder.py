"""The order in which an app starts: which entry point's code reaches what first, and behind which tests of flags.

Source: ActivityThread.handleBindApplication and installContentProviders of the Android Open Source Project, and the
androidx.startup documentation: component factory and application object, ``attachBaseContext``, content providers by
``initOrder`` (higher first) with the androidx.startup initialisers (those they depend on first),
``Application.onCreate``, the launcher activity, and what watches activities (``ActivityLifecycleCallbacks``), which
``Activity.dispatchActivityCreated`` calls from within the activity's own ``super.onCreate`` and so on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from scanner.appfacts import GuardKind
from scanner.collect.app.flags import Flags, Test
from scanner.collect.app.subject import Program
from scanner.collect.app.watchers import Watchers
from scanner.dex import Late, Site, Stages, Step, instructions

if TYPE_CHECKING:
    from scanner.collect.app.code import Code

Phase = Literal[
    "factory",
    "attach_base_context",
    "provider",
    "initializer",
    "application",
    "launcher_activity",
    "lifecycle_callback",
]
CREATION = ("<clinit>", "<init>")
# Objects the framework runs by itself soon after they are created; other callbacks wait for an event.  A supplier or a
# count-down timer runs once it is asked or started, which may well be after consent: they are not among them.  What
# libraries in the package run (coroutines, RxJava) is followed through their own code from these.
ASYNC = (
    "Ljava/lang/Runnable;",
    "Ljava/lang/Thread;",
    "Ljava/util/concurrent/Callable;",
    "Ljava/util/TimerTask;",
    "Ljava/util/concurrent/FutureTask;",
    "Ljava/util/concurrent/ForkJoinTask;",
    "Ljava/util/concurrent/RecursiveTask;",
    "Ljava/util/concurrent/RecursiveAction;",
    "Ljava/util/concurrent/ThreadFactory;",
    "Landroid/os/AsyncTask;",
    "Landroid/os/Handler;",
    "Landroid/os/Handler$Callback;",
    "Landroid/os/HandlerThread;",
    "Landroid/os/MessageQueue$IdleHandler;",
    "Landroid/content/AsyncQueryHandler;",
    "Landroid/view/Choreographer$FrameCallback;",
    "Landroid/content/ServiceConnection;",
)
INITIALIZATION_PROVIDER = "androidx.startup.InitializationProvider"
INITIALIZER = "Landroidx/startup/Initializer;"
MAX_INITIALIZERS = 200
CONST_CLASS = 0x1C
MAX_STAGES = 1000
# From the weakest kind of test to the strongest, with the kinds whose tests are taken not to let through.
LEVELS: tuple[tuple[GuardKind, frozenset[GuardKind]], ...] = (
    ("none", frozenset({"unrelated", "unknown", "consent"})),
    ("unrelated", frozenset({"unknown", "consent"})),
    ("unknown", frozenset({"consent"})),
    ("consent", frozenset()),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One method that Android runs while it starts the app: of which component, in which phase, its nodes."""

    phase: Phase
    component: str
    method: str
    nodes: tuple[int, ...]
    process: str | None = None
    init_order: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a place while the app starts: in which stage, behind which kind of test, found in which search."""

    stage: int
    guard: GuardKind
    stages: Stages


class StartOrder:
    """What the start of a program reaches, stage by stage."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._levels: dict[frozenset[GuardKind], Stages] = {}

    # --- stages ---------------------------------------------------------------------------------------

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The stages in Android's order; methods that no class of the package defines are left out."""
        return tuple(
            stage for stage, _ in zip(self._stages(self._code.program), range(MAX_STAGES), strict=False)
        )

    def _stages(self, program: Program) -> Iterator[Stage]:
        if program.factory:
            yield from self._methods("factory", program.factory, (*CREATION, "instantiateApplication"))
        if program.application:
            yield from self._methods(
                "attach_base_context", program.application, (*CREATION, "attachBaseContext")
            )
        providers = [c for c in program.components if c.kind == "provider" and c.enabled]
        for provider in sorted(providers, key=lambda c: -program.init_orders.get(c.name, 0)):
            order = program.init_orders.get(provider.name, 0)
            yield from self._methods(
                "provider", provider.name, (*CREATION, "attachInfo", "onCreate"), provider.process, order
            )
            if provider.name == INITIALIZATION_PROVIDER:
                for name in self._initializers(program):
                    yield from self._methods(
                        "initializer", name, (*CREATION, "create"), provider.process, order
                    )
        if program.application:
            yield from self._methods("application", program.application, ("onCreate",))
        for component in program.components:
            if component.launcher and component.enabled:
                methods = (*CREATION, "attachBaseContext", "onCreate", "onStart", "onResume")
                yield from self._methods("launcher_activity", component.name, methods, component.process)
        if self.watchers.methods:
            yield Stage("lifecycle_callback", "", "", ())

    def _initializers(self, program: Program) -> list[str]:
        """Return the initialisers that the manifest names, each after those that it says it depends on."""
        found: dict[str, None] = {}
        waiting = list(reversed(program.initializers))
        asked: set[str] = set()
        while waiting and len(asked) < MAX_INITIALIZERS:
            name = waiting[-1]
            if name in asked:
                found.setdefault(waiting.pop())
                continue
            asked.add(name)
            waiting += [other for other in self._dependencies(name) if other not in asked]
        return list(found)

    def _dependencies(self, name: str) -> list[str]:
        """Return the initialisers whose classes ``dependencies()`` of one loads."""
        dex = self._code.dex
        kinds = self._code.graph.subclasses((INITIALIZER,))
        found = []
        for node in self._code.inherited(name, "dependencies"):
            named = [ins.reference or "" for ins in instructions(dex, node) if ins.opcode == CONST_CLASS]
            for kind, number in zip(named, dex.find_types(named), strict=True):
                place = int(dex.classes.position[number])
                if place >= 0 and kinds[place]:
                    found.append(kind[1:-1].replace("/", "."))
        return found

    def _methods(
        self,
        phase: Phase,
        component: str,
        methods: tuple[str, ...],
        process: str | None = None,
        init_order: int | None = None,
    ) -> Iterator[Stage]:
        for method in methods:
            nodes = tuple(self._code.inherited(component, method))
            if nodes:
                yield Stage(phase, component, method, nodes, process, init_order)

    @cached_property
    def first_screen(self) -> int:
        """The number of the first stage in which there is a screen."""
        with_screen = [
            number
            for number, stage in enumerate(self.stages)
            if stage.phase in {"launcher_activity", "lifecycle_callback"}
        ]
        return with_screen[0] if with_screen else len(self.stages)

    @cached_property
    def watchers(self) -> Watchers:
        """The objects that watch activities."""
        return Watchers(self._code)

    # --- searches -------------------------------------------------------------------------------------

    @cached_property
    def everything(self) -> Stages:
        """What the start reaches when every test lets through."""
        return self._search(set())

    @cached_property
    def flags(self) -> Flags:
        """The flags that code of the start tests."""
        return Flags(self._code, self.everything.reach.methods)

    def without(self, kinds: frozenset[GuardKind]) -> Stages:
        """Return what the start reaches when tests of these kinds let nothing through."""
        if not kinds:
            return self.everything
        if kinds not in self._levels:
            cut = self._cut(kinds)
            self._levels[kinds] = self._search(cut, kinds) if cut else self.everything
        return self._levels[kinds]

    def _search(self, cut: set[tuple[int, int]], kinds: frozenset[GuardKind] = frozenset()) -> Stages:
        graph = self._code.graph
        numbers = self._code.dex.find_types([f"L{s.component.replace('.', '/')};" for s in self.stages])
        places = {int(self._code.dex.classes.position[n]) for n in numbers if n >= 0}
        created = {place for place in places if place >= 0}
        stages = [s.nodes for s in self.stages]
        return graph.reach_in_stages(stages, graph.subclasses(ASYNC), cut, created, self._late(kinds))

    def _late(self, kinds: frozenset[GuardKind]) -> list[Late]:
        """Return what calls the watchers of activities, as far as no test of these kinds keeps them from it."""
        if not self.stages or self.stages[-1].phase != "lifecycle_callback":
            return []
        last = len(self.stages) - 1
        return self.watchers.late(
            last, lambda node, offset: bool(kinds and self._held(node, [offset], kinds))
        )

    def _cut(self, kinds: frozenset[GuardKind]) -> set[tuple[int, int]]:
        """Return the edges that only leave from places such tests protect."""
        code = self._code
        cut: set[tuple[int, int]] = set()
        for node in sorted(self.flags.askers):
            part = code.dex.part_of(node)
            low, high = part.sites_of(node)
            offsets = part.site_offset[low:high].tolist()
            held = self._held(node, offsets, kinds)
            if held:
                targets = code.graph.targets_of(node, held) - code.graph.targets_of(node, set(offsets) - held)
                cut.update((node, target) for target in targets)
        return cut

    def _held(self, node: int, offsets: list[int], kinds: frozenset[GuardKind]) -> set[int]:
        """Return those of ``offsets`` in method ``node`` that run only behind a test of these kinds."""
        return {
            offset
            for test in self.flags.tests(node)
            for offset in test.guard.offsets.intersection(offsets)
            if test.judge(offset)[0] in kinds
        }

    def tests_at(self, node: int, offset: int) -> list[Test]:
        """Return the tests in method ``node`` that decide whether ``offset`` runs."""
        return [test for test in self.flags.tests(node) if offset in test.guard.offsets]

    # --- answers --------------------------------------------------------------------------------------

    def before_ui(self, node: int) -> bool:
        """Whether ``node`` runs before any user interface exists."""
        return 0 <= int(self.everything.stage[node]) < self.first_screen

    @cached_property
    def before_ui_mask(self) -> Any:
        """For every method node, whether it runs before any user interface exists."""
        stage = self.everything.stage
        return (stage >= 0) & (stage < self.first_screen)

    def ways(self, node: int, offset: int) -> list[Way]:
        """Return the ways to a place from the weakest test on, each only if it comes earlier than those before it."""
        found: list[Way] = []
        for guard, kinds in LEVELS:
            stages = self.without(kinds)
            stage = int(stages.stage[node])
            earlier = stage >= 0 and (not found or stage < found[-1].stage)
            if earlier and not self._held(node, [offset], kinds):
                found.append(Way(stage, self._or_unknown(guard, stages, stage, node), stages))
        return found

    def watcher(self, way: Way, steps: Sequence[Step]) -> int | None:
        """Return the method of a watcher by which Android enters this way, None on other ways."""
        watching = self.stages[way.stage].phase == "lifecycle_callback"
        return self.watchers.first([step.node for step in steps]) if watching else None

    def registered(self, way: Way, watcher: int) -> Site | None:
        """Return the first call reached that registers the object with the method ``watcher``."""
        sites = self.watchers.registering(watcher)
        return next((site for site in sites if int(way.stages.stage[site.node]) >= 0), None)

    def _or_unknown(self, guard: GuardKind, stages: Stages, stage: int, node: int) -> GuardKind:
        """Return ``guard``, or that it is not known: a watcher may ask which activity it is, and act for later ones only."""
        if self.stages[stage].phase != "lifecycle_callback" or guard not in {"none", "unrelated"}:
            return guard
        asks = any(self.watchers.asks_which(one) for one in stages.reach.path(node))
        return "unknown" if asks else guard

    def guard(self, node: int, offset: int) -> GuardKind | None:
        """Return the weakest kind of test on any way to a place before any user interface; None elsewhere."""
        if not self.before_ui(node):
            return None
        return next(
            (way.guard for way in self.ways(node, offset) if way.stage < self.first_screen), "consent"
        )

"""The order in which an app starts: which entry point's code reaches what first, and behind which tests of flags.

Source: ActivityThread.handleBindApplication and installContentProviders of the Android Open Source Project, and the
androidx.startup documentation: component factory and application object, ``attachBaseContext``, content providers by
``initOrder`` (higher first) with the androidx.startup initialisers, ``Application.onCreate``, then the launcher activity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from scanner.appfacts import GuardKind
from scanner.collect.app.flags import Flags, Test
from scanner.collect.app.subject import Program
from scanner.dex import Stages

if TYPE_CHECKING:
    from scanner.collect.app.code import Code

Phase = Literal[
    "factory", "attach_base_context", "provider", "initializer", "application", "launcher_activity"
]
CREATION = ("<clinit>", "<init>")
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
INITIALIZATION_PROVIDER = "androidx.startup.InitializationProvider"
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
                for name in program.initializers:
                    yield from self._methods(
                        "initializer", name, (*CREATION, "create"), provider.process, order
                    )
        if program.application:
            yield from self._methods("application", program.application, ("onCreate",))
        for component in program.components:
            if component.launcher and component.enabled:
                methods = (*CREATION, "attachBaseContext", "onCreate", "onStart", "onResume")
                yield from self._methods("launcher_activity", component.name, methods, component.process)

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
        phases = [stage.phase for stage in self.stages]
        return phases.index("launcher_activity") if "launcher_activity" in phases else len(phases)

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
            self._levels[kinds] = self._search(cut) if cut else self.everything
        return self._levels[kinds]

    def _search(self, cut: set[tuple[int, int]]) -> Stages:
        graph = self._code.graph
        numbers = self._code.dex.find_types([f"L{s.component.replace('.', '/')};" for s in self.stages])
        places = {int(self._code.dex.classes.position[n]) for n in numbers if n >= 0}
        created = {place for place in places if place >= 0}
        return graph.reach_in_stages([s.nodes for s in self.stages], graph.subclasses(ASYNC), cut, created)

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
                found.append(Way(stage, guard, stages))
        return found

    def guard(self, node: int, offset: int) -> GuardKind | None:
        """Return the weakest kind of test on any way to a place before any user interface; None elsewhere."""
        if not self.before_ui(node):
            return None
        return next(
            (way.guard for way in self.ways(node, offset) if way.stage < self.first_screen), "consent"
        )

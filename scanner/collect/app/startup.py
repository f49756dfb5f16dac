"""What happens while an app starts, step by step: SDKs started, information read, connections opened, and the tests.

The order is Android's between components (:mod:`scanner.collect.app.startorder`) and that of the code within a method.
What is posted to a thread, task or coroutine runs later than its place says, but waits for nobody: it is marked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from scanner import catalogue
from scanner.appfacts import FlagTest, FlagWrite, StartupStep
from scanner.codefacts import Access, Sdk
from scanner.collect.app.code import Code
from scanner.collect.app.flagdata import flag_data, member
from scanner.collect.app.flags import Test
from scanner.collect.app.startorder import ASYNC, Way
from scanner.dex import MemberSite, Site, Step, constant_arguments
from scanner.model import CodeStep, DexLocator, Evidence

Action = Literal["init", "delayed_init", "consent", "access", "network"]
MAX_STEPS = 300
# Searching what an SDK's start leads to costs one walk through the call graph each.
MAX_LED = 24
MAX_KEYS = 4


@dataclass(frozen=True, slots=True)
class _Event:
    """A place of interest: what happens there, for which SDK or item."""

    action: Action
    site: Site
    sdk: str = ""
    item: str = ""
    evidence: Evidence | None = None


def startup_steps(
    code: Code, sdks: Sequence[Sdk], accesses: Sequence[Access]
) -> tuple[list[StartupStep], int]:
    """Return the steps of the start in order, and how many more there are.

    Of steps alike in one component only the first is kept.
    """
    return _Steps(code, accesses).build([sdk.id for sdk in sdks if not sdk.is_library])


class _Steps:
    def __init__(self, code: Code, accesses: Sequence[Access]) -> None:
        self.code = code
        self.accesses = [
            a for a in accesses if a.mode in {"read", "observe", "capture"} and a.strength != "weak"
        ]
        self.network = [
            hit
            for hit in code.sites([member(name) for name in flag_data().network])
            if code.owner(hit.site.node).kind != "library"
        ]
        self._led = 0
        self._known: dict[str, list[int]] = {}
        self.places = [(access, node) for access in self.accesses for node in self._nodes(access.caller)]

    def _nodes(self, method: str) -> list[int]:
        """Return the nodes of the method described (kept: chains name the same methods again)."""
        if method not in self._known:
            self._known[method] = self.code.dex.find_methods(*_split(method))
        return self._known[method]

    def build(self, sdks: Sequence[str]) -> tuple[list[StartupStep], int]:
        found: dict[tuple[str, ...], tuple[tuple[int, ...], StartupStep]] = {}
        for event in self._events(sdks):
            for way in self.code.order.ways(event.site.node, event.site.offset):
                place, step = self._step(event, way)
                key = (
                    step.action,
                    step.sdk,
                    step.item,
                    step.owner_id,
                    step.phase,
                    step.component,
                    step.guard,
                )
                if key not in found or place < found[key][0]:
                    found[key] = (place, step)
        ordered = sorted(
            found.values(), key=lambda pair: (pair[0], pair[1].action, pair[1].target, pair[1].caller)
        )
        steps = [step for _, step in ordered[:MAX_STEPS]]
        numbered = [
            step.model_copy(update={"number": number} | self._led_to(step))
            for number, step in enumerate(steps, 1)
        ]
        return numbered, len(ordered) - len(steps)

    # --- events ---------------------------------------------------------------------------------------

    def _events(self, sdks: Sequence[str]) -> Iterator[_Event]:
        for sdk_id, action, hit in self._sdk_calls(sdks):
            yield _Event(action, hit.site, sdk=sdk_id)
        for hit in self.network:
            yield _Event("network", hit.site)
        started = self.code.order.everything.reach.methods
        for access, node in self.places:
            if started[node] and access.owner_kind != "library":
                yield _Event("access", _site_of(access, node), item=access.item, evidence=access.evidence[0])

    def _sdk_calls(self, sdks: Sequence[str]) -> Iterator[tuple[str, Action, MemberSite]]:
        """Yield the calls that start an SDK or tell it of consent, made from outside it or by its own component."""
        known = catalogue.sdks()
        asked: list[tuple[str, Action, str]] = [
            (sdk, "init", name) for sdk in sdks for name in known[sdk].init
        ]
        asked += [(sdk, "consent", name) for sdk in sdks for name in known[sdk].consent]
        for hit in self.code.sites([member(name) for _, _, name in asked]):
            sdk, action, name = asked[hit.member]
            if name.rpartition(".")[2].lower().startswith(flag_data().delayed):
                action = "delayed_init"
            if self.code.owner(hit.site.node).id != sdk or self.code.before_ui(hit.site.node):
                yield sdk, action, hit

    # --- steps ----------------------------------------------------------------------------------------

    def _step(self, event: _Event, way: Way) -> tuple[tuple[int, ...], StartupStep]:
        code, site, stage = self.code, event.site, self.code.order.stages[way.stage]
        steps = way.stages.reach.chain(site.node)
        chain = code.steps(steps)
        component, method = stage.component, stage.method
        posted = steps
        registered: Site | None = None
        watcher = code.order.watcher(way, steps)
        if watcher is not None:
            component, method = _dotted(code.describe(watcher))
            posted = [*_without_entry(steps, watcher)]
            registered = code.order.registered(way, watcher)
        edges = {step.edge for step in posted}
        owner = code.owner(site.node)
        step = StartupStep(
            number=0,
            phase=stage.phase,
            component=component,
            entry_method=method,
            process=stage.process,
            init_order=stage.init_order,
            action=event.action,
            target=site.target[:300],
            caller=site.caller,
            owner_kind=owner.kind,
            owner_id=owner.id,
            sdk=event.sdk,
            item=event.item,
            value=self._told(event),
            deferred=not edges.isdisjoint({"callback", "possible"}),
            dispatched="dispatch" in edges,
            guard=way.guard,
            tests=tuple(self._tests(steps, site, registered)),
            evidence=tuple(self._evidence(event, chain, registered, way)),
        )
        return (way.stage, *(s.offset for s in chain if s.offset >= 0), site.offset), step

    def _evidence(
        self, event: _Event, chain: tuple[CodeStep, ...], registered: Site | None, way: Way
    ) -> Iterator[Evidence]:
        """Yield the place itself, and where the object that Android calls is registered."""
        code = self.code
        yield (event.evidence or code.evidence(event.site)).model_copy(update={"chain": chain})
        if registered is not None:
            found = code.steps(way.stages.reach.chain(registered.node))
            yield code.evidence(registered).model_copy(update={"chain": found})

    def _told(self, event: _Event) -> bool | None:
        """Return the constant answer an SDK is told (``setAgreePrivacy(true)``)."""
        if event.action != "consent" or "Z" not in event.site.target.partition("(")[2].partition(")")[0]:
            return None
        values = constant_arguments(self.code.dex, event.site.node, event.site.offset)
        value = values[-1] if values else None
        return bool(value) if isinstance(value, int) else None

    def _led_to(self, step: StartupStep) -> dict[str, object]:
        """Return which items the code that an SDK's start runs reads, and whether it opens a connection."""
        if step.action not in {"init", "delayed_init"} or self._led >= MAX_LED:
            return {}
        self._led += 1
        locator = step.evidence[0].locator
        offset = locator.offset if isinstance(locator, DexLocator) else -1
        graph = self.code.graph
        targets = {target for node in self._nodes(step.caller) for target in graph.targets_of(node, {offset})}
        methods = graph.reach(targets, graph.subclasses(ASYNC)).methods
        items = {access.item for access, node in self.places if methods[node]}
        return {"items": tuple(sorted(items)), "network": any(methods[hit.site.node] for hit in self.network)}

    # --- tests ----------------------------------------------------------------------------------------

    def _tests(self, chain: Sequence[Step], site: Site, registered: Site | None) -> Iterator[FlagTest]:
        if registered is not None:
            for test in self.code.order.tests_at(registered.node, registered.offset):
                yield self._test(registered.node, registered.offset, test)
        for step in chain:
            offset = site.offset if step.edge == "end" else step.offset
            for test in self.code.order.tests_at(step.node, offset):
                yield self._test(step.node, offset, test)

    def _test(self, node: int, offset: int, test: Test) -> FlagTest:
        code = self.code
        kind, basis, first = test.judge(offset)
        part = code.dex.part_of(node)
        method = code.describe(node)
        keys = tuple(sorted(test.meaning.keys))
        return FlagTest(
            kind=kind,
            basis=basis,
            keys=keys,
            flag=test.guard.flag[:300],
            runs_when=test.runs_when(offset),
            first_start=first,
            written=tuple(self._writes(keys)),
            evidence=(
                Evidence(
                    artifact=part.file.name,
                    locator=DexLocator(dex=part.file.name, method=method, offset=test.guard.branch),
                    excerpt=f"if {test.guard.flag}"[:400],
                ),
            ),
        )

    def _writes(self, keys: Sequence[str]) -> Iterator[FlagWrite]:
        for key in keys[:MAX_KEYS]:
            yield from self.code.order.flags.writes.of(key)


def _split(method: str) -> tuple[str, str, str]:
    """Return class, name and prototype of a method descriptor."""
    owner, _, rest = method.partition("->")
    name, _, proto = rest.partition("(")
    return owner, name, "(" + proto


def _dotted(method: str) -> tuple[str, str]:
    """Return the class (dotted) and the name of a method descriptor."""
    owner, name, _ = _split(method)
    return owner[1:-1].replace("/", "."), name


def _without_entry(steps: Sequence[Step], watcher: int) -> Iterator[Step]:
    """Yield the steps of a chain without the one by which Android calls the method ``watcher`` itself."""
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if following is None or following.node != watcher:
            yield step


def _site_of(access: Access, node: int) -> Site:
    return Site(access.caller, access.target, access.dex, access.offset, 0x6E, node)

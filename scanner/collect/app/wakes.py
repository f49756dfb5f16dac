"""Calls that start parts of other apps: by a package name in code, or by asking for everyone who answers an action."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from scanner.collect.app.accesses import behind_flag
from scanner.collect.app.code import Code
from scanner.collect.app.intents import SENDERS, WAYS, IntentModel, called, texts, things
from scanner.collect.app.patterns import member_of
from scanner.componentfacts import Wake
from scanner.datafiles import read_data
from scanner.dex import NOTHING, Instruction, Member, Site, Values, constant_arguments, follow
from scanner.model import Frozen

ADDRESSING = (
    Member("Landroid/content/Intent;", "setPackage"),
    Member("Landroid/content/Intent;", "setClassName"),
    Member("Landroid/content/ComponentName;", "<init>", "(Ljava/lang/String;Ljava/lang/String;)V"),
    Member("Landroid/content/pm/PackageManager;", "getLaunchIntentForPackage"),
)
QUERIES = tuple(
    Member("Landroid/content/pm/PackageManager;", name)
    for name in ("queryIntentServices", "queryBroadcastReceivers", "queryIntentActivities")
)
MAX_METHODS = 4_000
MAX_WAKES = 1_000
MAX_CONSTANT_STEPS = 50


class Packages(Frozen):
    """Package prefixes of other apps that share a purpose."""

    purpose: str
    prefixes: tuple[str, ...]


class WakeAction(Frozen):
    """An action by which apps with the same SDK find and start each other; ``switches`` are the SDK's switches against it."""

    id: str
    action: str
    switches: tuple[str, ...] = ()


@cache
def purposes() -> dict[str, str]:
    """Return the purpose of every known package prefix."""
    rows = [Packages.model_validate(row) for content in read_data("packages") for row in content["packages"]]
    return {prefix: row.purpose for row in rows for prefix in row.prefixes}


@cache
def wake_actions() -> dict[str, WakeAction]:
    """Return the known wake-up actions by name."""
    rows = [WakeAction.model_validate(row) for content in read_data("autostart") for row in content["wakes"]]
    return {row.action: row for row in rows}


def purpose_of(package: str) -> str:
    """Return what ``package`` is for, by its longest known prefix; empty when not known."""
    known, name = purposes(), package
    while name:
        if name in known:
            return known[name]
        name = name.rpartition(".")[0]
    return ""


def find_wakes(code: Code) -> list[Wake]:
    """Return the calls of ``code`` that start parts of other apps, at most :data:`MAX_WAKES`."""
    senders: dict[int, dict[int, Site]] = defaultdict(dict)
    for hit in code.sites(SENDERS):
        senders[hit.site.node][hit.site.offset] = hit.site
    addressing = {hit.site.node for hit in code.sites(ADDRESSING, inherited=False)}
    wanted = {node: senders[node] for node in sorted(senders.keys() & addressing)}
    for hit in code.sites(QUERIES, inherited=False):
        wanted.setdefault(hit.site.node, {})[hit.site.offset] = hit.site
    flow = _Wakes(code)
    for node in list(wanted)[:MAX_METHODS]:
        flow.sites = wanted[node]
        follow(code.dex, node, (), flow)
    if flow.steps <= 0 or len(wanted) > MAX_METHODS:
        code.unfinished.add("app.wakes")
    found = {(w.caller, w.package, w.way, w.action): w for w in flow.found}
    return sorted(found.values(), key=lambda w: (w.package, w.action, w.way, w.caller))[:MAX_WAKES]


class _Wakes(IntentModel):
    """Reports intents addressed to a package of another app when they are sent."""

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code = code
        self.sites: dict[int, Site] = {}
        self.found: list[Wake] = []
        self._off: dict[str, bool] = {}
        self._constants: dict[str, Values] = {}

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Follow one call."""
        built = self.build(node, ins, arguments)
        if built is not None:
            return built
        if ins.offset in self.sites:
            self.found.extend(self._sent(self.sites[ins.offset], arguments))
        elif (ins.reference or "").endswith("()Ljava/lang/String;"):
            return self._constant_result(node, ins)
        return NOTHING

    def _constant_result(self, node: int, ins: Instruction) -> Values:
        """Return what a method of the program gives back when it is one constant text."""
        key = ins.reference or ""
        if key not in self._constants:
            targets = self.code.graph.targets_of(node, {ins.offset})
            methods = [target for target in targets if target < self.code.dex.node_count]
            short = _Nothing(MAX_CONSTANT_STEPS)
            found = follow(self.code.dex, methods[0], (), short) if len(methods) == 1 else NOTHING
            self._constants[key] = frozenset(texts(found))
        return self._constants[key]

    def _sent(self, site: Site, arguments: Sequence[Values]) -> Iterator[Wake]:
        name = called(site.target).name
        for values in arguments[:3]:
            for intent in things(values):
                own = bool(intent.attrs.get("own"))
                if name not in WAYS:
                    known = sorted(intent.attrs.get("action", set()) & wake_actions().keys())
                    if not own and not intent.attrs.get("package"):
                        yield from (self._wake(site, "", "query", action=action) for action in known)
                    continue
                for package in sorted(intent.attrs.get("package", ())):
                    if package not in {"", self.code.program.package}:
                        target = min(intent.attrs.get("class", ()), default="")
                        action = min(intent.attrs.get("action", ()), default="")
                        yield self._wake(site, package, WAYS[name], target=target, action=action)

    def _wake(self, site: Site, package: str, way: str, *, target: str = "", action: str = "") -> Wake:
        code, owner = self.code, self.code.owner(site.node)
        return Wake(
            package=package,
            target=target,
            action=action,
            way=way,
            purpose=purpose_of(package),
            caller=site.caller,
            reachable=code.reached(site.node)[0],
            before_ui=code.before_ui(site.node),
            guarded=behind_flag(code.guard(site.node, site.offset)),
            switched_off=way == "query" and self._switched_off(action),
            owner_kind=owner.kind,
            owner_id=owner.id,
            evidence=(code.evidence(site),),
        )

    def _switched_off(self, action: str) -> bool:
        """Whether the app calls one of the SDK's known switches with ``false``."""
        switches = wake_actions()[action].switches
        if action not in self._off:
            hits = self.code.sites([member_of(text) for text in switches], inherited=False)
            self._off[action] = any(
                self.code.owner(hit.site.node).kind != "sdk"
                and 0 in constant_arguments(self.code.dex, hit.site.node, hit.site.offset)
                for hit in hits
            )
        return self._off[action]


class _Nothing(IntentModel):
    """Knows nothing of any call."""

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Return nothing."""
        return NOTHING

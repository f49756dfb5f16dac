"""What other apps can make an exported component do: start an intent they pass in, open a page, read a file.

Followed from the component's lifecycle methods through at most two more calls.  A value that code compares, matches or
hands to a method that answers yes or no counts as checked, and nothing is said about it; so do components that ask who
is calling.  Sources: Android developers, "Intent redirection", "Unsafe use of deep links", "Path traversal"; CWE-926,
CWE-939, CWE-22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scanner.codefacts import CodeIssue
from scanner.collect.app.code import Code, descriptor
from scanner.collect.app.intents import (
    INTENT,
    MAX_STEPS,
    SENDERS,
    WAYS,
    Called,
    IntentModel,
    called,
    texts,
    things,
)
from scanner.dex import NOTHING, Instruction, Member, Thing, Values, follow
from scanner.dex.opcodes import NAMES
from scanner.facts import Component
from scanner.model import CodeStep, DexLocator, Evidence, beside

ENTRIES = {
    "activity": ("onCreate", "onStart", "onRestart", "onResume", "onPostCreate", "onNewIntent"),
    "activity-alias": ("onCreate", "onStart", "onRestart", "onResume", "onPostCreate", "onNewIntent"),
    "service": ("onStartCommand", "onStart", "onHandleIntent", "onBind"),
    "receiver": ("onReceive",),
    "provider": ("openFile", "openAssetFile", "openTypedAssetFile"),
}
STRING, URI = "Ljava/lang/String;", "Landroid/net/Uri;"
FILE, OPEN_FILE = "Ljava/io/File;", "Landroid/os/ParcelFileDescriptor;"
WEB_VIEWS = ("Landroid/webkit/WebView;", "Lcom/tencent/smtt/sdk/WebView;", "Lcom/uc/webview/export/WebView;")
PAGES = ("loadUrl", "postUrl", "loadDataWithBaseURL", "loadData")
SINKS = (
    *SENDERS,
    Member("Landroid/app/Activity;", "setResult"),
    *(Member(owner, name) for owner in WEB_VIEWS for name in PAGES),
    Member(OPEN_FILE, "open"),
)
# What a value taken from outside stays in when framework code works on it.
CARRIERS = frozenset([
    STRING, URI, "Ljava/lang/CharSequence;", "Ljava/lang/StringBuilder;", "Ljava/lang/StringBuffer;",
    "Ljava/lang/Object;", "Landroid/os/Bundle;", "Landroid/os/Parcelable;", "Ljava/io/Serializable;",
    "Landroid/net/Uri$Builder;", "Lorg/json/JSONObject;", "Lorg/json/JSONArray;", "Ljava/util/List;",
    "Ljava/util/regex/Matcher;", "[Ljava/lang/String;", "Ljava/net/URL;", "Ljava/net/URI;",
])  # fmt: skip
NO_CHECK = frozenset(
    ["isEmpty", "isBlank", "hasExtra", "containsKey", "hasNext", "isHierarchical", "add", "offer"]
)
CHECKING = re.compile(r"check|verif|valid|sanit|filter|safe|allow|trust|white|legal", re.IGNORECASE)
CALLER = frozenset([
    "getCallingActivity", "getCallingPackage", "checkCallingPermission", "enforceCallingPermission",
    "checkCallingOrSelfPermission", "enforceCallingOrSelfPermission", "getCallingUid", "checkSignatures",
    "getReferrer", "getLaunchedFromUid", "getLaunchedFromPackage",
])  # fmt: skip
ADDRESSED = frozenset([
    "resolveActivity", "resolveActivityInfo", "getComponent", "getPackage", "setPackage", "setComponent", "setClass",
    "setClassName", "setSelector",
])  # fmt: skip
PARSERS = frozenset(["parseUri", "getIntent", "getIntentOld"])
DATA, INCOMING, NESTED, PATH = "data", "incoming", "nested", "path"
MAX_DEPTH = 2
MAX_ANCESTORS = 32
MAX_BODIES = 80
MAX_TARGETS = 3
_VIRTUAL = frozenset([0x6E, 0x74])


@dataclass(frozen=True, slots=True)
class Finding:
    """A value from outside that reaches a place where it matters."""

    kind: str
    sources: frozenset[str]
    node: int
    offset: int
    opcode: int
    target: str
    stack: tuple[tuple[int, int], ...]


def inbound_issues(code: Code, components: Sequence[Component]) -> list[CodeIssue]:
    """Return what other apps can make the open ``components`` do, one issue per component and place."""
    entries = _Entries(code, components)
    browsable = {
        c.name for c in components if "android.intent.category.BROWSABLE" in c.categories and c.schemes
    }
    found: dict[tuple[str, str, str, int], CodeIssue] = {}
    budget = MAX_STEPS
    seen: set[str] = set()
    for component in components:
        open_ = component.exported and component.may_run and component.permission is None
        if not open_ or component.name in seen or budget <= 0:
            continue
        seen.add(component.name)
        shape = entries.of(component)
        run = _Inbound(code, component, shape, entries.web_views, budget)
        for node in shape.entries:
            run.enter(node)
        budget = run.steps
        for finding in run.results():
            issue = _issue(code, component, finding, linked=component.name in browsable)
            found.setdefault((issue.kind, component.name, issue.caller, finding.offset), issue)
    if budget <= 0:
        code.unfinished.add("app.issues")
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Shape:
    """A component's class: where it is entered, the methods a call on it runs, itself and its ancestors."""

    entries: tuple[int, ...]
    methods: Mapping[str, int]
    line: frozenset[str]


def _named(methods: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(signature.partition("(")[0], node) for signature, node in methods.items()]


class _Entries:
    """The lifecycle methods of components whose class or ancestors have a method that leads to a sink."""

    def __init__(self, code: Code, components: Sequence[Component]) -> None:
        self._code = code
        names = sorted({component.name for component in components})
        numbers = code.dex.find_types([descriptor(name) for name in names])
        self._number = dict(zip(names, numbers, strict=True))
        nodes = np.array(sorted(_leading_to_sinks(code)), dtype=np.int64)
        self._classes = set((code.dex.node_keys[nodes] >> 32).tolist())
        self.web_views = code.graph.subclasses(WEB_VIEWS)

    def of(self, component: Component) -> Shape:
        """Return the lifecycle methods of ``component`` and what its class and ancestors define."""
        line = self._line(self._number[component.name])
        if self._classes.isdisjoint(line):
            return Shape((), {}, frozenset())
        methods: dict[str, int] = {}
        for number in line:
            for node in self._code.dex.nodes_of_class(number).tolist():
                methods.setdefault(self._code.describe(node).partition("->")[2], node)
        wanted = ENTRIES[component.kind]
        found = [(wanted.index(name), node) for name, node in _named(methods) if name in wanted]
        nodes = tuple(node for _, node in sorted(found))
        return Shape(nodes, methods, frozenset(self._code.dex.type_name(number) for number in line))

    def _line(self, number: int) -> list[int]:
        """Return the class and its ancestors in the package, as type numbers."""
        classes = self._code.dex.classes
        line: list[int] = []
        while len(line) < MAX_ANCESTORS and number >= 0 and classes.position[number] >= 0:
            line.append(number)
            number = int(classes.super[int(classes.position[number])])
        return line


def _leading_to_sinks(code: Code) -> set[int]:
    """Return the methods with a sink, and those that call them at most two levels up."""
    level = {hit.site.node for hit in code.sites(SINKS)}
    found = set(level)
    source, target = code.graph.call_pairs()
    for _ in range(MAX_DEPTH):
        hits = np.isin(target, np.array(sorted(level), dtype=np.int64))
        level = set(np.unique(source[hits]).tolist()) - found
        found |= level
    return found


class _Inbound(IntentModel):
    """Follows one component; marks objects with where they come from."""

    def __init__(
        self, code: Code, component: Component, shape: Shape, web_views: NDArray[Any], steps: int
    ) -> None:
        super().__init__(steps)
        self._shape = shape
        self.code, self.component, self._web_views = code, component, web_views
        self.bodies = 0
        self.found: list[Finding] = []
        self.checked: set[str] = set()
        self.asks_caller = False
        self._fields: dict[str, Values] = {}
        self._stack: list[tuple[int, int]] = []
        self._calls: dict[int, dict[int, list[int]]] = {}

    def enter(self, node: int) -> None:
        """Follow one lifecycle method; what the system passes in comes from outside."""
        parameters = called(self.code.describe(node)).parameters
        arguments: list[Values] = [NOTHING]
        for one in _split(parameters):
            thing = Thing(one)
            if one == INTENT:
                thing.tags.add(INCOMING)
            elif one == URI and self.component.kind == "provider":
                thing.tags.add(DATA)
                thing.attrs["source"].add("Uri")
            arguments.append(frozenset([thing]) if thing.tags else NOTHING)
            if one in {"J", "D"}:
                arguments.append(NOTHING)
        self._follow(node, arguments)

    def results(self) -> list[Finding]:
        """Return what was found and not checked."""
        return [] if self.asks_caller else [f for f in self.found if not f.sources & self.checked]

    def _follow(self, node: int, arguments: Sequence[Values]) -> Values:
        if self.bodies >= MAX_BODIES:
            return NOTHING
        self.bodies += 1
        return follow(self.code.dex, node, arguments, self)

    # --- what the interpreter asks --------------------------------------------------------------------

    def load(self, field: str) -> Values:
        """Return what the component keeps in one of its own fields."""
        return self._fields.get(field, NOTHING)

    def store(self, field: str, values: Values) -> None:
        """Remember what the component keeps in one of its own fields."""
        if field.partition("->")[0] in self._shape.line:
            self._fields[field] = self._fields.get(field, NOTHING) | values

    def cast(self, node: int, ins: Instruction, values: Values) -> Values:
        """A value from outside cast to Intent is an intent somebody else put together."""
        if ins.reference != INTENT or not _tagged(values, DATA):
            return values
        return self._derived(node, ins, values, NESTED)

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Follow one call."""
        call = called(ins.reference)
        outside = [v for v in arguments if _tagged(v, DATA, NESTED, PATH)]
        if call.name in CALLER:
            self.asks_caller = True
        self._sink(node, ins, call, arguments)
        if outside and self._is_check(call, arguments):
            self.checked |= _sources(*outside)
            return NOTHING
        if call.name == "getIntent" and call.result == INTENT and not call.parameters:
            thing = self.made(node, ins, INTENT)
            thing.tags.add(INCOMING)
            return frozenset([thing])
        if arguments and call.owner == INTENT and _tagged(arguments[0], INCOMING):
            taken = self._taken(node, ins, call, arguments)
            if taken is not None:
                return taken
        if outside and call.owner == INTENT and call.name in PARSERS:
            return self._derived(node, ins, outside[0], NESTED)
        built = self.build(node, ins, arguments)
        if built is not None:
            return built
        targets = self._targets(node, ins)
        if targets:
            return self._enter_callees(node, ins, targets, arguments, outside)
        return self._carried(node, ins, call, arguments, outside) if outside else NOTHING

    # --- values ---------------------------------------------------------------------------------------

    def _derived(self, node: int, ins: Instruction, values: Values, tag: str) -> Values:
        thing = self.made(node, ins)
        thing.tags.add(tag)
        thing.attrs["source"] |= _sources(values)
        return frozenset([thing])

    def _taken(self, node: int, ins: Instruction, call: Called, arguments: Sequence[Values]) -> Values | None:
        """Return what is taken out of the intent that came in; None for calls that take nothing out."""
        data = call.name in {"getData", "getDataString", "getExtras", "getClipData"}
        if not (data or (call.name.startswith("get") and "Extra" in call.name)):
            return None
        if call.result not in CARRIERS and call.result != "Landroid/content/ClipData;":
            return NOTHING
        key = min(texts(arguments[1]), default="") if len(arguments) > 1 else ""
        thing = self.made(node, ins)
        thing.tags.add(DATA)
        thing.attrs["source"].add("getData" if call.name == "getDataString" else f"{call.name} {key}".strip())
        return frozenset([thing])

    def _carried(
        self, node: int, ins: Instruction, call: Called, arguments: Sequence[Values], outside: list[Values]
    ) -> Values:
        """Return what framework code gives back that still holds a value from outside."""
        joined = frozenset[Thing | str | int]().union(*outside)
        if call.name == "<init>" and arguments:
            for thing in things(arguments[0]):
                if thing.made == FILE or thing.made in CARRIERS or thing.made == "Ljava/io/FileInputStream;":
                    thing.tags.add(PATH if thing.made == FILE else DATA)
                    thing.attrs["source"] |= _sources(joined)
            return NOTHING
        if call.owner == FILE:
            return NOTHING
        if call.result == INTENT:
            return arguments[0] if arguments else NOTHING
        if call.owner == "Ljava/lang/StringBuilder;" and call.name == "append" and arguments:
            for thing in things(arguments[0]):
                thing.tags.add(DATA)
                thing.attrs["source"] |= _sources(joined)
            return arguments[0]
        if call.result not in CARRIERS:
            return NOTHING
        if call.owner == "Landroid/os/Bundle;" and len(arguments) > 1:
            key = min(texts(arguments[1]), default="")
            thing = self.made(node, ins)
            thing.tags.add(DATA)
            thing.attrs["source"].add(f"getExtras {key}".strip())
            return frozenset([thing])
        return self._derived(node, ins, joined, DATA)

    # --- calls into the program -----------------------------------------------------------------------

    def _targets(self, node: int, ins: Instruction) -> list[int]:
        owner, _, signature = (ins.reference or "").partition("->")
        if ins.opcode in _VIRTUAL and owner in self._shape.line and signature in self._shape.methods:
            return [self._shape.methods[signature]]
        if node not in self._calls:
            self._calls[node] = self.code.graph.targets_by_offset(node)
        found = self._calls[node].get(ins.offset, ())
        return sorted(target for target in found if target < self.code.dex.node_count)[:MAX_TARGETS]

    def _enter_callees(
        self,
        node: int,
        ins: Instruction,
        targets: Sequence[int],
        arguments: Sequence[Values],
        outside: Sequence[Values],
    ) -> Values:
        own = any(self.code.describe(t).partition("->")[0] in self._shape.line for t in targets)
        incoming = any(_tagged(v, INCOMING) for v in arguments)
        if len(self._stack) >= MAX_DEPTH or not (outside or incoming or own or ins.opcode in {0x6F, 0x75}):
            return NOTHING
        self._stack.append((node, ins.offset))
        result = frozenset[Thing | str | int]()
        for target in targets:
            result |= self._follow(target, arguments)
        self._stack.pop()
        return result

    # --- checks and sinks -----------------------------------------------------------------------------

    def _is_check(self, call: Called, arguments: Sequence[Values]) -> bool:
        if call.owner == INTENT and call.name in ADDRESSED and arguments and _tagged(arguments[0], NESTED):
            return True
        if call.name in {"getCanonicalPath", "getCanonicalFile", "normalize", "toRealPath"}:
            return True
        if CHECKING.search(call.name):
            return True
        return call.result == "Z" and call.name not in NO_CHECK and call.name not in WAYS

    def _sink(self, node: int, ins: Instruction, call: Called, arguments: Sequence[Values]) -> None:
        kind, wanted = "", ""
        if INTENT in call.parameters and (call.name in WAYS or call.name == "setResult"):
            kind, wanted = "intent-redirection", NESTED
        elif call.name in PAGES and call.parameters.startswith(STRING) and self._is_web_view(call.owner):
            kind, wanted = "webview-open", DATA
        elif call.owner == OPEN_FILE and call.name == "open" and self.component.kind == "provider":
            kind, wanted = "provider-path-traversal", PATH
        for values in arguments[1:] if kind.startswith("webview") else arguments:
            if kind and _tagged(values, wanted):
                sources = _sources(frozenset(t for t in things(values) if wanted in t.tags))
                self.found.append(
                    Finding(
                        kind, sources, node, ins.offset, ins.opcode, ins.reference or "", tuple(self._stack)
                    )
                )

    def _is_web_view(self, owner: str) -> bool:
        if owner in WEB_VIEWS:
            return True
        number = self.code.dex.find_type(owner)
        place = int(self.code.dex.classes.position[number]) if number >= 0 else -1
        return place >= 0 and bool(self._web_views[place])


def _tagged(values: Values, *tags: str) -> bool:
    return any(tag in thing.tags for thing in things(values) for tag in tags)


def _sources(*many: Values) -> frozenset[str]:
    return frozenset(
        source for values in many for t in things(values) for source in t.attrs.get("source", ())
    )


def _split(parameters: str) -> list[str]:
    """Return the type descriptors of a prototype's parameters."""
    return re.findall(r"\[*(?:L[^;]+;|[ZBSCIJFD])", parameters)


def _issue(code: Code, component: Component, finding: Finding, *, linked: bool) -> CodeIssue:
    kind = finding.kind
    if kind == "webview-open":
        kind = "webview-open-to-links" if linked else "webview-open-to-apps"
    owner = code.owner(finding.node)
    caller = code.describe(finding.node)
    dex = code.dex.part_of(finding.node).file.name
    steps = [
        CodeStep(method=code.describe(node), offset=offset, edge="call") for node, offset in finding.stack
    ]
    steps.append(CodeStep(method=caller, offset=finding.offset, edge="end"))
    evidence = Evidence(
        artifact=dex,
        locator=DexLocator(dex=dex, method=caller, offset=finding.offset),
        excerpt=f"{NAMES[finding.opcode]} {finding.target}"[:400],
        chain=tuple(steps),
    )
    return CodeIssue(
        kind=kind,
        component=component.name,
        caller=caller,
        detail=", ".join(sorted(finding.sources))[:120],
        owner=owner,
        owner_kind=owner.kind,
        reachable=True,
        evidence=(evidence, *beside(component.evidence)),
    )

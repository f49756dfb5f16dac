"""Broadcasts that any app can receive and that carry personal information (CWE-927).

Followed within one method, from the call that obtains the item to the broadcast: an intent without package or class,
sent without a permission.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scanner.codefacts import Access, CodeIssue
from scanner.collect.app.code import Code
from scanner.collect.app.intents import CONTEXTS, INTENT, IntentModel, called, things
from scanner.dex import NOTHING, Instruction, Member, Site, Values, follow

SENDERS = tuple(
    Member(owner, name) for owner in CONTEXTS for name in ("sendBroadcast", "sendStickyBroadcast")
)
MAX_METHODS = 2_000


def broadcast_issues(code: Code, accesses: Sequence[Access]) -> list[CodeIssue]:
    """Return the broadcasts of ``code`` that carry what ``accesses`` obtain in the same method."""
    items: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for access in accesses:
        if access.mode in {"read", "capture"} and access.kind == "method":
            items[access.dex, access.caller][access.offset] = access.item
    sites: dict[int, dict[int, Site]] = defaultdict(dict)
    for hit in code.sites(SENDERS):
        if (hit.site.dex, hit.site.caller) in items:
            sites[hit.site.node][hit.site.offset] = hit.site
    if len(sites) > MAX_METHODS:
        code.unfinished.add("app.issues")
    flow = _Broadcasts(code)
    for node, own in sorted(sites.items())[:MAX_METHODS]:
        flow.sites, first = own, next(iter(own.values()))
        flow.items = items[first.dex, first.caller]
        follow(code.dex, node, (), flow)
    return list(flow.found.values())


class _Broadcasts(IntentModel):
    """Marks what the accesses give back, and the intents it is put into."""

    def __init__(self, code: Code) -> None:
        super().__init__()
        self.code = code
        self.sites: dict[int, Site] = {}
        self.items: dict[int, str] = {}
        self.found: dict[tuple[int, int], CodeIssue] = {}

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Follow one call."""
        call = called(ins.reference)
        carried = {item for values in arguments for t in things(values) for item in t.attrs.get("item", ())}
        if ins.offset in self.sites and call.parameters == INTENT:
            self._sent(self.sites[ins.offset], arguments)
            return NOTHING
        if ins.offset in self.items:
            carried = {self.items[ins.offset]}
        elif carried and call.name in {"<init>", "append", "putExtra", "putExtras", "putString", "put"}:
            for thing in things(arguments[0]) if arguments else ():
                thing.attrs["item"] |= carried
        built = self.build(node, ins, arguments)
        if built is not None:
            return built
        if not carried or call.result in {"V", "Z"}:
            return NOTHING
        thing = self.made(node, ins)
        thing.attrs["item"] |= carried
        return frozenset([thing])

    def _sent(self, site: Site, arguments: Sequence[Values]) -> None:
        for intent in (t for values in arguments for t in things(values)):
            addressed = any(intent.attrs.get(key) for key in ("package", "class", "own", "addressed"))
            if addressed or not intent.attrs.get("item"):
                continue
            owner = self.code.owner(site.node)
            self.found[site.node, site.offset] = CodeIssue(
                kind="broadcast-with-personal-data",
                caller=site.caller,
                detail=", ".join(sorted(intent.attrs["item"])),
                owner=owner,
                owner_kind=owner.kind,
                reachable=self.code.reached(site.node)[0],
                evidence=(self.code.evidence(site),),
            )

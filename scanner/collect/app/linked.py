"""Addresses that code only shows, or hands to another app to open: links, to which the app itself sends nothing.

A text is followed through the method that loads it, and through methods of the program it is handed to.  It is a link only
where every use that is seen shows or opens it; a use that is not understood makes it an address like any other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

from scanner.collect.app.code import Code
from scanner.collect.app.intents import INTENT, Called, IntentModel, called, texts, things
from scanner.dex import NOTHING, Instruction, Site, Thing, Values, follow

VIEW, EXTRA_TEXT = "android.intent.action.VIEW", "android.intent.extra.TEXT"
# What hands a text on in another shape.
CARRIERS = frozenset(
    {"Ljava/lang/String;", "Ljava/lang/StringBuilder;", "Landroid/net/Uri;", "Landroid/text/Html;"}
)
# Calls that put a text before the user, and notices of licences, which do the same.
SHOWS = frozenset({"setText", "setMessage", "makeText", "setTitle", "setSummary", "setContentText"})
FRAMEWORK = ("Landroid/", "Landroidx/", "Lcom/google/android/material/")
NOTICE = "Lde/psdev/licensesdialog/model/Notice;"
MAX_METHODS, MAX_STEPS, MAX_DEPTH = 4_000, 1_000_000, 2


def links(code: Code, sites: Iterable[Site]) -> frozenset[tuple[int, str]]:
    """Return (method, text) of those of the string ``sites`` that are only shown or opened in another app."""
    wanted: dict[int, set[str]] = defaultdict(set)
    for site in sites:
        wanted[site.node].add(site.target)
    found: set[tuple[int, str]] = set()
    steps = MAX_STEPS
    for node in sorted(wanted)[:MAX_METHODS]:
        flow = _Uses(code, wanted[node], steps)
        returned = follow(code.dex, node, (), flow)
        steps = flow.steps
        other = flow.other | flow.carried([returned])
        found |= {(node, text) for text in flow.shown - other}
    return frozenset(found) if steps > 0 else frozenset()


class _Uses(IntentModel):
    """Notes which of the ``wanted`` texts are shown or opened, and which are put to another use."""

    def __init__(self, code: Code, wanted: set[str], steps: int) -> None:
        super().__init__(steps)
        self.code, self.wanted = code, wanted
        self.shown: set[str] = set()
        self.other: set[str] = set()
        self._depth = 0

    def store(self, field: str, values: Values) -> None:
        """What is kept in a field may be used anywhere."""
        self.other |= self.carried([values])

    def carried(self, arguments: Sequence[Values]) -> set[str]:
        """Return the wanted texts that ``arguments`` are or were made of."""
        found: set[str] = set()
        for one in chain.from_iterable(arguments):
            if isinstance(one, str):
                found.add(one)
            elif isinstance(one, Thing):
                found |= one.tags
        return found & self.wanted if found else found

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Follow one call."""
        carried, what = self.carried(arguments), called(ins.reference)
        built = self.build(node, ins, arguments)
        if not carried:
            return NOTHING if built is None else built
        if what.owner in CARRIERS:
            return self._on(node, ins, arguments, carried)
        if _shows(what, arguments):
            self.shown |= carried
            return NOTHING if built is None else built
        targets = self.code.graph.targets_of(node, {ins.offset})
        methods = [target for target in targets if target < self.code.dex.node_count]
        if len(methods) == 1 and self._depth < MAX_DEPTH:
            self._depth += 1
            returned = follow(self.code.dex, methods[0], arguments, self)
            self._depth -= 1
            return returned
        self.other |= carried
        return NOTHING

    def _on(self, node: int, ins: Instruction, arguments: Sequence[Values], carried: set[str]) -> Values:
        made = self.made(node, ins)
        made.tags |= carried
        for one in things(arguments[0]) if arguments else ():
            one.tags |= carried  # a builder
        return frozenset([made])


def _shows(what: Called, arguments: Sequence[Values]) -> bool:
    if what.owner == NOTICE or (what.name in SHOWS and what.owner.startswith(FRAMEWORK)):
        return True
    if what.owner != INTENT:
        return False
    if what.name == "<init>":
        return len(arguments) > 1 and texts(arguments[1]) == {VIEW}
    if what.name in {"setData", "setDataAndNormalize"}:
        intents = list(things(arguments[0]))  # none: an intent from elsewhere, whose action is not known
        return bool(intents) and all(one.attrs.get("action") == {VIEW} for one in intents)
    return what.name == "putExtra" and len(arguments) > 1 and texts(arguments[1]) == {EXTRA_TEXT}

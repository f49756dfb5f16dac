"""Queries of the package manager that are no list of the user's apps: about the app itself, or about one function.

``queryIntentActivities`` lists apps only when it asks for everything that can be started.  Its intent is followed where
the code puts it together; an intent that cannot be followed is left as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from scanner.collect.app.code import Code
from scanner.collect.app.intents import OWN, IntentModel, things
from scanner.dex import NOTHING, Instruction, Member, Thing, Values, follow
from scanner.model import Text

QUERY = Member("Landroid/content/pm/PackageManager;", "queryIntentActivities")
MAIN = "android.intent.action.MAIN"
PLATFORM = "android.intent.category."
MAX_METHODS = 2_000
ITSELF = Text(
    zh="查询的意图只指向应用自身，不是已安装应用列表",
    en="the intent is addressed to the app itself: no list of installed apps",
)


def narrow_queries(code: Code) -> dict[tuple[int, int], Text]:
    """Return, by method and offset of the call, why a query is no list of the installed apps."""
    places: dict[int, set[int]] = defaultdict(set)
    for hit in code.sites([QUERY], inherited=False):
        places[hit.site.node].add(hit.site.offset)
    own = frozenset(name for one in code.program.components for name in one.categories)
    flow = _Queries(code.program.package, own - {n for n in own if n.startswith(PLATFORM)})
    for node in sorted(places)[:MAX_METHODS]:
        flow.offsets = places[node]
        follow(code.dex, node, (), flow)
    return {place: why for place, why in flow.found.items() if why is not None}


class _Queries(IntentModel):
    """Notes for each query what its intent asks for; a second way to the same call that asks for more wins."""

    def __init__(self, package: str, own: frozenset[str]) -> None:
        super().__init__()
        self.package, self.own = package, own
        self.offsets: set[int] = set()
        self.found: dict[tuple[int, int], Text | None] = {}

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Follow one call."""
        built = self.build(node, ins, arguments)
        if built is not None:
            return built
        if ins.offset in self.offsets:
            intents = [one for values in arguments[1:2] for one in things(values)]
            reasons = [self._narrow(one) for one in intents]
            self.found[node, ins.offset] = reasons[0] if reasons and all(reasons) else None
        return NOTHING

    def _narrow(self, intent: Thing) -> Text | None:
        attrs = intent.attrs
        if attrs.get(OWN) or (attrs.get("package") and attrs["package"] <= {self.package}):
            return ITSELF
        actions = attrs.get("action") or set()
        if actions and MAIN not in actions:
            shown = min(actions)
            return Text(
                zh=f"查询的是能响应动作 {shown} 的应用，不是已安装应用列表",
                en=f"it asks which apps answer the action {shown}: no list of installed apps",
            )
        categories = attrs.get("category") or set()
        if categories & self.own:
            shown = min(categories & self.own)
            return Text(
                zh=f"查询限于应用自己的清单所用的类别 {shown}，不是已安装应用列表",
                en=f"it asks for the category {shown} of the app's own manifest: no list of installed apps",
            )
        return None

"""How code builds intents: what :mod:`scanner.dex.values` needs to know of android.content.Intent and ComponentName.

Source: the Android reference of both classes.  An intent's attributes: ``package``, ``class``, ``action``, ``category``, and
``own`` when it is addressed to the app itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scanner.dex import NOTHING, Instruction, Member, Thing, Values

INTENT = "Landroid/content/Intent;"
COMPONENT = "Landroid/content/ComponentName;"
# Framework classes through which code calls methods of Context.
CONTEXTS = (
    "Landroid/content/Context;",
    "Landroid/content/ContextWrapper;",
    "Landroid/view/ContextThemeWrapper;",
    "Landroid/app/Activity;",
    "Landroid/app/Service;",
    "Landroid/app/IntentService;",
    "Landroid/app/Application;",
    "Landroid/app/Fragment;",
    "Landroid/preference/PreferenceActivity;",
    "Landroid/app/ListActivity;",
    "Landroidx/core/content/ContextCompat;",
    "Landroidx/fragment/app/Fragment;",
    "Landroid/support/v4/app/Fragment;",
)
WAYS = {
    "startActivity": "activity",
    "startActivityForResult": "activity",
    "startActivityIfNeeded": "activity",
    "startService": "service",
    "startForegroundService": "service",
    "bindService": "bind",
    "sendBroadcast": "broadcast",
    "sendOrderedBroadcast": "broadcast",
}
SENDERS = tuple(Member(owner, name) for owner in CONTEXTS for name in WAYS)
OWN = "own"
MAX_STEPS = 3_000_000


@dataclass(frozen=True, slots=True)
class Called:
    """A method reference in parts: class descriptor, name, parameter descriptors, return type."""

    owner: str
    name: str
    parameters: str
    result: str


@lru_cache(maxsize=1 << 12)
def called(reference: str | None) -> Called:
    """Return the parts of a method descriptor."""
    owner, _, rest = (reference or "").partition("->")
    name, _, prototype = rest.partition("(")
    parameters, _, result = prototype.partition(")")
    return Called(owner, name, parameters, result)


def texts(values: Values) -> set[str]:
    """Return the constant texts among ``values``."""
    return {value for value in values if isinstance(value, str)}


def things(values: Values) -> list[Thing]:
    """Return the objects among ``values``."""
    return [value for value in values if isinstance(value, Thing)]


class IntentModel:
    """Follows how intents are put together; objects that calls make are kept by their place."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.steps = steps
        self._made: dict[tuple[int, int], Thing] = {}

    def cast(self, node: int, ins: Instruction, values: Values) -> Values:
        """A cast changes nothing."""
        return values

    def load(self, field: str) -> Values:
        """Fields are not followed."""
        return NOTHING

    def store(self, field: str, values: Values) -> None:
        """Fields are not followed."""

    def made(self, node: int, ins: Instruction, made: str = "") -> Thing:
        """Return the object that stands for what the call at this place gives back."""
        return self._made.setdefault((node, ins.offset), Thing(made or ins.reference or ""))

    def build(self, node: int, ins: Instruction, given: Sequence[Values]) -> Values | None:
        """Return the result of a call that builds or addresses an intent; None for any other call."""
        call = called(ins.reference)
        if call.owner == COMPONENT:
            return self._component(call, given)
        if call.owner == INTENT:
            return self._intent(call, given)
        if call.name == "getPackageName" and not call.parameters:
            return frozenset([self.made(node, ins, OWN)])
        if call.name == "getLaunchIntentForPackage" and len(given) > 1:
            intent = self.made(node, ins, INTENT)
            _address(intent, "package", given[1])
            return frozenset([intent])
        return None

    def _component(self, call: Called, given: Sequence[Values]) -> Values:
        if call.name != "<init>" or not given:
            return NOTHING
        for one in things(given[0]):
            if call.parameters.startswith("Landroid/content/Context;"):
                one.attrs[OWN].add(OWN)
            elif len(given) > 2:
                _address(one, "package", given[1])
                one.attrs["class"] |= texts(given[2])
        return NOTHING

    def _intent(self, call: Called, given: Sequence[Values]) -> Values | None:
        if not given:
            return None
        for one in things(given[0]):
            self._change(one, call, given)
        if call.name == "<init>":
            return NOTHING
        return given[0] if call.result == INTENT else None

    def _change(self, one: Thing, call: Called, given: Sequence[Values]) -> None:
        name, parameters = call.name, call.parameters
        if name == "<init>" and parameters == INTENT and len(given) > 1:
            for other in things(given[1]):
                one.tags |= other.tags
                for key, found in other.attrs.items():
                    one.attrs[key] |= found
        elif (name == "<init>" and parameters.startswith("Landroid/content/Context;")) or name == "setClass":
            one.attrs[OWN].add(OWN)
        elif name in {"<init>", "setAction"} and len(given) > 1:
            one.attrs["action"] |= texts(given[1])
        elif name == "addCategory" and len(given) > 1:
            one.attrs["category"] |= texts(given[1])
        elif name == "setPackage" and len(given) > 1:
            _address(one, "package", given[1])
        elif name == "setClassName" and len(given) > 2:
            if parameters.startswith("Landroid/content/Context;"):
                one.attrs[OWN].add(OWN)
            else:
                _address(one, "package", given[1])
            one.attrs["class"] |= texts(given[2])
        elif name == "setComponent" and len(given) > 1:
            for other in things(given[1]):
                for key, found in other.attrs.items():
                    one.attrs[key] |= found


def _address(one: Thing, key: str, values: Values) -> None:
    one.attrs[key] |= texts(values)
    if any(isinstance(value, Thing) and value.made == OWN for value in values):
        one.attrs[OWN].add(OWN)
    elif not texts(values):
        one.attrs["addressed"].add("unknown")

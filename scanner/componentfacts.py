"""Facts about what components let happen: starting unasked, waking other apps, special abilities, links, tasks.

No judgement, no law; ``None`` means *not known* (see :mod:`scanner.facts`).  ``owner_kind`` and ``owner_id`` say who
wrote the code or component, as in :class:`~scanner.facts.Origin`.
"""

from __future__ import annotations

from typing import Literal

from scanner.model import Evidence, Frozen, Text

OwnerKind = Literal["app", "sdk", "library", "unknown"]


class AutoStart(Frozen):
    """A way in which the app comes to run, or keeps running, without being opened (``rules/data/autostart.yaml``).

    ``kind`` is the entry's id, ``group`` what it belongs to (``boot``, ``event``, ``keep-alive``, ``schedule``,
    ``door``: a component other apps start by design).  ``works``: whether Android still acts on it at the target
    level and with the permissions of the package.
    """

    kind: str
    name: Text
    group: Literal["boot", "event", "schedule", "keep-alive", "door"]
    trigger: str
    component: str = ""
    caller: str = ""
    process: str | None = None
    works: bool | None = None
    reachable: bool | None = None
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class Wake(Frozen):
    """A call that starts a part of another app: a service, a receiver or a screen of a package named in code.

    ``package`` is empty where every app that answers ``action`` is meant (``way`` is then ``query``).  ``purpose``
    comes from ``rules/data/packages.yaml`` (``system`` for parts of the device); empty when not known.
    ``switched_off``: the app calls the SDK's own switch against it.  ``before_ui`` and ``guarded`` as in
    :class:`~scanner.facts.Access`.
    """

    package: str
    target: str = ""
    action: str = ""
    way: Literal["activity", "service", "bind", "broadcast", "query"]
    purpose: str = ""
    caller: str
    reachable: bool | None = None
    before_ui: bool | None = None
    guarded: bool | None = None
    switched_off: bool = False
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class AccessibilitySettings(Frozen):
    """What an accessibility service asks for in its configuration file (attributes of ``<accessibility-service>``).

    ``all_events``: every kind of event; ``packages``: the apps it limits itself to, empty for all of them;
    ``tool``: says that it helps people with disabilities (``isAccessibilityTool``).
    """

    readable: bool | None = None
    window_content: bool | None = None
    gestures: bool | None = None
    key_events: bool | None = None
    tool: bool | None = None
    all_events: bool | None = None
    events: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


class Ability(Frozen):
    """A power beyond ordinary permissions (``rules/data/abilities.yaml``): declared, used, and by whom.

    ``permissions`` and ``components`` declare it; ``used``: reachable code exercises it, None where that cannot be
    seen.  ``policies`` are those of a device administrator.
    """

    kind: str
    name: Text
    declared: bool
    permissions: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    used: bool | None = None
    used_by_owner: tuple[OwnerKind, ...] = ()
    used_by: tuple[str, ...] = ()
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    accessibility: AccessibilitySettings | None = None
    policies: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

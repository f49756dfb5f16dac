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


class DeepLink(Frozen):
    """An intent filter with data: the links a component answers to.

    ``paths`` are written as ``kind:path`` (``pathPrefix:/share``).  ``browsable``: pages can open it.  ``verifiable``:
    for web links, whether Android can verify them with their hosts (App Links: ``autoVerify``, VIEW, BROWSABLE,
    DEFAULT, http or https only, every host named); None for others.
    """

    component: str
    kind: str
    schemes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    mime_types: tuple[str, ...] = ()
    custom_schemes: tuple[str, ...] = ()
    web: bool = False
    browsable: bool = False
    auto_verify: bool = False
    verifiable: bool | None = None
    exported: bool
    permission: str | None = None
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


PermissionLevel = Literal["normal", "dangerous", "signature", "special", "privileged", "vendor", "unknown"]


class OwnPermission(Frozen):
    """A ``<permission>``, ``<permission-tree>`` or ``<permission-group>`` that the package defines.

    ``guards`` are the components it protects; ``flags`` the bits beside the base level (``privileged``,
    ``knownSigner`` …) that are known by name.
    """

    name: str
    kind: Literal["permission", "tree", "group"]
    level: PermissionLevel = "normal"
    flags: tuple[str, ...] = ()
    group: str | None = None
    guards: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class ComponentGuard(Frozen):
    """A permission that guards an exported component, and what it takes to hold it.

    ``defined_by``: the package itself, the platform (or a vendor the catalogue knows), or nobody known: then whoever
    defines the name first decides who gets it.  ``own_name``: it bears the name of the package's own domain;
    ``similar``: a known name it may be a misspelling of.
    """

    component: str
    kind: str
    permission: str
    access: Literal["all", "read", "write"] = "all"
    level: PermissionLevel
    defined_by: Literal["package", "platform", "unknown"]
    own_name: bool = False
    similar: str = ""
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class TaskSetting(Frozen):
    """How an activity joins tasks; only activities that are open, start the app or depart from Android's defaults.

    ``foreign``: its affinity names another app's package.  ``strandhogg1``: another app's activity can place itself
    into its task on some Android release the package runs on (10 and earlier, unless the affinity is empty);
    ``strandhogg2``: the same by CVE-2020-0096 (8.0 to 9 without the patch of May 2020, unless the launch mode is
    ``singleTask`` or ``singleInstance``).  Both depend on the device, not on the target level.
    """

    component: str
    affinity: str
    foreign: bool = False
    launch_mode: Literal["standard", "singleTop", "singleTask", "singleInstance", "singleInstancePerTask"]
    reparenting: bool = False
    exported: bool = False
    launcher: bool = False
    strandhogg1: bool = False
    strandhogg2: bool = False
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class QueriedApps(Frozen):
    """What the package asks to see of other apps: ``<queries>`` and QUERY_ALL_PACKAGES (Android 11)."""

    all_packages: bool = False
    packages: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    count: int = 0
    foreign: int = 0
    evidence: tuple[Evidence, ...] = ()


class ForegroundService(Frozen):
    """A service with a foreground type: the permissions its types need that are not declared (Android 14).

    ``started``: reachable code of the class calls ``startForeground``; None where code was not read.
    """

    component: str
    types: tuple[str, ...]
    missing: tuple[str, ...] = ()
    started: bool | None = None
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class SharedFolder(Frozen):
    """Files a provider may hand to other apps: a path of a FileProvider, or a ``<grant-uri-permission>``.

    ``everything``: the whole file system, or every address of the provider.
    """

    component: str
    kind: Literal["file-provider", "grant"]
    root: str
    path: str
    everything: bool = False
    exported: bool = False
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()

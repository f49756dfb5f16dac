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

    How: 清单组件的过滤器与属性、代码中的定时与保活调用（rules/data/autostart.yaml） / filters and attributes
    of components, calls of schedules and keep-alive (rules/data/autostart.yaml)
    Blind: 厂商的自启动名单、native 保活、服务器推送的唤醒 / vendors' autostart lists, native keep-alive,
    wake-ups by push
    Evidence: xml, dex
    """

    kind: str  #: 种类标识 / id of the way
    name: Text  #: 名称 / name
    #: 所属：开机、事件、定时、保活、对外入口 / boot, event, schedule, keep-alive or door
    group: Literal["boot", "event", "schedule", "keep-alive", "door"]
    trigger: str  #: 触发它的事件或接口 / event or interface that triggers it
    component: str = ""  #: 组件 / component
    caller: str = ""  #: 所在方法 / method it stands in
    process: str | None = None  #: 进程 / process
    works: bool | None = None  #: 在目标级别上是否仍有效 / whether Android still acts on it
    reachable: bool | None = None  #: 能否从入口到达 / whether an entry point leads here
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class Wake(Frozen):
    """A call that starts a part of another app: a service, a receiver or a screen of a package named in code.

    ``package`` is empty where every app that answers ``action`` is meant (``way`` is then ``query``).  ``purpose``
    comes from ``rules/data/packages.yaml`` (``system`` for parts of the device); empty when not known.
    ``switched_off``: the app calls the SDK's own switch against it.  ``before_ui`` and ``guarded`` as in
    :class:`~scanner.facts.Access`.

    How: 启动其他包组件的调用及其常量参数（rules/data/packages.yaml） / calls that start components of other
    packages, with constant arguments (rules/data/packages.yaml)
    Blind: 运行时下发的目标、native 与反射调用 / targets sent at run time, native calls and reflection
    Evidence: dex
    """

    package: str  #: 被唤醒的包，空为所有响应者 / package woken, empty for all that answer
    target: str = ""  #: 目标组件 / target component
    action: str = ""  #: 动作 / action
    way: Literal["activity", "service", "bind", "broadcast", "query"]  #: 方式 / way
    purpose: str = ""  #: 目标包的用途 / what the package is for
    caller: str  #: 所在方法 / method it stands in
    reachable: bool | None = None  #: 能否从入口到达 / whether an entry point leads here
    before_ui: bool | None = None  #: 是否在任何界面之前 / before any user interface
    guarded: bool | None = None  #: 是否受已保存标志控制 / depends on a stored flag
    switched_off: bool = False  #: 应用是否调用了 SDK 的关闭开关 / the app calls the SDK's switch against it
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class AccessibilitySettings(Frozen):
    """What an accessibility service asks for in its configuration file (attributes of ``<accessibility-service>``).

    ``all_events``: every kind of event; ``packages``: the apps it limits itself to, empty for all of them;
    ``tool``: says that it helps people with disabilities (``isAccessibilityTool``).

    How: 无障碍服务的配置文件 / configuration file of the accessibility service
    Blind: 运行时修改的设置 / settings changed at run time
    Evidence: none
    """

    readable: bool | None = None  #: 能否读取 / could be read
    window_content: bool | None = None  #: 是否读取窗口内容 / reads window content
    gestures: bool | None = None  #: 是否执行手势 / performs gestures
    key_events: bool | None = None  #: 是否接收按键 / receives keys
    tool: bool | None = None  #: 是否声明为辅助工具 / says it helps people with disabilities
    all_events: bool | None = None  #: 是否接收所有事件 / receives every kind of event
    events: tuple[str, ...] = ()  #: 接收的事件 / events
    packages: tuple[str, ...] = ()  #: 限定的应用 / apps it limits itself to


class Ability(Frozen):
    """A power beyond ordinary permissions (``rules/data/abilities.yaml``): declared, used, and by whom.

    ``permissions`` and ``components`` declare it; ``used``: reachable code exercises it, None where that cannot be
    seen.  ``policies`` are those of a device administrator.

    How: 声明它的权限与组件，和行使它的可达代码（rules/data/abilities.yaml） / permissions and components that
    declare it, reachable code that exercises it (rules/data/abilities.yaml)
    Blind: 用户是否真的授予；反射与 native 代码 / whether users grant it; reflection and native code
    Evidence: xml, dex
    """

    kind: str  #: 能力标识 / id
    name: Text  #: 名称 / name
    declared: bool  #: 是否声明 / declared
    permissions: tuple[str, ...] = ()  #: 声明它的权限 / permissions that declare it
    components: tuple[str, ...] = ()  #: 声明它的组件 / components that declare it
    used: bool | None = None  #: 可达代码是否行使，不明为 null / whether reachable code exercises it
    used_by_owner: tuple[OwnerKind, ...] = ()  #: 行使者的种类 / kinds of who exercises it
    used_by: tuple[str, ...] = ()  #: 行使它的 SDK 或包 / who exercises it
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    #: 无障碍服务的设置 / settings of an accessibility service
    accessibility: AccessibilitySettings | None = None
    policies: tuple[str, ...] = ()  #: 设备管理员的策略 / policies of a device administrator
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

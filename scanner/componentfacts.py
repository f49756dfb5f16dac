"""Facts about what components let happen: starting unasked, waking other apps, special abilities, links, tasks.

No judgement, no law; ``None`` means *not known* (see :mod:`scanner.facts`).  ``owner_kind`` and ``owner_id`` say who
wrote the code or component, as in :class:`~scanner.codefacts.Origin`.
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
    :class:`~scanner.codefacts.Access`.

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

    How: 清单中带 data 的 intent-filter / intent filters with data elements of the manifest
    Blind: 主机上的验证文件、代码收到链接后的检查 / the hosts' verification files, checks code makes on a link
    Evidence: xml
    """

    component: str  #: 组件 / component
    kind: str  #: 组件种类 / kind of component
    schemes: tuple[str, ...] = ()  #: 协议 / schemes
    hosts: tuple[str, ...] = ()  #: 主机 / hosts
    paths: tuple[str, ...] = ()  #: 路径（种类:路径） / paths (kind:path)
    mime_types: tuple[str, ...] = ()  #: MIME 类型 / MIME types
    custom_schemes: tuple[str, ...] = ()  #: 自定义协议 / custom schemes
    web: bool = False  #: 是否为网页链接 / web links
    browsable: bool = False  #: 网页能否打开 / pages can open it
    auto_verify: bool = False  #: 是否要求验证 / asks for verification
    #: Android 能否验证，非网页链接为 null / Android can verify it, null for other links
    verifiable: bool | None = None
    exported: bool  #: 其他应用能否启动 / other apps can start it
    permission: str | None = None  #: 启动所需的权限 / permission needed
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


PermissionLevel = Literal["normal", "dangerous", "signature", "special", "privileged", "vendor", "unknown"]


class OwnPermission(Frozen):
    """A ``<permission>``, ``<permission-tree>`` or ``<permission-group>`` that the package defines.

    ``guards`` are the components it protects; ``flags`` the bits beside the base level (``privileged``,
    ``knownSigner`` …) that are known by name.

    How: 清单中的 permission、permission-tree 和 permission-group / permission, permission-tree and
    permission-group of the manifest
    Blind: 其他应用是否先定义了同名权限 / whether another app defined the name first
    Evidence: xml
    """

    name: str  #: 权限名 / name
    kind: Literal["permission", "tree", "group"]  #: 权限、权限树或权限组 / permission, tree or group
    level: PermissionLevel = "normal"  #: 保护级别 / protection level
    flags: tuple[str, ...] = ()  #: 级别之外的标志 / flags beside the level
    group: str | None = None  #: 权限组 / group
    guards: tuple[str, ...] = ()  #: 它保护的组件 / components it protects
    evidence: tuple[Evidence, ...] = ()


class ComponentGuard(Frozen):
    """A permission that guards an exported component, and what it takes to hold it.

    ``defined_by``: the package itself, the platform (or a vendor the catalogue knows), or nobody known: then whoever
    defines the name first decides who gets it.  ``own_name``: it bears the name of the package's own domain;
    ``similar``: a known name it may be a misspelling of.

    How: 导出组件的权限属性，与清单和权限目录对照 / permission attributes of exported components, held against
    manifest and catalogue
    Blind: 代码中另做的检查；其他应用定义的权限 / checks made in code; permissions other apps define
    Evidence: xml
    """

    component: str  #: 组件 / component
    kind: str  #: 组件种类 / kind of component
    permission: str  #: 权限 / permission
    #: 保护全部、读取还是写入 / guards all, reading or writing
    access: Literal["all", "read", "write"] = "all"
    level: PermissionLevel  #: 保护级别 / protection level
    defined_by: Literal["package", "platform", "unknown"]  #: 由谁定义 / who defines it
    own_name: bool = False  #: 是否用本包域名命名 / bears the package's own name
    similar: str = ""  #: 可能拼错的已知权限 / known name it may misspell
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class TaskSetting(Frozen):
    """How an activity joins tasks; only activities that are open, start the app or depart from Android's defaults.

    ``foreign``: its affinity names another app's package.  ``strandhogg1``: another app's activity can place itself
    into its task on some Android release the package runs on (10 and earlier, unless the affinity is empty);
    ``strandhogg2``: the same by CVE-2020-0096 (8.0 to 9 without the patch of May 2020, unless the launch mode is
    ``singleTask`` or ``singleInstance``).  Both depend on the device, not on the target level.

    How: 活动的 taskAffinity、launchMode 等属性与支持的系统范围 / taskAffinity, launchMode and related
    attributes, with the releases supported
    Blind: 设备的安全补丁；代码启动时所加的标志 / a device's patches; flags added when code starts it
    Evidence: xml
    """

    component: str  #: 活动 / activity
    affinity: str  #: 任务亲和性 / task affinity
    foreign: bool = False  #: 是否指向其他应用的包名 / names another app's package
    #: 启动模式 / launch mode
    launch_mode: Literal["standard", "singleTop", "singleTask", "singleInstance", "singleInstancePerTask"]
    reparenting: bool = False  #: 是否允许转移任务 / may be moved to another task
    exported: bool = False  #: 其他应用能否启动 / other apps can start it
    launcher: bool = False  #: 是否为桌面入口 / launcher entry
    #: 其他应用的界面能否放入其任务 / another app's screen can place itself into its task
    strandhogg1: bool = False
    strandhogg2: bool = False  #: 同上，依 CVE-2020-0096 / the same by CVE-2020-0096
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class QueriedApps(Frozen):
    """What the package asks to see of other apps: ``<queries>`` and QUERY_ALL_PACKAGES (Android 11).

    How: 清单的 queries 元素与 QUERY_ALL_PACKAGES 权限 / the manifest's queries element and the permission
    QUERY_ALL_PACKAGES
    Blind: Android 11 之前不受此限制的查询 / queries before Android 11, which it does not limit
    Evidence: xml
    """

    all_packages: bool = False  #: 是否要求看到全部应用 / asks to see all apps
    packages: tuple[str, ...] = ()  #: 列出的包 / packages named
    authorities: tuple[str, ...] = ()  #: 列出的提供者 / providers named
    actions: tuple[str, ...] = ()  #: 列出的动作 / actions named
    count: int = 0  #: 条目数 / entries
    foreign: int = 0  #: 其中他方应用的个数 / apps of others among them
    evidence: tuple[Evidence, ...] = ()


class ForegroundService(Frozen):
    """A service with a foreground type: the permissions its types need that are not declared (Android 14).

    ``started``: code of the class calls ``startForeground``; None where code was not read.  ``code_types`` are the types
    such calls give as constants, ``undeclared_types`` those that the manifest lacks (Android then throws).  ``items`` are
    the personal-information items that code running in the service obtains, for the first twelve that are started.

    How: 服务的前台类型与声明的权限（Android 14 的要求），代码对 startForeground 的调用及其类型参数，从服务出发的调用图 /
    foreground types of services and declared permissions (as Android 14 asks), calls of startForeground with the types they
    give, and the call graph from the service on
    Blind: 运行时算出的类型；由其他类代为启动前台的服务 / types computed at run time; services that another class brings to
    the foreground
    Evidence: xml, dex
    """

    component: str  #: 服务 / service
    types: tuple[str, ...]  #: 前台类型 / foreground types
    missing: tuple[str, ...] = ()  #: 缺少的权限 / permissions missing
    #: 可达代码是否启动前台，代码未读为 null / reachable code starts it, null where code was not read
    started: bool | None = None
    code_types: tuple[str, ...] = ()  #: 代码给出的前台类型 / types given in code
    undeclared_types: tuple[
        str, ...
    ] = ()  #: 代码给出而清单没有的类型 / types given in code that the manifest lacks
    #: 在服务中运行的代码获取的个人信息项 / items that code running in the service obtains
    items: tuple[str, ...] = ()
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class SharedFolder(Frozen):
    """Files a provider may hand to other apps: a path of a FileProvider, or a ``<grant-uri-permission>``.

    ``everything``: the whole file system, or every address of the provider.

    How: FileProvider 的路径文件与 grant-uri-permission 元素 / path files of FileProviders and
    grant-uri-permission elements
    Blind: 代码实际授权的文件 / files code really grants
    Evidence: xml
    """

    component: str  #: 提供者 / provider
    kind: Literal["file-provider", "grant"]  #: 种类 / kind
    root: str  #: 根目录 / root
    path: str  #: 路径 / path
    everything: bool = False  #: 是否为整个文件系统或全部地址 / the whole file system or every address
    exported: bool = False  #: 提供者是否导出 / provider exported
    owner_kind: OwnerKind = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()

"""Facts: what a package, site or policy contains, with evidence.  No judgement, no law.

``None`` means *not known* throughout: a rule that needs such a value becomes ``unknown``.  A list is complete
unless a :class:`~scanner.model.Gap` covers its path.  Rules address these fields by path (``app.accesses``),
so names here are an interface: renaming one is a breaking change.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from scanner.appfacts import (
    BuildRecord,
    CategoryProposal,
    ConsentDialog,
    Container,
    Expansion,
    GuardKind,
    NativeHardening,
    NetworkConfig,
    SdkTrace,
    Secret,
    StartupStep,
)
from scanner.componentfacts import (
    Ability,
    AutoStart,
    ComponentGuard,
    DeepLink,
    ForegroundService,
    OwnPermission,
    QueriedApps,
    SharedFolder,
    TaskSetting,
    Wake,
)
from scanner.model import Artifact, Confidence, Evidence, Frozen, Gap, Looked, Problem, Subject, Text
from scanner.policyfacts import PolicyFacts
from scanner.sitefacts import SiteFacts

Owner = Literal["app", "sdk", "library", "unknown"]
EntryKind = Literal[
    "application",
    "provider",
    "launcher_activity",
    "activity",
    "service",
    "receiver",
    "callback",
    "static",
    "native",
    "other",
]


class Origin(Frozen):
    """Who wrote a class: the app itself, a known SDK, a plain library, or not determinable.

    ``id`` is the SDK's or library's id in ``rules/data/sdks``, the package prefix of the app, or empty;
    ``basis`` says how it was found: ``prefix``, ``class``, ``manifest``, ``structure`` (renamed code that has the
    strings and system calls of a known SDK), ``callers`` (renamed code reached only from one owner), ``none``.

    How: 依次为已知 SDK 的包名前缀或特有类、应用包名与入口类的包、代码结构、唯一的调用者 / prefix or
    distinctive class of a known SDK, the packages of the app and its entry classes, structure of the code,
    the only caller
    Blind: 目录中没有的 SDK 的改名代码，记为 unknown / renamed code of SDKs the catalogue lacks, which stays
    unknown
    Evidence: none
    """

    kind: Owner  #: 应用自身、SDK、普通库或不能确定 / the app, an SDK, a plain library, or not determinable
    id: str = ""  #: SDK 或库的标识，或应用包名前缀 / id of the SDK or library, or the app's package prefix
    name: Text | None = None  #: SDK 或库的名称 / name of the SDK or library
    basis: str = "none"  #: 凭什么认定 / what it rests on


class Identity(Frozen):
    """Who the package says it is (AndroidManifest.xml and resources).

    How: AndroidManifest.xml 的根元素和 uses-sdk（多个时以最后一个为准，与 Android 相同），标签由资源表解析 /
    the manifest's root and uses-sdk (the last of several, as in Android), labels resolved in the resource
    table
    Blind: 应用商店页面上的名称与版本 / name and version shown in a store
    Evidence: xml
    """

    package: str  #: 包名 / package name
    version_name: str | None = None  #: 版本名 / version name
    version_code: int | None = None  #: 版本号 / version code
    min_sdk: int | None = None  #: 最低 API 级别 / minimum API level
    #: 目标 API 级别，未写时等于最低级别 / target API level, the minimum where not written
    target_sdk: int | None = None
    compile_sdk: int | None = None  #: 编译所用 API 级别 / API level compiled against
    label: str | None = None  #: 默认语言的应用名 / label in the default language
    label_zh: str | None = None  #: 中文应用名 / label in Chinese
    label_en: str | None = None  #: 英文应用名 / label in English
    split: str | None = None  #: 拆分包的名称，基础包为空 / name of the split, null for the base
    shared_user_id: str | None = None  #: 共享用户标识 / shared user id
    evidence: tuple[Evidence, ...] = ()


class AppFlags(Frozen):
    """Switches of the ``<application>`` element with Android's effective values for the target level.

    How: application 元素的属性，未写时取 Android 在该目标级别的默认值 / attributes of the application
    element, with Android's default for the target level
    Blind: 系统或设备管理策略对这些开关的改动 / changes that a device's policy makes
    Evidence: xml
    """

    debuggable: bool | None = None  #: 是否可调试 / debuggable
    allow_backup: bool | None = None  #: 是否允许备份 / backup allowed
    #: How: 有网络安全配置时以其为准（Android 7.0 起），否则取属性或默认值 / the network security
    #: configuration where there is one (from Android 7.0), else the attribute or default
    #: Blind: 不经系统网络库的连接 / connections made without the platform's stack
    cleartext_traffic: bool | None = None  #: 是否允许明文通信 / cleartext traffic allowed
    test_only: bool | None = None  #: 是否为测试包 / test-only build
    #: 是否沿用旧的外部存储方式 / asks for legacy external storage
    legacy_external_storage: bool | None = None
    has_code: bool | None = None  #: 是否含代码 / says it has code
    #: 网络安全配置的资源名或路径 / resource or path of the network security configuration
    network_security_config: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Component(Frozen):
    """An activity, service, receiver or provider of the manifest; ``exported`` is the effective value, ``label`` the
    title written for it (Chinese where there is one).

    How: 清单中 application 的子元素及其 intent-filter / children of the manifest's application element with
    their intent filters
    Blind: 运行时注册的广播接收器、运行时启用或停用的组件 / receivers registered and components switched at
    run time
    Evidence: xml
    """

    #: 组件种类 / kind of component
    kind: Literal["activity", "activity-alias", "service", "receiver", "provider"]
    name: str  #: 类名；别名取其目标类 / class name, that of the target for an alias
    exported: bool  #: 其他应用能否启动它（生效值） / whether other apps can start it (effective)
    exported_explicit: bool | None = None  #: 清单所写的 exported，未写为 null / exported as written
    enabled: bool = True  #: 是否启用 / enabled in the manifest
    permission: str | None = None  #: 启动它所需的权限 / permission needed to start it
    read_permission: str | None = None  #: 读取提供者所需的权限 / permission to read the provider
    write_permission: str | None = None  #: 写入提供者所需的权限 / permission to write the provider
    #: 提供者是否可临时授权 / whether the provider may grant access to URIs
    grant_uri_permissions: bool = False
    label: str | None = None  #: 组件标题（有中文取中文） / title written for it, Chinese where there is one
    process: str | None = None  #: 运行的进程 / process it runs in
    authorities: tuple[str, ...] = ()  #: 提供者的 authority / authorities of the provider
    actions: tuple[str, ...] = ()  #: 过滤器中的动作 / actions of its filters
    categories: tuple[str, ...] = ()  #: 过滤器中的类别 / categories of its filters
    schemes: tuple[str, ...] = ()  #: 过滤器中的 URI 协议 / URI schemes of its filters
    launcher: bool = False  #: 是否为桌面入口 / whether it is a launcher entry
    foreground_service_type: tuple[str, ...] = ()  #: 前台服务类型 / foreground service types
    owner: Origin
    evidence: tuple[Evidence, ...] = ()


class PermissionUse(Frozen):
    """One owner's use of a permission: how many call sites need it, one of them as evidence.

    How: 需要该权限的调用点，按代码所有者汇总 / call sites that need the permission, by owner
    Blind: 同所属权限 / as for the permission
    Evidence: dex
    """

    owner: Origin
    sites: int  #: 调用点个数 / number of call sites
    evidence: tuple[Evidence, ...] = ()


class Permission(Frozen):
    """A permission the package declares or whose protected API it calls.

    ``used`` is None when code could not be read or the catalogue knows no API for the permission.
    ``requested`` says whether its name occurs as a string constant in code (the run-time request needs it).
    ``similar``: a permission of Android that an unknown name may be a misspelling of.

    How: 清单的 uses-permission，与代码中受保护接口的调用点对照（权限目录） / uses-permission of the manifest,
    held against calls of protected interfaces (permission catalogue)
    Blind: 目录未收录的接口、反射、native 代码对权限的使用 / uses through interfaces the catalogue lacks,
    reflection and native code
    Evidence: xml, dex
    """

    name: str  #: 权限全名 / full name
    declared: bool  #: 清单是否声明 / declared in the manifest
    max_sdk: int | None = None  #: 声明有效的最高 API 级别 / highest API level the declaration holds for
    #: 保护级别 / protection level
    protection: Literal[
        "normal", "dangerous", "signature", "special", "privileged", "vendor", "custom", "unknown"
    ]
    group: str | None = None  #: 权限组 / permission group
    label: Text | None = None  #: 权限的中英文名称 / name for people
    collects_pi: bool = False  #: 是否用于获取个人信息 / whether it gives access to personal information
    items: tuple[str, ...] = ()  #: 可获取的个人信息项 / items it gives access to
    flags: tuple[str, ...] = ()  #: 目录中的特别标记 / special marks of the catalogue
    #: 是否使用；不能判断为 null / whether it is used, null where that cannot be told
    used: bool | None = None
    used_by: tuple[PermissionUse, ...] = ()  #: 由谁在多少处使用 / used by whom, at how many places
    used_by_owner: tuple[Owner, ...] = ()  #: 使用者的种类 / kinds of the users
    #: 权限名是否作为字符串出现在代码中 / whether code holds its name as a string
    requested: bool | None = None
    similar: str = ""  #: 可能拼错的系统权限 / Android permission it may misspell
    evidence: tuple[Evidence, ...] = ()


class Access(Frozen):
    """One place in code that obtains a personal-information item (``rules/data``: items, android_sources).

    ``target`` is the method, field, URI or property; ``caller`` the method descriptor; ``offset`` counts
    16-bit code units.  ``reachable``: from an entry point by calls, dispatch by class hierarchy and
    callbacks; None where the graph is incomplete.  ``entry`` and ``entry_kind`` name the entry point of the
    shortest chain.  ``strength``: ``weak`` where the API is mostly used for something harmless; ``derived`` also for a
    reflective call whose class and method are constants of its method (``via_reflection``).
    ``entry_method`` is the name of the entry point's method when calls alone lead from it here, empty when a callback
    lies between.  ``before_ui``: runs before any user interface exists; ``guarded``: then every way there passes a
    test of a stored flag (None where it does not apply, or where the flag's meaning cannot be told); ``guard`` is the
    weakest kind of test on any way.  ``restricted``: no device of the package's range gives an
    ordinary app the value.

    How: 目录（rules/data）的方法、字段、URI、属性、路径、意图动作与全部指令匹配；可达由组件起求得 /
    methods, fields, URIs, properties, paths and intent actions of the catalogue matched against all
    instructions; reachability from components by calls, class hierarchy and callbacks
    Blind: 名称非常量的反射，native、脚本和运行时加载的代码；目录未收录的接口；参数的运行时取值 / reflection with names
    that are not constant, native, script and loaded code; interfaces the catalogue lacks; values known only at run time
    Evidence: dex
    """

    item: str  #: 个人信息项的标识 / id of the item
    source: str  #: 目录中获取方式的标识 / id of the catalogue's source
    #: 凭什么匹配：方法、字段、URI 等 / what matched: method, field, URI …
    kind: Literal["method", "field", "uri", "property", "path", "intent-action"]
    #: 读取、监听、采集、弹出选择或写入 / read, observe, capture, prompt or write
    mode: Literal["read", "observe", "capture", "prompt", "write"]
    target: str  #: 匹配到的方法、字段或字面值 / the method, field or literal
    caller: str  #: 所在方法的描述符 / descriptor of the method it stands in
    dex: str  #: 所在 dex 文件 / dex file
    offset: int  #: 在方法中的偏移（16 位单元） / offset in the method in 16-bit units
    owner: Origin
    owner_kind: Owner
    owner_id: str = ""
    strength: Literal["direct", "derived", "weak"]  #: 是直接、推导还是弱线索 / direct, derived or weak
    via_hierarchy: bool = False  #: 是否经由子类的引用 / through a subclass's reference
    #: 是否经由名称为常量的反射调用 / through a reflective call with constant names
    via_reflection: bool = False
    reachable: bool | None = None  #: 能否从入口到达 / whether an entry point leads here
    entry: str | None = None  #: 最短调用链的入口类 / entry class of the shortest chain
    entry_kind: EntryKind | None = None  #: 入口种类 / kind of the entry
    #: 只经调用到达时入口的方法名，中间有回调为空 / entry method when calls alone lead here, empty behind a
    #: callback
    entry_method: str | None = None
    before_ui: bool | None = None  #: 是否在任何界面之前运行 / runs before any user interface
    #: 界面之前到达此处的路是否都经过已保存标志的判断 / whether every way here before any interface passes a
    #: test of a stored flag
    #: How: 去掉只在标志一侧执行的调用后重算可达 / reachability computed again without the calls made on one
    #: side of a flag's test
    #: Blind: 标志的含义，以及不存为标志的同意 / what the flag means, and consent kept otherwise
    guarded: bool | None = None
    #: 各条路中最弱的一种判断：无、无关标志、含义不明、同意标志 / weakest kind of test on any way: none,
    #: unrelated flag, unknown meaning, consent
    guard: GuardKind | None = None
    #: 在支持的设备上普通应用是否都取不到该值 / whether no supported device gives ordinary apps the value
    restricted: bool = False
    permissions: tuple[str, ...] = ()  #: 此处所依赖的权限 / permissions it rests on
    permission_missing: bool = False  #: 所需权限是否未声明 / whether a needed permission is not declared
    #: 是否为敏感个人信息 / sensitive personal information
    sensitive: Literal["yes", "conditional", "legacy", "no"] = "no"
    persistent_identifier: bool = False  #: 是否为不可变更的标识 / identifier the user cannot reset
    evidence: tuple[Evidence, ...] = ()


class Sdk(Frozen):
    """A third-party SDK or library found in the package.

    ``basis``: what identified it (``class``: a class only it has, ``prefix``: package names, ``structure``: strings
    and system calls of renamed code, ``string``, ``native``, ``manifest``, ``manifest-key``, ``resource``).
    ``confidence``: tentative where the traces are few or nobody has checked them against the real SDK.
    ``version`` is what its own code states (``version_evidence`` says where), None when it does not say exactly one.
    ``items`` were seen accessed by its code here; ``documented_items`` are what its vendor says it collects.
    ``domains`` are those its vendor uses, ``hosts`` those named in its code here.
    ``init``: its initialisation calls found in code, with the earliest entry kind (None where its names are gone); ``init_guard`` is the weakest kind
    of test before those that run ahead of any screen (``init_guarded`` None: the flag's meaning cannot be told).

    How: 特有类、包名前缀、改名后留下的字符串与系统调用、native 库、资源文件、清单组件与键值，按 SDK 目录认定 / distinctive classes, package
    prefixes, strings and system calls that renaming leaves, native libraries, resource files, components and keys of the manifest, by the SDK catalogue
    Blind: 目录没有的 SDK；代码被完全改名且没有特征的 SDK；由服务器下发的 SDK / SDKs the catalogue lacks,
    wholly renamed ones without traces, ones sent by a server
    Evidence: file, xml
    """

    id: str  #: SDK 标识 / id
    name: Text  #: 名称 / name
    vendor: Text  #: 提供者 / vendor
    country: str | None = None  #: 提供者所在国家 / vendor's country
    purpose: str  #: 用途类别 / purpose
    is_library: bool  #: 是否为不收集信息的普通库 / a plain library that collects nothing
    version: str | None = None  #: 版本，不能确定为 null / version, null where not determinable
    basis: tuple[str, ...]  #: 认定依据的种类 / kinds of traces
    #: 认定的把握：痕迹少或目录未与真实 SDK 核对的为 tentative / how sure; tentative with few or unchecked traces
    confidence: Confidence = Confidence.FIRM
    classes: int = 0  #: 归属它的类的个数 / number of its classes
    #: 在本包中看到其代码获取的个人信息项 / items its code was seen to access here
    items: tuple[str, ...] = ()
    #: 提供者公开说明收集的个人信息项 / items its vendor says it collects
    #: How: 来自 SDK 目录所注明的公开文档 / from the public document the catalogue names
    #: Blind: 文档之后的版本和开关设置 / later versions, and switches
    documented_items: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()  #: 其已知的域名 / its known domains
    hosts: tuple[str, ...] = ()  #: 其代码中出现的主机 / hosts named in its code
    initialised: bool | None = None  #: 应用是否在可达代码中初始化它 / whether reachable code initialises it
    #: 初始化的最早入口种类 / kind of the earliest entry that starts it
    init_entry_kind: EntryKind | None = None
    init_before_ui: bool | None = None  #: 是否在任何界面之前初始化 / whether it starts before any interface
    #: 界面之前的初始化是否都受已保存标志控制 / whether starts before any interface depend on a stored flag
    init_guarded: bool | None = None
    #: 界面之前初始化所经的最弱判断 / weakest kind of test before such starts
    init_guard: GuardKind | None = None
    consent_api: tuple[str, ...] = ()  #: 其告知同意的接口 / its interfaces for consent
    consent_api_called: bool | None = None  #: 是否调用这些接口 / whether they are called
    source: str = ""  #: 目录条目的来源 / source of the catalogue's entry
    source_verified: str = ""  #: 来源核对日期 / day the source was checked
    evidence: tuple[Evidence, ...] = ()
    init_evidence: tuple[Evidence, ...] = ()  #: 初始化调用的证据 / evidence of its initialisation
    version_evidence: tuple[Evidence, ...] = ()  #: 版本的证据 / evidence of the version


class CodeStats(Frozen):
    """Size of the code and what in it could not be followed (counts).

    How: 对全部 dex 逐指令扫描计数 / counted over all instructions of all dex files
    Blind: 不在 dex 中的代码（native、脚本、加固壳内） / code outside dex files: native, scripts, inside a
    packer
    Evidence: file
    """

    dex_files: int = 0  #: dex 文件数 / dex files
    classes: int = 0  #: 类数 / classes
    methods: int = 0  #: 方法数 / methods
    instructions: int = 0  #: 指令数 / instructions
    calls: int = 0  #: 调用数 / calls
    skipped_methods: int = 0  #: 因损坏跳过的方法数 / methods skipped as malformed
    native_methods: int = 0  #: native 方法数 / native methods
    reflection_calls: int = 0  #: 反射调用数 / calls through reflection
    dynamic_loads: int = 0  #: 运行时加载代码的调用数 / calls that load code at run time
    entry_points: int = 0  #: 入口数 / entry points
    reachable_methods: int = 0  #: 可达方法数 / reachable methods
    #: How: 加固产品特有的库、类和文件 / libraries, classes and files only the packer brings
    #: Blind: 未收录的加固产品 / packers the data lacks
    packer: str | None = None  #: 加固产品标识，无为 null / id of the packer, null without one
    packer_name: Text | None = None  #: 加固产品名称 / name of the packer
    #: 类名被改短的比例（0–1） / share of classes with shortened names (0–1)
    #: How: 类名不超过两个字符的比例 / share of class names of at most two characters
    #: Blind: 改成长名的类 / classes renamed to long names
    obfuscated_share: float | None = None
    evidence: tuple[Evidence, ...] = ()


class NativeLibrary(Frozen):
    """A native library file: path in the package, ABI, size in bytes.

    How: 安装包中 lib/<ABI>/*.so 的目录项 / entries lib/<ABI>/*.so of the package
    Blind: assets 等其他位置的库、运行时下载的库 / libraries elsewhere, such as assets, and downloaded ones
    Evidence: none
    """

    path: str  #: 包内路径 / path in the package
    name: str  #: 文件名 / file name
    abi: str  #: ABI / ABI
    size: int  #: 大小（字节） / size in bytes
    owner: Origin


class SchemeState(Frozen):
    """State of one APK signature scheme; ``verified`` is None when it could not be checked.

    How: 读签名块或 META-INF 并验证摘要与签名 / signing block or META-INF read, digests and signatures
    verified
    Blind: 未附 .idsig 文件时的 v4 / v4 without its .idsig file
    Evidence: none
    """

    scheme: Literal["v1", "v2", "v3", "v3.1", "v4"]  #: 签名方案 / scheme
    present: bool  #: 是否存在 / present
    verified: bool | None = None  #: 是否有效，未能校验为 null / verified, null when it could not be checked
    problem: str | None = None  #: 校验失败的原因 / why verification failed


class Certificate(Frozen):
    """A signing certificate (X.509); ``key_bits`` in bits, dates in UTC.

    How: 签名块中的 X.509 证书 / X.509 certificate of the signing block
    Blind: 证书是否被吊销（Android 不检查） / revocation, which Android does not check
    Evidence: file
    """

    sha256: str  #: 证书指纹 / fingerprint
    subject: str  #: 持有者 / subject
    issuer: str  #: 签发者 / issuer
    serial: str  #: 序列号 / serial number
    not_before: datetime  #: 生效时间 / valid from
    not_after: datetime  #: 失效时间 / valid until
    key_algorithm: str  #: 密钥算法 / key algorithm
    key_bits: int | None = None  #: 密钥长度（比特） / key length in bits
    signature_algorithm: str  #: 签名算法 / signature algorithm
    self_signed: bool  #: 是否自签 / self-signed
    debug: bool  #: 是否为调试证书 / debug certificate
    weak: bool  #: 是否过弱 / too weak
    weak_reason: Text | None = None  #: 过弱的原因 / why it is weak
    evidence: tuple[Evidence, ...] = ()


class Signing(Frozen):
    """Signature schemes and certificates; ``verified`` is None when nothing could be checked.

    How: 按 APK 签名方案 v1–v4 校验整个文件 / the file verified by the APK signature schemes v1–v4
    Blind: 商店重新签名、证书的实际持有人 / re-signing by a store, and who really holds the key
    Evidence: file
    """

    signed: bool | None = None  #: 是否签名 / signed
    verified: bool | None = None  #: 签名是否有效 / verified
    v1_only: bool | None = None  #: 是否只有 v1 签名 / v1 only
    schemes: tuple[SchemeState, ...] = ()  #: 各签名方案的状态 / state of each scheme
    certificates: tuple[Certificate, ...] = ()  #: 签名证书 / signing certificates
    evidence: tuple[Evidence, ...] = ()


class InterfaceText(Frozen):
    """A sentence of the interface that matters for the law.

    ``kind`` comes from ``rules/data/texts.yaml`` (``policy_link``, ``consent_prompt``, ``implied_consent``,
    ``account_deletion``, ``complaint_channel``, ``personalisation_switch``, ``login`` …); ``origin`` is the place
    it was found in; ``used`` whether a resource or class refers to it (None = not analysed), ``used_by`` the classes
    that show it, directly or through a layout; ``url`` the address it names or its class opens.

    How: 字符串资源、布局中的文字、代码和自绘界面文件（脚本、Hermes、Dart 快照）中的中文字符串，与短语表 rules/data/texts.yaml
    匹配 / string resources, words of layouts, Chinese strings of code and of files of drawn interfaces (scripts, Hermes,
    Dart snapshots), matched against rules/data/texts.yaml
    Blind: 图片中的文字、由服务器下发或网页显示的文字；是否真的显示 / words in images, sent by servers or
    shown as web pages; whether it is ever shown
    Evidence: resource, xml, dex, file
    """

    kind: str  #: 句子的种类 / kind of sentence
    text: str  #: 原文（截短） / the words, cut
    origin: Literal["resource", "code", "layout", "asset"]  #: 所在：资源、代码、布局、文件 / where it stands
    name: str = ""  #: 资源名、布局名或方法 / resource, layout or method
    locale: str = ""  #: 语言 / locale
    owner_kind: Owner = "unknown"
    #: 是否有资源或类使用它，未分析为 null / a resource or class refers to it, null when not analysed
    used: bool | None = None
    used_by: tuple[str, ...] = ()  #: 使用它的类 / classes that use it
    url: str = ""  #: 它指向的网址 / URL it leads to
    evidence: tuple[Evidence, ...] = ()


class CheckBox(Frozen):
    """A check box or switch in a layout; ``agreement`` when its words or a neighbour's mention consent.

    ``origin`` says where ``checked`` was seen: in the layout, or set by code before the user does anything; ``view`` is
    its id in the layout, ``used_by`` the classes that show the layout.

    How: 布局文件中的勾选框和开关元素，文字取自身或相邻元素 / check boxes and switches of layout files, with
    their own or a neighbour's words
    Blind: 代码中创建的勾选框、网页中的勾选框 / boxes created in code, or in web pages
    Evidence: xml
    """

    layout: str  #: 布局资源名 / layout resource
    view: str = ""  #: 布局中的 id / its id in the layout
    #: 勾选状态在哪里看到：布局或代码 / where the state was seen: in the layout or in code
    origin: Literal["layout", "code"] = "layout"
    used_by: tuple[str, ...] = ()  #: 显示该布局的类 / classes that show the layout
    checked: bool  #: 布局中是否默认勾选 / ticked in the layout
    agreement: bool  #: 文字是否与同意有关 / whether its words speak of consent
    text: str = ""  #: 文字（截短） / its words, cut
    evidence: tuple[Evidence, ...] = ()


class PermissionRequest(Frozen):
    """A run-time permission request: the permissions that could be read from its constant arguments.

    ``purposes`` are the texts about the use of permissions that a class on the way to the request shows.

    How: 代码中 requestPermissions 的调用及其常量参数 / calls of requestPermissions with their constant
    arguments
    Blind: 运行时拼出的权限、经封装库的申请 / permissions put together at run time or asked through wrappers
    Evidence: dex
    """

    caller: str  #: 所在方法 / method it stands in
    permissions: tuple[str, ...]  #: 申请的权限 / permissions asked for
    groups: int  #: 涉及的敏感权限组数 / dangerous permission groups it touches
    complete: bool  #: 参数是否全部为常量 / whether all arguments are constant
    owner: Origin
    owner_kind: Owner
    reachable: bool | None = None  #: 能否从入口到达 / whether an entry point leads here
    entry_kind: EntryKind | None = None  #: 入口种类 / kind of the entry
    before_ui: bool | None = None  #: 是否在任何界面之前 / before any user interface
    purposes: tuple[
        str, ...
    ] = ()  #: 途中的类显示的权限用途文字 / texts on the use shown by classes on the way
    evidence: tuple[Evidence, ...] = ()


class Endpoint(Frozen):
    """An address in code or text files that may be contacted: a URL, or an IP address with a port.

    ``kind``: ``url`` (a host name), ``ip``, or ``private`` (an address of no public network).  ``operator`` is the company
    the offline data registers for the host, ``category`` what the host serves, ``sdk`` the SDK whose documented hosts
    include it.  ``country`` (ISO 3166-1) is that of the operator, of the address's registration, or hinted at by the
    name's last part (``country_of``): where the host stands cannot be told from a package.  ``overseas`` counts Hong
    Kong, Macao and Taiwan as outside the mainland, as data export rules do, and is None on a mere hint;
    ``country_source`` and ``as_of`` name the data and its day.

    How: 代码字符串、资源和脚本文件中的网址 / URLs in strings of code, resources and script files
    Blind: 运行时拼出或下发的地址；是否真的访问 / addresses put together or sent at run time; whether they are
    visited
    Evidence: dex, resource, file
    """

    url: str  #: 网址（去掉参数） / URL without its parameters
    host: str  #: 主机 / host
    cleartext: bool  #: 是否明文（http） / cleartext (http)
    origin: Literal["code", "resource", "asset"]  #: 所在：代码、资源、文件 / where it stands
    owner: Origin
    owner_kind: Owner
    kind: str = "url"  #: 地址的种类 / kind of address
    operator: Text | None = None  #: 离线数据登记的运营者 / company the offline data registers for the host
    category: str = "unknown"  #: 主机的用途 / what the host serves
    sdk: str = ""  #: 公开说明含此主机的 SDK / SDK whose documented hosts include it
    country: str | None = None  #: 国家或地区代码 / country code
    #: 该国家属于运营者、地址登记还是域名后缀 / whose country it is: operator, address or a hint by suffix
    country_of: Literal["operator", "address", "suffix"] | None = None
    country_source: str = ""  #: 数据来源 / source of the data
    as_of: str = ""  #: 数据日期 / day of the data
    #: 是否在境外（港澳台计入境外），仅有提示时为 null / overseas (Hong Kong, Macao and Taiwan count as such),
    #: null on a mere hint
    overseas: bool | None = None
    evidence: tuple[Evidence, ...] = ()


class CodeIssue(Frozen):
    """A security-relevant code pattern (``kind`` from ``rules/data/patterns.yaml``), with its place.

    ``component`` is the exported component through which other apps get there, where that was followed.

    How: 调用及其常量参数、方法体的指令，与 rules/data/patterns.yaml 匹配 / calls with constant arguments and
    bodies of methods, matched against rules/data/patterns.yaml
    Blind: 参数不是同一基本块中的常量时不报 / not reported where arguments are not constants of the same basic
    block
    Evidence: dex
    """

    kind: str  #: 写法的种类 / kind of pattern
    caller: str  #: 所在方法 / method it stands in
    detail: str = ""  #: 起决定作用的参数 / the argument that decides
    #: 其他应用由此到达的导出组件 / exported component through which other apps get there
    component: str = ""
    owner: Origin
    owner_kind: Owner
    reachable: bool | None = None  #: 能否从入口到达 / whether an entry point leads here
    evidence: tuple[Evidence, ...] = ()


class AppFacts(Frozen):
    """Everything read from an Android package.

    ``category`` is the id of one of the 39 app types when the user gave it (``category_basis``: ``given``) or a store's
    category means it (``declared``).  With ``proposed`` it stays None: what the package looks like stands in
    ``category_proposal``, and no rule may take it for known.

    How: 从安装包的清单、资源、dex、native 库和签名块读出，不运行应用 / read from manifest, resources, dex
    files, native libraries and signing block, without running the app
    Blind: 运行时下载的代码和配置、服务器端行为、加固后才解出的代码 / code and settings loaded at run time,
    what servers do, code a packer unfolds
    Evidence: none
    """

    identity: Identity  #: 安装包自称是谁 / who the package says it is
    flags: AppFlags = AppFlags()  #: application 元素的开关 / switches of the application element
    signing: Signing = Signing()  #: 签名方案与证书 / signature schemes and certificates
    components: tuple[Component, ...] = ()  #: 清单中的组件 / components of the manifest
    permissions: tuple[Permission, ...] = ()  #: 声明或使用的权限 / permissions declared or used
    #: 代码中获取个人信息的每一处 / every place in code that obtains personal information
    accesses: tuple[Access, ...] = ()
    sdks: tuple[Sdk, ...] = ()  #: 第三方 SDK 和库 / third-party SDKs and libraries
    #: 启动过程中先后发生的事 / what happens while the app starts, in order
    startup: tuple[StartupStep, ...] = ()
    requests: tuple[PermissionRequest, ...] = ()  #: 运行时的权限申请 / run-time permission requests
    #: 与法律要求有关的界面文字 / interface sentences that matter for the law
    texts: tuple[InterfaceText, ...] = ()
    #: 没有资源或类使用的文字 / sentences no resource or class refers to
    unused_texts: tuple[InterfaceText, ...] = ()
    dialogs: tuple[ConsentDialog, ...] = ()  #: 征求同意的对话框 / dialogs that ask for agreement
    checkboxes: tuple[CheckBox, ...] = ()  #: 布局中的勾选框和开关 / check boxes and switches of layouts
    endpoints: tuple[Endpoint, ...] = ()  #: 代码和资源中的网址与主机 / URLs and hosts in code and resources
    issues: tuple[CodeIssue, ...] = ()  #: 与安全有关的代码写法 / security-relevant code patterns
    native_libraries: tuple[NativeLibrary, ...] = ()  #: native 库文件 / native library files
    network: NetworkConfig | None = None  #: 生效的网络安全配置 / the effective network security configuration
    secrets: tuple[Secret, ...] = ()  #: 写在安装包里的凭证 / credentials shipped in the package
    #: native 库的编译加固 / build protections of native libraries
    hardening: tuple[NativeHardening, ...] = ()
    containers: tuple[Container, ...] = ()  #: 网页、脚本与引擎等容器 / web, script and engine containers
    #: 构建留下记录的库 / libraries the build left a record of
    build_records: tuple[BuildRecord, ...] = ()
    #: SDK 留下的痕迹（不证明存在） / traces of SDKs, which prove nothing by themselves
    sdk_traces: tuple[SdkTrace, ...] = ()
    expansions: tuple[Expansion, ...] = ()  #: 扩展文件（OBB）与资源包 / expansion files (OBB) and asset packs
    #: 不经打开而运行或保持运行的方式 / ways of running without being opened
    autostarts: tuple[AutoStart, ...] = ()
    wakes: tuple[Wake, ...] = ()  #: 启动其他应用组件的调用 / calls that start parts of other apps
    abilities: tuple[Ability, ...] = ()  #: 超出普通权限的能力 / powers beyond ordinary permissions
    links: tuple[DeepLink, ...] = ()  #: 组件响应的链接 / links components answer to
    own_permissions: tuple[OwnPermission, ...] = ()  #: 自定义的权限 / permissions the package defines
    #: 保护导出组件的权限 / permissions that guard exported components
    guards: tuple[ComponentGuard, ...] = ()
    tasks: tuple[TaskSetting, ...] = ()  #: 活动的任务设置 / task settings of activities
    queries: QueriedApps | None = None  #: 要求看到的其他应用 / what it asks to see of other apps
    foreground_services: tuple[ForegroundService, ...] = ()  #: 前台服务 / foreground services
    shared_folders: tuple[SharedFolder, ...] = ()  #: 可共享的文件范围 / files it may share
    #: 代码的规模和无法跟踪的部分 / size of the code and what could not be followed
    code: CodeStats = CodeStats()
    #: How: 由用户给出，或由商店分类对应 / given by the user, or meant by a store's category
    #: Blind: 两者都没有时不作判断 / not judged when there is neither
    category: str | None = None  #: 39 类常见类型之一的标识 / id of one of the 39 app types
    #: 类别从何而来：用户给出、商店分类、推测 / where the category comes from: given, declared by a store,
    #: proposed
    #: How: 依次取用户给出的、商店名单所列的、推测的 / the user's, else the store list's, else the proposal
    #: Blind: 无 / nothing
    category_basis: Literal["given", "declared", "proposed"] | None = None
    #: 按安装包内容推测的类别 / the type the package looks like
    category_proposal: CategoryProposal | None = None
    #: 可达代码是否收集个人信息 / whether reachable code collects personal information
    #: How: 有一处可达、非库、非弱线索的读取即为是；代码读全而没有即为否 / true for one reachable access that
    #: is neither a library's nor weak; false when all code was read without one
    #: Blind: 反射、native 代码和用户主动填写的信息 / reflection, native code, and what users type in
    collects_pi: bool | None = None
    #: How: 登录或注册的文字，并有密码框、手机号框或注册字样佐证 / words of signing in, borne out by a
    #: password or phone field or a word of registration
    #: Blind: 由网页提供的登录界面 / sign-in screens that are web pages
    has_account: bool | None = None  #: 应用是否有自己的账号 / whether the app has accounts of its own


class Facts(Frozen):
    """The whole fact base of one subject; one of ``app``, ``site`` and ``policy`` or several."""

    schema_version: Literal["1"] = "1"
    collector: str
    subject: Subject
    app: AppFacts | None = None
    site: SiteFacts | None = None
    policy: PolicyFacts | None = None
    artifacts: tuple[Artifact, ...] = ()
    gaps: tuple[Gap, ...] = ()
    looked: tuple[Looked, ...] = ()
    problems: tuple[Problem, ...] = Field(default=())

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
    NativeHardening,
    NetworkConfig,
    SdkTrace,
    Secret,
    StartupStep,
)
from scanner.codefacts import Access, CodeIssue, CodeStats, Endpoint, NativeLibrary, Origin, Owner, Sdk
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
from scanner.model import Artifact, Evidence, Frozen, Gap, Looked, Problem, Proof, Subject, Text
from scanner.permissionfacts import Permission, PermissionRequest
from scanner.policyfacts import PolicyFacts
from scanner.sitefacts import SiteFacts


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
    proofs: tuple[Proof, ...] = ()  #: 级别和名称各自的证据 / what proves levels and names


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
    proofs: tuple[Proof, ...] = ()  #: 各开关自己的证据 / what proves each switch


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
    enabled: bool = True  #: 清单是否启用 / enabled in the manifest
    #: 清单停用的组件，代码是否会启用它，不明为 null / whether code switches on one the manifest disables, null when
    #: not known
    #: How: 代码对 setComponentEnabledSetting 的调用与其中的类名 / calls of setComponentEnabledSetting with the names
    #: of classes beside them
    #: Blind: 运行时拼出的组件名、反射 / names put together at run time, reflection
    switched_on: bool | None = None
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

    @property
    def may_run(self) -> bool:
        """Whether the manifest enables it or code has a call that does."""
        return self.enabled or self.switched_on is True


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


class AppFacts(Frozen):
    """Everything read from an Android package.

    ``category`` is the id of one of the 39 app types when the user gave it (``category_basis``: ``given``) or a store's
    category means it (``declared``).  With ``proposed`` it stays None: what the package looks like stands in
    ``category_proposal``, and no rule may take it for known.

    How: 从安装包的清单、资源、dex、原生库和签名块读出，不运行应用 / read from manifest, resources, dex
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
    native_libraries: tuple[NativeLibrary, ...] = ()  #:原生库文件 / native library files
    network: NetworkConfig | None = None  #: 生效的网络安全配置 / the effective network security configuration
    secrets: tuple[Secret, ...] = ()  #: 写在安装包里的凭证 / credentials shipped in the package
    #:原生库的编译加固 / build protections of native libraries
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
    #: How: 有一处可达、非库、非弱线索的读取即为是；代码读全而没有，且没有经系统界面交付或须人工确认的线索，即为否 / true for
    #: one reachable access that is neither a library's nor weak; false when all code was read without one, and without
    #: leads or screens of the system that hand information over
    #: Blind: 反射、native 代码和用户主动填写的信息 / reflection, native code, and what users type in
    collects_pi: bool | None = None
    #: How: 登录或注册的文字，并有密码框、手机号框或注册字样佐证 / words of signing in, borne out by a
    #: password or phone field or a word of registration
    #: Blind: 由网页提供的登录界面 / sign-in screens that are web pages
    has_account: bool | None = None  #: 应用是否有自己的账号 / whether the app has accounts of its own
    #: 有账号、收集个人信息的依据 / what shows that it has accounts and collects personal information
    proofs: tuple[Proof, ...] = ()


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

"""Facts about a package beyond the first edition: network trust, secrets, native code, web and script containers.

No judgement, no law; ``None`` means *not known* (see :mod:`scanner.facts`).
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from scanner.model import Evidence, Frozen, Text


class NetworkDomain(Frozen):
    """A ``<domain-config>`` of the network security configuration, with inherited values resolved.

    ``user_certificates``: trusts authorities that the user installed; ``pins``: number of pinned keys;
    ``pins_until``: the day the pins expire.

    How: 配置中的 domain-config，继承的值已合并 / domain-config elements with inherited values resolved
    Blind: 同所属配置 / as for the configuration
    Evidence: xml
    """

    domain: str  #: 域名 / domain
    subdomains: bool = False  #: 是否含子域名 / with subdomains
    cleartext: bool  #: 是否允许明文 / cleartext allowed
    user_certificates: bool  #: 是否信任用户安装的证书 / trusts certificates the user installed
    pins: int = 0  #: 固定的公钥数 / pinned keys
    pins_until: date | None = None  #: 公钥固定的失效日期 / day the pins expire
    override_pins: bool = False  #: 是否可绕过固定 / whether pins can be overridden
    evidence: tuple[Evidence, ...] = ()


class NetworkConfig(Frozen):
    """The effective network security configuration (Android developers: "Network security configuration").

    ``present``: the package names one; the other values hold for connections no domain rule covers, with Android's
    defaults for the target level where the file says nothing.

    How: 清单指向的网络安全配置文件，缺省值按目标级别 / the file the manifest names, with Android's defaults
    for the target level
    Blind: 代码自行设置的信任管理器（见 issues） / trust managers set in code (see issues)
    Evidence: xml
    """

    present: bool  #: 清单是否指定配置文件 / whether the manifest names one
    readable: bool | None = None  #: 文件能否读取 / whether the file could be read
    cleartext: bool | None = None  #: 是否允许明文 / cleartext allowed
    user_certificates: bool | None = None  #: 是否信任用户安装的证书 / trusts certificates the user installed
    bundled_certificates: int = 0  #: 随包附带的受信证书数 / trusted certificates shipped in the package
    #: 调试时是否信任用户证书 / trusts user certificates when debuggable
    debug_user_certificates: bool | None = None
    domains: tuple[NetworkDomain, ...] = ()  #: 按域名的规则 / rules for domains
    evidence: tuple[Evidence, ...] = ()


class Secret(Frozen):
    """A credential shipped in the package, its form verified; ``masked`` shows only its ends.

    ``checked``: how the form was verified (``prefix``, ``entropy``, ``structure``, ``context``).

    How: 字符串常量、资源、清单元数据和小文本文件，按 rules/data/secrets.yaml 的形式、熵和上下文核对 / string
    constants, resources, meta-data and small text files checked for form, entropy and context by
    rules/data/secrets.yaml
    Blind: 加密、拼接或没有固定形式的凭证；凭证是否仍有效 / encrypted, assembled or formless credentials;
    whether one still works
    Evidence: dex, resource, file
    """

    kind: str  #: 凭证种类 / kind of credential
    name: Text  #: 凭证名称 / name of the kind
    vendor: str  #: 所属服务 / service it belongs to
    masked: str  #: 掩去中间的值 / value with its middle hidden
    origin: Literal["code", "resource", "asset", "manifest"]  #: 所在 / where it stands
    checked: tuple[str, ...]  #: 核对方式 / how its form was checked
    #: 凭它能做什么：服务端、客户端、签名 / what it opens: server, client, signing
    grants: Literal["server", "client", "signing"] = "server"
    owner_kind: Literal["app", "sdk", "library", "unknown"] = "unknown"
    owner_id: str = ""
    evidence: tuple[Evidence, ...] = ()


class NativeHardening(Frozen):
    """Protections of one ELF file, read from its headers; None where the file could not be read.

    ``canary`` and ``fortify`` are seen through the functions they import; a library too small to need them may lack
    both.

    How: ELF 头、动态段和导入函数（只读一种 ABI） / ELF headers, dynamic section and imports (one ABI)
    Blind: 库内代码的行为；静态链接的保护函数 / what the code does; protections linked statically
    Evidence: file
    """

    path: str  #: 包内路径 / path in the package
    machine: str = ""  #: 处理器 / machine
    nx: bool | None = None  #: 栈是否不可执行 / stack not executable
    relro: Literal["none", "partial", "full"] | None = None  #: 重定位只读保护 / relocation protection
    canary: bool | None = None  #: 是否有栈保护 / stack protector
    fortify: bool | None = None  #: 是否用加固的库函数 / fortified functions
    runpath: str = ""  #: 库搜索路径 / library search path
    stripped: bool | None = None  #: 是否去掉符号 / symbols stripped
    text_relocations: bool | None = None  #: 是否有代码段重定位 / text relocations
    jni_functions: int = 0  #: 导出的 JNI 函数数 / exported JNI functions
    jni_classes: tuple[
        str, ...
    ] = ()  #: 导出的 JNI 函数所属的类（至多 40 个） / classes of exported JNI functions, at most 40
    problem: str | None = None  #: 未能读取的原因 / why it could not be read
    evidence: tuple[Evidence, ...] = ()


class Container(Frozen):
    """A technique that runs code other than dex or draws the interface itself: web pages, script bundles, engines, Compose.

    ``readable``: whether its scripts are text this tool searches; False for byte code or encrypted bundles, whose
    behaviour is then unknown.  ``draws``: the interface is drawn by it, so layouts do not show it; ``sentences`` is how
    many different sentences of ``app.texts`` were read from its files.

    How: 文件名与特有的类、库或资源名（rules/data/containers.yaml）；文字取自脚本、多语言文件、Hermes 字符串表、Dart 快照中的字符串 /
    file names with classes, libraries or resource names only they bring (rules/data/containers.yaml); words from scripts,
    language files, the string table of Hermes and strings of Dart snapshots
    Blind: 字节码或加密脚本的行为；由服务器下发的脚本和文字；改名后去掉版本文件和资源名的 Compose / what byte code and
    encrypted scripts do; scripts and words sent by servers; Compose renamed and without its version files and resource names
    Evidence: file, resource
    """

    kind: str  #: 容器种类 / kind
    name: Text  #: 名称 / name
    files: int = 0  #: 文件数 / number of files
    readable: bool | None = None  #: 脚本是否为可检索的文本 / whether its scripts are text that is searched
    draws: bool = False  #: 界面是否由它绘制 / whether it draws the interface
    sentences: int = 0  #: 从其文件中读出的有关句子数 / sentences that matter read from its files
    evidence: tuple[Evidence, ...] = ()


class BuildRecord(Frozen):
    """A library that the build left a record of, with its version where the record states one.

    ``kind``: ``version-file`` (``META-INF/*.version``), ``pom`` (Maven's ``pom.properties``), ``properties`` (of Google Play
    services and Firebase), ``kotlin-module``, ``service`` (``META-INF/services``: the interface).

    How: META-INF 与根目录中的构建记录 / records of the build in META-INF and at the root
    Blind: 打包时排除了的记录；随代码缩减而删去的库也可能留下记录 / records the build left out; libraries shrunk away may
    still have one
    Evidence: file
    """

    name: str  #: 名称，多为 group:artifact / name, mostly group:artifact
    #: 记录的种类 / kind of record
    kind: Literal["version-file", "pom", "properties", "kotlin-module", "service"]
    version: str | None = None  #: 版本，未写明为 null / version, null where not stated
    owner_id: str = ""  #: 所属 SDK 的标识 / id of the SDK it belongs to
    evidence: tuple[Evidence, ...] = ()


class Expansion(Frozen):
    """An expansion file (OBB) or asset pack of the app; without a name where only code asks for such a thing.

    ``delivered``: it came with the package; ``read``: its files were read with the package (asset packs), or not (an OBB has
    a format of the app's own).

    How: 交来的 OBB 文件与资源包，资源包清单的交付方式，代码对 OBB 与资源包接口的调用 / OBB files and asset packs delivered, the
    delivery that manifests of packs state, and calls of the interfaces for either
    Blind: 由应用自己下载的内容 / what the app downloads itself
    Evidence: file, dex
    """

    kind: Literal["obb", "asset-pack"]  #: 种类 / kind
    name: str  #: 文件或资源包的名称，只在代码中见到时为空 / name, empty where only code speaks of it
    size: int | None = None  #: 字节数 / bytes
    files: int = 0  #: 资源包中的文件数 / files of a pack
    delivery: str = ""  #: 交付方式：install-time、fast-follow、on-demand / how the store delivers it
    delivered: bool  #: 是否随安装包交来 / came with the package
    read: bool  #: 内容是否已读 / whether it was read
    evidence: tuple[Evidence, ...] = ()


class SdkTrace(Frozen):
    """Traces of one kind that an SDK left beside its code; they do not prove that it is there, much less that it collects.

    ``present``: whether ``app.sdks`` lists it, on other grounds.

    How: 资源名前缀、导出的 JNI 函数、构建记录，按 rules/data/sdk_traces.yaml 与包名前缀对应 / prefixes of resource names,
    exported JNI functions and records of the build, matched by rules/data/sdk_traces.yaml and package prefixes
    Blind: 被混淆的资源名；动态注册的 JNI 函数 / renamed resources; JNI functions registered at run time
    Evidence: file, resource
    """

    sdk: str  #: SDK 标识 / id of the SDK
    name: Text  #: 名称 / name
    is_library: bool  #: 是否为不收集信息的普通库 / a plain library that collects nothing
    kind: Literal["resource-name", "jni", "build-record"]  #: 痕迹的种类 / kind of trace
    count: int  #: 痕迹数 / number of traces
    present: bool  #: 是否另有依据认定存在 / found to be present on other grounds
    evidence: tuple[Evidence, ...] = ()


# What a test of a stored flag says about consent: ``none`` no test; ``unrelated`` a flag that speaks of something else,
# or a test that lets a first start through; ``unknown`` a flag whose meaning cannot be told; ``consent``.
GuardKind = Literal["none", "unrelated", "unknown", "consent"]


class FlagWrite(Frozen):
    """A place that stores a flag: the value where it is constant, and the callback that leads there (``onClick``).

    How: 保存标志的调用及其常量参数，和通向它的回调 / calls that store a flag with constant arguments, and the
    callback that leads there
    Blind: 运行时算出的值、由服务器下发的值 / values computed or sent at run time
    Evidence: dex
    """

    caller: str  #: 所在方法 / method it stands in
    value: bool | None = None  #: 写入的常量，不是常量为 null / constant stored, null otherwise
    trigger: str = ""  #: 触发它的回调 / callback that leads there
    evidence: tuple[Evidence, ...] = ()


class FlagTest(Frozen):
    """A test of a stored flag on the way to a place.

    ``keys`` are the names it is stored under where they are constant; ``flag`` the method or field tested; ``basis``
    says what tells its kind (``key``, ``name``, ``default``, ``written``, ``none``).  ``runs_when`` is the value of the
    flag with which the place runs; ``first_start`` whether the value of a flag never stored lets it run.

    How: 读取标志的调用所控制的分支，含义由键名、方法名、默认值和写入处判断（rules/data/flags.yaml） /
    branches a flag's reading decides; its meaning from key, name, default and where it is written
    (rules/data/flags.yaml)
    Blind: 名称没有含义的标志；不经所列接口保存的标志 / flags without telling names; flags stored through
    other interfaces
    Evidence: dex
    """

    kind: GuardKind  #: 判断说明同意与否：无、无关、不明、同意 / what the test says of consent
    basis: str  #: 凭什么判断 / what tells its kind
    keys: tuple[str, ...] = ()  #: 常量键名 / constant keys
    flag: str  #: 被判断的方法或字段 / method or field tested
    runs_when: bool | None = None  #: 标志为何值时执行 / value with which the place runs
    first_start: bool | None = None  #: 从未保存过标志时是否执行 / whether an unset flag lets it run
    written: tuple[FlagWrite, ...] = ()  #: 写入标志的位置 / where the flag is stored
    evidence: tuple[Evidence, ...] = ()


class StartupStep(Frozen):
    """Something that happens while the app starts, in Android's order; ``number`` counts from 1.

    ``phase`` and ``component`` say from where: Android creates the component factory and the application object, runs
    ``attachBaseContext``, the content providers by ``init_order`` (higher first) with the androidx.startup
    initialisers, ``Application.onCreate``, the launcher activity, and the ``ActivityLifecycleCallbacks`` registered by
    then, whose methods run within the activity's own ``super.onCreate`` and so on.  ``action``: ``init`` and ``delayed_init`` of an
    SDK, ``consent`` told to an SDK, ``access`` to a personal-information item, ``network`` opened.  ``deferred``: posted
    to a thread, task or coroutine, so it runs later, though without waiting for the user.  ``dispatched``: an
    interface or overriding method lies on the way, so other code may run instead.  ``guard`` is the weakest kind of test
    on any way there, ``tests`` are those of the way shown.  ``items`` and ``network`` say what an SDK's start leads to.

    How: 按 Android 启动次序（组件工厂、Application、提供者、桌面入口、Activity 生命周期回调）跟随调用，含名称为常量的反射 /
    calls followed in Android's order: factory, application, providers, launcher, lifecycle callbacks; reflection with
    constant names too
    Blind: 名称非常量的反射、native 与运行时加载的代码；系统在后台的时机 / reflection with other names, native and
    loaded code; the system's own timing
    Evidence: dex
    """

    number: int  #: 次序，从 1 起 / position, from 1
    #: 启动阶段 / phase of the start
    phase: Literal[
        "factory",
        "attach_base_context",
        "provider",
        "initializer",
        "application",
        "launcher_activity",
        "lifecycle_callback",
    ]
    component: str  #: 所属组件 / component it starts from
    entry_method: str  #: 入口方法 / entry method
    process: str | None = None  #: 运行的进程 / process
    init_order: int | None = None  #: 提供者的 initOrder / provider's initOrder
    action: Literal["init", "delayed_init", "consent", "access", "network"]  #: 发生了什么 / what happens
    target: str  #: 调用的方法或信息项 / method called or item
    caller: str  #: 所在方法 / method it stands in
    owner_kind: Literal["app", "sdk", "library", "unknown"] = "unknown"
    owner_id: str = ""
    sdk: str = ""  #: 涉及的 SDK / SDK concerned
    item: str = ""  #: 涉及的个人信息项 / item concerned
    value: bool | None = None  #: 告知 SDK 的同意值 / consent value told to an SDK
    deferred: bool = False  #: 是否推迟到线程或任务 / posted to a thread, task or coroutine
    dispatched: bool = False  #: 途中是否经接口或重写方法 / an interface or overriding method lies on the way
    guard: GuardKind  #: 途中最弱的判断 / weakest kind of test on any way
    tests: tuple[FlagTest, ...] = ()  #: 所示路径上的判断 / tests of the way shown
    items: tuple[str, ...] = ()  #: SDK 启动后会获取的信息项 / items an SDK's start leads to
    network: bool | None = None  #: SDK 启动后是否联网 / whether an SDK's start opens the network
    evidence: tuple[Evidence, ...] = ()


class CategorySign(Frozen):
    """Something in the package that speaks for one of the 39 app types (``rules/data/category_signs.yaml``).

    ``kind`` is the place it was found in, ``weight`` its points before the kind's cap.

    How: 名称、包名、界面文字、组件、SDK、权限与政策中的用语（rules/data/category_signs.yaml） / words of
    label, package, interface, components, SDKs, permissions and policy (rules/data/category_signs.yaml)
    Blind: 只在服务器上的功能 / functions only servers have
    Evidence: xml, resource, file, policy
    """

    category: str  #: 说明的类别 / type it speaks for
    #: 所在 / place it was found in
    kind: Literal["label", "package", "text", "component", "system", "service", "sdk", "permission", "policy"]
    word: str  #: 用语 / word
    weight: float  #: 分值 / points
    evidence: tuple[Evidence, ...] = ()


class CategoryCandidate(Frozen):
    """An app type with the points its signs give it.

    How: 各类别所得分值之和 / sum of the points of each type
    Blind: 同类别提示 / as for the signs
    Evidence: none
    """

    category: str  #: 类别标识 / id of the type
    name: Text  #: 类别名称 / name of the type
    score: float  #: 分值 / points


class CategoryProposal(Frozen):
    """Which of the 39 app types the package looks like; a guess for a human to confirm, never a basis for 不符合.

    ``category`` is None where the signs do not suffice; ``why`` then says so.  ``confidence`` between 0 and 1 as
    the data file defines it; ``usable`` whether it is high enough for rules to try the category.  ``reasons`` are the signs for the leading types, strongest type first.  ``within``:
    a store's category limited the choice to these.

    How: 各处提示的分值比较，差距不够时不作推测 / points of all signs compared; nothing is proposed where they
    do not suffice
    Blind: 这是推测，不作为不符合的依据 / a guess, never a basis for a violation
    Evidence: none
    """

    category: str | None = None  #: 推测的类别，不足为 null / type proposed, null where signs do not suffice
    name: Text | None = None  #: 类别名称 / name of the type
    confidence: float = 0.0  #: 把握（0–1） / how sure (0–1)
    usable: bool = False  #: 是否足以让规则试用 / high enough for rules to try it
    why: Text  #: 推测或不推测的理由 / why, or why not
    reasons: tuple[CategorySign, ...] = ()  #: 提示 / signs
    runners_up: tuple[CategoryCandidate, ...] = ()  #: 其他可能的类别 / other candidates
    within: tuple[str, ...] = ()  #: 商店分类所限的范围 / types a store's category allows
    supply_side: str | None = None  #: 面向供方的应用所属 / whether it serves the supply side


class ConsentDialog(Frozen):
    """A dialog or screen that asks for agreement to a policy, with its buttons.

    ``built``: in code (a dialog builder) or in a layout; ``place`` the method or layout.  ``agree`` and ``refuse``: a
    button that agrees is there, one that may refuse; ``cancelable``: it can be closed otherwise (None: not told).  ``links_policy``: one
    of its words or buttons leads to the policy.

    How: 代码中对话框构造器的调用及其常量文字，布局中带同意用语和按钮的界面 / calls of dialog builders with
    constant words, and layouts with words of consent and buttons
    Blind: 由网页或自绘控件实现的对话框、运行时拼出的文字 / dialogs made of web pages or drawn views, words
    put together at run time
    Evidence: dex, xml
    """

    built: Literal["code", "layout"]  #: 在代码中还是布局中 / in code or in a layout
    place: str  #: 所在方法或布局 / method or layout
    text: str  #: 文字（截短） / its words, cut
    buttons: tuple[str, ...] = ()  #: 按钮文字 / words of its buttons
    agree: bool  #: 是否有同意按钮 / has a button that agrees
    refuse: bool  #: 是否有可能表示拒绝的按钮 / has a button that may refuse
    #: 是否可用其他方式关闭，不明为 null / can be closed otherwise, null when not told
    cancelable: bool | None = None
    links_policy: bool = False  #: 文字或按钮是否通向隐私政策 / its words or buttons lead to the policy
    owner_kind: Literal["app", "sdk", "library", "unknown"] = "unknown"
    used_by: tuple[str, ...] = ()  #: 显示它的类 / classes that show it
    evidence: tuple[Evidence, ...] = ()

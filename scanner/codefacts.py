"""Facts about a package's code: who wrote it, what it reads, which SDKs and addresses it holds, what is unsafe in it.

No judgement, no law; ``None`` means *not known* (see :mod:`scanner.facts`).
"""

from __future__ import annotations

from typing import Literal

from scanner.appfacts import GuardKind
from scanner.model import Confidence, Evidence, Frozen, Text

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
    strings and system calls of a known SDK), ``callers`` (renamed code reached only from one owner), ``jni`` (a native
    library that names the classes of one party only), ``none``.

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
    #: 只能由它到达的停用组件，没有为空 / component switched off from which alone it is reached, empty without one
    dormant: str = ""
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

    How: 特有类、包名前缀、改名后留下的字符串与系统调用、原生库、资源文件、清单组件与键值，按 SDK 目录认定 / distinctive classes, package
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


class Endpoint(Frozen):
    """An address in code, native libraries or text files that may be contacted: a URL, or an IP address with a port.

    ``kind``: ``url`` (a host name), ``ip``, or ``private`` (an address of no public network).  ``operator`` is the company
    the offline data registers for the host, ``category`` what the host serves, ``sdk`` the SDK whose documented hosts
    include it.  ``country`` (ISO 3166-1) is that of the operator, of the address's registration, or hinted at by the
    name's last part (``country_of``): where the host stands cannot be told from a package.  ``overseas`` counts Hong
    Kong, Macao and Taiwan as outside the mainland, as data export rules do, and is None on a mere hint;
    ``country_source`` and ``as_of`` name the data and its day.

    How: 代码字符串、资源和脚本文件、原生库中的网址；原生库的归属看文件名或它所调用的类 / URLs in strings of code,
    resources, script files and native libraries; whose a library is its file name or the classes it calls tell
    Blind: 运行时拼出或下发的地址；是否真的访问 / addresses put together or sent at run time; whether they are
    visited
    Evidence: dex, resource, file
    """

    url: str  #: 网址（去掉参数） / URL without its parameters
    host: str  #: 主机 / host
    cleartext: bool  #: 是否明文（http） / cleartext (http)
    #: 代码只显示它，或交给其他应用打开 / code only shows it, or hands it to another app to open
    link: bool = False
    origin: Literal[
        "code", "resource", "asset", "native"
    ]  #: 所在：代码、资源、文件、原生库 / where it stands
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

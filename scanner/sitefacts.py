"""Facts about a website: pages, forms, requests, cookies, consent, disclosure, filing and transport, with evidence.

No judgement, no law.  ``None`` means *not known*; ``phase`` says when something happened: ``before`` any choice was
made, after ``accept``, after ``reject``, or ``static`` when no browser was used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from scanner.model import Evidence, Found, Frozen
from scanner.visitfacts import ConsentDialog, Cookie, Request, ScriptUse, StorageItem, ThirdParty

Sensitive = Literal["yes", "conditional", "legacy", "no"]
PageKind = Literal[
    "home",
    "policy",
    "agreement",
    "login",
    "register",
    "contact",
    "account_deletion",
    "complaint",
    "children",
    "other",
]


class Page(Frozen):
    """A page that was fetched: HTTP status, kind, clicks from the start page, size in bytes, time in milliseconds.

    How: HTTP 抓取，重要页面再由浏览器打开 / fetched over HTTP, important ones opened in the browser
    Blind: 登录后的页面和未访问的同形页面 / pages behind a login and samples of the same form not visited
    Evidence: web
    """

    url: str  #: 网址 / URL
    final_url: str  #: 重定向后的网址 / URL after redirects
    status: int | None = None  #: HTTP 状态码 / HTTP status
    title: str = ""  #: 标题 / title
    kind: PageKind = "other"  #: 页面种类 / kind of page
    depth: int = 0  #: 距首页的点击数 / clicks from the start page
    content_type: str = ""  #: 内容类型 / media type
    size: int = 0  #: 大小（字节） / size in bytes
    language: str = ""  #: 语言 / language
    cleartext: bool = False  #: 是否明文传输 / served in cleartext
    rendered: bool = False  #: 是否经浏览器渲染 / read as the browser rendered it
    redirects: tuple[str, ...] = ()  #: 重定向经过的网址 / URLs of its redirects
    problem: str | None = None  #: 未能读取的原因 / why it was not read
    sha256: str = ""  #: 内容的摘要 / digest of the content
    evidence: tuple[Evidence, ...] = ()


class FormField(Frozen):
    """An input of a form, classified into a catalogue item (empty when it holds none).

    ``basis``: what told the item (``autocomplete``, ``type``, ``label``, ``name``, ``placeholder``, ``pattern``,
    ``context``).  ``necessary``: whether the form's purpose needs it; None when that cannot be told.

    How: 按 autocomplete、类型、标签、名称、占位文字和模式归类（rules/data/form_words.yaml） / classified by
    autocomplete, type, label, name, placeholder and pattern (rules/data/form_words.yaml)
    Blind: 没有标签且名称无意义的输入 / inputs without label or telling name
    Evidence: web
    """

    name: str  #: 输入项名称 / name of the input
    type: str  #: 输入类型 / type of the input
    label: str = ""  #: 标签文字 / label
    placeholder: str = ""  #: 占位文字 / placeholder
    item: str = ""  #: 个人信息项标识，非个人信息为空 / id of the item, empty for none
    basis: tuple[str, ...] = ()  #: 归类依据 / what told the item
    confidence: float = 0.0  #: 归类把握（0–1） / how sure (0–1)
    sensitive: Sensitive = "no"  #: 是否敏感 / sensitive
    required: bool = False  #: 是否必填 / required
    password: bool = False  #: 是否为密码 / a password
    hidden: bool = False  #: 是否隐藏 / hidden
    #: How: 按 HTML 标准的表单提交规则：有 name、没有停用、表单不靠脚本也能提交 / by the HTML standard's form
    #: submission: it has a name, is not disabled, and the form can be sent without a script
    #: Blind: 由脚本读取并发送的输入项 / inputs that a script reads and sends
    submitted: bool = False  #: 是否由表单自身提交 / sent by the form itself
    minors: bool = False  #: 是否关于未成年人 / concerns minors
    necessary: bool | None = None  #: 用途是否需要该项 / whether the purpose needs it
    evidence: tuple[Evidence, ...] = ()


class FormConsent(Frozen):
    """A consent box or sentence beside a form; a sentence has no box and is never ticked.

    How: 表单旁的勾选框和“提交即表示同意”一类文字 / boxes beside the form and sentences by which sending is consent
    Blind: 由脚本在提交时弹出的确认 / confirmations that a script asks for on sending
    Evidence: web
    """

    text: str = ""  #: 文字 / words
    box: bool = True  #: 是否为勾选框 / whether it is a box
    checked: bool = False  #: 是否默认勾选 / ticked beforehand
    bundled: bool = False  #: 是否与提交或其他同意捆绑 / goes with sending or with other consents
    evidence: tuple[Evidence, ...] = ()


class Form(Frozen):
    """A form of a page: where it sends what, and what stands beside it.

    ``agreement``: a consent box or sentence beside it; ``agreement_checked``: a box ticked before the visitor does
    anything, ``agreement_bundled``: consent that goes with sending; both false where no consent is asked.
    ``collects``: the catalogue items of its fields.

    How: 页面中的表单元素及其周围文字 / form elements with the words around them
    Blind: 由脚本收集而不成表单的输入、分步表单的后几步 / inputs that scripts read without a form, later steps
    of a form
    Evidence: web
    """

    page: str  #: 所在页面 / page
    #: 用途 / purpose
    purpose: Literal[
        "login",
        "register",
        "password_reset",
        "search",
        "contact",
        "order",
        "payment",
        "recruitment",
        "survey",
        "appointment",
        "subscription",
        "identity",
        "other",
    ]
    #: 提交方法，空为表单自身不提交、未见提交方式 / method; empty when the form sends nothing by itself
    method: str = "get"
    action: str = ""  #: 提交地址 / address it sends to
    action_host: str = ""  #: 提交到的主机 / host it sends to
    third_party: bool = False  #: 是否提交给第三方 / sent to a third party
    #: 表单自身是否提交到明文 HTTP 地址 / the form itself sends to a cleartext HTTP address
    cleartext: bool = False
    page_cleartext: bool = False  #: 所在页面是否以明文 HTTP 提供 / its page is served in cleartext HTTP
    fields: tuple[FormField, ...] = ()  #: 输入项 / inputs
    collects: tuple[str, ...] = ()  #: 索取的个人信息项 / items it asks for
    collects_pi: bool = False  #: 是否索取个人信息 / asks for personal information
    sent: tuple[str, ...] = ()  #: 表单自身提交的个人信息项 / items the form itself sends
    sends_pi: bool = False  #: 表单自身是否提交个人信息 / the form itself sends personal information
    collects_sensitive: bool = False  #: 是否索取敏感个人信息 / asks for sensitive personal information
    purpose_stated: bool | None = None  #: 是否说明目的 / whether the purpose is stated
    policy_linked: bool | None = None  #: 旁边是否有隐私政策链接 / a link to the policy beside it
    agreement: bool | None = None  #: 旁边是否有同意框或同意语 / a consent box or sentence beside it
    agreement_checked: bool | None = None  #: 同意框是否默认勾选 / consent box ticked beforehand
    agreement_bundled: bool | None = None  #: 同意是否与提交捆绑 / consent bundled with sending
    consents: tuple[FormConsent, ...] = ()  #: 同意框与同意语 / consent boxes and sentences
    captcha: bool = False  #: 是否有验证码 / has a captcha
    evidence: tuple[Evidence, ...] = ()


class Filing(Frozen):
    """An ICP filing, telecom licence or public-security filing number shown on the site.

    ``linked``: it links to the authority's site; ``registered``: result of the offline register (None = none given).

    How: 页面文字中符合号码形式的内容及其链接（rules/data/filing.yaml） / words of pages in the form of such
    numbers, with their links (rules/data/filing.yaml)
    Blind: 图片中的号码；没有提供登记册时号码是否真实 / numbers in images; without a register, whether they
    are real
    Evidence: web
    """

    #: 种类：ICP 备案、许可证、公安备案 / ICP filing, licence or public-security filing
    kind: Literal["icp", "license", "police"]
    number: str  #: 号码 / number
    well_formed: bool  #: 格式是否正确 / well-formed
    province: str = ""  #: 省份 / province
    linked: bool | None = None  #: 是否链接到主管部门网站 / links to the authority's site
    link: str = ""  #: 链接 / link
    pages: int = 0  #: 标明它的页面数 / pages that show it
    consistent: bool | None = None  #: 各页是否一致 / the same on all pages
    registered: bool | None = None  #: 是否在离线登记册中 / in the offline register
    register_matches: bool | None = None  #: 登记的域名或单位是否相符 / register agrees on domain or operator
    evidence: tuple[Evidence, ...] = ()


class SiteCertificate(Frozen):
    """A TLS certificate of the site; ``days_left`` on the day of the visit, negative when expired.

    How: TLS 握手中的证书链 / chain of the TLS handshake
    Blind: 证书是否被吊销 / revocation
    Evidence: none
    """

    subject: str  #: 持有者 / subject
    issuer: str  #: 签发者 / issuer
    not_before: datetime  #: 生效时间 / valid from
    not_after: datetime  #: 失效时间 / valid until
    days_left: int  #: 访问当日剩余天数 / days left on the day of the visit
    key_algorithm: str = ""  #: 密钥算法 / key algorithm
    key_bits: int | None = None  #: 密钥长度（比特） / key length in bits
    signature_algorithm: str = ""  #: 签名算法 / signature algorithm
    self_signed: bool = False  #: 是否自签 / self-signed
    sha256: str = ""  #: 指纹 / fingerprint


class Transport(Frozen):
    """TLS and HTTP security of one host of the site; ``protocols`` that the server accepts.

    How: 与每台主机各协议版本握手，读响应头 / handshakes in each protocol version with every host, and
    response headers
    Blind: 只在某些网络或节点上的配置 / settings of some networks or nodes only
    Evidence: web
    """

    host: str  #: 主机 / host
    port: int = 443  #: 端口 / port
    https: bool | None = None  #: 是否支持 HTTPS / offers HTTPS
    protocols: tuple[str, ...] = ()  #: 接受的协议版本 / protocol versions accepted
    weak_protocols: tuple[str, ...] = ()  #: 其中过时的版本 / outdated ones among them
    cipher: str = ""  #: 协商的密码套件 / cipher suite agreed on
    weak_ciphers: tuple[str, ...] = ()  #: 接受的弱密码套件 / weak cipher suites accepted
    trusted: bool | None = None  #: 证书是否受信任 / certificate trusted
    hostname_matches: bool | None = None  #: 证书与主机名是否相符 / certificate fits the host name
    certificates: tuple[SiteCertificate, ...] = ()  #: 证书链 / certificate chain
    days_left: int | None = None  #: 证书剩余天数 / days the certificate is still valid
    http_redirects: bool | None = None  #: HTTP 是否跳转到 HTTPS / HTTP leads to HTTPS
    hsts: bool | None = None  #: 是否启用 HSTS / HSTS on
    hsts_days: float | None = None  #: HSTS 有效天数 / days of HSTS
    problem: str | None = None  #: 未能检查的原因 / why it could not be checked
    evidence: tuple[Evidence, ...] = ()


class Weakness(Frozen):
    """A security weakness seen from outside (``kind``: ``no-csp``, ``cors-any-origin``, ``git-exposed`` …).

    How: 响应头、页面内容；加 --probe 时试探少量不应公开的文件并核对内容 / response headers and pages; with
    --probe a few files that must not be public, their content checked
    Blind: 需要登录或攻击性测试才能发现的弱点 / weaknesses that need a login or an attack to show
    Evidence: web
    """

    kind: str  #: 弱点种类 / kind
    url: str  #: 网址 / URL
    detail: str = ""  #: 详情 / detail
    host: str = ""  #: 主机 / host
    evidence: tuple[Evidence, ...] = ()


class ScriptLibrary(Frozen):
    """A script library with its version and the advisories known on ``data_date`` for it.

    How: 文件名、注释和内容特征，公告取自带日期的离线数据 / file names, comments and content; advisories from
    dated offline data
    Blind: 打包合并后没有特征的库；数据日期之后的公告 / libraries bundled without traces; advisories after the
    data's date
    Evidence: web
    """

    name: str  #: 名称 / name
    version: str  #: 版本 / version
    url: str  #: 网址 / URL
    advisories: tuple[str, ...] = ()  #: 已知公告 / advisories known
    vulnerable: bool = False  #: 是否有已知漏洞 / known to be vulnerable
    severity: str = ""  #: 最高严重程度 / highest severity
    data_date: str = ""  #: 数据日期 / date of the data
    evidence: tuple[Evidence, ...] = ()


class ExposedData(Frozen):
    """Personal information of others visible in a page, with its form verified; shown masked only.

    How: 页面文字中形式与校验位都正确的个人信息 / words of pages with the form and check digits of personal
    information
    Blind: 图片和下载文件中的内容；没有固定形式的信息 / images, downloads, and information without a form
    Evidence: web
    """

    item: str  #: 个人信息项 / item
    page: str  #: 页面 / page
    count: int  #: 处数 / how many
    sample: str  #: 掩码后的样例 / sample, masked
    evidence: tuple[Evidence, ...] = ()


class DisclosureGround(Frozen):
    """What tells that visitors are told something: a link and where it leads, or words of a page.

    ``topic``: the field of :class:`SiteDisclosure` it is about, without ``_found``.

    How: 第一个指向该内容的链接，没有链接时为页面上的文字 / the first link to it, else words of a page
    Blind: 由脚本打开的内容 / what scripts open
    Evidence: web
    """

    topic: str  #: 关于什么 / topic
    text: str  #: 链接文字或页面文字 / words of the link or page
    url: str  #: 链接地址或所在网页 / where the link leads, or the page
    evidence: tuple[Evidence, ...] = ()


class SiteDisclosure(Frozen):
    """What the site tells its visitors, and in how many clicks (None = not found within the crawl).

    How: 页面与链接的用语（rules/data/page_words.yaml） / words of pages and links
    (rules/data/page_words.yaml)
    Blind: 预算之外的页面；登录后的入口 / pages beyond the budget; ways behind a login
    Evidence: web, search
    """

    policy_url: str | None = None  #: 隐私政策网址 / URL of the policy
    policy_clicks: int | None = None  #: 距首页的点击数 / clicks from the start page
    policy_found: Found = None  #: 是否有隐私政策 / a policy was found
    agreement_found: Found = None  #: 是否有用户协议 / a user agreement was found
    deletion_found: Found = None  #: 是否有注销途径 / a way to delete the account was found
    complaint_found: Found = None  #: 是否有投诉途径 / a way to complain was found
    contact_found: Found = None  #: 是否有联系方式 / contact details were found
    children_found: Found = None  #: 是否有儿童保护说明 / a notice on children was found
    cookie_notice: Found = None  #: 是否有 Cookie 说明 / a cookie notice was found
    grounds: tuple[DisclosureGround, ...] = ()  #: 认定的依据 / what tells so
    evidence: tuple[Evidence, ...] = ()


class CrawlStats(Frozen):
    """What the visit did: pages, bytes, milliseconds, and which budget ended it (empty = nothing left to visit).

    How: 访问过程中计数 / counted during the visit
    Blind: 无 / nothing
    Evidence: none
    """

    pages: int = 0  #: 页面数 / pages
    rendered: int = 0  #: 渲染的页面数 / pages rendered
    bytes: int = 0  #: 字节数 / bytes
    milliseconds: int = 0  #: 用时（毫秒） / time in milliseconds
    refused: int = 0  #: 因安全限制未访问的地址数 / addresses refused for safety
    disallowed: int = 0  #: robots.txt 不允许的地址数 / addresses robots.txt forbids
    stopped_by: str = ""  #: 停止的原因，空为全部看完 / budget that ended the visit, empty when all was seen
    browser: str = ""  #: 浏览器版本 / browser version
    user_agent: str = ""  #: 自报的用户代理 / user agent sent


class SiteFacts(Frozen):
    """Everything observed on a website.

    ``collects_pi``: a form asks for, or a request sends, personal information; ``has_account``: it offers accounts.
    ``icp_shown``/``police_shown``: a well-formed number is shown on the start page; None when it was not read.

    How: 静态抓取后由浏览器在选择之前、同意之后、拒绝之后各观察一次，不提交表单 / crawled, then observed in a
    browser before a choice, after accepting and after refusing, without sending forms
    Blind: 登录后的内容、预算之外的页面、按地区或设备不同的内容、服务器端行为 / content behind a login, pages
    beyond the budget, content by region or device, what servers do
    Evidence: none
    """

    start_url: str  #: 起始网址 / start URL
    host: str = ""  #: 主机 / host
    domain: str = ""  #: 注册域 / registrable domain
    #: How: 页脚、关于页和政策中写明的名称 / the name that footer, about page or policy give
    #: Blind: 没有写明的运营者 / an operator that is not named
    operator: str | None = None  #: 运营者名称 / operator
    visited_at: datetime | None = None  #: 访问时间（UTC） / moment of the visit (UTC)
    pages: tuple[Page, ...] = ()  #: 读过的页面 / pages read
    forms: tuple[Form, ...] = ()  #: 表单 / forms
    requests: tuple[Request, ...] = ()  #: 网络请求 / network requests
    third_parties: tuple[ThirdParty, ...] = ()  #: 第三方域 / third-party domains
    cookies: tuple[Cookie, ...] = ()  #: Cookie / cookies
    storage: tuple[StorageItem, ...] = ()  #: 浏览器存储 / browser storage
    #: 脚本对识别、监听类接口的使用 / scripts' use of interfaces that identify or observe
    script_uses: tuple[ScriptUse, ...] = ()
    dialogs: tuple[ConsentDialog, ...] = ()  #: 同意横幅与弹窗 / consent banners and dialogs
    filings: tuple[Filing, ...] = ()  #: 备案号与许可证号 / filing and licence numbers
    icp_shown: Found = None  #: 首页是否标明格式正确的备案号 / well-formed ICP number on the start page
    #: 首页是否标明格式正确的公安备案号 / well-formed public-security number on the start page
    police_shown: Found = None
    transport: tuple[Transport, ...] = ()  #: 各主机的传输安全 / transport security of each host
    weaknesses: tuple[Weakness, ...] = ()  #: 从外部看到的安全弱点 / security weaknesses seen from outside
    libraries: tuple[ScriptLibrary, ...] = ()  #: 脚本库及其公告 / script libraries with advisories
    exposed: tuple[ExposedData, ...] = ()  #: 页面暴露的个人信息 / personal information exposed in pages
    disclosure: SiteDisclosure = SiteDisclosure()  #: 对访问者的说明与链接 / what visitors are told and where
    #: How: 有表单索取或有请求发送个人信息 / a form asks for, or a request sends, personal information
    #: Blind: 登录后的收集、加密发送的内容 / collection behind a login, encrypted content
    collects_pi: bool | None = None  #: 是否收集个人信息 / whether it collects personal information
    #: How: 登录或注册表单、页面 / forms or pages of signing in or registering
    #: Blind: 由第三方登录页提供的账号 / accounts on another site's login page
    has_account: bool | None = None  #: 是否提供账号 / whether it offers accounts
    #: How: 备案号、域名与页面语言 / filing numbers, domain and language
    #: Blind: 服务器的实际位置 / where servers really stand
    mainland: bool | None = None  #: 是否由境内提供 / whether it is offered from the mainland
    stats: CrawlStats = CrawlStats()  #: 访问的规模与停止原因 / size of the visit and why it stopped

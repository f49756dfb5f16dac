"""Facts about a privacy policy: what it is, what it contains, what it discloses, and how that compares with what was seen.

No judgement, no law.  ``None`` means *not known*.  Offsets count characters of the extracted text
(:attr:`PolicyFacts.text_sha256` identifies it), so every statement can be looked up in the document.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from scanner.model import Evidence, Frozen, Text

Party = Literal["operator", "sdk", "partner", "affiliate", "user", "unknown"]


class PolicyIdentity(Frozen):
    """What kind of document it is and whose.

    ``kind`` is decided by the words of title and body; ``confidence`` from 0 to 1.  ``matches_subject`` says whether
    the operator or application it names is the subject examined; None when either is unknown.

    How: 标题、开头和落款的用语（rules/data/policy_identity.yaml） / words of title, opening and signature
    (rules/data/policy_identity.yaml)
    Blind: 没有写明的运营者和日期 / operators and dates that are not written
    Evidence: policy
    """

    #: 文件种类 / kind of document
    kind: Literal[
        "privacy_policy",
        "children_policy",
        "user_agreement",
        "sdk_list",
        "permission_list",
        "collection_list",
        "other",
    ]
    confidence: float  #: 把握（0–1） / how sure (0–1)
    title: str = ""  #: 标题 / title
    operator: str | None = None  #: 运营者 / operator
    app_name: str | None = None  #: 应用名称 / name of the application
    emails: tuple[str, ...] = ()  #: 电子邮箱 / e-mail addresses
    phones: tuple[str, ...] = ()  #: 电话 / telephone numbers
    address: str | None = None  #: 地址 / postal address
    updated: date | None = None  #: 更新日期 / date of the last change
    effective: date | None = None  #: 生效日期 / date it takes effect
    #: 是否属于检测对象，不明为 null / whether it belongs to the subject, null when not known
    matches_subject: bool | None = None
    language: str = "zh"  #: 语言 / language
    evidence: tuple[Evidence, ...] = ()


class Paragraph(Frozen):
    """A block of the document: stable id, heading level (0 = no heading), ids of the headings above it.

    How: 文件的标题、段落、列表项和表格，清理后保留位置 / headings, paragraphs, items and tables of the file,
    cleaned, with places
    Blind: 页眉页脚等被当作版面的文字 / words taken for layout, such as page headers
    Evidence: none
    """

    id: str  #: 段落编号 / stable id
    kind: Literal["heading", "text", "item", "table"]  #: 种类 / kind
    level: int = 0  #: 标题级别，0 为非标题 / heading level, 0 for none
    text: str  #: 文字 / words
    start: int  #: 起始字符 / first character
    end: int  #: 结束字符 / character after the last
    section: tuple[str, ...] = ()  #: 所属各级标题的编号 / ids of the headings above it


class PolicyTable(Frozen):
    """A table as rows of cell texts; ``paragraph`` is the block that stands for it.

    How: 文件中的表格，合并单元格展开 / tables of the file, merged cells spread out
    Blind: 图片表格、用空格排成的表格 / tables in images or made of blanks
    Evidence: none
    """

    paragraph: str  #: 对应的段落编号 / block that stands for it
    caption: str = ""  #: 表题 / caption
    header: tuple[str, ...] = ()  #: 表头 / header
    rows: tuple[tuple[str, ...], ...] = ()  #: 各行 / rows


class Sentence(Frozen):
    """A sentence with its character span and the topics it speaks of (docs/policy-model.md).

    How: 按标点切分，主题由线性模型给出（docs/policy-model.md） / split at punctuation, topics by a linear
    model (docs/policy-model.md)
    Blind: 模型会错（micro F1 约 0.74），主题只作线索 / the model errs (micro F1 about 0.74), topics are leads
    only
    Evidence: none
    """

    paragraph: str  #: 所在段落 / paragraph
    text: str  #: 文字 / words
    start: int  #: 起始字符 / first character
    end: int  #: 结束字符 / character after the last
    topics: tuple[str, ...] = ()  #: 主题 / topics


class Element(Frozen):
    """A required element of a policy (``rules/data/policy_elements.yaml``).

    ``weak``: mentioned, but without the substance the requirement names.  ``absent`` is said only when the whole
    document was read; ``unknown`` otherwise.

    How: 各要素的用语及否定（rules/data/policy_elements.yaml），全文检索 / words of each element and their
    negation (rules/data/policy_elements.yaml), searched in the whole text
    Blind: 用语数据没有的写法；内容是否属实 / wording the data lacks; whether it is true
    Evidence: policy, search
    """

    id: str  #: 要素标识 / id of the element
    #: 写明、不充分、没有、不明 / present, weak, absent or unknown
    state: Literal["present", "weak", "absent", "unknown"]
    missing: tuple[str, ...] = ()  #: 缺少的部分 / parts that are missing
    evidence: tuple[Evidence, ...] = ()


class DisclosedItem(Frozen):
    """A personal-information item the policy speaks of.

    ``item`` is a catalogue id; ``vague`` when it is an umbrella term such as 设备信息; ``negated`` for 不会收集….
    ``open_ended`` when the list it stands in ends in 等.  ``party``: who collects it; ``sdk`` the name as written.

    How: 目录用词最长者优先，按分句判断谁收集、为何、是否否认 / longest terms of the catalogue; clauses tell
    who collects, why, and whether it is denied
    Blind: 目录没有的说法；指代不明的句子 / terms the catalogue lacks; sentences that refer elsewhere
    Evidence: policy
    """

    item: str  #: 个人信息项标识 / id of the item
    term: str  #: 原文用词 / term as written
    vague: bool = False  #: 是否为笼统说法 / umbrella term
    negated: bool = False  #: 是否否认收集 / denied
    open_ended: bool = False  #: 所在列举是否以“等”结尾 / its list ends in 等
    party: Party = "operator"  #: 谁收集 / who collects
    sdk: str = ""  #: 所写的 SDK 名称 / SDK as written
    sdk_id: str = ""  #: SDK 标识 / id of the SDK
    purpose: str = ""  #: 目的 / purpose
    function: str = ""  #: 对应功能 / function
    recipient: str = ""  #: 接收方 / recipient
    condition: str = ""  #: 条件 / condition
    evidence: tuple[Evidence, ...] = ()


class DisclosedSdk(Frozen):
    """A third-party SDK or partner the policy names, from a table row or a sentence.

    ``sdk_ids``: every catalogue entry the name can mean (友盟SDK means several); ``sdk_id`` when it is only one.

    How: 表格行、清单行和句子，名称对应 rules/data/sdk_aliases.yaml / rows of tables and lists, and sentences;
    names by rules/data/sdk_aliases.yaml
    Blind: 图片清单、只给链接的清单 / lists in images or behind links
    Evidence: policy
    """

    name: str  #: 所写名称 / name as written
    sdk_id: str = ""  #: 对应的 SDK 标识，不唯一为空 / id of the SDK, empty when several fit
    sdk_ids: tuple[str, ...] = ()  #: 名称可指的全部 SDK / every SDK the name can mean
    vendor: str = ""  #: 提供者 / vendor
    items: tuple[str, ...] = ()  #: 所写的个人信息项 / items
    item_text: str = ""  #: 所写信息的原文 / items as written
    purpose: str = ""  #: 目的 / purpose
    method: str = ""  #: 方式 / method
    link: str = ""  #: 链接 / link
    in_table: bool = False  #: 是否来自表格 / from a table
    evidence: tuple[Evidence, ...] = ()


class DisclosedPermission(Frozen):
    """A system permission the policy names; ``permission`` as an Android name or group.

    How: 权限名称及其目的的用语 / names of permissions with the words of their purpose
    Blind: 没有点名权限的说法 / wording that names no permission
    Evidence: policy
    """

    permission: str  #: 权限名或权限组 / Android name or group
    term: str  #: 原文用词 / term as written
    purpose: str = ""  #: 目的 / purpose
    evidence: tuple[Evidence, ...] = ()


class PolicyIssue(Frozen):
    """Wording that is unfair, contradictory or left over from a template (``kind``: ``rules/data/policy_wording.yaml``).

    How: 不当用语的形式（rules/data/policy_wording.yaml） / forms of improper wording
    (rules/data/policy_wording.yaml)
    Blind: 数据没有的写法 / wording the data lacks
    Evidence: policy
    """

    kind: str  #: 种类 / kind
    text: str  #: 原文 / words
    detail: str = ""  #: 详情 / detail
    evidence: tuple[Evidence, ...] = ()


class Readability(Frozen):
    """How hard the text is to read: counts of characters and sentences, mean sentence length in characters.

    ``difficulty`` from 0 (easy) to 100; ``font_px`` and ``contrast`` (WCAG ratio) only when it was rendered.

    How: 对正文计数；字号和对比度只在浏览器渲染时测量 / counted over the text; type size and contrast only
    when rendered
    Blind: 实际显示时的样式（未渲染时） / how it looks when it was not rendered
    Evidence: none
    """

    characters: int = 0  #: 字符数 / characters
    sentences: int = 0  #: 句数 / sentences
    mean_sentence: float = 0.0  #: 平均句长（字符） / mean sentence length in characters
    longest_paragraph: int = 0  #: 最长段落（字符） / longest paragraph in characters
    headings: int = 0  #: 标题数 / headings
    difficulty: float | None = None  #: 难度（0–100） / difficulty (0–100)
    font_px: float | None = None  #: 字号（像素） / type size in pixels
    contrast: float | None = None  #: 对比度（WCAG） / contrast (WCAG ratio)


class Comparison(Frozen):
    """One thing seen or declared, and what the other side says of it.

    ``state``: ``disclosed``; ``vague`` (only an umbrella term); ``omitted`` (seen, and nothing in a policy that was
    read whole can mean it); ``contradicted`` (seen, and the policy denies it); ``unseen`` (declared, not found);
    ``unknown`` (``reason`` says why).  ``evidence`` shows both sides: what was seen first, then the policy or the search
    record.  ``umbrella`` is the vaguer wording that can mean it.  ``owner_id`` is an SDK id, a package or a domain.
    Only what certainly runs is called omitted or contradicted: ``reachable`` is True and ``strength`` direct or derived
    there.

    How: 代码或网页中看到的与政策写明的逐项对照（docs/policy-compare.md） / what was seen in code or pages
    held against what the policy says (docs/policy-compare.md)
    Blind: 任何一侧没有读到的部分，结果为 unknown / whatever one side did not read, the result is then unknown
    Evidence: dex, web, policy, search
    """

    kind: Literal["item", "sdk", "permission"]  #: 对照的是信息项、SDK 还是权限 / item, SDK or permission
    id: str  #: 标识 / id
    name: Text  #: 名称 / name
    #: 结果：写明、笼统、未写明、相反、未见、不明 / disclosed, vague, omitted, contradicted, unseen or unknown
    state: Literal["disclosed", "vague", "omitted", "contradicted", "unseen", "unknown"]
    surface: Literal["app", "site"]  #: 应用还是网站 / app or site
    #: 取得者的种类 / kind of who obtains it
    owner_kind: Literal["app", "sdk", "library", "site", "third_party", "unknown"] = "unknown"
    owner_id: str = ""  #: 取得者的标识 / id of who obtains it
    reachable: bool | None = None  #: 是否确实会执行 / whether it certainly runs
    #: 看到的有多直接 / how direct what was seen is
    strength: Literal["direct", "derived", "weak", "none"] = "none"
    sensitive: Literal["yes", "conditional", "legacy", "no"] = "no"  #: 是否敏感 / sensitive
    persistent_identifier: bool = False  #: 是否为不可变更的标识 / identifier that cannot be reset
    umbrella: str = ""  #: 可能包含它的笼统说法 / vaguer wording that can mean it
    reason: Text | None = None  #: 不能确定的原因 / why it is unknown
    seen_evidence: tuple[Evidence, ...] = ()  #: 看到的一侧的证据 / evidence of what was seen
    policy_evidence: tuple[Evidence, ...] = ()  #: 政策一侧的证据 / evidence of the policy
    evidence: tuple[Evidence, ...] = ()


class PolicyFacts(Frozen):
    """What a privacy policy says.

    ``source`` is the file, URL or path inside the package; ``format`` the form it was read from.  ``complete`` is
    False when part of it could not be read (the gaps say what).  ``response_days`` is the longest time limit promised
    for requests, in days.  ``lists`` are the separate lists (of SDKs, items, permissions) read with it: what they say
    stands in ``items``, ``sdks`` and ``permissions`` too.

    How: 政策文件、网页或安装包内的文本，读成段落、句子和表格后按用语数据分析 / a file, page or text inside
    the package, read into paragraphs, sentences and tables and analysed with word lists
    Blind: 图片和扫描件中的文字；另处公布的文件；用语数据没有的说法 / words in images and scans; documents
    published elsewhere; wording the lists lack
    Evidence: none
    """

    source: str  #: 来源：文件、网址或包内路径 / file, URL or path in the package
    #: 读取的格式 / format it was read from
    format: Literal["html", "pdf", "docx", "markdown", "text", "image", "unknown"] = "unknown"
    encoding: str = ""  #: 编码 / encoding
    rendered: bool = False  #: 是否由浏览器渲染后读取 / read as a browser rendered it
    complete: bool | None = None  #: 是否全部读出 / whether all of it was read
    text_sha256: str = ""  #: 文本的摘要 / digest of the text
    #: 怎样找到的：给出、包内、链接、网站 / how it was found: given, package, link, site
    found_by: Literal["given", "package", "link", "site", "unknown"] = "unknown"
    identity: PolicyIdentity | None = None  #: 是什么文件、谁的 / what document it is, and whose
    paragraphs: tuple[Paragraph, ...] = ()  #: 段落 / paragraphs
    tables: tuple[PolicyTable, ...] = ()  #: 表格 / tables
    sentences: tuple[Sentence, ...] = ()  #: 句子及主题 / sentences with topics
    elements: tuple[Element, ...] = ()  #: 法定要素是否写明 / required elements
    items: tuple[DisclosedItem, ...] = ()  #: 说到的个人信息项 / items it speaks of
    sdks: tuple[DisclosedSdk, ...] = ()  #: 列明的第三方 SDK / third-party SDKs it names
    permissions: tuple[DisclosedPermission, ...] = ()  #: 说到的系统权限 / system permissions it names
    issues: tuple[PolicyIssue, ...] = ()  #: 不当用语 / improper wording
    readability: Readability | None = None  #: 易读程度 / readability
    comparisons: tuple[Comparison, ...] = ()  #: 与应用或网站对照的结果 / comparison with the app or site
    response_days: int | None = None  #: 承诺的最长答复天数 / longest time promised for requests, in days
    lists: tuple[str, ...] = ()  #: 一并读取的单独清单 / separate lists read with it

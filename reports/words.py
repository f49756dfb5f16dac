"""Fixed texts of the reports in Chinese and English.  A key without both is a test failure."""

from __future__ import annotations

from reports.words_behaviour import BEHAVIOUR
from reports.words_build import BUILD
from reports.words_countries import COUNTRIES
from reports.words_developers import DEVELOPERS
from reports.words_diff import DIFF
from reports.words_formal import FORMAL
from reports.words_limits import LIMITS
from reports.words_lists import LISTS
from reports.words_overreach import OVERREACH
from reports.words_policy import POLICY
from reports.words_site import SITES
from reports.words_supervision import SUPERVISION
from scanner.model import Lang, Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


HEAD: dict[str, Text] = {
    "title": _t("个人信息保护检测报告", "Personal-information protection review"),
    "kind_app": _t("移动应用", "Mobile app"),
    "kind_site": _t("网站", "Website"),
    "kind_policy": _t("隐私政策", "Privacy policy"),
    "stop": _t("。", "."),
    "stop_next": _t("。", ". "),  # before another sentence
    "colon": _t("：", ": "),
    "comma": _t("、", ", "),
    "semicolon": _t("；", "; "),
    "clause_comma": _t("，", "; "),
    "and_more": _t("；另有 {count} 项", "; and {count} more"),
    "open": _t("（", " ("),
    "close": _t("）", ")"),
    "subject": _t("检测对象", "Object under review"),
    "summary": _t("检测结论", "Conclusion"),
    "grade": _t("等级", "Grade"),
    "score": _t("得分", "Score"),
    "of_100": _t("/ 100 分", "/ 100"),
    "provisional": _t("暂定", "provisional"),
    "provisional_why": _t(
        "等级只反映自动检查已发现的问题；人工核查完成前为暂定。",
        "The grade reflects only what the automatic checks found; it is provisional until the manual checks are done.",
    ),
    "headline": _t("共评估 {total} 条要求：{parts}。", "{total} requirements assessed: {parts}."),
    "headline_part": _t("{label} {count} 条", "{label} {count}"),
    "coverage": _t("检测覆盖", "Coverage"),
    "coverage_line": _t(
        "共 {clauses} 条{scope}：可自动判定 {full} 条，部分自动 {partial} 条，全靠人工 {manual} 条，未覆盖 {uncovered} 条；"
        "所用规则有正反样例的 {tested} 条",
        "{clauses} clauses{scope}: {full} decided automatically, {partial} in part, {manual} by hand only, {uncovered} "
        "not at all; {tested} with rules tested on bad and good examples",
    ),
    "coverage_scope": _t(
        "，其中 {outside} 条不检测（定义、法律责任，或安装包、网页中看不到的义务等，附录 A 列为“不适用”），其余 {in_scope} 条",
        ", {outside} of them not tested (definitions, liability, duties that packages and pages do not show; not applicable "
        "in appendix A); of the other {in_scope}",
    ),
    "cover_full": _t("可自动判定", "Automatic"),
    "cover_partial": _t("部分自动", "Partly automatic"),
    "cover_manual": _t("全靠人工", "By hand"),
    "cover_uncovered": _t("未覆盖", "Uncovered"),
    "top": _t("主要问题", "Main problems"),
    "more_findings": _t(
        "另有 {count} 项，见 HTML 或 JSON 报告。", "{count} more in the HTML or JSON report."
    ),
    "by_severity": _t("按严重程度排列", "by severity"),
    "more_problems": _t(
        "另有 {count} 类问题，见“问题与证据”。", "{count} more kinds of problems under Findings."
    ),
    "none_found": _t(
        "自动检查未发现问题。没有发现不等于符合：下列事项仍须人工核查。",
        "The automatic checks found nothing. Nothing found is not compliance: the manual checks below remain.",
    ),
    "places": _t("{count} 处", "{count} places"),
    "places_all": _t("共 {count} 处", "{count} places"),
    "places_some": _t("共 {total} 处，列出 {shown} 处", "{shown} of {total} places listed"),
    "places_of_item": _t(
        "（该方取得该项信息的代码共 {total} 处，此处只计符合本规则条件的）",
        " (of {total} places where this party obtains the item, those that meet the rule)",
    ),
    "places_note": _t(
        "“处”指对象中一个能单独说明问题的位置：一条代码指令、一个清单或页面元素、一个文件或一段政策；同一位置只计一次，"
        "检索记录和用来补足证明的内容不计。未全部列出的，其余见 JSON 报告。",
        "A place is one spot in the subject that shows the matter by itself: an instruction, an element of the manifest or a "
        "page, a file, a paragraph of the policy. The same spot counts once; search records and what only completes a proof do "
        "not count. Where not all are listed the JSON report has the rest.",
    ),
    "evidence_beside": _t("补充证明", "completes the proof"),
    "findings_count": _t("{count} 项", "{count} findings"),
    "verdicts": _t("各条结论", "Verdicts"),
    "why_grade": _t("评级理由", "Reasons for the grade"),
    "caps": _t("等级上限", "Limit of the grade"),
    "manual_left": _t(
        "待人工核查或确认 {count} 项，预计 {hours} 小时",
        "{count} manual checks or confirmations remain, about {hours} hours",
    ),
    "unread_notice": _t(
        "有内容未能读取，相关条款按“需人工核查”处理，见“未读取的内容与异常”。",
        "Some content could not be read; the clauses concerned are left to a human. See What was not read.",
    ),
    "undecided_notice": _t(
        "有 {count} 条规则未能判断，相关条款没有其他发现的按“需人工核查”处理，见“未读取的内容与异常”。",
        "{count} rules could not be decided; clauses concerned that have no other finding are left to a human. See What was not read.",
    ),
    "contents": _t("目录", "Contents"),
    "skip": _t("跳到检测结论", "Skip to the conclusion"),
    "search": _t("在报告中查找", "Search the report"),
    "filter": _t("按结论筛选", "Filter by verdict"),
    "filter_all": _t("全部", "All"),
    "no_match": _t("没有符合条件的条款或问题。", "No clause or finding matches."),
    "theme": _t("切换深浅色", "Light / dark"),
    "open_all": _t("全部展开", "Open all"),
    "close_all": _t("全部收起", "Close all"),
    "print": _t("打印", "Print"),
    "back": _t("返回目录", "Back to contents"),
    "label_identifier": _t("包名", "Package"),
    "label_version": _t("版本", "Version"),
    "label_sha256": _t("文件 SHA-256", "File SHA-256"),
    "label_start_sha256": _t("起始页 SHA-256", "Start page SHA-256"),
    "label_source": _t("文件", "File"),
    "label_levels": _t("API 级别（最低 – 目标）", "API levels (min – target)"),
    "label_developer": _t("开发者", "Developer"),
    "label_store": _t("来源", "Store"),
    "label_category": _t("应用类别", "Category"),
    "label_schemes": _t("签名方案", "Signature schemes"),
    "label_certificate": _t("签名证书", "Certificate"),
    "label_certificate_sha256": _t("证书 SHA-256", "Certificate SHA-256"),
    "assessed": _t("评估时间", "Assessed"),
    "tool": _t("检测工具", "Tool"),
    "basis": _t("检测依据", "Basis"),
}

BODY: dict[str, Text] = {
    "clauses": _t("逐条结论", "Clause by clause"),
    "clauses_note": _t(
        "每条给出条文、结论、理由和核查方法。结论含义见“方法与局限”。",
        "Each clause with its text, verdict, reasons and how to check it. The verdicts are explained under Method.",
    ),
    "clause": _t("条款", "Clause"),
    "verdict": _t("结论", "Verdict"),
    "law": _t("条文", "Text"),
    "text_quoted_requirement": _t("摘引要求", "requirement quoted"),
    "text_paraphrase": _t("转述，非原文", "paraphrased, not the wording"),
    "text_taxonomy": _t("分类表", "taxonomy"),
    "text_summary": _t("概括，非原文", "summarised, not the wording"),
    "unverified": _t("条文未与原文核对", "text not compared with its source"),
    "unverified_count": _t(
        "其中 {count} 条的条文未与原文核对", "the text of {count} clauses was not compared with its source"
    ),
    "reason": _t("理由", "Reasons"),
    "more_reasons": _t("另有 {count} 条理由", "{count} more reasons"),
    "ground": _t("判定依据", "Ground"),
    "row_1": _t("人工结论", "decided by a human"),
    "row_2": _t("不适用", "does not apply"),
    "row_3": _t("有确定的违规证据", "certain evidence of a violation"),
    "row_4": _t("有线索，尚不足以认定", "evidence, but not conclusive"),
    "row_5": _t("无法自动判定", "could not be decided automatically"),
    "row_6": _t("规则已穷尽该要求，均未命中", "the rules exhaust the requirement; none hit"),
    "row_7": _t("自动检查部分未见问题", "the automatic part found nothing"),
    "capped": _t(
        "证据指向“{verdict}”，但本条不得由静态分析直接认定：{why}",
        "The evidence points to “{verdict}”, which static analysis may not conclude here: {why}",
    ),
    "decided": _t("由 {who} 于 {when} 认定{until}", "decided by {who} on {when}{until}"),
    "until": _t("，有效至 {date}", ", valid until {date}"),
    "control": _t("控制点", "Control"),
    "checked": _t("自动检查", "Automatic checks"),
    "automation_full": _t("可自动判定", "automatic"),
    "automation_partial": _t("部分自动", "partly automatic"),
    "automation_manual": _t("全靠人工", "by hand only"),
    "outcome_hit": _t("命中", "hit"),
    "outcome_clear": _t("未见问题", "clear"),
    "outcome_unknown": _t("无法判断", "unknown"),
    "outcome_not_applicable": _t("不适用", "not applicable"),
    "outcome_error": _t("执行出错", "error"),
    "manual": _t("人工核查方法", "How to check by hand"),
    "prepare_by": _t("先按 {labels} 准备。", "First prepare as in {labels}."),
    "manual_index_note": _t(
        "核查步骤列在所对应的条款之下。", "The procedure of each item stands under its clauses."
    ),
    "preparations": _t("通用准备", "Preparations"),
    "keep_short": _t("留存", "To keep"),
    "keep": _t("应留存的证据", "Evidence to keep"),
    "minutes": _t("约 {minutes} 分钟", "about {minutes} min"),
    "findings": _t("问题与证据", "Findings and evidence"),
    "findings_note": _t(
        "按严重程度排列。每处证据可按文件、方法和偏移在反汇编工具中复核；偏移以 16 位代码单元计。",
        "Worst first. Each place can be verified in a disassembler by file, method and offset, counted in 16-bit "
        "code units.",
    ),
    "findings_note_site": _t(
        "按严重程度排列。每处证据写明网址，页面内的写明元素路径（CSS），可在浏览器中复核；网站可能随后改变，所见内容的散列值见证据索引。",
        "Worst first. Each place names its address, and inside a page the element's CSS path, to be verified in a browser; "
        "the site may change, and the index of evidence has the hashes of what was seen.",
    ),
    "findings_note_policy": _t(
        "按严重程度排列。每处证据写明段落和字符位置，可在政策原文中复核。",
        "Worst first. Each place names its paragraph and characters, to be verified in the policy.",
    ),
    "related": _t("相关问题", "Findings"),
    "severity": _t("严重程度", "Severity"),
    "confidence": _t("把握", "Confidence"),
    "what": _t("发现", "Seen"),
    "why": _t("影响", "Why it matters"),
    "fix": _t("整改", "Fix"),
    "before": _t("整改前", "Before"),
    "after": _t("整改后", "After"),
    "false_positives": _t("可能的误报", "Known false positives"),
    "fingerprint": _t("指纹", "Fingerprint"),
    "legal_basis": _t("主要依据", "Main basis"),
    "evidence": _t("证据", "Evidence"),
    "whole_app": _t("整个应用", "the whole app"),
    "whole_site": _t("整个网站", "the whole site"),
    "whole_policy": _t("整份隐私政策", "the whole policy"),
    "evidence_dex": _t("代码", "Code"),
    "evidence_xml": _t("清单与布局", "XML"),
    "evidence_resource": _t("资源", "Resource"),
    "evidence_file": _t("文件", "File"),
    "evidence_web": _t("网页", "Page"),
    "evidence_policy": _t("隐私政策", "Policy"),
    "evidence_search": _t("检索", "Search"),
    "at_dex": _t("dex 文件", "dex file"),
    "at_method": _t("方法", "Method"),
    "at_offset": _t("偏移", "Offset"),
    "at_file": _t("文件", "File"),
    "at_path": _t("元素路径", "Element path"),
    "at_locale": _t("语言", "Locale"),
    "at_bytes": _t("字节位置", "Bytes"),
    "at_css": _t("页面元素", "Element"),
    "at_characters": _t("字符位置", "Characters"),
    "at_paragraph": _t("第 {id} 段", "paragraph {id}"),
    "searched_nothing": _t("已检索以下内容，均未见", "Searched without finding it"),
    "chain": _t("调用链（{count} 步）", "Call chain ({count} steps)"),
    "chain_entry": _t("入口", "entry"),
    "chain_end": _t("取得处", "place"),
    "skipped": _t("略去 {count} 步", "{count} steps left out"),
    "skipped_same": _t("前 {count} 步与上一处相同", "the first {count} steps are those of the place before"),
    "reads_call": _t("调用 {what}", "calls {what}"),
    "reads_field": _t("读取 {what}", "reads {what}"),
    "reads_text": _t("读取 {what}，其初值为“{text}”", "reads {what}, which begins as “{text}”"),
    "writes_field": _t("写入 {what}", "writes {what}"),
    "uses_string": _t("使用字符串“{what}”", "uses the string “{what}”"),
    "creates_object": _t("创建 {what}", "creates {what}"),
    "names_class": _t("使用类 {what}", "uses the class {what}"),
    "reads_reflection": _t("经反射调用 {what}", "calls {what} by reflection"),
    "edge_call": _t("调用", "calls"),
    "edge_dispatch": _t("分派到子类实现", "dispatches to"),
    "edge_callback": _t("创建对象，由系统回调", "creates; the system calls back"),
    "edge_possible": _t("创建对象，系统或界面可能调用", "creates; the system or a layout may call"),
    "edge_reflection": _t("经反射调用", "calls by reflection"),
    "edge_initialiser": _t("触发类初始化", "initialises"),
}

TABLES: dict[str, Text] = {
    "incomplete": _t(
        "有内容未能读取，本节可能不完整，没有列出不等于没有。",
        "Some content could not be read: this section may be incomplete, and what is not listed may exist.",
    ),
    "items": _t("个人信息与获取方", "Personal information and who obtains it"),
    "items_note": _t(
        "数字为代码中能取得该项信息的处数（不含写入）：3 为全部可由应用入口到达，(3) 为未见到达路径，1/3 为 3 处中 1 处可到达。"
        "一处代码可取得多项信息，各项分别计。代码中存在不等于运行时必然收集。",
        "Numbers count the places in code that can obtain the item, writing left out: 3 all reached from an entry point, (3) none, "
        "1/3 one of three. A place that yields several items counts for each. Code that can is not yet collection at run time.",
    ),
    "items_weak": _t(
        "仅经一般用途接口取得的项（{count}）", "Obtained only through interfaces of general use ({count})"
    ),
    "item": _t("个人信息项", "Item"),
    "total": _t("合计", "Total"),
    "sensitive_yes": _t("敏感", "sensitive"),
    "sensitive_conditional": _t("视情形敏感", "sensitive in context"),
    "persistent": _t("不可变更标识", "permanent identifier"),
    "other_owners": _t("其他 {count} 方", "{count} others"),
    "others": _t("其他各方", "The others"),
    "items_none": _t("未见取得个人信息的代码。", "No code that obtains personal information was found."),
    "chart_owner": _t("各方可取得的个人信息项数", "Items each party can obtain"),
    "chart_live": _t("可到达", "reachable"),
    "chart_dead": _t("未见到达路径", "no known path"),
    "permissions": _t("权限", "Permissions"),
    "permissions_none": _t("未声明权限。", "No permissions."),
    "permission": _t("权限", "Permission"),
    "level": _t("级别", "Level"),
    "declared": _t("声明", "Declared"),
    "undeclared": _t("未声明", "undeclared"),
    "use": _t("代码使用", "Use in code"),
    "use_used": _t("使用", "used"),
    "use_unused": _t("未见使用", "no use found"),
    "use_unknown": _t("无法判断", "cannot tell"),
    "opens": _t("涉及的信息", "Information"),
    "level_normal": _t("普通", "normal"),
    "level_dangerous": _t("危险", "dangerous"),
    "level_signature": _t("签名", "signature"),
    "level_special": _t("特殊", "special"),
    "level_privileged": _t("系统特权", "privileged"),
    "level_vendor": _t("厂商", "vendor"),
    "level_custom": _t("自定义", "custom"),
    "level_unknown": _t("未知", "unknown"),
    "sdks": _t("第三方 SDK", "Third-party SDKs"),
    "sdks_none": _t("未识别到第三方服务类 SDK。", "No third-party service SDK was recognised."),
    "sdk": _t("SDK", "SDK"),
    "vendor": _t("提供方", "Vendor"),
    "purpose": _t("用途", "Purpose"),
    "recognised": _t("识别依据", "Recognised by"),
    "seen": _t("本应用中其代码可取得", "Its code here can obtain"),
    "documented": _t("提供方声明收集", "Vendor's statement"),
    "start": _t("初始化", "Start"),
    "started": _t("已见初始化", "started"),
    "started_before": _t("界面出现前初始化", "started before any screen"),
    "not_started": _t("未见初始化", "no start found"),
    "start_unknown": _t("—", "—"),
    "libraries": _t("开源库与框架", "Libraries and frameworks"),
    "endpoints": _t("网络地址", "Network addresses"),
    "endpoints_count": _t("{count} 个，其中明文 {clear} 个", "{count} addresses, {clear} in cleartext"),
    "host": _t("主机", "Host"),
    "address": _t("地址", "Address"),
    "cleartext": _t("明文", "cleartext"),
    "owner": _t("归属", "Owner"),
    "found_in": _t("所在", "Found in"),
    "origin_code": _t("代码", "code"),
    "origin_resource": _t("资源", "resource"),
    "origin_asset": _t("附件", "asset"),
    "origin_native": _t("原生库", "native library"),
    "signing": _t("签名", "Signature"),
    "verified": _t("验证通过", "verified"),
    "broken": _t("验证失败", "broken"),
    "unchecked": _t("未验证", "not verified"),
    "unsigned": _t("未签名", "unsigned"),
    "debug_certificate": _t("调试证书", "debug certificate"),
    "valid_until": _t("有效期至 {date}", "valid until {date}"),
    "owner_app": _t("应用自身", "the app"),
    "owner_unknown": _t("归属不明", "unknown owner"),
    "basis_class": _t("特征类", "class"),
    "basis_prefix": _t("包名前缀", "package prefix"),
    "basis_string": _t("特征字符串", "string"),
    "basis_native": _t("原生库", "native library"),
    "basis_manifest": _t("清单", "manifest"),
    "basis_structure": _t("改名后的结构", "structure of renamed code"),
    "basis_manifest_key": _t("清单键", "manifest key"),
    "basis_resource": _t("资源文件", "resource file"),
    "sdk_tentative": _t("（待确认）", " (to be confirmed)"),
    "purpose_analytics": _t("统计分析", "analytics"),
    "purpose_push": _t("消息推送", "push"),
    "purpose_advertising": _t("广告", "advertising"),
    "purpose_location": _t("地图定位", "maps and location"),
    "purpose_login": _t("登录", "login"),
    "purpose_payment": _t("支付", "payment"),
    "purpose_identity": _t("身份核验", "identity verification"),
    "purpose_im": _t("即时通信", "messaging"),
    "purpose_crash": _t("崩溃与性能监测", "crash and performance"),
    "purpose_security": _t("安全风控", "security"),
    "purpose_device_id": _t("设备标识", "device identifier"),
    "purpose_media": _t("音视频与浏览内核", "media and browser engine"),
    "purpose_ai": _t("人工智能", "AI"),
    "purpose_vendor_service": _t("平台服务", "platform service"),
    "purpose_share": _t("分享", "sharing"),
    "purpose_customer_service": _t("客服", "customer service"),
    "purpose_storage": _t("存储", "storage"),
    "purpose_library": _t("开源库", "library"),
    "purpose_framework": _t("框架", "framework"),
}

WORDS: dict[str, Text] = HEAD | BODY | TABLES | LIMITS
WORDS |= POLICY
WORDS |= FORMAL
WORDS |= LISTS
WORDS |= DEVELOPERS | DIFF
WORDS |= SITES
WORDS |= SUPERVISION
WORDS |= OVERREACH
WORDS |= BEHAVIOUR | BUILD | COUNTRIES


def word(key: str, lang: Lang, **values: object) -> str:
    """Return the text for ``key`` with ``values`` filled in; raises KeyError for a key that does not exist."""
    text = WORDS[key].get(lang)
    return text.format(**values) if values else text

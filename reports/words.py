"""Fixed texts of the reports in Chinese and English.  A key without both is a test failure."""

from __future__ import annotations

from scanner.model import Lang, Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


WORDS: dict[str, Text] = {
    "title": _t("App 个人信息保护检测报告", "Personal-information protection review"),
    "subtitle": _t("静态分析，附证据与人工核查步骤", "Static analysis with evidence and manual procedures"),
    "summary": _t("摘要", "Summary"),
    "grade": _t("等级", "Grade"),
    "score": _t("得分", "Score"),
    "provisional": _t("暂定", "provisional"),
    "coverage": _t("覆盖", "Coverage"),
    "coverage_line": _t(
        "范围内 {in_scope} 条：自动 {full}，部分自动 {partial}，人工 {manual}，未覆盖 {uncovered}",
        "{in_scope} clauses in scope: {full} full, {partial} partial, {manual} manual, {uncovered} uncovered",
    ),
    "top": _t("主要问题", "Main problems"),
    "none_found": _t(
        "自动检查未发现问题。没有发现不等于符合，须完成人工核查。",
        "The automatic checks found nothing. Nothing found is not compliance: the manual checks remain.",
    ),
    "verdicts": _t("各条结论", "Verdicts"),
    "why_grade": _t("评级理由", "Reasons for the grade"),
    "clauses": _t("逐条结论", "Clause by clause"),
    "law": _t("条文", "Text"),
    "reason": _t("理由", "Reason"),
    "evidence": _t("证据", "Evidence"),
    "chain": _t("调用链", "Call chain"),
    "fix": _t("整改", "Fix"),
    "before": _t("整改前", "Before"),
    "after": _t("整改后", "After"),
    "false_positives": _t("可能的误报", "Known false positives"),
    "manual": _t("人工核查步骤", "Manual procedure"),
    "keep": _t("应留存", "Keep"),
    "minutes": _t("约 {minutes} 分钟", "about {minutes} min"),
    "more_evidence": _t("另有 {count} 处，见 JSON 报告", "{count} more in the JSON report"),
    "unverified": _t("条文未与原文核对", "text not compared with its source"),
    "capped": _t(
        "证据指向“{verdict}”，按该条上限降级", "evidence points to “{verdict}”; capped by the clause's limit"
    ),
    "appendix": _t("附录", "Appendix"),
    "permissions": _t("权限", "Permissions"),
    "sdks": _t("第三方 SDK", "Third-party SDKs"),
    "libraries": _t("开源库与框架", "Libraries and frameworks"),
    "items": _t("个人信息项与读取方", "Items and who reads them"),
    "items_note": _t(
        "可达代码中的位置数，不含常见无害用途", "places in reachable code, common harmless uses left out"
    ),
    "unread": _t("未能读取的内容", "What could not be read"),
    "unread_none": _t("安装包的清单、资源和代码均已读取。", "Manifest, resources and code were all read."),
    "blind": _t("静态分析未跟踪", "Not followed by static analysis"),
    "method": _t("方法与局限", "Method and limits"),
    "method_text": _t(
        "本报告由静态分析得出：读取清单、资源、签名和全部 dex 代码，按类层次分派构造调用图，从组件入口计算可达性。"
        "静态分析看不到运行时的分支、服务器下发的内容和后台处理；每条结论不超过该条款允许的上限，"
        "没有读到的部分按“需人工核查”处理。",
        "This report rests on static analysis: manifest, resources, signatures and all dex code are read, a call graph "
        "with dispatch by class hierarchy is built, and reachability is computed from the components. Branches taken "
        "at run time, content from servers and back-end processing are not visible; no verdict exceeds the clause's "
        "limit, and what could not be read is left to a human.",
    ),
    "pack": _t("规则包", "Rule pack"),
    "searched": _t("检索范围", "Searched"),
    "search": _t("在报告中查找", "Search the report"),
    "filter_all": _t("全部", "All"),
    "theme": _t("明暗", "Theme"),
    "owner_app": _t("应用自身", "the app"),
    "owner_unknown": _t("归属不明", "unknown owner"),
    "yes": _t("是", "yes"),
    "no": _t("否", "no"),
    "used": _t("使用", "used"),
    "never_used": _t("未见使用", "no use found"),
    "use_unknown": _t("无法判断", "cannot tell"),
    "name": _t("名称", "Name"),
    "meaning": _t("含义", "Meaning"),
    "level": _t("级别", "Level"),
    "declared": _t("声明", "Declared"),
    "use": _t("使用方（位置数）", "Used by (places)"),
    "vendor": _t("厂商", "Vendor"),
    "purpose": _t("用途", "Purpose"),
    "seen": _t("代码中可见", "Seen in code"),
    "documented": _t("厂商说明", "Vendor's statement"),
    "item": _t("个人信息项", "Item"),
    "label_package": _t("包名", "Package"),
    "label_version": _t("版本", "Version"),
    "label_sha256": _t("文件 SHA-256", "File SHA-256"),
    "label_source": _t("文件", "File"),
    "label_levels": _t("API 级别（最低 – 目标）", "API levels (min – target)"),
    "label_certificate": _t("签名证书", "Certificate"),
    "label_category": _t("类别", "Category"),
    "label_assessed": _t("评估时间", "Assessed"),
    "edge_call": _t("调用", "calls"),
    "edge_dispatch": _t("分派到子类实现", "dispatches to"),
    "edge_callback": _t("创建对象，由系统回调", "creates; the framework calls back"),
    "edge_initialiser": _t("触发类初始化", "initialises"),
    "level_normal": _t("普通", "normal"),
    "level_dangerous": _t("危险", "dangerous"),
    "level_signature": _t("签名", "signature"),
    "level_special": _t("特殊", "special"),
    "level_privileged": _t("系统特权", "privileged"),
    "level_vendor": _t("厂商", "vendor"),
    "level_custom": _t("自定义", "custom"),
    "level_unknown": _t("未知", "unknown"),
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
    "blind_reflection": _t("反射调用", "reflective calls"),
    "blind_native": _t("native 方法", "native methods"),
    "blind_dynamic": _t("动态加载代码", "dynamic code loading"),
    "blind_skipped": _t("损坏而跳过的方法", "malformed methods skipped"),
    "chart_verdicts": _t("各结论条款数", "clauses by verdict"),
    "severity": _t("严重程度", "Severity"),
    "confidence": _t("把握", "Confidence"),
    "findings_count": _t("{count} 处发现", "{count} findings"),
}


def word(key: str, lang: Lang) -> str:
    """Return the text for ``key``; raises KeyError for one that does not exist."""
    return WORDS[key].get(lang)

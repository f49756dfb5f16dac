"""Fixed texts of method, limits, what was not read and the files examined."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


LIMITS: dict[str, Text] = {
    "unread": _t("未读取的内容与异常", "What was not read, and oddities"),
    "unread_none": _t("采集中没有遇到无法读取的内容。", "Nothing was met that could not be read."),
    "oddities": _t("异常（未影响读取）", "Oddities (nothing was lost)"),
    "oddities_notice": _t(
        "检测对象有 {count} 类异常，见“未读取的内容与异常”。",
        "{count} kinds of oddities were met; see What was not read.",
    ),
    "more_places": _t("另 {count} 处", "{count} more"),
    "unread_what": _t("未读取", "Not read"),
    "unread_where": _t("影响的事实", "Facts concerned"),
    "where": _t("位置", "Place"),
    "where_metadata": _t("登记信息", "metadata"),
    "times": _t("次数", "Times"),
    "blind": _t("静态分析未跟踪", "Not followed by static analysis"),
    "blind_reflection": _t("反射调用", "reflective calls"),
    "blind_native": _t("native 方法", "native methods"),
    "blind_dynamic": _t("动态加载代码", "dynamic code loading"),
    "blind_libraries": _t("原生库文件（只读头和字符串）", "native library files (headers and strings only)"),
    "blind_skipped": _t("损坏而跳过的方法", "malformed methods skipped"),
    "packer": _t("加固", "Packer"),
    "packer_note": _t(
        "安装包经 {name} 加固，真实代码在运行时解密，本次未读到；依赖代码的规则均为“无法判断”。",
        "The package is packed with {name}; its real code is decrypted at run time and was not read. Rules that need "
        "code are unknown.",
    ),
    "undecided": _t("未能判断的规则（{count}）", "Rules without a decision ({count})"),
    "looked": _t("检索过的内容", "What was searched"),
    "looked_for": _t("用于", "for"),
    "path_app_accesses": _t("个人信息访问", "accesses to personal information"),
    "path_app_permissions": _t("权限", "permissions"),
    "path_app_components": _t("组件", "components"),
    "path_app_identity": _t("应用标识", "identity"),
    "path_app_flags": _t("应用开关", "application flags"),
    "path_app_signing": _t("签名", "signature"),
    "path_app_native_libraries": _t("原生库", "native libraries"),
    "path_app_sdks": _t("SDK", "SDKs"),
    "path_app_startup": _t("启动时依次发生的事", "what happens while the app starts"),
    "path_app_autostarts": _t("自启动途径", "ways of starting by itself"),
    "path_app_wakes": _t("唤醒其他应用", "waking other apps"),
    "path_app_abilities": _t("特殊能力", "special abilities"),
    "path_app_links": _t("组件响应的链接", "links components answer to"),
    "path_app_own_permissions": _t("自定义权限", "permissions the app defines"),
    "path_app_guards": _t("保护导出组件的权限", "permissions guarding exported components"),
    "path_app_tasks": _t("活动的任务设置", "task settings of activities"),
    "path_app_queries": _t("要求看到的其他应用", "other apps it asks to see"),
    "path_app_foreground_services": _t("前台服务", "foreground services"),
    "path_app_shared_folders": _t("可共享的文件范围", "folders it may share"),
    "path_app_requests": _t("权限申请", "permission requests"),
    "path_app_endpoints": _t("网络地址", "network addresses"),
    "path_app_issues": _t("代码安全问题", "code issues"),
    "path_app_texts": _t("界面文字", "interface texts"),
    "path_app_dialogs": _t("同意弹窗", "consent dialogs"),
    "path_app_unused_texts": _t("未使用的界面文字", "unused interface texts"),
    "path_app_checkboxes": _t("勾选框", "check boxes"),
    "path_app_code": _t("代码统计", "code statistics"),
    "path_app_category_basis": _t("应用类别的来源", "where the category came from"),
    "path_app_category_proposal": _t("推断的应用类别", "the proposed category"),
    "path_app_collects_pi": _t("是否收集个人信息", "whether personal information is collected"),
    "path_app_proofs": _t("账号与收集的依据", "what shows accounts and collection"),
    "path_app_has_account": _t("是否有账号", "whether there are accounts"),
    "path_app_network": _t("网络安全配置", "network security configuration"),
    "path_app_containers": _t("dex 之外的运行技术", "techniques that run code other than dex"),
    "path_app_build_records": _t("有构建记录的库", "libraries the build recorded"),
    "path_app_sdk_traces": _t("SDK 的痕迹", "traces of SDKs"),
    "path_app_expansions": _t("扩展文件与资源包", "expansion files and asset packs"),
    "path_app_secrets": _t("硬编码的密钥和口令", "secrets in the package"),
    "path_app_hardening": _t("原生库加固选项", "hardening of native libraries"),
    "method": _t("方法与局限", "Method and limits"),
    "method_how": _t(
        "本报告由静态分析得出，未运行应用。读取安装包的清单、资源、签名和 dex 代码，按类层次构造调用图，"
        "从组件、系统回调和原生库写明的方法计算哪些代码可以到达，再将取得个人信息的位置归属到应用自身或第三方 SDK。",
        "This report rests on static analysis; the app was not run. Manifest, resources, signatures and dex code "
        "are read, a call graph is built with the class hierarchy, reachability is computed from components, "
        "callbacks and methods that native libraries name, and each place that obtains personal information is attributed to the app or an SDK.",
    ),
    "method_limits": _t(
        "静态分析看不到运行时的分支、服务器下发的内容、反射和 native 代码的去向以及后台处理。因此每条结论不超过该条款"
        "允许的上限；没有读到或不能判断的部分一律为“需人工核查”，不作“符合”处理。",
        "Static analysis does not see branches taken at run time, content from servers, where reflection and native "
        "code lead, or back-end processing. No verdict exceeds its clause's limit, and what could not be read or "
        "decided is left to a human, never called compliant.",
    ),
    "method_verdicts": _t("结论的含义", "What the verdicts mean"),
    "means_violation": _t(
        "证据本身即构成违规，且该条款允许静态认定。",
        "The evidence is itself the violation and the clause may be judged statically.",
    ),
    "means_suspected": _t(
        "有证据指向违规，须经动态测试或人工确认。",
        "Evidence points to a violation; dynamic testing or a human must confirm.",
    ),
    "means_manual": _t(
        "自动检查无法下结论，或自动部分未见问题而其余须人工确认。",
        "The checks cannot conclude, or found nothing while the rest needs a human.",
    ),
    "means_compliant": _t(
        "规则已穷尽该项要求，且均未命中。", "The rules exhaust the requirement and none hit."
    ),
    "means_not_applicable": _t(
        "该要求的适用前提不成立，或者该条只是定义、法律责任等，不由检测判断。",
        "The precondition of the requirement does not hold, or it is a definition, liability or the like that is not tested.",
    ),
    "confidence_note": _t(
        "问题的“把握”说明证据与所述事实的关系：“确定”指证据本身就是该事实，“较高”指证据只有一种合理的解释，“线索”指还有别的可能、须核实。"
        "把握针对事实，不改变条款允许的最高结论。",
        "The confidence of a finding says how its evidence bears on the fact: certain, the evidence is the fact; firm, it has "
        "one plausible reading; tentative, there are others and it must be checked.  It does not raise the verdict a clause "
        "allows.",
    ),
    "versions": _t("版本信息", "Versions"),
    "pack": _t("规则包", "Rule pack"),
    "pack_sha256": _t("规则包 SHA-256", "Rule pack SHA-256"),
    "profile": _t("检测方案", "Profile"),
    "collector": _t("采集器", "Collector"),
    "artifacts": _t("检测过的文件", "Files examined"),
    "size": _t("大小（字节）", "Size (bytes)"),
    "code_size": _t("代码规模", "Size of the code"),
    "code_line": _t(
        "{dex_files} 个 dex，{classes} 个类，{methods} 个方法，{calls} 处调用；可到达的方法 {reachable_methods} 个",
        "{dex_files} dex files, {classes} classes, {methods} methods, {calls} calls; {reachable_methods} methods "
        "reachable",
    ),
}

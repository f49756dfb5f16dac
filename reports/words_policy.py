"""Fixed texts of the reports about privacy policies, in Chinese and English."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


POLICY: dict[str, Text] = {
    "compared": _t("隐私政策与实际行为对照", "Privacy policy and behaviour compared"),
    "compared_note": _t(
        "左为代码或网站中看到的，右为政策所写。“笼统”指只用上位词（如设备信息）；没有找到某个词并不等于未写明，"
        "只有完整的政策中连上位词、“等”字列举都没有，才列为未写明。",
        "Left: what was seen in the code or on the site; right: what the policy says. Vague means an umbrella term only; "
        "a word not found is not an omission unless a complete policy has neither an umbrella term nor an open list.",
    ),
    "compared_none": _t("没有可对照的内容。", "There is nothing to compare."),
    "compared_policy": _t("政策来源", "Policy"),
    "compared_fine": _t(
        "已写明 {disclosed} 项，政策写明而未见 {unseen} 项",
        "{disclosed} disclosed, {unseen} declared and not found",
    ),
    "compared_open": _t("不能确定，须人工核对 {count} 项", "{count} unclear, to be checked by hand"),
    "compared_left": _t(
        "另有 {count} 项不能确定，须人工核对。", "{count} more are unclear and left to a human."
    ),
    "state": _t("对照结果", "Result"),
    "state_contradicted": _t("与政策相反", "Contradicted"),
    "state_omitted": _t("未写明", "Omitted"),
    "state_vague": _t("笼统", "Vague"),
    "state_unknown": _t("不能确定", "Unclear"),
    "state_disclosed": _t("已写明", "Disclosed"),
    "state_unseen": _t("写明而未见", "Not found"),
    "compared_what": _t("信息、SDK 或权限", "Item, SDK or permission"),
    "compared_who": _t("由谁", "By whom"),
    "compared_seen": _t("看到的", "What was seen"),
    "compared_says": _t("政策所写", "What the policy says"),
    "compare_item": _t("信息", "Item"),
    "compare_sdk": _t("SDK", "SDK"),
    "compare_permission": _t("权限", "Permission"),
    "owner_site": _t("网站自身", "the site itself"),
    "owner_third_party": _t("第三方", "a third party"),
    "not_seen": _t("未见", "not seen"),
    "umbrella": _t("以“{term}”概括", "covered by “{term}”"),
    "policy_title": _t("隐私政策解读", "Reading of a privacy policy"),
    "policy_kind": _t("文件种类", "Kind of document"),
    "policy_kind_privacy_policy": _t("隐私政策", "privacy policy"),
    "policy_kind_children_policy": _t("儿童个人信息保护规则", "children's policy"),
    "policy_kind_user_agreement": _t("用户协议", "user agreement"),
    "policy_kind_sdk_list": _t("第三方 SDK 清单", "list of third-party SDKs"),
    "policy_kind_permission_list": _t("权限清单", "list of permissions"),
    "policy_kind_collection_list": _t("个人信息收集清单", "list of collected information"),
    "policy_kind_other": _t("其他文件", "another document"),
    "policy_operator": _t("运营者", "Operator"),
    "policy_app": _t("应用", "App"),
    "policy_contact": _t("联系方式", "Contact"),
    "policy_updated": _t("更新日期", "Updated"),
    "policy_effective": _t("生效日期", "Effective"),
    "policy_format": _t("格式", "Format"),
    "policy_size": _t("篇幅", "Length"),
    "policy_size_line": _t(
        "{characters} 字，{sentences} 句，平均每句 {mean} 字",
        "{characters} characters, {sentences} sentences of {mean} on average",
    ),
    "policy_incomplete": _t(
        "文件没有全部读出，下列结果可能不全：",
        "The document could not be read whole; results may be incomplete:",
    ),
    "policy_elements": _t("应有内容", "Required elements"),
    "element_state": _t("情况", "State"),
    "element_present": _t("有", "present"),
    "element_weak": _t("不充分", "weak"),
    "element_absent": _t("没有", "absent"),
    "element_unknown": _t("不能确定", "unclear"),
    "element_missing": _t("缺：{parts}", "lacks: {parts}"),
    "policy_items": _t("写明收集的信息", "Items disclosed"),
    "policy_items_none": _t("没有读出收集哪些信息。", "No items could be read."),
    "policy_denied": _t("声称不收集", "Said not to be collected"),
    "policy_vague": _t("上位词", "umbrella term"),
    "policy_open": _t("含“等”", "open list"),
    "policy_sdks": _t("列出的第三方 SDK", "Third-party SDKs named"),
    "policy_permissions": _t("提到的权限", "Permissions named"),
    "policy_issues": _t("措辞问题", "Wording"),
    "policy_sentences": _t("逐句主题", "Topics by sentence"),
    "policy_purpose": _t("目的", "Purpose"),
    "policy_function": _t("功能", "Function"),
    "policy_condition": _t("条件", "Condition"),
    "policy_party": _t("由谁", "By whom"),
    "party_operator": _t("运营者", "operator"),
    "party_sdk": _t("SDK", "SDK"),
    "party_partner": _t("合作方", "partner"),
    "party_affiliate": _t("关联方", "affiliate"),
    "party_user": _t("用户", "user"),
    "party_unknown": _t("不明", "unknown"),
    "policy_text": _t("原文", "Text"),
    "policy_link": _t("链接", "Link"),
    "policy_vendor": _t("厂商", "Vendor"),
    "policy_collects": _t("收集的信息", "Collects"),
    "policy_topic": _t("主题", "Topics"),
    "policy_sentence": _t("句子", "Sentence"),
    "policy_no_topics": _t("无", "none"),
    "policy_more": _t("另有 {count} 条，见 JSON。", "{count} more in the JSON output."),
}

"""Fixed texts of the lists (workbook and CSV), in Chinese and English."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


LISTS: dict[str, Text] = {
    "l_sheet_notice": _t("通报名单", "Notice list"),
    "l_sheet_subjects": _t("检测对象", "Subjects"),
    "l_sheet_findings": _t("发现", "Findings"),
    "l_sheet_sdks": _t("SDK", "SDKs"),
    "l_sheet_permissions": _t("权限", "Permissions"),
    "l_sheet_startup": _t("启动顺序", "Order of the start"),
    "l_sheet_endpoints": _t("网络地址", "Addresses"),
    "l_sheet_powers": _t("自启动与特殊能力", "Self-starts and abilities"),
    "l_sheet_missed": _t("未能检测", "Not examined"),
    "l_place": _t("文件或网址", "File or address"),
    "l_state": _t("状态", "State"),
    "l_reason": _t("原因", "Reason"),
    "l_failed": _t("无法检测", "could not be examined"),
    "l_pending": _t("待检测", "pending"),
    "l_missed_count": _t("未能检测的目标数", "Targets not examined"),
    "l_sheet_statistics": _t("统计", "Statistics"),
    "l_title_notice": _t(
        "个人信息保护检测通报名单（草拟）", "Notice list of the personal-information review (draft)"
    ),
    "l_note_notice": _t(
        "“所涉问题”只列结论为“不符合”的问题；“待核实线索”为疑似问题，须经人工核实，不得直接通报。",
        "“Problems” lists only what is concluded to be a violation; “Leads” are suspicions that must be verified and may "
        "not be published.",
    ),
    "l_no": _t("序号", "No."),
    "l_name": _t("应用名称", "Name"),
    "l_developer": _t("开发者", "Developer"),
    "l_store": _t("来源", "Source"),
    "l_version": _t("版本", "Version"),
    "l_category": _t("类别", "Category"),
    "l_problems": _t("所涉问题", "Problems"),
    "l_suspected": _t("待核实线索（疑似）", "Leads (suspected)"),
    "l_identifier": _t("包名或网址", "Package or address"),
    "l_sha256": _t("SHA-256", "SHA-256"),
    "l_finding": _t("编号", "Finding"),
    "l_problem": _t("问题", "Problem"),
    "l_code": _t("规则", "Rule"),
    "l_about": _t("涉及", "About"),
    "l_url": _t("完整网址", "Full address"),
    "l_data_day": _t("归属数据日期", "Day of the data"),
    "l_found_in": _t("所在", "Found in"),
    "l_details": _t("详情", "Details"),
    "l_places": _t("处数", "Places"),
    "l_yes": _t("是", "yes"),
    "l_no_word": _t("否", "no"),
    "l_subjects_count": _t("检测对象数", "Subjects"),
    "l_by_verdict": _t("各结论条数", "Clauses by verdict"),
    "l_by_severity": _t("各严重程度发现数", "Findings by severity"),
    "l_by_problem": _t("各类问题涉及的对象数", "Subjects by problem"),
    "l_by_sdk": _t("各 SDK 出现的对象数", "Subjects by SDK"),
    "l_by_permission": _t("各权限声明的对象数", "Subjects by permission"),
    "l_by_grade": _t("各等级对象数", "Subjects by grade"),
    "l_count": _t("数量", "Count"),
    "l_cut": _t(
        "超出工作表行数上限，另有 {count} 行未列，见 JSON 报告。",
        "{count} more rows exceed the sheet's limit; the JSON reports have them.",
    ),
    "v_violation": _t("不符合", "Violation"),
    "v_suspected": _t("疑似", "Suspected"),
    "v_manual": _t("需人工核查", "Manual check"),
    "v_compliant": _t("符合", "Compliant"),
    "v_not_applicable": _t("不适用", "Not applicable"),
}

"""Fixed texts of the table of overreach, in Chinese and English."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


OVERREACH: dict[str, Text] = {
    "o_title": _t("权限与必要范围对照", "Permissions against the necessary range"),
    "o_items_title": _t("个人信息与必要范围对照", "Information against the necessary range"),
    "o_asked": _t("运行时申请", "Asked at run time"),
    "o_need": _t("类别需要", "Needed by category"),
    "o_policy": _t("政策说明", "In the policy"),
    "o_functions": _t("来自哪些功能", "Reached from"),
    "o_extension": _t("扩展功能", "Additional function"),
    "o_who": _t("谁取得", "Obtained by"),
    "o_law": _t("规定", "Law and standard"),
    "o_max_sdk": _t("限 API {level} 及以下", "up to API {level}"),
    "o_need_listed": _t("规定列举", "listed"),
    "o_need_basic": _t("基本功能可能需要", "basic function may need it"),
    "o_need_outside": _t("不在必要范围", "outside the range"),
    "o_need_not_personal": _t("不涉及个人信息", "no personal information"),
    "o_need_unknown": _t("类别未知", "category unknown"),
    "o_extension_possible": _t("可能，须有单独同意", "possible, needs its own consent"),
    "o_extension_unlikely": _t("难以成立", "unlikely"),
    "o_before_ui": _t("界面出现前", "before any screen"),
    "o_not_asked": _t("未见申请", "not seen"),
    "o_named": _t("代码中有其名称", "its name occurs in code"),
    "o_asked_unknown": _t("无法判断", "cannot tell"),
    "o_policy_yes": _t("列明", "named"),
    "o_policy_no": _t("未列明", "not named"),
    "o_found": _t("发现", "findings"),
    "o_given": _t("{name}（指定）", "{name} (given)"),
    "o_declared": _t("{name}（商店或清单所列）", "{name} (as a store or list says)"),
    "o_proposed": _t(
        "{name}（由线索推断，置信度 {sure}，须人工确认）",
        "{name} (proposed from signs, confidence {sure}; to be confirmed)",
    ),
    "o_no_category": _t("未指定，无法判断", "not given, cannot tell"),
    "o_within": _t(
        "商店分类可能对应{names}，指定其一后重新评估",
        "the store's category may mean {names}; name one and assess again",
    ),
    "o_measured": _t("对照的应用类别", "Measured against"),
    "o_signs": _t("线索", "Signs"),
    "o_candidates": _t("候选", "Candidates"),
    "o_points": _t("{name} {points} 分", "{name} {points}"),
    "o_sign_label": _t("名称", "label"),
    "o_sign_package": _t("包名", "package"),
    "o_sign_text": _t("界面文字", "interface"),
    "o_sign_component": _t("组件", "component"),
    "o_sign_system": _t("系统机制", "system"),
    "o_sign_service": _t("系统服务", "service"),
    "o_sign_sdk": _t("SDK", "SDK"),
    "o_sign_permission": _t("权限", "permission"),
    "o_sign_policy": _t("隐私政策", "policy"),
    "o_note": _t(
        "“类别需要”按《常见类型移动互联网应用程序必要个人信息范围规定》第五条对照；哪些权限基本功能可能需要，是检测工具的推断。"
        "不在必要范围的权限可由另行同意的扩展功能使用，本身不等于违规。“代码使用”列“×”后为需要该权限的代码处数（含写入），×1/3 为 3 处中 1 处可到达，×(3) 为未见到达路径。GB/T 41391-2022 附录E 的逐类权限表未取得原文，本表没有按它逐项判断。",
        "“Needed by category” compares with Article 5 of the provisions on necessary information; which permissions a "
        "basic function may need is our inference. A permission outside the range may serve an additional function with "
        "a consent of its own and is no violation by itself. After “×” stands the number of places that need the permission, writing "
        "included; ×1/3 is one of three reached, ×(3) none. The table of Annex E of GB/T 41391-2022 was not available.",
    ),
    "o_judged": _t("（据以判断 {count} 处）", " ({count} judged)"),
    "o_dormant": _t("（{count} 处只能由停用组件到达）", " ({count} behind components switched off)"),
    "o_items_note": _t(
        "“×”后为取得该项信息的处数，口径与“个人信息与获取方”表相同：×3 为全部可由入口到达，×(3) 为未见到达路径，×1/3 为 3 处中 1 处可到达。"
        "对照必要范围只依据可到达、专用于取得该信息且普通应用取得到的各处，处数不同时写明“据以判断”几处；"
        "普通库不单列；只经一般用途接口取得的信息项列在该表之后，不在本表。",
        "After “×” stands the number of places that obtain the item, counted as in the table of items by owner: ×3 all reached from an "
        "entry point, ×(3) none, ×1/3 one of three. The range is judged only by places that are reached, serve to obtain the item and "
        "yield it to ordinary apps; their number is given where it differs. Plain libraries have no rows; items obtained only through "
        "interfaces of general use stand below that table.",
    ),
    "o_rest_about": _t(
        "另有 {count} 个权限与个人信息有关而本身不用于取得（如管理账户、验证指纹）：{names}。",
        "{count} more concern personal information without opening it (managing accounts, checking a fingerprint): {names}.",
    ),
    "o_rest_unknown": _t(
        "另有 {count} 个权限不在权限目录中，未作判断：{names}。",
        "{count} more are not in the catalogue of permissions and not judged: {names}.",
    ),
    "o_rest": _t(
        "另有 {count} 个不涉及个人信息的权限：{names}。",
        "{count} more permissions open no personal information: {names}.",
    ),
    "o_filter": _t("按类别需要筛选", "Filter by need"),
    "o_all": _t("全部 {count}", "All {count}"),
    "o_shown": _t("{label} {count}", "{label} {count}"),
    "o_summary": _t(
        "声明 {declared} 个权限，其中 {personal} 个可收集个人信息；对照{name}，{outside} 个不在必要范围。",
        "{declared} permissions declared, {personal} of which open personal information; against {name} {outside} are outside the range.",
    ),
    "o_summary_unknown": _t(
        "声明 {declared} 个权限，其中 {personal} 个可收集个人信息；应用类别未知，未对照必要范围。",
        "{declared} permissions declared, {personal} of which open personal information; the category is unknown, so the range was not compared.",
    ),
    "o_column_name": _t("权限名称", "Permission name"),
    "o_column_split": _t("声明位置", "Declared in"),
}

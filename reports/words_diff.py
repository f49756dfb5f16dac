"""Words of the comparison of two assessments (复测)."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


DIFF: dict[str, Text] = {
    "diff_title": _t("复测对比报告", "Comparison of two assessments"),
    "diff_sides": _t("对比对象", "What was compared"),
    "diff_old": _t("前次", "Before"),
    "diff_new_side": _t("本次", "Now"),
    "diff_what": _t("内容", "What"),
    "diff_headline": _t(
        "新增 {new} 项，仍存在 {remaining} 项，已消除 {fixed} 项，无法确认 {unconfirmed} 项。",
        "{new} new, {remaining} remaining, {fixed} fixed, {unconfirmed} not confirmed.",
    ),
    "diff_none": _t("两次评估没有差别。", "The two assessments do not differ."),
    "diff_more": _t("另有 {count} 行，见 JSON 格式。", "{count} more rows in the JSON form."),
    "diff_new": _t("新增的问题", "New findings"),
    "diff_unconfirmed": _t("无法确认是否已整改的问题", "Findings that could not be confirmed"),
    "diff_remaining": _t("仍存在的问题", "Remaining findings"),
    "diff_fixed": _t("已消除的问题", "Fixed findings"),
    "diff_verdicts": _t("结论变化", "Changed verdicts"),
    "diff_old_blind": _t("前次未能判断", "could not be decided before"),
    "diff_mark_new": _t("新增", "new"),
    "diff_mark_unconfirmed": _t("待确认", "open"),
    "diff_mark_remaining": _t("仍存在", "remains"),
    "diff_mark_fixed": _t("已消除", "fixed"),
    "diff_mark_worse": _t("变差", "worse"),
    "diff_mark_better": _t("好转", "better"),
    "diff_mark_changed": _t("改变", "changed"),
    "diff_mark_added": _t("增加", "added"),
    "diff_mark_removed": _t("减少", "removed"),
    "diff_uncertain_added": _t(
        "前次有内容未能读取，可能原已存在", "something was not read before; it may have been there"
    ),
    "diff_uncertain_removed": _t(
        "本次有内容未能读取，不能认定已去除", "something was not read now; it may still be there"
    ),
    "diff_kind_identity": _t("版本与签名变化", "Version and signature"),
    "diff_kind_permission": _t("权限变化", "Permissions"),
    "diff_kind_item": _t("可取得的个人信息变化", "Personal information obtained"),
    "diff_kind_sdk": _t("SDK 变化", "SDKs"),
    "diff_kind_component": _t("对外开放组件变化", "Exported components"),
    "diff_kind_endpoint": _t("网络地址变化", "Network addresses"),
    "diff_kind_policy": _t("隐私政策文字变化", "Privacy policy text"),
    "diff_kind_third_party": _t("网站第三方变化", "Third parties of the site"),
    "diff_kind_cookie": _t("Cookie 变化", "Cookies"),
    "diff_identity_version": _t("版本", "Version"),
    "diff_identity_version_code": _t("版本号", "Version code"),
    "diff_identity_min_sdk": _t("最低 API 级别", "Minimum API level"),
    "diff_identity_target_sdk": _t("目标 API 级别", "Target API level"),
    "diff_identity_certificate": _t("证书 SHA-256", "Certificate SHA-256"),
    "diff_identity_packer": _t("加固", "Packer"),
    "diff_identity_developer": _t("开发者", "Developer"),
}

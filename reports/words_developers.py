"""Words of the formats for developers and pipelines, and of the baseline."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


DEVELOPERS: dict[str, Text] = {
    "baseline": _t("基线", "Baseline"),
    "known": _t("已知", "known"),
    "new": _t("新增", "new"),
    "human": _t("人工", "human"),
    "known_why": _t("基线中已有此项", "the baseline already has it"),
    "baseline_counts": _t(
        "与基线相比：新增 {new} 项，已知 {known} 项。",
        "Against the baseline: {new} new, {known} known findings.",
    ),
    "baseline_hidden": _t(
        "已知的 {count} 项仍然存在，此处未列出。",
        "The {count} known findings still exist; they are not listed here.",
    ),
    "baseline_gone": _t(
        "基线中有 {count} 项本次未再出现，可从基线中删除：{what}",
        "{count} baseline entries no longer occur and can be removed: {what}",
    ),
    "baseline_unchecked": _t(
        "基线中有 {count} 项本次无法判断，请保留：{what}",
        "{count} baseline entries could not be checked this time; keep them: {what}",
    ),
    "decisions_used": _t("采用人工结论 {count} 条。", "{count} human decisions apply."),
    "decision_unused": _t(
        "人工结论未采用：{control}（{who}，{when}）：{reason}。",
        "Human decision not applied: {control} ({who}, {when}): {reason}.",
    ),
    "decisions_more": _t("另有 {count} 条人工结论未采用。", "{count} more human decisions are not applied."),
    "none_new": _t(
        "未发现新增问题；已知问题仍须整改。", "Nothing new was found; the known findings remain to be fixed."
    ),
    "filter_severity": _t("严重程度", "Severity"),
    "filter_owner": _t("归属", "Owner"),
    "filter_reset": _t("清除筛选", "Clear"),
    "filter_shown": _t("显示 %c 条要求、%f 项问题", "%c requirements and %f findings shown"),
    "rest": _t("其余事项", "What remains"),
    "manual_waits": _t("须人工核查，本次未执行", "needs a human; not done by the scanner"),
    "note_unread": _t("未能读取的内容", "content that could not be read"),
    "note_odd": _t("异常，未影响读取", "an oddity; nothing was lost"),
    "note_undecided": _t("规则未能作出判断", "a rule without a decision"),
}

"""Fixed texts of the supervision reports: sample record, statistics, summary, operators."""

from __future__ import annotations

from scanner.model import Text


def _t(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


SUPERVISION: dict[str, Text] = {
    "s_sample": _t("双随机抽查记录", "Record of a random draw"),
    "s_title": _t("抽查事项", "Inspection"),
    "s_seed": _t("公开种子", "Published seed"),
    "s_seed_source": _t("种子出处", "Source of the seed"),
    "s_drawn_at": _t("抽取时间", "Drawn at"),
    "s_size": _t("抽取数量", "Subjects drawn"),
    "s_size_of": _t(
        "{drawn} 个（要求 {size} 个，名单 {population} 个）", "{drawn} (wanted {size}, of {population})"
    ),
    "s_by": _t("分层依据", "Stratified by"),
    "s_by_none": _t("不分层", "not stratified"),
    "s_minimum": _t("每层至少", "At least per stratum"),
    "s_subject_list": _t("抽查名单", "List of subjects"),
    "s_inspector_list": _t("检查人员名单", "List of inspectors"),
    "s_list": _t(
        "{name}，{entries} 条，文件 SHA-256 {sha256}", "{name}, {entries} entries, file SHA-256 {sha256}"
    ),
    "s_population_sha256": _t("抽查名单摘要", "Digest of the subjects"),
    "s_inspectors_sha256": _t("检查人员名单摘要", "Digest of the inspectors"),
    "s_strata": _t("分层与名额", "Strata and places"),
    "s_stratum": _t("层", "Stratum"),
    "s_stratum_size": _t("对象数", "Subjects"),
    "s_weight": _t("权重", "Weight"),
    "s_places": _t("抽取数", "Drawn"),
    "s_all": _t("全部", "all"),
    "s_result": _t("抽取结果", "Result"),
    "s_subject": _t("抽查对象", "Subject"),
    "s_subject_name": _t("名称", "Name"),
    "s_people": _t("检查人员", "Inspectors"),
    "s_rank": _t("排序值（前 16 位）", "Rank (first 16)"),
    "s_unpaired": _t("人员不足", "too few"),
    "s_unpaired_note": _t(
        "{count} 个对象因回避找不到两名检查人员，须补充人员后重抽。",
        "{count} subjects have fewer than two inspectors without conflict; add people and draw again.",
    ),
    "s_how": _t("如何核对", "How to verify"),
    "s_how_text": _t(
        "排序值为 SHA-256（种子、换行、对象编号）；每层按排序值取前若干个，名额按 Sainte-Laguë 法分配；检查人员先取任务最少的，"
        "再按 SHA-256（种子、换行、对象编号、换行、人员编号）取两名，有回避关系的除外。"
        "用 guijian sample verify 加 JSON 记录和名单可重算；不用本工具的十行程序见 docs/statistics.md。",
        "The rank is the SHA-256 of seed, line feed and subject id; each stratum gives its first ones, and places are shared "
        "by the Sainte-Laguë method. Inspectors: fewest subjects first, then by the SHA-256 of seed, subject and person, "
        "joined by line feeds, without those in conflict. guijian sample verify repeats it from the JSON record; ten lines "
        "of Python without this tool are in docs/statistics.md.",
    ),
    "s_sign_operator": _t("抽取人（签字）", "Drawn by (signature)"),
    "s_sign_witness": _t("监督人（签字）", "Witnessed by (signature)"),
    "s_sign_date": _t("日期", "Date"),
    "s_stats": _t("合规统计", "Compliance statistics"),
    "s_summary": _t("个人信息保护检测统计报告", "Summary of personal-information reviews"),
    "s_period": _t("统计期", "Period"),
    "s_from_to": _t("{start} 至 {end}（北京时间）", "{start} to {end} (Beijing time)"),
    "s_open": _t("不限", "open"),
    "s_made_at": _t("编制时间", "Made at"),
    "s_packs": _t("规则包版本", "Rule packs"),
    "s_profiles": _t("检测方案", "Profiles"),
    "s_overview": _t("总体情况", "Overview"),
    "s_indicator": _t("指标", "Indicator"),
    "s_value": _t("数值", "Value"),
    "s_before": _t("上期", "Before"),
    "s_subjects": _t("检测对象（n）", "Subjects (n)"),
    "s_targets": _t("应检目标", "Targets"),
    "s_examined": _t("已检测", "Examined"),
    "s_failed": _t("无法检测", "Failed"),
    "s_pending": _t("待检测", "Pending"),
    "s_coverage": _t("检测覆盖率", "Coverage"),
    "s_decided": _t("条款判定率", "Clauses decided"),
    "s_with_violation": _t("有不符合项", "With violations"),
    "s_with_suspected": _t("有疑似项", "With suspicions"),
    "s_with_critical": _t("有严重不符合项", "With critical violations"),
    "s_provisional": _t("等级为暂定", "Grade provisional"),
    "s_mean_score": _t("平均分", "Mean score"),
    "s_median_score": _t("得分中位数", "Median score"),
    "s_median_violations": _t("不符合项中位数", "Median of violations"),
    "s_index": _t("合规指数", "Compliance index"),
    "s_interval": _t("95% 区间", "95% interval"),
    "s_index_of": _t("{value}（{low}–{high}，n = {n}）", "{value} ({low}–{high}, n = {n})"),
    "s_small": _t("样本少", "small sample"),
    "s_upper_bound": _t("暂定", "provisional"),
    "s_upper_bound_note": _t(
        "条款判定率低于 {share} 的指数标“暂定”：它是上限，待核查的条款查实问题后只会降低。",
        "Indices with less than {share} of the clauses decided are marked provisional: they are upper bounds, which the "
        "manual checks can only lower.",
    ),
    "s_latest_note": _t(
        "同一来源的同一包名或网址只取最近一次评估，所以检测对象少于已检测的目标。",
        "One package or address of one source counts once, by its latest assessment, so there are fewer subjects than "
        "targets examined.",
    ),
    "s_remark": _t("备注", "Remark"),
    "s_small_note": _t(
        "n 少于 {n} 的指数标“样本少”，只供参考，不宜排名。",
        "Indices with n below {n} are marked small sample; do not rank by them.",
    ),
    "s_index_note": _t(
        "合规指数为各对象的加权平均（0–100）：得分 {score}、无不符合项 {no_violation}、无严重不符合项 {no_critical}；区间按 Wilson 法计算。"
        "指数只反映已检测的内容，须与覆盖率、判定率一并使用；没有发现不等于符合。",
        "The index (0–100) is the mean over the subjects of: score {score}, no violation {no_violation}, no critical violation "
        "{no_critical}; the interval is Wilson's. It reflects only what was examined and must be read with coverage and "
        "clauses decided: nothing found is not compliance.",
    ),
    "s_chart_index": _t("合规指数及其区间", "Compliance index with interval"),
    "s_chart_letters": _t("等级分布（个）", "Grades (subjects)"),
    "s_chart_clauses": _t("条款结论（条次）", "Verdicts of clauses"),
    "s_by_region": _t("分地区", "By region"),
    "s_by_category": _t("分类别", "By category"),
    "s_by_store": _t("分来源", "By store"),
    "s_by_period": _t("分月", "By month"),
    "s_trend": _t("近十二个月", "The last twelve months"),
    "s_group": _t("分组", "Group"),
    "s_unknown": _t("未注明", "not stated"),
    "s_rules": _t("主要问题", "Main problems"),
    "s_rule": _t("问题", "Problem"),
    "s_phrases": _t("按通报用语", "By bulletin phrase"),
    "s_phrase": _t("通报用语", "Phrase"),
    "s_seen": _t("涉及对象", "Subjects"),
    "s_confirmed": _t("其中不符合", "Violations"),
    "s_share": _t("占比", "Share"),
    "s_failures": _t("无法检测的原因", "Reasons of failure"),
    "s_code": _t("原因", "Reason"),
    "s_count": _t("数量", "Count"),
    "s_proposals": _t("名单提议", "Proposals for the lists"),
    "s_proposals_note": _t(
        "以下仅为系统按 rules/supervision.yaml 所列条件作出的提议，是否列入名单由人决定，并须告知当事人、保障其陈述申辩权利。",
        "These are proposals by the conditions in rules/supervision.yaml only; a human decides, after hearing the operator.",
    ),
    "s_list_black": _t("拟列入黑名单", "Proposed: black list"),
    "s_list_watch": _t("拟重点关注", "Proposed: watch list"),
    "s_list_red": _t("拟列入红名单", "Proposed: red list"),
    "s_operator": _t("运营者", "Operator"),
    "s_list_name": _t("提议", "Proposal"),
    "s_reason": _t("事实", "Facts"),
    "s_basis": _t("依据", "Basis"),
    "s_none": _t("无", "none"),
    "s_operators": _t("运营者档案", "Records of operators"),
    "s_operators_of": _t("{shown} 家（共 {all} 家有记录）", "{shown} shown of {all} on record"),
    "s_visits": _t("历次检测", "Examinations"),
    "s_date": _t("日期", "Date"),
    "s_version": _t("版本", "Version"),
    "s_grade": _t("等级", "Grade"),
    "s_courses": _t("不符合项的处理过程", "Course of the violations"),
    "s_severity": _t("严重程度", "Severity"),
    "s_first_seen": _t("首次发现", "First seen"),
    "s_last_seen": _t("最近发现", "Last seen"),
    "s_state": _t("状态", "State"),
    "s_state_open": _t("未整改", "open"),
    "s_state_fixed": _t("已整改", "fixed"),
    "s_state_unconfirmed": _t("未再发现，不能确认已整改", "not seen again, fix unconfirmed"),
    "s_returned": _t("曾复发", "came back"),
}
SUPERVISION |= {
    "s_stratum_category": _t("类别", "category"),
    "s_stratum_store": _t("来源", "store"),
    "s_stratum_region": _t("地区", "region"),
    "s_stratum_history": _t("历史", "history"),
}

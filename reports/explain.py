"""Explains rules, controls and clauses: the same text for the terminal and the generated reference."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from reports.docsearch import search_page
from scanner.model import CONFIDENCE_LABELS, SEVERITY_LABELS, Lang, Text
from scanner.rulepack import Clause, Control, Instrument, ManualProcedure, Note, Pack, Rule, coverage

WORDS: dict[str, Text] = {
    "severity": Text(zh="严重程度", en="Severity"),
    "confidence": Text(zh="把握", en="Confidence"),
    "status": Text(zh="状态", en="Status"),
    "seen": Text(zh="命中表示", en="A hit means"),
    "why": Text(zh="为什么重要", en="Why it matters"),
    "basis": Text(zh="法律依据", en="Legal basis"),
    "fix": Text(zh="如何整改", en="How to fix"),
    "before": Text(zh="整改前", en="Before"),
    "after": Text(zh="整改后", en="After"),
    "false_positives": Text(zh="可能的误报", en="Known false positives"),
    "controls": Text(zh="所属控制点", en="Controls"),
    "rules": Text(zh="规则", en="Rules"),
    "clauses": Text(zh="条款", en="Clauses"),
    "automation": Text(zh="自动化程度", en="Automation"),
    "manual": Text(zh="人工核查步骤", en="Manual procedure"),
    "prepare": Text(zh="通用准备", en="Prepare"),
    "keep": Text(zh="应留存", en="Keep as evidence"),
    "minutes": Text(zh="约需分钟", en="Minutes"),
    "limit": Text(zh="扫描器可给的最高不利结论", en="Worst verdict a scanner may give"),
    "unverified": Text(zh="条文未与原文核对", en="text not compared with its source"),
    "no_control": Text(zh="无自动检查的理由", en="Why a human must decide"),
    "surface": Text(zh="检查对象", en="Looks at"),
    "app": Text(zh="应用", en="apps"),
    "site": Text(zh="网站", en="websites"),
    "policy": Text(zh="隐私政策", en="privacy policies"),
    "in_force": Text(zh="施行日期", en="In force from"),
    "until": Text(zh="失效日期", en="Until"),
    "successor": Text(zh="由其取代", en="Succeeded by"),
    "bulletin": Text(zh="通报用语", en="Words of notices"),
    "example_bad": Text(zh="命中的事实示例", en="Facts that hit"),
    "example_good": Text(zh="不命中的事实示例", en="Facts that do not"),
    "coverage": Text(zh="覆盖情况", en="Coverage"),
    "in_scope": Text(zh="范围内", en="in scope"),
    "uncovered": Text(zh="未覆盖", en="uncovered"),
    "tested": Text(zh="已测试", en="tested"),
    "issued": Text(zh="发布", en="Issued"),
    "full": Text(zh="自动", en="full"),
    "partial": Text(zh="部分自动", en="partial"),
    "manual_only": Text(zh="人工", en="manual"),
    "stable": Text(zh="正式", en="stable"),
    "experimental": Text(zh="试行", en="experimental"),
    "deprecated": Text(zh="停用", en="deprecated"),
}


def _word(key: str, lang: Lang) -> str:
    return WORDS[key].get(lang)


def explain(pack: Pack, name: str, lang: Lang) -> str | None:
    """Return the explanation of a rule (id or code), control or clause as Markdown, None when unknown."""
    rule = pack.rules.get(name) or next((r for r in pack.rules.values() if r.code == name.upper()), None)
    if rule is not None:
        return rule_page(pack, rule, lang)
    if name in pack.controls:
        return control_section(pack, pack.controls[name], lang)
    clause = pack.clauses().get(name)
    return None if clause is None else clause_section(pack, clause, lang)


def rule_page(pack: Pack, rule: Rule, lang: Lang) -> str:
    """Return the page of one rule as Markdown."""
    lines = [
        f"# {rule.title.get(lang)}",
        "",
        f"`{rule.code}` `{rule.id}`",
        "",
        f"- {_word('severity', lang)}: {SEVERITY_LABELS[rule.severity].get(lang)}",
        f"- {_word('confidence', lang)}: {CONFIDENCE_LABELS[rule.confidence].get(lang)}",
        f"- {_word('status', lang)}: {_word(rule.status, lang)}",
        f"- {_word('surface', lang)}: {_word(rule.surface, lang)}",
    ]
    if rule.in_force is not None:
        lines.append(f"- {_word('in_force', lang)}: {rule.in_force.isoformat()}")
    lines += _section("seen", [rule.message.get(lang)], lang)
    lines += _section("why", [rule.why.get(lang)], lang)
    known = pack.clauses()
    lines += _section("basis", [_quote(pack, known[c], lang) for c in rule.basis], lang)
    lines += _section("fix", [rule.fix.get(lang)], lang)
    if rule.snippet is not None:
        for key, code in (("before", rule.snippet.before), ("after", rule.snippet.after)):
            lines += ["", f"{_word(key, lang)}:", "", f"```{rule.snippet.language}", code.rstrip(), "```"]
    if rule.examples is not None:
        for key, facts in (("example_bad", rule.examples.bad), ("example_good", rule.examples.good)):
            example = yaml.safe_dump(facts, allow_unicode=True, sort_keys=False, width=100)
            lines += ["", f"## {_word(key, lang)}", "", "```yaml", example.rstrip(), "```"]
    lines += _section("false_positives", [f"- {text.get(lang)}" for text in rule.false_positives], lang)
    phrases = [
        f"- {p.phrase}（{p.authority.zh}）" if lang == "zh" else f"- {p.en}" for p in pack.phrases(rule)
    ]
    lines += _section("bulletin", phrases, lang)
    users = [c for c in pack.controls.values() if rule.id in c.rules]
    lines += _section("controls", [f"- `{c.id}` {c.title.get(lang)}" for c in users], lang)
    return "\n".join(lines) + "\n"


def control_section(pack: Pack, control: Control, lang: Lang) -> str:
    """Return the description of one control as Markdown."""
    automation = "manual_only" if control.automation == "manual" else control.automation
    lines = [
        f"## {control.title.get(lang)}",
        "",
        f"`{control.id}`",
        "",
        f"- {_word('automation', lang)}: {_word(automation, lang)} — {control.why.get(lang)}",
        *(f"  - [{_word(kind, lang)}] {why.get(lang)}" for kind, why in control.why_for.items()),
        f"- {_word('clauses', lang)}: {', '.join(control.clauses)}",
    ]
    rules = [
        f"- `{pack.rules[r].code}` [{r}](../{r}.md) {pack.rules[r].title.get(lang)}" for r in control.rules
    ]
    if rules:
        lines += ["", f"**{_word('rules', lang)}**", "", *rules]
    if control.manual is not None:
        lines += ["", f"**{_word('manual', lang)}** ({_word('minutes', lang)}: {control.manual.minutes})", ""]
        lines += _prepared(pack, control.manual, lang)
        lines += [f"{n}. {_noted(step, lang)}" for n, step in enumerate(control.manual.steps, 1)]
        lines += ["", f"**{_word('keep', lang)}**", ""]
        lines += [f"- {_noted(item, lang)}" for item in control.manual.keep]
    return "\n".join(lines) + "\n"


def _prepared(pack: Pack, manual: ManualProcedure, lang: Lang) -> list[str]:
    """Return the preparations of a procedure as Markdown lines, with all that they say."""
    lines: list[str] = []
    for name in manual.prepare:
        found = pack.preparations[name]
        steps = " ".join(_noted(step, lang) for step in found.steps)
        keep = "; ".join(_noted(item, lang) for item in found.keep)
        kept = f" ({_word('keep', lang)}: {keep})" if keep else ""
        lines += [f"{_word('prepare', lang)} – {found.title.get(lang)}: {steps}{kept}", ""]
    return lines


def _noted(note: Note, lang: Lang) -> str:
    """Return a text with the kinds of subject it is meant for, where it is not meant for all."""
    kinds = ", ".join(_word(kind, lang) for kind in note.surfaces)
    return f"[{kinds}] {note.get(lang)}" if kinds else note.get(lang)


def clause_section(pack: Pack, clause: Clause, lang: Lang) -> str:
    """Return one clause with its limit and controls as Markdown."""
    why = f" — {clause.limit_why.get(lang)}" if clause.limit_why else ""
    lines = [
        f"### {clause.number} {clause.title.get(lang)}",
        "",
        _quote(pack, clause, lang),
        "",
        f"- {_word('limit', lang)}: {clause.limit.label.get(lang)}{why}",
    ]
    if clause.until is not None:
        lines.append(f"- {_word('until', lang)}: {clause.until.isoformat()}")
    if clause.successor is not None:
        lines.append(f"- {_word('successor', lang)}: `{clause.successor}`")
    controls = [c for c in pack.controls.values() if clause.id in c.clauses]
    lines += [f"- `{c.id}` {c.title.get(lang)}" for c in controls]
    if not controls and clause.reason is not None:
        lines.append(f"- {_word('no_control', lang)}: {clause.reason.get(lang)}")
    return "\n".join(lines) + "\n"


def coverage_table(pack: Pack, instrument: Instrument, lang: Lang) -> list[str]:
    """Return, as Markdown lines, how the clauses are covered for apps, sites and policies."""
    names = ("in_scope", "full", "partial", "manual", "uncovered", "tested")
    words = ("manual_only" if name == "manual" else name for name in names)
    lines = ["| | " + " | ".join(_word(word, lang) for word in words) + " |", "|---" * (len(names) + 1) + "|"]
    for kind in ("app", "site", "policy"):
        found = coverage(instrument.clauses, pack, kind)
        if found.in_scope:
            numbers = " | ".join(str(getattr(found, name)) for name in names)
            lines.append(f"| {_word(kind, lang)} | {numbers} |")
    return lines


def instrument_page(pack: Pack, instrument: Instrument, lang: Lang) -> str:
    """Return the page of one instrument: its clauses and the controls that serve them."""
    lines = [f"# {instrument.title.get(lang)}", "", f"{instrument.number}，{instrument.issuer}", ""]
    lines += [f"- {_word('status', lang)}: {instrument.status.get(lang)}"]
    dates = (("issued", instrument.issued), ("in_force", instrument.in_force), ("until", instrument.until))
    lines += [f"- {_word(key, lang)}: {value}" for key, value in dates if value]
    if instrument.note:
        lines.append(f"- {instrument.note}")
    lines += ["", f"## {_word('coverage', lang)}", "", *coverage_table(pack, instrument, lang), ""]
    chapter = ""
    for clause in instrument.clauses:
        if clause.chapter and clause.chapter != chapter:
            chapter = clause.chapter
            lines += [f"## {chapter}", ""]
        lines += [clause_section(pack, clause, lang)]
    return "\n".join(lines).rstrip() + "\n"


def write_reference(pack: Pack) -> dict[str, str]:
    """Return the whole reference as Markdown pages by file name, Chinese."""
    lang: Lang = "zh"
    pages = {f"{rule.id}.md": rule_page(pack, rule, lang) for rule in pack.rules.values()}
    for instrument in pack.instruments.values():
        pages[f"instruments/{instrument.id.lower()}.md"] = instrument_page(pack, instrument, lang)
    controls = sorted(pack.controls.values(), key=lambda c: c.id)
    body = "\n".join(control_section(pack, control, lang) for control in controls)
    pages["controls/README.md"] = f"# 控制点 / Controls\n\n{body}"
    pages["README.md"] = _index(pack)
    pages["search.html"] = search_page(pack)
    return pages


def _index(pack: Pack) -> str:
    lines = [
        "# 规则与条款 / Rules and clauses",
        "",
        "由规则包生成，请勿手改（`make docs`）。在浏览器中打开 [search.html](search.html) 可按字词查找规则、控制点和条款；",
        "终端里用 `guijian rules show 编号`。",
        "",
        "## 文件 / Instruments",
        "",
    ]
    for instrument in pack.instruments.values():
        target = f"instruments/{instrument.id.lower()}.md"
        lines.append(f"- [{instrument.title.zh}]({target})，{len(instrument.clauses)} 条")
    lines += ["", "[控制点 / Controls](controls/README.md)", "", "## 规则 / Rules", ""]
    lines += ["| 编号 | 规则 | 说明 | 严重程度 | 状态 |", "|---|---|---|---|---|"]
    for rule in sorted(pack.rules.values(), key=lambda r: r.code):
        severity, status = SEVERITY_LABELS[rule.severity].zh, WORDS[rule.status].zh
        lines.append(f"| {rule.code} | [{rule.id}]({rule.id}.md) | {rule.title.zh} | {severity} | {status} |")
    return "\n".join(lines) + "\n"


def _quote(pack: Pack, clause: Clause, lang: Lang) -> str:
    owner = next(i for i in pack.instruments.values() if clause in i.clauses)
    mark = "" if clause.is_verified else f"（{_word('unverified', lang)}）"
    text = clause.text.replace("\n", "  \n> ")  # a line of its own in the same quotation
    return f"> **{owner.title.get(lang)} {clause.number}** {text}{mark}"


def _section(key: str, body: Iterable[str], lang: Lang) -> list[str]:
    lines: list[str] = []
    for entry in body:
        if lines and not entry.startswith("- "):
            lines.append("")
        lines.append(entry)
    return ["", f"## {_word(key, lang)}", "", *lines] if lines else []

"""SARIF, JUnit, Code Quality, GitHub annotations and Markdown: valid, complete, deterministic, and neutral."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from conftest import corpus_path
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from lxml import etree
from markdown_it import MarkdownIt
from report_sample import ASSESSMENT, DECISION, FACTS, HOSTILE, PACK, view

from reports import WRITERS
from reports.markdown import MAX_BYTES, escape, span
from reports.uris import artifact_uri
from reports.view import ReportView
from scanner.gate import BaselineState, KnownFinding, compare_baseline, make_baseline
from scanner.model import DexLocator, Verdict, fingerprint

FORMATS = ("sarif", "junit", "codequality", "github", "markdown")
IMEI = fingerprint("certain-hit", "com.example.shop", "imei | acme-ads")
STATE = BaselineState(
    known=(IMEI,),
    gone=(KnownFinding(fingerprint="0" * 32, rule="quiet-rule", group="x", subject="com.example.shop"),),
    unchecked=(KnownFinding(fingerprint="1" * 32, rule="no-such-rule", subject="com.example.shop"),),
)


def with_baseline(*, new_only: bool = False, lang: str = "zh") -> ReportView:
    return ReportView(ASSESSMENT, FACTS, PACK, lang, baseline=STATE, new_only=new_only)  # type: ignore[arg-type]


def with_decision() -> ReportView:
    """The sample with the first control, which has two findings, decided by a human as no violation."""
    decision = DECISION.model_copy(update={"control": "control-1"})
    controls = tuple(
        c.model_copy(update={"decision": decision, "verdict": Verdict.COMPLIANT, "row": 1})
        if c.control == "control-1"
        else c
        for c in ASSESSMENT.controls
    )
    return ReportView(ASSESSMENT.model_copy(update={"controls": controls}), FACTS, PACK, "zh")


def text(name: str, shown: ReportView | None = None) -> str:
    return WRITERS[name].load()(shown or view()).decode()


def sarif(shown: ReportView | None = None) -> dict[str, Any]:
    (run,) = json.loads(text("sarif", shown))["runs"]
    return run  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_same_input_gives_the_same_bytes(name: str, lang: Any) -> None:
    assert text(name, view(lang)) == text(name, view(lang))


@pytest.mark.parametrize("name", FORMATS)
def test_no_invisible_character_of_the_subject_gets_through(name: str) -> None:
    shown = text(name)

    assert HOSTILE not in shown
    assert not re.search("[\u202e\u0007\u200b\ufeff]", shown)


@pytest.mark.parametrize("name", FORMATS)
def test_known_findings_are_counted_and_marked_never_dropped(name: str) -> None:
    whole, short = text(name, with_baseline()), text(name, with_baseline(new_only=True))

    assert "已知" in whole
    assert IMEI in whole or name in {"junit", "github", "markdown"}
    if name != "codequality":  # GitLab's format has no place for a summary
        for shown in (whole, short):
            assert "新增 3 项，已知 1 项" in shown
            assert "问题5 · x" in shown
            assert "no-such-rule" in shown


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("shown", [view, with_baseline, with_decision])
def test_sarif_is_valid_against_the_schema(shown: Any, lang: Any) -> None:
    name = corpus_path("sarif-schema")
    schema = json.loads(name.read_bytes())
    document = json.loads(text("sarif", view(lang) if shown is view else shown()))

    Draft4Validator.check_schema(schema)
    assert [error.message for error in Draft4Validator(schema).iter_errors(document)] == []


def test_sarif_rule_carries_help_severity_and_law() -> None:
    run = sarif()
    rules = run["tool"]["driver"]["rules"]
    (rule,) = [r for r in rules if r["id"] == "certain-hit"]

    assert rule["name"] == "GJ-T001"
    assert rule["properties"]["security-severity"] == "9.5"
    assert rule["properties"]["precision"] == "very-high"
    assert rule["defaultConfiguration"]["level"] == "error"
    assert "按1整改。" in rule["help"]["text"]
    assert "```" in rule["help"]["markdown"]
    assert rule["relationships"][0]["target"] == {"id": "TEST-1", "toolComponent": {"name": "TEST"}}
    assert run["taxonomies"][0]["taxa"][0]["fullDescription"]["text"] == "第1条的原文。"


def test_sarif_result_points_into_the_package_with_fingerprint_and_flow() -> None:
    run = sarif()
    results = {r["partialFingerprints"]["guijian/v1"]: r for r in run["results"]}
    imei = results[IMEI]
    place = imei["locations"][0]

    assert len(results) == 4
    assert imei["message"]["text"].startswith("不符合：见到问题1的证据。")
    assert imei["level"] == "error"
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "shop.apk!/classes.dex"
    assert place["physicalLocation"]["region"]["startLine"] == 1
    assert place["logicalLocations"][0] == {
        "name": "Device.imei()",
        "fullyQualifiedName": "Lcom/acme/ads/Device;->imei()Ljava/lang/String;",
        "kind": "function",
    }
    assert place["properties"]["codeUnitOffset"] == 31
    steps = imei["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [s["location"]["logicalLocations"][0]["name"] for s in steps] == [
        "MainActivity.onCreate()",
        "Core.init()",
        "Device.imei()",
    ]
    uris = {
        location["physicalLocation"]["artifactLocation"]["uri"]
        for result in run["results"]
        for location in result["locations"]
    }
    absent = [r for r in run["results"] if r["ruleId"] == "absent-thing"]
    assert absent[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "shop.apk"
    assert {
        "shop.apk!/AndroidManifest.xml",
        "https://x.example/",
        "shop.apk!/assets/a.txt",
        "shop.apk",
    } <= uris


def test_sarif_level_never_exceeds_the_verdict() -> None:
    levels = {r["ruleId"]: r["level"] for r in sarif()["results"]}

    assert levels == {"certain-hit": "error", "capped-hit": "warning", "absent-thing": "warning"}


def test_sarif_suppresses_what_is_known_or_accepted_and_says_why() -> None:
    known = {r["partialFingerprints"]["guijian/v1"]: r for r in sarif(with_baseline())["results"]}
    decided = [r for r in sarif(with_decision())["results"] if r["ruleId"] == "certain-hit"]

    assert known[IMEI]["baselineState"] == "unchanged"
    assert known[IMEI]["suppressions"][0]["kind"] == "external"
    assert [r["baselineState"] for f, r in known.items() if f != IMEI] == ["new"] * 3
    assert all("suppressions" not in r for f, r in known.items() if f != IMEI)
    assert len(decided) == 2
    for result in decided:
        assert "现场核查" in result["suppressions"][0]["justification"]
        assert "王检测员" in result["suppressions"][0]["justification"]
    assert IMEI not in json.dumps(sarif(with_baseline(new_only=True)))


def test_sarif_tells_what_was_not_read_or_decided() -> None:
    (invocation,) = sarif()["invocations"]
    notes = [(n["descriptor"]["id"], n["message"]["text"]) for n in invocation["toolExecutionNotifications"]]

    assert ("unread", "资源表已损坏") in notes
    assert ("undecided", "问题4：界面文字未能读取") in notes
    assert ("odd", "文件名含控制字符") in notes


@pytest.mark.parametrize("shown", [view, with_baseline, with_decision])
def test_junit_is_valid_and_its_counts_are_true(shown: Any) -> None:
    schema = etree.XMLSchema(etree.parse(str(corpus_path("junit-schema"))))
    tree = etree.fromstring(text("junit", shown()).encode())

    assert schema.validate(tree), schema.error_log
    for suite in tree.findall("testsuite"):
        cases = suite.findall("testcase")
        assert int(suite.get("tests")) == len(cases)
        for tag, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(tag)) == sum(case.find(name) is not None for case in cases)
    assert int(tree.get("tests")) == len(tree.findall(".//testcase"))


def test_junit_fails_hits_and_skips_what_a_human_must_do() -> None:
    tree = etree.fromstring(text("junit").encode())
    cases = {case.get("classname"): case for case in tree.iter("testcase")}

    failure = cases["guijian.certain-hit"].find("failure")
    assert failure.get("type") == "violation"
    assert "IMEI · 甲广告" in failure.text
    assert "Lcom/acme/ads/Device;->imei()Ljava/lang/String;" in failure.text
    assert "整改：按1整改。" in failure.text
    assert cases["guijian.capped-hit"].find("failure").get("type") == "suspected"
    assert "界面文字未能读取" in cases["guijian.broken-rule"].find("skipped").get("message")
    assert len(cases["guijian.quiet-rule"]) == 0
    assert "安装并启动，全程录屏。" in cases["guijian.manual.control-4"].find("skipped").text


def test_junit_passes_a_rule_whose_findings_are_all_settled() -> None:
    partly = etree.fromstring(text("junit", with_baseline()).encode())
    decided = etree.fromstring(text("junit", with_decision()).encode())

    assert partly.find(".//testcase[@classname='guijian.certain-hit']/failure") is not None
    settled = decided.find(".//testcase[@classname='guijian.certain-hit']/skipped")
    assert "由 王检测员" in settled.get("message")


GITLAB = {  # GitLab documentation, "Code Quality report format": required keys and the allowed severities
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!\\./)\\S+$"},
                    "lines": {"required": ["begin"], "properties": {"begin": {"type": "integer"}}},
                },
            },
        },
    },
}


def test_code_quality_is_valid_and_fingerprints_are_unique() -> None:
    issues = json.loads(text("codequality", with_baseline()))

    assert list(Draft4Validator(GITLAB).iter_errors(issues)) == []
    assert len({i["fingerprint"] for i in issues}) == len(issues) == 4
    found = {i["fingerprint"]: i for i in issues}
    assert found[IMEI]["severity"] == "info"
    assert found[IMEI]["description"].startswith("[已知] 不符合：问题1")
    assert [i["severity"] for i in issues if i["check_name"] == "certain-hit"] == ["info", "critical"]
    assert found[IMEI]["location"] == {"path": "shop.apk!/classes.dex", "lines": {"begin": 1}}


def test_github_commands_are_one_line_each_and_cannot_be_left() -> None:
    lines = text("github").splitlines()

    assert len(lines) == 5
    assert all(re.match(r"::(error|warning|notice) (file=[^:,]+,)?title=[^:,]+::", line) for line in lines)
    assert lines[0].startswith(
        "::error file=shop.apk!/classes.dex,title=不符合 GJ-T001 问题1::IMEI · 甲广告%0A"
    )
    assert "共评估 6 条要求" in lines[-1]
    assert "有内容未能读取" in lines[-1]


def test_github_escapes_what_would_end_a_property_or_a_line() -> None:
    hostile = "x,title=a::b\r\n::set-output name=y::z%0A.apk"
    facts = FACTS.model_copy(update={"subject": FACTS.subject.model_copy(update={"source": hostile})})

    shown = text("github", ReportView(ASSESSMENT, facts, PACK, "zh"))

    assert len(shown.splitlines()) == 5
    assert "::set-output" not in shown
    assert all(line.count("::") == 2 for line in shown.splitlines())


def test_markdown_says_what_a_reviewer_needs() -> None:
    shown = text("markdown", with_baseline())

    for wanted in (
        "等级 **差**（暂定）",
        "| 1 | 2 | 1 | 1 | 1 |",
        "- 与基线相比：新增 3 项，已知 1 项。",
        "#### 严重 · 不符合 · 问题1",
        "- **已知** F01 `IMEI · 甲广告` · `Device.imei()`",
        "**整改**：按1整改。",
        "4388 条字符串资源",
        "资源表已损坏",
    ):
        assert wanted in shown


def test_json_tells_known_from_new() -> None:
    document = json.loads(text("json", with_baseline(new_only=True)))

    assert document["baseline"]["known"] == [IMEI]
    assert [e["rule"] for e in document["baseline"]["unchecked"]] == ["no-such-rule"]
    assert len([f for r in document["assessment"]["evaluation"]["results"] for f in r["findings"]]) == 4
    assert json.loads(text("json"))["baseline"] is None


NASTY = [
    "`` ` ``` x",
    "`",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "@everyone #1 https://evil.example www.evil.example user@evil.example",
    "| a | b |\n\n# heading\n<!-- -->",
    "![x](y) **b** ~~s~~ \\`x`",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("value", NASTY)
def test_markdown_of_others_stays_text(value: str) -> None:
    engine = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table")
    tokens = engine.parse(f"| {span(value)} | {escape(value)} |\n|---|---|\n")
    inner = [t for token in tokens if token.children for t in token.children]

    assert {t.type for t in inner} <= {"text", "code_inline", "html_inline", "text_special"}
    assert {t.content for t in inner if t.type == "html_inline"} <= {"<!-- -->"}
    assert len([t for t in tokens if t.type == "th_open"]) == 2
    assert not re.search(r"https?://|www\.|@\w", escape(value))


def test_markdown_is_bounded_however_many_findings_there_are() -> None:
    (hit,) = [r for r in ASSESSMENT.evaluation.results if r.rule == "certain-hit"]
    many = tuple(
        hit.findings[0].model_copy(update={"group": f"{n} | {'长' * 200}", "fingerprint": f"{n:032x}"})
        for n in range(400)
    )
    rules = {
        f"r{n}": PACK.rules["certain-hit"].model_copy(update={"id": f"r{n}", "code": f"GJ-Z{n:03d}"})
        for n in range(300)
    }
    results = tuple(hit.model_copy(update={"rule": name, "findings": many[:20]}) for name in rules)
    evaluation = ASSESSMENT.evaluation.model_copy(update={"results": results})
    assessment = ASSESSMENT.model_copy(update={"evaluation": evaluation, "controls": ()})
    pack = PACK.model_copy(update={"rules": {**PACK.rules, **rules}})
    instruments = tuple(i.model_copy(update={"clauses": ()}) for i in assessment.instruments)
    assessment = assessment.model_copy(update={"instruments": instruments})

    data = WRITERS["markdown"].load()(ReportView(assessment, FACTS, pack, "zh"))

    assert 20_000 < len(data) <= MAX_BYTES
    assert "项，见 HTML 或 JSON 报告" in data.decode()
    assert "### 其余事项" in data.decode()


def test_uris_are_encoded_and_stay_inside_the_package() -> None:
    assert artifact_uri(FACTS, "res/布局 a.xml") == "shop.apk!/res/%E5%B8%83%E5%B1%80%20a.xml"
    assert artifact_uri(FACTS, "base.apk") == "shop.apk"
    assert artifact_uri(FACTS, "https://a.example/x y") == "https://a.example/x%20y"


def test_a_baseline_of_the_same_assessment_knows_everything() -> None:
    state = compare_baseline(make_baseline([ASSESSMENT]), ASSESSMENT)

    assert len(state.known) == 4
    assert (state.gone, state.unchecked) == ((), ())


WORDS_OF_OTHERS = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "<>&'\"`|*_#@[](){}=+-%:,;\\\n\r\t\x00\x07\x1b\x85\u202e\u200b\u2028\ufeff\ufffe\U0001f600中"
        ),
        st.characters(exclude_categories=("Cs",)),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=WORDS_OF_OTHERS,
    source=WORDS_OF_OTHERS,
    group=WORDS_OF_OTHERS,
    excerpt=WORDS_OF_OTHERS,
    method=WORDS_OF_OTHERS,
)
def test_whatever_a_package_says_every_format_stays_whole(
    name: str, source: str, group: str, excerpt: str, method: str
) -> None:
    hostile = ReportView(*hostile_world(name, source, group, excerpt, method), PACK, "zh")
    tables = text("markdown", hostile)
    commands = text("github", hostile).split("\n")

    assert len(json.loads(text("sarif", hostile))["runs"][0]["results"]) == 1
    assert len(json.loads(text("codequality", hostile))) == 1
    assert etree.fromstring(text("junit", hostile).encode()).find(".//failure") is not None
    assert len(commands) == 3
    assert all(re.match(r"::(warning|notice|error) ", line) for line in commands[:2])
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(tables)
    kinds = {t.type for token in tokens if token.children for t in token.children}
    assert "link_open" not in kinds
    assert "image" not in kinds
    for shown in (tables, text("html", hostile), text("sarif", hostile)):
        assert not re.search("[\u202e\u200b\ufeff\x07\x1b]", shown)


def hostile_world(name: str, source: str, group: str, excerpt: str, method: str) -> tuple[Any, Any]:
    """The sample with one finding and words of an attacker wherever a package has a say."""
    (hit,) = [r for r in ASSESSMENT.evaluation.results if r.rule == "absent-thing"]
    evidence = (
        hit.findings[0]
        .evidence[0]
        .model_copy(
            update={
                "artifact": source,
                "excerpt": excerpt,
                "locator": DexLocator(dex=source, method=method, offset=1),
            }
        )
    )
    finding = hit.findings[0].model_copy(update={"group": group, "evidence": (evidence,)})
    results = (hit.model_copy(update={"findings": (finding,)}),)
    subject = FACTS.subject.model_copy(update={"name": name, "source": source, "identifier": method or "x"})
    evaluation = ASSESSMENT.evaluation.model_copy(update={"results": results})
    assessment = ASSESSMENT.model_copy(update={"evaluation": evaluation, "subject": subject})
    return assessment, FACTS.model_copy(update={"subject": subject})


def test_a_very_long_name_is_cut_everywhere() -> None:
    shown = ReportView(
        *hostile_world("长" * 100_000, "a" * 100_000, "g" * 100_000, "e" * 100_000, "m" * 100_000), PACK, "zh"
    )

    for name in FORMATS:
        assert len(text(name, shown)) < 60_000

"""Comparison of two assessments: what is fixed, what only cannot be seen, and every format of it."""

from __future__ import annotations

import ast
import io
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest
from docx import Document
from docx.oxml.ns import qn
from lxml import html as lxml_html
from report_sample import ASSESSMENT, CREATE, FACTS, HOSTILE, PACK, access, finding, t

from reports.diffout import DIFF_WRITERS
from reports.diffview import DiffView
from reports.words import WORDS
from scanner.changes import FactKind
from scanner.componentfacts import Wake
from scanner.diff import Diff, compare
from scanner.facts import Component, Facts
from scanner.model import Assessment, Gap, Outcome, Verdict
from scanner.policyfacts import Paragraph, PolicyFacts
from scanner.sitefacts import SiteFacts
from scanner.visitfacts import Cookie, ThirdParty

ROOT = Path(__file__).resolve().parents[2]
TEXT = ("console", "json", "markdown", "html")


def changed(results: dict[str, Any], **update: Any) -> Assessment:
    """The sample with other results for some rules."""
    found = tuple(results.get(r.rule, r) for r in ASSESSMENT.evaluation.results)
    evaluation = ASSESSMENT.evaluation.model_copy(update={"results": found})
    return ASSESSMENT.model_copy(update={"evaluation": evaluation, **update})


def result(name: str, outcome: Outcome, **update: Any) -> Any:
    (found,) = [r for r in ASSESSMENT.evaluation.results if r.rule == name]
    return found.model_copy(update={"outcome": outcome, "findings": (), "reasons": (), **update})


CERTAIN = next(r for r in ASSESSMENT.evaluation.results if r.rule == "certain-hit")
NEW = changed(
    {
        "certain-hit": CERTAIN.model_copy(update={"findings": CERTAIN.findings[:1]}),
        "absent-thing": result("absent-thing", Outcome.CLEAR),
        "capped-hit": result("capped-hit", Outcome.UNKNOWN, reasons=(t("dex 未读", "dex unread"),)),
        "quiet-rule": result(
            "quiet-rule",
            Outcome.HIT,
            findings=(finding("quiet-rule", CREATE, CERTAIN.findings[0].evidence[0]),),
        ),
        "broken-rule": result(
            "broken-rule",
            Outcome.HIT,
            findings=(finding("broken-rule", "", CERTAIN.findings[0].evidence[0]),),
        ),
    },
    instruments=(
        ASSESSMENT.instruments[0].model_copy(
            update={
                "clauses": tuple(
                    c.model_copy(update={"verdict": Verdict.MANUAL}) if c.clause == "TEST-3" else c
                    for c in ASSESSMENT.instruments[0].clauses
                )
            }
        ),
    ),
)


def app(**update: Any) -> Facts:
    assert FACTS.app is not None
    return FACTS.model_copy(update={"app": FACTS.app.model_copy(update=update), "gaps": ()})


def facts_diff(old: Facts, new: Facts) -> dict[tuple[str, str], Any]:
    found = compare((old, ASSESSMENT), (new, ASSESSMENT))
    return {(c.kind, c.id): c for c in found.facts}


DIFF = compare((FACTS, ASSESSMENT), (FACTS, NEW))


def view(diff: Diff = DIFF, lang: Any = "zh") -> DiffView:
    return DiffView(diff, FACTS, FACTS, PACK, lang)


def test_findings_are_fixed_only_where_the_rule_could_look() -> None:
    states = [(c.state, c.rule) for c in DIFF.findings]

    assert states == [
        ("new", "broken-rule"),
        ("new", "quiet-rule"),
        ("unconfirmed", "capped-hit"),
        ("remaining", "certain-hit"),
        ("fixed", "absent-thing"),
        ("fixed", "certain-hit"),
    ]
    reasons = {c.rule: [r.zh for r in c.reasons] for c in DIFF.findings}
    assert reasons["capped-hit"] == ["dex 未读"]
    assert reasons["broken-rule"] == ["界面文字未能读取"], "it may not be new: the rule was blind before"
    assert [(c.old_places, c.new_places) for c in DIFF.findings if c.rule == "capped-hit"] == [(40, 0)]


def test_changed_verdicts_are_listed() -> None:
    assert [(v.clause, v.old, v.new) for v in DIFF.verdicts] == [
        ("TEST-3", Verdict.SUSPECTED, Verdict.MANUAL)
    ]


def test_the_same_twice_is_no_change() -> None:
    same = compare((FACTS, ASSESSMENT), (FACTS, ASSESSMENT))

    assert {c.state for c in same.findings} == {"remaining"}
    assert (same.verdicts, same.facts) == ((), ())


def test_changed_facts_of_an_app() -> None:
    assert FACTS.app is not None
    camera = FACTS.app.permissions[1]
    ads = FACTS.app.sdks[0]
    component = Component(kind="service", name="x.Pay", exported=True, owner=ads_owner())
    endpoint = FACTS.app.endpoints[0]
    old = app(permissions=(camera,), sdks=(ads,), endpoints=(endpoint,))
    new = app(
        permissions=(camera.model_copy(update={"name": "android.permission.READ_SMS"}),),
        sdks=(ads.model_copy(update={"version": "2.0"}),),
        endpoints=(endpoint.model_copy(update={"cleartext": False}),),
        components=(component, component.model_copy(update={"name": "x.Private", "exported": False})),
        accesses=(*FACTS.app.accesses, access("contacts", ads_owner())),
    )
    found = facts_diff(old, new)

    assert found["permission", "android.permission.CAMERA"].change == "removed"
    assert found["permission", "android.permission.READ_SMS"].change == "added"
    assert (texts(found["sdk", "acme-ads"].old), texts(found["sdk", "acme-ads"].new)) == (["1.2"], ["2.0"])
    assert texts(found["endpoint", "ads.example"].old)[0] == "cleartext"
    assert texts(found["endpoint", "ads.example"].new)[0] == "encrypted"
    assert texts(found["component", "service x.Pay"].new) == ["open"]
    assert ("component", "service x.Private") not in found
    assert found["item", "contacts acme-ads"].change == "added"
    assert len(found) == 6


def texts(values: Any) -> list[str]:
    return [value.text for value in values]


def ads_owner() -> Any:
    assert FACTS.app is not None
    return FACTS.app.accesses[0].owner


def test_what_a_gap_hides_is_not_called_removed() -> None:
    assert FACTS.app is not None
    gap = Gap(path="app.accesses", code="dex", reason=t("dex 已损坏", "dex damaged"))
    blind = app(accesses=()).model_copy(update={"gaps": (gap,)})
    clear = app(accesses=())

    assert {c.certain for (kind, _), c in facts_diff(app(), blind).items() if kind == "item"} == {False}
    assert {c.certain for (kind, _), c in facts_diff(app(), clear).items() if kind == "item"} == {True}
    assert {c.certain for (kind, _), c in facts_diff(blind, app()).items() if kind == "item"} == {False}


def policy(*texts: str) -> Facts:
    blocks = tuple(
        Paragraph(id=f"p{n}", kind="text", text=text, start=0, end=len(text)) for n, text in enumerate(texts)
    )
    return FACTS.model_copy(update={"policy": PolicyFacts(source="p.html", paragraphs=blocks), "gaps": ()})


def test_policy_text_is_compared_paragraph_by_paragraph() -> None:
    old = policy("前言", "我们收集位置。", "联系我们", "附则")
    new = policy("前言", "我们收集位置和通讯录。", "联系我们", "附则", "更新日期 2027 年")

    found = [
        (c.change, texts(c.old), texts(c.new)) for c in facts_diff(old, new).values() if c.kind == "policy"
    ]

    assert found == [
        ("changed", ["我们收集位置。"], ["我们收集位置和通讯录。"]),
        ("added", [], ["更新日期 2027 年"]),
    ]


def test_cookies_and_third_parties_of_a_site() -> None:
    def site(*cookies: str, parties: tuple[str, ...] = ()) -> Facts:
        facts = SiteFacts(
            start_url="https://x.example/",
            cookies=tuple(Cookie(name=n, domain="x.example", purpose="analytics") for n in cookies),
            third_parties=tuple(ThirdParty(domain=d, category="advertising") for d in parties),
        )
        return Facts(collector="t", subject=FACTS.subject, site=facts)

    found = facts_diff(site("a", "b"), site("b", "c", parties=("t.example",)))

    assert {key: c.change for key, c in found.items() if key[0] != "identity"} == {
        ("cookie", "a x.example"): "removed",
        ("cookie", "c x.example"): "added",
        ("third_party", "t.example"): "added",
    }


def test_a_certificate_exchanged_for_one_with_the_same_fault_is_not_fixed() -> None:
    assert FACTS.app is not None
    (own,) = FACTS.app.signing.certificates

    def side(digest: str) -> tuple[Facts, Assessment]:
        signing = FACTS.app.signing.model_copy(  # type: ignore[union-attr]
            update={"certificates": (own.model_copy(update={"sha256": digest}),)}
        )
        found = finding("certain-hit", digest, CERTAIN.findings[0].evidence[0])
        rule = CERTAIN.model_copy(update={"findings": (found,)})
        return app(signing=signing), changed({"certain-hit": rule})

    states = [c.state for c in compare(side("aa"), side("bb")).findings if c.rule == "certain-hit"]

    assert states == ["remaining"]


def test_what_came_with_an_sdk_is_said_in_its_row() -> None:
    assert FACTS.app is not None
    item = access("contacts", ads_owner())
    new = app(accesses=(item, item.model_copy(update={"item": "sms", "reachable": False})))
    old = app(accesses=(), sdks=FACTS.app.sdks[1:])
    found = compare((old, ASSESSMENT), (new, ASSESSMENT))

    shown = view(found)
    (row,) = [r for s in shown.sections if s.id == "diff_kind_sdk" for r in s.rows]

    assert (row.mark, row.what, row.new) == ("增加", "甲广告 acme-ads", "1.2")
    assert (
        row.note
        == "一并增加：获取个人信息：contacts；含获取代码而未见到达路径：sms；网络地址：ads.example（明文）"
    )
    (gone,) = [
        r
        for s in view(compare((new, ASSESSMENT), (old, ASSESSMENT))).sections
        if s.id == "diff_kind_sdk"
        for r in s.rows
    ]
    assert (gone.mark, gone.old, gone.new) == ("减少", "1.2", "")


def marks_written() -> set[str]:
    """The fixed marks that the comparison can put into a value: keywords of ``marks`` and texts of ``said("word", …)``."""
    found: set[str] = set()
    for name in ("appchanges", "buildchanges", "sitechanges"):
        for node in ast.walk(ast.parse((ROOT / "scanner" / f"{name}.py").read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id == "marks":
                found |= {keyword.arg for keyword in node.keywords if keyword.arg is not None}
            elif node.func.id == "said" and ast.unparse(node.args[0]) == "'word'":
                texts = {
                    n.value for arg in node.args[1:] for n in ast.walk(arg) if isinstance(n, ast.Constant)
                }
                found |= {text for text in texts if isinstance(text, str)}
    return found


def test_everything_the_comparison_says_has_words() -> None:
    ways = {f"way_{way}" for way in get_args(Wake.model_fields["way"].annotation)}
    written = marks_written()

    assert len(written) > 60
    assert {mark for mark in written | ways if f"diff_value_{mark}" not in WORDS} == set()
    assert {kind for kind in get_args(FactKind) if f"diff_kind_{kind}" not in WORDS} == set()


def test_different_subjects_are_pointed_out() -> None:
    other = FACTS.model_copy(update={"subject": FACTS.subject.model_copy(update={"identifier": "com.other"})})

    found = compare((FACTS, ASSESSMENT), (other, ASSESSMENT))

    assert "com.other" in found.notes[0].zh


@pytest.mark.parametrize("name", TEXT)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_text_format_says_it_all_and_lets_nothing_through(name: str, lang: Any) -> None:
    shown = DIFF_WRITERS[name].load()(view(lang=lang)).decode()

    assert DIFF_WRITERS[name].load()(view(lang=lang)).decode() == shown
    assert "<script>alert" not in shown or name != "html"
    assert not re.search("[\u202e\u0007]", shown) or name == "json"
    if name == "json":
        assert Diff.model_validate_json(shown) == DIFF
        return
    for wanted in (
        (
            "新增 2 项，仍存在 1 项，已消除 2 项，无法确认 1 项。",
            "dex 未读",
            "前次未能判断",
            "位置 · 应用自身",
        )
        if lang == "zh"
        else ("2 new, 1 remaining, 2 fixed, 1 not confirmed.", "dex unread", "could not be decided before")
    ):
        assert wanted in " ".join(shown.split())


def test_word_document_has_every_section_and_row() -> None:
    document = Document(io.BytesIO(DIFF_WRITERS["docx"].load()(view())))
    headings = [
        p.text for p in document.paragraphs if p.style is not None and p.style.name.startswith("Heading")
    ]
    cells = [[c.text for c in row.cells] for table in document.tables for row in table.rows]

    titles = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Title"]
    assert titles == ["复测对比报告"]
    assert headings == [
        "对比对象",
        "新增的问题（2）",
        "无法确认是否已整改的问题（1）",
        "仍存在的问题（1）",
        "已消除的问题（2）",
        "结论变化（1）",
    ]
    assert ["已消除", "[中] 问题3", "1 处", "—"] in cells
    assert ["改变", "一、3 第三项", "疑似", "需人工核查"] in cells
    assert HOSTILE not in "".join(map("".join, cells))


def test_word_document_is_a_paper_to_be_signed() -> None:
    first = DIFF_WRITERS["docx"].load()(view())
    document = Document(io.BytesIO(first))
    section = document.sections[0]
    cells = "\n".join(c.text for table in document.tables for row in table.rows for c in row.cells)
    foot = "".join(node.text or "" for node in section.footer._element.iter(qn("w:instrText")))

    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert all(word in cells for word in ("复测结果", "检测：", "审核：", "批准："))
    assert foot.split() == ["PAGE", "NUMPAGES"]
    assert first == DIFF_WRITERS["docx"].load()(view())


def test_html_is_one_file_without_script_and_well_formed() -> None:
    raw = DIFF_WRITERS["html"].load()(view()).decode()
    tree = lxml_html.document_fromstring(raw)

    (policy_text,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy_text.startswith("default-src 'none'; style-src 'sha256-")
    assert tree.xpath("//script | //@style | //@href | //@src") == []
    assert len(tree.xpath("//section")) == 6
    assert len(tree.xpath("//tbody/tr")) == 7 + 6 + 1 - 0


def test_long_lists_are_cut_and_counted() -> None:
    assert FACTS.app is not None
    camera = FACTS.app.permissions[1]
    many = tuple(camera.model_copy(update={"name": f"p.{n:04d}"}) for n in range(900))
    found = compare((app(permissions=()), ASSESSMENT), (app(permissions=many), ASSESSMENT))

    for name in ("console", "markdown", "html"):
        shown = DIFF_WRITERS[name].load()(view(found)).decode()
        assert "900" in shown
        assert "另有" in shown
    assert len(json.loads(DIFF_WRITERS["json"].load()(view(found)))["facts"]) == 900


def test_what_a_side_could_not_read_is_said_not_to_be_comparable() -> None:
    """Two visits that show no difference prove nothing for facts that one of them could not read."""
    reason = t("浏览器中断", "the browser stopped")
    seen = Facts(collector="t", subject=FACTS.subject, site=SiteFacts(start_url="https://x.example/"))
    blind = seen.model_copy(update={"gaps": (Gap(path="site.cookies", code="x", reason=reason),)})

    diff = compare((seen, ASSESSMENT), (blind, ASSESSMENT))

    assert [(one.kind, one.old, one.new) for one in diff.incomparable] == [("cookie", (), (reason,))]
    assert diff.facts == ()
    shown = DIFF_WRITERS["markdown"].load()(view(diff)).decode()
    assert "不可比" in shown and "浏览器中断" in shown and "没有列出变化不等于没有变化" in shown
    assert compare((seen, ASSESSMENT), (seen, ASSESSMENT)).incomparable == ()

"""A big package must stay readable: places are capped and counted, nothing grows without bound."""

from __future__ import annotations

from report_sample import ADS, ASSESSMENT, FACTS, PACK, RULES, access, code

from reports import jsonout
from reports.console import write as write_console
from reports.html import write
from reports.view import ReportView
from scanner.codefacts import Origin
from scanner.facts import Facts
from scanner.model import Assessment, Evaluation, Finding, Outcome, RuleResult, Text

CHAIN = tuple(f"Lcom/example/shop/deep/packages/Step{n};->handle(Ljava/lang/Object;)V" for n in range(40))


def big(accesses: int, findings: int, places: int) -> ReportView:
    assert FACTS.app is not None
    owners = [
        Origin(kind="sdk", id=f"sdk-{n}", name=Text(zh=f"组件{n}", en=f"Kit {n}"), basis="prefix")
        for n in range(30)
    ]
    many = tuple(
        access(f"item-{n % 120}", owners[n % 30] if n % 3 else ADS).model_copy(
            update={"offset": n, "evidence": (code(CHAIN[-1], n, *CHAIN),)}
        )
        for n in range(accesses)
    )
    facts: Facts = FACTS.model_copy(update={"app": FACTS.app.model_copy(update={"accesses": many})})
    found = tuple(
        Finding(
            rule="certain-hit",
            group=f"item-{n} | sdk-{n % 30}",
            fingerprint=f"{n:032x}",
            evidence=tuple(code(CHAIN[-1], n * 100 + k, *CHAIN) for k in range(places)),
            evidence_total=places + 5,
        )
        for n in range(findings)
    )
    results = tuple(
        RuleResult(rule=name, outcome=Outcome.HIT, findings=found)
        if name == "certain-hit"
        else RuleResult(rule=name, outcome=Outcome.CLEAR)
        for name in sorted(RULES)
    )
    assessment: Assessment = ASSESSMENT.model_copy(
        update={"evaluation": Evaluation(subject=facts.subject, results=results)}
    )
    return ReportView(assessment, facts, PACK, "zh")


def test_three_thousand_accesses_stay_under_three_megabytes() -> None:
    page = write(big(3000, 300, 50))

    assert len(page) < 3_000_000
    assert page.decode().count("data-finding") == 300
    assert "共 55 处，列出 2 处" in page.decode()


def test_many_owners_are_gathered_and_named() -> None:
    view = big(3000, 1, 1)

    assert len(view.matrix.columns) == 9
    assert view.matrix.columns[-1] == f"其他 {len(view.matrix.others)} 方"
    assert sum(row.total.total for row in view.matrix.rows) == 3000
    assert all(sum(cell.total for cell in row.cells) == row.total.total for row in view.matrix.rows)


def test_console_counts_what_it_leaves_out() -> None:
    text = write_console(big(10, 300, 3)).decode()

    assert "另有 288 项" in text
    assert len(text.splitlines()) < 200


def test_json_has_every_place() -> None:
    view = big(100, 3, 50)

    document = jsonout.JsonReport.model_validate_json(jsonout.write(view))

    assert document.facts.app is not None
    assert len(document.facts.app.accesses) == 100
    assert [len(f.evidence) for r in document.assessment.evaluation.results for f in r.findings] == [50] * 3

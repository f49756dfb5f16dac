"""Every rule hits its bad example and is clear on its good one."""

from __future__ import annotations

import pytest

from scanner.conditions import FactIndex
from scanner.evaluate import run_rule
from scanner.examples import rule_examples
from scanner.model import Outcome
from scanner.packload import load_pack
from scanner.rulepack import Rule

RULES = [rule for rule in load_pack().rules.values() if rule.examples is not None]


def test_pack_has_rules_with_examples() -> None:
    assert len(RULES) >= 45


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_separates_its_examples(rule: Rule) -> None:
    bad, good = rule_examples(rule)

    hit = run_rule(rule, FactIndex(bad))
    clear = run_rule(rule, FactIndex(good))

    assert hit.outcome is Outcome.HIT, hit.reasons
    assert all(finding.evidence for finding in hit.findings)
    assert clear.outcome in {Outcome.CLEAR, Outcome.NOT_APPLICABLE}, (clear.outcome, clear.reasons)

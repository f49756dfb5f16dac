"""Every rule shows developers what to change: before and after, in a language viewers highlight."""

from __future__ import annotations

import pytest

from scanner.packload import load_pack
from scanner.rulepack import Rule

LANGUAGES = {"java", "xml", "groovy", "bash", "text", "html", "http", "javascript", "nginx", "apache", "css"}
RULES = sorted(load_pack().rules.values(), key=lambda rule: rule.id)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_snippet_that_changes_something(rule: Rule) -> None:
    assert rule.snippet is not None
    assert rule.snippet.language in LANGUAGES
    assert rule.snippet.before.strip()
    assert rule.snippet.after.strip()
    assert rule.snippet.before.strip() != rule.snippet.after.strip()
    assert max(len(line) for line in rule.snippet.after.splitlines()) <= 160

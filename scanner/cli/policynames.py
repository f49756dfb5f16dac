"""Names for the ids in a policy's facts, from the catalogue and the data files."""

from __future__ import annotations

from reports.policyview import PolicyNames
from scanner import catalogue
from scanner.collect.policy.elements import element_rules
from scanner.collect.policy.topics import topic_names
from scanner.collect.policy.wording import kinds
from scanner.model import Text


def policy_names() -> PolicyNames:
    """Return the names of items, topics, elements and permissions."""
    permissions = {
        p.name: Text(zh=f"{p.label.zh} {_short(p.name)}", en=f"{p.label.en} {_short(p.name)}")
        for p in catalogue.permissions().values()
        if p.label
    }
    groups = {
        p.group: Text(zh=_short(p.group), en=_short(p.group))
        for p in catalogue.permissions().values()
        if p.group
    }
    return PolicyNames(
        items={item.id: item.name for item in catalogue.items().values()},
        topics={topic.id: topic.name for topic in topic_names().values()},
        elements={rule.id: rule.name for rule in element_rules()},
        parts={f"{rule.id}.{part.id}": part.name for rule in element_rules() for part in rule.parts},
        issues={kind.kind: kind.name for kind in kinds()},
        permissions={**groups, **permissions},
    )


def _short(name: str) -> str:
    return name.rpartition(".")[2]

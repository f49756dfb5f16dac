"""Turns ids of facts and rules into names for people, in the report's language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from reports.text import one_line, short_method
from reports.words import WORDS, word
from scanner.codefacts import Origin
from scanner.facts import Facts
from scanner.model import DexLocator, Finding, Lang, ResourceLocator, Text, XmlLocator
from scanner.places import ITEMS, SEPARATOR
from scanner.rulepack import Pack, Rule

# Fields of groups whose values have words of their own, with the words' prefix.
WORDED = {"api": "api", "purpose": "form"}


@dataclass(frozen=True)
class Names:
    """Names of items, owners, paths and groups for one subject; every returned text is harmless."""

    facts: Facts
    pack: Pack
    lang: Lang

    def word(self, key: str, **values: object) -> str:
        """Return a fixed text of the reports, with ``values`` filled in."""
        return word(key, self.lang, **values)

    def text(self, text: Text | None, limit: int = 600) -> str:
        """Return a bilingual text in the report's language on one line, empty for None."""
        return "" if text is None else one_line(text.get(self.lang), limit)

    def known(self, prefix: str, value: str) -> str:
        """Return the word ``prefix_value``, or the value itself where the reports have no word for it."""
        key = f"{prefix}_{value.replace('-', '_')}"
        return self.word(key) if key in WORDS else one_line(value, 120)

    def join(self, parts: Iterable[str]) -> str:
        """Return ``parts`` as an enumeration."""
        return self.word("comma").join(parts)

    @cached_property
    def _items(self) -> dict[str, str]:
        return {key: text.get(self.lang) for key, text in self.pack.items.items()}

    def item(self, item: str) -> str:
        """Return the name of a personal-information item."""
        return self._items.get(item) or one_line(item, 80)

    def element(self, element: str) -> str:
        """Return the name of a required element of a policy, or of a part of one (``element.part``)."""
        found = self.pack.elements.get(element)
        return self.text(found) if found is not None else one_line(element, 80)

    def wording(self, kind: str) -> str:
        """Return the name of a kind of improper wording in a policy."""
        found = self.pack.wordings.get(kind)
        return self.text(found) if found is not None else one_line(kind, 80)

    def items(self, items: Iterable[str]) -> tuple[str, ...]:
        """Return the names of several items."""
        return tuple(self.item(item) for item in items)

    def owner(self, owner: Origin) -> str:
        """Return who wrote the code: the app itself, an SDK or library by name, or nobody known."""
        if owner.kind in {"app", "unknown"}:
            return self.word(f"owner_{owner.kind}")
        return self.text(owner.name, 80) or one_line(owner.id, 80)

    @cached_property
    def _owners(self) -> dict[str, str]:
        app = self.facts.app
        if app is None:
            return {}
        found = {access.owner.id: self.owner(access.owner) for access in app.accesses if access.owner.id}
        found.update({sdk.id: self.text(sdk.name, 80) for sdk in app.sdks})
        found[app.identity.package] = self.word("owner_app")
        return found

    def owner_id(self, owner: str) -> str:
        """Return the name for an owner id as it stands in groups of findings."""
        return self._owners.get(owner) or one_line(owner, 80) or self.word("owner_unknown")

    def owner_of(self, kind: str, owner: str) -> str:
        """Return who wrote the code, for facts that keep an owner's kind and id only."""
        return self.word(f"owner_{kind}") if kind in {"app", "unknown"} else self.owner_id(owner)

    @cached_property
    def _callers(self) -> dict[str, str]:
        """Who wrote each method that evidence can point to."""
        app = self.facts.app
        if app is None:
            return {}
        found = {access.caller: self.owner(access.owner) for access in app.accesses}
        found.update({request.caller: self.owner(request.owner) for request in app.requests})
        found.update({issue.caller: self.owner(issue.owner) for issue in app.issues})
        return found

    def finding_owner(self, rule: Rule, finding: Finding) -> str:
        """Return whose code a finding is about: by its group, else by its first place; empty where nobody's.

        A place in the manifest or the resources is the app's own.
        """
        for field, value in zip(
            rule.group_by, finding.group.split(SEPARATOR, max(len(rule.group_by) - 1, 0)), strict=False
        ):
            if field == "owner_id":
                return self.owner_id(value)
        locator = finding.evidence[0].locator
        if isinstance(locator, DexLocator):
            return self._callers.get(locator.method) or self.word("owner_unknown")
        return self.word("owner_app") if isinstance(locator, XmlLocator | ResourceLocator) else ""

    @cached_property
    def _permissions(self) -> dict[str, str]:
        app = self.facts.app
        labels = {p.name: self.text(p.label, 80) for p in app.permissions} if app is not None else {}
        return {name: label for name, label in labels.items() if label}

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """Names of the kinds of abilities and self-starts the app has."""
        app = self.facts.app
        if app is None:
            return {}
        named = [(way.kind, way.name) for way in app.autostarts]
        named += [(ability.kind, ability.name) for ability in app.abilities]
        return {kind: self.text(name, 80) for kind, name in named}

    def paragraph(self, paragraph: str) -> str:
        """Return the number of a policy's paragraph: ``3`` for ``p3``."""
        number = one_line(paragraph, 80)
        return number[1:] if number[:1] == "p" and number[1:].isdecimal() else number

    def group(self, rule: Rule, group: str) -> str:
        """Return a finding's group for people: ids of items, owners and permissions become names."""
        if not group:
            return ""
        values = group.split(SEPARATOR, max(len(rule.group_by) - 1, 0))
        fields = [*rule.group_by, *([""] * len(values))]
        parts = (self._field(field, value) for field, value in zip(fields, values, strict=False))
        return " · ".join(dict.fromkeys(parts))

    def known_finding(self, rule: str, group: str) -> str:
        """Return a baseline entry for people; its rule may no longer exist."""
        known = self.pack.rules.get(rule)
        if known is None:
            return " · ".join(part for part in (one_line(rule, 80), one_line(group, 120)) if part)
        return " · ".join(part for part in (self.text(known.title), self.group(known, group)) if part)

    def _field(self, field: str, value: str) -> str:
        if field == "item":
            return self.join(self.item(item) for item in value.split(ITEMS))
        if field == "owner_id" or (field == "id" and value in self._owners):
            return self.owner_id(value)
        if (
            field == "id" and value in self._items
        ):  # what a policy is compared with: an item, an SDK or a permission
            return self.item(value)
        if field == "caller":
            return short_method(value)
        if field == "kind" and value in self._kinds:
            return self._kinds[value]
        if field in WORDED:
            return self.known(WORDED[field], value)
        short = one_line(value, 120).removeprefix("android.permission.")
        label = self._permissions.get(value)
        return (
            f"{label} {short}" if field in {"name", "id"} and label else short or self.word("owner_unknown")
        )

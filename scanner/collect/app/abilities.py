"""Special abilities: what the manifest declares, what code does with it, how services limit themselves.

What to look for is data (``rules/data/abilities.yaml``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from scanner.collect.app.archive import EntryError
from scanner.collect.app.axml import AxmlError, Element
from scanner.collect.app.code import Code
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.manifest_parts import ManifestComponent
from scanner.collect.app.package import Package
from scanner.collect.app.patterns import member_of
from scanner.collect.app.restable import ResourceTable
from scanner.componentfacts import Ability, AccessibilitySettings
from scanner.datafiles import read_data
from scanner.dex import Member, Site, constant_arguments, field_sites, instructions, text_sites
from scanner.dex.query import strings_with_prefix
from scanner.facts import Component
from scanner.model import Evidence, Frozen, Text, XmlLocator, beside
from scanner.permissionfacts import Permission

WINDOW = "Landroid/view/WindowManager$LayoutParams;"
EVENT_TYPES, PACKAGES, WINDOW_CONTENT = 0x01010380, 0x01010381, 0x01010385
KEY_EVENTS, GESTURES, TOOL = 0x010103D9, 0x0101050D, 0x01010641
ALL_EVENTS = 0xFFFFFFFF
EVENTS = (
    "typeViewClicked", "typeViewLongClicked", "typeViewSelected", "typeViewFocused", "typeViewTextChanged",
    "typeWindowStateChanged", "typeNotificationStateChanged", "typeViewHoverEnter", "typeViewHoverExit",
    "typeTouchExplorationGestureStart", "typeTouchExplorationGestureEnd", "typeWindowContentChanged",
    "typeViewScrolled", "typeViewTextSelectionChanged",
)  # fmt: skip
MAX_CONFIG = 1 << 20
MAX_SITES = 20
MAX_SHOWN = 20
POLICIES = Text(zh="启用后取得的策略", en="policies it is given when it is activated")
LIMITED = Text(zh="只接收列出的应用的事件", en="receives events of the apps listed only")
EVERY_APP = Text(
    zh="没有写明 android:packageNames，接收全部应用的事件",
    en="android:packageNames is not written: it receives the events of all apps",
)
MAX_CHECKED = 2_000
_IPUT = 0x59


class Row(Frozen):
    """One ability of the data (the header of abilities.yaml says what each field means)."""

    id: str
    name: Text
    permissions: tuple[str, ...] = ()
    bind: str | None = None
    actions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    config: str | None = None
    calls: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    fields: tuple[int, ...] = ()
    source: str

    @property
    def checkable(self) -> bool:
        """Whether use would show in code."""
        return bool(self.calls or self.strings or self.fields)


@cache
def rows() -> tuple[Row, ...]:
    """Return all abilities of the data; raises pydantic.ValidationError for a broken entry."""
    return tuple(
        Row.model_validate(entry) for content in read_data("abilities") for entry in content["abilities"]
    )


class Abilities:
    """Finds the abilities of one package.  Pass ``complete=False`` when part of the code was not read."""

    def __init__(
        self,
        package: Package,
        manifest: Manifest,
        resources: ResourceTable | None,
        code: Code | None,
        *,
        complete: bool,
    ) -> None:
        self.package, self.manifest, self.resources = package, manifest, resources
        self.code, self.complete = code, complete

    def find(self, components: Sequence[Component], permissions: Sequence[Permission]) -> list[Ability]:
        """Return the abilities that are declared, or used by reachable code that is no library's, in data order."""
        by_name = {component.name: component for component in components}
        declared = {permission.name: permission for permission in permissions if permission.declared}
        sites = self._uses()
        found = []
        for row in rows():
            own = [c for c in self.manifest.components() if _runs(c, by_name) and _has(c, row)]
            asked = [declared[name] for name in row.permissions if name in declared]
            uses = sites.get(row.id, [])
            fact = self._fact(row, own, asked, uses, by_name) if own or asked or uses else None
            if fact is not None and (fact.declared or set(fact.used_by_owner) - {"library"}):
                found.append(fact)
        return found

    def _fact(
        self,
        row: Row,
        own: Sequence[ManifestComponent],
        asked: Sequence[Permission],
        uses: Sequence[Site],
        by_name: dict[str, Component],
    ) -> Ability:
        code = self.code
        live = [s for s in uses if code is not None and code.reached(s.node)[0]]
        owners = [code.owner(s.node) for s in live] if code is not None else []
        facts = [by_name[c.target or c.name] for c in own if (c.target or c.name) in by_name]
        owner = facts[0].owner if facts else (owners[0] if owners else None)
        evidence = [e for permission in asked for e in permission.evidence]
        evidence += [e for fact in facts for e in fact.evidence]
        settings, policies, files = self._config(row, own)
        evidence += beside(files)
        evidence += [code.evidence(site) for site in live[:3]] if code is not None else []
        used = bool(live) or (None if not row.checkable or not self.complete else False)
        return Ability(
            kind=row.id,
            name=row.name,
            declared=bool(own or asked),
            permissions=tuple(p.name for p in asked),
            components=tuple(sorted({c.target or c.name for c in own})),
            used=used,
            used_by_owner=tuple(sorted({o.kind for o in owners})),
            used_by=tuple(sorted({o.id for o in owners if o.id})),
            owner_kind=owner.kind if owner is not None else "unknown",
            owner_id=owner.id if owner is not None else "",
            accessibility=settings,
            policies=policies,
            evidence=tuple(evidence),
        )

    # --- use in code ----------------------------------------------------------------------------------

    def _uses(self) -> dict[str, list[Site]]:
        code = self.code
        found: dict[str, list[Site]] = defaultdict(list)
        if code is None:
            return found
        calls = [(row.id, member_of(text)) for row in rows() for text in row.calls]
        for hit in code.sites([member for _, member in calls]):
            found[calls[hit.member][0]].append(hit.site)
        texts = {text: row.id for row in rows() for text in row.strings}
        heads = [text.encode() for text in texts]
        for site in text_sites(code.dex, lambda file: strings_with_prefix(file, heads)):
            if site.target in texts:
                found[texts[site.target]].append(site)
        for row in rows():
            if row.fields:
                found[row.id] += self._windows(code, frozenset(row.fields))
        return {
            key: sorted(sites, key=lambda s: (not code.reached(s.node)[0], s.caller, s.offset))[:MAX_SITES]
            for key, sites in found.items()
        }

    def _windows(self, code: Code, types: frozenset[int]) -> Iterator[Site]:
        """Yield where a window gets one of ``types``: by its constructor's arguments or by its field."""
        made = code.sites([Member(WINDOW, "<init>")])
        written = field_sites(code.dex, [Member(WINDOW, "type")])
        if max(len(made), len(written)) > MAX_CHECKED:
            code.unfinished.add("app.abilities")
        for hit in made[:MAX_CHECKED]:
            values = constant_arguments(code.dex, hit.site.node, hit.site.offset)
            if any(isinstance(value, int) and value in types for value in values[1:]):
                yield hit.site
        for hit in written[:MAX_CHECKED]:
            if hit.site.opcode == _IPUT and types & _constants_before(code, hit.site):
                yield hit.site

    # --- configuration files --------------------------------------------------------------------------

    def _config(
        self, row: Row, own: Sequence[ManifestComponent]
    ) -> tuple[AccessibilitySettings | None, tuple[str, ...], list[Evidence]]:
        """Return what the configuration files of the components ask for, with the elements that do."""
        if row.config is None or not own:
            return None, (), []
        read = [self._root(component, row.config) for component in own]
        known = [(path, root) for path, root in read if root is not None]
        # A file that could not be read is still named by the component's meta-data.
        files = [_named(component, row.config) for component in own] if len(known) < len(own) else []
        if row.id == "accessibility":
            settings = AccessibilitySettings(readable=False)
            if known:
                settings = _settings(self.manifest, known[0][1])
                files.insert(0, _settings_evidence(known[0][0], settings))
            return settings, (), files
        asked = [
            (path, tuple(one.name for one in part.children))
            for path, root in known
            for part in root.find("uses-policies")
        ]
        files += [_policies_evidence(path, policies) for path, policies in asked if policies]
        return None, tuple(dict.fromkeys(name for _, policies in asked for name in policies)), files

    def _root(self, component: ManifestComponent, name: str) -> tuple[str, Element | None]:
        for meta in component.meta_data:
            if meta.name != name or meta.resource is None or self.resources is None:
                continue
            path = self.resources.text(meta.resource)
            if path is None or path not in self.package.entries:
                continue
            try:
                return path, self.package.parse_xml(self.package.read(path, MAX_CONFIG))
            except (EntryError, AxmlError):
                continue
        return "", None


def _runs(component: ManifestComponent, facts: Mapping[str, Component]) -> bool:
    fact = facts.get(component.target or component.name)
    return component.enabled or (fact is not None and fact.switched_on is True)


def _has(component: ManifestComponent, row: Row) -> bool:
    """Whether ``component`` is what the system binds for the ability."""
    if not row.actions:
        return False
    if row.bind is not None and component.permission != row.bind:
        return False
    return any(
        set(row.actions) & set(one.actions) and set(row.categories) <= set(one.categories)
        for one in component.filters
    )


def _settings(manifest: Manifest, root: Element) -> AccessibilitySettings:
    kinds = root.attribute(EVENT_TYPES)
    packages = root.attribute(PACKAGES)
    listed = (manifest.resolve(packages) or "") if packages is not None else ""
    mask = kinds.data if kinds is not None else 0
    return AccessibilitySettings(
        readable=True,
        window_content=manifest.switch(root, WINDOW_CONTENT),
        gestures=manifest.switch(root, GESTURES),
        key_events=manifest.switch(root, KEY_EVENTS),
        tool=manifest.switch(root, TOOL),
        all_events=mask == ALL_EVENTS,
        events=() if mask == ALL_EVENTS else tuple(n for bit, n in enumerate(EVENTS) if mask >> bit & 1),
        packages=tuple(part.strip() for part in listed.split(",") if part.strip()),
    )


def _named(component: ManifestComponent, name: str) -> Evidence:
    path = next((m.path for m in component.meta_data if m.name == name), component.path)
    return Evidence(
        artifact="AndroidManifest.xml", locator=XmlLocator(path=path), excerpt=f"{component.name} {name}"
    )


def _policies_evidence(path: str, policies: Sequence[str]) -> Evidence:
    where = XmlLocator(path="/device-admin/uses-policies")
    shown = " ".join(f"<{name} />" for name in policies[:MAX_SHOWN])
    return Evidence(artifact=path, locator=where, excerpt=shown, note=POLICIES)


def _settings_evidence(path: str, asked: AccessibilitySettings) -> Evidence:
    """Return the attributes that limit the service or extend what it sees."""
    events = ("typeAllMask",) if asked.all_events else asked.events
    shown = [
        f'android:accessibilityEventTypes="{"|".join(events)}"',
        f'android:canRetrieveWindowContent="{str(bool(asked.window_content)).lower()}"',
        f'android:packageNames="{",".join(asked.packages[:MAX_SHOWN])}"' if asked.packages else "",
        'android:canPerformGestures="true"' if asked.gestures else "",
        'android:canRequestFilterKeyEvents="true"' if asked.key_events else "",
        'android:isAccessibilityTool="true"' if asked.tool else "",
    ]
    note = LIMITED if asked.packages else EVERY_APP
    where = XmlLocator(path="/accessibility-service")
    return Evidence(artifact=path, locator=where, excerpt=" ".join(filter(None, shown)), note=note)


def _constants_before(code: Code, site: Site) -> set[int]:
    """Return the constants put into the register written at ``site`` before it (either side of a version test)."""
    found: dict[int, set[int]] = defaultdict(set)
    for ins in instructions(code.dex, site.node):
        if ins.offset == site.offset:
            return found[ins.registers[0]]
        if ins.registers and 0x12 <= ins.opcode <= 0x15 and ins.literal is not None:
            found[ins.registers[0]].add(ins.literal)
    return set()

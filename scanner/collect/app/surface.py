"""What the manifest opens to others: links, guards and their permissions, tasks, other apps it wants to see.

Sources: the manifest reference of the Android developers; "Verify Android App Links"; CVE-2020-0096 and the release
notes of Android 11 for tasks; "Foreground service types" for Android 14.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Literal

from scanner import catalogue
from scanner.codefacts import Origin
from scanner.collect.app.archive import EntryError
from scanner.collect.app.axml import AxmlError, Element
from scanner.collect.app.code import Code
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.manifest_parts import IntentFilter, ManifestComponent
from scanner.collect.app.package import Package
from scanner.collect.app.restable import ResourceTable
from scanner.componentfacts import (
    ComponentGuard,
    DeepLink,
    OwnPermission,
    PermissionLevel,
    QueriedApps,
    SharedFolder,
    TaskSetting,
)
from scanner.facts import Component
from scanner.model import Evidence, Text, XmlLocator, beside

MANIFEST = "AndroidManifest.xml"
VIEW = "android.intent.action.VIEW"
BROWSABLE, DEFAULT = "android.intent.category.BROWSABLE", "android.intent.category.DEFAULT"
WEB = frozenset(["http", "https"])
LEVELS: dict[int, PermissionLevel] = {0: "normal", 1: "dangerous", 2: "signature", 3: "signature"}
FLAGS = ((0x10, "privileged"), (0x20, "development"), (0x40, "appop"), (0x80, "pre23"), (0x100, "installer"),
         (0x400, "preinstalled"), (0x1000, "instant"), (0x8000000, "knownSigner"))  # fmt: skip
MODES: tuple[Literal["standard", "singleTop", "singleTask", "singleInstance", "singleInstancePerTask"], ...] = (
    "standard", "singleTop", "singleTask", "singleInstance", "singleInstancePerTask",
)  # fmt: skip
LAST_STRANDHOGG_1, LAST_STRANDHOGG_2 = 29, 28
SEE_ALL = "android.permission.QUERY_ALL_PACKAGES"
PATHS_META = ("android.support.FILE_PROVIDER_PATHS",)
PATH_ATTRIBUTE = "path"
MAX_NAMES = 200
MAX_PATHS = 500
MAX_FILE = 1 << 20
CLOSE = 0.93


class Surface:
    """The facts of one package; ``components`` are the manifest's, with their owners."""

    def __init__(
        self,
        package: Package,
        manifest: Manifest,
        resources: ResourceTable | None,
        code: Code | None,
        components: Sequence[Component],
    ) -> None:
        self.package, self.manifest, self.resources, self.code = package, manifest, resources, code
        self._defined = [p for p in manifest.defined_permissions() if p.kind == "permission"]
        self._similar: dict[str, str] = {}
        self._owners = {c.name: c.owner for c in components}
        self._switched = {c.name for c in components if c.switched_on}

    def _owner(self, component: ManifestComponent) -> Origin:
        return self._owners.get(component.target or component.name, Origin(kind="unknown"))

    def _runs(self, component: ManifestComponent) -> bool:
        """Whether the manifest enables the component or code has a call that does."""
        return component.enabled or (component.target or component.name) in self._switched

    # --- links ----------------------------------------------------------------------------------------

    def links(self) -> Iterator[DeepLink]:
        """Yield the intent filters with data of activities."""
        for component in self.manifest.components():
            if not self._runs(component) or component.kind not in {"activity", "activity-alias"}:
                continue
            owner = self._owner(component)
            for one in component.filters:
                if any(d.scheme for d in one.data):
                    yield _link(component, one, owner)

    # --- permissions ----------------------------------------------------------------------------------

    def own_permissions(self) -> Iterator[OwnPermission]:
        """Yield what the package defines."""
        guards: dict[str, set[str]] = defaultdict(set)
        for component in self.manifest.components():
            for name in (component.permission, component.read_permission, component.write_permission):
                if name:
                    guards[name].add(component.name)
        kinds: dict[str, Literal["permission", "tree", "group"]] = {
            "permission": "permission",
            "permission-tree": "tree",
            "permission-group": "group",
        }
        for one in self.manifest.defined_permissions():
            text = f'<{one.kind} android:name="{one.name}" protectionLevel={one.protection:#x}'
            yield OwnPermission(
                name=one.name,
                kind=kinds[one.kind],
                level=LEVELS.get(one.protection & 0xF, "unknown"),
                flags=tuple(name for bit, name in FLAGS if one.protection & bit),
                group=one.group,
                guards=tuple(sorted(guards[one.name])),
                evidence=(Evidence(artifact=MANIFEST, locator=XmlLocator(path=one.path), excerpt=text),),
            )

    def guards(self) -> Iterator[ComponentGuard]:
        """Yield the permissions that guard exported components."""
        for component in self.manifest.components():
            if not (component.exported and self._runs(component)):
                continue
            if component.kind == "provider":
                same = component.read_permission == component.write_permission
                pairs = [("all" if same else "read", component.read_permission)]
                pairs += [] if same else [("write", component.write_permission)]
            else:
                pairs = [("all", component.permission)]
            for access, name in pairs:
                if name:
                    yield self._guard(component, name, access)

    def _guard(self, component: ManifestComponent, name: str, access: str) -> ComponentGuard:
        own = next((p for p in self._defined if p.name == name), None)
        known = catalogue.permissions().get(name)
        level: PermissionLevel = "unknown"
        if own is not None:
            level = LEVELS.get(own.protection & 0xF, "unknown")
        elif known is not None:
            level = known.protection
        defined = "package" if own is not None else ("platform" if known is not None else "unknown")
        owner = self._owner(component)
        return ComponentGuard(
            component=component.name,
            kind=component.kind,
            permission=name,
            access=access,
            level=level,
            defined_by=defined,
            similar=self._similar_to(name) if defined == "unknown" else "",
            own_name=name.split(".")[:2] == self.manifest.package.split(".")[:2],
            owner_kind=owner.kind,
            owner_id=owner.id,
            evidence=(_evidence(component, f'{component.name} permission="{name}"'),),
        )

    def _similar_to(self, name: str) -> str:
        if name not in self._similar and len(self._similar) < MAX_NAMES:
            self._similar[name] = similar_permission(name)
        return self._similar.get(name, "")

    # --- tasks ----------------------------------------------------------------------------------------

    def tasks(self) -> Iterator[TaskSetting]:
        """Yield the activities that are open, start the app or depart from the defaults."""
        package, lowest = self.manifest.package, self.manifest.min_sdk or 1
        for component in self.manifest.components():
            if component.kind != "activity" or not self._runs(component):
                continue
            written = component.task_affinity
            affinity = package if written is None else _compound(package, written)
            mode = MODES[component.launch_mode] if component.launch_mode < len(MODES) else MODES[0]
            usual = affinity == package and mode == MODES[0] and not component.task_reparenting
            if usual and not (component.exported or component.launcher):
                continue
            owner = self._owner(component)
            text = f'{component.name} taskAffinity="{affinity}" launchMode={mode}'
            text += " allowTaskReparenting=true" if component.task_reparenting else ""
            yield TaskSetting(
                component=component.name,
                affinity=affinity,
                foreign=_foreign(package, affinity),
                launch_mode=mode,
                reparenting=component.task_reparenting,
                exported=component.exported,
                launcher=component.launcher,
                strandhogg1=bool(affinity) and lowest <= LAST_STRANDHOGG_1,
                strandhogg2=mode not in {"singleTask", "singleInstance"} and lowest <= LAST_STRANDHOGG_2,
                owner_kind=owner.kind,
                owner_id=owner.id,
                evidence=(_evidence(component, text),),
            )

    # --- other apps -----------------------------------------------------------------------------------

    def queries(self) -> QueriedApps:
        """Return what the package asks to see of other apps."""
        asked = self.manifest.queries()
        actions = tuple(dict.fromkeys(a for one in asked.intents for a in one.actions))
        foreign = [name for name in asked.packages if name != self.manifest.package]
        everything = any(p.name == SEE_ALL for p in self.manifest.uses_permissions())
        count = len(asked.packages) + len(asked.authorities) + len(asked.intents)
        evidence = [
            Evidence(
                artifact=MANIFEST,
                locator=XmlLocator(path="/manifest/queries"),
                excerpt=", ".join(asked.packages[:12])[:400],
                note=Text(
                    zh=f"声明共 {count} 项：应用 {len(asked.packages)}、提供者 {len(asked.authorities)}、"
                    f"意图 {len(asked.intents)}",
                    en=f"{count} entries: {len(asked.packages)} packages, {len(asked.authorities)} providers, "
                    f"{len(asked.intents)} intents",
                ),
            )
        ]
        return QueriedApps(
            all_packages=everything,
            packages=asked.packages[:MAX_PATHS],
            authorities=asked.authorities[:MAX_PATHS],
            actions=actions[:MAX_PATHS],
            count=count,
            foreign=len(set(foreign)),
            evidence=tuple(evidence) if count else (),
        )

    # --- files ----------------------------------------------------------------------------------------

    def shared_folders(self) -> Iterator[SharedFolder]:
        """Yield what providers may hand to other apps."""
        for component in self.manifest.components():
            if component.kind != "provider" or not self._runs(component):
                continue
            stated = _evidence(component, f"{component.name} exported={str(component.exported).lower()}")
            granted = [("grant", kind, path, ()) for kind, path in component.grants]
            found = [*granted, *(("file-provider", *folder) for folder in self._folders(component))]
            owner = self._owner(component)
            for kind, root, path, places in found[:MAX_PATHS]:
                everything = (kind == "grant" and path in {"/", "/.*", ".*"} and root != "path") or (
                    kind == "file-provider" and root == "root-path" and path.strip("/.") == ""
                )
                yield SharedFolder(
                    component=component.name,
                    kind=kind,
                    root=root,
                    path=path,
                    everything=everything,
                    exported=component.exported,
                    owner_kind=owner.kind,
                    owner_id=owner.id,
                    evidence=(*places, *beside([stated]))
                    if places
                    else (_evidence(component, f'{stated.excerpt} <grant-uri-permission {root}="{path}">'),),
                )

    def _folders(self, component: ManifestComponent) -> Iterator[tuple[str, str, tuple[Evidence, ...]]]:
        """Yield root, path and the element of the paths file for each folder of a provider."""
        for meta in component.meta_data:
            if meta.name not in PATHS_META or meta.resource is None or self.resources is None:
                continue
            name = self.resources.text(meta.resource)
            if name is None or name not in self.package.entries:
                continue
            try:
                root = self.package.parse_xml(self.package.read(name, MAX_FILE))
            except (EntryError, AxmlError):
                continue
            for number, element in enumerate(root.children, 1):
                path = self._path(element)
                where = XmlLocator(path=f"/{root.name}/*[{number}][self::{element.name}]")
                excerpt = f'<{element.name} path="{path}">'
                yield element.name, path, (Evidence(artifact=name, locator=where, excerpt=excerpt[:400]),)

    def _path(self, element: Element) -> str:
        attribute = element.attribute(0, PATH_ATTRIBUTE)
        return (self.manifest.resolve(attribute) if attribute is not None else None) or ""


def _evidence(component: ManifestComponent, text: str) -> Evidence:
    return Evidence(artifact=MANIFEST, locator=XmlLocator(path=component.path), excerpt=text[:400])


def _link(component: ManifestComponent, one: IntentFilter, owner: Origin) -> DeepLink:
    schemes = tuple(dict.fromkeys(d.scheme for d in one.data if d.scheme))
    hosts = tuple(dict.fromkeys(d.host for d in one.data if d.host))
    web = VIEW in one.actions and not WEB.isdisjoint(schemes)
    browsable = BROWSABLE in one.categories
    ready = browsable and DEFAULT in one.categories and WEB.issuperset(schemes) and bool(hosts)
    text = f"{component.name} {' '.join(f'{s}://{h}' for s in schemes for h in hosts or ('*',))}"
    return DeepLink(
        component=component.name,
        kind=component.kind,
        schemes=schemes,
        hosts=hosts,
        paths=tuple(dict.fromkeys(f"{d.path_kind}:{d.path}" for d in one.data if d.path)),
        mime_types=tuple(dict.fromkeys(d.mime_type for d in one.data if d.mime_type)),
        custom_schemes=tuple(s for s in schemes if s not in {*WEB, "file", "content"}),
        web=web,
        browsable=browsable,
        auto_verify=one.auto_verify,
        verifiable=one.auto_verify and ready if web and hosts else None,
        exported=component.exported,
        permission=component.permission,
        owner_kind=owner.kind,
        owner_id=owner.id,
        evidence=(
            Evidence(
                artifact=MANIFEST,
                locator=XmlLocator(path=one.path),
                excerpt=text[:400],
                note=_unverified(auto=one.auto_verify) if web and not (one.auto_verify and ready) else None,
            ),
        ),
    )


def _unverified(*, auto: bool) -> Text:
    """Return why the system cannot verify a filter of web links."""
    if not auto:
        return Text(
            zh='过滤器没有写 android:autoVerify="true"',
            en='the filter does not say android:autoVerify="true"',
        )
    return Text(
        zh='过滤器写了 android:autoVerify="true"，但类别、协议或主机的写法使验证不能完成',
        en='the filter says android:autoVerify="true", but its categories, schemes or hosts keep verification from ending',
    )


def _compound(package: str, written: str) -> str:
    """Return a task affinity as Android builds it: a name that begins with a dot or colon is the package's own."""
    return package + written if written.startswith((".", ":")) else written


def _foreign(package: str, affinity: str) -> bool:
    """Whether ``affinity`` looks like the package name of somebody else."""
    own = package.split(".")[:2]
    parts = affinity.split(".")
    return len(parts) >= 3 and parts[:2] != own


@cache
def _platform_names() -> tuple[str, ...]:
    return tuple(name for name in catalogue.permissions() if name.startswith("android."))


def similar_permission(name: str) -> str:
    """Return a permission of Android that ``name`` may be a misspelling of; empty when none comes close."""
    if name in catalogue.permissions() or not name.lower().startswith("android."):
        return ""
    return next(iter(get_close_matches(name, _platform_names(), 1, CLOSE)), "")

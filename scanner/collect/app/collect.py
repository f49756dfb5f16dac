"""package → facts: reads every part, and says of each part that could not be read what is therefore not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from scanner import __version__, catalogue
from scanner.appfacts import NetworkConfig
from scanner.collect.app.abilities import Abilities
from scanner.collect.app.accesses import accesses as find_accesses
from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.autostart import find_autostarts
from scanner.collect.app.axml import AxmlError
from scanner.collect.app.code import Code
from scanner.collect.app.components import component_fact
from scanner.collect.app.endpoints import endpoints as find_endpoints
from scanner.collect.app.extras import read_extras
from scanner.collect.app.interface import Layouts, code_texts, resource_texts
from scanner.collect.app.issues import code_issues
from scanner.collect.app.manifest import (
    ALLOW_BACKUP,
    CLEARTEXT,
    DEBUGGABLE,
    FACTORY,
    HAS_CODE,
    LEGACY_STORAGE,
    NAME,
    NETWORK_CONFIG,
    TEST_ONLY,
    Manifest,
)
from scanner.collect.app.packers import find_packer
from scanner.collect.app.permissions import permission_facts
from scanner.collect.app.requests import permission_requests
from scanner.collect.app.resources import ResourceError, Resources
from scanner.collect.app.sdks import sdk_facts
from scanner.collect.app.searched import searched
from scanner.collect.app.signing import read_signing
from scanner.collect.app.subject import Program
from scanner.collect.app.surface import Surface
from scanner.collect.app.wakes import find_wakes
from scanner.context import CollectOptions
from scanner.dex import DexError
from scanner.errors import InputError
from scanner.facts import (
    Access,
    AppFacts,
    AppFlags,
    CodeStats,
    Component,
    Facts,
    Identity,
    InterfaceText,
    NativeLibrary,
    Origin,
)
from scanner.model import Artifact, Evidence, Gap, Problem, Subject, Text, XmlLocator

MANIFEST = "AndroidManifest.xml"
CODE_PATHS = (
    "app.accesses",
    "app.sdks",
    "app.requests",
    "app.endpoints",
    "app.issues",
    "app.autostarts",
    "app.wakes",
    "app.abilities",
)
MANIFEST_PATHS = (
    "app.components",
    "app.permissions",
    "app.autostarts",
    "app.abilities",
    "app.links",
    "app.own_permissions",
    "app.guards",
    "app.tasks",
    "app.foreground_services",
    "app.shared_folders",
)
UNKNOWN = Origin(kind="unknown")
# String resources that libraries bring along, by the prefixes of their names.
LIBRARY_STRINGS = (
    "common_",
    "abc_",
    "mtrl_",
    "com_facebook_",
    "com_google_",
    "google_",
    "umeng_",
    "ssdk_",
    "fui_",
    "m3_",
)


def collect_app(path: Path, options: CollectOptions) -> Facts:
    """Return the facts of the Android package at ``path``; raises InputError when it is no package at all."""
    with Archive(path) as archive:
        return _Collector(archive, options).run()


class _Collector:
    def __init__(self, archive: Archive, options: CollectOptions) -> None:
        self.archive = archive
        self.options = options
        self.gaps: list[Gap] = []
        self.problems: list[Problem] = []
        self.artifacts: list[Artifact] = []

    def run(self) -> Facts:
        archive, step = self.archive, self.options.observer.step
        step("package")
        digest = archive.sha256()
        self.artifacts.append(Artifact(name="base.apk", sha256=digest, size=archive.size))
        resources = self._resources()
        manifest = self._manifest(resources)
        layouts = self._layouts(resources)
        step("code")
        code, program = self._code(manifest, layouts)
        found, near_misses = find_accesses(code) if code is not None else ([], frozenset[str]())
        components = self._components(manifest, code)
        step("interface")
        texts = self._texts(code, resources, layouts)
        step("signing")
        signing = read_signing(archive, manifest.min_sdk or 1, manifest.effective_target)
        identity = self._identity(manifest)
        extras = read_extras(archive, manifest, resources, code)
        self.gaps += extras.gaps
        self.problems += extras.problems
        stats = self._stats(code, program)  # also finds packers, which are gaps of the code
        permissions = permission_facts(
            manifest, components, found, None if self._code_gaps() else code, near_misses
        )
        natives = tuple(self._native())
        abilities = Abilities(archive, manifest, resources, code, complete=not self._code_gaps())
        surface = Surface(archive, manifest, resources, code, components)
        app = AppFacts(
            identity=identity,
            flags=self._flags(manifest, extras.network),
            signing=signing,
            components=components,
            permissions=tuple(permissions),
            accesses=tuple(found),
            sdks=tuple(sdk_facts(code, program, found)),
            requests=tuple(permission_requests(code)) if code is not None else (),
            texts=texts,
            checkboxes=tuple(layouts.checkboxes) if layouts is not None else (),
            endpoints=(*(find_endpoints(code) if code is not None else ()), *extras.endpoints),
            issues=tuple(code_issues(code, components, found)) if code is not None else (),
            native_libraries=natives,
            network=extras.network,
            secrets=extras.secrets,
            hardening=extras.hardening,
            containers=extras.containers,
            autostarts=tuple(find_autostarts(program, components, natives, code)),
            wakes=tuple(find_wakes(code)) if code is not None else (),
            abilities=tuple(abilities.find(components, permissions)),
            links=tuple(surface.links()),
            own_permissions=tuple(surface.own_permissions()),
            guards=tuple(surface.guards()),
            tasks=tuple(surface.tasks()),
            queries=surface.queries(),
            foreground_services=tuple(surface.foreground_services()),
            shared_folders=tuple(surface.shared_folders()),
            code=stats,
            category=self.options.category,
            collects_pi=self._collects(found, code),
            has_account=self._has_account(texts, layouts, code),
        )
        self._unfinished(code)
        return Facts(
            collector=f"guijian {__version__}",
            subject=Subject(
                kind="app",
                name=identity.label_zh or identity.label or identity.package,
                identifier=identity.package,
                version=identity.version_name or "",
                sha256=digest,
                source=archive.path.name,
                category=self.options.category,
                developer=self.options.developer,
                store=self.options.store,
            ),
            app=app,
            artifacts=tuple(self.artifacts),
            gaps=tuple(self.gaps),
            looked=(*searched(self.archive, manifest, code, resources, layouts), *extras.looked),
            problems=(*archive.problems, *self.problems),
        )

    # --- parts ----------------------------------------------------------------------------------------

    def _read(self, name: str) -> bytes:
        data, digest = self.archive.read_hashed(name)
        self.artifacts.append(Artifact(name=name, sha256=digest, size=len(data)))
        return data

    def _resources(self) -> Resources | None:
        if "resources.arsc" not in self.archive.entries:
            return None
        try:
            resources = Resources(self._read("resources.arsc"))
        except (EntryError, ResourceError) as error:
            reason = Text(
                zh=f"资源表无法读取（{error}）", en=f"the resource table could not be read ({error})"
            )
            self._gap("resources-unread", reason, "app.texts", "app.checkboxes", "app.has_account")
            self.problems.append(Problem(code="resources-unread", where="resources.arsc", message=reason))
            return None
        if resources.skipped:
            message = Text(
                zh="资源表有部分条目损坏，已跳过",
                en="parts of the resource table are broken and were skipped",
            )
            self.problems.append(
                Problem(
                    code="resources-skipped", where="resources.arsc", message=message, count=resources.skipped
                )
            )
            self._gap("resources-skipped", message, "app.texts", "app.checkboxes", "app.has_account")
        return resources

    def _manifest(self, resources: Resources | None) -> Manifest:
        where = self.archive.path
        try:
            manifest = Manifest(self._read(MANIFEST), resources)
        except EntryError as error:
            if error.code == "missing":
                raise InputError(
                    "no-manifest",
                    Text(
                        zh=f"{where}：没有 AndroidManifest.xml，不是 Android 安装包。请给出 APK 文件",
                        en=f"{where}: no AndroidManifest.xml, so not an Android package; give an APK file",
                    ),
                ) from error
            raise InputError(
                "manifest-unreadable",
                Text(
                    zh=f"{where}：AndroidManifest.xml 无法读取（{error.text.zh}）。安装包已损坏，请重新获取",
                    en=f"{where}: AndroidManifest.xml cannot be read ({error.text.en}); get the package again",
                ),
            ) from error
        except AxmlError as error:
            raise InputError(
                "manifest-broken",
                Text(
                    zh=f"{where}：AndroidManifest.xml 不是 Android 能读的格式（{error}）。请确认安装包能在手机上安装",
                    en=f"{where}: AndroidManifest.xml is not what Android can read ({error}); check that it installs",
                ),
            ) from error
        if manifest.dropped:
            message = Text(
                zh=f"清单中有 {manifest.dropped} 个元素嵌套过深，未读取",
                en=f"{manifest.dropped} elements of the manifest are nested too deep and were not read",
            )
            self.problems.append(
                Problem(code="manifest-depth", where=MANIFEST, message=message, count=manifest.dropped)
            )
            self._gap("manifest-depth", message, *MANIFEST_PATHS)
        return manifest

    def _dex_sources(self) -> Iterator[tuple[str, bytes]]:
        for name in self.archive.dex_names():
            try:
                yield name, self._read(name)
            except EntryError as error:
                self._code_gap("dex-unread", error.text, name)

    def _code(self, manifest: Manifest, layouts: Layouts | None) -> tuple[Code | None, Program]:
        program = self._program(manifest, layouts)
        names = self.archive.dex_names()
        if not names:
            message = Text(zh="安装包中没有 dex 代码", en="the package holds no dex code")
            self._code_gap("no-dex", message, "classes.dex")
            return None, program
        try:
            code = Code(self._dex_sources(), program)
        except DexError as error:
            self._code_gap(
                "dex-unread", Text(zh=f"代码无法读取：{error}", en=f"code could not be read: {error}"), "dex"
            )
            return None, program
        for problem in code.dex.problems:
            message = Text(
                zh=f"{problem.dex} 有 {problem.count} 处结构损坏（{problem.code}），已跳过",
                en=f"{problem.dex}: {problem.count} malformed places ({problem.code}) were skipped",
            )
            self.problems.append(
                Problem(code=problem.code, where=problem.dex, message=message, count=problem.count)
            )
            self._gap(problem.code, message, *CODE_PATHS)
        return code, program

    def _unfinished(self, code: Code | None) -> None:
        """Say which searches of the code were given up before they ended."""
        if code is None or not code.unfinished:
            return
        reason = Text(
            zh="代码过大，对组件的跟踪没有做完",
            en="too much code: components were not followed to the end",
        )
        self.problems.append(Problem(code="flow-unfinished", where="dex", message=reason))
        self._gap("flow-unfinished", reason, *sorted(code.unfinished))

    def _code_gap(self, code: str, reason: Text, where: str) -> None:
        self.problems.append(Problem(code=code, where=where, message=reason))
        self._gap(code, reason, *CODE_PATHS, "app.collects_pi", "app.has_account")

    def _gap(self, code: str, reason: Text, *paths: str) -> None:
        self.gaps.extend(Gap(path=path, code=code, reason=reason) for path in paths)

    def _program(self, manifest: Manifest, layouts: Layouts | None) -> Program:
        return Program(
            package=manifest.package,
            min_sdk=manifest.min_sdk or 1,
            target_sdk=manifest.effective_target,
            application=manifest.class_name(manifest.application_text(NAME)),
            factory=manifest.class_name(manifest.application_text(FACTORY)),
            components=tuple(component_fact(c, UNKNOWN) for c in manifest.components()),
            meta_data=tuple(manifest.meta_data()),
            declared=frozenset(p.name for p in manifest.uses_permissions()),
            files=tuple(self.archive.entries),
            layout_classes=tuple(sorted(layouts.classes)) if layouts is not None else (),
        )

    def _components(self, manifest: Manifest, code: Code | None) -> tuple[Component, ...]:
        return tuple(
            component_fact(c, code.owner_of_class(c.target or c.name) if code is not None else UNKNOWN)
            for c in manifest.components()
        )

    def _identity(self, manifest: Manifest) -> Identity:
        excerpt = (
            f'package="{manifest.package}" versionName="{manifest.version_name}" target={manifest.target_sdk}'
        )
        return Identity(
            package=manifest.package,
            version_name=manifest.version_name,
            version_code=manifest.version_code,
            min_sdk=manifest.min_sdk,
            target_sdk=manifest.target_sdk or manifest.min_sdk,
            compile_sdk=manifest.compile_sdk,
            label=manifest.label(("",)),
            label_zh=manifest.label(("zh",)),
            label_en=manifest.label(("en",)),
            split=manifest.split,
            shared_user_id=manifest.shared_user_id,
            evidence=(Evidence(artifact=MANIFEST, locator=XmlLocator(path="/manifest"), excerpt=excerpt),),
        )

    def _flags(self, manifest: Manifest, network: NetworkConfig | None) -> AppFlags:
        values = {
            "debuggable": manifest.flag(DEBUGGABLE),
            "allowBackup": manifest.flag(ALLOW_BACKUP),
            "usesCleartextTraffic": manifest.flag(CLEARTEXT),
            "testOnly": manifest.flag(TEST_ONLY),
        }
        excerpt = " ".join(f'android:{k}="{str(v).lower()}"' for k, v in values.items() if v is not None)
        config = manifest.application_text(NETWORK_CONFIG)
        return AppFlags(
            debuggable=bool(values["debuggable"]),
            allow_backup=values["allowBackup"] is not False,
            # From Android 7.0 on the network security configuration decides, where there is one.
            cleartext_traffic=network.cleartext if network is not None else None,
            test_only=bool(values["testOnly"]),
            legacy_external_storage=bool(manifest.flag(LEGACY_STORAGE)),
            has_code=manifest.flag(HAS_CODE) is not False,
            network_security_config=config,
            evidence=(
                Evidence(
                    artifact=MANIFEST,
                    locator=XmlLocator(path="/manifest/application"),
                    excerpt=excerpt or "defaults",
                ),
            ),
        )

    def _layouts(self, resources: Resources | None) -> Layouts | None:
        if resources is None:
            return None
        layouts = Layouts(self.archive, resources)
        if layouts.unread:
            message = Text(
                zh=f"{layouts.unread} 个布局无法读取", en=f"{layouts.unread} layouts could not be read"
            )
            self._gap("layouts-unread", message, "app.checkboxes", "app.texts")
            problem = Problem(
                code="layouts-unread", where="res/layout", message=message, count=layouts.unread
            )
            self.problems.append(problem)
        return layouts

    def _texts(
        self, code: Code | None, resources: Resources | None, layouts: Layouts | None
    ) -> tuple[InterfaceText, ...]:
        found: list[InterfaceText] = []
        if resources is not None and layouts is not None:
            found += [*resource_texts(resources), *layouts.texts]
        if code is not None:
            found += code_texts(code)
        return tuple(sorted(found, key=lambda t: (t.kind, t.origin, t.name, t.locale, t.text)))

    def _stats(self, code: Code | None, program: Program) -> CodeStats:
        if code is None:
            return CodeStats()
        stats = code.stats()
        packer = find_packer(code, program)
        if packer is None:
            return stats
        name, evidence = packer
        reason = Text(
            zh=f"应用经 {name.name.zh} 加固，真实代码在运行时才解出，静态分析看不到",
            en=f"the app is packed with {name.name.en}; its real code appears only at run time",
        )
        self._code_gap("packed", reason, "dex")
        return stats.model_copy(update={"packer": name.id, "packer_name": name.name, "evidence": (evidence,)})

    def _native(self) -> Iterator[NativeLibrary]:
        by_name = {n: s for s in catalogue.sdks().values() for n in s.native}
        for path, entry in sorted(self.archive.entries.items()):
            parts = path.split("/")
            if len(parts) == 3 and parts[0] == "lib" and parts[2].endswith(".so"):
                sdk = by_name.get(parts[2])
                kind = "unknown" if sdk is None else ("library" if sdk.is_library else "sdk")
                owner = Origin(kind=kind, id=sdk.id, name=sdk.name, basis="prefix") if sdk else UNKNOWN
                yield NativeLibrary(path=path, name=parts[2], abi=parts[1], size=entry.size, owner=owner)

    def _collects(self, found: Sequence[Access], code: Code | None) -> bool | None:
        """Whether reachable code obtains personal information in a way that is not merely incidental."""
        live = [
            a
            for a in found
            if a.reachable and a.strength != "weak" and a.mode in {"read", "observe", "capture"}
        ]
        live = [a for a in live if a.owner_kind != "library"]
        if live:
            return True
        return None if code is None or self._code_gaps() else False

    def _code_gaps(self) -> bool:
        """Whether part of the code was not read."""
        return any(gap.path == "app.accesses" for gap in self.gaps)

    def _has_account(
        self, texts: Sequence[InterfaceText], layouts: Layouts | None, code: Code | None
    ) -> bool | None:
        """Whether the app has accounts of its own: its words speak of it and a form or a second word bears it out.

        Words of bundled libraries (``common_signin_…``) do not count; words alone leave it open.
        """
        own = [t for t in texts if t.kind in {"login", "register"} and t.owner_kind in {"app", "unknown"}]
        own = [t for t in own if not t.name.partition("/")[2].startswith(LIBRARY_STRINGS)]
        if not own:
            return (
                False
                if code is not None and not any(g.path == "app.has_account" for g in self.gaps)
                else None
            )
        borne_out = any(t.kind == "register" for t in own) or (
            layouts is not None and layouts.credential_fields > 0
        )
        return True if borne_out else None

"""package → facts: reads every part, and says of each part that could not be read what is therefore not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

from scanner import __version__, catalogue
from scanner.appfacts import StartupStep
from scanner.codefacts import Access, CodeStats, NativeLibrary, Origin, Sdk
from scanner.collect.app.abilities import Abilities
from scanner.collect.app.accesses import accesses as find_accesses
from scanner.collect.app.archive import EntryError
from scanner.collect.app.autostart import find_autostarts
from scanner.collect.app.buildrecords import find_records, find_traces, with_versions
from scanner.collect.app.category import Spoken, propose, with_category
from scanner.collect.app.code import Code
from scanner.collect.app.components import component_fact
from scanner.collect.app.endpoints import endpoints as find_endpoints
from scanner.collect.app.evasion import DEX_ODDITIES, HIDDEN, oddities, summary
from scanner.collect.app.expansions import find_expansions
from scanner.collect.app.extras import read_extras
from scanner.collect.app.foreground import foreground_services
from scanner.collect.app.identity import flags_fact, identity_fact
from scanner.collect.app.intake import Intake
from scanner.collect.app.interface import Layouts
from scanner.collect.app.issues import code_issues
from scanner.collect.app.manifest import (
    FACTORY,
    NAME,
    Manifest,
)
from scanner.collect.app.nativeowners import named_owner, native_owner
from scanner.collect.app.natives import Native, read_natives
from scanner.collect.app.opening import open_package
from scanner.collect.app.overall import LIBRARY_STRINGS, collects_pi, has_account
from scanner.collect.app.package import Package
from scanner.collect.app.packers import find_packer
from scanner.collect.app.permissions import permission_facts
from scanner.collect.app.requests import permission_requests
from scanner.collect.app.restable import ResourceTable
from scanner.collect.app.sdks import sdk_facts
from scanner.collect.app.searched import searched
from scanner.collect.app.shown import consent_screens, shown
from scanner.collect.app.startorder import INITIALIZATION_PROVIDER
from scanner.collect.app.startup import startup_steps
from scanner.collect.app.subject import Program
from scanner.collect.app.surface import Surface
from scanner.collect.app.wakes import find_wakes
from scanner.context import CollectOptions
from scanner.dex import DexError
from scanner.facts import AppFacts, Component, Facts
from scanner.model import Evidence, Problem, Proof, Subject, Text

CODE_PATHS = (
    "app.accesses",
    "app.sdks",
    "app.startup",
    "app.requests",
    "app.endpoints",
    "app.issues",
    "app.autostarts",
    "app.wakes",
    "app.abilities",
    "app.dialogs",
)
UNKNOWN = Origin(kind="unknown")


def collect_app(path: Path, options: CollectOptions) -> Facts:
    """Return the facts of the Android package at ``path``; raises InputError when it is no package at all."""
    with open_package(path) as package:
        return collect_package(package, options)


def collect_package(package: Package, options: CollectOptions) -> Facts:
    """Return the facts of an open package; raises InputError when it is no package at all."""
    return _Collector(package, options).run()


class _Collector:
    def __init__(self, package: Package, options: CollectOptions) -> None:
        self.package = package
        self.options = options
        self.intake = Intake(package)
        self.gaps, self.problems = self.intake.gaps, self.intake.problems
        self.natives: tuple[Native, ...] = ()

    def run(self) -> Facts:
        package, step = self.package, self.options.observer.step
        step("package")
        intake = self.intake
        resources = intake.resources()
        manifest = intake.manifest(resources)
        layouts = self._layouts(resources)
        self.natives = read_natives(package, intake.read)
        step("code")
        code, program = self._code(manifest, layouts)
        step("interface")
        seen = shown(code, resources, layouts, manifest)
        if code is not None:
            code.consent_screens = consent_screens(seen)
        step("accesses")
        found, near_misses = find_accesses(code) if code is not None else ([], frozenset[str]())
        step("files")
        extras = read_extras(package, manifest, resources, code, seen.names, self.natives)
        step("sdks")
        endpoints = (*(find_endpoints(code) if code is not None else ()), *extras.endpoints)
        sdks = sdk_facts(code, program, found, endpoints)
        components = self._components(manifest, code)
        step("signing")
        signing = intake.signing(manifest)
        identity = identity_fact(manifest)
        self.gaps += extras.gaps
        self.problems += extras.problems
        intake.delivery(manifest, identity, resources)
        stats = self._stats(code, program)  # also finds packers, which are gaps of the code
        self._oddities(manifest, stats)
        intake.skipped(resources)
        permissions = permission_facts(
            manifest, components, found, None if self._code_gaps() else code, near_misses
        )
        natives = tuple(self._native(code))
        abilities = Abilities(package, manifest, resources, code, complete=not self._code_gaps())
        surface = Surface(package, manifest, resources, code, components)
        expansions = find_expansions(package, code)
        self.gaps += expansions.gaps
        records = find_records(package.entries, package.head)
        sdks = with_versions(sdks, records)
        traces = find_traces(seen.names, extras.hardening, records, {sdk.id for sdk in sdks})
        step("startup")
        startup = self._startup(code, sdks, found)
        step("patterns")
        issues = code_issues(code, components, found) if code is not None else []
        step("wakes")
        autostarts = find_autostarts(program, components, natives, code)
        wakes = find_wakes(code) if code is not None else []
        step("summary")
        texts = (*seen.texts, *extras.texts)
        proofs: dict[str, tuple[Evidence, ...]] = {}
        read_all = code is not None and not self._code_gaps()
        collects, proofs["collects_pi"] = collects_pi(found, complete=read_all)
        read_all = code is not None and not self._is_gap("app.has_account")
        account, proofs["has_account"] = has_account(texts, layouts, seen.forms, code, complete=read_all)
        app = AppFacts(
            identity=identity,
            flags=flags_fact(manifest, extras.network),
            signing=signing,
            components=components,
            permissions=tuple(permissions),
            accesses=tuple(found),
            sdks=tuple(sdks),
            startup=startup,
            requests=tuple(permission_requests(code, texts)) if code is not None else (),
            texts=texts,
            unused_texts=seen.unused,
            dialogs=seen.dialogs,
            checkboxes=seen.boxes,
            endpoints=endpoints,
            issues=tuple(issues),
            native_libraries=natives,
            network=extras.network,
            secrets=extras.secrets,
            hardening=extras.hardening,
            containers=extras.containers,
            build_records=tuple(records),
            sdk_traces=tuple(traces),
            expansions=expansions.found,
            autostarts=tuple(autostarts),
            wakes=tuple(wakes),
            abilities=tuple(abilities.find(components, permissions)),
            links=tuple(surface.links()),
            own_permissions=tuple(surface.own_permissions()),
            guards=tuple(surface.guards()),
            tasks=tuple(surface.tasks()),
            queries=surface.queries(),
            foreground_services=tuple(foreground_services(manifest, code, components, found)),
            shared_folders=tuple(surface.shared_folders()),
            code=stats,
            collects_pi=collects,
            has_account=account,
            proofs=tuple(Proof(field=field, evidence=proof) for field, proof in proofs.items() if proof),
        )
        app = self._with_category(app, manifest, resources)
        self._unfinished(code)
        intake.cited(app)
        facts = Facts(
            collector=f"guijian {__version__}",
            subject=Subject(
                kind="app",
                name=identity.label_zh or identity.label or identity.package,
                identifier=identity.package,
                version=identity.version_name or "",
                sha256=intake.artifacts[0].sha256,
                source=package.path.name,
                category=self.options.category,
                developer=self.options.developer,
                store=self.options.store,
            ),
            app=app,
            artifacts=tuple(intake.artifacts),
            gaps=tuple(self.gaps),
            looked=(*searched(package, manifest, code, resources, layouts), *extras.looked),
            problems=(*package.problems, *self.problems),
        )
        return intake.named(facts, resources)

    def _oddities(self, manifest: Manifest, stats: CodeStats) -> None:
        """Note what Android takes and other readers stumble over, and code that only the app itself can load."""
        found = oddities(self.package, manifest)
        for problem in found:
            if problem.code == HIDDEN and stats.dynamic_loads:
                self.intake.gap(HIDDEN, problem.message, *CODE_PATHS)
        self.problems += found
        evasive = summary([*self.package.problems, *self.problems])
        if evasive is not None:
            self.problems.append(evasive)

    # --- parts ----------------------------------------------------------------------------------------

    def _dex_sources(self) -> Iterator[tuple[str, bytes]]:
        for name in self.package.dex_names():
            try:
                yield name, self.intake.read(name)
            except EntryError as error:
                self._code_gap("dex-unread", error.text, self.package.artifact(name))

    def _code(self, manifest: Manifest, layouts: Layouts | None) -> tuple[Code | None, Program]:
        program = self._program(manifest, layouts)
        names = self.package.dex_names()
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
            if problem.code in DEX_ODDITIES:
                odd = Problem(code=problem.code, where=problem.dex, message=DEX_ODDITIES[problem.code])
                self.problems.append(odd)
                continue
            message = Text(
                zh=f"{problem.dex} 有 {problem.count} 处结构损坏（{problem.code}），已跳过",
                en=f"{problem.dex}: {problem.count} malformed places ({problem.code}) were skipped",
            )
            self.problems.append(
                Problem(
                    code=problem.code,
                    where=self.package.artifact(problem.dex),
                    message=message,
                    count=problem.count,
                )
            )
            self.intake.gap(problem.code, message, *CODE_PATHS)
        return code, program

    def _startup(
        self, code: Code | None, sdks: Sequence[Sdk], found: Sequence[Access]
    ) -> tuple[StartupStep, ...]:
        if code is None:
            return ()
        steps, more = startup_steps(code, sdks, found)
        if more:
            message = Text(
                zh=f"启动步骤另有 {more} 项未列出", en=f"{more} more steps of the start are not listed"
            )
            self.intake.gap("startup-cut", message, "app.startup")
        return tuple(steps)

    def _unfinished(self, code: Code | None) -> None:
        """Say which searches of the code were given up before they ended."""
        if code is None or not code.unfinished:
            return
        reason = Text(
            zh="代码过大，对组件的跟踪没有做完",
            en="too much code: components were not followed to the end",
        )
        self.problems.append(Problem(code="flow-unfinished", where="dex", message=reason))
        self.intake.gap("flow-unfinished", reason, *sorted(code.unfinished))

    def _code_gap(self, code: str, reason: Text, where: str) -> None:
        self.problems.append(Problem(code=code, where=where, message=reason))
        self.intake.gap(code, reason, *CODE_PATHS, "app.collects_pi", "app.has_account")

    def _program(self, manifest: Manifest, layouts: Layouts | None) -> Program:
        return Program(
            package=manifest.package,
            min_sdk=manifest.min_sdk or 1,
            target_sdk=manifest.effective_target,
            compile_sdk=manifest.compile_sdk,
            natives=self.natives,
            application=manifest.class_name(manifest.application_text(NAME)),
            factory=manifest.class_name(manifest.application_text(FACTORY)),
            components=tuple(component_fact(c, UNKNOWN) for c in manifest.components()),
            meta_data=tuple(manifest.meta_data()),
            declared=frozenset(p.name for p in manifest.uses_permissions()),
            files=tuple(self.package.entries),
            layout_classes=tuple(sorted(layouts.classes)) if layouts is not None else (),
            init_orders={c.name: c.init_order for c in manifest.components() if c.init_order is not None},
            initializers=tuple(
                one.name
                for component in manifest.components()
                if component.name == INITIALIZATION_PROVIDER and component.enabled
                for one in component.meta_data
                if one.value == "androidx.startup"
            ),
        )

    def _components(self, manifest: Manifest, code: Code | None) -> tuple[Component, ...]:
        return tuple(
            component_fact(
                c,
                code.owner_of_class(c.target or c.name) if code is not None else UNKNOWN,
                code.switches.switched_on(c.target or c.name) if code is not None else None,
            )
            for c in manifest.components()
        )

    def _layouts(self, resources: ResourceTable | None) -> Layouts | None:
        if resources is None:
            return None
        layouts = Layouts(self.package, resources, self.package.parse_xml)
        unread = layouts.unread + layouts.others_unread
        if unread:
            message = Text(
                zh=f"{unread} 个布局、菜单等文件无法读取",
                en=f"{unread} layouts, menus and the like could not be read",
            )
            self.intake.gap("layouts-unread", message, "app.checkboxes", "app.texts", "app.dialogs")
            self.problems.append(
                Problem(code="layouts-unread", where="res/layout", message=message, count=unread)
            )
        return layouts

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

    def _native(self, code: Code | None) -> Iterator[NativeLibrary]:
        """Yield the libraries of all ABIs; whose they are is told from the one ABI that was read."""
        owners = {one.path.rpartition("/")[2]: native_owner(one, code) for one in self.natives}
        for path, entry in sorted(self.package.entries.items()):
            parts = path.split("/")
            if len(parts) == 3 and parts[0] == "lib" and parts[2].endswith(".so"):
                owner = owners.get(parts[2]) or named_owner(parts[2])
                yield NativeLibrary(path=path, name=parts[2], abi=parts[1], size=entry.size, owner=owner)

    def _with_category(self, app: AppFacts, manifest: Manifest, resources: ResourceTable | None) -> AppFacts:
        """Return ``app`` with its category as given, and what it looks like."""
        spoken = (
            Spoken(name, locale, text)
            for name, locale, text in (resources.strings() if resources is not None else ())
            if locale in {"", "zh"} or locale.startswith("zh")
            if not name.partition("/")[2].startswith(LIBRARY_STRINGS)
        )
        app = app.model_copy(update={"category_proposal": propose(app, spoken, manifest.app_category)})
        name = self.options.category
        if name and not catalogue.find_categories(name):
            message = Text(
                zh=f"不认识的应用类别“{name[:40]}”，按未指定处理",
                en=f"unknown category “{name[:40]}”, taken as not given",
            )
            self.problems.append(Problem(code="category-unknown", where="--category", message=message))
        basis: Literal["given", "declared"] = (
            "given" if name and catalogue.is_category_name(name) else "declared"
        )
        return with_category(app, name, basis)

    def _code_gaps(self) -> bool:
        """Whether part of the code was not read."""
        return self._is_gap("app.accesses")

    def _is_gap(self, path: str) -> bool:
        return any(gap.path == path for gap in self.gaps)

"""Every place in code that obtains a personal-information item, matched against the catalogue.

The rules of matching stand in docs/catalogue.md: methods and fields by reference, constant arguments where an entry
asks for one, literals (URIs, properties, paths, intent actions) only together with a call that uses them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from scanner import catalogue
from scanner.appfacts import GuardKind
from scanner.catalogue import Source
from scanner.codefacts import Access
from scanner.collect.app.applist import narrow_queries
from scanner.collect.app.code import Code, member
from scanner.collect.app.remarks import joined, remarked
from scanner.collect.app.subject import Program
from scanner.dex import Member, Site, constant_arguments, field_sites, strings_with_prefix, text_sites
from scanner.model import Evidence, Text

LITERALS = frozenset({"uri", "property", "path", "intent-action"})
APP_LIST = "installed-apps"
WHOLE = frozenset({"property", "intent-action"})
MAX_STRING = 500
# What the call does with a literal, by the literal's kind, and where the call stands.
USES = {
    "property": Text(zh="读取上述系统属性的调用", en="the call that reads the system property above,"),
    "uri": Text(zh="访问上述地址的调用", en="the call that opens the address above,"),
    "path": Text(zh="打开上述路径或执行上述命令的调用", en="the call that opens or runs what is above,"),
    "intent-action": Text(zh="使用上述动作的调用", en="the call that uses the action above,"),
    "field": Text(zh="使用上述字段的调用", en="the call that uses the field above,"),
}
# A reflective call: of which class, where the code names it.
INVOKE, PROPERTIES = "Ljava/lang/reflect/Method;->invoke(", "android.os.SystemProperties"
REFLECTED = Text(
    zh=f"，经反射，同一类的代码写有类名 {PROPERTIES}",
    en=f", by reflection; code of the same class names {PROPERTIES}",
)
UNNAMED = Text(
    zh="，经反射，所调用的类不能由此确定", en=", by reflection; the class called cannot be told here"
)
NEARBY = {
    "here": Text(zh="同一方法中", en="in the same method"),
    "below": Text(zh="上述方法所调用的方法中", en="in a method that the one above calls"),
    "beside": Text(zh="同一类的其他方法中", en="in another method of the same class"),
}


def accesses(code: Code) -> tuple[list[Access], frozenset[str]]:
    """Return every access of ``code``'s program, sorted by item, caller and offset; one per item and instruction.

    Also returns the permissions of near misses: literals and fields that are there without a call that uses them.
    Such a permission cannot be said to be unused.
    """
    finder = _Finder(code)
    found = sorted(finder.run(), key=lambda a: (a.item, a.dex, a.caller, a.offset, a.source))
    return found, frozenset(finder.near_misses)


class _Finder:
    def __init__(self, code: Code) -> None:
        self.code = code
        self.items = catalogue.items()
        self._constants: dict[tuple[int, int], frozenset[str]] = {}
        self._evidence: dict[tuple[int, int, str, str], tuple[Evidence, ...]] = {}
        self._joined: dict[tuple[str, ...], dict[int, list[Site]]] = {}
        self._loads: dict[int, frozenset[str]] = {}
        self.near_misses: set[str] = set()

    def run(self) -> Iterator[Access]:
        for source, site, inherited in self._matches():
            for item in source.item_ids:
                yield self._access(source, item, site, inherited)
        for source, site in self._reflected():
            for item in source.item_ids:
                access = self._access(source, item, site, inherited=False)
                strength = "weak" if source.strength == "weak" else "derived"
                yield access.model_copy(update={"strength": strength, "via_reflection": True})

    def _reflected(self) -> Iterator[tuple[Source, Site]]:
        """Yield the reflective calls of methods of the catalogue; of several of one name only what they have in common."""
        by_name: dict[tuple[str, str], list[Source]] = defaultdict(list)
        for source in catalogue.sources():
            if source.kind == "method" and source.name and source.name != "<init>":
                by_name[source.descriptor, source.name].append(source)
        for leap in self.code.graph.reflection.calls_of(by_name):
            site = self.code.reflective_site(leap, f"{leap.owner}->{leap.name}")
            fitting = [s for s in by_name[leap.owner, leap.name] if self._fits(s, site)]
            if fitting and all(s.item_ids == fitting[0].item_ids for s in fitting):
                yield fitting[0], site

    def _matches(self) -> Iterator[tuple[Source, Site, bool]]:
        methods = [s for s in catalogue.sources() if s.kind == "method"]
        members = [Member(s.descriptor, s.name or "", s.args) for s in methods]
        for hit in self.code.sites(members):
            source = methods[hit.member]
            if self._fits(source, hit.site):
                yield source, hit.site, hit.inherited
        fields = [s for s in catalogue.sources() if s.kind == "field"]
        for hit in field_sites(self.code.dex, [Member(s.descriptor, s.name or "") for s in fields]):
            source = fields[hit.member]
            if self._used(source, hit.site):
                yield source, hit.site, False
        yield from self._literals()

    def _fits(self, source: Source, site: Site) -> bool:
        # Decoding a method is dear: first ask whether it loads the string at all.
        wanted = source.string
        if wanted is not None and (
            wanted not in self._loaded(site.node) or wanted not in self._strings(site)
        ):
            return False
        return self._used(source, site)

    def _loaded(self, node: int) -> frozenset[str]:
        """Strings the method loads anywhere."""
        if node not in self._loads:
            part = self.code.dex.part_of(node)
            self._loads[node] = frozenset(part.file.string(index) for index in part.strings_of(node))
        return self._loads[node]

    def _strings(self, site: Site) -> frozenset[str]:
        """Strings among the call's constant arguments."""
        key = (site.node, site.offset)
        if key not in self._constants:
            arguments = constant_arguments(self.code.dex, site.node, site.offset)
            # A reflective call takes its arguments in an array.
            every = [a for one in arguments for a in (one if isinstance(one, tuple) else (one,))]
            self._constants[key] = frozenset(a for a in every if isinstance(a, str))
        return self._constants[key]

    # --- literals -------------------------------------------------------------------------------------

    def _literals(self) -> Iterator[tuple[Source, Site, bool]]:
        by_value: dict[str, list[Source]] = defaultdict(list)
        for source in catalogue.sources():
            if source.kind in LITERALS and source.value:
                by_value[source.value].append(source)
        prefixes = [value.encode() for value in by_value]
        for site in text_sites(self.code.dex, lambda file: strings_with_prefix(file, prefixes)):
            for value, sources in by_value.items():
                if not site.target.startswith(value):
                    continue
                for source in sources:
                    if _literal_fits(source, site.target) and self._used(source, site):
                        yield source, site, False

    def _used(self, source: Source, site: Site) -> bool:
        """Whether one of the calls the entry asks for stands in the same method or in one it calls directly."""
        if not source.needs_call or self._using(source, site) is not None:
            return True
        self.near_misses.update(span.name for spans in source.permissions for span in spans)
        return False

    def _using(self, source: Source, site: Site) -> tuple[str, Site] | None:
        """Return the call that uses what stands at ``site``, and where it is relative to it (a key of ``NEARBY``)."""
        calls = self._calls_of(source.needs_call)
        here = sorted(calls.get(site.node, ()), key=lambda call: (call.offset < site.offset, call.offset))
        if here:
            return "here", here[0]
        below = [call for node in self._callees(site.node) for call in calls.get(node, ())]
        if below:
            return "below", below[0]
        if "-><clinit>(" in site.caller or "-><init>(" in site.caller:
            # Kept in a field of the class: its other methods use it.
            beside = [call for node in self.code.siblings(site.node) for call in calls.get(node, ())]
            return ("beside", beside[0]) if beside else None
        return None

    @cached_property
    def _narrow(self) -> dict[tuple[int, int], Text]:
        """Queries of the package manager that are no list of the installed apps, with why."""
        return narrow_queries(self.code)

    @cached_property
    def _call_sites(self) -> dict[str, list[Site]]:
        names = sorted({name for source in catalogue.sources() for name in source.needs_call})
        found: dict[str, list[Site]] = {name: [] for name in names}
        for hit in self.code.sites([member(name) for name in names]):
            found[names[hit.member]].append(hit.site)
        return found

    def _calls_of(self, names: Sequence[str]) -> dict[int, list[Site]]:
        """Return the calls of ``names`` by the method they stand in; earlier names first."""
        key = tuple(names)
        if key not in self._joined:
            joined: dict[int, list[Site]] = defaultdict(list)
            for site in (site for name in names for site in self._call_sites[name]):
                joined[site.node].append(site)
            self._joined[key] = dict(joined)
        return self._joined[key]

    def _callees(self, node: int) -> list[int]:
        _, target = self.code.graph.callees(np.array([node], dtype=np.int64))
        return [int(n) for n in target]

    # --- facts ----------------------------------------------------------------------------------------

    def _access(self, source: Source, item: str, site: Site, inherited: bool) -> Access:
        code, info = self.code, self.items[item]
        owner = code.owner(site.node)
        reachable, entry = code.reached(site.node)
        guard = code.guard(site.node, site.offset)
        needed, missing = permission_need(source, code.program)
        dormant = code.dormant(site.node)
        return Access(
            item=item,
            source=source.id,
            kind=source.kind,
            mode=source.access,
            target=site.target[:MAX_STRING],
            caller=site.caller,
            dex=site.dex,
            offset=site.offset,
            owner=owner,
            owner_kind=owner.kind,
            owner_id=owner.id,
            strength="weak" if self._is_narrow(source, site) else source.strength,
            via_hierarchy=inherited,
            reachable=reachable,
            entry=entry.name if entry else None,
            entry_kind=entry.kind if entry else None,
            entry_method=_entry_method(code, site.node),
            before_ui=code.before_ui(site.node),
            guarded=behind_flag(guard),
            guard=guard,
            restricted=_restricted(source, code.program),
            permissions=needed,
            permission_missing=missing,
            sensitive=info.sensitive,
            persistent_identifier=info.persistent_identifier,
            dormant=dormant,
            evidence=self._proof(source, site, dormant),
        )

    def _proof(self, source: Source, site: Site, dormant: str) -> tuple[Evidence, ...]:
        """Return the instruction, and for what does nothing by itself (a string, a field) the call that uses it."""
        key = (site.node, site.offset, site.target, source.id)
        if key not in self._evidence:
            using = self._using(source, site) if source.kind != "method" and source.needs_call else None
            place = remarked(self.code.evidence(site), self._note(source, site, dormant))
            self._evidence[key] = (place, *(self._use_of(source, *using) if using is not None else ()))
        return self._evidence[key]

    def _is_narrow(self, source: Source, site: Site) -> bool:
        return source.item == APP_LIST and (site.node, site.offset) in self._narrow

    def _note(self, source: Source, site: Site, dormant: str) -> Text | None:
        """Return what limits the access: only a dormant component leads to it, what systems give, what is asked."""
        parts = [_asleep(dormant)] if dormant else []
        if self._is_narrow(source, site):
            parts.append(self._narrow[site.node, site.offset])
        elif source.restricted_note is not None and not _lifted(source, self.code.program):
            parts.append(source.restricted_note)
        return joined(parts)

    def _use_of(self, source: Source, where: str, call: Site) -> tuple[Evidence, ...]:
        near, what = NEARBY[where], USES.get(source.kind, USES["field"])
        note = Text(zh=f"{near.zh}{what.zh}", en=f"{what.en} {near.en}")
        if source.kind == "property" and call.target.startswith(INVOKE):
            named = any(PROPERTIES in self._loaded(n) for n in (call.node, *self.code.siblings(call.node)))
            more = REFLECTED if named else UNNAMED
            note = Text(zh=f"{note.zh}{more.zh}", en=f"{note.en}{more.en}")
        update = {"note": note, "beside": True, **({"chain": ()} if where == "here" else {})}
        return (self.code.evidence(call).model_copy(update=update),)


def _lifted(source: Source, program: Program) -> bool:
    """Whether the limit does not hold: not for this target level, or lifted by a permission where none is needed."""
    if program.target_sdk < source.note_target:
        return True
    names = {span.name for spans in source.permissions for span in spans}
    return source.permission_optional and not names.isdisjoint(program.declared)


def _asleep(component: str) -> Text:
    return Text(
        zh=f"只能由停用的组件 {component} 到达",
        en=f"only the component {component}, which is switched off, leads here",
    )


def behind_flag(guard: GuardKind | None) -> bool | None:
    """Return whether a flag decides, None where its meaning cannot be told (or nothing is to be decided)."""
    return None if guard is None or guard == "unknown" else guard != "none"


def _entry_method(code: Code, node: int) -> str | None:
    """Return the name of the chain's first method when only calls follow it, "" after a callback, None without chain."""
    chain = code.chain(node)
    if not chain:
        return None
    if any(step.edge in {"callback", "possible"} for step in chain):
        return ""
    return chain[0].method.partition("->")[2].partition("(")[0]


def _literal_fits(source: Source, text: str) -> bool:
    """Whether ``text`` is the literal: whole, or as a prefix that ends at a word boundary."""
    value = source.value or ""
    if source.kind in WHOLE:
        return text == value
    following = text[len(value) : len(value) + 1]
    return value.endswith("/") or not (following.isalnum() or following in {"_", "."})


def permission_need(source: Source, program: Program) -> tuple[tuple[str, ...], bool]:
    """Return the permissions the access rests on in this package, and whether none of the alternatives is declared.

    Alternatives count at the API levels from the package's minimum to its target level.  Those of all
    completely declared alternatives are returned; if there is none, those of the first alternative.
    """
    alternatives = [
        tuple(span.name for span in spans if _overlaps(span.from_, span.to, program))
        for spans in source.permissions
    ]
    alternatives = [names for names in alternatives if names]
    if not alternatives:
        return (), False
    complete = [names for names in alternatives if program.declared.issuperset(names)]
    if complete:
        return tuple(dict.fromkeys(name for names in complete for name in names)), False
    if source.permission_optional or any(
        name.rpartition(".")[2].startswith("BIND_") for n in alternatives for name in n
    ):
        return (), False
    return alternatives[0], True


def _overlaps(first: int, last: int | None, program: Program) -> bool:
    return first <= program.target_sdk and (last is None or last >= program.min_sdk)


def _restricted(source: Source, program: Program) -> bool:
    """Whether no device this package runs on gives an ordinary app the value."""
    return source.api.restricted is not None and program.min_sdk >= source.api.restricted

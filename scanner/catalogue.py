"""The catalogue: personal-information items, how Android yields them, permissions, SDKs, packers.

Typed access to ``rules/data``.  One taxonomy of items ties permissions, APIs, SDKs and policy words together;
every collector maps into it.  Knows no rules and no verdicts.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Any, Literal

from pydantic import ConfigDict, Field

from scanner.datafiles import read_data
from scanner.model import Frozen, Text


class _Data(Frozen):
    """Data entries may carry fields that only documentation or a later collector reads."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Item(_Data):
    """A kind of personal information; ``parents`` are vaguer terms, ``abstract`` ones are terms only."""

    id: str
    name: Text
    category: str = ""
    parents: tuple[str, ...] = ()
    abstract: bool = False
    sensitive: Literal["yes", "conditional", "legacy", "no"] = "no"
    persistent_identifier: bool = False
    policy_terms: tuple[str, ...] = ()
    policy_terms_weak: tuple[str, ...] = ()
    web_field_terms: tuple[str, ...] = ()


class PermissionSpan(_Data):
    """A permission needed between two API levels (inclusive)."""

    name: str
    from_: int = Field(default=1, alias="from")
    to: int | None = None


class ApiLevels(_Data):
    """API levels at which a source appeared, was deprecated, restricted to system apps, limited, or removed."""

    added: int | None = None
    deprecated: int | None = None
    restricted: int | None = None
    limited: int | None = None
    removed: int | None = None


class Source(_Data):
    """One way of obtaining items on Android: method, field, content URI, system property, file or intent."""

    id: str
    item: str | None = None
    items: tuple[str, ...] = ()
    kind: Literal["method", "field", "uri", "property", "path", "intent-action"]
    class_: str | None = Field(default=None, alias="class")
    name: str | None = None
    args: str | None = None
    string: str | None = None
    value: str | None = None
    needs_call: tuple[str, ...] = ()
    access: Literal["read", "observe", "capture", "prompt", "write"] = "read"
    permissions: tuple[tuple[PermissionSpan, ...], ...] = ()
    api: ApiLevels = ApiLevels()
    permission_optional: bool = False
    strength: Literal["direct", "derived", "weak"] = "direct"
    note: Text | None = None
    restricted_note: Text | None = None
    note_target: int = 0

    @property
    def item_ids(self) -> tuple[str, ...]:
        """The items obtained."""
        return self.items or ((self.item,) if self.item else ())

    @property
    def descriptor(self) -> str:
        """Class as a type descriptor, ``Landroid/os/Build;``."""
        return "L" + (self.class_ or "").replace(".", "/") + ";"


class PermissionInfo(_Data):
    """What a permission is: protection level, group, the items it opens."""

    name: str
    protection: Literal["normal", "dangerous", "signature", "special", "privileged", "vendor"]
    group: str | None = None
    label: Text | None = None
    collects_pi: bool = False
    items: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    use_checkable: bool = False
    law_view: Text | None = None


class SdkManifest(_Data):
    """Traces of an SDK in the manifest."""

    components: tuple[str, ...] = ()
    meta_data: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()


class SdkInfo(_Data):
    """A third-party SDK or library: who makes it, how it is recognised, what it is documented to collect."""

    id: str
    name: Text
    vendor: Text
    country: str | None = None
    purpose: str
    prefixes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()
    native: tuple[str, ...] = ()
    manifest: SdkManifest = SdkManifest()
    resources: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    consent: tuple[str, ...] = ()
    version: tuple[str, ...] = ()
    collects: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    source: str = ""
    source_verified: str = ""

    @property
    def is_library(self) -> bool:
        """Whether it is a plain library or framework rather than a service that may collect."""
        return self.purpose in LIBRARY_PURPOSES


LIBRARY_PURPOSES = frozenset({"library", "framework"})


class Packer(_Data):
    """A hardening packer or obfuscator and its traces."""

    id: str
    name: Text
    kind: Literal["packer", "obfuscator"] = "packer"
    native: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    strings: tuple[str, ...] = ()


class NecessaryItem(_Data):
    """Information the regulation lists for a category, with the items it is read to mean."""

    text: str
    items: tuple[str, ...] = ()


class CategoryPermissions(_Data):
    """Permissions a category's basic function may need, and why: our inference, not the regulation's words."""

    names: tuple[str, ...]
    why: Text


class Category(_Data):
    """One of the 39 common app types and its necessary personal information (国信办秘字〔2021〕14号 第五条)."""

    id: str
    number: int
    clause: str
    name: Text
    basic_function: Text
    no_pi_needed: bool
    necessary: tuple[NecessaryItem, ...] = ()
    permissions: tuple[CategoryPermissions, ...] = ()


class SystemSigns(_Data):
    """What the manifest itself says of an app's function: intent categories and actions, service guards, appCategory."""

    category: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    service_permission: tuple[str, ...] = ()
    app_category: tuple[str, ...] = ()


class CategorySigns(_Data):
    """Signs that an app is of one type: words and names by the place they are looked for in."""

    id: str
    label: tuple[str, ...] = ()
    package: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    component: tuple[str, ...] = ()
    sdk: tuple[str, ...] = ()
    permission: tuple[str, ...] = ()
    system: SystemSigns = SystemSigns()


class SupplySide(_Data):
    """Words of apps for merchants, drivers and riders, whom the regulation does not cover (第三条)."""

    words: tuple[str, ...]
    package: tuple[str, ...]


class SignTable(_Data):
    """All signs with their weights, caps and the thresholds for a proposal (``rules/data/category_signs.yaml``)."""

    full: float
    propose_at: float
    rules_at: float
    kinds: int
    weights: dict[str, float]
    caps: dict[str, float]
    neutral: tuple[str, ...] = ()
    supply_side: SupplySide
    categories: tuple[CategorySigns, ...]


class StoreCategory(_Data):
    """Names stores give a category, and the app types it may stand for."""

    names: tuple[str, ...]
    to: tuple[str, ...]


@cache
def categories() -> dict[str, Category]:
    """Return the 39 app types by id and by Chinese name."""
    entries = [Category.model_validate(e) for e in _entries("necessary")]
    return {key: entry for entry in entries for key in (entry.id, entry.name.zh)}


@cache
def category_signs() -> SignTable:
    """Return the signs for proposing a category."""
    return SignTable.model_validate(read_data("category_signs")[0])


@cache
def _category_names() -> dict[str, tuple[str, ...]]:
    own = {c.id: c for c in categories().values()}
    found: dict[str, tuple[str, ...]] = {
        _plain(key): (entry.id,)
        for entry in own.values()
        for key in (entry.id, entry.name.zh, entry.name.en, str(entry.number))
    }
    for store in (StoreCategory.model_validate(e) for e in _entries("store_categories")):
        for name in store.names:
            found.setdefault(_plain(name), store.to)
    return found


def find_categories(name: str) -> tuple[str, ...]:
    """Return the ids of the app types that ``name`` means: one for an id, number or name of the regulation, one or
    several for a store's category, none for an unknown name."""
    return _category_names().get(_plain(name), ())


def is_category_name(name: str) -> bool:
    """Whether ``name`` is an id, number or name of the regulation rather than a store's word."""
    found = find_categories(name)
    return len(found) == 1 and _plain(name) in {
        _plain(key)
        for key in (
            found[0],
            categories()[found[0]].name.zh,
            categories()[found[0]].name.en,
            str(categories()[found[0]].number),
        )
    }


def similar_categories(name: str, count: int = 3) -> tuple[str, ...]:
    """Return the Chinese names of the app types that look most like ``name``, at most ``count``."""
    near = get_close_matches(_plain(name)[:40], list(_category_names()), count, 0.5)
    ids = dict.fromkeys(found for key in near for found in _category_names()[key])
    return tuple(categories()[one].name.zh for one in ids)[:count]


def _plain(name: str) -> str:
    """Return ``name`` without case, spaces and the endings 类, 类App."""
    text = "".join(name.casefold().split())
    return text.removesuffix("app").removesuffix("类") or text


@cache
def items() -> dict[str, Item]:
    """Return the taxonomy by item id."""
    return {item.id: item for item in (Item.model_validate(e) for e in _entries("items"))}


@cache
def sources() -> tuple[Source, ...]:
    """Return every way of obtaining an item on Android."""
    return tuple(Source.model_validate(e) for e in _entries("android_sources"))


@cache
def permissions() -> dict[str, PermissionInfo]:
    """Return the known permissions by full name."""
    return {p.name: p for p in (PermissionInfo.model_validate(e) for e in _entries("permissions"))}


@cache
def sdks() -> dict[str, SdkInfo]:
    """Return the known SDKs by id."""
    return {s.id: s for s in (SdkInfo.model_validate(e) for e in _entries("sdks"))}


@cache
def packers() -> tuple[Packer, ...]:
    """Return the known packers and obfuscators."""
    return tuple(Packer.model_validate(e) for e in _entries("packers"))


def _entries(name: str) -> list[Any]:
    """Return the entries of a data file: a list, or the list under its only list-valued key."""
    found: list[Any] = []
    for content in read_data(name):
        if isinstance(content, list):
            found.extend(content)
        else:
            found.extend(entry for value in content.values() if isinstance(value, list) for entry in value)
    return found

"""The catalogue: personal-information items, how Android yields them, permissions, SDKs, packers.

Typed access to ``rules/data``.  One taxonomy of items ties permissions, APIs, SDKs and policy words together;
every collector maps into it.  Knows no rules and no verdicts.
"""

from __future__ import annotations

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
    """Permissions a category's basic function may need."""

    names: tuple[str, ...]


class Category(_Data):
    """One of the 39 common app types and its necessary personal information (国信办秘字〔2021〕14号 第五条)."""

    id: str
    number: int
    clause: str
    name: Text
    no_pi_needed: bool
    necessary: tuple[NecessaryItem, ...] = ()
    permissions: tuple[CategoryPermissions, ...] = ()


@cache
def categories() -> dict[str, Category]:
    """Return the 39 app types by id and by Chinese name."""
    entries = [Category.model_validate(e) for e in _entries("necessary")]
    return {key: entry for entry in entries for key in (entry.id, entry.name.zh)}


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

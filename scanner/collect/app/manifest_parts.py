"""The parts of a manifest as typed values.  ``path`` is an element path a reader can follow.

Source: the manifest reference of the Android developer documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ComponentKind = Literal["activity", "activity-alias", "service", "receiver", "provider"]
KINDS: tuple[ComponentKind, ...] = ("activity", "activity-alias", "service", "receiver", "provider")
MAIN = "android.intent.action.MAIN"
LAUNCHERS = frozenset({"android.intent.category.LAUNCHER", "android.intent.category.LEANBACK_LAUNCHER"})


@dataclass(frozen=True, slots=True)
class UsesPermission:
    """A permission asked for, all elements that name it taken together.

    ``max_sdk`` and ``min_sdk`` limit the API levels it applies to (``uses-permission-sdk-23`` starts at 23);
    ``never_for_location`` is the assertion that scan results are not used to infer location.
    """

    name: str
    max_sdk: int | None
    path: str
    min_sdk: int | None = None
    never_for_location: bool = False


@dataclass(frozen=True, slots=True)
class DefinedPermission:
    """A ``<permission>`` the package defines; ``protection`` is the base level in the low 4 bits, then flags.

    ``kind`` is the element's name.
    """

    name: str
    protection: int
    group: str | None
    path: str
    kind: str = "permission"


@dataclass(frozen=True, slots=True)
class MetaData:
    """A ``<meta-data>``: its value as text, or the resource id it points to."""

    name: str
    value: str | None
    resource: int | None
    path: str


@dataclass(frozen=True, slots=True)
class DataSpec:
    """A ``<data>`` of an intent filter; ``path_kind`` is the attribute the path stands in (``pathPrefix`` ...)."""

    scheme: str | None
    host: str | None
    port: str | None
    path: str | None
    path_kind: str | None
    mime_type: str | None


@dataclass(frozen=True, slots=True)
class IntentFilter:
    """An intent filter; ``auto_verify`` asks Android to verify its links with the hosts (app links)."""

    actions: tuple[str, ...]
    categories: tuple[str, ...]
    data: tuple[DataSpec, ...]
    auto_verify: bool
    path: str

    @property
    def launcher(self) -> bool:
        """Whether the component behind it appears among the device's apps."""
        return MAIN in self.actions and not LAUNCHERS.isdisjoint(self.categories)


@dataclass(frozen=True, slots=True)
class ManifestComponent:
    """A component with effective values: ``exported`` and what it inherits from ``<application>``.

    ``exported`` follows the rule of Android 11 and earlier where it is not written (an intent filter implies it);
    Android 12 refuses such a package when it targets 31 or more.  ``grants`` are the (kind, path) of a provider's
    ``<grant-uri-permission>`` elements.  ``init_order``: providers with a higher one start first.
    """

    kind: ComponentKind
    name: str
    target: str | None
    exported: bool
    exported_explicit: bool | None
    enabled: bool
    permission: str | None
    read_permission: str | None
    write_permission: str | None
    grant_uri_permissions: bool
    label: str | None
    grants: tuple[tuple[str, str], ...]
    process: str | None
    authorities: tuple[str, ...]
    task_affinity: str | None
    launch_mode: int
    task_reparenting: bool
    direct_boot_aware: bool
    service_types: tuple[str, ...]
    init_order: int | None
    filters: tuple[IntentFilter, ...]
    meta_data: tuple[MetaData, ...]
    path: str

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions of all filters, each once."""
        return tuple(dict.fromkeys(action for one in self.filters for action in one.actions))

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of all filters, each once."""
        return tuple(dict.fromkeys(category for one in self.filters for category in one.categories))

    @property
    def schemes(self) -> tuple[str, ...]:
        """The URI schemes of all filters, each once."""
        return tuple(dict.fromkeys(data.scheme for one in self.filters for data in one.data if data.scheme))

    @property
    def launcher(self) -> bool:
        """Whether one filter makes it a launcher entry."""
        return any(one.launcher for one in self.filters)


@dataclass(frozen=True, slots=True)
class Queries:
    """``<queries>``: other packages this one wants to see, by name, by provider authority, by intent."""

    packages: tuple[str, ...]
    authorities: tuple[str, ...]
    intents: tuple[IntentFilter, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A ``<uses-feature>``."""

    name: str
    required: bool


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """An ``<instrumentation>``: a class that may run in the process of ``target``."""

    name: str
    target: str | None
    path: str


@dataclass(frozen=True, slots=True)
class SplitInfo:
    """What the manifest says of splits: name of this one, what it configures, whether the base needs others."""

    name: str | None
    config_for: str | None
    is_feature: bool
    required: bool
    required_types: tuple[str, ...]


def element_path(parent: str, tag: str, name: str | None) -> str:
    """Return the path of a child element, with its ``android:name`` as predicate where it has one."""
    if name is None:
        return f"{parent}/{tag}"
    quote = '"' if "'" in name else "'"
    return f"{parent}/{tag}[@android:name={quote}{name}{quote}]"

"""AndroidManifest.xml as typed values, with Android's defaults and an element path as locator for each.

Source: the manifest reference of the Android developer documentation and the resource ids of ``android.R.attr``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from scanner.collect.app.axml import (
    TYPE_BOOL,
    TYPE_INT_DEC,
    TYPE_INT_HEX,
    TYPE_REFERENCE,
    Attribute,
    AxmlError,
    Element,
    parse,
)
from scanner.collect.app.resources import Resources

NAME, LABEL, PERMISSION, READ, WRITE = 0x01010003, 0x01010001, 0x01010006, 0x01010007, 0x01010008
PROTECTION, GROUP, SHARED_USER, HAS_CODE = 0x01010009, 0x0101000A, 0x0101000B, 0x0101000C
ENABLED, DEBUGGABLE, EXPORTED, PROCESS = 0x0101000E, 0x0101000F, 0x01010010, 0x01010011
AUTHORITIES, GRANT, VALUE, RESOURCE = 0x01010018, 0x0101001B, 0x01010024, 0x01010025
SCHEME, HOST, TARGET_ACTIVITY = 0x01010027, 0x01010028, 0x01010202
MIN_SDK, VERSION_CODE, VERSION_NAME, TARGET_SDK = 0x0101020C, 0x0101021B, 0x0101021C, 0x01010270
MAX_SDK, TEST_ONLY, ALLOW_BACKUP = 0x01010271, 0x01010272, 0x01010280
CLEARTEXT, NETWORK_CONFIG, COMPILE_SDK = 0x010104EC, 0x01010527, 0x01010572
FACTORY, SERVICE_TYPE, LEGACY_STORAGE = 0x0101057A, 0x01010599, 0x01010603
CODENAMES = {"M": 23, "N": 24, "O": 26, "P": 28, "Q": 29, "R": 30, "S": 31, "T": 33}
SERVICE_TYPES = (
    (0x1, "dataSync"), (0x2, "mediaPlayback"), (0x4, "phoneCall"), (0x8, "location"), (0x10, "connectedDevice"),
    (0x20, "mediaProjection"), (0x40, "camera"), (0x80, "microphone"), (0x100, "health"), (0x200, "remoteMessaging"),
    (0x400, "systemExempted"), (0x800, "shortService"), (0x40000000, "specialUse"),
)  # fmt: skip
ComponentKind = Literal["activity", "activity-alias", "service", "receiver", "provider"]
KINDS: tuple[ComponentKind, ...] = ("activity", "activity-alias", "service", "receiver", "provider")
LAUNCHER, MAIN = "android.intent.category.LAUNCHER", "android.intent.action.MAIN"
IMPLICIT_EXPORT_BELOW = 31


@dataclass(frozen=True, slots=True)
class UsesPermission:
    """A ``<uses-permission>``; ``max_sdk`` limits the levels it applies to."""

    name: str
    max_sdk: int | None
    path: str


@dataclass(frozen=True, slots=True)
class DefinedPermission:
    """A ``<permission>`` the package defines; ``protection`` is the base level 0–3 and flags."""

    name: str
    protection: int
    group: str | None
    path: str


@dataclass(frozen=True, slots=True)
class ManifestComponent:
    """A component with its effective ``exported`` value (before Android 12: implied by an intent filter)."""

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
    process: str | None
    authorities: tuple[str, ...]
    actions: tuple[str, ...]
    categories: tuple[str, ...]
    schemes: tuple[str, ...]
    launcher: bool
    service_types: tuple[str, ...]
    path: str


class Manifest:
    """The manifest of a package; raises AxmlError when Android would not read it either."""

    def __init__(self, data: bytes, resources: Resources | None) -> None:
        self._resources = resources
        self.root = parse(data)
        if self.root.name != "manifest":
            raise AxmlError(f"root element {self.root.name!r} is not manifest")
        application = self.root.find("application")
        self.application: Element | None = application[0] if application else None
        uses = self.root.find("uses-sdk")
        self._uses_sdk = uses[0] if uses else None
        self.package = self._text(self.root, 0, "package") or ""
        self.split = self._text(self.root, 0, "split")
        self.version_name = self._text(self.root, VERSION_NAME, "versionName")
        self.version_code = self._int(self.root, VERSION_CODE, "versionCode")
        self.compile_sdk = self._int(self.root, COMPILE_SDK, "compileSdkVersion")
        self.shared_user_id = self._text(self.root, SHARED_USER, "sharedUserId")
        self.min_sdk = self._sdk(MIN_SDK, "minSdkVersion")
        self.target_sdk = self._sdk(TARGET_SDK, "targetSdkVersion")

    # --- values ---------------------------------------------------------------------------------------

    def _sdk(self, resource: int, name: str) -> int | None:
        if self._uses_sdk is None:
            return None
        number = self._int(self._uses_sdk, resource, name)
        if number is not None:
            return number
        return CODENAMES.get((self._text(self._uses_sdk, resource, name) or "")[:1])

    def _text(self, element: Element, resource: int, name: str) -> str | None:
        attribute = element.attribute(resource, name)
        return None if attribute is None else self.resolve(attribute)

    def resolve(self, attribute: Attribute, languages: tuple[str, ...] = ("",)) -> str | None:
        """Return the attribute's text, references resolved in the first of ``languages`` that has it."""
        if attribute.type == TYPE_REFERENCE:
            return self._resources.text(attribute.data, languages) if self._resources is not None else None
        if attribute.text is not None:
            return attribute.text
        if attribute.type in {TYPE_INT_DEC, TYPE_INT_HEX}:
            return str(attribute.data)
        return None

    def _int(self, element: Element, resource: int, name: str) -> int | None:
        attribute = element.attribute(resource, name)
        if attribute is None:
            return None
        if attribute.type in {TYPE_INT_DEC, TYPE_INT_HEX}:
            return attribute.data
        if attribute.type == TYPE_REFERENCE and self._resources is not None:
            value = self._resources.value(attribute.data)
            return value.data if value is not None and value.type in {TYPE_INT_DEC, TYPE_INT_HEX} else None
        text = attribute.text or ""
        return int(text) if text.isdecimal() and len(text) < 10 else None

    def _bool(self, element: Element, resource: int, name: str) -> bool | None:
        attribute = element.attribute(resource, name)
        if attribute is None:
            return None
        kind, data = attribute.type, attribute.data
        if kind == TYPE_REFERENCE and self._resources is not None:
            value = self._resources.value(data)
            if value is None:
                return None
            kind, data = value.type, value.data
        if kind in {TYPE_BOOL, TYPE_INT_DEC, TYPE_INT_HEX}:
            return data != 0
        return {"true": True, "false": False}.get((attribute.text or "").lower())

    def flag(self, resource: int, name: str) -> bool | None:
        """Return a boolean attribute of ``<application>`` as written, None when absent."""
        return None if self.application is None else self._bool(self.application, resource, name)

    def application_text(self, resource: int, name: str) -> str | None:
        """Return a text attribute of ``<application>``."""
        return None if self.application is None else self._text(self.application, resource, name)

    def label(self, languages: tuple[str, ...]) -> str | None:
        """Return the application's label in the first of ``languages`` that has it."""
        attribute = self.application.attribute(LABEL, "label") if self.application is not None else None
        return None if attribute is None else self.resolve(attribute, languages)

    def class_name(self, name: str | None) -> str | None:
        """Return a full class name: ``.Main`` and ``Main`` are relative to the package."""
        if not name:
            return None
        if name.startswith("."):
            return self.package + name
        return name if "." in name else f"{self.package}.{name}"

    # --- parts ----------------------------------------------------------------------------------------

    def uses_permissions(self) -> Iterator[UsesPermission]:
        """Yield the permissions asked for (``uses-permission`` and its ``-sdk-23`` forms)."""
        for tag in ("uses-permission", "uses-permission-sdk-23", "uses-permission-sdk-m"):
            for element in self.root.find(tag):
                name = self._text(element, NAME, "name")
                if name:
                    path = f"/manifest/{tag}[@android:name='{name}']"
                    yield UsesPermission(name, self._int(element, MAX_SDK, "maxSdkVersion"), path)

    def defined_permissions(self) -> Iterator[DefinedPermission]:
        """Yield the permissions the package defines."""
        for element in self.root.find("permission"):
            name = self._text(element, NAME, "name")
            if name:
                level = self._int(element, PROTECTION, "protectionLevel") or 0
                group = self._text(element, GROUP, "permissionGroup")
                yield DefinedPermission(name, level, group, f"/manifest/permission[@android:name='{name}']")

    def meta_data(self) -> Iterator[str]:
        """Yield the names of the application's meta-data."""
        for element in self.application.find("meta-data") if self.application is not None else ():
            name = self._text(element, NAME, "name")
            if name:
                yield name

    def components(self) -> Iterator[ManifestComponent]:
        """Yield all components in the order of the manifest."""
        if self.application is None:
            return
        for element in self.application.children:
            for kind in KINDS:
                if element.name == kind:
                    component = self._component(kind, element)
                    if component is not None:
                        yield component

    def _component(self, kind: ComponentKind, element: Element) -> ManifestComponent | None:
        written = self._text(element, NAME, "name")
        name = self.class_name(written)
        if name is None:
            return None
        filters = element.find("intent-filter")
        actions = tuple(self._names(filters, "action"))
        categories = tuple(self._names(filters, "category"))
        schemes = tuple(
            text for f in filters for data in f.find("data") if (text := self._text(data, SCHEME, "scheme"))
        )
        explicit = self._bool(element, EXPORTED, "exported")
        types = self._int(element, SERVICE_TYPE, "foregroundServiceType") or 0
        return ManifestComponent(
            kind=kind,
            name=name,
            target=self.class_name(self._text(element, TARGET_ACTIVITY, "targetActivity")),
            exported=self._exported(kind, explicit, bool(filters)),
            exported_explicit=explicit,
            enabled=self._bool(element, ENABLED, "enabled") is not False,
            permission=self._text(element, PERMISSION, "permission"),
            read_permission=self._text(element, READ, "readPermission"),
            write_permission=self._text(element, WRITE, "writePermission"),
            grant_uri_permissions=bool(self._bool(element, GRANT, "grantUriPermissions")),
            process=self._text(element, PROCESS, "process"),
            authorities=tuple(
                filter(None, (self._text(element, AUTHORITIES, "authorities") or "").split(";"))
            ),
            actions=actions,
            categories=categories,
            schemes=schemes,
            launcher=MAIN in actions and LAUNCHER in categories,
            service_types=tuple(label for bit, label in SERVICE_TYPES if types & bit),
            path=f"/manifest/application/{kind}[@android:name='{written}']",
        )

    def _exported(self, kind: ComponentKind, explicit: bool | None, has_filter: bool) -> bool:
        if explicit is not None:
            return explicit
        if kind == "provider":
            return (self.target_sdk or self.min_sdk or 1) < 17
        return has_filter and (self.target_sdk or 1) < IMPLICIT_EXPORT_BELOW

    def _names(self, filters: list[Element], tag: str) -> Iterator[str]:
        for one in filters:
            for element in one.find(tag):
                name = self._text(element, NAME, "name")
                if name:
                    yield name

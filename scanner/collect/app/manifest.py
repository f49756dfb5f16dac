"""AndroidManifest.xml as typed values, with Android's defaults and an element path as locator for each.

Source: the manifest reference of the Android developer documentation, the resource ids of ``android.R.attr``, and the
order in which the platform's package parser looks things up.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from scanner.collect.app.axml import (
    REFERENCES,
    TYPE_BOOL,
    TYPE_INT_DEC,
    TYPE_INT_HEX,
    TYPE_INT_LAST,
    Attribute,
    AxmlError,
    Document,
    Element,
    read,
)
from scanner.collect.app.manifest_parts import (
    KINDS,
    ComponentKind,
    DataSpec,
    DefinedPermission,
    Feature,
    Instrumentation,
    IntentFilter,
    ManifestComponent,
    MetaData,
    Queries,
    SplitInfo,
    UsesPermission,
    element_path,
)
from scanner.collect.app.restable import ResourceTable

NAME, LABEL, PERMISSION, READ, WRITE = 0x01010003, 0x01010001, 0x01010006, 0x01010007, 0x01010008
PROTECTION, GROUP, SHARED_USER, HAS_CODE = 0x01010009, 0x0101000A, 0x0101000B, 0x0101000C
INIT_ORDER = 0x0101001A
ENABLED, DEBUGGABLE, EXPORTED, PROCESS = 0x0101000E, 0x0101000F, 0x01010010, 0x01010011
AFFINITY, AUTHORITIES, GRANT, LAUNCH_MODE = 0x01010012, 0x01010018, 0x0101001B, 0x0101001D
TARGET_PACKAGE, VALUE, RESOURCE = 0x01010021, 0x01010024, 0x01010025
MIME_TYPE, SCHEME, HOST, PORT = 0x01010026, 0x01010027, 0x01010028, 0x01010029
PATH_KINDS = ((0x0101002A, "path"), (0x0101002B, "pathPrefix"), (0x0101002C, "pathPattern"))
REPARENTING, TARGET_ACTIVITY, MIN_SDK, VERSION_CODE, VERSION_NAME = (
    0x01010204,
    0x01010202,
    0x0101020C,
    0x0101021B,
    0x0101021C,
)
TARGET_SDK, MAX_SDK, TEST_ONLY, ALLOW_BACKUP = 0x01010270, 0x01010271, 0x01010272, 0x01010280
GL_VERSION, REQUIRED, CLEARTEXT, AUTO_VERIFY = 0x01010281, 0x0101028E, 0x010104EC, 0x010104EE
DIRECT_BOOT, NETWORK_CONFIG, FEATURE_SPLIT = 0x01010505, 0x01010527, 0x0101055B
COMPILE_SDK, VERSION_MAJOR, FACTORY = 0x01010572, 0x01010576, 0x0101057A
SPLIT_REQUIRED, SERVICE_TYPE, LEGACY_STORAGE = 0x01010591, 0x01010599, 0x01010603
PERMISSION_FLAGS, REQUIRED_SPLITS = 0x01010644, 0x0101064E
APP_CATEGORY, IS_GAME = 0x01010545, 0x010103F4
APP_CATEGORIES = (
    "game",
    "audio",
    "video",
    "image",
    "social",
    "news",
    "maps",
    "productivity",
    "accessibility",
)
NEVER_FOR_LOCATION = 0x00010000
MAX_TITLE = 100
CODENAMES = {
    "M": 23,
    "N": 24,
    "O": 26,
    "P": 28,
    "Q": 29,
    "R": 30,
    "S": 31,
    "T": 33,
    "U": 34,
    "V": 35,
    "B": 36,
}
SERVICE_TYPES = (
    (0x1, "dataSync"), (0x2, "mediaPlayback"), (0x4, "phoneCall"), (0x8, "location"), (0x10, "connectedDevice"),
    (0x20, "mediaProjection"), (0x40, "camera"), (0x80, "microphone"), (0x100, "health"), (0x200, "remoteMessaging"),
    (0x400, "systemExempted"), (0x800, "shortService"), (0x2000, "mediaProcessing"), (0x40000000, "specialUse"),
)  # fmt: skip
DEFINITIONS = frozenset(["permission", "permission-tree", "permission-group"])
USES_PERMISSION = {"uses-permission": None, "uses-permission-sdk-23": 23, "uses-permission-sdk-m": 23}


class Manifest:
    """The manifest of a package; raises AxmlError when Android would not read it either.

    ``dropped`` counts elements nested too deep to be read, ``odd`` what misleads other readers (see Document).
    """

    def __init__(self, data: bytes | Document, resources: ResourceTable | None) -> None:
        self._resources = resources
        document = data if isinstance(data, Document) else read(data)
        self.root, self.dropped, self.odd = document.root, document.dropped, document.odd
        if self.root.name != "manifest":
            raise AxmlError(f"root element {self.root.name!r} is not manifest")
        application = self.root.find("application")
        self.application: Element | None = application[0] if application else None
        uses = self.root.find("uses-sdk")
        self._uses_sdk = uses[-1] if uses else None  # Android: each one overrides the one before
        self.package = self._raw(self.root, "package") or ""
        self.version_name = self._text(self.root, VERSION_NAME)
        self.version_code = self._version_code()
        self.compile_sdk = self._int(self.root, COMPILE_SDK)
        self.shared_user_id = self._text(self.root, SHARED_USER)
        self.min_sdk = self._sdk(MIN_SDK)
        self.target_sdk = self._sdk(TARGET_SDK)
        self.split = self._raw(self.root, "split")

    # --- values ---------------------------------------------------------------------------------------

    @property
    def effective_target(self) -> int:
        """The API level whose behaviour the app gets: its target, else its minimum, else 1."""
        return self.target_sdk or self.min_sdk or 1

    def _version_code(self) -> int | None:
        code, major = self._int(self.root, VERSION_CODE), self._int(self.root, VERSION_MAJOR)
        return code if not major or code is None else major << 32 | code & 0xFFFFFFFF

    def _sdk(self, resource: int) -> int | None:
        if self._uses_sdk is None:
            return None
        number = self._int(self._uses_sdk, resource)
        if number is not None:
            return number
        return CODENAMES.get((self._text(self._uses_sdk, resource) or "")[:1])

    def _raw(self, element: Element, name: str) -> str | None:
        """Return an attribute that Android looks up by name and takes as written."""
        attribute = element.attribute(0, name)
        if attribute is None:
            return None
        return attribute.raw if attribute.raw is not None else self.resolve(attribute)

    def _text(self, element: Element, resource: int) -> str | None:
        attribute = element.attribute(resource)
        return None if attribute is None else self.resolve(attribute)

    def resolve(self, attribute: Attribute, languages: tuple[str, ...] = ("",)) -> str | None:
        """Return the attribute's text, references resolved in the first of ``languages`` that has it."""
        if attribute.type in REFERENCES:
            return self._resources.text(attribute.data, languages) if self._resources is not None else None
        if attribute.text is not None:
            return attribute.text
        if attribute.type == TYPE_BOOL:
            return "true" if attribute.data else "false"
        if attribute.type in {TYPE_INT_DEC, TYPE_INT_HEX}:
            return str(attribute.signed)
        return None

    def _number(self, attribute: Attribute) -> tuple[int, int] | None:
        """Return type and data with references resolved, None when a reference leads nowhere."""
        if attribute.type not in REFERENCES:
            return attribute.type, attribute.data
        value = self._resources.value(attribute.data) if self._resources is not None else None
        return None if value is None else (value.type, value.data)

    def _int(self, element: Element, resource: int) -> int | None:
        attribute = element.attribute(resource)
        number = None if attribute is None else self._number(attribute)
        if attribute is None or number is None:
            return None
        kind, data = number
        if TYPE_INT_DEC <= kind <= TYPE_INT_LAST:
            return data - (1 << 32) if data >> 31 else data
        text = self.resolve(attribute) or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None

    def _bool(self, element: Element, resource: int) -> bool | None:
        attribute = element.attribute(resource)
        number = None if attribute is None else self._number(attribute)
        if attribute is None or number is None:
            return None
        if TYPE_INT_DEC <= number[0] <= TYPE_INT_LAST:
            return number[1] != 0
        text = self.resolve(attribute)
        return None if text is None else text in {"1", "true", "TRUE"}

    def flag(self, resource: int) -> bool | None:
        """Return a boolean attribute of ``<application>`` as written, None when absent."""
        return None if self.application is None else self._bool(self.application, resource)

    def switch(self, element: Element, resource: int) -> bool:
        """Return a boolean attribute of ``element`` that is off where it is not written."""
        return bool(self._bool(element, resource))

    def application_text(self, resource: int) -> str | None:
        """Return a text attribute of ``<application>``."""
        return None if self.application is None else self._text(self.application, resource)

    def label(self, languages: tuple[str, ...]) -> str | None:
        """Return the application's label in the first of ``languages`` that has it."""
        attribute = self.application.attribute(LABEL) if self.application is not None else None
        return None if attribute is None else self.resolve(attribute, languages)

    def _title(self, element: Element) -> str | None:
        """Return a component's own label, the Chinese one where there is one."""
        attribute = element.attribute(LABEL)
        text = self.resolve(attribute, ("zh", "")) if attribute is not None else None
        return text[:MAX_TITLE] if text else None

    @property
    def app_category(self) -> str | None:
        """What the developer says the app is: ``android:appCategory``, or ``game`` for the older ``isGame``."""
        if self.application is None:
            return None
        number = self._int(self.application, APP_CATEGORY)
        if number is None:
            return "game" if self._bool(self.application, IS_GAME) else None
        return APP_CATEGORIES[number] if 0 <= number < len(APP_CATEGORIES) else None

    def class_name(self, name: str | None) -> str | None:
        """Return a full class name: ``.Main`` and ``Main`` are relative to the package."""
        if not name:
            return None
        if name.startswith("."):
            return self.package + name
        return name if "." in name else f"{self.package}.{name}"

    # --- parts ----------------------------------------------------------------------------------------

    def uses_permissions(self) -> Iterator[UsesPermission]:
        """Yield the permissions asked for, each name once: the limits of several elements are widened to cover all."""
        found: dict[str, UsesPermission] = {}
        for element in self.root.children:
            name = self._text(element, NAME) if element.name in USES_PERMISSION else None
            if not name:
                continue
            one = UsesPermission(
                name,
                self._int(element, MAX_SDK),
                element_path("/manifest", element.name, name),
                USES_PERMISSION[element.name],
                bool((self._int(element, PERMISSION_FLAGS) or 0) & NEVER_FOR_LOCATION),
            )
            known = found.get(name)
            found[name] = one if known is None else _wider(known, one)
        yield from found.values()

    def defined_permissions(self) -> Iterator[DefinedPermission]:
        """Yield the permissions, permission trees and permission groups the package defines."""
        for element in self.root.children:
            name = self._text(element, NAME) if element.name in DEFINITIONS else None
            if name:
                level = self._int(element, PROTECTION) or 0
                path = element_path("/manifest", element.name, name)
                yield DefinedPermission(name, level, self._text(element, GROUP), path, element.name)

    def queries(self) -> Queries:
        """Return what ``<queries>`` asks to see of other packages."""
        parts = [child for element in self.root.find("queries") for child in element.children]
        packages = [self._text(part, NAME) for part in parts if part.name == "package"]
        providers = [self._text(part, AUTHORITIES) or "" for part in parts if part.name == "provider"]
        intents = [part for part in parts if part.name == "intent"]
        return Queries(
            packages=tuple(filter(None, packages)),
            authorities=tuple(filter(None, (a for text in providers for a in text.split(";")))),
            intents=tuple(self._filter(part, "/manifest/queries/intent") for part in intents),
        )

    def features(self) -> Iterator[Feature]:
        """Yield the device features asked for; an OpenGL ES version as ``opengles:3.1``."""
        for element in self.root.find("uses-feature"):
            version = self._int(element, GL_VERSION)
            name = self._text(element, NAME)
            if name is None and version is not None:
                name = f"opengles:{version >> 16}.{version & 0xFFFF}"
            if name:
                yield Feature(name, self._bool(element, REQUIRED) is not False)

    def instrumentation(self) -> Iterator[Instrumentation]:
        """Yield the instrumentation classes."""
        for element in self.root.find("instrumentation"):
            written = self._text(element, NAME)
            name = self.class_name(written)
            if name:
                path = element_path("/manifest", "instrumentation", written)
                yield Instrumentation(name, self._text(element, TARGET_PACKAGE), path)

    def split_info(self) -> SplitInfo:
        """Return what the manifest says of splits."""
        types = (self._text(self.root, REQUIRED_SPLITS) or "").split(",")
        return SplitInfo(
            name=self.split,
            config_for=self._raw(self.root, "configForSplit"),
            is_feature=bool(self._bool(self.root, FEATURE_SPLIT)),
            required=bool(self.flag(SPLIT_REQUIRED)) or bool(self._bool(self.root, SPLIT_REQUIRED)),
            required_types=tuple(filter(None, types)),
        )

    def meta_data(self) -> Iterator[str]:
        """Yield the names of the application's meta-data."""
        yield from (one.name for one in self.application_meta_data())

    def application_meta_data(self) -> tuple[MetaData, ...]:
        """Return the application's meta-data with their values."""
        return self._meta(self.application, "/manifest/application") if self.application is not None else ()

    def references(self) -> frozenset[int]:
        """Return the ids of all resources the manifest refers to."""
        found: set[int] = set()
        stack = [self.root]
        while stack:
            element = stack.pop()
            found.update(a.data for a in element.attributes if a.type in REFERENCES and a.data)
            stack.extend(element.children)
        return frozenset(found)

    @cached_property
    def _components(self) -> tuple[ManifestComponent, ...]:
        if self.application is None:
            return ()
        found = (
            self._component(kind, element, self.application)
            for element in self.application.children
            for kind in KINDS
            if element.name == kind
        )
        return tuple(component for component in found if component is not None)

    def components(self) -> tuple[ManifestComponent, ...]:
        """Return all components in the order of the manifest."""
        return self._components

    def _component(
        self, kind: ComponentKind, element: Element, application: Element
    ) -> ManifestComponent | None:
        written = self._text(element, NAME)
        name = self.class_name(written)
        if name is None:
            return None
        path = element_path("/manifest/application", kind, written)
        filters = tuple(self._filter(one, f"{path}/intent-filter") for one in element.find("intent-filter"))
        explicit = self._bool(element, EXPORTED)
        permission = self._text(element, PERMISSION)
        permission = self._text(application, PERMISSION) if permission is None else permission
        affinity = self._text(element, AFFINITY)
        types = self._int(element, SERVICE_TYPE) or 0
        provider = kind == "provider"
        return ManifestComponent(
            kind=kind,
            name=name,
            target=self.class_name(self._text(element, TARGET_ACTIVITY)),
            exported=self._exported(kind, explicit, bool(filters)),
            exported_explicit=explicit,
            enabled=self._bool(element, ENABLED) is not False
            and self._bool(application, ENABLED) is not False,
            permission=permission or None,
            read_permission=(self._text(element, READ) or permission or None) if provider else None,
            write_permission=(self._text(element, WRITE) or permission or None) if provider else None,
            grant_uri_permissions=bool(self._bool(element, GRANT)),
            label=self._title(element),
            grants=tuple(
                (kind, text)
                for grant in element.find("grant-uri-permission")
                for key, kind in PATH_KINDS
                if (text := self._text(grant, key)) is not None
            ),
            process=self._process(self._text(element, PROCESS) or self._text(application, PROCESS)),
            authorities=tuple(filter(None, (self._text(element, AUTHORITIES) or "").split(";"))),
            task_affinity=self._text(application, AFFINITY) if affinity is None else affinity,
            launch_mode=self._int(element, LAUNCH_MODE) or 0,
            task_reparenting=self._reparenting(element, application),
            direct_boot_aware=bool(self._bool(element, DIRECT_BOOT)),
            service_types=tuple(label for bit, label in SERVICE_TYPES if types & bit),
            init_order=self._int(element, INIT_ORDER) if provider else None,
            filters=filters,
            meta_data=self._meta(element, path),
            path=path,
        )

    def _reparenting(self, element: Element, application: Element) -> bool:
        own = self._bool(element, REPARENTING)
        return bool(self._bool(application, REPARENTING) if own is None else own)

    def _exported(self, kind: ComponentKind, explicit: bool | None, has_filter: bool) -> bool:
        if explicit is not None:
            return explicit
        return self.effective_target < 17 if kind == "provider" else has_filter

    def _process(self, written: str | None) -> str | None:
        return self.package + written if written is not None and written.startswith(":") else written

    def _meta(self, parent: Element, path: str) -> tuple[MetaData, ...]:
        found = []
        for element in parent.find("meta-data"):
            name, resource = self._text(element, NAME), element.attribute(RESOURCE)
            if name:
                reference = resource.data if resource is not None and resource.type in REFERENCES else None
                value = self._text(element, VALUE)
                found.append(MetaData(name, value, reference, element_path(path, "meta-data", name)))
        return tuple(found)

    def _filter(self, element: Element, path: str) -> IntentFilter:
        return IntentFilter(
            actions=tuple(self._names(element, "action")),
            categories=tuple(self._names(element, "category")),
            data=tuple(self._data(one) for one in element.find("data")),
            auto_verify=bool(self._bool(element, AUTO_VERIFY)),
            path=path,
        )

    def _data(self, element: Element) -> DataSpec:
        paths = [(text, kind) for key, kind in PATH_KINDS if (text := self._text(element, key)) is not None]
        path, kind = paths[0] if paths else (None, None)
        return DataSpec(
            scheme=self._text(element, SCHEME),
            host=self._text(element, HOST),
            port=self._text(element, PORT),
            path=path,
            path_kind=kind,
            mime_type=self._text(element, MIME_TYPE),
        )

    def _names(self, parent: Element, tag: str) -> Iterator[str]:
        for element in parent.find(tag):
            name = self._text(element, NAME)
            if name:
                yield name


def _wider(one: UsesPermission, other: UsesPermission) -> UsesPermission:
    """Join two elements that ask for the same permission: it applies wherever one of them does."""
    none = one.max_sdk is None or other.max_sdk is None
    low = one.min_sdk is None or other.min_sdk is None
    return UsesPermission(
        one.name,
        None if none else max(one.max_sdk or 0, other.max_sdk or 0),
        one.path,
        None if low else min(one.min_sdk or 0, other.min_sdk or 0),
        one.never_for_location and other.never_for_location,
    )

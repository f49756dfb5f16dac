"""The resource table of a module of an Android App Bundle (``resources.pb``, ``aapt.pb.ResourceTable``).

Source: Resources.proto and Configuration.proto of aapt2 in the Android Open Source Project.  Only what the collector asks
for is decoded: names, values that are one item, the strings of arrays and plurals, and which resources styles and they refer to.  Counts are bounded, a broken
entry is skipped and counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from scanner.collect.app.axml import REFERENCES, TYPE_STRING
from scanner.collect.app.protowire import WireError, fields, integer, part, parts, text
from scanner.collect.app.protoxml import item_value
from scanner.collect.app.resconfig import Config
from scanner.collect.app.resources import ResourceError
from scanner.collect.app.restable import Form

TABLE_PACKAGE, PACKAGE_ID, PACKAGE_TYPE = 2, 1, 3
TYPE_ID, TYPE_NAME, TYPE_ENTRY = 1, 2, 3
ENTRY_ID, ENTRY_NAME, ENTRY_VALUE = 1, 2, 6
VALUE_CONFIG, VALUE_CONTENT = 1, 2
CONTENT_ITEM, CONTENT_COMPOUND = 4, 5
COMPOUND_STYLE, COMPOUND_ARRAY, COMPOUND_PLURAL = 2, 4, 5
STYLE_PARENT, STYLE_ENTRY, STYLE_ITEM, ARRAY_ITEM, PLURAL_ITEM = 1, 3, 4, 3, 4
REFERENCE_ID = 2
CONFIG_LOCALE, CONFIG_PRODUCT = 3, 25
MAX_VALUES = 4 << 20
MAX_PACKAGES, MAX_TYPES, MAX_ENTRIES = 32, 4096, 1 << 20
MAX_BYTES = 96 << 20


class ProtoTable:
    """A resource table in protobuf form; raises ResourceError when ``data`` is none.

    ``skipped`` counts the entries that are malformed and were not read.
    """

    def __init__(self, data: bytes) -> None:
        if len(data) > MAX_BYTES:
            raise ResourceError(f"{len(data)} bytes exceed the limit of {MAX_BYTES}")
        self.skipped = 0
        self._forms: dict[int, list[Form]] = {}
        self._bags: list[tuple[int, str, str]] = []
        self._links: list[tuple[int, int]] = []
        self._names: dict[int, str] = {}
        self._values = self._types = self._entries = 0
        self._configs: dict[bytes, Config] = {}
        try:
            for number, package in enumerate(parts(memoryview(data), TABLE_PACKAGE)):
                if number >= MAX_PACKAGES:
                    self.skipped += 1
                    break
                self._package(package)
        except WireError as error:
            self.skipped += 1
            if not self._forms:
                raise ResourceError(f"no protobuf resource table: {error}") from error
        if self.skipped and not self._names:
            raise ResourceError("no resource could be read")
        self._order = sorted(self._forms)

    # --- reading --------------------------------------------------------------------------------------

    def _package(self, data: memoryview) -> None:
        number = integer(part(data, PACKAGE_ID) or memoryview(b""), 1) & 0xFF or 0x7F
        for kind in parts(data, PACKAGE_TYPE):
            self._types += 1
            if self._types > MAX_TYPES:
                self.skipped += 1
                return
            try:
                self._type(kind, number << 24)
            except WireError:
                self.skipped += 1

    def _type(self, data: memoryview, base: int) -> None:
        base |= (integer(part(data, TYPE_ID) or memoryview(b""), 1) & 0xFF) << 16
        kind = text(part(data, TYPE_NAME))
        for entry in parts(data, TYPE_ENTRY):
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                self.skipped += 1
                return
            try:
                self._entry(entry, base, kind)
            except WireError:
                self.skipped += 1

    def _entry(self, data: memoryview, base: int, kind: str) -> None:
        number, name, values = 0, "", []
        for key, value in fields(data):
            if isinstance(value, int):
                continue
            if key == ENTRY_ID:
                number = integer(value, 1) & 0xFFFF
            elif key == ENTRY_NAME:
                name = text(value)
            elif key == ENTRY_VALUE:
                values.append(value)
        resource = base | number
        self._names.setdefault(resource, f"{kind}/{name}")
        for one in values:
            self._values += 1
            if self._values > MAX_VALUES:
                self.skipped += 1
                return
            self._value(one, resource)

    def _value(self, data: memoryview, resource: int) -> None:
        config, content = memoryview(b""), memoryview(b"")
        for key, value in fields(data):
            if isinstance(value, memoryview):
                if key == VALUE_CONFIG:
                    config = value
                elif key == VALUE_CONTENT:
                    content = value
        for key, value in fields(content):
            if isinstance(value, int):
                continue
            if key == CONTENT_ITEM:
                kind, item = item_value(value)
                own = (0, item) if isinstance(item, str) else (item, None)
                form = Form(self._config(config), kind, *own)
                self._forms.setdefault(resource, []).append(form)
            elif key == CONTENT_COMPOUND:
                self._compound(value, resource, self._config(config))

    def _compound(self, data: memoryview, resource: int, config: Config) -> None:
        """Keep the strings of arrays and plurals, and what they and styles refer to; attributes hold neither."""
        style = part(data, COMPOUND_STYLE)
        if style is not None:
            parent = part(style, STYLE_PARENT)
            self._refer(resource, integer(parent, REFERENCE_ID) if parent is not None else 0)
            for entry in parts(style, STYLE_ENTRY):
                item = part(entry, STYLE_ITEM)
                if item is not None:
                    self._refer_to_item(resource, *item_value(item))
        for compound, inner in ((COMPOUND_ARRAY, ARRAY_ITEM), (COMPOUND_PLURAL, PLURAL_ITEM)):
            bag = part(data, compound)
            for element in parts(bag, 1) if bag is not None else ():
                item = part(element, inner)
                kind, words = item_value(item) if item is not None else (0, 0)
                self._refer_to_item(resource, kind, words)
                if kind == TYPE_STRING and isinstance(words, str) and self._values <= MAX_VALUES:
                    self._bags.append((resource, config.locale, words))

    def _refer_to_item(self, resource: int, kind: int, target: int | str) -> None:
        self._values += 1
        if kind in REFERENCES and isinstance(target, int):
            self._refer(resource, target)

    def _refer(self, resource: int, target: int) -> None:
        if target and self._values <= MAX_VALUES:
            self._links.append((resource, target & 0xFFFFFFFF))

    def _config(self, data: memoryview) -> Config:
        raw = bytes(data)
        found = self._configs.get(raw)
        if found is None:
            found = self._configs[raw] = read_configuration(data)
        return found

    # --- questions ------------------------------------------------------------------------------------

    def name(self, resource: int) -> str:
        """Return ``type/name`` of a resource id, empty when unknown."""
        return self._names.get(resource, "")

    def forms(self, resource: int) -> list[Form]:
        """Return the values of a resource in all configurations."""
        if resource >> 24 == 0:
            resource |= 0x7F << 24
        return self._forms.get(resource, [])

    def strings(self) -> list[tuple[str, str, str]]:
        """Return (``type/name``, locale, text) of every string resource, then of string arrays and plurals."""
        return self._strings

    @cached_property
    def _strings(self) -> list[tuple[str, str, str]]:
        named = (
            (resource, form.config.locale, form.text)
            for resource in self._order
            if self._names[resource].startswith("string/")
            for form in self._forms[resource]
            if form.text is not None
        )
        return [
            (self._names[resource], locale, words) for resource, locale, words in chain(named, self._bags)
        ]

    def identifiers(self, kinds: frozenset[str]) -> dict[str, int]:
        """Return the ids of all resources of these types by ``type/name``."""
        return {name: number for number, name in self._names.items() if name.partition("/")[0] in kinds}

    def links(self) -> NDArray[np.uint32]:
        """Return (resource, resource it refers to) pairs of values and of the items of arrays, plurals and styles."""
        values = [
            (resource, form.data)
            for resource in self._order
            for form in self._forms[resource]
            if form.type in REFERENCES and form.data
        ]
        return np.array([*self._links, *values], np.uint32).reshape(-1, 2)

    def files(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield (``type/name``, path in the module) of the file resources of type ``kind``."""
        for resource in self._order:
            name = self._names[resource]
            if name.startswith(f"{kind}/"):
                for form in self._forms[resource]:
                    if form.text is not None:
                        yield name, form.text


def read_configuration(data: memoryview) -> Config:
    """Decode ``aapt.pb.Configuration``: its locale, and whether anything else qualifies it."""
    locale, qualified = "", False
    for number, value in fields(data):
        if number == CONFIG_LOCALE and isinstance(value, memoryview):
            locale = folder_locale(text(value))
        elif number != CONFIG_PRODUCT:
            qualified = qualified or bool(value)
    return Config(locale, qualified)


def folder_locale(tag: str) -> str:
    """Return a BCP 47 tag as resource folders write it: ``zh-CN`` is ``zh-rCN``, ``zh-Hans-CN`` ``b+zh+Hans+CN``."""
    language, *rest = tag.split("-")
    if not rest:
        return language
    if len(rest) == 1 and len(rest[0]) in {2, 3}:
        return f"{language}-r{rest[0].upper()}"
    return "+".join(("b", language, *rest))


def parse(data: bytes) -> int:
    """Read ``data`` and every string and file of it; return how many.  Entry point for fuzzing: raises ResourceError."""
    table = ProtoTable(data)
    return sum(1 for _ in chain(table.strings(), table.files("layout"), table.files("xml")))

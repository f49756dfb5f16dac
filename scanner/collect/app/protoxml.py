"""XML of Android App Bundles (``aapt.pb.XmlNode``) as the elements that binary XML gives.

Source: Resources.proto of aapt2 in the Android Open Source Project.  aapt2 writes binary XML from this form with the
attributes in order of their resource ids, so they are put into that order here.
"""

from __future__ import annotations

from scanner.collect.app.axml import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    TYPE_ATTRIBUTE,
    TYPE_BOOL,
    TYPE_FLOAT,
    TYPE_INT_DEC,
    TYPE_INT_HEX,
    TYPE_NULL,
    TYPE_REFERENCE,
    TYPE_STRING,
    Attribute,
    AxmlError,
    Document,
    Element,
)
from scanner.collect.app.protowire import Value, WireError, fields, integer, part, text

NODE_ELEMENT, NODE_TEXT, NODE_SOURCE = 1, 2, 3
ELEMENT_NAME, ELEMENT_ATTRIBUTE, ELEMENT_CHILD = 3, 4, 5
ATTRIBUTE_NAMESPACE, ATTRIBUTE_NAME, ATTRIBUTE_VALUE, ATTRIBUTE_ID, ATTRIBUTE_ITEM = 1, 2, 3, 5, 6
ITEM_REFERENCE, ITEM_STRING, ITEM_RAW, ITEM_STYLED, ITEM_FILE, ITEM_ID, ITEM_PRIMITIVE = range(1, 8)
# Primitive: the number of the field says the type of a Res_value.
PRIMITIVES = {
    1: TYPE_NULL, 2: TYPE_NULL, 3: TYPE_FLOAT, 6: TYPE_INT_DEC, 7: TYPE_INT_HEX, 8: TYPE_BOOL,
    9: 0x1C, 10: 0x1D, 11: 0x1E, 12: 0x1F, 13: 0x05, 14: 0x06,
}  # fmt: skip
DATA_EMPTY = 1


def parse(data: bytes) -> Element:
    """Return the root element of ``data``; raises AxmlError when it is no such message, or nested too deep."""
    document = read(data)
    if document.dropped:
        raise AxmlError(f"nested deeper than {MAX_DEPTH}")
    return document.root


def read(data: bytes) -> Document:
    """Read ``data``; elements nested too deep are left out and counted.  Raises AxmlError when it is no such message."""
    reader = _Reader()
    try:
        root = reader.node(memoryview(data), 0)
    except WireError as error:
        raise AxmlError(f"no protobuf XML: {error}") from error
    if not isinstance(root, Element):
        raise AxmlError("no element")
    return Document(root, reader.dropped)


class _Reader:
    def __init__(self) -> None:
        self.elements = self.attributes = self.dropped = 0

    def node(self, data: memoryview, depth: int) -> Element | str | None:
        element: memoryview | None = None
        source: memoryview | None = None
        words: str | None = None
        for number, value in fields(data):
            if isinstance(value, memoryview):
                if number == NODE_ELEMENT:
                    element, words = value, None
                elif number == NODE_TEXT:
                    element, words = None, text(value)
                elif number == NODE_SOURCE:
                    source = value
        if element is None:
            return words
        return self._element(element, integer(source, 1) if source is not None else 0, depth)

    def _element(self, data: memoryview, line: int, depth: int) -> Element:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise WireError("too many elements")
        element = Element("", [], line)
        for number, value in fields(data):
            if not isinstance(value, memoryview):
                continue
            if number == ELEMENT_NAME:
                element.name = text(value)
            elif number == ELEMENT_ATTRIBUTE:
                self.attributes += 1
                if self.attributes > MAX_ATTRIBUTES:
                    raise WireError("too many attributes")
                element.attributes.append(_attribute(value))
            elif number == ELEMENT_CHILD and depth + 1 >= MAX_DEPTH:
                self.dropped += 1
            elif number == ELEMENT_CHILD:
                child = self.node(value, depth + 1)
                if isinstance(child, Element):
                    element.children.append(child)
                elif child is not None and child.strip():  # aapt2 drops white space between elements
                    element.texts.append(child)
        element.attributes.sort(key=lambda one: (not one.id, one.id))
        return element


def _attribute(data: memoryview) -> Attribute:
    namespace = name = raw = ""
    resource, item = 0, None
    for number, value in fields(data):
        if isinstance(value, int):
            resource = value & 0xFFFFFFFF if number == ATTRIBUTE_ID else resource
        elif number == ATTRIBUTE_NAMESPACE:
            namespace = text(value)
        elif number == ATTRIBUTE_NAME:
            name = text(value)
        elif number == ATTRIBUTE_VALUE:
            raw = text(value)
        elif number == ATTRIBUTE_ITEM:
            item = value
    kind, content = (TYPE_STRING, raw) if item is None else item_value(item)
    if isinstance(content, str):
        return Attribute(resource, namespace, name, TYPE_STRING, 0, content, raw)
    # aapt2 keeps the words beside the value only where there is no resource id to look the attribute up by.
    words = None if resource else raw
    return Attribute(resource, namespace, name, kind, content, words, words)


def item_value(data: memoryview) -> tuple[int, int | str]:
    """Return type and data of a resource item as in a Res_value; of strings and files, the text or path as data."""
    kind, content = TYPE_NULL, 0
    found: tuple[int, int | str] = (kind, content)
    for number, value in fields(data):
        if isinstance(value, memoryview):
            found = _item(number, value) or found
    return found


def _item(number: int, value: memoryview) -> tuple[int, int | str] | None:
    if number in {ITEM_STRING, ITEM_RAW, ITEM_STYLED, ITEM_FILE}:
        return TYPE_STRING, text(part(value, 1))
    if number == ITEM_REFERENCE:
        kind = TYPE_ATTRIBUTE if integer(value, 1) == 1 else TYPE_REFERENCE
        return kind, integer(value, 2) & 0xFFFFFFFF
    if number == ITEM_ID:
        return TYPE_BOOL, 0
    if number == ITEM_PRIMITIVE:
        return _primitive(value)
    return None


def _primitive(data: memoryview) -> tuple[int, int]:
    found = (TYPE_NULL, 0)
    for number, value in fields(data):
        kind = PRIMITIVES.get(number)
        if kind is not None:
            found = (kind, _bits(number, kind, value))
    return found


def _bits(number: int, kind: int, value: Value) -> int:
    if isinstance(value, memoryview):  # the messages NullType and EmptyType
        return DATA_EMPTY if number == 2 else 0
    if kind == TYPE_BOOL:
        return 0xFFFFFFFF if value else 0
    return value & 0xFFFFFFFF

"""Binary XML, as manifest, as layout and as network security configuration."""

from __future__ import annotations

import random
import struct

from scanner.collect.app.axml import AxmlError, Element, read
from scanner.collect.app.manifest import ALLOW_BACKUP, NAME, Manifest
from scanner.collect.app.netconfig import read_network_config

IN_PLACE = 0.5


def check(data: bytes) -> None:
    """Read ``data`` in all three ways and look at every value."""
    try:
        document = read(data)
    except AxmlError:
        return
    assert _walk(document.root) <= 200_000
    config = read_network_config(data, "res/xml/n.xml", 30, None)
    assert config.readable is not None
    try:
        manifest = Manifest(data, None)
    except AxmlError:
        return
    manifest.flag(ALLOW_BACKUP)
    manifest.application_text(NAME)
    manifest.label(("zh",))
    for component in manifest.components():
        assert component.name and component.path.startswith("/manifest")
    for part in (
        manifest.uses_permissions,
        manifest.defined_permissions,
        manifest.features,
        manifest.meta_data,
    ):
        list(part())
    list(manifest.instrumentation())
    manifest.queries()
    manifest.split_info()


def _walk(root: Element) -> int:
    count, stack = 0, [root]
    while stack:
        element = stack.pop()
        count += 1
        stack += element.children
        assert len(element.text) <= 1 << 16
        for attribute in element.attributes:
            assert attribute.signed is not None
    return count


def repair(data: bytes, rng: random.Random) -> bytes:
    """Mostly state the true size of the file, and sometimes of the first chunks."""
    if len(data) < 16 or rng.random() < 0.2:
        return data
    content = bytearray(data)
    struct.pack_into("<HI", content, 2, 8, len(content))
    return bytes(content)

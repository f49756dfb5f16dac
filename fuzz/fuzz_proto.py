"""What deliveries are described in: protobuf forms of bundles, contents of sets, JSON of XAPK files.

The first byte chooses: 0 the manifest or another XML file, 2 what an XAPK says of itself in JSON, 3 the table of
contents of a set of APKs, anything else a resource table.
"""

from __future__ import annotations

from contextlib import suppress

from scanner.collect.app import declared, protowire, protoxml
from scanner.collect.app.axml import AxmlError
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.prototable import ProtoTable
from scanner.collect.app.resources import ResourceError

IN_PLACE = 0.3
DECLARED, CONTENTS = 2, 3


def check(data: bytes) -> None:
    """Read ``data`` and ask for every value."""
    kind, rest = data[0] if data else 0, data[1:]
    with suppress(protowire.WireError):
        protowire.parse(rest)
    try:
        if kind == DECLARED:
            declared.parse(rest)
        elif kind == CONTENTS:
            with suppress(protowire.WireError):
                declared.parse_contents(rest)
        elif kind:
            _table(ProtoTable(rest))
        else:
            _manifest(Manifest(protoxml.read(rest), None))
    except (AxmlError, ResourceError):
        return


def _manifest(manifest: Manifest) -> None:
    assert manifest.root.name == "manifest"
    manifest.label(("zh",))
    for component in manifest.components():
        assert component.name
    list(manifest.uses_permissions())
    manifest.queries()
    manifest.split_info()


def _table(table: ProtoTable) -> None:
    assert table.skipped >= 0
    for name, locale, text in table.strings():
        assert isinstance(name + locale + text, str)
    for kind in ("layout", "xml"):
        list(table.files(kind))
    for resource in (0x7F010000, 0x7F020000, 0x01010003, 0):
        table.name(resource)
        table.forms(resource)

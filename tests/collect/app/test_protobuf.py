"""The protobuf forms of app bundles: same model as the binary forms, and bounds against hostile messages."""

from __future__ import annotations

import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import corpus_path
from deliveries import AAB, UNIVERSAL, members
from numpy.typing import NDArray

from scanner.collect.app import axml, declared, protowire, protoxml
from scanner.collect.app import prototable as pt
from scanner.collect.app.axml import AxmlError, Element
from scanner.collect.app.protowire import WireError
from scanner.collect.app.resources import ResourceError, Resources
from scanner.collect.app.restable import Form


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out) + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def element(name: str, *rest: bytes) -> bytes:
    """An XmlNode that is an element."""
    return field(1, field(3, name.encode()) + b"".join(rest))


def child(node: bytes) -> bytes:
    return field(5, node)


def flat(root: Element) -> list[Any]:
    """Everything the collector uses of an element and those below."""
    own = [(a.id, a.namespace, a.name, a.type, a.text if a.type == 3 else a.data) for a in root.attributes]
    below = [row for one in root.children for row in flat(one)]
    return [(root.name, own, root.text), *below]


# --- against what aapt2 makes of the same source --------------------------------------------------------------


@pytest.fixture(scope="module", params=["apidemos", "appium-settings"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A real package, and what aapt2 makes of it for a bundle."""
    binary, proto = corpus_path(request.param), tmp_path_factory.mktemp("proto") / "proto.apk"
    command = [corpus_path("aapt2"), "convert", "--output-format", "proto", "-o", proto, binary]
    subprocess.run(command, check=True, capture_output=True)
    return binary, proto


def test_real_resource_tables_agree(both: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(both[0]) as one, zipfile.ZipFile(both[1]) as other:
        binary, proto = Resources(one.read("resources.arsc")), pt.ProtoTable(other.read("resources.pb"))

    assert proto.skipped == 0
    assert sorted(proto.strings()) == sorted(binary.strings())
    for kind in ("layout", "xml", "raw", "drawable"):
        assert sorted(proto.files(kind)) == sorted(binary.files(kind))
    kinds = frozenset({"string", "array", "layout", "style", "id"})
    assert proto.identifiers(kinds) == binary.identifiers(kinds)
    assert pairs(proto.links()) == pairs(binary.links())
    ids = {int(row) for row in binary._id}
    assert {i: shown(proto.forms(i)) for i in ids} == {i: shown(binary.forms(i)) for i in ids}


def pairs(links: NDArray[np.uint32]) -> set[tuple[int, int]]:
    return {(source, target) for source, target in links.tolist()}


def shown(forms: list[Form]) -> list[tuple[str, int, int | str]]:
    # A style or array has a row without a value in the binary table.
    single = [form for form in forms if form.type or form.data]
    return sorted((f.config.locale, f.type, f.data if f.text is None else f.text) for f in single)


def test_real_layouts_and_manifests_agree(both: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(both[0]) as one, zipfile.ZipFile(both[1]) as other:
        names = [n for n in other.namelist() if n.startswith(("res/layout/", "res/xml/", "AndroidManifest"))]
        differ = [n for n in names if flat(axml.parse(one.read(n))) != flat(protoxml.parse(other.read(n)))]

    assert len(names) > 5
    assert differ == []


@pytest.mark.parametrize("module", ["base", "contacts"])
def test_a_bundle_keeps_the_layouts_of_the_universal_package(module: str) -> None:
    bundle, universal = members(AAB), members(UNIVERSAL)
    names = [name for name in bundle if name.startswith(f"{module}/res/layout/")]

    assert names
    for name in names:
        place = name.removeprefix(f"{module}/")
        assert flat(protoxml.parse(bundle[name])) == flat(axml.parse(universal[place]))


# --- single cases ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "folder"),
    [
        ("", ""),
        ("zh", "zh"),
        ("zh-CN", "zh-rCN"),
        ("es-419", "es-r419"),
        ("zh-Hans", "b+zh+Hans"),
        ("zh-Hans-CN", "b+zh+Hans+CN"),
        ("fil", "fil"),
    ],
)
def test_locales_are_written_as_in_resource_folders(tag: str, folder: str) -> None:
    assert pt.folder_locale(tag) == folder


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (field(1, field(2, 0x7F010002)), (0x01, 0x7F010002)),
        (field(1, field(1, 1) + field(2, 5)), (0x02, 5)),
        (field(2, field(1, b"words")), (0x03, "words")),
        (field(4, field(1, b"styled")), (0x03, "styled")),
        (field(5, field(1, b"res/a.xml")), (0x03, "res/a.xml")),
        (field(7, field(6, 0xFFFFFFFFFFFFFFFF)), (0x10, 0xFFFFFFFF)),
        (field(7, field(8, 1)), (0x12, 0xFFFFFFFF)),
        (field(7, field(9, 0xFF00FF00)), (0x1C, 0xFF00FF00)),
        (field(7, field(2, b"")), (0x00, 1)),
    ],
)
def test_items_become_typed_values(item: bytes, value: tuple[int, int | str]) -> None:
    assert protoxml.item_value(memoryview(item)) == value


def test_attributes_stand_in_the_order_of_their_ids() -> None:
    def attribute(name: str, number: int) -> bytes:
        return field(4, field(2, name.encode()) + field(3, b"x") + (field(5, number) if number else b""))

    root = protoxml.parse(element("a", attribute("late", 9), attribute("none", 0), attribute("early", 3)))

    assert [one.name for one in root.attributes] == ["early", "late", "none"]
    assert root.attribute(9) is not None


# --- hostile --------------------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    node = element("deep")
    for _ in range(depth):
        node = element("deep", child(node))
    return node


def test_deep_nesting_is_cut_and_counted() -> None:
    document = protoxml.read(nested(3000))

    assert document.dropped == 1
    with pytest.raises(AxmlError):
        protoxml.parse(nested(3000))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x0a",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\xff" * 40,
        b"\x0b\x0c",
        b"\x00\x00",
        b"\x0a\x02\x1a\x7f",
        field(2, b"only text"),
        b"<manifest/>",
    ],
)
def test_broken_xml_is_an_error_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(AxmlError):
        protoxml.parse(data)


@pytest.mark.parametrize("data", [b"\x12\xff\xff\xff\xff\x0f", b"\xff" * 40, b"\x12\x02\x1a\x7f"])
def test_a_broken_table_is_an_error(data: bytes) -> None:
    with pytest.raises(ResourceError):
        pt.ProtoTable(data)


def test_the_number_of_entries_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pt, "MAX_ENTRIES", 5)
    entries = b"".join(field(3, field(1, field(1, n)) + field(2, b"n")) for n in range(9))
    table = pt.ProtoTable(field(2, field(3, field(2, b"string") + entries)))

    assert (table.name(0x7F000004), table.name(0x7F000005)) == ("string/n", "")
    assert table.skipped == 1


def test_the_number_of_fields_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protowire, "MAX_FIELDS", 5)

    assert protowire.parse(b"\x08\x01" * 5) == 5
    with pytest.raises(WireError):
        protowire.parse(b"\x08\x01" * 6)


def test_a_broken_entry_leaves_the_others() -> None:
    def entry(number: int, rest: bytes) -> bytes:
        return field(3, field(1, field(1, number)) + field(2, b"name%d" % number) + rest)

    good = field(6, field(2, field(4, field(2, field(1, "文字".encode())))))
    kind = field(1, field(1, 2)) + field(2, b"string") + entry(1, b"\x32\x7f") + entry(2, good)
    table = pt.ProtoTable(field(2, field(1, field(1, 0x7F)) + field(3, kind)))

    assert list(table.strings()) == [("string/name2", "", "文字")]
    assert table.skipped == 1


def test_a_reference_that_leads_back_to_itself_ends() -> None:
    from scanner.collect.app.restable import Resources as Joined
    from scanner.collect.app.restable import Source

    value = field(6, field(2, field(4, field(1, field(2, 0x7F020001)))))
    entry = field(3, field(1, field(1, 1)) + field(2, b"loop") + value)
    kind = field(1, field(1, 2)) + field(2, b"string") + entry
    table = pt.ProtoTable(field(2, field(1, field(1, 0x7F)) + field(3, kind)))
    joined = Joined([Source(table, "resources.pb", str)])

    assert joined.text(0x7F020001) is None
    assert joined.value(0x7F020001) is None


TARGETS: list[tuple[Callable[[bytes], object], bytes, type[Exception]]] = [
    (protowire.parse, members(AAB)["base/resources.pb"], WireError),
    (protoxml.parse, members(AAB)["base/manifest/AndroidManifest.xml"], AxmlError),
    (pt.parse, members(AAB)["base/resources.pb"], ResourceError),
    (declared.parse_contents, zipfile.ZipFile(AAB.with_name("notes.apks")).read("toc.pb"), WireError),
    (declared.parse, b'{"package_name": "a", "split_apks": [{"file": "b"}]}', WireError),
]


@pytest.mark.parametrize(("parse", "seed", "error"), TARGETS, ids=["wire", "xml", "table", "toc", "json"])
def test_cut_and_flipped_input_raises_nothing_else(
    parse: Callable[[bytes], object], seed: bytes, error: type[Exception]
) -> None:
    for place in range(0, len(seed), max(1, len(seed) // 60)):
        flipped = bytearray(seed)
        flipped[place] ^= 0xA5
        for data in (seed[:place], bytes(flipped)):
            try:
                parse(data)
            except error:
                continue


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"version_code": ' + b"9" * 5000 + b"}", b"\xff", b"3"])
def test_hostile_metadata_says_nothing(data: bytes) -> None:
    found = declared.parse(data)

    assert found is None or found.code is None

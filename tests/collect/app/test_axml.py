"""Binary XML is read as Android reads it, whatever the file says of itself."""

from __future__ import annotations

import itertools
import re
import struct
import subprocess
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import axml_writer as w
import pytest
from axml_writer import Attr, Node, document
from conftest import corpus_ids, corpus_path, fixture_apk_path
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.collect.app.archive import Archive
from scanner.collect.app.axml import MAX_DEPTH, AxmlError, Element, parse, read
from scanner.collect.app.manifest import DEBUGGABLE, EXPORTED, NAME, VERSION_CODE, Manifest
from scanner.collect.app.stringpool import PoolError, StringPool

TRUE = (0x12, NONE := 0xFFFFFFFF)
FALSE = (0x12, 0)


def manifest(*application: Attr, root: tuple[Attr, ...] = (), **options: object) -> bytes:
    package = Attr("package", "a.b")
    return document(
        Node("manifest", (*root, package), [Node("application", application)]),
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("utf8", [False, True])
@pytest.mark.parametrize("width", [20, 24, 40])
def test_what_was_written_is_read(utf8: bool, width: int) -> None:
    root = Node(
        "manifest", [Attr("versionCode", (0x10, 7), VERSION_CODE), Attr("package", "包.名")], text="文字"
    )
    found = parse(document(root, utf8=utf8, width=width))

    assert found.name == "manifest"
    first = found.attributes[0]
    assert (first.id, first.name, first.type, first.data, first.text) == (
        VERSION_CODE,
        "versionCode",
        16,
        7,
        None,
    )
    assert found.attributes[1].text == "包.名"
    assert found.text == "文字"


def test_names_do_not_count_ids_do() -> None:
    found = Manifest(manifest(Attr("label", TRUE, DEBUGGABLE), Attr("debuggable", FALSE, 0)), None)

    assert found.flag(DEBUGGABLE) is True


def test_an_attribute_without_id_has_no_effect() -> None:
    assert Manifest(manifest(Attr("debuggable", TRUE)), None).flag(DEBUGGABLE) is None


def test_an_attribute_behind_a_higher_id_is_not_seen() -> None:
    in_order = (Attr("debuggable", TRUE, DEBUGGABLE), Attr("exported", TRUE, EXPORTED))

    assert Manifest(manifest(*in_order), None).flag(DEBUGGABLE) is True
    assert Manifest(manifest(*reversed(in_order)), None).flag(DEBUGGABLE) is None
    assert Manifest(manifest(*reversed(in_order)), None).flag(EXPORTED) is True


def test_the_first_of_two_equal_ids_counts() -> None:
    found = Manifest(manifest(Attr("a", TRUE, DEBUGGABLE), Attr("b", FALSE, DEBUGGABLE)), None)

    assert found.flag(DEBUGGABLE) is True


def test_package_is_taken_as_written_the_rest_as_typed() -> None:
    root = document(
        Node("manifest", [Attr("versionName", "1", 0x0101021C, raw="2"), Attr("package", "typed", raw="a.b")])
    )
    found = Manifest(root, None)

    assert (found.package, found.version_name) == ("a.b", "1")


def test_a_namespaced_package_is_a_decoy() -> None:
    root = Node("manifest", [Attr("package", "fake", namespace="http://x"), Attr("package", "a.b")])

    assert Manifest(document(root), None).package == "a.b"


def test_the_last_pool_in_front_of_the_first_node_counts() -> None:
    decoy = w.pool(["fake"] * 40)

    assert Manifest(manifest(before=decoy), None).package == "a.b"


def test_type_and_header_size_of_the_file_are_not_looked_at() -> None:
    whole = bytearray(manifest())
    longer = struct.pack("<HHI", 0x7777, 16, len(whole) + 8) + b"\0" * 8 + bytes(whole[8:])

    assert Manifest(longer, None).package == "a.b"


@pytest.mark.parametrize("at", [4, 12, 16])
def test_sizes_that_do_not_fit_are_refused(at: int) -> None:
    whole = bytearray(manifest())
    struct.pack_into("<I", whole, at, 0x7FFFFFFC)
    with pytest.raises(AxmlError):
        parse(bytes(whole))


def test_deep_elements_are_dropped_and_counted() -> None:
    node = Node("x")
    for _ in range(MAX_DEPTH + 9):
        node = Node("x", children=[node])
    data = document(Node("manifest", [Attr("package", "a.b")], [node, Node("application")]))

    assert Manifest(data, None).dropped == 11
    assert Manifest(data, None).application is not None
    with pytest.raises(AxmlError, match="deeper"):
        parse(data)


def test_attributes_of_width_zero_are_bounded() -> None:
    element = struct.pack("<IIHHHHHH", NONE, 0, 20, 0, 0xFFFF, 0, 0, 0)
    node = w.chunk(0x0102, struct.pack("<II", 1, NONE), element)
    data = w.chunk(3, b"", w.pool(["manifest"]) + node * 100)
    with pytest.raises(AxmlError, match="attributes"):
        parse(data)


def test_overlapping_strings_do_not_multiply_memory() -> None:
    body = b"\xff\x7f" + b"a\0" * 0x7FFF + b"\0\0" * 600
    count = 500
    start = 28 + 4 * count
    head = struct.pack("<HHIIIIII", 1, 28, start + len(body), count, 0, 0, start, 0)
    shifted = struct.pack(f"<{count}I", *([0] * count))
    found = StringPool(head + shifted + body, 0)
    with pytest.raises(PoolError, match="overlap"):
        for index in range(count):
            assert len(found[index]) == 0x7FFF


def test_characters_beyond_the_basic_plane_as_aapt2_writes_them() -> None:
    surrogates = "😀".encode("utf-16-be")
    high, low = struct.unpack(">HH", surrogates)
    data = w.pool([f"a{chr(high)}{chr(low)}b"], utf8=True)

    assert StringPool(data, 0)[0] == "a😀b"


@pytest.mark.parametrize("index", [-1, 1, NONE])
def test_strings_outside_the_pool_are_empty(index: int) -> None:
    assert StringPool(w.pool(["x"]), 0)[index] == ""


# --- against the platform's own parser ------------------------------------------------------------------


@cache
def clean_manifest() -> bytes:
    with Archive(fixture_apk_path("clean")) as archive:
        return archive.read("AndroidManifest.xml")


def outline(element: Element, depth: int = 0) -> list[tuple[str, int]]:
    """Element names and numbers of attributes, in document order."""
    found = [(element.name, len(element.attributes))]
    for child in element.children:
        found += outline(child, depth + 1)
    return found


FAULT = re.compile(rb"Bad (XML|string)|ResXMLTree_node|chunk|corrupt|no string pool", re.IGNORECASE)


def aapt_outline(data: bytes, folder: Path) -> tuple[list[tuple[str, int]], bool] | None:
    """The same from ``aapt dump xmltree``, as far as it reads, and whether it found the file at fault.

    Elements without their namespace.  None when aapt itself crashes or gives up.
    """
    path = folder / "x.apk"
    with zipfile.ZipFile(path, "w") as pack:
        pack.writestr("AndroidManifest.xml", data)
    command = ["aapt", "dump", "xmltree", str(path), "AndroidManifest.xml"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=20)
    if done.returncode < 0 or done.stdout.startswith(
        b"***BAD DEPTH"
    ):  # it printed nothing; the reader itself goes on
        return None
    found: list[tuple[str, int]] = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        mark, _, rest = line.strip().partition(": ")
        if mark == "E":
            found.append((rest.rpartition(" (line=")[0].rpartition(":")[2], 0))
        elif mark == "A" and found:
            found[-1] = (found[-1][0], found[-1][1] + 1)
    return found, done.returncode != 0 or FAULT.search(done.stderr) is not None


def test_outline_of_the_whole_manifest_is_the_platforms(tmp_path: Path) -> None:
    assert aapt_outline(clean_manifest(), tmp_path) == (outline(parse(clean_manifest())), False)


DAMAGED_FIELDS = ((0, "H"), (2, "H"), (4, "I"), (24, "H"), (26, "H"), (28, "H"))
DAMAGE = (0, 1, 4, 8, 16, 20, 24, 28, 36, 64, 0x102, 0x103, 0x104, 0x7777, 0xFFFC)


def damaged_manifests() -> Iterator[tuple[str, bytes]]:
    """Every field of every chunk's head, set to every value that means something elsewhere; with what was done."""
    clean = clean_manifest()
    heads, place = [0], 8
    while place + 8 <= len(clean):
        heads.append(place)
        place += max(8, struct.unpack_from("<I", clean, place + 4)[0])
    for head, (offset, form), value in itertools.product(heads, DAMAGED_FIELDS, DAMAGE):
        if head + offset + 4 <= len(clean):
            content = bytearray(clean)
            struct.pack_into("<" + form, content, head + offset, value)
            yield f"{value:#x} at {head}+{offset}", bytes(content)


def test_damaged_manifests_are_read_or_refused_with_the_platform(tmp_path: Path) -> None:
    def judged(entry: tuple[int, tuple[str, bytes]]) -> bool | None:
        number, (done, content) = entry
        folder = tmp_path / str(number)
        folder.mkdir()
        judgement = aapt_outline(content, folder)
        if judgement is None:
            return None
        expected, fault = judgement
        try:
            found = outline(parse(content))
        except AxmlError:
            assert fault, f"{done}: refused, and Android does not"
            return True
        assert found == expected[: len(found)], done
        return True

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(judged, enumerate(damaged_manifests())))
    assert results.count(True) > 2_500


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 1 << 20),
)
def test_random_damage_raises_nothing_else(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(clean_manifest())
    for place, value in changes:
        content[place % len(content)] = value
    damaged = bytes(content)[: len(content) - (cut % len(content) if cut & 1 else 0)]
    try:
        found = read(damaged)
    except AxmlError:
        return
    assert found.root.name is not None


@pytest.mark.parametrize("name", corpus_ids("apps"))
def test_every_attribute_of_real_manifests_is_visible(name: str) -> None:
    def check(element: Element) -> None:
        for attribute in element.attributes:
            if attribute.id:
                assert element.attribute(attribute.id) is attribute
        for child in element.children:
            check(child)

    with Archive(corpus_path(name)) as archive:
        root = parse(archive.read("AndroidManifest.xml"))
    check(root)
    assert root.find("application")
    assert NAME

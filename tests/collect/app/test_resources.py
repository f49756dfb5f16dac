"""Resource tables: what aapt2 compiled is read in every encoding; real tables equal aapt2's reading."""

from __future__ import annotations

import re
import struct
import subprocess
from functools import cache
from pathlib import Path

import pytest
from conftest import corpus_ids, corpus_path, fixture_apk_path
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.collect.app.archive import Archive
from scanner.collect.app.resconfig import Config, packed, read_config
from scanner.collect.app.resources import MAX_PACKAGES, PACKAGE, ResourceError, Resources

FRAMEWORK = "/usr/share/android-framework-res/framework-res.apk"
MANIFEST = '<manifest xmlns:android="http://schemas.android.com/apk/res/android" package="a.b"/>'
VALUES = {
    "values": '<string name="app">App</string><string name="ref">@string/app</string>'
    '<string name="loop1">@string/loop2</string><string name="loop2">@string/loop1</string>'
    '<string name="zh_only_tw">default</string><string name="face">a\U0001f600b</string>'
    '<bool name="on">true</bool><integer name="n">-5</integer><bool name="also">@bool/on</bool>'
    '<string-array name="list"><item>one</item><item>@string/app</item><item>three</item></string-array>'
    '<plurals name="days"><item quantity="one">day</item><item quantity="other">days</item></plurals>'
    + "".join(f'<string name="s{n}">text {n}</string>' for n in range(300)),
    "values-zh": '<string name="app">中文</string>',
    "values-zh-rTW": '<string name="app">繁體</string><string name="zh_only_tw">繁體</string>',
    "values-zh-rCN": '<string name="app">简体</string><string name="s250">第二百五十</string>',
    "values-b+sr+Latn": '<string name="app">latinica</string>',
    "values-fil": '<string name="app">fil</string>',
    "values-en-rGB": '<string name="app">British</string>',
    "values-land": '<string name="app">wide</string>',
}
OPTIONS: dict[str, list[str]] = {
    "plain": [],
    "sparse": ["--enable-sparse-encoding", "--min-sdk-version", "32"],
    "compact": ["--enable-compact-entries", "--min-sdk-version", "34"],
}


@pytest.fixture(scope="module", params=list(OPTIONS))
def table(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A table compiled by aapt2 with one of its encodings."""
    folder = tmp_path_factory.mktemp("res")
    for name, body in VALUES.items():
        target = folder / "res" / name / "v.xml"
        target.parent.mkdir(parents=True)
        target.write_text(f"<resources>{body}</resources>", encoding="utf-8")
    (folder / "AndroidManifest.xml").write_text(MANIFEST)
    aapt2, out = str(corpus_path("aapt2")), folder / "out.apk"
    subprocess.run([aapt2, "compile", "--dir", "res", "-o", "c.zip"], cwd=folder, check=True)
    link = [aapt2, "link", "-I", FRAMEWORK, "--manifest", "AndroidManifest.xml", "-o", str(out), "c.zip"]
    subprocess.run([*link, *OPTIONS[request.param]], cwd=folder, check=True, capture_output=True)
    with Archive(out) as archive:
        return archive.read("resources.arsc")


def ids(resources: Resources) -> dict[str, int]:
    found = {}
    for kind in range(1, 16):
        for number in range(400):
            resource = 0x7F << 24 | kind << 16 | number
            name = resources.name(resource)
            if name:
                found[name] = resource
    return found


def test_all_encodings_give_the_same_values(table: bytes) -> None:
    resources = Resources(table)
    number = ids(resources)
    assert resources.skipped == 0
    assert resources.text(number["string/s299"]) == "text 299"
    assert resources.text(number["string/face"]) == "a\U0001f600b"
    strings = {(name, locale): text for name, locale, text in resources.strings()}
    assert strings["string/s250", "zh-rCN"] == "第二百五十"
    assert strings["string/app", "b+sr+Latn"] == "latinica"
    assert strings["string/app", "fil"] == "fil"
    assert sum(name.startswith("string/s") and not locale for name, locale in strings) == 300
    on, also, five = (resources.value(number[name]) for name in ("bool/on", "bool/also", "integer/n"))
    assert on and also and five
    assert on.data == also.data == 0xFFFFFFFF
    assert five.data == -5 & 0xFFFFFFFF


def test_arrays_and_plurals_are_among_the_strings(table: bytes) -> None:
    found = list(Resources(table).strings())
    assert [text for name, _, text in found if name == "array/list"] == ["one", "three"]
    assert {text for name, _, text in found if name == "plurals/days"} == {"day", "days"}


def test_the_nearest_locale_of_a_language_is_taken(table: bytes) -> None:
    resources = Resources(table)
    number = ids(resources)
    app = number["string/app"]
    assert resources.text(app) == "App"
    assert resources.text(app, ("zh",)) == "简体"
    assert resources.text(app, ("en",)) == "British"
    assert resources.text(app, ("sr",)) == "latinica"
    assert resources.text(app, ("fr",)) is None
    assert resources.text(app, ("fr", "")) == "App"
    assert resources.text(number["string/zh_only_tw"], ("zh",)) == "繁體"
    assert resources.text(number["string/ref"], ("zh",)) == "简体"  # the alias itself has no Chinese form
    assert resources.text(number["string/ref"], ("fr",)) is None


def test_loops_end(table: bytes) -> None:
    resources = Resources(table)
    number = ids(resources)
    assert resources.text(number["string/loop1"]) is None
    assert resources.value(number["string/loop2"]) is None


@pytest.mark.parametrize("resource", [0, 0x01010003, 0x7F990000, 0x7F01FFFF, 0xFFFFFFFF, 1 << 40])
def test_unknown_ids_have_no_value(table: bytes, resource: int) -> None:
    resources = Resources(table)
    assert (resources.name(resource), resources.text(resource), resources.value(resource)) == ("", None, None)


# --- real tables ----------------------------------------------------------------------------------------

STRING = re.compile(r' {6}\([^)]*\) (?:"(.*)"|\(styled string\) "(.*)" [^"]*)$')
WITH_TABLE = ["apidemos", "minicap", "yosemite", "xposed", "adbkeyboard", "uiautomator-androidx"]


def real(name: str) -> Resources:
    path = Path(FRAMEWORK) if name == "framework" else corpus_path(name)
    with Archive(path) as archive:
        return Resources(archive.read("resources.arsc"))


@pytest.mark.parametrize("name", WITH_TABLE)
def test_strings_are_aapt2s(name: str) -> None:
    """Each one-line string with its configuration as ``aapt2 dump`` prints it."""
    command = [str(corpus_path("aapt2")), "dump", "resources", str(corpus_path(name))]
    done = subprocess.run(command, capture_output=True, check=True)
    resources = real(name)
    expected, resource = set(), ""
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        if match := re.match(r" {4}resource (0x[0-9a-f]+) ([\w.]+/\S+)", line):
            resource = match.group(2)
            assert resources.name(int(match.group(1), 16)) in {resource, ""}
        elif (match := STRING.match(line)) and resource.startswith("string/"):
            expected.add((resource, match.group(1) or match.group(2) or ""))
    found = {(n, t) for n, _, t in resources.strings() if n.startswith("string/") and "\n" not in t}
    assert len(expected) > 2
    assert {pair for pair in expected if pair not in found} == set()
    assert (
        len(found - expected) <= len(found) // 100
    )  # strings that aapt2 prints over several lines or escapes


def test_the_platforms_table_reads_whole() -> None:
    resources = real("framework")
    assert resources.skipped == 0
    assert resources.name(0x01010003) == "attr/name"
    assert resources.text(0x01040000, ("zh",)) == "取消"
    assert sum(1 for _ in resources.strings()) > 150_000


@pytest.mark.parametrize("name", corpus_ids("apps"))
def test_real_tables_have_nothing_skipped(name: str) -> None:
    with Archive(corpus_path(name)) as archive:
        if "resources.arsc" not in archive.entries:
            return
        resources = Resources(archive.read("resources.arsc"))
        missing = [path for _, path in resources.files("layout") if path not in archive.entries]
    assert resources.skipped == 0
    assert missing == []


# --- hostile tables -------------------------------------------------------------------------------------


def test_configurations() -> None:
    raw = bytearray(64)
    raw[0:4] = struct.pack("<I", 64)
    raw[8:12] = b"zhCN"
    assert read_config(bytes(raw)) == Config("zh-rCN", False)
    raw[36:40] = b"Hans"
    assert read_config(bytes(raw)) == Config("b+zh+Hans+CN", False)
    raw[14:16] = b"\x40\x01"
    assert read_config(bytes(raw)).qualified
    assert read_config(b"") == Config("", False)
    assert read_config(b"\xff" * 12).qualified
    assert packed(b"\xad\x05", 0x61) == "fil"


@cache
def clean_table() -> bytes:
    with Archive(fixture_apk_path("clean")) as archive:
        return archive.read("resources.arsc")


def test_packages_are_bounded() -> None:
    table = clean_table()
    place = 12
    while struct.unpack_from("<H", table, place)[0] != PACKAGE:
        place += struct.unpack_from("<I", table, place + 4)[0]
    package = table[place:]
    many = Resources(
        table[:4] + struct.pack("<I", place + 100 * len(package)) + table[8:place] + package * 100
    )
    assert many.skipped == 100 - MAX_PACKAGES
    assert set(many.strings()) == set(Resources(table).strings())


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 1 << 16), st.sampled_from([0, 1, 2, 8, 0x7F, 0x80, 0xFF])),
        min_size=1,
        max_size=12,
    ),
    st.integers(0, 200),
)
def test_random_damage_raises_nothing_else(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(clean_table())
    for place, value in changes:
        content[place % len(content)] = value
    try:
        resources = Resources(bytes(content[: len(content) - cut]))
    except ResourceError:
        return
    for name, locale, text in resources.strings():
        assert isinstance(name + locale + text, str)
    for resource in range(0x7F010000, 0x7F010040):
        resources.text(resource, ("zh", "en", ""))
        resources.value(resource)
    assert isinstance(list(resources.files("layout")), list)

"""What native libraries name: methods they call through JNI, whose they are, addresses; nothing from mere likeness."""

from __future__ import annotations

import shutil
import struct
import zipfile
from pathlib import Path

import pytest
from conftest import corpus_path
from sdk_packages import Recipe, build

from scanner.appfacts import NativeHardening
from scanner.collect.app.collect import collect_app
from scanner.collect.app.elf import loaded_ranges
from scanner.collect.app.endpoints import native_endpoints
from scanner.collect.app.nativeowners import native_owner
from scanner.collect.app.natives import MAX_ADDRESSES, Native, native
from scanner.collect.app.origin import UNKNOWN
from scanner.context import CollectOptions
from scanner.facts import AppFacts

LIBRARY = "lib/arm64-v8a/libBaiduMapSDK_map_v6_0_0.so"


def app_of(path: Path) -> AppFacts:
    facts = collect_app(path, CollectOptions())
    assert facts.app is not None
    return facts.app


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> tuple[AppFacts, AppFacts]:
    """An app with the vendor's jar, without and with the vendor's native library."""
    plain = build(Recipe(("baidu-lbs",))).path
    whole = tmp_path_factory.mktemp("maps") / "maps.apk"
    shutil.copy(plain, whole)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.write(corpus_path("baidu-map-native"), LIBRARY)
    return app_of(plain), app_of(whole)


def test_what_native_code_calls_is_reachable(maps: tuple[AppFacts, AppFacts]) -> None:
    without, app = maps
    place = ("Lcom/baidu/mapsdkvi/VDeviceAPI;->isWifiConnected()Z", "network-type")
    (before,) = [a for a in without.accesses if (a.caller, a.item) == place]
    (found,) = [a for a in app.accesses if (a.caller, a.item) == place]

    assert (before.reachable, before.entry_kind) == (False, None)
    assert (found.reachable, found.entry_kind, found.entry) == (
        True,
        "native",
        "com.baidu.mapsdkvi.VDeviceAPI",
    )
    note = found.evidence[0].note
    assert note is not None
    assert LIBRARY in note.zh
    assert LIBRARY in note.en
    # What components reach keeps their chains.
    assert not any(a.entry_kind == "native" for a in app.accesses if a.before_ui)


def test_addresses_in_a_library_are_those_of_the_party_whose_classes_it_names(
    maps: tuple[AppFacts, AppFacts],
) -> None:
    app = maps[1]
    (library,) = app.native_libraries
    found = {e.url: e for e in app.endpoints if e.origin == "native"}

    assert (library.owner.kind, library.owner.id, library.owner.basis) == ("sdk", "baidu-map", "jni")
    statistics = found["http://api.map.baidu.com/sdkproxy/lbs_androidsdk/statistics/v1/"]
    assert statistics.cleartext
    assert statistics.owner.id == "baidu-map"
    (evidence,) = statistics.evidence
    data = corpus_path("baidu-map-native").read_bytes()
    assert evidence.locator.kind == "file"
    start, length = evidence.locator.offset, evidence.locator.length
    assert start is not None
    assert length is not None
    assert data[start : start + length].decode() == statistics.url == evidence.excerpt
    assert "client.map.baidu.com" in next(sdk for sdk in app.sdks if sdk.id == "baidu-map").hosts


def test_a_microphone_that_only_native_code_switches_on_is_found() -> None:
    app = app_of(corpus_path("apkvolt"))
    found = [a for a in app.accesses if a.item == "microphone" and a.caller.startswith("Lorg/libsdl/")]

    assert found
    assert {a.entry_kind for a in found} == {"native"}
    # Names of compilers and manuals in public libraries are no addresses.
    assert [e.url for e in app.endpoints if e.origin == "native"] == []


def strings(*texts: str) -> bytes:
    return b"\0" + b"".join(text.encode() + b"\0" for text in texts)


def test_a_method_counts_only_where_class_name_and_prototype_are_there() -> None:
    found = native(
        "lib/x86/libx.so", strings("cn/shop/Phone", "read", "(I)Ljava/lang/String;", "close", "()V")
    )

    assert found.names_method("Lcn/shop/Phone;->read(I)Ljava/lang/String;")
    assert not found.names_method("Lcn/shop/Phone;->read(J)V")
    assert not found.names_method("Lcn/shop/Phone;->reads(I)Ljava/lang/String;")
    assert not found.names_method("Lcn/shop/Other;->read(I)Ljava/lang/String;")
    # Class names occur as descriptors too; what merely looks like a path does not.
    assert native("x", strings("Lcn/shop/Phone;")).classes == {"Lcn/shop/Phone;"}
    assert native("x", strings("/dev/null", "a b/c", "read/", "100/7")).classes == frozenset()


def test_only_what_is_loaded_counts() -> None:
    data = corpus_path("baidu-map-native").read_bytes()
    ranges = loaded_ranges(data)

    assert ranges == sorted(ranges)
    assert all(0 <= start < end <= len(data) for start, end in ranges)
    assert sum(end - start for start, end in ranges) < len(data)
    assert loaded_ranges(b"\x7fELF") == [(0, 4)]
    lying = bytearray(data)
    (place,) = struct.unpack_from("<Q", data, 32)
    for number in range(struct.unpack_from("<H", data, 56)[0]):
        struct.pack_into("<Q", lying, place + 56 * number + 8, 1 << 62)
    assert loaded_ranges(bytes(lying)) == [(0, len(data))]


def test_addresses_of_a_hostile_library_are_bounded() -> None:
    data = b"\0".join(b"http://h%d.example.cn/" % number for number in range(MAX_ADDRESSES + 10))
    found = native("x", data)

    assert len(found.addresses) == MAX_ADDRESSES
    assert found.cut
    assert not native("x", strings("http://a.example.cn/")).cut
    assert found.names == frozenset()
    # Format strings and broken hosts are none.
    odd = native("x", strings("http://%s/x", "https://", "http://-/", "see https://a.example.cn/b?c=1 now"))
    endpoints = native_endpoints([("x", UNKNOWN, odd.addresses)])
    assert [e.url for e in endpoints] == ["https://a.example.cn/b?c=1"]


def test_a_library_that_names_somebody_unknown_is_not_the_apps(
    tmp_path: Path,
) -> None:
    app, unknown = "com/shop/app/MainActivity", "mapsdkvi/com/gdi/bgl/android/java/EnvDrawText"
    found = {}
    for name, classes in (("own", [app]), ("mixed", [app, unknown])):
        path = tmp_path / f"{name}.apk"
        shutil.copy(build(Recipe(("baidu-lbs",))).path, path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("lib/x86/libown.so", strings(*classes))
        (library,) = app_of(path).native_libraries
        found[name] = library.owner.kind

    assert found == {"own": "app", "mixed": "unknown"}


def test_a_library_that_is_too_large_leaves_addresses_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.collect.app.natives.MAX_FILE", 1 << 20)
    whole = tmp_path / "maps.apk"
    shutil.copy(build(Recipe(("baidu-lbs",))).path, whole)
    with zipfile.ZipFile(whole, "a") as archive:
        archive.write(corpus_path("baidu-map-native"), LIBRARY)
    facts = collect_app(whole, CollectOptions())

    assert {g.path for g in facts.gaps if g.code == "native-unread"} == {"app.hardening"}
    assert {g.path for g in facts.gaps if g.code == "native-strings"} == {"app.endpoints", "app.accesses"}


def test_a_library_that_names_classes_of_two_parties_is_nobodys() -> None:
    one = Native("lib/x86/libx.so", NativeHardening(path="x"), frozenset({"Lcom/baidu/vi/VGps;"}))
    two = Native("lib/x86/libx.so", one.hardening, one.classes | {"Lcom/tencent/stat/StatService;"})
    public = Native("lib/x86/libx.so", one.hardening, frozenset({"Ljava/lang/String;", "Lkotlin/Unit;"}))

    assert native_owner(one, None).id == "baidu-map"
    assert native_owner(two, None) == UNKNOWN
    assert native_owner(public, None) == UNKNOWN
    named = Native("lib/x86/libBugly.so", one.hardening, one.classes)
    assert native_owner(named, None).basis == "prefix"

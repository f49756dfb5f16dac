"""What the build recorded gives names and versions; traces beside the code are told apart from SDKs that are there."""

from __future__ import annotations

from functools import cache

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner import catalogue
from scanner.appfacts import BuildRecord, NativeHardening, SdkTrace
from scanner.codefacts import Sdk
from scanner.collect import collect
from scanner.collect.app.buildrecords import find_records, find_traces, trace_data, with_versions
from scanner.collect.app.elf import jni_classes
from scanner.facts import AppFacts
from scanner.model import Text


@cache
def app(name: str) -> AppFacts:
    facts = collect(corpus_path(name)).app
    assert facts is not None
    return facts


def records(files: dict[str, str]) -> list[BuildRecord]:
    return find_records(files, lambda path, size: files[path].encode()[:size])


@pytest.mark.parametrize(
    ("path", "content", "name", "version", "owner"),
    [
        ("META-INF/androidx.core_core-ktx.version", "1.9.0\n", "androidx.core:core-ktx", "1.9.0", "androidx"),
        ("META-INF/kotlinx_coroutines_core.version", "1.6.4", "kotlinx_coroutines_core", "1.6.4", ""),
        (
            "META-INF/androidx.a_b.version",
            "task ':a:b:writeVersionFile' property 'version'",
            "androidx.a:b",
            None,
            "androidx",
        ),
        (
            "META-INF/maven/com.google.code.gson/gson/pom.properties",
            "#Created by Maven\nversion=2.8.9\ngroupId=com.google.code.gson\n",
            "com.google.code.gson:gson",
            "2.8.9",
            "gson",
        ),
        (
            "play-services-location.properties",
            "version=21.4.0\nclient=play-services-location\n",
            "play-services-location",
            "21.4.0",
            "gms-location",
        ),
        ("META-INF/okhttp.kotlin_module", "\0\0", "okhttp", None, "okhttp"),
        ("META-INF/services/kotlinx.coroutines.internal.MainDispatcherFactory", "x",
         "kotlinx.coroutines.internal.MainDispatcherFactory", None, "kotlin"),
    ],
)  # fmt: skip
def test_each_kind_of_record_is_read(
    path: str, content: str, name: str, version: str | None, owner: str
) -> None:
    (record,) = records({path: content})

    assert (record.name, record.version, record.owner_id) == (name, version, owner)
    assert record.evidence[0].artifact == path


def test_other_files_are_no_records() -> None:
    files = {
        "mime.properties": "version=1",
        "META-INF/MANIFEST.MF": "x",
        "assets/META-INF/a.b_c.version": "1",
    }

    assert records(files) == []


def test_records_and_versions_of_a_real_app() -> None:
    facts = app("appium-settings")
    versions = {sdk.id: sdk.version for sdk in facts.sdks}

    assert {r.name: r.version for r in facts.build_records}["play-services-location"] == "21.4.0"
    assert versions["gms-location"] == "21.4.0"
    # Its records state many versions: none is that of the whole.
    assert versions["androidx"] is None
    (names,) = [t for t in facts.sdk_traces if t.kind == "resource-name"]
    assert (names.sdk, names.present) == ("gms-base", True)
    assert names.count >= 3


def test_what_the_code_says_of_its_version_is_kept() -> None:
    names = Text(zh="库", en="library")
    stated = Sdk(
        id="gson", name=names, vendor=names, purpose="library", is_library=True, basis=(), version="9.9"
    )
    found = records({"META-INF/maven/com.google.code.gson/gson/pom.properties": "version=2.8.9"})

    assert with_versions([stated], found)[0].version == "9.9"
    (filled,) = with_versions([stated.model_copy(update={"version": None})], found)
    assert filled.version == "2.8.9"
    assert filled.version_evidence[0].artifact.endswith("pom.properties")


def traces(names: list[str], libraries: list[NativeHardening]) -> list[SdkTrace]:
    return find_traces(names, libraries, [], set())


def test_a_few_resources_with_a_prefix_are_chance_and_many_are_a_trace_but_no_sdk() -> None:
    names = ["layout/ksad_a", "string/ksad_b", "id/ksad_c"]

    assert traces(names[:2], []) == []
    (trace,) = traces(names, [])
    assert (trace.sdk, trace.kind, trace.count, trace.present) == ("kuaishou-ads", "resource-name", 3, False)


def test_exported_functions_name_the_vendors_class() -> None:
    library = NativeHardening(
        path="lib/arm64-v8a/libx.so", jni_classes=("com.tencent.mmkv.MMKV", "cn.own.Native")
    )
    (trace,) = traces([], [library])

    assert (trace.sdk, trace.kind, trace.evidence[0].excerpt) == ("mmkv", "jni", "com.tencent.mmkv.MMKV")


def test_mangled_names_become_classes() -> None:
    symbols = [
        b"Java_com_tencent_mmkv_MMKV_getDefault",
        b"Java_com_a_1b_Native_00024Inner_run__Ljava_lang_String_2",
        b"JNI_OnLoad",
        b"Java_" + b"a_" * 300,
    ]

    assert jni_classes(symbols) == ("com.a_b.Native_00024Inner", "com.tencent.mmkv.MMKV")


def test_exported_functions_of_a_real_library() -> None:
    (sdl,) = [h for h in app("apkvolt").hardening if h.path.endswith("/libSDL2.so")]

    assert "org.libsdl.app.SDLActivity" in sdl.jni_classes
    assert len(sdl.jni_classes) < sdl.jni_functions


def test_the_data_name_sdks_of_the_catalogue_once() -> None:
    known = catalogue.sdks()
    prefixes = [prefix for one in trace_data() for prefix in one.resource_names]

    assert {one.sdk for one in trace_data()} <= known.keys()
    assert len(prefixes) == len(set(prefixes))
    assert all(prefix.endswith("_") and len(prefix) >= 3 for prefix in prefixes)


def test_a_small_package_without_records_has_none() -> None:
    facts = collect(fixture_apk_path("clean")).app
    assert facts is not None

    assert facts.build_records == facts.sdk_traces == ()

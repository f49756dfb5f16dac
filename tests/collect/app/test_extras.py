"""Network trust, secrets, native hardening and containers: on real packages, on our own, and on lies."""

from __future__ import annotations

import random
import string
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import lief
import pytest

from scanner.appfacts import Container
from scanner.collect import collect
from scanner.collect.app.containers import find_containers, techniques
from scanner.collect.app.elf import hardening
from scanner.collect.app.secrets import Form, entropy, find_secrets, forms, mask, matches
from scanner.safere import problem

# --- native hardening: the same answers as LIEF ---------------------------------------------------------


def libraries(package: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(package) as archive:
        names = [n for n in archive.namelist() if n.startswith("lib/") and n.endswith(".so")]
        return [(n, archive.read(n)) for n in names if archive.getinfo(n).file_size < 4 << 20]


@pytest.mark.parametrize("name", ["yosemite", "apkvolt", "minicap"])
def test_hardening_equals_lief_on_every_library(corpus: Callable[[str], Path], name: str) -> None:
    found = libraries(corpus(name))
    assert found or name == "minicap"
    for path, data in found:
        ours, theirs = hardening(path, data), lief.ELF.parse(list(data))
        assert theirs is not None
        segments = {s.type for s in theirs.segments}
        now = any(
            entry.tag == lief.ELF.DynamicEntry.TAG.BIND_NOW
            or (entry.tag == lief.ELF.DynamicEntry.TAG.FLAGS and entry.value & 8)
            or (entry.tag == lief.ELF.DynamicEntry.TAG.FLAGS_1 and entry.value & 1)
            for entry in theirs.dynamic_entries
        )
        symbols = {str(s.name) for s in theirs.dynamic_symbols}
        relro = lief.ELF.Segment.TYPE.GNU_RELRO in segments
        assert ours.problem is None
        assert ours.nx == theirs.has_nx, path
        assert ours.relro == ("full" if relro and now else "partial" if relro else "none"), path
        assert ours.canary == bool(symbols & {"__stack_chk_fail", "__stack_chk_guard"}), path
        assert ours.jni_functions == sum(s.startswith("Java_") for s in symbols), path


def test_lying_elf_files_are_problems_not_exceptions(corpus: Callable[[str], Path]) -> None:
    _, good = libraries(corpus("yosemite"))[0]
    source = random.Random(1)
    assert hardening("x.so", b"").problem == "not an ELF file"
    assert hardening("x.so", b"\x7fELF" + b"\0" * 100).problem is not None
    for _ in range(300):
        data = bytearray(good[: source.choice([64, 200, 1000, 20000])])
        for _ in range(source.randrange(1, 12)):
            data[source.randrange(4, len(data))] = source.randrange(256)
        hardening("x.so", bytes(data))
    huge = bytearray(good[:4096])
    struct.pack_into("<H", huge, 56, 0xFFFF)
    assert hardening("x.so", bytes(huge)).problem == "no usable program headers"


# --- secrets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.kind)
def test_form_fits_its_examples_and_nothing_like_them(form: Form) -> None:
    name = form.context[0] if form.context else ""
    assert problem(form.regex) is None
    for text in form.bad:
        assert list(matches(form, text, name)), text
    for text in form.good:
        assert not list(matches(form, text, name)), text


def random_text(length: int, alphabet: str, seed: int) -> str:
    source = random.Random(seed)
    return "".join(source.choice(alphabet) for _ in range(length))


def test_a_secret_without_prefix_needs_a_name_beside_it() -> None:
    value = random_text(32, "0123456789abcdef", 5)
    strings = [("string/wx_appsecret", "", value), ("string/image_hash", "", value)]

    found = find_secrets(None, strings, [], [])

    assert [(s.kind, s.evidence[0].locator.name) for s in found] == [  # type: ignore[union-attr]
        ("wechat-app-secret", "string/wx_appsecret")
    ]
    assert value not in found[0].model_dump_json()


def test_examples_and_repetitions_are_no_secrets() -> None:
    strings = [("string/app_secret", "", text) for text in ("a" * 32, "your_app_secret_here_please_now")]

    assert find_secrets(None, strings, [], []) == []


def test_each_place_is_searched_and_nothing_is_shown_whole() -> None:
    key = "LTAI" + random_text(20, string.ascii_letters + string.digits, 7)
    pem = "-----BEGIN PRIVATE KEY-----\n" + random_text(64, string.ascii_letters, 3)

    found = find_secrets(None, [("string/a", "", key)], [("oss", key)], [("assets/k.pem", f"x\n{pem}\n")])

    assert {(s.kind, s.origin) for s in found} == {
        ("aliyun-access-key", "resource"),
        ("private-key", "asset"),
    }
    assert all(key not in s.model_dump_json() and pem[-30:] not in s.model_dump_json() for s in found)
    assert next(s for s in found if s.kind == "private-key").evidence[0].locator.offset == 2  # type: ignore[union-attr]


def test_credentials_in_a_real_package_and_no_key_headers(corpus: Callable[[str], Path]) -> None:
    app = collect(corpus("yosemite")).app
    assert app is not None

    assert [(s.kind, s.origin, s.owner_kind) for s in app.secrets] == [("database-password", "code", "app")]


def test_mask_and_entropy() -> None:
    assert mask("abcdefghijklmnop") == "abcd********mnop"
    assert mask("abc") == "********"
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2


# --- network configuration ------------------------------------------------------------------------------


def test_network_configuration_of_the_twins(fixture_apk: Callable[[str], Path]) -> None:
    bad, good = (collect(fixture_apk(f"cleartext.{v}")).app for v in ("bad", "good"))
    assert bad is not None
    assert good is not None
    assert bad.network is not None
    assert good.network is not None

    assert bad.network.cleartext is True
    assert good.network.cleartext is False
    assert [(d.domain, d.subdomains, d.cleartext) for d in good.network.domains] == [
        ("api.qinghe.example", True, False)
    ]
    assert good.network.domains[0].evidence[0].locator.path == "/network-security-config/domain-config[1]"  # type: ignore[union-attr]


# --- containers -----------------------------------------------------------------------------------------


def kinds(
    files: list[str], classes: list[str], heads: dict[str, bytes] | None = None
) -> dict[str, Container]:
    head = (heads or {}).get
    return {c.kind: c for c, _ in find_containers(files, classes, lambda path: head(path) or b"text")}


def test_a_container_needs_more_than_a_common_file_name() -> None:
    assert kinds(["assets/main.bundle"], []) == {}
    found = kinds(["assets/index.android.bundle"], ["com.facebook.react.ReactActivity"])
    assert set(found) == {"react-native"}
    assert found["react-native"].readable is True


def test_byte_code_and_engines_are_not_readable() -> None:
    hermes = {"assets/index.android.bundle": bytes.fromhex("c61fbc03") + b"\0" * 20}
    found = kinds(["assets/index.android.bundle"], ["com.facebook.react.ReactActivity"], hermes)
    assert found["react-native"].readable is False
    found = kinds(["lib/arm64-v8a/libflutter.so", "lib/arm64-v8a/libapp.so"], [])
    assert found["flutter"].readable is False


@pytest.mark.parametrize(
    ("kind", "files", "classes"),
    [
        ("uni-app", ["assets/data/dcloud_control.xml", "assets/apps/__UNI__1/www/manifest.json"], []),
        ("cordova", ["assets/www/cordova.js", "assets/www/index.html"], []),
        ("unity", ["lib/arm64-v8a/libunity.so", "assets/bin/Data/level0"], []),
        ("weex", ["lib/arm64-v8a/libweexcore.so"], []),
        ("cocos", ["assets/main.js"], ["org.cocos2dx.lib.Cocos2dxActivity"]),
        ("mini-program", ["assets/applet/app.wxapkg"], []),
        ("xamarin", ["assemblies/App.dll", "lib/arm64-v8a/libmonosgen-2.0.so"], []),
    ],
)
def test_each_technique_is_recognised(kind: str, files: list[str], classes: list[str]) -> None:
    assert kind in kinds(files, classes)


def test_all_expressions_are_safe() -> None:
    for technique in techniques():
        for expression in (*technique.files, *technique.scripts, *technique.opaque):
            assert problem(expression) is None, expression

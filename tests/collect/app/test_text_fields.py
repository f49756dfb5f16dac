"""Strings that no instruction loads: D8 turns ``static String BASE = "…"`` into the value a field begins with."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from conftest import corpus_path
from sdk_packages import dex_of

from scanner.collect.app.code import Code
from scanner.collect.app.endpoints import endpoints
from scanner.collect.app.permissions import _named_in_code
from scanner.collect.app.subject import Program
from scanner.dex import (
    Dex,
    Member,
    call_sites,
    constant_arguments,
    open_dex,
    statics,
    string_sites,
    strings_with_prefix,
    text_sites,
)

SOURCE = """
package shop;
final class Config {
  static String base = "https://api.shop.example/v1";
  static String wanted = "android.permission.CAMERA";
  static final String KEY;
  static String changing = "agreed";
  static int number = 7;
  static { KEY = "agreed"; }
  static boolean agreed(android.content.SharedPreferences kept) { return kept.getBoolean(KEY, false); }
  static boolean unclear(android.content.SharedPreferences kept) { return kept.getInt(changing, 1) > 0; }
}
class Names { static String first = "name"; static String first() { return first; } }
class Main {
  String where(String path) { return Config.base + path; }
  int ask(android.content.Context page) { return page.checkCallingOrSelfPermission(Config.wanted) + number(); }
  int number() { return Config.number; }
}
"""
PROGRAM = Program(
    package="shop", min_sdk=21, target_sdk=34, application=None, factory=None, components=(), meta_data=(),
    declared=frozenset(), files=(),
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "Config.java").write_text(SOURCE, "utf-8")
    framework = corpus_path("android-jar")
    run("javac", "-nowarn", "--release", "8", "-cp", framework, "-d", folder / "out", folder / "Config.java")
    classes = sorted((folder / "out").rglob("*.class"))
    run("java", "-cp", corpus_path("d8"), "com.android.tools.r8.D8", "--release", "--min-api", "21", "--lib", framework,
        "--output", folder / "dex.zip", *classes)  # fmt: skip
    with zipfile.ZipFile(folder / "dex.zip") as archive:
        return archive.read("classes.dex")


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def addresses(dex: Dex) -> list[tuple[str, str, str]]:
    sites = text_sites(dex, lambda file: strings_with_prefix(file, [b"https://"]))
    return [(site.caller.partition("(")[0], site.field, site.target) for site in sites]


def test_reading_the_field_counts_as_using_its_string(shop: bytes) -> None:
    dex = open_dex([("classes.dex", shop)])
    where = ("Lshop/Main;->where", "Lshop/Config;->base:Ljava/lang/String;", "https://api.shop.example/v1")

    assert string_sites(dex, lambda file: strings_with_prefix(file, [b"https://"])) == []
    assert addresses(dex) == [where]
    # The field may be defined in one file and read in another.
    assert set(addresses(open_dex([("classes.dex", shop), ("classes2.dex", shop)]))) == {where}


def test_addresses_and_permissions_in_such_fields_are_facts(shop: bytes) -> None:
    code = Code([("classes.dex", shop)], PROGRAM)
    (found,) = endpoints(code)

    assert found.url == "https://api.shop.example/v1"
    assert found.evidence[0].excerpt == (
        "sget-object Lshop/Config;->base:Ljava/lang/String; = https://api.shop.example/v1"
    )
    assert _named_in_code(code)["android.permission.CAMERA"].caller.startswith("Lshop/Main;->ask(")


def test_only_a_field_that_never_changes_is_a_constant_argument(shop: bytes) -> None:
    dex = open_dex([("classes.dex", shop)])
    kept = "Landroid/content/SharedPreferences;"
    hits = call_sites(dex, [Member(kept, "getBoolean"), Member(kept, "getInt")])

    assert [constant_arguments(dex, hit.site.node, hit.site.offset)[1:] for hit in hits] == [
        ("agreed", 0),
        (None, 1),
    ]


def test_addresses_of_a_real_sdk_that_stand_only_in_fields_are_found() -> None:
    parts = [(f"classes{n or ''}.dex", content) for n, content in enumerate(dex_of("jverification"))]

    assert "https://sdk.sms.jpush.cn" in {target for _, field, target in addresses(open_dex(parts)) if field}


def test_fields_beyond_the_limit_are_said_not_to_be_read(
    shop: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert open_dex([("classes.dex", shop)]).problems == ()
    monkeypatch.setattr(statics, "MAX_VALUES", 0)

    dex = open_dex([("classes.dex", shop)])

    assert [(problem.code, problem.count) for problem in dex.problems] == [("static-values", 1)]
    assert dex.parts[0].text_fields != []

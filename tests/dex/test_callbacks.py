"""What the platform calls of an object: what its known types declare; anything else only as a last resort."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner.collect.app.platform import platform_types
from scanner.dex import CallGraph, Dex, PlatformTypes, open_dex
from scanner.dex.annotated import annotated_methods

MISSING = "package vendor; public class Base { public void go() { } }"
SOURCE = """
package shop;
class Start extends android.app.Activity {
  protected void onCreate(android.os.Bundle saved) {
    new Task(); new Strange(); new Bridge(); new Copy();
  }
  public void helper(android.view.View clicked) { Ends.helped(); }
  public void asked() { Ends.ran(); }
}
class Task implements Runnable, Cloneable {
  public void run() { Ends.ran(); }
  public void stop() { Ends.stopped(); }
  public String toString() { return Ends.told(); }
}
class Copy implements Cloneable { public void spread() { Ends.spread(); } }
class Strange extends vendor.Base { public void anything() { Ends.strange(); } }
class Bridge {
  @android.webkit.JavascriptInterface public void script() { Ends.scripted(); }
  @Deprecated public void old() { Ends.old(); }
  public void hidden() { Ends.hidden(); }
}
class Ends {
  static void helped() { } static void ran() { } static void stopped() { } static void spread() { }
  static void strange() { } static void scripted() { } static void old() { } static void hidden() { }
  static String told() { return ""; }
}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Dex:
    folder = tmp_path_factory.mktemp("callbacks")
    (folder / "Base.java").write_text(MISSING, "utf-8")
    (folder / "Start.java").write_text(SOURCE, "utf-8")
    framework, out = corpus_path("android-jar"), folder / "out"
    run("javac", "-nowarn", "--release", "8", "-cp", framework, "-d", out, *folder.glob("*.java"))
    classes = sorted((out / "shop").glob("*.class"))
    run("java", "-cp", corpus_path("d8"), "com.android.tools.r8.D8", "--debug", "--min-api", "21", "--lib", framework,
        "--classpath", out, "--output", folder / "dex.zip", *classes)  # fmt: skip
    with zipfile.ZipFile(folder / "dex.zip") as archive:
        return open_dex([("classes.dex", archive.read("classes.dex"))])


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def started(dex: Dex, platform: PlatformTypes | None) -> dict[str, list[str]]:
    """Return the chain (method names) to each method of Ends that the activity leads to."""
    graph = CallGraph(dex, platform)
    entry = graph.class_entry("Lshop/Start;")
    assert entry is not None
    reach = graph.reach([entry])
    found = {}
    for node in dex.nodes_of_class(dex.find_type("Lshop/Ends;")).tolist():
        if reach.methods[node]:
            names = [dex.method(step.node).partition("(")[0].partition("->") for step in reach.chain(node)]
            found[names[-1][2]] = [f"{owner.rpartition('/')[2][:-1]}.{name}" for owner, _, name in names[:-1]]
    return found


def test_objects_are_called_through_what_their_types_declare(shop: Dex) -> None:
    found = started(shop, platform_types(34))

    assert found == {
        "helped": ["Start.helper"],  # a layout may name it
        "ran": ["Start.onCreate", "Task.run"],  # not from Start.asked, which only may be called
        "told": ["Start.onCreate", "Task.toString"],
        "strange": ["Start.onCreate", "Strange.anything"],
        "scripted": ["Start.onCreate", "Bridge.script"],
    }


def test_of_types_that_are_not_known_every_method_may_be_called(shop: Dex) -> None:
    every = started(shop, None)

    assert {"stopped", "spread", "helped", "ran", "told", "strange"} <= set(every)
    assert not {"old", "hidden"} & set(every)
    # A package made for a newer platform may implement methods that the data lack.
    assert started(shop, platform_types(10_000)).keys() == every.keys()


def test_which_objects_are_called_back_can_be_limited(shop: Dex) -> None:
    graph = CallGraph(shop, platform_types(34))
    (created,) = shop.find_methods("Lshop/Start;", "onCreate")
    reach = graph.reach([created], callbacks=graph.subclasses(["Ljava/lang/Runnable;"]))

    called = {
        name: bool(reach.methods[shop.find_methods(f"Lshop/{owner};", name)[0]])
        for owner, name in (("Task", "run"), ("Bridge", "script"), ("Strange", "anything"), ("Task", "stop"))
    }

    assert called == {"run": True, "script": False, "anything": False, "stop": False}


def test_names_come_with_those_of_supertypes() -> None:
    types = platform_types(34)

    assert types.called(["Ljava/util/TimerTask;"]) == (
        frozenset({"cancel", "run", "scheduledExecutionTime"}),
        True,
    )
    assert types.called(["Ljava/lang/Cloneable;"]) == (frozenset(), True)
    names, complete = types.called(["Landroid/app/Activity;"])
    assert {"onCreate", "attachBaseContext", "onTrimMemory", "onWindowFocusChanged"} <= names
    assert not complete
    # Declared under an alias in the source of the table.
    assert "performAccessibilityAction" in types.called(["Landroid/view/View$AccessibilityDelegate;"])[0]
    assert types.called(["Lvendor/Unknown;", "Ljava/lang/Runnable;"]) == (frozenset({"run"}), False)


def test_supertypes_in_a_circle_end() -> None:
    types = PlatformTypes({"a.A": "= a.A a.B : one", "a.B": "= a.B a.A : two"})

    assert types.called(["La/A;"]) == (frozenset({"one", "two"}), True)


def test_a_class_with_very_many_supertypes_is_not_taken_to_be_known(
    shop: Dex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.dex.callbacks.MAX_SUPERTYPES", 0)

    assert "stopped" in started(shop, platform_types(34))


def test_too_many_candidates_are_noted_and_everything_may_be_called(
    shop: Dex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scanner.dex.callbacks.MAX_CANDIDATES", 1)

    assert "stopped" in started(shop, platform_types(34))
    assert "callbacks-truncated" in {problem.code for problem in shop.problems}


def test_marked_methods_of_a_real_app() -> None:
    with zipfile.ZipFile(corpus_path("yosemite")) as archive:
        dex = open_dex([(name, archive.read(name)) for name in ("classes.dex", "classes2.dex")])
    names = {
        part.file.method(number).partition("(")[0]
        for part in dex.parts
        for number in annotated_methods(part.file).tolist()
    }

    # @JavascriptInterface and @Test; @NonNull and @Deprecated, which thousands carry, call nothing.
    assert "Lcom/netease/nie/yosemite/webview/BaseWebViewActivity$3;->openDebugX5" in names
    assert "Lcom/netease/nie/yosemite/SmsServer;->startServer" in names
    assert len(names) < 100


def test_broken_annotations_are_left_out() -> None:
    with zipfile.ZipFile(fixture_apk_path("webview-bridge.bad")) as archive:
        whole = bytearray(archive.read("classes.dex"))
    (file,) = open_dex([("classes.dex", bytes(whole))]).files
    assert len(annotated_methods(file))
    row = file.class_defs[:, 5].nonzero()[0]
    at = int.from_bytes(whole[100:104], "little")
    for place in (1, 4, len(whole) - 4, 0xFFFFFFF0):
        broken = bytearray(whole)
        for one in row.tolist():
            broken[at + 32 * one + 20 : at + 32 * one + 24] = place.to_bytes(4, "little")
        (file,) = open_dex([("classes.dex", bytes(broken))]).files
        assert len(annotated_methods(file)) == 0


def test_a_chain_says_what_only_may_be_called(shop: Dex) -> None:
    graph = CallGraph(shop, platform_types(34))
    (created,) = shop.find_methods("Lshop/Start;", "onCreate")
    reach = graph.reach([created])
    edges = {
        name: reach.chain(shop.find_methods("Lshop/Ends;", name)[0])[0].edge
        for name in ("ran", "scripted", "strange", "told")
    }

    assert edges == {"ran": "callback", "scripted": "callback", "strange": "possible", "told": "possible"}

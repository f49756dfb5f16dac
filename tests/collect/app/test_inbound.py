"""What other apps can make open components do: each way in is found, each checked twin is left alone."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scanner.codefacts import CodeIssue
from scanner.collect import collect
from scanner.collect.app import inbound
from scanner.collect.app.intents import IntentModel, called
from scanner.dex import NOTHING, Instruction, Thing, Values, follow, open_dex
from scanner.dex.body import instructions

KINDS = {
    "intent-redirection",
    "webview-open-to-links",
    "webview-open-to-apps",
    "provider-path-traversal",
}


def issues(path: Path) -> list[CodeIssue]:
    app = collect(str(path)).app
    assert app is not None
    return [issue for issue in app.issues if issue.kind in KINDS]


def test_every_way_in_is_found_with_its_source_and_chain(fixture_apk: Callable[[str], Path]) -> None:
    found = {(i.kind, i.component.rpartition(".")[2]): i for i in issues(fixture_apk("inbound.bad"))}

    assert {key: issue.detail for key, issue in found.items()} == {
        ("intent-redirection", "RouteActivity"): "getParcelableExtra next",
        ("intent-redirection", "UriActivity"): "getExtras target",
        ("intent-redirection", "RelayReceiver"): "getParcelableExtra service",
        ("webview-open-to-links", "LinkActivity"): "getData",
        ("webview-open-to-apps", "PageActivity"): "getStringExtra page",
        ("provider-path-traversal", "FilesProvider"): "Uri",
    }
    chain = [
        step.method.partition("->")[2]
        for step in found["intent-redirection", "UriActivity"].evidence[0].chain
    ]
    assert [name.partition("(")[0] for name in chain] == ["onNewIntent", "route", "open"]


def test_what_is_checked_is_not_reported(fixture_apk: Callable[[str], Path]) -> None:
    assert issues(fixture_apk("inbound.good")) == []


@pytest.mark.parametrize("name", ["apidemos", "yosemite", "appium-settings"])
def test_no_real_package_is_accused_without_ground(corpus: Callable[[str], Path], name: str) -> None:
    assert issues(corpus(name)) == []


def test_a_search_given_up_is_a_gap_and_not_an_absence(
    fixture_apk: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "MAX_STEPS", 3)

    facts = collect(str(fixture_apk("inbound.bad")))

    assert facts.app is not None
    assert not KINDS & {issue.kind for issue in facts.app.issues}
    assert "app.issues" in {gap.path for gap in facts.gaps if gap.code == "flow-unfinished"}


def test_personal_information_in_an_open_broadcast(fixture_apk: Callable[[str], Path]) -> None:
    def details(name: str) -> list[str]:
        app = collect(str(fixture_apk(name))).app
        assert app is not None
        return [i.detail for i in app.issues if i.kind == "broadcast-with-personal-data"]

    assert details("broadcast.bad") == ["android-id"]
    assert details("broadcast.good") == []


class Recorder(IntentModel):
    """Keeps what the calls of a method are given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, list[Values]] = {}

    def call(self, node: int, ins: Instruction, arguments: Sequence[Values]) -> Values:
        """Record one call."""
        self.given[called(ins.reference).name] = list(arguments)
        built = self.build(node, ins, arguments)
        return NOTHING if built is None else built


def test_values_follow_registers_to_the_call(fixture_apk: Callable[[str], Path]) -> None:
    with zipfile.ZipFile(fixture_apk("self-start.bad")) as archive:
        dex = open_dex([("classes.dex", archive.read("classes.dex"))])
    (node,) = dex.find_methods("Lcn/qinghe/notes/Feature;", "use")
    recorder = Recorder()
    follow(dex, node, (), recorder)

    (intent,) = recorder.given["bindService"][1]
    assert isinstance(intent, Thing)
    assert intent.attrs["package"] == {"com.partner.reader"}
    assert intent.attrs["class"] == {"com.partner.reader.CoreService"}
    assert recorder.given["queryIntentServices"][2] == {0}
    assert len(instructions(dex, node)) > len(recorder.given)

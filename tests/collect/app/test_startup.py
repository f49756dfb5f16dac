"""What happens at start, in which order, and which flag holds it back: on twins and on real packages."""

from __future__ import annotations

from functools import cache

import pytest
from conftest import corpus_path, fixture_apk_path

from scanner.appfacts import StartupStep
from scanner.collect import collect
from scanner.collect.app.flagdata import flag_data, simple_name
from scanner.facts import AppFacts
from scanner.model import DexLocator


@cache
def app(name: str) -> AppFacts:
    facts = collect(fixture_apk_path(name)).app
    assert facts is not None
    return facts


def steps(name: str, action: str) -> list[StartupStep]:
    return [step for step in app(name).startup if step.action == action]


@pytest.mark.parametrize(
    ("name", "phase", "method", "guard"),
    [
        ("sdk-init.bad", "application", "onCreate", "none"),
        ("sdk-init.good", "application", "onCreate", "consent"),
        ("provider-autoinit.bad", "provider", "onCreate", "none"),
        ("startup-flag.bad", "application", "onCreate", "unrelated"),
        ("startup-flag.good", "application", "onCreate", "consent"),
        ("startup-flag-renamed.bad", "application", "onCreate", "unknown"),
        ("startup-flag-renamed.good", "application", "onCreate", "consent"),
        ("startup-initializer.bad", "initializer", "create", "none"),
        ("startup-initializer.good", "initializer", "create", "consent"),
        ("startup-screen.bad", "launcher_activity", "onCreate", "none"),
        ("startup-screen.good", "launcher_activity", "onCreate", "consent"),
        ("startup-reflection.bad", "application", "onCreate", "none"),
        ("startup-reflection.good", "application", "onCreate", "consent"),
    ],
)
def test_where_an_sdk_is_started_and_what_holds_it_back(
    name: str, phase: str, method: str, guard: str
) -> None:
    (step,) = steps(name, "init")

    assert (step.phase, step.entry_method, step.guard) == (phase, method, guard)
    assert step.items
    chain = step.evidence[0].chain
    assert chain[0].method.startswith(f"L{step.component.replace('.', '/')};->{method}(")
    assert chain[-1].method == step.caller


def test_delayed_start_and_consent_come_before_the_start_itself() -> None:
    actions = [(s.action, s.value, s.guard) for s in app("sdk-init.good").startup if s.sdk]

    assert actions == [
        ("delayed_init", None, "none"),
        ("consent", True, "consent"),
        ("init", None, "consent"),
    ]


def test_the_flag_is_named_with_the_tap_that_stores_it() -> None:
    (step,) = steps("sdk-init.good", "init")
    (test,) = step.tests

    assert (test.kind, test.basis, test.keys) == ("consent", "key", ("privacy_agreed",))
    assert (test.runs_when, test.first_start) == (True, False)
    granted = [write for write in test.written if write.value]
    assert [write.trigger for write in granted] == ["onClick"]
    assert all("LaunchActivity" in write.caller for write in granted)


def test_a_flag_that_lets_a_first_start_through_is_no_consent_and_a_posted_task_is_marked() -> None:
    (step,) = steps("startup-flag.bad", "init")
    (test,) = step.tests

    assert (test.keys, test.basis, test.first_start) == (("push_enabled",), "default", True)
    assert step.deferred
    assert app("startup-flag.bad").sdks[0].init_guard == "unrelated"


def test_consent_kept_as_a_number_and_in_a_field_is_followed() -> None:
    (step,) = steps("startup-flag.good", "init")

    assert [(t.kind, t.keys) for t in step.tests] == [("consent", ("agreed_policy_version",))]
    assert step.tests[0].flag.endswith("->ready:Z")


def test_a_flag_without_a_telling_name_is_consent_only_if_the_agree_button_stores_it() -> None:
    (unknown,), (agreed,) = (steps(f"startup-flag-renamed.{v}", "init")[0].tests for v in ("bad", "good"))

    assert (unknown.kind, unknown.basis, unknown.keys) == ("unknown", "none", ("s1",))
    assert (agreed.kind, agreed.basis, agreed.keys) == ("consent", "written", ("s1",))
    assert "SettingsActivity" in unknown.written[0].caller
    assert app("startup-flag-renamed.bad").sdks[0].init_guarded is None


@pytest.mark.parametrize("name", ["clean", "sdk-init.good", "startup-flag.bad", "startup-lifecycle.bad"])
def test_steps_are_numbered_in_androids_order(name: str) -> None:
    phases = ["factory", "attach_base_context", "provider", "initializer", "application", "launcher_activity",
              "lifecycle_callback"]  # fmt: skip
    found = app(name).startup

    assert [step.number for step in found] == list(range(1, len(found) + 1))
    assert [phases.index(step.phase) for step in found] == sorted(phases.index(step.phase) for step in found)


@pytest.mark.parametrize(
    ("variant", "guard", "keys"), [("bad", "none", []), ("good", "consent", [("privacy_agreed",)])]
)
def test_what_a_callback_on_screens_starts_runs_with_the_first_screen(
    variant: str, guard: str, keys: list[tuple[str, ...]]
) -> None:
    (step,) = steps(f"startup-lifecycle.{variant}", "init")

    assert (step.phase, step.entry_method, step.guard) == ("lifecycle_callback", "onActivityCreated", guard)
    assert step.component == "cn.qinghe.notes.ScreenWatcher"
    assert not step.deferred
    assert [test.keys for test in step.tests] == keys
    assert "registerActivityLifecycleCallbacks" in step.evidence[1].excerpt
    assert not app(f"startup-lifecycle.{variant}").sdks[0].init_before_ui


def test_reflection_with_constant_names_is_followed_and_a_message_to_a_handler_is_marked() -> None:
    (step,) = steps("startup-reflection.bad", "init")
    made = step.evidence[0].chain[1]

    assert step.deferred
    assert (made.edge, made.method) == ("callback", "Lcn/qinghe/notes/NotesApp;->startShare()V")
    assert made.offset > 0  # the place of newInstance


def test_a_reading_in_the_first_screen_of_a_real_app() -> None:
    facts = collect(corpus_path("xposed-installer")).app
    assert facts is not None
    (step,) = [s for s in facts.startup if s.item == "installed-apps"]

    assert (step.phase, step.guard, step.owner_kind) == ("launcher_activity", "none", "app")
    locator = step.evidence[0].locator
    assert isinstance(locator, DexLocator)
    assert step.target.endswith("getInstalledPackages(I)Ljava/util/List;")


@pytest.mark.parametrize(
    ("name", "consent", "other"),
    [
        ("privacy_agreed", True, False),
        ("hasAgreedPolicy", True, False),
        ("is_first_run", False, False),
        ("push_enabled", False, True),
        ("pushback", False, False),
        ("isDebug", False, True),
    ],
)
def test_what_names_of_flags_speak_of(name: str, consent: bool, other: bool) -> None:
    assert flag_data().speaks_of_consent(name, key=True) is consent
    assert flag_data().speaks_of_else(name) is other


@pytest.mark.parametrize(
    ("name", "consent"),
    [
        ("Consent.given", True),
        ("isPrivacyAccepted", True),
        ("isPrivacyTextBold", False),
        ("isAccepted", False),
    ],
)
def test_what_names_of_methods_speak_of(name: str, consent: bool) -> None:
    assert flag_data().speaks_of_consent(name) is consent


def test_methods_of_objects_that_nothing_at_start_creates_do_not_run_at_start() -> None:
    facts = collect(corpus_path("apidemos")).app
    assert facts is not None
    drawing = [a for a in facts.accesses if "DrawableContainerCompat" in a.caller]

    assert drawing
    assert not any(a.before_ui for a in drawing)


def test_names_of_members_are_read_without_package_and_prototype() -> None:
    assert simple_name("La/b/LaunchTerms;->given(Landroid/content/Context;)Z") == "LaunchTerms.given"
    assert simple_name("La/b/App;->ready:Z") == "App.ready"


def test_a_callback_that_asks_which_screen_it_is_called_for_is_not_taken_to_run() -> None:
    (step,) = steps("startup-lifecycle-which", "init")

    assert (step.phase, step.guard) == ("lifecycle_callback", "unknown")

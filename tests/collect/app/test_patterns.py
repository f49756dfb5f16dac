"""Security patterns: each fault of the unsafe fixture is seen, the safe twin shows none, real trust managers count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scanner.codefacts import CodeIssue
from scanner.collect import collect
from scanner.collect.app.patterns import Argument, member_of, patterns
from scanner.safere import problem

EXPECTED = {
    "webview-javascript",
    "webview-bridge",
    "webview-file-access",
    "webview-save-password",
    "webview-ssl-error-ignored",
    "tls-trust-any",
    "tls-hostname-any",
    "tls-old-protocol",
    "tls-raw-socket",
    "crypto-ecb",
    "crypto-weak-cipher",
    "crypto-rsa-no-padding",
    "crypto-weak-hash",
    "crypto-weak-mac",
    "crypto-weak-signature",
    "crypto-short-key",
    "crypto-static-key",
    "crypto-static-iv",
    "crypto-static-salt",
    "crypto-few-iterations",
    "crypto-static-seed",
    "crypto-predictable-random",
    "storage-world-readable",
    "storage-external",
    "pending-intent-mutable",
    "sticky-broadcast",
    "shell-command",
    "root-command",
}


def issues(path: Path) -> list[CodeIssue]:
    app = collect(str(path)).app
    assert app is not None
    return list(app.issues)


def test_every_fault_of_the_unsafe_app_is_seen_in_its_own_reachable_code(
    fixture_apk: Callable[[str], Path],
) -> None:
    found = issues(fixture_apk("insecure-code.bad"))

    assert {i.kind for i in found} == EXPECTED
    assert {i.owner_kind for i in found} == {"app"}
    assert all(i.reachable for i in found)
    assert all(i.evidence[0].excerpt for i in found)


def test_the_safe_app_shows_none(fixture_apk: Callable[[str], Path]) -> None:
    assert {i.kind for i in issues(fixture_apk("insecure-code.good"))} == set()


def test_details_name_the_algorithm_host_and_command(fixture_apk: Callable[[str], Path]) -> None:
    details = {i.kind: i.detail for i in issues(fixture_apk("insecure-code.bad"))}

    assert details["crypto-ecb"] == "AES/ECB/PKCS5Padding"
    assert details["crypto-short-key"] == "1024"
    assert details["tls-raw-socket"] == "sync.qinghe.example"
    assert details["root-command"] == "su -c id"
    assert details["webview-bridge"] == "notes"


def test_trust_managers_of_a_real_package(corpus: Callable[[str], Path]) -> None:
    found = {i.caller.partition(";")[0] for i in issues(corpus("yosemite")) if i.kind == "tls-trust-any"}

    assert found == {
        "Lcom/rabbitmq/client/NullTrustManager",
        "Lcom/rabbitmq/client/TrustEverythingTrustManager",
    }


@pytest.mark.parametrize("pattern", patterns(), ids=lambda p: f"{p.kind}:{p.calls[0].rpartition('->')[2]}")
def test_pattern_is_well_formed(pattern: object) -> None:
    assert pattern in patterns()
    for call in [*pattern.calls, *pattern.with_]:  # type: ignore[attr-defined]
        member = member_of(call)
        assert member.owner.startswith("L")
        assert member.owner.endswith(";")
        assert member.name
    for argument in pattern.args:  # type: ignore[attr-defined]
        assert argument.matches is None or problem(argument.matches) is None


@pytest.mark.parametrize(
    ("argument", "holds", "fails"),
    [
        ({"is": True}, 1, 0),
        ({"is": 0}, 0, 1),
        ({"in": ["a", "b"]}, "b", "c"),
        ({"matches": "aes(/ecb/.+)?"}, "AES", "AES/GCM/NoPadding"),
        ({"below": 2048}, 1024, 2048),
        ({"above": 511}, 512, 511),
        ({"bits": 3}, 2, 4),
        ({"lacks": 4}, 3, 4),
        ({"constant": True}, b"key", 7),
    ],
)
def test_condition_on_an_argument(argument: dict[str, object], holds: object, fails: object) -> None:
    condition = Argument.model_validate({"at": 0, **argument})

    assert condition.holds(holds)
    assert not condition.holds(fails)
    assert not condition.holds(None)


def test_a_pattern_of_two_calls_shows_both(fixture_apk: Callable[[str], Path]) -> None:
    found = {issue.kind: issue for issue in issues(fixture_apk("insecure-code.bad"))}

    place, beside = found["storage-external"].evidence
    assert "getExternalStorage" in place.excerpt
    assert "Ljava/io/" in beside.excerpt
    assert (place.beside, beside.beside) == (False, True)
    place, beside = found["crypto-short-key"].evidence
    assert "->initialize(" in place.excerpt
    assert "KeyPairGenerator;->getInstance(" in beside.excerpt

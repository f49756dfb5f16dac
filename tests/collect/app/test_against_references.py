"""Manifest, permissions, components and certificates equal androguard's and apksigner's on real packages."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from typing import Any

import pytest
from conftest import corpus_path

from scanner.collect import collect
from scanner.facts import AppFacts

PACKAGES = [
    "apidemos",
    "appium-settings",
    "appium-uia2-server",
    "appium-uia2-server-test",
    "yosemite",
    "pocoservice",
]
pytestmark = pytest.mark.xdist_group("references")


@cache
def facts(name: str) -> AppFacts:
    app = collect(str(corpus_path(name))).app
    assert app is not None
    return app


@cache
def reference(name: str) -> Any:
    from androguard.core.apk import APK
    from loguru import logger

    logger.remove()
    return APK(str(corpus_path(name)))


@pytest.mark.parametrize("name", PACKAGES)
def test_identity_is_equal(name: str) -> None:
    found, expected = facts(name).identity, reference(name)

    assert found.package == expected.get_package()
    assert (found.version_name or "") == (expected.get_androidversion_name() or "")
    assert str(found.version_code or "") == (expected.get_androidversion_code() or "")
    assert str(found.min_sdk) == expected.get_min_sdk_version()
    assert str(found.target_sdk) == expected.get_target_sdk_version()
    assert (found.label or "") == (expected.get_app_name() or "")


@pytest.mark.parametrize("name", PACKAGES)
def test_permissions_are_equal(name: str) -> None:
    declared = {p.name for p in facts(name).permissions if p.declared}

    assert declared == set(reference(name).get_permissions())


@pytest.mark.parametrize("name", PACKAGES)
def test_components_are_equal(name: str) -> None:
    expected = reference(name)
    found = {
        kind: {c.name for c in facts(name).components if c.kind == kind}
        for kind in ("activity", "service", "receiver", "provider")
    }

    assert found == {
        "activity": set(expected.get_activities()),
        "service": set(expected.get_services()),
        "receiver": set(expected.get_receivers()),
        "provider": set(expected.get_providers()),
    }
    launchers = {c.name for c in facts(name).components if c.launcher}
    assert set(expected.get_main_activities()) <= launchers | {None}


@pytest.mark.parametrize("name", PACKAGES)
def test_explicit_export_is_equal(name: str) -> None:
    expected = {}
    for tag in ("activity", "service", "receiver", "provider"):
        for element in reference(name).find_tags(tag):
            value = reference(name).get_value_from_tag(element, "exported")
            full = reference(name)._format_value(reference(name).get_value_from_tag(element, "name"))
            expected[full] = {"true": True, "false": False}.get(value)

    found = {c.name: c.exported_explicit for c in facts(name).components if c.kind != "activity-alias"}

    assert found == expected


@pytest.mark.parametrize("name", PACKAGES)
def test_signatures_are_apksigners(name: str) -> None:
    done = subprocess.run(
        ["apksigner", "verify", "-v", "--print-certs", str(corpus_path(name))],
        capture_output=True,
        text=True,
        check=False,
    )
    schemes = dict(re.findall(r"Verified using (v[\d.]+) scheme .*?: (true|false)", done.stdout))
    certificates = set(re.findall(r"certificate SHA-256 digest: ([0-9a-f]{64})", done.stdout))
    signing = facts(name).signing

    assert {c.sha256 for c in signing.certificates} == certificates
    for state in signing.schemes:
        if state.scheme in {"v2", "v3"} or (state.scheme == "v1" and schemes["v1"] == "true"):
            # apksigner does not look at v1 where the package runs only on versions that ignore it.
            assert bool(state.verified) == (schemes[state.scheme] == "true"), state
    assert signing.verified is True


@pytest.mark.parametrize("name", ["apidemos", "appium-settings"])
def test_debug_keys_are_recognised(name: str) -> None:
    assert all(certificate.debug for certificate in facts(name).signing.certificates)

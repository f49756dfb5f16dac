"""Who the package says it is, and the switches of its ``<application>``."""

from __future__ import annotations

from scanner.appfacts import NetworkConfig
from scanner.collect.app.manifest import (
    ALLOW_BACKUP,
    CLEARTEXT,
    DEBUGGABLE,
    HAS_CODE,
    LEGACY_STORAGE,
    NETWORK_CONFIG,
    TEST_ONLY,
    Manifest,
)
from scanner.collect.app.package import MANIFEST
from scanner.facts import AppFlags, Identity
from scanner.model import Evidence, XmlLocator


def identity_fact(manifest: Manifest) -> Identity:
    """Return who the package says it is."""
    values = {
        "package": manifest.package,
        "versionName": manifest.version_name,
        "minSdkVersion": manifest.min_sdk,
        "targetSdkVersion": manifest.target_sdk,
    }
    excerpt = " ".join(f'{name}="{value}"' for name, value in values.items() if value is not None)
    if manifest.target_sdk is None:
        excerpt += " targetSdkVersion (unset)"  # what it is taken from stands beside it
    return Identity(
        package=manifest.package,
        version_name=manifest.version_name,
        version_code=manifest.version_code,
        min_sdk=manifest.min_sdk,
        target_sdk=manifest.target_sdk or manifest.min_sdk,
        compile_sdk=manifest.compile_sdk,
        label=manifest.label(("",)),
        label_zh=manifest.label(("zh",)),
        label_en=manifest.label(("en",)),
        split=manifest.split,
        shared_user_id=manifest.shared_user_id,
        evidence=(Evidence(artifact=MANIFEST, locator=XmlLocator(path="/manifest"), excerpt=excerpt),),
    )


def flags_fact(manifest: Manifest, network: NetworkConfig | None) -> AppFlags:
    """Return the switches of ``<application>`` with the values Android uses."""
    values = {
        "debuggable": manifest.flag(DEBUGGABLE),
        "allowBackup": manifest.flag(ALLOW_BACKUP),
        "usesCleartextTraffic": manifest.flag(CLEARTEXT),
        "testOnly": manifest.flag(TEST_ONLY),
    }
    # An attribute that is not there is part of the proof: its default then holds.
    shown = (f'="{str(v).lower()}"' if v is not None else " (unset)" for v in values.values())
    excerpt = " ".join(f"android:{name}{value}" for name, value in zip(values, shown, strict=True))
    config = manifest.application_text(NETWORK_CONFIG)
    return AppFlags(
        debuggable=bool(values["debuggable"]),
        allow_backup=values["allowBackup"] is not False,
        # From Android 7.0 on the network security configuration decides, where there is one.
        cleartext_traffic=network.cleartext if network is not None else None,
        test_only=bool(values["testOnly"]),
        legacy_external_storage=bool(manifest.flag(LEGACY_STORAGE)),
        has_code=manifest.flag(HAS_CODE) is not False,
        network_security_config=config,
        evidence=(
            Evidence(
                artifact=MANIFEST,
                locator=XmlLocator(path="/manifest/application"),
                excerpt=excerpt,
            ),
        ),
    )

"""Who the package says it is, and the switches of its ``<application>``, each with the attribute that proves it."""

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
from scanner.collect.app.netconfig import CLEARTEXT_FREE_FROM
from scanner.collect.app.package import MANIFEST
from scanner.facts import AppFlags, Identity
from scanner.model import Evidence, Proof, Text, XmlLocator, beside

APPLICATION, USES_SDK = "/manifest/application", "/manifest/uses-sdk"
# Attributes of ``<application>`` by field, with the default that holds where one is not written.
SWITCHES = {
    "debuggable": ("debuggable", DEBUGGABLE, Text(zh="默认不可调试", en="not debuggable by default")),
    "allow_backup": ("allowBackup", ALLOW_BACKUP, Text(zh="默认允许备份", en="backup is allowed by default")),
    "test_only": ("testOnly", TEST_ONLY, Text(zh="默认不是测试包", en="no test build by default")),
}


def identity_fact(manifest: Manifest) -> Identity:
    """Return who the package says it is."""
    values = {"package": manifest.package, "versionName": manifest.version_name}
    excerpt = " ".join(f'{name}="{value}"' for name, value in values.items() if value is not None)
    label = manifest.label(("",))
    return Identity(
        package=manifest.package,
        version_name=manifest.version_name,
        version_code=manifest.version_code,
        min_sdk=manifest.min_sdk,
        target_sdk=manifest.target_sdk or manifest.min_sdk,
        compile_sdk=manifest.compile_sdk,
        label=label,
        label_zh=manifest.label(("zh",)),
        label_en=manifest.label(("en",)),
        split=manifest.split,
        shared_user_id=manifest.shared_user_id,
        evidence=(Evidence(artifact=MANIFEST, locator=XmlLocator(path="/manifest"), excerpt=excerpt),),
        proofs=(
            Proof(field="min_sdk", evidence=(_min_level(manifest),)),
            Proof(field="target_sdk", evidence=(_target_level(manifest),)),
            Proof(field="label", evidence=(_in_application("label", label),)),
        ),
    )


def _in_application(name: str, value: str | None, note: Text | None = None) -> Evidence:
    excerpt = f"android:{name}" + (f'="{value}"' if value is not None else "")
    return Evidence(artifact=MANIFEST, locator=XmlLocator(path=APPLICATION), excerpt=excerpt, note=note)


def _min_level(manifest: Manifest) -> Evidence:
    level = manifest.min_sdk
    unset = Text(
        zh="没有写明 android:minSdkVersion，系统按 1 处理",
        en="android:minSdkVersion is not written; Android takes it as 1",
    )
    return Evidence(
        artifact=MANIFEST,
        locator=XmlLocator(path=USES_SDK),
        excerpt=f'android:minSdkVersion="{level}"' if level is not None else "",
        note=unset if level is None else None,
    )


def _target_level(manifest: Manifest) -> Evidence:
    """Return what gives the target level: its attribute, or the minimum where it is not written."""
    if manifest.target_sdk is not None:
        text = f'android:targetSdkVersion="{manifest.target_sdk}"'
        return Evidence(artifact=MANIFEST, locator=XmlLocator(path=USES_SDK), excerpt=text)
    level = manifest.effective_target
    note = Text(
        zh=f"没有写明 android:targetSdkVersion，系统取 minSdkVersion，即 {level}",
        en=f"android:targetSdkVersion is not written; Android takes minSdkVersion, {level}",
    )
    return _min_level(manifest).model_copy(update={"note": note})


def flags_fact(manifest: Manifest, network: NetworkConfig | None) -> AppFlags:
    """Return the switches of ``<application>`` with the values Android uses."""
    written = {field: manifest.flag(resource) for field, (_, resource, _) in SWITCHES.items()}
    config = manifest.application_text(NETWORK_CONFIG)
    proofs = [Proof(field=field, evidence=(_switch(field, value),)) for field, value in written.items()]
    proofs.append(Proof(field="cleartext_traffic", evidence=_cleartext(manifest, network, config)))
    return AppFlags(
        debuggable=bool(written["debuggable"]),
        allow_backup=written["allow_backup"] is not False,
        # From Android 7.0 on the network security configuration decides, where there is one.
        cleartext_traffic=network.cleartext if network is not None else None,
        test_only=bool(written["test_only"]),
        legacy_external_storage=bool(manifest.flag(LEGACY_STORAGE)),
        has_code=manifest.flag(HAS_CODE) is not False,
        network_security_config=config,
        evidence=(Evidence(artifact=MANIFEST, locator=XmlLocator(path=APPLICATION)),),
        proofs=tuple(proofs),
    )


def _switch(field: str, value: bool | None) -> Evidence:
    name, _, default = SWITCHES[field]
    if value is not None:
        return _in_application(name, str(value).lower())
    note = Text(
        zh=f"没有写明 android:{name}，{default.zh}", en=f"android:{name} is not written: {default.en}"
    )
    return Evidence(artifact=MANIFEST, locator=XmlLocator(path=APPLICATION), note=note)


def _cleartext(manifest: Manifest, network: NetworkConfig | None, config: str | None) -> tuple[Evidence, ...]:
    """Return what decides on cleartext: the configuration, else the attribute, else the target level."""
    if network is not None and network.present:
        named = _in_application("networkSecurityConfig", config)
        inside = network.evidence[0] if network.evidence else None
        unset = inside is not None and "cleartextTrafficPermitted" not in inside.excerpt
        if inside is None or not unset:
            return (named, *beside(network.evidence))
        note = _by_level(manifest, "cleartextTrafficPermitted")
        shown = inside.model_copy(update={"note": note})
        return (named, *beside((shown, _target_level(manifest))))
    written = manifest.flag(CLEARTEXT)
    if written is not None:
        return (_in_application("usesCleartextTraffic", str(written).lower()),)
    note = _by_level(manifest, "android:usesCleartextTraffic")
    unwritten = Evidence(artifact=MANIFEST, locator=XmlLocator(path=APPLICATION), note=note)
    return (unwritten, *beside((_target_level(manifest),)))


def _by_level(manifest: Manifest, name: str) -> Text:
    level = manifest.effective_target
    if level < CLEARTEXT_FREE_FROM:
        return Text(
            zh=f"没有写明 {name}；targetSdkVersion {level} 低于 {CLEARTEXT_FREE_FROM}，默认允许明文传输",
            en=f"{name} is not written; targetSdkVersion {level} is below {CLEARTEXT_FREE_FROM}, so cleartext is allowed by default",
        )
    return Text(
        zh=f"没有写明 {name}；targetSdkVersion {level} 不低于 {CLEARTEXT_FREE_FROM}，默认不允许明文传输",
        en=f"{name} is not written; targetSdkVersion {level} is {CLEARTEXT_FREE_FROM} or above, so cleartext is not allowed by default",
    )

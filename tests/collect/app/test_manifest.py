"""The manifest's values and Android's defaults for what is not written."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from axml_writer import Attr, Node, document
from conftest import corpus_ids, corpus_path

from scanner.collect.app.archive import Archive
from scanner.collect.app.axml import AxmlError, Element
from scanner.collect.app.manifest import (
    ALLOW_BACKUP,
    AUTHORITIES,
    CLEARTEXT,
    DEBUGGABLE,
    EXPORTED,
    LEGACY_STORAGE,
    MAX_SDK,
    MIN_SDK,
    NAME,
    NETWORK_CONFIG,
    PERMISSION,
    PERMISSION_FLAGS,
    TARGET_SDK,
    VERSION_CODE,
    VERSION_MAJOR,
    Manifest,
)
from scanner.collect.app.manifest_parts import (
    Feature,
    Instrumentation,
    IntentFilter,
    ManifestComponent,
    UsesPermission,
    element_path,
)
from scanner.collect.app.resources import Resources

FRAMEWORK = "/usr/share/android-framework-res/framework-res.apk"
A = 'xmlns:android="http://schemas.android.com/apk/res/android"'
TRUE = (0x12, 0xFFFFFFFF)
SOURCE = f"""<manifest {A} package="a.b" android:versionCode="7" android:versionName="@string/version"
    android:sharedUserId="a.shared" split="config.zh" configForSplit="feature">
  <uses-sdk android:minSdkVersion="16" android:targetSdkVersion="29"/>
  <uses-permission android:name="android.permission.CAMERA" android:maxSdkVersion="22"/>
  <uses-permission-sdk-23 android:name="android.permission.CAMERA"/>
  <uses-permission-sdk-23 android:name="android.permission.SEND_SMS"/>
  <permission android:name="a.b.P" android:protectionLevel="signature|privileged" android:permissionGroup="a.G"/>
  <uses-feature android:name="android.hardware.camera" android:required="false"/>
  <uses-feature android:glEsVersion="0x00030001"/>
  <instrumentation android:name=".Test" android:targetPackage="a.other"/>
  <application android:label="@string/app" android:name=".App" android:permission="a.b.P" android:process=":main"
      android:taskAffinity="a.task" android:debuggable="@bool/on" android:allowBackup="false"
      android:usesCleartextTraffic="true" android:networkSecurityConfig="@xml/net"
      android:requestLegacyExternalStorage="true">
    <meta-data android:name="channel" android:value="华为"/>
    <meta-data android:name="number" android:value="42"/>
    <meta-data android:name="config" android:resource="@xml/net"/>
    <activity android:name=".Main" android:launchMode="singleTask" android:permission="">
      <intent-filter><action android:name="android.intent.action.MAIN"/></intent-filter>
      <intent-filter><category android:name="android.intent.category.LAUNCHER"/></intent-filter>
    </activity>
    <activity-alias android:name="a.c.Alias" android:targetActivity=".Main" android:exported="false">
      <intent-filter>
        <action android:name="android.intent.action.MAIN"/><category android:name="android.intent.category.LAUNCHER"/>
      </intent-filter>
    </activity-alias>
    <activity android:name="Link" android:enabled="false" android:process="a.p" android:taskAffinity="">
      <intent-filter android:autoVerify="true">
        <action android:name="android.intent.action.VIEW"/><category android:name="android.intent.category.BROWSABLE"/>
        <data android:scheme="https" android:host="a.cn" android:port="8443" android:pathPrefix="/x"/>
        <data android:mimeType="image/*"/>
      </intent-filter>
    </activity>
    <service android:name=".Service" android:foregroundServiceType="location|connectedDevice"
        android:directBootAware="true"/>
    <receiver android:name=".Receiver" android:exported="true" android:permission="a.R"/>
    <provider android:name=".Provider" android:authorities="a.b;a.c" android:writePermission="a.W"
        android:grantUriPermissions="true"/>
  </application>
</manifest>"""
RESOURCES = {
    "values": '<string name="app">App</string><string name="version">1.2</string><bool name="on">true</bool>',
    "values-zh-rCN": '<string name="app">应用</string>',
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """SOURCE as aapt2 compiles it."""
    folder = tmp_path_factory.mktemp("manifest")
    for name, body in RESOURCES.items():
        (folder / "res" / name).mkdir(parents=True)
        (folder / "res" / name / "v.xml").write_text(f"<resources>{body}</resources>", encoding="utf-8")
    (folder / "res" / "xml").mkdir()
    (folder / "res" / "xml" / "net.xml").write_text("<network-security-config/>")
    (folder / "AndroidManifest.xml").write_text(SOURCE, encoding="utf-8")
    aapt2 = str(corpus_path("aapt2"))
    subprocess.run([aapt2, "compile", "--dir", "res", "-o", "c.zip"], cwd=folder, check=True)
    link = [aapt2, "link", "-I", FRAMEWORK, "--manifest", "AndroidManifest.xml", "-o", "o.apk", "c.zip"]
    subprocess.run(link, cwd=folder, check=True, capture_output=True)
    with Archive(folder / "o.apk") as archive:
        resources = Resources(archive.read("resources.arsc"))
        return Manifest(archive.read("AndroidManifest.xml"), resources)


def by_name(manifest: Manifest) -> dict[str, ManifestComponent]:
    return {component.name: component for component in manifest.components()}


def test_identity(manifest: Manifest) -> None:
    assert (manifest.package, manifest.version_code, manifest.version_name) == ("a.b", 7, "1.2")
    assert (manifest.min_sdk, manifest.target_sdk, manifest.effective_target) == (16, 29, 29)
    assert manifest.shared_user_id == "a.shared"
    assert manifest.label(("",)) == "App"
    assert manifest.label(("zh",)) == "应用"
    assert (manifest.split_info().name, manifest.split_info().config_for) == ("config.zh", "feature")


def test_flags(manifest: Manifest) -> None:
    assert manifest.flag(DEBUGGABLE) is True  # by reference
    assert manifest.flag(ALLOW_BACKUP) is False
    assert manifest.flag(CLEARTEXT) is True
    assert manifest.flag(LEGACY_STORAGE) is True
    assert manifest.application_text(NETWORK_CONFIG) == "res/xml/net.xml"
    assert manifest.class_name(manifest.application_text(NAME)) == "a.b.App"


def test_permissions_of_several_elements_are_joined(manifest: Manifest) -> None:
    camera, sms = manifest.uses_permissions()
    path = "/manifest/uses-permission[@android:name='android.permission.CAMERA']"
    assert camera == UsesPermission("android.permission.CAMERA", None, path, None)
    assert (sms.name, sms.max_sdk, sms.min_sdk) == ("android.permission.SEND_SMS", None, 23)
    assert sms.path == "/manifest/uses-permission-sdk-23[@android:name='android.permission.SEND_SMS']"
    (defined,) = manifest.defined_permissions()
    assert (defined.name, defined.protection, defined.group) == ("a.b.P", 0x12, "a.G")


def test_launcher_needs_action_and_category_in_one_filter(manifest: Manifest) -> None:
    found = by_name(manifest)
    assert not found["a.b.Main"].launcher
    assert found["a.c.Alias"].launcher
    assert found["a.c.Alias"].target == "a.b.Main"


def test_exported(manifest: Manifest) -> None:
    found = {c.name: (c.exported, c.exported_explicit) for c in manifest.components()}
    assert found == {
        "a.b.Main": (True, None),
        "a.c.Alias": (False, False),
        "a.b.Link": (True, None),
        "a.b.Service": (False, None),
        "a.b.Receiver": (True, True),
        "a.b.Provider": (False, None),
    }


def test_values_inherited_from_the_application(manifest: Manifest) -> None:
    found = by_name(manifest)
    assert found["a.b.Service"].permission == "a.b.P"
    assert found["a.b.Main"].permission is None  # emptied on purpose
    assert found["a.b.Receiver"].permission == "a.R"
    provider = found["a.b.Provider"]
    assert (provider.read_permission, provider.write_permission) == ("a.b.P", "a.W")
    assert provider.grant_uri_permissions and provider.authorities == ("a.b", "a.c")
    assert found["a.b.Service"].process == "a.b:main"
    assert found["a.b.Link"].process == "a.p"
    assert found["a.b.Link"].task_affinity == ""
    assert found["a.b.Main"].task_affinity == "a.task"


def test_the_rest_of_components(manifest: Manifest) -> None:
    found = by_name(manifest)
    assert found["a.b.Main"].launch_mode == 2
    assert not found["a.b.Link"].enabled
    assert found["a.b.Service"].service_types == ("location", "connectedDevice")
    assert found["a.b.Service"].direct_boot_aware
    (link,) = found["a.b.Link"].filters
    assert link.auto_verify and link.actions == ("android.intent.action.VIEW",)
    first, second = link.data
    assert (first.scheme, first.host, first.port, first.path, first.path_kind) == (
        "https",
        "a.cn",
        "8443",
        "/x",
        "pathPrefix",
    )
    assert second.mime_type == "image/*"
    assert found["a.b.Link"].path == "/manifest/application/activity[@android:name='Link']"
    assert link.path == found["a.b.Link"].path + "/intent-filter"


def test_meta_data_features_instrumentation(manifest: Manifest) -> None:
    channel, number, config = manifest.application_meta_data()
    assert (channel.name, channel.value, number.value) == ("channel", "华为", "42")
    assert config.value is None and config.resource is not None and config.resource >> 24 == 0x7F
    assert channel.path == "/manifest/application/meta-data[@android:name='channel']"
    assert list(manifest.features()) == [
        Feature("android.hardware.camera", False),
        Feature("opengles:3.1", True),
    ]
    path = "/manifest/instrumentation[@android:name='.Test']"
    assert list(manifest.instrumentation()) == [Instrumentation("a.b.Test", "a.other", path)]


# --- what aapt2 does not write --------------------------------------------------------------------------


def name(text: str) -> Attr:
    return Attr("name", text, NAME)


def built(*children: Node, attributes: tuple[Attr, ...] = ()) -> Manifest:
    return Manifest(document(Node("manifest", [*attributes, Attr("package", "a.b")], children)), None)


def test_queries() -> None:
    found = built(
        Node(
            "queries",
            children=[
                Node("package", [name("com.tencent.mm")]),
                Node("provider", [Attr("authorities", "x;y", AUTHORITIES)]),
                Node("intent", children=[Node("action", [name("act")])]),
            ],
        ),
        Node("queries", children=[Node("package", [name("com.other")])]),
    ).queries()
    assert (found.packages, found.authorities) == (("com.tencent.mm", "com.other"), ("x", "y"))
    assert found.intents == (IntentFilter(("act",), (), (), False, "/manifest/queries/intent"),)


def test_never_for_location_holds_only_if_all_say_so() -> None:
    scan = name("android.permission.BLUETOOTH_SCAN")
    flag = Attr("usesPermissionFlags", (0x11, 0x10000), PERMISSION_FLAGS)
    one = built(Node("uses-permission", [scan, flag]))
    two = built(Node("uses-permission", [scan, flag]), Node("uses-permission", [scan]))
    assert [p.never_for_location for p in one.uses_permissions()] == [True]
    assert [p.never_for_location for p in two.uses_permissions()] == [False]


def test_the_widest_limit_counts() -> None:
    def use(level: int) -> Node:
        return Node("uses-permission", [name("p"), Attr("maxSdkVersion", (0x10, level), MAX_SDK)])

    assert [p.max_sdk for p in built(use(18), use(28), use(22)).uses_permissions()] == [28]


def sdk(low: tuple[int, int] | str, target: tuple[int, int] | str | None) -> Node:
    attributes = [Attr("minSdkVersion", low, MIN_SDK)]
    return Node("uses-sdk", attributes + ([Attr("targetSdkVersion", target, TARGET_SDK)] if target else []))


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([], (None, None, 1)),
        ([sdk((0x10, 19), None)], (19, None, 19)),
        ([sdk((0x10, 19), "S")], (19, 31, 31)),
        ([sdk("21", "33")], (21, 33, 33)),
        ([sdk((0x10, 19), (0x10, 30)), sdk((0x10, 21), (0x10, 34))], (21, 34, 34)),
    ],
)
def test_api_levels(nodes: list[Node], expected: tuple[int | None, int | None, int]) -> None:
    found = built(*nodes)
    assert (found.min_sdk, found.target_sdk, found.effective_target) == expected


@pytest.mark.parametrize(("target", "exported"), [(16, True), (17, False), (34, False)])
def test_providers_were_exported_by_default_before_api_17(target: int, exported: bool) -> None:
    provider = Node(
        "application", children=[Node("provider", [name(".P"), Attr("authorities", "x", AUTHORITIES)])]
    )
    (found,) = built(sdk((0x10, 9), (0x10, target)), provider).components()
    assert found.exported is exported


def test_a_filter_exports_whatever_the_target() -> None:
    service = Node("service", [name(".S")], [Node("intent-filter", children=[Node("action", [name("a")])])])
    (found,) = built(sdk((0x10, 21), (0x10, 34)), Node("application", children=[service])).components()
    assert found.exported and found.exported_explicit is None


def test_long_version_codes() -> None:
    codes = (Attr("versionCode", (0x10, 5), VERSION_CODE), Attr("versionCodeMajor", (0x10, 2), VERSION_MAJOR))
    assert built(attributes=codes).version_code == (2 << 32) + 5


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("TRUE", True), ("1", True), ("True", False), ("no", False)]
)
def test_booleans_as_text(text: str, value: bool) -> None:
    receiver = Node("receiver", [name(".R"), Attr("exported", text, EXPORTED)])
    (found,) = built(Node("application", children=[receiver])).components()
    assert found.exported_explicit is value


def test_references_without_a_table_are_unknown() -> None:
    activity = Node(
        "activity",
        [
            name(".A"),
            Attr("permission", (1, 0x7F010000), PERMISSION),
            Attr("exported", (1, 0x7F020000), EXPORTED),
        ],
    )
    (found,) = built(Node("application", children=[activity])).components()
    assert (found.permission, found.exported_explicit) == (None, None)


def test_another_root_is_no_manifest() -> None:
    with pytest.raises(AxmlError, match="manifest"):
        Manifest(document(Node("resources")), None)


@pytest.mark.parametrize(("text", "quote"), [("a.B", "'"), ("it's", '"')])
def test_paths_are_quoted(text: str, quote: str) -> None:
    assert element_path("/m", "t", text) == f"/m/t[@android:name={quote}{text}{quote}]"


# --- androguard is the reference ------------------------------------------------------------------------


@pytest.mark.parametrize("package", corpus_ids("apps"))
def test_every_element_and_attribute_is_androguards(package: str) -> None:
    from androguard.core.axml import AXMLPrinter
    from loguru import logger

    logger.remove()
    with Archive(corpus_path(package)) as archive:
        data = archive.read("AndroidManifest.xml")

    def compare(ours: Element, theirs: Any) -> None:
        assert ours.name == theirs.tag
        assert len(ours.attributes) == len(theirs.attrib)
        for attribute in ours.attributes:
            key = f"{{{attribute.namespace}}}{attribute.name}" if attribute.namespace else attribute.name
            value = theirs.get(key)
            assert value is not None, key
            if attribute.type == 3:
                assert attribute.text == value
            elif attribute.type == 0x12:
                assert value == ("true" if attribute.data else "false")
            elif attribute.type == 0x10:
                assert attribute.signed == int(value)
            elif attribute.type == 1:
                assert f"{attribute.data:08x}" == value.lower().removeprefix("@").rpartition(":")[2].zfill(8)
        assert len(ours.children) == len(theirs)
        for mine, other in zip(ours.children, theirs, strict=True):
            compare(mine, other)

    compare(Manifest(data, None).root, AXMLPrinter(data).get_xml_obj())

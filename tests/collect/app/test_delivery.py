"""One program, however it is delivered: APK, split set in every wrapping, bundle."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from deliveries import AAB, APKS, UNIVERSAL, apk, members, pack, splits, write_folder

from scanner.collect import collect
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import DexLocator, Evidence, XmlLocator

PLACES = frozenset({"evidence", "init_evidence", "dex"})
BASE_DEX = members(UNIVERSAL)["classes.dex"]


def facts_of(path: Path) -> Facts:
    return collect(str(path))


def without_places(value: Any) -> Any:
    """Facts as data, without what names files."""
    if isinstance(value, dict):
        return {key: without_places(item) for key, item in value.items() if key not in PLACES}
    return [without_places(item) for item in value] if isinstance(value, list) else value


def content(facts: Facts, *drop: str) -> dict[str, Any]:
    assert facts.app is not None
    data = without_places(facts.app.model_dump(mode="json"))
    return {key: value for key, value in data.items() if key not in drop}


def xapk(parts: Mapping[str, bytes], **told: object) -> bytes:
    values = {
        "package_name": "cn.qinghe.notes",
        "version_code": "12",
        "version_name": "1.2.0",
        "name": "青禾笔记",
    }
    listed = [{"file": name, "id": name} for name in parts]
    meta = {"xapk_version": 2, **values, "split_apks": listed, **told}
    return pack({"manifest.json": json.dumps(meta).encode(), "icon.png": b"png", **parts}, deflate=True)


def apkm(parts: Mapping[str, bytes]) -> bytes:
    meta = {"apkm_version": 5, "pname": "cn.qinghe.notes", "versioncode": "12", "release_version": "1.2.0"}
    return pack({"info.json": json.dumps(meta).encode(), **parts})


def sai(parts: Mapping[str, bytes]) -> bytes:
    meta = {"package": "cn.qinghe.notes", "version_code": 12, "version_name": "1.2.0", "label": "青禾笔记"}
    return pack({"meta.sai_v2.json": json.dumps(meta).encode(), **parts})


WRAPPED: dict[str, tuple[str, Callable[[Mapping[str, bytes]], bytes]]] = {
    "xapk": ("notes.xapk", xapk),
    "apkm": ("notes.apkm", apkm),
    "sai": ("notes-sai.apks", sai),
}


@pytest.fixture(scope="module")
def universal() -> Facts:
    return facts_of(UNIVERSAL)


def test_a_split_set_gives_the_facts_of_the_universal_package(universal: Facts) -> None:
    found = facts_of(APKS)

    assert content(found) == content(universal)
    assert {p.code for p in found.problems} == {"variants"}
    assert found.gaps == universal.gaps
    assert found.subject.sha256 == hashlib.sha256(APKS.read_bytes()).hexdigest()


def test_a_bundle_gives_the_facts_of_the_universal_package(universal: Facts) -> None:
    found = facts_of(AAB)

    assert content(found, "signing") == content(universal, "signing")
    assert {gap.path for gap in found.gaps} == {"app.signing"}


def test_nothing_is_concluded_from_the_signature_of_an_upload() -> None:
    app = facts_of(AAB).app

    assert app is not None
    assert (app.signing.signed, app.signing.verified, app.signing.v1_only) == (None, None, None)
    assert app.signing.certificates == ()
    assert [(s.scheme, s.present, s.verified) for s in app.signing.schemes] == [("v1", True, True)]


@pytest.mark.parametrize("form", WRAPPED)
def test_every_wrapping_of_the_splits_gives_the_same_facts(
    form: str, tmp_path: Path, universal: Facts
) -> None:
    name, wrap = WRAPPED[form]
    path = tmp_path / name
    path.write_bytes(wrap(splits()))

    found = facts_of(path)

    assert content(found) == content(universal)
    assert found.problems == ()
    assert found.gaps == universal.gaps


def test_a_folder_of_splits_is_one_subject(tmp_path: Path, universal: Facts) -> None:
    parts = splits()
    folder = write_folder(tmp_path / "notes", parts)

    found = facts_of(folder)

    assert content(found) == content(universal)
    lines = "".join(f"{hashlib.sha256(parts[name]).hexdigest()}  {name}\n" for name in sorted(parts))
    assert found.subject.sha256 == hashlib.sha256(lines.encode()).hexdigest()


def evidence(value: Any) -> list[Evidence]:
    if isinstance(value, Evidence):
        return [value]
    if isinstance(value, tuple):
        return [one for item in value for one in evidence(item)]
    fields = type(value).model_fields if hasattr(type(value), "model_fields") else ()
    return [one for name in fields for one in evidence(getattr(value, name))]


@pytest.mark.parametrize(
    ("source", "base", "feature"),
    [
        (APKS, "splits/base-master_2.apk!/classes.dex", "splits/contacts-master_2.apk!/classes.dex"),
        (AAB, "base/dex/classes.dex", "contacts/dex/classes.dex"),
    ],
    ids=["splits", "bundle"],
)
def test_evidence_names_the_part_it_lies_in(source: Path, base: str, feature: str) -> None:
    facts = facts_of(source)

    known = {artifact.name: artifact for artifact in facts.artifacts}
    found = evidence(facts.app)
    code = {e.locator.dex for e in found if isinstance(e.locator, DexLocator)}
    assert code == {base, feature}
    assert {e.artifact for e in found if isinstance(e.locator, DexLocator)} == code
    assert known[base].sha256 == hashlib.sha256(BASE_DEX).hexdigest()
    share = [e for e in found if isinstance(e.locator, XmlLocator) and "ShareActivity" in e.locator.path]
    assert {e.artifact for e in share} == {
        feature.replace("classes.dex", "AndroidManifest.xml").replace("/dex/", "/manifest/")
    }
    files = {e.artifact for e in found}
    assert files <= known.keys() | {n for n in files if n.endswith((".xml", ".so", ".html"))}


@pytest.mark.parametrize("source", [APKS, AAB], ids=["splits", "bundle"])
def test_every_artifact_is_where_its_name_says(source: Path, tmp_path: Path) -> None:
    whole, *rest = facts_of(source).artifacts

    assert whole.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert len(rest) > 5
    for artifact in rest:
        outer, _, inner = artifact.name.partition("!/")
        data = members(source)[outer]
        if inner:
            part = tmp_path / "part.apk"
            part.write_bytes(data)
            with zipfile.ZipFile(part) as archive:
                data = archive.read(inner)
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (artifact.sha256, artifact.size), (
            artifact.name
        )


def test_texts_of_a_language_split_name_that_split(tmp_path: Path) -> None:
    path = tmp_path / "notes.xapk"
    path.write_bytes(xapk(splits()))

    app = facts_of(path).app

    assert app is not None
    by_locale = {(t.name, t.locale): t.evidence[0].artifact for t in app.texts if t.origin == "resource"}
    assert by_locale["string/contacts_agree", "zh"] == "split_contacts.config.zh.apk!/resources.arsc"
    assert by_locale["string/contacts_agree", "en"] == "split_contacts.config.en.apk!/resources.arsc"
    assert by_locale["string/contacts_agree", ""] == "split_contacts.apk!/resources.arsc"


# --- what does not belong, or is not there ------------------------------------------------------------------

CODE = {"classes.dex": BASE_DEX}


def scanned(tmp_path: Path, parts: Mapping[str, bytes]) -> Facts:
    path = tmp_path / "set.apks"
    path.write_bytes(pack(parts))
    return facts_of(path)


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        ("part-package", {"b.apk": apk(split="f", package="org.other")}),
        ("part-version", {"b.apk": apk(split="f", version=11)}),
        ("part-twice", {"b.apk": apk(permissions=["android.permission.CAMERA"])}),
        ("part-unread", {"b.apk": b"PK\x03\x04 torn"}),
        ("part-unread", {"b.apk": pack({"classes.dex": b"x"})}),
        ("part-signer", {"b.apk": splits()["split_contacts.apk"]}),
    ],
    ids=["package", "version", "twice", "torn", "no-manifest", "signer"],
)
def test_a_part_that_does_not_belong_is_not_read_and_leaves_a_gap(
    tmp_path: Path, code: str, parts: dict[str, bytes]
) -> None:
    facts = scanned(tmp_path, {"base.apk": apk(CODE), **parts})

    assert facts.subject.identifier == "cn.qinghe.notes"
    assert {p.code for p in facts.problems} == {code}
    assert {"app.accesses", "app.permissions", "app.texts"} <= {g.path for g in facts.gaps if g.code == code}
    assert facts.app is not None
    assert not any(permission.declared for permission in facts.app.permissions)


@pytest.mark.parametrize("wrap", [lambda part: part, lambda part: pack({"split_f.apk": part})])
def test_splits_without_their_base_are_refused(tmp_path: Path, wrap: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "lost.apks"
    path.write_bytes(wrap(apk(split="f")))

    with pytest.raises(InputError) as caught:
        facts_of(path)

    assert caught.value.code == "base-missing"


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({"needs_splits": True}, {"app.accesses", "app.texts", "app.components"}),
        ({"required": ["base__abi"]}, {"app.native_libraries", "app.hardening"}),
        ({"required": ["base__density"]}, set()),
        ({"activities": [(".Far", "far")]}, {"app.accesses", "app.components"}),
    ],
    ids=["some", "abi", "density", "feature"],
)
def test_splits_the_base_asks_for_are_reported_when_absent(
    tmp_path: Path, values: dict[str, Any], paths: set[str]
) -> None:
    path = tmp_path / "base.apk"
    path.write_bytes(apk(CODE, **values))

    facts = facts_of(path)

    found = {gap.path for gap in facts.gaps if gap.code == "split-missing"}
    assert "split-missing" in {p.code for p in facts.problems}
    assert paths <= found
    assert bool(found) == bool(paths)


def test_a_required_type_that_a_split_provides_is_no_gap(tmp_path: Path) -> None:
    base = apk(CODE, required=["base__abi"])
    config = apk({"lib/x86/libx.so": b"x"}, split="config.x86", provides=["base__abi"])

    facts = scanned(tmp_path, {"base.apk": base, "split_config.x86.apk": config})

    assert "split-missing" not in {p.code for p in facts.problems}
    assert facts.app is not None
    assert [library.path for library in facts.app.native_libraries] == ["lib/x86/libx.so"]


def test_missing_chinese_texts_are_a_gap(tmp_path: Path) -> None:
    parts = {name: data for name, data in splits().items() if "zh" not in name}

    facts = scanned(tmp_path, parts)

    assert {"app.texts", "app.checkboxes"} <= {g.path for g in facts.gaps if g.code == "split-missing"}


def test_components_and_permissions_of_a_feature_are_added(tmp_path: Path) -> None:
    feature = apk(
        split="f", activities=[(".Far", ""), (".Near", "")], permissions=["android.permission.CAMERA"]
    )
    facts = scanned(tmp_path, {"base.apk": apk(CODE, activities=[(".Near", "")]), "split_f.apk": feature})

    assert facts.app is not None
    assert [c.name for c in facts.app.components] == ["cn.qinghe.notes.Near", "cn.qinghe.notes.Far"]
    (camera,) = (p for p in facts.app.permissions if p.declared)
    assert camera.evidence[0].artifact == "split_f.apk!/AndroidManifest.xml"
    assert {p.code for p in facts.problems} == {"split-permission"}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"version_name": "9.9"}, "9.9"),
        ({"package_name": "org.other"}, "org.other"),
        ({"version_code": 99}, "99"),
        ({"name": "别的应用"}, "别的应用"),
    ],
)
def test_a_delivery_that_contradicts_its_package_is_reported(
    tmp_path: Path, told: dict[str, object], says: str
) -> None:
    path = tmp_path / "notes.xapk"
    path.write_bytes(xapk(splits(), **told))

    facts = facts_of(path)

    (problem,) = (p for p in facts.problems if p.code == "declared-mismatch")
    assert says in problem.message.zh
    assert (facts.subject.identifier, facts.subject.version) == ("cn.qinghe.notes", "1.2.0")


def test_what_the_delivery_lists_and_lacks_is_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "notes.xapk"
    listed = [{"file": "split_far.apk", "id": "far"}]
    path.write_bytes(xapk(splits(), split_apks=listed, expansions=[{"file": "Android/obb/main.obb"}]))

    facts = facts_of(path)

    assert {"part-missing", "expansion-unread"} <= {g.code for g in facts.gaps}
    assert facts.app is not None
    assert [(e.kind, e.name, e.size, e.read) for e in facts.app.expansions] == [
        ("obb", "Android/obb/main.obb", None, False)
    ]


def test_expansion_files_beside_the_parts_are_listed_and_not_read(tmp_path: Path) -> None:
    files = {"base.apk": apk(CODE), "main.12.cn.qinghe.notes.obb": b"anything"}
    facts = facts_of(write_folder(tmp_path / "app", files))
    assert facts.app is not None

    (found,) = facts.app.expansions
    assert (found.kind, found.name, found.size) == ("obb", "main.12.cn.qinghe.notes.obb", 8)
    assert (found.delivered, found.read) == (True, False)
    assert {g.path for g in facts.gaps if g.code == "expansion-unread"} >= {
        "app.expansions",
        "app.containers",
    }


def test_an_asset_pack_of_a_bundle_is_told_from_a_feature_and_read(tmp_path: Path) -> None:
    # asset-pack.zip is the module of an asset pack delivered on demand, linked with aapt2 and packed by bundletool.
    module = members(Path(__file__).resolve().parents[2] / "data" / "asset-pack.zip")
    path = tmp_path / "packs.aab"
    path.write_bytes(pack({**members(AAB), **{f"textures/{name}": data for name, data in module.items()}}))
    facts = facts_of(path)
    assert facts.app is not None

    (found,) = facts.app.expansions
    assert (found.kind, found.name, found.delivery, found.files) == ("asset-pack", "textures", "on-demand", 1)
    assert (found.delivered, found.read) == (True, True)


# --- several forms of one program ---------------------------------------------------------------------------


def test_the_standalone_package_for_the_common_processor_is_read(tmp_path: Path) -> None:
    arm = apk({**CODE, "lib/arm64-v8a/a.so": b"1"})
    facts = scanned(
        tmp_path,
        {
            "standalones/standalone-x86_64_hdpi.apk": apk(CODE),
            "standalones/standalone-arm64_v8a_xxhdpi.apk": arm,
        },
    )

    assert "standalones/standalone-arm64_v8a_xxhdpi.apk" in {a.name for a in facts.artifacts}
    assert {p.code for p in facts.problems} == {"variants"}
    assert not [g for g in facts.gaps if g.code == "variant-differs"]


def test_another_form_with_other_code_is_a_gap(tmp_path: Path) -> None:
    facts = scanned(
        tmp_path,
        {"universal.apk": apk(CODE), "standalones/standalone-arm64_v8a.apk": apk({"classes.dex": b"other"})},
    )

    assert "app.accesses" in {g.path for g in facts.gaps if g.code == "variant-differs"}


# --- hostile ------------------------------------------------------------------------------------------------


def test_thousands_of_splits_are_bounded(tmp_path: Path) -> None:
    part = apk(split="f")
    parts = {"base.apk": apk(CODE)} | {f"split_{n}.apk": part for n in range(10_000)}

    facts = scanned(tmp_path, parts)

    assert {"too-many-parts", "part-twice"} <= {p.code for p in facts.problems}
    assert "app.accesses" in {g.path for g in facts.gaps if g.code == "too-many-parts"}
    assert len(facts.problems) < 100
    assert sum(p.count for p in facts.problems) > 9_000


def test_names_are_never_paths(tmp_path: Path) -> None:
    facts = scanned(tmp_path, {"base.apk": apk(CODE), "../../evil.apk": apk(CODE, split="f")})

    assert "../../evil.apk" in {a.name for a in facts.artifacts}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["set.apks"]
    assert not (tmp_path.parent.parent / "evil.apk").exists()


def test_a_part_is_read_within_the_limits(tmp_path: Path) -> None:
    bomb = pack({"AndroidManifest.xml": b"\0" * (40 << 20)}, deflate=True)
    path = tmp_path / "bomb.apks"
    path.write_bytes(pack({"base.apk": apk(CODE), "split_b.apk": bomb}, deflate=True))

    facts = facts_of(path)

    assert "part-unread" in {p.code for p in facts.problems}


def test_files_of_the_same_name_with_other_content_are_reported(tmp_path: Path) -> None:
    base = apk({**CODE, "assets/a.txt": b"one", "assets/b.txt": b"same", "res/xml/c.xml": b"1"})
    feature = apk({"assets/a.txt": b"two", "assets/b.txt": b"same", "res/xml/c.xml": b"2"}, split="f")

    facts = scanned(tmp_path, {"base.apk": base, "split_f.apk": feature})

    (problem,) = (p for p in facts.problems if p.code == "part-clash")
    assert problem.count == 1
    assert "app.secrets" in {g.path for g in facts.gaps if g.code == "part-clash"}


def test_nothing_takes_the_place_of_a_bundles_code(tmp_path: Path) -> None:
    whole = facts_of(AAB).app
    files = members(AAB)
    moved = {"base/root/classes.dex": b"no code", **files}
    path = tmp_path / "hidden.aab"
    path.write_bytes(pack(moved))

    facts = facts_of(path)

    assert facts.app is not None and whole is not None
    assert facts.app.code == whole.code
    assert "app.accesses" in {g.path for g in facts.gaps if g.code == "part-clash"}


@pytest.mark.parametrize(
    "name", ["base/manifest/AndroidManifest.xml", "base/resources.pb", "base/dex/classes.dex"]
)
def test_a_torn_bundle_is_refused_or_leaves_a_gap(tmp_path: Path, name: str) -> None:
    files = members(AAB)
    path = tmp_path / "torn.aab"
    path.write_bytes(pack({**files, name: files[name][: len(files[name]) // 2]}))

    try:
        facts = facts_of(path)
    except InputError as error:
        assert error.code == "manifest-broken"
        assert name.endswith("AndroidManifest.xml")
    else:
        assert {"resources-unread", "resources-skipped", "dex-unread"} & {g.code for g in facts.gaps} or any(
            p.where == name for p in facts.problems
        )

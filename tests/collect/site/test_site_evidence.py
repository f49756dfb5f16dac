"""The evidence package: complete, hashed, tamper-evident, and enough to make the same report again offline."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from server import Servers
from world import build

from reports import render
from scanner import __version__
from scanner.assess import assess
from scanner.cli.scan import scan
from scanner.collect import collect
from scanner.collect.site import phases
from scanner.collect.site.evidence import is_package, read_package
from scanner.errors import CollectError, InputError
from scanner.facts import Facts
from scanner.packload import load_pack, profile

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Facts, Path, Servers]]:
    """A visit to a page with a consent banner and a form, kept as a folder."""
    target = tmp_path_factory.mktemp("evidence") / "shop"
    with Servers() as servers, pytest.MonkeyPatch.context() as patch:
        patch.setattr(phases, "START_LINGER", 0.4)
        patch.setattr(phases, "WARM_LINGER", 0.3)
        patch.setattr(phases, "AFTER_CHOICE", 0.4)
        world = build(servers)
        form = "<form method=post action=/join><label>姓名 <input name=xm></label><label>手机 <input name=sj></label></form>"
        start = str(world.site.routes["/consent-good"][2]).replace("</h1>", "</h1>" + form)  # type: ignore[index]
        world.page("/", start)
        facts = collect(world.url("/"), servers.options(browser=True, evidence=target))
        yield facts, target, servers


def report(facts: Facts, form: str) -> bytes:
    pack = load_pack([])
    assessment = assess(facts, pack, profile(pack, "site"), now=NOW, tool_version=__version__)
    return render(form, assessment, facts, pack, "zh")


def test_everything_seen_is_there_with_hash_size_and_time(taken: tuple[Facts, Path, Servers]) -> None:
    facts, folder, _ = taken
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    listed = {entry["path"]: entry for entry in manifest["files"]}

    names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} - {"manifest.json"}
    assert set(listed) == names
    for name, entry in listed.items():
        data = (folder / name).read_bytes()
        assert (entry["sha256"], entry["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
        assert datetime.fromisoformat(entry["time"]).tzinfo is not None
    kinds = {name.split("-", 1)[1].rsplit("-", 1)[0] for name in names if name.startswith("screens/")}
    assert {"before-page", "before-banner", "before-form", "accept-page", "reject-page"} <= kinds
    assert {a.name for a in facts.artifacts if "/" in a.name and ":" not in a.name} <= names


def test_pictures_are_pictures_and_the_har_is_a_har(taken: tuple[Facts, Path, Servers]) -> None:
    _, folder, _ = taken
    har = json.loads((folder / "network.har").read_bytes())["log"]

    assert all(p.read_bytes().startswith(b"\x89PNG\r\n") for p in (folder / "screens").iterdir())
    assert har["version"] == "1.2"
    pages = {page["id"]: page for page in har["pages"]}
    assert {p["_phase"] for p in pages.values()} >= {"before", "accept", "reject"}
    assert all(entry["pageref"] in pages for entry in har["entries"])
    script = next(e for e in har["entries"] if "/hm.js" in e["request"]["url"])
    assert len(script["response"]["_sha256"]) == 64
    assert any(h["name"].lower() == "set-cookie" for h in script["response"]["headers"])


def test_every_artifact_that_evidence_names_exists(taken: tuple[Facts, Path, Servers]) -> None:
    facts, folder, _ = taken
    assert facts.site is not None
    dialog = facts.site.dialogs[0]

    assert (folder / dialog.evidence[0].artifact).is_file()
    request = next(r for r in facts.site.requests if r.third_party)
    assert request.evidence[0].artifact == "network.har"


@pytest.mark.parametrize("form", ["json", "html"])
def test_the_package_gives_the_same_report_offline(taken: tuple[Facts, Path, Servers], form: str) -> None:
    facts, folder, _ = taken

    again = read_package(folder)

    assert again == facts
    assert report(again, form) == report(facts, form)


def test_a_zip_is_the_same_package_and_the_command_reads_it(
    taken: tuple[Facts, Path, Servers], tmp_path: Path
) -> None:
    facts, folder, _ = taken
    packed = tmp_path / "shop.zip"
    with zipfile.ZipFile(packed, "w") as pack:
        for path in folder.rglob("*"):
            if path.is_file():
                pack.write(path, path.relative_to(folder).as_posix())

    assert is_package(packed) and read_package(packed) == facts
    result = CliRunner().invoke(scan, [str(packed), "-f", "json", "--now", "2026-11-24"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["assessment"]["subject"]["kind"] == "site"


def test_a_zip_is_written_whole(taken: tuple[Facts, Path, Servers], tmp_path: Path) -> None:
    _, _, servers = taken
    target = tmp_path / "clean.zip"
    url = next(s for s in servers._sites.values() if "shop.qinghe.example" in s)["shop.qinghe.example"].url(
        "/clean"
    )

    facts = collect(url, servers.options(browser=True, evidence=target))

    assert read_package(target) == facts
    assert [p.name for p in tmp_path.iterdir()] == ["clean.zip"]


@pytest.mark.parametrize("harm", ["changed", "missing", "added", "manifest"])
def test_a_package_that_was_tampered_with_is_refused(
    taken: tuple[Facts, Path, Servers], tmp_path: Path, harm: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(taken[1], folder)
    if harm == "changed":
        (folder / "facts.json").write_bytes(
            (folder / "facts.json").read_bytes().replace(b"accept", b"reject", 1)
        )
    elif harm == "missing":
        (folder / "network.har").unlink()
    elif harm == "added":
        (folder / "screens" / "999-forged.png").write_bytes(b"x")
    else:
        (folder / "manifest.json").write_text('{"format": "other"}', "utf-8")

    with pytest.raises(InputError) as caught:
        read_package(folder)

    assert caught.value.code == "evidence-broken"


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd"])
def test_names_in_a_package_never_lead_out_of_it(tmp_path: Path, name: str) -> None:
    manifest = {"format": "guijian-evidence/1", "files": [{"path": name, "sha256": "0" * 64}]}
    packed = tmp_path / "bad.zip"
    with zipfile.ZipFile(packed, "w") as pack:
        pack.writestr("manifest.json", json.dumps(manifest))
        pack.writestr("facts.json", "{}")
        pack.writestr(name, "x")

    with pytest.raises(InputError):
        read_package(packed)


def test_an_existing_package_is_not_overwritten(taken: tuple[Facts, Path, Servers], tmp_path: Path) -> None:
    _, folder, servers = taken
    url = next(s for s in servers._sites.values() if "shop.qinghe.example" in s)["shop.qinghe.example"].url(
        "/clean"
    )

    with pytest.raises(CollectError) as caught:
        collect(url, servers.options(browser=True, evidence=folder))

    assert "已存在" in caught.value.text.zh

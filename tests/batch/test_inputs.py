"""Where subjects come from: folders of splits, ZIP files of packages, web addresses, storage, and what is told of them."""

from __future__ import annotations

import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fsspec
import pytest
from conftest import FIXTURES, fixture_apk_path

from scanner.batch.meta import Meta, beside, with_meta
from scanner.batch.nested import extract, inside, safe_name, subjects
from scanner.batch.obtain import delivers_package, local_copy
from scanner.batch.targets import targets
from scanner.cli.subjects import Named
from scanner.collect import collect
from scanner.context import SiteOptions
from scanner.errors import InputError

PRIVATE = SiteOptions(allow_private=True)
SET = FIXTURES / "inputs" / "notes.apks"


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in files.items():
            pack.writestr(name, data)
    return path


@pytest.fixture
def clean() -> bytes:
    return fixture_apk_path("clean").read_bytes()


def split_files() -> dict[str, bytes]:
    with zipfile.ZipFile(SET) as pack:
        return {
            "base.apk": pack.read("splits/base-master_2.apk"),
            "split_contacts.apk": pack.read("splits/contacts-master_2.apk"),
        }


# --- which files are which subject --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["b.apk", "a.aab"], ["a.aab", "b.apk"]),
        (["x/base.apk", "x/split_config.zh.apk", "y/base.apk"], ["x/", "y/base.apk"]),
        (["x/base.apk", "x/split_f.apk", "x/other.xapk"], ["x/", "x/other.xapk"]),
        (["x/base.apk", "x/split_f.apk", "x/other.apk"], ["x/base.apk", "x/other.apk", "x/split_f.apk"]),
        (["base.apk", "config.zh.apk"], ["/"]),
        ([], []),
    ],
)
def test_splits_of_a_folder_are_one_subject(names: list[str], found: list[str]) -> None:
    assert list(subjects(names)) == found


def test_a_folder_is_listed_with_its_split_folders_and_zips(tmp_path: Path, clean: bytes) -> None:
    (tmp_path / "notes").mkdir()
    for name, data in split_files().items():
        (tmp_path / "notes" / name).write_bytes(data)
    (tmp_path / "one.apk").write_bytes(clean)
    zipped(tmp_path / "two.zip", {"a/x.apk": clean, "y.apk": clean, "read.me": b""})
    zipped(tmp_path / "pictures.zip", {"x.png": b""})

    found = [target.location.removeprefix(f"{tmp_path}/") for target in targets(str(tmp_path))]

    assert found == ["notes/", "one.apk", "two.zip!/a/x.apk", "two.zip!/y.apk"]


def test_a_zip_of_packages_is_taken_apart_once(tmp_path: Path, clean: bytes) -> None:
    inner = zipped(tmp_path / "inner.zip", {"z.apk": clean}).read_bytes()
    outer = zipped(tmp_path / "outer.zip", {"a.apk": clean, "deep.zip": inner})

    locations = [target.location for target in targets(str(outer))]

    assert locations == [f"{outer}!/a.apk", f"{outer}!/deep.zip"]
    with local_copy(locations[0]) as path:
        assert path.read_bytes() == clean
    assert not path.exists()


def test_what_is_one_package_stays_whole(tmp_path: Path) -> None:
    splits = split_files()
    named = zipped(tmp_path / "set.zip", splits)
    told = zipped(tmp_path / "told.zip", {**splits, "info.json": b"{}"})

    assert (inside(named), inside(told)) == ([], [])
    assert [t.location for t in targets(str(named))] == [str(named)]


def test_a_set_inside_a_zip_is_one_subject(tmp_path: Path, clean: bytes) -> None:
    files = {f"shop/notes/{name}": data for name, data in split_files().items()}
    outer = zipped(tmp_path / "outer.zip", {**files, "clean.apk": clean})

    locations = [target.location for target in targets(str(outer))]
    assert locations == [f"{outer}!/clean.apk", f"{outer}!/shop/notes/"]

    with local_copy(locations[1]) as path:
        assert sorted(one.name for one in path.iterdir()) == ["base.apk", "split_contacts.apk"]
        assert collect(str(path)).subject.identifier == "cn.qinghe.notes"


def test_names_inside_a_zip_are_never_paths(tmp_path: Path, clean: bytes) -> None:
    outer = zipped(tmp_path / "outer.zip", {"../../../evil.apk": clean, "/abs/olute.apk": clean})
    target = tmp_path / "into"
    target.mkdir()

    found = [extract(outer, name, target) for name in inside(outer)]

    assert all(path.parent == target for path in found)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["into", "outer.zip"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a/../b.apk", "b.apk"), ("..", "package.apk"), ("应用 1.apk", "应用_1.apk"), ("c:\\x\\y.apk", "y.apk")],
)
def test_file_names_are_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_torn_zip_is_left_to_its_own_scan(tmp_path: Path) -> None:
    (tmp_path / "torn.zip").write_bytes(b"PK\x03\x04 torn")

    assert [t.location for t in targets(str(tmp_path / "torn.zip"))] == [str(tmp_path / "torn.zip")]
    with pytest.raises(InputError, match="不是有效的安装包"):
        collect(str(tmp_path / "torn.zip"))


def test_an_error_about_a_copy_names_the_place_it_came_from(tmp_path: Path) -> None:
    outer = zipped(tmp_path / "outer.zip", {"a.apk": b"no zip", "b.apk": b"no zip"})

    with pytest.raises(InputError) as caught, local_copy(f"{outer}!/a.apk") as path:
        collect(str(path))

    assert f"{outer}!/a.apk" in caught.value.text.zh
    assert "guijian-" not in caught.value.text.en


# --- storage and web ----------------------------------------------------------------------------------------


def test_a_folder_of_splits_in_a_store_is_copied_whole() -> None:
    memory = fsspec.filesystem("memory")
    for name, data in split_files().items():
        memory.pipe(f"/inputs/notes/{name}", data)

    (target,) = targets("memory://inputs")
    with local_copy(target.location) as path:
        facts = collect(str(path))

    assert target.location == "memory:///inputs/notes/"
    assert facts.subject.identifier == "cn.qinghe.notes"


class Shop(BaseHTTPRequestHandler):
    """Serves a package under several names."""

    content = b""

    def answer(self, *, body: bool) -> None:
        if self.path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/x.apk")
            self.end_headers()
            return
        kinds = {
            "/app.apk": "text/html",
            "/typed": "application/vnd.android.package-archive",
            "/stream": "application/octet-stream",
            "/bytes": "application/octet-stream",
        }
        self.send_response(200 if self.path != "/gone.apk" else 404)
        self.send_header("Content-Type", kinds.get(self.path, "text/html"))
        self.send_header("Content-Length", str(len(self.content)))
        if self.path == "/stream":
            self.send_header("Content-Disposition", 'attachment; filename="app.apk"')
        self.end_headers()
        if body:
            self.wfile.write(self.content)

    def do_GET(self) -> None:
        self.answer(body=True)

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    Shop.content = fixture_apk_path("clean").read_bytes()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "package"),
    [("/app.apk", True), ("/typed", True), ("/stream", True), ("/bytes", False), ("/", False)],
)
def test_package_and_website_are_told_apart(shop: str, path: str, package: bool) -> None:
    assert delivers_package(shop + path, PRIVATE) is package


def test_a_package_on_the_web_is_fetched(shop: str) -> None:
    with local_copy(f"{shop}/app.apk", PRIVATE) as path:
        assert path.name == "app.apk"
        assert path.read_bytes() == Shop.content


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("/app.apk", SiteOptions(), "本机"),
        ("/inside", PRIVATE, "元数据地址"),
        ("/gone.apk", PRIVATE, "404"),
    ],
    ids=["private", "redirect", "gone"],
)
def test_the_address_guard_holds_for_packages(shop: str, path: str, options: SiteOptions, says: str) -> None:
    with pytest.raises(InputError) as caught, local_copy(shop + path, options):
        pass

    assert caught.value.code == "download-failed"
    assert says in caught.value.text.zh


# --- what is told of a package ------------------------------------------------------------------------------


def test_a_file_beside_the_package_tells_its_metadata(tmp_path: Path) -> None:
    for name in ("a.apk", "b.apk", "c.apk"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "a.apk.json").write_text(json.dumps({"应用名称": "甲", "version": 2, "other": [1]}), "utf-8")
    (tmp_path / "metadata.csv").write_text("文件,名称,类别\na.apk,别的,\nshop/b.apk,乙,地图导航类\n", "utf-8")

    found = {Path(t.location).name: t.meta for t in targets(str(tmp_path))}

    assert found["a.apk"] == Meta(name="甲", version="2")
    assert found["b.apk"] == Meta(name="乙", category="地图导航类")
    assert found["c.apk"] == Meta()


def test_a_sidecar_that_is_none_is_passed_over_and_a_given_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[" * 50_000)

    assert beside(tmp_path / "a.apk") == Meta()
    with pytest.raises(InputError):
        beside(tmp_path / "a.apk", tmp_path / "a.json")


@pytest.mark.parametrize(
    ("meta", "count"),
    [
        (Meta(name="青禾笔记"), 0),
        (Meta(name="青禾笔记（官方版）", version="v1.2.0"), 0),
        (Meta(name="Qinghe Notes"), 0),
        (Meta(name="红禾记事"), 1),
        (Meta(name="红禾记事", version="1.3"), 2),
    ],
)
def test_a_name_or_version_that_is_not_the_packages_is_a_problem(meta: Meta, count: int) -> None:
    facts = collect(str(fixture_apk_path("clean")))

    once = with_meta(facts, meta)

    assert [p.code for p in once.problems].count("metadata-mismatch") == count
    assert once.subject.version == "1.2.0"
    assert with_meta(once, meta).problems == once.problems


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (Named("/a/b/app.apk"), "app.apk"),
        (Named("/a/many.zip!/x/app.apk", copied=True), "many.zip!/x/app.apk"),
        (Named("https://shop.example/d/app.apk?token=secret", copied=True), "app.apk"),
        (Named("s3://bucket/set/", copied=True), "set"),
    ],
)
def test_reports_name_a_subject_without_its_folders_and_secrets(named: Named, shown: str) -> None:
    assert named.shown == shown

"""The container is read as Android reads it, its lies are noted, and nothing it claims costs more than the limits."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from functools import cache
from pathlib import Path

import broken_zip
import pytest
from broken_zip import DEFLATED, STORED, Entry, central_header, end_record, local_header
from conftest import corpus_ids, corpus_path, fixture_apk_path
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.zipdirectory import Limits
from scanner.errors import InputError

NAME = Path("x.apk")
MEGA = 1 << 20


def codes(archive: Archive) -> set[str]:
    return {problem.code for problem in archive.problems}


def opened(content: bytes, limits: Limits | None = None) -> Archive:
    return Archive(NAME, limits, content)


def built(*entries: Entry, **options: object) -> Archive:
    return opened(broken_zip.archive(entries, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", corpus_ids("apps"))
def test_real_packages_read_as_zipfile_reads_them_without_a_problem(name: str) -> None:
    path = corpus_path(name)
    with Archive(path) as archive, zipfile.ZipFile(path) as reference:
        assert list(archive.entries) == reference.namelist()
        for info in reference.infolist():
            if info.file_size < MEGA:
                assert archive.read(info.filename) == reference.read(info)
        largest = max(reference.infolist(), key=lambda info: info.file_size)
        assert archive.digest(largest.filename, "sha256") == hashlib.sha256(reference.read(largest)).digest()
        assert archive.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert archive.problems == []


def test_a_package_inside_another_is_read_from_memory() -> None:
    content = fixture_apk_path("clean").read_bytes()
    with opened(content) as archive, Archive(fixture_apk_path("clean")) as file:
        assert archive.entries == file.entries
        assert archive.sha256() == file.sha256()


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "not-a-zip"), (b"PK", "not-a-zip"), (b"\0" * 70_000, "not-a-zip")]
)
def test_what_is_no_zip_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        opened(content)
    assert caught.value.code == code
    assert str(NAME) in caught.value.text.zh


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.apk").touch()
    os.mkfifo(tmp_path / "pipe.apk")
    for path, code in (
        (tmp_path, "is-folder"),
        (tmp_path / "none.apk", "unreadable"),
        (tmp_path / "empty.apk", "empty"),
        (tmp_path / "pipe.apk", "not-a-file"),
        (tmp_path / "nul\0.apk", "unreadable"),
    ):
        with pytest.raises(InputError) as caught:
            Archive(path)
        assert caught.value.code == code
    with pytest.raises(InputError, match="100"):
        Archive(fixture_apk_path("clean"), Limits(package=100))


def test_local_headers_that_lie_are_noted_and_not_believed() -> None:
    archive = built(Entry("a", b"data" * 9, DEFLATED, local_method=0x1234), Entry("b", b"b"))
    assert archive.read("a") == b"data" * 9
    assert codes(archive) == {"zip-local-header"}


def test_a_local_name_that_differs_is_noted() -> None:
    content = bytearray(broken_zip.archive([Entry("real", b"x", STORED)]))
    content[30:34] = b"fake"
    archive = opened(bytes(content))
    assert archive.read("real") == b"x"
    assert codes(archive) == {"zip-local-header"}


def test_a_directory_that_is_elsewhere_than_stated_is_read_and_noted() -> None:
    content = broken_zip.archive([Entry("a", b"a")])
    archive = opened(content[:4] + content)
    assert archive.read("a") == b"a"
    assert codes(archive) == {"zip-directory-moved"}


def test_headers_without_an_entry_in_front_are_build_tools_work() -> None:
    filler = Entry("", b"", STORED)
    archive = built(Entry("a", b"a"), prefix=local_header(filler, b"", STORED))
    assert archive.read("a") == b"a"
    assert archive.problems == []


def test_dex_files_after_a_gap_are_not_loaded() -> None:
    names = [
        "classes.dex",
        "classes2.dex",
        "classes10.dex",
        "classes4.dex",
        "classes02.dex",
        "a/classes3.dex",
    ]
    archive = built(*(Entry(name, b"x") for name in names))
    assert archive.dex_names() == ["classes.dex", "classes2.dex"]
    (problem,) = archive.problems
    assert (problem.code, problem.count) == ("dex-unloaded", 2)


def test_more_than_99_dex_files_are_in_order() -> None:
    archive = built(*(Entry(f"classes{n}.dex", b"x") for n in range(150, 1, -1)), Entry("classes.dex", b"x"))
    assert archive.dex_names() == ["classes.dex", *(f"classes{n}.dex" for n in range(2, 151))]


def test_names_android_refuses_are_noted() -> None:
    content = broken_zip.archive([Entry("bad", b"x"), Entry("nul", b"y")])
    archive = opened(content.replace(b"bad", b"b\xff\xfe").replace(b"nul", b"n\0l"))
    assert archive.read("b\\xff\\xfe") == b"x"
    assert [(p.code, p.count) for p in archive.problems] == [("zip-name", 2)]


def test_zip64_is_read() -> None:
    data = b"content" * 100
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as pack, pack.open("big", "w", force_zip64=True) as entry:
        entry.write(data)
    raw = content.getvalue()
    end = len(raw) - 22
    count, size, start = struct.unpack_from("<HII", raw, end + 10)
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<IIQI", 0x07064B50, 0, end, 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    archive = opened(raw[:end] + record + locator + last)
    assert archive.read("big") == data
    assert archive.problems == []


def test_sizes_in_the_zip64_extra_field_count() -> None:
    data = b"x" * 1000
    entry = Entry("a", data, STORED)
    central = bytearray(central_header(entry, data, 0))
    struct.pack_into("<II", central, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    extra = struct.pack("<HHQQ", 1, 16, len(data), len(data))
    struct.pack_into("<H", central, 30, len(extra))
    body = local_header(entry, data, STORED) + data
    archive = opened(body + bytes(central) + extra + end_record(1, len(central) + len(extra), len(body)))
    assert archive.read("a") == data


@pytest.mark.parametrize("stated", [None, 10])
def test_a_bomb_stops_at_the_limit(stated: int | None) -> None:
    bomb = broken_zip.archive([Entry("classes.dex", bytes(40 * MEGA), stated_size=stated)])
    tracemalloc.start()
    archive = opened(bomb, Limits(entry=MEGA))
    with pytest.raises(EntryError) as caught:
        archive.read("classes.dex")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == "too-large"
    assert peak < 4 * MEGA
    assert ("zip-ratio" in codes(archive)) == (stated is None)


def test_digesting_a_bomb_needs_no_memory_and_ends_at_the_total() -> None:
    size = 40 * MEGA
    bomb = broken_zip.archive([Entry("a", bytes(size))])
    tracemalloc.start()
    assert opened(bomb).digest("a", "sha256") == hashlib.sha256(bytes(size)).digest()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 48 * MEGA  # the reference above is 40
    with pytest.raises(EntryError, match="a"):
        opened(bomb, Limits(total=2 * MEGA)).digest("a", "sha256")


def test_entries_that_share_data_cannot_exceed_the_total() -> None:
    archive = Archive(fixture_apk_path("broken/zip-bomb-overlap"), Limits(total=64 * MEGA))
    read = 0
    with archive, pytest.raises(EntryError) as caught:
        for name in archive.entries:
            read += len(archive.read(name))
    assert caught.value.code == "too-large"
    assert read <= 64 * MEGA


def test_counts_and_names_are_bounded() -> None:
    content = broken_zip.archive([Entry(f"a{n}", b"") for n in range(300)])
    archive = opened(content, Limits(entries=100))
    assert len(archive.entries) == 100
    assert [(p.code, p.count) for p in archive.problems] == [("zip-entries", 200)]
    assert codes(opened(content, Limits(names=100))) == {"zip-names"}


def test_a_directory_that_claims_thousands_of_millions_ends_with_the_file() -> None:
    content = broken_zip.archive([Entry("a", b"x")])
    start = len(content) - 22
    record = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1 << 40, 1 << 40, 47, start - 47)
    locator = struct.pack("<IIQI", 0x07064B50, 0, start, 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    archive = opened(content[:start] + record + locator + last)
    assert list(archive.entries) == ["a"]
    assert codes(archive) == {"zip-directory-cut"}


@pytest.mark.parametrize("method", [1, 9, 12, 0x3E4C])
def test_unknown_methods_are_stored_unless_the_crc_says_deflated(method: int) -> None:
    data = b"manifest" * 50
    stored = built(Entry("a", data, STORED, stated_method=method))
    deflated = built(Entry("a", data, DEFLATED, stated_method=method))
    assert stored.read("a") == deflated.read("a") == data
    assert "zip-method" in codes(stored) & codes(deflated)


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_data_that_ends_early_is_an_error_of_the_entry(cut: int) -> None:
    data = os.urandom(200)
    packed = zlib.compress(data, 9, -15)[:-cut]
    entry = Entry("a", data)
    body = local_header(entry, packed, DEFLATED) + packed
    central = central_header(entry, packed, 0)
    archive = opened(body + central + end_record(1, len(central), len(body)))
    for read in (lambda: archive.read("a"), lambda: archive.digest("a", "sha1")):
        with pytest.raises(EntryError) as caught:
            read()
        assert caught.value.code in {"truncated", "inflate"}


@pytest.mark.parametrize("method", [STORED, DEFLATED, 99])
def test_the_head_of_an_entry_is_read_without_the_rest(method: int) -> None:
    data = b"head" + bytes(8 * MEGA)
    archive = built(Entry("a", data, min(method, DEFLATED), stated_method=method))
    tracemalloc.start()
    head = archive.head("a", 100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEGA
    assert method == 99 or head == data[:100]
    assert archive.head("none", 4) == b""


def test_missing_entries_have_a_code() -> None:
    with pytest.raises(EntryError) as caught:
        built(Entry("a", b"a")).read("b")
    assert (caught.value.code, caught.value.name) == ("missing", "b")


@cache
def small() -> bytes:
    return broken_zip.archive(
        [Entry("AndroidManifest.xml", b"x" * 300), Entry("classes.dex", b"y" * 200, STORED), Entry("a", b"")],
        comment=b"comment",
    )


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 1 << 12), st.integers(0, 255)), max_size=8),
    st.integers(0, 600),
    st.integers(0, 40),
)
def test_random_damage_raises_nothing_else(changes: list[tuple[int, int]], cut: int, front: int) -> None:
    content = bytearray(small())
    for place, value in changes:
        content[place % len(content)] = value
    content = content[front if front < 20 else 0 : len(content) - (cut if cut < 300 else 0)]
    try:
        archive = opened(bytes(content), Limits(entry=MEGA, total=4 * MEGA))
    except InputError:
        return
    for name in archive.entries:
        try:
            content_of = archive.read(name)
            assert archive.digest(name, "sha256") == hashlib.sha256(content_of).digest()
        except EntryError as error:
            assert error.name == name

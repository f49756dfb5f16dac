"""Sources: folders, lists with metadata, addresses and storage URLs."""

from __future__ import annotations

from pathlib import Path

import fsspec
import openpyxl
import pytest

from scanner.batch.meta import Meta
from scanner.batch.targets import Target, targets
from scanner.errors import InputError


def test_folder_gives_its_packages_sorted_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.apk", "sub/a.APK", "c.xapk", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")

    found = [t.location for t in targets(str(tmp_path))]

    assert found == [str(tmp_path / name) for name in ("b.apk", "c.xapk", "sub/a.APK")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_list_brings_metadata(tmp_path: Path, encoding: str) -> None:
    text = "序号,应用名称,安装包,类别,开发者,来源,版本,地区\n1,青禾笔记,a.apk,实用工具类,青禾科技,某商店,1.0,江苏\n2,官网,https://qinghe.example/,,,,,\n"
    path = tmp_path / "list.csv"
    path.write_text(text, encoding)

    first, second = targets(str(path))

    assert first == Target(
        location=str(tmp_path / "a.apk"),
        kind="package",
        meta=Meta(
            name="青禾笔记",
            category="实用工具类",
            developer="青禾科技",
            store="某商店",
            version="1.0",
            region="江苏",
        ),
    )
    assert second == Target(location="https://qinghe.example/", kind="site", meta=Meta(name="官网"))


def test_excel_list_is_read_like_a_csv(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["名称", "路径", "版本"])
    book.active.append(["甲", "a.apk", 3])
    book.active.append([None, None, None])
    book.save(tmp_path / "list.xlsx")

    assert [t.meta for t in targets(str(tmp_path / "list.xlsx"))] == [Meta(name="甲", version="3")]


def test_json_lines_and_plain_lists(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text('{"path": "a.apk", "store": "甲"}\n\n{"path": "b.apk"}\n', "utf-8")
    (tmp_path / "list.txt").write_text("# comment\nhttp://a.example\n\nb.apk\n", "utf-8")

    assert [t.meta.store for t in targets(str(tmp_path / "list.jsonl"))] == ["甲", None]
    assert [t.kind for t in targets(str(tmp_path / "list.txt"))] == ["site", "package"]


def test_storage_url_is_listed_through_fsspec() -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/shop/a.apk", b"x")
    memory.pipe("/shop/list.csv", "path,store\na.apk,甲\n".encode())

    assert [t.location for t in targets("memory://shop")] == ["memory:///shop/a.apk"]
    assert [t.location for t in targets("memory://shop/list.csv")] == ["memory:///shop/a.apk"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("no-column.csv", "名称,版本\n甲,1\n".encode()),
        ("broken.xlsx", b"PK\x03\x04 not a workbook"),
        ("broken.jsonl", b"[1]\n"),
        ("not-json.jsonl", b"{\n"),
    ],
)
def test_unreadable_list_says_what_is_wrong(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)

    with pytest.raises(InputError) as caught:
        list(targets(str(tmp_path / name)))

    assert name in caught.value.text.zh
    assert "CSV" in caught.value.text.zh


@pytest.mark.parametrize("source", ["/no/such/folder", "nosuchscheme://x"])
def test_missing_source_is_an_input_error(source: str) -> None:
    with pytest.raises(InputError):
        list(targets(source))


def test_same_package_from_two_stores_is_two_targets() -> None:
    one = Target(location="a.apk", kind="package", meta=Meta(store="甲"))
    two = Target(location="a.apk", kind="package", meta=Meta(store="乙"))

    assert one.key != two.key
    assert one.key == one.model_copy().key

"""Formal reports and lists from the command line, as an agency runs them."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2 as pdfium
from docx import Document
from openpyxl import load_workbook
from test_cli import BAD, CLEAN, NOW, guijian

INFO = 'number = "GJ-2026-0007"\nlaboratory = "某省软件评测中心"\n'


def test_many_packages_give_one_workbook(tmp_path: Path) -> None:
    book = tmp_path / "list.xlsx"
    done = guijian(
        "scan", CLEAN, BAD, "missing.apk", "-f", "xlsx", "-o", str(book), "--fail-on", "never", "--now", NOW
    )

    assert done.returncode == 3
    pages = load_workbook(book)
    assert all(row[1].value for row in pages["检测对象"].iter_rows(min_row=2))
    assert pages["检测对象"].max_row == 3
    assert pages["统计"]["B1"].value == 2


def test_lists_stand_beside_the_reports_of_each_package(tmp_path: Path) -> None:
    done = guijian(
        *("scan", CLEAN, BAD, "-f", "json", "-f", "csv", "-f", "csv-notice", "-f", "xlsx"),
        *("-o", str(tmp_path), "--fail-on", "never", "--now", NOW),
    )

    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "clean.apk.json",
        "device-id.bad.apk.json",
        "report.csv",
        "report.notice.csv",
        "report.xlsx",
    ]


def test_one_package_keeps_its_name_in_a_folder(tmp_path: Path) -> None:
    guijian("scan", BAD, "-f", "xlsx", "-o", f"{tmp_path}/", "--fail-on", "never")

    assert [p.name for p in tmp_path.iterdir()] == ["device-id.bad.apk.xlsx"]


def test_no_workbook_when_nothing_could_be_scanned(tmp_path: Path) -> None:
    done = guijian("scan", "a.apk", "b.apk", "-f", "xlsx", "-o", str(tmp_path / "list.xlsx"))

    assert done.returncode == 3
    assert list(tmp_path.iterdir()) == []


def test_report_info_and_template_reach_the_reports(tmp_path: Path) -> None:
    info, template = tmp_path / "info.toml", tmp_path / "own.docx"
    info.write_text(INFO, encoding="utf-8")
    own = Document()
    own.add_paragraph("模板 {{ imprint.number }} {{ name }}")
    own.save(str(template))
    out = tmp_path / "out"

    done = guijian(
        *("scan", BAD, "-f", "pdf", "-f", "docx", "-o", str(out), "--fail-on", "never", "--now", NOW),
        *("--report-info", str(info), "--template", str(template)),
    )

    assert done.returncode == 0, done.stderr
    with pdfium.PdfDocument(out / "device-id.bad.apk.pdf") as pdf:
        assert "某省软件评测中心" in pdf[0].get_textpage().get_text_range()
    text = Document(io.BytesIO((out / "device-id.bad.apk.docx").read_bytes())).paragraphs[0].text
    assert text.startswith("模板 GJ-2026-0007 ")


def test_unusable_report_info_or_template_is_one_clear_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("nummer = 1", encoding="utf-8")
    target = str(tmp_path / "r.docx")

    for options in (
        ["--report-info", str(wrong)],
        ["--report-info", str(tmp_path / "missing.toml")],
        ["--template", str(tmp_path / "missing.docx")],
        ["--template", str(wrong)],
    ):
        done = guijian("scan", CLEAN, "-o", target, *options)
        assert done.returncode == 2, options
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert not Path(target).exists()

"""The formal report as PDF/A, set by Typst from one template and one JSON document.

Data reaches the template only as a JSON string in ``sys.inputs``, so no text can become markup or code; the compiler sees
an empty folder and no system fonts.  The fonts (SIL Open Font License 1.1) come from the packages ``pylopdf-fonts-zh-cn``
(Noto Serif SC) and ``manimgx-fonts-cjk`` (Noto Sans CJK, all weights and rare characters).  PDF/A-2b refuses a text
without glyphs; characters that no font has are therefore written as codes first and counted in the report.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import typst
from fontTools.ttLib import TTFont

from reports.formal import Data, content
from reports.view import ReportView
from scanner.errors import ReportError
from scanner.model import Text

STANDARD: Final = "a-2b"
FONT_PACKAGES = {"pylopdf-fonts-zh-cn": "pylopdf_fonts_zh_cn", "manimgx-fonts-cjk": "manimgx_fonts_cjk"}
SANS_FILE, SANS_INDEX = "NotoSansCJK-VF.otf.ttc", 2
MAX_CODES = 60
# Drawn by DejaVu Sans Mono, which the compiler carries; they enclose the codes of invisible characters.
BRACKETS = frozenset(map(ord, "⟨⟩"))


def write(view: ReportView) -> bytes:
    """Return the report as PDF/A-2b; the same view gives the same bytes.

    Raises ReportError when a font package is missing or the report cannot be set.
    """
    return compile_pdf(content(view, view.imprint), view)


def compile_pdf(data: Data, view: ReportView) -> bytes:
    """Return ``data`` set in the template."""
    missing: set[str] = set()
    shown = _displayable(data, glyphs(), missing)
    codes = sorted(f"U+{ord(char):04X}" for char in missing)
    shown["missing"] = codes
    shown["missing_note"] = view.word(
        "f_missing_glyphs", count=len(codes), codes=view.names.join(codes[:MAX_CODES])
    )
    shown["page_of"] = view.word("f_page", page="{page}", total="{total}")
    template = (files("reports") / "templates" / "report.typ").read_bytes()
    with TemporaryDirectory(prefix="guijian-") as folder:
        compiler = typst.Compiler(
            input=template,
            root=folder,
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(shown, ensure_ascii=False)},
            package_path=folder,
            package_cache_path=folder,
        )
        try:
            pdf = compiler.compile(
                format="pdf", pdf_standards=STANDARD, timestamp=int(view.assessment.assessed_at.timestamp())
            )
        except typst.TypstError as error:
            raise ReportError(
                "pdf-failed",
                Text(
                    zh=f"无法排版 PDF 报告：{error.message}", en=f"cannot set the PDF report: {error.message}"
                ),
            ) from error
    assert isinstance(pdf, bytes)
    return pdf


@cache
def _folders() -> tuple[Path, ...]:
    found = []
    for package, module in FONT_PACKAGES.items():
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            raise ReportError(
                "fonts-missing",
                Text(
                    zh=f"PDF 报告需要的字体包 {package} 没有安装，请执行 pip install {package}",
                    en=f"the PDF report needs the font package {package}: pip install {package}",
                ),
            )
        found.append(Path(spec.origin).parent)
    return tuple(found)


@cache
def _fonts() -> Any:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder) for folder in _folders()])


@cache
def glyphs() -> frozenset[int]:
    """Return the code points that every style can draw: those of the sans face, a fallback of all."""
    with TTFont(_folders()[1] / SANS_FILE, fontNumber=SANS_INDEX, lazy=True) as font:
        return frozenset(font.getBestCmap()) | BRACKETS | {ord("\n"), ord("\t")}


def _displayable(value: Any, known: frozenset[int], missing: set[str]) -> Any:
    """Return ``value`` with every character that cannot be drawn written as ``⟨U+XXXX⟩`` and added to ``missing``."""
    if isinstance(value, str):
        lost = {char for char in set(value) if ord(char) not in known}
        if not lost:
            return value
        missing |= lost
        return "".join(f"⟨U+{ord(char):04X}⟩" if char in lost else char for char in value)
    if isinstance(value, dict):
        return {key: _displayable(item, known, missing) for key, item in value.items()}
    if isinstance(value, list):
        return [_displayable(item, known, missing) for item in value]
    return value

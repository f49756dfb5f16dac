"""Faces, styles and heading numbers of the Word template; used by build_docx_template.py."""

from __future__ import annotations

from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

LATIN, SONG, HEI, CODE = "Times New Roman", "宋体", "黑体", "Consolas"
INK, SOFT = RGBColor(0x1B, 0x1F, 0x24), RGBColor(0x5C, 0x65, 0x70)
FULL = 163.0  # mm between the margins


def fonts(element: Any, latin: str, asian: str) -> None:
    """Name the faces of a style or run: Latin, and East Asian for Chinese."""
    properties = element.get_or_add_rPr()
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    faces = OxmlElement("w:rFonts")
    for slot, face in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", asian)):
        faces.set(qn(f"w:{slot}"), face)
    properties.insert(0, faces)


def style(
    document: Any,
    name: str,
    *,
    size: float,
    asian: str = SONG,
    latin: str = LATIN,
    bold: bool = False,
    colour: RGBColor = INK,
    before: float = 0,
    after: float = 0,
    line: float = 1.25,
    base: str = "Normal",
    keep: bool = False,
    level: int | None = None,
) -> Any:
    """Return the paragraph style ``name``, made if need be, with these settings (sizes and spaces in points)."""
    styles = document.styles
    found = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    if name != "Normal":
        found.base_style = styles[base]
    found.font.size, found.font.bold, found.font.italic = Pt(size), bold, False
    found.font.color.rgb = colour
    fonts(found.element, latin, asian)
    shape = found.paragraph_format
    shape.space_before, shape.space_after, shape.line_spacing = Pt(before), Pt(after), line
    shape.keep_with_next, shape.widow_control = keep, True
    if level is not None:
        outline = OxmlElement("w:outlineLvl")
        outline.set(qn("w:val"), str(level))
        found.element.get_or_add_pPr().append(outline)
    found.quick_style = True
    return found


def chinese(document: Any) -> None:
    """Make Simplified Chinese the East Asian language, for its forms of punctuation and characters."""
    defaults = document.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for old in defaults.findall(qn("w:lang")):
        defaults.remove(old)
    defaults.append(parse_xml(f'<w:lang {nsdecls("w")} w:val="en-GB" w:eastAsia="zh-CN" w:bidi="ar-SA"/>'))


def all_styles(document: Any) -> None:
    """Define the styles of the report."""
    chinese(document)
    style(document, "Normal", size=10.5, after=4)
    style(document, "Title", size=26, asian=HEI, latin="Arial", bold=True, before=90, after=12)
    document.styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for border in document.styles["Title"].element.pPr.findall(qn("w:pBdr")):
        document.styles["Title"].element.pPr.remove(border)
    for level, size, before, after in ((1, 15, 18, 10), (2, 12, 12, 6), (3, 10.5, 8, 4)):
        style(
            document,
            f"Heading {level}",
            size=size,
            asian=HEI,
            latin="Arial",
            bold=True,
            before=before,
            after=after,
            keep=True,
        )
    style(
        document,
        "Appendix 1",
        size=15,
        asian=HEI,
        latin="Arial",
        bold=True,
        before=18,
        after=10,
        keep=True,
        level=0,
    )
    style(
        document,
        "Appendix 2",
        size=12,
        asian=HEI,
        latin="Arial",
        bold=True,
        before=12,
        after=6,
        keep=True,
        level=1,
    )
    style(
        document, "Plain Heading", size=15, asian=HEI, latin="Arial", bold=True, before=6, after=10, keep=True
    )
    style(document, "TOC 1", size=10, asian=HEI, before=3, line=1.1)
    style(document, "TOC 2", size=9.5, line=1.1)
    document.styles["TOC 2"].paragraph_format.left_indent = Mm(8)
    for level in (1, 2):
        document.styles[f"TOC {level}"].paragraph_format.tab_stops.add_tab_stop(
            Mm(FULL), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
        )
    style(document, "Cell", size=9, line=1.15)
    style(document, "Cell Head", size=9, asian=HEI, latin="Arial", bold=True, line=1.15, keep=True)
    style(document, "Code", size=8, asian=HEI, latin=CODE, line=1.1, after=2)
    style(document, "Note", size=9, colour=SOFT, after=4)
    style(document, "Finding", size=10, asian=HEI, latin="Arial", bold=True, before=8, after=2, keep=True)
    style(document, "Evidence", size=9, line=1.15, after=2)
    document.styles["Evidence"].paragraph_format.left_indent = Mm(4)
    style(document, "Chain", size=8, asian=HEI, latin=CODE, line=1.1, after=1)
    document.styles["Chain"].paragraph_format.left_indent = Mm(8)
    for name, size in (("Exact", 8), ("Excerpt", 8)):
        style(document, name, size=size, asian=HEI, latin=CODE, line=1.1, after=3)
        document.styles[name].paragraph_format.left_indent = Mm(4)
    document.styles["Exact"].font.color.rgb = SOFT
    document.styles["Excerpt"].element.get_or_add_pPr().append(
        parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="F1F3F5"/>')
    )
    style(document, "Bar", size=8, line=1.0)
    for name in ("Header", "Footer"):
        stops = style(document, name, size=9, colour=SOFT).paragraph_format.tab_stops
        stops.clear_all()
        stops.add_tab_stop(Mm(FULL), WD_TAB_ALIGNMENT.RIGHT)


def numbering(document: Any) -> None:
    """Number the headings 1, 1.1, 1.1.1."""
    part = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Heading{n + 1}"/>'
        f'<w:suff w:val="space"/><w:lvlText w:val="{".".join(f"%{k + 1}" for k in range(n + 1))}"/>'
        '<w:lvlJc w:val="left"/></w:lvl>'
        for n in range(3)
    )
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90"><w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
    )
    part.insert(0, abstract)
    part.append(parse_xml(f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>'))
    for level in range(3):
        properties = document.styles[f"Heading {level + 1}"].element.get_or_add_pPr()
        properties.append(
            parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="90"/></w:numPr>')
        )


def font_table(document: Any) -> None:
    """Give the Chinese faces their other names, so that systems without them choose a like face."""
    for rel in document.part.rels.values():
        if rel.reltype.endswith("/fontTable"):
            other = "".join(
                f'<w:font w:name="{name}"><w:altName w:val="{alias}"/><w:panose1 w:val="{panose}"/>'
                f'<w:charset w:val="86"/><w:family w:val="{family}"/><w:pitch w:val="variable"/></w:font>'
                for name, alias, family, panose in (
                    (SONG, "SimSun", "roman", "02010600030101010101"),
                    (HEI, "SimHei", "swiss", "02010609060101010101"),
                )
            )
            rel.target_part._blob = (
                f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{other}</w:fonts>'
            ).encode()

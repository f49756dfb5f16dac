"""The formal report as Word, from a template that an agency may replace (docs/report-templates.md).

The template is a docxtpl document; its tags run in jinja2's sandbox with all values escaped, so that neither the data nor a
template from elsewhere can reach the machine.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from importlib.resources import files
from typing import Any

from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError
from docxtpl import DocxTemplate  # type: ignore[import-untyped]  # docxtpl ships no types
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from reports import docxblocks
from reports.formal import Data, content
from reports.view import ReportView
from reports.viewparts import IDENTIFIER
from scanner.errors import ReportError
from scanner.model import Text

HASH = re.compile(r"[0-9a-f]{64}")
BLANK_LINE = "＿" * 10
MAX_EXPANDED = 200 << 20
# What a template's own tags and XML can raise: jinja2's errors, lookups, arithmetic, python-docx's and lxml's.
TEMPLATE_ERRORS = (
    TemplateError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    SyntaxError,
    PythonDocxError,
    OpcError,
)


def write(view: ReportView) -> bytes:
    """Return the report as .docx from the view's template or the built-in one; same view, same bytes.

    Raises ReportError when the template cannot be used.
    """
    template = view.template
    if template is None:
        template = (files("reports") / "templates" / "report.docx").read_bytes()
    else:
        _check(template)
    data = context(view)
    try:
        document = DocxTemplate(io.BytesIO(template))
        document.render(data, environment())
    except TEMPLATE_ERRORS as error:
        raise _unusable(str(error)) from error
    properties = document.docx.core_properties
    moment = view.assessment.assessed_at
    properties.title = f"{data['title']} {data['name']}"
    properties.author = data["imprint"]["laboratory"] or data["tool"]
    properties.last_modified_by = data["tool"]
    properties.created = properties.modified = moment.replace(tzinfo=None)
    properties.language = "zh-CN" if view.lang == "zh" else "en-GB"
    buffer = io.BytesIO()
    document.save(buffer)
    return dated(buffer.getvalue(), moment)


def environment() -> SandboxedEnvironment:
    """Return the sandbox a template runs in; its test ``hash`` tells a SHA-256 in hexadecimal."""
    found = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
    found.tests["hash"] = lambda value: isinstance(value, str) and HASH.fullmatch(value) is not None
    return found


def context(view: ReportView) -> Data:
    """Return the fields a template may use: the formal report's content and what only Word needs."""
    data = content(view, view.imprint)
    subject = view.identity
    labels = {view.word(f"label_{key}") for key in IDENTIFIER.values()}
    identifier = next(((label, value) for label, value in subject if label in labels), subject[0])
    hashes = {view.word("label_sha256"), view.word("label_start_sha256")}
    sha256 = next(
        ((label, value) for label, value in subject if label in hashes), (view.word("label_sha256"), "")
    )
    data |= {
        "blank": BLANK_LINE,
        "space": "\u3000",
        "identifier_label": identifier[0],
        "identifier": identifier[1],
        "sha256_label": sha256[0],
        "sha256": sha256[1],
        "page_of": view.word("f_page", page="\0", total="\0").split("\0"),
        "shade": docxblocks.SHADES,
    }
    data = {key: _breakable(value) for key, value in data.items()}
    data["w"]["comma"] = data["w"]["comma"].replace("、", "、\u200b")  # the template enumerates with it
    data["blocks"] = {
        "contents": docxblocks.contents(_titles(data)),
        "charts": docxblocks.charts(data),
        "appendices": docxblocks.appendices(data),
    }
    return data


def _breakable(value: Any) -> Any:
    """Return ``value`` with the optional breaks of :func:`reports.docxblocks.may_break` in all its texts."""
    if isinstance(value, dict):
        return {key: _breakable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_breakable(one) for one in value]
    return docxblocks.may_break(value) if isinstance(value, str) else value


def _titles(data: Data) -> list[tuple[int, str, str]]:
    """Return level, text and bookmark of the headings, numbered as the built-in template numbers them."""
    w = data["w"]
    chapters = [
        (w["f_object"], [w["f_signing"]] if data["signing"] else []),
        (w["f_basis"], []),
        (w["f_method"], [w["method_verdicts"], w["versions"]]),
        (w["f_summary"], [w["why_grade"], *([w["top"]] if data["problems"] else [])]),
        (w["f_clauses"], [group["title"] for group in data["clauses"]]),
        (w["f_findings"], [problem["title"] for problem in data["problems"]]),
        (w["f_manual"], _manual_titles(data)),
        (w["f_decisions"], []),
    ]
    found = []
    for n, (title, parts) in enumerate(chapters, 1):
        found.append((1, f"{n} {title}", f"_Toc_{n}"))
        found += [(2, f"{n}.{k} {part}", f"_Toc_{n}_{k}") for k, part in enumerate(parts, 1)]
    for sheet in data["appendices"]:
        level = 2 if "." in sheet["label"] else 1
        found.append((level, docxblocks.appendix_title(sheet, w), docxblocks.appendix_mark(sheet)))
    return found


def _manual_titles(data: Data) -> list[str]:
    w, manual = data["w"], data["manual"]
    first = [w["preparations"]] if manual["preparations"] else []
    return [*first, w["f_manual_index"], w["f_manual_items"]] if manual["entries"] else first


def _check(template: bytes) -> None:
    """Raise ReportError unless ``template`` is a zip of bearable size with a Word document in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(template)) as archive:
            if "word/document.xml" not in archive.namelist():
                raise _unusable("word/document.xml")
            if sum(info.file_size for info in archive.infolist()) > MAX_EXPANDED:
                raise _unusable(f"> {MAX_EXPANDED >> 20} MB")
    except zipfile.BadZipFile as error:
        raise _unusable(str(error)) from error


def _unusable(why: str) -> ReportError:
    return ReportError(
        "template-unusable",
        Text(
            zh=f"Word 模板无法使用（{why}）；可用字段见 docs/report-templates.md",
            en=f"the Word template cannot be used ({why}); docs/report-templates.md lists the fields",
        ),
    )


def dated(data: bytes, moment: datetime) -> bytes:
    """Return the zip ``data`` with ``moment`` as the date of every member."""
    stamp = (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, moment.second)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for info in source.infolist():
            target.writestr(
                zipfile.ZipInfo(info.filename, stamp),
                source.read(info),
                zipfile.ZIP_DEFLATED,
                compresslevel=6,
            )
    return out.getvalue()

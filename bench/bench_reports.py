"""Times the report writers on a real package with 300 findings, beside ReportLab and LibreOffice on the same content.

ReportLab lays out the same strings and tables with a Chinese font it does not embed; LibreOffice turns our Word file into
PDF.  Wall seconds, median of the rounds; one process, so the first PDF also reads the fonts (shown apart).
"""

from __future__ import annotations

import io
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pypdfium2 as pdfium

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

import fetch_corpus

from reports import csvout, docx, html, pdf, xlsx
from reports.formal import content
from reports.view import ReportView
from scanner.assess import assess
from scanner.collect import collect
from scanner.context import CollectOptions
from scanner.model import Outcome
from scanner.packload import load_pack, profile

PACKAGE = "yosemite"
FINDINGS = 300
ROUNDS = 3


def big_view() -> ReportView:
    """The assessment of a real package, its findings repeated up to :data:`FINDINGS` under other fingerprints."""
    members = {m.id: m for archive in fetch_corpus.load() for m in archive.members}
    facts = collect(str(members[PACKAGE].target()), CollectOptions())
    pack = load_pack()
    made = assess(
        facts, pack, profile(pack, "app-full"), now=datetime(2026, 11, 24, tzinfo=UTC), tool_version="bench"
    )
    hits = [r for r in made.evaluation.results if r.outcome is Outcome.HIT]
    own = sum(len(r.findings) for r in hits)
    copies = -(-FINDINGS // own)
    results = tuple(
        r.model_copy(
            update={
                "findings": tuple(
                    f.model_copy(update={"fingerprint": f"{n:02x}{f.fingerprint[2:]}"})
                    for n in range(copies)
                    for f in r.findings
                )
            }
        )
        for r in made.evaluation.results
    )
    evaluation = made.evaluation.model_copy(update={"results": results})
    return ReportView(made.model_copy(update={"evaluation": evaluation}), facts, pack, "zh")


def fresh(view: ReportView) -> ReportView:
    """The same view with nothing computed yet."""
    return ReportView(view.assessment, view.facts, view.pack, view.lang)


def reportlab_pdf(view: ReportView) -> bytes:
    """The formal report's strings and tables laid out by ReportLab."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, TableStyle

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    body = ParagraphStyle("body", fontName="STSong-Light", fontSize=9, leading=13, wordWrap="CJK")
    data = content(view, view.imprint)
    sheets = data.pop("appendices")
    data.pop("w")
    story: list[Any] = [Paragraph(escape(text), body) for text in strings(data) if text.strip()]
    look = TableStyle([("GRID", (0, 0), (-1, -1), 0.3, colors.grey)])
    for sheet in sheets:
        story.append(Paragraph(escape(sheet["title"]), body))
        width = 480 / sum(sheet["widths"])
        rows = [sheet["header"], *(row for row in sheet["rows"] if len(row) == len(sheet["widths"]))]
        cells = [[Paragraph(escape(cell), body) for cell in row] for row in rows]
        story.append(LongTable(cells, [width * w for w in sheet["widths"]], repeatRows=1, style=look))
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4).build(story)
    return out.getvalue()


def strings(value: Any) -> Iterator[str]:
    """Every text in plain data, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def libreoffice_pdf(view: ReportView) -> bytes:
    """The Word report turned into PDF by LibreOffice."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "r.docx")
        source.write_bytes(docx.write(view))
        subprocess.run(
            [
                *("soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"),
                *("--convert-to", "pdf", "--outdir", folder, str(source)),
            ],
            check=True,
            capture_output=True,
        )
        return source.with_suffix(".pdf").read_bytes()


def measure(name: str, write: Callable[[ReportView], bytes], view: ReportView) -> None:
    """Print the time, size and pages of one writer."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        data = write(fresh(view))
        times.append(time.perf_counter() - start)
    pages = ""
    if data.startswith(b"%PDF"):
        with pdfium.PdfDocument(data) as document:
            pages = f"{len(document):5} pages"
    first = f"  (first {times[0]:.2f})" if times[0] > 1.5 * statistics.median(times) else ""
    print(f"{name:34}{statistics.median(times):8.2f} s{len(data) / 1e6:9.2f} MB {pages}{first}", flush=True)


def main() -> int:
    """Measure every writer and its peers."""
    view = big_view()
    print(f"{PACKAGE}, {len(view.findings)} findings, {view.clause_count} clauses")
    measure("guijian html", html.write, view)
    measure("guijian pdf (Typst, PDF/A-2b)", pdf.write, view)
    measure("guijian docx", docx.write, view)
    measure("guijian xlsx", xlsx.write, view)
    measure("guijian csv", csvout.write, view)
    try:
        measure("ReportLab, same content", reportlab_pdf, view)
    except ImportError:
        print("ReportLab is not installed: pip install reportlab")
    if shutil.which("soffice"):
        measure("LibreOffice, our Word file to PDF", libreoffice_pdf, view)
    else:
        print("LibreOffice is not installed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

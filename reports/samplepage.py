"""The printable record of a random draw."""

from __future__ import annotations

from collections.abc import Sequence

from reports.pages import (
    Page,
    PageWords,
    Section,
    moment,
)
from reports.sheet import Sheet
from reports.words import word
from scanner.model import Lang
from scanner.sampling import SampleRecord, Source


def sample_page(record: SampleRecord, lang: Lang) -> Page:
    """Return the printable record of a draw."""
    w = PageWords(lang)
    names = {person.id: person.name for person in record.inspectors}

    def people(idents: Sequence[str]) -> str:
        shown = [f"{names[i]}（{i}）" if names[i] and names[i] != i else i for i in idents]
        text = ("、" if lang == "zh" else ", ").join(shown)
        return text if len(idents) == 2 or not record.inspectors else f"{text} {w('unpaired')}".strip()

    def listed(source: Source) -> str:
        return w("list", name=source.name, entries=source.entries, sha256=source.sha256 or "—")

    by = [word(f"s_stratum_{name}", lang) for name in record.by]
    facts = [
        (w("title"), record.title),
        (w("seed"), record.seed),
        (w("seed_source"), record.seed_source),
        (w("drawn_at"), moment(record.drawn_at)),
        (
            w("size"),
            w("size_of", drawn=len(record.drawn), size=record.size, population=len(record.population)),
        ),
        (w("by"), ("、" if lang == "zh" else ", ").join(by) or w("by_none")),
        (w("minimum"), str(record.minimum)),
        (w("subject_list"), listed(record.subjects_source)),
        (w("population_sha256"), record.population_sha256),
    ]
    if record.inspectors:
        facts += [
            (w("inspector_list"), listed(record.inspectors_source)),
            (w("inspectors_sha256"), record.inspectors_sha256),
        ]
    strata = Sheet(
        key="strata",
        title="",
        header=(w("stratum"), w("stratum_size"), w("weight"), w("places")),
        widths=(50, 16, 16, 16),
        rows=tuple((s.name or w("all"), str(s.size), s.weight, str(s.places)) for s in record.strata),
    )
    result = Sheet(
        key="result",
        title="",
        header=("#", w("subject"), w("subject_name"), w("stratum"), w("people"), w("rank")),
        widths=(5, 27, 18, 16, 20, 17),
        rows=tuple(
            (str(n), d.id, d.name, d.stratum or w("all"), people(d.inspectors), d.rank[:16])
            for n, d in enumerate(record.drawn, 1)
        ),
        code=(1, 5),
    )
    unpaired = (w("unpaired_note", count=len(record.unpaired)),) if record.unpaired else ()
    return Page(
        title=w("sample"),
        subtitle=record.title,
        facts=tuple((label, value) for label, value in facts if value),
        sections=(
            Section(w("strata"), sheets=(strata,)),
            Section(w("result"), unpaired, sheets=(result,)),
            Section(w("how"), (w("how_text"),)),
        ),
        lang=lang,
        made_at=record.drawn_at,
        signatures=(w("sign_operator"), w("sign_witness"), w("sign_date")),
    )

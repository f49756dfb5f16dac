"""Tables of what the package is made of beside its code: web and script containers, build records, traces of SDKs,
expansion files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reports.names import Names
from reports.sheet import NONE, Sheet, sheet_of
from reports.text import one_line
from scanner.appfacts import BuildRecord, Container, Expansion, SdkTrace
from scanner.facts import AppFacts
from scanner.model import Evidence

MAX_NAMES, MAX_PLACES = 60, 3

Row = tuple[str, ...]


def build_sheets(names: Names) -> tuple[Sheet, ...]:
    """Return the tables of an app that has any of these, none for other subjects."""
    app = names.facts.app
    return tuple(_sheets(app, names)) if app is not None else ()


def _sheets(app: AppFacts, names: Names) -> Iterator[Sheet]:
    if app.containers:
        yield sheet_of(
            names,
            "containers",
            "c_containers",
            ("c_container", "c_files", "c_readable", "c_draws", "c_sentences", "b_place"),
            (6, 2, 5, 4, 3, 9),
            [_container(one, names) for one in app.containers],
            path="app.containers",
            note=names.word("c_containers_note"),
            code=(5,),
        )
    if app.build_records:
        yield sheet_of(
            names,
            "build_records",
            "c_records",
            ("c_record_of", "c_record_kind", "c_record_names"),
            (5, 5, 16),
            _records(app.build_records, names),
            path="app.build_records",
            note=names.word("c_records_note", count=len(app.build_records)),
        )
    if app.sdk_traces:
        yield sheet_of(
            names,
            "sdk_traces",
            "c_traces",
            ("sdk", "c_trace_kind", "c_trace_count", "c_trace_present", "b_place"),
            (6, 4, 3, 6, 10),
            [_trace(trace, names) for trace in sorted(app.sdk_traces, key=lambda t: (t.present, t.sdk))],
            path="app.sdk_traces",
            note=names.word("c_traces_note"),
            code=(4,),
        )
    if app.expansions:
        yield sheet_of(
            names,
            "expansions",
            "c_expansions",
            ("c_expansion", "c_expansion_name", "c_delivery", "c_delivered", "c_read", "b_place"),
            (4, 6, 4, 3, 3, 9),
            [_expansion(one, names) for one in app.expansions],
            path="app.expansions",
            note=names.word("c_expansions_note"),
            code=(5,),
        )


def _container(one: Container, names: Names) -> Row:
    readable = {True: "c_text", False: "c_no_text", None: "c_text_unknown"}[one.readable]
    return (
        names.text(one.name, 80),
        str(one.files),
        names.word(readable),
        names.word("l_yes" if one.draws else "l_no_word"),
        str(one.sentences),
        _places(one.evidence, names),
    )


def _records(records: Sequence[BuildRecord], names: Names) -> list[Row]:
    """Return the records by whose they are and of which kind, each with its version."""
    groups: dict[tuple[str, str], list[str]] = {}
    for record in records:
        shown = " ".join(
            part for part in (one_line(record.name, 120), one_line(record.version or "", 40)) if part
        )
        groups.setdefault((record.owner_id, record.kind), []).append(shown)
    rows: list[Row] = []
    for (owner, kind), found in sorted(groups.items()):
        left = len(found) - MAX_NAMES
        more = [names.word("c_records_more", count=len(found))] if left > 0 else []
        listed = names.join(found[:MAX_NAMES]) + "".join(more)
        rows.append((names.owner_id(owner) if owner else NONE, names.known("c_record", kind), listed))
    return rows


def _trace(trace: SdkTrace, names: Names) -> Row:
    kind = names.word("libraries") if trace.is_library else names.word("sdk")
    return (
        f"{names.text(trace.name, 80)}\n{kind}",
        names.known("c_trace", trace.kind),
        str(trace.count),
        names.word("c_present" if trace.present else "c_traces_only"),
        _places(trace.evidence, names),
    )


def _expansion(one: Expansion, names: Names) -> Row:
    size = f"{one.size:,}" if one.size is not None else ""
    files = names.word("c_pack_files", count=one.files) if one.files else ""
    return (
        names.known("c_expansion", one.kind),
        "\n".join(part for part in (one_line(one.name, 120) or NONE, size, files) if part),
        names.known("c_delivery", one.delivery) if one.delivery else NONE,
        names.word("l_yes" if one.delivered else "l_no_word"),
        names.word("l_yes" if one.read else "l_no_word"),
        _places(one.evidence, names),
    )


def _places(evidence: Sequence[Evidence], names: Names) -> str:
    """Return the first artifacts the evidence stands in; what is not among them is told in the JSON report."""
    found = list(dict.fromkeys(one_line(one.artifact, 160) for one in evidence))
    more = ["…"] if len(found) > MAX_PLACES else []
    return "\n".join([*found[:MAX_PLACES], *more]) or NONE

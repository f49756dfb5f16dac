"""Damaged DEX files: only DexError, bounded, and nothing that looks like a clean read."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zipfile
from functools import cache

import pytest
from conftest import ROOT, fixture_apk_path
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.dex import (
    CallGraph,
    Dex,
    DexError,
    Member,
    call_sites,
    instructions,
    open_dex,
    package,
    part,
    strings_beyond_ascii,
)


@cache
def sample() -> bytes:
    with zipfile.ZipFile(fixture_apk_path("clean")) as archive:
        return archive.read("classes.dex")


def use(dex: Dex) -> None:
    """Do everything a caller does."""
    graph = CallGraph(dex)
    graph.reach(range(min(50, dex.node_count)))
    call_sites(dex, [Member("Landroid/app/Activity;", "onCreate")], graph.references)
    for one in dex.parts:
        strings_beyond_ascii(one.file)
    for node in range(min(20, dex.node_count)):
        dex.method(node)
        instructions(dex, node)
    assert len(dex.class_names) == len(dex.classes.type)


def refused_or_used(content: bytes) -> str:
    """Open a file and ask it everything; any error but the engine's own fails the test."""
    try:
        use(open_dex([("classes.dex", content)]))
    except DexError:
        return "refused"
    return "used"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_flipped_bytes_never_break_the_engine(data: st.DataObject) -> None:
    content = bytearray(sample())
    for _ in range(data.draw(st.integers(1, 12))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert refused_or_used(bytes(content)) in {"refused", "used"}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40_000))
def test_truncation_never_breaks_the_engine(length: int) -> None:
    outcome = refused_or_used(sample()[:length])
    assert outcome == "refused" or length >= 0x70  # without a whole header there is nothing to use


def test_header_fields_at_their_extremes() -> None:
    rng = random.Random(7)
    outcomes = set()
    for offset in range(0x20, 0x70, 4):
        for value in (0, 1, 0x70, 0x7FFFFFFF, 0xFFFFFFFF, rng.randrange(1 << 32)):
            content = bytearray(sample())
            content[offset : offset + 4] = value.to_bytes(4, "little")
            outcomes.add(refused_or_used(bytes(content)))
    assert outcomes == {"refused", "used"}


@pytest.mark.parametrize(
    "content", [b"", b"dex\n035\0", b"PK\3\4" * 40, b"dex\n999\0" + bytes(200), bytes(4096)]
)
def test_what_is_no_dex_is_refused(content: bytes) -> None:
    with pytest.raises(DexError):
        open_dex([("classes.dex", content)])


def test_damage_is_recorded() -> None:
    content = bytearray(sample())
    content[88:92] = (1 << 28).to_bytes(4, "little")

    dex = open_dex([("classes.dex", bytes(content))])

    assert any(problem.code == "method_ids-truncated" for problem in dex.problems)


def test_one_readable_file_is_enough() -> None:
    dex = open_dex([("classes.dex", b"junk" * 100), ("classes2.dex", sample())])

    assert [p.code for p in dex.problems] == ["dex-unreadable"]
    assert dex.node_count > 40


def found(name: str) -> bytes:
    """An input that once broke the engine (fuzz/corpus)."""
    return (ROOT / "fuzz" / "corpus" / "dex" / name).read_bytes()


def test_a_cyclic_hierarchy_costs_no_memory() -> None:
    """Each round through a cycle of classes doubled the pairs; 14 KB became 430 MB."""
    dex = open_dex([("classes.dex", found("found-hierarchy"))])
    tracemalloc.start()
    pairs = dex.classes.ancestors
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(pairs) <= dex.type_count**2
    assert peak < 8 << 20


def test_methods_that_share_a_body_cannot_multiply_it(monkeypatch: pytest.MonkeyPatch) -> None:
    content = found("found-shared")
    whole = open_dex([("classes.dex", content)])
    assert whole.call_count > whole.instruction_count

    monkeypatch.setattr(part, "MAX_SHARED", 0)
    monkeypatch.setattr(part, "SHARED_TIMES", 0)
    bounded = open_dex([("classes.dex", content)])

    assert bounded.call_count <= bounded.instruction_count
    assert "code-shared" in {problem.code for problem in bounded.problems}
    use(bounded)


def test_a_hierarchy_above_the_limit_is_said_to_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MAX_PAIRS", 0)
    dex = open_dex([("classes.dex", found("found-hierarchy"))])
    assert len(dex.classes.ancestors)
    assert "hierarchy-truncated" in {problem.code for problem in dex.problems}


def test_what_art_refuses_in_the_header_is_noted() -> None:
    content = bytearray(sample())
    content[36] = 0x78
    codes = [problem.code for problem in open_dex([("classes.dex", bytes(content))]).problems]
    assert codes == ["dex-header", "dex-checksum"]
    assert not open_dex([("classes.dex", sample())]).problems


def test_far_strings_and_classes_do_not_make_the_whole_file_costly() -> None:
    """Positions of all zero bytes, or of all ends of numbers, in 60 MB of zeros would take 500 MB."""
    content = bytearray(sample()) + bytes(60 << 20)
    (strings,) = struct.unpack_from("<I", content, 60)
    (classes,) = struct.unpack_from("<I", content, 100)
    struct.pack_into("<I", content, strings, len(content) - 100)
    struct.pack_into("<I", content, classes + 24, len(content) - 100)
    data = bytes(content)
    del content
    tracemalloc.start()
    dex = open_dex([("classes.dex", data)])
    dex.files[0].string_spans  # noqa: B018 - computed when first asked for
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {("string-offset", 1), ("class-data-offset", 1)} <= {(p.code, p.count) for p in dex.problems}
    assert dex.files[0].string(1) == open_dex([("classes.dex", sample())]).files[0].string(1)
    assert peak < 100 << 20

"""Damaged packages: one clear refusal, or facts that say what was not read."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import pytest
from conftest import FIXTURES, ROOT, fixture_apk_path
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.collect import collect
from scanner.collect.app import code
from scanner.dex import Member
from scanner.errors import InputError
from scanner.facts import Facts

sys.path.insert(0, str(ROOT / "tools"))

from broken_zip import STORED, Entry, archive, clean_entries
from build_broken import CASES


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.outcome == "refuse"])
def test_what_android_cannot_read_is_refused_with_advice(name: str) -> None:
    path = fixture_apk_path(f"broken/{name}")

    with pytest.raises(InputError) as caught:
        collect(str(path))

    assert str(path) in caught.value.text.zh
    assert str(path) in caught.value.text.en
    assert "\n" not in caught.value.text.zh


# What is said about a package beside what is left out: the oddity of each trick, by its stable code.
ODDITIES = {
    "badpack-local": "zip-local-header",
    "badpack-method": "zip-method",
    "badpack-stored-size": "zip-stored-size",
    "comment-lies": "zip-comment",
    "count-lies": "zip-count",
    "dex-bad-checksum": "dex-checksum",
    "dex-gap": "dex-unloaded",
    "dex-header-size": "dex-header",
    "dex-in-assets": "dex-hidden",
    "dex-overlap": "code-overlap",
    "dex-payload": "code-overrun",
    "directory-size": "zip-directory-size",
    "duplicate-entries": "zip-duplicate",
    "encrypted-flag": "zip-encrypted-flag",
    "janus": "janus",
    "local-name": "zip-local-header",
    "lying-size": "zip-size",
    "manifest-attribute-start": "manifest-width",
    "manifest-decoy": "manifest-order",
    "manifest-dummy-attributes": "manifest-width",
    "manifest-junk-chunk": "manifest-junk",
    "manifest-namespace": "manifest-namespace",
    "manifest-pool-flags": "manifest-pool",
    "manifest-trailing": "manifest-size",
    "manifest-two-pools": "manifest-pools",
    "manifest-wrong-type": "manifest-header",
    "path-escape": "zip-path",
    "prefix-data": "zip-prefix",
    "resources-compressed": "resources-compressed",
    "shadow-folder": "zip-shadow-folder",
    "suffix-data": "zip-suffix",
    "zip-bomb": "zip-ratio",
    "zip-bomb-overlap": "zip-overlap",
}
# Odd or damaged, and still nothing that only serves to mislead.
NOT_EVASIVE = {
    "comment-lies", "dex-bad-checksum", "dex-gap", "dex-header-size", "dex-in-assets", "dex-payload",
    "resources-compressed", "suffix-data", "zip-bomb",
}  # fmt: skip


@cache
def facts_of(name: str) -> Facts:
    return collect(str(fixture_apk_path(name)))


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.outcome != "refuse"])
def test_each_trick_is_named(name: str) -> None:
    problems = {problem.code: problem for problem in facts_of(f"broken/{name}").problems}

    assert ODDITIES.get(name) is None or ODDITIES[name] in problems
    evasive = problems.get("evasive-structure")
    assert (evasive is not None) == (name in ODDITIES and name not in NOT_EVASIVE)
    if evasive is not None:
        assert evasive.message.zh.startswith("安装包使用了对抗分析的结构：")
        assert problems[ODDITIES[name]].message.en in evasive.message.en


def test_an_honest_package_has_no_oddities() -> None:
    assert facts_of("clean").problems == ()


def test_more_in_the_signing_block_does_not_break_the_signature() -> None:
    facts = facts_of("broken/signing-unknown-blocks")

    assert facts.app is not None and facts.app.signing is not None
    assert facts.app.signing.verified is True


def test_a_decoy_attribute_is_not_believed() -> None:
    facts, clean_facts = facts_of("broken/manifest-decoy"), facts_of("clean")

    assert facts.app is not None and clean_facts.app is not None
    assert facts.app.permissions == clean_facts.app.permissions
    assert facts.app.components == clean_facts.app.components


def test_hidden_code_is_a_gap_where_the_app_loads_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a class loader in sight it is only noted: nobody can run it."""
    inner = Entry("assets/a", archive([Entry("classes.dex", b"dex")]), STORED)
    path = tmp_path / "x.apk"
    path.write_bytes(archive([*clean_entries(), inner]))
    alone = collect(str(path))
    monkeypatch.setattr(code, "DYNAMIC", (Member("Landroid/app/Activity;", "<init>"),))
    loading = collect(str(path))

    assert [problem.code for problem in alone.problems] == ["dex-hidden"]
    assert alone.gaps == ()
    assert {gap.path for gap in loading.gaps if gap.code == "dex-hidden"} >= {"app.accesses", "app.sdks"}


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.outcome == "partial"])
def test_what_is_partly_readable_gives_facts_with_problems(name: str) -> None:
    facts = facts_of(f"broken/{name}")

    assert facts.app is not None
    assert facts.app.identity.package == "cn.qinghe.notes"
    assert facts.problems


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.outcome == "read"])
def test_what_android_reads_is_read(name: str) -> None:
    facts, clean = facts_of(f"broken/{name}"), facts_of("clean")

    assert facts.app is not None and clean.app is not None
    assert facts.app.identity.package == clean.app.identity.package
    assert facts.app.accesses == clean.app.accesses
    assert facts.gaps == ()


@pytest.mark.parametrize(
    "name", ["no-dex", "dex-random", "dex-truncated", "dex-wrong-offsets", "dex-bad-method"]
)
def test_unread_code_is_a_gap(name: str) -> None:
    facts = facts_of(f"broken/{name}")

    assert any(gap.path == "app.accesses" for gap in facts.gaps)


@pytest.mark.parametrize("target", [FIXTURES, FIXTURES / "no-such.apk"])
def test_folders_and_missing_files_are_refused(target: Path) -> None:
    with pytest.raises(InputError):
        collect(str(target))


@cache
def clean() -> bytes:
    return fixture_apk_path("clean").read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 25_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_flipped_bytes_end_in_facts_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    content = bytearray(clean())
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path_factory.mktemp("flip") / "x.apk"
    path.write_bytes(content)
    try:
        facts = collect(str(path))
    except InputError:
        return
    assert Facts.model_validate_json(facts.model_dump_json()) == facts

"""Every finding's evidence can be followed in a disassembly made by another tool (baksmali)."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from conftest import corpus_path

from scanner.assess import assess
from scanner.collect import collect
from scanner.model import DexLocator, Evidence
from scanner.packload import load_pack, profile

PACKAGES = ["apidemos", "appium-settings", "yosemite", "pocoservice"]
pytestmark = pytest.mark.xdist_group("baksmali")
Disassembly = dict[str, dict[int, str]]


def disassemble(package: Path, classes: dict[str, set[str]], folder: Path) -> dict[str, Disassembly]:
    """Instructions by dex, method and offset, for the classes asked for."""
    found: dict[str, Disassembly] = {}
    for dex, names in classes.items():
        out = folder / dex
        entry = str(package) + ("" if dex == "classes.dex" else f"/{dex}")
        subprocess.run(
            ["java", "-jar", str(corpus_path("baksmali")), "d", "--code-offsets", "--debug-info", "false",
             "--classes", ",".join(sorted(names)), "-o", str(out), entry],
            check=True,
            capture_output=True,
        )  # fmt: skip
        found[dex] = {}
        for path in out.rglob("*.smali"):
            found[dex].update(parse(path.read_text("utf-8")))
    return found


def parse(text: str) -> Disassembly:
    owner = re.search(r"^\.class .*?(L\S+;)$", text, re.M)
    assert owner is not None
    methods: Disassembly = defaultdict(dict)
    method, offset = "", -1
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(".method"):
            method = f"{owner[1]}->{stripped.split()[-1]}"
        elif stripped.startswith("#@"):
            offset = int(stripped[2:], 16)
        elif stripped and not stripped.startswith((".", "#", ":")) and offset >= 0:
            methods[method][offset] = stripped
            offset = -1
    return methods


@cache
def evidence_of(name: str) -> tuple[Evidence, ...]:
    pack = load_pack()
    facts = collect(str(corpus_path(name)))
    outcome = assess(
        facts, pack, profile(pack, "app-pi"), now=datetime(2026, 11, 24, tzinfo=UTC), tool_version="t"
    )
    return tuple(e for r in outcome.evaluation.results for f in r.findings for e in f.evidence)


def class_of(method: str) -> str:
    return method.partition("->")[0]


@pytest.mark.parametrize("name", PACKAGES)
def test_evidence_is_where_it_says(name: str, tmp_path: Path) -> None:
    classes: dict[str, set[str]] = defaultdict(set)
    located = [(e, e.locator) for e in evidence_of(name) if isinstance(e.locator, DexLocator)]
    for _, locator in located:
        classes[locator.dex].add(class_of(locator.method))
    listing = disassemble(corpus_path(name), classes, tmp_path)

    assert located or name == "pocoservice"  # that one gives no finding in code
    for evidence, locator in located:
        line = listing[locator.dex][locator.method][locator.offset]
        operation, _, target = evidence.excerpt.partition(" ")
        assert line.startswith(operation), (line, evidence.excerpt)
        if not operation.startswith("const-string"):
            assert line.endswith(target.partition(" = ")[0]), (line, evidence.excerpt)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_call_of_a_chain_is_an_instruction_that_makes_it(name: str, tmp_path: Path) -> None:
    chains = {e.chain for e in evidence_of(name) if len(e.chain) > 1}
    wanted = {class_of(step.method) for chain in chains for step in chain[:-1] if step.offset >= 0}
    import zipfile

    with zipfile.ZipFile(corpus_path(name)) as archive:
        dexes = [n for n in archive.namelist() if re.fullmatch(r"classes\d*\.dex", n)]
    listing: Disassembly = {}
    for part in (
        disassemble(corpus_path(name), dict.fromkeys(dexes, wanted), tmp_path).values() if wanted else ()
    ):
        listing.update(part)

    checked = 0
    for chain in chains:
        for step, following in itertools.pairwise(chain):
            line = listing[step.method][step.offset]
            signature = following.method.partition("->")[2]
            if step.edge in {"call", "dispatch"}:
                assert "->" + signature in line, (step, following, line)
            elif step.edge == "callback":
                assert line.startswith("new-instance"), (step, line)
            checked += 1
    assert checked > 0 or not chains

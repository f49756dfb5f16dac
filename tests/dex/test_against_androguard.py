"""The engine finds exactly androguard's call sites and class hierarchy on real packages."""

from __future__ import annotations

import zipfile
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import corpus_path

from scanner import catalogue
from scanner.dex import CallGraph, Member, call_sites, open_dex
from scanner.dex.package import Dex

PACKAGES = [
    "apidemos",
    "appium-settings",
    "appium-uia2-server",
    "appium-uia2-server-test",
    "yosemite",
    "pocoservice",
]
pytestmark = pytest.mark.xdist_group("androguard")


def dex_files(path: Path) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.startswith("classes") and n.endswith(".dex")]
        return [(n, archive.read(n)) for n in sorted(names, key=lambda n: (len(n), n))]


@cache
def reference(name: str) -> Any:
    from androguard.core.analysis.analysis import Analysis
    from androguard.core.dex import DEX
    from loguru import logger

    logger.remove()
    analysis = Analysis()
    for _, content in dex_files(corpus_path(name)):
        analysis.add(DEX(content))
    analysis.create_xref()
    return analysis


@cache
def engine(name: str) -> Dex:
    return open_dex(dex_files(corpus_path(name)))


def descriptor(method: Any) -> str:
    return f"{method.get_class_name()}->{method.get_name()}{str(method.get_descriptor()).replace(' ', '')}"


@pytest.mark.parametrize("name", PACKAGES)
def test_call_sites_of_all_catalogue_methods_are_equal(name: str) -> None:
    methods = [s for s in catalogue.sources() if s.kind == "method"]
    wanted = {(s.descriptor, s.name) for s in methods}
    expected = {
        (
            descriptor(caller.get_method() if hasattr(caller, "get_method") else caller),
            descriptor(m.get_method()),
            offset,
        )
        for m in reference(name).get_methods()
        if (m.get_method().get_class_name(), m.get_method().get_name()) in wanted
        for _, caller, offset in m.get_xref_from()
    }

    found = {
        (hit.site.caller, hit.site.target, hit.site.offset * 2)
        for hit in call_sites(engine(name), [Member(owner, method) for owner, method in wanted])
    }

    assert found == expected
    assert name == "appium-uia2-server-test" or len(found) > 10


@pytest.mark.parametrize("name", PACKAGES)
def test_class_hierarchy_is_equal(name: str) -> None:
    expected = {
        c.name: (c.extends, frozenset(c.implements))
        for c in reference(name).get_classes()
        if not c.is_external()
    }
    dex = engine(name)
    classes = dex.classes

    interfaces: dict[int, set[str]] = {}
    for owner, interface in classes.interfaces.tolist():
        interfaces.setdefault(owner, set()).add(dex.type_name(interface))
    found = {
        dex.type_name(t): (dex.type_name(s) if s >= 0 else None, frozenset(interfaces.get(t, ())))
        for t, s in zip(classes.type.tolist(), classes.super.tolist(), strict=True)
    }

    assert found == expected


@pytest.mark.parametrize("name", ["apidemos", "appium-settings", "yosemite"])
def test_number_of_instructions_is_equal(name: str) -> None:
    from androguard.core.dex import DEX

    expected = sum(
        sum(1 for _ in method.get_instructions())
        for _, content in dex_files(corpus_path(name))
        for method in DEX(content).get_encoded_methods()
        if method.get_code() is not None
    )

    assert engine(name).instruction_count == expected


def test_every_step_of_a_chain_is_an_instruction_that_leads_on() -> None:
    dex = engine("yosemite")
    graph = CallGraph(dex)
    entry = graph.class_entry("Lcom/netease/nie/yosemite/MainActivity;")
    assert entry is not None
    reach = graph.reach([entry])
    nodes = [n for n in range(0, dex.node_count, 97) if reach.methods[n]]

    assert len(nodes) > 50
    for node in nodes:
        chain = reach.chain(node)
        assert chain[-1].node == node
        for step, following in pairwise(chain):
            if step.edge == "call":
                from scanner.dex import instructions

                here = next(i for i in instructions(dex, step.node) if i.offset == step.offset)
                called = (here.reference or "").partition("->")[2]
                assert called == dex.method(following.node).partition("->")[2]


@pytest.mark.parametrize("name", ["appium-settings", "pocoservice", "yosemite"])
def test_strings_that_static_fields_begin_as_are_equal(name: str) -> None:
    fields = [
        (found.get_field(), found.get_field().get_init_value())
        for found in reference(name).get_fields()
        if hasattr(found.get_field(), "get_init_value")
    ]
    expected = {
        (f"{field.get_class_name()}->{field.get_name()}:{field.get_descriptor()}", value.get_value())
        for field, value in fields
        if value is not None
        and field.get_descriptor() == "Ljava/lang/String;"
        and isinstance(value.get_value(), str)
    }

    found = {
        (part.file.field(one.field), part.file.string(one.text))
        for part in engine(name).parts
        for one in part.text_fields
    }

    assert found == expected
    assert len(found) > 500

"""The DEX engine: tables, sweep, call graph, bodies, strings and queries; one file, or two as one program."""

from __future__ import annotations

from scanner.collect.app.platform import platform_types
from scanner.dex import (
    CallGraph,
    Dex,
    DexError,
    Member,
    call_sites,
    constant_arguments,
    field_sites,
    guarded_offsets,
    instructions,
    listing,
    native_methods,
    open_dex,
    strings_beyond_ascii,
    strings_containing,
    strings_with_prefix,
    text_sites,
)
from scanner.dex.part import MAX_SHARED

IN_PLACE = 0.8
MAGIC = b"dex\n"
MEMBERS = (
    Member("Landroid/app/Activity;", "onCreate"),
    Member("Landroid/location/LocationManager;", "getLastKnownLocation"),
    Member("Landroid/content/SharedPreferences;", "getBoolean"),
)
FLAGS = frozenset({"Landroid/content/SharedPreferences;->getBoolean(Ljava/lang/String;Z)Z"})
MAX_NODES = 25


def check(data: bytes) -> None:
    """Open ``data``; a second file begins at the next magic number."""
    cut = data.find(MAGIC, 1)
    parts = [data] if cut < 0 else [data[:cut], data[cut:]]
    try:
        dex = open_dex([(f"classes{n or ''}.dex", part) for n, part in enumerate(parts)])
    except DexError:
        return
    use(dex)


def use(dex: Dex) -> None:
    """Do everything a caller does; the numbers must fit each other."""
    graph = CallGraph(dex, platform_types(34))
    objects = range(graph.class_base, min(graph.class_base + MAX_NODES, graph.own_base))
    reach = graph.reach([*range(min(MAX_NODES, dex.node_count)), *objects])
    for site in call_sites(dex, MEMBERS, graph.references)[:MAX_NODES]:
        constant_arguments(dex, site.site.node, site.site.offset)
        listing(dex, site.site.node, site.site.offset)
        reach.chain(site.site.node)
    field_sites(dex, [Member("Landroid/os/Build;", "SERIAL")])
    text_sites(dex, lambda file: strings_with_prefix(file, [b"http://"]))
    text_sites(dex, lambda file: strings_containing(file, [b"ID"]))
    for part in dex.parts:
        strings_beyond_ascii(part.file)
        part.file.verify_checksum()
    for node in range(min(MAX_NODES, dex.node_count)):
        dex.method(node)
        instructions(dex, node)
        guarded_offsets(dex, node, FLAGS)
        graph.targets_of(node, [0, 1, 2])
    list(native_methods(dex))
    assert len(dex.class_names) == len(dex.classes.type)
    assert dex.call_count <= 4 * dex.instruction_count + MAX_SHARED
    assert all(problem.count > 0 for problem in dex.problems)

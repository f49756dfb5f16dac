"""Compares what this tool reads of every package of the corpus with androguard, whole: ``python tools/compare_androguard.py``.

For each application of tools/corpus.toml: every call site (caller, callee, byte offset) of every method, the superclass
and interfaces of every class, identity, permissions, components with their attributes and intent filters, and the signing
certificates.  Prints a table of what was compared and how much differs, the first differences of each kind on standard
error; exit status 1 when anything differs, 2 when a name is unknown or a package missing.

androguard builds an object per instruction, so packages are taken one at a time, each in a process of its own: the corpus
takes some ten minutes, the largest package 2 GB.  Two readings of androguard's are translated, both choices of its
cross-references and not of the bytecode: a call on an array class counts for the element class, and one on an array of
numbers for none (``Analysis._create_xref``).  Where androguard is wrong, :data:`EXPLAINED` says so and why; such a
difference is shown and does not count, unless it changes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fetch_corpus import load

from scanner.collect import collect
from scanner.collect.app.archive import Archive
from scanner.dex import Dex, open_dex
from scanner.dex.opcodes import INVOKE

COLUMNS = ("classes", "methods", "calls", "facts")
SHOWN = 5
# invoke-polymorphic and its range form: androguard decodes them and leaves them out of its cross-references.
POLYMORPHIC = frozenset({0xFA, 0xFB})
KINDS = ("activity", "activity-alias", "service", "receiver", "provider")
NAMESPACE = "{http://schemas.android.com/apk/res/android}"
# Android's default for a provider without the attribute was "exported" before API level 17.
PROVIDER_CLOSED = 17


# Differences in which androguard is wrong, by package and kind: how many, and the proof.
EXPLAINED: dict[tuple[str, str], tuple[int, str]] = {
    ("gpsdemo", "identity"): (
        2,
        "two <uses-sdk>, the second without targetSdkVersion; Android's parser sets both levels at each, so the target "
        "is the minimum of the last, 4 (frameworks/base, parseUsesSdk); androguard takes the first attribute it finds",
    ),
}


class Reading(NamedTuple):
    """What one reader says of a package: facts by kind, each a multiset of tuples."""

    facts: dict[str, Counter[tuple[Any, ...]]]
    methods: int


# --- ours ---------------------------------------------------------------------------------------------------


def ours(path: Path) -> Reading:
    """Return this tool's reading."""
    app = collect(str(path)).app
    assert app is not None
    with Archive(path) as archive:
        content = [(name, archive.read(name)) for name in archive.dex_names()]
    dex = open_dex(content) if content else None
    one = app.identity
    identity = (
        one.package,
        one.version_name or "",
        str(one.version_code or ""),
        str(one.min_sdk or 1),
        str(one.target_sdk or 1),
        one.label or "",
    )
    components = [
        (
            c.kind,
            c.name,
            c.exported,
            c.exported_explicit,
            c.enabled,
            c.permission,
            tuple(sorted(set(c.actions))),
            tuple(sorted(set(c.categories))),
            tuple(sorted(set(c.schemes))),
            tuple(sorted(c.authorities)),
        )
        for c in app.components
    ]
    facts = {
        "calls": Counter(set(our_calls(dex)) if dex is not None else ()),
        "classes": Counter(set(our_classes(dex)) if dex is not None else ()),
        "identity": Counter([identity]),
        "permissions": Counter((p.name,) for p in app.permissions if p.declared),
        "components": Counter(components),
        "certificates": Counter({(c.sha256,) for c in app.signing.certificates}),
    }
    return Reading(facts, dex.node_count if dex is not None else 0)


def our_calls(dex: Dex) -> Iterator[tuple[str, str, int]]:
    """Yield (caller, callee, byte offset) of every call, as androguard's cross-references count them."""
    for part in dex.parts:
        rows = np.flatnonzero(INVOKE[part.site_op])
        nodes, targets = part.site_node[rows].tolist(), part.site_index[rows].tolist()
        offsets = part.site_offset[rows].tolist()
        for node, target, offset in zip(nodes, targets, offsets, strict=True):
            callee = part.file.method(target).lstrip("[")
            if callee.startswith("L"):
                yield dex.method(node), callee, offset * 2


def our_classes(dex: Dex) -> Iterator[tuple[str, str | None, tuple[str, ...]]]:
    """Yield (class, superclass, interfaces) of every class."""
    classes, interfaces = dex.classes, dict[int, set[str]]()
    for owner, interface in classes.interfaces.tolist():
        interfaces.setdefault(owner, set()).add(dex.type_name(interface))
    for number, above in zip(classes.type.tolist(), classes.super.tolist(), strict=True):
        implemented = tuple(sorted(interfaces.get(number, ())))
        yield dex.type_name(number), dex.type_name(above) if above >= 0 else None, implemented


# --- androguard's -------------------------------------------------------------------------------------------


def theirs(path: Path) -> Reading:
    """Return androguard's reading."""
    from androguard.core.analysis.analysis import Analysis  # noqa: PLC0415 - a second to load
    from androguard.core.apk import APK  # noqa: PLC0415
    from androguard.core.dex import DEX  # noqa: PLC0415
    from loguru import logger  # noqa: PLC0415

    logger.remove()
    apk = APK(str(path))
    analysis = Analysis()
    for content in apk.get_all_dex():
        analysis.add(DEX(content))
    analysis.create_xref()
    methods = [m for m in analysis.get_methods() if not m.is_external()]
    identity = (
        apk.get_package(),
        apk.get_androidversion_name() or "",
        apk.get_androidversion_code() or "",
        apk.get_min_sdk_version() or "1",
        apk.get_target_sdk_version() or apk.get_min_sdk_version() or "1",
        apk.get_app_name() or "",
    )
    facts = {
        "calls": Counter(set(their_calls(methods))),
        "classes": Counter(
            (c.name, c.extends, tuple(sorted(set(c.implements))))
            for c in analysis.get_classes()
            if not c.is_external()
        ),
        "identity": Counter([identity]),
        "permissions": Counter((name,) for name in set(apk.get_permissions())),
        "components": Counter(their_components(apk)),
        "certificates": Counter({(hashlib.sha256(der).hexdigest(),) for der in their_certificates(apk)}),
    }
    return Reading(facts, len(methods))


def their_calls(methods: Sequence[Any]) -> Iterator[tuple[str, str, int]]:
    """Yield (caller, callee, byte offset) of every call."""
    names: dict[Any, str] = {}

    def name(method: Any) -> str:
        if method not in names:
            proto = str(method.descriptor).replace(" ", "")
            names[method] = f"{method.class_name}->{method.name}{proto}"
        return names[method]

    for method in methods:
        for _, callee, offset in method.get_xref_to():
            yield name(method), name(callee), offset
        for offset, instruction in method.get_method().get_instructions_idx():
            if instruction.get_op_value() in POLYMORPHIC:
                owner, called, proto = instruction.cm.get_method(instruction.BBBB)
                yield name(method), f"{owner}->{called}{''.join(proto).replace(' ', '')}", offset


def their_components(apk: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the components, with Android's defaults (developer documentation of the elements)."""
    root = apk.get_android_manifest_xml()
    application = root.find("application")
    target = int(apk.get_target_sdk_version() or apk.get_min_sdk_version() or 1)

    def value(element: Any, attribute: str) -> str | None:
        text: str | None = element.get(NAMESPACE + attribute)
        if text is not None and text.startswith("@") and apk.get_android_resources() is not None:
            found = apk.get_android_resources().get_resolved_res_configs(int(text[1:], 16))
            text = found[0][1] if found else text
        return text

    def truth(element: Any, attribute: str) -> bool | None:
        return {"true": True, "false": False}.get((value(element, attribute) or "").lower())

    for element in application if application is not None else ():
        if element.tag not in KINDS or value(element, "name") is None:
            continue
        filters = element.findall("intent-filter")
        named = value(element, "targetActivity") if element.tag == "activity-alias" else None
        explicit = truth(element, "exported")
        default = target < PROVIDER_CLOSED if element.tag == "provider" else bool(filters)
        permission = value(element, "permission")
        inherited = value(application, "permission")

        def of(tag: str, attribute: str, where: Sequence[Any] = filters) -> tuple[str, ...]:
            found = (value(child, attribute) for one in where for child in one.findall(tag))
            return tuple(sorted({text for text in found if text}))

        yield (
            element.tag,
            apk._format_value(named or value(element, "name")),
            default if explicit is None else explicit,
            explicit,
            truth(element, "enabled") is not False,
            inherited if permission is None else permission or None,
            of("action", "name"),
            of("category", "name"),
            of("data", "scheme"),
            tuple(sorted(filter(None, (value(element, "authorities") or "").split(";")))),
        )


def their_certificates(apk: Any) -> Iterator[bytes]:
    """Yield the signing certificates (DER) of all schemes."""
    for certificate in apk.get_certificates():
        yield certificate.dump()


# --- comparison ---------------------------------------------------------------------------------------------


def compare(path: Path) -> dict[str, Any]:
    """Return what was compared in the package at ``path`` and the differences by kind, with the first of each."""
    mine, other = ours(path), theirs(path)
    differences: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for kind, facts in mine.facts.items():
        only_mine, only_other = facts - other.facts[kind], other.facts[kind] - facts
        counts[kind] = only_mine.total() + only_other.total()
        shown = [f"ours        {one}" for one in sorted(map(str, only_mine))[:SHOWN]]
        shown += [f"androguard  {one}" for one in sorted(map(str, only_other))[:SHOWN]]
        if shown:
            differences[kind] = shown
    if mine.methods != other.methods:
        counts["methods"] = 1
        differences["methods"] = [f"ours {mine.methods}, androguard {other.methods}"]
    rest = ("identity", "permissions", "components", "certificates")
    return {
        "classes": mine.facts["classes"].total(),
        "methods": mine.methods,
        "calls": mine.facts["calls"].total(),
        "facts": sum(mine.facts[kind].total() for kind in rest),
        "counts": counts,
        "differences": differences,
    }


def packages(wanted: Sequence[str]) -> dict[str, Path]:
    """Return the corpus's applications by id, or those of ``wanted``; exits with 2 for an unknown or missing one."""
    every = {
        member.id: member.target()
        for archive in load()
        for member in archive.members
        if "apps" in member.groups and member.path.endswith(".apk")
    }
    unknown = [name for name in wanted if name not in every]
    chosen = {name: every[name] for name in wanted or sorted(every) if name in every}
    missing = [name for name, path in chosen.items() if not path.is_file()]
    if unknown or missing:
        print(f"unknown: {unknown}; not there, run make corpus: {missing}", file=sys.stderr)
        sys.exit(2)
    return chosen


def main() -> int:
    """Compare every package and print the table; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ids", nargs="*", help="ids of tools/corpus.toml (all applications unless given)")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(compare(options.one)))
        return 0
    totals: Counter[str] = Counter()
    print(f"| package | {' | '.join(COLUMNS)} | differences |\n|---|{'---|' * (len(COLUMNS) + 1)}")
    chosen = packages(options.ids)
    for name, path in chosen.items():
        command = [sys.executable, __file__, "--one", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            totals["count"] += 1
            print(f"| {name} | {' | '.join('-' for _ in COLUMNS)} | not compared |", flush=True)
            print(f"{name}: {done.stderr.strip()[-2000:]}", file=sys.stderr)
            continue
        result = json.loads(done.stdout.splitlines()[-1])
        count, explained = 0, 0
        for kind, number in result["counts"].items():
            known, reason = EXPLAINED.get((name, kind), (0, ""))
            explained += number if number == known else 0
            count += 0 if number == known else number
            if number and number == known:
                print(f"{name}: {kind}: explained: {reason}", file=sys.stderr)
            for line in result["differences"].get(kind, ()):
                print(f"{name}: {kind}: {line}", file=sys.stderr)
        totals.update({key: result[key] for key in COLUMNS} | {"count": count, "explained": explained})
        cells = [f"{result[c]:,}" for c in COLUMNS] + [_differences(count, explained)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    cells = [f"{totals[c]:,}" for c in COLUMNS] + [_differences(totals["count"], totals["explained"])]
    print(f"| **{len(chosen)} packages** | {' | '.join(cells)} |")
    return 1 if totals["count"] else 0


def _differences(count: int, explained: int) -> str:
    return f"{count} ({explained} explained)" if explained else str(count)


if __name__ == "__main__":
    sys.exit(main())

"""Hardening packers: recognised by their loader classes, native libraries and assets (rules/data/packers.yaml)."""

from __future__ import annotations

from scanner import catalogue
from scanner.catalogue import Packer
from scanner.collect.app.code import Code
from scanner.collect.app.subject import Program
from scanner.model import Evidence, FileLocator


def find_packer(code: Code, program: Program) -> tuple[Packer, Evidence] | None:
    """Return the packer that hides the package's code, with what shows it.

    A loader class alone proves it; a library or asset only when the declared application class is not in the dex
    files or is a loader, because some vendors ship the same library for other purposes.
    """
    classes = frozenset(code.dex.class_names)
    files = {path.rpartition("/")[2]: path for path in program.files}
    missing = program.application is not None and program.application not in classes
    for packer in catalogue.packers():
        if packer.kind != "packer":
            continue
        loader = next((name for name in packer.classes if name in classes), None)
        if loader is not None:
            return packer, Evidence(
                artifact="dex", locator=FileLocator(path=f"class {loader}"), excerpt=loader
            )
        trace = next((files[name] for name in (*packer.native, *packer.assets) if name in files), None)
        if trace is not None and missing:
            return packer, Evidence(artifact=trace, locator=FileLocator(path=trace), excerpt=trace)
    return None

"""Native libraries: protections read from ELF headers."""

from __future__ import annotations

from scanner.collect.app.elf import hardening

IN_PLACE = 0.7


def check(data: bytes) -> None:
    """Everything is either read or a named problem."""
    found = hardening("lib/arm64-v8a/libx.so", data)
    assert found.problem is None or found.problem
    assert found.model_validate_json(found.model_dump_json()) == found

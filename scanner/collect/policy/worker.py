"""The child process of :mod:`~scanner.collect.policy.isolate`: limits itself, reads standard input, answers in JSON."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import asdict

from scanner.collect.policy.blocks import Block, Limits, Reading
from scanner.collect.policy.isolate import BROKEN, MEMORY, PASSWORD, BrokenError, PasswordError

try:
    import resource
except ImportError:  # pragma: no cover - not on Windows
    resource = None  # type: ignore[assignment]

FIELDS = ("kind", "text", "level", "bold", "links", "place", "rows", "header_rows")


def main() -> int:
    """Read the document on standard input; ``argv`` names the format and the limits."""
    form, limits = sys.argv[1], Limits(**json.loads(sys.argv[2]))
    _limit(limits)
    data = sys.stdin.buffer.read()
    try:
        reading = _read(form, data, limits)
    except MemoryError:
        return MEMORY
    if isinstance(reading, int):
        return reading
    answer = {
        "blocks": [_block(block) for block in reading.blocks],
        "title": reading.title,
        "problems": [problem.model_dump() for problem in reading.problems],
        "complete": reading.complete,
    }
    json.dump(answer, sys.stdout)
    return 0


def _read(form: str, data: bytes, limits: Limits) -> Reading | int:
    try:
        # Imported here, under the limits, and only the one that is needed.
        reader = importlib.import_module(f"scanner.collect.policy.{form}")
        reading: Reading = reader.READ(data, limits)
    except PasswordError:
        return PASSWORD
    except BrokenError:
        return BROKEN
    return reading


def _block(block: Block) -> dict[str, object]:
    fields = asdict(block)
    return {name: fields[name] for name in FIELDS}


def _limit(limits: Limits) -> None:
    """Bound address space, processor time and written files of this process, where the system has such limits."""
    if resource is None:
        return
    for which, value in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, 128 << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(which)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, hard))

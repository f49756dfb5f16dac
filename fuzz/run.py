"""Fuzz one parser: ``python fuzz/run.py TARGET [libFuzzer options]``; targets are the ``fuzz_TARGET.py`` beside this.

A target offers ``check(data)``, which raises for anything but the parser's own error, and optionally
``repair(data, random)``, which mends what a reader needs in order to look further (a size field, say).  On top of
crashes, an input that costs more than its share of processor time or memory is a finding.
"""

from __future__ import annotations

import importlib
import operator
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

FUZZ = Path(__file__).resolve().parent
# Inputs are at most 64 KB.  Processor seconds, since wall-clock time depends on what else the machine does.
MAX_LENGTH, MAX_SECONDS, MAX_GROWTH_MB = 64 << 10, 8.0, 512

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class TooExpensiveError(Exception):
    """One small input cost too much time or memory."""


def targets() -> list[str]:
    """Return the names of all targets."""
    return sorted(path.stem.removeprefix("fuzz_") for path in FUZZ.glob("fuzz_*.py"))


def load(name: str) -> ModuleType:
    """Import the target ``name``; raises ModuleNotFoundError for an unknown one."""
    for folder in (FUZZ.parent, FUZZ):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    return importlib.import_module(f"fuzz_{name}")


def bounded(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Wrap ``check`` so that it raises TooExpensiveError for an input that takes too much time or memory."""
    baseline = 0

    def run(data: bytes) -> None:
        nonlocal baseline
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        baseline = baseline or peak
        before = time.process_time()
        check(data)
        spent = time.process_time() - before
        if spent > MAX_SECONDS:
            raise TooExpensiveError(f"{spent:.1f} s of processor time for {len(data)} bytes")
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) >> 10
        if grown > MAX_GROWTH_MB:
            raise TooExpensiveError(f"{grown} MB more memory for {len(data)} bytes")

    return run


def sparing_arrays(trace: Callable[..., object]) -> Callable[..., object]:
    """Wrap atheris's tracing of comparisons, which never frees an array that a comparison returns.

    Comparisons of arrays tell the fuzzer nothing; an hour of them would fill the memory.
    """
    import numpy  # noqa: PLC0415 - instrumented targets are imported after this module

    operators = (operator.lt, operator.le, operator.eq, operator.ne, operator.gt, operator.ge)

    def traced(left: object, right: object, operation: int, *rest: object) -> object:
        if isinstance(left, numpy.ndarray) or isinstance(right, numpy.ndarray):
            return operators[operation](left, right)
        return trace(left, right, operation, *rest)

    return traced


def main(arguments: list[str]) -> int:
    """Command line; libFuzzer ends the process itself."""
    if not arguments or arguments[0] not in targets():
        print(f"usage: run.py {{{','.join(targets())}}} [libFuzzer options]", file=sys.stderr)
        return 2
    import atheris  # noqa: PLC0415 - only fuzzing needs it, and it must come before what it instruments

    sys.path.insert(0, str(FUZZ.parent))
    with atheris.instrument_imports(include=["scanner", "asn1crypto"]):
        target = load(arguments[0])
    from mutate import overwrite  # noqa: PLC0415 - found only after load() has set the path

    repair = getattr(target, "repair", None)
    mended = False

    def check(data: bytes) -> None:
        nonlocal mended
        if not mended:  # not before: atheris puts its own function in place when fuzzing begins
            atheris._trace_cmp = sparing_arrays(atheris._trace_cmp)
            mended = True
        target.check(data)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
        changed = overwrite(data, rng) if rng.random() < target.IN_PLACE else atheris.Mutate(data, max_size)
        return bytes(changed if repair is None else repair(bytes(changed), rng))[:max_size]

    dictionary = FUZZ / "dictionaries" / f"{arguments[0]}.dict"
    options = [
        f"-max_len={MAX_LENGTH}",
        "-timeout=600",
        "-report_slow_units=60",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    if dictionary.is_file():
        options.append(f"-dict={dictionary}")
    atheris.Setup([sys.argv[0], *options, *arguments[1:]], bounded(check), custom_mutator=mutate)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

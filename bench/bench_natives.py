"""Compares, in one run on the same vendor's library: this reader, GNU strings, and LIEF.

CPU is user plus system time of a process of its own, the start of an empty one taken off; the least of ``--rounds`` (5).
Ours reads protections, names for JNI and addresses; strings prints every string; LIEF parses headers and symbols.
``python bench/bench_natives.py`` prints a table.  Needs ``make corpus``, binutils and the development packages.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path

LIBRARY = next((Path(__file__).resolve().parents[1] / ".cache" / "corpus" / "baidu-map-native").glob("*.so"))
IMPORT = "from scanner.collect.app.natives import native\n"
OURS = (
    IMPORT
    + "import sys; found = native(sys.argv[1], open(sys.argv[1], 'rb').read()); "
    + "print(len(found.classes), len(found.names), len(found.addresses))"
)
LIEF = "import lief, sys; print(len(list(lief.parse(sys.argv[1]).symbols)))"
CONTESTANTS = {
    "ours": ([sys.executable, "-c", OURS], [sys.executable, "-c", IMPORT]),
    "GNU strings -n 4": (["strings", "-a", "-n", "4"], ["true"]),
    "LIEF": ([sys.executable, "-c", LIEF], [sys.executable, "-c", "import lief"]),
}


def cpu(command: list[str]) -> float:
    """Run ``command`` and return the processor seconds it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    size = LIBRARY.stat().st_size / (1 << 20)
    print(f"{LIBRARY.name}, {size:.1f} MB")
    for name, (command, empty) in CONTESTANTS.items():
        idle = min(cpu(empty) for _ in range(rounds))
        busy = min(cpu([*command, str(LIBRARY)]) for _ in range(rounds))
        print(f"{name:18} {busy - idle:7.3f} s  {size / max(busy - idle, 1e-3):8.1f} MB/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

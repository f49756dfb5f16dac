"""What judging costs beside collecting: all rules on the facts of a package, its assessment, and loading the pack.

The package is the benchmark's large one when it has been built (``bench/big_package.py``), else the largest of the corpus;
another can be named.  Times are CPU seconds, the best of several rounds in this process; collecting is measured once.
The last column compares with collecting; the acceptance of the rules is one tenth.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from scanner.assess import assess
from scanner.collect import collect
from scanner.evaluate import evaluate
from scanner.packload import load_pack, profile

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
T = TypeVar("T")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def package() -> Path:
    """Return the package to measure on; raises SystemExit when there is none."""
    big = ROOT / ".cache" / "bench" / "big.apk"
    if big.is_file():
        return big
    found = sorted((ROOT / ".cache" / "corpus").glob("*/*.apk"), key=lambda path: path.stat().st_size)
    if not found:
        sys.exit("no package: run tools/fetch_corpus.py first")
    return found[-1]


def seconds(work: Callable[[], T], rounds: int = ROUNDS) -> tuple[float, T]:
    """Return the least CPU time of ``work`` in ``rounds`` and its last result."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def main() -> int:
    """Print the table; return 1 when evaluating all rules costs a tenth of collecting or more."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", nargs="?", type=Path)
    path = parser.parse_args().package or package()
    loading, pack = seconds(load_pack)
    collecting, facts = seconds(lambda: collect(str(path)), rounds=1)
    rules = [rule for rule in pack.rules.values() if rule.status == "stable"]
    evaluating, _ = seconds(lambda: evaluate(facts, rules))
    full = profile(pack, "app-full")
    assessing, _ = seconds(lambda: assess(facts, pack, full, now=NOW, tool_version="bench"))
    print(
        f"{path.name}, {path.stat().st_size / 1e6:.1f} MB, {len(rules)} rules, {len(pack.clauses())} clauses"
    )
    for name, cost in (
        ("collect", collecting),
        ("load the pack", loading),
        ("evaluate all rules", evaluating),
        ("assess, app-full", assessing),
    ):
        print(f"{name:22}{cost:9.4f} s{cost / collecting:9.1%}")
    return int(evaluating >= collecting / 10)


if __name__ == "__main__":
    sys.exit(main())

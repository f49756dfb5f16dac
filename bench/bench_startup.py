"""Times starting up: ``import scanner``, ``guijian --help``, and a bare interpreter for comparison (wall seconds)."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import scanner": ["-c", "import scanner"],
    "import click": ["-c", "import click"],
    "guijian --help": ["-m", "scanner", "--help"],
    "import androguard": ["-c", "import androguard.misc"],
}
ROUNDS = 7


def main() -> int:
    """Print the median wall time of each command."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    for name, arguments in COMMANDS.items():
        times = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
            times.append(time.perf_counter() - start)
        print(f"{name:20}{statistics.median(times[1:]):8.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

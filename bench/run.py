"""Run all benchmarks: ``python bench/run.py``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run each ``bench_*.py`` in turn; return the worst exit code."""
    code = 0
    for path in sorted(HERE.glob("bench_*.py")):
        print(f"== {path.name}", flush=True)
        code = max(code, subprocess.run([sys.executable, str(path)], check=False).returncode)
    return code


if __name__ == "__main__":
    sys.exit(main())

"""Check a wheel's content: exactly the three packages, and every data file and template of the source tree."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

PACKAGES = ("scanner", "rules", "reports")


def main() -> int:
    """Compare the wheel ``argv[1]`` with the source tree ``argv[2]``; return the exit code."""
    wheel, root = Path(sys.argv[1]), Path(sys.argv[2])
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(root))
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    missing = sorted(wanted - names)
    for name in missing:
        print(f"not in the wheel: {name}", file=sys.stderr)
    if tops != set(PACKAGES):
        print(f"unexpected top-level names: {sorted(tops ^ set(PACKAGES))}", file=sys.stderr)
    return 1 if missing or tops != set(PACKAGES) else 0


if __name__ == "__main__":
    sys.exit(main())

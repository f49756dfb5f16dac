"""Write the JSON Schemas of the tool's files to docs/schema; ``--check`` fails when the committed ones differ."""

from __future__ import annotations

import sys
from pathlib import Path

from reports.schema import PACK_SCHEMAS, SCHEMAS, schema_text

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "schema"


def main() -> int:
    """Write or check; return the exit code."""
    wanted = {FOLDER / name: schema_text(name) for name in (*SCHEMAS, *PACK_SCHEMAS)}
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"not up to date: {path.relative_to(ROOT)}; run tools/gen_schema.py", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

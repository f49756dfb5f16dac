"""Build the tracking lists of ``rules/data/web/lists``: ``python tools/build_web_lists.py FOLDER``.

FOLDER holds the unpacked Debian package ``webext-ublock-origin-chromium`` (``apt-get download`` it, ``dpkg -x`` it),
which ships EasyList and EasyPrivacy, each under GPL-3+ or CC-BY-SA-3.0 (its ``copyright`` file). Only network rules
are kept, unchanged and in order; comments and cosmetic rules, which name no request, are left out. The result and
``SOURCES.yaml`` beside it (origin, version, licence, sha256, date) are committed as a dated data pack.
"""

from __future__ import annotations

import hashlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import yaml
import zstandard

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "rules" / "data" / "web" / "lists"
PLACE = "usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist"
LISTS = {"easyprivacy": "easyprivacy.txt", "easylist": "easylist.txt"}
COSMETIC = re.compile(r"#@?[?$%]?#|#@?[$?]+#")
LICENCE = (
    "GPL-3.0-or-later OR CC-BY-SA-3.0 (The EasyList authors, https://easylist.to/); used under CC-BY-SA-3.0"
)


def network_rules(text: str) -> list[str]:
    """The rules of a filter list that concern requests."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and line[0] not in "![" and not COSMETIC.search(line)]


def main() -> int:
    """Write the lists; return the exit code."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    base = Path(sys.argv[1])
    package = next((base / "usr/share/doc").glob("*/changelog.Debian.gz"), base / "unknown").parent.name
    version = sys.argv[1].rstrip("/").rpartition("_")[2]
    TARGET.mkdir(parents=True, exist_ok=True)
    sources = []
    for name, file in LISTS.items():
        source = base / PLACE / file
        raw = source.read_bytes()
        rules = network_rules(raw.decode("utf-8"))
        data = ("\n".join(rules) + "\n").encode()
        (TARGET / f"{name}.txt.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(data))
        stamp = datetime.fromtimestamp(source.stat().st_mtime, UTC).date().isoformat()
        sources.append(
            {
                "list": name,
                "origin": f"Debian package {package}, version {version}",
                "date": stamp,
                "sha256": hashlib.sha256(raw).hexdigest(),
                "rules": len(rules),
                "changes": "network rules only; comments and cosmetic rules removed",
                "licence": LICENCE,
            }
        )
    text = yaml.safe_dump({"version": 1, "lists": sources}, allow_unicode=True, sort_keys=False, width=110)
    head = "# 跟踪清单的来源与许可 / Where the tracking lists come from, and their licence (tools/build_web_lists.py)\n"
    (TARGET / "SOURCES.yaml").write_text(head + text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

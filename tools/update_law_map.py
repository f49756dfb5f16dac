"""Write the reviewed records of the law: which rules serve which clause, and a fingerprint of every text.

``tests/snapshots/law_map.json`` maps clause → control → rules, ``tests/data/law_texts.json`` clause → SHA-256 of
number and text.  A change of the law data shows as a difference of these files and is reviewed there; run this
tool to accept it.  ``--check`` writes nothing and exits with 1 when the files are out of date.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

from scanner.packload import DRAFTS, load_pack
from scanner.rulepack import Pack

ROOT = Path(__file__).resolve().parents[1]
MAP = ROOT / "tests" / "snapshots" / "law_map.json"
TEXTS = ROOT / "tests" / "data" / "law_texts.json"


def law_map(pack: Pack) -> dict[str, dict[str, list[str]]]:
    """Return clause → control → rules of ``pack``; a clause without control maps to nothing."""
    found: dict[str, dict[str, list[str]]] = {clause: {} for clause in sorted(pack.clauses())}
    for control in sorted(pack.controls.values(), key=lambda control: control.id):
        for clause in control.clauses:
            found[clause][control.id] = sorted(control.rules)
    return found


def law_texts(pack: Pack) -> dict[str, str]:
    """Return the SHA-256 of number and text (separated by a line feed, UTF-8) of every clause."""
    return {
        clause.id: hashlib.sha256(f"{clause.number}\n{clause.text}".encode()).hexdigest()
        for clause in sorted(pack.clauses().values(), key=lambda clause: clause.id)
    }


def render(content: object) -> str:
    """Return ``content`` as the JSON text that is committed."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    """Write both files, or compare them with ``--check``; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, report what is out of date")
    check = parser.parse_args().check
    pack = load_pack([Path(DRAFTS)])
    stale = []
    for path, content in ((MAP, law_map(pack)), (TEXTS, law_texts(pack))):
        text = render(content)
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(path)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    for path in stale:
        sys.stdout.write(f"{'out of date' if check else 'written'}: {path.relative_to(ROOT)}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())

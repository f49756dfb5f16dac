"""Builds rules/data/script_libraries.yaml, the dated list of script libraries with known weaknesses.

Source: the advisories of Retire.js (Apache License 2.0), as the npm package below ships them.  Only facts are taken:
names, how a version shows in file names, addresses and banners, and which versions an advisory concerns.

    python tools/build_script_libraries.py
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scanner.safere import problem  # noqa: E402

PACKAGE = "@salesforce/code-analyzer-retirejs-engine@0.32.0"
MEMBER = "package/vulnerabilities/RetireJsVulns.json"
TARGET = ROOT / "rules" / "data" / "script_libraries.yaml"
VERSION = "(?P<version>[0-9][0-9.a-z_-]{0,30})"
HEADER = """# 网页脚本库的已知弱点 / Known weaknesses of script libraries
#
# 由 tools/build_script_libraries.py 生成，勿手改。数据来自 Retire.js 的公告（Apache License 2.0），经 npm 包
# {package} 取得；只取事实：库名、版本在文件名、网址和文件头注释中的写法、公告涉及的版本。
# 未收入：写法不能在线性时间内匹配的表达式（{dropped} 条）。
"""


def main() -> None:
    """Fetch the package, convert, write."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            info = tar.getmember(MEMBER)
            stream = tar.extractfile(info)
            assert stream is not None
            data = json.load(io.TextIOWrapper(stream, "utf-8"))
    date = registry_date()
    dropped = 0
    libraries = []
    for name, entry in sorted(data.items()):
        advisories = [a for a in map(advisory, entry.get("vulnerabilities", [])) if a]
        if not advisories or name.startswith(("retire-example", "dont check")):
            continue
        patterns: dict[str, list[str]] = {}
        for kind in ("uri", "filename", "filecontent"):
            for source in entry.get("extractors", {}).get(kind, []):
                converted = convert(source)
                if converted is None:
                    dropped += 1
                else:
                    patterns.setdefault(kind, []).append(converted)
        if patterns:
            libraries.append({"name": name, **patterns, "advisories": advisories})
    text = HEADER.format(package=PACKAGE, dropped=dropped) + yaml.safe_dump(
        {"version": 1, "date": date, "libraries": libraries}, allow_unicode=True, sort_keys=False, width=140
    )
    TARGET.write_text(text, "utf-8")
    print(
        f"{len(libraries)} libraries, {sum(len(e['advisories']) for e in libraries)} advisories, {dropped} patterns dropped"
    )


def registry_date() -> str:
    """Return the day the package's version was published."""
    done = subprocess.run(
        ["npm", "view", PACKAGE, "time", "--json"], check=True, capture_output=True, text=True
    )
    times = json.loads(done.stdout)
    moment = times.get(PACKAGE.rpartition("@")[2]) or times["modified"]
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(UTC).date().isoformat()


def advisory(entry: dict[str, Any]) -> dict[str, Any] | None:
    """Return one advisory in our form, None when it has no upper bound or no identity."""
    below = entry.get("below")
    names = entry.get("identifiers", {})
    ids = [*names.get("CVE", []), *filter(None, [names.get("githubID")])]
    if not below or not ids:
        return None
    found: dict[str, Any] = {"below": str(below), "severity": entry.get("severity", "medium"), "ids": ids[:3]}
    if entry.get("atOrAbove"):
        found["from"] = str(entry["atOrAbove"])
    return found


def convert(source: str) -> str | None:
    """Return a pattern of theirs in linear form with a group ``version``, None when that cannot be had."""
    if source.count("§§version§§") != 1:
        return None
    pattern = source.replace("(§§version§§)", VERSION).replace("§§version§§", VERSION)
    pattern = pattern.replace("(.min)?", "(?:.min)?")
    pattern = re.sub(r"(\[\^?(?:[^\]\\]|\\.)+\]|\\[wdsS]|\.)\*", r"\1{0,120}", pattern)
    pattern = re.sub(r"(\[\^?(?:[^\]\\]|\\.)+\]|\\[wdsS]|\.)\+", r"\1{1,120}", pattern)
    return None if problem(pattern) else pattern


if __name__ == "__main__":
    main()

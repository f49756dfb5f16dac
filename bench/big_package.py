"""Builds the benchmark's large package, unsigned, in .cache/bench: six dex files of about 45 MB.

Four come from the pinned SDK and tool jars dexed together, two are those of the Yosemite package.  Needs a Java
runtime and ``make corpus``; dexing takes some minutes, once.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / ".cache" / "corpus"
OUT = ROOT / ".cache" / "bench"
JARS = ("jcore", "jpush", "janalytics", "jverification", "baidu-lbs", "wechat-sdk", "qq-open-sdk", "mta-sdk",
        "android-support-v4", "drozer-agent", "bundletool", "d8", "baksmali", "smali")  # fmt: skip


def build() -> Path:
    """Return the package, building it when it is not there."""
    package = OUT / "big.apk"
    if package.is_file():
        return package
    OUT.mkdir(parents=True, exist_ok=True)
    merged = OUT / "merged.jar"
    _merge(merged)
    dexed = OUT / "dex"
    shutil.rmtree(dexed, ignore_errors=True)
    dexed.mkdir()
    subprocess.run(
        [
            "java",
            "-Xmx8g",
            "-cp",
            str(_only("d8")),
            "com.android.tools.r8.D8",
            "--min-api",
            "26",
            "--thread-count",
            "1",
            "--lib",
            str(_only("android-jar")),
            "--output",
            str(dexed),
            str(merged),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    application = zipfile.ZipFile(_only("yosemite"))
    temporary = package.with_suffix(".tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("AndroidManifest.xml", application.read("AndroidManifest.xml"))
        archive.writestr("resources.arsc", application.read("resources.arsc"))
        contents = [
            path.read_bytes() for path in sorted(dexed.glob("*.dex"), key=lambda p: (len(p.name), p.name))
        ]
        contents += [application.read(name) for name in ("classes.dex", "classes2.dex")]
        for number, content in enumerate(contents, 1):
            archive.writestr(f"classes{number if number > 1 else ''}.dex", content)
    temporary.replace(package)
    return package


def _only(name: str) -> Path:
    return next(path for path in (CORPUS / name).iterdir() if path.is_file())


def _merge(target: Path) -> None:
    """Join the jars' classes, the first definition of a class counts."""
    seen: set[str] = set()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as out:
        for name in JARS:
            with zipfile.ZipFile(_only(name)) as jar:
                for entry in jar.namelist():
                    wanted = entry.endswith(".class") and not entry.startswith(
                        ("META-INF/", "android/", "java/")
                    )
                    if wanted and not entry.endswith("module-info.class") and entry not in seen:
                        seen.add(entry)
                        out.writestr(entry, jar.read(entry))


if __name__ == "__main__":
    print(build(), file=sys.stdout)

"""Compares readers of Android packages: androguard, apk-info, apkInspector, pyaxmlparser, ours.

Two tables.  The first asks each for the package name: of every pinned application, of the damaged fixture packages, and
of packages whose manifest was damaged at random, where the platform's own parser (``aapt``) says what Android reads.  A
reader is right when it gives the same name or refuses with it; *wrong* counts other answers, *hung* more than 20 s for
one package.  The second asks for everything a review needs of the largest packages: sha256, manifest, components, all
strings by locale, and certificates with the signatures verified where the reader can.

Peers are installed only here (``pip install apk-info apkInspector pyaxmlparser``); one that is missing is left out.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import build_broken  # noqa: E402 - lives in tools/

RANDOM_CASES = 300
PER_PACKAGE_SECONDS = 20
FAULT = re.compile(rb"Bad XML|ResXMLTree_node|Bad string block: (?!string #)", re.IGNORECASE)

NAME_OF = {
    "ours": """
from pathlib import Path
from scanner.collect.app.archive import Archive
from scanner.collect.app.manifest import Manifest
def ask(path):
    with Archive(Path(path)) as archive:
        return Manifest(archive.read("AndroidManifest.xml"), None).package
""",
    "androguard": """
from loguru import logger
logger.remove()
from androguard.core.apk import APK
def ask(path): return APK(path).get_package()
""",
    "apk-info": """
from apk_info import APK
def ask(path): return APK(path).get_package_name()
""",
    "apkInspector": """
import re
from apkInspector.axml import parse_apk_for_manifest
def ask(path): return re.search(r'package="([^"]+)"', str(parse_apk_for_manifest(path))).group(1)
""",
    "pyaxmlparser": """
from pyaxmlparser import APK
def ask(path): return APK(path).package
""",
}
EVERYTHING_OF = {
    "ours": """
from pathlib import Path
from scanner.collect.app.archive import Archive
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.resources import Resources
from scanner.collect.app.signing import read_signing
def ask(path):
    with Archive(Path(path)) as archive:
        archive.sha256()
        has = "resources.arsc" in archive.entries
        resources = Resources(archive.read("resources.arsc")) if has else None
        manifest = Manifest(archive.read("AndroidManifest.xml"), resources)
        components = len(list(manifest.components()))
        strings = sum(1 for _ in resources.strings()) if resources else 0
        signing = read_signing(archive, manifest.min_sdk or 1, manifest.effective_target)
        return [components, strings, len(signing.certificates), signing.verified]
""",
    "androguard": """
import hashlib
from loguru import logger
logger.remove()
from androguard.core.apk import APK
def ask(path):
    with open(path, "rb") as file:
        hashlib.file_digest(file, "sha256")
    apk = APK(path)
    components = sum(len(f()) for f in (apk.get_activities, apk.get_services, apk.get_receivers, apk.get_providers))
    table, strings = apk.get_android_resources(), 0
    if table:
        strings = sum(len(v) for p in table.get_resolved_strings().values() for v in p.values())
    return [components, strings, len(apk.get_certificates()), None]
""",
    "apk-info": """
import hashlib
from apk_info import APK
def ask(path):
    with open(path, "rb") as file:
        hashlib.file_digest(file, "sha256")
    apk = APK(path)
    parts = (apk.get_activities, apk.get_services, apk.get_receivers, apk.get_providers)
    return [sum(len(list(f())) for f in parts), None, len(list(apk.get_signatures())), None]
""",
}
FRAME = """
import json, resource, signal, sys
%s
class Hung(BaseException): pass
def stop(*_): raise Hung
signal.signal(signal.SIGALRM, stop)
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
answers, start, base = {}, cpu(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.stdin.read().split("\\n"):
    signal.alarm(%d)
    before = cpu()
    try:
        answers[path] = ask(path)
    except (Exception, SystemExit) as error:
        answers[path] = "!" + type(error).__name__
    except BaseException as error:
        answers[path] = "!!" + type(error).__name__
    signal.alarm(0)
    answers[path] = [answers[path], cpu() - before]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("\\n" + json.dumps({"cpu": cpu() - start, "extra": (peak - base) / 1024, "answers": answers}))
"""


def run(code: str, paths: Sequence[Path]) -> dict[str, object] | str:
    """Run one reader over ``paths`` in its own process; a string says why it could not run."""
    done = subprocess.run(
        [sys.executable, "-c", FRAME % (code, PER_PACKAGE_SECONDS)],
        input="\n".join(map(str, paths)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or [f"died with {done.returncode}"])[-1][:90]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


def random_packages(folder: Path) -> list[Path]:
    """Write packages whose manifest is damaged in one to three places, always the same ones."""
    chooser = random.Random(20261124)
    clean = build_broken.data_of(build_broken.MANIFEST)
    found = []
    for number in range(RANDOM_CASES):
        manifest = bytearray(clean)
        for _ in range(chooser.randint(1, 3)):
            place = chooser.randrange(0, len(manifest) - 4) & ~1
            value = chooser.choice([0, 1, 4, 16, 20, 28, 0x102, 0x103, 0x7777, 0xFFFC, 0xFFFF])
            struct.pack_into("<H", manifest, place, value)
        if number % 10 == 0:
            del manifest[chooser.randrange(100, len(manifest)) & ~3 :]
        path = folder / f"{number:03}.apk"
        path.write_bytes(build_broken.archive(build_broken.changed({build_broken.MANIFEST: bytes(manifest)})))
        found.append(path)
    return found


def android_reads(path: Path) -> str | None:
    """Return the package name the platform's parser reads, None when it refuses the file or finds it at fault.

    ``aapt`` prints what stands in front of a fault; a device does not install such a package.
    """
    done = subprocess.run(["aapt", "dump", "badging", str(path)], capture_output=True, check=False)
    if done.returncode < 0 or FAULT.search(done.stderr):
        return None
    line = done.stdout.decode("utf-8", "replace").partition("\n")[0]
    return line.split("'")[1] or None if line.startswith("package: name='") else None


def fixture(name: str) -> Path:
    """Return the path of a damaged fixture package."""
    return ROOT / "fixtures" / "apks" / "broken" / f"{name}.apk"


def intended(case: build_broken.Case) -> str | None:
    """Return the package name a reader should give for a damaged fixture, None where it should refuse."""
    return None if case.outcome == "refuse" else "cn.qinghe.notes"


def judge(answers: Mapping[str, Sequence[object]], truth: Mapping[Path, str | None]) -> tuple[int, int, int]:
    """Return how many answers are right, wrong, and how many packages hung the reader."""
    right = hung = 0
    for path, expected in truth.items():
        answer = str(answers[str(path)][0] or "!")
        hung += answer == "!!Hung"
        right += answer == expected or (expected is None and answer.startswith("!") and answer != "!!Hung")
    return right, len(truth) - right - hung, hung


def names_table(truths: Sequence[tuple[str, Mapping[Path, str | None]]]) -> None:
    """Print right/wrong/hung per group, CPU seconds and memory for each reader."""
    heads = "".join(f"{f'{name} ({len(truth)})':>24}" for name, truth in truths)
    print(f"{'package name':14}{heads}{'CPU s':>9}{'MB':>7}")
    for reader, code in NAME_OF.items():
        found = run(code, [path for _, truth in truths for path in truth])
        if isinstance(found, str):
            print(f"{reader:14} not run: {found}")
            continue
        cells = (judge(found["answers"], truth) for _, truth in truths)  # type: ignore[arg-type]
        texts = "".join(f"{f'{right} / {wrong} / {hung}':>24}" for right, wrong, hung in cells)
        print(f"{reader:14}{texts}{found['cpu']:9.2f}{found['extra']:7.0f}")


def everything_table(paths: Sequence[Path]) -> None:
    """Print CPU seconds per package for everything a review needs, and what was found."""
    print(f"\n{'everything':14}" + "".join(f"{path.stem[:24]:>26}" for path in paths) + f"{'MB':>7}")
    for reader, code in EVERYTHING_OF.items():
        found = run(code, paths)
        if isinstance(found, str):
            print(f"{reader:14} not run: {found}")
            continue
        answers: Mapping[str, Sequence[object]] = found["answers"]  # type: ignore[assignment]
        cells = (f"{answers[str(p)][1]:.2f} s {answers[str(p)][0]}".replace("None", "-") for p in paths)
        print(f"{reader:14}" + "".join(f"{cell:>26}" for cell in cells) + f"{found['extra']:7.0f}")
    print("(components, strings, certificates, signatures verified)")


def main() -> int:
    """Run all readers on all packages and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--largest", type=int, default=4, help="packages in the second table")
    options = parser.parse_args()
    real = sorted((ROOT / ".cache" / "corpus").glob("*/*.apk"))
    with tempfile.TemporaryDirectory() as folder:
        damaged = random_packages(Path(folder))
        names_table(
            [
                ("real", {path: android_reads(path) for path in real}),
                (
                    "damaged fixtures",
                    {fixture(name): intended(case) for name, case in build_broken.CASES.items()},
                ),
                ("damaged at random", {path: android_reads(path) for path in damaged}),
            ]
        )
    everything_table(sorted(real, key=lambda path: path.stat().st_size)[-options.largest :])
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Compares parsers of binary manifests on real and damaged packages: androguard, apk-info, apkInspector, pyaxmlparser, ours.

For each: on how many packages the package name is read rightly, how many end in an error, how many break (an exception
the library does not document), and CPU seconds.  Peers are installed only here: ``pip install apk-info apkInspector
pyaxmlparser``; one that is missing is left out.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = {
    "ours": "from pathlib import Path\nfrom scanner.collect.app.archive import Archive\nfrom scanner.collect.app.manifest import Manifest\n"
    "def name(p):\n    with Archive(Path(p)) as a:\n        return Manifest(a.read('AndroidManifest.xml'), None).package",
    "androguard": "from loguru import logger\nlogger.remove()\nfrom androguard.core.apk import APK\ndef name(p): return APK(p).get_package()",
    "apk-info": "from apk_info import APK\ndef name(p): return APK(p).get_package_name()",
    "apkInspector": "import io\nfrom apkInspector.headers import ZipEntry\nfrom apkInspector.axml import parse_apk_for_manifest\nimport re\n"
    'def name(p):\n    text = parse_apk_for_manifest(p)\n    return re.search(r\'package="([^"]+)"\', text if isinstance(text, str) else str(text)).group(1)',
    "pyaxmlparser": "from pyaxmlparser import APK\ndef name(p): return APK(p).package",
}
FRAME = """
import json, resource, sys
%s
def cpu():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime
before, results = cpu(), {}
for path in sys.argv[1:]:
    try:
        results[path] = name(path)
    except BaseException as error:
        results[path] = "!" + type(error).__name__
print(json.dumps({"cpu": cpu() - before, "results": results}))
"""


def main() -> int:
    """Run all parsers on all packages and print the table."""
    import json  # noqa: PLC0415 - used with the frame's output only

    sys.path.insert(0, str(ROOT / "tools"))
    import build_broken  # noqa: PLC0415 - lives in tools/

    real = sorted(p for p in (ROOT / ".cache" / "corpus").glob("*/*.apk"))
    broken = {n: ROOT / "fixtures" / "apks" / "broken" / f"{n}.apk" for n in build_broken.CASES}
    readable = [str(path) for n, path in broken.items() if build_broken.CASES[n].outcome != "refuse"]
    refused = [str(path) for n, path in broken.items() if build_broken.CASES[n].outcome == "refuse"]
    print(
        f"{'':14}{'real ' + str(len(real)):>10}{'damaged ' + str(len(readable)):>12}{'refuse ' + str(len(refused)):>12}{'CPU s':>9}"
    )
    reference: dict[str, str] = {}
    for parser, code in CASES.items():
        paths = [str(p) for p in real] + readable + refused
        done = subprocess.run(
            [sys.executable, "-c", FRAME % code, *paths], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            print(f"{parser:14} not run: {(done.stderr.strip().splitlines() or ['?'])[-1][:90]}")
            continue
        outcome = json.loads(done.stdout.splitlines()[-1])
        results = outcome["results"]
        reference = reference or results
        right = sum(
            results[str(p)] == reference[str(p)] and not str(results[str(p)]).startswith("!") for p in real
        )
        read = sum(results[p] == "cn.qinghe.notes" for p in readable)
        refuse = sum(str(results[p]).startswith("!") or not results[p] for p in refused)
        print(f"{parser:14}{right:10}{read:12}{refuse:12}{outcome['cpu']:9.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

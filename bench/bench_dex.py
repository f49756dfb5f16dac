"""Compares, in one run on the same 6-dex package: this engine, androguard's AnalyzeAPK, and the DexKit core (dexllm).

Each runs in its own process; CPU is user plus system time, memory the peak resident set.  ``python bench/bench_dex.py
[--rounds N] [--no-androguard]`` prints a table and writes .cache/bench/dex.json; ``--stages`` prints what each stage of a
scan costs instead, from the steps it tells its observer.  Needs ``make corpus`` and Java.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from big_package import OUT, build

ENGINE = """
import zipfile
from scanner.dex import CallGraph, Member, call_sites, open_dex
archive = zipfile.ZipFile(path)
names = sorted((n for n in archive.namelist() if n.endswith(".dex")), key=lambda n: (len(n), n))
content = [(n, archive.read(n)) for n in names]
mark()
members = [Member(*m) for m in json.load(open(sys.argv[2]))]
dex = open_dex(content)
graph = CallGraph(dex)
found = len(call_sites(dex, members))
"""
INFLATE = """
import zipfile
archive = zipfile.ZipFile(path)
mark()
found = sum(len(archive.read(n)) for n in archive.namelist() if n.endswith(".dex"))
"""
DEXKIT = """
wanted = {(m[0], m[1]) for m in json.load(open(sys.argv[2]))}
import dexllm
mark()
kit = dexllm.DexKit(path)
found = 0
for reference in kit.list_external_method_refs():
    owner, _, rest = reference.descriptor.partition("->")
    if (owner, rest.partition("(")[0]) in wanted:
        found += len(kit.find_call_sites_to(reference.descriptor))
"""
ANDROGUARD = """
from loguru import logger
logger.remove()
from androguard.misc import AnalyzeAPK
mark()
apk, files, analysis = AnalyzeAPK(path)
found = sum(1 for _ in analysis.get_methods())
"""
STAGES = """
times, last = {}, ["interpreter", 0.0]
def stage(name):
    now = usage()
    times[last[0]] = times.get(last[0], 0.0) + now - last[1]
    last[:] = name, now
stage("imports")
from datetime import UTC, datetime
import scanner.cli.scan, scanner.collect.app.collect, scanner.collect.policy.attach, scanner.packload
from reports import render
from scanner.assess import assess
from scanner.collect import collect
from scanner.context import CollectOptions
class Watch:
    def step(self, name, done=0, total=0):
        stage(name)
stage("rule pack")
pack = scanner.packload.load_pack()
facts = collect(path, CollectOptions(observer=Watch()))
stage("rules")
assessment = assess(facts, pack, scanner.packload.profile_for(pack, "app", None), now=datetime(2026, 11, 24, tzinfo=UTC), tool_version="bench")
stage("report")
found = len(render("json", assessment, facts, pack, "zh"))
stage("")
print(json.dumps(times))
"""
FRAME = """
import resource, sys, json
path = sys.argv[1]
def usage():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime
started = [0.0]
def mark():
    started[0] = usage()
%s
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"cpu": usage() - started[0], "process_cpu": usage(), "peak_kb": peak, "found": found}))
"""


def run(body: str, package: Path) -> dict[str, float]:
    """Run one contestant once and return its figures."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["OMP_NUM_THREADS"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", FRAME % body, str(package), str(OUT / "members.json")],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def write_members() -> None:
    """Write the catalogue's methods for the contestants, so that none of them pays for reading it."""
    from scanner import catalogue

    methods = [(s.descriptor, s.name, s.args) for s in catalogue.sources() if s.kind == "method"]
    (OUT / "members.json").write_text(json.dumps(methods), encoding="utf-8")


def scan(package: Path) -> dict[str, float]:
    """Run the whole command once and return its figures."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    body = (
        "from scanner.cli import main\nmark()\n"
        "try:\n    main(['scan', path, '-f', 'json', '-o', path + '.json', '--fail-on', 'never', '--now', '2026-11-24'])\n"
        "except SystemExit as stop:\n    found = stop.code or 0\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", FRAME % body, str(package)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    result["cpu"] = result["process_cpu"]
    return result


def stages(package: Path, rounds: int) -> None:
    """Print the CPU seconds of each stage of a scan, the median of the rounds."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["OMP_NUM_THREADS"] = "1"
    runs: list[dict[str, float]] = []
    for _ in range(rounds + 1):
        command = [sys.executable, "-c", FRAME % STAGES, str(package)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        runs.append(json.loads(done.stdout.splitlines()[0]))
    inflate = statistics.median(run(INFLATE, package)["cpu"] for _ in range(rounds))
    median = {name: statistics.median(one[name] for one in runs[1:]) for name in runs[0]}
    whole = sum(median.values())
    for name, seconds in [*median.items(), ("whole", whole)]:
        print(f"{name:14}{seconds:8.3f} s{seconds / whole:8.1%}{seconds / inflate:8.1f} x inflate")


def main() -> int:
    """Run all contestants and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--no-androguard", action="store_true")
    parser.add_argument("--stages", action="store_true", help="what each stage of a scan costs")
    options = parser.parse_args()
    package = build()
    if options.stages:
        stages(package, options.rounds)
        return 0
    write_members()
    contestants = {"inflate": INFLATE, "engine": ENGINE, "dexkit": DEXKIT}
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in contestants} | {"scan": []}
    for body in (*contestants.values(), None):
        run(body, package) if body else scan(package)
    for _ in range(options.rounds):
        for name, body in contestants.items():
            figures[name].append(run(body, package))
        figures["scan"].append(scan(package))
    if not options.no_androguard:
        figures["androguard"] = [run(ANDROGUARD, package)]
    table = {
        name: {
            key: statistics.median(r[key] for r in runs) for key in ("cpu", "process_cpu", "peak_kb", "found")
        }
        for name, runs in figures.items()
    }
    print(f"{'':12}{'CPU s':>10}{'process':>10}{'peak MB':>10}{'found':>10}")
    for name, row in table.items():
        print(
            f"{name:12}{row['cpu']:10.3f}{row['process_cpu']:10.3f}{row['peak_kb'] / 1024:10.0f}{row['found']:10.0f}"
        )
    engine, inflate = table["engine"], table["inflate"]
    print(
        f"engine / dexkit: CPU {engine['cpu'] / table['dexkit']['cpu']:.2f}, peak {engine['peak_kb'] / table['dexkit']['peak_kb']:.2f}"
    )
    if "androguard" in table:
        print(f"androguard / engine: CPU {table['androguard']['cpu'] / engine['cpu']:.0f}")
    print(f"scan / inflate: CPU {table['scan']['cpu'] / inflate['cpu']:.1f}")
    (OUT / "dex.json").write_text(json.dumps(table, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

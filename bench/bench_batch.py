"""A batch of real packages and generated variants: rate per hour, where the time goes, growth and memory.

``python bench/bench_batch.py [COUNT]`` (1000 unless told).  The peer in the same run is ``guijian scan`` on the same
packages one after another, which keeps nothing: the difference is the price of isolation and the store, against the
gain of two cores.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / ".cache" / "corpus"
MAX_SIZE = 8 << 20  # larger packages are measured by bench_dex.py; a thousand of them would fill a disk
PEER = 40


def seeds() -> list[Path]:
    """The real packages to vary, small enough to multiply."""
    real = [
        p for p in sorted(CORPUS.rglob("*.apk")) if p.stat().st_size <= MAX_SIZE and zipfile.is_zipfile(p)
    ]
    if not real:
        sys.exit("no packages: run 'make corpus' first")
    return real


def variant(seed: Path, target: Path, number: int) -> None:
    """Copy ``seed`` and add one small entry, so that its digest differs."""
    shutil.copy(seed, target)
    if number:
        with zipfile.ZipFile(target, "a") as package:
            package.writestr(f"assets/variant-{number}.txt", str(number))


def make(folder: Path, count: int) -> None:
    """Fill ``folder`` with ``count`` packages."""
    real = seeds()
    for number in range(count):
        seed = real[number % len(real)]
        variant(seed, folder / f"{number:05d}-{seed.stem}.apk", number // len(real))


def run(folder: Path, work: Path, name: str) -> dict[str, float]:
    """Run a batch over ``folder``; return wall and CPU seconds, peak memory of the driver in MB at half time and end."""
    log = work / f"{name}.log"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    command = [
        sys.executable,
        "-m",
        "scanner",
        "batch",
        "run",
        str(folder),
        "--store",
        str(work / f"{name}.db"),
    ]
    driver = subprocess.Popen(
        [*command, "--log", str(log), "--metrics", str(work / f"{name}.prom")],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    memory: list[tuple[float, float]] = []

    def watch() -> None:
        while driver.poll() is None:
            try:
                text = Path(f"/proc/{driver.pid}/status").read_text()
            except OSError:
                return
            rss = next((line.split()[1] for line in text.splitlines() if line.startswith("VmRSS")), "0")
            memory.append((time.monotonic() - started, int(rss) / 1024))
            time.sleep(0.5)

    watcher = threading.Thread(target=watch)
    watcher.start()
    driver.wait()
    watcher.join()
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    done = [line for line in lines if line["event"] == "done"]
    half = [value for moment, value in memory if moment <= wall / 2]
    return {
        "targets": lines[0]["total"],
        "done": len(done),
        "failed": sum(line["event"] == "failed" for line in lines),
        "wall": wall,
        "cpu": after.ru_utime
        + after.ru_stime
        - before.ru_utime
        - before.ru_stime
        + sum(line["cpu_seconds"] for line in done),
        "collect": sum(line["collect_seconds"] for line in done),
        "assess": sum(line["assess_seconds"] for line in done),
        "memory_half": max(half, default=0.0),
        "memory_end": max((value for _, value in memory), default=0.0),
        "store_mb": (work / f"{name}.db").stat().st_size / 1e6,
    }


def peer(folder: Path) -> float:
    """Seconds per package of ``guijian scan`` on the first packages, one process for all, nothing kept."""
    paths = sorted(folder.glob("*.apk"))[:PEER]
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "scanner",
                "scan",
                *map(str, paths),
                "-f",
                "json",
                "-o",
                f"{out}/",
                "--fail-on",
                "never",
            ],
            cwd=ROOT,
            check=False,
            capture_output=True,
        )
    return (time.monotonic() - started) / len(paths)


def main() -> None:
    """Print the measurements."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        results = []
        for size in (count // 4, count):
            folder = work / str(size)
            folder.mkdir()
            make(folder, size)
            results.append(run(folder, work, f"r{size}"))
        alone = peer(work / str(count))
    for result in results:
        rate = result["targets"] / result["wall"] * 3600
        print(
            f"{result['targets']:.0f} packages: {result['wall']:.1f} s wall, {result['cpu']:.1f} CPU s, "
            f"{rate:.0f} an hour; collect {result['collect']:.1f} s, assess {result['assess']:.1f} s; "
            f"failed {result['failed']:.0f}; driver {result['memory_half']:.0f} MB at half time, "
            f"{result['memory_end']:.0f} MB at the end; store {result['store_mb']:.1f} MB"
        )
    small, large = results
    growth = (large["cpu"] / large["targets"]) / (small["cpu"] / small["targets"])
    print(f"CPU per package, {large['targets']:.0f} against {small['targets']:.0f}: {growth:.2f} times")
    print(
        f"guijian scan, one after another: {alone:.2f} s a package; "
        f"the batch: {large['wall'] / large['targets']:.2f} s a package"
    )


if __name__ == "__main__":
    main()

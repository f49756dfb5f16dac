"""Write ``rules/data/sdk_structure.npz``: what renaming leaves of the SDKs and libraries of the pinned corpus.

``python tools/build_sdk_structure.py`` after ``make corpus``; needs a Java runtime.  Every binary of the groups
``apps`` and ``sdks`` is read (jars through D8), each class goes to the SDK whose package prefix it has, and the
tokens of its classes (:mod:`scanner.dex.tokens`: hashes of strings and of sets of system calls, no code) are kept
when no other SDK, no program of the corpus and not the Android framework has them.  Tokens that several SDKs have are
kept as shared: they are neutral.  At most ``LIMIT`` tokens of each are stored, chosen by their value, that is, evenly.
"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from fetch_corpus import CACHE, load

from scanner import catalogue
from scanner.collect.app.origin import Prefixes, sdk_prefixes
from scanner.collect.app.structure import FILE, SHARED, Known, make_known
from scanner.dex import Dex, DexError, open_dex
from scanner.dex.tokens import MIN_STRING, tokens, tokens_of

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "rules" / "data" / FILE
LIMIT = {"sdk": 5000, "library": 4000}
BACKGROUND_JARS = ("android-jar", "d8", "bundletool", "smali", "baksmali")
SECONDS = 900


def dexes(path: Path) -> Dex | None:
    """Return the program in a package or jar (dexed when it holds class files); None when there is none."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        found = [n for n in names if n.startswith("classes") and n.endswith(".dex")]
        sources = [(n, archive.read(n)) for n in sorted(found, key=lambda n: (len(n), n))]
    if not sources and any(n.endswith(".class") for n in names):
        sources = [(path.name, dex) for dex in dex_of([path])]
    try:
        return open_dex(sources)
    except DexError:
        return None


def dex_of(jars: Sequence[Path]) -> list[bytes]:
    """Return the dex files that D8 makes of ``jars``."""
    java = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx2g", "-cp", CACHE / "d8" / "d8.jar")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.zip"
        command = [*java, "com.android.tools.r8.D8", "--min-api", "21", "--lib",
                   CACHE / "android-jar" / "android.jar", "--output", out, *jars]  # fmt: skip
        subprocess.run([str(c) for c in command], check=True, timeout=SECONDS, capture_output=True)
        with zipfile.ZipFile(out) as archive:
            return [archive.read(n) for n in sorted(archive.namelist(), key=lambda n: (len(n), n))]


def owned(dex: Dex, prefixes: Prefixes) -> dict[str, set[int]]:
    """Return the tokens of each SDK's classes; those of other classes under the empty id."""
    found = tokens(dex)
    owners = [origin.id if (origin := prefixes.find(name)) else "" for name in dex.class_names]
    result: dict[str, set[int]] = defaultdict(set)
    for place, token in zip(found.place.tolist(), found.token.tolist(), strict=True):
        result[owners[place]].add(token)
    return result


def jar_strings(path: Path) -> Iterator[str]:
    """Yield the texts in the constant pools of the classes of a jar."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith(".class"):
                yield from _pool(archive.read(name))


def _pool(data: bytes) -> Iterator[str]:
    """Yield the Utf8 constants of a class file (Java Virtual Machine Specification, 4.4)."""
    sizes = {
        3: 4,
        4: 4,
        5: 8,
        6: 8,
        7: 2,
        8: 2,
        9: 4,
        10: 4,
        11: 4,
        12: 4,
        15: 3,
        16: 2,
        17: 4,
        18: 4,
        19: 2,
        20: 2,
    }
    (count,) = struct.unpack_from(">H", data, 8)
    at, index = 10, 1
    while index < count:
        tag = data[at]
        if tag == 1:
            (length,) = struct.unpack_from(">H", data, at + 1)
            yield data[at + 3 : at + 3 + length].decode("utf-8", "replace")
            at += 3 + length
        else:
            at += 1 + sizes[tag]
        index += 2 if tag in {5, 6} else 1


def background() -> set[int]:
    """Return the tokens of the framework's and the build tools' strings."""
    texts: set[str] = set()
    for name in BACKGROUND_JARS:
        for path in (CACHE / name).glob("*.jar"):
            texts.update(jar_strings(path))
    return set(tokens_of([text for text in texts if len(text) >= MIN_STRING]).tolist())


def collect(skip: Iterable[str] = ()) -> tuple[dict[str, set[int]], set[int]]:
    """Return the tokens by SDK of the corpus without the members ``skip``, and those of everything else."""
    prefixes = Prefixes(sdk_prefixes(catalogue.sdks().values()))
    found: dict[str, set[int]] = defaultdict(set)
    members = [m for archive in load() for m in archive.members if {"apps", "sdks"} & set(m.groups)]
    for member in members:
        if member.id in set(skip) or member.target().suffix == ".dex":
            continue
        dex = dexes(member.target())
        for name, own in (owned(dex, prefixes) if dex is not None else {}).items():
            found[name] |= own
    rest = found.pop("", set()) | background()
    return found, rest


def build(found: dict[str, set[int]], rest: set[int]) -> Known:
    """Return the tokens that tell SDKs apart."""
    seen: dict[int, int] = defaultdict(int)
    for own in found.values():
        for token in own:
            seen[token] += 1
    ids = sorted(found)
    pairs: list[tuple[int, int]] = []
    rate: list[float] = []
    for number, name in enumerate(ids):
        alone = sorted(t for t in found[name] if seen[t] == 1 and t not in rest)
        kept = alone[: LIMIT["library" if catalogue.sdks()[name].is_library else "sdk"]]
        rate.append(len(kept) / max(1, len(alone)))
        pairs += [(t, number) for t in kept]
    shared = sorted(t for t, count in seen.items() if count > 1 or t in rest)
    pairs += [(t, SHARED) for t in shared]
    pairs.sort()
    token = np.array([t for t, _ in pairs], dtype=np.uint64)
    return make_known(
        token, np.array([n for _, n in pairs], dtype=np.uint16), ids, np.array(rate, dtype=np.float32)
    )


def write(known: Known, target: Path) -> None:
    """Write ``known``, the sorted tokens as the differences of neighbours."""
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        step=np.diff(known.token, prepend=np.uint64(0)),
        sdk=known.sdk,
        rate=known.rate,
        ids=np.array(known.ids),
    )
    target.write_bytes(stream.getvalue())


def main() -> int:
    """Build and write the file; prints what it holds."""
    found, rest = collect()
    known = build(found, rest)
    write(known, TARGET)
    for name, total in zip(known.ids, known.total.tolist(), strict=True):
        print(f"{name:28} {total:6} of {len(found[name]):6}")
    print(f"{len(known.token)} tokens, {TARGET.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

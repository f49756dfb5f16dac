"""Build the fixture packages from their text sources: ``python tools/build_fixtures.py [NAME ...]``.

``fixtures/apks/clean`` is a whole small application. Every other folder with a ``fixture.toml`` is a family:
its ``[bad]`` and ``[good]`` tables (or ``[apk]`` for a single one) say how that package differs from the clean
one, so that a rule meets one difference at a time. Files are layered: ``clean``, ``patterns/<name>`` for each
named pattern, ``<family>/common``, ``<family>/<variant>``; a file of a later layer replaces the earlier one of
the same path. Then:

without       names of parts to cut; a part stands between ``part:NAME`` and ``/part`` comments
strings       string resources that replace or add to those of the layers
permissions   ``<uses-permission>`` entries to add; ``drop_permissions`` to remove (``"*"`` for all)
attributes    ``"element[name]@attribute" = "value"`` changes of the manifest (name only where several exist)
application   XML added inside ``<application>``; ``manifest`` XML added inside ``<manifest>``
sdks          folders of ``sdk-stubs`` compiled in
policy        paragraph added to the policy on what is collected; ``policy_sdk`` on third parties
signing       ``key`` (release, debug, weak) and ``schemes`` (v1, v2, v3)

``src2`` is compiled into ``classes2.dex`` of its own. Steps: aapt, javac, D8, a ZIP with fixed times and order,
zipalign, apksigner with the committed RSA keys (PKCS #1 v1.5: no randomness). The same tools give the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
APKS = ROOT / "fixtures" / "apks"
CORPUS = ROOT / ".cache" / "corpus"
ANDROID_JAR = CORPUS / "android-jar" / "android.jar"
D8_JAR = CORPUS / "d8" / "d8.jar"
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
NAMESPACE = "http://schemas.android.com/apk/res/android"
MOMENT = (2020, 1, 1, 0, 0, 0)
VARIANTS = ("bad", "good", "apk")
SECONDS = 300
JAVA = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx600m")
# Anything that selects the machine's language or zone could change messages or times in outputs.
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", "SOURCE_DATE_EPOCH": "1577836800"}


class BuildError(Exception):
    """A source or a tool is at fault; the message says which and how."""


def tools_missing() -> list[str]:
    """What is missing on this machine to build packages, as words for a message; empty if nothing."""
    programs = [name for name in ("aapt", "javac", "java", "zipalign", "apksigner") if not shutil.which(name)]
    files = [str(path.name) for path in (ANDROID_JAR, D8_JAR, FRAMEWORK) if not path.is_file()]
    return programs + files


def run(*command: str | Path) -> None:
    """Run a tool.

    Raises:
        BuildError: with the end of its output, if it fails.
    """
    words = [str(word) for word in command]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=SECONDS, check=False, env=ENVIRONMENT
    )
    if done.returncode != 0:
        raise BuildError(f"{words[0]} failed:\n{(done.stdout + done.stderr)[-3000:]}")


def families() -> dict[str, dict[str, Any]]:
    """Every ``fixture.toml`` by folder name."""
    return {
        path.parent.name: tomllib.loads(path.read_text("utf-8"))
        for path in sorted(APKS.glob("*/fixture.toml"))
    }


def packages() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Package name (``location.bad``) to family, variant and its table."""
    found = {}
    for family, table in families().items():
        for variant in VARIANTS:
            if variant in table:
                name = family if variant == "apk" else f"{family}.{variant}"
                found[name] = (family, variant, table[variant])
    return found


def layers(family: str, variant: str, table: dict[str, Any]) -> list[Path]:
    """The source folders of one package, in the order in which they override each other."""
    patterns = [APKS / "patterns" / name for name in table.get("patterns", [])]
    for folder in patterns:
        if not folder.is_dir():
            raise BuildError(f"{family}: no pattern {folder.name}")
    own = [APKS / family / "common", APKS / family / variant] if family != "clean" else []
    return [APKS / "clean", *patterns, *(folder for folder in own if folder.is_dir())]


MARK = re.compile(r"^[ \t]*(?:<!--|//) (?:part:([\w-]+)|(/part))(?: -->)?[ \t]*\n", re.M)


def cut_parts(text: str, without: Iterable[str]) -> str:
    """Remove the named parts and, everywhere, the marks of the others. Parts nest.

    Raises:
        BuildError: if a mark has no partner.
    """
    cut = set(without)
    kept: list[str] = []
    stack: list[bool] = []
    position = 0
    for mark in MARK.finditer(text):
        if not any(stack):
            kept.append(text[position : mark.start()])
        position = mark.end()
        if mark.group(1):
            stack.append(mark.group(1) in cut)
        elif stack:
            stack.pop()
        else:
            raise BuildError("a part ends that was not begun")
    if stack:
        raise BuildError("a part is not ended")
    kept.append(text[position:])
    return "".join(kept)


def lay_out(stage: Path, family: str, variant: str, table: dict[str, Any]) -> None:
    """Copy the layers into ``stage`` and apply the cuts and the policy's additions."""
    for layer in layers(family, variant, table):
        shutil.copytree(layer, stage, dirs_exist_ok=True, ignore=shutil.ignore_patterns("fixture.toml"))
    for path in [*stage.rglob("*.xml"), *stage.rglob("*.java"), *stage.rglob("*.html")]:
        try:
            text = cut_parts(path.read_text("utf-8"), table.get("without", []))
        except BuildError as error:
            raise BuildError(f"{path.relative_to(stage)}: {error}") from error
        for mark, key in (("<!-- extra -->", "policy"), ("<!-- extra-sdk -->", "policy_sdk")):
            added = f"<p>{table[key]}</p>" if key in table else ""
            text = text.replace(f"{mark}\n", added and f"{added}\n")
        path.write_text(text, "utf-8")
    for name in table.get("delete", []):
        (stage / name).unlink()


def with_strings(stage: Path, strings: dict[str, str]) -> None:
    """Put the string resources of the table in an overlay folder."""
    rows = [f'    <string name="{name}">{value}</string>\n' for name, value in strings.items()]
    folder = stage / "overlay" / "values"
    folder.mkdir(parents=True)
    head = '<?xml version="1.0" encoding="utf-8"?>\n<resources>\n'
    (folder / "strings.xml").write_text(f"{head}{''.join(rows)}</resources>\n", "utf-8")


TARGET = re.compile(r"^([\w-]+)(?:\[([\w.]+)\])?@([\w]+)$")


def edit_manifest(path: Path, table: dict[str, Any]) -> None:
    """Apply the manifest changes of the table.

    Raises:
        BuildError: if an attribute path finds no element.
    """
    ET.register_namespace("android", NAMESPACE)
    tree = ET.parse(path)
    root = tree.getroot()
    name = f"{{{NAMESPACE}}}name"
    drop = set(table.get("drop_permissions", []))
    for element in root.findall("uses-permission"):
        if "*" in drop or element.get(name) in drop:
            root.remove(element)
    for permission in table.get("permissions", []):
        root.insert(1, ET.Element("uses-permission", {name: permission}))
    application = root.find("application")
    if application is None:
        raise BuildError(f"{path.name} has no <application>")
    for key, parent in (("manifest", root), ("application", application)):
        wrapped = f'<x xmlns:android="{NAMESPACE}">{table.get(key, "")}</x>'
        parent.extend(list(ET.fromstring(wrapped)))
    for target, value in table.get("attributes", {}).items():
        match = TARGET.match(target)
        tag, wanted, attribute = match.groups() if match else ("", None, "")
        fitting = [e for e in root.iter(tag) if wanted is None or e.get(name) == wanted]
        if len(fitting) != 1:
            raise BuildError(f"attribute {target!r} fits {len(fitting)} elements, not one")
        if value == "":
            fitting[0].attrib.pop(f"{{{NAMESPACE}}}{attribute}", None)
        else:
            fitting[0].set(f"{{{NAMESPACE}}}{attribute}", value)
    ET.indent(tree)
    tree.write(path, "utf-8", xml_declaration=True)


def compile_java(sources: Sequence[Path], classes: Path, classpath: Sequence[Path]) -> None:
    """Compile with the language level and the libraries of an Android project of the time."""
    classes.mkdir()
    path = ":".join(str(entry) for entry in classpath)
    flags = ["--release", "8", "-encoding", "UTF-8", "-nowarn", "-Xlint:none", "-g:none", "-proc:none"]
    heap = [f"-J{flag}" for flag in JAVA]
    run("javac", *heap, *flags, "-cp", path, "-d", classes, *sorted(sources))


def make_dex(classes: Path, target: Path, min_api: int, classpath: Path) -> None:
    """Turn a folder of classes into one dex file."""
    with tempfile.TemporaryDirectory(dir=classes.parent) as scratch:
        inputs = [str(path) for path in sorted(classes.rglob("*.class"))]
        heap: list[str | Path] = [
            *JAVA,
            "-cp",
            D8_JAR,
            "com.android.tools.r8.D8",
            "--release",
            "--thread-count",
            "1",
        ]
        libraries: list[str | Path] = [
            "--min-api",
            str(min_api),
            "--lib",
            ANDROID_JAR,
            "--classpath",
            classpath,
        ]
        run("java", *heap, *libraries, "--output", scratch, *inputs)
        (Path(scratch) / "classes.dex").replace(target)


def api_stubs(work: Path) -> Path:
    """Compile the declarations of framework methods newer than android.jar (compile time only)."""
    classes = work / "api-stubs"
    compile_java(list((APKS / "api-stubs").rglob("*.java")), classes, [ANDROID_JAR])
    return classes


def link_resources(stage: Path) -> Path:
    """Run aapt; returns the archive with the binary manifest and resources, and writes R.java to ``gen``."""
    (stage / "gen").mkdir()
    linked = stage / "linked.zip"
    overlay: list[str | Path] = ["-S", stage / "overlay"] if (stage / "overlay").is_dir() else []
    assets: list[str | Path] = ["-A", stage / "assets"] if (stage / "assets").is_dir() else []
    run("aapt", "package", "-f", "-m", "--no-version-vectors", "--auto-add-overlay", "-J", stage / "gen",
        "-M", stage / "AndroidManifest.xml", *overlay, "-S", stage / "res", *assets, "-I", FRAMEWORK,
        "-F", linked)  # fmt: skip
    return linked


def write_archive(target: Path, linked: Path, dexes: Sequence[Path]) -> None:
    """Write the unsigned package: fixed order, fixed times, resources.arsc stored as Android wants it."""
    entries: dict[str, bytes] = {}
    with zipfile.ZipFile(linked) as source:
        entries.update({name: source.read(name) for name in source.namelist()})
    entries.update({path.name: path.read_bytes() for path in dexes})
    first = ["AndroidManifest.xml", *(path.name for path in dexes), "resources.arsc"]
    with zipfile.ZipFile(target, "w") as pack:
        for name in [*first, *sorted(set(entries) - set(first))]:
            info = zipfile.ZipInfo(name, MOMENT)
            info.compress_type = zipfile.ZIP_STORED if name == "resources.arsc" else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            pack.writestr(info, entries[name], compresslevel=9)


def der(pem: Path, target: Path) -> Path:
    """Decode a PEM file (RFC 7468)."""
    body = "".join(line for line in pem.read_text("ascii").splitlines() if not line.startswith("-----"))
    target.write_bytes(base64.b64decode(body))
    return target


def sign(unsigned: Path, target: Path, signing: dict[str, Any], work: Path) -> None:
    """Align and sign with a committed key; schemes default to v1, v2 and v3."""
    aligned = work / "aligned.apk"
    run("zipalign", "-f", "4", unsigned, aligned)
    key = signing.get("key", "release")
    key_file = der(APKS / "keys" / f"{key}.key.pem", work / "key.der")
    cert_file = der(APKS / "keys" / f"{key}.cert.pem", work / "cert.der")
    wanted = signing.get("schemes", ["v1", "v2", "v3"])
    switches = [
        f"--{scheme}-signing-enabled={str(scheme in wanted).lower()}" for scheme in ("v1", "v2", "v3", "v4")
    ]
    run("apksigner", "sign", "--key", key_file, "--cert", cert_file, "--v1-signer-name", "CERT", *switches,
        "--out", target, aligned)  # fmt: skip


def build(name: str, target: Path, stubs: Path) -> None:
    """Build one package to ``target``; written whole or not at all.

    Raises:
        BuildError: naming the package and the step.
    """
    family, variant, table = packages()[name]
    with tempfile.TemporaryDirectory(prefix="fixture-") as scratch:
        stage = Path(scratch) / "stage"
        try:
            lay_out(stage, family, variant, table)
            edit_manifest(stage / "AndroidManifest.xml", table)
            if table.get("strings"):
                with_strings(stage, table["strings"])
            linked = link_resources(stage)
            dexes = compile_code(stage, table, stubs)
            unsigned = stage / "unsigned.apk"
            write_archive(unsigned, linked, dexes)
            signed = stage / "signed.apk"
            sign(unsigned, signed, table.get("signing", {}), stage)
        except (BuildError, ET.ParseError, OSError) as error:
            raise BuildError(f"{name}: {error}") from error
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(signed, target.with_suffix(".part"))
        target.with_suffix(".part").replace(target)


def compile_code(stage: Path, table: dict[str, Any], stubs: Path) -> list[Path]:
    """Compile ``src`` with the SDK stand-ins to classes.dex and ``src2``, if there, to classes2.dex."""
    min_api = table.get("min_api", 21)
    sources = [*(stage / "src").rglob("*.java"), *(stage / "gen").rglob("*.java")]
    for sdk in table.get("sdks", []):
        found = list((APKS / "sdk-stubs" / sdk).rglob("*.java"))
        if not found:
            raise BuildError(f"no SDK stand-in {sdk}")
        sources += found
    second = list((stage / "src2").rglob("*.java"))
    path = [stubs, ANDROID_JAR]
    dexes = [stage / "classes.dex"]
    if second:
        compile_java(second, stage / "classes2", path)
        dexes.append(stage / "classes2.dex")
        make_dex(stage / "classes2", dexes[1], min_api, stubs)
        path.append(stage / "classes2")
    compile_java(sources, stage / "classes", path)
    make_dex(stage / "classes", dexes[0], min_api, stubs)
    return dexes


def build_all(names: Sequence[str], folder: Path, jobs: int) -> list[str]:
    """Build the named packages into ``folder``; return one message for each that failed."""
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="fixture-stubs-") as work:
        stubs = api_stubs(Path(work))

        def one(name: str) -> None:
            try:
                build(name, folder / f"{name}.apk", stubs)
            except BuildError as error:
                failures.append(str(error))

        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, names))
    return sorted(failures)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Build the fixture packages from their sources.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="family or package; default: all")
    parser.add_argument("--output", type=Path, default=APKS, help="folder for the packages")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    if missing := tools_missing():
        print(f"build_fixtures: missing: {', '.join(missing)}; run 'make system corpus'", file=sys.stderr)
        return 1
    known = packages()
    names = [
        n for n, (family, _, _) in known.items() if not options.names or {n, family} & set(options.names)
    ]
    if unknown := set(options.names) - set(known) - {family for family, _, _ in known.values()}:
        print(f"build_fixtures: no such fixture: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    with (CORPUS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # nobody may replace the build tools meanwhile
        failures = build_all(names, options.output, options.jobs)
    for failure in failures:
        print(f"build_fixtures: {failure}", file=sys.stderr)
    print(f"build_fixtures: {len(names) - len(failures)} of {len(names)} packages built", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

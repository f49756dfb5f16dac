"""Build the fixture bundle and its split set: ``python tools/build_bundles.py [--output FOLDER]``.

The base module is the committed ``fixtures/apks/contacts.bad.apk``, turned into protobuf form by aapt2; the feature module
``contacts`` comes from the text sources in ``fixtures/inputs/contacts``.  bundletool then makes

notes.aab        the bundle, with a JAR signature as an upload has
notes.apks       its split set as a store delivers it (``splits/…``, several variants)
universal.apk    the same application as one package

All three are signed with the committed release key.  The same tools give the same bytes,
but for the moment of signing in the bundle's JAR signature.
"""

from __future__ import annotations

import argparse
import fcntl
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from build_fixtures import (
    ANDROID_JAR,
    APKS,
    CORPUS,
    FRAMEWORK,
    JAVA,
    MOMENT,
    BuildError,
    api_stubs,
    compile_java,
    make_dex,
    run,
    tools_missing,
)

INPUTS = APKS.parent / "inputs"
BUNDLETOOL = CORPUS / "bundletool" / "bundletool.jar"
AAPT2 = CORPUS / "aapt2" / "aapt2"
OUTPUTS = ("notes.aab", "notes.apks", "universal.apk")
PASSWORD = "pass:fixture"
# Where the files of a package lie in a module of a bundle; other files lie in root/.
KEPT = ("res/", "assets/", "lib/")
MIN_API = 21


def module_path(name: str) -> str | None:
    """Return the place in a module of the file ``name`` of a package, None for what a bundle does not hold."""
    if name == "AndroidManifest.xml":
        return "manifest/AndroidManifest.xml"
    if name.startswith("META-INF/"):
        return None
    if name.endswith(".dex") and "/" not in name:
        return f"dex/{name}"
    return name if name == "resources.pb" or name.startswith(KEPT) else f"root/{name}"


def write_zip(target: Path, entries: dict[str, bytes], names: Sequence[str] = ()) -> None:
    """Write an archive with fixed times, in the order of ``names`` or else sorted."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
        for name in names or sorted(entries):
            pack.writestr(zipfile.ZipInfo(name, MOMENT), entries[name], zipfile.ZIP_DEFLATED)


def to_module(package: Path, target: Path, extra: dict[str, bytes] | None = None) -> None:
    """Turn a package in protobuf form into a module for bundletool."""
    entries = dict(extra or {})
    with zipfile.ZipFile(package) as source:
        for name in source.namelist():
            place = module_path(name)
            if place is not None:
                entries[place] = source.read(name)
    write_zip(target, entries)


def base_module(work: Path) -> Path:
    """Make the base module of a fixture package."""
    run(AAPT2, "convert", "--output-format", "proto", "-o", work / "base.pb.apk", APKS / "contacts.bad.apk")
    to_module(work / "base.pb.apk", work / "base.zip")
    return work / "base.zip"


def feature_module(work: Path) -> Path:
    """Make the feature module from its sources."""
    source = INPUTS / "contacts"
    run(AAPT2, "compile", "--dir", source / "res", "-o", work / "compiled.zip")
    run(AAPT2, "link", "--proto-format", "--exclude-sources", "--package-id", "0x80", "--manifest", source / "AndroidManifest.xml",
        "-I", FRAMEWORK, "-I", APKS / "contacts.bad.apk", "-A", source / "assets", "--java", work / "gen", "--custom-package",
        "cn.qinghe.notes.contacts", "--auto-add-overlay", "-o", work / "contacts.pb.apk",
        work / "compiled.zip")  # fmt: skip
    stubs = api_stubs(work)
    java = [*source.rglob("*.java"), *(work / "gen").rglob("*.java")]
    compile_java(java, work / "classes", [stubs, ANDROID_JAR])
    make_dex(work / "classes", work / "classes.dex", MIN_API, stubs)
    extra = {"dex/classes.dex": (work / "classes.dex").read_bytes()}
    to_module(work / "contacts.pb.apk", work / "contacts.zip", extra)
    return work / "contacts.zip"


def keystore(work: Path) -> list[str]:
    """Put the committed release key into a store; returns bundletool's options for it."""
    store = work / "release.p12"
    keys = APKS / "keys"
    run("openssl", "pkcs12", "-export", "-inkey", keys / "release.key.pem", "-in", keys / "release.cert.pem",
        "-name", "release", "-passout", PASSWORD, "-out", store)  # fmt: skip
    return [f"--ks={store}", "--ks-key-alias=release", f"--ks-pass={PASSWORD}", f"--key-pass={PASSWORD}"]


def build(folder: Path) -> None:
    """Build all three into ``folder``.

    Raises:
        BuildError: naming the tool that failed.
    """
    with tempfile.TemporaryDirectory(prefix="bundle-") as scratch:
        work = Path(scratch)
        modules = ",".join(str(path) for path in (base_module(work), feature_module(work)))
        bundletool: list[str | Path] = ["java", *JAVA, "-jar", BUNDLETOOL]
        run(*bundletool, "build-bundle", f"--modules={modules}", f"--output={work / 'notes.aab'}")
        store = keystore(work)
        run("jarsigner", "-J-Xmx200m", "-keystore", work / "release.p12", "-storepass", PASSWORD[5:],
            "-sigfile", "CERT", work / "notes.aab", "release")  # fmt: skip
        with zipfile.ZipFile(work / "notes.aab") as pack:
            signed = {name: pack.read(name) for name in pack.namelist()}
        write_zip(work / "notes.aab", signed, list(signed))  # jarsigner writes the present time
        common = [f"--bundle={work / 'notes.aab'}", f"--aapt2={AAPT2}", *store]
        run(*bundletool, "build-apks", *common, f"--output={work / 'notes.apks'}")
        run(*bundletool, "build-apks", "--mode=universal", *common, f"--output={work / 'universal.apks'}")
        with zipfile.ZipFile(work / "universal.apks") as pack:
            (work / "universal.apk").write_bytes(pack.read("universal.apk"))
        folder.mkdir(parents=True, exist_ok=True)
        for name in OUTPUTS:
            shutil.copyfile(work / name, folder / name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="Build the fixture bundle and its split set.")
    parser.add_argument("--output", type=Path, default=INPUTS, help="folder for the results")
    options = parser.parse_args(arguments)
    missing = tools_missing() + [path.name for path in (BUNDLETOOL, AAPT2) if not path.is_file()]
    missing += [name for name in ("openssl", "jarsigner") if not shutil.which(name)]
    if missing:
        print(f"build_bundles: missing: {', '.join(missing)}; run 'make system corpus'", file=sys.stderr)
        return 1
    with (CORPUS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)  # nobody may replace the build tools meanwhile
        try:
            build(options.output)
        except BuildError as error:
            print(f"build_bundles: {error}", file=sys.stderr)
            return 1
    print(f"build_bundles: {', '.join(OUTPUTS)} built", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Which packages of a delivery make up the program, in which order, and what is missing or does not belong.

Android installs a base and its splits together only when package name, version code and signers agree
(``ApkLiteParseUtils``, ``PackageInstallerSession``); a part that does not agree is not read here either, and the facts say
what is therefore not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scanner.collect.app.archive import Archive, EntryError
from scanner.collect.app.axml import AxmlError
from scanner.collect.app.declared import Contents, Declared
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.package import SPLIT_PATHS, Part
from scanner.collect.app.signing import read_signing
from scanner.errors import InputError
from scanner.facts import Signing
from scanner.model import Gap, Problem, Text

MAX_PARTS = 400  # each stays open
MAX_ALIKE = 20
MAX_INFLATED = 8 << 30
ABIS = ("arm64", "armeabi", "arm", "x86_64", "x86")
BASES = ("base.apk", "base-master.apk")


@dataclass(slots=True)
class Set:
    """The packages chosen of a delivery by name, those passed over, and what there is to say about it."""

    names: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def left_out(
        self, code: str, where: str, zh: str, en: str, paths: Sequence[str] = SPLIT_PATHS, count: int = 1
    ) -> None:
        """Record that ``where`` was not read, and what is therefore not known."""
        message = Text(zh=f"{where} 未读取：{zh}", en=f"{where} was not read: {en}")
        if self._problem(Problem(code=code, where=where, message=message, count=count)):
            self.gaps.extend(Gap(path=path, code=code, reason=message) for path in paths)

    def note(self, code: str, where: str, zh: str, en: str, count: int = 1) -> None:
        """Record something odd that hides nothing."""
        self._problem(Problem(code=code, where=where, message=Text(zh=zh, en=en), count=count))

    def _problem(self, problem: Problem) -> bool:
        """Keep a problem, or count it with the last of its kind where there are many already."""
        alike = [number for number, known in enumerate(self.problems) if known.code == problem.code]
        if len(alike) < MAX_ALIKE:
            self.problems.append(problem)
            return True
        last = self.problems[alike[-1]]
        self.problems[alike[-1]] = last.model_copy(update={"count": last.count + problem.count})
        return False


def choose(names: Sequence[str], contents: Contents | None, declared: Declared | None) -> Set:
    """Return which of the packages ``names`` to read.

    bundletool puts several forms of one program into an archive: splits for each range of API levels, a universal
    package, standalone ones per device.  The splits for the newest devices are taken, else the universal package, else
    the standalone one for the most common processor.
    """
    chosen = Set()
    names = sorted(names, key=lambda name: name.encode("utf-8", "replace"))
    by_folder = {name: name.partition("/")[0] if "/" in name else "" for name in names}
    splits = [name for name in names if by_folder[name] in {"splits", "asset-slices"}]
    whole = [name for name in names if name.rpartition("/")[2] == "universal.apk"]
    alone = [name for name in names if by_folder[name] in {"standalones", "standalone"}]
    if any(by_folder[name] == "splits" for name in splits):
        taken = _newest(splits, contents)
    elif whole:
        taken = whole[:1]
    elif alone:
        taken = [max(alone, key=_preferred)]
    else:
        taken = list(names)
    kept = set(taken)
    chosen.passed = [name for name in names if name not in kept]
    if chosen.passed:
        shown = ", ".join(taken[:3]) + (" …" if len(taken) > 3 else "")
        chosen.note(
            "variants",
            chosen.passed[0],
            f"同一应用以多种形式提供，读取的是 {shown}；其余 {len(chosen.passed)} 个安装包是同一应用的其他形式",
            f"the application comes in several forms; {shown} was read, the other {len(chosen.passed)} packages are "
            "other forms of it",
            len(chosen.passed),
        )
    if len(taken) > MAX_PARTS:
        rest = len(taken) - MAX_PARTS
        taken = sorted(taken, key=lambda name: name.rpartition("/")[2] not in BASES)[:MAX_PARTS]
        zh, en = (
            f"拆分包超过 {MAX_PARTS} 个，其余 {rest} 个未读",
            f"more than {MAX_PARTS} parts, {rest} not read",
        )
        chosen.left_out("too-many-parts", "splits", zh, en, count=rest)
    for name in declared.parts if declared is not None else ():
        if name not in by_folder:
            chosen.left_out(
                "part-missing",
                name,
                f"{declared.where if declared else ''} 列出但文件中没有",
                "listed by the delivery and not in it",
            )
    chosen.names = taken
    return chosen


def _newest(names: Sequence[str], contents: Contents | None) -> list[str]:
    """Return the splits of the variant for the newest devices, with the asset packs."""
    packs = [name for name in names if not name.startswith("splits/")]
    splits = [name for name in names if name.startswith("splits/")]
    present = set(splits)
    variants = [v for v in contents.variants if present & set(v.paths)] if contents is not None else []
    if not variants:
        return [*splits, *packs]
    best = max(variants, key=lambda variant: variant.min_sdk)
    listed = {path for variant in variants for path in variant.paths}
    # What the table of contents does not list is no other form of anything.
    return [name for name in splits if name in set(best.paths) or name not in listed] + packs


def _preferred(name: str) -> tuple[int, bool, str]:
    lower = name.lower()
    place = next((n for n, abi in enumerate(ABIS) if abi in lower), len(ABIS))
    return -place, "xxhdpi" in lower, name


def settle(found: Sequence[Part], chosen: Set, path: Path, *, signatures: bool = True) -> list[Part]:
    """Return the parts that belong together, the base first, then by split name as Android orders the class path.

    With ``signatures`` those of each part are verified and compared.  Raises InputError when there is no base.
    """
    base = _base(found, chosen, path)
    lead = _signed(base, None) if signatures else base
    own = base.manifest()
    taken = {"": lead}
    for part in sorted(found, key=lambda p: (p.split, p.name)):
        if part is base:
            continue
        if own is not None and _package(part) != own.package:
            zh, en = f"包名是 {_package(part)}，不是 {own.package}", f"it belongs to {_package(part)}"
            chosen.left_out("part-package", part.name, zh, en)
            continue
        if part.split in taken:
            if part.sha256 and part.sha256 == taken[part.split].sha256:
                zh, en = "与另一部分相同", "the same as another part"
                chosen.note("part-twice", part.name, f"{part.name}：{zh}", f"{part.name}: {en}")
            else:
                zh = f"与 {taken[part.split].name} 是同一拆分包（{part.split or 'base'}）而内容不同"
                en = f"the same split ({part.split or 'base'}) as {taken[part.split].name} with other content"
                chosen.left_out("part-twice", part.name, zh, en)
            continue
        if signatures and _spent(taken.values()) > MAX_INFLATED:
            zh, en = "各部分解压总量超过上限", "the parts inflate to more than the limit"
            chosen.left_out("part-unread", part.name, zh, en)
            continue
        ready = _signed(part, lead) if signatures else part
        why = _stranger(ready, lead, own)
        if why is not None:
            chosen.left_out(why[0], part.name, why[1], why[2])
            continue
        taken[part.split] = ready
    return [taken[name] for name in sorted(taken)]


def _base(found: Sequence[Part], chosen: Set, path: Path) -> Part:
    bases = [part for part in found if not part.split]
    if not bases:
        names = "、".join(part.split for part in found[:5])
        raise InputError(
            "base-missing",
            Text(
                zh=f"{path}：只有拆分包（{names}），缺少 base，无法检测。请提供包含 base.apk 的完整一套"
                if found
                else f"{path}：其中的安装包都无法读取",
                en=f"{path}: splits only ({names}), the base is missing; give the complete set with base.apk"
                if found
                else f"{path}: none of the packages in it can be read",
            ),
        )
    packages = {part.name: _package(part) for part in found}
    count = {name: list(packages.values()).count(name) for name in packages.values()}
    # The base of most parts; of equals the one with the usual name.
    return max(
        bases,
        key=lambda p: (
            count[packages[p.name]],
            p.name.rpartition("/")[2] in BASES,
            [-ord(c) for c in p.name],
        ),
    )


def _spent(parts: Iterable[Part]) -> int:
    return sum(part.archive.spent for part in parts)


def _package(part: Part) -> str:
    manifest = part.manifest()
    return manifest.package if manifest is not None else ""


def _signed(part: Part, base: Part | None) -> Part:
    """Return the part with its signatures verified as on the devices that the base runs on."""
    manifest = (base or part).manifest()
    low = (manifest.min_sdk or 1) if manifest is not None else 1
    target = manifest.effective_target if manifest is not None else 1
    return Part(
        part.name,
        part.split,
        part.archive,
        part.paths,
        part.prefix,
        part.document,
        read_signing(part.archive, low, target),
        part.sha256,
    )


def _stranger(part: Part, base: Part, own: Manifest | None) -> tuple[str, str, str] | None:
    """Return why Android would not install ``part`` with ``base``: code, and the reason in two languages."""
    manifest = part.manifest()
    if manifest is None or own is None:
        return "part-unread", "没有可读的清单", "no manifest that can be read"
    if manifest.version_code is not None and manifest.version_code != own.version_code:
        return (
            "part-version",
            f"版本号是 {manifest.version_code}，base 是 {own.version_code}",
            f"its version code is {manifest.version_code}, the base has {own.version_code}",
        )
    if part.signing is not None and base.signing is not None:
        mine, theirs = signers(part.signing), signers(base.signing)
        if mine != theirs:
            return "part-signer", "签名证书与 base 不同", "its signing certificate is not that of the base"
    return None


def signers(signing: Signing) -> frozenset[str]:
    """Return the certificates (sha256) of the signers."""
    return frozenset(certificate.sha256 for certificate in signing.certificates)


def joined_signing(parts: Sequence[Part]) -> Signing:
    """Return the signing facts of a set: the base's, verified only where those of every part are."""
    base = parts[0].signing
    if base is None:
        return Signing()
    outcomes = {part.name: part.signing.verified for part in parts if part.signing is not None}
    verified = False if False in outcomes.values() else None if None in outcomes.values() else base.verified
    evidence = [
        one.model_copy(update={"artifact": part.name})
        for part in parts[1:]
        if part.signing is not None and part.signing.verified is False
        for one in part.signing.evidence
    ]
    return base.model_copy(update={"verified": verified, "evidence": (*base.evidence, *evidence[:5])})


def _programs(archive: Archive) -> Iterator[bytes]:
    """Yield a digest of every dex file, native library and asset, and what the manifest declares."""
    for name in archive.entries:
        if name.startswith(("lib/", "assets/")) or name.endswith(".dex"):
            try:
                yield archive.digest(name, "sha256")
            except EntryError:
                yield name.encode("utf-8", "replace")
    try:
        manifest = Manifest(archive.read("AndroidManifest.xml"), None)
    except (EntryError, AxmlError):
        return
    names = [one.name for one in manifest.uses_permissions()]
    names += [one.name for one in manifest.components()]
    yield from (name.encode("utf-8", "replace") for name in names)


def compare_passed(
    passed: Collection[str], parts: Sequence[Part], unpack: Callable[[str], Archive | None], chosen: Set
) -> None:
    """Read the other forms of the program far enough to tell whether they hold code that the chosen one lacks."""
    known = {digest for part in parts for digest in _programs(part.archive)}
    spent = _spent(parts)
    new: list[str] = []
    for name in sorted(passed)[:MAX_PARTS]:
        archive = unpack(name)
        if archive is None:
            continue
        with archive:
            if spent > MAX_INFLATED or set(_programs(archive)) - known:
                new.append(name)
            spent += archive.spent
    new.extend(sorted(passed)[MAX_PARTS:])
    if new:
        chosen.left_out(
            "variant-differs",
            new[0],
            f"{len(new)} 个其他形式的安装包含有所读部分没有的代码或资产",
            f"{len(new)} packages in other forms hold code or assets that the parts read do not",
            SPLIT_PATHS,
            len(new),
        )

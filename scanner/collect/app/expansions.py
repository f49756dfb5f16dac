"""Expansion files (OBB) and asset packs: which belong to the app, whether they were delivered, whether they are read.

Sources: "APK Expansion Files" and "Play Asset Delivery" of the Android documentation; ``dist:module`` with
``dist:type="asset-pack"`` in the manifest of a pack.  An OBB has the app's own format and is not read; the files of a pack
that was delivered are read with the package.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from scanner.appfacts import Expansion
from scanner.collect.app.axml import Element
from scanner.collect.app.code import Code
from scanner.collect.app.package import Package, Part
from scanner.dex import Member
from scanner.model import Evidence, FileLocator, Gap, Text

PACK, DIST = "asset-pack", "http://schemas.android.com/apk/distribution"
# bundletool puts the packs it builds into this folder.
SLICES = "asset-slices/"
DELIVERIES = ("install-time", "fast-follow", "on-demand")
ASKING: tuple[tuple[Literal["obb", "asset-pack"], Member], ...] = (
    ("obb", Member("Landroid/os/storage/StorageManager;", "mountObb")),
    ("obb", Member("Landroid/content/Context;", "getObbDir")),
    ("obb", Member("Landroid/content/Context;", "getObbDirs")),
    ("obb", Member("Lcom/android/vending/expansion/zipfile/APKExpansionSupport;", "getAPKExpansionZipFile")),
    ("asset-pack", Member("Lcom/google/android/play/core/assetpacks/AssetPackManager;", "fetch")),
    ("asset-pack", Member("Lcom/google/android/play/core/assetpacks/AssetPackManager;", "getPackLocation")),
)
GAP_PATHS = ("app.expansions", "app.containers", "app.secrets")
CODE = "expansion-not-delivered"


@dataclass(slots=True)
class Expansions:
    """The expansions of an app, and what is therefore not known."""

    found: tuple[Expansion, ...] = ()
    gaps: list[Gap] = field(default_factory=list)


def find_expansions(package: Package, code: Code | None) -> Expansions:
    """Return the OBB files and asset packs delivered, and those that only code asks for."""
    found = [*_files(package), *_packs(package.parts)]
    known = {one.kind for one in found}
    asked = [one for one in _asked(code) if one.kind not in known] if code is not None else []
    gaps = []
    if asked:
        names_zh = "、".join("扩展文件（OBB）" if one.kind == "obb" else "资源包" for one in asked)
        names_en = ", ".join("expansion files (OBB)" if one.kind == "obb" else "asset packs" for one in asked)
        reason = Text(
            zh=f"代码读取{names_zh}，但没有随安装包交来，其内容未知",
            en=f"code reads {names_en} that were not delivered; what they hold is not known",
        )
        gaps = [Gap(path=path, code=CODE, reason=reason) for path in GAP_PATHS]
    return Expansions((*found, *asked), gaps)


def _files(package: Package) -> Iterator[Expansion]:
    for name, size in package.expansions:
        yield Expansion(
            kind="obb",
            name=name,
            size=size,
            delivered=True,
            read=False,
            evidence=(Evidence(artifact=name, locator=FileLocator(path=name), excerpt=name[:400]),),
        )


def _packs(parts: Sequence[Part]) -> Iterator[Expansion]:
    for part in parts:
        module = _module(part)
        if part.split and (part.name.startswith(SLICES) or _is_pack(module)):
            place = part.name or part.split
            yield Expansion(
                kind="asset-pack",
                name=part.split,
                files=sum(path.startswith("assets/") and not path.endswith("/") for path in part.paths),
                delivery=_delivery(module),
                delivered=True,
                read=True,
                evidence=(
                    Evidence(artifact=place, locator=FileLocator(path=place), excerpt=part.split[:400]),
                ),
            )


def _module(part: Part) -> Element | None:
    return next(iter(part.document.root.find("module")), None) if part.document is not None else None


def _is_pack(module: Element | None) -> bool:
    types = (a.text for a in module.attributes if a.name == "type" and a.namespace == DIST) if module else ()
    return PACK in types


def _delivery(module: Element | None) -> str:
    """Return how the store delivers a pack, empty where the manifest does not say."""
    named = {
        child.name
        for kind in (module.find("delivery") if module is not None else ())
        for child in kind.children
    }
    return next((kind for kind in DELIVERIES if kind in named), "")


def _asked(code: Code) -> Iterator[Expansion]:
    """Yield one expansion for each kind that code asks for, other than code of plain libraries."""
    seen = set[str]()
    for hit in code.sites([member for _, member in ASKING]):
        kind = ASKING[hit.member][0]
        if kind in seen or code.owner(hit.site.node).kind == "library" or not code.reached(hit.site.node)[0]:
            continue
        seen.add(kind)
        yield Expansion(kind=kind, name="", delivered=False, read=False, evidence=(code.evidence(hit.site),))

"""Splits that the base asks for or names and that were not delivered: what is therefore not known.

Sources: ``requiredSplitTypes``, ``splitTypes`` and ``isSplitRequired`` of ``<manifest>`` (Android refuses to install the
base without them), ``splitName`` of components, and the list of splits that bundletool writes for the store's client
(``com.android.vending.splits``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scanner.collect.app.archive import EntryError
from scanner.collect.app.axml import AxmlError, Element
from scanner.collect.app.manifest import Manifest
from scanner.collect.app.package import SPLIT_PATHS, Package
from scanner.collect.app.restable import ResourceTable
from scanner.collect.app.splits import Set

SPLIT_NAME, SPLIT_TYPES = 0x01010549, 0x0101064F
FUSED = "com.android.dynamic.apk.fused.modules"
LISTED, REQUIRED = "com.android.vending.splits", "com.android.vending.splits.required"
CODE = "split-missing"
TEXT_PATHS = ("app.texts", "app.checkboxes", "app.dialogs", "app.has_account", "policy")
NATIVE_PATHS = ("app.native_libraries", "app.hardening", "app.sdks", "app.containers")
MAX_LISTED = 5000


def missing_splits(manifest: Manifest, package: Package, resources: ResourceTable | None) -> Set:
    """Return problems and gaps for what ``package`` lacks of the splits its base speaks of."""
    found = Set()
    meta = {one.name: one for one in manifest.application_meta_data()}
    if package.kind == "bundle" or FUSED in meta:
        return found  # a bundle and what is built for all devices at once hold everything
    present = {part.split for part in package.parts}
    types = _missing_types(manifest, package)
    needs_some = (
        manifest.split_info().required or (REQUIRED in meta and meta[REQUIRED].value == "true")
    ) and len(package.parts) == 1
    for name in types:
        _report_type(found, name)
    if needs_some and not types:
        zh, en = "base 声明必须与拆分包一起安装", "the base says that it needs splits"
        found.left_out(CODE, "split", zh, en)
    features = sorted(set(_split_names(manifest)) - present)
    listed = meta.get(LISTED)
    if listed is not None and listed.resource is not None:
        languages, modules = _listed(package, resources, listed.resource)
        features = sorted({*features, *(modules - present)})
        _report_languages(found, sorted((key, split) for key, split in languages if split not in present))
    for name in features:
        zh, en = "功能模块未随安装包提供", "the feature module was not delivered"
        found.left_out(CODE, name, zh, en)
    return found


def _missing_types(manifest: Manifest, package: Package) -> list[str]:
    """Return the split types that a part requires and none provides."""
    required: dict[str, None] = dict.fromkeys(manifest.split_info().required_types)
    provided = {*_types(manifest)}
    for part in package.parts[1:]:
        own = part.manifest()
        if own is not None:
            required.update(dict.fromkeys(own.split_info().required_types))
            provided.update(_types(own))
    return [name for name in required if name not in provided]


def _types(manifest: Manifest) -> Iterator[str]:
    attribute = manifest.root.attribute(SPLIT_TYPES)
    words = manifest.resolve(attribute) if attribute is not None else None
    yield from filter(None, (words or "").split(","))


def _report_type(found: Set, name: str) -> None:
    kind = name.rpartition("__")[2]
    if kind == "density":
        zh, en = f"缺少 {name} 类型的拆分包（图片）", f"the split of type {name} (pictures) was not delivered"
        found.note(CODE, name, zh, en)
        return
    zh, en = "base 要求的拆分包类型，未随安装包提供", "a split of this type is required and was not delivered"
    paths: Sequence[str] = {"abi": NATIVE_PATHS, "language": TEXT_PATHS}.get(kind, SPLIT_PATHS)
    found.left_out(CODE, name, zh, en, paths)


def _report_languages(found: Set, missing: Sequence[tuple[str, str]]) -> None:
    """Report missing languages; without the Chinese texts nothing follows from a sentence that was not found."""
    chinese = [split for key, split in missing if key.lower().partition("-")[0] == "zh"]
    if chinese:
        zh, en = "中文文字的拆分包未随安装包提供", "the split with the Chinese texts was not delivered"
        found.left_out(CODE, chinese[0], zh, en, TEXT_PATHS)
    others = len(missing) - len(chinese)
    if others:
        zh, en = f"缺少 {others} 种其他语言的拆分包", f"splits of {others} other languages were not delivered"
        found.note(CODE, missing[0][1], zh, en, others)


def _split_names(manifest: Manifest) -> Iterator[str]:
    """Yield the splits that components of the manifest live in."""
    for child in manifest.application.children if manifest.application is not None else ():
        attribute = child.attribute(SPLIT_NAME)
        name = manifest.resolve(attribute) if attribute is not None else None
        if name:
            yield name


def _listed(
    package: Package, resources: ResourceTable | None, resource: int
) -> tuple[set[tuple[str, str]], set[str]]:
    """Return (language, split) and the names of the feature modules of the list for the store's client."""
    path = resources.text(resource) if resources is not None else None
    try:
        root = package.parse_xml(package.read(path, 4 << 20)) if path else None
    except (EntryError, AxmlError):
        root = None
    languages: set[tuple[str, str]] = set()
    modules: set[str] = set()
    for module in root.find("module") if root is not None else ():
        name = _value(module, "name")
        if name:
            modules.add(name)
        for entry in (e for language in module.find("language") for e in language.find("entry")):
            key, split = _value(entry, "key"), _value(entry, "split")
            if key and split and len(languages) < MAX_LISTED:
                languages.add((key, split))
    return languages, modules


def _value(element: Element, name: str) -> str:
    attribute = element.attribute(0, name)
    return (attribute.text or attribute.raw or "") if attribute is not None else ""

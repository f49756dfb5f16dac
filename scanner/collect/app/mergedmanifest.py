"""One manifest of a base and its feature splits, and which file each element comes from.

Android takes identity, SDK levels and the attributes of ``<application>`` from the base alone and adds the components and
meta-data of every split (``ParsingPackageUtils.parseSplitApplication``).  What a split's manifest asks for beside that,
permissions and features, Android does not read, because build tools copy it to the base; it is part of what the developer
delivers, so it is kept here, and :func:`merge` says where the base lacks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scanner.collect.app.axml import Document, Element
from scanner.collect.app.manifest import NAME, USES_PERMISSION
from scanner.collect.app.manifest_parts import KINDS, element_path
from scanner.collect.app.package import MANIFEST, Package
from scanner.model import Problem, Text

DECLARED = frozenset({*USES_PERMISSION, "permission", "uses-feature"})
INSIDE = frozenset({*KINDS, "meta-data"})
MAX_ADDED = 100_000


@dataclass(slots=True)
class Merged:
    """The manifest; ``places`` maps the element path of what a split adds to the artifact it stands in."""

    document: Document
    places: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def merge(base: Document, package: Package) -> Merged:
    """Return the manifest of the whole package; parts without a manifest add nothing."""
    root = base.root
    application = next(iter(root.find("application")), None)
    if application is None:
        application = Element("application", [], root.line)
    inside = Element("application", application.attributes, application.line, list(application.children))
    others = [child for child in root.children if child.name != "application"]
    whole = Element(root.name, root.attributes, root.line, [*others, inside], root.texts)
    merged = Merged(Document(whole, base.dropped, base.odd))
    known = {_key(child) for child in (*whole.children, *inside.children)}
    for number, part in enumerate(package.parts[1:], 1):
        if part.document is None:
            continue
        artifact = package.artifact(package.part_path(number, MANIFEST))
        own = part.document.root
        declared = [c for c in own.children if c.name in DECLARED]
        added = [c for one in own.find("application")[:1] for c in one.children if c.name in INSIDE]
        only = _add(declared, whole, "/manifest", known, artifact, merged)
        _add(added, inside, "/manifest/application", known, artifact, merged)
        asked = [name for child in only if child.name in USES_PERMISSION and (name := _name(child))]
        if asked:
            merged.problems.append(_only_in_split(asked, artifact))
    return merged


def _add(
    elements: Sequence[Element],
    parent: Element,
    path: str,
    known: set[tuple[str, str]],
    artifact: str,
    merged: Merged,
) -> list[Element]:
    new = []
    for element in elements:
        key = _key(element)
        if key in known or len(known) >= MAX_ADDED:
            continue
        known.add(key)
        new.append(element)
        merged.places[element_path(path, *key)] = artifact
    parent.children.extend(new)
    return new


def _key(element: Element) -> tuple[str, str]:
    return element.name, _name(element)


def _name(element: Element) -> str:
    attribute = element.attribute(NAME)
    return (attribute.text or "") if attribute is not None else ""


def _only_in_split(names: Sequence[str], artifact: str) -> Problem:
    shown = ", ".join(name.rpartition(".")[2] for name in names[:5])
    return Problem(
        code="split-permission",
        where=artifact,
        message=Text(
            zh=f"{len(names)} 项权限只在拆分包的清单中声明（{shown}），Android 只读取 base 的权限声明",
            en=f"{len(names)} permissions are declared in a split only ({shown}); Android reads those of the base",
        ),
        count=len(names),
    )

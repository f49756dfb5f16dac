"""Evidence of a package made of parts: names of files become those of the delivery (``split_config.zh.apk!/…``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from scanner.codefacts import Access
from scanner.collect.app.package import BINARY_TABLE, MANIFEST, WHOLE, Package
from scanner.model import DexLocator, Evidence, FileLocator, ResourceLocator, XmlLocator

M = TypeVar("M", bound=BaseModel)
FindString = Callable[[str, str, str], str]


def renamed(model: M, package: Package, places: Mapping[str, str], find_string: FindString | None) -> M:
    """Return ``model`` with every piece of evidence in it naming the file of the delivery.

    ``places`` says which elements of the manifest come from which file; ``find_string`` which table a string resource
    (name, locale, excerpt) stands in.
    """
    result: M = _Names(package, places, find_string).of(model)
    return result


def cited_files(model: BaseModel) -> set[str]:
    """Return the artifacts that the evidence in ``model`` names."""
    found: set[str] = set()
    waiting: list[Any] = [model]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Evidence):
            found.add(value.artifact)
        elif isinstance(value, tuple):
            waiting.extend(item for item in value if isinstance(item, tuple | BaseModel))
        elif isinstance(value, BaseModel):
            waiting.extend(getattr(value, field) for field in type(value).model_fields)
    return found


class _Names:
    def __init__(self, package: Package, places: Mapping[str, str], find_string: FindString | None) -> None:
        self.name = package.artifact
        self.places = places
        self.find_string = find_string
        self.base_manifest = package.artifact(MANIFEST)
        # Elements of splits whose path has further elements below.
        self._below = {path: artifact for path, artifact in places.items() if path.count("/") > 2}

    def of(self, value: Any) -> Any:
        """Return ``value`` with names changed; the same object where nothing changes."""
        if isinstance(value, Evidence):
            return self._evidence(value)
        if isinstance(value, tuple):
            items = tuple(self.of(item) if isinstance(item, BaseModel) else item for item in value)
            return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
        if not isinstance(value, BaseModel):
            return value
        changed = {}
        for field in type(value).model_fields:
            old = getattr(value, field)
            if isinstance(old, tuple | BaseModel):
                new = self.of(old)
                if new is not old:
                    changed[field] = new
        if isinstance(value, Access):
            changed["dex"] = self.name(value.dex)
        return value.model_copy(update=changed) if changed else value

    def _evidence(self, evidence: Evidence) -> Evidence:
        locator, artifact = evidence.locator, self.name(evidence.artifact)
        if isinstance(locator, DexLocator):
            locator = DexLocator(dex=self.name(locator.dex), method=locator.method, offset=locator.offset)
        elif isinstance(locator, FileLocator):
            locator = locator.model_copy(update={"path": self._file(locator.path)})
        elif isinstance(locator, XmlLocator) and evidence.artifact == MANIFEST:
            artifact = self._manifest(locator.path)
        elif isinstance(locator, ResourceLocator) and evidence.artifact == BINARY_TABLE:
            found = (
                self.find_string(locator.name, locator.locale, evidence.excerpt) if self.find_string else ""
            )
            artifact = found or artifact
        return evidence.model_copy(update={"artifact": artifact, "locator": locator})

    def _file(self, path: str) -> str:
        return path if path == WHOLE else self.name(path)

    def _manifest(self, path: str) -> str:
        found = self.places.get(path)
        if found is None:
            found = next(
                (artifact for known, artifact in self._below.items() if path.startswith(known + "/")), None
            )
        return found or self.base_manifest

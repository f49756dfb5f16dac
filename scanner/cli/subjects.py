"""What a target of ``scan`` and ``collect`` names: one subject, or each package of a folder, ZIP or storage URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from scanner.batch.meta import Meta, beside, with_meta
from scanner.batch.nested import INSIDE, PACKAGE_SUFFIXES
from scanner.batch.obtain import delivers_package, is_remote, is_web, local_copy, names_package
from scanner.collect import POLICY_SUFFIXES, collect, is_evidence
from scanner.context import CollectOptions, SiteOptions
from scanner.errors import InputError
from scanner.facts import Facts
from scanner.model import Text

NOTHING = Meta()


@dataclass(frozen=True, slots=True)
class Named:
    """One subject as the command names it; ``copied`` when it must be brought here or taken out of an archive first."""

    location: str
    copied: bool = False
    meta: Meta = NOTHING

    @property
    def shown(self) -> str:
        """The name for reports: without the folders it lies in, but with the archive."""
        outer, mark, inner = self.location.partition(INSIDE)
        path = urlsplit(outer).path if is_remote(outer) else outer  # a query may hold a password
        own = path.rstrip("/").replace("\\", "/").rpartition("/")[2] or outer
        return f"{own}{mark}{inner}" if self.copied else own


def named(target: str, site: SiteOptions, metadata: Path | None = None) -> list[Named]:
    """Return the subjects that ``target`` names; raises InputError when it cannot be listed or ``metadata`` read."""
    if is_web(target):
        if not delivers_package(target, site):
            return [Named(target)]
        found = _listed(target, site) if names_package(target) else [Named(target, copied=True)]
    elif is_remote(target) or INSIDE in target:
        found = _listed(target, site)
    else:
        path = Path(target)
        suffix = path.suffix.lower()
        own = suffix in POLICY_SUFFIXES or (suffix not in PACKAGE_SUFFIXES and is_evidence(path))
        if own or not (path.is_dir() or suffix == ".zip"):
            found = [Named(target, meta=NOTHING if own else beside(path))]
        else:
            found = _listed(target, site) or [Named(target)]
    if metadata is None:
        return found
    return [replace(one, meta=beside(Path(one.shown.rpartition(INSIDE)[2]), metadata)) for one in found]


def _listed(target: str, site: SiteOptions) -> list[Named]:
    from scanner.batch.targets import targets  # noqa: PLC0415 - tables and storage load only when listed

    found = list(targets(target, site))
    return [
        Named(one.location, is_remote(one.location) or INSIDE in one.location, one.meta)
        for one in found
        if one.kind == "package"
    ]


def only(found: list[Named], target: str) -> Named:
    """Return the one subject there is; raises InputError that says how to name one of several."""
    if len(found) == 1:
        return found[0]
    example = found[0].location if found else ""
    raise InputError(
        "several-subjects",
        Text(
            zh=f"{target} 中有 {len(found)} 个检测对象，请指明一个，例如 {example}",
            en=f"{target} holds {len(found)} subjects; name one, for instance {example}",
        ),
    )


def facts_of_named(one: Named, options: CollectOptions) -> Facts:
    """Return the facts of a subject with what is told of it; what the command line says comes first."""
    meta = one.meta
    options = replace(
        options,
        category=options.category or meta.category,
        developer=options.developer or meta.developer,
        store=options.store or meta.store,
    )
    with _path(one, options.site) as path:
        facts = collect(path, options)
    if one.copied:
        subject = facts.subject.model_copy(update={"source": one.shown})
        facts = facts.model_copy(update={"subject": subject})
    return with_meta(facts, Meta(name=meta.name, version=meta.version))


@contextmanager
def _path(one: Named, site: SiteOptions) -> Iterator[str]:
    if not one.copied:
        yield one.location
        return
    with local_copy(one.location, site) as path:
        yield str(path)

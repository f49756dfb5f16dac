"""Read a rule pack from its folder and refuse it, with every mistake at once, unless it is sound.

A pack is a folder with ``instruments/ preparations/ controls/ checks/ profiles/ grading.yaml`` (docs/rule-pack.md); the shipped
one is the package ``rules``.  An overlay folder adds files, or replaces definitions by id, without Python.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from scanner.catalogue import items as catalogue_items
from scanner.datafiles import read_data, read_yaml
from scanner.errors import PackError
from scanner.model import Text
from scanner.packcheck import check_references
from scanner.rulepack import (
    BulletinPhrase,
    Control,
    Grading,
    Instrument,
    Pack,
    Preparation,
    Profile,
    Rule,
    Surface,
)

PACK_VERSION = "2026.11"
DRAFTS = "drafts"
MAX_FILE = 4 << 20
Model = TypeVar("Model", bound=BaseModel)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class SourceFile:
    """A YAML file of a pack: display name, bytes, and where its definitions stand."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data

    def line(self, location: Sequence[str | int]) -> int:
        """Return the line (from 1) of the deepest node on ``location`` that exists in the file."""
        try:
            node = yaml.compose(self.data.decode("utf-8", "replace"), Loader=_Loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            return mark.line + 1 if mark else 1
        return _node_line(node, location) if node is not None else 1


def _node_line(node: yaml.Node, location: Sequence[str | int]) -> int:
    line = node.start_mark.line + 1
    for step in location:
        child = _child(node, step)
        if child is None:
            break
        node = child
        line = node.start_mark.line + 1
    return line


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


class Mistakes:
    """Collects mistakes as ``file:line: message`` so that all are reported together."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, source: SourceFile, location: Sequence[str | int], message: str) -> None:
        """Record ``message`` at ``location`` of ``source``."""
        self.lines.append(f"{source.name}:{source.line(location)}: {message}")


def parse(source: SourceFile, mistakes: Mistakes) -> Any:
    """Return the YAML content of ``source``, or None after recording why it cannot be read."""
    if len(source.data) > MAX_FILE:
        mistakes.lines.append(f"{source.name}:1: larger than {MAX_FILE} bytes")
        return None
    try:
        return read_yaml(source.data)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mistakes.add(source, (), f"not valid YAML: {_one_line(error)}")
        return None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


class _Definitions:
    """Definitions of one kind by id, with the file each stands in."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.places: dict[str, tuple[SourceFile, tuple[str | int, ...]]] = {}


class PackReader:
    """Reads the files of one or several pack folders into one pack."""

    def __init__(self) -> None:
        self.mistakes = Mistakes()
        self.digest = hashlib.sha256()
        self.kinds: dict[type[BaseModel], _Definitions] = {}
        self.grading: Grading | None = None

    def add_folder(self, root: Traversable, *, overlay: bool, label: str) -> None:
        """Read all definitions under ``root``; in an overlay an id replaces the one defined before."""
        for folder, model in (
            ("instruments", Instrument),
            ("preparations", Preparation),
            ("controls", Control),
            ("checks", Rule),
            ("profiles", Profile),
        ):
            for source in self._sources(root, folder, label):
                self._add_file(source, model, overlay=overlay)
        grading = root / "grading.yaml"
        if grading.is_file():
            source = self._source(grading, f"{label}/grading.yaml")
            content = parse(source, self.mistakes)
            built = self._build(Grading, content, source, ()) if content is not None else None
            self.grading = built or self.grading

    def _sources(self, root: Traversable, folder: str, label: str) -> Iterator[SourceFile]:
        base = root / folder
        if base.is_dir():
            for path, name in sorted(_walk(base, f"{label}/{folder}"), key=lambda pair: pair[1]):
                yield self._source(path, name)

    def _source(self, path: Traversable, name: str) -> SourceFile:
        data = path.read_bytes()
        self.digest.update(name.encode() + b"\0" + len(data).to_bytes(8, "big") + data)
        return SourceFile(name, data)

    def _add_file(self, source: SourceFile, model: type[Model], *, overlay: bool) -> None:
        content = parse(source, self.mistakes)
        if content is None:
            return
        entries = list(enumerate(content)) if isinstance(content, list) else [(None, content)]
        definitions = self.kinds.setdefault(model, _Definitions())
        for position, entry in entries:
            location: tuple[str | int, ...] = () if position is None else (position,)
            built = self._build(model, entry, source, location)
            if built is None:
                continue
            key: str = getattr(built, "id")  # noqa: B009 - all kinds have an id
            if key in definitions.found and not overlay:
                first, _ = definitions.places[key]
                self.mistakes.add(source, (*location, "id"), f"id {key!r} is already used in {first.name}")
                continue
            definitions.found[key] = built
            definitions.places[key] = (source, location)

    def _build(
        self, model: type[Model], content: Any, source: SourceFile, location: tuple[str | int, ...]
    ) -> Model | None:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for problem in error.errors(include_url=False, include_context=False):
                where = (*location, *problem["loc"])
                path = ".".join(str(step) for step in problem["loc"])
                self.mistakes.add(source, where, f"{path or model.__name__}: {problem['msg']}")
            return None

    def finish(self) -> Pack:
        """Return the checked pack; raises :class:`~scanner.errors.PackError` listing every mistake."""
        if self.grading is None:
            self.mistakes.lines.append("grading.yaml:1: missing or invalid")
        if self.grading is not None:
            pack = Pack(
                version=PACK_VERSION,
                sha256=self.digest.hexdigest(),
                instruments=self._of(Instrument),
                controls=self._of(Control),
                rules=self._of(Rule),
                profiles=self._of(Profile),
                grading=self.grading,
                preparations=self._of(Preparation),
                items={item.id: item.name for item in catalogue_items().values()},
                bulletin=bulletin_phrases(),
                elements=_element_names(),
                wordings=_wording_names(),
            )
            for kind, key, location, message in check_references(pack):
                places = self.kinds.get(kind)
                if places is None or key not in places.places:
                    self.mistakes.lines.append(f"grading.yaml:1: {message}")
                    continue
                source, base = places.places[key]
                self.mistakes.add(source, (*base, *location), message)
            if not self.mistakes.lines:
                return pack
        raise _pack_error(self.mistakes.lines)

    def _of(self, kind: type[Model]) -> dict[str, Model]:
        definitions = self.kinds.get(kind)
        return dict(definitions.found) if definitions else {}


def bulletin_phrases() -> dict[str, BulletinPhrase]:
    """Return the phrases of the authorities' notices by id."""
    entries = [entry for content in read_data("bulletin") for entry in content["phrases"]]
    return {entry["id"]: BulletinPhrase.model_validate(entry) for entry in entries}


def _element_names() -> dict[str, Any]:
    """Return the names of the required elements of a policy and of their parts."""
    found: dict[str, Any] = {}
    for content in read_data("policy_elements"):
        for element in content["elements"]:
            found[element["id"]] = element["name"]
            for part in element.get("parts", ()):
                found[f"{element['id']}.{part['id']}"] = part["name"]
    return found


def _wording_names() -> dict[str, Any]:
    """Return the names of the kinds of improper wording of a policy."""
    return {
        kind["kind"]: kind["name"] for content in read_data("policy_wording") for kind in content["kinds"]
    }


def _pack_error(lines: Sequence[str]) -> PackError:
    listing = "\n".join(sorted(set(lines)))
    return PackError(
        "pack-invalid",
        Text(
            zh=f"规则包有 {len(set(lines))} 处错误，未执行任何检测：\n{listing}",
            en=f"the rule pack has {len(set(lines))} mistake(s); nothing was scanned:\n{listing}",
        ),
    )


def _walk(base: Traversable, label: str) -> Iterator[tuple[Traversable, str]]:
    for child in base.iterdir():
        name = f"{label}/{child.name}"
        if child.is_dir():
            yield from _walk(child, name)
        elif child.name.endswith((".yaml", ".yml")):
            yield child, name


def load_pack(overlays: Sequence[Path] = (), *, root: Traversable | None = None) -> Pack:
    """Load the shipped pack (or ``root``) with ``overlays`` on top.

    The overlay ``drafts`` is the shipped pack of drafts and rules to come, which nothing loads by itself.  Raises :class:`~scanner.errors.PackError` with every mistake as ``file:line: message``.
    """
    reader = PackReader()
    reader.add_folder(root or files("rules"), overlay=False, label="rules")
    for folder in overlays:
        if str(folder) == DRAFTS:
            reader.add_folder(files("rules") / DRAFTS, overlay=True, label=f"rules/{DRAFTS}")
            continue
        if not folder.is_dir():
            reader.mistakes.lines.append(f"{folder}:1: not a folder")
            continue
        reader.add_folder(folder, overlay=True, label=str(folder))
    return reader.finish()


def profile_for(pack: Pack, kind: Surface, name: str | None = None) -> Profile:
    """Return profile ``name``, or the one for subjects of ``kind`` when no name is given.

    Raises :class:`~scanner.errors.PackError` for an unknown name, or when no profile is meant for ``kind``.
    """
    if name is not None:
        return profile(pack, name)
    found = [item.id for item in pack.profiles.values() if kind in item.default_for]
    if not found:
        raise PackError(
            "profile-missing",
            Text(
                zh=f"规则包没有为 {kind} 指定默认检测方案，请用 --profile 指定",
                en=f"the rule pack has no default profile for {kind}; name one with --profile",
            ),
        )
    return profile(pack, found[-1])


def profile(pack: Pack, name: str) -> Profile:
    """Return profile ``name`` with everything it extends merged; raises PackError for an unknown one."""
    if name not in pack.profiles:
        known = "、".join(sorted(pack.profiles))
        raise PackError(
            "profile-unknown",
            Text(zh=f"没有名为 {name} 的检测方案，可用：{known}", en=f"no profile {name!r}; known: {known}"),
        )
    chain = [pack.profiles[name]]
    while chain[-1].extends is not None:
        chain.append(pack.profiles[chain[-1].extends])
    return Profile(
        id=chain[0].id,
        title=chain[0].title,
        instruments=_merge(chain, lambda p: p.instruments),
        exclude_clauses=_merge(chain, lambda p: p.exclude_clauses),
        exclude_rules=_merge(chain, lambda p: p.exclude_rules),
        min_severity=next((p.min_severity for p in chain if p.min_severity), None),
        min_confidence=next((p.min_confidence for p in chain if p.min_confidence), None),
        include_experimental=any(p.include_experimental for p in chain),
        include_drafts=any(p.include_drafts for p in chain),
    )


def _merge(chain: Sequence[Profile], field: Callable[[Profile], tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for entry in reversed(chain) for value in field(entry)))
